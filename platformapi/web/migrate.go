package web

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// ErrNewer: a database was brought further by a newer version of the program.
var ErrNewer = errors.New("the database is of a newer version of this program; use that one, or restore a backup of before")

// ErrOlder: a database that is to be looked at as it is has not been brought to this version.
var ErrOlder = errors.New("the database is of an older version of this program; use that one, or start the server of this one first, which brings it along")

type asItIs struct{}

// AsItIs gives a context under which Migrate changes nothing and says ErrOlder instead: for what works on a database beside its server,
// which may be an older program still.
func AsItIs(ctx context.Context) context.Context { return context.WithValue(ctx, asItIs{}, true) }

// Migrate brings a database to the newest migration, never back. The migrations are files of plain SQL, NUMBER_name.sql; each is done
// whole, in one transaction, or not at all.
func Migrate(ctx context.Context, d goose.Dialect, db *sql.DB, files fs.FS, opts ...goose.ProviderOption) error {
	migrations, err := read(files)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(d, db, nil, append(opts, goose.WithGoMigrations(migrations...))...)
	if err != nil {
		return err
	}
	at, newest, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if at > newest {
		return fmt.Errorf("%w (it is at migration %d, this program knows %d)", ErrNewer, at, newest)
	}
	if at < newest && ctx.Value(asItIs{}) != nil {
		return fmt.Errorf("%w (it is at migration %d, this program at %d)", ErrOlder, at, newest)
	}
	_, err = p.Up(ctx)
	return err
}

// read makes migrations of the files: goose's own reader, which takes statements apart, asks for 4 MiB a file.
func read(files fs.FS) ([]*goose.Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var all []*goose.Migration
	for _, name := range names {
		number, err := goose.NumericComponent(name)
		if err != nil {
			return nil, err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		all = append(all, goose.NewGoMigration(number, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, string(text)); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		}}, nil))
	}
	return all, nil
}
