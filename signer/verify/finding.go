package verify

import "sealdesk/signer/finding"

var catalogue = finding.Catalogue{Room: "verify", Known: map[string]finding.Known{
	// the file
	"malformed":             finding.Fatal.Saying("the file is not a well-formed PDF: {detail}"),
	"encrypted":             finding.Doubt.Saying("the file is encrypted, and whether it holds signatures, and right ones, is not known"),
	"encrypted_later":       finding.Fatal.Saying("a later revision encrypts the file, which was not encrypted before"),
	"too_large":             finding.Fatal.Saying("the file has more than can be judged: {detail}"),
	"signature_removed":     finding.Fatal.Saying("a signature of an earlier revision is gone: field {field}"),
	"stray_signature":       finding.Fatal.Saying("the file holds a signature that no field shows"),
	"store_malformed":       finding.Note.Saying("the data for later validation cannot be read: {detail}"),
	"store_too_large":       finding.Note.Saying("the file has more data for later validation than is read"),
	"document_stamp_broken": finding.Doubt.Saying("a time stamp over the document does not hold: field {field}"),

	// what is covered
	"no_byte_range":          finding.Fatal.Saying("the signature names no bytes that it covers"),
	"bad_byte_range":         finding.Fatal.Saying("the signature's byte range is wrong: {detail}"),
	"no_contents":            finding.Fatal.Saying("the signature has no value"),
	"bad_contents":           finding.Fatal.Saying("the signature's value is wrong: {detail}"),
	"shared_byte_range":      finding.Fatal.Saying("two signatures claim the same bytes"),
	"not_whole_revision":     finding.Fatal.Saying("the signature does not cover a whole revision of the file"),
	"sub_filter_unsupported": finding.Fatal.Saying("signatures of kind {subfilter} are not known and not judged"),
	"encoding_not_der":       finding.Note.Saying("the signature's value is not DER encoded"),

	// the value
	"digest_mismatch":              finding.Fatal.Saying("the signed bytes were altered after signing"),
	"signature_forged":             finding.Fatal.Saying("the signature value does not belong to the certificate"),
	"weak_algorithm":               finding.Fatal.Saying("the signature's algorithm is too weak: {algorithm}"),
	"algorithm_unknown":            finding.Fatal.Saying("the signature's algorithm is not known: {algorithm}"),
	"cms_malformed":                finding.Fatal.Saying("the signature's value is malformed: {detail}"),
	"digest_inside":                finding.Note.Saying("the signature holds the document's digest instead of being detached; what was signed names no certificate"),
	"no_signing_cert":              finding.Fatal.Saying("the signature does not name its certificate, which its kind requires"),
	"profile_not_pades":            finding.Note.Saying("the signature is not of PAdES baseline B: {detail}"),
	"attr_not_checked":             finding.Note.Saying("something unsigned in the signature was not checked"),
	"timestamp_wrong":              finding.Doubt.Saying("a time stamp in the signature does not hold: {detail}"),
	"timestamp_untrusted":          finding.Note.Saying("a time stamp in the signature proves nothing: {detail}"),
	"timestamp_revocation_unknown": finding.Note.Saying("whether the time-stamp authority {name} was revoked is not known: {detail}"),
	"document_stamp_wrong":         finding.Fatal.Saying("the time stamp over the document does not hold: {detail}"),
	"document_stamp_untrusted":     finding.Doubt.Saying("the time stamp over the document proves nothing: {detail}"),
	"claimed_after_stamp":          finding.Doubt.Saying("the claimed time of signing is later than the time stamp"),
	"revocation_unknown":           finding.Note.Saying("whether the certificate was revoked was not checked"),
	"revoked_since":                finding.Note.Saying("{name} was revoked at {at}, after the time stamp"),
	"signed_time_missing":          finding.Note.Saying("the signature claims no time of signing"),
	"weak_signature":               finding.Doubt.Saying("the signature is right, and proves little: its algorithm is weak ({algorithm})"),
	"names_no_certificate":         finding.Note.Saying("the signature stands over the document alone; what was signed names no certificate"),

	// what came after
	"modified":               finding.Fatal.Saying("the document was changed after signing: {detail}"),
	"certification_violated": finding.Fatal.Saying("the document was changed although its certification forbids it"),
	"lock_violated":          finding.Fatal.Saying("the signature locked the field {field}, which was signed afterwards"),
	"certification_wrong":    finding.Fatal.Saying("the certification is wrong: {detail}"),
	"filled_in":              finding.Doubt.Saying("form fields were filled in after signing, as the certification permits: field {field}"),
	"changed_after":          finding.Note.Saying("later revisions added what may be added"),
	"hybrid":                 finding.Note.Saying("the signed revision has two cross-reference sections; old readers may show something else"),
	"hidden_pages":           finding.Note.Saying("the signed revision has pages that nothing leads to"),
	"hidden_objects":         finding.Note.Saying("the signed revision refers to objects that do not exist"),
	"seal_overlaps":          finding.Note.Saying("the signature shows over an earlier one on page {page}"),
	"seal_shows_other":       finding.Doubt.Saying("what shows on page {page} is not the electronic seal's own picture"),
	"seal_not_compared":      finding.Note.Saying("what shows on page {page} could not be compared with the electronic seal's own picture"),
	"seal_too_large":         finding.Doubt.Saying("the signature's picture covers a large part of page {page}"),

	// what it looks like
	attackForgery:    finding.Note.Saying("this is how a universal signature forgery (USF) looks"),
	attackSaving:     finding.Note.Saying("this is how an incremental saving attack (ISA) looks"),
	attackWrapping:   finding.Note.Saying("this is how a signature wrapping attack (SWA) looks"),
	attackHide:       finding.Note.Saying("this is how a shadow attack looks that takes away what hid the content"),
	attackReplace:    finding.Note.Saying("this is how a shadow attack looks that replaces values, appearances or fonts"),
	attackSwitch:     finding.Note.Saying("this is how a shadow attack looks that puts hidden objects in the place of the shown"),
	attackAnnotation: finding.Note.Saying("this is how an evil annotation attack (EAA) looks"),
	attackField:      finding.Note.Saying("this is how a sneaky signature attack (SSA) looks"),

	// who signed
	"no_roots":              finding.Doubt.Saying("no trusted roots were given, so no signer is known"),
	"policy_other":          finding.Doubt.Saying("the signer's certificate was not issued under a policy that is asked for; its policies: {policies}"),
	"signer_unknown":        finding.Doubt.Saying("the signer's certificate does not lead to a trusted root"),
	"key_usage":             finding.Doubt.Saying("the certificate is not meant for signing documents"),
	"certificate_expired":   finding.Doubt.Saying("the certificate is no longer valid, and no time stamp proves that it was when it signed"),
	"not_valid_when_signed": finding.Doubt.Saying("the certificate was not valid at the claimed time of signing"),
	"signed_in_future":      finding.Doubt.Saying("the claimed time of signing is in the future"),
}}

// find makes a finding; params come in pairs of name and value.
func find(code string, params ...any) finding.Finding { return catalogue.Find(code, params...) }
