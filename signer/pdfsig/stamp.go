package pdfsig

import (
	"fmt"
	"hash"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/sigform"
)

// stampForm is what a document time stamp is called (ISO 32000-2, 12.8.5).
var stampForm = sigform.Form{Name: "rfc3161", Filter: "Adobe.PPKLite", SubFilter: "ETSI.RFC3161"}

// DocumentStamp frames a document time stamp (ISO 32000-2, 12.8.5; EN 319 142-1, 5.4.3):
// it proves that all that stands before it in the file was there at its time. It shows
// nowhere, and is nobody's signature.
type DocumentStamp struct {
	// HashName is "SHA256", "SHA384", "SHA512" or "SM3".
	HashName string
	// Stamp is asked for a time-stamp token (RFC 3161) over the digest of the file. Its
	// errors are wrapped.
	Stamp func(digest []byte) ([]byte, error)
}

// Form implements Frame.
func (DocumentStamp) Form() (sigform.Form, error) { return stampForm, nil }

// Hash implements Frame.
func (d DocumentStamp) Hash() (hash.Hash, error) {
	oid, err := cms.DigestOID(d.HashName)
	if err != nil {
		return nil, err
	}
	_, new, err := cms.DigestByOID(oid)
	if err != nil {
		return nil, err
	}
	return new(), nil
}

// SizeBound implements Frame.
func (DocumentStamp) SizeBound(sigform.Scope) (int, error) { return stampRoom, nil }

// Sign implements Frame.
func (d DocumentStamp) Sign(digest []byte, _ sigform.Scope) ([]byte, error) {
	token, err := d.Stamp(digest)
	if err != nil {
		return nil, fmt.Errorf("pdfsig: time stamp: %w", err)
	}
	return token, nil
}

// Certificates implements Frame: who stamps is known when the token comes.
func (DocumentStamp) Certificates() []*smx509.Certificate { return nil }

// Stamped implements Frame: the value is a time stamp, and has none.
func (DocumentStamp) Stamped() bool { return false }

func isStamp(f Frame) bool {
	_, ok := f.(DocumentStamp)
	return ok
}
