package widgets

import (
	"testing"
	"time"
)

// testClock lets a test be the main goroutine: what is posted runs in pump, and
// time passes in pass.
type testClock struct {
	posted chan func()
	timers []*testTimer
}

type testTimer struct {
	left time.Duration
	f    func()
}

func newTestClock() *testClock { return &testClock{posted: make(chan func(), 1000)} }

func (c *testClock) post(f func()) { c.posted <- f }

func (c *testClock) after(d time.Duration, f func()) func() {
	tm := &testTimer{d, f}
	c.timers = append(c.timers, tm)
	return func() { tm.f = nil }
}

// pump runs at least n posted functions and those that have come meanwhile.
func (c *testClock) pump(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for ran := 0; ; ran++ {
		if ran >= n && len(c.posted) == 0 {
			return
		}
		select {
		case f := <-c.posted:
			f()
		case <-deadline:
			t.Fatalf("only %d of %d came", ran, n)
		}
	}
}

// pass lets d go by.
func (c *testClock) pass(d time.Duration) {
	due := c.timers
	c.timers = nil
	for _, tm := range due {
		tm.left -= d
		switch {
		case tm.f == nil:
		case tm.left <= 0:
			tm.f()
		default:
			c.timers = append(c.timers, tm)
		}
	}
}
