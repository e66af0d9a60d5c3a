package tables

import (
	"context"
	"database/sql"
	"time"

	"sealdesk/platformapi/mobileca/store"
)

// belonging is one kind of what accounts and organisations have.
type belonging[T any] struct {
	kind[T]
	made func(*T) time.Time
}

func belongs[T any](kinds string, made func(*T) time.Time, names func(*T) (id, owner string)) belonging[T] {
	return belonging[T]{kind[T]{table: "belongings", only: kinds, columns: []string{"kind", "owner"}, row: func(v *T) []any {
		id, owner := names(v)
		return []any{id, kinds, owner}
	}}, made}
}

var (
	seals = belongs("seal", func(s *store.Seal) time.Time { return s.ChangedAt }, func(s *store.Seal) (id, owner string) { return s.ID, s.Owner })

	authorisations = belongs("authorisation", func(a *store.Authorisation) time.Time { return a.From }, func(a *store.Authorisation) (id, owner string) { return a.ID, a.Organisation })

	zones    = belongs("zone", func(z *store.Zone) time.Time { return z.BoundAt }, func(z *store.Zone) (id, owner string) { return z.ID, z.Account })
	cards    = belongs("card", func(c *store.Card) time.Time { return c.AddedAt }, func(c *store.Card) (id, owner string) { return c.ID, c.Account })
	bills    = belongs("bill", func(b *store.Bill) time.Time { return b.PaidAt }, func(b *store.Bill) (id, owner string) { return b.ID, b.Account })
	invoices = belongs("invoice", func(v *store.Invoice) time.Time { return v.CreatedAt }, func(v *store.Invoice) (id, owner string) { return v.ID, v.Account })
	messages = belongs("message", func(m *store.Message) time.Time { return m.At }, func(m *store.Message) (id, owner string) { return m.ID, m.Account })
)

// byOwner is the condition of a list. Ids are UUIDs of version 7: by them, lists are in the order of time.
const byOwner = `owner = $1 ORDER BY id DESC LIMIT 500`

// collection is a kind of belongings in a store.
type collection[T any] struct {
	s *Store
	belonging[T]
}

// Create implements store.Belongings.
func (c collection[T]) Create(ctx context.Context, v T, once store.Once, e store.Entries) error {
	return c.s.create(ctx, once, c.made(&v), e, func(tx *sql.Tx) error { return c.insert(ctx, c.s.db, tx, &v) })
}

// One implements store.Belongings.
func (c collection[T]) One(ctx context.Context, id string) (T, error) {
	return c.one(ctx, c.s.db.Read, "", `id = $1`, id)
}

// Of implements store.Belongings.
func (c collection[T]) Of(ctx context.Context, owner string) ([]T, error) {
	return c.list(ctx, c.s.db.Read, byOwner, owner)
}

// Change implements store.Belongings.
func (c collection[T]) Change(ctx context.Context, id string, rule func(*T) (store.Entries, error)) (T, error) {
	return change(ctx, c.s, c.kind, id, rule)
}

// Seals are kept pictures.
func (s *Store) Seals() store.Belongings[store.Seal] { return collection[store.Seal]{s, seals} }

// Authorisations are organisations'.
func (s *Store) Authorisations() store.Belongings[store.Authorisation] {
	return collection[store.Authorisation]{s, authorisations}
}

// Zones are accounts'.
func (s *Store) Zones() store.Belongings[store.Zone] { return collection[store.Zone]{s, zones} }

// Cards are accounts'.
func (s *Store) Cards() store.Belongings[store.Card] { return collection[store.Card]{s, cards} }

// Bills are accounts'; they are made with what is paid for.
func (s *Store) Bills() store.Records[store.Bill] { return collection[store.Bill]{s, bills} }

// Invoices are accounts'.
func (s *Store) Invoices() store.Records[store.Invoice] {
	return collection[store.Invoice]{s, invoices}
}

// CreateInvoice keeps an invoice, and on its bills that they are on it.
func (s *Store) CreateInvoice(ctx context.Context, v store.Invoice, once store.Once, rule func([]*store.Bill) (store.Entries, error)) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		held := make([]edited[store.Bill], len(v.Bills))
		over := make([]*store.Bill, len(v.Bills))
		for i, id := range v.Bills {
			e, err := bills.edit(ctx, s.db, tx, `id = $1`, id)
			if err != nil {
				return err
			}
			held[i], over[i] = e, e.v
		}
		entries, err := rule(over)
		if err != nil {
			return err
		}
		for i, e := range held {
			over[i].Invoice = v.ID
			v.Amount += over[i].Amount
			if _, err := e.save(ctx, s.db, tx); err != nil {
				return err
			}
		}
		if err := s.keep(ctx, tx, once, v.CreatedAt); err != nil {
			return err
		}
		if err := invoices.insert(ctx, s.db, tx, &v); err != nil {
			return err
		}
		return record(ctx, tx, entries)
	})
}

// CreateMessage keeps a message.
func (s *Store) CreateMessage(ctx context.Context, m store.Message) error {
	return collection[store.Message]{s, messages}.Create(ctx, m, store.Once{}, nil)
}

// Messages are a page of an account's.
func (s *Store) Messages(ctx context.Context, account, before string, limit int) ([]store.Message, error) {
	return messages.list(ctx, s.db.Read, `owner = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`, account, before, limit)
}

// Unread counts messages.
func (s *Store) Unread(ctx context.Context, account, after string) (n int, err error) {
	err = s.db.Read.QueryRowContext(ctx, `SELECT count(*) FROM belongings WHERE `+messages.where(`owner = $1 AND id > $2`), account, after).Scan(&n)
	return n, err
}
