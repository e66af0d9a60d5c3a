package refusal

import (
	"fmt"
	"maps"
)

// Codes of the reasons. Parameters, where a code has any, are named in the comment.
const (
	Empty             = "cleancopy.empty"              // the file has no bytes
	TooLarge          = "cleancopy.too_large"          // size, limit: bytes
	UnsupportedType   = "cleancopy.unsupported_type"   // type: what the file really is, "" when not known
	Encrypted         = "cleancopy.encrypted"          // type: docx, doc or pdf
	Damaged           = "cleancopy.damaged"            // type, detail
	ZipBomb           = "cleancopy.zip_bomb"           // detail
	UnsafeXML         = "cleancopy.unsafe_xml"         // part, detail
	XFA               = "cleancopy.xfa"                // a PDF form that only Adobe's programs can show
	HiddenLayer       = "cleancopy.hidden_layer"       // layers: names of what some programs show and some do not
	SignedDamaged     = "cleancopy.signed_damaged"     // a PDF that is signed is never mended
	Crashed           = "cleancopy.crashed"            // cleaning a PDF ended its process, as hostile files may
	Timeout           = "cleancopy.timeout"            // seconds: cleaning a PDF took longer
	AppearanceChanged = "cleancopy.appearance_changed" // page: cleaning would change what this page shows
	NoPages           = "cleancopy.no_pages"           // the document shows nothing
	ConverterMissing  = "cleancopy.converter_missing"  // LibreOffice Writer is not installed
	ConverterConfined = "cleancopy.converter_confined" // program: LibreOffice that may not read other programs' files
	ConverterSetting  = "cleancopy.converter_setting"  // program: named by the settings, and not there
	ConverterTimeout  = "cleancopy.converter_timeout"  // seconds
	ConverterMemory   = "cleancopy.converter_memory"   // limit: bytes
	ConverterFailed   = "cleancopy.converter_failed"   // message: LibreOffice's own words
	OutputTooLarge    = "cleancopy.output_too_large"   // limit: bytes
	FlattenFailed     = "cleancopy.flatten_failed"     // detail
	DiskFull          = "cleancopy.disk_full"          // path
	Unreadable        = "cleancopy.unreadable"         // path
	Unwritable        = "cleancopy.unwritable"         // path
	SameFile          = "cleancopy.same_file"          // path: output would overwrite the input
)

// Error is one refusal. It wraps the error it came from, if any.
type Error struct {
	code   string
	text   string
	params map[string]any
	err    error
}

// New makes a refusal. text is a plain English sentence for logs.
func New(code, text string, params map[string]any) *Error {
	return &Error{code: code, text: text, params: params}
}

// Wrap makes a refusal that came from err.
func Wrap(code string, err error, text string, params map[string]any) *Error {
	return &Error{code: code, text: text, params: params, err: err}
}

// Code is the stable name of the reason.
func (e *Error) Code() string { return e.code }

// Params are the values that go into the sentence shown to a person.
func (e *Error) Params() map[string]any { return maps.Clone(e.params) }

func (e *Error) Error() string {
	if e.err == nil {
		return e.text
	}
	return fmt.Sprintf("%s: %v", e.text, e.err)
}

func (e *Error) Unwrap() error { return e.err }
