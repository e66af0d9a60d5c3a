package tenders

import (
	"context"
	"io"

	"sealdesk/platformapi"
)

// Bidding knows the format of bids and holds the platform's keys for them; the platform is handed it. Errors that concern a
// bid are *Fault.
type Bidding interface {
	// Certificates are those that bids are encrypted to, one for each algorithm.
	Certificates() []platformapi.PlatformCertificate
	// Outline reads what a tender asks for. An error is that it cannot be read.
	Outline(data []byte) (Outline, error)
	// Judge judges a bid that was handed in, without opening it: form, signature, contents, and what it lacks of the outline.
	Judge(ctx context.Context, r io.ReaderAt, size int64, outline []byte) (Facts, error)
	// Uncover takes the platform's layer off these envelopes and gives what is inside, DER.
	Uncover(ctx context.Context, r io.ReaderAt, size int64, envelopes []string) (map[string][]byte, error)
	// Open opens envelopes by the secrets that the bidder handed over: it holds all contents to the signed digests and the price,
	// if it is in one of them, to its commitment.
	Open(ctx context.Context, r io.ReaderAt, size int64, secrets map[string][]byte) ([]platformapi.PriceField, error)
	// Part reads a part of a bid of which these secrets are known.
	Part(ctx context.Context, r io.ReaderAt, size int64, code string, secrets map[string][]byte) (io.Reader, error)
	// Signature judges a detached signature over a content, DER.
	Signature(ctx context.Context, signature, content []byte) (Signature, error)
}

// Outline is what of an outline the platform must know.
type Outline struct {
	Tender, Lot string
	Envelopes   []string // in the order of the parts
	Fields      []string // of the price form
}

// Signature is what holds of one signature.
type Signature struct {
	Intact  bool
	Trusted bool
	USCC    string // 统一社会信用代码 in the certificate, "" when there is none
}

// Facts is what holds of a bid that is closed.
type Facts struct {
	Tender, Lot string
	Outline     string // SHA-256 of the outline that it was made by
	Bidder      string // its code
	Signature   Signature
	Damage      string   // what of the contents is not as it was signed; "" when all is
	Unsealed    []string // parts that are not sealed although they must be, and envelopes without the platform's layer
	Lacks       []string // codes of what the outline asks for and is not there
	Ours        bool     // the outer layer is for a certificate of this platform
	Envelopes   []string
	Cipher      string
	Signer      platformapi.BidCertificate
	Recipients  []platformapi.BidCertificate
	Platform    platformapi.BidCertificate // that the outer layer is for, as the bid names it
	Parts       []platformapi.BidPart
}

// Fault is what is wrong with a bid, or with what was to open it.
type Fault struct {
	Gate   string                   // the code of its refusal when it is handed in
	Cause  platformapi.FailureCause // why it was not decrypted
	Detail string                   // English
	Err    error
}

func (f *Fault) Error() string { return f.Detail }

// Unwrap is what lies under it.
func (f *Fault) Unwrap() error { return f.Err }
