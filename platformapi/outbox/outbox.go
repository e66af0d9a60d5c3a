package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"sealdesk/platformapi"
)

// Moment is a point in an entry's life that Options.Trace is told of.
type Moment string

// The moments, in their order.
const (
	FileCopied   Moment = "file copied"   // not synced yet
	FileKept     Moment = "file kept"     // under its name
	RowsWritten  Moment = "rows written"  // not committed yet
	Added        Moment = "added"         // and synced
	Claimed      Moment = "claimed"       // marked as being sent, synced
	Answered     Moment = "answered"      // the answer is known and not yet written
	Recorded     Moment = "recorded"      // the answer is in the journal, synced
	FilesRemoved Moment = "files removed" // that nobody needs any more
)

// Options change what the zero value does.
type Options struct {
	Now     func() time.Time                 // nil is time.Now
	Backoff func(attempts int) time.Duration // wait after so many attempts; nil is from 1 s doubling to 5 min, less a random part
	Trace   func(Moment, Entry)              // told of each moment, for logs; it runs inside of it
}

const (
	backoffFirst = time.Second
	backoffLast  = 5 * time.Minute
	// A next try further away than this is a clock that was wrong once.
	farAway = 25 * time.Hour
)

// Box is an open outbox. Its methods may be called from several goroutines.
type Box struct {
	opts  Options
	db    *sql.DB
	files payloads

	keeping sync.Mutex // no copy is removed between being made and being named by a row

	mu   sync.Mutex
	subs map[chan struct{}]bool
}

// Open opens the outbox in dir, or makes it (mode 0700). The error has CodeInUse while another process has it open.
func Open(ctx context.Context, dir string, opts Options) (*Box, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Backoff == nil {
		opts.Backoff = backoff
	}
	if opts.Trace == nil {
		opts.Trace = func(Moment, Entry) {}
	}
	b := &Box{opts: opts, subs: map[chan struct{}]bool{}, files: payloads{
		dir: filepath.Join(dir, "files"), trace: func(m Moment) { opts.Trace(m, Entry{Op: OpAttach}) },
	}}
	if err := os.MkdirAll(b.files.dir, 0o700); err != nil {
		return nil, disk("the outbox's folder cannot be made", err)
	}
	var err error
	if b.db, err = openJournal(ctx, filepath.Join(dir, "journal.db")); err != nil {
		return nil, err
	}
	if err := b.sweep(ctx); err != nil {
		return nil, errors.Join(err, b.db.Close())
	}
	return b, nil
}

func backoff(attempts int) time.Duration {
	d := min(backoffLast, backoffFirst<<min(max(attempts-1, 0), 20))
	return d - rand.N(d/3)
}

// Close lets another process open the outbox. End Run first.
func (b *Box) Close() error { return b.db.Close() }

func (b *Box) sweep(ctx context.Context) error {
	rows, err := b.db.QueryContext(ctx, `SELECT payload FROM entries WHERE payload <> ''`)
	if err != nil {
		return journalError(err)
	}
	defer func() { _ = rows.Close() }() // Err below has told of every failure
	needed := map[string]bool{}
	for rows.Next() {
		var digest string
		if err := rows.Scan(&digest); err != nil {
			return journalError(err)
		}
		needed[digest] = true
	}
	if err := rows.Err(); err != nil {
		return journalError(err)
	}
	return b.files.sweep(needed)
}

func (b *Box) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return journalError(err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err = f(tx); err == nil {
		err = tx.Commit()
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // the driver says then only that the transaction is over
	}
	return journalError(err)
}

// Add puts a request into the journal. When it returns without an error, the request outlives the process.
func (b *Box) Add(ctx context.Context, r Request) (Entry, error) {
	all, err := b.AddAll(ctx, []Request{r})
	if err != nil {
		return Entry{}, err
	}
	return all[0], nil
}

// AddAll puts requests into the journal, all or none. They are sent in this order. A request that is there already, with
// the same key, is not added again.
func (b *Box) AddAll(ctx context.Context, requests []Request) ([]Entry, error) {
	requests = slices.Clone(requests)
	for i := range requests {
		if err := requests[i].check(); err != nil {
			return nil, err
		}
	}
	entries, err := b.keepAll(ctx, requests)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	b.opts.Trace(Added, entries[len(entries)-1])
	b.tell()
	return entries, nil
}

func (b *Box) keepAll(ctx context.Context, requests []Request) ([]Entry, error) {
	b.keeping.Lock()
	defer b.keeping.Unlock()
	for _, r := range requests {
		if r.Op == OpAttach {
			if err := b.files.keep(r.Upload); err != nil {
				return nil, err
			}
		}
	}
	var entries []Entry
	err := b.tx(ctx, func(tx *sql.Tx) error {
		for _, r := range requests {
			e, err := b.insert(ctx, tx, r)
			if err != nil {
				return err
			}
			entries = append(entries, e)
			b.opts.Trace(RowsWritten, e)
		}
		return nil
	})
	return entries, err
}

func (b *Box) insert(ctx context.Context, tx *sql.Tx, r Request) (Entry, error) {
	e := Entry{
		ID: platformapi.NewID(), Org: r.Org, Key: r.Key, Op: r.Op, ContractID: r.ContractID, Title: r.Title, SHA256: r.SHA256,
		State: Waiting, CreatedAt: b.opts.Now().UTC().Truncate(time.Microsecond),
	}
	if e.Key == "" {
		e.Key = platformapi.NewID()
	}
	payload := ""
	if r.Op == OpAttach {
		payload, r.Upload.Content = r.Upload.SHA256, nil
	}
	request, err := json.Marshal(r)
	if err != nil {
		return e, err
	}
	old, err := scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM entries e WHERE e.org = ? AND e.key = ?`, e.Org, e.Key).Scan)
	if err == nil {
		if old.said != string(request) {
			return e, &platformapi.Error{Kind: platformapi.KindProblem, CodeValue: platformapi.CodeKeyReused, Detail: "the key was used for another request"}
		}
		return old.Entry, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return e, err
	}
	var previous sql.NullInt64
	if r.Op != OpCreate && r.Version == AfterPrevious {
		err := tx.QueryRowContext(ctx, `SELECT max(seq) FROM entries WHERE org = ? AND contract_id = ?`, r.Org, r.ContractID).Scan(&previous)
		if err != nil {
			return e, err
		}
		if !previous.Valid {
			return e, ErrRequest
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO entries (id, org, key, op, contract_id, title, sha256, payload, request, version, previous, state,
		created_at, attempts, perhaps, next_try, failure, outcome, done_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, '', '', 0)`,
		e.ID, e.Org, e.Key, e.Op, e.ContractID, e.Title, e.SHA256, payload, string(request), r.Version, previous, e.State, micros(e.CreatedAt))
	return e, err
}

// Entries are all entries of an organisation ("" is all organisations'), in their order; those that are done too, until
// they are pruned.
func (b *Box) Entries(ctx context.Context, org string) ([]Entry, error) {
	rows, err := b.db.QueryContext(ctx, `SELECT `+columns+` FROM entries e WHERE ? IN ('', e.org) ORDER BY e.seq`, org)
	if err != nil {
		return nil, journalError(err)
	}
	defer func() { _ = rows.Close() }() // Err below has told of every failure
	var all []Entry
	for rows.Next() {
		r, err := scan(rows.Scan)
		if err != nil {
			return nil, journalError(err)
		}
		all = append(all, r.Entry)
	}
	return all, journalError(rows.Err())
}

func (b *Box) row(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, id string) (row, error) {
	r, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM entries e WHERE e.id = ?`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return r, &Error{CodeValue: CodeUnknown, Detail: "there is no such entry"}
	}
	return r, journalError(err)
}

// Wait waits until an entry is done, and returns the platform's answer; or until it, or one of the same contract that goes
// before it, failed or was withdrawn, and returns that error. It sends nothing: Run must be running.
func (b *Box) Wait(ctx context.Context, id string) (platformapi.Outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changed := b.Subscribe(ctx)
	known := false
	for {
		r, err := b.row(ctx, b.db, id)
		switch {
		case platformapi.IsCode(err, CodeUnknown) && known:
			return platformapi.Outcome{}, &Error{CodeValue: CodeWithdrawn, Detail: "the entry was taken back"}
		case err != nil:
			return platformapi.Outcome{}, err
		case r.State == Done:
			var o platformapi.Outcome
			err := json.Unmarshal([]byte(r.outcome), &o)
			return o, err
		case r.State == Failed:
			return platformapi.Outcome{}, r.failure.err()
		}
		blocked, err := b.blockedBy(ctx, r)
		if err != nil {
			return platformapi.Outcome{}, err
		}
		if blocked != nil {
			return platformapi.Outcome{}, blocked
		}
		known = true
		select {
		case <-ctx.Done():
			return platformapi.Outcome{}, ctx.Err()
		case <-changed:
		}
	}
}

// blockedBy is the failure of an entry that must be dealt with before r can go.
func (b *Box) blockedBy(ctx context.Context, r row) (failed, err error) {
	before, err := scan(b.db.QueryRowContext(ctx, `SELECT `+columns+` FROM entries e WHERE e.org = ? AND e.contract_id = ? AND e.seq < ?
		AND e.state = 'failed' ORDER BY e.seq LIMIT 1`, r.Org, r.ContractID, r.seq).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, journalError(err)
	}
	return before.failure.err(), nil
}

// Retry sends a waiting entry at once, and gives a failed one another chance, with the same key.
func (b *Box) Retry(ctx context.Context, id string) error {
	err := b.tx(ctx, func(tx *sql.Tx) error {
		r, err := b.row(ctx, tx, id)
		if err != nil {
			return err
		}
		if r.State != Waiting && r.State != Failed {
			return nil
		}
		_, err = tx.ExecContext(ctx, `UPDATE entries SET state = 'waiting', next_try = 0 WHERE seq = ?`, r.seq)
		return err
	})
	b.tell()
	return err
}

// RetryAll sends everything that waits at once, as when the network is back.
func (b *Box) RetryAll(ctx context.Context) error {
	err := b.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE entries SET next_try = 0 WHERE state = 'waiting'`)
		return err
	})
	b.tell()
	return err
}

// Withdraw takes an entry back of which certainly nothing has arrived (Entry.Withdrawable): it was never sent, or never
// left this machine, or the platform refused it. With it go those of the same contract that wait for its version.
func (b *Box) Withdraw(ctx context.Context, id string) error {
	err := b.tx(ctx, func(tx *sql.Tx) error {
		r, err := b.row(ctx, tx, id)
		if err != nil {
			return err
		}
		if !r.Withdrawable {
			return &Error{CodeValue: CodeNotWithdrawable, Detail: "the entry was sent, perhaps, and cannot be taken back"}
		}
		// Those that wait for it were not begun either, since they go after it.
		_, err = tx.ExecContext(ctx, `WITH RECURSIVE gone (seq) AS (
			SELECT ?1 UNION SELECT e.seq FROM entries e JOIN gone ON e.previous = gone.seq)
			DELETE FROM entries WHERE seq IN (SELECT seq FROM gone)`, r.seq)
		return err
	})
	if err == nil {
		err = b.removeFiles(ctx)
	}
	b.tell()
	return err
}

// Prune forgets entries that were done before a time. Their receipts can be had from the platform.
func (b *Box) Prune(ctx context.Context, before time.Time) error {
	err := b.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM entries WHERE state = 'done' AND done_at < ? AND NOT EXISTS (
			SELECT 1 FROM entries later WHERE later.org = entries.org AND later.contract_id = entries.contract_id AND later.state <> 'done')`, micros(before))
		return err
	})
	b.tell()
	return err
}

// removeFiles removes copies that no entry needs any more.
func (b *Box) removeFiles(ctx context.Context) error {
	b.keeping.Lock()
	defer b.keeping.Unlock()
	return b.sweep(ctx)
}

// Subscribe returns a channel that has something to receive whenever entries changed since it was last received from. It
// is closed when ctx ends.
func (b *Box) Subscribe(ctx context.Context) <-chan struct{} {
	ch := make(chan struct{}, 1)
	b.mu.Lock()
	b.subs[ch] = true
	b.mu.Unlock()
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, ch)
		close(ch)
	})
	return ch
}

func (b *Box) tell() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.subs {
		select {
		case ch <- struct{}{}:
		default: // it has one to receive already
		}
	}
}
