package tsa

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/asn1"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/signer/cms"
)

// Imprint is the digest that a time stamp is over (RFC 3161, 2.4.1).
type Imprint struct {
	Hash   string // "SHA256", "SHA384", "SHA512" or "SM3"
	Digest []byte
}

// ImprintFor digests data with the hash that goes with a key: SM3 for SM2, so that
// nothing but the Chinese algorithms is needed to judge the time stamp, else SHA-256.
func ImprintFor(key crypto.PublicKey, data []byte) Imprint {
	if isSM2(key) {
		sum := sm3.Sum(data)
		return Imprint{"SM3", sum[:]}
	}
	sum := sha256.Sum256(data)
	return Imprint{"SHA256", sum[:]}
}

func isSM2(key crypto.PublicKey) bool {
	pub, ok := key.(*ecdsa.PublicKey)
	return ok && sm2.IsSM2PublicKey(pub)
}

func (m Imprint) check() error {
	oid, err := cms.DigestOID(m.Hash)
	if err != nil {
		return asError(err)
	}
	return sized(oid, m.Digest)
}

// sized says whether a digest is as long as those of its kind.
func sized(hash asn1.ObjectIdentifier, digest []byte) error {
	name, new, err := cms.DigestByOID(hash)
	if err != nil {
		return asError(err)
	}
	if want := new().Size(); len(digest) != want {
		return fail(Malformed, "a digest of %d bytes, %s has %d", len(digest), name, want)
	}
	return nil
}

func (m Imprint) add(b *cryptobyte.Builder) {
	oid, err := cms.DigestOID(m.Hash)
	if err != nil {
		b.SetError(err)
		return
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
		b.AddASN1OctetString(m.Digest)
	})
}

func readImprint(s *cryptobyte.String) (Imprint, error) {
	bad := fail(Malformed, "the message imprint is not well formed")
	var seq, alg, digest cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1(&alg, cbasn1.SEQUENCE) || !alg.ReadASN1ObjectIdentifier(&oid) {
		return Imprint{}, bad
	}
	if alg.PeekASN1Tag(cbasn1.NULL) && !alg.SkipASN1(cbasn1.NULL) || !alg.Empty() {
		return Imprint{}, bad
	}
	if !seq.ReadASN1(&digest, cbasn1.OCTET_STRING) || !seq.Empty() {
		return Imprint{}, bad
	}
	name, _, err := cms.DigestByOID(oid)
	if err != nil {
		return Imprint{}, asError(err)
	}
	return Imprint{Hash: name, Digest: digest}, sized(oid, digest)
}

var (
	tag0 = cbasn1.Tag(0).Constructed().ContextSpecific()
	tag1 = cbasn1.Tag(1).Constructed().ContextSpecific()
)

// readExtensions refuses every extension that must be understood: none is known.
func readExtensions(seq cryptobyte.String) error {
	bad := fail(Malformed, "the extensions are not well formed")
	if seq.Empty() {
		return bad
	}
	for !seq.Empty() {
		var ext, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		critical := false
		if !seq.ReadASN1(&ext, cbasn1.SEQUENCE) || !ext.ReadASN1ObjectIdentifier(&oid) {
			return bad
		}
		if ext.PeekASN1Tag(cbasn1.BOOLEAN) && !ext.ReadASN1Boolean(&critical) {
			return bad
		}
		if !ext.ReadASN1(&value, cbasn1.OCTET_STRING) || !ext.Empty() {
			return bad
		}
		if critical {
			return fail(UnknownExtension, "extension %v must be understood and is not known", oid)
		}
	}
	return nil
}
