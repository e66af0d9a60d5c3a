package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
		intruder := sync.OnceValue(func() *sql.DB { return breakIn(t, path) })
		return storetest.Harness{Stores: []store.Store{s}, Tamper: func(t *testing.T, statement string) {
			t.Helper()
			if _, err := intruder().Exec(statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}}
	})
}

// breakIn opens a file past its guards.
func breakIn(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", web.SQLiteName(path, "_txlock=immediate", "synchronous(OFF)"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, s := range []string{"DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete", "DROP TRIGGER history_no_update", "DROP TRIGGER history_no_delete"} {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return db
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
	if _, err := breakIn(t, path).Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"); err != nil {
		t.Fatal(err)
	}
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

// A panic and a failure are their own callers'; what stood in the same transaction goes on, and nobody waits for a closed
// store.
func TestChangesAtOnceAreEachOthersBusinessOnlyInTime(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "platform.db"))
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	var good, bad atomic.Int64
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			_, err := s.Change(t.Context(), store.Request{USCC: "x", Key: fmt.Sprint(i), ContractID: "none"}, func(*store.Contract) (*store.Contract, store.Effect, error) {
				switch i % 3 {
				case 0:
					panic("broken rule")
				case 1:
					return nil, store.Effect{}, refused
				}
				return nil, store.Effect{}, fmt.Errorf("%w, too", refused)
			}, nil)
			if errors.Is(err, refused) {
				bad.Add(1)
			} else if err == nil || !strings.Contains(err.Error(), "broken rule") {
				t.Error(err)
			}
			if err := s.AnnounceBlob(t.Context(), strings.Repeat(fmt.Sprint(i%10), 64), time.Now()); err != nil {
				t.Error(err)
			} else {
				good.Add(1)
			}
		})
	}
	all.Wait()
	if good.Load() != 60 || bad.Load() != 40 {
		t.Errorf("%d were done, %d refused", good.Load(), bad.Load())
	}
	if n, err := s.SweepBlobs(t.Context(), time.Now().Add(time.Hour), func(context.Context, string) error { return nil }); err != nil || n != 10 {
		t.Errorf("%d files, %v", n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.AnnounceBlob(t.Context(), "x", time.Now()); err == nil {
		t.Error("a closed store took something")
	}
}
