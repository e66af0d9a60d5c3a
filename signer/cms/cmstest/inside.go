package cmstest

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"

	"github.com/emmansun/gmsm/sm2"
)

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"optional"`
}

type signerInfo struct {
	Version         int
	Issuer          struct{ Name, Serial asn1.RawValue }
	DigestAlgorithm pkix.AlgorithmIdentifier
	Algorithm       pkix.AlgorithmIdentifier
	Signature       []byte
}

type signedData struct {
	Version          int
	DigestAlgorithms []pkix.AlgorithmIdentifier `asn1:"set"`
	Content          contentInfo
	Certificates     asn1.RawValue
	Signers          []signerInfo `asn1:"set"`
}

// DigestInside makes the SignedData that one vendor's GM.sm2cms.detached is
// seen to hold: the SM3 digest of the document as content, the SM2 signature
// over that content without attributes, the signer's certificate alone. content
// is what is put inside, signed what is signed; they are the digest in an honest one.
func (p *Party) DigestInside(t testing.TB, content, signed []byte) []byte {
	t.Helper()
	return p.bare(t, explicit(marshal(t, content)), signed)
}

// Bare makes a detached SignedData of GB/T 35275 whose SM2 signature stands over
// the document itself, without attributes.
func (p *Party) Bare(t testing.TB, signed []byte) []byte {
	t.Helper()
	return p.bare(t, asn1.RawValue{}, signed)
}

func gm(last ...int) asn1.ObjectIdentifier {
	return append(asn1.ObjectIdentifier{1, 2, 156, 10197}, last...)
}

func explicit(der []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: der}
}

func (p *Party) bare(t testing.TB, content asn1.RawValue, signed []byte) []byte {
	t.Helper()
	pub := p.Chain[0].PublicKey.(*ecdsa.PublicKey)
	e, err := sm2.CalculateSM2Hash(pub, signed, nil)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := p.Key.Sign(rand.Reader, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	sm3 := pkix.AlgorithmIdentifier{Algorithm: gm(1, 401)}
	signer := signerInfo{Version: 1, DigestAlgorithm: sm3, Algorithm: pkix.AlgorithmIdentifier{Algorithm: gm(1, 301, 1)}, Signature: signature}
	signer.Issuer.Name = asn1.RawValue{FullBytes: p.Chain[0].RawIssuer}
	signer.Issuer.Serial = asn1.RawValue{FullBytes: marshal(t, new(big.Int).Set(p.Chain[0].SerialNumber))}
	return marshal(t, contentInfo{gm(6, 1, 4, 2, 2), explicit(marshal(t, signedData{
		Version: 1, DigestAlgorithms: []pkix.AlgorithmIdentifier{sm3},
		Content:      contentInfo{gm(6, 1, 4, 2, 1), content},
		Certificates: explicit(p.Chain[0].Raw), Signers: []signerInfo{signer},
	}))})
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
