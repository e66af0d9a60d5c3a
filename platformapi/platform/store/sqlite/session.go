package sqlite

import (
	"context"
	"database/sql"
	"time"

	"sealdesk/platformapi/platform/store"
)

const sessionColumns = `id, token_hash, token_until, refresh_hash, previous_hash, renewed_at, thumbprint, account, uscc, person, cert_sha256, expires_at`

// SaveSession keeps a session.
func (s *Store) SaveSession(ctx context.Context, x store.Session, now time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires_at < ?`, micros(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (`+sessionColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			x.ID, x.TokenHash, micros(x.TokenUntil), x.RefreshHash, x.PreviousHash, micros(x.RenewedAt), x.Thumbprint,
			x.Account, x.USCC, x.Person, x.CertSHA256, micros(x.ExpiresAt))
		return err
	})
}

// Session is the session of this access token.
func (s *Store) Session(ctx context.Context, tokenHash string) (store.Session, error) {
	return readSession(s.read.QueryRowContext(ctx, `SELECT `+sessionColumns+` FROM sessions WHERE token_hash = ?`, tokenHash))
}

// SessionByID is the session of this id.
func (s *Store) SessionByID(ctx context.Context, id string) (store.Session, error) {
	return readSession(s.read.QueryRowContext(ctx, `SELECT `+sessionColumns+` FROM sessions WHERE id = ?`, id))
}

func readSession(row *sql.Row) (x store.Session, err error) {
	var tokenUntil, renewed, expires int64
	err = row.Scan(&x.ID, &x.TokenHash, &tokenUntil, &x.RefreshHash, &x.PreviousHash, &renewed, &x.Thumbprint, &x.Account, &x.USCC, &x.Person, &x.CertSHA256, &expires)
	x.TokenUntil, x.RenewedAt, x.ExpiresAt = moment(tokenUntil), moment(renewed), moment(expires)
	return x, notFound(err)
}

// RenewSession gives a session new tokens.
func (s *Store) RenewSession(ctx context.Context, refreshHash string, x store.Session) error {
	return notFound(s.write.QueryRowContext(ctx, `UPDATE sessions SET token_hash = ?, token_until = ?, refresh_hash = ?, previous_hash = ?, renewed_at = ?
		WHERE id = ? AND refresh_hash = ? RETURNING id`,
		x.TokenHash, micros(x.TokenUntil), x.RefreshHash, x.PreviousHash, micros(x.RenewedAt), x.ID, refreshHash).Scan(&x.ID))
}

// DropSession forgets a session.
func (s *Store) DropSession(ctx context.Context, id string) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM sessions WHERE id = ?`, id)
	return err
}
