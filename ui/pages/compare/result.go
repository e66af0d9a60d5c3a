package compare

import (
	"fmt"

	"fyne.io/fyne/v2"

	"sealdesk/signer/compare"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/reader"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// result is the face of the page when two files were compared.
type result struct {
	p     *Page
	c     *desk.Comparison
	sizes [2][]fyne.Size
	views [2]*widgets.PageView
	pages [2]*widgets.Text // which page is in front
	list  *list
	count *widgets.Text
	prev  *widgets.IconButton
	next  *widgets.IconButton

	content fyne.CanvasObject
}

func newResult(p *Page, c *desk.Comparison, sizes [2][]fyne.Size) *result {
	r := &result{p: p, c: c, sizes: sizes}
	for i := range r.views {
		r.views[i] = widgets.NewPageView()
		r.pages[i] = widgets.Quiet("")
		r.views[i].OnPage = func(n int) {
			r.pages[i].SetText(p.t("view.at", "page", max(n, 1), "pages", len(sizes[i])))
		}
	}
	widgets.LinkPages(r.views[0], r.views[1], c.Partner)
	r.count = widgets.NewText("", theme.TextTable, theme.Text2).Align(fyne.TextAlignTrailing)
	r.prev = widgets.NewIconButton(theme.IconUp, func() { r.step(-1) })
	r.next = widgets.NewIconButton(theme.IconDown, func() { r.step(1) })
	middle := widgets.Grid(2, 1, r.column(0), r.column(1))
	r.content = widgets.Border(r.strip(), nil, nil,
		widgets.Border(nil, nil, widgets.VLine(), nil, widgets.Fixed(panelWidth, 0, widgets.Filled(theme.White, r.panel()))),
		widgets.Filled(theme.Line, middle))
	return r
}

// begin loads the pages once the content is laid out, and goes to the first difference.
func (r *result) begin() {
	r.views[0].Load(source(r.c.DocA, r.sizes[0]))
	r.views[1].Load(source(r.c.DocB, r.sizes[1]))
	for i, v := range r.views {
		v.SetHighlights(0, r.choose, highlights(r.p.t, r.c.All, i == 0)...)
	}
	r.tell()
	if len(r.c.All) > 0 {
		r.choose(1)
	}
}

func (r *result) unload() {
	for _, v := range r.views {
		v.Unload()
	}
}

// strip is the sentence over both documents, with what can be done.
func (r *result) strip() fyne.CanvasObject {
	p := r.p
	tone, icon := theme.Warn, theme.IconWarning
	if r.c.Report.Same {
		tone, icon = theme.Good, theme.IconSuccess
	}
	ink, soft, line := tone.Colors()
	sentence := widgets.NewParagraph(r.c.Sentence(), theme.TextBody, ink).Bold()
	col := widgets.Column(2, sentence)
	if r.c.Scans() {
		col.Add(widgets.NewText(p.t("compare.scans"), theme.TextCaption, theme.Text2).Clip())
	}
	if r.c.Report.TooDifferent {
		col.Add(widgets.NewText(p.t("compare.too_different_do"), theme.TextCaption, theme.Text2).Clip())
	}
	buttons := widgets.Row(8, widgets.NewButton(widgets.Secondary, p.t("compare.export"), p.export))
	if p.nav == Nav {
		buttons.Add(widgets.NewButton(widgets.Primary, p.t("compare.other_files"), p.again))
	} else {
		buttons.Add(widgets.NewButton(widgets.Primary, p.t("compare.back"), p.host.Back))
	}
	return widgets.Column(0, widgets.Filled(soft, widgets.Pad(10, 16, 10, 16, widgets.Row(10,
		widgets.Icon(icon, theme.IconSize, ink), widgets.Grow(col), buttons))), widgets.Fixed(0, 1, widgets.Filled(line, widgets.Gap(1, 1))))
}

// column is one of the documents.
func (r *result) column(i int) fyne.CanvasObject {
	p := r.p
	paper, doc := r.c.A, r.c.DocA
	if i == 1 {
		paper, doc = r.c.B, r.c.DocB
	}
	fit := func() {
		r.views[0].Fit()
		r.views[1].Fit()
	}
	v := r.views[i]
	tools := widgets.Row(0, widgets.NewIconButton(theme.IconZoomOut, v.ZoomOut), widgets.NewIconButton(theme.IconZoomIn, v.ZoomIn),
		widgets.NewIconButton(theme.IconFit, fit))
	if i == 0 {
		tools.Objects = append([]fyne.CanvasObject{widgets.NewIconButton(theme.IconSwitch, p.swap)}, tools.Objects...)
	}
	name := widgets.Column(0, widgets.NewText(p.t(p.sides[i].role), theme.TextTable, theme.Text).Bold().Clip(),
		widgets.NewText(paper.Name, theme.TextCaption, theme.Text2).Clip())
	foot := widgets.Filled(theme.White, widgets.Column(0, widgets.HLine(), widgets.Fixed(0, 28, widgets.Pad(0, 12, 0, 12, widgets.Row(8,
		r.pages[i], widgets.Spacer(), widgets.Quiet(p.t("compare.digest", "digest", doc.SHA256()[:8])))))))
	head := widgets.Filled(theme.White, widgets.Column(0, widgets.Fixed(0, 47, widgets.Pad(0, 6, 0, 12, widgets.Row(6, widgets.Grow(name), tools))), widgets.HLine()))
	return widgets.Border(head, foot, nil, nil, v)
}

// panel lists the differences, or says that there are none.
func (r *result) panel() fyne.CanvasObject {
	p := r.p
	head := reader.Head(widgets.Grow(widgets.NewText(p.t("compare.list"), theme.TextBody, theme.Text).Bold().Clip()), widgets.Fixed(66, 0, r.count), widgets.Row(0, r.prev, r.next))
	if len(r.c.All) == 0 {
		r.prev.Disable()
		r.next.Disable()
		what, why := p.t("compare.none"), p.t("compare.none_why")
		icon, tone := theme.IconSuccess, theme.Green
		if r.c.Report.TooDifferent {
			what, why, icon, tone = p.t("compare.too_different"), p.t("compare.too_different_why"), theme.IconWarning, theme.Amber
		}
		return widgets.Border(head, nil, nil, nil, widgets.Pad(48, 20, 20, 20, widgets.Column(10,
			widgets.Row(0, widgets.Spacer(), widgets.Icon(icon, 40, tone), widgets.Spacer()),
			widgets.NewText(what, theme.TextBody, theme.Text).Bold().Align(fyne.TextAlignCenter).Clip(),
			widgets.NewParagraph(why, theme.TextTable, theme.Text2))))
	}
	r.list = newList(p.t, r.c.All, r.choose)
	foot := widgets.Column(0, widgets.HLine(), widgets.Pad(8, 12, 8, 12, widgets.Quiet(p.t("compare.keys")).Clip()))
	return widgets.Border(head, foot, nil, nil, r.list.content)
}

// choose goes to a difference, by its number from 1, in both documents.
func (r *result) choose(n int) {
	if n < 1 || n > len(r.c.All) {
		return
	}
	r.p.at = n
	d := r.c.All[n-1]
	for i, v := range r.views {
		v.ChooseHighlight(n)
		at := [2][]compare.Place{d.A, d.B}[i][0]
		v.RevealAlone(at.Page, at.X+at.Width/2, at.Y+at.Height/2)
	}
	if r.list != nil {
		r.list.mark(n - 1)
	}
	r.tell()
}

func (r *result) step(by int) {
	if n := len(r.c.All); n > 0 {
		r.choose((max(r.p.at, 1)-1+by+n)%n + 1)
	}
}

func (r *result) turn(by int) {
	r.views[0].GoTo(min(max(r.views[0].Current()+by, 1), len(r.sizes[0])))
}

// tell says which of how many differences is in front.
func (r *result) tell() {
	if len(r.c.All) > 0 {
		r.count.SetText(fmt.Sprintf("%d / %d", max(r.p.at, 1), len(r.c.All)))
	}
}
