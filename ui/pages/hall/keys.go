package hall

import (
	"context"
	"errors"
	"image/color"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk/hall"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/pin"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// codeLastTry is the problem's code where a key tells only when one is used up that it was the last but one.
const codeLastTry = "token.last_try"

// keys is the panel of the stand: it asks for a key, then for its PIN, and says how it went. The keyboard is enough: the key's
// arrival puts the caret into the field, Enter decrypts, and the next key has its turn.
type keys struct {
	page  *Room
	field *widgets.PINField
	enter *widgets.Button
	in    *widgets.Button // 签到 for the key in the port; nil: it is not offered
	body  *fyne.Container
	card  *fyne.Container
	shown hall.StandView
	here  time.Time // since when its bidder is present
	begun bool
	owed  bool // a key came, for which the field or the button is to get the keyboard as soon as no dialog lies over the page
}

func newKeys(p *Room) *keys {
	k := &keys{page: p, field: widgets.NewPINField(p.t("login.pin_hint")).Sized(p.look.button), body: widgets.Column(0)}
	k.enter = p.button(widgets.Primary, "hall.decrypt", k.submit).WithIcon(theme.IconUnlock)
	k.field.OnSubmitted = k.submit
	k.field.OnChanged = func(int) { k.reason() }
	k.card = widgets.PaddedCard(k.body)
	return k
}

// draw shows what the stand is at.
func (k *keys) draw(v hall.StandView) {
	was := k.shown
	b, _ := k.page.view.Bid(v.Seat.Bid.ID)
	if k.begun && v.Stage == was.Stage && v.Part == was.Part && v.Problem == was.Problem && v.Waiting == was.Waiting && v.Seat.Key.URI == was.Seat.Key.URI &&
		v.Seat.Key.Tries == was.Seat.Key.Tries && v.Seat.Bid.ID == was.Seat.Bid.ID && b.SignedInAt.Equal(k.here) {
		return
	}
	k.shown, k.begun, k.here, k.in = v, true, b.SignedInAt, nil
	if b.ID != "" && b.SignedInAt.IsZero() && k.page.view.Tender.MyRole == platformapi.TenderHall {
		kind := widgets.Secondary
		if v.Stage == hall.Idle && waits(v.Problem) {
			kind = widgets.Primary // there is nothing else to do
		}
		k.in = k.page.button(kind, "hall.sign_in", func() { k.page.signInFor(b, v.Seat.Key.Holder.Person) })
	}
	if v.Stage != hall.Asking || v.Seat.Key.URI != was.Seat.Key.URI || v.Problem != was.Problem {
		k.field.Wipe()
	}
	var o fyne.CanvasObject
	switch v.Stage {
	case hall.Asking:
		o = k.asking(v)
	case hall.Working:
		o = k.working(v)
	case hall.Done:
		o = k.told(theme.IconSuccess, theme.Green, v.Seat.Bid.Bidder.Name, k.page.t("hall.done"), k.after(v))
	case hall.Failed:
		o = k.failed(v)
	default:
		o = k.idle(v)
	}
	k.body.Objects = []fyne.CanvasObject{o}
	k.card.Refresh()
	if v.Stage == hall.Asking {
		k.reason()
	}
	k.owed = k.keyboard() != nil
	k.hold()
}

// keyboard is what a key's bidder types into or presses next; nil: nothing.
func (k *keys) keyboard() fyne.Focusable {
	switch {
	case k.shown.Stage == hall.Asking && !k.shown.Seat.Key.PINPad:
		return k.field
	case k.shown.Stage == hall.Idle && k.in != nil:
		return k.in
	}
	return nil
}

// hold keeps the caret in the field: over a whole screen always, so that nobody needs the mouse after a dialog or a click; in the
// window once for each key, whatever has the keyboard then, as the button that began it may, and else while nothing has it. So it is
// with the button to sign in, which a person may leave for another one.
func (k *keys) hold() {
	c, next := k.page.host.Window().Canvas(), k.keyboard()
	if next == nil || c.Overlays().Top() != nil {
		return
	}
	if at := c.Focused(); k.owed || at == nil || k.page.wide && at != next && k.shown.Stage == hall.Asking {
		k.owed = false
		c.Focus(next)
	}
}

// told is a picture with two sentences, and what may follow them.
func (k *keys) told(icon theme.Icon, ink color.NRGBA, head, text string, more fyne.CanvasObject) fyne.CanvasObject {
	l := k.page.look
	col := widgets.Column(l.text*2/3, widgets.Center(widgets.Icon(icon, l.title*2.4, ink)),
		widgets.NewParagraph(head, l.title, theme.Text).Bold().Align(fyne.TextAlignCenter),
		widgets.NewParagraph(text, l.text, theme.Text2).Align(fyne.TextAlignCenter))
	if more != nil {
		col.Add(more)
	}
	return col
}

// idle asks for a key, or says why the one in the port opens nothing.
func (k *keys) idle(v hall.StandView) fyne.CanvasObject {
	p := k.page
	if v.Problem == nil {
		return k.told(theme.IconUSB, theme.Primary, p.t("hall.plug_in"), p.t("hall.plug_in_do"), k.phone())
	}
	said := p.host.Words().Problem(v.Problem)
	head := v.Seat.Key.Holder.Name
	if waits(v.Problem) {
		var more fyne.CanvasObject
		if k.in != nil {
			more = widgets.Row(0, widgets.Spacer(), k.in, widgets.Spacer())
		}
		return k.told(theme.IconUSB, theme.Primary, head, said.String(), more)
	}
	buttons := []*widgets.Button{p.button(widgets.Secondary, "button.retry", k.again)}
	if k.in != nil {
		buttons = append(buttons, k.in)
	}
	col := widgets.Column(p.look.text*2/3, widgets.NewParagraph(head, p.look.title, theme.Text).Bold())
	col.Add(widgets.Notice(theme.Bad, p.look.button, page.ErrorText(said), buttons...))
	return col
}

// waits tells that nothing is wrong with a key that opens nothing now.
func waits(err error) bool {
	return slices.ContainsFunc([]hall.Kind{hall.Unannounced, hall.NotYet, hall.Standstill, hall.AlreadyOpen}, func(kind hall.Kind) bool {
		return errors.Is(err, &hall.Error{Kind: kind})
	})
}

// phone offers the way without a key in a port, to a bidder at home; a terminal's bidders have it in their row.
func (k *keys) phone() fyne.CanvasObject {
	p := k.page
	b, mine := p.view.Mine()
	if !mine || !p.stand.HasPhone() || p.view.Takes(b) != nil {
		return nil
	}
	return widgets.Row(0, widgets.Spacer(), p.button(widgets.Link, "hall.use_phone", func() { p.scan(b.ID) }), widgets.Spacer())
}

// asking asks for the PIN of the key whose turn it is.
func (k *keys) asking(v hall.StandView) fyne.CanvasObject {
	p, l, key := k.page, k.page.look, v.Seat.Key
	col := widgets.Column(l.text*2/3,
		widgets.NewText(p.t("hall.bidder"), l.text, theme.Text3),
		widgets.NewParagraph(v.Seat.Bid.Bidder.Name, l.title, theme.Text).Bold(),
		widgets.NewParagraph(p.t("hall.key_fits", "serial", short(v.Seat.Needed)), l.text, theme.Text2))
	if !v.Seat.Expired.IsZero() {
		col.Add(widgets.NewParagraph(p.t("hall.expired", "date", v.Seat.Expired.In(words.Zone).Format(time.DateOnly)), l.text, theme.Amber))
	}
	if v.Problem != nil {
		col.Add(widgets.NewParagraph(p.host.Words().Problem(v.Problem).String(), l.text, theme.Red))
	}
	if key.PINPad {
		col.Add(widgets.NewParagraph(p.t("login.pin_pad"), l.text, theme.Text))
	} else {
		col.Add(k.field)
		tries, ink := "", theme.Text3
		if key.Tries >= 0 {
			tries = p.t("login.tries", "tries", key.Tries)
		}
		if key.FewTries {
			ink = theme.Red
		}
		col.Add(widgets.NewParagraph(tries, l.text, ink))
	}
	col.Add(widgets.WithReason(k.enter))
	if k.in != nil {
		col.Add(k.in)
	}
	if v.Waiting > 0 {
		col.Add(widgets.NewParagraph(p.t("hall.waiting", "count", v.Waiting), l.text, theme.Text2))
	}
	return col
}

// short is as much of a serial number as people compare.
func short(serial string) string {
	if len(serial) <= 16 {
		return serial
	}
	return serial[:8] + "…" + serial[len(serial)-8:]
}

func (k *keys) reason() {
	key, why := k.shown.Seat.Key, ""
	switch {
	case key.Locked:
		why = k.page.t("login.why_locked")
	case k.field.Len() == 0 && !key.PINPad:
		why = k.page.t("login.why_no_pin")
	}
	k.enter.SetReason(why)
}

// submit hands the PIN over; before the last try it asks.
func (k *keys) submit() {
	if k.shown.Stage != hall.Asking || k.enter.Reason() != "" {
		return
	}
	key := k.shown.Seat.Key
	last := key.Tries == 1 || k.page.host.Words().Problem(k.shown.Problem).Code == codeLastTry
	pin.LastTry(k.page.host, last, key.Holder.Name, func(last bool) {
		if k.shown.Stage != hall.Asking || k.shown.Seat.Key.URI != key.URI || k.enter.Reason() != "" { // the key went since it was asked
			return
		}
		secret := k.field.Take()
		k.page.host.Do(k.page.ctx, func(ctx context.Context) error {
			return k.page.stand.Enter(ctx, key.URI, secret, last)
		}, func(error) {}) // the stand says how it went
	})
}

func (k *keys) working(v hall.StandView) fyne.CanvasObject {
	l := k.page.look
	s := widgets.NewSpinner(l.title*1.6, theme.Primary)
	s.Start()
	return widgets.Column(l.text*2/3, widgets.Center(s),
		widgets.NewParagraph(v.Seat.Bid.Bidder.Name, l.title, theme.Text).Bold().Align(fyne.TextAlignCenter),
		widgets.NewParagraph(k.page.t("hall.part_"+string(v.Part)), l.text, theme.Text2).Align(fyne.TextAlignCenter))
}

// after says what comes next at a terminal.
func (k *keys) after(v hall.StandView) fyne.CanvasObject {
	if v.Phone || k.page.view.Tender.MyRole != platformapi.TenderHall {
		return nil
	}
	next := "hall.next_key"
	if t := k.page.view.Tally(); t.Settled() == t.All {
		next = "hall.all_opened"
	}
	return widgets.NewParagraph(k.page.t(next), k.page.look.text, theme.Text2).Align(fyne.TextAlignCenter)
}

func (k *keys) failed(v hall.StandView) fyne.CanvasObject {
	p := k.page
	again := p.button(widgets.Secondary, "button.retry", k.again)
	if v.Phone {
		again.SetOnPress(func() { p.scan(v.Seat.Bid.ID) })
	}
	buttons := []*widgets.Button{again}
	if b, ok := p.view.Bid(v.Seat.Bid.ID); ok && p.mayRestore(b) {
		buttons = append(buttons, p.button(widgets.Secondary, "hall.backup", func() { p.backup(b) }))
	}
	col := widgets.Column(p.look.text*2/3, widgets.NewParagraph(v.Seat.Bid.Bidder.Name, p.look.title, theme.Text).Bold())
	col.Add(widgets.Notice(theme.Bad, p.look.button, page.ErrorText(p.host.Words().Problem(v.Problem)), buttons...))
	if more := k.after(v); more != nil {
		col.Add(more)
	}
	return col
}

func (k *keys) again() {
	k.page.host.Do(k.page.ctx, k.page.stand.Again, func(error) {})
}

// scan has a phone decrypt a bid.
func (p *Room) scan(bid string) {
	p.host.Do(p.ctx, func(ctx context.Context) error {
		return p.stand.Scan(ctx, bid)
	}, func(error) {}) // the stand says how it went
}
