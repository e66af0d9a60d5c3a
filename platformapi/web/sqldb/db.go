package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"sealdesk/platformapi/web"
)

// Dialect is what the databases say differently.
type Dialect struct {
	Locks    bool          // rows are locked by FOR UPDATE; where there is one writer there is no need
	Snapshot sql.TxOptions // of a transaction whose queries all see the same moment
	// After follows every commit, when it is not "": then what was committed lasts, and several wait for that together.
	After string
	// Before begins every transaction that is followed by After.
	Before string
	// Taken names the unique column or index that an error is about, "" for another error.
	Taken func(error) string
	// Again says that a transaction failed because of another one, and may be tried again.
	Again func(error) bool
}

// DB is a database. Write is for single statements that change something, Read for those that do not.
type DB struct {
	Write, Read *sql.DB
	Dialect

	group *group // nil where there are several writers
}

// New takes a database's pools. Where there is one writer, write is its pool; otherwise both are the same.
func New(write, read *sql.DB, d Dialect) *DB {
	db := &DB{Write: write, Read: read, Dialect: d}
	if write != read {
		db.group = newGroup(write)
	}
	return db
}

// OpenSQLite opens the file at path, or makes it, with the migrations in a folder of files. A file of a newer version of the
// program is refused (web.ErrNewer). SQLite has one writer, so that two changes come one after the other.
func OpenSQLite(ctx context.Context, path string, files fs.FS, folder string) (*DB, error) {
	migrations, err := fs.Sub(files, folder)
	if err != nil {
		return nil, err
	}
	write, read, err := web.OpenSQLite(ctx, path, migrations)
	if err != nil {
		return nil, err
	}
	return New(write, read, Dialect{
		Snapshot: sql.TxOptions{ReadOnly: true},
		Taken:    taken,
		Again:    func(error) bool { return false }, // there is one writer
	}), nil
}

func taken(err error) string {
	e, ok := errors.AsType[*sqlite.Error](err)
	if ok && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY) {
		return e.Error()
	}
	return ""
}

// Close closes the database.
func (db *DB) Close() error {
	if db.group == nil {
		return db.Write.Close()
	}
	db.group.close()
	return errors.Join(db.Read.Close(), db.Write.Close())
}

// Lock follows a SELECT of a table of this name: no other transaction changes the row until this one ends.
func (db *DB) Lock(table string) string {
	if !db.Locks {
		return ""
	}
	return ` FOR UPDATE OF ` + table
}

const maxTries = 10

// Tx runs f in a transaction, again when it lost against another one; nothing of a lost try is left. When it returns, what
// f did lasts. f is handed a context that does not end.
func (db *DB) Tx(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	whole := context.WithoutCancel(ctx)
	if db.group != nil {
		return db.group.do(ctx, func(tx *sql.Tx) error { return f(whole, tx) })
	}
	for try := 1; ; try++ {
		err := ctx.Err()
		if err == nil {
			err = db.once(whole, f)
		}
		if err == nil || try == maxTries || !db.Again(err) {
			return err
		}
	}
}

func (db *DB) once(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if db.Before != "" {
		if _, err := tx.ExecContext(ctx, db.Before); err != nil {
			return err
		}
	}
	if err := f(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil || db.After == "" {
		return err
	}
	_, err = db.Write.ExecContext(ctx, db.After)
	return err
}

// Querier is a pool or a transaction.
type Querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// Collect reads all rows.
func Collect[T any](rows *sql.Rows, one func(scan func(...any) error) (T, error)) ([]T, error) {
	defer func() { _ = rows.Close() }() // Err below has told of every failure
	var all []T
	for rows.Next() {
		v, err := one(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// Micros is how a time is kept: microseconds of Unix time, 0 for none.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Moment reads what Micros made.
func Moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// Affects says whether a statement changed any row.
func Affects(r sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}
