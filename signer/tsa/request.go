package tsa

import (
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The media types of RFC 3161, 3.4.
const (
	RequestType = "application/timestamp-query"
	AnswerType  = "application/timestamp-reply"
)

// MaxRequest is the longest request in bytes that ParseRequest reads.
const MaxRequest = 8 << 10

// maxNumber bounds nonces and serial numbers, in bits: RFC 3161, 2.4.2 asks for 160.
const maxNumber = 256

// Request is a TimeStampReq (RFC 3161, 2.4.1).
type Request struct {
	Imprint
	Policy       asn1.ObjectIdentifier // nil: the authority's own
	Nonce        *big.Int              // nil: none
	Certificates bool                  // certReq: the token is to bring the authority's certificates
}

// Marshal returns the DER.
func (r Request) Marshal() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		r.Imprint.add(b)
		if r.Policy != nil {
			b.AddASN1ObjectIdentifier(r.Policy)
		}
		if r.Nonce != nil {
			b.AddASN1BigInt(r.Nonce)
		}
		if r.Certificates {
			b.AddASN1Boolean(true)
		}
	})
	return b.Bytes()
}

// ParseRequest reads a request. Errors are of type *Error.
func ParseRequest(der []byte) (Request, error) {
	var r Request
	if len(der) > MaxRequest {
		return r, fail(TooLarge, "a request of %d bytes", len(der))
	}
	in := cryptobyte.String(der)
	var seq cryptobyte.String
	version := 0
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(&version) || version != 1 {
		return r, fail(Malformed, "not a time-stamp request of version 1")
	}
	var err error
	if r.Imprint, err = readImprint(&seq); err != nil {
		return r, err
	}
	if seq.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) && !seq.ReadASN1ObjectIdentifier(&r.Policy) {
		return r, fail(Malformed, "the policy is not well formed")
	}
	if r.Nonce, err = readNonce(&seq); err != nil {
		return r, err
	}
	if seq.PeekASN1Tag(cbasn1.BOOLEAN) && !seq.ReadASN1Boolean(&r.Certificates) {
		return r, fail(Malformed, "certReq is not well formed")
	}
	if seq.PeekASN1Tag(tag0) {
		var ext cryptobyte.String
		if !seq.ReadASN1(&ext, tag0) {
			return r, fail(Malformed, "the extensions are not well formed")
		}
		if err := readExtensions(ext); err != nil {
			return r, err
		}
	}
	if !seq.Empty() {
		return r, fail(Malformed, "the request has %d bytes too many", len(seq))
	}
	return r, nil
}

// readNonce reads the nonce, where there is one.
func readNonce(seq *cryptobyte.String) (*big.Int, error) {
	if !seq.PeekASN1Tag(cbasn1.INTEGER) {
		return nil, nil
	}
	n := new(big.Int)
	if !seq.ReadASN1Integer(n) || n.BitLen() > maxNumber {
		return nil, fail(Malformed, "the nonce is not well formed")
	}
	return n, nil
}
