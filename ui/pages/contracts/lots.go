package contracts

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk/amount"
	"sealdesk/ui/pages/form"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// lotsHeight is that of the list in the dialog; more lots scroll.
const lotsHeight = 384

// chooseLot shows the lots for which a contract can be begun, and after them the others with the reason why not.
func (p *Page) chooseLot() {
	list := widgets.NewScrollArea(widgets.Gap(1, 1))
	faces := widgets.NewFaces(list)
	ctx, end := context.WithCancel(p.ctx)
	var d *widgets.Dialog
	closeDialog := func() {
		end()
		d.Close()
	}
	body := widgets.Column(12, widgets.NewParagraph(p.t("contracts.lots_body"), theme.TextTable, theme.Text2), widgets.Fixed(0, lotsHeight, faces))
	d = widgets.NewDialog(p.t("contracts.lots_title"), body, widgets.NewButton(widgets.Secondary, p.t("button.cancel"), closeDialog), nil).Wide(700)
	var read func()
	read = func() {
		faces.Loading()
		var lots []platformapi.Lot
		p.host.Do(ctx, func(ctx context.Context) (err error) {
			lots, err = p.host.Session().Lots(ctx, "")
			return err
		}, func(err error) {
			switch {
			case err != nil:
				page.Failed(p.host, faces, err, read)
			case len(lots) == 0:
				faces.Empty(p.t("awards.none"), nil)
			default:
				list.SetContent(widgets.Pad(3, 14, 3, 3, p.lotCards(lots, closeDialog)))
				faces.Filled()
			}
		})
	}
	p.host.Dialog(d)
	read()
}

func (p *Page) lotCards(lots []platformapi.Lot, done func()) fyne.CanvasObject {
	col := widgets.Column(8)
	for _, l := range lots {
		if l.Block == "" {
			col.Add(newPressed(p.lotCard(l), func() {
				done()
				form.Begin(p.ctx, p.host, l)
			}))
		}
	}
	if len(col.Objects) == 0 {
		col.Add(widgets.InfoPanel(widgets.ErrorText{What: p.t("contracts.lots_none"), Do: p.t("contracts.lots_none_do")}))
	}
	blocked := false
	for _, l := range lots {
		if l.Block == "" {
			continue
		}
		if !blocked {
			blocked = true
			col.Add(widgets.Pad(8, 0, 0, 0, widgets.NewText(p.t("contracts.lots_blocked"), theme.TextTable, theme.Text3)))
		}
		col.Add(p.blockedCard(l, done))
	}
	return col
}

func (p *Page) lotCard(l platformapi.Lot) fyne.CanvasObject {
	return widgets.Card(widgets.Pad(12, 16, 12, 16, widgets.Row(14,
		widgets.Grow(widgets.Column(3, widgets.NewText(l.ProjectName, theme.TextBody, theme.Text).Bold().Clip(), p.lotLine(l))),
		widgets.NewText(p.sum(l), theme.TextBody, theme.Text), widgets.Icon(theme.IconNext, 16, theme.Text3))))
}

// blockedCard is grey and says why; a contract that is there already can be opened.
func (p *Page) blockedCard(l platformapi.Lot, done func()) fyne.CanvasObject {
	right := widgets.Row(12, widgets.NewText(p.t("contracts.block_"+string(l.Block)), theme.TextTable, theme.Text2))
	if l.ContractID != "" {
		right.Add(widgets.NewButton(widgets.Link, p.t("contracts.lot_open"), func() {
			done()
			form.Open(p.ctx, p.host, l.ContractID)
		}))
	}
	return widgets.Filled(theme.Locked, widgets.Pad(12, 16, 12, 16, widgets.Row(14,
		widgets.Grow(widgets.Column(3, widgets.NewText(l.ProjectName, theme.TextBody, theme.Text3).Clip(), p.lotLine(l))), right)))
}

func (p *Page) lotLine(l platformapi.Lot) fyne.CanvasObject {
	return widgets.Quiet(joined(joined(l.ProjectNumber, l.Number), l.Name)).Clip()
}

func (p *Page) sum(l platformapi.Lot) string {
	return p.t("amount.yuan", "sum", amount.Fen(l.AwardFen).String())
}
