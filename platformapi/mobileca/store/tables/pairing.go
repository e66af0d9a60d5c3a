package tables

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/sqldb"
)

var (
	pairings = kind[store.Pairing]{
		table: "pairings", columns: []string{"device", "until", "made"}, version: func(p *store.Pairing) *int64 { return &p.Version },
		row: func(p *store.Pairing) []any {
			until := int64(0) // over
			if !p.Over() {
				until = sqldb.Micros(p.Until())
			}
			return []any{p.ID, p.Device, until, sqldb.Micros(p.CreatedAt)}
		},
	}
	requests = kind[store.Request]{
		table: "requests", columns: []string{"account", "device", "pairing", "waits", "until"}, version: func(r *store.Request) *int64 { return &r.Version },
		row: func(r *store.Request) []any {
			waits, until := 0, int64(0)
			if !r.Over() {
				waits, until = 1, sqldb.Micros(r.ExpiresAt)
			} else if r.Result != nil {
				until = sqldb.Micros(r.ResultTill)
			}
			return []any{r.ID, r.Account, r.Device, r.Pairing, waits, until}
		},
	}
)

// CreatePairing keeps a pairing.
func (s *Store) CreatePairing(ctx context.Context, p store.Pairing) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return pairings.insert(ctx, s.db, tx, &p) })
}

// Pairing is the pairing of this id.
func (s *Store) Pairing(ctx context.Context, id string) (store.Pairing, error) {
	return pairings.one(ctx, s.db.Read, "", `id = $1`, id)
}

// ChangePairing changes a pairing.
func (s *Store) ChangePairing(ctx context.Context, id string, now time.Time, rule func(*store.Pairing) (store.Entries, error)) (store.Pairing, error) {
	var changed store.Pairing
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		e, err := s.editPairing(ctx, tx, id, now)
		if err != nil {
			return err
		}
		entries, err := rule(e.v)
		if err != nil {
			return err
		}
		if err := s.savePairing(ctx, tx, e, now); err != nil {
			return err
		}
		changed = *e.v
		return record(ctx, tx, entries)
	})
	return changed, err
}

// editPairing reads a pairing as it is at a time.
func (s *Store) editPairing(ctx context.Context, tx *sql.Tx, id string, now time.Time) (edited[store.Pairing], error) {
	e, err := pairings.edit(ctx, s.db, tx, `id = $1`, id)
	if err == nil {
		settle(e.v, now)
	}
	return e, err
}

// settle leaves the version to update, which counts one for the whole change.
func settle(p *store.Pairing, now time.Time) {
	v := p.Version
	p.Settle(now)
	p.Version = v
}

// savePairing keeps a pairing, and cancels what waited when it is over.
func (s *Store) savePairing(ctx context.Context, tx *sql.Tx, e edited[store.Pairing], now time.Time) error {
	changed, err := e.save(ctx, s.db, tx)
	if err != nil || !changed {
		return err
	}
	if e.v.Device != "" {
		if err := s.bump(ctx, tx, e.v.Device); err != nil {
			return err
		}
	}
	if !e.v.Over() {
		return nil
	}
	live, err := requests.list(ctx, tx, `pairing = $1 AND waits = 1 ORDER BY id`+s.db.Lock("requests"), e.v.ID)
	if err != nil {
		return err
	}
	for _, r := range live {
		one, err := requests.hold(r)
		if err != nil {
			return err
		}
		if settleRequest(one.v, now); !one.v.Over() {
			one.v.State, one.v.Reason = wire.RequestCancelled, "pairing"
		}
		if _, err := one.save(ctx, s.db, tx); err != nil {
			return err
		}
	}
	return nil
}

func settleRequest(r *store.Request, now time.Time) {
	v := r.Version
	r.Settle(now)
	r.Version = v
}

// bump says that there is news for a device.
func (s *Store) bump(ctx context.Context, tx *sql.Tx, device string) error {
	_, err := tx.ExecContext(ctx, `UPDATE devices SET inbox = inbox + 1 WHERE id = $1`, device)
	return err
}

// LivePairings are a device's that are not over.
func (s *Store) LivePairings(ctx context.Context, device string, now time.Time) ([]store.Pairing, error) {
	return pairings.list(ctx, s.db.Read, `device = $1 AND until > $2 ORDER BY until DESC, id LIMIT 50`, device, sqldb.Micros(now))
}

// CreateRequest keeps a request.
func (s *Store) CreateRequest(ctx context.Context, pairing, id string, now time.Time, rule func(*store.Pairing, *store.Request, []store.Request) (*store.Request, store.Entries, error)) (store.Request, error) {
	var kept store.Request
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var p *store.Pairing
		var of edited[store.Pairing]
		var live []store.Request
		var err error
		if pairing != "" {
			if of, err = s.editPairing(ctx, tx, pairing, now); err != nil {
				return err
			}
			p = of.v
			if live, err = requests.list(ctx, tx, `pairing = $1 AND waits = 1 AND until > $2 ORDER BY id`, pairing, sqldb.Micros(now)); err != nil {
				return err
			}
		}
		known, err := s.known(ctx, tx, id)
		if err != nil {
			return err
		}
		r, entries, err := rule(p, known, live)
		if err != nil {
			return err
		}
		kept = *r
		if known != nil {
			return nil
		}
		if err := requests.insert(ctx, s.db, tx, r); err != nil {
			return err
		}
		if p != nil {
			if err := s.savePairing(ctx, tx, of, now); err != nil {
				return err
			}
		}
		if err := s.bump(ctx, tx, r.Device); err != nil {
			return err
		}
		return record(ctx, tx, entries)
	})
	return kept, err
}

func (s *Store) known(ctx context.Context, tx *sql.Tx, id string) (*store.Request, error) {
	r, err := requests.one(ctx, tx, s.db.Lock("requests"), `id = $1`, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return &r, err
}

// Request is the request of this id.
func (s *Store) Request(ctx context.Context, id string) (store.Request, error) {
	return requests.one(ctx, s.db.Read, "", `id = $1`, id)
}

// ChangeRequest changes a request, with its key and its pairing.
func (s *Store) ChangeRequest(ctx context.Context, id string, now time.Time, rule func(*store.Request, *store.Key, *store.Pairing) (store.Entries, error)) (store.Request, error) {
	var changed store.Request
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// A request's pairing never changes, so that it can be read before the pairing is locked.
		at, err := requests.one(ctx, tx, "", `id = $1`, id)
		if err != nil {
			return err
		}
		var p *store.Pairing
		var of edited[store.Pairing]
		if at.Pairing != "" {
			if of, err = s.editPairing(ctx, tx, at.Pairing, now); err != nil {
				return err
			}
			p = of.v
		}
		e, err := requests.edit(ctx, s.db, tx, `id = $1`, id)
		if err != nil {
			return err
		}
		settleRequest(e.v, now)
		k, err := keys.edit(ctx, s.db, tx, `id = $1`, at.Key)
		if err != nil {
			return err
		}
		entries, err := rule(e.v, k.v, p)
		if err != nil {
			return err
		}
		news, err := e.save(ctx, s.db, tx)
		if err != nil {
			return err
		}
		if news {
			if err := s.bump(ctx, tx, e.v.Device); err != nil {
				return err
			}
		}
		if _, err := k.save(ctx, s.db, tx); err != nil {
			return err
		}
		if p != nil {
			if err := s.savePairing(ctx, tx, of, now); err != nil {
				return err
			}
		}
		changed = *e.v
		return record(ctx, tx, entries)
	})
	return changed, err
}

// Inbox is what waits for a device.
func (s *Store) Inbox(ctx context.Context, device string, now time.Time) (version int64, waiting []store.Request, err error) {
	tx, err := s.db.Read.BeginTx(ctx, &s.db.Snapshot)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	err = tx.QueryRowContext(ctx, `SELECT inbox FROM devices WHERE id = $1`, device).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, store.ErrNotFound
	}
	if err != nil {
		return 0, nil, err
	}
	waiting, err = requests.list(ctx, tx, `device = $1 AND waits = 1 AND until > $2 ORDER BY id LIMIT 100`, device, sqldb.Micros(now))
	return version, waiting, err
}

// Activity is a page of what was asked.
func (s *Store) Activity(ctx context.Context, account, pairing, before string, limit int) ([]store.Request, error) {
	if before == "" {
		before = "g" // behind every UUID
	}
	if pairing != "" {
		return requests.list(ctx, s.db.Read, `account = $1 AND pairing = $2 AND id < $3 ORDER BY id DESC LIMIT $4`, account, pairing, before, limit)
	}
	return requests.list(ctx, s.db.Read, `account = $1 AND id < $2 ORDER BY id DESC LIMIT $3`, account, before, limit)
}
