package store

import (
	"context"
	"errors"
	"time"

	"sealdesk/platformapi"
)

var (
	// ErrNotFound: there is no such thing.
	ErrNotFound = errors.New("store: not found")
	// ErrLotTaken: the lot has a live contract.
	ErrLotTaken = errors.New("store: lot has a live contract")
	// ErrIDTaken: a contract or attachment of this id exists.
	ErrIDTaken = errors.New("store: id is taken")
)

// Store is implemented by package sqlite. Times are kept to the microsecond.
type Store interface {
	// Import adds organisations and lots, or brings them up to date.
	Import(ctx context.Context, orgs []platformapi.Organisation, lots []Lot) error
	Organisation(ctx context.Context, uscc string) (platformapi.Organisation, error)

	// SaveChallenge keeps a challenge, and forgets those that expired before now.
	SaveChallenge(ctx context.Context, c Challenge, now time.Time) error
	// TakeChallenge reads a challenge and forgets it: nobody gets it twice.
	TakeChallenge(ctx context.Context, id string) (Challenge, error)
	// SaveSession keeps a session, and forgets those that expired before now.
	SaveSession(ctx context.Context, s Session, now time.Time) error
	Session(ctx context.Context, tokenHash string) (Session, error)
	DropSession(ctx context.Context, tokenHash string) error

	// Lots are those an organisation is a party of, the newest award first.
	Lots(ctx context.Context, uscc string) ([]Lot, error)
	Lot(ctx context.Context, id string) (Lot, error)
	// LiveContract is the lot's contract that is not void, without attachments and history.
	LiveContract(ctx context.Context, lotID string) (Contract, error)

	// Contracts is a page without attachments and history, the newest first.
	Contracts(ctx context.Context, q Query) ([]Contract, error)
	Contract(ctx context.Context, id string) (Contract, error)
	Receipts(ctx context.Context, uscc, contractID string) ([]platformapi.Receipt, error)

	// Answer is the stored answer to an organisation's idempotency key.
	Answer(ctx context.Context, uscc, key string) (Answer, error)
	// Change looks up the key's answer; where there is none it hands the contract (nil when there is none) to decide, and
	// stores what decide made of it together with new history rows, a receipt and the answer that render makes. An error of
	// decide or render is returned as it is, and nothing is stored.
	Change(ctx context.Context, r Request, decide func(*Contract) (*Contract, Effect, error), render func(platformapi.Receipt, *Contract) ([]byte, error)) (Answer, error)
	// Mark changes a contract without version, receipt or key: decide says whether there is anything to store.
	Mark(ctx context.Context, id string, decide func(*Contract) (bool, error)) error

	Uploads

	// HasBlob says whether any attachment, or any piece of an upload, has this digest.
	HasBlob(ctx context.Context, sha256 string) (bool, error)
	Ping(ctx context.Context) error
	Close() error
}

// Challenge is a login that was begun.
type Challenge struct {
	ID        string
	Data      []byte // the login's own matter
	ExpiresAt time.Time
}

// Session is a login that holds. Only the hash of its token is known.
type Session struct {
	TokenHash  string
	USCC       string
	Person     string
	CertSHA256 string
	ExpiresAt  time.Time
}

// Lot is what was awarded.
type Lot struct {
	ID            string                   `json:"id"`
	ProjectNumber string                   `json:"project_number"`
	ProjectName   string                   `json:"project_name"`
	Number        string                   `json:"number"`
	Name          string                   `json:"name"`
	Kind          platformapi.LotKind      `json:"kind"`
	Method        platformapi.LotMethod    `json:"method"`
	Purchaser     platformapi.Organisation `json:"purchaser"`
	Supplier      platformapi.Organisation `json:"supplier"`
	Agency        string                   `json:"agency,omitempty"`
	AwardFen      int64                    `json:"award_fen"`
	TradedAt      time.Time                `json:"traded_at"`
	AwardSentAt   time.Time                `json:"award_sent_at,omitzero"`
	Phases        []platformapi.FlowPhase  `json:"phases,omitempty"` // without the steps that are derived
}

// Contract is a contract as the platform keeps it.
type Contract struct {
	ID          string
	Lot         Lot
	Starter     platformapi.Role
	State       platformapi.ContractState
	Round       int
	Version     int64
	Fields      platformapi.ContractFields // as the starter last saved them
	Sent        platformapi.ContractFields // as they were last submitted
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArrivedAt   time.Time // when it came to the side it lies with
	SubmittedAt time.Time
	ViewedAt    time.Time
	ConcludedAt time.Time
	Publication *platformapi.Publication
	Attachments []Attachment
	History     []platformapi.HistoryRow
}

// Attachment is a file of a contract. Shared ones are seen by the other side too.
type Attachment struct {
	platformapi.Attachment
	Shared bool
}

// Query selects contracts of one organisation: those it started, and those that were once submitted to it.
type Query struct {
	USCC     string
	State    platformapi.ContractState // "" is all but void
	Words    string
	Before   time.Time // with BeforeID: only those that come after this one in the list
	BeforeID string
	Limit    int
}

// Request names a change.
type Request struct {
	USCC       string
	Key        string
	Hash       string // of everything the request says; the same key with another hash is a mistake
	ContractID string
	Now        time.Time
}

// Effect is what a change was, for its receipt.
type Effect struct {
	Kind   platformapi.ReceiptKind
	SHA256 string
}

// Answer is what was answered to a key.
type Answer struct {
	Hash     string
	Body     []byte
	Replayed bool
}
