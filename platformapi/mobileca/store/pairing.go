package store

import (
	"context"
	"time"

	"sealdesk/platformapi/mobileca/wire"
)

// Pairings are what desktops ask, and requests, of theirs and of others.
type Pairings interface {
	CreatePairing(ctx context.Context, p Pairing) error
	Pairing(ctx context.Context, id string) (Pairing, error)
	// ChangePairing hands a pairing to the rule as it is at this time. When it is over after that, its requests that waited
	// are cancelled.
	ChangePairing(ctx context.Context, id string, now time.Time, rule func(*Pairing) (Entries, error)) (Pairing, error)
	// LivePairings are a device's that are not over, the newest first.
	LivePairings(ctx context.Context, device string, now time.Time) ([]Pairing, error)

	// CreateRequest keeps the request that the rule makes, having seen its pairing (nil for "") and the requests of that
	// pairing that are not over; the rule returns the one that is there already (known, nil when there is none) to have
	// nothing kept.
	CreateRequest(ctx context.Context, pairing, id string, now time.Time, rule func(p *Pairing, known *Request, live []Request) (*Request, Entries, error)) (Request, error)
	Request(ctx context.Context, id string) (Request, error)
	// ChangeRequest hands the rule a request as it is at this time, with its key and its pairing (nil when it has none).
	ChangeRequest(ctx context.Context, id string, now time.Time, rule func(*Request, *Key, *Pairing) (Entries, error)) (Request, error)
	// Inbox is what waits for a device, the oldest first, with the version of that list.
	Inbox(ctx context.Context, device string, now time.Time) (int64, []Request, error)
	// Activity is a page of an account's requests, of one pairing when it is not "", the newest first, those before an id.
	Activity(ctx context.Context, account, pairing, before string, limit int) ([]Request, error)
}

// Pairing is one scan.
type Pairing struct {
	ID         string
	Version    int64
	Kind       wire.PairingKind
	State      wire.PairingState
	Offered    bool // the desktop offers a session
	Platform   wire.Asking
	Desktop    wire.Desktop
	Address    string
	JKT        string // of K_d
	Key        wire.JWK
	SecretHash string
	Commitment string
	NonceD     string // once it was revealed
	CreatedAt  time.Time
	ExpiresAt  time.Time

	// Of the phone that scanned.
	Account string
	Device  string
	JKTP    string
	NonceP  string
	By      wire.ScannedBy

	// Of the decision.
	Certificate            string
	EncryptionCertificates []string
	Session                *Terms

	Ended wire.PairingEnd // why, of one that was linked; "" as long as it is
}

// Certificates are all that it was linked with, the signing certificate first; none before the decision.
func (p *Pairing) Certificates() []string {
	if p.Certificate == "" {
		return nil
	}
	return append([]string{p.Certificate}, p.EncryptionCertificates...)
}

// Terms are a session's.
type Terms struct {
	Auto      bool
	Used      int
	Max       int
	EndsAt    time.Time
	Idle      time.Duration
	IdleUntil time.Time
}

// Over says that nothing comes of a pairing any more.
func (p *Pairing) Over() bool {
	switch p.State {
	case wire.PairingCreated, wire.PairingScanned, wire.PairingMatched, wire.PairingLinked:
		return false
	}
	return true
}

// Until is when a pairing is over if nothing happens.
func (p *Pairing) Until() time.Time {
	if p.Session != nil && p.Session.IdleUntil.Before(p.ExpiresAt) {
		return p.Session.IdleUntil
	}
	return p.ExpiresAt
}

// Settle makes of a pairing whose time is over what it is now.
func (p *Pairing) Settle(now time.Time) {
	if p.Over() || now.Before(p.Until()) {
		return
	}
	p.Version++
	if p.State == wire.PairingLinked {
		p.End(wire.EndedByTime)
	} else {
		p.State = wire.PairingExpired
	}
}

// End ends a pairing that was linked.
func (p *Pairing) End(why wire.PairingEnd) { p.State, p.Ended = wire.PairingEnded, why }

// Request is one signature or decryption that is asked for.
type Request struct {
	ID          string
	Version     int64
	Source      wire.RequestSource
	Kind        wire.Kind
	State       wire.RequestState
	Account     string
	Device      string
	Pairing     string
	Key         string // the key's id
	Certificate string
	CreatedAt   time.Time
	ExpiresAt   time.Time
	Reason      string

	// Of a desktop's.
	JWS       string
	InSession bool
	Platform  string
	Desktop   string
	Title     string
	Digest    string // of the document, for the list of what was done

	Statement []byte // of one's own
	Client    string // of a CSC client's: what it calls itself
	Note      string // and what it says

	E  []byte // what is signed, e = SM3(Z || M)
	C1 []byte // the first point of what is decrypted

	Answers    []string // digests of the messages that were answered
	Result     *wire.Result
	Approved   time.Time
	Collected  bool      // the result is too old; what was asked is forgotten with it
	Revocation string    // reason of a revocation
	ResultTill time.Time // until when the result is kept
}

// Over says that nothing comes of a request any more.
func (r *Request) Over() bool {
	return r.State != wire.RequestWaiting && r.State != wire.RequestShown
}

// Settle makes of a request whose time is over what it is now.
func (r *Request) Settle(now time.Time) {
	if !r.Over() && !now.Before(r.ExpiresAt) {
		r.Version++
		r.State = wire.RequestExpired
	}
	if r.Result != nil && !now.Before(r.ResultTill) {
		r.Version++
		r.Result, r.Collected, r.JWS = nil, true, ""
	}
}
