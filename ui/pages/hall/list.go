package hall

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Nav is the page's item of the sidebar.
const Nav = "hall"

const timeForm = "2006-01-02 15:04"

// A Page lists the openings that one takes part in.
type Page struct {
	host    page.Host
	ctx     context.Context
	tenders []platformapi.Tender
	next    string // cursor of the page that follows; "" when all are here
	table   *widgets.Table
	more    *widgets.Button
	content fyne.CanvasObject
}

// New makes the page.
func New(host page.Host) *Page {
	p := &Page{host: host, ctx: context.Background()}
	p.table = widgets.NewTable(
		widgets.TableColumn{Title: p.t("hall.col_project"), Min: 200},
		widgets.TableColumn{Title: p.t("hall.col_lot"), Min: 120, Quiet: true, Spare: true},
		widgets.TableColumn{Title: host.Words().Zoned(p.t("hall.col_opens"), time.Now()), Width: 172},
		widgets.TableColumn{Title: p.t("hall.col_role"), Width: 84, Quiet: true},
		widgets.TableColumn{Title: p.t("hall.col_state"), Width: 116},
		widgets.TableColumn{Title: p.t("hall.col_actions"), Width: 80},
	).High(62)
	p.more = widgets.NewButton(widgets.Link, p.t("hall.more"), func() { p.read(p.next) })
	p.more.Hide()
	p.content = widgets.Page(widgets.Card(widgets.Border(nil, widgets.Row(0, widgets.Spacer(), p.more, widgets.Spacer()), nil, nil, p.table)))
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return Nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("nav.hall") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	p.table.Faces().Loading()
	p.read("")
}

func (p *Page) read(cursor string) {
	var got desk.Tenders
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		got, err = p.host.Session().Tenders(ctx, platformapi.TenderQuery{Cursor: cursor})
		return err
	}, func(err error) {
		if err != nil {
			page.Failed(p.host, p.table.Faces(), err, func() { p.read(cursor) })
			return
		}
		if cursor == "" {
			p.tenders = nil
		}
		p.tenders, p.next = append(p.tenders, got.Items...), got.More
		p.more.Hidden = p.next == ""
		p.more.Refresh()
		p.table.FillOr(p.t("hall.none"), len(p.tenders), func(i int) widgets.TableRow { return p.row(p.tenders[i]) })
	})
}

func (p *Page) row(t platformapi.Tender) widgets.TableRow {
	enter := func() { Enter(p.host, t) }
	return widgets.TableRow{Cells: []widgets.Cell{
		{Text: t.Name, Note: t.Number}, {Text: t.LotName, Note: t.LotNumber},
		{Text: t.Deadline.In(words.Zone).Format(timeForm)}, {Text: p.t("hall.role_" + string(t.MyRole))},
		{Chip: p.t("hall.state_" + string(t.State)), Tone: toneOf(t.State)},
		{Actions: []widgets.Action{{Text: p.t("hall.enter"), Do: enter}}},
	}, Open: enter}
}

func toneOf(s platformapi.TenderState) theme.Tone {
	switch s {
	case platformapi.TenderOpen:
		return theme.Neutral
	case platformapi.TenderEnded:
		return theme.Good
	case platformapi.TenderFailed:
		return theme.Bad
	case platformapi.TenderDecrypting:
		return theme.Warn
	}
	return theme.Info
}

// Enter opens the room of a tender's opening; on a terminal of the hall, over the whole screen.
func Enter(host page.Host, t platformapi.Tender) {
	room, stand, err := host.Session().Hall(t.ID)
	if err != nil {
		host.Tell(err)
		return
	}
	if t.MyRole == platformapi.TenderHall {
		host.Open(NewWide(host, room, stand, t.Number))
		return
	}
	host.Open(NewRoom(host, room, stand, t.Number))
}
