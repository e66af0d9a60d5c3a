package hall

import (
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/hall"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// The tabs of the board.
const (
	tabBidders = iota
	tabPrices
	tabObjections
)

// A board is the bidders as rows: how far each is, what was read out, what they object to.
type board struct {
	page    *Room
	tabs    *widgets.Tabs
	bidders *widgets.Table
	prices  *widgets.Table
	columns string // of prices, as they are drawn
	objects *widgets.Table
	done    *widgets.Text
	bar     *widgets.Bar
	body    *fyne.Container
	card    *fyne.Container
	step    hall.Step
	drawn   bool
}

func newBoard(p *Room) *board {
	l := p.look
	wide := func(w float32) float32 { return w * l.table / theme.TextTable }
	b := &board{page: p, tabs: widgets.NewTabs(p.t("hall.tab_bidders"), p.t("hall.tab_prices"), p.t("hall.tab_objections")).Sized(l.tab), bar: widgets.NewBar(),
		done: widgets.NewText("", l.text, theme.Text2)}
	b.bidders = widgets.NewTable(
		widgets.TableColumn{Title: p.t("hall.col_number"), Width: wide(34), Quiet: true, Spare: true},
		widgets.TableColumn{Title: p.t("hall.col_bidder"), Min: l.who},
		widgets.TableColumn{Title: p.t("hall.col_signed_in"), Width: wide(84)},
		widgets.TableColumn{Title: p.t("hall.col_decryption"), Min: wide(80)},
		widgets.TableColumn{Title: "", Width: 120},
	).Sized(l.table, l.row)
	b.objects = widgets.NewTable(
		widgets.TableColumn{Title: p.t("hall.col_bidder"), Min: wide(120)},
		widgets.TableColumn{Title: p.t("hall.col_objection"), Min: wide(130)},
		widgets.TableColumn{Title: p.t("hall.col_answer"), Min: wide(100)},
		widgets.TableColumn{Title: "", Width: wide(44)},
	).Sized(l.table, l.row)
	b.body = widgets.Stack(b.bidders)
	b.tabs.OnChanged = func(int) { b.show() }
	head := widgets.Pad(8, theme.CardPad, 0, theme.CardPad, widgets.Row(12, b.tabs, widgets.Grow(b.done.Clip().Align(fyne.TextAlignTrailing)), widgets.Fixed(l.row, 0, b.bar)))
	b.card = widgets.Card(widgets.Border(head, nil, nil, nil, b.body))
	b.bidders.Faces().Loading()
	return b
}

// draw shows the page's view. Once the opening comes to another step, its own tab comes to the front.
func (b *board) draw() {
	v := b.page.view
	if !v.Known {
		return
	}
	if b.step != v.Step() || !b.drawn {
		b.step, b.drawn = v.Step(), true
		tab := tabBidders
		if v.Step() >= hall.StepReadOut && v.Tender.State != platformapi.TenderFailed {
			tab = tabPrices
		}
		b.tabs.Choose(tab)
	}
	b.drawBidders(v)
	b.drawPrices(v)
	b.drawObjections(v)
	b.show()
}

func (b *board) show() {
	shown := [...]*widgets.Table{tabBidders: b.bidders, tabPrices: b.prices, tabObjections: b.objects}[b.tabs.Chosen()]
	if shown == nil {
		shown = b.bidders
	}
	b.body.Objects = []fyne.CanvasObject{shown}
	b.body.Refresh()
}

func (b *board) drawBidders(v hall.View) {
	p, t := b.page, v.Tally()
	b.bar.Show()
	switch {
	case v.Step() == hall.StepSignIn: // who bids is told to nobody yet
		b.done.SetText("")
		b.bar.Hide()
	case v.Step() == hall.StepAnnounced:
		b.done.SetText(p.t("hall.signed_in_of", "done", t.SignedIn, "all", t.All))
		b.bar.Set(part(t.SignedIn, t.All))
	case t.Failed > 0:
		b.done.SetText(p.t("hall.decrypted_failed_of", "done", t.Settled(), "all", t.All, "failed", t.Failed))
		b.bar.Set(part(t.Settled(), t.All))
	default:
		b.done.SetText(p.t("hall.decrypted_of", "done", t.Settled(), "all", t.All))
		b.bar.Set(part(t.Settled(), t.All))
	}
	tone := theme.Info
	if t.All > 0 && t.Settled() == t.All {
		tone = theme.Good
	}
	b.bar.SetTone(tone)
	none := "hall.not_announced"
	if v.Step() > hall.StepSignIn {
		none = "hall.no_bidders"
	}
	b.bidders.FillOr(p.t(none), len(v.Bids), func(i int) widgets.TableRow { return p.bidderRow(i) })
}

func part(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func (p *Room) bidderRow(i int) widgets.TableRow {
	b := p.view.Bids[i]
	name := widgets.Cell{Text: b.Bidder.Name, Strong: b.ID == p.view.Tender.MyBidID}
	if p.view.Tender.MyRole == platformapi.TenderSupervisor || p.view.Tender.MyRole == platformapi.TenderHost {
		name.Note = b.Receipt
	}
	in := widgets.Cell{Chip: p.t("hall.absent"), Tone: theme.Neutral}
	if !b.SignedInAt.IsZero() {
		in = widgets.Cell{Chip: p.t("hall.present_" + string(b.SignedInPlace)), Tone: theme.Good, Note: b.SignedInAt.In(words.Zone).Format("15:04:05")}
	}
	word, tone, note := p.stateOf(b)
	if hall.Pending(b) && b.Liable != "" {
		note = p.t("hall.liable_" + string(b.Liable))
	}
	return widgets.TableRow{Cells: []widgets.Cell{
		{Text: strconv.Itoa(i + 1)}, name, in, {Chip: word, Tone: tone, Note: note}, {Actions: p.rowActions(b)},
	}, Open: func() { p.showBid(b) }}
}

// stateOf is how far a bid's decryption is, in a word, with what there is to say of it.
func (p *Room) stateOf(b platformapi.Bid) (word string, tone theme.Tone, note string) {
	switch b.State {
	case platformapi.BidDecrypted:
		return p.t("hall.bid_decrypted"), theme.Good, b.DecryptedAt.In(words.Zone).Format("15:04:05")
	case platformapi.BidFailed:
		note := ""
		if b.Failure != nil {
			note = p.t("hall.cause_" + string(b.Failure.Cause))
		}
		return p.t("hall.bid_failed"), theme.Bad, note
	case platformapi.BidAttributed:
		return p.t("hall.liable_" + string(b.Liable)), theme.Bad, lastAttribution(b).Reason
	case platformapi.BidDecrypting:
		if !b.PackageFetchedAt.IsZero() {
			return p.t("hall.bid_decrypting"), theme.Warn, ""
		}
		return p.t("hall.bid_waits"), theme.Neutral, ""
	}
	if p.view.Step() >= hall.StepDecryption {
		return p.t("hall.bid_waits"), theme.Neutral, ""
	}
	return p.t("hall.bid_locked"), theme.Neutral, ""
}

func lastAttribution(b platformapi.Bid) platformapi.Attribution {
	if len(b.Attributions) == 0 {
		return platformapi.Attribution{}
	}
	return b.Attributions[len(b.Attributions)-1]
}

// rowActions are what may be done to a bid now, at most two: a row has no room for more.
func (p *Room) rowActions(b platformapi.Bid) []widgets.Action {
	var all []widgets.Action
	add := func(key string, do func()) { all = append(all, widgets.Action{Text: p.t(key), Do: do}) }
	v := p.view
	switch v.Tender.MyRole {
	case platformapi.TenderHost:
		if v.May(platformapi.MoveAttribute) && (b.Liable == platformapi.LiableUndecided || b.Liable == platformapi.LiableBidder) {
			add("hall.attribute", func() { p.attribute(b) })
		}
		if v.May(platformapi.MoveSecondTry) && hall.Pending(b) && (b.State == platformapi.BidFailed || b.Liable != "") {
			add("hall.second_try", func() { p.secondTry(b) })
		}
	case platformapi.TenderHall:
		switch {
		case b.SignedInAt.IsZero() && v.Step() <= hall.StepDecryption:
			add("hall.sign_in", func() { p.signInFor(b, "") })
		case v.Takes(b) == nil && p.stand.HasPhone():
			add("hall.scan", func() { p.scan(b.ID) })
		}
	case platformapi.TenderBidder:
		if b.ID != v.Tender.MyBidID {
			break
		}
		switch {
		case b.SignedInAt.IsZero() && v.Step() <= hall.StepDecryption:
			add("hall.sign_in", func() { p.signIn(b) })
		case v.Takes(b) == nil && p.stand.HasPhone():
			add("hall.scan", func() { p.scan(b.ID) })
		}
	}
	if p.mayRestore(b) {
		add("hall.backup", func() { p.backup(b) })
	}
	return all[:min(len(all), 2)]
}

// mayRestore tells that a backup of one's own may take the damaged file's place (备份文件补救).
func (p *Room) mayRestore(b platformapi.Bid) bool {
	v := p.view
	return b.ID == v.Tender.MyBidID && b.ID != "" && v.Step() == hall.StepDecryption && v.Tender.Remedy == platformapi.RemedyBackupFile && b.State == platformapi.BidFailed && b.Failure != nil &&
		(b.Failure.Cause == platformapi.CauseFileDamaged || b.Failure.Cause == platformapi.CauseOuterClosed)
}

// drawPrices shows what was read out (唱标): the fields of the tender as columns.
func (b *board) drawPrices(v hall.View) {
	p := b.page
	fields := v.Tender.ReadOut
	recorded := v.Tender.Opening != nil && v.Tender.Opening.RecordSHA256 != "" // there is something to sign
	named := strings.Join(fields, "\n") + strconv.FormatBool(recorded)
	if b.prices == nil || b.columns != named {
		wide := p.look.table / theme.TextTable
		columns := []widgets.TableColumn{{Title: p.t("hall.col_number"), Width: 34 * wide, Quiet: true, Spare: true}, {Title: p.t("hall.col_bidder"), Min: 136 * wide}}
		for i, f := range fields {
			least := float32(52)
			if i == 0 {
				least = 156 // the price, with its capitals below it
			}
			columns = append(columns, widgets.TableColumn{Title: f, Min: least * wide, Spare: i > 2})
		}
		if recorded {
			columns = append(columns, widgets.TableColumn{Title: p.t("hall.col_record"), Width: 88 * wide, Spare: true})
		}
		b.prices, b.columns = widgets.NewTable(columns...).Sized(p.look.table, p.look.row), named
	}
	if v.Step() < hall.StepReadOut || v.Tender.State == platformapi.TenderFailed && v.Tender.Opening == nil {
		b.prices.Faces().Empty(p.t("hall.not_read_out"), nil)
		return
	}
	b.prices.Fill(len(v.Bids), func(i int) widgets.TableRow { return p.priceRow(i) })
}

func (p *Room) priceRow(i int) widgets.TableRow {
	b := p.view.Bids[i]
	cells := []widgets.Cell{{Text: strconv.Itoa(i + 1)}, {Text: b.Bidder.Name, Strong: b.ID == p.view.Tender.MyBidID}}
	for n, name := range p.view.Tender.ReadOut {
		cell := widgets.Cell{Text: "—"}
		for _, f := range b.Price {
			if f.Name == name {
				cell = widgets.Cell{Text: desk.ReadOut(f), Note: f.Capitals, Strong: n == 0}
			}
		}
		if b.State == platformapi.BidAttributed && n == 0 {
			word, _, _ := p.stateOf(b)
			cell = widgets.Cell{Text: word, Bad: true}
		}
		cells = append(cells, cell)
	}
	signed := widgets.Cell{}
	switch {
	case !b.RecordSignedAt.IsZero():
		signed = widgets.Cell{Chip: p.t("hall.record_signed"), Tone: theme.Good}
	case p.view.Tender.State == platformapi.TenderSigning && !b.SignedInAt.IsZero():
		signed = widgets.Cell{Chip: p.t("hall.record_unsigned"), Tone: theme.Neutral}
	}
	return widgets.TableRow{Cells: append(cells, signed), Open: func() { p.showBid(b) }}
}

// drawObjections lists what bidders object to, with the host's answers.
func (b *board) drawObjections(v hall.View) {
	p := b.page
	var rows []objection
	for _, bid := range v.Bids {
		for _, o := range bid.Objections {
			rows = append(rows, objection{bid, o})
		}
	}
	b.tabs.SetLabel(tabObjections, p.t("hall.tab_objections"))
	if len(rows) == 0 {
		b.objects.Faces().Empty(p.t("hall.no_objections"), nil)
		return
	}
	b.tabs.SetLabel(tabObjections, p.t("hall.tab_objections_n", "count", len(rows)))
	b.objects.Fill(len(rows), func(i int) widgets.TableRow {
		r := rows[i]
		answer := widgets.Cell{Text: r.Answer, Note: r.AnsweredBy}
		if r.Answer == "" {
			answer = widgets.Cell{Chip: p.t("hall.unanswered"), Tone: theme.Warn}
		}
		var acts []widgets.Action
		if v.Tender.MyRole == platformapi.TenderHost && r.Answer == "" {
			acts = append(acts, widgets.Action{Text: p.t("hall.answer"), Do: func() { p.answer(r) }})
		}
		return widgets.TableRow{Cells: []widgets.Cell{{Text: r.bid.Bidder.Name, Note: r.At.In(words.Zone).Format("15:04:05")}, {Text: r.Text}, answer, {Actions: acts}},
			Open: func() { p.showObjection(r) }}
	})
}

// An objection is one with the bid whose bidder made it.
type objection struct {
	bid platformapi.Bid
	platformapi.Objection
}

// showBid tells all that is known of a bid.
func (p *Room) showBid(b platformapi.Bid) {
	word, _, _ := p.stateOf(b)
	at := func(t time.Time) string {
		if t.IsZero() {
			return "—"
		}
		return t.In(words.Zone).Format("2006-01-02 15:04:05")
	}
	facts := []widgets.Fact{
		{Name: p.t("hall.col_bidder"), Value: b.Bidder.Name + "（" + b.Bidder.USCC + "）"},
		{Name: p.t("hall.bid_received"), Value: at(b.ReceivedAt)},
		{Name: p.t("hall.bid_receipt"), Value: b.Receipt},
		{Name: "SHA-256", Value: b.SHA256},
		{Name: p.t("hall.bid_outer"), Value: at(b.OuterDecryptedAt)},
		{Name: p.t("hall.bid_fetched"), Value: at(b.PackageFetchedAt)},
		{Name: p.t("hall.bid_opened"), Value: at(b.DecryptedAt)},
		{Name: p.t("hall.col_state"), Value: word},
	}
	for _, r := range b.Recipients {
		facts = append(facts, widgets.Fact{Name: p.t("hall.bid_serial"), Value: r.Serial})
	}
	body := widgets.Column(12, widgets.Facts(facts...))
	if err := hall.FailureOf(b); err != nil {
		body.Add(widgets.ErrorPanel(page.ErrorText(p.host.Words().Problem(err))))
	}
	for _, a := range b.Attributions {
		body.Add(widgets.NewParagraph(p.t("hall.attributed", "time", at(a.At), "person", a.Person, "to", p.t("hall.liable_"+string(a.To)), "reason", a.Reason), theme.TextTable, theme.Text2))
	}
	var d *widgets.Dialog
	ok := widgets.NewButton(widgets.Secondary, p.t("button.close"), func() { d.Close() })
	d = widgets.NewDialog(b.Bidder.Name, body, ok, nil).Wide(620)
	p.host.Dialog(d)
}
