package postgres_test

import (
	"database/sql"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"sealdesk/platformapi/mobileca/store/postgres"
	"sealdesk/platformapi/mobileca/store/sqlite"
	"sealdesk/platformapi/mobileca/store/storetest"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/sqldb/pgdb"
	"sealdesk/platformapi/web/sqldb/pgtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	pgtest.Stop()
	os.Exit(code)
}

func connect(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgdb.Connect(t.Context(), url+"&pool_max_conns=4", "test")
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
	pool, err := pgdb.Connect(t.Context(), empty, "test")
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
			h.Stores = append(h.Stores, s)
		}
		guarded, free := connect(t, url), connect(t, url+"&session_replication_role=replica") // no triggers
		h.Tamper = func(t *testing.T, statement string) {
			t.Helper()
			if _, err := guarded.Exec(t.Context(), statement); err == nil {
				t.Error("the trail can be changed without breaking its guard")
			}
			if _, err := free.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		return h
	})
}

// Both databases have the same tables and columns.
func TestSchemasAgree(t *testing.T) {
	pool := connect(t, pgtest.Shared(t).Database(t))
	s, err := postgres.Open(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	there := map[string]bool{}
	rows, err := pool.Query(t.Context(), `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%'`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		there[table+"."+column] = true
	}
	path := filepath.Join(t.TempDir(), "x.db")
	own, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	db, err := sql.Open("sqlite", web.SQLiteName(path, "mode=ro"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	here := map[string]bool{}
	some, err := db.Query(`SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = some.Close() }()
	for some.Next() {
		var table, column string
		if err := some.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		here[table+"."+column] = true
	}
	if err := some.Err(); err != nil || len(here) < 40 || !maps.Equal(here, there) {
		t.Errorf("SQLite has %q\nPostgreSQL has %q, %v", slices.Sorted(maps.Keys(here)), slices.Sorted(maps.Keys(there)), err)
	}
}
