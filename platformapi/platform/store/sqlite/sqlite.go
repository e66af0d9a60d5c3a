package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"sealdesk/platformapi/platform/store/tables"
	"sealdesk/platformapi/web"
)

//go:embed migrations/*.sql
var files embed.FS

// Open opens the file at path, or makes it. A file of a newer version of this program is refused (web.ErrNewer).
func Open(ctx context.Context, path string) (*tables.Store, error) {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, err
	}
	write, read, err := web.OpenSQLite(ctx, path, migrations)
	if err != nil {
		return nil, err
	}
	return tables.New(write, read, tables.Dialect{
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
