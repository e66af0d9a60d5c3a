package outbox

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox/turn"
	"sealdesk/platformapi/outbox/vault"
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
	Now     func() time.Time                 // the clock, for what is shown; nothing is decided by it. nil is time.Now
	Backoff func(attempts int) time.Duration // wait after so many attempts; nil is from 1 s doubling to 5 min, less a random part
	Trace   func(Moment, Entry)              // told of each moment, for logs; it runs inside of it
}

const (
	backoffFirst = time.Second
	backoffLast  = 5 * time.Minute
	// A next try further away than this was written by a clock that was wrong.
	farAway = time.Hour
	// lookAround is how often it is looked whether other processes changed entries.
	lookAround = 300 * time.Millisecond
)

// Box is an open outbox. Its methods may be called from several goroutines.
type Box struct {
	opts  Options
	dir   string
	db    *sql.DB
	vault *vault.Vault
	files payloads
	stop  context.CancelFunc
	done  chan struct{}

	keeping sync.Mutex // with the turn of the files: no copy is removed between being made and being named by a row

	mu   sync.Mutex
	subs map[chan struct{}]bool
	due  map[string]time.Time // when an entry is tried again, on the monotonic clock
}

// Open opens the outbox in dir, or makes it (mode 0700). Several processes may have it open: all of them add, see, retry and
// take back entries, and one of them sends those of an organisation.
func Open(ctx context.Context, dir string, v *vault.Vault, opts Options) (*Box, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Backoff == nil {
		opts.Backoff = backoff
	}
	if opts.Trace == nil {
		opts.Trace = func(Moment, Entry) {}
	}
	b := &Box{opts: opts, dir: dir, vault: v, subs: map[chan struct{}]bool{}, due: map[string]time.Time{}, done: make(chan struct{}), files: payloads{
		dir: filepath.Join(dir, "files"), vault: v, trace: func(m Moment) { opts.Trace(m, Entry{Op: OpAttach}) },
	}}
	if err := os.MkdirAll(b.files.dir, 0o700); err != nil {
		return nil, disk("the outbox's folder cannot be made", err)
	}
	var err error
	if b.db, err = openJournal(filepath.Join(dir, "journal.db")); err != nil {
		return nil, err
	}
	if err := b.begin(ctx); err != nil {
		return nil, errors.Join(err, b.db.Close())
	}
	seen, err := b.dataVersion(ctx)
	if err != nil {
		return nil, errors.Join(err, b.db.Close())
	}
	look, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	go b.look(look, seen)
	return b, nil
}

// begin brings the journal up to date, and takes over what a process that died was sending.
func (b *Box) begin(ctx context.Context) error {
	return b.withFiles(ctx, func() error {
		if err := b.prepare(ctx); err != nil {
			return err
		}
		orgs, err := b.column(ctx, `SELECT DISTINCT org FROM entries WHERE state = 'sending'`)
		if err != nil {
			return err
		}
		for _, org := range orgs {
			sending, err := turn.Try(b.sender(org))
			if errors.Is(err, turn.ErrTaken) {
				continue // it is being sent indeed
			}
			if err != nil {
				return disk("the outbox's folder cannot be written", err)
			}
			if err := errors.Join(b.takeOver(ctx, org), sending.End()); err != nil {
				return err
			}
		}
		return b.sweep(ctx)
	})
}

// withFiles does something with the copies of files while nobody else does.
func (b *Box) withFiles(ctx context.Context, do func() error) error {
	b.keeping.Lock()
	defer b.keeping.Unlock()
	files, err := turn.Wait(ctx, filepath.Join(b.dir, "files.turn"))
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return disk("the outbox's folder cannot be written", err)
	}
	return errors.Join(do(), files.End())
}

// sender is the file whose turn who sends for an organisation has.
func (b *Box) sender(org string) string {
	sum := sha256.Sum256([]byte(org))
	return filepath.Join(b.dir, "sender-"+hex.EncodeToString(sum[:8])+".turn")
}

// takeOver makes what was being sent wait again: it may have arrived or not, and is sent again with its key.
func (b *Box) takeOver(ctx context.Context, org string) error {
	return b.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE entries SET state = 'waiting', next_try = 0 WHERE state = 'sending' AND org = ?`, org)
		return err
	})
}

// dataVersion is another number after each commit of another process.
func (b *Box) dataVersion(ctx context.Context) (n int64, err error) {
	err = b.db.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&n)
	return n, journalError(err)
}

// look tells subscribers of what other processes changed since seen, until ctx ends.
func (b *Box) look(ctx context.Context, seen int64) {
	defer close(b.done)
	ticker := time.NewTicker(lookAround)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		// What could not be looked at now will tell at the next look.
		if now, err := b.dataVersion(ctx); err == nil && now != seen {
			seen = now
			b.tell()
		}
	}
}

func backoff(attempts int) time.Duration {
	d := min(backoffLast, backoffFirst<<min(max(attempts-1, 0), 20))
	return d - rand.N(d/3)
}

// KeyPlace says where the key of what lies here is kept.
func (b *Box) KeyPlace() vault.Where { return b.vault.Where() }

// Close closes the outbox; what waits in it stays. End Run first.
func (b *Box) Close() error {
	b.stop()
	<-b.done
	return b.db.Close()
}

// column is the one column of a query.
func (b *Box) column(ctx context.Context, query string) ([]string, error) {
	rows, err := b.db.QueryContext(ctx, query)
	if err != nil {
		return nil, journalError(err)
	}
	defer func() { _ = rows.Close() }() // Err below has told of every failure
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, journalError(err)
		}
		all = append(all, s)
	}
	return all, journalError(rows.Err())
}

// sweep removes the copies that no entry needs.
func (b *Box) sweep(ctx context.Context) error {
	digests, err := b.column(ctx, `SELECT payload FROM entries WHERE payload <> ''`)
	if err != nil {
		return err
	}
	needed := map[string]bool{}
	for _, d := range digests {
		needed[d] = true
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
	var entries []Entry
	err := b.withFiles(ctx, func() error {
		for _, r := range requests {
			if r.Op == OpAttach {
				if err := b.files.keep(r.Upload); err != nil {
					return err
				}
			}
		}
		return b.tx(ctx, func(tx *sql.Tx) error {
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
	old, err := b.scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM entries e WHERE e.org = ? AND e.key = ?`, e.Org, e.Key).Scan)
	if err == nil {
		if old.Damaged() {
			return e, old.failure.err()
		}
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
		created_at, attempts, perhaps, next_try, failure, outcome, done_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, x'', x'', 0)`,
		e.ID, e.Org, e.Key, e.Op, e.ContractID, b.seal(e.ID, "title", e.Title), e.SHA256, payload, b.seal(e.ID, "request", string(request)), r.Version, previous, e.State, micros(e.CreatedAt))
	return e, err
}

// Entries are all entries of an organisation ("" is all organisations'), in their order; those that are done, too, whose
// receipts are kept for good, and those that are damaged, with what can still be read of them.
func (b *Box) Entries(ctx context.Context, org string) ([]Entry, error) {
	rows, err := b.db.QueryContext(ctx, `SELECT `+columns+` FROM entries e WHERE ? IN ('', e.org) ORDER BY e.seq`, org)
	if err != nil {
		return nil, journalError(err)
	}
	defer func() { _ = rows.Close() }() // Err below has told of every failure
	var all []Entry
	for rows.Next() {
		r, err := b.scan(rows.Scan)
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
	r, err := b.scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM entries e WHERE e.id = ?`, id).Scan)
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
		case r.State == Done && !r.Damaged():
			var o platformapi.Outcome
			err := json.Unmarshal([]byte(r.outcome), &o)
			return o, err
		case r.State == Done, r.State == Failed:
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
	before, err := b.scan(b.db.QueryRowContext(ctx, `SELECT `+columns+` FROM entries e WHERE e.org = ? AND e.contract_id = ? AND e.seq < ?
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
// left this machine, or the platform refused it; or one that is damaged, of which nothing is known for certain. With it go
// those of the same contract that wait for its version.
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

// removeFiles removes copies that no entry needs any more.
func (b *Box) removeFiles(ctx context.Context) error {
	return b.withFiles(ctx, func() error { return b.sweep(ctx) })
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
