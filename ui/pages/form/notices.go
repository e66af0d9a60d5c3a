package form

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/term"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// timeForm is how times are written in histories.
const timeForm = "2006-01-02 15:04:05"

// coded gives the sentences of a code that was kept without its error.
type coded string

func (c coded) Error() string { return string(c) }
func (c coded) Code() string  { return string(c) }

// drawNotices says what the person should know before reading the form: the most urgent first.
func (p *Page) drawNotices() {
	v := p.view
	link := p.host.Session().Link(p.life)
	if !p.notices.fresh(v.State, v.Waiting, v.Verdict, v.Starter, v.Filing.Sealed, v.Received, p.unlocked, v.SubmittedAt, v.ViewedAt, v.ConcludedAt, v.Published, v.Filed, v.OurSeal, v.Warnings, v.Terminated, link.Online, v.Deadlines) {
		return
	}
	var out []fyne.CanvasObject
	add := func(o fyne.CanvasObject) { out = append(out, o) }
	if e, ok := p.failed(); ok {
		problem := p.host.Words().Problem(coded(e.LastCode))
		what := p.t("form.refused_by_platform", "title", e.Title)
		if e.FailedHere() {
			what = p.t("form.failed_here", "title", e.Title)
		}
		add(widgets.ErrorPanel(widgets.ErrorText{What: what, Why: problem.What, Do: problem.Do, Code: e.LastCode},
			widgets.NewButton(widgets.Secondary, p.t("form.to_outbox"), func() { p.host.Home("outbox") })))
	} else if n := len(v.Waiting); n > 0 {
		add(widgets.InfoPanel(widgets.ErrorText{What: p.t("form.pending"), Do: p.pendingDo(link.Online)}))
	} else if !link.Online {
		add(widgets.WarnPanel(widgets.ErrorText{What: p.t("form.offline", "since", link.Since.Format("15:04")), Do: p.t("form.offline_do")}))
	}
	if opinion, ours := v.Refusal(); opinion != "" {
		what, do := p.t("form.refusal"), p.t("form.refusal_do")
		if ours {
			what = p.t("form.refusal_ours")
		}
		if !v.Starter {
			do = p.t("form.refusal_do_other")
		}
		var ways []*widgets.Button
		if p.editableState() {
			ways = append(ways, widgets.NewButton(widgets.Secondary, p.t("form.refusal_replace"), func() { p.unlock(p.files.chooseFiling) }))
		}
		add(widgets.WarnPanel(widgets.ErrorText{What: what, Why: p.t("form.refusal_why", "opinion", opinion), Do: do}, ways...))
	}
	if o := p.standing(); o != nil {
		add(o)
	}
	if o := p.versions(); o != nil {
		add(o)
	}
	for _, d := range v.Deadlines {
		if w := term.Warning(p.host.Words(), d); w != nil && (d.Kind == platformapi.DeadlineSign || v.Role == platformapi.RolePurchaser) {
			add(w)
		}
	}
	for _, w := range v.Warnings {
		if w == platformapi.WarningSupplementOver {
			add(widgets.WarnPanel(widgets.ErrorText{What: p.t("form.warn_supplement_over"), Do: p.t("form.warn_supplement_over_do")}))
		}
	}
	if v.Parent != "" {
		add(widgets.InfoPanel(widgets.ErrorText{What: p.t("form.later_of", "kind", p.t("form.kind_"+string(v.Kind)))},
			widgets.NewButton(widgets.Secondary, p.t("form.later_parent"), func() { Open(p.ctx, p.host, v.Parent) })))
	}
	if !v.Terminated.IsZero() {
		add(widgets.WarnPanel(widgets.ErrorText{What: p.t("form.terminated", "time", p.host.Words().Beijing(v.Terminated, timeForm))}))
	}
	if p.editableState() && v.Filing.Sealed != nil && !p.unlocked {
		add(widgets.InfoPanel(widgets.ErrorText{What: p.t("form.sealed"), Do: p.t("form.sealed_do")},
			widgets.NewButton(widgets.Secondary, p.t("form.unlock"), func() { p.unlock(func() {}) })))
	}
	p.notices.put(out...)
}

func (p *Page) pendingDo(online bool) string {
	if online {
		return p.t("form.pending_do")
	}
	return p.t("form.pending_offline_do")
}

// standing says where a contract is that was sent: with whom it lies, and for who has to decide the verdict on the other
// side's seal.
func (p *Page) standing() fyne.CanvasObject {
	v := p.view
	switch v.State {
	case platformapi.StateAgreed:
		return widgets.InfoPanel(widgets.ErrorText{What: p.t("form.both_agreed"), Do: p.t("form.both_agreed_do")})
	case platformapi.StateHalfSealed:
		if v.OurSeal {
			return widgets.InfoPanel(widgets.ErrorText{What: p.t("form.our_seal"), Do: p.t("form.our_seal_do")})
		}
		return p.verdict("form.verdict_theirs")
	case platformapi.StateAwaiting, platformapi.StateCountersigned:
		if !v.Starter && v.ReviewFirst {
			return widgets.InfoPanel(widgets.ErrorText{What: p.t("form.review_received"), Do: p.t("form.review_received_do")})
		}
		if !v.Starter {
			return p.verdict("form.verdict_theirs")
		}
		sent := "form.submitted"
		if v.ReviewFirst {
			sent = "form.review_pushed"
		}
		what := p.t(sent, "time", p.host.Words().Beijing(v.SubmittedAt, timeForm))
		do := p.t("form.not_viewed")
		if !v.ViewedAt.IsZero() {
			do = p.t("form.viewed", "time", p.host.Words().Beijing(v.ViewedAt, timeForm))
		}
		return widgets.InfoPanel(widgets.ErrorText{What: what, Do: do})
	case platformapi.StateConcluded:
		return p.verdict("form.verdict_final")
	case platformapi.StateVoid:
		return widgets.WarnPanel(widgets.ErrorText{What: p.t("form.void")})
	}
	return nil
}

// verdict is the one sentence about the sealed file, with who sealed it and when.
func (p *Page) verdict(lead string) fyne.CanvasObject {
	r := p.view.Verdict
	if r == nil {
		return nil
	}
	said := r.Sentence()
	sentence, _ := p.host.Words().Sentence(said.Code, said.Params)
	var lines []string
	for _, s := range r.Signatures {
		when := ""
		if s.SignedAt != nil {
			when = p.host.Words().Beijing(*s.SignedAt, timeForm)
		}
		lines = append(lines, p.t("form.signature", "signer", s.Signer, "time", when, "algorithm", s.Algorithm))
	}
	if v := p.view; v.State == platformapi.StateConcluded {
		lines = append(lines, p.t("form.concluded", "time", p.host.Words().Beijing(v.ConcludedAt, timeForm)))
		if v.Published != nil {
			lines = append(lines, p.t("form.published", "time", p.host.Words().Beijing(v.Published.PublishedAt, timeForm), "person", v.Published.Person))
		}
		if v.Filed != nil {
			lines = append(lines, p.t("form.filed_line", "day", v.Filed.FiledOn, "number", v.Filed.Number))
		}
	}
	return widgets.Verdict(verdictTone(r.Verdict), p.t(lead)+sentence, strings.Join(lines, "\n"))
}

func verdictTone(v verify.Verdict) theme.Tone {
	switch v {
	case verify.Valid:
		return theme.Good
	case verify.Untrusted:
		return theme.Warn
	case verify.Invalid:
		return theme.Bad
	}
	return theme.Neutral
}

// drawProject shows 01 项目信息, which is the award's and nobody's to change.
func (p *Page) drawProject() {
	l := p.view.Lot
	if !p.project.fresh(l) {
		return
	}
	field := func(key, value string) fyne.CanvasObject {
		return widgets.NewField(p.t(key), false, widgets.NewReadOnly(value), "")
	}
	lot := l.Number
	if l.Name != "" {
		lot += "　" + l.Name
	}
	p.project.put(widgets.Section("01", p.t("form.project"), p.t("form.project_sub"), widgets.Form(2,
		field("form.project_name", l.ProjectName), field("form.project_number", l.ProjectNumber),
		field("form.lot", lot), field("form.method", p.t("method."+string(l.Method))),
		field("form.purchaser", l.Purchaser.Name), field("form.supplier", l.Supplier.Name),
		field("form.award", p.yuan(l.AwardFen)), field("form.traded", day(l.TradedAt)),
	)))
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(words.Zone).Format(time.DateOnly)
}

// drawHistory shows 04 处理历史, the newest first.
func (p *Page) drawHistory() {
	rows := p.view.History
	if !p.history.fresh(rows) {
		return
	}
	var body fyne.CanvasObject = widgets.Pad(4, 0, 14, 0, widgets.Quiet(p.t("form.no_history")))
	if len(rows) > 0 {
		body = p.historyRows(rows)
	}
	p.history.put(widgets.Section("04", p.t("form.history"), p.host.Words().Zoned(p.t("form.history_sub"), time.Now()), body))
}

func (p *Page) historyRows(rows []platformapi.HistoryRow) fyne.CanvasObject {
	line := func(c historyCells) fyne.CanvasObject {
		return widgets.Row(theme.TableGap, widgets.Fixed(92, 0, c.step), widgets.Fixed(196, 0, c.who),
			widgets.Fixed(132, 0, c.received), widgets.Fixed(132, 0, c.handled), widgets.Grow(c.opinion))
	}
	head := func(key string) *widgets.Text {
		return widgets.NewText(p.t(key), theme.TextTable, theme.Text2).Bold().Clip()
	}
	col := widgets.Column(0, widgets.Fixed(0, 34, line(historyCells{head("form.col_step"), head("form.col_person"),
		head("form.col_received"), head("form.col_handled"), head("form.col_opinion")})), widgets.HLine())
	for i := len(rows) - 1; i >= 0; i-- {
		r := rows[i]
		received := ""
		if !r.ReceivedAt.IsZero() {
			received = r.ReceivedAt.In(words.Zone).Format(timeForm)
		}
		ink := theme.Text
		if r.Step == platformapi.HistoryRefuse {
			ink = theme.Red
		}
		quiet := func(s string) fyne.CanvasObject {
			return widgets.NewText(s, theme.TextCaption, theme.Text2).Clip()
		}
		col.Add(widgets.Pad(9, 0, 9, 0, line(historyCells{
			widgets.NewText(p.t("history."+string(r.Step)), theme.TextTable, ink).Clip(),
			widgets.Column(0, widgets.NewText(r.Person, theme.TextTable, theme.Text).Clip(), quiet(r.Organisation.Name)),
			quiet(received), quiet(r.HandledAt.In(words.Zone).Format(timeForm)),
			widgets.NewParagraph(r.Opinion, theme.TextTable, theme.Text),
		})))
		if i > 0 {
			col.Add(widgets.HLine())
		}
	}
	return widgets.Pad(0, 0, 8, 0, col)
}

type historyCells struct{ step, who, received, handled, opinion fyne.CanvasObject }

// nameOf is a field's name as it stands on the page.
func (p *Page) nameOf(f desk.Field) string {
	if f == desk.FieldSeal && p.view.Filing.Stage() == desk.StageCleaned {
		return p.t("form.seal")
	}
	return p.t("form.field_" + string(f))
}
