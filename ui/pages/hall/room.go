package hall

import (
	"context"
	"fmt"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sealdesk/platformapi"
	"sealdesk/ui/desk/hall"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// A look is the sizes that a room is drawn in.
type look struct {
	name, text, tab, table, button, row, clock, title float32

	who  float32 // least width of a bidder's name
	side float32 // width of the panel at the right, where there is room for it
	gap  float32
}

// The looks: in the window, and over a screen that a room looks at.
var (
	near = look{name: 18, text: theme.TextTable, tab: theme.TextBody, table: theme.TextTable, button: theme.TextBody, row: 56, who: 120, clock: theme.TextClock, title: theme.TextSub, side: 300, gap: theme.CardGap}
	afar = look{name: 30, text: 18, tab: 20, table: 20, button: 20, row: 74, who: 215, clock: 64, title: 22, side: 400, gap: 20}
)

// A Room is the page of one opening.
type Room struct {
	host   page.Host
	room   *hall.Room
	stand  *hall.Stand
	look   look
	wide   bool
	number string
	ctx    context.Context

	view  hall.View
	drawn string // what the keys were looked at for

	name, facts  *widgets.Text
	clock, until *widgets.Text
	now          *widgets.Text
	banner       *fyne.Container
	steps        *fyne.Container
	doing        []*widgets.Button // of the acts, the blue one first
	board        *board
	keys         *keys
	side         *fyne.Container
	sideArea     *widgets.ScrollArea
	content      fyne.CanvasObject
}

// NewRoom makes the page of an opening in the window; number is the tender's.
func NewRoom(host page.Host, r *hall.Room, s *hall.Stand, number string) *Room {
	p := newRoom(host, r, s, near)
	p.number = number
	p.content = widgets.Page(p.arranged(widgets.PaddedCard))
	return p
}

// A Wide is the same page over the whole screen.
type Wide struct{ *Room }

// NewWide makes the page of an opening for a terminal of the hall.
func NewWide(host page.Host, r *hall.Room, s *hall.Stand, number string) *Wide {
	p := newRoom(host, r, s, afar)
	p.number = number
	p.wide = true
	navy := func(o fyne.CanvasObject) *fyne.Container {
		return widgets.Filled(theme.Navy, widgets.Pad(18, 32, 18, 32, o))
	}
	p.name.SetColor(theme.White)
	for _, t := range []*widgets.Text{p.facts, p.until, p.now} {
		t.SetColor(theme.NavText)
	}
	p.clock.SetColor(theme.White)
	p.content = p.arranged(navy)
	return &Wide{p}
}

// Alone implements page.Alone.
func (*Wide) Alone() {}

func newRoom(host page.Host, r *hall.Room, s *hall.Stand, l look) *Room {
	p := &Room{host: host, room: r, stand: s, look: l, ctx: context.Background()}
	p.name = widgets.NewText("", l.name, theme.Text).Bold().Clip()
	p.facts = widgets.NewText("", l.text, theme.Text2).Clip()
	p.clock = widgets.NewText("", l.clock, theme.Primary).Bold().Align(fyne.TextAlignTrailing)
	p.until = widgets.NewText("", l.text, theme.Text2).Align(fyne.TextAlignTrailing)
	p.now = widgets.NewText("", l.text, theme.Text3)
	p.banner, p.steps = widgets.Column(0), widgets.Stack()
	p.board = newBoard(p)
	p.keys = newKeys(p)
	p.side = widgets.Column(l.gap)
	p.sideArea = widgets.NewScrollArea(widgets.Pad(bleed, bleed, bleed, bleed, p.side))
	return p
}

func (p *Room) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// button is one of the page, as large as what stands around it.
func (p *Room) button(kind widgets.ButtonKind, key string, press func()) *widgets.Button {
	return widgets.NewButton(kind, p.t(key), press).Sized(p.look.button)
}

// arranged lays the page out; head is what its upper part lies on.
func (p *Room) arranged(head func(fyne.CanvasObject) *fyne.Container) fyne.CanvasObject {
	screen := p.button(widgets.Secondary, "hall.full_screen", func() { p.host.Open(NewWide(p.host, p.room, p.stand, p.number)) })
	if p.wide {
		screen = p.button(widgets.OnNavy, "hall.leave", p.host.Back)
	}
	top := head(widgets.Row(24, widgets.Grow(widgets.Column(p.look.text/2, p.name, p.facts, widgets.Row(16, p.now))),
		widgets.Column(2, p.until, p.clock), screen))
	lower := container.New(beside{p.look.side, p.look.gap}, p.board.card, p.sideArea)
	middle := widgets.Border(widgets.Pad(0, 0, p.look.gap, 0, widgets.Column(0, p.banner, widgets.PaddedCard(p.steps))), nil, nil, nil, lower)
	if p.wide {
		return widgets.Border(top, nil, nil, nil, widgets.Pad(20, 32, 24, 32, middle))
	}
	return widgets.Border(widgets.Pad(0, 0, p.look.gap, 0, top), nil, nil, nil, middle)
}

// leastSide is how wide the panel at the right is in the smallest window.
const leastSide = 240

// bleed is what of a card's edge and shadow lies outside of it, and would be cut off by the area that scrolls.
const bleed = 6

// beside puts a panel at the right of what takes the rest.
type beside struct{ side, gap float32 }

// MinSize implements fyne.Layout.
func (l beside) MinSize(o []fyne.CanvasObject) fyne.Size {
	m, s := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(m.Width+l.gap+leastSide, max(m.Height, s.Height))
}

// Layout implements fyne.Layout.
func (l beside) Layout(o []fyne.CanvasObject, size fyne.Size) {
	side := min(l.side, size.Width-l.gap-o[0].MinSize().Width)
	o[0].Resize(fyne.NewSize(size.Width-l.gap-side, size.Height))
	o[1].Resize(fyne.NewSize(side+2*bleed, size.Height+2*bleed))
	o[1].Move(fyne.NewPos(size.Width-side-bleed, -bleed))
}

// Nav implements page.Page.
func (p *Room) Nav() string { return Nav }

// Title implements page.Page.
func (p *Room) Title() string {
	return p.number
}

// Content implements page.Page.
func (p *Room) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page: it follows the opening until ctx ends.
func (p *Room) Show(ctx context.Context) {
	p.ctx, p.drawn = ctx, ""
	p.host.Do(ctx, func(ctx context.Context) error {
		p.room.Follow(ctx)
		return nil
	}, func(error) {})
	p.follow(ctx)
}

// KeysChanged implements page.KeyWatcher: a key that arrives has its turn without anything being pressed.
func (p *Room) KeysChanged() { p.lookAtKeys() }

// follow draws what there is, and again with every news and every second.
func (p *Room) follow(ctx context.Context) {
	view, roomNews := p.room.View()
	standing, standNews := p.stand.View()
	p.draw(view)
	p.keys.draw(standing)
	p.keys.hold()
	p.host.Do(ctx, func(ctx context.Context) error {
		select {
		case <-roomNews:
		case <-standNews:
		case <-time.After(untilTick(view)):
		case <-ctx.Done():
		}
		return nil
	}, func(error) { p.follow(ctx) })
}

// untilTick is how long the shown second lasts: all screens of a hall change theirs together.
func untilTick(v hall.View) time.Duration {
	now := v.Now()
	return now.Truncate(time.Second).Add(time.Second + 5*time.Millisecond).Sub(now)
}

// draw shows a view.
func (p *Room) draw(v hall.View) {
	changed := !v.Same(p.view)
	p.view = v
	p.tick()
	if !changed {
		return
	}
	if v.Known {
		t := v.Tender
		p.name.SetText(t.Name + " " + t.LotName)
		agency := ""
		if t.Agency != nil {
			agency = "　" + p.t("hall.agency", "name", t.Agency.Name)
		}
		p.facts.SetText(p.t("hall.facts", "number", t.Number, "lot", t.LotNumber, "purchaser", t.Purchaser.Name) + agency)
	}
	p.steps.Objects = []fyne.CanvasObject{widgets.StepsOf(p.look.title*7/8, int(v.Step()), p.t("hall.step_wait"), p.t("hall.step_bidders"),
		p.t("hall.step_decryption"), p.t("hall.step_read_out"), p.t("hall.step_ended"))}
	p.steps.Refresh()
	p.drawBanner()
	p.board.draw()
	p.drawSide()
	p.content.Refresh()
	if attention := fmt.Sprint(v.Tender.State, v.Paused(), v.Tally()); attention != p.drawn {
		p.drawn = attention
		p.lookAtKeys()
	}
}

// tick moves the clocks.
func (p *Room) tick() {
	v := p.view
	p.now.SetText(p.t("hall.platform_time", "time", p.host.Words().Beijing(v.Now(), "15:04:05")))
	c := v.Countdown()
	ink := theme.Primary
	if p.wide {
		ink = theme.White
	}
	switch {
	case c.Kind == hall.CountNothing:
		p.clock.SetText("")
		p.until.SetText("")
		return
	case c.Kind == hall.CountPaused:
		ink = theme.NavAmber
		if !p.wide {
			ink = theme.Amber
		}
	case c.Kind == hall.CountDecryption && c.Left < 5*time.Minute:
		ink = theme.NavRed
		if !p.wide {
			ink = theme.Red
		}
	}
	p.clock.SetColor(ink)
	p.clock.SetText(span(c.Left))
	key := string(c.Kind)
	if c.Over {
		key += "_over"
	}
	p.until.SetText(p.t("hall.until_" + key))
}

// span writes a length of time as 00:18:42; hours may be more than a day's.
func span(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d:%02d", int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60)
}

// drawBanner says loudly what everybody must know.
func (p *Room) drawBanner() {
	v := p.view
	p.banner.Objects = nil
	add := func(o fyne.CanvasObject) { p.banner.Add(widgets.Pad(0, 0, p.look.gap*3/4, 0, o)) }
	if v.Problem != nil {
		e := page.ErrorText(p.host.Words().Problem(v.Problem))
		e.What = p.t("hall.not_heard", "what", e.What)
		if e.Code == platformapi.CodeOffline || e.Code == platformapi.CodeTimeout {
			e.Do = p.t("hall.offline_do") // what is said elsewhere is of contracts
		}
		add(widgets.Notice(theme.Warn, p.look.button, e, p.button(widgets.Secondary, "button.retry", p.room.Stale)))
	}
	if v.Known && v.Few() && v.Step() < hall.StepEnded {
		what, do := p.t("hall.few", "count", v.Tender.Bidders, "least", v.Tender.MinBidders), p.t("hall.few_do")
		if given := v.FewReason(); given != "" {
			do = p.t("hall.few_given", "reason", given)
		}
		add(p.loud(theme.Bad, what, do))
	}
	if v.Tender.State == platformapi.TenderFailed {
		add(p.loud(theme.Bad, p.t("hall.failed"), lastReason(v, platformapi.MoveAbort)))
	}
	if v.Step() == hall.StepDecryption && v.Paused() {
		add(p.loud(theme.Warn, p.t("hall.paused"), p.t("hall.paused_why", "reason", v.PauseReason())))
	}
	if behind := v.Behind(); v.Known && behind.Abs() > hall.ClockWarning {
		add(widgets.Notice(theme.Warn, p.look.button, widgets.ErrorText{What: p.t("hall.clock_off", "seconds", int(behind.Abs().Seconds())), Do: p.t("hall.clock_off_do")}))
	}
	p.banner.Refresh()
}

// loud is a sentence in the banner, with what there is to say of it.
func (p *Room) loud(tone theme.Tone, what, more string) fyne.CanvasObject {
	if p.wide {
		return widgets.Notice(tone, p.look.title, widgets.ErrorText{What: what, Do: more})
	}
	return widgets.Verdict(tone, what, more)
}

// lastReason is why the host did something last.
func lastReason(v hall.View, act platformapi.OpeningMove) string {
	why := ""
	if o := v.Tender.Opening; o != nil {
		for _, l := range o.Log {
			if l.Act == act {
				why = l.Reason
			}
		}
	}
	return why
}

// decrypts tells that keys may be put in here.
func (p *Room) decrypts() bool {
	switch p.view.Tender.MyRole {
	case platformapi.TenderHall:
		return true
	case platformapi.TenderBidder:
		return p.view.Tender.MyBidID != ""
	}
	return false
}

// lookAtKeys has the stand see which keys are there.
func (p *Room) lookAtKeys() {
	if !p.decrypts() || p.view.Step() > hall.StepDecryption {
		return
	}
	p.host.Do(p.ctx, func(ctx context.Context) error {
		_ = p.stand.Look(ctx) // a driver that fails hides no key of another, and checkup tells of it
		return nil
	}, func(error) {})
}

// do does something at the opening and tells what went wrong.
func (p *Room) do(work func(context.Context) error, done func()) {
	p.host.Do(p.ctx, work, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		if done != nil {
			done()
		}
	})
}

// drawSide fills the panel at the right: keys for who decrypts, acts for the host, and what happened for all.
func (p *Room) drawSide() {
	p.side.Objects = nil
	before := p.doing
	if p.view.Known {
		if p.decrypts() && p.view.Step() <= hall.StepDecryption {
			p.side.Add(p.keys.card)
		}
		if acts := p.actsCard(); acts != nil {
			p.side.Add(acts)
		}
		p.side.Add(widgets.Grow(p.logCard()))
	}
	p.side.Refresh()
	p.passOn(before)
}

// passOn gives the keyboard on where a button that had it is gone: to the next step, if it can be done, so that Enter goes on; an
// act that is over is not to be begun again by it.
func (p *Room) passOn(gone []*widgets.Button) {
	c := p.host.Window().Canvas()
	if at, is := c.Focused().(*widgets.Button); !is || !slices.Contains(gone, at) {
		return
	}
	if len(p.doing) > 0 && p.doing[0].Reason() == "" {
		c.Focus(p.doing[0])
	} else {
		c.Unfocus()
	}
}
