package main

import (
	"path/filepath"

	"sealdesk/signer/cleancopy"
	"sealdesk/signer/cleancopy/apart"
	libreoffice "sealdesk/signer/cleancopy/office"
	"sealdesk/signer/preview"
)

type cleanCmd struct {
	In     string `arg:"" help:"clean_in"`
	Out    string `required:"" short:"o" placeholder:"OUT.pdf" help:"clean_out"`
	Report string `placeholder:"FILE" help:"clean_report"`
}

// Run prints the cleancopy.Report; --report writes the same to a file.
func (c *cleanCmd) Run(a *app) error {
	for _, path := range []string{c.Out, c.Report} {
		if path != "" {
			if err := mustBeFree(path); err != nil {
				return err
			}
		}
	}
	cleaner, err := newCleaner()
	if err != nil {
		return err
	}
	converter := libreoffice.NewWarm(libreoffice.Office{Program: a.converter})
	defer converter.Close()
	cleaner.Office = converter
	cleaner.Prepare(c.In)
	show, end := a.tui.progress()
	defer end()
	options := cleancopy.Options{}
	if show != nil {
		options.Progress = func(step cleancopy.Step, fraction float64) { show("clean."+string(step), int64(fraction*1000), 1000) }
	}
	report, err := cleaner.Clean(a.ctx, c.In, c.Out, options)
	end()
	if err != nil {
		return err
	}
	if c.Report != "" {
		data, err := indented(report)
		if err != nil {
			return err
		}
		if err := create(c.Report, data); err != nil {
			return err
		}
	}
	return a.tui.result(report, func() { a.showCleaning(c.Out, report) })
}

func (a *app) showCleaning(out string, r cleancopy.Report) {
	a.tui.print("%s\t%s", out, a.words.T("ctl.clean.done", "pages", r.Pages, "items", len(r.Items)))
	for _, i := range r.Items {
		text := i.Text
		if i.Property != "" {
			text = a.words.Property(i.Property, i.Text)
		}
		a.tui.print("  - %s %s %s", a.kind(i.Kind), i.Author, text)
	}
	for _, i := range r.Doubts {
		a.tui.print("  ? %s %s", a.kind(i.Kind), i.Text)
	}
	for _, n := range r.Notices {
		if s, ok := a.words.Sentence(n.Code, n.Params); ok {
			a.tui.print("  * %s", s)
		}
	}
}

// kind is the name of what was taken out.
func (a *app) kind(kind string) string {
	key := "found." + kind
	if s := a.words.T(key); s != key {
		return s
	}
	return kind
}

// newCleaner makes clean copies of PDFs in a process of its own.
func newCleaner() (*cleancopy.Cleaner, error) {
	f, err := folders()
	if err != nil {
		return nil, err
	}
	return &cleancopy.Cleaner{PDF: apart.Process{CacheDir: filepath.Join(f.Cache, "pdf-engine")}}, nil
}

// newRenderer is the page engine, with the window's cache of its code.
func newRenderer() (*preview.Renderer, error) {
	f, err := folders()
	if err != nil {
		return nil, err
	}
	return preview.New(preview.Options{CacheDir: filepath.Join(f.Cache, "pdf-engine")}), nil
}
