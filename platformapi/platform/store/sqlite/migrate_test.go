package sqlite

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web"
)

// A store of before there were orders, amendments and copies for the public is read as what it was.
func TestAnOlderStoreIsBroughtUpToDate(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "platform.db")
	old, err := sql.Open("sqlite", web.SQLiteName(path, "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := files.ReadFile("migrations/00001_init.sql")
	if err != nil {
		t.Fatal(err)
	}
	if err := web.Migrate(ctx, goose.DialectSQLite3, old, fstest.MapFS{"00001_init.sql": {Data: first}}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		`INSERT INTO organisations VALUES ('A', 'a'), ('B', 'b')`,
		`INSERT INTO lots VALUES ('lot', 'A', 'B', 1, '{"id":"lot","purchaser":{"uscc":"A","name":"a"},"supplier":{"uscc":"B","name":"b"}}')`,
		`INSERT INTO contracts VALUES ('c', 'lot', 'A', 'B', 'purchaser', 'concluded', 1, 9, '{}', '{}', '', '', 1, 1, 1, 1, 1, 1, '{"published_at":"2026-03-01T00:00:00Z","person":"p","sha256":"d"}')`,
	} {
		if _, err := old.ExecContext(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	c, err := s.Contract(ctx, "c")
	if err != nil {
		t.Fatal(err)
	}
	if c.Kind != platformapi.ContractMain || c.Order != platformapi.OrderSealFirst || c.ParentID != "" || c.Filed != nil || c.Version != 9 {
		t.Errorf("contract %+v", c)
	}
	if p := c.Publication; p == nil || p.SHA256 != "d" || p.OriginalSHA256 != "d" || p.Hidden == nil {
		t.Errorf("publication %+v", p)
	}
	if live, err := s.LiveContract(ctx, "lot"); err != nil || live.ID != "c" {
		t.Errorf("live: %+v, %v", live, err)
	}
}
