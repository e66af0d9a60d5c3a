package signer

import (
	"errors"
	"fmt"
	"io/fs"

	"sealdesk/signer/disk"
	"sealdesk/signer/preview"
)

// Kind says in one word why a job failed.
type Kind string

// The kinds of Error.
const (
	// BadRequest: the job contradicts itself; a mistake of the program.
	BadRequest Kind = "bad_request"
	// InputMissing: there is no such input file.
	InputMissing Kind = "input_missing"
	// InputUnreadable: the input cannot be opened or read, or is no regular file.
	InputUnreadable Kind = "input_unreadable"
	// Exists: there is a file of the output's name.
	Exists Kind = "exists"
	// NoFolder: the output's folder does not exist.
	NoFolder Kind = "no_folder"
	// NoPermission: the output's folder cannot be written to.
	NoPermission Kind = "no_permission"
	// DiskFull: there is no room for the signed file.
	DiskFull Kind = "disk_full"
	// WriteFailed: writing, syncing or naming the signed file failed otherwise.
	WriteFailed Kind = "write_failed"
	// KeywordNotFound: the words that a seal goes to are not in the document.
	KeywordNotFound Kind = "keyword_not_found"
	// HitMissing: the words stand less often in the document than the place counts.
	HitMissing Kind = "hit_missing"
	// EdgeNeedsPages: an edge seal needs two pages at least.
	EdgeNeedsPages Kind = "edge_needs_pages"
	// EdgeTooThin: so many pages would share an edge seal that nothing of it could be seen.
	EdgeTooThin Kind = "edge_too_thin"
	// TwoFields: two places name empty fields; a signature goes into one.
	TwoFields Kind = "two_fields"
	// OverSeal: the seal would lie over an earlier signature. Job.AllowOverlap signs all the same.
	OverSeal Kind = "over_seal"
	// TooMuch: the seal would cover so much of a page that the signature is doubted.
	TooMuch Kind = "too_much"
	// EarlierBroken: a signature that the document has already is not intact.
	EarlierBroken Kind = "earlier_broken"
	// EarlierUnknown: a signature that the document has already is of a kind
	// that cannot be judged. Job.AcceptUnknown signs all the same.
	EarlierUnknown Kind = "earlier_unknown"
	// NotTrusted: a signature that is to be kept for long is not trusted, or not any more.
	NotTrusted Kind = "not_trusted"
	// Revoked: a certificate was revoked before the signature is proven to have been there.
	Revoked Kind = "revoked"
	// RevocationUnknown: nobody said whether a certificate was revoked, so that there is nothing to keep.
	RevocationUnknown Kind = "revocation_unknown"
	// NoStamps: a time stamp is needed, and no service was named.
	NoStamps Kind = "no_stamps"
	// NothingToExtend: the document has no signature that has levels, or has what was asked for.
	NothingToExtend Kind = "nothing_to_extend"
	// NotVerified: our own signature did not verify, the file was thrown away.
	NotVerified Kind = "not_verified"
)

// Error is a failure that this package found itself. Those of the packages
// below pass through: *pdf.Error, *pdfsig.Error, *cms.Error, the errors of
// package seal, and the key's.
type Error struct {
	Kind   Kind
	Path   string        // the file or folder in question
	Words  string        // KeywordNotFound, HitMissing: what was looked for
	Near   []preview.Hit // KeywordNotFound: the likest words, best first
	Count  int           // HitMissing: how often the words are there; EdgeTooThin: how many pages share a seal
	Field  string        // EarlierBroken, EarlierUnknown, OverSeal, NotTrusted: the signature's field
	Signer string        // OverSeal, NotTrusted: whose it is; Revoked, RevocationUnknown: whose certificate
	Page   int           // OverSeal, TooMuch: where
	Detail string        // for logs, in English
	cause  error
}

func (e *Error) Error() string {
	if e.cause != nil {
		return "signer: " + e.Detail + ": " + e.cause.Error()
	}
	return "signer: " + e.Detail
}

// Unwrap returns what caused the failure, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Code returns "signer." and the kind, or "signer.keyword_near" where there are words like those that were looked for.
func (e *Error) Code() string {
	if len(e.Near) > 0 {
		return "signer.keyword_near"
	}
	return "signer." + string(e.Kind)
}

// Params returns what the fields of the Error's kind hold; of the likest words the first.
func (e *Error) Params() map[string]any {
	p := map[string]any{}
	for name, value := range map[string]string{"path": e.Path, "words": e.Words, "field": e.Field, "signer": e.Signer} {
		if value != "" {
			p[name] = value
		}
	}
	for name, value := range map[string]int{"count": e.Count, "page": e.Page} {
		if value != 0 {
			p[name] = value
		}
	}
	if len(e.Near) > 0 {
		p["near"], p["page"] = e.Near[0].Text, e.Near[0].Page
	}
	return p
}

// Is makes errors.Is(err, &Error{Kind: k}) match by kind alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind
}

func fail(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Detail: fmt.Sprintf(format, args...)}
}

// onInput makes an error of opening or reading the input one of this package.
func onInput(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{Kind: InputMissing, Path: path, Detail: "the document is not there", cause: err}
	}
	return &Error{Kind: InputUnreadable, Path: path, Detail: "the document cannot be read", cause: err}
}

// onOutput makes an error of writing the output one of this package.
func onOutput(folder, path string, err error) error {
	switch disk.Why(err) {
	case disk.Exists:
		return &Error{Kind: Exists, Path: path, Detail: "there is a file of the output's name already", cause: err}
	case disk.NoFolder:
		return &Error{Kind: NoFolder, Path: folder, Detail: "the output's folder is not there", cause: err}
	case disk.NoPermission:
		return &Error{Kind: NoPermission, Path: folder, Detail: "the output's folder cannot be written to", cause: err}
	case disk.NoRoom:
		return &Error{Kind: DiskFull, Path: folder, Detail: "there is no room for the signed file", cause: err}
	}
	return &Error{Kind: WriteFailed, Path: path, Detail: "the signed file cannot be written", cause: err}
}
