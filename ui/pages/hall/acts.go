package hall

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk/hall"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Bounds of what a host enters.
const (
	maxReason  = 500
	maxText    = 1000
	maxMinutes = 600
)

// next is the order in which an opening goes; the first of them that may be done now is the blue button.
var next = []platformapi.OpeningMove{platformapi.MoveAnnounce, platformapi.MoveStart, platformapi.MoveResume, platformapi.MoveReadOut, platformapi.MoveClose, platformapi.MoveEnd}

// besides is what a host may do beside it.
var besides = []platformapi.OpeningMove{platformapi.MovePause, platformapi.MoveExtend, platformapi.MoveAbort}

// actsCard has the buttons of who takes part; nil where there are none: a supervisor watches.
func (p *Room) actsCard() fyne.CanvasObject {
	v := p.view
	col := widgets.Column(p.look.text * 3 / 4)
	blue := false
	p.doing = nil
	add := func(b *widgets.Button) {
		p.doing = append(p.doing, b)
		col.Add(widgets.WithReason(b))
	}
	if v.Tender.MyRole == platformapi.TenderSupervisor {
		return widgets.PaddedCard(widgets.Row(10, widgets.Icon(theme.IconEye, p.look.title, theme.Text2),
			widgets.Grow(widgets.NewParagraph(p.t("hall.read_only"), p.look.text, theme.Text2))))
	}
	kind := func() widgets.ButtonKind {
		if blue {
			return widgets.Secondary
		}
		blue = true
		return widgets.Primary
	}
	if p.maySign() {
		add(p.button(kind(), "hall.sign_record", p.signRecord))
	}
	for _, m := range next {
		if v.May(m) {
			b := p.button(kind(), "hall.do_"+string(m), func() { p.ask(m) })
			b.SetReason(p.unready(m))
			add(b)
		}
	}
	for _, m := range besides {
		if v.May(m) {
			add(p.button(widgets.Secondary, "hall.do_"+string(m), func() { p.ask(m) }))
		}
	}
	if b, mine := v.Mine(); mine && !b.SignedInAt.IsZero() && (v.Tender.State == platformapi.TenderDecrypting || v.Tender.State == platformapi.TenderReadout) {
		add(p.button(widgets.Secondary, "hall.object", func() { p.object(b) }))
	}
	if o := v.Tender.Opening; o != nil && o.RecordSHA256 != "" {
		add(p.button(widgets.Secondary, "hall.save_record", p.saveRecord).WithIcon(theme.IconPrint))
	}
	if len(col.Objects) == 0 {
		return nil
	}
	return widgets.PaddedCard(col)
}

// unready is why the next step cannot be done yet, or "".
func (p *Room) unready(m platformapi.OpeningMove) string {
	v := p.view
	switch m {
	case platformapi.MoveReadOut:
		open, undecided := v.Open()
		switch {
		case open > 0:
			return p.t("hall.why_open", "count", open)
		case undecided > 0:
			return p.t("hall.why_undecided", "count", undecided)
		case !v.Tender.OthersGoOn && v.Tally().Decrypted < len(v.Bids):
			return p.t("hall.why_others")
		}
	case platformapi.MoveClose:
		if n := v.Unanswered(); n > 0 {
			return p.t("hall.why_unanswered", "count", n)
		}
	case platformapi.MoveEnd:
		if p.maySign() {
			return p.t("hall.why_unsigned")
		}
	}
	return ""
}

// ask asks for what an act needs, and does it.
func (p *Room) ask(m platformapi.OpeningMove) {
	v := p.view
	act := platformapi.OpeningAct{Act: m}
	form := askingFor{title: p.t("hall.do_" + string(m)), body: p.t("hall.ask_" + string(m)), confirm: p.t("hall.do_" + string(m))}
	switch m {
	case platformapi.MoveStart:
		form.minutes, form.preset = true, v.Tender.DecryptMinutes
		if given := v.FewReason(); given != "" {
			form.body += "\n" + p.t("hall.few_given", "reason", given)
		} else if v.Few() {
			form.reason = true
			form.body, form.danger = p.t("hall.few", "count", v.Tender.Bidders, "least", v.Tender.MinBidders)+p.t("hall.few_reason"), true
		}
		if t := v.Tally(); t.SignedIn < t.All && v.Step() < hall.StepDecryption {
			form.body += "\n" + p.t("hall.ask_start_absent", "count", t.All-t.SignedIn)
		}
		form.choices = p.closedEnvelopes()
	case platformapi.MoveExtend:
		form.minutes, form.preset, form.reason = true, 10, true
	case platformapi.MovePause:
		form.reason = true
	case platformapi.MoveAbort:
		form.reason, form.danger = true, true
	}
	p.fill(form, func(minutes int, reason string, chosen []string) {
		act.Minutes, act.Reason = minutes, reason
		if len(form.choices) > 1 && len(chosen) < len(form.choices) {
			act.Envelopes = chosen
		}
		p.conduct(act)
	})
}

// closedEnvelopes are those that were not started yet, of a tender with more than one (双信封).
func (p *Room) closedEnvelopes() []string {
	t := p.view.Tender
	var begun []string
	if t.Opening != nil {
		begun = t.Opening.Envelopes
	}
	return slices.DeleteFunc(slices.Clone(t.Envelopes), func(e string) bool { return slices.Contains(begun, e) })
}

func (p *Room) conduct(act platformapi.OpeningAct) {
	p.do(func(ctx context.Context) error { return p.room.Conduct(ctx, act) }, nil)
}

// attribute decides whose fault it is that a bid stayed closed (电子招标投标办法 31).
func (p *Room) attribute(b platformapi.Bid) {
	body := p.t("hall.ask_attribute", "bidder", b.Bidder.Name)
	if err := hall.FailureOf(b); err != nil {
		body += "\n" + p.host.Words().Problem(err).What
	}
	form := askingFor{title: p.t("hall.attribute"), body: body, confirm: p.t("hall.attribute_confirm"), reason: true, danger: true,
		either: []string{p.t("hall.attribute_platform")}}
	if b.Liable == platformapi.LiableUndecided {
		form.either = append(form.either, p.t("hall.attribute_bidder"))
	}
	p.fill(form, func(_ int, reason string, chosen []string) {
		to := platformapi.LiablePlatform
		if chosen[0] != form.either[0] {
			to = platformapi.LiableBidder
		}
		p.conduct(platformapi.OpeningAct{Act: platformapi.MoveAttribute, BidID: b.ID, To: to, Reason: reason})
	})
}

// secondTry gives one bidder more time (二次解密).
func (p *Room) secondTry(b platformapi.Bid) {
	form := askingFor{title: p.t("hall.second_try"), body: p.t("hall.ask_second_try", "bidder", b.Bidder.Name), confirm: p.t("hall.second_try"), minutes: true, preset: 10, reason: true}
	p.fill(form, func(minutes int, reason string, _ []string) {
		p.conduct(platformapi.OpeningAct{Act: platformapi.MoveSecondTry, BidID: b.ID, Minutes: minutes, Reason: reason})
	})
}

// An askingFor is a dialog of what a host must say.
type askingFor struct {
	title, body, confirm string
	minutes, reason      bool
	preset               int      // minutes
	choices              []string // any of them, all at the beginning
	either               []string // one of them, none at the beginning
	danger               bool
}

func (p *Room) fill(f askingFor, done func(minutes int, reason string, chosen []string)) {
	col := widgets.Column(12, widgets.NewParagraph(f.body, theme.TextBody, theme.Text))
	kind := widgets.Primary
	if f.danger {
		kind = widgets.Danger
	}
	var d *widgets.Dialog
	minutes, reason := widgets.NewTextField(""), widgets.NewTextArea(p.t("hall.reason_hint"), 3, maxReason)
	var boxes []*widgets.Checkbox
	confirm := widgets.NewButton(kind, f.confirm, nil)
	n := 0
	one := -1
	chosen := func() []string {
		var all []string
		for i, b := range boxes {
			if b.On() {
				all = append(all, f.choices[i])
			}
		}
		if one >= 0 {
			all = append(all, f.either[one])
		}
		return all
	}
	check := func() {
		why := ""
		var err error
		if n, err = strconv.Atoi(strings.TrimSpace(minutes.Text())); f.minutes && (err != nil || n < 1 || n > maxMinutes) {
			why = p.t("hall.why_minutes", "max", maxMinutes)
		}
		switch {
		case why != "":
		case len(boxes)+len(f.either) > 0 && len(chosen()) == 0:
			why = p.t("hall.why_choose")
		case f.reason && strings.TrimSpace(reason.Text()) == "":
			why = p.t("hall.why_reason")
		}
		confirm.SetReason(why)
	}
	if len(f.choices) > 1 {
		for _, c := range f.choices {
			box := widgets.NewCheckbox(c, func(bool) { check() })
			box.Set(true)
			boxes = append(boxes, box)
			col.Add(box)
		}
	}
	if len(f.either) > 0 {
		radios := widgets.NewRadios(f.either...)
		radios.OnChanged = func(i int) {
			one = i
			check()
		}
		col.Add(radios)
	}
	var first widgets.Control
	if f.minutes {
		minutes.SetText(strconv.Itoa(f.preset))
		minutes.OnChanged = func(string) { check() }
		col.Add(widgets.NewFieldAbove(p.t("hall.minutes"), true, minutes, ""))
		first = minutes
	}
	if f.reason {
		reason.OnChanged = func(string) { check() }
		col.Add(widgets.NewFieldAbove(p.t("hall.reason"), true, reason, ""))
		if first == nil {
			first = reason
		}
	}
	confirm.SetOnPress(func() {
		d.Close()
		done(n, strings.TrimSpace(reason.Text()), chosen())
	})
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { d.Close() })
	check()
	d = widgets.NewDialog(f.title, col, cancel, confirm)
	if first != nil {
		d.FocusFirst(first)
	}
	p.host.Dialog(d)
}

// write asks for a text and hands it on.
func (p *Room) write(title, body, label, confirm string, done func(text string)) {
	area := widgets.NewTextArea("", 4, maxText)
	var d *widgets.Dialog
	ok := widgets.NewButton(widgets.Primary, confirm, func() {
		d.Close()
		done(strings.TrimSpace(area.Text()))
	})
	check := func(s string) {
		why := ""
		if strings.TrimSpace(s) == "" {
			why = p.t("hall.why_text")
		}
		ok.SetReason(why)
	}
	check("")
	area.OnChanged = check
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { d.Close() })
	d = widgets.NewDialog(title, widgets.Column(12, widgets.NewParagraph(body, theme.TextBody, theme.Text), widgets.NewFieldAbove(label, true, area, "")), cancel, ok).FocusFirst(area)
	p.host.Dialog(d)
}

// object says what a bidder has against the opening (提出异议).
func (p *Room) object(b platformapi.Bid) {
	p.write(p.t("hall.object"), p.t("hall.object_body"), p.t("hall.col_objection"), p.t("hall.object_confirm"), func(text string) {
		p.do(func(ctx context.Context) error { return p.room.Object(ctx, b.ID, text) }, func() { p.host.Toast(theme.Good, p.t("hall.objected")) })
	})
}

// answer answers an objection.
func (p *Room) answer(o objection) {
	p.write(p.t("hall.answer"), o.bid.Bidder.Name+"："+o.Text, p.t("hall.col_answer"), p.t("hall.answer_confirm"), func(text string) {
		p.do(func(ctx context.Context) error { return p.room.Answer(ctx, o.bid.ID, o.ID, text) }, nil)
	})
}

// showObjection shows one in full.
func (p *Room) showObjection(o objection) {
	answer := o.Answer
	if answer == "" {
		answer = p.t("hall.unanswered")
	}
	var d *widgets.Dialog
	ok := widgets.NewButton(widgets.Secondary, p.t("button.close"), func() { d.Close() })
	d = widgets.NewDialog(o.bid.Bidder.Name, widgets.Column(12, widgets.NewText(p.t("hall.col_objection"), theme.TextCaption, theme.Text3),
		widgets.NewParagraph(o.Text, theme.TextBody, theme.Text), widgets.NewText(p.t("hall.col_answer"), theme.TextCaption, theme.Text3),
		widgets.NewParagraph(answer, theme.TextBody, theme.Text)), ok, nil)
	p.host.Dialog(d)
}

// signIn notes that the bidder of this session is present (签到).
func (p *Room) signIn(b platformapi.Bid) {
	p.do(func(ctx context.Context) error { return p.room.SignIn(ctx, b.ID, "") }, func() { p.host.Toast(theme.Good, p.t("hall.signed_in", "bidder", b.Bidder.Name)) })
}

// signInFor notes at a terminal that a bidder is present, and who came.
func (p *Room) signInFor(b platformapi.Bid, person string) {
	field := widgets.NewTextField(p.t("hall.person_hint"))
	var d *widgets.Dialog
	ok := widgets.NewButton(widgets.Primary, p.t("hall.sign_in"), nil)
	send := func() {
		if ok.Reason() != "" {
			return
		}
		d.Close()
		p.keys.hold()
		p.do(func(ctx context.Context) error { return p.room.SignIn(ctx, b.ID, strings.TrimSpace(field.Text())) }, func() {
			p.host.Toast(theme.Good, p.t("hall.signed_in", "bidder", b.Bidder.Name))
			p.lookAtKeys()
		})
	}
	ok.SetOnPress(send)
	field.OnChanged = func(s string) {
		why := ""
		if strings.TrimSpace(s) == "" {
			why = p.t("hall.why_person")
		}
		ok.SetReason(why)
	}
	field.OnSubmitted = func(string) { send() }
	field.SetText(person)
	field.OnChanged(person)
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { d.Close() })
	d = widgets.NewDialog(p.t("hall.sign_in"), widgets.Column(12, widgets.Facts(widgets.Fact{Name: p.t("hall.col_bidder"), Value: b.Bidder.Name}),
		widgets.NewFieldAbove(p.t("hall.person"), true, field, "")), cancel, ok).FocusFirst(field)
	p.host.Dialog(d)
}

// bidFiles are the endings of bids' files.
var bidFiles = []string{"bid"}

// backup brings the file once more (备份文件补救).
func (p *Room) backup(b platformapi.Bid) {
	p.host.ChooseFile(bidFiles, func(path string) {
		p.host.Toast(theme.Neutral, p.t("hall.backup_sending"))
		p.do(func(ctx context.Context) error { return p.room.BringBackup(ctx, b.ID, path, nil) }, func() {
			p.host.Toast(theme.Good, p.t("hall.backup_taken"))
			p.host.Window().Canvas().Unfocus() // so that the PIN is typed next, and not the button pressed again
			p.keys.again()
		})
	})
}
