package calendar

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"sealdesk/platformapi"
)

// Zone is the platform's time. China has one, without summer time, so that no table of zones is needed.
var Zone = time.FixedZone("CST", 8*60*60)

// Day is the beginning of a moment's day.
func Day(t time.Time) time.Time {
	y, m, d := t.In(Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, Zone)
}

// ErrTable: a table of holidays or terms is not right; the error says where.
var ErrTable = errors.New("calendar: the table is not right")

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrTable}, args...)...)
}

//go:embed years.json
var years []byte

// A Calendar knows which days are worked. It does not change.
type Calendar struct {
	years map[int]year
}

type year struct {
	source string
	off    []string
	work   []string
	days   map[string]bool // off is true, worked is false
}

// Embedded holds the years that were announced when this was built.
func Embedded() *Calendar {
	c, err := Parse(years)
	if err != nil {
		panic(err) // a test reads it
	}
	return c
}

// Parse reads {"years": [{"year", "source", "off": ["2006-01-02"…], "work": […]}]}: off are the holidays with the weekends in
// them, work the Saturdays and Sundays that are worked.
func Parse(data []byte) (*Calendar, error) {
	var table struct {
		Years []struct {
			Year   int      `json:"year"`
			Source string   `json:"source"`
			Off    []string `json:"off"`
			Work   []string `json:"work"`
		} `json:"years"`
	}
	if err := json.Unmarshal(data, &table); err != nil {
		return nil, wrong("%v", err)
	}
	if len(table.Years) == 0 {
		return nil, wrong("there are no years in it")
	}
	c := &Calendar{years: map[int]year{}}
	for _, y := range table.Years {
		if _, twice := c.years[y.Year]; twice {
			return nil, wrong("the year %d stands there twice", y.Year)
		}
		if len(y.Off) == 0 {
			return nil, wrong("the year %d has no holidays", y.Year)
		}
		days := map[string]bool{}
		for i, s := range slices.Concat(y.Off, y.Work) {
			d, err := time.Parse(time.DateOnly, s)
			off := i < len(y.Off)
			_, twice := days[s]
			switch {
			case err != nil || d.Year() != y.Year:
				return nil, wrong("%q is no day of %d", s, y.Year)
			case twice:
				return nil, wrong("%s stands there twice", s)
			case !off && !weekend(d):
				return nil, wrong("%s is worked anyway", s)
			}
			days[s] = off
		}
		c.years[y.Year] = year{source: y.Source, off: y.Off, work: y.Work, days: days}
	}
	return c, nil
}

// With is c with the years of other, which win.
func (c *Calendar) With(other *Calendar) *Calendar {
	both := maps.Clone(c.years)
	maps.Copy(both, other.years)
	return &Calendar{years: both}
}

// Year is what is known of a year.
func (c *Calendar) Year(n int) platformapi.CalendarYear {
	y := platformapi.CalendarYear{Year: n, State: platformapi.CalendarPredicted, Off: []string{}, Work: []string{}}
	if known, ok := c.years[n]; ok {
		y.State, y.Source = platformapi.CalendarDeclared, known.source
		y.Off, y.Work = append(y.Off, known.off...), append(y.Work, known.work...)
	}
	return y
}

func weekend(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }

// holiday says whether a day was declared to be off.
func (c *Calendar) holiday(day time.Time) bool {
	return c.years[day.Year()].days[day.Format(time.DateOnly)]
}

// Working says whether the day of a moment is worked.
func (c *Calendar) Working(t time.Time) bool {
	day := Day(t)
	if off, declared := c.years[day.Year()].days[day.Format(time.DateOnly)]; declared {
		return !off
	}
	return !weekend(day)
}

// declared says whether all years from one day to another were announced.
func (c *Calendar) declared(from, to time.Time) bool {
	for y := from.Year(); y <= to.Year(); y++ {
		if _, ok := c.years[y]; !ok {
			return false
		}
	}
	return true
}
