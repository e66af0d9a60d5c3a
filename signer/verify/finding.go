package verify

import (
	"fmt"
	"strings"
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
	// the file
	"malformed":             {Fatal, "the file is not a well-formed PDF: {detail}"},
	"encrypted":             {Fatal, "the file is encrypted and is not judged"},
	"too_large":             {Fatal, "the file has more than can be judged: {detail}"},
	"signature_removed":     {Fatal, "a signature of an earlier revision is gone: field {field}"},
	"stray_signature":       {Fatal, "the file holds a signature that no field shows"},
	"timestamp_not_checked": {Note, "a time stamp is there and was not checked"},

	// what is covered
	"no_byte_range":          {Fatal, "the signature names no bytes that it covers"},
	"bad_byte_range":         {Fatal, "the signature's byte range is wrong: {detail}"},
	"no_contents":            {Fatal, "the signature has no value"},
	"bad_contents":           {Fatal, "the signature's value is wrong: {detail}"},
	"shared_byte_range":      {Fatal, "two signatures claim the same bytes"},
	"not_whole_revision":     {Fatal, "the signature does not cover a whole revision of the file"},
	"sub_filter_unsupported": {Fatal, "signatures of kind {subfilter} are not known and not judged"},
	"encoding_not_der":       {Note, "the signature's value is not DER encoded"},

	// the value
	"digest_mismatch":     {Fatal, "the signed bytes were altered after signing"},
	"signature_forged":    {Fatal, "the signature value does not belong to the certificate"},
	"weak_algorithm":      {Fatal, "the signature's algorithm is too weak: {algorithm}"},
	"algorithm_unknown":   {Fatal, "the signature's algorithm is not known: {algorithm}"},
	"cms_malformed":       {Fatal, "the signature's value is malformed: {detail}"},
	"no_signing_cert":     {Fatal, "the signature does not name its certificate, which its kind requires"},
	"profile_not_pades":   {Note, "the signature is not of PAdES baseline B: {detail}"},
	"attr_not_checked":    {Note, "a time stamp in the signature was not checked"},
	"revocation_unknown":  {Note, "whether the certificate was revoked was not checked"},
	"signed_time_missing": {Note, "the signature claims no time of signing"},

	// what came after
	"modified":               {Fatal, "the document was changed after signing: {detail}"},
	"certification_violated": {Fatal, "the document was changed although its certification forbids it"},
	"certification_wrong":    {Fatal, "the certification is wrong: {detail}"},
	"changed_after":          {Note, "later revisions added what may be added"},
	"hybrid":                 {Note, "the signed revision has two cross-reference sections; old readers may show something else"},
	"hidden_objects":         {Note, "the signed revision refers to objects that do not exist"},
	"seal_overlaps":          {Note, "the signature shows over an earlier one on page {page}"},
	"seal_too_large":         {Doubt, "the signature's picture covers a large part of page {page}"},

	// who signed
	"no_roots":              {Doubt, "no trusted roots were given, so no signer is known"},
	"signer_unknown":        {Doubt, "the signer's certificate does not lead to a trusted root"},
	"key_usage":             {Doubt, "the certificate is not meant for signing documents"},
	"certificate_expired":   {Doubt, "the certificate is no longer valid, and no time stamp proves that it was when it signed"},
	"not_valid_when_signed": {Doubt, "the certificate was not valid at the claimed time of signing"},
	"signed_in_future":      {Doubt, "the claimed time of signing is in the future"},
}

// find makes a finding; params come in pairs of name and value.
func find(code string, params ...any) Finding {
	known := catalogue[code]
	f := Finding{Code: "verify." + code, Message: known.message, Severity: known.severity}
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
