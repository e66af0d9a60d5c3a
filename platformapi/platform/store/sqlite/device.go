package sqlite

import (
	"context"
	"database/sql"
	"time"

	"sealdesk/platformapi/platform/store"
)

const deviceColumns = `code_hash, user_code, client_name, address, thumbprint, state, polled_at, expires_at, uscc, person, cert_sha256, cert_until`

// SaveDevice keeps a login that was begun.
func (s *Store) SaveDevice(ctx context.Context, d store.Device, now time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM devices WHERE expires_at < ?`, micros(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO devices (`+deviceColumns+`) VALUES (?, ?, ?, ?, ?, ?, 0, ?, '', '', '', 0)`,
			d.CodeHash, d.UserCode, d.ClientName, d.Address, d.Thumbprint, store.DeviceWaits, micros(d.ExpiresAt))
		if constraint(err) != "" {
			return store.ErrIDTaken
		}
		return err
	})
}

// DeviceByUserCode is the login with this code.
func (s *Store) DeviceByUserCode(ctx context.Context, userCode string) (store.Device, error) {
	return readDevice(s.read.QueryRowContext(ctx, `SELECT `+deviceColumns+` FROM devices WHERE user_code = ?`, userCode))
}

func readDevice(row *sql.Row) (d store.Device, err error) {
	var polled, expires, until int64
	err = row.Scan(&d.CodeHash, &d.UserCode, &d.ClientName, &d.Address, &d.Thumbprint, &d.State, &polled, &expires, &d.USCC, &d.Person, &d.CertSHA256, &until)
	d.PolledAt, d.ExpiresAt, d.CertUntil = moment(polled), moment(expires), moment(until)
	return d, notFound(err)
}

// DecideDevice approves or denies a login that waits.
func (s *Store) DecideDevice(ctx context.Context, d store.Device) error {
	return notFound(s.write.QueryRowContext(ctx, `UPDATE devices SET state = ?, uscc = ?, person = ?, cert_sha256 = ?, cert_until = ?
		WHERE code_hash = ? AND state = ? RETURNING code_hash`,
		d.State, d.USCC, d.Person, d.CertSHA256, micros(d.CertUntil), d.CodeHash, store.DeviceWaits).Scan(&d.CodeHash))
}

// PollDevice is the login of a device code; a decided one is forgotten.
func (s *Store) PollDevice(ctx context.Context, codeHash string, now time.Time) (d store.Device, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if d, err = readDevice(tx.QueryRowContext(ctx, `SELECT `+deviceColumns+` FROM devices WHERE code_hash = ?`, codeHash)); err != nil {
			return err
		}
		if d.State != store.DeviceWaits {
			_, err = tx.ExecContext(ctx, `DELETE FROM devices WHERE code_hash = ?`, codeHash)
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE devices SET polled_at = ? WHERE code_hash = ?`, micros(now), codeHash)
		return err
	})
	return d, err
}
