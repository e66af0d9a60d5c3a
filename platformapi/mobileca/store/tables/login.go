package tables

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/audit"
	"sealdesk/platformapi/web/sqldb"
)

var (
	accounts = kind[store.Account]{table: "accounts", columns: []string{"phone"}, row: func(a *store.Account) []any { return []any{a.ID, a.Phone} }}
	devices  = kind[store.Device]{table: "devices", columns: []string{"account", "jkt"}, row: func(d *store.Device) []any { return []any{d.ID, d.Account, d.JKT} }}
	sessions = kind[store.Session]{table: "sessions", columns: []string{"account", "device", "token_hash", "until"}, row: func(x *store.Session) []any {
		return []any{x.ID, x.Account, x.Device, x.TokenHash, sqldb.Micros(x.ExpiresAt)}
	}}
	codes = kind[store.Code]{table: "codes", columns: []string{"until"}, row: func(c *store.Code) []any { return []any{codeID(c.Phone, c.Purpose), sqldb.Micros(c.SentAt)} }}
)

func codeID(phone string, purpose wire.CodePurpose) string { return phone + " " + string(purpose) }

// ChangeCode changes a number's code for a purpose.
func (s *Store) ChangeCode(ctx context.Context, phone string, purpose wire.CodePurpose, rule func(*store.Code) error) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		e, err := codes.edit(ctx, s.db, tx, `id = $1`, codeID(phone, purpose))
		if errors.Is(err, store.ErrNotFound) {
			c := store.Code{Phone: phone, Purpose: purpose}
			if err := rule(&c); err != nil || c.Hash == "" {
				return err
			}
			return codes.insert(ctx, s.db, tx, &c)
		}
		if err != nil {
			return err
		}
		if err := rule(e.v); err != nil {
			return err
		}
		_, err = e.save(ctx, s.db, tx)
		return err
	})
}

// Account is the account of this id.
func (s *Store) Account(ctx context.Context, id string) (store.Account, error) {
	return accounts.one(ctx, s.db.Read, "", `id = $1`, id)
}

// AccountByPhone is the account of this number.
func (s *Store) AccountByPhone(ctx context.Context, phone string) (store.Account, error) {
	return accounts.one(ctx, s.db.Read, "", `phone = $1`, phone)
}

// CreateAccount keeps an account.
func (s *Store) CreateAccount(ctx context.Context, a store.Account, e store.Entries) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := accounts.insert(ctx, s.db, tx, &a); err != nil {
			return err
		}
		return record(ctx, tx, e)
	})
}

// ChangeAccount changes an account.
func (s *Store) ChangeAccount(ctx context.Context, id string, rule func(*store.Account) (store.Entries, error)) (store.Account, error) {
	return change(ctx, s, accounts, id, rule)
}

// LogIn keeps a session.
func (s *Store) LogIn(ctx context.Context, phone string, create bool, name string, x store.Session, now time.Time) (a store.Account, d store.Device, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		a, err = accounts.one(ctx, tx, s.db.Lock("accounts"), `phone = $1`, phone)
		if errors.Is(err, store.ErrNotFound) && create {
			a = store.Account{ID: platformapi.NewID(), Phone: phone, CreatedAt: now}
			err = accounts.insert(ctx, s.db, tx, &a)
		}
		if err != nil {
			return err
		}
		x.Account = a.ID
		if x.CSC {
			d = store.Device{}
		} else if err := s.arrive(ctx, tx, &d, name, x, now); err != nil {
			return err
		}
		x.Device = d.ID
		if err := sessions.insert(ctx, s.db, tx, &x); err != nil {
			return err
		}
		return record(ctx, tx, store.Entries{{At: now, Act: audit.Login, Account: a.ID, Device: d.ID}})
	})
	return a, d, err
}

// arrive finds the device of a session's key, or makes it.
func (s *Store) arrive(ctx context.Context, tx *sql.Tx, d *store.Device, name string, x store.Session, now time.Time) error {
	e, err := devices.edit(ctx, s.db, tx, `account = $1 AND jkt = $2`, x.Account, x.JKT)
	if errors.Is(err, store.ErrNotFound) {
		*d = store.Device{ID: platformapi.NewID(), Account: x.Account, JKT: x.JKT, Name: name, CreatedAt: now, SeenAt: now, Inbox: 1}
		return devices.insert(ctx, s.db, tx, d)
	}
	if err != nil {
		return err
	}
	e.v.Name, e.v.SeenAt = name, now
	_, err = e.save(ctx, s.db, tx)
	*d = *e.v
	return err
}

// Session is the session of this access token.
func (s *Store) Session(ctx context.Context, tokenHash string) (store.Session, error) {
	return sessions.one(ctx, s.db.Read, "", `token_hash = $1`, tokenHash)
}

// SessionByID is the session of this id.
func (s *Store) SessionByID(ctx context.Context, id string) (store.Session, error) {
	return sessions.one(ctx, s.db.Read, "", `id = $1`, id)
}

// RenewSession gives a session new tokens.
func (s *Store) RenewSession(ctx context.Context, refreshHash string, x store.Session) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		e, err := sessions.edit(ctx, s.db, tx, `id = $1`, x.ID)
		if err != nil {
			return err
		}
		if e.v.RefreshHash != refreshHash {
			return store.ErrNotFound
		}
		*e.v = x
		_, err = e.save(ctx, s.db, tx)
		return err
	})
}

// DropSession forgets a session.
func (s *Store) DropSession(ctx context.Context, id string, now time.Time) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		e := audit.Entry{At: now, Act: audit.Logout}
		err := tx.QueryRowContext(ctx, `DELETE FROM sessions WHERE id = $1 RETURNING account, device`, id).Scan(&e.Account, &e.Device)
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrNotFound
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, store.Entries{e})
	})
}

// DropSessions forgets an account's sessions but one.
func (s *Store) DropSessions(ctx context.Context, account, but string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE account = $1 AND id <> $2`, account, but)
		return err
	})
}

// Devices are an account's, the one seen last first.
func (s *Store) Devices(ctx context.Context, account string) ([]store.Device, error) {
	return devices.list(ctx, s.db.Read, `account = $1 ORDER BY id DESC`, account)
}

// Device is the device of this id.
func (s *Store) Device(ctx context.Context, id string) (store.Device, error) {
	return devices.one(ctx, s.db.Read, "", `id = $1`, id)
}

// RemoveDevice takes a device from its account.
func (s *Store) RemoveDevice(ctx context.Context, account, id string, now time.Time) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		gone, err := sqldb.Affects(tx.ExecContext(ctx, `DELETE FROM devices WHERE id = $1 AND account = $2`, id, account))
		if err != nil {
			return err
		}
		if !gone {
			return store.ErrNotFound
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE device = $1`, id); err != nil {
			return err
		}
		live, err := pairings.list(ctx, tx, `device = $1 AND until > 0`+` ORDER BY id`+s.db.Lock("pairings"), id)
		if err != nil {
			return err
		}
		for _, p := range live {
			e, err := pairings.hold(p)
			if err != nil {
				return err
			}
			e.v.State = wire.PairingEnded
			if err := s.savePairing(ctx, tx, e, now); err != nil {
				return err
			}
		}
		held, err := keys.list(ctx, tx, `device = $1 ORDER BY id`+s.db.Lock("keys"), id)
		if err != nil {
			return err
		}
		for _, k := range held {
			e, err := keys.hold(k)
			if err != nil {
				return err
			}
			e.v.Device = ""
			if _, err := e.save(ctx, s.db, tx); err != nil {
				return err
			}
		}
		return record(ctx, tx, store.Entries{{At: now, Act: "device-removed", Account: account, Device: id}})
	})
}
