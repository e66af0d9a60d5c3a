package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Job is done once every so often, whatever the number of servers. Doing it twice must do no harm.
type Job struct {
	Name  string
	Every time.Duration
	Do    func(ctx context.Context) error
}

// Runner runs jobs until stop is called, which waits for those under way and cuts them off when ctx ends.
type Runner interface {
	Start(ctx context.Context, all []Job) (stop func(ctx context.Context) error, err error)
}

// None runs nothing: others do.
type None struct{}

// Start starts nothing.
func (None) Start(context.Context, []Job) (func(context.Context) error, error) {
	return func(context.Context) error { return nil }, nil
}

// Ticker runs jobs in this process, one after the other.
type Ticker struct {
	// Claim says whether a job is due, and takes it.
	Claim func(ctx context.Context, job string, every time.Duration, now time.Time) (bool, error)
	Now   func() time.Time
	Log   *slog.Logger
	Look  time.Duration // how often it looks for jobs that are due
}

// Start looks at once, and then every so often.
func (t Ticker) Start(ctx context.Context, all []Job) (func(context.Context) error, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	quit := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		defer cancel()
		ticks := time.NewTicker(t.Look)
		defer ticks.Stop()
		for {
			for _, j := range all {
				t.look(ctx, j)
			}
			select {
			case <-quit:
				return
			case <-ticks.C:
			}
		}
	})
	return func(ctx context.Context) error {
		close(quit)
		stop := context.AfterFunc(ctx, cancel)
		defer stop()
		done.Wait()
		return nil
	}, nil
}

func (t Ticker) look(ctx context.Context, j Job) {
	due, err := t.Claim(ctx, j.Name, j.Every, t.Now())
	if err == nil && due {
		err = j.Do(ctx)
	}
	if err != nil {
		t.Log.Error("a job failed", "job", j.Name, "error", err)
	}
}
