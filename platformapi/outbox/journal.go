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
)

const schemaVersion = 1

const schema = `
CREATE TABLE entries (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    org         TEXT NOT NULL,
    key         TEXT NOT NULL,
    op          TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    title       TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    payload     TEXT NOT NULL, -- digest of the file to send, '' without one or when it was sent
    request     TEXT NOT NULL,
    version     INTEGER NOT NULL,
    previous    INTEGER REFERENCES entries (seq) ON DELETE SET NULL, -- whose version this one waits for
    state       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    perhaps     INTEGER NOT NULL, -- attempts of which it is not known whether anything arrived
    next_try    INTEGER NOT NULL,
    failure     TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    done_at     INTEGER NOT NULL,
    UNIQUE (org, key)
) STRICT;
CREATE INDEX entries_contract ON entries (org, contract_id, seq);
PRAGMA user_version = 1;`

// openJournal opens the file and holds it until it is closed: a second process is told CodeInUse.
func openJournal(ctx context.Context, path string) (*sql.DB, error) {
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
		"?_txlock=immediate&_pragma=busy_timeout(200)&_pragma=locking_mode(EXCLUSIVE)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, disk("the journal cannot be opened", err)
	}
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	if err := prepareJournal(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func prepareJournal(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return journalError(err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	var version int
	if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return journalError(err)
	}
	switch {
	case version > schemaVersion:
		return &Error{CodeValue: CodeNewer, Detail: fmt.Sprintf("the journal is of version %d, a newer program's", version)}
	case version == 0:
		if _, err := tx.ExecContext(ctx, schema); err != nil {
			return journalError(err)
		}
	}
	// What was being sent when the process ended may have arrived or not: it is sent again with its key.
	if _, err := tx.ExecContext(ctx, `UPDATE entries SET state = 'waiting', next_try = 0 WHERE state = 'sending'`); err != nil {
		return journalError(err)
	}
	return journalError(tx.Commit())
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
		return &Error{CodeValue: CodeInUse, Detail: "another program has the outbox open", Err: err}
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return &Error{CodeValue: CodeDamaged, Detail: "the journal is damaged", Err: err}
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return disk("the journal cannot be written", err)
	}
	return err
}

// failure is what is kept of an error.
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

func scan(from func(...any) error) (row, error) {
	var r row
	var request, fail string
	var created, next, done int64
	var perhaps int
	if err := from(&r.seq, &r.ID, &r.Org, &r.Key, &r.Op, &r.ContractID, &r.Title, &r.SHA256, &r.payload, &request, &r.version, &r.prev, &r.State,
		&created, &r.Attempts, &perhaps, &next, &fail, &r.outcome, &done); err != nil {
		return r, err
	}
	r.CreatedAt, r.NextTry, r.DoneAt = moment(created), moment(next), moment(done)
	r.Withdrawable = r.State == Failed || r.State == Waiting && perhaps == 0
	r.said = request
	if err := json.Unmarshal([]byte(request), &r.request); err != nil {
		return r, &Error{CodeValue: CodeDamaged, Detail: "an entry is not readable", Err: err}
	}
	if fail != "" {
		if err := json.Unmarshal([]byte(fail), &r.failure); err != nil {
			return r, &Error{CodeValue: CodeDamaged, Detail: "an entry is not readable", Err: err}
		}
		r.LastCode, r.LastError = r.failure.Code, r.failure.Detail
	}
	if r.outcome != "" {
		var o struct{ Receipt platformapi.Receipt }
		if err := json.Unmarshal([]byte(r.outcome), &o); err != nil {
			return r, &Error{CodeValue: CodeDamaged, Detail: "an entry is not readable", Err: err}
		}
		r.Receipt = &o.Receipt
	}
	return r, nil
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
