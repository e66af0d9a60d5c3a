package verify

import (
	"bytes"
	"context"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/signer/sigform"
)

// A value is what /Contents holds, in whatever form.
type value interface {
	// hash returns a new hash for the signed bytes.
	hash() (hash.Hash, error)
	// judge puts into the signature what the value says, given the digest of
	// the signed bytes: whether it is theirs, and who made it.
	judge(ctx context.Context, s *judged, digest []byte, opts Options)
}

// readValue takes apart what Contents holds, padding and all.
func (s *judged) readValue(v *view, form sigform.Form, raw []byte) (value, error) {
	switch form.Value {
	case sigform.Seal:
		return s.readSealValue(raw)
	case sigform.PKCS1:
		return s.readPKCS1(v, raw)
	}
	return s.readCMS(form, raw)
}

// zeros says whether nothing but padding is left of Contents.
func zeros(rest []byte) error {
	if len(bytes.Trim(rest, "\x00")) != 0 {
		return &broken{find("bad_contents", "detail", "something other than zeros follows the value"), attackForgery}
	}
	return nil
}

// element splits one DER element from what follows it; nil when there is none.
func element(raw []byte) (der, rest []byte) {
	s := cryptobyte.String(raw)
	var el cryptobyte.String
	var tag cbasn1.Tag
	if !s.ReadAnyASN1Element(&el, &tag) {
		return nil, raw
	}
	return el, s
}
