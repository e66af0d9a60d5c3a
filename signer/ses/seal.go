package ses

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Version is that of a seal's header, which its structure follows.
type Version int

// The versions that are known.
const (
	V1 Version = 1 // GM/T 0031-2014
	V4 Version = 4 // GB/T 38540-2020
	V5 Version = 5 // GM/T 0031-2025
)

// GM/T 0031-2014, 6.1.1.1 gives 11 as its example of a version; writers put 1.
const exampleV1 = 11

// Kind is whose seal it is.
type Kind int

// The kinds of the standards. Others are seen.
const (
	Organisation Kind = 1 // 单位印章
	Person       Kind = 2 // 个人印章
)

// headerID begins every seal.
const headerID = "ES"

// Info is what a seal says: SES_SealInfo.
type Info struct {
	Version Version
	Vendor  string // Vid: names the maker's product; ASCII
	ID      string // esID: the seal's own; ASCII
	Kind    Kind
	Name    string // of the seal, as 云溪县人民医院合同专用章
	Signers Signers
	Created time.Time // in seconds, as all times
	// From and Until are the term in which the seal may be used, both included.
	From, Until time.Time
	Picture     Picture
	Extensions  []Extension
}

// Extension is one ExtData.
type Extension struct {
	ID       asn1.ObjectIdentifier
	Critical bool // whoever does not know it must refuse the seal
	Value    []byte
}

// Seal is a parsed SESeal. Its methods do not change it, so it may be used by
// several goroutines; whoever changes its fields is alone with that.
type Seal struct {
	Info
	// TimeStamp is a token over the signature value, of version 5 only; it is
	// not looked into.
	TimeStamp []byte

	raw       []byte // the whole SESeal
	info      []byte // SES_SealInfo
	certDER   []byte
	cert      *smx509.Certificate // nil when it cannot be read
	oid       asn1.ObjectIdentifier
	signature []byte
	loose     []string
}

// Raw returns the DER of the whole seal.
func (s *Seal) Raw() []byte { return bytes.Clone(s.raw) }

// Maker returns the seal maker's certificate, nil when it cannot be read.
func (s *Seal) Maker() *smx509.Certificate { return s.cert }

// Algorithm names what the maker signed with: "SM2-SM3", "RSA-SHA256"; the
// identifier of one that is not known.
func (s *Seal) Algorithm() string { return algorithmName(s.oid) }

func algorithmName(o asn1.ObjectIdentifier) string {
	if a, err := algorithmByOID(o); err == nil {
		return a.name
	}
	return o.String()
}

// ParseSeal reads the DER of a SESeal, and refuses anything behind it. It judges
// the structure, not the signature: see Seal.Judge.
//
// Errors are of type *Error.
func ParseSeal(der []byte) (*Seal, error) {
	der = bytes.Clone(der)
	d := &decoder{}
	s := d.seal(der, d.one("SESeal", der))
	if d.err != nil {
		return nil, d.err
	}
	return s, nil
}

func (d *decoder) seal(raw []byte, f *fields) *Seal {
	s := &Seal{raw: raw}
	var info *fields
	s.info, info = f.raw("eSealInfo")
	s.Info = info.info()
	signed := f
	if s.Version == V1 {
		signed = f.sequence("signInfo")
	}
	s.certDER = signed.octets("cert", maxCertificate)
	s.oid = signed.oid("signAlgID")
	s.signature = signed.bits("signedValue", maxSignature)
	if s.Version == V5 {
		s.TimeStamp = signed.timeStamp()
	}
	signed.end("SESeal")
	f.end("SESeal")
	s.cert = readCertificate(s.certDER)
	s.loose = d.loose
	return s
}

// Usable says why a seal cannot be used with a certificate at a time: it is
// forged, damaged or out of its term, or the certificate is out of its own or not
// listed in the seal. Whether the maker is trusted is not asked here: see Judge.
//
// Errors are of type *Error.
func (s *Seal) Usable(cert *smx509.Certificate, at time.Time) error {
	var r Report
	s.judgeSignature(&r)
	s.judgeContent(&r)
	s.judgeMaker(&r)
	s.judgeTerm(&r, at)
	if err := r.err(); err != nil {
		return err
	}
	if err := s.Signers.find(cert); err != nil {
		return err
	}
	if !within(at, cert.NotBefore, cert.NotAfter) {
		return fail("signer_not_valid_then")
	}
	return nil
}

// readCertificate gives nil for one that cannot be read: that is a finding, and
// the rest can be shown still.
func readCertificate(der []byte) *smx509.Certificate {
	c, err := smx509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return c
}

func (f *fields) info() Info {
	var s Info
	header := f.sequence("header")
	if id := header.ia5("ID", maxText); id != headerID {
		header.fail("not_a_seal")
	}
	switch version := header.integer("version"); version {
	case int(V1), exampleV1:
		s.Version = V1
	case int(V4), int(V5):
		s.Version = Version(version)
	default:
		header.fail("version_unknown", "version", version)
	}
	s.Vendor = header.ia5("Vid", maxText)
	header.end("header")
	if s.ID = f.ia5("esID", maxText); s.ID == "" {
		f.bad("esID")
	}

	p := f.sequence("property")
	s.Kind = Kind(p.integer("type"))
	if s.Name = p.utf8("name", maxText); s.Name == "" {
		p.bad("name")
	}
	timeTag := cbasn1.GeneralizedTime
	if s.Version == V1 {
		timeTag = cbasn1.UTCTime
		s.Signers = p.signers(byCertificate)
	} else {
		s.Signers = p.signers(p.integer("certListType"))
	}
	s.Created = p.time("createDate", timeTag)
	s.From = p.time("validStart", timeTag)
	s.Until = p.time("validEnd", timeTag)
	p.end("property")

	p = f.sequence("picture")
	s.Picture = Picture{Format: p.ia5("picture.type", maxText), Data: p.octets("picture.data", maxPicture),
		WidthMM: p.integer("width"), HeightMM: p.integer("height")}
	p.end("picture")
	s.Extensions = f.extensions(true)
	f.end("eSealInfo")
	return s
}

// Maker makes seals: a key with the certificate of a seal maker (制章者).
type Maker struct {
	// Signer signs one digest: RSA with opts crypto.SHA256 (PKCS #1 v1.5), SM2 with
	// e = SM3(Z || message) and opts.HashFunc() 0, answering DER.
	Signer      crypto.Signer
	Certificate *smx509.Certificate
}

// Make returns the DER of a seal. It is read back and judged before it is given
// out: what Judge would refuse is refused before the key is called. Times are cut
// to seconds.
//
// Errors are of type *Error, or the Signer's, wrapped.
func (m Maker) Make(info Info) ([]byte, error) {
	p, err := newPair(m.Signer, m.Certificate)
	if err != nil {
		return nil, err
	}
	body, err := info.encode()
	if err != nil {
		return nil, err
	}
	toSign := body
	if info.Version == V1 {
		if toSign, err = sealSigned(body, p.cert.Raw, p.oid); err != nil {
			return nil, err
		}
	}
	// With any signature value the rest can be judged.
	draft, err := assembleSeal(info.Version, body, p, make([]byte, p.maxSignature()))
	if err != nil {
		return nil, err
	}
	s, err := ParseSeal(draft)
	if err != nil {
		return nil, err
	}
	var r Report
	s.judgeContent(&r)
	s.judgeTerm(&r, s.usable())
	s.judgeMaker(&r)
	if err := r.err(); err != nil {
		return nil, err
	}
	signature, err := p.sign(toSign, "seal_forged")
	if err != nil {
		return nil, err
	}
	return assembleSeal(info.Version, body, p, signature)
}

// sealSigned is what a maker of version 1 signs (GM/T 0031-2014, 6.1.1.2).
func sealSigned(info, cert []byte, oid asn1.ObjectIdentifier) ([]byte, error) {
	return encode(func(b *cryptobyte.Builder) {
		b.AddBytes(info)
		b.AddASN1OctetString(cert)
		b.AddASN1ObjectIdentifier(oid)
	})
}

func assembleSeal(v Version, info []byte, p pair, signature []byte) ([]byte, error) {
	value := func(b *cryptobyte.Builder) {
		b.AddASN1OctetString(p.cert.Raw)
		b.AddASN1ObjectIdentifier(p.oid)
		b.AddASN1BitString(signature)
	}
	return encode(func(b *cryptobyte.Builder) {
		b.AddBytes(info)
		if v == V1 {
			b.AddASN1(cbasn1.SEQUENCE, value)
			return
		}
		value(b)
	})
}

// encode writes one SEQUENCE.
func encode(content cryptobyte.BuilderContinuation) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, content)
	der, err := b.Bytes()
	if err != nil {
		return nil, fail("malformed", "detail", err.Error())
	}
	return der, nil
}

func (s Info) encode() ([]byte, error) {
	addTime := addGeneralizedTime
	if s.Version == V1 {
		addTime = addUTCTime
	}
	return encode(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addString(b, cbasn1.IA5String, headerID)
			b.AddASN1Int64(int64(s.Version))
			addString(b, cbasn1.IA5String, s.Vendor)
		})
		addString(b, cbasn1.IA5String, s.ID)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(int64(s.Kind))
			addString(b, cbasn1.UTF8String, s.Name)
			s.Signers.add(b, s.Version)
			for _, t := range []time.Time{s.Created, s.From, s.Until} {
				addTime(b, t)
			}
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addString(b, cbasn1.IA5String, s.Picture.Format)
			b.AddASN1OctetString(s.Picture.Data)
			b.AddASN1Int64(int64(s.Picture.WidthMM))
			b.AddASN1Int64(int64(s.Picture.HeightMM))
		})
		addExtensions(b, s.Extensions)
	})
}

func addString(b *cryptobyte.Builder, tag cbasn1.Tag, s string) {
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
}

func addGeneralizedTime(b *cryptobyte.Builder, t time.Time) { b.AddASN1GeneralizedTime(t.UTC()) }

func addUTCTime(b *cryptobyte.Builder, t time.Time) { b.AddASN1UTCTime(t.UTC()) }

func addExtensions(b *cryptobyte.Builder, list []Extension) {
	if len(list) == 0 {
		return
	}
	b.AddASN1(tag0, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, e := range list {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(e.ID)
					if e.Critical {
						b.AddASN1Boolean(true)
					}
					b.AddASN1OctetString(e.Value)
				})
			}
		})
	})
}
