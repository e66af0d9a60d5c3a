package hall

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// The fastest answer is the one that is kept, half of its way added.
func TestClockKeepsTheFastestAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ways := []time.Duration{900 * time.Millisecond, 40 * time.Millisecond, 600 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond}
		ahead := 7 * time.Minute
		n := 0
		c := NewClock(func(context.Context) (time.Time, error) {
			way := ways[n]
			n++
			// The answer travels back for most of the time, which nobody can know.
			time.Sleep(way / 10)
			told := time.Now().Add(ahead)
			time.Sleep(way - way/10)
			return told, nil
		})
		if err := c.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		off := c.Now().Sub(time.Now().Add(ahead))
		if off.Abs() > 20*time.Millisecond {
			t.Errorf("the clock is off by %v, more than half of the fastest way", off)
		}
		time.Sleep(10 * time.Minute)
		if again := c.Now().Sub(time.Now().Add(ahead)); again != off {
			t.Errorf("it runs at another speed: off by %v, then by %v", off, again)
		}
		if b := c.Behind() - ahead; b.Abs() > 20*time.Millisecond {
			t.Errorf("this computer is behind by %v, want %v", c.Behind(), ahead)
		}
	})
}

// One answer of five is enough; none is told.
func TestClockNeedsOneAnswer(t *testing.T) {
	n := 0
	there := time.Now().Add(time.Hour)
	c := NewClock(func(context.Context) (time.Time, error) {
		if n++; n != 4 {
			return time.Time{}, errors.New("gone")
		}
		return there, nil
	})
	if err := c.Sync(t.Context()); err != nil || c.Now().Sub(there) > time.Minute {
		t.Errorf("%v, %v", c.Now(), err)
	}
	gone := errors.New("gone")
	c = NewClock(func(context.Context) (time.Time, error) { return time.Time{}, gone })
	if err := c.Sync(t.Context()); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
	if d := time.Since(c.Now()).Abs(); d > time.Second {
		t.Errorf("a clock without an answer tells another time than this computer's, by %v", d)
	}
}

// It is asked again every minute, until its context ends.
func TestClockIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64 // nanoseconds
		c := NewClock(func(context.Context) (time.Time, error) { return time.Now().Add(time.Duration(ahead.Load())), nil })
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); c.Keep(ctx) }()
		synctest.Wait()
		ahead.Store(int64(time.Hour))
		time.Sleep(59 * time.Second)
		if c.Behind() != 0 {
			t.Error("it was asked before its minute")
		}
		time.Sleep(3 * time.Second)
		if c.Behind() != time.Hour {
			t.Errorf("after a minute this computer is behind by %v", c.Behind())
		}
		stop()
		<-done
	})
}
