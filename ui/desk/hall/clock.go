package hall

import (
	"context"
	"sync"
	"time"
)

const (
	clockSamples = 5
	resyncEvery  = time.Minute
	// sleepJump is how far this computer's two clocks drift apart before it is known to have slept, or its wall clock to have been set.
	sleepJump = 2 * time.Second
	// ClockWarning is from which difference to the platform's clock a person is told that this computer's is wrong.
	ClockWarning = 5 * time.Second
)

// A Clock tells the platform's time. It asks for it, and runs on this computer's monotonic clock in between, so that nobody moves a
// countdown by setting the time here.
type Clock struct {
	ask func(context.Context) (time.Time, error)

	mu     sync.Mutex
	here   time.Time // when it was asked, with its monotonic reading
	there  time.Time // the platform's time at that moment
	asked  bool
	behind time.Duration
}

// NewClock makes a clock that asks for the platform's time. Until the first Sync it tells this computer's.
func NewClock(ask func(context.Context) (time.Time, error)) *Clock {
	now := time.Now()
	return &Clock{ask: ask, here: now, there: now}
}

// Sync asks some times and keeps the answer that was the fastest: it is off by no more than half of its way.
func (c *Clock) Sync(ctx context.Context) error {
	var here, there time.Time
	best := time.Duration(-1)
	var failed error
	for range clockSamples {
		sent := time.Now()
		told, err := c.ask(ctx)
		if err != nil {
			failed = err
			continue
		}
		if way := time.Since(sent); best < 0 || way < best {
			best, here, there = way, sent.Add(way), told.Add(way/2)
		}
	}
	if best < 0 {
		return failed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.here, c.there, c.behind, c.asked = here, there, there.Sub(here.Round(0)), true
	return nil
}

// SyncWithin is Sync where that was not done for so long, for who only tells days and hours.
func (c *Clock) SyncWithin(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	fresh := c.asked && time.Since(c.here) < d
	c.mu.Unlock()
	if fresh {
		return nil
	}
	return c.Sync(ctx)
}

// Now is the platform's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.there.Add(time.Since(c.here))
}

// Behind is by how much this computer's clock was behind the platform's when it was asked last; negative, ahead of it.
func (c *Clock) Behind() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.behind
}

// Keep asks anew every minute, and soon after this computer slept, until ctx ends. A platform that does not answer is asked again.
func (c *Clock) Keep(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			slept := now.Round(0).Sub(last.Round(0)) - now.Sub(last)
			if slept.Abs() < sleepJump && now.Sub(last) < resyncEvery {
				continue
			}
			last = now
			_ = c.Sync(ctx)
		}
	}
}
