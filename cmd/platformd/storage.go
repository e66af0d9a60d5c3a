package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platform/blobs"
	"sealdesk/platformapi/platform/blobs/s3"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/platform/store/postgres"
	"sealdesk/platformapi/platform/store/sqlite"
	"sealdesk/platformapi/web"
)

// storage says where a platform keeps things.
type storage struct{ data, database, blobs string }

func (s *storage) flags(f *flag.FlagSet) {
	f.StringVar(&s.data, "data", "", "`folder` that keeps everything that has no other place, and what uploads pass through (required)")
	f.StringVar(&s.database, "database", "", "`URL` of a PostgreSQL database, postgres://user@host/name?…, with the password in PGPASSWORD or ~/.pgpass; by default a SQLite file in --data")
	f.StringVar(&s.blobs, "blobs", "", "`URL` of a bucket for the files, s3://bucket[/prefix]?endpoint=https://…&region=…&path-style=1, with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; by default a folder in --data")
}

// check says what is wrong, "" when nothing is.
func (s *storage) check() string {
	switch {
	case s.data == "":
		return "--data is required"
	case s.database != "" && !strings.HasPrefix(s.database, "postgres://") && !strings.HasPrefix(s.database, "postgresql://"):
		return "--database is not postgres://…"
	case s.blobs != "" && !strings.HasPrefix(s.blobs, "s3://"):
		return "--blobs is not s3://…"
	}
	return ""
}

func (s *storage) file() string { return filepath.Join(s.data, platform.StoreFile) }

// opened is a platform's storage. pool is nil with SQLite.
type opened struct {
	store store.Store
	blobs blobs.Store
	pool  *pgxpool.Pool
}

// open opens both, and makes what is missing.
func (s *storage) open(ctx context.Context) (o opened, err error) {
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return o, err
	}
	if s.blobs != "" {
		o.blobs, err = s3.Open(ctx, s.blobs)
	} else {
		o.blobs, err = blobs.OpenDir(filepath.Join(s.data, platform.BlobFolder))
	}
	if err != nil {
		return o, err
	}
	if s.database == "" {
		if o.store, err = sqlite.Open(ctx, s.file()); err != nil {
			err = fmt.Errorf("%s: %w", s.file(), err)
		}
		return o, err
	}
	if o.pool, err = postgres.Connect(ctx, s.database); err != nil {
		return o, err
	}
	if o.store, err = postgres.Open(ctx, o.pool); err != nil {
		o.pool.Close()
	}
	return o, err
}

// openExisting is open for those that look at a platform, which must be there. It brings no database along, whose server may be of the
// version before.
func (s *storage) openExisting(ctx context.Context) (opened, error) {
	var there string
	switch {
	case s.database == "":
		there = s.file()
	case s.blobs == "":
		there = filepath.Join(s.data, platform.BlobFolder)
	}
	if _, err := os.Stat(there); there != "" && errors.Is(err, fs.ErrNotExist) {
		return opened{}, fmt.Errorf("there is no platform in %s", s.data)
	}
	return s.open(web.AsItIs(ctx))
}

// release closes what the store does not.
func (o opened) release() {
	if o.pool != nil {
		o.pool.Close()
	}
}

func (o opened) close() error {
	err := o.store.Close()
	o.release()
	return err
}
