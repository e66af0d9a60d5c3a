package csc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"math/big"

	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/token"
)

// OIDs of hashes and of signatures with them (RFC 5754; RFC 8017, A.2.4; GM/T 0006).
var (
	hashes = map[crypto.Hash]string{
		0: "1.2.156.10197.1.401", crypto.SHA256: "2.16.840.1.101.3.4.2.1", crypto.SHA384: "2.16.840.1.101.3.4.2.2", crypto.SHA512: "2.16.840.1.101.3.4.2.3",
	}
	withRSA = map[crypto.Hash]string{
		crypto.SHA256: "1.2.840.113549.1.1.11", crypto.SHA384: "1.2.840.113549.1.1.12", crypto.SHA512: "1.2.840.113549.1.1.13",
	}
	withECDSA = map[crypto.Hash]string{
		crypto.SHA256: "1.2.840.10045.4.3.2", crypto.SHA384: "1.2.840.10045.4.3.3", crypto.SHA512: "1.2.840.10045.4.3.4",
	}
)

const withSM2 = "1.2.156.10197.1.501"

// algorithmOf names hash and signature for a key and the options of a digest; nil options are the usual ones.
func algorithmOf(pub crypto.PublicKey, opts crypto.SignerOpts) (hash, signature string, err error) {
	if opts == nil {
		if _, opts, err = token.NewDigest(pub); err != nil {
			return "", "", err
		}
	}
	if _, pss := opts.(*rsa.PSSOptions); pss {
		return "", "", token.ErrNotSupported
	}
	h := opts.HashFunc()
	switch k := pub.(type) {
	case *rsa.PublicKey:
		signature = withRSA[h]
	case *ecdsa.PublicKey:
		if sm2.IsSM2PublicKey(k) {
			return hashes[0], withSM2, nil
		}
		signature = withECDSA[h]
	}
	if signature == "" {
		return "", "", token.ErrNotSupported
	}
	return hashes[h], signature, nil
}

// form gives a signature on a curve as DER: services answer so, or with r and s one behind the other.
func form(pub crypto.PublicKey, signature []byte) []byte {
	k, ok := pub.(*ecdsa.PublicKey)
	if !ok || len(signature) != 2*((k.Curve.Params().BitSize+7)/8) {
		return signature
	}
	var inner cryptobyte.String
	if der := cryptobyte.String(signature); der.ReadASN1(&inner, asn1.SEQUENCE) && der.Empty() {
		return signature
	}
	half := len(signature) / 2
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(signature[:half]))
		b.AddASN1BigInt(new(big.Int).SetBytes(signature[half:]))
	})
	der, err := b.Bytes()
	if err != nil {
		return signature
	}
	return der
}
