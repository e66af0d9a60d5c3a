package keys

import (
	"context"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/pin"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

func (p *Page) pinButton(m desk.Medium) *widgets.Button {
	b := widgets.NewButton(widgets.Secondary, p.t("keys.change_pin"), func() { p.changePIN(m, "") })
	switch {
	case m.Locked:
		b.SetReason(p.t("login.why_locked"))
	case !m.ChangesPIN || m.PINPad:
		b.SetReason(p.t("keys.why_no_change"))
	}
	return b
}

func (p *Page) testButton(m desk.Medium) *widgets.Button {
	var signing *desk.Key
	for _, c := range m.Certificates {
		if c.Signs && len(c.Unfit) == 0 && signing == nil {
			k := c.Key
			signing = &k
		}
	}
	b := widgets.NewButton(widgets.Secondary, p.t("keys.test"), func() { p.test(*signing, "") })
	switch {
	case m.Locked:
		b.SetReason(p.t("login.why_locked"))
	case signing == nil:
		b.SetReason(p.t("keys.why_no_test"))
	}
	return b
}

// triesText is what the field of a PIN says of the tries; few is for red.
func (p *Page) triesText(tries, most int) (text string, few bool) {
	if tries < 0 {
		return p.t("keys.tries_not_told"), false
	}
	return p.t("login.tries", "tries", tries), tries < most
}

// changePIN asks for the old PIN and twice for the new one; trouble is what went wrong with the one before.
func (p *Page) changePIN(m desk.Medium, trouble string) {
	old, fresh, again := widgets.NewPINField(p.t("keys.old_pin_hint")), widgets.NewPINField(p.t("keys.new_pin_hint")), widgets.NewPINField(p.t("keys.again_hint"))
	note, few := p.triesText(m.Tries, m.MaxTries)
	if trouble != "" {
		note, few = trouble, true
	}
	tries := widgets.NewText(note, theme.TextCaption, theme.Text3).Clip()
	if few {
		tries.SetColor(theme.Red)
	}
	differ := widgets.NewText("", theme.TextCaption, theme.Red).Clip()
	var d *widgets.Dialog
	wipe := func() {
		old.Wipe()
		fresh.Wipe()
		again.Wipe()
	}
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() {
		wipe()
		d.Close()
	})
	confirm := widgets.NewButton(widgets.Primary, p.t("keys.change_pin"), nil)
	check := func(int) {
		why := ""
		if old.Len() == 0 || fresh.Len() == 0 || again.Len() == 0 {
			why = p.t("keys.why_all_three")
		}
		confirm.SetReason(why)
		differ.SetText("")
	}
	enter := func() {
		if confirm.Reason() != "" {
			return
		}
		if !fresh.Same(again) {
			fresh.Wipe()
			again.Wipe()
			again.SetWrong(true)
			differ.SetText(p.t("keys.pins_differ"))
			confirm.SetReason(p.t("keys.why_all_three"))
			fresh.Focus()
			return
		}
		pin.LastTry(p.host, m.Tries == 1, m.Label, func(last bool) {
			d.Close()
			change := desk.PINChange{Old: old.Take(), New: fresh.Take(), LastTry: last}
			again.Wipe()
			p.host.Do(p.ctx, func(ctx context.Context) error { return p.host.Desk().ChangePIN(ctx, m.URI, change) }, func(err error) {
				p.changed(m, err)
			})
		})
	}
	confirm.SetOnPress(enter)
	old.OnChanged, fresh.OnChanged, again.OnChanged, again.OnSubmitted = check, check, check, enter
	check(0)
	d = widgets.NewDialog(p.t("keys.change_title", "token", m.Label), widgets.Column(12,
		widgets.NewFieldAbove(p.t("keys.old_pin"), true, old, ""), tries,
		widgets.NewFieldAbove(p.t("keys.new_pin"), true, fresh, ""),
		widgets.NewFieldAbove(p.t("keys.again"), true, again, ""), differ), cancel, confirm).FocusFirst(old)
	p.host.Dialog(d)
}

func (p *Page) changed(m desk.Medium, err error) {
	p.read()
	if err == nil {
		p.host.Toast(theme.Good, p.t("keys.pin_changed"))
		return
	}
	problem := p.host.Words().Problem(err)
	if problem.Code != desk.CodePINWrong {
		p.host.Tell(err)
		return
	}
	if m.Tries > 0 {
		m.Tries--
	}
	p.changePIN(m, problem.What)
}

// test has the key sign something random, so that one knows before the day of the deadline.
func (p *Page) test(k desk.Key, trouble string) {
	body := widgets.NewPINBody(p.t("login.pin"), p.t("login.pin_hint"), []widgets.Fact{
		{Name: p.t("pin.owner"), Value: k.Owner}, {Name: p.t("keys.what"), Value: p.t("keys.test_what")},
	}, nil)
	note, few := p.triesText(k.Tries, k.MaxTries)
	if trouble != "" {
		note, few = trouble, true
	}
	body.SetTries(note, few)
	if k.PINPad {
		body.Field.Disable()
		body.SetTries(p.t("login.pin_pad"), false)
	}
	var d *widgets.Dialog
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() {
		body.Field.Wipe()
		d.Close()
	})
	confirm := widgets.NewButton(widgets.Primary, p.t("keys.test"), nil)
	check := func(int) {
		why := ""
		if body.Field.Len() == 0 && !k.PINPad {
			why = p.t("login.why_no_pin")
		}
		confirm.SetReason(why)
	}
	enter := func() {
		if confirm.Reason() != "" {
			return
		}
		pin.LastTry(p.host, k.Tries == 1, k.Owner, func(last bool) {
			d.Close()
			secret := body.Field.Take()
			p.host.Do(p.ctx, func(ctx context.Context) error { return p.host.Desk().TestSign(ctx, k, secret, last) }, func(err error) {
				p.tested(k, err)
			})
		})
	}
	confirm.SetOnPress(enter)
	body.Field.OnChanged, body.Field.OnSubmitted = check, enter
	check(0)
	d = widgets.NewDialog(p.t("keys.test_title"), body.Body, cancel, confirm).FocusFirst(body.Field)
	p.host.Dialog(d)
}

func (p *Page) tested(k desk.Key, err error) {
	p.read()
	if err == nil {
		p.host.Toast(theme.Good, p.t("keys.tested", "owner", k.Owner))
		return
	}
	problem := p.host.Words().Problem(err)
	if problem.Code != desk.CodePINWrong {
		p.host.Tell(err)
		return
	}
	if k.Tries > 0 {
		k.Tries--
	}
	p.test(k, problem.What)
}
