package hall

import (
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/calendar"
)

// A Kind says in one word what went wrong.
type Kind string

// The kinds of Error.
const (
	// NoKey: there is no key in a port.
	NoKey Kind = "no_key"
	// WrongCertificate: the bidder's key has none of the certificates that open the bid: Needed and Found.
	WrongCertificate Kind = "wrong_certificate"
	// Replaced: the same, and the key has a newer certificate of the same owner: the old one was replaced after the bid was sealed.
	Replaced Kind = "certificate_replaced"
	// Stranger: the key is of an organisation that has no bid in this opening. Bidder names it.
	Stranger Kind = "stranger"
	// Unannounced: the bidders were not announced yet, so that nobody can tell whether the key opens a bid here.
	Unannounced Kind = "unannounced"
	// AlreadyOpen: the bid of Bidder is decrypted.
	AlreadyOpen Kind = "already_open"
	// NotWaiting: the bid of Bidder does not wait for a key.
	NotWaiting Kind = "not_waiting"
	// NotYet: the host has not begun the decryption.
	NotYet Kind = "not_yet"
	// Standstill: the host has paused the decryption.
	Standstill Kind = "standstill"
	// TooLate: the window closed At.
	TooLate Kind = "late"
	// Unfit: the platform gave an envelope that is none, or is for nobody's key here. Detail says more.
	Unfit Kind = "unfit_envelope"
	// Refused: the platform opened the bid with what the key gave, and found it wanting. Cause is its word, Detail what it says.
	Refused Kind = "refused"
	// OtherFile: the backup is not the file that Bidder handed in. Detail is its name.
	OtherFile Kind = "other_file"
	// NoFile: the file cannot be read. Detail is its name.
	NoFile Kind = "no_file"
	// OtherRecord: the record is not the one that was shown.
	OtherRecord Kind = "other_record"
	// UnknownRecord: the record has a form that this program cannot show.
	UnknownRecord Kind = "unknown_record"
	// NoPhone: no phone can be asked here.
	NoPhone Kind = "no_phone"
)

// Error is every error of this package, except those of keys and of the platform, which are passed on.
type Error struct {
	Kind   Kind
	Bidder string
	Needed []string // serial numbers
	Found  []string
	At     time.Time
	Cause  string
	Tries  int // left, of a PIN
	Detail string
	inner  error
}

// Code is "hall." and the kind, or the platform's cause.
func (e *Error) Code() string {
	if e.Kind == Refused && e.Cause != "" {
		return "hall." + e.Cause
	}
	return "hall." + string(e.Kind)
}

// Params are the values that the sentence of the code uses.
func (e *Error) Params() map[string]any {
	p := map[string]any{"bidder": e.Bidder, "needed": e.Needed, "found": e.Found, "detail": e.Detail, "tries": e.Tries}
	for name, serials := range map[string][]string{"needed": e.Needed, "found": e.Found} {
		if len(serials) == 0 {
			p[name] = "—"
		}
	}
	if !e.At.IsZero() {
		p["at"] = e.At.In(calendar.Zone).Format("15:04:05")
	}
	return p
}

func (e *Error) Error() string {
	s := e.Code()
	if e.Bidder != "" {
		s += ": " + e.Bidder
	}
	if e.Kind == WrongCertificate || e.Kind == Replaced {
		s += ": needed " + strings.Join(e.Needed, ", ") + ", found " + strings.Join(e.Found, ", ")
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// FailureOf is why a bid was not decrypted, as the platform has it; nil where it was, or was not tried yet.
func FailureOf(b platformapi.Bid) error {
	f := b.Failure
	if f == nil || b.State == platformapi.BidDecrypted {
		return nil
	}
	e := &Error{Kind: Refused, Bidder: b.Bidder.Name, Cause: string(f.Cause), Needed: f.Needed, Found: f.Found, Detail: f.Detail, At: f.At}
	if f.TriesLeft != nil {
		e.Tries = *f.TriesLeft
	}
	return e
}

func (e *Error) Unwrap() error { return e.inner }

// Is makes errors.Is(err, &Error{Kind: k}) match by kind alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind
}
