package bid

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// pickCredit synchronises the credit library (诚信库) and lets the person choose a file of it for a part.
func (p *tool) pickCredit(n bids.Node) {
	var library desk.Credit
	p.work(p.t("bid.step_credit"), func(ctx context.Context, progress bids.Progress) (err error) {
		library, err = p.host.Session().SyncCredit(ctx, progress)
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.chooseCredit(n, library)
	})
}

func (p *tool) chooseCredit(n bids.Node, library desk.Credit) {
	var d *widgets.Dialog
	col := widgets.Column(4)
	if library.Offline {
		col.Add(widgets.WarnPanel(widgets.ErrorText{What: p.t("bid.credit_offline", "time", p.host.Words().Beijing(library.AsOf, "2006-01-02 15:04"))}))
	}
	kind := platformapi.CreditKind("")
	for _, item := range library.Items {
		if item.Kind != kind {
			kind = item.Kind
			col.Add(widgets.Pad(8, 0, 0, 0, widgets.NewText(p.t("bid.credit_"+string(kind)), theme.TextTable, theme.Text2).Bold()))
		}
		for _, f := range item.Files {
			col.Add(p.creditLine(item, f, func() {
				d.Close()
				p.addCredit(n, item, f)
			}))
		}
	}
	if len(library.Items) == 0 {
		col.Add(widgets.NewParagraph(p.t("bid.credit_none"), theme.TextBody, theme.Text2))
	}
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { d.Close() })
	d = widgets.NewDialog(p.t("bid.credit_title", "name", n.Name), widgets.Fixed(520, 360, widgets.NewScrollArea(widgets.Pad(0, 12, 8, 0, col))), cancel, nil)
	p.host.Dialog(d)
}

// creditLine is a file of an entry; one whose entry is not valid any more says so.
func (p *tool) creditLine(item platformapi.CreditItem, f platformapi.CreditFile, take func()) fyne.CanvasObject {
	until, ink := p.t("bid.credit_always"), theme.Text3
	if item.ValidUntil != "" {
		until = p.t("bid.credit_until", "date", item.ValidUntil)
		if expired(item) {
			until, ink = p.t("bid.credit_expired", "date", item.ValidUntil), theme.Red
		}
	}
	return widgets.Pad(6, 0, 6, 0, widgets.Row(10, widgets.Grow(widgets.Column(2, widgets.NewText(item.Name, theme.TextBody, theme.Text).Clip(),
		widgets.NewText(f.Name+" · "+words.Size(f.Size)+" · "+until, theme.TextCaption, ink).Clip())),
		widgets.NewButton(widgets.Secondary, p.t("bid.credit_take"), take)))
}

func (p *tool) addCredit(n bids.Node, item platformapi.CreditItem, f platformapi.CreditFile) {
	p.work(p.t("bid.adding", "name", n.Name), func(ctx context.Context, progress bids.Progress) error {
		return p.host.Session().AddCredit(ctx, p.project, n.Code, item, f, progress)
	}, p.added(n))
}
