package ses_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/image/bmp"

	"sealdesk/signer/cms/cmstest"
)

// The vectors are put together by hand, element by element, so that each has one
// fault and owes nothing to the package's own encoder.

func tlv(tag byte, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	switch n := len(content); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, content...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, content...)
	case n < 0x10000:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
	default:
		return append([]byte{tag, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, content...)
	}
}

const (
	tagInteger, tagBits, tagOctets, tagUTF8, tagSequence = 2, 3, 4, 0x0c, 0x30
	tagPrintable, tagIA5, tagUTCTime, tagGeneralized     = 0x13, 0x16, 0x17, 0x18
)

func der(v any) []byte {
	b, err := asn1.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func ia5(s string) []byte         { return tlv(tagIA5, []byte(s)) }
func octets(b []byte) []byte      { return tlv(tagOctets, b) }
func bitString(b []byte) []byte   { return tlv(tagBits, []byte{0}, b) }
func explicit0(b []byte) []byte   { return tlv(0xa0, b) }
func generalized(s string) []byte { return tlv(tagGeneralized, []byte(s)) }

func sum3(b []byte) []byte   { s := sm3.Sum(b); return s[:] }
func sum256(b []byte) []byte { s := sha256.Sum256(b); return s[:] }

var (
	oidSM2SM3    = der(asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 501})
	oidSM2Sign   = der(asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301, 1})
	oidRSASHA256 = der(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11})
	oidRSASHA1   = der(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5})
	oidECDSA     = der(asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2})
	oidExtension = der(asn1.ObjectIdentifier{1, 2, 156, 10197, 6, 99, 1})
)

// A signing is a key at work: by the rules, or with a fault.
type signing func(message []byte) []byte

func byKey(key crypto.Signer) signing {
	return func(message []byte) []byte {
		digest := sum256(message)
		opts := crypto.SHA256
		switch pub := key.Public().(type) {
		case *ecdsa.PublicKey:
			opts = 0
			if sm2.IsSM2PublicKey(pub) {
				var err error
				if digest, err = sm2.CalculateSM2Hash(pub, message, nil); err != nil {
					panic(err)
				}
			}
		}
		return must(key.Sign(rand.Reader, digest, opts))
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// cast are the certificates that the vectors are made with.
type cast struct {
	maker, otherMaker, rsaMaker, ecMaker, strangeMaker, encryptMaker, oldMaker *cmstest.Party
	signer, otherSigner, rsaSigner, newSigner, oldSigner, encryptSigner        *cmstest.Party
	makerTwin                                                                  []byte // another certificate of the same key
	shortKey                                                                   *rsa.PrivateKey
	shortCert                                                                  []byte
	strange                                                                    *cmstest.Party
}

// trustedMakers and trustedSigners are whose roots the vectors' judge knows.
func (c *cast) trustedMakers() []*cmstest.Party {
	return []*cmstest.Party{c.maker, c.otherMaker, c.rsaMaker, c.ecMaker, c.encryptMaker, c.oldMaker}
}

func (c *cast) trustedSigners() []*cmstest.Party {
	return []*cmstest.Party{c.signer, c.otherSigner, c.rsaSigner, c.newSigner, c.oldSigner, c.encryptSigner}
}

func date(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

func newCast(t *testing.T) *cast {
	party := func(algorithm, name string, o cmstest.Options) *cmstest.Party {
		o.Name = name
		return cmstest.New(t, algorithm, o)
	}
	expired := cmstest.Options{NotAfter: date(2026, 5, 25)}
	encrypts := cmstest.Options{KeyUsage: smx509.KeyUsageKeyEncipherment}
	c := &cast{
		maker: party("sm2", "制章中心", cmstest.Options{}), otherMaker: party("sm2", "另一制章中心", cmstest.Options{}),
		rsaMaker: party("rsa", "制章中心 RSA", cmstest.Options{}), ecMaker: party("ecdsa", "制章中心 P-256", cmstest.Options{}),
		strangeMaker: party("sm2", "无名制章人", cmstest.Options{}),
		encryptMaker: party("sm2", "制章中心 加密", encrypts), oldMaker: party("sm2", "制章中心 旧", expired),
		signer: party("sm2", "云溪县人民医院", cmstest.Options{}), otherSigner: party("sm2", "某某公司", cmstest.Options{}),
		rsaSigner:     party("rsa", "云溪县人民医院 RSA", cmstest.Options{}),
		newSigner:     party("sm2", "云溪县人民医院 新", cmstest.Options{NotBefore: date(2026, 5, 25)}),
		oldSigner:     party("sm2", "云溪县人民医院 旧", expired),
		encryptSigner: party("sm2", "云溪县人民医院 加密", encrypts),
		strange:       party("sm2", "无名", cmstest.Options{}),
	}
	c.makerTwin = twin(t, c.maker.Key)
	c.shortKey = must(rsa.GenerateKey(rand.Reader, 1024))
	c.shortCert = twin(t, c.shortKey)
	return c
}

// twin makes another certificate, of its own issue, for a key.
func twin(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	template := &smx509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "twin"},
		NotBefore: date(2020, 1, 1), NotAfter: date(2049, 1, 1)}
	return must(smx509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
}

// A sealFrame has every part of a SESeal as DER; a case replaces one.
type sealFrame struct {
	version                                         int // which structure
	id, number, vendor, headerTail                  []byte
	esID, kind, name, listType, list                []byte
	created, from, until, propertyTail              []byte
	pictureKind, picture, width, height, extensions []byte
	cert, oid, stamp, tail, behind                  []byte
	sign                                            signing
	tamper                                          func(info []byte) []byte // after signing
	signed                                          func(info, cert, oid []byte) []byte
	value                                           func(signature []byte) []byte
}

func infoAlone(info, _, _ []byte) []byte { return info }

func withCert(info, cert, oid []byte) []byte { return tlv(tagSequence, info, octets(cert), oid) }

func newSeal(c *cast, version int) *sealFrame {
	when := func(s string) []byte {
		if version == 1 {
			return tlv(tagUTCTime, []byte(s[2:]))
		}
		return generalized(s)
	}
	f := &sealFrame{
		version: version, id: ia5("ES"), number: der(version), vendor: ia5("SealDesk"),
		esID: ia5("50010000000001"), kind: der(1), name: tlv(tagUTF8, []byte("云溪县人民医院合同专用章")),
		listType: der(1), created: when("20250101000000Z"), from: when("20250101000000Z"), until: when("20291231235959Z"),
		pictureKind: ia5("PNG"), picture: octets(face(png.Encode)), width: der(42), height: der(42),
		cert: c.maker.Chain[0].Raw, oid: oidSM2SM3, sign: byKey(c.maker.Key), signed: infoAlone, value: bitString,
	}
	for _, s := range []*cmstest.Party{c.signer, c.rsaSigner, c.newSigner, c.oldSigner, c.encryptSigner, c.strange} {
		f.list = append(f.list, octets(s.Chain[0].Raw)...)
	}
	if version == 1 {
		f.listType, f.signed = nil, withCert
	}
	return f
}

func (f *sealFrame) by(p *cmstest.Party, oid []byte) {
	f.cert, f.oid, f.sign = p.Chain[0].Raw, oid, byKey(p.Key)
}

func (f *sealFrame) listed(sum func([]byte) []byte, kind string, certs ...[]byte) {
	f.listType, f.list = der(2), nil
	for _, c := range certs {
		f.list = append(f.list, tlv(tagSequence, tlv(tagPrintable, []byte(kind)), octets(sum(c)))...)
	}
}

func (f *sealFrame) build() []byte {
	info := tlv(tagSequence,
		tlv(tagSequence, f.id, f.number, f.vendor, f.headerTail), f.esID,
		tlv(tagSequence, f.kind, f.name, f.listType, tlv(tagSequence, f.list), f.created, f.from, f.until, f.propertyTail),
		tlv(tagSequence, f.pictureKind, f.picture, f.width, f.height), f.extensions)
	signature := f.value(f.sign(f.signed(info, f.cert, f.oid)))
	if f.tamper != nil {
		info = f.tamper(info)
	}
	value := bytes.Join([][]byte{octets(f.cert), f.oid, signature, f.stamp}, nil)
	if f.version == 1 {
		value = tlv(tagSequence, value)
	}
	return append(tlv(tagSequence, info, value, f.tail), f.behind...)
}

// A stampFrame has every part of a SES_Signature as DER.
type stampFrame struct {
	version                                      int
	number, time, dataHash, property, extensions []byte
	seal                                         *sealFrame
	cert, oid, stamp, tail, behind               []byte
	sign                                         signing
	tamper                                       func(toSign []byte) []byte
	swap                                         []byte // another seal, after signing
	value                                        func(signature []byte) []byte
	docDigest                                    []byte // what the judge is given
	docProperty                                  string
}

var document = []byte("%PDF-1.7 what was signed")

func newStamp(c *cast, version int) *stampFrame {
	f := &stampFrame{
		version: version, number: der(version), time: generalized("20260520083000Z"), dataHash: bitString(sum3(document)),
		property: ia5("field=Signature1;range=0 100 200 300"), seal: newSeal(c, version),
		cert: c.signer.Chain[0].Raw, oid: oidSM2SM3, sign: byKey(c.signer.Key), value: bitString,
		docDigest: sum3(document), docProperty: "field=Signature1;range=0 100 200 300",
	}
	if version == 1 {
		f.time = bitString(tlv(tagUTCTime, []byte("260520083000Z")))
	}
	return f
}

func (f *stampFrame) by(p *cmstest.Party) {
	f.cert, f.sign = p.Chain[0].Raw, byKey(p.Key)
	if _, ok := p.Key.Public().(*rsa.PublicKey); ok {
		f.oid, f.dataHash, f.docDigest = oidRSASHA256, bitString(sum256(document)), sum256(document)
	}
}

func (f *stampFrame) build() []byte {
	body := func(seal []byte) []byte {
		inside := [][]byte{f.number, seal, f.time, f.dataHash, f.property, f.extensions}
		if f.version == 1 {
			inside = append(inside, octets(f.cert), f.oid)
		}
		return tlv(tagSequence, inside...)
	}
	toSign := body(f.seal.build())
	signature := f.value(f.sign(toSign))
	if f.tamper != nil {
		toSign = f.tamper(toSign)
	}
	if f.swap != nil {
		toSign = body(f.swap)
	}
	if f.version == 1 {
		return append(tlv(tagSequence, toSign, signature, f.stamp, f.tail), f.behind...)
	}
	return append(tlv(tagSequence, toSign, octets(f.cert), f.oid, signature, f.stamp, f.tail), f.behind...)
}

// face is a small red disc in a picture format.
func face(encode func(io.Writer, image.Image) error) []byte {
	m := image.NewPaletted(image.Rect(0, 0, 16, 16), color.Palette{color.NRGBA{255, 255, 255, 0}, color.NRGBA{224, 32, 32, 255}})
	for y := range 16 {
		for x := range 16 {
			if dx, dy := 2*x-15, 2*y-15; dx*dx+dy*dy < 225 {
				m.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	if err := encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func asGIF(w io.Writer, m image.Image) error  { return gif.Encode(w, m, nil) }
func asJPEG(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) }

// wide is a PNG that claims 5000 pixels, with a header that holds.
func wide() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 5000, 1))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func replace(old, with string) func([]byte) []byte {
	return func(in []byte) []byte {
		out := bytes.Replace(in, []byte(old), []byte(with), 1)
		if len(old) != len(with) || bytes.Equal(out, in) {
			panic("nothing was altered: " + old)
		}
		return out
	}
}

func extension(critical []byte) []byte {
	return tlv(tagSequence, oidExtension, critical, octets([]byte("x")))
}

var (
	critical = []byte{1, 1, 0xff}
	notSo    = []byte{1, 1, 0}
)

func unusedBits(signature []byte) []byte {
	return tlv(tagBits, []byte{1}, signature[:len(signature)-1], []byte{0xfe})
}

// A fault is one vector to be.
type fault struct {
	name string // of the file
	what string // the fault, or what is odd and right
	want string // the code that must be found, "" when the vector is good
	seal func(*sealFrame)
	sign func(*stampFrame)
	// Which structure; 4 when 0.
	version int
	// How it is judged: without these, and at another time.
	without []string
	now     time.Time
}

func faults(c *cast) []fault {
	certs := func(ps ...*cmstest.Party) (out [][]byte) {
		for _, p := range ps {
			out = append(out, p.Chain[0].Raw)
		}
		return out
	}
	return slices.Concat([]fault{
		// Good ones.
		{name: "good-seal-v1", what: "version 1", version: 1, seal: func(f *sealFrame) {}},
		{name: "good-seal-v1-number", what: "version 1 with the standard's example of a number", version: 1,
			seal: func(f *sealFrame) {
				f.number = der(11)
			}},
		{name: "good-seal-v4", what: "version 4", seal: func(f *sealFrame) {}},
		{name: "good-seal-v5", what: "version 5", version: 5, seal: func(f *sealFrame) {}},
		{name: "good-seal-v5-stamped", what: "version 5 with a time stamp", version: 5, seal: func(f *sealFrame) {
			f.stamp = explicit0(bitString([]byte("token")))
		}},
		{name: "good-seal-rsa", what: "made with RSA", seal: func(f *sealFrame) { f.by(c.rsaMaker, oidRSASHA256) }},
		{name: "good-seal-rsa-v1", what: "version 1 made with RSA", version: 1, seal: func(f *sealFrame) {
			f.by(c.rsaMaker, oidRSASHA256)
		}},
		{name: "good-seal-old-identifier", what: "SM2 under its older identifier", seal: func(f *sealFrame) {
			f.oid = oidSM2Sign
		}},
		{name: "good-seal-digests", what: "signers by SM3", seal: func(f *sealFrame) {
			f.listed(sum3, "SM3", certs(c.signer)...)
		}},
		{name: "good-seal-extension", what: "an extension that need not be known", seal: func(f *sealFrame) {
			f.extensions = explicit0(tlv(tagSequence, extension(nil)))
		}},
		{name: "good-seal-bare-extension", what: "extensions without their tag", seal: func(f *sealFrame) {
			f.extensions = tlv(tagSequence, extension(nil))
		}},
		{name: "good-seal-false", what: "a FALSE that DER leaves out", seal: func(f *sealFrame) {
			f.extensions = explicit0(tlv(tagSequence, extension(notSo)))
		}},
		{name: "good-seal-term-reaches-back", what: "a term that begins before the seal was made", seal: func(f *sealFrame) {
			f.created = generalized("20260520120000Z")
		}},
		{name: "good-seal-kind", what: "a kind of the maker's own", seal: func(f *sealFrame) { f.kind = der(3) }},
		{name: "good-seal-gif", what: "a GIF", seal: func(f *sealFrame) {
			f.pictureKind, f.picture = ia5("gif"), octets(face(asGIF))
		}},
		{name: "good-seal-jpg", what: "a JPEG", seal: func(f *sealFrame) {
			f.pictureKind, f.picture = ia5("JPG"), octets(face(asJPEG))
		}},
		{name: "good-seal-bmp", what: "a BMP", seal: func(f *sealFrame) {
			f.pictureKind, f.picture = ia5("BMP"), octets(face(bmp.Encode))
		}},
		{name: "good-seal-svg", what: "an SVG", seal: func(f *sealFrame) {
			f.pictureKind, f.picture = ia5("SVG"), octets([]byte("\n<svg xmlns='http://www.w3.org/2000/svg'/>"))
		}},
		{name: "good-seal-ofd", what: "an OFD", seal: func(f *sealFrame) {
			f.pictureKind, f.picture = ia5("OFD"), octets([]byte("PK\x03\x04..."))
		}},

		// The structure of a seal.
		{name: "seal-behind", what: "a byte behind it", want: "malformed",
			seal: func(f *sealFrame) { f.behind = []byte{0} }},
		{name: "seal-tail", what: "a field too many", want: "malformed", seal: func(f *sealFrame) { f.tail = der(1) }},
		{name: "seal-header-tail", what: "a field too many in the header", want: "malformed", seal: func(f *sealFrame) {
			f.headerTail = der(1)
		}},
		{name: "seal-property-tail", what: "a field too many in the properties", want: "malformed",
			seal: func(f *sealFrame) {
				f.propertyTail = der(1)
			}},
		{name: "seal-id", what: "a header that is not ES", want: "not_a_seal",
			seal: func(f *sealFrame) { f.id = ia5("EX") }},
		{name: "seal-version", what: "version 3", want: "version_unknown", seal: func(f *sealFrame) { f.number = der(3) }},
		{name: "seal-version-long", what: "a version with a zero in front", want: "malformed", seal: func(f *sealFrame) {
			f.number = tlv(tagInteger, []byte{0, 4})
		}},
		{name: "seal-v1-says-4", what: "version 4 in the structure of version 1", want: "malformed", version: 1,
			seal: func(f *sealFrame) {
				f.number = der(4)
			}},
		{name: "seal-v4-says-1", what: "version 1 in the structure of version 4", want: "malformed",
			seal: func(f *sealFrame) {
				f.number = der(1)
			}},
		{name: "seal-esid-empty", what: "an empty number", want: "malformed", seal: func(f *sealFrame) { f.esID = ia5("") }},
		{name: "seal-esid-type", what: "a number that is a UTF8String", want: "malformed", seal: func(f *sealFrame) {
			f.esID = tlv(tagUTF8, []byte("1"))
		}},
		{name: "seal-esid-ascii", what: "a number beyond ASCII", want: "malformed", seal: func(f *sealFrame) {
			f.esID = ia5("\xe7\xab\xa0")
		}},
		{name: "seal-name-utf8", what: "a name that is not UTF-8", want: "malformed", seal: func(f *sealFrame) {
			f.name = tlv(tagUTF8, []byte("\xff"))
		}},
		{name: "seal-name-empty", what: "no name", want: "malformed", seal: func(f *sealFrame) { f.name = tlv(tagUTF8) }},
		{name: "seal-name-long", what: "a name of 1025 bytes", want: "too_large", seal: func(f *sealFrame) {
			f.name = tlv(tagUTF8, bytes.Repeat([]byte("a"), 1025))
		}},
		{name: "seal-list-type", what: "a list of type 3", want: "malformed",
			seal: func(f *sealFrame) { f.listType = der(3) }},
		{name: "seal-list-digests-as-1", what: "digests in a list of certificates", want: "malformed",
			seal: func(f *sealFrame) {
				f.listed(sum3, "SM3", certs(c.signer)...)
				f.listType = der(1)
			}},
		{name: "seal-list-certificates-as-2", what: "certificates in a list of digests", want: "malformed",
			seal: func(f *sealFrame) {
				f.listType = der(2)
			}},
		{name: "seal-list-long", what: "257 signers", want: "too_large", seal: func(f *sealFrame) {
			f.listed(sum3, "SM3", slices.Repeat(certs(c.signer), 257)...)
		}},
		{name: "seal-list-printable", what: "the name of a digest with an underscore", want: "malformed",
			seal: func(f *sealFrame) {
				f.listed(sum3, "SM_3", certs(c.signer)...)
			}},
		{name: "seal-time-zone", what: "a time that is not in UTC", want: "malformed", seal: func(f *sealFrame) {
			f.from = generalized("20250101000000+0800")
		}},
		{name: "seal-time-fraction", what: "a time with a fraction", want: "malformed", seal: func(f *sealFrame) {
			f.from = generalized("20250101000000.5Z")
		}},
		{name: "seal-time-local", what: "a time without its zone", want: "malformed", seal: func(f *sealFrame) {
			f.from = generalized("20250101000000")
		}},
		{name: "seal-time-day", what: "the 31st of February", want: "malformed", seal: func(f *sealFrame) {
			f.from = generalized("20250231000000Z")
		}},
		{name: "seal-time-utc-v4", what: "a UTCTime in version 4", want: "malformed", seal: func(f *sealFrame) {
			f.from = tlv(tagUTCTime, []byte("250101000000Z"))
		}},
		{name: "seal-time-minutes", what: "a time without seconds", want: "malformed", version: 1, seal: func(f *sealFrame) {
			f.from = tlv(tagUTCTime, []byte("2501010000Z"))
		}},
		{name: "seal-time-generalized-v1", what: "a GeneralizedTime in version 1", want: "malformed", version: 1,
			seal: func(f *sealFrame) {
				f.from = generalized("20250101000000Z")
			}},
		{name: "seal-picture-empty", what: "no picture", want: "malformed",
			seal: func(f *sealFrame) { f.picture = octets(nil) }},
		{name: "seal-width-type", what: "a width that is no number", want: "malformed", seal: func(f *sealFrame) {
			f.width = ia5("42")
		}},
		{name: "seal-width-huge", what: "a width of 20 bytes", want: "malformed", seal: func(f *sealFrame) {
			f.width = tlv(tagInteger, bytes.Repeat([]byte{0x7f}, 20))
		}},
		{name: "seal-value-bits", what: "a signature value that ends within a byte", want: "malformed",
			seal: func(f *sealFrame) {
				f.value = unusedBits
			}},
		{name: "seal-value-type", what: "a signature value that is an OCTET STRING", want: "malformed",
			seal: func(f *sealFrame) {
				f.value = octets
			}},
		{name: "seal-value-empty", what: "an empty signature value", want: "malformed", seal: func(f *sealFrame) {
			f.value = func([]byte) []byte { return bitString(nil) }
		}},
		{name: "seal-stamp-v4", what: "a time stamp, which version 4 has not", want: "malformed", seal: func(f *sealFrame) {
			f.stamp = explicit0(bitString([]byte("token")))
		}},
		{name: "seal-stamp-type", what: "a time stamp that is an OCTET STRING", want: "malformed", version: 5,
			seal: func(f *sealFrame) {
				f.stamp = explicit0(octets([]byte("token")))
			}},
		{name: "seal-extensions-tag", what: "extensions under another tag", want: "malformed", seal: func(f *sealFrame) {
			f.extensions = tlv(0xa1, tlv(tagSequence, extension(nil)))
		}},
		{name: "seal-extension-boolean", what: "a TRUE that is not 255", want: "malformed", seal: func(f *sealFrame) {
			f.extensions = explicit0(tlv(tagSequence, extension([]byte{1, 1, 1})))
		}},
		{name: "seal-extensions-many", what: "65 extensions", want: "too_large", seal: func(f *sealFrame) {
			f.extensions = explicit0(tlv(tagSequence, slices.Repeat([][]byte{extension(nil)}, 65)...))
		}},

		// What a seal says.
		{name: "seal-extension-critical", what: "an extension that must be known", want: "extension",
			seal: func(f *sealFrame) {
				f.extensions = explicit0(tlv(tagSequence, extension(critical)))
			}},
		{name: "seal-no-signers", what: "nobody may use it", want: "no_signers", seal: func(f *sealFrame) { f.list = nil }},
		{name: "seal-term", what: "it ends before it begins", want: "term", seal: func(f *sealFrame) {
			f.until = generalized("20241231235959Z")
		}},
		{name: "seal-not-yet", what: "it may not be used yet", want: "not_yet_valid", seal: func(f *sealFrame) {
			f.from = generalized("20270101000000Z")
		}},
		{name: "seal-made-tomorrow", what: "it was made tomorrow, with a term that has begun", want: "not_yet_valid",
			seal: func(f *sealFrame) { f.created = generalized("20260602000000Z") }},
		{name: "seal-expired", what: "it may not be used any more", want: "expired", seal: func(f *sealFrame) {
			f.until = generalized("20260525000000Z")
		}},
		{name: "seal-picture-kind", what: "a picture of kind TIF", want: "picture_unknown", seal: func(f *sealFrame) {
			f.pictureKind = ia5("TIF")
		}},
		{name: "seal-picture-other", what: "a PNG that is called a GIF", want: "picture_mismatch", seal: func(f *sealFrame) {
			f.pictureKind = ia5("GIF")
		}},
		{name: "seal-picture-damaged", what: "a PNG cut off in its header", want: "picture_damaged",
			seal: func(f *sealFrame) {
				f.picture = octets(face(png.Encode)[:20])
			}},
		{name: "seal-picture-wide", what: "a picture of 5000 pixels", want: "picture_too_large", seal: func(f *sealFrame) {
			f.picture = octets(wide())
		}},
		{name: "seal-picture-size", what: "a picture 0 mm wide", want: "picture_size", seal: func(f *sealFrame) {
			f.width = der(0)
		}},
		{name: "seal-picture-negative", what: "a picture -42 mm high", want: "picture_size", seal: func(f *sealFrame) {
			f.height = der(-42)
		}},

		// Who made it.
		{name: "seal-altered-name", what: "the name was altered", want: "seal_forged", seal: func(f *sealFrame) {
			f.tamper = replace("云溪县", "丰溪县")
		}},
		{name: "seal-altered-until", what: "the term was prolonged", want: "seal_forged", seal: func(f *sealFrame) {
			f.tamper = replace("20291231", "20391231")
		}},
		{name: "seal-altered-picture", what: "the picture was altered", want: "seal_forged", seal: func(f *sealFrame) {
			f.tamper = replace("IEND", "IENX")
		}},
		{name: "seal-other-key", what: "signed with another key", want: "seal_forged", seal: func(f *sealFrame) {
			f.sign = byKey(c.otherMaker.Key)
		}},
		{name: "seal-no-identity", what: "signed without the Z of SM2", want: "seal_forged", seal: func(f *sealFrame) {
			f.sign = func(m []byte) []byte { return must(c.maker.Key.Sign(rand.Reader, sum3(m), crypto.Hash(0))) }
		}},
		{name: "seal-v4-signed-as-v1", what: "version 4 with the signed part of version 1", want: "seal_forged",
			seal: func(f *sealFrame) {
				f.signed = withCert
			}},
		{name: "seal-v1-signed-as-v4", what: "version 1 with the signed part of version 4", want: "seal_forged", version: 1,
			seal: func(f *sealFrame) {
				f.signed = infoAlone
			}},
		{name: "seal-v1-other-certificate", what: "version 1 with another certificate of the same key", want: "seal_forged", version: 1,
			seal: func(f *sealFrame) {
				f.signed = func(info, _, oid []byte) []byte { return withCert(info, c.makerTwin, oid) }
			}},
		{name: "seal-sha1", what: "RSA with SHA-1", want: "weak_algorithm", seal: func(f *sealFrame) {
			f.by(c.rsaMaker, oidRSASHA1)
			f.sign = func(m []byte) []byte {
				s := sha1.Sum(m)
				return must(c.rsaMaker.Key.Sign(rand.Reader, s[:], crypto.SHA1))
			}
		}},
		{name: "seal-rsa-1024", what: "RSA of 1024 bits", want: "weak_algorithm", without: []string{"makers"},
			seal: func(f *sealFrame) {
				f.cert, f.oid, f.sign = c.shortCert, oidRSASHA256, byKey(c.shortKey)
			}},
		{name: "seal-ecdsa", what: "an algorithm that seals have not", want: "algorithm_unknown", seal: func(f *sealFrame) {
			f.by(c.ecMaker, oidECDSA)
		}},
		{name: "seal-p256-as-sm2", what: "SM2 said of a key on P-256", want: "algorithm_mismatch", seal: func(f *sealFrame) {
			f.by(c.ecMaker, oidSM2SM3)
		}},
		{name: "seal-rsa-as-sm2", what: "SM2 said of an RSA key", want: "algorithm_mismatch", seal: func(f *sealFrame) {
			f.by(c.rsaMaker, oidSM2SM3)
		}},
		{name: "seal-sm2-as-rsa", what: "RSA said of an SM2 key", want: "algorithm_mismatch", seal: func(f *sealFrame) {
			f.oid = oidRSASHA256
		}},
		{name: "seal-maker-unreadable", what: "a maker's certificate that is none", want: "maker_unreadable",
			seal: func(f *sealFrame) {
				f.cert = []byte{0x30, 0}
			}},
		{name: "seal-maker-then", what: "made before the maker's certificate", want: "maker_not_valid_then",
			seal: func(f *sealFrame) {
				f.created = generalized("20190101000000Z")
			}},
		{name: "seal-maker-usage", what: "a maker's certificate for encryption", want: "maker_key_usage",
			seal: func(f *sealFrame) {
				f.by(c.encryptMaker, oidSM2SM3)
			}},
		{name: "seal-maker-expired", what: "a maker's certificate that has expired", want: "maker_expired",
			seal: func(f *sealFrame) {
				f.by(c.oldMaker, oidSM2SM3)
			}},
		{name: "seal-maker-unknown", what: "a maker nobody knows", want: "maker_unknown", seal: func(f *sealFrame) {
			f.by(c.strangeMaker, oidSM2SM3)
		}},
		{name: "seal-maker-is-signer", what: "a seal that a trusted signer made himself", want: "maker_unknown",
			seal: func(f *sealFrame) {
				f.by(c.signer, oidSM2SM3)
			}},
		{name: "seal-no-makers", what: "judged without trusted makers", want: "no_makers", without: []string{"makers"},
			seal: func(f *sealFrame) {}},
	}, signFaults(c, certs))
}

func signFaults(c *cast, certs func(...*cmstest.Party) [][]byte) []fault {
	other := newSeal(c, 4)
	other.name = tlv(tagUTF8, []byte("云溪县人民医院财务专用章"))
	return []fault{
		// Good ones.
		{name: "good-sign-v1", what: "version 1", version: 1, sign: func(f *stampFrame) {}},
		{name: "good-sign-v4", what: "version 4", sign: func(f *stampFrame) {}},
		{name: "good-sign-v5", what: "version 5", version: 5, sign: func(f *stampFrame) {}},
		{name: "good-sign-rsa", what: "signed with RSA, the seal made with SM2",
			sign: func(f *stampFrame) { f.by(c.rsaSigner) }},
		{name: "good-sign-sm3-list", what: "listed by SM3", sign: func(f *stampFrame) {
			f.seal.listed(sum3, "SM3", certs(c.otherSigner, c.signer)...)
		}},
		{name: "good-sign-sha256-list", what: "listed by SHA-256", sign: func(f *stampFrame) {
			f.seal.listed(sum256, "SHA-256", certs(c.signer)...)
		}},
		{name: "good-sign-stamped", what: "with a time stamp", sign: func(f *stampFrame) {
			f.stamp = explicit0(bitString([]byte("token")))
		}},
		{name: "good-sign-v1-generalized", what: "version 1 with a GeneralizedTime", version: 1, sign: func(f *stampFrame) {
			f.time = bitString(generalized("20260520083000Z"))
		}},
		{name: "good-sign-expired-since", what: "a seal that has expired since", sign: func(f *stampFrame) {
			f.seal.until = generalized("20260525000000Z")
		}},
		{name: "good-sign-extension", what: "an extension that need not be known", sign: func(f *stampFrame) {
			f.extensions = explicit0(tlv(tagSequence, extension(nil)))
		}},

		// The structure of a signature.
		{name: "sign-behind", what: "a byte behind it", want: "malformed",
			sign: func(f *stampFrame) { f.behind = []byte{0} }},
		{name: "sign-tail", what: "a field too many", want: "malformed", sign: func(f *stampFrame) { f.tail = der(1) }},
		{name: "sign-v5-on-v4", what: "version 5 with a seal of version 4", want: "version_mismatch",
			sign: func(f *stampFrame) {
				f.number = der(5)
			}},
		{name: "sign-v4-on-v5", what: "version 4 with a seal of version 5", want: "version_mismatch", version: 5,
			sign: func(f *stampFrame) {
				f.number = der(4)
			}},
		{name: "sign-v4-on-v1", what: "version 4 with a seal of version 1", want: "version_mismatch",
			sign: func(f *stampFrame) {
				f.seal = newSeal(c, 1)
			}},
		{name: "sign-time-zone", what: "a time that is not in UTC", want: "malformed", sign: func(f *stampFrame) {
			f.time = generalized("20260520163000+0800")
		}},
		{name: "sign-hash-bits", what: "a digest that ends within a byte", want: "malformed", sign: func(f *stampFrame) {
			f.dataHash = unusedBits(sum3(document))
		}},
		{name: "sign-property-ascii", what: "property information beyond ASCII", want: "malformed",
			sign: func(f *stampFrame) {
				f.property = ia5("第一页")
			}},
		{name: "sign-extensions-bare", what: "extensions without their tag", want: "malformed", sign: func(f *stampFrame) {
			f.extensions = tlv(tagSequence, extension(nil))
		}},
		{name: "sign-extensions-v1", what: "extensions, which version 1 has not", want: "malformed", version: 1,
			sign: func(f *stampFrame) {
				f.extensions = explicit0(tlv(tagSequence, extension(nil)))
			}},
		{name: "sign-stamp-v1", what: "a time stamp behind the value, which version 1 has not", want: "malformed", version: 1,
			sign: func(f *stampFrame) {
				f.stamp = explicit0(bitString([]byte("token")))
			}},
		{name: "sign-value-bits", what: "a signature value that ends within a byte", want: "malformed",
			sign: func(f *stampFrame) {
				f.value = unusedBits
			}},

		// What was signed, and by whom.
		{name: "sign-altered-property", what: "the property information was altered", want: "signature_forged",
			sign: func(f *stampFrame) {
				f.tamper = replace("Signature1", "Signature2")
				f.docProperty = "field=Signature2;range=0 100 200 300"
			}},
		{name: "sign-altered-time", what: "the time was altered", want: "signature_forged", sign: func(f *stampFrame) {
			f.tamper = replace("20260520", "20260420")
		}},
		{name: "sign-altered-digest", what: "the digest was altered to another document's", want: "signature_forged",
			sign: func(f *stampFrame) {
				f.docDigest = sum3([]byte("another document"))
				f.tamper = replace(string(sum3(document)), string(f.docDigest))
			}},
		{name: "sign-swapped-seal", what: "another seal of the same signer was put in", want: "signature_forged",
			sign: func(f *stampFrame) {
				f.swap = other.build()
			}},
		{name: "sign-other-key", what: "signed with another key", want: "signature_forged", sign: func(f *stampFrame) {
			f.sign = byKey(c.otherSigner.Key)
		}},
		{name: "sign-sha1", what: "RSA with SHA-1", want: "weak_algorithm", sign: func(f *stampFrame) {
			f.by(c.rsaSigner)
			f.oid = oidRSASHA1
		}},
		{name: "sign-p256", what: "RSA said of an SM2 key", want: "algorithm_mismatch", sign: func(f *stampFrame) {
			f.oid, f.dataHash, f.docDigest = oidRSASHA256, bitString(sum256(document)), sum256(document)
		}},
		{name: "sign-signer-unreadable", what: "a signer's certificate that is none", want: "signer_unreadable",
			sign: func(f *stampFrame) {
				f.cert = []byte{0x30, 0}
			}},
		{name: "sign-not-listed", what: "a signer who may not use the seal", want: "signer_not_listed",
			sign: func(f *stampFrame) {
				f.by(c.otherSigner)
			}},
		{name: "sign-not-listed-digest", what: "a signer whose digest is not listed", want: "signer_not_listed",
			sign: func(f *stampFrame) {
				f.seal.listed(sum3, "SM3", certs(c.otherSigner)...)
			}},
		{name: "sign-list-cut", what: "a digest cut to 16 bytes", want: "signer_not_listed", sign: func(f *stampFrame) {
			f.seal.listed(func(b []byte) []byte { return sum3(b)[:16] }, "SM3", certs(c.signer)...)
		}},
		{name: "sign-list-unknown", what: "a list of digests that nobody knows", want: "list_unknown",
			sign: func(f *stampFrame) {
				f.seal.listed(func(b []byte) []byte { s := sha1.Sum(b); return s[:] }, "SHA1", certs(c.signer)...)
			}},
		{name: "sign-signer-then", what: "signed before the signer's certificate", want: "signer_not_valid_then",
			sign: func(f *stampFrame) {
				f.by(c.newSigner)
			}},
		{name: "sign-signer-expired", what: "a signer's certificate that has expired since", want: "signer_expired",
			sign: func(f *stampFrame) {
				f.by(c.oldSigner)
			}},
		{name: "sign-signer-usage", what: "a signer's certificate for encryption", want: "signer_key_usage",
			sign: func(f *stampFrame) {
				f.by(c.encryptSigner)
			}},
		{name: "sign-signer-unknown", what: "a signer nobody knows", want: "signer_unknown", sign: func(f *stampFrame) {
			f.by(c.strange)
		}},
		{name: "sign-no-roots", what: "judged without trusted roots", want: "no_roots", without: []string{"roots"},
			sign: func(f *stampFrame) {}},
		{name: "sign-seal-later", what: "signed before the seal's term", want: "seal_not_valid_then",
			sign: func(f *stampFrame) {
				f.time = generalized("20241231235959Z")
			}},
		{name: "sign-seal-made-later", what: "signed before the seal was made, within its term", want: "seal_not_valid_then",
			sign: func(f *stampFrame) { f.seal.created = generalized("20260521000000Z") }},
		{name: "sign-seal-earlier", what: "signed after the seal's term", want: "seal_not_valid_then",
			sign: func(f *stampFrame) {
				f.seal.until = generalized("20260520082959Z")
			}},
		{name: "sign-in-future", what: "signed tomorrow", want: "signed_in_future", now: time.Date(2026, 5, 19, 8, 30, 0, 0, time.UTC),
			sign: func(f *stampFrame) {
				f.seal.list = octets(c.signer.Chain[0].Raw)
			}},
		{name: "sign-v1-time-text", what: "version 1 with a time in letters", want: "time_unknown", version: 1,
			sign: func(f *stampFrame) {
				f.time = bitString([]byte("2026-05-20 08:30:00"))
			}},
		{name: "sign-v1-time-stamp", what: "version 1 with a time stamp", want: "time_unknown", version: 1,
			sign: func(f *stampFrame) {
				f.time = bitString(tlv(tagSequence, der(1)))
			}},
		{name: "sign-extension-critical", what: "an extension that must be known", want: "extension",
			sign: func(f *stampFrame) {
				f.extensions = explicit0(tlv(tagSequence, extension(critical)))
			}},
		{name: "sign-seal-forged", what: "a seal that was altered before it was pressed", want: "seal_forged",
			sign: func(f *stampFrame) {
				f.seal.tamper = replace("云溪县", "丰溪县")
			}},
		{name: "sign-seal-self-made", what: "a seal that the signer made himself", want: "maker_unknown",
			sign: func(f *stampFrame) {
				f.seal.by(c.signer, oidSM2SM3)
			}},

		// The link to the document.
		{name: "sign-other-document", what: "pressed on another document", want: "digest_mismatch",
			sign: func(f *stampFrame) {
				f.docDigest = sum3([]byte("another document"))
			}},
		{name: "sign-digest-cut", what: "a digest of 31 bytes", want: "digest_mismatch", sign: func(f *stampFrame) {
			f.dataHash, f.docDigest = bitString(sum3(document)[:31]), sum3(document)[:31]
		}},
		{name: "sign-other-digest", what: "a digest of another kind than the signature's", want: "digest_mismatch",
			sign: func(f *stampFrame) {
				f.dataHash = bitString(sum256(document))
			}},
		{name: "sign-other-place", what: "made for another place in the document", want: "property_mismatch",
			sign: func(f *stampFrame) {
				f.docProperty = "field=Signature2;range=0 100 200 300"
			}},
	}
}
