package pin

import (
	"context"
	"errors"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// A Request is what the PIN is asked for.
type Request struct {
	Facts   []widgets.Fact // who asks, and for what; the key's owner is added
	Confirm string         // the button: what is done
	Once    bool           // the key is locked again after it: that it stays unlocked is not offered
	// Run is told what the person entered: the PIN, none while the key is kept unlocked; that the last try is to be spent; and
	// that the key is to stay unlocked. It wipes the PIN.
	Run func(pin []byte, lastTry, keep bool)
}

// Ask reads the key's tries and asks; trouble is what went wrong with the PIN before, or empty.
func Ask(ctx context.Context, host page.Host, r Request, trouble string) {
	a := asking{ctx, host, r}
	mine := host.Session().SigningKey()
	if mine.Phone() { // it is the phone that asks
		r.Run(nil, false, false)
		return
	}
	var keys []desk.Key
	held := false
	rest := turn(ctx, host)
	host.Do(ctx, func(ctx context.Context) (err error) {
		if held = host.Session().Held(); held {
			return nil
		}
		keys, err = host.Desk().Keys(ctx)
		return err
	}, func(err error) {
		rest()
		if held {
			a.confirm(mine)
			return
		}
		for _, k := range keys {
			if k.URI == mine.URI && k.ID == mine.ID {
				a.enter(k, trouble)
				return
			}
		}
		host.Tell(errors.Join(desk.ErrKeyGone, err)) // a driver that fails beside it is not what matters here
	})
}

// turn has the button that was pressed turn until the question is on the page: pressed twice, it would ask twice.
func turn(ctx context.Context, host page.Host) (rest func()) {
	pressed, ok := host.Window().Canvas().Focused().(*widgets.Button)
	if !ok {
		return func() {}
	}
	pressed.SetBusy(true)
	stop := context.AfterFunc(ctx, func() { host.Post(func() { page.Rest(pressed) }) })
	return func() {
		stop()
		page.Rest(pressed)
	}
}

// Again tells whether an error means that the PIN is to be asked for once more, and what to say about it.
func Again(host page.Host, err error) (trouble string, ok bool) {
	p := host.Words().Problem(err)
	return p.What, p.Code == desk.CodePINWrong || errors.Is(err, desk.ErrKeyLocked)
}

// LastTry asks before the last try is spent, where it is the last one, and then spends it. Until then the PIN stays in its field,
// which wipes it when it is called off.
func LastTry(host page.Host, last bool, owner string, spend func(last bool)) {
	if !last {
		spend(false)
		return
	}
	t := host.Words().T
	host.Ask(t("pin.last_title"), t("pin.last_body", "owner", owner), true, t("pin.last_confirm"), func() { spend(true) })
}

// PadText says where the PIN of a key is entered that takes none here.
func PadText(host page.Host, k desk.Key) string {
	if k.Remote() {
		return host.Words().T("remote.confirm_there")
	}
	return host.Words().T("login.pin_pad")
}

type asking struct {
	ctx     context.Context
	host    page.Host
	request Request
}

func (a asking) t(key string, pairs ...any) string { return a.host.Words().T(key, pairs...) }

func (a asking) facts(k desk.Key) []widgets.Fact {
	return append(a.request.Facts[:len(a.request.Facts):len(a.request.Facts)], widgets.Fact{Name: a.t("pin.owner"), Value: k.Owner})
}

// confirm asks before a signature with a key that is kept unlocked.
func (a asking) confirm(k desk.Key) {
	var d *widgets.Dialog
	cancel := widgets.NewButton(widgets.Secondary, a.t("button.cancel"), func() { d.Close() })
	confirm := widgets.NewButton(widgets.Primary, a.request.Confirm, func() {
		d.Close()
		a.request.Run(nil, false, true)
	})
	lock := widgets.NewButton(widgets.Link, a.t("pin.release"), func() {
		d.Close()
		a.host.Do(a.ctx, func(context.Context) error {
			a.host.Session().Release()
			return nil
		}, func(error) { Ask(a.ctx, a.host, a.request, "") })
	})
	d = widgets.NewDialog(a.t("pin.title_held"), widgets.Column(12, widgets.Facts(a.facts(k)...),
		widgets.Row(8, widgets.Grow(widgets.Quiet(a.t("pin.held")).Clip()), lock)), cancel, confirm)
	a.host.Dialog(d)
}

func (a asking) enter(k desk.Key, trouble string) {
	body := widgets.NewPINBody(a.t("login.pin"), a.t("login.pin_hint"), a.facts(k), nil)
	keep := widgets.NewCheckbox(a.t("pin.keep"), nil)
	switch {
	case k.PINPad:
		body.Field.Disable()
		body.SetTries(PadText(a.host, k), false)
	case k.Locked:
		body.SetTries(a.t("login.locked")+" · "+a.t("login.locked_do"), true)
	case trouble != "":
		body.SetTries(trouble, true)
	case k.Tries >= 0:
		body.SetTries(a.t("login.tries", "tries", k.Tries), k.FewTries())
	}
	content := widgets.Column(10, body.Body)
	if !a.request.Once {
		content.Add(keep)
	}
	if k.DemoPIN != "" {
		content.Add(widgets.NewText(a.t("login.demo_pin", "pin", k.DemoPIN), theme.TextCaption, theme.Amber))
	}
	var d *widgets.Dialog
	if a.host.Desk().HasPhone() && !a.request.Once {
		content.Add(widgets.Row(0, widgets.NewButton(widgets.Link, a.t("scan.use_phone"), func() {
			body.Field.Wipe()
			d.Close()
			a.usePhone(k)
		}), widgets.Spacer()))
	}
	cancel := widgets.NewButton(widgets.Secondary, a.t("button.cancel"), func() {
		body.Field.Wipe()
		d.Close()
	})
	confirm := widgets.NewButton(widgets.Primary, a.request.Confirm, nil)
	reason := func(int) {
		why := ""
		switch {
		case k.Locked:
			why = a.t("login.why_locked")
		case body.Field.Len() == 0 && !k.PINPad:
			why = a.t("login.why_no_pin")
		}
		confirm.SetReason(why)
	}
	enter := func() {
		if confirm.Reason() != "" {
			return
		}
		LastTry(a.host, k.Tries == 1, k.Owner, func(last bool) {
			d.Close()
			a.request.Run(body.Field.Take(), last, keep.On())
		})
	}
	confirm.SetOnPress(enter)
	body.Field.OnChanged, body.Field.OnSubmitted = reason, enter
	reason(0)
	d = widgets.NewDialog(a.t("pin.title"), content, cancel, confirm).FocusFirst(body.Field)
	a.host.Dialog(d)
}

// AskFor asks for the PIN of a key where there is no session yet; the key stays unlocked for this one thing only. k tells the
// tries as they were read last.
func AskFor(ctx context.Context, host page.Host, k desk.Key, r Request, trouble string) {
	r.Once = true
	asking{ctx, host, r}.enter(k, trouble)
}

// usePhone has a phone of the same organisation sign from now on (扫码签章).
func (a asking) usePhone(k desk.Key) {
	a.host.Do(a.ctx, func(context.Context) error {
		return a.host.Session().SignWith(a.host.Desk().PhoneKey(k))
	}, func(err error) {
		if err != nil {
			a.host.Tell(err)
			return
		}
		a.request.Run(nil, false, false)
	})
}
