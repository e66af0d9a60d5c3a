package contracts

import (
	"context"
	"slices"
	"strconv"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/form"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Nav is the page's item of the sidebar.
const Nav = "contracts"

// searchAfter is how long after the last key the platform is asked.
const searchAfter = 350 * time.Millisecond

// A Page is the list of contracts.
type Page struct {
	host  page.Host
	ctx   context.Context
	group group
	words string

	local []row                     // only here, or on the way
	all   []row                     // everything on the platform, for the figures
	open  bool                      // all is not everything yet
	found []row                     // what the platform found for the filter
	more  string                    // cursor of its next page
	list  desk.Contracts            // as it was told last
	shown platformapi.ContractQuery // whose found are
	typed context.CancelFunc

	stats   []*pressed
	figures *fyne.Container
	search  *widgets.TextField
	filter  *widgets.SelectField
	notice  *fyne.Container
	table   *widgets.Table
	foot    *fyne.Container
	content fyne.CanvasObject
}

// New makes the page.
func New(host page.Host) *Page {
	p := &Page{host: host, ctx: context.Background()}
	p.search = widgets.NewTextField(p.t("contracts.search")).WithIcon(theme.IconSearch)
	p.search.OnChanged = p.searched
	var options []widgets.Option
	for _, g := range groups {
		options = append(options, widgets.Option{Text: p.t("contracts.group_" + g)})
	}
	p.filter = widgets.NewSelectField("", options...)
	p.filter.Choose(0)
	p.filter.OnChanged = func(i int) { p.choose(group(i)) }
	p.table = widgets.NewTable(
		widgets.TableColumn{Title: p.t("contracts.col_number"), Width: 132, Quiet: true},
		widgets.TableColumn{Title: p.t("contracts.col_project"), Min: 180},
		widgets.TableColumn{Title: p.t("contracts.col_other"), Min: 110, Spare: true},
		widgets.TableColumn{Title: p.t("contracts.col_sum"), Width: 108, Right: true},
		widgets.TableColumn{Title: p.t("contracts.col_date"), Width: 84, Quiet: true, Spare: true},
		widgets.TableColumn{Title: host.Words().Zoned(p.t("contracts.col_state"), time.Now()), Width: 124},
		widgets.TableColumn{Title: p.t("contracts.col_actions"), Width: 112},
	).High(58)
	p.figures = widgets.Grid(4, theme.CardGap)
	p.notice = widgets.Column(0)
	p.foot = widgets.Column(0)
	fresh := widgets.NewButton(widgets.Primary, p.t("contracts.new"), p.chooseLot).WithIcon(theme.IconPlus)
	tools := widgets.Pad(14, theme.CardPad, 14, theme.CardPad, widgets.Row(10,
		widgets.Fixed(250, 0, p.search), widgets.Fixed(132, 0, p.filter),
		widgets.NewIconButton(theme.IconRefresh, p.read), widgets.Spacer(), fresh))
	p.content = widgets.Page(widgets.Border(
		widgets.Column(0, p.notice, widgets.Pad(0, 0, theme.CardGap, 0, p.figures)), nil, nil, nil,
		widgets.Card(widgets.Border(widgets.Column(0, tools, widgets.HLine()), p.foot, nil, nil, p.table))))
	p.drawFigures()
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return Nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("nav.contracts") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// FocusSearch implements page.Searcher.
func (p *Page) FocusSearch() { p.search.Focus() }

// Show implements page.Page.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	p.table.Faces().Loading()
	p.read()
	page.Follow(ctx, p.host, p.host.Session().OutboxChanges(ctx), func(struct{}) { p.read() })
	page.Follow(ctx, p.host, p.host.Session().News(ctx), func(desk.News) { p.read() })
}

func (p *Page) searched(words string) {
	p.words = words
	if p.typed != nil {
		p.typed()
	}
	ctx, stop := context.WithCancel(p.ctx)
	p.typed = stop
	p.host.Do(ctx, func(ctx context.Context) error {
		select {
		case <-time.After(searchAfter):
		case <-ctx.Done():
		}
		return ctx.Err()
	}, func(err error) {
		if err == nil {
			p.table.SetOffset(0)
			p.read()
		}
	})
}

func (p *Page) choose(g group) {
	if g == p.group {
		g = groupAll
	}
	p.group = g
	p.filter.Choose(int(g))
	for i, s := range p.stats {
		s.choose(int(g) == i+1)
	}
	p.table.SetOffset(0)
	p.read()
}

// reading is all that one reading of the page brings.
type reading struct {
	local     []row
	all, list desk.Contracts
}

func (p *Page) query() platformapi.ContractQuery {
	return platformapi.ContractQuery{State: p.group.asked(), Words: p.words}
}

// read asks for everything once, for the figures, and for the filter's own if there is one. As much of the list comes as is
// shown already, so that what a person looks at does not go away.
func (p *Page) read() {
	q, least := p.query(), 0
	if q == p.shown {
		least = len(p.found)
	}
	var got reading
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		got, err = p.readAll(ctx, q, least)
		return err
	}, func(err error) {
		if q != p.query() {
			return // the person asked for something else meanwhile
		}
		if err != nil && len(got.local) == 0 {
			page.Failed(p.host, p.table.Faces(), err, p.read)
			return
		}
		p.shown = q
		p.local, p.list, p.more, p.open = got.local, got.list, got.list.More, got.all.More != ""
		p.all, p.found = p.rows(got.all.Items), p.rows(got.list.Items)
		p.drawNotice(err)
		p.drawFigures()
		p.draw()
	})
}

func (p *Page) readAll(ctx context.Context, q platformapi.ContractQuery, least int) (got reading, err error) {
	session, t := p.host.Session(), p.host.Words()
	works, draftErr := session.Drafts(ctx)
	for _, w := range works {
		got.local = append(got.local, draftRow(t, w, w.View(ctx)))
	}
	got.all, err = session.Contracts(ctx, platformapi.ContractQuery{})
	if err != nil {
		return got, err
	}
	got.list = got.all
	if q != (platformapi.ContractQuery{}) {
		if got.list, err = session.Contracts(ctx, q); err != nil {
			return got, err
		}
	}
	for len(got.list.Items) < least && got.list.More != "" {
		q.Cursor = got.list.More
		next, err := session.Contracts(ctx, q)
		if err != nil {
			break // the rest is there to be loaded
		}
		if len(next.Items) == 0 {
			break // nor does it get longer by itself
		}
		got.list.Items, got.list.More = append(got.list.Items, next.Items...), next.More
	}
	if q.State == "" && q.Words == "" {
		got.all = got.list
	}
	entries, err := session.Outbox(ctx)
	if err != nil {
		return got, err
	}
	for _, e := range entries {
		known := slices.ContainsFunc(got.all.Items, func(c platformapi.ContractSummary) bool { return c.ID == e.ContractID })
		if e.Op == outbox.OpCreate && e.State != outbox.Done && !known {
			got.local = append(got.local, queuedRow(t, e))
		}
	}
	return got, draftErr
}

func (p *Page) rows(items []platformapi.ContractSummary) []row {
	var out []row
	for _, c := range items {
		out = append(out, summaryRow(p.host.Words(), c))
	}
	return out
}

// loadMore brings the next page of the list.
func (p *Page) loadMore() {
	q := p.query()
	q.Cursor = p.more
	var next desk.Contracts
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		next, err = p.host.Session().Contracts(ctx, q)
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		if p.more != q.Cursor {
			return
		}
		p.more = next.More
		p.found = append(p.found, p.rows(next.Items)...)
		if p.query() == (platformapi.ContractQuery{}) {
			p.all, p.open = p.found, next.More != ""
			p.drawFigures()
		}
		p.draw()
	})
}

// drawNotice says that the list is not the platform's of now, or that a part of it could not be read.
func (p *Page) drawNotice(err error) {
	p.notice.Objects = nil
	switch {
	case err != nil:
		p.notice.Add(widgets.Pad(0, 0, theme.CardGap, 0, widgets.ErrorPanel(page.ErrorText(p.host.Words().Problem(err)),
			widgets.NewButton(widgets.Secondary, p.t("button.retry"), p.read))))
	case p.list.Offline:
		p.notice.Add(widgets.Pad(0, 0, theme.CardGap, 0, widgets.WarnPanel(widgets.ErrorText{
			What: p.t("contracts.offline", "time", p.host.Words().Beijing(p.list.AsOf, timeForm)), Do: p.t("contracts.offline_do")})))
	}
	p.notice.Refresh()
}

func (p *Page) drawFigures() {
	tones := []theme.Tone{theme.Warn, theme.Info, theme.Good, theme.Bad}
	p.stats, p.figures.Objects = nil, nil
	for i, tone := range tones {
		g := group(i + 1)
		n := 0
		for _, r := range slices.Concat(p.local, p.all) {
			if g.has(r) {
				n++
			}
		}
		figure := strconv.Itoa(n)
		if p.open {
			figure += "+"
		}
		s := newPressed(widgets.Stat(p.t("contracts.group_"+groups[g]), figure, tone), func() { p.choose(g) })
		s.choose(p.group == g)
		p.stats = append(p.stats, s)
		p.figures.Add(s)
	}
	p.figures.Refresh()
}

func (p *Page) draw() {
	var rows []row
	for _, r := range p.local {
		if p.group.has(r) && r.says(p.words) {
			rows = append(rows, r)
		}
	}
	for _, r := range p.found {
		if p.group.has(r) {
			rows = append(rows, r)
		}
	}
	p.drawFoot(len(rows))
	switch {
	case len(rows) > 0:
		p.table.Fill(len(rows), func(i int) widgets.TableRow { return p.tableRow(rows[i]) })
	case p.group != groupAll || p.words != "":
		p.table.Faces().Empty(p.t("contracts.none_found"), widgets.NewButton(widgets.Secondary, p.t("contracts.show_all"), p.reset))
	default:
		p.table.Faces().Empty(p.t("contracts.none"), widgets.NewButton(widgets.Secondary, p.t("contracts.new"), p.chooseLot))
	}
}

func (p *Page) reset() {
	p.search.SetText("")
	p.words = ""
	p.group = groupMine // so that choosing all is a change
	p.choose(groupAll)
}

func (p *Page) drawFoot(n int) {
	line := widgets.Row(12, widgets.Quiet(p.t("contracts.count", "count", n)))
	if p.more != "" {
		line = widgets.Row(12, widgets.Quiet(p.t("contracts.count_more", "count", n)), widgets.NewButton(widgets.Link, p.t("contracts.load_more"), p.loadMore))
	}
	p.foot.Objects = []fyne.CanvasObject{widgets.HLine(), widgets.Fixed(0, 40, widgets.Pad(0, theme.CardPad, 0, theme.CardPad, line))}
	p.foot.Refresh()
}

func (p *Page) tableRow(r row) widgets.TableRow {
	open := func() { p.openRow(r) }
	verb := "contracts.view"
	switch {
	case r.work != nil || r.starter && (r.state == platformapi.StateDraft || r.state == platformapi.StateSealed) && !r.queued:
		verb = "contracts.continue"
	case r.starter && r.state == platformapi.StateReturned:
		verb = "contracts.edit"
	case !r.starter && r.state == platformapi.StateAwaiting && r.review:
		verb = "contracts.review"
	case !r.starter && r.state == platformapi.StateAwaiting, r.mine && (r.state == platformapi.StateAgreed || r.state == platformapi.StateHalfSealed):
		verb = "contracts.sign"
	case !r.starter && r.state == platformapi.StateCountersigned:
		verb = "contracts.agree"
	}
	actions := []widgets.Action{{Text: p.t(verb), Do: open}}
	if r.delete {
		actions = append(actions, widgets.Action{Text: p.t("contracts.delete"), Do: func() { p.delete(r) }})
	}
	return widgets.TableRow{Open: open, Cells: []widgets.Cell{
		{Text: r.number}, {Text: r.project, Note: r.lot}, {Text: r.other}, {Text: r.sum()}, {Text: r.date, Note: r.warn},
		{Chip: r.chip, Tone: r.tone, Note: r.since}, {Actions: actions},
	}}
}

func (p *Page) openRow(r row) {
	if r.work != nil {
		p.host.Open(form.New(p.host, r.work))
		return
	}
	form.Open(p.ctx, p.host, r.id)
}

// delete gives a contract up, once the person read what that means.
func (p *Page) delete(r row) {
	body := "contracts.delete_platform"
	if r.work != nil {
		body = "contracts.delete_draft"
	}
	p.host.Ask(p.t("contracts.delete_title"), p.t(body, "name", r.project), true, p.t("contracts.delete_confirm"), func() {
		p.host.Do(p.ctx, func(ctx context.Context) error {
			work := r.work
			if work == nil {
				var err error
				if work, err = p.host.Session().Open(ctx, r.id); err != nil {
					return err
				}
			}
			_, err := work.Delete(ctx)
			return err
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
			} else {
				p.host.Toast(theme.Good, p.t("contracts.deleted"))
			}
			p.read()
		})
	})
}
