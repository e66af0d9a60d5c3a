package bid

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// each does work for 0 to n-1 on all cores, with a buffer of so many bytes for each of them. The first error, or the end of ctx,
// ends it.
func each(ctx context.Context, n, buffer int64, work func(i int64, buffer []byte) error) error {
	workers := min(int64(runtime.GOMAXPROCS(0)), n)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			b := make([]byte, buffer)
			for {
				i := next.Add(1) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				if err := work(i, b); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// Step is what is being done.
type Step string

// The steps, in the order of a Builder's.
const (
	StepSeal  Step = "seal"  // reading, sealing and writing the parts
	StepSign  Step = "sign"  // the bidder's key is at work; done and total are 0
	StepCopy  Step = "copy"  // a layer was put on or taken off; the contents are copied
	StepCheck Step = "check" // what the disk holds is read back, or held to the signed digests
	StepOpen  Step = "open"  // a part is decrypted and written
)

// Progress is told how many bytes of a step are done. It is called from one goroutine at a time, and must return soon. nil is
// told nothing.
type Progress func(step Step, done, total int64)

// meter adds up what is done of a step, from any goroutine.
func (p Progress) meter(step Step, total int64) func(n int64) {
	if p == nil {
		return func(int64) {}
	}
	p(step, 0, total)
	var mu sync.Mutex
	var done int64
	return func(n int64) {
		mu.Lock()
		defer mu.Unlock()
		done += n
		p(step, done, total)
	}
}

// writing marks an error of the output, where it meets those of the input.
type writing struct{ error }

func (w writing) Unwrap() error { return w.error }

func isWriting(err error) bool { return errors.As(err, new(writing)) }
