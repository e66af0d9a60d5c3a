package calendar

import (
	"errors"
	"testing"
	"time"

	"sealdesk/platformapi"
)

func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, Zone)
	if err != nil {
		panic(err)
	}
	return t
}

func rules() Rules { return Rules{Calendar: Embedded(), Terms: EmbeddedTerms()} }

func TestWorkingDays(t *testing.T) {
	c := Embedded()
	for day, want := range map[string]bool{
		"2026-02-14": true,  // a Saturday that is worked before the Spring Festival
		"2026-02-16": false, // a Monday of it
		"2026-02-23": false,
		"2026-02-24": true,
		"2026-10-10": true,
		"2026-10-11": false, // an ordinary Sunday
		"2025-01-26": true,
		"2025-10-08": false,
		"2027-01-01": true, // nobody announced 2027 here: a Friday is taken for a working day
		"2027-01-02": false,
	} {
		if got := c.Working(at(day + " 12:00")); got != want {
			t.Errorf("%s: %v, want %v", day, got, want)
		}
	}
	// Three in the morning of Shanghai is the day before in UTC, and is not counted so.
	if got := Day(at("2026-03-02 03:00").UTC()).Format(time.DateOnly); got != "2026-03-02" {
		t.Error(got)
	}
	if n := len(c.Year(2026).Off); n != 33 || c.Year(2026).State != platformapi.CalendarDeclared {
		t.Errorf("2026 has %d days off", n)
	}
	if y := c.Year(2027); y.State != platformapi.CalendarPredicted || len(y.Off) != 0 {
		t.Errorf("%+v", y)
	}
}

func TestDeadlines(t *testing.T) {
	for _, x := range []struct {
		kind            platformapi.DeadlineKind
		from, done, now string
		due             string
		state           platformapi.DeadlineState
		left            int
		calendar        platformapi.CalendarState
	}{
		{"sign", "2026-03-02 15:00", "", "2026-03-03 09:00", "2026-04-01", "ok", 29, "declared"},
		{"sign", "2026-03-02 00:01", "", "2026-03-25 23:59", "2026-04-01", "soon", 7, "declared"},
		{"sign", "2026-03-02 15:00", "", "2026-04-01 23:59", "2026-04-01", "soon", 0, "declared"},
		{"sign", "2026-03-02 15:00", "", "2026-04-02 00:00", "2026-04-01", "over", -1, "declared"},
		{"sign", "2026-03-02 15:00", "2026-04-05 10:00", "2026-04-09 00:00", "2026-04-01", "done", -8, "declared"},
		{"sign", "2026-03-06 15:00", "", "2026-03-07 00:00", "2026-04-07", "ok", 31, "declared"}, // 04-05 is a holiday until 04-06
		{"sign", "2026-01-17 15:00", "", "2026-01-18 00:00", "2026-02-24", "ok", 37, "declared"}, // the Spring Festival
		{"sign", "2026-05-10 15:00", "", "2026-05-11 00:00", "2026-06-09", "ok", 29, "declared"},
		{"sign", "2026-07-16 15:00", "", "2026-07-17 00:00", "2026-08-15", "ok", 29, "declared"},  // an ordinary Saturday is no holiday
		{"sign", "2026-12-10 15:00", "", "2026-12-11 00:00", "2027-01-09", "ok", 29, "predicted"}, // of 2027 nothing is known
		{"publish", "2026-03-05 15:00", "", "2026-03-05 16:00", "2026-03-09", "ok", 2, "declared"},
		{"publish", "2026-03-05 15:00", "", "2026-03-07 16:00", "2026-03-09", "soon", 1, "declared"}, // on Saturday one working day is left
		{"publish", "2026-02-12 15:00", "", "2026-02-13 08:00", "2026-02-14", "soon", 1, "declared"}, // the worked Saturday counts
		{"publish", "2026-02-13 15:00", "", "2026-02-13 16:00", "2026-02-24", "ok", 2, "declared"},   // and the festival does not
		{"publish", "2026-02-13 15:00", "", "2026-02-26 16:00", "2026-02-24", "over", -2, "declared"},
		{"file", "2026-09-24 15:00", "", "2026-09-24 16:00", "2026-10-12", "ok", 7, "declared"},
		{"file", "2026-12-30 15:00", "", "2026-12-30 16:00", "2027-01-08", "ok", 7, "predicted"},
	} {
		var done time.Time
		if x.done != "" {
			done = at(x.done)
		}
		d := rules().Deadline(x.kind, platformapi.ContractMain, at(x.from), done, at(x.now))
		if d == nil {
			t.Fatalf("%s from %s: none", x.kind, x.from)
		}
		if d.Due != x.due || d.State != x.state || d.LeftDays != x.left || d.Calendar != x.calendar {
			t.Errorf("%s from %s at %s: %s %s %d %s; want %s %s %d %s", x.kind, x.from, x.now, d.Due, d.State, d.LeftDays, d.Calendar, x.due, x.state, x.left, x.calendar)
		}
		if want := at(x.due+" 00:00").AddDate(0, 0, 1); !d.DueAt.Equal(want) {
			t.Errorf("%s: ends %s", x.due, d.DueAt)
		}
	}
	if d := rules().Deadline("sign", platformapi.ContractSupplement, at("2026-03-02 15:00"), time.Time{}, at("2026-03-02 15:00")); d != nil {
		t.Errorf("a supplement has no term to be signed in: %+v", d)
	}
	if d := rules().Deadline("publish", platformapi.ContractMain, time.Time{}, time.Time{}, at("2026-03-02 15:00")); d != nil {
		t.Errorf("it runs before it is concluded: %+v", d)
	}
}

// Another year's arrangement, and other terms, need no other program.
func TestTablesAreReplaced(t *testing.T) {
	next, err := Parse([]byte(`{"years": [{"year": 2027, "source": "通知", "off": ["2027-01-01"], "work": ["2027-01-03"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r := rules()
	r.Calendar = r.Calendar.With(next)
	d := r.Deadline("file", platformapi.ContractMain, at("2026-12-30 15:00"), time.Time{}, at("2026-12-30 16:00"))
	if d.Due != "2027-01-08" || d.Calendar != platformapi.CalendarDeclared {
		t.Errorf("%+v", d)
	}
	if r.Calendar.Working(at("2027-01-01 08:00")) || !r.Calendar.Working(at("2027-01-03 08:00")) || r.Calendar.Working(at("2026-10-01 08:00")) {
		t.Error("the years are mixed up")
	}
	r.Terms, err = ParseTerms([]byte(`{"version": "x", "as_of": "2027-01-01", "items": [
		{"kind": "sign", "days": 15, "unit": "day", "soon": 3, "basis": "新法", "text": "十五日", "contracts": ["contract"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := r.Deadline("sign", platformapi.ContractMain, at("2026-03-02 15:00"), time.Time{}, at("2026-03-02 15:00")); d.Due != "2026-03-17" || d.Basis != "新法" {
		t.Errorf("%+v", d)
	}
}

func TestWrongTablesAreRefused(t *testing.T) {
	for name, s := range map[string]string{
		"not JSON":              `{`,
		"a day of another year": `{"years": [{"year": 2027, "off": ["2026-01-01"]}]}`,
		"no day":                `{"years": [{"year": 2027, "off": ["2027-02-29"]}]}`,
		"off and worked":        `{"years": [{"year": 2027, "off": ["2027-01-02"], "work": ["2027-01-02"]}]}`,
		"worked on a Monday":    `{"years": [{"year": 2027, "off": ["2027-01-01"], "work": ["2027-01-04"]}]}`,
		"a year twice":          `{"years": [{"year": 2027, "off": ["2027-01-01"]}, {"year": 2027, "off": ["2027-01-01"]}]}`,
		"no holidays":           `{"years": [{"year": 2027}]}`,
	} {
		if _, err := Parse([]byte(s)); !errors.Is(err, ErrTable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	const term = `{"kind": "sign", "days": 30, "unit": "day", "soon": 7, "basis": "b", "text": "t", "contracts": ["contract"]}`
	for name, s := range map[string]string{
		"not JSON":   `{`,
		"no version": `{"as_of": "2027-01-01", "items": []}`,
		"no day":     `{"version": "x", "as_of": "soon", "items": []}`,
		"no days":    `{"version": "x", "as_of": "2027-01-01", "items": [{"kind": "sign", "days": 0, "unit": "day", "basis": "b", "text": "t", "contracts": ["contract"]}]}`,
		"too many":   `{"version": "x", "as_of": "2027-01-01", "items": [{"kind": "sign", "days": 4000, "unit": "day", "basis": "b", "text": "t", "contracts": ["contract"]}]}`,
		"twice":      `{"version": "x", "as_of": "2027-01-01", "items": [` + term + `, ` + term + `]}`,
		"no article": `{"version": "x", "as_of": "2027-01-01", "items": [{"kind": "sign", "days": 3, "unit": "day", "text": "t", "contracts": ["contract"]}]}`,
	} {
		if _, err := ParseTerms([]byte(s)); !errors.Is(err, ErrTable) {
			t.Errorf("terms, %s: %v", name, err)
		}
	}
}
