package awards

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/amount"
	"sealdesk/ui/pages/form"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Nav is the page's item of the sidebar.
const Nav = "awards"

// kinds are the tabs; the first is all.
var kinds = []platformapi.LotKind{"", platformapi.LotWorks, platformapi.LotProcurement, platformapi.LotRights, platformapi.LotLand}

// A Page is the list of awarded lots.
type Page struct {
	host page.Host
	ctx  context.Context
	lots []platformapi.Lot

	tabs    *widgets.Tabs
	scroll  *widgets.ScrollArea
	faces   *widgets.Faces
	content fyne.CanvasObject
}

// New makes the page.
func New(host page.Host) *Page {
	p := &Page{host: host, ctx: context.Background()}
	var labels []string
	for _, k := range kinds {
		labels = append(labels, p.t("kind."+kindName(k)))
	}
	p.tabs = widgets.NewTabs(labels...)
	p.tabs.OnChanged = func(int) {
		p.draw()
		p.scroll.SetOffset(0)
	}
	p.scroll = widgets.NewScrollArea(widgets.Gap(1, 1))
	p.faces = widgets.NewFaces(p.scroll)
	p.content = widgets.Border(
		widgets.Filled(theme.White, widgets.Pad(4, theme.PageMarginX, 0, theme.PageMarginX, p.tabs)), nil, nil, nil, p.faces)
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

func kindName(k platformapi.LotKind) string {
	if k == "" {
		return "all"
	}
	return string(k)
}

// Nav implements page.Page.
func (p *Page) Nav() string { return Nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("nav.awards") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	p.faces.Loading()
	p.read()
	page.Follow(ctx, p.host, p.host.Session().News(ctx), func(desk.News) { p.read() })
}

func (p *Page) again() {
	p.faces.Loading()
	p.read()
}

func (p *Page) read() {
	var lots []platformapi.Lot
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		lots, err = p.host.Session().Lots(ctx, "")
		return err
	}, func(err error) {
		if err != nil {
			page.Failed(p.host, p.faces, err, p.again)
			return
		}
		p.lots = lots
		for i, k := range kinds {
			p.tabs.SetLabel(i, p.t("awards.tab", "kind", p.t("kind."+kindName(k)), "count", len(p.of(k))))
		}
		p.draw()
	})
}

func (p *Page) of(kind platformapi.LotKind) []platformapi.Lot {
	var out []platformapi.Lot
	for _, l := range p.lots {
		if kind == "" || l.Kind == kind {
			out = append(out, l)
		}
	}
	return out
}

func (p *Page) draw() {
	lots := p.of(kinds[p.tabs.Chosen()])
	if len(lots) == 0 {
		p.faces.Empty(p.t("awards.none"), nil)
		return
	}
	var cards []fyne.CanvasObject
	for _, l := range lots {
		cards = append(cards, p.card(l))
	}
	y := p.scroll.Offset()
	p.scroll.SetContent(widgets.Page(widgets.Grid(2, theme.CardGap, cards...)))
	p.scroll.SetOffset(y)
	p.faces.Filled()
}

func (p *Page) card(l platformapi.Lot) fyne.CanvasObject {
	chip, tone := contractChip(p.host, l)
	fact := func(key, value string) fyne.CanvasObject {
		return widgets.Row(12, widgets.Fixed(64, 0, widgets.NewText(p.t(key), theme.TextTable, theme.Text3)),
			widgets.Grow(widgets.NewText(value, theme.TextTable, theme.Text).Clip()))
	}
	other := l.Supplier.Name
	otherKey := "awards.supplier"
	if l.MyRole == platformapi.RoleSupplier {
		other, otherKey = l.Purchaser.Name, "awards.purchaser"
	}
	lot := l.Number
	if l.Name != "" {
		lot += "　" + l.Name
	}
	flow := widgets.NewButton(widgets.Secondary, p.t("awards.flow"), func() { p.host.Open(newFlow(p.host, l)) }).WithIcon(theme.IconFlow)
	return widgets.PaddedCard(widgets.Column(12,
		widgets.Row(10, widgets.Grow(widgets.NewParagraph(l.ProjectName, theme.TextSub, theme.Text).Bold()), widgets.NewChip(chip, tone)),
		widgets.Row(8, widgets.NewChip(p.t("kind."+kindName(l.Kind)), theme.Neutral), widgets.Grow(widgets.NewText(lot, theme.TextTable, theme.Text2).Clip())),
		widgets.HLine(),
		widgets.Column(6,
			fact("awards.method", p.t("method."+string(l.Method))),
			fact("awards.traded", p.host.Words().Beijing(l.TradedAt, "2006-01-02 15:04:05")),
			fact("awards.sum", p.t("amount.yuan", "sum", amount.Fen(l.AwardFen).String())),
			fact(otherKey, other),
		),
		widgets.Row(12, widgets.Grow(p.deadline(l)), flow),
	))
}

// deadline says until when the contract has to be signed, for lots that have none yet.
func (p *Page) deadline(l platformapi.Lot) fyne.CanvasObject {
	d := l.SignBy
	if d == nil || d.State == platformapi.DeadlineDone {
		return widgets.Quiet("")
	}
	ink := theme.Text3
	switch d.State {
	case platformapi.DeadlineSoon:
		ink = theme.Amber
	case platformapi.DeadlineOver:
		ink = theme.Red
	}
	return widgets.NewText(p.t("awards.sign_"+string(d.State), "due", d.Due), theme.TextCaption, ink).Clip()
}

// contractChip says how far the lot's contract is.
func contractChip(host page.Host, l platformapi.Lot) (string, theme.Tone) {
	t := host.Words()
	switch {
	case l.ContractID != "":
		// Who started it is not told with the lot; the words that both sides share are taken.
		_, tone := form.State(t, l.ContractState, true)
		return t.T("state." + string(l.ContractState) + ".lot"), tone
	case l.Secret:
		return t.T("awards.secret"), theme.Bad
	case l.Block == platformapi.BlockAwardNotSent:
		return t.T("awards.not_sent"), theme.Neutral
	}
	return t.T("awards.to_sign"), theme.Warn
}
