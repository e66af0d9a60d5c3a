package tables

import (
	"context"
	"database/sql"
	"time"

	"sealdesk/platformapi/mobileca/store"
)

var (
	seals = kind[store.Seal]{table: "seals", columns: []string{"owner"}, row: func(s *store.Seal) []any { return []any{s.ID, s.Owner} }}

	authorisations = kind[store.Authorisation]{table: "authorisations", columns: []string{"owner"}, row: func(a *store.Authorisation) []any { return []any{a.ID, a.Organisation} }}

	zones    = kind[store.Zone]{table: "zones", columns: []string{"owner"}, row: func(z *store.Zone) []any { return []any{z.ID, z.Account} }}
	cards    = kind[store.Card]{table: "cards", columns: []string{"owner"}, row: func(c *store.Card) []any { return []any{c.ID, c.Account} }}
	bills    = kind[store.Bill]{table: "bills", columns: []string{"owner"}, row: func(b *store.Bill) []any { return []any{b.ID, b.Account} }}
	invoices = kind[store.Invoice]{table: "invoices", columns: []string{"owner"}, row: func(v *store.Invoice) []any { return []any{v.ID, v.Account} }}
	messages = kind[store.Message]{table: "messages", columns: []string{"owner"}, row: func(m *store.Message) []any { return []any{m.ID, m.Account} }}
)

// byOwner is the condition of a list. Ids are UUIDs of version 7: by them, lists are in the order of time.
const byOwner = `owner = $1 ORDER BY id DESC LIMIT 500`

// belong keeps something that belongs to somebody.
func belong[T any](ctx context.Context, s *Store, k kind[T], v *T, once store.Once, at time.Time, e store.Entries) error {
	return s.create(ctx, once, at, e, func(tx *sql.Tx) error { return k.insert(ctx, s.db, tx, v) })
}

// CreateSeal keeps a seal.
func (s *Store) CreateSeal(ctx context.Context, v store.Seal, once store.Once, e store.Entries) error {
	return belong(ctx, s, seals, &v, once, v.ChangedAt, e)
}

// Seal is the seal of this id.
func (s *Store) Seal(ctx context.Context, id string) (store.Seal, error) {
	return seals.one(ctx, s.db.Read, "", `id = $1`, id)
}

// Seals are an owner's.
func (s *Store) Seals(ctx context.Context, owner string) ([]store.Seal, error) {
	return seals.list(ctx, s.db.Read, byOwner, owner)
}

// ChangeSeal changes a seal.
func (s *Store) ChangeSeal(ctx context.Context, id string, rule func(*store.Seal) (store.Entries, error)) (store.Seal, error) {
	return change(ctx, s, seals, id, rule)
}

// CreateAuthorisation keeps an authorisation.
func (s *Store) CreateAuthorisation(ctx context.Context, v store.Authorisation, once store.Once, e store.Entries) error {
	return belong(ctx, s, authorisations, &v, once, v.From, e)
}

// Authorisation is the authorisation of this id.
func (s *Store) Authorisation(ctx context.Context, id string) (store.Authorisation, error) {
	return authorisations.one(ctx, s.db.Read, "", `id = $1`, id)
}

// Authorisations are an organisation's.
func (s *Store) Authorisations(ctx context.Context, organisation string) ([]store.Authorisation, error) {
	return authorisations.list(ctx, s.db.Read, byOwner, organisation)
}

// ChangeAuthorisation changes an authorisation.
func (s *Store) ChangeAuthorisation(ctx context.Context, id string, rule func(*store.Authorisation) (store.Entries, error)) (store.Authorisation, error) {
	return change(ctx, s, authorisations, id, rule)
}

// CreateZone keeps a zone.
func (s *Store) CreateZone(ctx context.Context, v store.Zone, once store.Once, e store.Entries) error {
	return belong(ctx, s, zones, &v, once, v.BoundAt, e)
}

// Zone is the zone of this id.
func (s *Store) Zone(ctx context.Context, id string) (store.Zone, error) {
	return zones.one(ctx, s.db.Read, "", `id = $1`, id)
}

// Zones are an account's.
func (s *Store) Zones(ctx context.Context, account string) ([]store.Zone, error) {
	return zones.list(ctx, s.db.Read, byOwner, account)
}

// ChangeZone changes a zone.
func (s *Store) ChangeZone(ctx context.Context, id string, rule func(*store.Zone) (store.Entries, error)) (store.Zone, error) {
	return change(ctx, s, zones, id, rule)
}

// CreateCard keeps a card.
func (s *Store) CreateCard(ctx context.Context, v store.Card, once store.Once, e store.Entries) error {
	return belong(ctx, s, cards, &v, once, v.AddedAt, e)
}

// Card is the card of this id.
func (s *Store) Card(ctx context.Context, id string) (store.Card, error) {
	return cards.one(ctx, s.db.Read, "", `id = $1`, id)
}

// Cards are an account's.
func (s *Store) Cards(ctx context.Context, account string) ([]store.Card, error) {
	return cards.list(ctx, s.db.Read, byOwner, account)
}

// ChangeCard changes a card.
func (s *Store) ChangeCard(ctx context.Context, id string, rule func(*store.Card) (store.Entries, error)) (store.Card, error) {
	return change(ctx, s, cards, id, rule)
}

// Bill is the bill of this id.
func (s *Store) Bill(ctx context.Context, id string) (store.Bill, error) {
	return bills.one(ctx, s.db.Read, "", `id = $1`, id)
}

// Bills are an account's.
func (s *Store) Bills(ctx context.Context, account string) ([]store.Bill, error) {
	return bills.list(ctx, s.db.Read, byOwner, account)
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

// Invoice is the invoice of this id.
func (s *Store) Invoice(ctx context.Context, id string) (store.Invoice, error) {
	return invoices.one(ctx, s.db.Read, "", `id = $1`, id)
}

// Invoices are an account's.
func (s *Store) Invoices(ctx context.Context, account string) ([]store.Invoice, error) {
	return invoices.list(ctx, s.db.Read, byOwner, account)
}

// CreateMessage keeps a message.
func (s *Store) CreateMessage(ctx context.Context, m store.Message) error {
	return belong(ctx, s, messages, &m, store.Once{}, m.At, nil)
}

// Messages are a page of an account's.
func (s *Store) Messages(ctx context.Context, account, before string, limit int) ([]store.Message, error) {
	return messages.list(ctx, s.db.Read, `owner = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`, account, before, limit)
}

// Unread counts messages.
func (s *Store) Unread(ctx context.Context, account, after string) (n int, err error) {
	err = s.db.Read.QueryRowContext(ctx, `SELECT count(*) FROM messages WHERE owner = $1 AND id > $2`, account, after).Scan(&n)
	return n, err
}
