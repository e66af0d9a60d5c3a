package calendar

import (
	_ "embed"
	"encoding/json"
	"slices"
	"time"

	"sealdesk/platformapi"
)

//go:embed terms.json
var terms []byte

// EmbeddedTerms are the terms as the law stood when this was built.
func EmbeddedTerms() platformapi.Terms {
	t, err := ParseTerms(terms)
	if err != nil {
		panic(err) // a test reads it
	}
	return t
}

// maxDays bounds a term, so that counting it ends.
const maxDays = 3650

// ParseTerms reads a table of terms, of the form that GET /v1/terms answers with.
func ParseTerms(data []byte) (platformapi.Terms, error) {
	var t platformapi.Terms
	if err := json.Unmarshal(data, &t); err != nil {
		return t, wrong("%v", err)
	}
	if _, err := time.Parse(time.DateOnly, t.AsOf); err != nil || t.Version == "" {
		return t, wrong("the terms have no version or no day as of which they hold")
	}
	type use struct {
		kind     platformapi.DeadlineKind
		contract platformapi.ContractKind
	}
	seen := map[use]bool{}
	for _, x := range t.Items {
		if !x.Kind.Valid() || !x.Unit.Valid() || x.Days < 1 || x.Days > maxDays || x.Soon < 0 || x.Basis == "" || x.Text == "" || len(x.Contracts) == 0 {
			return t, wrong("term %q: kind, unit, days, basis, text or contracts is wrong", x.Kind)
		}
		for _, kind := range x.Contracts {
			if !kind.Valid() || seen[use{x.Kind, kind}] {
				return t, wrong("term %q is twice for %q, or that is no kind of contract", x.Kind, kind)
			}
			seen[use{x.Kind, kind}] = true
		}
	}
	return t, nil
}

// Rules are what deadlines are made of.
type Rules struct {
	Calendar *Calendar
	Terms    platformapi.Terms
}

// Deadline is the deadline of a kind for a contract of a kind: from is what it runs from, done when it was met, the zero time
// while it was not. It is nil when there is no such term, or when it does not run yet.
func (r Rules) Deadline(kind platformapi.DeadlineKind, contract platformapi.ContractKind, from, done, now time.Time) *platformapi.Deadline {
	i := slices.IndexFunc(r.Terms.Items, func(t platformapi.Term) bool { return t.Kind == kind && slices.Contains(t.Contracts, contract) })
	if i < 0 || from.IsZero() {
		return nil
	}
	t := r.Terms.Items[i]
	last := r.last(t, Day(from))
	d := &platformapi.Deadline{
		Kind: kind, Basis: t.Basis, Text: t.Text, From: from, Due: last.Format(time.DateOnly), DueAt: last.AddDate(0, 0, 1).UTC(),
		LeftDays: r.Calendar.Left(t.Unit, now, last), Unit: t.Unit, Calendar: platformapi.CalendarPredicted, DoneAt: done,
	}
	if r.Calendar.declared(Day(from), last) {
		d.Calendar = platformapi.CalendarDeclared
	}
	switch {
	case !done.IsZero():
		d.State = platformapi.DeadlineDone
	case !now.Before(d.DueAt):
		d.State = platformapi.DeadlineOver
	case d.LeftDays <= t.Soon:
		d.State = platformapi.DeadlineSoon
	default:
		d.State = platformapi.DeadlineOK
	}
	return d
}

// last is the last day of a term that begins on a day, which itself is not counted (民法典 201, 财政部令第87号 85).
func (r Rules) last(t platformapi.Term, day time.Time) time.Time {
	if t.Unit == platformapi.UnitWorkingDay {
		for n := 0; n < t.Days; {
			if day = day.AddDate(0, 0, 1); r.Calendar.Working(day) {
				n++
			}
		}
		return day
	}
	day = day.AddDate(0, 0, t.Days)
	for t.Roll && r.Calendar.holiday(day) {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

// Left counts the days of a unit after that of a moment until a term's last one, negative when that is past. What is further away
// than any term is not counted to its end.
func (c *Calendar) Left(unit platformapi.DayUnit, now, last time.Time) int {
	today, last := Day(now), Day(last)
	days := int(last.Sub(today).Hours() / 24)
	if unit == platformapi.UnitDay {
		return days
	}
	n, sign := 0, 1
	if days < 0 {
		today, sign = last, -1
	}
	for range min(max(days, -days), maxDays) {
		if today = today.AddDate(0, 0, 1); c.Working(today) {
			n++
		}
	}
	return n * sign
}
