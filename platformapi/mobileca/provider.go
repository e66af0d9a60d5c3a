package mobileca

import (
	"context"
	"crypto/ecdsa"
	"time"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

// Issuer is the certificate authority.
type Issuer interface {
	// Issue certifies a key, and gives the chain in DER, the certificate first and without the root.
	Issue(ctx context.Context, r Certified) (chain [][]byte, err error)
	Revoke(ctx context.Context, der []byte, reason wire.RevocationRequestReason, at time.Time) error
	// Roots are its roots, in DER.
	Roots() [][]byte
}

// Certified is what is to be certified.
type Certified struct {
	Subject             store.Subject
	Use                 wire.KeyUse
	Public              *ecdsa.PublicKey // SM2
	NotBefore, NotAfter time.Time
}

// Messenger sends short messages.
type Messenger interface {
	Send(ctx context.Context, phone, text string) error
}

// IdentityChecker asks whether a name and number belong together, each way of the three at its own provider.
type IdentityChecker interface {
	// Check answers at once. A refusal is an *IdentityRefused.
	Check(ctx context.Context, r wire.IdentityRequest) error
}

// IdentityRefused says why somebody's identity was not taken.
type IdentityRefused struct{ Reason string }

func (e *IdentityRefused) Error() string { return "the identity was refused: " + e.Reason }

// WeChat knows people by WeChat's authorisation (OAuth 2.0 of its official accounts).
type WeChat interface {
	// Authorise is the address where an authorisation begins, complete but for its state, which the phone sets in the query.
	// From there WeChat sends the phone's browser to Origins[0] + "/" with code and state in the query; state alone when
	// the person declined.
	Authorise() string
	// Person is the identity that a code names: the openid or unionid, always the same for the same person. A code is good
	// once. A refusal is a *WeChatRefused. It ends when ctx does.
	Person(ctx context.Context, code string) (identity string, err error)
}

// WeChatRefused says why a code was not taken.
type WeChatRefused struct{ Reason string }

func (e *WeChatRefused) Error() string { return "WeChat refused the code: " + e.Reason }

// Clerk looks at applications in the CA's name, where no person does.
type Clerk interface {
	// Look says what becomes of an application that waits for the CA's review.
	Look(ctx context.Context, a store.Application) Verdict
}

// Verdict is a review's. The zero Verdict leaves the application to somebody else.
type Verdict struct {
	Approve bool
	Refuse  string // why not
}

// Cashier takes payments.
type Cashier interface {
	// Pay takes a payment. A charge of the same ID is taken once, however often it is asked for. A refusal is a *PaymentRefused.
	Pay(ctx context.Context, c Charge) error
	// Register gives the cashier's name for a bank card, by which it is charged; the number is not kept here.
	Register(ctx context.Context, holder string, r wire.CardRequest) (name string, err error)
}

// Charge is what is to be paid.
type Charge struct {
	ID     string
	What   string
	Amount int64 // 分
	Method wire.PaymentMethod
	Card   string // the cashier's name for it, with PayCard
}

// PaymentRefused says why a payment or a card was not taken.
type PaymentRefused struct{ Reason string }

func (e *PaymentRefused) Error() string { return "the payment was refused: " + e.Reason }
