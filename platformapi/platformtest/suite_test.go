package platformtest_test

import (
	"os"
	"testing"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platform/store/postgres"
	"sealdesk/platformapi/platform/store/postgres/pgtest"
	"sealdesk/platformapi/platformtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	pgtest.Stop()
	os.Exit(code)
}

func TestClientAndServer(t *testing.T) {
	platformtest.Run(t, func(t *testing.T, order platformapi.SealOrder) platformtest.Harness {
		return platformtest.NewWorldOf(t, t.TempDir(), func(c *platform.Config) { c.Order = order }, nil).Harness(t)
	})
}

// The same over PostgreSQL, each test in a database of its own.
func TestClientAndServerOnPostgreSQL(t *testing.T) {
	server := pgtest.Shared(t)
	empty := server.Database(t)
	open := func(t *testing.T, url string) (s platform.Config, end func()) {
		t.Helper()
		pool, err := postgres.Connect(t.Context(), url+"&pool_max_conns=4")
		if err != nil {
			t.Fatal(err)
		}
		s.Store, err = postgres.Open(t.Context(), pool)
		if err != nil {
			t.Fatal(err)
		}
		return s, pool.Close
	}
	first, end := open(t, empty) // makes the tables that the others copy
	if err := first.Store.Close(); err != nil {
		t.Fatal(err)
	}
	end()
	platformtest.Run(t, func(t *testing.T, order platformapi.SealOrder) platformtest.Harness {
		own, end := open(t, server.Copy(t, empty))
		t.Cleanup(end)
		return platformtest.NewWorldOf(t, t.TempDir(), func(c *platform.Config) { c.Order, c.Store = order, own.Store }, nil).Harness(t)
	})
}
