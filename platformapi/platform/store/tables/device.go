package tables

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web/sqldb"
)

const deviceColumns = `code_hash, user_code, client_name, address, thumbprint, state, polled_at, expires_at, uscc, person, cert_sha256, cert_until`

// SaveDevice keeps a login that was begun.
func (s *Store) SaveDevice(ctx context.Context, d store.Device) error {
	_, err := s.db.Write.ExecContext(ctx, `INSERT INTO devices (`+deviceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, '', '', '', 0)`,
		d.CodeHash, d.UserCode, d.ClientName, d.Address, d.Thumbprint, store.DeviceWaits, sqldb.Micros(d.ExpiresAt))
	if err != nil && s.db.Taken(err) != "" {
		return store.ErrIDTaken
	}
	return err
}

// DeviceByUserCode is the login with this code.
func (s *Store) DeviceByUserCode(ctx context.Context, userCode string) (store.Device, error) {
	return readDevice(s.db.Read.QueryRowContext(ctx, `SELECT `+deviceColumns+` FROM devices WHERE user_code = $1`, userCode))
}

func readDevice(row *sql.Row) (d store.Device, err error) {
	var polled, expires, until int64
	err = row.Scan(&d.CodeHash, &d.UserCode, &d.ClientName, &d.Address, &d.Thumbprint, &d.State, &polled, &expires, &d.USCC, &d.Person, &d.CertSHA256, &until)
	d.PolledAt, d.ExpiresAt, d.CertUntil = sqldb.Moment(polled), sqldb.Moment(expires), sqldb.Moment(until)
	return d, notFound(err)
}

// DecideDevice approves or denies a login that waits.
func (s *Store) DecideDevice(ctx context.Context, d store.Device) error {
	return notFound(s.db.Write.QueryRowContext(ctx, `UPDATE devices SET state = $1, uscc = $2, person = $3, cert_sha256 = $4, cert_until = $5
		WHERE code_hash = $6 AND state = $7 RETURNING code_hash`,
		d.State, d.USCC, d.Person, d.CertSHA256, sqldb.Micros(d.CertUntil), d.CodeHash, store.DeviceWaits).Scan(&d.CodeHash))
}

// PollDevice is the login of a device code; a decided one is forgotten.
func (s *Store) PollDevice(ctx context.Context, codeHash string, now time.Time) (store.Device, error) {
	d, err := readDevice(s.db.Write.QueryRowContext(ctx, `DELETE FROM devices WHERE code_hash = $1 AND state <> $2 RETURNING `+deviceColumns, codeHash, store.DeviceWaits))
	if !errors.Is(err, store.ErrNotFound) {
		return d, err
	}
	if d, err = readDevice(s.db.Write.QueryRowContext(ctx, `SELECT `+deviceColumns+` FROM devices WHERE code_hash = $1 AND state = $2`, codeHash, store.DeviceWaits)); err != nil {
		return d, err
	}
	_, err = s.db.Write.ExecContext(ctx, `UPDATE devices SET polled_at = $1 WHERE code_hash = $2`, sqldb.Micros(now), codeHash)
	return d, err
}
