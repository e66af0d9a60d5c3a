package pdfsig

import (
	"fmt"

	"sealdesk/signer/pdf"
)

// Kind says in one word why a document cannot be signed as asked.
type Kind string

// The kinds of Error.
const (
	// BadRequest: the request contradicts itself; a mistake of the program.
	BadRequest Kind = "bad_request"
	// XFA: the document is an XFA form, which shows other content than its pages.
	XFA Kind = "xfa"
	// NeedsRepair: the file has a structural defect that readers take in different ways.
	NeedsRepair Kind = "needs_repair"
	// Locked: the document is certified, or a signature locked it, against any change.
	Locked Kind = "locked"
	// NotFirst: a certification is only possible as the first signature.
	NotFirst Kind = "certify_not_first"
	// FieldExists: the document has a field of that name.
	FieldExists Kind = "field_exists"
	// FieldMissing: the document has no empty signature field of that name.
	FieldMissing Kind = "field_missing"
	// FieldReadOnly: the field may not be changed.
	FieldReadOnly Kind = "field_read_only"
	// FieldLocked: an earlier signature locked the field.
	FieldLocked Kind = "field_locked"
	// FieldMalformed: the field, or a widget of it, is no object of its own, or is not where the request has it.
	FieldMalformed Kind = "field_malformed"
	// SeedValue: the field asks for something that the signature does not hold.
	SeedValue Kind = "seed"
	// OutsidePage: a place is not wholly on the visible part of its page.
	OutsidePage Kind = "outside_page"
	// TooLarge: the file is larger than its form of cross-reference section can address.
	TooLarge Kind = "too_large"
	// ReserveExceeded: the signature value is larger than the room that was left for it.
	ReserveExceeded Kind = "reserve_exceeded"
	// Changed: the document is not the one that was shown.
	Changed Kind = "changed"
)

// Error is every error of this package, except those of package pdf, of the
// signature builder and of reading and writing, which are passed on.
type Error struct {
	Kind     Kind
	Detail   string // for logs, in English
	Page     int    // OutsidePage
	Field    string // FieldExists and the kinds after it
	By       string // FieldLocked: the field of the signature that locked it
	Entry    string // SeedValue: what is asked for, in one word
	Wanted   string // SeedValue: what would do
	Defect   string // NeedsRepair: the name of a pdf.Defect
	Need     int    // ReserveExceeded: bytes of the signature value
	Reserved int    // ReserveExceeded: bytes of room
}

func (e *Error) Error() string { return "pdfsig: " + e.Detail }

// Code returns "pdfsig." and the kind; for SeedValue "pdfsig.seed_" and the entry.
func (e *Error) Code() string {
	if e.Kind == SeedValue {
		return "pdfsig.seed_" + e.Entry
	}
	return "pdfsig." + string(e.Kind)
}

// Params returns what the fields of the Error's kind hold.
func (e *Error) Params() map[string]any {
	switch e.Kind {
	case OutsidePage:
		return map[string]any{"page": e.Page}
	case FieldExists, FieldMissing, FieldReadOnly, FieldMalformed:
		return map[string]any{"field": e.Field}
	case FieldLocked:
		return map[string]any{"field": e.Field, "by": e.By}
	case SeedValue:
		return map[string]any{"field": e.Field, "wanted": e.Wanted}
	case NeedsRepair:
		return map[string]any{"defect": e.Defect}
	case ReserveExceeded:
		return map[string]any{"need": e.Need, "reserved": e.Reserved}
	}
	return nil
}

// Is makes errors.Is(err, &Error{Kind: k}) match by kind alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind
}

func fail(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Detail: fmt.Sprintf(format, args...)}
}

// tooComplex is the fault of a document that exceeds a bound.
func tooComplex(detail string) error {
	return &pdf.Error{Kind: pdf.TooComplex, Offset: -1, Detail: detail}
}
