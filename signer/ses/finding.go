package ses

import (
	"fmt"
	"strings"
)

// Verdict is what a seal or a signature is worth.
type Verdict string

// The verdicts, from the best to the worst.
const (
	// Valid: intact, in its term, and maker and signer are trusted.
	Valid Verdict = "valid"
	// Untrusted: intact, but maker or signer is not known or not trusted.
	Untrusted Verdict = "untrusted"
	// Invalid: altered, forged, malformed, out of its term, or not to be judged.
	Invalid Verdict = "invalid"
)

// Severity is what a finding does to the verdict.
type Severity int

// The severities.
const (
	Note  Severity = iota // worth knowing, the verdict stays
	Doubt                 // at best untrusted
	Fatal                 // invalid
)

func (s Severity) worst() Verdict { return [...]Verdict{Valid, Untrusted, Invalid}[s] }

// Finding is one thing that was found, with a stable code.
type Finding struct {
	Code     string         `json:"code"`
	Message  string         `json:"message"` // English, for logs; people read the code's sentence
	Params   map[string]any `json:"-"`
	Severity Severity       `json:"-"`
}

// What is known of every code: its severity and its English message, in which
// {name} stands for a parameter.
var catalogue = map[string]struct {
	severity Severity
	message  string
}{
	// the structure, of both
	"malformed":        {Fatal, "not a well-formed electronic seal or signature: {detail}"},
	"too_large":        {Fatal, "more than can be judged: {detail}"},
	"not_a_seal":       {Fatal, "the data's header is not that of an electronic seal"},
	"version_unknown":  {Fatal, "version {version} of electronic seals is not known"},
	"version_mismatch": {Fatal, "the signature is of version {signature}, its seal of version {seal}"},
	"encoding_loose":   {Note, "the encoding is not quite DER: {detail}"},
	"extension":        {Fatal, "extension {oid} must be understood and is not known"},
	"timestamp":        {Note, "a time stamp is there and was not checked"},

	// the algorithms, of both
	"weak_algorithm":     {Fatal, "the algorithm is too weak: {algorithm}"},
	"algorithm_unknown":  {Fatal, "the algorithm is not known: {algorithm}"},
	"algorithm_mismatch": {Fatal, "{algorithm} cannot be made with the certificate's key"},

	// the seal
	"seal_forged":          {Fatal, "the seal was altered, or is not the work of the seal maker it names"},
	"term":                 {Fatal, "the seal's term ends before it begins"},
	"not_yet_valid":        {Fatal, "the seal's term begins at {from} only"},
	"expired":              {Fatal, "the seal's term ended at {until}"},
	"no_signers":           {Fatal, "the seal lists nobody who may use it"},
	"kind_unknown":         {Note, "the seal's kind {kind} is neither an organisation's nor a person's"},
	"picture_unknown":      {Fatal, "pictures of kind {format} are not known"},
	"picture_mismatch":     {Fatal, "the seal's picture is not of its kind {format}"},
	"picture_damaged":      {Fatal, "the seal's picture cannot be read"},
	"picture_too_large":    {Fatal, "the seal's picture has {width} x {height} pixels, too many"},
	"picture_size":         {Fatal, "the seal's picture is {width} x {height} mm, which no seal is"},
	"maker_unreadable":     {Fatal, "the seal maker's certificate cannot be read"},
	"maker_not_valid_then": {Fatal, "the seal maker's certificate was not valid when the seal was made"},
	"maker_key_usage":      {Doubt, "the seal maker's certificate is not meant for signing"},
	"no_makers":            {Doubt, "no trusted seal makers were given, so none is known"},
	"maker_unknown":        {Doubt, "the seal maker's certificate does not lead to a trusted one"},
	"maker_expired":        {Doubt, "the seal maker's certificate is no longer valid"},

	// the signature
	"signature_forged":      {Fatal, "what was signed was altered, or is not the work of the signer"},
	"signer_unreadable":     {Fatal, "the signer's certificate cannot be read"},
	"signer_not_listed":     {Fatal, "the signer is not among those who may use the seal"},
	"list_unknown":          {Fatal, "the seal lists its signers by digests of kind {kind}, which is not known"},
	"signer_not_valid_then": {Fatal, "the signer's certificate was not valid at the time of signing"},
	"seal_not_valid_then":   {Fatal, "the seal was not valid at the time of signing"},
	"digest_mismatch":       {Fatal, "the document is not the one that was signed"},
	"property_mismatch":     {Fatal, "the signature was made for another place: {property}"},
	"property_unchecked":    {Note, "what the signature says of its document was not compared: {property}"},
	"time_unknown":          {Doubt, "the time of signing cannot be read"},
	"signed_in_future":      {Doubt, "the claimed time of signing is in the future"},
	"signer_key_usage":      {Doubt, "the signer's certificate is not meant for signing documents"},
	"no_roots":              {Doubt, "no trusted roots were given, so no signer is known"},
	"signer_unknown":        {Doubt, "the signer's certificate does not lead to a trusted root"},
	"signer_expired":        {Doubt, "the signer's certificate is no longer valid, and no time stamp proves that it was"},
	"revocation_unknown":    {Note, "whether the certificates were revoked was not checked"},

	// making
	"key_mismatch": {Fatal, "the key is not the certificate's"},
}

// find makes a finding; params come in pairs of name and value.
func find(code string, params ...any) Finding {
	known := catalogue[code]
	f := Finding{Code: "ses." + code, Message: known.message, Severity: known.severity}
	for i := 0; i+1 < len(params); i += 2 {
		if f.Params == nil {
			f.Params = map[string]any{}
		}
		name := params[i].(string)
		f.Params[name] = params[i+1]
		f.Message = strings.ReplaceAll(f.Message, "{"+name+"}", fmt.Sprint(params[i+1]))
	}
	return f
}

// Error is a finding that leaves nothing to judge or to make. Every error of this
// package is one, except those of a signing key, which are wrapped.
type Error struct{ Finding }

func (e *Error) Error() string { return "ses: " + e.Message }

// Code returns "ses." and what is wrong.
func (e *Error) Code() string { return e.Finding.Code }

// Params returns what the code's sentence speaks of.
func (e *Error) Params() map[string]any { return e.Finding.Params }

func fail(code string, params ...any) error { return &Error{find(code, params...)} }

// Report is the judgement on a seal or a signature.
type Report struct {
	Verdict Verdict `json:"verdict"`
	// Findings come in the order in which the standards judge, each code once.
	Findings []Finding `json:"findings"`
}

// Valid says whether nothing is wrong and everybody is trusted.
func (r *Report) Valid() bool { return r.Verdict == Valid }

func (r *Report) add(found ...Finding) {
	for _, f := range found {
		if !r.has(f.Code) {
			r.Findings = append(r.Findings, f)
		}
	}
}

func (r *Report) has(code string) bool {
	for _, f := range r.Findings {
		if f.Code == code {
			return true
		}
	}
	return false
}

// settle draws the verdict: as bad as the worst finding.
func (r *Report) settle() *Report {
	worst := Note
	for _, f := range r.Findings {
		worst = max(worst, f.Severity)
	}
	r.Verdict = worst.worst()
	return r
}

// err is the first fatal finding, nil when there is none.
func (r *Report) err() error {
	for _, f := range r.Findings {
		if f.Severity == Fatal {
			return &Error{f}
		}
	}
	return nil
}
