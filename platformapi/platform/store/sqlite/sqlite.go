package sqlite

import (
	"context"
	"embed"

	"sealdesk/platformapi/platform/store/tables"
	"sealdesk/platformapi/web/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Open opens the file at path, or makes it (sqldb.OpenSQLite).
func Open(ctx context.Context, path string) (*tables.Store, error) {
	db, err := sqldb.OpenSQLite(ctx, path, files, "migrations")
	if err != nil {
		return nil, err
	}
	return tables.New(db), nil
}
