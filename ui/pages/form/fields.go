package form

import (
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/amount"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// maxText is how many characters a name or a reason may have.
const maxText = 200

// fields are 02 合同信息: to type into, or to read.
type fields struct {
	p      *Page
	part   *part
	sum    *widgets.AmountField
	name   *widgets.TextField
	no     *widgets.TextField
	why    *widgets.TextField
	term   *widgets.TextField
	date   *widgets.DateField
	ground *widgets.TextField // of a later document
	rows   map[desk.Field]*widgets.Field
	typed  bool // there are controls on the page
	quiet  bool // values are being put in, not typed
}

func newFields(p *Page) *fields { return &fields{p: p, part: newPart()} }

func (f *fields) draw() {
	p := f.p
	editable := p.editable()
	shown := p.view.Fields
	if editable && f.typed {
		shown = f.read() // what stands there was typed here
		if p.kept == p.count {
			shown = p.view.Fields
		}
	}
	if f.typed && editable && shown == f.read() {
		f.hints()
		return
	}
	if !f.part.fresh(editable, shown, p.view.Deadlines) && !editable {
		return
	}
	f.typed = editable
	sub := ""
	for _, d := range p.view.Deadlines {
		if d.Kind == platformapi.DeadlineSign && d.State == platformapi.DeadlineOK {
			sub = p.t("form.sign_by", "due", d.Due, "basis", d.Basis)
		}
	}
	body := f.readable(shown)
	if editable {
		body = f.controls(shown)
	}
	f.part.put(widgets.Section("02", p.t("form.contract"), sub, body))
	f.hints()
}

// readable shows the fields to who cannot change them.
func (f *fields) readable(v platformapi.ContractFields) fyne.CanvasObject {
	p := f.p
	field := func(key, value, hint string) fyne.CanvasObject {
		return widgets.NewField(p.t(key), false, widgets.NewReadOnly(value), hint)
	}
	sum, capitals, term := "", "", ""
	if v.AmountFen > 0 {
		sum, capitals = p.yuan(v.AmountFen), f.capitals(amount.Fen(v.AmountFen))
	}
	if v.TermDays > 0 {
		term = p.t("form.days_value", "days", v.TermDays)
	}
	rows := []fyne.CanvasObject{
		field("form.field_name", v.Name, ""), field("form.number", v.Number, ""),
		field("form.field_amount", sum, capitals), field("form.field_term", term, ""),
		field("form.field_date", v.SignedOn, ""),
	}
	if v.AmountReason != "" {
		rows = append(rows, field("form.field_reason", v.AmountReason, ""))
	}
	if v.Ground != "" {
		rows = append(rows, field("form.field_ground", v.Ground, ""))
	}
	return widgets.Form(2, rows...)
}

func (f *fields) controls(v platformapi.ContractFields) fyne.CanvasObject {
	p := f.p
	f.quiet = true
	defer func() { f.quiet = false }()
	unit := func(key string) fyne.CanvasObject {
		return widgets.Pad(0, 8, 0, 0, widgets.NewText(p.t(key), theme.TextTable, theme.Text3))
	}
	main := f.main()
	changed := func(string) { f.changed() }
	f.name = widgets.NewTextField(p.t("form.name_hint"))
	f.name.SetText(v.Name)
	f.name.OnChanged = changed
	f.no = widgets.NewTextField(p.t("form.number_hint"))
	f.no.SetText(v.Number)
	f.no.OnChanged = changed
	f.sum = widgets.NewAmountField(p.t("form.amount_hint"))
	f.sum.WithTrailing(unit("form.yuan"))
	if v.AmountFen > 0 {
		f.sum.SetAmount(amount.Fen(v.AmountFen))
	}
	f.sum.OnAmount = func(amount.Fen, error) { f.changed() }
	f.why = widgets.NewTextField(p.t("form.reason_hint"))
	f.why.SetText(v.AmountReason)
	f.why.OnChanged = changed
	f.term = widgets.NewTextField(p.t("form.term_hint")).WithTrailing(unit("form.days"))
	if v.TermDays > 0 {
		f.term.SetText(strconv.Itoa(v.TermDays))
	}
	f.term.OnChanged = changed
	f.ground = widgets.NewTextField(p.t("form.ground_hint"))
	f.ground.SetText(v.Ground)
	f.ground.OnChanged = changed
	f.date = widgets.NewDateField(p.t("form.date_hint"), f.calendar(), func() time.Time { return time.Now().In(words.Zone) })
	f.date.SetText(v.SignedOn)
	f.date.OnDate = func(time.Time, bool) { f.changed() }
	f.rows = map[desk.Field]*widgets.Field{
		desk.FieldName:   widgets.NewField(p.t("form.field_name"), true, f.name, ""),
		desk.FieldAmount: widgets.NewField(p.t("form.field_amount"), main || p.view.Kind == platformapi.ContractSupplement, f.sum, ""),
		desk.FieldTerm:   widgets.NewField(p.t("form.field_term"), main, f.term, ""),
		desk.FieldDate:   widgets.NewField(p.t("form.field_date"), true, f.date, ""),
		desk.FieldReason: widgets.NewField(p.t("form.field_reason"), true, f.why, ""),
		desk.FieldGround: widgets.NewField(p.t("form.field_ground"), true, f.ground, ""),
	}
	rows := []fyne.CanvasObject{
		f.rows[desk.FieldName], widgets.NewField(p.t("form.number"), false, f.no, ""),
		f.rows[desk.FieldAmount], f.rows[desk.FieldTerm], f.rows[desk.FieldDate],
	}
	if main {
		return widgets.Form(2, append(rows, f.rows[desk.FieldReason])...)
	}
	return widgets.Form(2, append(rows, f.rows[desk.FieldGround])...)
}

func (f *fields) calendar() widgets.CalendarTexts {
	texts := widgets.CalendarTexts{
		Month: func(t time.Time) string { return f.p.t("calendar.month", "year", t.Year(), "month", int(t.Month())) },
		Today: f.p.t("calendar.today"),
	}
	copy(texts.Weekdays[:], strings.Fields(f.p.t("calendar.weekdays")))
	return texts
}

func (f *fields) changed() {
	if f.quiet {
		return
	}
	f.hints()
	f.p.changed()
	f.p.foot.draw()
}

// read is what stands in the controls.
func (f *fields) read() platformapi.ContractFields {
	if !f.typed {
		return f.p.view.Fields
	}
	v := platformapi.ContractFields{
		Name: bounded(f.name.Text()), Number: bounded(f.no.Text()), SignedOn: strings.TrimSpace(f.date.Text()),
	}
	if !f.main() {
		v.Ground = bounded(f.ground.Text())
	}
	if sum, err := f.sum.Amount(); err == nil {
		v.AmountFen = int64(sum)
	}
	if f.main() && v.AmountFen > 0 && v.AmountFen != f.p.view.Lot.AwardFen {
		v.AmountReason = bounded(f.why.Text())
	}
	if days, ok := f.days(); ok {
		v.TermDays = days
	}
	if d, ok := f.date.Date(); ok {
		v.SignedOn = d.Format(time.DateOnly)
	}
	return v
}

// main tells that it is a contract, and no later document on one.
func (f *fields) main() bool { return f.p.view.Parent == "" }

func bounded(s string) string {
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > maxText {
		s = string(r[:maxText])
	}
	return s
}

// days reads the term; full-width figures of an input method are figures too.
func (f *fields) days() (int, bool) {
	s := strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, strings.TrimSpace(f.term.Text()))
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(s, "天")))
	return n, err == nil && n > 0 && n <= 36500
}

// hints says under each field what it comes to, or what is wrong with it.
func (f *fields) hints() {
	if !f.typed {
		return
	}
	p := f.p
	sum, err := f.sum.Amount()
	row := f.rows[desk.FieldAmount]
	switch {
	case f.sum.Text() == "":
		f.wrong(desk.FieldAmount, "", false, "")
		if f.main() {
			row.SetHint(p.t("form.award_is", "sum", p.yuan(p.view.Lot.AwardFen)))
		}
	case err != nil:
		row.SetError(p.host.Words().Problem(err).What)
	default:
		row.SetError("")
		row.SetHint(f.capitals(sum))
	}
	differs := f.main() && err == nil && sum > 0 && int64(sum) != p.view.Lot.AwardFen
	reason := f.rows[desk.FieldReason]
	if reason.Hidden == differs {
		reason.Hidden = !differs
		f.part.box.Refresh()
	}
	reason.SetHint(p.t("form.award_is", "sum", p.yuan(p.view.Lot.AwardFen)))
	_, ok := f.days()
	f.wrong(desk.FieldTerm, f.term.Text(), !ok, "form.term_wrong")
	_, ok = f.date.Date()
	f.wrong(desk.FieldDate, f.date.Text(), !ok && !f.date.Focused(), "form.date_wrong")
	f.wrong(desk.FieldName, f.name.Text(), false, "")
	f.wrong(desk.FieldReason, f.why.Text(), false, "")
	f.wrong(desk.FieldGround, f.ground.Text(), false, "")
}

// wrong says under a field what is wrong with its text. What a field was asked for stays said until something stands there.
func (f *fields) wrong(name desk.Field, text string, is bool, key string) {
	row := f.rows[name]
	switch text = strings.TrimSpace(text); {
	case text != "" && is:
		row.SetError(f.p.t(key))
	case text != "" || row.Error() != f.required(row):
		row.SetError("")
	}
}

func (f *fields) required(row *widgets.Field) string {
	return f.p.t("form.required", "field", row.Label())
}

func (f *fields) capitals(v amount.Fen) string { return f.p.t("form.capitals", "sum", v.Capitals()) }

// goTo brings a field into sight and gives it the keyboard.
func (f *fields) goTo(name desk.Field) bool {
	row := f.rows[name]
	if !f.typed || row == nil {
		return false
	}
	f.p.scroll.Reveal(row)
	if row.Error() == "" {
		row.SetError(f.required(row))
	}
	row.Focus()
	return true
}

// yuan is a sum with thousands marks and its unit.
func (p *Page) yuan(fen int64) string {
	return p.t("amount.yuan", "sum", amount.Fen(fen).String())
}
