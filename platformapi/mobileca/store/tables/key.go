package tables

import (
	"context"
	"database/sql"
	"errors"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/sqldb"
)

var (
	keys = kind[store.Key]{table: "keys", columns: []string{"account", "device", "application"}, row: func(k *store.Key) []any {
		return []any{k.ID, k.Account, k.Device, k.Application}
	}}
	certificates = kind[store.Certificate]{table: "certificates", columns: []string{"account", "application", "issued_at"}, row: func(c *store.Certificate) []any {
		return []any{c.ID, c.Account, c.Application, sqldb.Micros(c.IssuedAt)}
	}}
	recoveries = kind[store.Recovery]{table: "recoveries", columns: []string{"until"}, row: func(r *store.Recovery) []any { return []any{r.ID, sqldb.Micros(r.Until)} }}
)

// CreateKey keeps a key that was begun.
func (s *Store) CreateKey(ctx context.Context, k store.Key, rule func(*store.Application) (store.Entries, error)) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		a, err := applications.edit(ctx, s.db, tx, `id = $1`, k.Application)
		if err != nil {
			return err
		}
		entries, err := rule(a.v)
		if err != nil {
			return err
		}
		earlier, err := keys.list(ctx, tx, `application = $1 ORDER BY id`+s.db.Lock("keys"), k.Application)
		if err != nil {
			return err
		}
		for _, one := range earlier {
			if one.Use != k.Use || one.ID == k.ID {
				continue
			}
			e, err := keys.hold(one)
			if err != nil {
				return err
			}
			e.v.State, e.v.Share, e.v.Pending = wire.KeyEnded, nil, nil
			if _, err := e.save(ctx, s.db, tx); err != nil {
				return err
			}
		}
		if err := keys.insert(ctx, s.db, tx, &k); err != nil {
			return err
		}
		return record(ctx, tx, entries)
	})
}

// Key is the key of this id.
func (s *Store) Key(ctx context.Context, id string) (store.Key, error) {
	return keys.one(ctx, s.db.Read, "", `id = $1`, id)
}

// Keys are an account's.
func (s *Store) Keys(ctx context.Context, account string) ([]store.Key, error) {
	return keys.list(ctx, s.db.Read, `account = $1 ORDER BY id DESC`, account)
}

// ChangeKey changes a key.
func (s *Store) ChangeKey(ctx context.Context, id string, rule func(*store.Key) (store.Entries, error)) (store.Key, error) {
	return change(ctx, s, keys, id, rule)
}

// Issue keeps certificates.
func (s *Store) Issue(ctx context.Context, application string, rule func(*store.Application, []store.Key) ([]store.Certificate, store.Entries, error)) (issued []store.Certificate, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		a, err := applications.edit(ctx, s.db, tx, `id = $1`, application)
		if err != nil {
			return err
		}
		all, err := keys.list(ctx, tx, `application = $1 ORDER BY id`+s.db.Lock("keys"), application)
		if err != nil {
			return err
		}
		live := all[:0]
		for _, k := range all {
			if k.State != wire.KeyEnded {
				live = append(live, k)
			}
		}
		var entries store.Entries
		if issued, entries, err = rule(a.v, live); err != nil {
			return err
		}
		for i := range issued {
			c := &issued[i]
			if err := certificates.insert(ctx, s.db, tx, c); err != nil {
				return err
			}
			k, err := keys.edit(ctx, s.db, tx, `id = $1`, c.Key)
			if err != nil {
				return err
			}
			k.v.Certificate, k.v.State = c.ID, wire.KeyCertified
			if _, err := k.save(ctx, s.db, tx); err != nil {
				return err
			}
		}
		if _, err := a.save(ctx, s.db, tx); err != nil {
			return err
		}
		return record(ctx, tx, entries)
	})
	return issued, err
}

// Certificate is the certificate of this id.
func (s *Store) Certificate(ctx context.Context, id string) (store.Certificate, error) {
	return certificates.one(ctx, s.db.Read, "", `id = $1`, id)
}

// Certificates are an account's.
func (s *Store) Certificates(ctx context.Context, account string) ([]store.Certificate, error) {
	return certificates.list(ctx, s.db.Read, `account = $1 ORDER BY issued_at DESC, id LIMIT 200`, account)
}

// CertificatesOf are an application's.
func (s *Store) CertificatesOf(ctx context.Context, application string) ([]store.Certificate, error) {
	return certificates.list(ctx, s.db.Read, `application = $1 ORDER BY issued_at DESC, id`, application)
}

// ChangeCertificates changes a certificate and the one that was issued with it.
func (s *Store) ChangeCertificates(ctx context.Context, id string, rule func(c, pair *store.Certificate, held []*store.Key) (store.Entries, error)) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		c, err := certificates.one(ctx, tx, "", `id = $1`, id)
		if err != nil {
			return err
		}
		var held []edited[store.Key]
		var both []edited[store.Certificate]
		for _, at := range []string{c.Key, c.Pair} {
			if at == c.Pair && at != "" {
				pair, err := certificates.one(ctx, tx, "", `id = $1`, at)
				if err != nil && !errors.Is(err, store.ErrNotFound) {
					return err
				}
				at = pair.Key
			}
			if at == "" {
				continue
			}
			k, err := keys.edit(ctx, s.db, tx, `id = $1`, at)
			if err != nil {
				return err
			}
			held = append(held, k)
		}
		for _, at := range []string{id, c.Pair} {
			if at == "" {
				continue
			}
			e, err := certificates.edit(ctx, s.db, tx, `id = $1`, at)
			if err != nil {
				return err
			}
			both = append(both, e)
		}
		var pair *store.Certificate
		if len(both) == 2 {
			pair = both[1].v
		}
		pointers := make([]*store.Key, len(held))
		for i := range held {
			pointers[i] = held[i].v
		}
		entries, err := rule(both[0].v, pair, pointers)
		if err != nil {
			return err
		}
		for _, e := range held {
			if _, err := e.save(ctx, s.db, tx); err != nil {
				return err
			}
		}
		for _, e := range both {
			if _, err := e.save(ctx, s.db, tx); err != nil {
				return err
			}
		}
		return record(ctx, tx, entries)
	})
}

// CreateRecovery keeps a recovery.
func (s *Store) CreateRecovery(ctx context.Context, r store.Recovery, e store.Entries) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := recoveries.insert(ctx, s.db, tx, &r); err != nil {
			return err
		}
		return record(ctx, tx, e)
	})
}

// Recovery is the recovery of this id.
func (s *Store) Recovery(ctx context.Context, id string) (store.Recovery, error) {
	return recoveries.one(ctx, s.db.Read, "", `id = $1`, id)
}
