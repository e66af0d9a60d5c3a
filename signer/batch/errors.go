package batch

import "errors"

// Error is an outcome that this package found itself. Those of package signer pass through.
type Error struct {
	code   string
	text   string
	params map[string]any
	cause  error
}

// The outcomes of files, and of a batch.
var (
	// ErrSigned: the document has a signature of this certificate already.
	ErrSigned = &Error{code: "batch.signed", text: "the document is signed by this certificate already"}
	// ErrNeedsClean: a Word document, which can be signed only as a clean copy.
	ErrNeedsClean = &Error{code: "batch.needs_clean", text: "the document needs a clean copy before it can be signed"}
	// ErrKind: neither a PDF nor a Word document.
	ErrKind = &Error{code: "batch.kind", text: "the file is no PDF and no Word document"}
	// ErrInputChanged: the document is not the one that was signed into the output, which stays.
	ErrInputChanged = &Error{code: "batch.input_changed", text: "the document was changed after it was signed"}
	// ErrOutputChanged: the signed file is not the one that was made.
	ErrOutputChanged = &Error{code: "batch.output_changed", text: "the signed file was changed after it was made"}
	// ErrOutputGone: the signed file was made, and is not there any more.
	ErrOutputGone = &Error{code: "batch.output_gone", text: "the signed file was made and is gone"}

	// ErrOtherRule: the output folder belongs to a batch with another key or another rule.
	ErrOtherRule = &Error{code: "batch.other_rule", text: "the folder belongs to a batch with another key, seal or place"}
	// ErrBusy: another program works on the same output folder.
	ErrBusy = &Error{code: "batch.busy", text: "another program works on this batch"}
	// ErrLedger: the ledger cannot be read or written.
	ErrLedger = &Error{code: "batch.ledger", text: "the ledger of the batch cannot be read or written"}
	// ErrTooMany: more files than MaxItems.
	ErrTooMany = &Error{code: "batch.too_many", text: "there are too many files for one batch", params: map[string]any{"limit": MaxItems}}
	// ErrList: a list of files cannot be read.
	ErrList = &Error{code: "batch.list", text: "the list of files cannot be read"}
)

func (e *Error) Error() string {
	if e.cause != nil {
		return "batch: " + e.text + ": " + e.cause.Error()
	}
	return "batch: " + e.text
}

// Code returns the stable name of the outcome.
func (e *Error) Code() string { return e.code }

// Params returns the values for the sentence, or nil: "path" for those about a file or folder.
func (e *Error) Params() map[string]any { return e.params }

// Unwrap returns what caused it, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the same kind of outcome.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.code == e.code
}

func (e *Error) at(path string, cause error) *Error {
	return &Error{code: e.code, text: e.text, params: map[string]any{"path": path}, cause: cause}
}

// KeyError is a failure of the key, which stops the batch.
type KeyError struct{ cause error }

func (e *KeyError) Error() string { return "batch: the key failed: " + e.cause.Error() }

// Unwrap returns the key's own error.
func (e *KeyError) Unwrap() error { return e.cause }

// errStopped is what a file is told that came to the key after it had failed.
var errStopped = errors.New("batch: stopped before this file")
