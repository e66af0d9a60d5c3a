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
	accounts = kind[store.Account]{table: "accounts", columns: []string{"phone", "wechat"}, row: func(a *store.Account) []any { return []any{a.ID, a.Phone, a.WeChat} }}
	devices  = kind[store.Device]{table: "devices", columns: []string{"account", "jkt"}, row: func(d *store.Device) []any { return []any{d.ID, d.Account, d.JKT} }}
	sessions = kind[store.Session]{table: "sessions", columns: []string{"account", "device", "token_hash", "until"}, row: func(x *store.Session) []any {
		return []any{x.ID, x.Account, x.Device, x.TokenHash, sqldb.Micros(x.ExpiresAt)}
	}}
	codes   = kind[store.Code]{table: "codes", columns: []string{"until"}, row: func(c *store.Code) []any { return []any{codeID(c.Phone, c.Purpose), sqldb.Micros(c.SentAt)} }}
	wechats = kind[store.WeChat]{table: "wechat_codes", columns: []string{"until"}, row: func(w *store.WeChat) []any { return []any{w.Code, sqldb.Micros(w.Until)} }}
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

// AccountByWeChat is the account of this WeChat identity.
func (s *Store) AccountByWeChat(ctx context.Context, identity string) (store.Account, error) {
	return accounts.one(ctx, s.db.Read, "", `wechat = $1 AND wechat <> ''`, identity)
}

// KeepWeChat keeps whom a code names.
func (s *Store) KeepWeChat(ctx context.Context, w store.WeChat) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return wechats.insert(ctx, s.db, tx, &w) })
}

// WeChat is whom a code names.
func (s *Store) WeChat(ctx context.Context, code string) (store.WeChat, error) {
	return wechats.one(ctx, s.db.Read, "", `id = $1`, code)
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
func (s *Store) LogIn(ctx context.Context, by store.LoginBy, name string, x store.Session, now time.Time) (a store.Account, d store.Device, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var entries store.Entries
		var err error
		if a, entries, err = s.enter(ctx, tx, by, now); err != nil {
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
		return record(ctx, tx, append(entries, audit.Entry{At: now, Act: audit.Login, Account: a.ID, Device: d.ID}))
	})
	return a, d, err
}

// enter finds the account of who logs in, or makes it, and makes WeChat's identity the account's.
func (s *Store) enter(ctx context.Context, tx *sql.Tx, by store.LoginBy, now time.Time) (a store.Account, linked store.Entries, err error) {
	w := by.WeChat
	if w.Code != "" {
		left, err := sqldb.Affects(tx.ExecContext(ctx, `DELETE FROM wechat_codes WHERE id = $1 AND until > $2`, w.Code, sqldb.Micros(now)))
		if err != nil {
			return a, nil, err
		}
		if !left {
			return a, nil, store.ErrNotFound
		}
	}
	if by.Phone == "" {
		a, err = accounts.one(ctx, tx, s.db.Lock("accounts"), `wechat = $1 AND wechat <> ''`, w.Identity)
		return a, nil, err
	}
	e, err := accounts.edit(ctx, s.db, tx, `phone = $1`, by.Phone)
	switch {
	case errors.Is(err, store.ErrNotFound) && by.Make:
		a = store.Account{ID: platformapi.NewID(), Phone: by.Phone, CreatedAt: now, WeChat: w.Identity}
		err = accounts.insert(ctx, s.db, tx, &a)
	case err == nil && w.Identity != "" && w.Identity != e.v.WeChat:
		e.v.WeChat = w.Identity
		a = *e.v
		_, err = e.save(ctx, s.db, tx)
	case err == nil:
		return *e.v, nil, nil
	}
	if err == nil && w.Identity != "" {
		linked = store.Entries{{At: now, Act: "wechat-linked", Account: a.ID}}
	}
	return a, linked, err
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

// Devices are an account's, the newest first.
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
			e.v.End(wire.EndedByDevice)
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
