package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
)

// group is the one writer of a database that has one. What waits for it while it commits is done in one transaction next,
// each within a savepoint of its own, so that many changes share the wait for the disk. Nobody is answered before the
// commit.
type group struct {
	db   *sql.DB
	work chan *write
	quit chan struct{}
	done chan struct{}
}

type write struct {
	ctx    context.Context
	f      func(*sql.Tx) error
	answer chan error
	err    error
}

const maxGroup = 64

var errClosed = errors.New("store: it is closed")

func newGroup(db *sql.DB) *group {
	g := &group{db: db, work: make(chan *write, maxGroup), quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(g.done)
		for {
			select {
			case w := <-g.work:
				g.run(g.gather(w))
			case <-g.quit:
				return
			}
		}
	}()
	return g
}

func (g *group) gather(first *write) []*write {
	all := []*write{first}
	for len(all) < maxGroup {
		select {
		case w := <-g.work:
			all = append(all, w)
		default:
			return all
		}
	}
	return all
}

// do runs f in a transaction. f must not use a context that ends: SQLite answers an interrupted statement by undoing the
// whole transaction.
func (g *group) do(ctx context.Context, f func(*sql.Tx) error) error {
	w := &write{ctx: ctx, f: f, answer: make(chan error, 1)}
	select {
	case g.work <- w:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.done:
		return errClosed
	}
	select {
	case err := <-w.answer:
		return err
	case <-g.done:
		select {
		case err := <-w.answer: // the last that was done
			return err
		default:
			return errClosed
		}
	}
}

func (g *group) close() {
	close(g.quit)
	<-g.done
}

func (g *group) run(all []*write) {
	err := g.transaction(all)
	for _, w := range all {
		w.answer <- errors.Join(w.err, err)
	}
}

func (g *group) transaction(all []*write) error {
	tx, err := g.db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	for _, w := range all {
		if w.err = w.ctx.Err(); w.err != nil {
			continue
		}
		if _, err := tx.Exec(`SAVEPOINT one`); err != nil {
			return err
		}
		if w.err = w.try(tx); w.err != nil {
			if _, err := tx.Exec(`ROLLBACK TO one`); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`RELEASE one`); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// try turns a panic into an error: it is one caller's, and the others go on.
func (w *write) try(tx *sql.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.f(tx)
}
