package stamp

import (
	"fyne.io/fyne/v2"

	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// more are the choices that few need: the certification, which only the first signature of a document can be.
type more struct {
	p      *Page
	head   *widgets.Button
	body   *fyne.Container
	choice *widgets.SelectField
	stamp  *fyne.Container // what is said about the time stamp
	all    *fyne.Container
}

// permissions are the DocMDP permissions in the order of the choice: none, then what leaves the other party its seal.
var permissions = []int{0, 2, 3, 1}

func (m *more) build(p *Page) {
	m.p = p
	m.head = widgets.NewButton(widgets.Link, p.t("stamp.more"), m.toggle)
	m.choice = widgets.NewSelectField("", widgets.Option{Text: p.t("stamp.certify_0")}, widgets.Option{Text: p.t("stamp.certify_2")},
		widgets.Option{Text: p.t("stamp.certify_3")}, widgets.Option{Text: p.t("stamp.certify_1")})
	m.choice.Choose(0)
	m.choice.OnChanged = func(int) { m.draw() }
	m.body, m.stamp = widgets.Column(6), widgets.Column(4)
	m.body.Hide()
	m.all = widgets.Column(6, m.stamp, widgets.Start(m.head), m.body)
}

func (m *more) toggle() {
	if m.body.Visible() {
		m.body.Hide()
	} else {
		m.body.Show()
	}
	m.draw()
}

// certify is the permission that was chosen, 0 for an ordinary signature.
func (m *more) certify() int {
	if m.p.shown == nil || m.p.shown.Layout.Signed() {
		return 0
	}
	return permissions[max(m.choice.Chosen(), 0)]
}

// draw shows what each choice means.
func (m *more) draw() {
	p := m.p
	if !p.ready() {
		return
	}
	m.head.SetText(p.t("stamp.more"))
	if m.body.Visible() {
		m.head.SetText(p.t("stamp.less"))
	}
	rows := []fyne.CanvasObject{widgets.NewText(p.t("stamp.certify"), theme.TextTable, theme.Text2)}
	if p.shown.Layout.Signed() {
		rows = append(rows, widgets.NewParagraph(p.t("stamp.certify_late"), theme.TextCaption, theme.Text3))
	} else {
		ink := theme.Text3
		if m.certify() == 1 {
			ink = theme.Amber
		}
		rows = append(rows, m.choice, widgets.NewParagraph(p.t([]string{
			"stamp.certify_0_why", "stamp.certify_1_why", "stamp.certify_2_why", "stamp.certify_3_why"}[m.certify()]), theme.TextCaption, ink))
	}
	m.body.Objects = rows
	m.stamp.Objects = nil
	switch {
	case p.stamps():
		m.stamp.Add(widgets.NewParagraph(p.t("stamp.stamped"), theme.TextCaption, theme.Text3))
	case p.host.Desk().Stamped():
		m.stamp.Add(widgets.NewParagraph(p.t("stamp.electronic_unstamped"), theme.TextCaption, theme.Text3))
	}
	p.panel.Refresh()
}
