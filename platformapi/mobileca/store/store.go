package store

import (
	"context"
	"errors"
	"time"

	"sealdesk/platformapi/web/audit"
)

var (
	// ErrNotFound: there is no such thing.
	ErrNotFound = errors.New("store: not found")
	// ErrTaken: there is one already, of this id or of what must be unique in it.
	ErrTaken = errors.New("store: it is there already")
)

// Entries are rows of the audit trail that a rule wants.
type Entries []audit.Entry

// Once names a request that must not be done twice. It is kept with what the request made, in one transaction; a second one
// with the same key is ErrTaken.
type Once struct {
	Account string
	Key     string // "" for a request that may be repeated
	Hash    string // of all that the request says
	ID      string // of what it made
}

// Store is what the mobile CA keeps. Times are kept to the microsecond. A rule that returns an error undoes its transaction,
// and the error is handed back as it is.
type Store interface {
	Logins
	Pairings
	Keys
	Applications
	Owned

	// Made is what an account's idempotency key made. ErrNotFound: nothing yet.
	Made(ctx context.Context, account, key string) (Once, error)

	// Keep keeps that a key made something that was kept by another step.
	Keep(ctx context.Context, o Once, now time.Time) error

	// AuditHead is the newest row of the audit trail, CheckAudit follows it whole; its error is an *audit.Fault for the first
	// row that is not as it was written.
	AuditHead(ctx context.Context) (audit.Head, error)
	CheckAudit(ctx context.Context) (audit.Head, error)
	// Trail hands the entries to each, the oldest first.
	Trail(ctx context.Context, each func(audit.Entry) error) error

	// Expire makes of pairings and requests whose time is over what they are now, forgets results that were not fetched,
	// codes, also WeChat's, sessions and recoveries that are over, and pairings that nobody scanned within a day.
	Expire(ctx context.Context, now time.Time) error
	Claim(ctx context.Context, job string, every time.Duration, now time.Time) (bool, error)
	Ping(ctx context.Context) error
	Close() error
}
