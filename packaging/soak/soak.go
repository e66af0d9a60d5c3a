package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

type options struct {
	runs      int
	seed      uint64
	workers   int
	platformd string
}

// A loss is what was promised and is not there.
type loss struct {
	seed uint64
	what string
}

type summary struct {
	runs   int
	faults counts
	losses []loss
}

// soak does the runs, several at a time, each worker with a platform of its own.
func soak(ctx context.Context, o options, log io.Writer) (summary, error) {
	dir, err := os.MkdirTemp(memory(), "sealdesk-soak-")
	if err != nil {
		return summary{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what stays there is temporary
	b, err := newBench(ctx, dir, o)
	if err != nil {
		return summary{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu   sync.Mutex
		next int
		sum  summary
		errs []error
		all  tally
		wg   sync.WaitGroup
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, next <= o.runs && ctx.Err() == nil
	}
	for i := range min(o.workers, o.runs) {
		wg.Go(func() {
			w, err := newWorker(ctx, b, filepath.Join(dir, fmt.Sprintf("worker-%d", i)), &all)
			if err == nil {
				for n, ok := take(); ok && err == nil; n, ok = take() {
					seed := o.seed + uint64(n)
					var lost []string
					lost, err = w.run(ctx, n, seed)
					mu.Lock()
					sum.runs++
					for _, what := range lost {
						sum.losses = append(sum.losses, loss{seed, what})
						_, _ = fmt.Fprintf(log, "seed %d: %s\n", seed, what) // it is told at the end, too
					}
					if sum.runs%100 == 0 {
						_, _ = fmt.Fprintf(log, "%d runs\n", sum.runs) // nothing hangs on it
					}
					mu.Unlock()
				}
				err = errors.Join(err, w.close())
			}
			if err != nil {
				cancel()
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	sum.faults = all.n
	return sum, errors.Join(errs...)
}

// memory is a file system in memory, where there is one: the runs do without the disk's pace, for no power is cut here.
func memory() string {
	const shared = "/dev/shm"
	if info, err := os.Stat(shared); err == nil && info.IsDir() {
		return shared
	}
	return os.TempDir()
}
