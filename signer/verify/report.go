package verify

import (
	"encoding/asn1"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/finding"
	"sealdesk/signer/internal/midstate"
	"sealdesk/signer/revocation"
	"sealdesk/signer/ses"
	"sealdesk/signer/sigform"
)

// Verdict is what a signature, or a whole file, is worth.
type Verdict = finding.Verdict

// The verdicts, from the best to the worst. Unsigned is for files only.
const (
	// Valid: intact, and the signer is trusted.
	Valid = finding.Valid
	// Untrusted: intact, but the signer is not known or not trusted.
	Untrusted = finding.Untrusted
	// Invalid: altered, forged, malformed, or not to be judged.
	Invalid = finding.Invalid
	// Unsigned: a readable file without a signature.
	Unsigned Verdict = "unsigned"
)

// Options of File and Detached.
type Options struct {
	// Roots are the trusted certificates; nobody else is. Package anchors finds some.
	Roots []*smx509.Certificate
	// StampRoots are the trusted certificates for time stamps; nil means Roots. A
	// time-stamp authority's certificate says itself that it is one.
	StampRoots []*smx509.Certificate
	// Revocation is asked whether the certificates of trusted signers were revoked;
	// nil asks nobody, and it is told as not known. Whether that touches the network
	// is for whoever gives it.
	Revocation Revocation
	// Makers are the trusted seal makers (制章者): their own certificates, or those of
	// authorities that issue to nobody but seal makers. Roots vouch for no seal:
	// whoever may sign could otherwise make himself the seal of any organisation.
	Makers []*smx509.Certificate
	// Policies are certificate policies (RFC 5280, 4.2.1.4) of which one must hold for a trusted signer; none: any or none.
	Policies []asn1.ObjectIdentifier
	// Intermediates help to find a way to a root or a maker, and are not trusted. An
	// electronic seal's signature brings none itself.
	Intermediates []*smx509.Certificate
	// Forms are the kinds of signatures that are judged; nil means sigform.Default.
	Forms sigform.Table
	// Now is the time of judging; the zero value means the clock's.
	Now time.Time
	// Known is what was learnt of the file's first bytes: they are not hashed again. The
	// caller answers for that it is this file's; what stands in the file is judged as ever.
	Known *midstate.Trail
}

// Report is the judgement on a file. Its JSON form is that of `verify --json`.
type Report struct {
	Verdict    Verdict     `json:"verdict"`
	Signatures []Signature `json:"signatures"` // in the order they were made
	// Stamps are the time stamps over the document, in the order they were made.
	Stamps []Stamp `json:"timeStamps"`
	// Findings concern the file as a whole.
	Findings finding.List `json:"findings"`
	// Revisions is how many the file has; 0 when it cannot be read.
	Revisions int `json:"-"`
}

// Valid says whether every signature is valid and there is at least one.
func (r *Report) Valid() bool { return r.Verdict == Valid }

// Sentence is the verdict in one sentence, as a code and parameters for a
// catalogue of sentences: verify.said_valid, said_untrusted, said_invalid or
// said_unsigned, with "signatures" (how many), "signer" (whose name leads: the
// first of the worst) and "reason" (the code of the finding that decided, "" if none).
// Where it is not the signer but the maker of his seal who is not known, it is
// said_untrusted_maker, with "maker"; where the file is encrypted and nothing is known, said_encrypted.
type Sentence struct {
	Code   string
	Params map[string]any
}

// Sentence puts the verdict into one sentence that cannot be half read.
func (r *Report) Sentence() Sentence {
	s := Sentence{Code: "verify.said_" + string(r.Verdict), Params: map[string]any{
		"signatures": len(r.Signatures), "signer": "", "reason": ""}}
	if r.unread() {
		s.Code = "verify.said_encrypted"
	}
	findings, maker := r.Findings, ""
	for i := range r.Signatures {
		if r.Signatures[i].Verdict == r.Verdict {
			s.Params["signer"] = r.Signatures[i].Signer
			findings = append(findings[:len(findings):len(findings)], r.Signatures[i].Findings...)
			if seal := r.Signatures[i].SealFacts; seal != nil {
				maker = seal.Maker
			}
			break
		}
	}
	for _, f := range findings {
		if f.Severity.Verdict() == r.Verdict && r.Verdict != Valid {
			s.Params["reason"] = f.Code
			if r.Verdict == Untrusted && ses.MakerInDoubt(f.Code) {
				s.Code, s.Params["maker"] = "verify.said_untrusted_maker", maker
			}
			break
		}
	}
	return s
}

// Signature is the judgement on one signature.
type Signature struct {
	Field           string     `json:"field"`
	Verdict         Verdict    `json:"verdict"`
	Signer          string     `json:"signer"`             // the certificate's common name; "" when there is no readable certificate
	Algorithm       string     `json:"algorithm"`          // "RSA-SHA256", "SM2-SM3" and the like
	Policies        []string   `json:"policies,omitempty"` // of the certificate, as dotted numbers
	Level           string     `json:"level"`              // "B", "T", "LT" or "LTA" for that level of PAdES baseline, "none" otherwise
	SignedAt        *time.Time `json:"signedAt"`           // what the signer claims; nil when nothing is claimed
	StampedAt       *time.Time `json:"stampedAt"`          // at which a time stamp proves that the signature was there; nil without
	StampedBy       string     `json:"stampedBy"`          // the common name of its authority; "" without
	CoversWholeFile bool       `json:"coversWholeFile"`
	ChangesAfter    []Change   `json:"changesAfter"`
	// Revocation is "good", "revoked" or "not_known": what is known of all certificates
	// of the chain at the time that counts, from the file and from who was asked.
	Revocation revocation.Status `json:"revocation"`
	Findings   finding.List      `json:"findings"`
	// SealFacts is what the electronic seal says that the signature was made with; nil for others.
	SealFacts *ses.Facts `json:"seal,omitempty"`

	// Seal is that seal itself.
	Seal *ses.Seal `json:"-"`
	// Certificate is the signer's; nil when it could not be read.
	Certificate *smx509.Certificate `json:"-"`
	// Chain leads from Certificate to the trusted root; nil without trust.
	Chain []*smx509.Certificate `json:"-"`
	// Intact says that the signed bytes are those that were signed and that
	// nothing but what may follow a signature followed.
	Intact bool `json:"-"`
	// BytesIntact says that the bytes up to RevisionEnd are those that were
	// signed, whatever followed them.
	BytesIntact bool `json:"-"`
	// ByteRange is the signed part of the file: offset and length, twice.
	ByteRange [4]int64 `json:"-"`
	// RevisionEnd is the length of the file as this signer saw it: the first
	// RevisionEnd bytes are a complete PDF. 0 when it could not be found.
	RevisionEnd int64 `json:"-"`
	// Revision counts from 0.
	Revision int `json:"-"`
	// Widgets are where the signature shows on the pages. One signature may
	// show on many pages.
	Widgets []Widget `json:"-"`
	// Certifies is the DocMDP permission 1 to 3 of a certification; 0 for an approval.
	Certifies int    `json:"-"`
	SubFilter string `json:"-"`
	Reason    string `json:"-"`
	Location  string `json:"-"`
	// StampChain leads from the authority of the time stamp that counts to its root; nil without one.
	StampChain []*smx509.Certificate `json:"-"`
	// Missing are the certificates of Chain and StampChain about which the file itself
	// holds no answer that can be used: what it lacks for level LT.
	Missing []Link `json:"-"`
	// StoreName is the signature's name in a security store (VRI).
	StoreName string `json:"-"`
}

// Stamp is the judgement on a time stamp over the document. It is nobody's signature: it
// proves that what it covers was there at its time.
type Stamp struct {
	Field string `json:"field"`
	// Verdict is "valid", "untrusted" (intact, but its authority is not known, or no longer) or "invalid".
	Verdict         Verdict      `json:"verdict"`
	By              string       `json:"by"` // the common name of its authority; "" when it cannot be read
	At              *time.Time   `json:"at"` // nil when it cannot be read
	Algorithm       string       `json:"algorithm"`
	CoversWholeFile bool         `json:"coversWholeFile"`
	ChangesAfter    []Change     `json:"changesAfter"`
	Findings        finding.List `json:"findings"`

	Revision    int                   `json:"-"` // the newest that it covers, from 0
	Certificate *smx509.Certificate   `json:"-"` // the authority's; nil when it cannot be read
	Chain       []*smx509.Certificate `json:"-"` // to the trusted root; nil without trust
	Missing     []Link                `json:"-"` // as of a Signature
	StoreName   string                `json:"-"` // as of a Signature
}

// Widget is one place where a signature shows.
type Widget struct {
	Page int        // from 1; 0 when no page holds it
	Rect [4]float64 // left, bottom, right, top in points of the page's user space
}

// Change is what a later revision did.
type Change struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Revision int    `json:"revision"` // from 0
	Allowed  bool   `json:"allowed"`  // leaves earlier signatures standing
}
