package store

import (
	"context"
	"time"

	"sealdesk/platformapi/mobileca/wire"
)

// Records are one kind of what accounts and organisations have beside certificates.
type Records[T any] interface {
	One(ctx context.Context, id string) (T, error)
	// Of are an owner's, an account's or an organisation's, the newest first; at most 500.
	Of(ctx context.Context, owner string) ([]T, error)
}

// Belongings are records that people make and change. Each is kept with what its idempotency key made; a rule that changes one
// decides whether it is gone, nothing is deleted.
type Belongings[T any] interface {
	Records[T]
	Create(ctx context.Context, v T, once Once, e Entries) error
	Change(ctx context.Context, id string, rule func(*T) (Entries, error)) (T, error)
}

// Owned is all that accounts and organisations have beside certificates.
type Owned interface {
	Seals() Belongings[Seal]                   // of an organisation or an account
	Authorisations() Belongings[Authorisation] // of an organisation
	Zones() Belongings[Zone]                   // of an account, as what follows
	Cards() Belongings[Card]
	Bills() Records[Bill]
	Invoices() Records[Invoice]

	// CreateInvoice hands the bills that it is over to the rule, which must be the account's.
	CreateInvoice(ctx context.Context, v Invoice, once Once, rule func([]*Bill) (Entries, error)) error

	CreateMessage(ctx context.Context, m Message) error
	// Messages are a page of an account's, the newest first, those before an id.
	Messages(ctx context.Context, account, before string, limit int) ([]Message, error)
	// Unread counts an account's messages after an id.
	Unread(ctx context.Context, account, after string) (int, error)
}

// Seal is a seal's picture.
type Seal struct {
	ID            string
	Owner         string // an organisation or an account
	Organisation  string // "" for a person's own
	Name          string
	Kind          wire.SealKind
	Width, Height float64 // mm
	PNG           []byte
	ChangedAt     time.Time
	Gone          bool
}

// Authorisation lets one of the staff use the organisation's certificates on a platform.
type Authorisation struct {
	ID           string
	Organisation string
	Platform     string
	Staff        string // the member's id
	From, Until  time.Time
	EndedAt      time.Time
	Gone         bool // taken from the history
}

// Ended says whether an authorisation is over.
func (a *Authorisation) Ended(now time.Time) bool { return !a.EndedAt.IsZero() || !now.Before(a.Until) }

// Zone is a platform that an organisation's certificate is bound to.
type Zone struct {
	ID           string
	Account      string
	Organisation string
	Platform     string
	BoundAt      time.Time
	Gone         bool
}

// Card is a bank card, of which only the provider's name for it and the last digits are kept.
type Card struct {
	ID       string
	Account  string
	Bank     string
	Last     string
	Provider string // how who takes payments knows it
	AddedAt  time.Time
	Gone     bool
}

// Bill is what was paid.
type Bill struct {
	ID          string
	Account     string
	Application string
	What        string
	Amount      int64 // 分
	Method      wire.PaymentMethod
	PaidAt      time.Time
	Invoice     string
}

// Invoice was asked for over bills.
type Invoice struct {
	ID        string
	Account   string
	Title     string
	TaxNumber string
	Email     string
	Amount    int64 // 分
	State     wire.InvoiceState
	Bills     []string
	CreatedAt time.Time
}

// Message tells a person something.
type Message struct {
	ID          string
	Account     string
	At          time.Time
	Title, Text string
	Application string
	Certificate string
}
