package store

import (
	"context"
	"errors"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web/audit"
)

var (
	// ErrNotFound: there is no such thing.
	ErrNotFound = errors.New("store: not found")
	// ErrLotTaken: the lot has a live contract.
	ErrLotTaken = errors.New("store: lot has a live contract")
	// ErrAmending: the contract has an amendment that is not concluded, or was terminated.
	ErrAmending = errors.New("store: contract is being amended or was terminated")
	// ErrIDTaken: a contract or attachment of this id exists.
	ErrIDTaken = errors.New("store: id is taken")
)

// Store is implemented by package tables, on SQLite and on PostgreSQL. Times are kept to the microsecond.
type Store interface {
	// Import adds organisations and lots, or brings them up to date.
	Import(ctx context.Context, orgs []platformapi.Organisation, lots []Lot, now time.Time) error
	Organisation(ctx context.Context, uscc string) (platformapi.Organisation, error)

	// OrganisationKind is what an organisation is on this platform: a party, unless it was set.
	OrganisationKind(ctx context.Context, uscc string) (platformapi.OrganisationKind, error)
	SetOrganisationKind(ctx context.Context, uscc string, k platformapi.OrganisationKind) error
	// Venues are those that an organisation's hall terminals stand in, or with "" all that there are.
	Venues(ctx context.Context, uscc string) ([]string, error)
	SetVenues(ctx context.Context, uscc string, venues []string) error

	Logins
	Accounts
	Devices

	// Lots are those an organisation is a party or the agency of, the newest award first.
	Lots(ctx context.Context, uscc string) ([]Lot, error)
	Lot(ctx context.Context, id string) (Lot, error)
	// LiveContract is the lot's contract that is neither void nor an amendment, without attachments and history.
	LiveContract(ctx context.Context, lotID string) (Contract, error)

	// Unsigned are the lots without a live contract, and Unfinished the contracts that are not void and still have something
	// to be done: those after an id, in the order of their ids, without attachments and history.
	Unsigned(ctx context.Context, after string, limit int) ([]Lot, error)
	Unfinished(ctx context.Context, after string, limit int) ([]Contract, error)

	// Contracts is a page without attachments and history, the newest first.
	Contracts(ctx context.Context, q Query) ([]Contract, error)
	// Contract is a contract with attachments, history and amendments; an amendment comes with its parent instead.
	Contract(ctx context.Context, id string) (Contract, error)
	Receipts(ctx context.Context, uscc, contractID string) ([]platformapi.Receipt, error)

	// Answer is the stored answer to an organisation's idempotency key.
	Answer(ctx context.Context, uscc, key string) (Answer, error)
	// Change looks up the key's answer; where there is none it hands the contract (nil when there is none) to decide, and
	// stores what decide made of it together with new history rows, a receipt and the answer that render makes. An error of
	// decide or render is returned as it is, and nothing is stored. What a contract was made with (its lot, parent, kind,
	// order and starter) never changes. A lot has one live contract (ErrLotTaken), a contract one amendment that is neither
	// void nor concluded, and none after a concluded termination (ErrAmending).
	Change(ctx context.Context, r Request, decide func(*Contract) (*Contract, Effect, error), render func(platformapi.Receipt, *Contract) ([]byte, error)) (Answer, error)
	// Mark changes a contract without version, receipt or key: decide says whether there is anything to store.
	Mark(ctx context.Context, id string, decide func(*Contract) (bool, error)) error

	Uploads
	Tenders

	// AnnounceBlob says that a file of this digest is about to be kept and named by a contract.
	AnnounceBlob(ctx context.Context, sha256 string, now time.Time) error
	// SweepBlobs calls remove for each file that was announced before then and that nothing names: no contract, bid, credit library or upload, and says for how
	// many. A file that is announced meanwhile is announced after it was removed.
	SweepBlobs(ctx context.Context, then time.Time, remove func(ctx context.Context, sha256 string) error) (int, error)
	// Blobs are the digests of the files that contracts, bids that were received and credit libraries name, those after one of them,
	// in order. A bid that was received is kept with what became of it (政府采购法 42), also one that was replaced or withdrawn.
	Blobs(ctx context.Context, after string, limit int) ([]string, error)

	// Events are what happened to contracts that an organisation may see, the oldest first. They have the numbers of the audit
	// trail, which are given out in the order of the commits: once AuditHead has come to a number, every event up to it is there.
	Events(ctx context.Context, q EventQuery) ([]platformapi.Event, error)

	// AuditHead is the newest row of the audit trail, to which every change, import, login and logout adds.
	AuditHead(ctx context.Context) (audit.Head, error)
	KeepSignedHead(ctx context.Context, h audit.SignedHead) error
	// SignedHeads are those that were kept, the oldest first.
	SignedHeads(ctx context.Context) ([]audit.SignedHead, error)
	// CheckAudit follows the whole trail and holds the contracts' histories, the receipts and the signed heads against it.
	// Its error is an *audit.Fault for the first row of the trail that is not as it was written.
	CheckAudit(ctx context.Context) (audit.Head, error)

	// Expire forgets challenges and sessions that are over, and answers that are 90 days old.
	Expire(ctx context.Context, now time.Time) error
	// Claim says whether a job that is done every so often is due, and if so takes it: nobody else gets it for that long.
	Claim(ctx context.Context, job string, every time.Duration, now time.Time) (bool, error)
	// Secret is the value of this name that all servers share; propose becomes it where there is none.
	Secret(ctx context.Context, name string, propose []byte) ([]byte, error)
	Ping(ctx context.Context) error
	Close() error
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
	AgencyUSCC    string                   `json:"agency_uscc,omitempty"`
	AwardFen      int64                    `json:"award_fen"`
	TradedAt      time.Time                `json:"traded_at"`
	AwardSentAt   time.Time                `json:"award_sent_at,omitzero"`
	Secret        bool                     `json:"secret,omitempty"` // 涉密
	Phases        []platformapi.FlowPhase  `json:"phases,omitempty"` // without the steps that are derived
}

// Contract is a contract as the platform keeps it.
type Contract struct {
	ID          string
	Lot         Lot
	Kind        platformapi.ContractKind
	ParentID    string    // of an amendment; "" otherwise
	Parent      *Contract // of an amendment, with its amendments and without attachments and history; kept by itself
	Order       platformapi.SealOrder
	Starter     platformapi.Role
	State       platformapi.ContractState
	HalfSealed  platformapi.Role // in state half_sealed: who has sealed
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
	Filed       *platformapi.Filed
	Attachments []Attachment
	History     []platformapi.HistoryRow
	Amendments  []Contract // that are not void, the oldest first, without attachments and history; kept by themselves
}

// Attachment is a file of a contract. Shared ones are seen by the other side too.
type Attachment struct {
	platformapi.Attachment
	Shared bool
}

// Query selects contracts of one organisation: those it started, and those that were once submitted to it. An observer's
// are those that were once submitted, of every lot for a supervisor, of its own lots for an agency.
type Query struct {
	USCC     string
	Observer platformapi.OrganisationKind // "" for a party
	State    platformapi.ContractState    // "" is all but void
	Words    string
	Before   time.Time // with BeforeID: only those that come after this one in the list
	BeforeID string
	Limit    int
}

// EventQuery selects events as Query selects contracts.
type EventQuery struct {
	USCC     string
	Observer platformapi.OrganisationKind
	After    int64
	Until    int64
	Limit    int
}

// Request names a change.
type Request struct {
	USCC       string
	Person     string
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
