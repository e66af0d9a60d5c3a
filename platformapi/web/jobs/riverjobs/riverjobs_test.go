package riverjobs_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/platformapi/platform/store/postgres"
	"sealdesk/platformapi/web/jobs"
	"sealdesk/platformapi/web/jobs/riverjobs"
	"sealdesk/platformapi/web/sqldb/pgtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	pgtest.Stop()
	os.Exit(code)
}

// Two servers do each job once, one of them also what failed, and the other goes on when the first ends.
func TestTwoServers(t *testing.T) {
	url := pgtest.Shared(t).Database(t)
	var hourly, flaky, often [2]atomic.Int64
	sum := func(n *[2]atomic.Int64) int64 { return n[0].Load() + n[1].Load() }
	var stops []func(context.Context) error
	for i := range 2 {
		pool, err := postgres.Connect(t.Context(), url+"&pool_max_conns=10")
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		stop, err := riverjobs.Runner{Pool: pool, Log: slog.New(slog.DiscardHandler)}.Start(t.Context(), []jobs.Job{
			{Name: "hourly", Every: time.Hour, Do: func(context.Context) error { hourly[i].Add(1); return nil }},
			{Name: "flaky", Every: time.Hour, Do: func(context.Context) error {
				if flaky[i].Add(1); sum(&flaky) == 1 {
					return errors.New("the first time it fails")
				}
				return nil
			}},
			{Name: "often", Every: time.Second, Do: func(context.Context) error { often[i].Add(1); return nil }},
		})
		if err != nil {
			t.Fatal(err)
		}
		stops = append(stops, stop)
	}
	wait := func(what string, enough func() bool) {
		t.Helper()
		for until := time.Now().Add(20 * time.Second); !enough(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(until) {
				t.Fatalf("%s: hourly %d, flaky %d, often %d", what, sum(&hourly), sum(&flaky), sum(&often))
			}
		}
	}
	wait("both together", func() bool { return sum(&hourly) >= 1 && sum(&flaky) >= 2 && sum(&often) >= 2 })
	if err := stops[0](t.Context()); err != nil {
		t.Error(err)
	}
	first, second := often[0].Load(), often[1].Load()
	wait("after one has ended", func() bool { return often[1].Load() > second+1 })
	if err := stops[1](t.Context()); err != nil {
		t.Error(err)
	}
	if often[0].Load() != first {
		t.Error("the first goes on after it was stopped")
	}
	if sum(&hourly) != 1 || sum(&flaky) != 2 {
		t.Errorf("hourly was done %d times, flaky %d times", sum(&hourly), sum(&flaky))
	}
}
