package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"sealdesk/platformapi/web"
)

// Copy writes the store at path, as it is at one moment, into a new file, while others go on writing.
func Copy(ctx context.Context, path, to string) error {
	db, err := sql.Open("sqlite", web.SQLiteName(path, "mode=ro"))
	if err != nil {
		return fmt.Errorf("copy store: %w", err)
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, to)
	if err == nil {
		err = os.Chmod(to, 0o600) // SQLite makes it for everybody to read
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("copy store: %w", err)
	}
	return nil
}
