package store

import (
	"context"
	"time"

	"sealdesk/platformapi/mobileca/wire"
)

// Belongings are what accounts and organisations have beside certificates. Each is kept with what its idempotency key made;
// a rule that changes one decides whether it is gone, nothing is deleted.
type Belongings interface {
	CreateSeal(ctx context.Context, s Seal, once Once, e Entries) error
	Seal(ctx context.Context, id string) (Seal, error)
	// Seals are an owner's: an organisation's or an account's.
	Seals(ctx context.Context, owner string) ([]Seal, error)
	ChangeSeal(ctx context.Context, id string, rule func(*Seal) (Entries, error)) (Seal, error)

	CreateAuthorisation(ctx context.Context, a Authorisation, once Once, e Entries) error
	Authorisation(ctx context.Context, id string) (Authorisation, error)
	Authorisations(ctx context.Context, organisation string) ([]Authorisation, error)
	ChangeAuthorisation(ctx context.Context, id string, rule func(*Authorisation) (Entries, error)) (Authorisation, error)

	CreateZone(ctx context.Context, z Zone, once Once, e Entries) error
	Zone(ctx context.Context, id string) (Zone, error)
	Zones(ctx context.Context, account string) ([]Zone, error)
	ChangeZone(ctx context.Context, id string, rule func(*Zone) (Entries, error)) (Zone, error)

	CreateCard(ctx context.Context, c Card, once Once, e Entries) error
	Card(ctx context.Context, id string) (Card, error)
	Cards(ctx context.Context, account string) ([]Card, error)
	ChangeCard(ctx context.Context, id string, rule func(*Card) (Entries, error)) (Card, error)

	Bill(ctx context.Context, id string) (Bill, error)
	Bills(ctx context.Context, account string) ([]Bill, error)
	// CreateInvoice hands the bills that it is over to the rule, which must be the account's.
	CreateInvoice(ctx context.Context, v Invoice, once Once, rule func([]*Bill) (Entries, error)) error
	Invoice(ctx context.Context, id string) (Invoice, error)
	Invoices(ctx context.Context, account string) ([]Invoice, error)

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
