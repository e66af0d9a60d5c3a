package stamp

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/signer"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/pin"
	"sealdesk/ui/pages/signatures"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// askPIN asks for the PIN; trouble is what went wrong with the one before.
func (p *Page) askPIN(trouble string) {
	pin.Ask(p.ctx, p.host, pin.Request{Confirm: p.t("pin.sign"), Run: p.run, Facts: []widgets.Fact{
		{Name: p.t("pin.who"), Value: p.host.Desk().PlatformName()},
		{Name: p.t("pin.document"), Value: p.t("pin.document_is", "name", p.shown.Name, "pages", len(p.reader.Sizes()))},
		{Name: p.t("pin.digest"), Value: p.shown.Document.SHA256()[:8]},
	}}, trouble)
}

// run signs, showing how far it has come.
func (p *Page) run(secret []byte, lastTry, keep bool) {
	ctx, stop := context.WithCancel(p.ctx)
	progress := widgets.NewProgress(widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { stop() }))
	d := widgets.NewDialog(p.t("sign.title"), progress, nil, nil)
	p.host.Dialog(d)
	request := p.request()
	request.PIN, request.LastTry, request.Keep, request.Pages = secret, lastTry, keep, len(p.reader.Sizes())
	var result signer.Result
	p.host.Do(p.ctx, func(context.Context) (err error) {
		result, err = p.of.Seal(ctx, request, func(step string, done, total int64) {
			part := 0.0
			if total > 0 {
				part = float64(done) / float64(total)
			}
			p.host.Post(func() { progress.Set(p.t(step), part, "") })
		})
		return err
	}, func(err error) {
		stop()
		d.Close()
		if err == nil {
			p.finished = &result
			p.result(result)
			return
		}
		if trouble, again := pin.Again(p.host, err); again {
			p.askPIN(trouble)
			return
		}
		switch problem := p.host.Words().Problem(err); {
		case desk.IsStampTrouble(err):
			p.askUnstamped(err)
		case errors.Is(err, context.Canceled) || problem.Code == desk.CodeCancelled:
			p.host.Toast(theme.Neutral, p.t("stamp.cancelled"))
		default:
			p.host.Tell(err)
		}
	})
}

// result says in one sentence what came out, and leads back to the contract.
func (p *Page) result(r signer.Result) {
	p.sign.SetBusy(true) // what was sealed is not sealed again
	newest := r.Report.Signatures[len(r.Report.Signatures)-1]
	at := ""
	if newest.SignedAt != nil {
		at = p.host.Words().Beijing(*newest.SignedAt, time.DateTime)
	}
	var sealed Sealed
	p.host.Do(p.ctx, func(ctx context.Context) error {
		sealed = p.of.Sealed(ctx)
		return nil
	}, func(error) {
		p.reader.Silence()
		p.reader.Close()
		p.shown, p.told = nil, true
		back := widgets.NewButton(widgets.Primary, p.terms.Back, p.host.Back)
		look := widgets.NewButton(widgets.Secondary, p.t("result.look"), func() { p.host.Open(sealed.Look(p.host)) })
		col := widgets.Column(16,
			signatures.Done(p.host.Words(), r.Report, p.terms.Next),
			widgets.PaddedCard(widgets.FactLines(
				widgets.Fact{Name: p.t("result.signer"), Value: newest.Signer},
				widgets.Fact{Name: p.t("result.time"), Value: p.t("result.time_is", "time", at)},
				widgets.Fact{Name: p.t("result.algorithm"), Value: newest.Algorithm},
				widgets.Fact{Name: p.t("result.file"), Value: sealed.Name},
				widgets.Fact{Name: p.t("result.digest"), Value: r.SHA256},
			)),
			widgets.Row(10, widgets.Spacer(), look, back),
		)
		p.body.Objects = []fyne.CanvasObject{widgets.Column(0, widgets.Pad(48, 24, 24, 24,
			widgets.Row(0, widgets.Spacer(), widgets.Fixed(640, 0, col), widgets.Spacer())))}
		p.body.Refresh()
		p.host.Window().Canvas().Focus(back)
	})
}

var _ page.Page = (*Page)(nil)
