package ses

import (
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/finding"
)

var catalogue = finding.Catalogue{Room: "ses", Known: map[string]finding.Known{
	// the structure, of both
	"malformed":        finding.Fatal.Saying("not a well-formed electronic seal or signature: {detail}"),
	"too_large":        finding.Fatal.Saying("more than can be judged: {detail}"),
	"not_a_seal":       finding.Fatal.Saying("the data's header is not that of an electronic seal"),
	"version_unknown":  finding.Fatal.Saying("version {version} of electronic seals is not known"),
	"version_mismatch": finding.Fatal.Saying("the signature is of version {signature}, its seal of version {seal}"),
	"encoding_loose":   finding.Note.Saying("the encoding is not quite DER: {detail}"),
	"extension":        finding.Fatal.Saying("extension {oid} must be understood and is not known"),
	"timestamp":        finding.Note.Saying("a time stamp is there and was not checked"),

	// the algorithms, of both
	"weak_algorithm":     finding.Fatal.Saying("the algorithm is too weak: {algorithm}"),
	"algorithm_unknown":  finding.Fatal.Saying("the algorithm is not known: {algorithm}"),
	"algorithm_mismatch": finding.Fatal.Saying("{algorithm} cannot be made with the certificate's key"),

	// the seal
	"seal_forged":          finding.Fatal.Saying("the seal was altered, or is not the work of the seal maker it names"),
	"term":                 finding.Fatal.Saying("the seal's term ends before it begins"),
	"not_yet_valid":        finding.Fatal.Saying("the seal's term begins at {from} only"),
	"expired":              finding.Fatal.Saying("the seal's term ended at {until}"),
	"no_signers":           finding.Fatal.Saying("the seal lists nobody who may use it"),
	"kind_unknown":         finding.Note.Saying("the seal's kind {kind} is neither an organisation's nor a person's"),
	"picture_unknown":      finding.Fatal.Saying("pictures of kind {format} are not known"),
	"picture_mismatch":     finding.Fatal.Saying("the seal's picture is not of its kind {format}"),
	"picture_damaged":      finding.Fatal.Saying("the seal's picture cannot be read"),
	"picture_too_large":    finding.Fatal.Saying("the seal's picture has {width} x {height} pixels, too many"),
	"picture_size":         finding.Fatal.Saying("the seal's picture is {width} x {height} mm, which no seal is"),
	"maker_unreadable":     finding.Fatal.Saying("the seal maker's certificate cannot be read"),
	"maker_not_valid_then": finding.Fatal.Saying("the seal maker's certificate was not valid when the seal was made"),
	"maker_key_usage":      finding.Doubt.Saying("the seal maker's certificate is not meant for signing"),
	"no_makers":            finding.Doubt.Saying("no trusted seal makers were given, so none is known"),
	"maker_unknown":        finding.Doubt.Saying("the seal maker's certificate does not lead to a trusted one"),
	"maker_expired":        finding.Doubt.Saying("the seal maker's certificate is no longer valid"),

	// the signature
	"signature_forged":      finding.Fatal.Saying("what was signed was altered, or is not the work of the signer"),
	"signer_unreadable":     finding.Fatal.Saying("the signer's certificate cannot be read"),
	"signer_not_listed":     finding.Fatal.Saying("the signer is not among those who may use the seal"),
	"list_unknown":          finding.Fatal.Saying("the seal lists its signers by digests of kind {kind}, which is not known"),
	"signer_not_valid_then": finding.Fatal.Saying("the signer's certificate was not valid at the time of signing"),
	"seal_not_valid_then":   finding.Fatal.Saying("the seal was not valid at the time of signing"),
	"digest_mismatch":       finding.Fatal.Saying("the document is not the one that was signed"),
	"property_mismatch":     finding.Fatal.Saying("the signature was made for another place: {property}"),
	"property_unchecked":    finding.Note.Saying("what the signature says of its document was not compared: {property}"),
	"time_unknown":          finding.Doubt.Saying("the time of signing cannot be read"),
	"signed_in_future":      finding.Doubt.Saying("the claimed time of signing is in the future"),
	"signer_key_usage":      finding.Doubt.Saying("the signer's certificate is not meant for signing documents"),
	"no_roots":              finding.Doubt.Saying("no trusted roots were given, so no signer is known"),
	"signer_unknown":        finding.Doubt.Saying("the signer's certificate does not lead to a trusted root"),
	"signer_expired":        finding.Doubt.Saying("the signer's certificate is no longer valid, and no time stamp proves that it was"),
	"revocation_unknown":    finding.Note.Saying("whether the certificates were revoked was not checked"),

	// making
	"not_stamped":  finding.Fatal.Saying("signatures of seals of version 1 have no place for a time stamp"),
	"key_mismatch": finding.Fatal.Saying("the key is not the certificate's"),
}}

// find makes a finding; params come in pairs of name and value.
func find(code string, params ...any) finding.Finding { return catalogue.Find(code, params...) }

// Error is a finding that leaves nothing to judge or to make. Every error of this
// package is one, except those of a signing key, which are wrapped.
type Error struct{ finding.Finding }

func (e *Error) Error() string { return "ses: " + e.Message }

// Code returns "ses." and what is wrong.
func (e *Error) Code() string { return e.Finding.Code }

// Params returns what the code's sentence speaks of.
func (e *Error) Params() map[string]any { return e.Finding.Params }

func fail(code string, params ...any) error { return &Error{find(code, params...)} }

// Report is the judgement on a seal or a signature.
type Report struct {
	Verdict finding.Verdict `json:"verdict"`
	// Findings come in the order in which the standards judge, each code once.
	Findings finding.List `json:"findings"`
	// Chain leads from the signer's certificate, or from the maker's of a seal, to
	// a trusted one; nil without trust.
	Chain []*smx509.Certificate `json:"-"`
	// Makers leads from the seal maker's certificate to a trusted one, beside a
	// signature's Chain; nil without trust.
	Makers []*smx509.Certificate `json:"-"`
}

// Valid says whether nothing is wrong and everybody is trusted.
func (r *Report) Valid() bool { return r.Verdict == finding.Valid }

// settle draws the verdict: as bad as the worst finding.
func (r *Report) settle() *Report {
	r.Verdict = r.Findings.Worst().Verdict()
	return r
}

// err is the first fatal finding, nil when there is none.
func (r *Report) err() error {
	for _, f := range r.Findings {
		if f.Severity == finding.Fatal {
			return &Error{f}
		}
	}
	return nil
}
