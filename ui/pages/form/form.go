package form

import (
	"context"
	"encoding/json"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// nav is the sidebar's item of contracts, to which this page belongs.
const nav = "contracts"

// keepAfter is how long after the last key what was typed is written.
const keepAfter = time.Second

// A Page is the page of one contract.
type Page struct {
	host page.Host
	work *desk.Work
	ctx  context.Context // of the page in front
	life context.Context // until the page goes away for good
	end  context.CancelFunc

	view     desk.View
	reads    int    // of the view, as far as they were begun
	read     int    // the one that is shown
	title    string // that the window shows
	unlocked bool   // the person agreed to make the seal void by editing

	keeper  keeper
	count   int                // of changes typed
	kept    int                // up to which they are on disk
	writing bool               // a write is going on
	pending context.CancelFunc // of the write that waits for the last key
	savedAt time.Time

	opinions map[string]string // that were begun, by what they are on

	fields  *fields
	files   *files
	notices *part
	project *part
	history *part
	later   *part
	foot    *foot
	parts   *fyne.Container
	scroll  *widgets.ScrollArea
	content fyne.CanvasObject
}

// New makes the page of a contract.
func New(host page.Host, work *desk.Work) *Page {
	p := &Page{host: host, work: work, ctx: context.Background(), keeper: keeper{work: work}, opinions: map[string]string{}}
	p.life, p.end = context.WithCancel(context.Background())
	p.view = work.View(p.life)
	p.title = p.Title()
	p.notices, p.project, p.history, p.later = newPart(), newPart(), newPart(), newPart()
	p.fields = newFields(p)
	p.files = newFiles(p)
	p.foot = newFoot(p)
	p.parts = widgets.Page(widgets.Column(theme.CardGap,
		p.notices.box, p.project.box, p.fields.part.box, p.files.part.box, p.history.box, p.later.box))
	p.scroll = widgets.NewScrollArea(p.parts)
	p.content = widgets.Border(nil, p.foot.part.box, nil, nil, p.scroll)
	p.draw()
	if p.editable() {
		host.Desk().WarmUp()
	}
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return nav }

// Title implements page.Page.
func (p *Page) Title() string {
	switch {
	case !p.view.Starter:
		return p.t("form.title_view")
	case p.view.Version == 0:
		return p.t("form.title_new")
	case p.editableState():
		return p.t("form.title_edit")
	}
	return p.t("form.title_view")
}

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page: what is here at once, and then what the platform tells.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	p.flush()
	p.reread()
	p.host.Do(ctx, p.work.Refresh, func(err error) {
		if err != nil && !platformapi.Retryable(err) {
			p.host.Tell(err)
		}
		p.reread()
	})
	page.Follow(ctx, p.host, p.host.Session().OutboxChanges(ctx), func(struct{}) { p.moved() })
	page.Follow(ctx, p.host, p.host.Session().News(ctx), p.heard)
}

// Leave implements page.Leaver: nothing typed is lost.
func (p *Page) Leave() {
	p.flush()
	p.end()
}

// moved reads anew after the outbox got on with something.
func (p *Page) moved() {
	if len(p.view.Waiting) > 0 {
		p.refresh()
	} else {
		p.reread()
	}
}

// heard asks the platform again when something happened to this contract, unless it lies with us to be edited.
func (p *Page) heard(n desk.News) {
	if (n.Contract == "" || n.Contract == p.work.ID()) && !p.editable() {
		p.refresh()
	}
}

// refresh asks the platform again and says nothing when it cannot be reached.
func (p *Page) refresh() {
	p.host.Do(p.ctx, p.work.Refresh, func(error) { p.reread() })
}

// reread shows the contract as the desk has it.
func (p *Page) reread() { p.rereadThen(p.ctx, func() {}) }

func (p *Page) rereadThen(ctx context.Context, then func()) {
	p.reads++
	n := p.reads
	var v desk.View
	p.host.Do(ctx, func(ctx context.Context) error {
		v = p.work.View(ctx)
		return nil
	}, func(error) {
		if n > p.read { // else one that began later was there first
			sealed := p.view.Filing.Sealed == nil && v.Filing.Sealed != nil
			p.read, p.view = n, v
			p.draw()
			if sealed { // what that means stands at the top
				p.scroll.SetOffset(0)
			}
		}
		then()
	})
}

func (p *Page) draw() {
	p.drawNotices()
	p.drawProject()
	p.fields.draw()
	p.files.draw()
	p.drawHistory()
	p.drawLater()
	p.foot.draw()
	if p.parts.Size().Height != p.parts.MinSize().Height { // a part that grew or shrank moves those below it
		p.parts.Refresh()
		p.scroll.Refresh()
	}
	if t := p.Title(); t != p.title {
		p.title = t
		p.host.Retitle()
	}
}

// editableState tells whether the form lies with us; a seal on it may still have to be given up first.
func (p *Page) editableState() bool {
	_, ok := p.view.Why(desk.ActionEdit)
	return ok
}

// editable tells whether the fields take typing now.
func (p *Page) editable() bool {
	return p.editableState() && (p.view.Filing.Sealed == nil || p.unlocked)
}

// unlock asks before a sealed contract is changed, and then goes on.
func (p *Page) unlock(then func()) {
	if p.view.Filing.Sealed == nil || p.unlocked {
		then()
		return
	}
	p.host.Ask(p.t("form.unlock_title"), p.t("form.unlock_body"), true, p.t("form.unlock_confirm"), func() {
		p.unlocked = true
		p.draw()
		then()
	})
}

// changed is told of each key: the draft is written a second after the last one.
func (p *Page) changed() {
	p.count++
	if p.pending != nil {
		p.pending()
	}
	ctx, stop := context.WithCancel(p.life)
	p.pending = stop
	p.host.Do(ctx, func(ctx context.Context) error {
		select {
		case <-time.After(keepAfter):
		case <-ctx.Done():
		}
		return ctx.Err()
	}, func(err error) {
		if err == nil {
			p.keep()
		}
	})
}

// keep writes what was typed, elsewhere.
func (p *Page) keep() {
	if p.writing || p.kept == p.count {
		return
	}
	p.writing = true
	n, s := p.count, p.typed()
	var v desk.View
	p.host.Do(p.life, func(ctx context.Context) error {
		err := p.keeper.keep(n, s)
		v = p.work.View(ctx)
		return err
	}, func(err error) {
		p.writing = false
		p.view = v
		if err != nil {
			p.host.Tell(err)
		} else {
			p.kept, p.savedAt = max(p.kept, n), time.Now()
		}
		p.draw()
		if err == nil {
			p.keep()
		}
	})
}

// flush writes what was typed at once, before the page is left or something is sent.
func (p *Page) flush() bool {
	if p.pending != nil {
		p.pending()
	}
	if p.kept == p.count {
		return true
	}
	if err := p.keeper.keep(p.count, p.typed()); err != nil {
		p.host.Tell(err)
		return false
	}
	p.kept, p.savedAt = p.count, time.Now()
	return true
}

func (p *Page) typed() typed { return typed{p.fields.read(), p.files.notes()} }

// send hands something to the outbox, shows that it waits there, and tells of the receipt when there is one. button turns until the
// page shows it, lest it is pressed again; it is nil where the contract moved on while the person was asked.
func (p *Page) send(button *widgets.Button, do func(context.Context) (desk.Sent, error), done string) {
	if !p.flush() {
		return
	}
	busy := func(on bool) {
		if button != nil {
			button.SetBusy(on)
		}
	}
	busy(true)
	var sent desk.Sent
	p.host.Do(p.life, func(ctx context.Context) (err error) {
		sent, err = do(ctx)
		return err
	}, func(err error) {
		p.unlocked = false
		p.rereadThen(p.life, func() {
			if p.foot.has(button) { // else it stays without effect
				busy(false)
			}
		})
		if err != nil {
			p.host.Tell(err)
			return
		}
		page.Await(p.life, p.host, sent, done, p.reread)
	})
}

// failed is the change that the platform did not take, if there is one.
func (p *Page) failed() (outbox.Entry, bool) {
	for _, e := range p.view.Waiting {
		if e.State == outbox.Failed {
			return e, true
		}
	}
	return outbox.Entry{}, false
}

// A part is a piece of the page that is made anew only when what it shows has changed, so that what a person is typing
// into stays.
type part struct {
	box   *fyne.Container
	shown string
}

func newPart() *part { return &part{box: widgets.Column(theme.CardGap)} }

// fresh tells whether any of the values differ from those that are shown.
func (p *part) fresh(values ...any) bool {
	data, err := json.Marshal(values)
	if s := string(data); err != nil || s != p.shown {
		p.shown = s
		return true
	}
	return false
}

// put shows objects; without any the part takes no room.
func (p *part) put(objects ...fyne.CanvasObject) {
	p.box.Objects = objects
	p.box.Hidden = len(objects) == 0
	p.box.Refresh()
}
