package home

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/tasks"
	"sealdesk/ui/pages/contracts"
	"sealdesk/ui/pages/outbox"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Nav is the page's item of the sidebar.
const Nav = "home"

const (
	// passes is how often the time that is left is told anew.
	passes = time.Minute
	// rereads is after how long the platform is asked without news: of tenders that are put off nobody tells.
	rereads = 10 * time.Minute
	// followed is how many openings' news are listened to at most.
	followed = 4
	// sentShown is how many lines of what was sent are in sight.
	sentShown = 3
)

// A Page is the workbench of the party at work.
type Page struct {
	host page.Host
	ctx  context.Context

	known    tasks.Known
	board    tasks.Board
	readAt   time.Time
	reading  bool            // the platform is asked now
	stale    bool            // and is asked once more after that
	watched  map[string]bool // openings, by tender
	takeKeys bool            // the list gets the keyboard when it is there

	notice  *fyne.Container
	head    *fyne.Container
	waiting *widgets.Table
	sent    *fyne.Container
	way     *widgets.Table
	content fyne.CanvasObject
}

// New makes the page.
func New(host page.Host) *Page {
	p := &Page{host: host, ctx: context.Background()}
	p.waiting = widgets.NewTable(
		widgets.TableColumn{Title: p.t("home.col_what"), Min: 200},
		widgets.TableColumn{Title: p.t("home.col_kind"), Width: 92},
		widgets.TableColumn{Title: host.Words().Zoned(p.t("home.col_due"), time.Now()), Width: 132},
		widgets.TableColumn{Title: p.t("home.col_basis"), Min: 160, Quiet: true, Spare: true},
		widgets.TableColumn{Title: p.t("home.col_actions"), Width: 96},
	).High(rowHigh)
	p.way = widgets.NewTable(
		widgets.TableColumn{Title: p.t("home.col_sent"), Min: 200},
		widgets.TableColumn{Title: p.t("home.col_other"), Min: 140, Quiet: true, Spare: true},
		widgets.TableColumn{Title: p.t("home.col_where"), Width: 188},
		widgets.TableColumn{Title: host.Words().Zoned(p.t("home.col_at"), time.Now()), Width: 132, Quiet: true},
	).High(rowHigh)
	p.notice, p.head, p.sent = widgets.Column(0), widgets.Stack(), widgets.Stack()
	p.content = widgets.Page(widgets.Border(p.notice, widgets.Pad(theme.CardGap, 0, 0, 0, widgets.Card(p.sent)), nil, nil,
		widgets.Card(widgets.Border(p.head, nil, nil, nil, p.waiting))))
	p.drawHead()
	p.drawSent()
	return p
}

// rowHigh is the height of a line with a note beneath it.
const rowHigh = 58

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return Nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("nav.home") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page; it goes on reading whenever something happened, and counts the time that is left.
func (p *Page) Show(ctx context.Context) {
	p.ctx, p.reading, p.stale, p.watched, p.takeKeys = ctx, false, false, map[string]bool{}, true
	p.waiting.Faces().Loading()
	p.read()
	page.Follow(ctx, p.host, p.host.Session().OutboxChanges(ctx), func(struct{}) { p.read() })
	page.Follow(ctx, p.host, p.host.Session().News(ctx), func(desk.News) { p.read() })
	p.pass()
}

// pass draws the page again as time goes by, and reads it when something came due.
func (p *Page) pass() {
	now := p.host.Session().Now()
	rest := passes
	if next := p.board.Next(now); !next.IsZero() {
		rest = min(rest, next.Sub(now)+time.Second)
	}
	p.host.Do(p.ctx, func(ctx context.Context) error {
		select {
		case <-time.After(rest):
		case <-ctx.Done():
		}
		return ctx.Err()
	}, func(err error) {
		if err != nil {
			return
		}
		if due := p.board.Next(now); !due.IsZero() && !p.host.Session().Now().Before(due) || time.Since(p.readAt) > rereads {
			p.read()
		} else if !p.readAt.IsZero() {
			p.draw()
		}
		p.pass()
	})
}

// read asks for everything. What happens meanwhile has it ask once more, however much that was.
func (p *Page) read() {
	if p.reading {
		p.stale = true
		return
	}
	p.reading = true
	var got tasks.Known
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		got, err = p.host.Session().Workbench(ctx)
		return err
	}, func(err error) {
		p.reading = false
		p.readAt = time.Now()
		p.show(got, err)
		if p.stale {
			p.stale = false
			p.read()
		}
	})
}

func (p *Page) show(got tasks.Known, err error) {
	board := got.Board(p.host.Session().Now())
	if err != nil && len(board.Waiting) == 0 && len(board.Sent) == 0 {
		p.known, p.board = got, board
		p.drawNotice(nil)
		p.drawHead()
		p.drawSent()
		page.Failed(p.host, p.waiting.Faces(), err, p.again)
		return
	}
	p.known = got
	p.drawNotice(err)
	p.draw()
	p.follow()
}

func (p *Page) again() {
	p.waiting.Faces().Loading()
	p.read()
}

// follow listens to the openings that go on or are about to.
func (p *Page) follow() {
	for _, t := range p.board.Waiting {
		if t.Kind != tasks.Opening || t.Urgency > tasks.Soon || p.watched[t.Tender.ID] || len(p.watched) >= followed {
			continue
		}
		p.watched[t.Tender.ID] = true
		page.Follow(p.ctx, p.host, p.host.Session().OpeningNews(p.ctx, t.Tender.ID), func(struct{}) { p.read() })
	}
}

// drawNotice says that the page is not of now, or that a part of it could not be read.
func (p *Page) drawNotice(err error) {
	p.notice.Objects = nil
	switch {
	case err != nil:
		p.notice.Add(widgets.Pad(0, 0, theme.CardGap, 0, widgets.WarnPanel(page.ErrorText(p.host.Words().Problem(err)),
			widgets.NewButton(widgets.Secondary, p.t("button.retry"), p.read))))
	case p.known.Offline:
		p.notice.Add(widgets.Pad(0, 0, theme.CardGap, 0, widgets.WarnPanel(widgets.ErrorText{
			What: p.t("home.offline", "time", p.host.Words().Beijing(p.known.AsOf, timeForm)), Do: p.t("home.offline_do")})))
	}
	p.notice.Refresh()
}

func (p *Page) draw() {
	p.board = p.known.Board(p.host.Session().Now())
	p.drawHead()
	p.drawSent()
	if len(p.board.Waiting) == 0 {
		p.waiting.Faces().Empty(p.t("home.none"), widgets.NewButton(widgets.Secondary, p.t("home.to_contracts"), func() { p.host.Home(contracts.Nav) }))
		return
	}
	waiting := p.board.Waiting
	p.waiting.Fill(len(waiting), func(i int) widgets.TableRow { return p.taskRow(waiting[i]) })
	if c := p.host.Window().Canvas(); p.takeKeys && c.Overlays().Top() == nil {
		p.takeKeys = false
		p.waiting.FocusIn(c)
	}
}

// drawHead says how much there is and how much of it presses; the blue button is for the first.
func (p *Page) drawHead() {
	n := len(p.board.Waiting)
	var right []fyne.CanvasObject
	for _, x := range []struct {
		urgency tasks.Urgency
		tone    theme.Tone
		key     string
	}{{tasks.Now, theme.Bad, "home.count_now"}, {tasks.Over, theme.Bad, "home.count_over"}, {tasks.Soon, theme.Warn, "home.count_soon"}} {
		if count := p.board.Count(x.urgency); count > 0 {
			right = append(right, widgets.NewChip(p.t(x.key, "count", count), x.tone))
		}
	}
	note := p.t("home.sorted")
	if p.board.More {
		note = p.t("home.more")
	}
	title := p.t("home.waiting")
	if n > 0 {
		title = p.t("home.waiting_n", "count", n)
		first := p.board.Waiting[0]
		right = append(right, widgets.NewButton(widgets.Primary, p.t("home.first"), func() { p.open(first) }))
	}
	p.head.Objects = []fyne.CanvasObject{widgets.CardHead(title, note, widgets.Row(10, right...))}
	p.head.Refresh()
}

// drawSent shows what is on its way, a few lines of it at a time.
func (p *Page) drawSent() {
	sent := p.board.Sent
	more := widgets.NewButton(widgets.Link, p.t("home.to_outbox"), func() { p.host.Home(outbox.Nav) })
	if len(sent) == 0 {
		p.sent.Objects = []fyne.CanvasObject{widgets.Fixed(0, theme.SectionHead, widgets.Pad(0, theme.CardPad, 0, theme.CardPad,
			widgets.Row(10, widgets.Title(p.t("home.sent")), widgets.Grow(widgets.Quiet(p.t("home.none_sent")).Clip()), more)))}
	} else {
		p.way.Fill(len(sent), func(i int) widgets.TableRow { return p.sentRow(sent[i]) })
		p.sent.Objects = []fyne.CanvasObject{widgets.Border(widgets.CardHead(p.t("home.sent_n", "count", len(sent)), p.t("home.sent_note"), more), nil, nil, nil,
			widgets.Fixed(0, theme.TableHead+1+rowHigh*float32(min(len(sent), sentShown)), p.way))}
	}
	p.sent.Refresh()
	p.content.Refresh()
}

var _ page.Page = (*Page)(nil)
