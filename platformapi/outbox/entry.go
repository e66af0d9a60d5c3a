package outbox

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"sealdesk/platformapi"
)

// Op is what a request does; it says which members of Request it uses.
type Op string

// The operations of platformapi.Changer.
const (
	OpCreate   Op = "create"   // New
	OpSave     Op = "save"     // Fields
	OpAttach   Op = "attach"   // Upload
	OpDetach   Op = "detach"   // AttachmentID
	OpNote     Op = "note"     // AttachmentID, Text
	OpSubmit   Op = "submit"   // SHA256
	OpWithdraw Op = "withdraw" //
	OpAgree    Op = "agree"    // SHA256, Text (opinion, may be empty)
	OpRefuse   Op = "refuse"   // Text (opinion)
	OpPublish  Op = "publish"  // Publish
	OpFile     Op = "file"     // File
	OpDelete   Op = "delete"   //
)

// AfterPrevious as a Version means: the version that the contract's entry before this one leads to.
const AfterPrevious int64 = 0

// Request is one change to be sent.
type Request struct {
	Org        string // USCC of the organisation it is sent for
	Op         Op
	ContractID string
	Version    int64  // the contract's version it was decided on, or AfterPrevious; not used by OpCreate
	Title      string // what a person sees of it
	Key        string // idempotency key; "" makes one

	New          platformapi.NewContract
	Fields       platformapi.ContractFields
	Upload       platformapi.Upload // Content is read while the request is added, and not after
	AttachmentID string
	SHA256       string
	Text         string
	Publish      platformapi.PublishRequest `json:",omitzero"`
	File         platformapi.FileRequest    `json:",omitzero"`
}

// State is where an entry stands.
type State string

// The states of an entry.
const (
	Waiting State = "waiting" // to be sent, at NextTry or after the entry before it
	Sending State = "sending"
	Done    State = "done"   // with a receipt
	Failed  State = "failed" // the platform refused it, or it cannot be sent; a person must Retry or Withdraw it
)

// Entry is a request in the journal.
type Entry struct {
	ID         string
	Org        string
	Key        string
	Op         Op
	ContractID string
	Title      string
	SHA256     string // of the file it sends or is about
	State      State
	CreatedAt  time.Time
	Attempts   int       // how often it was begun to be sent
	NextTry    time.Time // of a waiting one
	LastCode   string    // of the last failure; "" when there was none since
	LastError  string    // an English sentence, for logs
	// Withdrawable: Withdraw may take it back, for certainly nothing of it has had an effect, or it is damaged, and goes nowhere
	// any more.
	Withdrawable bool
	Receipt      *platformapi.Receipt
	DoneAt       time.Time
}

// Damaged: what the journal has of the entry, or of the one whose version it waits for, was changed or cannot be read. It is
// not sent, and whether it was, when its State is Failed, is known only by the platform; nothing takes it out but Withdraw. One
// that is Done has lost its receipt.
func (e Entry) Damaged() bool { return e.LastCode == CodeEntryDamaged }

// FailedHere: it failed on this machine, and not for what the platform says.
func (e Entry) FailedHere() bool {
	return e.State == Failed && strings.HasPrefix(e.LastCode, "outbox.")
}

// Error is what a person may meet here.
type Error struct {
	CodeValue string
	Detail    string
	Err       error
}

// Codes.
const (
	CodeInUse           = "outbox.in_use"
	CodeDamaged         = "outbox.damaged"       // the journal as a whole
	CodeEntryDamaged    = "outbox.entry_damaged" // one entry; the others are sent
	CodeNewer           = "outbox.newer"
	CodeDisk            = "outbox.disk"
	CodeFileChanged     = "outbox.file_changed"
	CodeFileMissing     = "outbox.file_missing"
	CodeNotWithdrawable = "outbox.not_withdrawable"
	CodeUnknown         = "outbox.unknown_entry"
	CodeWithdrawn       = "outbox.withdrawn"
)

// Code is stable; people's sentences are chosen by it.
func (e *Error) Code() string { return e.CodeValue }

func (e *Error) Error() string {
	s := e.CodeValue + ": " + e.Detail
	if e.Err != nil {
		s = fmt.Sprintf("%s: %v", s, e.Err)
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// ErrRequest: a request lacks what its operation needs.
var ErrRequest = errors.New("outbox: the request is not complete")

func (r *Request) check() error {
	wrong := func(what string) error { return fmt.Errorf("%w: %s of %s", ErrRequest, what, r.Op) }
	if r.Org == "" || r.ContractID == "" {
		return wrong("organisation or contract")
	}
	if r.Version < 0 {
		return wrong("version")
	}
	switch r.Op {
	case OpCreate:
		if r.New.ID != r.ContractID || r.New.LotID == "" {
			return wrong("new contract")
		}
	case OpAttach:
		if r.Upload.ID == "" || r.Upload.Content == nil || r.Upload.SHA256 == "" {
			return wrong("upload")
		}
		r.SHA256 = r.Upload.SHA256
	case OpDetach, OpNote:
		if r.AttachmentID == "" {
			return wrong("attachment")
		}
	case OpSubmit, OpAgree:
		if r.SHA256 == "" {
			return wrong("digest")
		}
	case OpRefuse:
		if r.Text == "" {
			return wrong("opinion")
		}
	case OpPublish:
		if r.Publish.SHA256 == "" || r.Publish.OriginalSHA256 == "" {
			return wrong("digests")
		}
		r.SHA256 = r.Publish.SHA256
	case OpFile:
		if r.File.Number == "" {
			return wrong("number")
		}
	case OpSave, OpWithdraw, OpDelete:
	default:
		return wrong("operation")
	}
	return nil
}
