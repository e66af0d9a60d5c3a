package store

import (
	"context"
	"errors"
	"time"

	"sealdesk/platformapi"
)

// ErrLocked: too many wrong passwords.
var ErrLocked = errors.New("store: account is locked")

// Logins are challenges and the sessions that come of them.
type Logins interface {
	SaveChallenge(ctx context.Context, c Challenge) error
	// TakeChallenge reads a challenge and forgets it: nobody gets it twice.
	TakeChallenge(ctx context.Context, id string) (Challenge, error)
	SaveSession(ctx context.Context, s Session, now time.Time) error
	Session(ctx context.Context, tokenHash string) (Session, error)
	SessionByID(ctx context.Context, id string) (Session, error)
	// RenewSession gives the session x.ID the tokens of x, while its refresh token is still the one with this hash; else
	// ErrNotFound: of two that renew at once, one does.
	RenewSession(ctx context.Context, refreshHash string, x Session) error
	DropSession(ctx context.Context, id string, now time.Time) error
}

// Accounts have a password, and certificates that are bound to them.
type Accounts interface {
	// SaveAccount adds an account, or changes name, password and organisations of one.
	SaveAccount(ctx context.Context, a Account) error
	// Account is the account of this name, with its organisations and bindings.
	Account(ctx context.Context, name string) (Account, error)
	// TakeTry counts a try before the password is looked at, so that tries side by side count too. After most wrong ones in a
	// row the account is locked for a while: ErrLocked.
	TakeTry(ctx context.Context, name string, now time.Time, most int, lock time.Duration) (Account, error)
	// ResetTries: the password was right.
	ResetTries(ctx context.Context, name string) error
	// Bind adds a binding, or renews the one of the same certificate.
	Bind(ctx context.Context, account string, b platformapi.Binding) error
	// Unbind removes a binding; ErrNotFound when there is none.
	Unbind(ctx context.Context, account, certSHA256 string, now time.Time) error
}

// Devices are logins that somebody approves on another device.
type Devices interface {
	// SaveDevice keeps a login that was begun. ErrIDTaken: the user code is in use.
	SaveDevice(ctx context.Context, d Device) error
	DeviceByUserCode(ctx context.Context, userCode string) (Device, error)
	// DecideDevice approves (d.USCC set) or denies a login that waits; ErrNotFound when it does not.
	DecideDevice(ctx context.Context, d Device) error
	// PollDevice is the login of a device code, with the time of the poll before; this poll's time is kept, no more than
	// one answer is given once it is decided.
	PollDevice(ctx context.Context, codeHash string, now time.Time) (Device, error)
}

// Challenge is a login that was begun.
type Challenge struct {
	ID        string
	Data      []byte // the login's own matter
	ExpiresAt time.Time
}

// Session is a login that holds. Only the hashes of its tokens are known.
type Session struct {
	ID           string
	TokenHash    string // of the access token
	TokenUntil   time.Time
	RefreshHash  string
	PreviousHash string // of the refresh token before
	RenewedAt    time.Time
	Thumbprint   string // of the client's key, to which the tokens are bound
	Account      string // of the account, whose session has no organisation; "" for a certificate's
	USCC         string
	Kind         platformapi.OrganisationKind
	Person       string
	CertSHA256   string
	ExpiresAt    time.Time
}

// Account is a person's account.
type Account struct {
	Name          string
	Person        string
	Password      string // its hash, with how it was made
	Organisations []platformapi.Organisation
	Bindings      []platformapi.Binding
}

// DeviceState is how far a login by another device is.
type DeviceState string

// The states of a Device.
const (
	DeviceWaits    DeviceState = "waits"
	DeviceApproved DeviceState = "approved"
	DeviceDenied   DeviceState = "denied"
)

// Device is a login that was begun on one device, to be approved on another.
type Device struct {
	CodeHash   string
	UserCode   string
	ClientName string
	Address    string
	Thumbprint string
	State      DeviceState
	PolledAt   time.Time
	ExpiresAt  time.Time

	// Of the certificate that approved.
	USCC       string
	Person     string
	CertSHA256 string
	CertUntil  time.Time
}
