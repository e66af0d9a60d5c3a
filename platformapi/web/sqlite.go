package web

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// OpenSQLite opens (or makes, mode 0600) a SQLite file whose transactions are on disk when they are committed, and brings
// it to the newest migration. There are two pools, since SQLite has one writer: write, whose transactions begin immediate,
// and read, which cannot write.
func OpenSQLite(ctx context.Context, path string, migrations fs.FS) (write, read *sql.DB, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open store: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, nil, fmt.Errorf("open store: %w", err)
	}
	db, err := sql.Open("sqlite", SQLiteName(path, "_txlock=immediate", "journal_mode(WAL)", "synchronous(FULL)"))
	if err != nil {
		return nil, nil, fmt.Errorf("open store: %w", err)
	}
	db.SetMaxOpenConns(1)
	defer func() {
		if err != nil {
			err = fmt.Errorf("open store: %w", err)
			_ = db.Close() // nothing was written
		}
	}()
	if err = Migrate(ctx, goose.DialectSQLite3, db, migrations); err != nil {
		return nil, nil, err
	}
	read, err = sql.Open("sqlite", SQLiteName(path, "mode=ro"))
	if err != nil {
		return nil, nil, err
	}
	read.SetMaxOpenConns(4)
	return db, read, nil
}

// SQLiteName is the data source name of a file with one query parameter and pragmas; foreign keys are on, and a busy file
// is waited for 10 s.
func SQLiteName(path, param string, pragmas ...string) string {
	slashed := filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		slashed = "/" + slashed
	}
	name := "file:" + (&url.URL{Path: slashed}).EscapedPath() + "?" + param
	for _, p := range append(pragmas, "busy_timeout(10000)", "foreign_keys(1)") {
		name += "&_pragma=" + p
	}
	return name
}
