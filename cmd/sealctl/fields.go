package main

import (
	"math"

	"sealdesk/signer"
	"sealdesk/signer/pdf"
)

type fieldsCmd struct {
	File string `arg:"" help:"fields_file"`
}

// fieldsJSON is the answer of `fields`.
type fieldsJSON struct {
	Fields []fieldJSON `json:"fields"`
}

type fieldJSON struct {
	Name   string      `json:"name"`
	Label  string      `json:"label,omitempty"`
	Places []spotJSON  `json:"places"` // none: a signature in it is invisible
	Asks   []wordsJSON `json:"asks"`   // what the field asks of a signature, and what it locks
	// Problem is why nobody can sign it.
	Problem *wordsJSON `json:"problem,omitempty"`
}

// spotJSON is a place on a page, its centre right of and below the top left corner in millimetres.
type spotJSON struct {
	Page   int     `json:"page"`
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

type wordsJSON struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Run prints {"fields": [{"name", "label", "places": [{"page", "x", "y", "width", "height"}], "asks": [{"code", "message"}],
// "problem": {"code", "message"}}]}: the empty signature fields, which --field of sign takes.
func (c *fieldsCmd) Run(a *app) error {
	f, size, err := openRegular(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	file, err := pdf.Open(f, size)
	if err != nil {
		return err
	}
	layout, err := signer.ReadLayout(a.ctx, file, nil)
	if err != nil {
		return err
	}
	out := fieldsJSON{Fields: []fieldJSON{}}
	for _, field := range layout.Fields() {
		out.Fields = append(out.Fields, a.describe(field))
	}
	return a.tui.result(out, func() { a.showFields(out) })
}

func (a *app) describe(f signer.Field) fieldJSON {
	out := fieldJSON{Name: f.Name, Label: f.Label, Places: []spotJSON{}, Asks: []wordsJSON{}}
	tenth := func(mm float64) float64 { return math.Round(mm*10) / 10 }
	for _, b := range f.Boxes {
		out.Places = append(out.Places, spotJSON{b.Page, tenth(b.X), tenth(b.Y), tenth(b.W), tenth(b.H)})
	}
	for _, w := range f.Wishes() {
		out.Asks = append(out.Asks, wordsJSON{w.Code, a.words.T(w.Code, "wanted", w.Wanted)})
	}
	if err := f.Open(); err != nil {
		p := a.words.Problem(err)
		out.Problem = &wordsJSON{p.Code, p.What}
	}
	return out
}

func (a *app) showFields(list fieldsJSON) {
	if len(list.Fields) == 0 {
		a.tui.print("%s", a.words.T("ctl.fields.none"))
	}
	for _, f := range list.Fields {
		if a.tui.print("%s\t%s", f.Name, f.Label); len(f.Places) == 0 {
			a.tui.print("  %s", a.words.T("ctl.fields.hidden"))
		}
		for _, p := range f.Places {
			a.tui.print("  %s", a.words.T("ctl.fields.place", "page", p.Page, "x", p.X, "y", p.Y, "width", p.Width, "height", p.Height))
		}
		for _, w := range f.Asks {
			a.tui.print("  - %s", w.Message)
		}
		if f.Problem != nil {
			a.tui.print("  ! %s [%s]", f.Problem.Message, f.Problem.Code)
		}
	}
}
