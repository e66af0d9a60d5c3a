package sm2form

import (
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Sizes in bytes.
const (
	ScalarSize        = 32  // a number of the curve sm2p256v1
	RawSignatureSize  = 64  // r‖s
	SignatureBlobSize = 128 // ECCSIGNATUREBLOB
	blobScalarSize    = 64  // a number in a structure of GM/T 0016
)

// ErrSignature: the bytes are not a signature in the form they were read in.
var ErrSignature = errors.New("malformed SM2 signature")

// Signature is a pair of numbers, big endian.
type Signature struct {
	R, S [ScalarSize]byte
}

// ParseSignature reads any of the three forms. Their lengths tell them apart: r‖s has 64 bytes, the blob 128, and DER of a
// signature with numbers of common length about 70.
func ParseSignature(b []byte) (Signature, error) {
	switch len(b) {
	case RawSignatureSize:
		return ParseRawSignature(b)
	case SignatureBlobSize:
		return ParseSignatureBlob(b)
	}
	return ParseDERSignature(b)
}

// ParseRawSignature reads r‖s.
func ParseRawSignature(b []byte) (Signature, error) {
	if len(b) != RawSignatureSize {
		return Signature{}, ErrSignature
	}
	return signature(b[:ScalarSize], b[ScalarSize:])
}

// ParseSignatureBlob reads an ECCSIGNATUREBLOB.
func ParseSignatureBlob(b []byte) (Signature, error) {
	if len(b) != SignatureBlobSize {
		return Signature{}, ErrSignature
	}
	return signature(b[:blobScalarSize], b[blobScalarSize:])
}

// ParseDERSignature reads SEQUENCE { r INTEGER, s INTEGER }.
func ParseDERSignature(b []byte) (Signature, error) {
	in := cryptobyte.String(b)
	var seq cryptobyte.String
	var r, s []byte
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || !in.Empty() ||
		!seq.ReadASN1Integer(&r) || !seq.ReadASN1Integer(&s) || !seq.Empty() {
		return Signature{}, ErrSignature
	}
	return signature(r, s)
}

// signature takes numbers of any length that fit; zero is no part of a signature (GB/T 32918.2, 6.1).
func signature(r, s []byte) (Signature, error) {
	var sig Signature
	if !right(sig.R[:], r) || !right(sig.S[:], s) || sig.R == [ScalarSize]byte{} || sig.S == [ScalarSize]byte{} {
		return Signature{}, ErrSignature
	}
	return sig, nil
}

// Raw gives r‖s, 64 bytes.
func (s Signature) Raw() []byte {
	return append(append(make([]byte, 0, RawSignatureSize), s.R[:]...), s.S[:]...)
}

// Blob gives the ECCSIGNATUREBLOB, 128 bytes.
func (s Signature) Blob() []byte {
	b := make([]byte, SignatureBlobSize)
	right(b[:blobScalarSize], s.R[:])
	right(b[blobScalarSize:], s.S[:])
	return b
}

// DER gives SEQUENCE { r INTEGER, s INTEGER }.
func (s Signature) DER() []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addInteger(b, s.R[:])
		addInteger(b, s.S[:])
	})
	return b.BytesOrPanic()
}

// right puts the number in src at the right of dst, which holds zeros, and says whether it fits.
func right(dst, src []byte) bool {
	for len(src) > len(dst) {
		if src[0] != 0 {
			return false
		}
		src = src[1:]
	}
	copy(dst[len(dst)-len(src):], src)
	return true
}

// addInteger writes a number without a sign.
func addInteger(b *cryptobyte.Builder, number []byte) {
	for len(number) > 1 && number[0] == 0 {
		number = number[1:]
	}
	b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) {
		if number[0]&0x80 != 0 {
			b.AddUint8(0)
		}
		b.AddBytes(number)
	})
}
