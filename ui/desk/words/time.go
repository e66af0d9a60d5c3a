package words

import (
	"time"

	"sealdesk/platformapi/calendar"
)

// Zone is the zone of all times of a platform: Beijing time.
var Zone = calendar.Zone

// Day is the day of a time in Beijing, as 2026-11-25.
func Day(t time.Time) string { return t.In(Zone).Format(time.DateOnly) }

// Beijing says a time as Beijing time in a form of package time. Where this computer's clock is in another zone, the zone is said.
func (c *Catalog) Beijing(t time.Time, form string) string {
	return c.Zoned(t.In(Zone).Format(form), t)
}

// Zoned adds to a text about times of Beijing around t that they are such, where this computer's clock is in another zone.
func (c *Catalog) Zoned(text string, t time.Time) string {
	_, here := t.Local().Zone()
	if _, there := t.In(Zone).Zone(); here == there {
		return text
	}
	return c.T("time.beijing", "text", text)
}
