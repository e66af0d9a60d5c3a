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
