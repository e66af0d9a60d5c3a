package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/store/sqlite"
	"sealdesk/platformapi/mobileca/store/storetest"
	"sealdesk/platformapi/web"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		path := filepath.Join(t.TempDir(), "mobileca.db")
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
			db, err := sql.Open("sqlite", web.SQLiteName(path, "_txlock=immediate"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }() // what it did is done
			if _, err := db.Exec(statement); err == nil {
				t.Error("the trail can be changed without breaking its guard")
			}
			for _, s := range []string{"DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete", statement} {
				if _, err := db.Exec(s); err != nil {
					t.Fatalf("%s: %v", s, err)
				}
			}
		}}
	})
}
