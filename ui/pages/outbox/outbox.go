package outbox

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Nav is the page's item of the sidebar.
const Nav = "outbox"

const timeForm = "2006-01-02 15:04:05"

// The tabs.
const (
	tabWaiting = iota
	tabDone
)

// A Page is the outbox of the party at work.
type Page struct {
	host    page.Host
	ctx     context.Context
	waiting []outbox.Entry
	done    []outbox.Entry

	tabs    *widgets.Tabs
	tables  [2]*widgets.Table
	body    *fyne.Container
	link    *fyne.Container
	content fyne.CanvasObject
}

// New makes the page.
func New(host page.Host) *Page {
	p := &Page{host: host, ctx: context.Background()}
	p.tabs = widgets.NewTabs(p.t("outbox.waiting"), p.t("outbox.done"))
	p.tabs.OnChanged = func(int) { p.draw() }
	p.tables[tabWaiting] = widgets.NewTable(
		widgets.TableColumn{Title: p.t("outbox.col_what"), Min: 176},
		widgets.TableColumn{Title: host.Words().Zoned(p.t("outbox.col_since"), time.Now()), Width: 134, Quiet: true},
		widgets.TableColumn{Title: host.Words().Zoned(p.t("outbox.col_next"), time.Now()), Width: 134, Quiet: true},
		widgets.TableColumn{Title: p.t("outbox.col_state"), Width: 92},
		widgets.TableColumn{Title: p.t("outbox.col_actions"), Width: 116},
	).High(62)
	p.tables[tabDone] = widgets.NewTable(
		widgets.TableColumn{Title: p.t("outbox.col_what"), Min: 240},
		widgets.TableColumn{Title: p.t("outbox.col_number"), Width: 168},
		widgets.TableColumn{Title: host.Words().Zoned(p.t("outbox.col_at"), time.Now()), Width: 138, Quiet: true},
		widgets.TableColumn{Title: p.t("outbox.col_digest"), Width: 84, Quiet: true, Spare: true},
		widgets.TableColumn{Title: p.t("outbox.col_actions"), Width: 72},
	)
	p.body = widgets.Stack(p.tables[tabWaiting])
	p.link = widgets.Column(0)
	p.content = widgets.Page(widgets.Border(p.link, nil, nil, nil, widgets.Card(
		widgets.Border(widgets.Pad(8, 20, 0, 20, p.tabs), nil, nil, nil, p.body))))
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return Nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("nav.outbox") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page; it goes on reading whenever something in the outbox changed.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	for _, t := range p.tables {
		t.Faces().Loading()
	}
	p.read()
	page.Follow(ctx, p.host, p.host.Session().OutboxChanges(ctx), func(struct{}) { p.read() })
}

func (p *Page) read() {
	var entries []outbox.Entry
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		entries, err = p.host.Session().Outbox(ctx)
		return err
	}, func(err error) {
		if err != nil {
			for _, t := range p.tables {
				page.Failed(p.host, t.Faces(), err, p.read)
			}
			return
		}
		p.waiting, p.done = nil, nil
		for _, e := range entries {
			if e.State == outbox.Done {
				p.done = append(p.done, e)
			} else {
				p.waiting = append(p.waiting, e)
			}
		}
		p.draw()
	})
}

func (p *Page) draw() {
	p.tabs.SetLabel(tabWaiting, p.t("outbox.waiting_n", "count", len(p.waiting)))
	p.tabs.SetLabel(tabDone, p.t("outbox.done_n", "count", len(p.done)))
	p.fill(tabWaiting, p.waiting, p.waitingRow, "outbox.none_waiting")
	p.fill(tabDone, p.done, p.doneRow, "outbox.none_done")
	p.drawLink()
	p.body.Objects = []fyne.CanvasObject{p.tables[p.tabs.Chosen()]}
	p.body.Refresh()
}

func (p *Page) fill(tab int, entries []outbox.Entry, row func(outbox.Entry) widgets.TableRow, none string) {
	p.tables[tab].FillOr(p.t(none), len(entries), func(i int) widgets.TableRow { return row(entries[i]) })
}

// drawLink says that the platform cannot be reached, if so: then nothing is wrong with the entries themselves.
func (p *Page) drawLink() {
	p.link.Objects = nil
	if l := p.host.Session().Link(p.ctx); !l.Online {
		p.link.Add(widgets.Pad(0, 0, theme.CardGap, 0, widgets.WarnPanel(widgets.ErrorText{
			What: p.t("outbox.offline", "since", l.Since.Format("15:04")), Why: l.Problem.What, Do: p.t("outbox.offline_do")})))
	}
	if p.host.Desk().KeyPlace() == vault.InFile {
		p.link.Add(widgets.Pad(0, 0, theme.CardGap, 0, widgets.NewParagraph(p.t("outbox.key_in_file"), theme.TextCaption, theme.Text3)))
	}
	p.link.Refresh()
	p.content.Refresh()
}

// coded gives the sentences of a code that was kept without its error.
type coded string

func (c coded) Error() string { return string(c) }
func (c coded) Code() string  { return string(c) }

func (p *Page) waitingRow(e outbox.Entry) widgets.TableRow {
	why := ""
	if e.LastCode != "" {
		why = p.host.Words().Problem(coded(e.LastCode)).String()
	} else if e.State == outbox.Waiting {
		why = p.t("outbox.in_turn")
	}
	chip, tone := p.t("outbox.state_waiting"), theme.Warn
	next := p.t("outbox.after_previous")
	switch {
	case e.State == outbox.Sending:
		chip, tone, next = p.t("outbox.state_sending"), theme.Info, p.t("outbox.now")
	case e.State == outbox.Failed:
		chip, tone, next = p.t("outbox.state_failed"), theme.Bad, p.t("outbox.not_by_itself")
		if e.FailedHere() {
			chip = p.t("outbox.state_failed_here")
		}
	case !e.NextTry.IsZero():
		next = e.NextTry.In(words.Zone).Format(timeForm)
	}
	retry := widgets.Action{Text: p.t("outbox.retry"), Do: func() { p.do(func(ctx context.Context) error { return p.host.Session().Retry(ctx, e.ID) }) }}
	if e.State == outbox.Sending {
		retry.Why = p.t("outbox.now")
	}
	back := widgets.Action{Text: p.t("outbox.take_back"), Do: func() { p.takeBack(e) }}
	if e.Damaged() && e.State == outbox.Failed {
		retry.Why, back.Text = p.t("outbox.not_retriable"), p.t("outbox.discard")
	}
	if !e.Withdrawable {
		back.Why = p.t("outbox.not_withdrawable")
	}
	return widgets.TableRow{Cells: []widgets.Cell{
		{Text: e.Title, Note: why}, {Text: e.CreatedAt.In(words.Zone).Format(timeForm), Note: p.t("outbox.attempts", "count", e.Attempts)},
		{Text: next}, {Chip: chip, Tone: tone}, {Actions: []widgets.Action{retry, back}},
	}, Open: func() { p.entry(e, why) }}
}

func (p *Page) takeBack(e outbox.Entry) {
	title, body, confirm := p.t("outbox.take_back_title"), p.t("outbox.take_back_body", "title", e.Title), p.t("outbox.take_back_confirm")
	if e.Damaged() {
		title, body, confirm = p.t("outbox.discard_title"), p.t("outbox.discard_body", "title", e.Title), p.t("outbox.discard_confirm")
	}
	p.host.Ask(title, body, true, confirm, func() {
		p.do(func(ctx context.Context) error { return p.host.Session().TakeBack(ctx, e.ID) })
	})
}

func (p *Page) do(work func(context.Context) error) {
	p.host.Do(p.ctx, work, func(err error) {
		if err != nil {
			p.host.Tell(err)
		}
		p.read()
	})
}

func (p *Page) doneRow(e outbox.Entry) widgets.TableRow {
	number, at := "", e.DoneAt
	if e.Receipt != nil {
		number, at = e.Receipt.Number, e.Receipt.At
	}
	open, note := func() { p.receipt(e) }, ""
	receipt := widgets.Action{Text: p.t("outbox.receipt"), Do: open}
	if e.Receipt == nil {
		note = p.t("outbox.receipt_lost")
		receipt.Why, open = note, func() { p.entry(e, note) }
	}
	return widgets.TableRow{Cells: []widgets.Cell{
		{Text: e.Title, Note: note}, {Text: number}, {Text: at.In(words.Zone).Format(timeForm)}, {Text: e.SHA256[:min(8, len(e.SHA256))]},
		{Actions: []widgets.Action{receipt}},
	}, Open: open}
}

// entry shows all of what waits, with the reason that the row may have had to cut.
func (p *Page) entry(e outbox.Entry, why string) {
	facts := []widgets.Fact{
		{Name: p.t("outbox.col_since"), Value: p.host.Words().Beijing(e.CreatedAt, timeForm)},
		{Name: p.t("outbox.tries"), Value: p.t("outbox.attempts", "count", e.Attempts)},
	}
	if e.SHA256 != "" {
		facts = append(facts, widgets.Fact{Name: p.t("outbox.digest"), Value: e.SHA256})
	}
	body := widgets.Column(12, widgets.NewParagraph(e.Title, theme.TextBody, theme.Text).Bold(), widgets.Facts(facts...))
	if e.LastCode != "" && e.State != outbox.Done {
		body.Add(widgets.WarnPanel(page.ErrorText(p.host.Words().Problem(coded(e.LastCode)))))
	} else if why != "" {
		body.Add(widgets.NewParagraph(why, theme.TextTable, theme.Text2))
	}
	p.tell(p.t("outbox.entry"), body, nil)
}

// proofTones are the colours of what a receipt's signature is worth.
var proofTones = map[desk.ReceiptProof]theme.Tone{
	desk.ReceiptValid: theme.Good, desk.ReceiptUntrusted: theme.Warn, desk.ReceiptBroken: theme.Bad, desk.ReceiptUnsigned: theme.Warn,
}

// receipt shows what the platform gave in writing: number, time, the digest of the file, and what its signature is worth.
func (p *Page) receipt(e outbox.Entry) {
	r, ok := p.host.Session().Receipt(e)
	if !ok {
		return
	}
	facts := []widgets.Fact{
		{Name: p.t("outbox.col_number"), Value: r.Number},
		{Name: p.t("outbox.col_at"), Value: p.host.Words().Beijing(r.At, timeForm)},
		{Name: p.t("outbox.platform"), Value: p.host.Desk().PlatformName()},
		{Name: p.t("outbox.contract"), Value: r.ContractID},
		{Name: p.t("outbox.took"), Value: took(e.DoneAt.Sub(e.CreatedAt))},
	}
	if r.SHA256 != "" {
		facts = append(facts, widgets.Fact{Name: p.t("outbox.digest"), Value: r.SHA256})
	}
	if r.Signer != "" {
		facts = append(facts, widgets.Fact{Name: p.t("outbox.receipt_signer"),
			Value: p.t("receipt.signer_until", "name", r.Signer, "until", r.Ends.Local().Format(time.DateOnly))})
	}
	print := widgets.NewButton(widgets.Secondary, p.t("outbox.save_receipt"), func() { p.saveReceipt(r) }).WithIcon(theme.IconDownload)
	p.tell(p.t("outbox.receipt_title"), widgets.Column(12, widgets.NewParagraph(e.Title, theme.TextBody, theme.Text).Bold(),
		widgets.Facts(facts...), widgets.Verdict(proofTones[r.Proof], p.t("receipt.proof_"+string(r.Proof)), ""),
		widgets.NewParagraph(p.t("outbox.receipt_note"), theme.TextCaption, theme.Text3)), print)
}

// saveReceipt writes a receipt as a PDF, to be printed.
func (p *Page) saveReceipt(r desk.Receipt) {
	p.host.SaveFile(p.t("outbox.receipt_file", "number", r.Number), func(to string) {
		p.host.Do(p.ctx, func(context.Context) error { return p.host.Session().SaveReceipt(r, to) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Toast(theme.Good, p.t("outbox.receipt_saved"))
		})
	})
}

func took(d time.Duration) string { return max(d, 0).Round(100 * time.Millisecond).String() }

// tell shows a dialog. other, if given, is what else can be done.
func (p *Page) tell(title string, body fyne.CanvasObject, other *widgets.Button) {
	var d *widgets.Dialog
	ok := widgets.NewButton(widgets.Primary, p.t("button.ok"), func() { d.Close() })
	d = widgets.NewDialog(title, body, other, ok).Wide(640)
	p.host.Dialog(d)
}
