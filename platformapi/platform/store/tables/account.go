package tables

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web/audit"
	"sealdesk/platformapi/web/sqldb"
)

// SaveAccount adds an account, or changes one.
func (s *Store) SaveAccount(ctx context.Context, a store.Account) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO accounts (name, person, password) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET person = excluded.person, password = excluded.password`, a.Name, a.Person, a.Password); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM account_organisations WHERE account = $1`, a.Name); err != nil {
			return err
		}
		for _, o := range a.Organisations {
			if _, err := tx.ExecContext(ctx, `INSERT INTO account_organisations (account, uscc) VALUES ($1, $2)`, a.Name, o.USCC); err != nil {
				return err
			}
		}
		return nil
	})
}

// Account is the account of this name.
func (s *Store) Account(ctx context.Context, name string) (store.Account, error) {
	return account(ctx, s.db.Read, name)
}

func account(ctx context.Context, q sqldb.Querier, name string) (store.Account, error) {
	a := store.Account{Name: name}
	if err := q.QueryRowContext(ctx, `SELECT person, password FROM accounts WHERE name = $1`, name).Scan(&a.Person, &a.Password); err != nil {
		return a, notFound(err)
	}
	rows, err := q.QueryContext(ctx, `SELECT o.uscc, o.name FROM account_organisations a JOIN organisations o ON o.uscc = a.uscc
		WHERE a.account = $1 ORDER BY o.uscc`, name)
	if err != nil {
		return a, err
	}
	if a.Organisations, err = sqldb.Collect(rows, func(scan func(...any) error) (o platformapi.Organisation, err error) {
		return o, scan(&o.USCC, &o.Name)
	}); err != nil {
		return a, err
	}
	rows, err = q.QueryContext(ctx, `SELECT b.cert_sha256, o.uscc, o.name, b.person, b.not_after, b.bound_at
		FROM bindings b JOIN organisations o ON o.uscc = b.uscc WHERE b.account = $1 ORDER BY b.bound_at, b.cert_sha256`, name)
	if err != nil {
		return a, err
	}
	a.Bindings, err = sqldb.Collect(rows, func(scan func(...any) error) (b platformapi.Binding, err error) {
		var until, at int64
		err = scan(&b.CertificateSHA256, &b.Organisation.USCC, &b.Organisation.Name, &b.Person, &until, &at)
		b.NotAfter, b.BoundAt = sqldb.Moment(until), sqldb.Moment(at)
		return b, err
	})
	return a, err
}

// TakeTry counts a try. One statement does it, so that those side by side wait for one another.
func (s *Store) TakeTry(ctx context.Context, name string, now time.Time, most int, lock time.Duration) (store.Account, error) {
	err := notFound(s.db.Write.QueryRowContext(ctx, `UPDATE accounts SET
			tries = CASE WHEN tries + 1 >= $1 THEN 0 ELSE tries + 1 END,
			locked_until = CASE WHEN tries + 1 >= $1 THEN CAST($2 AS BIGINT) ELSE 0 END
		WHERE name = $3 AND locked_until <= $4 RETURNING name`, most, sqldb.Micros(now.Add(lock)), name, sqldb.Micros(now)).Scan(&name))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Account{}, err
	}
	a, known := account(ctx, s.db.Write, name)
	if err != nil && known == nil {
		return store.Account{}, store.ErrLocked
	}
	return a, known
}

// ResetTries forgets the tries.
func (s *Store) ResetTries(ctx context.Context, name string) error {
	_, err := s.db.Write.ExecContext(ctx, `UPDATE accounts SET tries = 0, locked_until = 0 WHERE name = $1`, name)
	return err
}

// Bind adds a binding.
func (s *Store) Bind(ctx context.Context, account string, b platformapi.Binding) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO bindings (account, cert_sha256, uscc, person, not_after, bound_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (account, cert_sha256) DO UPDATE SET bound_at = excluded.bound_at`,
			account, b.CertificateSHA256, b.Organisation.USCC, b.Person, sqldb.Micros(b.NotAfter), sqldb.Micros(b.BoundAt)); err != nil {
			return err
		}
		_, err := record(ctx, tx, audit.Entry{At: b.BoundAt, Act: audit.Bind, Account: account, USCC: b.Organisation.USCC, Person: b.Person, SHA256: b.CertificateSHA256})
		return err
	})
}

// Unbind removes a binding.
func (s *Store) Unbind(ctx context.Context, account, certSHA256 string, now time.Time) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		e := audit.Entry{At: now, Act: audit.Unbind, Account: account, SHA256: certSHA256}
		if err := tx.QueryRowContext(ctx, `DELETE FROM bindings WHERE account = $1 AND cert_sha256 = $2 RETURNING uscc, person`, account, certSHA256).
			Scan(&e.USCC, &e.Person); err != nil {
			return notFound(err)
		}
		_, err := record(ctx, tx, e)
		return err
	})
}
