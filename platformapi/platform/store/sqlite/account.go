package sqlite

import (
	"context"
	"database/sql"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
)

// SaveAccount adds an account, or changes one.
func (s *Store) SaveAccount(ctx context.Context, a store.Account) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO accounts (name, person, password) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET person = excluded.person, password = excluded.password`, a.Name, a.Person, a.Password); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM account_organisations WHERE account = ?`, a.Name); err != nil {
			return err
		}
		for _, o := range a.Organisations {
			if _, err := tx.ExecContext(ctx, `INSERT INTO account_organisations (account, uscc) VALUES (?, ?)`, a.Name, o.USCC); err != nil {
				return err
			}
		}
		return nil
	})
}

// Account is the account of this name.
func (s *Store) Account(ctx context.Context, name string) (store.Account, error) {
	return account(ctx, s.read, name)
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func account(ctx context.Context, q queryer, name string) (store.Account, error) {
	a := store.Account{Name: name}
	if err := q.QueryRowContext(ctx, `SELECT person, password FROM accounts WHERE name = ?`, name).Scan(&a.Person, &a.Password); err != nil {
		return a, notFound(err)
	}
	rows, err := q.QueryContext(ctx, `SELECT o.uscc, o.name FROM account_organisations a JOIN organisations o ON o.uscc = a.uscc
		WHERE a.account = ? ORDER BY o.uscc`, name)
	if err != nil {
		return a, err
	}
	if a.Organisations, err = collect(rows, func(scan func(...any) error) (o platformapi.Organisation, err error) {
		return o, scan(&o.USCC, &o.Name)
	}); err != nil {
		return a, err
	}
	rows, err = q.QueryContext(ctx, `SELECT b.cert_sha256, o.uscc, o.name, b.person, b.not_after, b.bound_at
		FROM bindings b JOIN organisations o ON o.uscc = b.uscc WHERE b.account = ? ORDER BY b.bound_at, b.cert_sha256`, name)
	if err != nil {
		return a, err
	}
	a.Bindings, err = collect(rows, func(scan func(...any) error) (b platformapi.Binding, err error) {
		var until, at int64
		err = scan(&b.CertificateSHA256, &b.Organisation.USCC, &b.Organisation.Name, &b.Person, &until, &at)
		b.NotAfter, b.BoundAt = moment(until), moment(at)
		return b, err
	})
	return a, err
}

// TakeTry counts a try.
func (s *Store) TakeTry(ctx context.Context, name string, now time.Time, most int, lock time.Duration) (a store.Account, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		var tries int
		var locked int64
		if err := tx.QueryRowContext(ctx, `SELECT tries, locked_until FROM accounts WHERE name = ?`, name).Scan(&tries, &locked); err != nil {
			return notFound(err)
		}
		if micros(now) < locked {
			return store.ErrLocked
		}
		tries++
		if locked = 0; tries >= most {
			tries, locked = 0, micros(now.Add(lock))
		}
		if _, err := tx.ExecContext(ctx, `UPDATE accounts SET tries = ?, locked_until = ? WHERE name = ?`, tries, locked, name); err != nil {
			return err
		}
		a, err = account(ctx, tx, name)
		return err
	})
	return a, err
}

// ResetTries forgets the tries.
func (s *Store) ResetTries(ctx context.Context, name string) error {
	_, err := s.write.ExecContext(ctx, `UPDATE accounts SET tries = 0, locked_until = 0 WHERE name = ?`, name)
	return err
}

// Bind adds a binding.
func (s *Store) Bind(ctx context.Context, account string, b platformapi.Binding) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO bindings (account, cert_sha256, uscc, person, not_after, bound_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (account, cert_sha256) DO UPDATE SET bound_at = excluded.bound_at`,
		account, b.CertificateSHA256, b.Organisation.USCC, b.Person, micros(b.NotAfter), micros(b.BoundAt))
	return err
}

// Unbind removes a binding.
func (s *Store) Unbind(ctx context.Context, account, certSHA256 string) error {
	return notFound(s.write.QueryRowContext(ctx, `DELETE FROM bindings WHERE account = ? AND cert_sha256 = ? RETURNING account`, account, certSHA256).Scan(&account))
}
