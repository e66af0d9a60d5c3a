package jobs

import (
	"context"
	"sync"
	"time"
)

// Errands are works that requests begin and need not wait out: they go on when who asked is gone, and are one for each name at a
// time, so that who asks again waits for the same.
type Errands struct {
	patience time.Duration // how long a request waits
	over     context.Context
	stop     context.CancelFunc

	mu  sync.Mutex
	all map[string]*errand
	wg  sync.WaitGroup
}

type errand struct {
	done chan struct{}
	err  error // once done is closed
}

// NewErrands are none yet. A request waits for one as long as the patience.
func NewErrands(patience time.Duration) *Errands {
	e := &Errands{patience: patience, all: map[string]*errand{}}
	e.over, e.stop = context.WithCancel(context.Background())
	return e
}

// Run begins a work, unless it is under way, and waits for its end: as long as ctx, and not longer than the patience. done says
// whether that has come; err is the work's.
func (e *Errands) Run(ctx context.Context, name string, work func(context.Context) error) (done bool, err error) {
	x := e.begin(name, work)
	patience := time.NewTimer(e.patience)
	defer patience.Stop()
	select {
	case <-x.done:
		return true, x.err
	case <-patience.C:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (e *Errands) begin(name string, work func(context.Context) error) *errand {
	e.mu.Lock()
	defer e.mu.Unlock()
	if x := e.all[name]; x != nil {
		return x
	}
	x := &errand{done: make(chan struct{})}
	e.all[name] = x
	e.wg.Go(func() {
		x.err = work(e.over)
		e.mu.Lock()
		delete(e.all, name)
		e.mu.Unlock()
		close(x.done)
	})
	return x
}

// Close ends what is under way, and waits for that.
func (e *Errands) Close() {
	e.stop()
	e.wg.Wait()
}
