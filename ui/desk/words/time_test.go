package words

import (
	"testing"
	"time"

	"sealdesk/assets/i18n"
)

// A time of the platform is Beijing time everywhere, and says so where the computer's clock is in another zone.
func TestBeijing(t *testing.T) {
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	c, err := New(i18n.Files, Chinese)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 26, 1, 30, 0, 0, time.UTC)
	for _, x := range []struct {
		zone *time.Location
		want string
	}{
		{time.FixedZone("CST", 8*60*60), "2026-11-26 09:30"},
		{time.FixedZone("+08", 8*60*60), "2026-11-26 09:30"},
		{time.UTC, "2026-11-26 09:30（北京时间）"},
		{time.FixedZone("JST", 9*60*60), "2026-11-26 09:30（北京时间）"},
	} {
		time.Local = x.zone
		if got := Day(at.Add(15 * time.Hour)); got != "2026-11-27" {
			t.Errorf("%s: the day is %s", x.zone, got)
		}
		if got := c.Beijing(at, "2006-01-02 15:04"); got != x.want {
			t.Errorf("%s: %s", x.zone, got)
		}
	}
}
