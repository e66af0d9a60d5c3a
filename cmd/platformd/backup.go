package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sealdesk/cmd/internal/daemon"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platform/backup"
	"sealdesk/platformapi/platform/store/postgres"
	"sealdesk/platformapi/platform/store/sqlite"
	"sealdesk/platformapi/web/audit"
)

// The names of a database's copy in a backup.
const (
	copyName = "platform.db"
	dumpName = "platform.dump"
)

// folderAndStorage reads the arguments of backup and restore.
func folderAndStorage(name string, args []string, stderr io.Writer) (string, storage, error) {
	f := flag.NewFlagSet("platformd "+name, flag.ContinueOnError)
	var s storage
	s.flags(f)
	words, err := daemon.Parse(f, args, stderr)
	if err != nil {
		return "", s, err
	}
	if len(words) != 1 {
		return "", s, daemon.Wrong("%s needs one folder", name)
	}
	if wrong := s.check(); wrong != "" {
		return "", s, daemon.Wrong("%s", wrong)
	}
	s.data = filepath.Clean(s.data) // restoring puts a folder beside it
	return filepath.Clean(words[0]), s, nil
}

func backupCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	dir, s, err := folderAndStorage("backup", args, stderr)
	if err != nil {
		return err
	}
	o, err := s.openExisting(ctx)
	if err != nil {
		return err
	}
	from := backup.Source{Database: copyName, Head: o.store.AuditHead, Blobs: o.blobs, Digests: o.store.Blobs,
		Copy: func(ctx context.Context, path string) error { return sqlite.Copy(ctx, s.file(), path) }}
	if o.pool != nil {
		from.Database = dumpName
		from.Copy = func(ctx context.Context, path string) error { return postgres.Dump(ctx, s.database, path) }
	}
	m, err := backup.Write(ctx, dir, from, time.Now())
	if err := errors.Join(err, o.close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: the database and %d files; the audit trail had %d rows, head %s\n", dir, m.Files, m.Audit.Seq, m.Audit.Hash)
	return err
}

// restoreCommand puts the database back first, as it says which files there must be, and takes a SQLite file under its
// name only when everything is there.
func restoreCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	dir, s, err := folderAndStorage("restore", args, stderr)
	if err != nil {
		return err
	}
	m, database, err := backup.Open(dir)
	if err != nil {
		return broken(err)
	}
	if (m.Database == dumpName) != (s.database != "") {
		return fmt.Errorf("the backup holds %s, which is restored %s", m.Database, map[bool]string{true: "with --database", false: "without --database"}[m.Database == dumpName])
	}
	if s.database == "" {
		if _, err := os.Stat(s.file()); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(fmt.Errorf("there is a platform in %s already", s.data), err)
		}
		final := s
		s.data += ".restoring"
		if err := restoreSQLite(ctx, s, database); err != nil {
			return broken(err)
		}
		head, err := restoreFiles(ctx, dir, s, m)
		if err != nil {
			return errors.Join(broken(err), os.RemoveAll(s.data))
		}
		if err := moveInto(s.data, final.data); err != nil {
			return err
		}
		return restored(stdout, final.data, m, head)
	}
	if err := restorePostgres(ctx, s, database); err != nil {
		return err
	}
	head, err := restoreFiles(ctx, dir, s, m)
	if err != nil {
		return broken(err)
	}
	return restored(stdout, "the database", m, head)
}

func broken(err error) error {
	if _, ok := errors.AsType[*audit.Fault](err); ok || errors.Is(err, backup.ErrDamaged) {
		return errors.Join(daemon.ErrBroken, err)
	}
	return err
}

func restored(stdout io.Writer, where string, m backup.Manifest, head audit.Head) error {
	_, err := fmt.Fprintf(stdout, "%s is as on %s: %d files; the audit trail has %d rows, head %s\n", where, m.MadeAt.Format(time.RFC3339), m.Files, head.Seq, head.Hash)
	return err
}

func restoreSQLite(ctx context.Context, s storage, from string) error {
	if err := os.Mkdir(s.data, 0o700); err != nil {
		return fmt.Errorf("what an earlier try left must be removed first: %w", err)
	}
	if err := sqlite.Copy(ctx, from, s.file()); err != nil {
		return errors.Join(err, os.RemoveAll(s.data))
	}
	return nil
}

func restorePostgres(ctx context.Context, s storage, from string) error {
	pool, err := postgres.Connect(ctx, s.database)
	if err != nil {
		return err
	}
	empty, err := postgres.Empty(ctx, pool)
	pool.Close()
	if err != nil {
		return err
	}
	if !empty {
		return errors.New("the database has tables already; a backup is restored into an empty one")
	}
	return postgres.Restore(ctx, s.database, from)
}

// restoreFiles opens the restored database, follows its trail, and puts back the files that it names.
func restoreFiles(ctx context.Context, dir string, s storage, m backup.Manifest) (head audit.Head, err error) {
	o, err := s.open(ctx)
	if err != nil {
		return head, err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	if head, err = o.store.CheckAudit(ctx); err != nil {
		return head, err
	}
	if head.Seq < m.Audit.Seq {
		return head, &audit.Fault{Seq: head.Seq + 1, Damage: audit.Deleted, Detail: "the trail was longer when the backup was begun"}
	}
	return head, backup.Files(ctx, dir, o.store.Blobs, o.blobs, filepath.Join(s.data, platform.BlobFolder))
}

// moveInto moves what is in a folder into another one, the database last. Where files are in a bucket there is no folder of them.
func moveInto(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, name := range []string{platform.BlobFolder, platform.StoreFile} {
		err := os.Rename(filepath.Join(from, name), filepath.Join(to, name))
		if err != nil && !(name == platform.BlobFolder && errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	return os.RemoveAll(from)
}
