package stamp

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"sealdesk/signer"
	"sealdesk/signer/seal"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// ownField is the empty field that was prepared for our party, by its name; nil without.
func (p *Page) ownField() *signer.Field {
	fields := p.shown.Layout.Fields()
	for _, word := range p.terms.Fields {
		for i := range fields {
			f := &fields[i]
			if f.Open() == nil && len(f.Boxes) > 0 && strings.Contains(f.Name+f.Label, word) {
				return f
			}
		}
	}
	return nil
}

// called is what a field is called before a person.
func called(f signer.Field) string {
	if f.Label != "" {
		return f.Label
	}
	return f.Name
}

// field is the empty field that a place names, nil when there is none.
func (p *Page) field(at seal.Place) *signer.Field {
	fields := p.shown.Layout.Fields()
	i := slices.IndexFunc(fields, func(f signer.Field) bool { return at.Kind == seal.AtField && f.Name == at.Field })
	if i < 0 {
		return nil
	}
	return &fields[i]
}

// outlineFields shows where fields wait for a signature; pressing one puts the seal into it.
func (p *Page) outlineFields() {
	var all []widgets.Highlight
	for i, f := range p.shown.Layout.Fields() {
		if f.Open() != nil {
			continue
		}
		for _, b := range f.Boxes {
			all = append(all, widgets.Highlight{ID: i, Page: b.Page, X: b.X - b.W/2, Y: b.Y - b.H/2, W: b.W, H: b.H,
				Label: called(f), Shape: widgets.HighlightDashes})
		}
	}
	p.reader.View.SetHighlights(-1, func(i int) { p.intoField(p.shown.Layout.Fields()[i].Name) }, all...)
}

// intoField puts the current seal into a field. Since a signature goes into one field only, a seal that is in another one moves.
func (p *Page) intoField(name string) {
	if !p.ready() {
		return
	}
	if i := slices.IndexFunc(p.plan.places, func(at seal.Place) bool { return at.Kind == seal.AtField }); i >= 0 {
		p.plan.choose(i)
	}
	p.plan.set("", func(at *seal.Place) { *at = seal.Place{Kind: seal.AtField, Field: name} })
	p.draw()
	p.reveal()
}

// drawFields lists the prepared fields in the panel, so that the keyboard reaches them, too.
func (p *Page) drawFields() {
	p.fields.Objects = nil
	for _, f := range p.shown.Layout.Fields() {
		var where string
		if len(f.Boxes) > 0 {
			where = p.t("stamp.on_page", "page", f.Boxes[0].Page)
		} else {
			where = p.t("stamp.field_hidden")
		}
		use := widgets.NewButton(widgets.Link, p.t("stamp.field_use"), func() { p.intoField(f.Name) })
		row := widgets.Row(8, widgets.Grow(widgets.NewText(called(f), theme.TextTable, theme.Text).Clip()), widgets.Quiet(where), use)
		if err := f.Open(); err != nil {
			use.SetReason(p.host.Words().Problem(err).What)
			p.fields.Add(row)
			p.fields.Add(widgets.NewParagraph(use.Reason(), theme.TextCaption, theme.Text3))
			continue
		}
		if at := p.plan.places[p.plan.current]; at.Kind == seal.AtField && at.Field == f.Name {
			use.SetReason(p.t("stamp.field_used"))
		}
		p.fields.Add(row)
	}
	if len(p.fields.Objects) > 0 {
		p.fields.Objects = append([]fyne.CanvasObject{widgets.NewText(p.t("stamp.fields"), theme.TextTable, theme.Text2)}, p.fields.Objects...)
		p.fields.Show()
	} else {
		p.fields.Hide()
	}
}

// fieldRows say what is told of the field that the current place is in.
func (p *Page) fieldRows() []fyne.CanvasObject {
	at := p.plan.places[p.plan.current]
	f := p.field(at)
	if f == nil {
		return []fyne.CanvasObject{p.leaveField()}
	}
	rows := []fyne.CanvasObject{widgets.NewParagraph(p.t("stamp.field_is", "name", called(*f)), theme.TextTable, theme.Text)}
	if s := p.spots[p.plan.current]; len(s.Impressions) == 0 && s.err == nil {
		rows = append(rows, widgets.NewParagraph(p.t("stamp.field_invisible"), theme.TextCaption, theme.Amber))
	} else if len(s.Impressions) > 0 && s.Impressions[0].W < p.seal().Seal.WidthMM-0.05 {
		rows = append(rows, widgets.NewParagraph(p.t("stamp.field_shrunk", "width", millimetres(tenth(s.Impressions[0].W)), "height", millimetres(tenth(s.Impressions[0].H))),
			theme.TextCaption, theme.Amber))
	}
	for _, w := range f.Wishes() {
		rows = append(rows, widgets.NewParagraph(p.t("stamp.field_wish", "wish", p.t(w.Code, "wanted", w.Wanted)), theme.TextCaption, theme.Text2))
	}
	return append(rows, p.leaveField())
}

func (p *Page) leaveField() fyne.CanvasObject {
	return widgets.Start(widgets.NewButton(widgets.Link, p.t("stamp.field_leave"), func() { p.changeMode(onePage) }))
}
