package skf

import (
	"context"
	"runtime"

	"sealdesk/token"
)

// thread runs every call of one library, one after the other and always on the same thread of the system: vendors' libraries
// keep state by process, by thread, and under one lock for all processes. What the driver knows of open devices belongs to the
// thread too, and needs no lock.
type thread struct {
	work chan func()
	quit chan struct{}
}

func newThread() *thread {
	t := &thread{work: make(chan func()), quit: make(chan struct{})}
	go t.run()
	return t
}

// run never unlocks the thread, so that it ends with the goroutine.
func (t *thread) run() {
	runtime.LockOSThread()
	for {
		select {
		case f := <-t.work:
			f()
		case <-t.quit:
			return
		}
	}
}

// do runs f and waits until it returns. If ctx ends while others are being served, f is not run at all: a PIN whose owner has
// gone must not be sent. After close nothing is run any more.
func (t *thread) do(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	select {
	case t.work <- func() { done <- f() }:
		return <-done
	case <-ctx.Done():
		return ctx.Err()
	case <-t.quit:
		return token.ErrRemoved
	}
}

func (t *thread) close() { close(t.quit) }
