package form

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/publish"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// maxOpinion is how long an opinion may be, in characters.
const maxOpinion = 500

// foot is the fixed line under the form: what is missing or kept at the left, what can be done at the right.
type foot struct {
	p    *Page
	part *part
	left *fyne.Container
	// The buttons that are on the page now, by what they do.
	buttons map[desk.Action]*widgets.Button
}

func newFoot(p *Page) *foot { return &foot{p: p, part: newPart(), left: widgets.Row(16)} }

// draw puts the buttons of this state in, and the reasons why some cannot be pressed.
func (f *foot) draw() {
	p := f.p
	v := p.view
	set := f.set()
	if f.part.fresh(set, v.Starter, f.sealFirst(), v.ReviewFirst, v.State, v.Published, v.Filed) {
		for _, b := range f.buttons {
			b.Disable() // it may have the keyboard still
		}
		f.buttons = map[desk.Action]*widgets.Button{}
		row := []fyne.CanvasObject{}
		var buttons []fyne.CanvasObject
		for _, a := range set {
			b := f.make(a)
			f.buttons[a] = b
			buttons = append(buttons, b)
			if a != desk.ActionSave && !(a == desk.ActionSeal) {
				row = append(row, widgets.Row(0, b.Note()))
			}
		}
		f.part.put(widgets.Foot(f.left, widgets.Row(10, append(row, buttons...)...)))
	}
	for a, b := range f.buttons {
		why, ok := v.Why(a)
		reason := ""
		if !ok {
			reason = why.What
		}
		if a == actionExport || a == desk.ActionPublish {
			reason = "" // the page behind it says what can be done
		}
		if b.Reason() != reason {
			b.SetReason(reason)
		}
	}
	f.drawLeft()
}

// has tells that a button is still on the page.
func (f *foot) has(b *widgets.Button) bool {
	for _, shown := range f.buttons {
		if shown == b {
			return true
		}
	}
	return false
}

// actionExport is the one button of the foot that is no step of the contract.
const actionExport desk.Action = "export"

// set lists the buttons, the next step last.
func (f *foot) set() []desk.Action {
	v := f.p.view
	switch v.State {
	case platformapi.StateVoid:
		return nil
	case platformapi.StateConcluded:
		if v.Role == platformapi.RolePurchaser {
			return []desk.Action{actionExport, desk.ActionPublish}
		}
		return []desk.Action{desk.ActionPublish, actionExport}
	case platformapi.StateAgreed, platformapi.StateHalfSealed:
		switch {
		case v.OurSeal:
			return []desk.Action{desk.ActionUnseal}
		case v.Filing.Sealed == nil:
			return []desk.Action{desk.ActionRefuse, desk.ActionSeal}
		}
		return []desk.Action{desk.ActionRefuse, desk.ActionSubmit}
	case platformapi.StateAwaiting, platformapi.StateCountersigned:
		if v.Starter {
			return []desk.Action{desk.ActionWithdraw}
		}
		if f.sealFirst() {
			return []desk.Action{desk.ActionRefuse, desk.ActionAgree, desk.ActionSeal}
		}
		return []desk.Action{desk.ActionRefuse, desk.ActionAgree}
	}
	if v.Starter {
		return []desk.Action{desk.ActionSave, desk.ActionSubmit}
	}
	return nil
}

// sealFirst tells that the other side has its seal to put on before it can agree.
func (f *foot) sealFirst() bool {
	v := f.p.view
	return !v.Starter && !v.ReviewFirst && v.State == platformapi.StateAwaiting && v.Filing.Sealed == nil
}

func (f *foot) make(a desk.Action) *widgets.Button {
	p := f.p
	switch a {
	case desk.ActionSave:
		return widgets.NewButton(widgets.Secondary, p.t("form.save"), func() { p.send(f.buttons[a], p.work.Save, p.t("form.saved")) })
	case desk.ActionSubmit:
		return widgets.NewButton(widgets.Primary, p.t(p.submitKey()), p.submit)
	case desk.ActionUnseal:
		return widgets.NewButton(widgets.Secondary, p.t("form.unseal"), p.unseal)
	case desk.ActionWithdraw:
		return widgets.NewButton(widgets.Secondary, p.t("form.withdraw"), p.withdraw)
	case desk.ActionSeal:
		return widgets.NewButton(widgets.Primary, p.t("form.sign"), p.goSeal).WithIcon(theme.IconSeal)
	case desk.ActionRefuse:
		return widgets.NewButton(widgets.Secondary, p.t("form.refuse"), p.refuse)
	case desk.ActionAgree:
		kind := widgets.Primary
		if f.sealFirst() {
			kind = widgets.Secondary
		}
		return widgets.NewButton(kind, p.t("form.agree"), p.agree)
	case desk.ActionPublish:
		return p.publishButton()
	}
	kind := widgets.Secondary
	if p.view.Role != platformapi.RolePurchaser { // who has nothing else to do
		kind = widgets.Primary
	}
	return widgets.NewButton(kind, p.t("form.export_final"), func() {
		if file := p.files.current(); file != nil {
			p.export(*file)
		}
	}).WithIcon(theme.IconDownload)
}

// drawLeft says what is missing, each word a way to it, and what is kept.
func (f *foot) drawLeft() {
	p := f.p
	var objects []fyne.CanvasObject
	if p.editableState() && len(p.view.Missing) > 0 {
		name := p.view.Missing[0]
		objects = append(objects, widgets.NewButton(widgets.Link, p.t("form.go_to", "field", p.nameOf(name)), func() { p.goTo(name) }))
	}
	if s := p.keptText(); s != "" {
		objects = append(objects, widgets.Grow(widgets.Quiet(s).Clip()))
	}
	f.left.Objects = objects
	f.left.Refresh()
}

func (p *Page) keptText() string {
	v := p.view
	switch {
	case v.Filing.Sealed != nil && !v.OurSeal && (v.State == platformapi.StateAgreed || v.State == platformapi.StateHalfSealed):
		return p.t("form.sealed_send")
	case v.Filing.Sealed != nil && !v.Starter && !v.ReviewFirst && v.State == platformapi.StateAwaiting:
		return p.t("form.sealed_agree")
	case !p.editableState() && !p.view.Starter:
		return ""
	case !p.editableState():
		why, _ := p.view.Why(desk.ActionEdit)
		return why.What
	case !p.editable():
		return p.t("form.sealed_kept")
	case p.count != p.kept:
		return p.t("form.keeping")
	case !p.savedAt.IsZero():
		return p.t("form.kept", "time", p.savedAt.Format("15:04:05"))
	case p.view.Unsaved:
		return p.t("form.kept_here")
	}
	return p.t("form.kept_platform")
}

// goTo brings what is missing into sight, and the keyboard to where it is done.
func (p *Page) goTo(name desk.Field) {
	if p.fields.goTo(name) {
		return
	}
	p.scroll.Reveal(p.files.part.box)
	if step := p.files.step; step != nil {
		p.host.Window().Canvas().Focus(step)
	}
}

func (p *Page) submit() {
	other := p.view.Lot.Supplier.Name
	if p.view.Role == platformapi.RoleSupplier {
		other = p.view.Lot.Purchaser.Name
	}
	key := p.submitKey()
	body := p.t(key+"_body", "other", other)
	if p.view.State == platformapi.StateHalfSealed {
		body = p.t("form.submit_seal_last")
	}
	p.host.Ask(p.t(key+"_title"), body, false, p.t(key), func() {
		p.send(p.foot.buttons[desk.ActionSubmit], p.work.Submit, p.t(key+"_done"))
	})
}

// submitKey are the words for what submitting means now: the sealed contract, the clean copy for review, or our seal.
func (p *Page) submitKey() string {
	switch {
	case !p.view.ReviewFirst:
		return "form.submit"
	case p.view.State == platformapi.StateAgreed || p.view.State == platformapi.StateHalfSealed:
		return "form.submit_seal"
	}
	return "form.submit_review"
}

func (p *Page) unseal() {
	p.host.Ask(p.t("form.unseal_title"), p.t("form.unseal_body"), true, p.t("form.unseal_confirm"), func() {
		p.send(p.foot.buttons[desk.ActionUnseal], p.work.Unseal, p.t("form.unsealed_done"))
	})
}

func (p *Page) withdraw() {
	p.host.Ask(p.t("form.withdraw_title"), p.t("form.withdraw_body"), true, p.t("form.withdraw_confirm"), func() {
		p.send(p.foot.buttons[desk.ActionWithdraw], p.work.Withdraw, p.t("form.withdrawn_done"))
	})
}

// publishButton leads to the page of what is owed to the public; it is the blue one while the purchaser owes something. The
// other side looks.
func (p *Page) publishButton() *widgets.Button {
	kind := widgets.Primary
	if p.view.Role != platformapi.RolePurchaser || p.view.Published != nil && p.view.Filed != nil {
		kind = widgets.Secondary
	}
	return widgets.NewButton(kind, p.t("form.publish"), func() { p.host.Open(publish.New(p.host, p.work)) })
}

// refuse asks for the opinion, without which nothing is sent back.
func (p *Page) refuse() {
	p.opinion("form.refuse", true, func(opinion string) {
		p.send(p.foot.buttons[desk.ActionRefuse], func(ctx context.Context) (desk.Sent, error) { return p.work.Refuse(ctx, opinion) }, p.t("form.refused_done"))
	})
}

func (p *Page) agree() {
	key, done := "form.agree", "form.agreed_done"
	if p.view.ReviewFirst {
		key, done = "form.agree_review", "form.agree_review_done"
	}
	p.opinion(key, false, func(opinion string) {
		p.send(p.foot.buttons[desk.ActionAgree], func(ctx context.Context) (desk.Sent, error) { return p.work.Agree(ctx, opinion) }, p.t(done))
	})
}

// opinion asks for a decision with its opinion; one that was begun and left, to look at the contract again, is still there. The words are those of key with _title, _body, _hint and _confirm.
func (p *Page) opinion(key string, required bool, then func(string)) {
	area := widgets.NewTextArea(p.t(key+"_hint"), 4, maxOpinion)
	area.SetText(p.opinions[key])
	kind := widgets.Primary
	if required {
		kind = widgets.Danger
	}
	var d *widgets.Dialog
	confirm := widgets.NewButton(kind, p.t(key+"_confirm"), func() {
		d.Close()
		delete(p.opinions, key)
		then(strings.TrimSpace(area.Text()))
	})
	check := func(s string) {
		p.opinions[key] = s
		reason := ""
		if required && strings.TrimSpace(s) == "" {
			reason = p.t("form.why_opinion")
		}
		confirm.SetReason(reason)
	}
	area.OnChanged = check
	check(area.Text())
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { d.Close() })
	body := widgets.Column(12, widgets.NewParagraph(p.t(key+"_body"), theme.TextBody, theme.Text),
		widgets.NewFieldAbove(p.t("form.col_opinion"), required, area, ""))
	d = widgets.NewDialog(p.t(key+"_title"), body, cancel, confirm).FocusFirst(area).Wide(520)
	p.host.Dialog(d)
}
