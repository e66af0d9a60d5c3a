package riverjobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"sealdesk/platformapi/web/jobs"
)

const (
	migrationLock = 0x5ea1de5c // of pg_advisory_lock: servers that start together migrate one by one
	maxAttempts   = 5
	jobTime       = 10 * time.Minute
)

// Runner implements jobs.Runner.
type Runner struct {
	Pool *pgxpool.Pool
	Log  *slog.Logger
}

// named is a job in the database: which one to do.
type named struct {
	Name string `json:"name"`
}

func (named) Kind() string { return "platform" }

type worker struct {
	river.WorkerDefaults[named]
	do map[string]func(context.Context) error
}

// Work does a job. One that an older or newer server put in and that this one does not know is left to others.
func (w *worker) Work(ctx context.Context, j *river.Job[named]) error {
	do := w.do[j.Args.Name]
	if do == nil {
		return river.JobSnooze(time.Minute)
	}
	return do(ctx)
}

// Start brings River's tables to their newest migration and starts its client.
func (r Runner) Start(ctx context.Context, all []jobs.Job) (func(context.Context) error, error) {
	if err := r.migrate(ctx); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	w := &worker{do: map[string]func(context.Context) error{}}
	var periodic []*river.PeriodicJob
	for _, j := range all {
		w.do[j.Name] = j.Do
		opts := &river.InsertOpts{MaxAttempts: maxAttempts, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: j.Every}}
		periodic = append(periodic, river.NewPeriodicJob(river.PeriodicInterval(j.Every), func() (river.JobArgs, *river.InsertOpts) {
			return named{j.Name}, opts
		}, &river.PeriodicJobOpts{RunOnStart: true}))
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	client, err := river.NewClient(riverpgxv5.New(r.Pool), &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}}, Workers: workers, PeriodicJobs: periodic,
		JobTimeout: jobTime, Logger: quiet(r.Log),
	})
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return func(ctx context.Context) error {
		err := client.Stop(ctx)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			cut, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			err = client.StopAndCancel(cut)
		}
		return err
	}, nil
}

func (r Runner) migrate(ctx context.Context) (err error) {
	conn, err := r.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, migrationLock); err != nil {
		return err
	}
	defer func() {
		_, err2 := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, migrationLock)
		err = errors.Join(err, err2)
	}()
	m, err := rivermigrate.New(riverpgxv5.New(r.Pool), &rivermigrate.Config{Logger: quiet(r.Log)})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// quiet lets through warnings and errors only: River tells of every start and leader.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(atLeast{log.Handler(), slog.LevelWarn}) }

type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}
func (h atLeast) WithAttrs(a []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(a), h.level}
}
func (h atLeast) WithGroup(n string) slog.Handler { return atLeast{h.Handler.WithGroup(n), h.level} }
