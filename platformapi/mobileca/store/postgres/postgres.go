package postgres

import (
	"context"
	"embed"

	"github.com/jackc/pgx/v5/pgxpool"

	"sealdesk/platformapi/mobileca/store/tables"
	"sealdesk/platformapi/web/sqldb/pgdb"
)

//go:embed migrations/*.sql
var files embed.FS

// Open brings the database to the newest migration, and opens the store in it (pgdb.Open).
func Open(ctx context.Context, pool *pgxpool.Pool) (*tables.Store, error) {
	db, err := pgdb.Open(ctx, pool, files, "migrations")
	if err != nil {
		return nil, err
	}
	return tables.New(db), nil
}
