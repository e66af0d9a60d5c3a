package pdf

import "fmt"

// Kind says in one word what is wrong with a file or with a question about it.
type Kind string

// The kinds of Error.
const (
	// NotPDF: no %PDF- header in the first 1024 bytes.
	NotPDF Kind = "not_pdf"
	// Encrypted: the file has an encryption dictionary. Earlier revisions may have none, see Error.Later.
	Encrypted Kind = "encrypted"
	// NoXRef: no startxref in the last 1024 bytes, or it points nowhere.
	NoXRef Kind = "no_xref"
	// Malformed: the file breaks the syntax or the structure of PDF.
	Malformed Kind = "malformed"
	// TooComplex: the file exceeds a bound of this package.
	TooComplex Kind = "too_complex"
	// UnsupportedFilter: a stream of the structure has a filter that this package does not read.
	UnsupportedFilter Kind = "unsupported_filter"
	// NoSuchPage: the document has fewer pages.
	NoSuchPage Kind = "no_such_page"
	// NoSuchValue: the object has no bytes of its own in the file, or its dictionary lacks the key.
	NoSuchValue Kind = "no_such_value"
)

// Error is every error of this package except those of the underlying
// io.ReaderAt, which are passed on inside a wrapping error.
type Error struct {
	Kind   Kind
	Detail string // for logs, in English
	Offset int64  // where in the file in bytes, or -1
	Page   int    // NoSuchPage: the page asked for
	Pages  int    // NoSuchPage: the pages there are
	Later  bool   // Encrypted: by a later revision, of a document that was not encrypted
}

func (e *Error) Error() string {
	if e.Offset < 0 {
		return "pdf: " + e.Detail
	}
	return fmt.Sprintf("pdf: %s (at byte %d)", e.Detail, e.Offset)
}

// Code returns "pdf." and the kind.
func (e *Error) Code() string { return "pdf." + string(e.Kind) }

// Params returns "offset" where it is known, and for NoSuchPage "page" and "pages".
func (e *Error) Params() map[string]any {
	p := map[string]any{}
	if e.Offset >= 0 {
		p["offset"] = e.Offset
	}
	if e.Kind == NoSuchPage {
		p["page"], p["pages"] = e.Page, e.Pages
	}
	return p
}

// Is makes errors.Is(err, &Error{Kind: k}) match by kind alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind
}

func fail(k Kind, offset int64, format string, args ...any) error {
	return &Error{Kind: k, Offset: offset, Detail: fmt.Sprintf(format, args...)}
}

// A Defect is a deviation from the standard that has only one reading, so that
// the file opens all the same.
type Defect struct {
	Name   string // one of the constants below
	Offset int64  // where in the file in bytes
}

// The names of defects.
const (
	JunkBeforeHeader = "junk_before_header" // the file does not begin with %PDF-
	JunkAfterEnd     = "junk_after_end"     // bytes other than white space behind the last %%EOF
	NoEnd            = "no_end"             // a revision does not end with its startxref and %%EOF
	XRefOffset       = "xref_offset"        // white space stands where a cross-reference section should begin
	XRefEntryForm    = "xref_entry_form"    // entries of a cross-reference table that are not 20 bytes long
	XRefSize         = "xref_size"          // an object number beyond the trailer's /Size
	XRefEntryZero    = "xref_entry_zero"    // an object in use at byte 0, where the header stands; it is taken as free
	PrevZero         = "prev_zero"          // a /Prev 0, which cannot be
	DuplicateKey     = "duplicate_key"      // a dictionary has a key twice; the last one counts
	ObjectTwice      = "object_twice"       // an object stream has a number twice; the place that the cross-reference names counts
	EmptyObject      = "empty_object"       // nothing stands between obj and endobj; it is taken as null
	KeywordGlued     = "keyword_glued"      // endobj follows a number without white space
	StreamStart      = "stream_start"       // the stream keyword is followed by blanks, or by a carriage return alone
	StreamEnd        = "stream_end"         // more white space than an end of line stands before endstream
	PageBox          = "page_box"           // a page without a MediaBox, or with an empty one; it is taken as US Letter
)
