package platformtest_test

import (
	"os"
	"sync"
	"testing"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platform/store/postgres"
	"sealdesk/platformapi/platformtest"
	"sealdesk/platformapi/web/sqldb/pgdb"
	"sealdesk/platformapi/web/sqldb/pgtest"
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

func TestTendersOfClientAndServer(t *testing.T) {
	platformtest.RunTenders(t, func(t *testing.T) platformtest.TenderHarness {
		return platformtest.NewWorld(t, t.TempDir(), nil).TenderHarness(t)
	})
}

// The same over PostgreSQL, each test in a schema of its own.
func TestClientAndServerOnPostgreSQL(t *testing.T) {
	server := pgtest.Shared(t)
	database := server.Database(t)
	var turn sync.Mutex // whoever migrates a database keeps the others waiting for a second
	open := func(t *testing.T, change func(*platform.Config)) *platformtest.World {
		pool, err := pgdb.Connect(t.Context(), server.Schema(t, database)+"&pool_max_conns=4", "platformtest")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		turn.Lock()
		store, err := postgres.Open(t.Context(), pool)
		turn.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		return platformtest.NewWorldOf(t, t.TempDir(), func(c *platform.Config) {
			c.Store = store
			change(c)
		}, nil)
	}
	platformtest.Run(t, func(t *testing.T, order platformapi.SealOrder) platformtest.Harness {
		return open(t, func(c *platform.Config) { c.Order = order }).Harness(t)
	})
	t.Run("Tenders", func(t *testing.T) {
		platformtest.RunTenders(t, func(t *testing.T) platformtest.TenderHarness {
			return open(t, func(*platform.Config) {}).TenderHarness(t)
		})
	})
}
