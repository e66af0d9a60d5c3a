package bid

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"sealdesk/signer/disk"
)

// Kind says in one word what went wrong.
type Kind string

// The kinds of Error that concern a bid which was read.
const (
	// NotABid: the file does not begin as a bid.
	NotABid Kind = "not_a_bid"
	// FutureVersion: the file is of a version that this program does not know. Version holds it.
	FutureVersion Kind = "future_version"
	// Cut: the file ends early: in chunk Chunk of part Part, or before all parts where Part is empty.
	Cut Kind = "cut"
	// Appended: something follows the bid.
	Appended Kind = "appended"
	// Malformed: the frame or the manifest is not as FORMAT.md has it.
	Malformed Kind = "malformed"
	// BadSignature: the signature is not one of the bidder's certificate over this manifest.
	BadSignature Kind = "bad_signature"
	// DigestsAltered: the list of a part's digests is not the signed one, so that it cannot be told which chunk is whose.
	DigestsAltered Kind = "digests_altered"
	// Altered: chunk Chunk of part Part is not what was signed. Count is how many chunks of the part are not.
	Altered Kind = "altered"
	// Swapped: chunk Chunk of part Part stands in the place of chunk OtherChunk of part OtherPart, and that one in its place.
	Swapped Kind = "swapped"
	// Reordered: the part's chunks are all there, in another order; Chunk is the first that is not in its place.
	Reordered Kind = "reordered"
	// Repeated: in the place of chunk Chunk of part Part stands a copy of chunk OtherChunk of part OtherPart.
	Repeated Kind = "repeated"
	// EnvelopeAltered: an inner envelope is not the one that the bidder signed.
	EnvelopeAltered Kind = "envelope_altered"
	// NotAuthentic: a chunk is what was signed, and yet was not sealed with the envelope's key: a fault of who made the bid.
	NotAuthentic Kind = "not_authentic"
	// StillClosed: the platform's layer is still on the envelope.
	StillClosed Kind = "still_closed"
	// AlreadyOpen: the platform's layer is off the envelope already, or was never on.
	AlreadyOpen Kind = "already_open"
	// NoKey: none of the certificates is one that the envelope is for. Needed and Found hold serial numbers.
	NoKey Kind = "no_key"
	// WrongKey: the key is not the certificate's, or the envelope was not made for it, whatever it says.
	WrongKey Kind = "wrong_key"
	// OtherEnvelope: the part is in another envelope than was opened. Envelope holds which.
	OtherEnvelope Kind = "other_envelope"
	// NoPart: the bid has no such part.
	NoPart Kind = "no_part"
	// NoPrice: the bid has no commitment to a price in this envelope.
	NoPrice Kind = "no_price"
	// PriceMismatch: the price that was revealed is not the one that was committed to.
	PriceMismatch Kind = "price_mismatch"
	// OtherOffer: the bid is not the same offer as the one it should replace.
	OtherOffer Kind = "other_offer"
)

// The kinds of Error that concern what is asked for, and files.
const (
	// BadRequest: the request contradicts itself or the format. Detail says how.
	BadRequest Kind = "bad_request"
	// BadPart: a part has a code, a name or a size that a bid cannot hold.
	BadPart Kind = "bad_part"
	// NotForEncryption: nothing can be encrypted to the certificate Serial: it is one for signing, or of an unknown kind.
	NotForEncryption Kind = "not_for_encryption"
	// OtherPlatform: the certificate is not the platform's that the manifest names.
	OtherPlatform Kind = "other_platform"
	// InputMissing: there is no such file.
	InputMissing Kind = "input_missing"
	// InputUnreadable: the file cannot be read, or is no regular file.
	InputUnreadable Kind = "input_unreadable"
	// InputChanged: the file changed while it was read.
	InputChanged Kind = "input_changed"
	// BadOutline: the outline cannot be read as one.
	BadOutline Kind = "bad_outline"
	// Exists: there is a file of the output's name.
	Exists Kind = "exists"
	// NoFolder: the output's folder does not exist.
	NoFolder Kind = "no_folder"
	// NoPermission: the output's folder cannot be written to.
	NoPermission Kind = "no_permission"
	// DiskFull: there is no room for the output.
	DiskFull Kind = "disk_full"
	// WriteFailed: writing, syncing or naming the output failed otherwise.
	WriteFailed Kind = "write_failed"
	// NotVerified: what the disk holds is not what was written; it was thrown away.
	NotVerified Kind = "not_verified"
)

// Error is every error of this package, except those of a key, which are wrapped in one or passed on, and a context's.
type Error struct {
	Kind      Kind
	Part      string // the part's code
	Name      string // the part's name
	Chunk     int64  // counted from 0
	OtherPart string // the other part's code
	// OtherChunk is counted from 0, too.
	OtherChunk int64
	Count      int64    // how many chunks are concerned
	Envelope   string   // the envelope's name
	Needed     []string // serial numbers, hexadecimal
	Found      []string
	Version    int
	Path       string // the file or folder
	Detail     string // for logs, in English
	cause      error
}

func (e *Error) Error() string {
	s := "bid: " + string(e.Kind)
	if e.Part != "" {
		s += fmt.Sprintf(" (part %s, chunk %d)", e.Part, e.Chunk)
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns what caused the failure, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Code returns "bid." and the kind, or "bid.cut_early" where a file ends before its contents.
func (e *Error) Code() string {
	if e.Kind == Cut && e.Part == "" {
		return "bid.cut_early"
	}
	return "bid." + string(e.Kind)
}

// Params returns what the Error's fields hold. "chunk" and "other" count from 1, as people do.
func (e *Error) Params() map[string]any {
	return map[string]any{
		"part": e.Part, "name": e.Name, "chunk": e.Chunk + 1, "otherPart": e.OtherPart, "other": e.OtherChunk + 1, "count": e.Count,
		"envelope": e.Envelope, "needed": e.Needed, "found": e.Found, "version": e.Version, "path": e.Path, "detail": e.Detail,
	}
}

// Is makes errors.Is(err, &Error{Kind: k}) match by kind alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind
}

func fail(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Detail: fmt.Sprintf(format, args...)}
}

func onInput(path string, err error) error {
	k := InputUnreadable
	if errors.Is(err, fs.ErrNotExist) {
		k = InputMissing
	}
	return &Error{Kind: k, Path: path, cause: err}
}

// outputKinds are the kinds of what disk tells of a failure to write.
var outputKinds = map[disk.Reason]Kind{
	disk.Exists: Exists, disk.NoFolder: NoFolder, disk.NoPermission: NoPermission, disk.NoRoom: DiskFull, disk.Other: WriteFailed,
}

func onOutput(path string, err error) error {
	k := outputKinds[disk.Why(err)]
	if k != Exists && k != WriteFailed {
		path = filepath.Dir(path)
	}
	return &Error{Kind: k, Path: path, cause: err}
}
