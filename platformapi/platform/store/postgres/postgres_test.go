package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/platform/store/postgres"
	"sealdesk/platformapi/platform/store/sqlite"
	"sealdesk/platformapi/platform/store/storetest"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/sqldb/pgtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	pgtest.Stop()
	os.Exit(code)
}

func connect(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Connect(t.Context(), url+"&pool_max_conns=4")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// Two servers in one database pass the suite.
func TestStore(t *testing.T) {
	server := pgtest.Shared(t)
	empty := server.Database(t)
	pool, err := postgres.Connect(t.Context(), empty)
	if err != nil {
		t.Fatal(err)
	}
	s, err := postgres.Open(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	pool.Close()
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		url := server.Copy(t, empty)
		var h storetest.Harness
		for range 2 {
			s, err := postgres.Open(t.Context(), connect(t, url))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			h.Stores = append(h.Stores, store.Store(s))
		}
		pool := connect(t, url+"&session_replication_role=replica") // no triggers
		h.Tamper = func(t *testing.T, statement string) {
			t.Helper()
			if _, err := pool.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		return h
	})
}

func exec(t *testing.T, url, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), statement)
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestServersStartTogether(t *testing.T) {
	url := pgtest.Shared(t).Database(t)
	var all sync.WaitGroup
	for range 2 {
		pool := connect(t, url)
		all.Go(func() {
			s, err := postgres.Open(t.Context(), pool)
			if err == nil {
				err = errors.Join(s.Ping(t.Context()), s.Close())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	url := pgtest.Shared(t).Database(t)
	s, err := postgres.Open(t.Context(), connect(t, url))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	exec(t, url, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
	if _, err := postgres.Open(t.Context(), connect(t, url)); !errors.Is(err, web.ErrNewer) {
		t.Error(err)
	}
}

// A role that the database does not let in, and missing programs, are told with what to do.
func TestTroubleSaysWhatToDo(t *testing.T) {
	database := pgtest.Shared(t).Database(t)
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("user", "somebody_else")
	u.RawQuery = q.Encode()
	if _, err := postgres.Connect(t.Context(), u.String()); err == nil || !strings.Contains(err.Error(), "PGPASSWORD") {
		t.Errorf("another role: %v", err)
	}
	t.Setenv("PATH", "")
	if err := postgres.Dump(t.Context(), database, filepath.Join(t.TempDir(), "dump")); err == nil || !strings.Contains(err.Error(), "postgresql-client") {
		t.Errorf("without pg_dump: %v", err)
	}
}

// A dump is for its owner's eyes only, wherever it is copied.
func TestDumpIsPrivate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dump")
	if err := postgres.Dump(t.Context(), pgtest.Shared(t).Database(t), file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestTrailIsAppendOnly(t *testing.T) {
	url := pgtest.Shared(t).Database(t)
	s, err := postgres.Open(t.Context(), connect(t, url))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, s := range []string{"UPDATE audit SET data = 'z'", "DELETE FROM audit", "TRUNCATE audit", "DELETE FROM history"} {
		if _, err := conn.Exec(t.Context(), s); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// Both databases have the same tables and columns.
func TestSchemasAgree(t *testing.T) {
	url := pgtest.Shared(t).Database(t)
	pool := connect(t, url)
	s, err := postgres.Open(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "platform.db")
	lite, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), lite.Close()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", web.SQLiteName(path, "mode=ro"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	pg, err := pool.Query(t.Context(), `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	a, err := columns(pg.Next, pg.Scan, pg.Err)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(`SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	b, err := columns(rows.Next, rows.Scan, rows.Err)
	if err != nil {
		t.Fatal(err)
	}
	if len(a) < 10 || !maps.EqualFunc(a, b, slices.Equal) {
		t.Errorf("PostgreSQL %v\nSQLite     %v", a, b)
	}
}

func columns(next func() bool, scan func(...any) error, fail func() error) (map[string][]string, error) {
	all := map[string][]string{}
	for next() {
		var table, column string
		if err := scan(&table, &column); err != nil {
			return nil, fmt.Errorf("columns: %w", err)
		}
		if strings.HasPrefix(table, "goose_") || strings.HasPrefix(table, "sqlite_") || strings.HasPrefix(table, "river_") {
			continue
		}
		all[table] = append(all[table], column)
	}
	for _, c := range all {
		slices.Sort(c)
	}
	return all, fail()
}
