package modhost

import (
	"fmt"
	"time"

	"sealdesk/token"
)

// ErrHostMissing: the helper program is not beside this one.
var ErrHostMissing = token.NewError("token.host_missing", "the helper program for key libraries is not there")

// CrashError says that the library of a key crashed, and took the helper with it. It is a token.ErrRemoved.
type CrashError struct {
	Library string // file name
	Status  string // how the helper ended, for logs
}

// Error is a plain sentence for logs.
func (e *CrashError) Error() string {
	return fmt.Sprintf("the library %s of the key crashed (%s)", e.Library, e.Status)
}

// Unwrap gives token.ErrRemoved.
func (e *CrashError) Unwrap() error { return token.ErrRemoved }

// Code names the outcome for the tables of words.
func (e *CrashError) Code() string { return "token.library_crashed" }

// Params holds "library".
func (e *CrashError) Params() map[string]any { return map[string]any{"library": e.Library} }

// HangError says that the library of a key did not answer in time, and was ended. It is a token.ErrTimeout.
type HangError struct {
	Library string // file name
	After   time.Duration
}

// Error is a plain sentence for logs.
func (e *HangError) Error() string {
	return fmt.Sprintf("the library %s of the key did not answer within %v", e.Library, e.After)
}

// Unwrap gives token.ErrTimeout.
func (e *HangError) Unwrap() error { return token.ErrTimeout }

// Code names the outcome for the tables of words.
func (e *HangError) Code() string { return "token.library_hung" }

// Params holds "library" and "seconds".
func (e *HangError) Params() map[string]any {
	return map[string]any{"library": e.Library, "seconds": int(e.After.Seconds())}
}

// QuarantineError says that the library of a key crashed so often that it is not loaded any more until a person asks for it.
// It is a token.ErrNotSupported.
type QuarantineError struct {
	Library string // file name
	Crashes int
}

// Error is a plain sentence for logs.
func (e *QuarantineError) Error() string {
	return fmt.Sprintf("the library %s of the key crashed %d times and is not loaded any more", e.Library, e.Crashes)
}

// Unwrap gives token.ErrNotSupported.
func (e *QuarantineError) Unwrap() error { return token.ErrNotSupported }

// Code names the outcome for the tables of words.
func (e *QuarantineError) Code() string { return "token.library_quarantined" }

// Params holds "library" and "crashes".
func (e *QuarantineError) Params() map[string]any {
	return map[string]any{"library": e.Library, "crashes": e.Crashes}
}

// LoadError says that the library of a key cannot be loaded: it is for another kind of processor, something that it needs is
// missing, or it refused to start.
type LoadError struct {
	Library string // file name
	cause   error
}

// Error is a plain sentence for logs.
func (e *LoadError) Error() string {
	return fmt.Sprintf("the library %s of the key cannot be loaded: %v", e.Library, e.cause)
}

// Unwrap gives what the helper said.
func (e *LoadError) Unwrap() error { return e.cause }

// Code names the outcome for the tables of words.
func (e *LoadError) Code() string { return "token.library_not_loaded" }

// Params holds "library".
func (e *LoadError) Params() map[string]any { return map[string]any{"library": e.Library} }
