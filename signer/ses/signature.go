package ses

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"fmt"
	"hash"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Signature is a parsed SES_Signature: a seal as it was pressed on one document.
// Its methods do not change it, so it may be used by several goroutines.
type Signature struct {
	Version Version
	Seal    *Seal
	// Time is what the signer claims; zero when version 1 holds a time stamp or
	// something unreadable instead.
	Time time.Time
	// DataHash is the digest of the document.
	DataHash []byte
	// PropertyInfo says what of which document was signed, in the signer's own words.
	PropertyInfo string
	Extensions   []Extension // since version 4
	// TimeStamp is a token over the signature value, or in version 1 instead of
	// Time; what it says is for whoever judges with Options.Proven.
	TimeStamp []byte

	toSign    []byte
	certDER   []byte
	cert      *smx509.Certificate
	oid       asn1.ObjectIdentifier
	signature []byte
	loose     []string
}

// Certificate returns the signer's certificate, nil when it cannot be read.
func (s *Signature) Certificate() *smx509.Certificate { return s.cert }

// Algorithm names the signature, as Seal.Algorithm.
func (s *Signature) Algorithm() string { return algorithmName(s.oid) }

// Value is the signature value, which a TimeStamp is over since version 4.
func (s *Signature) Value() []byte { return bytes.Clone(s.signature) }

// Hash returns a new hash of the kind that the document is digested with: SM3
// with SM2, and the one that an RSA signature names (GM/T 0031-2014, 6.2.1).
func (s *Signature) Hash() (hash.Hash, error) {
	a, err := algorithmByOID(s.oid)
	if err != nil {
		return nil, err
	}
	return a.new(), nil
}

// ParseSignature reads the DER of a SES_Signature, and refuses anything behind
// it: whoever keeps it in a padded field trims the padding first. It judges the
// structure, not the signature: see Signature.Judge.
//
// Errors are of type *Error.
func ParseSignature(der []byte) (*Signature, error) {
	der = bytes.Clone(der)
	d := &decoder{}
	s := d.signature(der)
	if d.err != nil {
		return nil, d.err
	}
	return s, nil
}

func (d *decoder) signature(der []byte) *Signature {
	s := &Signature{}
	f := d.one("SES_Signature", der)
	var t *fields
	s.toSign, t = f.raw("toSign")
	version := t.integer("version")
	raw, seal := t.raw("eseal")
	s.Seal = d.seal(raw, seal)
	switch {
	case d.err != nil:
		return nil
	case version == exampleV1 && s.Seal.Version == V1:
		s.Version = V1
	default:
		s.Version = Version(version)
	}
	if s.Version != s.Seal.Version {
		d.fail("version_mismatch", "signature", version, "seal", int(s.Seal.Version))
		return nil
	}
	signed := f
	if s.Version == V1 {
		signed = t
		s.Time, s.TimeStamp = timeInfo(t.bits("timeInfo", maxTimeStamp))
	} else {
		s.Time = t.time("timeInfo", cbasn1.GeneralizedTime)
	}
	s.DataHash = t.bits("dataHash", maxDigest)
	s.PropertyInfo = t.ia5("propertyInfo", maxProperty)
	if s.Version != V1 {
		s.Extensions = t.extensions(false)
	}
	s.certDER = signed.octets("cert", maxCertificate)
	s.oid = signed.oid("signatureAlgID")
	t.end("toSign")
	s.signature = f.bits("signature", maxSignature)
	if s.Version != V1 {
		s.TimeStamp = f.timeStamp()
	}
	f.end("SES_Signature")
	s.cert = readCertificate(s.certDER)
	s.loose = d.loose
	return s
}

// timeInfo of version 1 is a time stamp where there was one to be had, and else a
// UTCTime (GM/T 0031-2014, 6.2.1). Writers put other things, which stay unread.
func timeInfo(bits []byte) (t time.Time, stamp []byte) {
	for _, tag := range []cbasn1.Tag{cbasn1.UTCTime, cbasn1.GeneralizedTime} {
		f := &fields{&decoder{}, cryptobyte.String(bits)}
		t = f.time("timeInfo", tag)
		f.end("timeInfo")
		if f.err == nil {
			return t, nil
		}
	}
	f := &fields{&decoder{}, cryptobyte.String(bits)}
	f.sequence("timeInfo")
	f.end("timeInfo")
	if f.err == nil {
		stamp = bits
	}
	return time.Time{}, stamp
}

// sizeMargin in bytes is kept above the computed size.
const sizeMargin = 64

// Builder presses a seal on a document. Its fields must not change between calls.
type Builder struct {
	// Seal is what is pressed; the signature takes its version.
	Seal *Seal
	// Signer is as Maker's.
	Signer      crypto.Signer
	Certificate *smx509.Certificate
	Time        time.Time
	// PropertyInfo names the document, or what of it is signed; ASCII.
	PropertyInfo string
	Extensions   []Extension // since version 4
	// Reserve is added to SizeBound, for a time stamp. In bytes.
	Reserve int
	// Stamp, if given, is asked after the key for a time-stamp token (RFC 3161, GB/T
	// 20520) over the signature value; its errors are wrapped. Since version 4: the
	// first version has no place for one.
	Stamp func(value []byte) ([]byte, error)
}

// prepare looks at everything that does not need the key.
func (b Builder) prepare() (pair, error) {
	p, err := newPair(b.Signer, b.Certificate)
	if err != nil {
		return pair{}, err
	}
	if b.Seal == nil {
		return pair{}, fail("not_a_seal")
	}
	if b.Stamp != nil && b.Seal.Version == V1 {
		return pair{}, fail("not_stamped")
	}
	return p, b.Seal.Usable(p.cert, b.Time)
}

// Hash returns a new hash for the document, SM3 or SHA-256, after a look at all
// that can be wrong before the key is asked: the seal itself, its term at Time,
// and whether the certificate is listed in it.
//
// Errors are of type *Error.
func (b Builder) Hash() (hash.Hash, error) {
	p, err := b.prepare()
	if err != nil {
		return nil, err
	}
	return p.new(), nil
}

// SizeBound returns the most bytes of DER that Sign can answer, plus Reserve.
func (b Builder) SizeBound() (int, error) {
	p, err := b.prepare()
	if err != nil {
		return 0, err
	}
	toSign, err := b.toSign(p, make([]byte, p.new().Size()))
	if err != nil {
		return 0, err
	}
	der, err := b.assemble(p, toSign, make([]byte, p.maxSignature()), nil)
	return len(der) + sizeMargin + b.Reserve, err
}

// Sign returns the DER of a SES_Signature for the document's digest, made with
// Hash. It calls the Signer exactly once, and reads back what it made.
//
// Errors are of type *Error, or the Signer's, wrapped.
func (b Builder) Sign(digest []byte) ([]byte, error) {
	p, err := b.prepare()
	if err != nil {
		return nil, err
	}
	if len(digest) != p.new().Size() {
		return nil, fail("digest_mismatch")
	}
	if b.Seal.Version == V1 && len(b.Extensions) > 0 {
		return nil, fail("malformed", "detail", "extDatas")
	}
	toSign, err := b.toSign(p, digest)
	if err != nil {
		return nil, err
	}
	// With any signature value it can be read: the key is called for nothing that cannot.
	draft, err := b.assemble(p, toSign, make([]byte, p.maxSignature()), nil)
	if err != nil {
		return nil, err
	}
	s, err := ParseSignature(draft)
	if err != nil {
		return nil, err
	}
	var r Report
	r.extensions(s.Extensions)
	if err := r.err(); err != nil {
		return nil, err
	}
	signature, err := p.sign(toSign, "signature_forged")
	if err != nil {
		return nil, err
	}
	var stamp []byte
	if b.Stamp != nil {
		if stamp, err = b.Stamp(signature); err != nil {
			return nil, fmt.Errorf("ses: time stamp: %w", err)
		}
	}
	return b.assemble(p, toSign, signature, stamp)
}

func (b Builder) toSign(p pair, digest []byte) ([]byte, error) {
	return encode(func(c *cryptobyte.Builder) {
		c.AddASN1Int64(int64(b.Seal.Version))
		c.AddBytes(b.Seal.raw)
		if b.Seal.Version == V1 {
			var t cryptobyte.Builder
			addUTCTime(&t, b.Time)
			der, err := t.Bytes()
			if err != nil {
				c.SetError(err)
			}
			c.AddASN1BitString(der)
		} else {
			addGeneralizedTime(c, b.Time)
		}
		c.AddASN1BitString(digest)
		addString(c, cbasn1.IA5String, b.PropertyInfo)
		if b.Seal.Version == V1 {
			c.AddASN1OctetString(p.cert.Raw)
			c.AddASN1ObjectIdentifier(p.oid)
		} else {
			addExtensions(c, b.Extensions)
		}
	})
}

func (b Builder) assemble(p pair, toSign, signature, stamp []byte) ([]byte, error) {
	return encode(func(c *cryptobyte.Builder) {
		c.AddBytes(toSign)
		if b.Seal.Version != V1 {
			c.AddASN1OctetString(p.cert.Raw)
			c.AddASN1ObjectIdentifier(p.oid)
		}
		c.AddASN1BitString(signature)
		if len(stamp) > 0 {
			c.AddASN1(tag0, func(c *cryptobyte.Builder) { c.AddASN1BitString(stamp) })
		}
	})
}
