package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox/vault"
)

const schemaVersion = 2

// What says anything of a contract is sealed by the vault, in the columns that are BLOBs; the rest orders the sending.
const schema = `
CREATE TABLE entries (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    org         TEXT NOT NULL,
    key         TEXT NOT NULL,
    op          TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    title       BLOB NOT NULL,
    sha256      TEXT NOT NULL,
    payload     TEXT NOT NULL, -- digest of the file to send, '' without one or when it was sent
    request     BLOB NOT NULL,
    version     INTEGER NOT NULL,
    previous    INTEGER REFERENCES entries (seq) ON DELETE SET NULL, -- whose version this one waits for
    state       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    perhaps     INTEGER NOT NULL, -- attempts of which it is not known whether anything arrived
    next_try    INTEGER NOT NULL, -- to be shown; 0: at once
    failure     BLOB NOT NULL,    -- empty when there was none
    outcome     BLOB NOT NULL,
    done_at     INTEGER NOT NULL,
    UNIQUE (org, key)
) STRICT;
CREATE INDEX entries_contract ON entries (org, contract_id, seq);
CREATE TABLE vault (id TEXT NOT NULL) STRICT; -- that sealed the entries
PRAGMA user_version = 2;`

// openJournal opens the file, of which several processes may work at a time.
func openJournal(path string) (*sql.DB, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, disk("the journal cannot be opened", err)
	}
	if err := f.Close(); err != nil {
		return nil, disk("the journal cannot be opened", err)
	}
	slashed := filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		slashed = "/" + slashed
	}
	name := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(slashed) +
		"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)"
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, disk("the journal cannot be opened", err)
	}
	// Of one connection, so that it hears of other processes' changes by data_version.
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	return db, nil
}

// prepare brings the journal to this version.
func (b *Box) prepare(ctx context.Context) error {
	old := 0
	err := b.tx(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&old); err != nil {
			return err
		}
		switch {
		case old > schemaVersion:
			return &Error{CodeValue: CodeNewer, Detail: fmt.Sprintf("the journal is of version %d, a newer program's", old)}
		case old == schemaVersion:
			var id string
			err := tx.QueryRowContext(ctx, `SELECT id FROM vault`).Scan(&id)
			if errors.Is(err, sql.ErrNoRows) {
				return &Error{CodeValue: CodeDamaged, Detail: "the journal does not name its vault"}
			}
			if err != nil {
				return err
			}
			if id != b.vault.ID() {
				return &vault.Error{CodeValue: vault.CodeKeyLost, Folder: filepath.Dir(b.files.dir)}
			}
			return nil
		case old == 1:
			return b.sealPlain(ctx, tx)
		}
		return b.create(ctx, tx)
	})
	if err == nil && old == 1 {
		_, err = b.db.ExecContext(ctx, `VACUUM; PRAGMA wal_checkpoint(TRUNCATE)`) // so that what stood there in the plain is gone
	}
	return journalError(err)
}

func (b *Box) create(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO vault (id) VALUES (?)`, b.vault.ID())
	return err
}

// sealPlain takes over a journal of version 1, in which all stood in the plain. Its files are copied before the rows say so,
// and the plain ones are swept afterwards.
func (b *Box) sealPlain(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `DROP INDEX entries_contract; ALTER TABLE entries RENAME TO plain`); err != nil {
		return err
	}
	if err := b.create(ctx, tx); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT seq, id, payload, title, request, failure, outcome FROM plain ORDER BY seq`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Err below has told of every failure
	type entry struct {
		seq                                        int64
		id, payload, title, request, fail, outcome string
	}
	var all []entry
	for rows.Next() {
		var e entry
		if err := rows.Scan(&e.seq, &e.id, &e.payload, &e.title, &e.request, &e.fail, &e.outcome); err != nil {
			return err
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, e := range all {
		if e.payload != "" {
			if err := b.files.sealPlain(e.payload); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO entries SELECT seq, id, org, key, op, contract_id, ?, sha256, payload, ?, version, previous, state,
			created_at, attempts, perhaps, next_try, ?, ?, done_at FROM plain WHERE seq = ?`,
			b.seal(e.id, "title", e.title), b.seal(e.id, "request", e.request), b.seal(e.id, "failure", e.fail), b.seal(e.id, "outcome", e.outcome), e.seq); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `DROP TABLE plain`)
	return err
}

// seal closes a column's text.
func (b *Box) seal(id, column, text string) []byte {
	return b.vault.Seal("entry/"+id+"/"+column, []byte(text))
}

func disk(what string, err error) error { return &Error{CodeValue: CodeDisk, Detail: what, Err: err} }

// journalError puts SQLite's failures into the three that a person can do something about.
func journalError(err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &Error{CodeValue: CodeInUse, Detail: "another program is writing the journal", Err: err}
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return &Error{CodeValue: CodeDamaged, Detail: "the journal is damaged", Err: err}
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return disk("the journal cannot be written", err)
	}
	return err
}

// failure is what is kept of an error; the zero value is of none.
type failure struct {
	Kind    platformapi.Kind          `json:"kind"`
	Code    string                    `json:"code"`
	Status  int                       `json:"status,omitempty"`
	Detail  string                    `json:"detail"`
	State   platformapi.ContractState `json:"state,omitempty"`
	Version int64                     `json:"version,omitempty"`
	Fields  []platformapi.FieldError  `json:"fields,omitempty"`
}

func keepFailure(err error) failure {
	if e, ok := errors.AsType[*platformapi.Error](err); ok {
		detail := e.Detail
		if e.Err != nil {
			detail = fmt.Sprintf("%s: %v", detail, e.Err)
		}
		return failure{Kind: e.Kind, Code: e.CodeValue, Status: e.Status, Detail: detail, State: e.State, Version: e.Version, Fields: e.Fields}
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return failure{Code: e.CodeValue, Detail: e.Detail}
	}
	return failure{Detail: err.Error()}
}

// sealFailure closes what is kept of an error, for an entry.
func (b *Box) sealFailure(id string, err error) []byte {
	text, _ := json.Marshal(keepFailure(err)) // of texts and numbers it never fails
	return b.seal(id, "failure", string(text))
}

func (f failure) err() error {
	if f.Kind != 0 {
		return &platformapi.Error{Kind: f.Kind, CodeValue: f.Code, Status: f.Status, Detail: f.Detail, State: f.State, Version: f.Version, Fields: f.Fields}
	}
	return &Error{CodeValue: f.Code, Detail: f.Detail}
}

// row is an entry with what is needed to send it.
type row struct {
	Entry
	seq     int64
	payload string
	said    string // the request as it is kept
	request Request
	version int64
	prev    sql.NullInt64
	failure failure
	outcome string
}

const columns = `e.seq, e.id, e.org, e.key, e.op, e.contract_id, e.title, e.sha256, e.payload, e.request, e.version, e.previous, e.state,
	e.created_at, e.attempts, e.perhaps, e.next_try, e.failure, e.outcome, e.done_at`

func (b *Box) scan(from func(...any) error) (row, error) {
	var r row
	var title, request, fail, outcome []byte
	var created, next, done int64
	var perhaps int
	if err := from(&r.seq, &r.ID, &r.Org, &r.Key, &r.Op, &r.ContractID, &title, &r.SHA256, &r.payload, &request, &r.version, &r.prev, &r.State,
		&created, &r.Attempts, &perhaps, &next, &fail, &outcome, &done); err != nil {
		return r, err
	}
	r.CreatedAt, r.DoneAt = moment(created), moment(done)
	r.NextTry = b.nextTry(r.ID, moment(next))
	r.Withdrawable = r.State == Failed || r.State == Waiting && perhaps == 0
	if err := b.open(&r, title, request, fail, outcome); err != nil {
		r.damaged(err)
	}
	r.LastCode, r.LastError = r.failure.Code, r.failure.Detail
	return r, nil
}

// open opens what is sealed of a row. Of a damaged one it opens what it can, and tells.
func (b *Box) open(r *row, title, request, fail, outcome []byte) error {
	var all []error
	text := func(column string, sealed []byte) string {
		if len(sealed) == 0 {
			return ""
		}
		opened, err := b.vault.Open("entry/"+r.ID+"/"+column, sealed)
		all = append(all, err)
		return string(opened)
	}
	parse := func(text string, into any) {
		if text != "" {
			all = append(all, json.Unmarshal([]byte(text), into))
		}
	}
	r.Title, r.said, r.outcome = text("title", title), text("request", request), text("outcome", outcome)
	parse(r.said, &r.request)
	parse(text("failure", fail), &r.failure)
	var o struct{ Receipt *platformapi.Receipt }
	parse(r.outcome, &o)
	r.Receipt = o.Receipt
	if q := r.request; q.Org != r.Org || q.Op != r.Op || q.ContractID != r.ContractID {
		all = append(all, errors.New("the request is another entry's"))
	}
	if r.State == Done && r.Receipt == nil {
		all = append(all, errors.New("an entry that is done has no receipt"))
	}
	return errors.Join(all...)
}

// damaged makes a row one that failed for what is wrong with it. One that is on its way or has arrived stays so: sending it
// again, or holding back what follows it, would mend nothing.
func (r *row) damaged(err error) {
	r.failure = keepFailure(damaged(err))
	if r.State == Waiting || r.State == Failed {
		r.State, r.Withdrawable, r.NextTry = Failed, true, time.Time{}
	}
}

// damaged says that an entry cannot be sent, or has lost its receipt, for what happened to its row.
func damaged(err error) error {
	return &Error{CodeValue: CodeEntryDamaged, Detail: fmt.Sprintf("an entry is damaged: %v", err)}
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
