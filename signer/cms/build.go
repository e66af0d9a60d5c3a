package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/signer/sigkey"
)

// sizeMargin in bytes is kept above the computed size.
const sizeMargin = 64

// Builder makes a SignedData, detached with Sign. Its fields must not change between calls.
type Builder struct {
	// Signer signs one digest: RSA with opts crypto.SHA256 (PKCS #1 v1.5), ECDSA
	// with the curve's SHA-2, SM2 with e = SM3(Z || attributes) and opts.HashFunc() 0,
	// answering DER. A crypto.MessageSigner is handed the attributes themselves.
	Signer crypto.Signer
	// Chain starts with the signer's certificate; its issuers follow. The root
	// may be left out.
	Chain []*smx509.Certificate
	// GM writes the identifiers of GB/T 35275 (GM/T 0010) instead of those of RFC
	// 5652: content types, and SM2 by its own. For SM2 only.
	GM bool
	// SigningTime, if given, is claimed in a signed attribute (RFC 5652, 11.3).
	// In a PDF the dictionary claims it, and PAdES forbids the attribute.
	SigningTime time.Time
	// Reserve is added to SizeBound, for unsigned attributes that are put in
	// after signing, such as a signature time stamp. In bytes.
	Reserve int
	// OmitCertificates leaves the chain out, for a receiver who has it already.
	OmitCertificates bool
}

// prepare checks that certificate and key are a pair before anything is asked of a token.
func (b Builder) prepare() (suite, error) {
	if b.Signer == nil || len(b.Chain) == 0 || b.Chain[0] == nil {
		return suite{}, fail(NoSignerCertificate, "a Builder needs a signer and its certificate")
	}
	pub := b.Chain[0].PublicKey
	s, err := suiteFor(pub)
	if err != nil {
		return suite{}, err
	}
	if b.GM && s.scheme != schemeSM2 {
		return suite{}, failAlgorithm(AlgorithmMismatch, s.String(), "GB/T 35275 knows SM2, not %s", s)
	}
	s.gm, s.time = b.GM, b.SigningTime
	equal, ok := pub.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !equal.Equal(b.Signer.Public()) {
		return suite{}, fail(KeyMismatch, "the signing key is not the certificate's")
	}
	return s, nil
}

// Hash returns a new hash for the content: SHA-256 for RSA and P-256, SHA-384
// and SHA-512 for the longer curves, SM3 for SM2.
func (b Builder) Hash() (hash.Hash, error) {
	s, err := b.prepare()
	if err != nil {
		return nil, err
	}
	return s.digest.new(), nil
}

// SizeBound returns the most bytes of DER that Sign can answer, plus Reserve.
func (b Builder) SizeBound() (int, error) {
	s, err := b.prepare()
	if err != nil {
		return 0, err
	}
	c := content{contentType: contentOID(s.gm)}
	attrs, err := s.attributes(c.contentType, make([]byte, s.digest.new().Size()), b.Chain[0])
	if err != nil {
		return 0, err
	}
	der, err := b.assemble(s, c, attrs, make([]byte, maxSignature(b.Chain[0].PublicKey)))
	if err != nil {
		return 0, err
	}
	return len(der) + sizeMargin + b.Reserve, nil
}

// maxSignature is the length of the longest signature value in bytes.
func maxSignature(pub crypto.PublicKey) int {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		return pub.Size()
	case *ecdsa.PublicKey:
		n := (pub.Curve.Params().N.BitLen() + 7) / 8
		return 2*(n+3) + 3 // two INTEGERs with a sign byte, a SEQUENCE with a long length
	}
	return 0
}

// Sign returns the DER of a ContentInfo for the digest of the content, made
// with Hash. It calls the Signer exactly once and verifies what comes back with
// the certificate's key. Errors of the Signer are wrapped.
func (b Builder) Sign(digest []byte) ([]byte, error) {
	s, err := b.prepare()
	if err != nil {
		return nil, err
	}
	if want := s.digest.new().Size(); len(digest) != want {
		return nil, fail(AlgorithmMismatch, "digest of %d bytes, %s has %d", len(digest), s.digest.name, want)
	}
	return b.sign(s, content{contentType: contentOID(s.gm)}, digest)
}

// SignAttached is Sign for a content that goes inside. It is of another type than
// data, such as TSTInfo (RFC 3161, 2.4.2).
func (b Builder) SignAttached(contentType asn1.ObjectIdentifier, inside []byte) ([]byte, error) {
	s, err := b.prepare()
	if err != nil {
		return nil, err
	}
	return b.sign(s, content{contentType, inside}, s.digest.sum(inside))
}

// content is what is signed; without octets it is detached.
type content struct {
	contentType oid
	octets      []byte
}

// version is that of SignedData (RFC 5652, 5.1).
func (c content) version() int64 {
	if c.contentType.Equal(oidData) || c.contentType.Equal(oidGMData) {
		return 1
	}
	return 3
}

func (c content) add(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(c.contentType)
		if c.octets != nil {
			b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddASN1OctetString(c.octets) })
		}
	})
}

func (b Builder) sign(s suite, c content, digest []byte) ([]byte, error) {
	pub := b.Chain[0].PublicKey
	attrs, err := s.attributes(c.contentType, digest, b.Chain[0])
	if err != nil {
		return nil, err
	}
	sig, err := sigkey.Sign(b.Signer, attrs, s.digest.hash)
	if err != nil {
		return nil, fmt.Errorf("cms: sign: %w", err)
	}
	if !s.verify(pub, attrs, sig) {
		return nil, fail(BadSignature, "the signer's answer does not verify with its certificate")
	}
	return b.assemble(s, c, attrs, sig)
}

// attributes returns the DER SET OF signed attributes, as it is signed.
func (s suite) attributes(contentType oid, digest []byte, c *smx509.Certificate) ([]byte, error) {
	var attrs [][]byte
	for _, a := range []struct {
		oid   oid
		value cryptobyte.BuilderContinuation
	}{
		{oidAttrContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(contentType) }},
		{oidAttrMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest) }},
		{oidAttrSigningCertV2, func(b *cryptobyte.Builder) { addSigningCertificateV2(b, s.digest, c) }},
	} {
		der, err := encode(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(a.oid)
			b.AddASN1(cbasn1.SET, a.value)
		})
		if err != nil {
			return nil, err
		}
		attrs = append(attrs, der)
	}
	if !s.time.IsZero() {
		der, err := encode(cbasn1.SEQUENCE, s.addSigningTime)
		if err != nil {
			return nil, err
		}
		attrs = append(attrs, der)
	}
	return setOf(cbasn1.SET, attrs)
}

// addSigningTime writes the attribute, in whole seconds: UTCTime through 2049.
func (s suite) addSigningTime(b *cryptobyte.Builder) {
	b.AddASN1ObjectIdentifier(oidAttrSigningTime)
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		if t := s.time.UTC(); t.Year() >= 1950 && t.Year() < 2050 {
			b.AddASN1UTCTime(t)
		} else {
			b.AddASN1GeneralizedTime(t)
		}
	})
}

// contentOID names the signed content: data, as RFC 5652 or GB/T 35275 have it.
func contentOID(gm bool) oid {
	if gm {
		return oidGMData
	}
	return oidData
}

// encode writes one element.
func encode(tag cbasn1.Tag, content cryptobyte.BuilderContinuation) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(tag, content)
	der, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cms: encode: %w", err)
	}
	return der, nil
}

// setOf writes a SET OF in DER order (X.690, 11.6).
func setOf(tag cbasn1.Tag, elements [][]byte) ([]byte, error) {
	slices.SortFunc(elements, bytes.Compare)
	return encode(tag, func(b *cryptobyte.Builder) {
		for _, e := range elements {
			b.AddBytes(e)
		}
	})
}

// assemble writes ContentInfo and SignedData (RFC 5652, 3, 5.1 and 5.3) around
// signed attributes and signature value.
func (b Builder) assemble(s suite, c content, attrs, sig []byte) ([]byte, error) {
	digestAlg, sigAlg := s.identifiers()
	var head, signer cryptobyte.Builder

	head.AddASN1Int64(c.version())
	head.AddASN1(cbasn1.SET, digestAlg.add)
	c.add(&head)
	var certs [][]byte
	for _, c := range b.Chain {
		if c == nil || slices.ContainsFunc(certs, func(o []byte) bool { return bytes.Equal(o, c.Raw) }) {
			continue
		}
		certs = append(certs, c.Raw)
	}
	if !b.OmitCertificates {
		set, err := setOf(tag0, certs)
		if err != nil {
			return nil, err
		}
		head.AddBytes(set)
	}

	signer.AddASN1Int64(1)
	signer.AddASN1(cbasn1.SEQUENCE, func(bb *cryptobyte.Builder) {
		bb.AddBytes(b.Chain[0].RawIssuer)
		bb.AddASN1BigInt(b.Chain[0].SerialNumber)
	})
	digestAlg.add(&signer)
	tagged := slices.Clone(attrs)
	tagged[0] = byte(tag0)
	signer.AddBytes(tagged)
	sigAlg.add(&signer)
	signer.AddASN1OctetString(sig)

	h, err := head.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cms: encode: %w", err)
	}
	si, err := signer.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cms: encode: %w", err)
	}
	return wrap(s.gm, h, si)
}

// wrap puts SignedData's head and the fields of its one SignerInfo into a ContentInfo.
func wrap(gm bool, head, signer []byte) ([]byte, error) {
	contentType := oidSignedData
	if gm {
		contentType = oidGMSignedData
	}
	return encode(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(contentType)
		b.AddASN1(tag0, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddBytes(head)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(signer) })
				})
			})
		})
	})
}

// AddTimeStamp returns the DER of s with a time-stamp token over SignatureValue as one
// more unsigned attribute (EN 319 122-1, 5.3).
func (s *SignedData) AddTimeStamp(token []byte) ([]byte, error) {
	return s.AddUnsigned(oidAttrTimeStamp, token)
}

// AddUnsigned returns the DER of s with one more unsigned attribute, such as a
// signature time stamp (1.2.840.113549.1.9.16.2.14). Everything else keeps its
// bytes. value is one DER element.
func (s *SignedData) AddUnsigned(attr asn1.ObjectIdentifier, value []byte) ([]byte, error) {
	rest := cryptobyte.String(value)
	var el cryptobyte.String
	var tag cbasn1.Tag
	if !rest.ReadAnyASN1Element(&el, &tag) || !rest.Empty() {
		return nil, fail(Malformed, "the attribute's value is not one DER element")
	}
	added, err := encode(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(attr)
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(value) })
	})
	if err != nil {
		return nil, err
	}
	attrs := [][]byte{added}
	for rest = cryptobyte.String(s.unsignedSet); !rest.Empty() && rest.ReadAnyASN1Element(&el, &tag); {
		attrs = append(attrs, el)
	}
	set, err := setOf(tag1, attrs)
	if err != nil {
		return nil, err
	}
	return wrap(s.gm, s.head, slices.Concat(s.signerHead, set))
}
