package jobs

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A work goes on when who asked is gone or has waited long enough, is done once for all who ask, and ends with the server.
func TestErrands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewErrands(time.Second)
		begun, failed := 0, errors.New("failed")
		work := func(took time.Duration, err error) func(context.Context) error {
			return func(ctx context.Context) error {
				begun++
				select {
				case <-time.After(took):
					return err
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		if done, err := e.Run(t.Context(), "a", work(time.Millisecond, failed)); !done || err != failed {
			t.Errorf("a short one: %v, %v", done, err)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if done, err := e.Run(gone, "b", work(3*time.Second, nil)); done || !errors.Is(err, context.Canceled) {
			t.Errorf("nobody waits: %v, %v", done, err)
		}
		for i := range 2 {
			start := time.Now()
			if done, err := e.Run(t.Context(), "b", work(0, failed)); done || err != nil || time.Since(start) != time.Second {
				t.Errorf("asked again %d: %v, %v after %v", i, done, err, time.Since(start))
			}
		}
		time.Sleep(900 * time.Millisecond)
		if done, err := e.Run(t.Context(), "b", work(0, failed)); !done || err != nil {
			t.Errorf("in the end: %v, %v", done, err)
		}
		if begun != 2 {
			t.Errorf("%d works were begun", begun)
		}
		if done, err := e.Run(t.Context(), "c", work(time.Hour, nil)); done || err != nil {
			t.Errorf("a long one: %v, %v", done, err)
		}
		start := time.Now()
		if e.Close(); time.Since(start) != 0 {
			t.Errorf("the end waited for %v", time.Since(start))
		}
	})
}
