package tables

import (
	"context"
	"database/sql"
	"time"

	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web/sqldb"
)

// CreateUpload keeps a new upload.
func (s *Store) CreateUpload(ctx context.Context, u store.Upload, now time.Time) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM uploads WHERE expires_at < $1`, sqldb.Micros(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO uploads (id, uscc, size, sha256, at, digest, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			u.ID, u.USCC, u.Size, u.SHA256, u.Offset, u.Digest, sqldb.Micros(u.ExpiresAt))
		if s.db.Taken(err) != "" {
			return store.ErrIDTaken
		}
		return err
	})
}

// Upload is an organisation's upload.
func (s *Store) Upload(ctx context.Context, uscc, id string) (store.Upload, error) {
	u := store.Upload{ID: id, USCC: uscc}
	tx, err := s.db.Read.BeginTx(ctx, &s.db.Snapshot)
	if err != nil {
		return u, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	var expires, complete int64
	err = tx.QueryRowContext(ctx, `SELECT size, sha256, at, digest, expires_at, complete_at FROM uploads WHERE id = $1 AND uscc = $2`, id, uscc).
		Scan(&u.Size, &u.SHA256, &u.Offset, &u.Digest, &expires, &complete)
	if err != nil {
		return u, notFound(err)
	}
	u.ExpiresAt, u.CompleteAt = sqldb.Moment(expires), sqldb.Moment(complete)
	rows, err := tx.QueryContext(ctx, `SELECT sha256, size FROM upload_pieces WHERE upload_id = $1 ORDER BY at`, id)
	if err != nil {
		return u, err
	}
	u.Pieces, err = sqldb.Collect(rows, func(scan func(...any) error) (p store.Piece, err error) { return p, scan(&p.SHA256, &p.Size) })
	return u, err
}

// AdvanceUpload adds a piece.
func (s *Store) AdvanceUpload(ctx context.Context, id string, from int64, p store.Piece, digest []byte, now, expires time.Time) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		moved, err := sqldb.Affects(tx.ExecContext(ctx, `UPDATE uploads SET at = at + $1, digest = $2, expires_at = $3, complete_at = CASE WHEN at + $1 = size THEN CAST($6 AS BIGINT) ELSE 0 END
			WHERE id = $4 AND at = $5 AND at + $1 <= size`,
			p.Size, digest, sqldb.Micros(expires), id, from, sqldb.Micros(now)))
		if err != nil {
			return err
		}
		if !moved {
			return store.ErrUploadMoved
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO upload_pieces (upload_id, at, size, sha256) VALUES ($1, $2, $3, $4)`, id, from, p.Size, p.SHA256)
		return err
	})
}

// DropUpload forgets an upload.
func (s *Store) DropUpload(ctx context.Context, uscc, id string) error {
	_, err := s.db.Write.ExecContext(ctx, `DELETE FROM uploads WHERE id = $1 AND uscc = $2`, id, uscc)
	return err
}
