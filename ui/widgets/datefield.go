package widgets

import (
	"strings"
	"time"

	"sealdesk/ui/theme"
)

// DateForm is how dates are written everywhere.
const DateForm = "2006-01-02"

// CalendarTexts are the words of the calendar.
type CalendarTexts struct {
	Month    func(time.Time) string // 2026年11月
	Weekdays [7]string              // from Monday
	Today    string
}

// DateField takes a date as 2006-01-02, typed or out of a calendar.
type DateField struct {
	*TextField
	// OnDate is told the date after each change; ok is false while what stands
	// there is none.
	OnDate func(day time.Time, ok bool)

	texts CalendarTexts
	now   func() time.Time
	open  *popover
}

// NewDateField makes an empty field; now tells today.
func NewDateField(placeholder string, texts CalendarTexts, now func() time.Time) *DateField {
	d := &DateField{TextField: newTextField(placeholder, 1), texts: texts, now: now}
	d.ExtendBaseWidget(d)
	d.entry.fold = func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case strings.ContainsRune("/.。年月—－", r):
			return '-'
		}
		return r
	}
	d.entry.keep = func(r rune) bool { return r >= '0' && r <= '9' || r == '-' }
	d.limit = len(DateForm)
	d.WithTrailing(NewIconButton(theme.IconCalendar, d.drop).Small())
	d.TextField.OnChanged = func(string) {
		if d.OnDate != nil {
			d.OnDate(d.Date())
		}
	}
	d.TextField.OnLeft = func() {
		if day, ok := d.Date(); ok && d.Text() != day.Format(DateForm) {
			d.SetDate(day)
		}
	}
	return d
}

// Date reads the date; a month or day of one figure is taken too.
func (d *DateField) Date() (time.Time, bool) {
	t, err := time.ParseInLocation("2006-1-2", strings.TrimSpace(d.Text()), d.now().Location())
	return t, err == nil
}

// SetDate writes a date.
func (d *DateField) SetDate(day time.Time) { d.SetText(day.Format(DateForm)) }

func (d *DateField) drop() {
	if d.open != nil {
		return
	}
	day, ok := d.Date()
	if !ok {
		day = d.now()
	}
	cal := newCalendar(d.texts, day, ok, d.now(), func(t time.Time) {
		d.open.close()
		d.SetDate(t)
		d.Focus()
	}, func() { d.open.close() })
	d.open = showPopover(d, cal, 0, cal, func() { d.open = nil })
}
