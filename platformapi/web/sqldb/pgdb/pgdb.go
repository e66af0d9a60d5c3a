package pgdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/sqldb"
)

// The SQLSTATEs that are acted on.
const (
	uniqueViolation      = "23505"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
)

// Connect makes a pool of connections for a URL, "postgres://user@host/database?…", and sees that the database answers.
// The parameters are those of libpq and of pgxpool (pool_max_conns). application is what the server calls itself there.
func Connect(ctx context.Context, url, application string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err) // pgx leaves the password out
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = application
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		if refused, ok := errors.AsType[*pgconn.PgError](err); ok && strings.HasPrefix(refused.Code, "28") { // invalid authorization
			return nil, fmt.Errorf("database: %w; the role is the URL's, its password is taken from PGPASSWORD or ~/.pgpass", err)
		}
		return nil, fmt.Errorf("database: %w", err)
	}
	return pool, nil
}

// Open brings the database to the newest of the migrations in a folder of files, one server at a time. A database of a newer
// version of the program is refused (web.ErrNewer). The pool stays the caller's, to be closed after the database.
func Open(ctx context.Context, pool *pgxpool.Pool, files fs.FS, folder string) (*sqldb.DB, error) {
	migrations, err := fs.Sub(files, folder)
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // asks each second, for 5 minutes
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDBFromPool(pool)
	if err := web.Migrate(ctx, goose.DialectPostgres, db, migrations, goose.WithSessionLocker(locker)); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), db.Close())
	}
	return sqldb.New(db, db, sqldb.Dialect{
		Locks: true,
		// Changes wait for each other at the audit trail's head, whose lock is held until a commit is done. So a commit does
		// not wait for the disk; a second, empty one does, and there many wait together. Whoever reads meanwhile may see what
		// a power cut undoes; whoever changed it was not answered, and asks again.
		Before:   `SET LOCAL synchronous_commit = off`,
		After:    `SELECT pg_logical_emit_message(true, 'sealdesk', '')`,
		Snapshot: sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		Taken:    taken,
		Again:    again,
	}), nil
}

func taken(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == uniqueViolation {
		return e.ConstraintName
	}
	return ""
}

func again(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == serializationFailure || e.Code == deadlockDetected)
}
