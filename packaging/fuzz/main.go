// Command fuzz runs every fuzz target of the module for some time each. At the first that fails it stops all, prints what
// the target said and where the input lies that it failed on, and ends with status 1. Left there, and committed once it is
// mended, go test tries the input ever after.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"
)

func main() {
	perTarget := flag.Duration("time", time.Minute, "for each target")
	tags := flag.String("tags", "", "build tags")
	flag.Parse()
	patterns := flag.Args()
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := fuzz(ctx, *tags, *perTarget, patterns); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// fuzz works through the packages, several side by side on a large machine, two at most on a small one.
func fuzz(ctx context.Context, tags string, perTarget time.Duration, patterns []string) error {
	packages, err := find(ctx, tags, patterns)
	if err != nil {
		return err
	}
	if len(packages) == 0 {
		return fmt.Errorf("no fuzz targets in %v", patterns)
	}
	cores := runtime.NumCPU()
	jobs := min(cores, max(2, cores/2))
	r := runner{tags: tags, perTarget: perTarget, workers: max(1, cores/jobs)}
	if r.folder, err = os.MkdirTemp("", "fuzz-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.folder)

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan suite)
	done := make(chan error)
	for range jobs {
		go func() {
			for p := range queue {
				if err := r.run(ctx, p); err != nil {
					cancel(err) // the first one counts
				}
			}
			done <- context.Cause(ctx)
		}()
	}
	for _, p := range packages {
		select {
		case queue <- p:
		case <-ctx.Done():
		}
	}
	close(queue)
	for range jobs {
		err = <-done
	}
	return err
}
