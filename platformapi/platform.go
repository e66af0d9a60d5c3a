package platformapi

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"
)

// Platform is a trading platform seen by one organisation that is logged in. Implementations may be called from several
// goroutines. Their errors are *Error, or context.Canceled when the caller gave up.
type Platform interface {
	Reader
	Changer
	// Logout ends the session; every later call fails with KindUnauthorised.
	Logout(ctx context.Context) error
}

// A Watcher is a Platform that tells what happens, where it can.
type Watcher interface {
	// Watch calls on for what happens to the contracts of one's organisation from now on, and reset when something may have
	// been missed, until ctx ends or waiting is of no use: a person must log in again (KindUnauthorised), the platform is not to be
	// trusted (KindInsecure), or it refuses. Both are called from one goroutine at a time.
	Watch(ctx context.Context, on func(Event), reset func()) error
}

// Reader is what can be asked without changing anything.
type Reader interface {
	// Now is the platform's clock, by which every deadline is judged.
	Now(ctx context.Context) (time.Time, error)
	// Session says who is logged in and until when.
	Session(ctx context.Context) (Session, error)
	// Lots are the lots awarded to or by one's organisation, the newest award first; kind "" means all.
	Lots(ctx context.Context, kind LotKind) ([]Lot, error)
	// Lot is one lot.
	Lot(ctx context.Context, id string) (Lot, error)
	// Flow is the project's steps in three phases, as they stand for one's organisation.
	Flow(ctx context.Context, lotID string) (Flow, error)
	// Contracts is a page of one's contracts, the newest first.
	Contracts(ctx context.Context, q ContractQuery) (ContractPage, error)
	// Contract is a contract with attachments and history. The other side's first call after a submission marks it as seen.
	Contract(ctx context.Context, id string) (Contract, error)
	// Receipts are those given to one's organisation for a contract, the oldest first.
	Receipts(ctx context.Context, contractID string) ([]Receipt, error)
	// Terms are the legal terms by which deadlines are counted.
	Terms(ctx context.Context) (Terms, error)
	// Calendar is a year's holidays; predicted by the weekends when its arrangement is not known.
	Calendar(ctx context.Context, year int) (CalendarYear, error)
	// Templates are the texts to begin a contract with.
	Templates(ctx context.Context) ([]Template, error)
	// DownloadTemplate is Download for a template.
	DownloadTemplate(ctx context.Context, t Template, dir string) (path string, err error)
	// Download streams a file to a new file (mode 0600) in dir and returns its path once size and digest agree with a.
	// The caller removes it.
	Download(ctx context.Context, contractID string, a Attachment, dir string) (path string, err error)
}

// Changer is what changes the platform. Every call may be repeated with the same Key: the effect happens once, and the
// answer is the first one's.
type Changer interface {
	// Create starts a contract for a lot, or an amendment of a concluded one. n.ID comes from NewID; c.ContractID and
	// c.Version are not used.
	Create(ctx context.Context, c Change, n NewContract) (Outcome, error)
	// SaveFields saves the form. A form that differs makes an existing seal void.
	SaveFields(ctx context.Context, c Change, f ContractFields) (Outcome, error)
	// PutAttachment uploads a file, which becomes the current one of its kind and stage (invoices stand side by side).
	PutAttachment(ctx context.Context, c Change, u Upload) (Outcome, error)
	// RemoveAttachment takes a file out.
	RemoveAttachment(ctx context.Context, c Change, attachmentID string) (Outcome, error)
	// SetNote changes a file's note (备注).
	SetNote(ctx context.Context, c Change, attachmentID, note string) (Outcome, error)
	// Submit sends the sealed filing with this digest to the other side, or where both agree first the clean one.
	Submit(ctx context.Context, c Change, sha256 string) (Outcome, error)
	// Withdraw takes a submitted contract back while the other side has not sealed.
	Withdraw(ctx context.Context, c Change) (Outcome, error)
	// Agree concludes the contract whose filing, sealed by both, has this digest; where both agree first it lets both seal
	// the clean filing of this digest, and the second seal concludes the contract. The opinion is optional.
	Agree(ctx context.Context, c Change, sha256, opinion string) (Outcome, error)
	// Refuse sends the contract back; the opinion, 1 to 500 characters, is required.
	Refuse(ctx context.Context, c Change, opinion string) (Outcome, error)
	// Publish makes the concluded contract public by the attachment made for it.
	Publish(ctx context.Context, c Change, r PublishRequest) (Outcome, error)
	// File records that the purchaser sent a copy of the concluded contract to the finance department.
	File(ctx context.Context, c Change, r FileRequest) (Outcome, error)
	// Delete gives up a contract that lies with its starter. It stays readable as void, and its lot is free again.
	Delete(ctx context.Context, c Change) (Outcome, error)
}

// Change names one change of one contract.
type Change struct {
	Key        string // idempotency key, of NewID; the same for every repetition of this change
	ContractID string
	Version    int64 // the contract's version the person decided on
}

// ContractQuery selects contracts. The zero value asks for the first page of all but the void ones.
type ContractQuery struct {
	State  ContractState
	Words  string // that occur in names or numbers of contract, lot, project or party
	Cursor string // NextCursor of the page before
	Limit  int    // 1 to 200; 0 means 50
}

// Upload is a file to attach. Content is read from its start as often as the transport needs it.
type Upload struct {
	ID      string // of NewID
	Kind    AttachmentKind
	Stage   AttachmentStage
	Name    string // the file's name, at most 200 bytes; metadata only
	Note    string // 备注
	Size    int64
	SHA256  string
	Content io.ReaderAt
}

// NewID makes the id of a contract, an attachment or a change: a UUID version 7, which sorts by time.
func NewID() string {
	id, err := uuid.NewV7()
	if err != nil {
		// crypto/rand of Go 1.24 and newer never returns an error.
		id = uuid.UUID{}
	}
	return id.String()
}
