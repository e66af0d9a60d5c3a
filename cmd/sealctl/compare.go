package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"

	"sealdesk/signer/compare"
	"sealdesk/signer/preview"
)

type compareCmd struct {
	A           string `arg:"" help:"compare_a"`
	B           string `arg:"" help:"compare_b"`
	IgnoreWidth bool   `name:"ignore-width" help:"compare_ignore_width"`
	LineBreaks  bool   `name:"line-breaks" help:"compare_line_breaks"`
}

// Run prints the compare.Report. Its error carries the outcome to the exit status: 1 when the documents differ.
func (c *compareCmd) Run(a *app) error {
	for _, path := range []string{c.A, c.B} {
		if err := mustBePDF(path); err != nil {
			return err
		}
	}
	renderer, err := newRenderer()
	if err != nil {
		return err
	}
	defer renderer.Close()
	var documents [2]*preview.Document
	for i, path := range []string{c.A, c.B} {
		if documents[i], err = renderer.OpenFile(a.ctx, path); err != nil {
			return err
		}
		defer documents[i].Close()
	}
	show, end := a.tui.progress()
	defer end()
	options := compare.Options{IgnoreWidth: c.IgnoreWidth, LineBreaks: c.LineBreaks}
	if show != nil {
		options.Progress = func(step compare.Step, fraction float64) { show("compare."+string(step), int64(fraction*1000), 1000) }
	}
	report, err := compare.Documents(a.ctx, documents[0], documents[1], options)
	end()
	if err != nil {
		return err
	}
	if err := a.tui.result(report, func() { a.showComparison(report) }); err != nil {
		return err
	}
	if !report.Same {
		return fault("verdict", "verdict", "different")
	}
	return nil
}

// mustBePDF looks at what a file is, as readers of PDF do: by a header within its first 1024 bytes.
func mustBePDF(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fault("file_unreadable", "file", path, "cause", err)
	}
	defer f.Close()
	head := make([]byte, 1024)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return fault("file_unreadable", "file", path, "cause", err)
	}
	if !bytes.Contains(head[:n], []byte("%PDF-")) {
		return fault("compare_pdf_only", "file", path)
	}
	return nil
}

func (a *app) showComparison(r *compare.Report) {
	switch {
	case r.TooDifferent:
		a.tui.print("%s", a.words.T("ctl.compare.too_different"))
	case r.Same:
		a.tui.print("%s", a.words.T("ctl.compare.same"))
	default:
		a.tui.print("%s", a.words.T("ctl.compare.different", "count", len(r.Differences)))
	}
	for _, d := range r.Differences {
		a.showDifference(d)
	}
	if len(r.Seals) > 0 {
		a.tui.print("%s", a.words.T("ctl.compare.seals", "count", len(r.Seals)))
	}
	for _, d := range r.Seals {
		a.showDifference(d)
	}
}

func (a *app) showDifference(d compare.Difference) {
	text := d.TextA
	switch {
	case d.TextA == "":
		text = d.TextB
	case d.TextB != "" && d.TextB != d.TextA:
		text += " → " + d.TextB
	}
	a.tui.print("- %s  %s → %s  %s", a.words.T("compare.kind."+string(d.Kind)), a.place(d.A[0]), a.place(d.B[0]), text)
}

func (a *app) place(p compare.Place) string {
	mm := func(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }
	return a.words.T("ctl.compare.place", "page", p.Page, "x", mm(p.X), "y", mm(p.Y))
}
