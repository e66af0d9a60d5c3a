package store

import (
	"context"
	"time"

	"sealdesk/platformapi/mobileca/wire"
)

// Logins are codes, accounts, their devices and sessions.
type Logins interface {
	// ChangeCode hands the code of a number and purpose to the rule, an empty one when there is none.
	ChangeCode(ctx context.Context, phone string, purpose wire.CodePurpose, rule func(*Code) error) error

	Account(ctx context.Context, id string) (Account, error)
	AccountByPhone(ctx context.Context, phone string) (Account, error)
	// CreateAccount keeps an account. ErrTaken: the number has one.
	CreateAccount(ctx context.Context, a Account, e Entries) error
	// ChangeAccount changes an account. ErrTaken: the number is another's.
	ChangeAccount(ctx context.Context, id string, rule func(*Account) (Entries, error)) (Account, error)

	AccountByWeChat(ctx context.Context, identity string) (Account, error)
	// KeepWeChat keeps whom a code names until somebody logs in with it. ErrTaken: it is kept already.
	KeepWeChat(ctx context.Context, w WeChat) error
	WeChat(ctx context.Context, code string) (WeChat, error)

	// LogIn keeps a session of the account that by names, on the device of the session's key, which is made when it is new.
	// ErrNotFound: there is no such account, or WeChat's code is over; ErrTaken: the WeChat identity is another account's.
	LogIn(ctx context.Context, by LoginBy, device string, s Session, now time.Time) (Account, Device, error)
	Session(ctx context.Context, tokenHash string) (Session, error)
	SessionByID(ctx context.Context, id string) (Session, error)
	// RenewSession gives the session x.ID the tokens of x while its refresh token is still the one with this hash; else
	// ErrNotFound: of two that renew at once, one does.
	RenewSession(ctx context.Context, refreshHash string, x Session) error
	// DropSession forgets a session, DropSessions all of an account but one.
	DropSession(ctx context.Context, id string, now time.Time) error
	DropSessions(ctx context.Context, account, but string) error

	Devices(ctx context.Context, account string) ([]Device, error)
	Device(ctx context.Context, id string) (Device, error)
	// RemoveDevice takes a device from its account, with its sessions; the shares on it are nowhere from then on, and its
	// pairings are over.
	RemoveDevice(ctx context.Context, account, id string, now time.Time) error
}

// LoginBy is how somebody who logs in is known.
type LoginBy struct {
	Phone  string // "": by WeChat alone
	Make   bool   // an account, when the number has none
	WeChat WeChat // with a number: it is the number's account's from then on, in the place of one before; zero for none
}

// WeChat is whom the code of WeChat's authorisation names.
type WeChat struct {
	Code     string // keyed hash of the code and the phone that showed it first
	Identity string // keyed hash
	Until    time.Time
}

// Code was sent to a number.
type Code struct {
	Phone   string
	Purpose wire.CodePurpose
	Hash    string // keyed, see mobileca
	Tries   int    // wrong ones
	SentAt  time.Time
	Until   time.Time // zero once it was used
	Day     string    // the day that Count is of
	Count   int       // codes sent on that day
}

// Account is a person's.
type Account struct {
	ID        string
	Phone     string
	CreatedAt time.Time

	Name     string // once the identity was checked
	Identity string // keyed hash of name and number, by which a recovery knows the same person again; "" before
	Method   wire.IdentityMethod
	Checked  time.Time
	// RecoveryDay and RecoveryTries count identities and PINs that did not fit in recoveries, on a day.
	RecoveryDay   string
	RecoveryTries int

	Password    string // its hash, "" for none
	Tries       int    // wrong passwords in a row
	LockedUntil time.Time

	WeChat string // keyed hash of the WeChat identity that logs in, "" for none

	ReadUpTo string // the newest message that was read
}

// Device is a phone's key, on which shares live.
type Device struct {
	ID        string
	Account   string
	JKT       string // thumbprint of its key
	Name      string
	CreatedAt time.Time
	SeenAt    time.Time
	Inbox     int64 // counts what changed for it
}

// Session is a login that holds. Only the hashes of its tokens are known.
type Session struct {
	ID           string
	Account      string
	Device       string
	JKT          string
	TokenHash    string
	TokenUntil   time.Time
	RefreshHash  string
	PreviousHash string // of the refresh token before
	RenewedAt    time.Time
	ExpiresAt    time.Time
	CSC          bool // of a CSC client: a bearer token without a device
}
