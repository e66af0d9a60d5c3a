package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/platformapi/web/jobs"
)

// ledger claims jobs as the store does.
type ledger struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (l *ledger) claim(_ context.Context, job string, every time.Duration, now time.Time) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ok := l.at[job]; ok && now.Sub(last) < every {
		return false, nil
	}
	l.at[job] = now
	return true, nil
}

func TestTicker(t *testing.T) {
	var log bytes.Buffer
	var done atomic.Int64
	l := &ledger{at: map[string]time.Time{}}
	var now atomic.Int64
	ticker := jobs.Ticker{Claim: l.claim, Now: func() time.Time { return time.Unix(now.Load(), 0) }, Log: slog.New(slog.NewTextHandler(&log, nil)), Look: time.Millisecond}
	stop, err := ticker.Start(t.Context(), []jobs.Job{
		{Name: "broken", Every: time.Hour, Do: func(context.Context) error { return errors.New("no luck") }},
		{Name: "count", Every: time.Minute, Do: func(context.Context) error { done.Add(1); return nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	wait := func(want int64) {
		t.Helper()
		for until := time.Now().Add(5 * time.Second); done.Load() < want; time.Sleep(time.Millisecond) {
			if time.Now().After(until) {
				t.Fatalf("done %d times, want %d", done.Load(), want)
			}
		}
	}
	wait(1)
	time.Sleep(20 * time.Millisecond) // it looks twenty times
	if done.Load() != 1 {
		t.Errorf("done %d times within a minute", done.Load())
	}
	now.Add(60)
	wait(2)
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
	now.Add(60)
	time.Sleep(10 * time.Millisecond)
	if done.Load() != 2 {
		t.Error("it goes on after stop")
	}
	if n := strings.Count(log.String(), "no luck"); n != 1 {
		t.Errorf("a failure was logged %d times: %s", n, log.String())
	}
}

func TestTickerCutsOffWhatDoesNotEnd(t *testing.T) {
	begun := make(chan struct{})
	l := &ledger{at: map[string]time.Time{}}
	ticker := jobs.Ticker{Claim: l.claim, Now: time.Now, Log: slog.New(slog.DiscardHandler), Look: time.Hour}
	stop, err := ticker.Start(t.Context(), []jobs.Job{{Name: "long", Every: time.Hour, Do: func(ctx context.Context) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}}})
	if err != nil {
		t.Fatal(err)
	}
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := stop(ctx); err != nil {
		t.Error(err)
	}
}
