package stamp

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/signer"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/signatures"
	"sealdesk/ui/pages/view"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// askPIN reads the key's tries and asks for the PIN; trouble is what went wrong with the one before.
func (p *Page) askPIN(trouble string) {
	mine := p.host.Session().Key()
	var keys []desk.Key
	held := false
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		if held = p.host.Session().Held(); held {
			return nil
		}
		keys, err = p.host.Desk().Keys(ctx)
		return err
	}, func(err error) {
		if held {
			p.confirmDialog(mine)
			return
		}
		for _, k := range keys {
			if k.URI == mine.URI && k.ID == mine.ID {
				p.pinDialog(k, trouble)
				return
			}
		}
		p.host.Tell(errors.Join(desk.ErrKeyGone, err)) // a driver that fails beside it is not what matters here
	})
}

// facts say who asks, for what, and who signs.
func (p *Page) facts(k desk.Key) []widgets.Fact {
	return []widgets.Fact{
		{Name: p.t("pin.who"), Value: p.host.Desk().PlatformName()},
		{Name: p.t("pin.document"), Value: p.t("pin.document_is", "name", p.shown.Name, "pages", len(p.reader.Sizes()))},
		{Name: p.t("pin.digest"), Value: p.shown.Document.SHA256()[:8]},
		{Name: p.t("pin.owner"), Value: k.Owner},
	}
}

// confirmDialog asks before a signature with a key that is kept unlocked.
func (p *Page) confirmDialog(k desk.Key) {
	var d *widgets.Dialog
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { d.Close() })
	confirm := widgets.NewButton(widgets.Primary, p.t("pin.sign"), func() {
		d.Close()
		p.run(nil, false, true)
	})
	lock := widgets.NewButton(widgets.Link, p.t("pin.release"), func() {
		d.Close()
		p.host.Do(p.ctx, func(context.Context) error {
			p.host.Session().Release()
			return nil
		}, func(error) { p.askPIN("") })
	})
	d = widgets.NewDialog(p.t("pin.title_held"), widgets.Column(12, widgets.Facts(p.facts(k)...),
		widgets.Row(8, widgets.Grow(widgets.Quiet(p.t("pin.held")).Clip()), lock)), cancel, confirm)
	p.host.Dialog(d)
}

func (p *Page) pinDialog(k desk.Key, trouble string) {
	body := widgets.NewPINBody(p.t("login.pin"), p.t("login.pin_hint"), p.facts(k), nil)
	keep := widgets.NewCheckbox(p.t("pin.keep"), nil)
	switch {
	case k.PINPad:
		body.Field.Disable()
		body.SetTries(p.t("login.pin_pad"), false)
	case k.Locked:
		body.SetTries(p.t("login.locked")+" · "+p.t("login.locked_do"), true)
	case trouble != "":
		body.SetTries(trouble, true)
	case k.Tries >= 0:
		body.SetTries(p.t("login.tries", "tries", k.Tries), k.FewTries())
	}
	content := widgets.Column(10, body.Body, keep)
	if k.DemoPIN != "" {
		content.Add(widgets.NewText(p.t("login.demo_pin", "pin", k.DemoPIN), theme.TextCaption, theme.Amber))
	}
	var d *widgets.Dialog
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() {
		body.Field.Wipe()
		d.Close()
	})
	confirm := widgets.NewButton(widgets.Primary, p.t("pin.sign"), nil)
	reason := func(int) {
		why := ""
		switch {
		case k.Locked:
			why = p.t("login.why_locked")
		case body.Field.Len() == 0 && !k.PINPad:
			why = p.t("login.why_no_pin")
		}
		confirm.SetReason(why)
	}
	enter := func() {
		if confirm.Reason() != "" {
			return
		}
		pin := body.Field.Take()
		d.Close()
		if k.Tries == 1 {
			p.host.Ask(p.t("pin.last_title"), p.t("pin.last_body", "owner", k.Owner), true, p.t("pin.last_confirm"), func() { p.run(pin, true, keep.On()) })
			return
		}
		p.run(pin, false, keep.On())
	}
	confirm.SetOnPress(enter)
	body.Field.OnChanged, body.Field.OnSubmitted = reason, enter
	reason(0)
	d = widgets.NewDialog(p.t("pin.title"), content, cancel, confirm).FocusFirst(body.Field)
	p.host.Dialog(d)
}

// run signs, showing how far it has come.
func (p *Page) run(pin []byte, lastTry, keep bool) {
	ctx, stop := context.WithCancel(p.ctx)
	progress := widgets.NewProgress(widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { stop() }))
	d := widgets.NewDialog(p.t("sign.title"), progress, nil, nil)
	p.host.Dialog(d)
	request := desk.SealRequest{Seal: p.seal(), Places: p.asked(), PIN: pin, LastTry: lastTry, Keep: keep}
	var result signer.Result
	p.host.Do(p.ctx, func(context.Context) (err error) {
		result, err = p.work.Seal(ctx, request, func(step string, done, total int64) {
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
		problem := p.host.Words().Problem(err)
		switch {
		case problem.Code == desk.CodePINWrong || errors.Is(err, desk.ErrKeyLocked):
			p.askPIN(problem.What)
		case errors.Is(err, context.Canceled) || problem.Code == desk.CodeCancelled:
			p.host.Toast(theme.Neutral, p.t("stamp.cancelled"))
		default:
			p.host.Tell(err)
		}
	})
}

// result says in one sentence what came out, and leads back to the contract.
func (p *Page) result(r signer.Result) {
	p.reader.Silence()
	p.reader.Close()
	p.shown = nil
	newest := r.Report.Signatures[len(r.Report.Signatures)-1]
	at := ""
	if newest.SignedAt != nil {
		at = newest.SignedAt.In(time.Local).Format(time.DateTime)
	}
	file := desk.File{}
	p.host.Do(p.ctx, func(ctx context.Context) error {
		if sealed := p.work.View(ctx).Filing.Sealed; sealed != nil {
			file = *sealed
		}
		return nil
	}, func(error) {
		back := widgets.NewButton(widgets.Primary, p.t("result.back"), p.host.Back)
		look := widgets.NewButton(widgets.Secondary, p.t("result.look"), func() { p.host.Open(view.New(p.host, p.work, file)) })
		col := widgets.Column(16,
			signatures.Done(p.host.Words(), r.Report),
			widgets.PaddedCard(widgets.FactLines(
				widgets.Fact{Name: p.t("result.signer"), Value: newest.Signer},
				widgets.Fact{Name: p.t("result.time"), Value: p.t("result.time_is", "time", at)},
				widgets.Fact{Name: p.t("result.algorithm"), Value: newest.Algorithm},
				widgets.Fact{Name: p.t("result.file"), Value: file.Name},
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
