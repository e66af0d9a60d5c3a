package store

import (
	"context"
	"time"

	"sealdesk/platformapi/mobileca/wire"
)

// Keys are keys in two shares, their certificates, and recoveries.
type Keys interface {
	// CreateKey keeps a key that was begun for an application, once the rule has seen that; keys of the same use that were
	// begun for it before are ended. ErrTaken: the id is used.
	CreateKey(ctx context.Context, k Key, rule func(*Application) (Entries, error)) error
	Key(ctx context.Context, id string) (Key, error)
	Keys(ctx context.Context, account string) ([]Key, error)
	ChangeKey(ctx context.Context, id string, rule func(*Key) (Entries, error)) (Key, error)

	// Issue keeps the certificates that the rule gives for an application and its keys that are not ended.
	Issue(ctx context.Context, application string, rule func(*Application, []Key) ([]Certificate, Entries, error)) ([]Certificate, error)
	Certificate(ctx context.Context, id string) (Certificate, error)
	// Certificates are an account's, CertificatesOf an application's; the newest first.
	Certificates(ctx context.Context, account string) ([]Certificate, error)
	CertificatesOf(ctx context.Context, application string) ([]Certificate, error)
	// ChangeCertificates hands a certificate and the one that was issued with it (nil when there is none) to the rule, with their keys.
	ChangeCertificates(ctx context.Context, id string, rule func(c, pair *Certificate, keys []*Key) (Entries, error)) error

	CreateRecovery(ctx context.Context, r Recovery, e Entries) error
	Recovery(ctx context.Context, id string) (Recovery, error)
}

// Key is a key in two shares. What is secret in it is sealed by the service before it is kept.
type Key struct {
	ID          string
	Account     string
	Device      string // where the phone's share lives; "" is nowhere
	Application string
	Use         wire.KeyUse
	State       wire.KeyState
	Scheme      string
	Pending     []byte // sealed, of a key that was begun
	Share       []byte // sealed
	Public      []byte // 65 bytes
	Wrong       int    // wrong PINs in a row
	Certificate string
	CreatedAt   time.Time

	CSR     []byte   // CertificationRequestInfo, DER
	Signed  []byte   // the whole request, signed
	Answers []string // digests of the messages about it that were answered

	Backup   []byte // opaque
	Reshare  *Reshare
	Reshared string // the session of the last reshare that was finished
	Finished string // digest of what finished it, which may come again
}

// Reshare is a change of both shares that was begun.
type Reshare struct {
	Session  string
	Pending  []byte // sealed
	Device   string
	Recovery string
	Until    time.Time
}

// Certificate was issued.
type Certificate struct {
	ID           string // SHA-256 of the DER, base64url
	Account      string
	Application  string
	Organisation string // id, "" for a person's
	USCC         string
	Name         string
	Person       string
	Use          wire.KeyUse
	Pair         string
	Key          string
	Chain        [][]byte // DER, the certificate first
	Serial       string
	Issuer       string
	NotBefore    time.Time
	NotAfter     time.Time
	IssuedAt     time.Time
	RevokedAt    time.Time
	Reason       string
	Replaced     bool
}

// State is what a certificate is at a time.
func (c *Certificate) State(now time.Time) wire.CertificateState {
	switch {
	case !c.RevokedAt.IsZero():
		return wire.CertificateRevoked
	case c.Replaced:
		return wire.CertificateReplaced
	case !now.Before(c.NotAfter):
		return wire.CertificateExpired
	}
	return wire.CertificateValid
}

// Recovery lets a device reshare the keys of its account for a while.
type Recovery struct {
	ID      string
	Account string
	Device  string
	Until   time.Time
}
