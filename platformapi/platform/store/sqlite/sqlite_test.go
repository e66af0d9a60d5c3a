package sqlite_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/platform/store/sqlite"
	"sealdesk/platformapi/platform/store/storetest"
	"sealdesk/platformapi/web"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		path := filepath.Join(t.TempDir(), "platform.db")
		s, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return storetest.Harness{Stores: []store.Store{s}, Tamper: func(t *testing.T, statement string) {
			t.Helper()
			tamper(t, path, statement)
		}}
	})
}

func tamper(t *testing.T, path string, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", web.SQLiteName(path, "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"DROP TRIGGER IF EXISTS audit_no_update", "DROP TRIGGER IF EXISTS audit_no_delete",
		"DROP TRIGGER IF EXISTS history_no_update", "DROP TRIGGER IF EXISTS history_no_delete", statement} {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNewerFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "platform.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	if s, err := sqlite.Open(t.Context(), path); !errors.Is(err, web.ErrNewer) {
		t.Errorf("%v, %v", s, err)
	}
}

func TestTrailIsAppendOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "platform.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	db, err := sql.Open("sqlite", web.SQLiteName(path, "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec("INSERT INTO audit (seq, data, hash) VALUES (1, 'x', 'y')"); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"UPDATE audit SET data = 'z'", "DELETE FROM audit"} {
		if _, err := db.Exec(s); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", s, err)
		}
	}
}
