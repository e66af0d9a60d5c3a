package compare

import (
	"path/filepath"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// ask shows the places for the two files, and what was compared lately.
func (p *Page) ask() {
	zones := widgets.Grid(2, 20, p.zone(0), p.zone(1))
	width := widgets.NewCheckbox(p.t("compare.width"), func(on bool) { p.width = on })
	width.Set(p.width)
	col := widgets.Column(18,
		widgets.NewParagraph(p.t("compare.lead"), theme.TextTable, theme.Text2),
		zones, widgets.Row(0, width, widgets.Spacer()))
	if p.nav == Nav {
		col.Add(p.promises())
	}
	if lately := p.host.Desk().ComparedLately(); p.nav == Nav && len(lately) > 0 {
		col.Add(p.lately(lately))
	}
	p.put(widgets.NewScrollArea(widgets.Page(col)))
}

// zone is the place of one file.
func (p *Page) zone(i int) fyne.CanvasObject {
	s := p.sides[i]
	name := widgets.Row(8, widgets.NewText(p.t(s.role), theme.TextBody, theme.Text).Bold(), widgets.Grow(widgets.Quiet(p.note(i)).Clip()))
	if s.paper == nil {
		zone := widgets.NewDropZone(p.t("compare.drop"), p.t("compare.drop_note"), func() { p.choose(i) }).High(190)
		return widgets.Column(10, name, zone)
	}
	change := widgets.NewButton(widgets.Secondary, p.t("compare.change"), func() { p.choose(i) })
	inside := widgets.Center(widgets.Column(10,
		widgets.Row(0, widgets.Spacer(), widgets.Icon(theme.IconContract, 32, theme.Primary), widgets.Spacer()),
		widgets.Fixed(300, 0, widgets.NewText(s.paper.Name, theme.TextBody, theme.Text).Align(fyne.TextAlignCenter).Clip()),
		widgets.Row(0, widgets.Spacer(), change, widgets.Spacer())))
	return widgets.Column(10, name, widgets.Fixed(0, 190, widgets.Card(inside)))
}

// note says which file belongs on a side.
func (p *Page) note(i int) string {
	if p.nav != Nav {
		return ""
	}
	return p.t([2]string{"compare.first_is", "compare.second_is"}[i])
}

// promises say what is compared.
func (p *Page) promises() fyne.CanvasObject {
	promise := func(icon theme.Icon, what, why string) fyne.CanvasObject {
		return widgets.Border(nil, nil, widgets.Pad(1, 12, 0, 0, widgets.Column(0, widgets.Icon(icon, 20, theme.Primary))), nil,
			widgets.Column(2, widgets.NewText(what, theme.TextBody, theme.Text).Bold().Clip(), widgets.NewParagraph(why, theme.TextTable, theme.Text2)))
	}
	return widgets.Grid(3, 24,
		promise(theme.IconContract, p.t("compare.promise1"), p.t("compare.promise1_why")),
		promise(theme.IconEye, p.t("compare.promise2"), p.t("compare.promise2_why")),
		promise(theme.IconSeal, p.t("compare.promise3"), p.t("compare.promise3_why")))
}

// lately lists the pairs that were compared last.
func (p *Page) lately(pairs []desk.Pair) fyne.CanvasObject {
	rows := widgets.Column(0)
	for i, pair := range pairs {
		if i > 0 {
			rows.Add(widgets.HLine())
		}
		rows.Add(widgets.Pad(9, 0, 9, 0, widgets.Row(12,
			widgets.Grow(widgets.NewText(filepath.Base(pair.A), theme.TextTable, theme.Text).Clip()),
			widgets.Icon(theme.IconCompare, theme.IconSmall, theme.Text3),
			widgets.Grow(widgets.NewText(filepath.Base(pair.B), theme.TextTable, theme.Text).Clip()),
			widgets.NewButton(widgets.Link, p.t("compare.once_more"), func() {
				a, b := desk.PaperAt(pair.A), desk.PaperAt(pair.B)
				p.sides[0].paper, p.sides[1].paper = &a, &b
				p.compare()
			}))))
	}
	return widgets.Card(widgets.Column(0, widgets.CardHead(p.t("compare.lately"), "", nil), widgets.Pad(4, theme.CardPad, 8, theme.CardPad, rows)))
}
