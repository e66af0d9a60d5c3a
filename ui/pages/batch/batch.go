package batch

import (
	"context"
	"errors"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/signer/batch"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/pin"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Nav is the page's item of the sidebar.
const Nav = "batch"

const panelWidth = 280

// redraw is how often the table follows the work.
const redraw = 150 * time.Millisecond

// stage is what the page shows.
type stage int

const (
	choosing stage = iota // files and the rule
	checking
	checked
	sealing
	sealed // to the end, or stopped before
)

// A Page seals one batch.
type Page struct {
	host  page.Host
	ctx   context.Context
	life  context.Context // ends when the page is left for good: the work goes on while another one lies over it
	leave context.CancelFunc
	batch *desk.Batch
	view  desk.BatchView
	stage stage
	fault error // why the work was stopped, or could not begin
	live  map[string]batch.State
	drawn time.Time

	rule     *rule
	head     *fyne.Container
	table    *widgets.Table
	progress *widgets.Progress
	side     *widgets.ScrollArea
	note     *widgets.Text
	main     *widgets.Button
	second   *widgets.Button
	third    *widgets.Button
	body     *fyne.Container
	content  fyne.CanvasObject
}

// New makes the page.
func New(host page.Host) page.Page {
	p := &Page{host: host, ctx: context.Background(), batch: host.Session().NewBatch(), live: map[string]batch.State{}}
	p.life, p.leave = context.WithCancel(context.Background())
	p.rule = newRule(p)
	p.table = widgets.NewTable(
		widgets.TableColumn{Title: p.t("batch.col_file"), Min: 180},
		widgets.TableColumn{Title: p.t("batch.col_state"), Width: 104},
		widgets.TableColumn{Title: "", Width: 112},
	).High(52)
	p.head = widgets.Column(0)
	p.side = widgets.NewScrollArea(widgets.Gap(1, 1))
	p.note = widgets.NewText("", theme.TextTable, theme.Text2).Clip()
	p.main = widgets.NewButton(widgets.Primary, "", nil)
	p.second = widgets.NewButton(widgets.Secondary, "", nil)
	p.third = widgets.NewButton(widgets.Secondary, "", nil)
	side := widgets.Fixed(panelWidth, 0, widgets.Filled(theme.White, p.side))
	p.body = widgets.Stack()
	p.content = widgets.Border(nil, widgets.Foot(p.note, widgets.Actions(p.third, p.second, p.main)), nil,
		widgets.Border(nil, nil, widgets.VLine(), nil, side), p.body)
	if aside := host.Session().BatchAside(); aside != nil {
		p.batch = aside
		p.rule.take(aside.View().Rule)
	}
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return Nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("nav.batch") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	p.rule.Load(ctx)
	p.refresh()
	if len(p.view.Rows) == 0 {
		p.offer()
	}
}

// Leave implements page.Leaver. Files that were gathered are there when the page is opened again, as after a seal was made for them.
func (p *Page) Leave() {
	p.leave()
	if len(p.view.Rows) > 0 && (p.stage == choosing || p.stage == checked) {
		rule, _ := p.rule.read()
		p.batch.PutAside(rule)
	}
}

// offer brings back a batch that was begun and not finished.
func (p *Page) offer() {
	var left *desk.Batch
	p.host.Do(p.ctx, func(context.Context) error {
		left = p.host.Session().UnfinishedBatch()
		return nil
	}, func(error) {
		if left == nil || len(p.view.Rows) > 0 {
			return
		}
		v := left.View()
		goOn := widgets.NewButton(widgets.Secondary, p.t("batch.resume"), func() {
			p.batch = left
			p.rule.take(left.View().Rule)
			p.refresh()
			p.check(p.batch.Check)
		})
		giveUp := widgets.NewButton(widgets.Link, p.t("batch.give_up"), func() {
			p.host.Session().ForgetUnfinishedBatch()
			p.refresh()
		})
		p.head.Objects = []fyne.CanvasObject{widgets.Pad(0, 0, 16, 0, widgets.InfoPanel(widgets.ErrorText{
			What: p.t("batch.unfinished", "count", len(v.Rows)), Do: p.t("batch.unfinished_do", "folder", v.Out)}, goOn, giveUp))}
		p.body.Refresh()
	})
}

// Drop implements page.Dropper: files and folders join the batch.
func (p *Page) Drop(_ fyne.Position, files []fyne.URI) {
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path())
	}
	p.add(paths...)
}

// OpenFile implements page.Opener.
func (p *Page) OpenFile() {
	p.host.ChooseFile([]string{"pdf", "docx", "doc"}, func(path string) { p.add(path) })
}

func (p *Page) openFolder() { p.host.ChooseFolder(func(path string) { p.add(path) }) }

// Working implements page.Worker.
func (p *Page) Working() bool { return p.busy() }

func (p *Page) busy() bool { return p.stage == checking || p.stage == sealing }

func (p *Page) add(paths ...string) {
	if len(paths) == 0 || p.busy() {
		return
	}
	before := len(p.view.Rows)
	p.host.Do(p.ctx, func(context.Context) error { return p.batch.Add(paths...) }, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.stage = choosing
		p.refresh()
		if len(p.view.Rows) == before {
			p.host.Toast(theme.Warn, p.t("batch.nothing_found"))
		}
	})
}

// check looks at the files, all of them or those that failed.
func (p *Page) check(which func(context.Context, desk.BatchProgress) error) {
	rule, ok := p.rule.read()
	if !ok || p.busy() {
		return
	}
	if p.stage == choosing {
		p.batch.SetRule(rule)
	}
	p.work(checking, func(ctx context.Context, told desk.BatchProgress) error { return which(ctx, told) }, func(err error) {
		p.stage = checked
		if err != nil {
			p.stage = choosing
		}
	})
}

// askPIN asks for the one PIN of all files that are ready.
func (p *Page) askPIN(trouble string) {
	n := p.view.Count[batch.Ready]
	pin.Ask(p.ctx, p.host, pin.Request{Confirm: p.t("batch.seal", "count", n), Run: p.seal, Facts: []widgets.Fact{
		{Name: p.t("batch.fact_files"), Value: p.t("batch.fact_files_is", "count", n, "name", p.firstReady())},
		{Name: p.t("batch.fact_rule"), Value: p.rule.Said()},
		{Name: p.t("batch.fact_out"), Value: p.view.Out},
	}}, trouble)
}

func (p *Page) firstReady() string {
	for _, o := range p.view.Rows {
		if o.State == batch.Ready {
			return o.Item.Name
		}
	}
	return ""
}

func (p *Page) seal(secret []byte, lastTry, keep bool) {
	p.work(sealing, func(ctx context.Context, told desk.BatchProgress) error {
		return p.batch.Run(ctx, desk.BatchRequest{PIN: secret, LastTry: lastTry, Keep: keep}, told)
	}, func(err error) {
		if trouble, again := pin.Again(p.host, err); again {
			p.stage, p.fault = checked, nil
			p.askPIN(trouble)
			return
		}
		p.stage = sealed
	})
}

// work does something with many files, showing how far it has come.
func (p *Page) work(as stage, do func(context.Context, desk.BatchProgress) error, done func(error)) {
	ctx, stop := context.WithCancel(p.life)
	p.stage, p.fault = as, nil
	p.live = map[string]batch.State{}
	p.progress = widgets.NewProgress(widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { stop() }))
	p.progress.Set(p.t(stepOf(as)), 0, "") // the first file may take its time
	p.refresh()
	began := time.Now()
	p.host.Do(p.life, func(context.Context) error {
		return do(ctx, func(n, total int, o batch.Outcome) {
			p.host.Post(func() { p.told(as, began, n, total, o) })
		})
	}, func(err error) {
		stop()
		p.fault = err
		if errors.Is(err, context.Canceled) {
			p.fault = nil
		}
		done(err)
		p.refresh()
	})
}

func stepOf(as stage) string {
	if as == sealing {
		return "batch.signing"
	}
	return "batch.checking"
}

// told follows the work: the bar at once, the table now and then.
func (p *Page) told(as stage, began time.Time, n, total int, o batch.Outcome) {
	if p.stage != as {
		return
	}
	p.live[o.Item.Name] = o.State
	left := ""
	if spent := time.Since(began); n > 0 && n < total && spent > 2*time.Second {
		left = p.t("batch.left", "time", (spent * time.Duration(total-n) / time.Duration(n)).Round(time.Second).String())
	}
	p.progress.Set(p.t("batch.step", "step", p.t(stepOf(as)), "done", n, "total", total), float64(n)/float64(max(total, 1)), left)
	if time.Since(p.drawn) > redraw || n == total {
		p.drawn = time.Now()
		p.fill()
	}
}

// refresh shows everything as it is now.
func (p *Page) refresh() {
	p.view = p.batch.View()
	if len(p.view.Rows) == 0 {
		p.stage = choosing
		p.body.Objects = []fyne.CanvasObject{p.empty()}
	} else {
		p.body.Objects = []fyne.CanvasObject{widgets.Page(widgets.Border(p.head, nil, nil, nil, p.list()))}
		p.fill()
	}
	p.head.Objects = p.notices()
	p.side.SetContent(widgets.Pad(16, 16, 16, 16, p.panel()))
	p.foot()
	p.content.Refresh()
}

// empty is the page before there are files.
func (p *Page) empty() fyne.CanvasObject {
	zone := widgets.NewDropZone(p.t("batch.drop"), p.t("batch.drop_note"), p.openFolder).High(220)
	promise := func(icon theme.Icon, what, why string) fyne.CanvasObject {
		return widgets.Border(nil, nil, widgets.Pad(1, 12, 0, 0, widgets.Column(0, widgets.Icon(icon, 20, theme.Primary))), nil,
			widgets.Column(2, widgets.NewParagraph(what, theme.TextBody, theme.Text).Bold(), widgets.NewParagraph(why, theme.TextTable, theme.Text2)))
	}
	return widgets.NewScrollArea(widgets.Page(widgets.Column(16, p.head, zone,
		widgets.Row(10, widgets.NewButton(widgets.Secondary, p.t("batch.add_folder"), p.openFolder).WithIcon(theme.IconFolder),
			widgets.NewButton(widgets.Secondary, p.t("batch.add_file"), p.OpenFile).WithIcon(theme.IconPlus)),
		widgets.Grid(3, 24,
			promise(theme.IconEye, p.t("batch.promise1"), p.t("batch.promise1_why")),
			promise(theme.IconLock, p.t("batch.promise2"), p.t("batch.promise2_why")),
			promise(theme.IconSuccess, p.t("batch.promise3"), p.t("batch.promise3_why"))))))
}

// list is the table of files.
func (p *Page) list() fyne.CanvasObject {
	tools := widgets.Row(8, widgets.NewButton(widgets.Link, p.t("batch.add_folder"), p.openFolder),
		widgets.NewButton(widgets.Link, p.t("batch.add_file"), p.OpenFile))
	if p.busy() {
		tools = widgets.Row(0)
	}
	return widgets.Card(widgets.Border(widgets.CardHead(p.t("batch.files"), p.t("batch.files_count", "count", len(p.view.Rows)), tools), nil, nil, nil, p.table))
}

var tones = map[batch.State]theme.Tone{
	batch.Waiting: theme.Neutral, batch.Ready: theme.Info, batch.Signed: theme.Good, batch.Skipped: theme.Neutral, batch.Failed: theme.Bad,
}

func (p *Page) fill() {
	rows, busy := p.view.Rows, p.busy()
	p.table.Fill(len(rows), func(i int) widgets.TableRow {
		o := rows[i]
		state := o.State
		if now, ok := p.live[o.Item.Name]; busy && ok {
			state = now
		}
		note := p.about(o)
		if o.Err != nil && !busy {
			note = p.host.Words().Problem(o.Err).What
		}
		var actions []widgets.Action
		if o.State == batch.Ready || o.State == batch.Signed {
			actions = append(actions, widgets.Action{Text: p.t("batch.look"), Do: func() { p.look(o.Item.Name) }})
		}
		if !busy && p.stage != sealed && o.State != batch.Signed {
			actions = append(actions, widgets.Action{Text: p.t("batch.remove"), Do: func() {
				p.batch.Remove(o.Item.Name)
				p.refresh()
			}})
		}
		return widgets.TableRow{Cells: []widgets.Cell{{Text: filepath.Base(o.Item.In), Note: note},
			{Chip: p.t("batch.state." + string(state)), Tone: tones[state]}, {Actions: actions}}}
	})
}

// about is the number of a file's pages, the beginning of its digest, and its folder below the one that was added.
func (p *Page) about(o batch.Outcome) string {
	var parts []string
	if o.Pages > 0 {
		parts = append(parts, p.t("batch.pages", "pages", o.Pages))
	}
	if len(o.SourceSHA256) > 8 {
		parts = append(parts, o.SourceSHA256[:8])
	}
	if dir := path.Dir(o.Item.Name); dir != "." {
		parts = append(parts, dir)
	}
	return strings.Join(parts, " · ")
}

func (p *Page) look(name string) { p.host.Open(newLook(p.host, p.batch, name)) }

// notices are the bar of the work, or what came out.
func (p *Page) notices() []fyne.CanvasObject {
	var out []fyne.CanvasObject
	add := func(o fyne.CanvasObject) { out = append(out, widgets.Pad(0, 0, 16, 0, o)) }
	n := p.view.Count
	switch p.stage {
	case checking, sealing:
		add(widgets.PaddedCard(p.progress))
	case sealed:
		tone, key := theme.Good, "batch.done"
		switch {
		case n[batch.Ready] > 0:
			tone, key = theme.Warn, "batch.stopped"
		case n[batch.Failed] > 0:
			tone, key = theme.Warn, "batch.done_some"
		}
		add(widgets.Verdict(tone, p.t(key, "signed", n[batch.Signed], "failed", n[batch.Failed], "left", n[batch.Ready]),
			p.t("batch.done_where", "folder", p.view.Out)))
	}
	if p.fault != nil {
		out = append([]fyne.CanvasObject{widgets.Pad(0, 0, 16, 0, widgets.ErrorPanel(page.ErrorText(p.host.Words().Problem(p.fault))))}, out...)
	}
	return out
}

// panel is the column at the right: the rule, and after a check why files are left out.
func (p *Page) panel() fyne.CanvasObject {
	col := widgets.Column(16)
	if p.stage >= checked && len(p.view.Groups) > 0 {
		col.Add(widgets.NewText(p.t("batch.reasons"), theme.TextBody, theme.Text).Bold())
		for _, g := range p.view.Groups {
			text := widgets.ErrorText{What: p.t("batch.reason", "count", len(g.Names), "what", g.Problem.What), Why: names(p, g.Names), Do: g.Problem.Do}
			if g.State == batch.Failed {
				col.Add(widgets.WarnPanel(text))
			} else {
				col.Add(widgets.InfoPanel(text))
			}
		}
		col.Add(widgets.HLine())
	}
	col.Add(p.rule.content(p.stage != choosing, func() {
		p.stage = choosing
		p.batch.SetRule(p.view.Rule)
		p.refresh()
	}))
	return col
}

// mostNames is how many files a reason names.
const mostNames = 3

func names(p *Page, all []string) string {
	text := strings.Join(all[:min(len(all), mostNames)], p.t("found.comma"))
	if len(all) > mostNames {
		text = p.t("batch.and_more", "names", text, "count", len(all))
	}
	return text
}

// foot says what can be done next.
func (p *Page) foot() {
	n := p.view.Count
	p.second.Hide()
	p.third.Hide()
	p.main.SetReason("")
	button := func(b *widgets.Button, text string, do func()) {
		b.Show()
		b.SetText(text)
		b.SetOnPress(do)
	}
	p.note.SetText("")
	check := func() { p.check(p.batch.Check) }
	switch p.stage {
	case choosing:
		button(p.main, p.t("batch.check"), check)
		why := ""
		if len(p.view.Rows) == 0 {
			why = p.t("batch.why_no_files")
		} else if p.rule.Why() != "" {
			why = p.rule.Why()
		}
		p.main.SetReason(why)
		if why == "" {
			p.note.SetText(p.t("batch.check_why"))
		}
	case checking, sealing:
		button(p.main, p.t("batch.seal", "count", n[batch.Ready]), nil)
		p.main.SetReason(p.t("batch.why_busy"))
	case checked:
		button(p.main, p.t("batch.seal", "count", n[batch.Ready]), func() { p.askPIN("") })
		if n[batch.Ready] == 0 {
			p.main.SetReason(p.t("batch.why_none_ready"))
		}
		button(p.second, p.t("batch.check_again"), check)
		p.note.SetText(p.t("batch.ready", "ready", n[batch.Ready], "left", n[batch.Failed]+n[batch.Skipped], "earlier", n[batch.Signed]))
	case sealed:
		p.note.SetText(p.t("batch.records", "file", desk.BatchSummary))
		switch {
		case n[batch.Ready] > 0:
			button(p.main, p.t("batch.go_on", "count", n[batch.Ready]), func() { p.askPIN("") })
			button(p.second, p.t("batch.open_folder"), p.openOut)
		case n[batch.Failed] > 0:
			button(p.main, p.t("batch.open_folder"), p.openOut)
			button(p.second, p.t("batch.retry", "count", n[batch.Failed]), func() { p.check(p.batch.CheckAgain) })
			button(p.third, p.t("batch.another"), p.another)
		default:
			button(p.main, p.t("batch.open_folder"), p.openOut)
			button(p.second, p.t("batch.another"), p.another)
		}
	}
}

// another begins with no files.
func (p *Page) another() {
	p.batch, p.stage, p.fault = p.host.Session().NewBatch(), choosing, nil
	p.refresh()
	p.offer() // of what was left undone
}

// openOut shows the signed files in the system's file manager.
func (p *Page) openOut() {
	if err := fyne.CurrentApp().OpenURL(&url.URL{Scheme: "file", Path: filepath.ToSlash(p.view.Out)}); err != nil {
		p.host.Toast(theme.Warn, p.t("batch.folder_is", "folder", p.view.Out))
	}
}
