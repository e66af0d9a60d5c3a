package bid

import (
	"context"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Nav is the page's item of the sidebar.
const Nav = "bid"

// A List is the tenders, and the bids of this party.
type List struct {
	host page.Host
	ctx  context.Context

	rows  []row
	words string
	list  desk.Tenders
	fault error // why tenders could not be read; bids on this machine are shown all the same

	search  *widgets.TextField
	notice  *fyne.Container
	table   *widgets.Table
	content fyne.CanvasObject
}

// row is a tender, a bid on this machine, or both.
type row struct {
	tender  *platformapi.Tender
	project *bids.Project
	view    bids.View
}

// New makes the page.
func New(host page.Host) *List {
	p := &List{host: host, ctx: context.Background(), notice: widgets.Column(0)}
	p.search = widgets.NewTextField(p.t("bid.search")).WithIcon(theme.IconSearch)
	p.search.OnChanged = func(words string) {
		p.words = words
		p.draw()
	}
	p.table = widgets.NewTable(
		widgets.TableColumn{Title: p.t("bid.col_tender"), Min: 200},
		widgets.TableColumn{Title: p.t("bid.col_purchaser"), Min: 120, Spare: true},
		widgets.TableColumn{Title: host.Words().Zoned(p.t("bid.col_deadline"), time.Now()), Width: 184},
		widgets.TableColumn{Title: p.t("bid.col_state"), Width: 112},
		widgets.TableColumn{Title: p.t("bid.col_actions"), Width: 128},
	).High(58)
	row := widgets.Row(10, widgets.Fixed(240, 0, p.search),
		widgets.NewIconButton(theme.IconRefresh, p.read), widgets.Spacer())
	if host.Session().HasTenders() {
		row.Add(widgets.NewButton(widgets.Secondary, p.t("bid.credit"), func() { host.Open(newLibrary(host)) }).WithIcon(theme.IconVerify))
	}
	row.Add(widgets.NewButton(widgets.Secondary, p.t("bid.from_file"), p.OpenFile).WithIcon(theme.IconPlus))
	tools := widgets.Pad(14, theme.CardPad, 14, theme.CardPad, row)
	p.content = widgets.Page(widgets.Border(p.notice, nil, nil, nil,
		widgets.Card(widgets.Border(widgets.Column(0, tools, widgets.HLine()), nil, nil, nil, p.table))))
	return p
}

func (p *List) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *List) Nav() string { return Nav }

// Title implements page.Page.
func (p *List) Title() string { return p.t("nav.bid") }

// Content implements page.Page.
func (p *List) Content() fyne.CanvasObject { return p.content }

// FocusSearch implements page.Searcher.
func (p *List) FocusSearch() { p.search.Focus() }

// Show implements page.Page.
func (p *List) Show(ctx context.Context) {
	p.ctx = ctx
	p.table.Faces().Loading()
	p.read()
}

// OpenFile implements page.Opener: a bid is begun by an outline that lies in a file.
func (p *List) OpenFile() {
	p.host.ChooseFile([]string{"json"}, func(path string) {
		var project *bids.Project
		p.host.Do(p.ctx, func(ctx context.Context) (err error) {
			project, err = p.host.Session().Bids().NewFromFile(ctx, path)
			return err
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			Open(p.host, project)
		})
	})
}

func (p *List) read() {
	var projects []*bids.Project
	var list desk.Tenders
	var asked error
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		s := p.host.Session()
		projects, err = s.Bids().List(ctx)
		if s.HasTenders() {
			list, asked = s.Tenders(ctx, platformapi.TenderQuery{})
		}
		return err
	}, func(err error) {
		if err != nil && len(projects) == 0 {
			page.Failed(p.host, p.table.Faces(), err, p.read)
			return
		}
		p.list, p.fault = list, asked
		if err != nil {
			p.fault = err
		}
		p.rows = rowsOf(list.Items, projects, p.host.Session().Now())
		p.draw()
	})
}

// rowsOf puts tenders and the bids for them together; what is due first comes first, what is over last.
func rowsOf(tenders []platformapi.Tender, projects []*bids.Project, now time.Time) []row {
	var rows []row
	taken := map[string]bool{}
	for _, t := range tenders {
		if t.MyRole != platformapi.TenderBidder {
			continue
		}
		r := row{tender: &t}
		if i := slices.IndexFunc(projects, func(p *bids.Project) bool { return p.View().Tender.ID == t.ID }); i >= 0 {
			r.project, r.view = projects[i], projects[i].View()
			taken[r.view.ID] = true
		}
		rows = append(rows, r)
	}
	for _, p := range projects {
		if !taken[p.ID()] {
			rows = append(rows, row{project: p, view: p.View()})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		x, y := a.deadline(), b.deadline()
		switch overX, overY := late(x, now), late(y, now); {
		case overX != overY && overX:
			return 1
		case overX != overY:
			return -1
		case x.IsZero() != y.IsZero():
			if x.IsZero() {
				return 1
			}
			return -1
		}
		return x.Compare(y)
	})
	return rows
}

func late(deadline, now time.Time) bool { return !deadline.IsZero() && !now.Before(deadline) }

func (r row) deadline() time.Time {
	if r.tender != nil {
		return r.tender.Deadline
	}
	return r.view.Tender.Deadline
}

func (r row) name() (name, number, lot, purchaser string) {
	if t := r.tender; t != nil {
		return t.Name, t.Number, t.LotNumber, t.Purchaser.Name
	}
	return r.view.Outline.Name, r.view.Outline.Tender, r.view.Outline.Lot, ""
}

func (r row) says(words string) bool {
	name, number, lot, purchaser := r.name()
	return strings.Contains(strings.ToLower(strings.Join([]string{name, number, lot, purchaser}, "\n")), strings.ToLower(strings.TrimSpace(words)))
}

func (p *List) draw() {
	p.notice.Objects = nil
	switch {
	case p.fault != nil:
		p.notice.Add(widgets.Pad(0, 0, theme.CardGap, 0, widgets.WarnPanel(page.ErrorText(p.host.Words().Problem(p.fault)),
			widgets.NewButton(widgets.Secondary, p.t("button.retry"), p.read))))
	case p.list.Offline:
		p.notice.Add(widgets.Pad(0, 0, theme.CardGap, 0, widgets.WarnPanel(widgets.ErrorText{
			What: p.t("bid.offline", "time", p.host.Words().Beijing(p.list.AsOf, "2006-01-02 15:04")), Do: p.t("bid.offline_do")})))
	}
	p.notice.Refresh()
	var rows []row
	for _, r := range p.rows {
		if r.says(p.words) {
			rows = append(rows, r)
		}
	}
	switch {
	case len(rows) > 0:
		p.table.Fill(len(rows), func(i int) widgets.TableRow { return p.line(rows[i]) })
	case p.words != "":
		p.table.Faces().Empty(p.t("bid.none_found"), widgets.NewButton(widgets.Secondary, p.t("bid.show_all"), func() { p.search.SetText("") }))
	default:
		p.table.Faces().Empty(p.t("bid.none"), widgets.NewButton(widgets.Secondary, p.t("bid.from_file"), p.OpenFile))
	}
}

func (p *List) line(r row) widgets.TableRow {
	name, number, lot, purchaser := r.name()
	note := number + " · " + p.t("bid.lot", "lot", lot)
	due, left := p.t("bid.no_deadline"), ""
	now := p.host.Session().Now()
	if d := r.deadline(); !d.IsZero() {
		due, left = d.In(words.Zone).Format("2006-01-02 15:04"), Left(p.host.Words(), d, now)
	}
	chip, tone := r.state(now)
	open := func() { p.open(r) }
	verb := "bid.continue"
	switch {
	case r.project == nil && late(r.deadline(), now):
		open, verb = nil, ""
	case r.project == nil:
		verb = "bid.begin"
	case r.view.Current() != nil || late(r.deadline(), now):
		verb = "bid.look"
	}
	var actions []widgets.Action
	if open != nil {
		actions = append(actions, widgets.Action{Text: p.t(verb), Do: open})
	}
	if r.project != nil && len(r.view.Sent) == 0 {
		actions = append(actions, widgets.Action{Text: p.t("bid.delete"), Do: func() { p.delete(r) }})
	}
	return widgets.TableRow{Open: open, Cells: []widgets.Cell{
		{Text: name, Note: note}, {Text: purchaser},
		{Text: due, Note: left, Bad: !late(r.deadline(), now) && !r.deadline().IsZero() && r.deadline().Sub(now) < bids.Near && r.view.Current() == nil},
		{Chip: p.t("bid.state." + chip), Tone: tone}, {Actions: actions},
	}}
}

// Left says how long is left until a deadline, in days, hours or minutes.
func Left(t *words.Catalog, deadline, now time.Time) string {
	switch left := deadline.Sub(now); {
	case left <= 0:
		return t.T("bid.closed")
	case left >= 48*time.Hour:
		return t.T("bid.left_days", "days", int(left.Hours()/24))
	case left >= time.Hour:
		return t.T("bid.left_hours", "hours", int(left.Hours()), "minutes", int(left.Minutes())%60)
	default:
		return t.T("bid.left_minutes", "minutes", int(left.Minutes()))
	}
}

// Open shows a bid in the making.
func Open(host page.Host, p *bids.Project) { host.Open(newTool(host, p)) }

// state is how far the bid is, in a word.
func (r row) state(now time.Time) (string, theme.Tone) {
	v := r.view
	switch {
	case r.project != nil && v.Current() != nil:
		return "handed_in", theme.Good
	case late(r.deadline(), now):
		return "late", theme.Neutral
	case r.project == nil:
		return "new", theme.Neutral
	case v.Uploading():
		return "uploading", theme.Warn
	case len(v.Sent) > 0:
		return "withdrawn", theme.Warn
	case v.Built != nil && !v.Stale:
		return "built", theme.Info
	}
	return "making", theme.Info
}

func (p *List) open(r row) {
	if r.project != nil {
		Open(p.host, r.project)
		return
	}
	var project *bids.Project
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		project, err = p.host.Session().NewBid(ctx, *r.tender)
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		Open(p.host, project)
	})
}

func (p *List) delete(r row) {
	name, _, _, _ := r.name()
	p.host.Ask(p.t("bid.delete_title"), p.t("bid.delete_body", "name", name), true, p.t("bid.delete_confirm"), func() {
		p.host.Do(p.ctx, func(context.Context) error { return p.host.Session().Bids().Delete(r.project) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
			}
			p.read()
		})
	})
}
