package tables

import (
	"context"
	"database/sql"
	"time"

	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web/audit"
	"sealdesk/platformapi/web/sqldb"
)

const sessionColumns = `id, token_hash, token_until, refresh_hash, previous_hash, renewed_at, thumbprint, account, uscc, kind, person, cert_sha256, expires_at`

// SaveSession keeps a session.
func (s *Store) SaveSession(ctx context.Context, x store.Session, now time.Time) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO sessions (`+sessionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			x.ID, x.TokenHash, sqldb.Micros(x.TokenUntil), x.RefreshHash, x.PreviousHash, sqldb.Micros(x.RenewedAt), x.Thumbprint,
			x.Account, x.USCC, x.Kind, x.Person, x.CertSHA256, sqldb.Micros(x.ExpiresAt)); err != nil {
			return err
		}
		_, err := record(ctx, tx, audit.Entry{At: now, Act: audit.Login, Account: x.Account, USCC: x.USCC, Person: x.Person, SHA256: x.CertSHA256})
		return err
	})
}

// Session is the session of this access token.
func (s *Store) Session(ctx context.Context, tokenHash string) (store.Session, error) {
	return readSession(s.db.Read.QueryRowContext(ctx, `SELECT `+sessionColumns+` FROM sessions WHERE token_hash = $1`, tokenHash))
}

// SessionByID is the session of this id.
func (s *Store) SessionByID(ctx context.Context, id string) (store.Session, error) {
	return readSession(s.db.Read.QueryRowContext(ctx, `SELECT `+sessionColumns+` FROM sessions WHERE id = $1`, id))
}

func readSession(row *sql.Row) (x store.Session, err error) {
	var tokenUntil, renewed, expires int64
	err = row.Scan(&x.ID, &x.TokenHash, &tokenUntil, &x.RefreshHash, &x.PreviousHash, &renewed, &x.Thumbprint, &x.Account, &x.USCC, &x.Kind, &x.Person, &x.CertSHA256, &expires)
	x.TokenUntil, x.RenewedAt, x.ExpiresAt = sqldb.Moment(tokenUntil), sqldb.Moment(renewed), sqldb.Moment(expires)
	return x, notFound(err)
}

// RenewSession gives a session new tokens.
func (s *Store) RenewSession(ctx context.Context, refreshHash string, x store.Session) error {
	return notFound(s.db.Write.QueryRowContext(ctx, `UPDATE sessions SET token_hash = $1, token_until = $2, refresh_hash = $3, previous_hash = $4, renewed_at = $5
		WHERE id = $6 AND refresh_hash = $7 RETURNING id`,
		x.TokenHash, sqldb.Micros(x.TokenUntil), x.RefreshHash, x.PreviousHash, sqldb.Micros(x.RenewedAt), x.ID, refreshHash).Scan(&x.ID))
}

// DropSession forgets a session.
func (s *Store) DropSession(ctx context.Context, id string, now time.Time) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		e := audit.Entry{At: now, Act: audit.Logout}
		err := tx.QueryRowContext(ctx, `DELETE FROM sessions WHERE id = $1 RETURNING account, uscc, person, cert_sha256`, id).
			Scan(&e.Account, &e.USCC, &e.Person, &e.SHA256)
		if err != nil {
			return notFound(err)
		}
		_, err = record(ctx, tx, e)
		return err
	})
}
