package office

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// When a kept LibreOffice is exchanged for a new one, between two documents, or given up.
const (
	maxDocuments  = 200
	maxIdleMemory = 1 << 30 // resident bytes
	maxStart      = time.Minute
)

// Warm keeps one LibreOffice running between documents, so that only the first pays for its start. It converts one
// document at a time and may be used by several goroutines. Nothing starts before it is needed.
//
// A LibreOffice that a document made fail, or hit a bound, is ended and not used again; so is one that served 200
// documents, grew beyond 1 GB or started before fonts were installed. When none can be kept, each document gets its own,
// as Office does it, and State tells why.
type Warm struct {
	office Office
	turn   chan struct{} // holds one token while nobody converts
	ctx    context.Context
	stop   context.CancelFunc
	start  time.Duration // what a start may take before it is given up

	mu   sync.Mutex // guards what follows; live is changed only by whoever has the turn
	live *instance
	cold error
}

// NewWarm makes a converter that keeps its LibreOffice. It must be closed.
func NewWarm(o Office) *Warm {
	w := &Warm{office: o, turn: make(chan struct{}, 1), start: maxStart}
	w.ctx, w.stop = context.WithCancel(context.Background())
	w.turn <- struct{}{}
	return w
}

// State is what is kept.
type State struct {
	Running   bool
	Memory    int64 // resident bytes of its processes
	Documents int   // converted by it
	Cold      error // why the last document had to do without; nil: it had not
}

// State tells what is kept now.
func (w *Warm) State() State {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := State{Cold: w.cold}
	if w.live != nil && !w.live.ended() {
		s.Running, s.Memory, s.Documents = true, w.live.run.group.memory(), int(w.live.documents.Load())
	}
	return s
}

// Prepare starts LibreOffice in the background, if it does not run and nobody converts, so that the next document need
// not wait for it. What goes wrong shows when a document comes.
func (w *Warm) Prepare() {
	select {
	case <-w.turn:
		go func() {
			defer w.pass()
			o, err := w.office.complete()
			if err != nil {
				return
			}
			ctx, cancel := context.WithTimeoutCause(w.ctx, o.Timeout, errTime)
			defer cancel()
			_, _ = w.instance(ctx, o)
		}()
	default:
	}
}

// Close ends LibreOffice, also in the midst of a conversion, which then fails with the context's error.
func (w *Warm) Close() error {
	w.stop()
	<-w.turn
	defer w.pass()
	w.drop()
	return nil
}

func (w *Warm) pass() { w.turn <- struct{}{} }

// Convert is Office.Convert with the LibreOffice that is kept. On Windows, Word or WPS stands in for one that is not
// installed.
func (w *Warm) Convert(ctx context.Context, in, dir string, format Format) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.ctx, cancel)()
	o, absent := w.office.complete()
	select {
	case <-w.turn:
		defer w.pass()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if absent != nil {
		if w.office.Program == "" {
			if result, tried, err := o.automate(ctx, in, dir, format); tried {
				return result, err
			}
		}
		return "", absent
	}
	result, err := w.convert(ctx, o, in, dir, format)
	cold := err
	if !errors.Is(err, errGone) {
		cold = nil
	}
	w.mu.Lock()
	w.cold = cold
	w.mu.Unlock()
	if cold != nil {
		return o.Convert(ctx, in, dir, format)
	}
	return result, err
}

// convert tries with the instance there is and, when that one turns out to be gone, with a new one.
func (w *Warm) convert(ctx context.Context, o Office, in, dir string, format Format) (string, error) {
	in, err := filepath.Abs(in)
	if err != nil {
		return "", err
	}
	out, err := os.MkdirTemp(dir, "office-")
	if err != nil {
		return "", err
	}
	if out, err = filepath.Abs(out); err != nil {
		return "", err
	}
	result := filepath.Join(out, "converted"+format.extension())
	limited, cancel := context.WithTimeoutCause(ctx, o.Timeout, errTime)
	defer cancel()
	for {
		i, err := w.instance(limited, o)
		if err == nil {
			err = i.convert(limited, in, result, format)
		}
		if err == nil {
			return result, nil
		}
		reused := i != nil && i.documents.Load() > 1
		w.drop()
		if cause := context.Cause(limited); cause != nil {
			err = cause
		}
		switch {
		case errors.Is(err, errGone) && reused:
		case errors.Is(err, errGone) || refused(err):
			return "", err
		default:
			return "", o.refuse(ctx, err)
		}
	}
}

// instance gives the one that is kept, or a new one when it should not be used any longer.
func (w *Warm) instance(ctx context.Context, o Office) (*instance, error) {
	if i := w.live; i != nil {
		if !i.ended() && i.documents.Load() < maxDocuments && i.run.group.memory() < maxIdleMemory && i.profile.current(ctx) {
			return i, nil
		}
		w.drop()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, w.start, fmt.Errorf("%w: it does not start in time", errGone))
	defer cancel()
	i, err := o.begin(ctx)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.live = i
	w.mu.Unlock()
	return i, nil
}

func (w *Warm) drop() {
	w.mu.Lock()
	i := w.live
	w.live = nil
	w.mu.Unlock()
	if i != nil {
		i.close()
	}
}
