package verify

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/asn1"
	"encoding/hex"
	"image"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/ses"
	"sealdesk/signer/ses/sestest"
	"sealdesk/signer/sigform"
)

// office is a party with an electronic seal, and the maker of that.
type office struct {
	*cmstest.Party
	maker *cmstest.Party
	seal  *ses.Seal
}

func newOffice(t testing.TB, change func(*ses.Info)) *office {
	t.Helper()
	o := &office{Party: cmstest.New(t, "sm2", cmstest.Options{Name: "云溪县人民医院"}), maker: cmstest.New(t, "sm2", cmstest.Options{Name: "制章中心"})}
	info := sestest.Info(t, o.Chain[0])
	if change != nil {
		change(&info)
	}
	o.seal = sestest.Make(t, o.maker.Key, o.maker.Chain[0], info)
	return o
}

// sealed signs with the seal as an honest program does.
func (o *office) sealed(t testing.TB, data []byte, at time.Time, field string) []byte {
	t.Helper()
	m, err := o.seal.Picture.Image()
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pdfsig.Prepare(context.Background(), bytes.NewReader(data), int64(len(data)), pdfsig.Request{
		Frame: pdfsig.Seal{Builder: ses.Builder{Seal: o.seal, Signer: o.Key, Certificate: o.Chain[0], Time: at}}, Time: at, FieldName: field,
		Places: []pdfsig.Appearance{{Page: 1, Rect: pdf.Rect{100, 100, 213, 213}, Image: m.(*image.NRGBA)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return signed(t, plan, data)
}

// trusting trusts signers by their root, and makers by who certified them.
func (o *office) trusting() Options {
	return Options{Now: testNow, Roots: []*smx509.Certificate{o.Root}, Makers: []*smx509.Certificate{o.maker.Chain[1]}, Intermediates: o.Chain[1:]}
}

func judgeWith(t testing.TB, data []byte, opts Options) *Report {
	t.Helper()
	r, err := File(context.Background(), bytes.NewReader(data), int64(len(data)), opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var sealingTime = time.Date(2025, 6, 1, 4, 0, 0, 0, time.UTC)

func TestASealIsJudged(t *testing.T) {
	for _, version := range []ses.Version{ses.V1, ses.V4, ses.V5} {
		o := newOffice(t, func(i *ses.Info) { i.Version = version })
		other := newOffice(t, func(i *ses.Info) { i.Name = "某某公司合同专用章" })
		long := strings.Repeat("章", 300) // a field's name that no report shows whole
		first := o.sealed(t, newPaper(t).data, sealingTime, long)
		both := signWith(t, first, other.Party, pdfsig.Request{})
		opts := o.trusting()
		opts.Roots = append(opts.Roots, other.Root)
		r := judgeWith(t, both, opts)
		if !r.Valid() || len(r.Signatures) != 2 {
			t.Fatalf("version %d: %s %v", version, r.Verdict, allCodes(r))
		}
		s := r.Signatures[0]
		if s.Signer != "云溪县人民医院" || s.Algorithm != "SM2-SM3" || s.Level != "none" || s.SubFilter != "GM.sm2seal" || !s.SignedAt.Equal(sealingTime) ||
			len(s.Chain) != 3 || !bytes.Equal(s.Seal.Raw(), o.seal.Raw()) || s.RevisionEnd != int64(len(first)) {
			t.Errorf("version %d: %+v", version, s)
		}
		if f := s.SealFacts; f.Name != "云溪县人民医院合同专用章" || f.Maker != "制章中心" || f.Version != int(version) || f.Picture.WidthMM != 40 || f.Picture.WidthPixels != 240 ||
			f.ValidUntil.Year() != 2048 || f.Algorithm != "SM2-SM3" {
			t.Errorf("version %d: %+v", version, f)
		}
		if got := codes(s.Findings); !slices.Equal(got, []string{"ses.revocation_unknown", "verify.changed_after"}) {
			t.Errorf("version %d: findings %v", version, got)
		}
		if r.Signatures[1].Seal != nil || r.Signatures[1].SealFacts != nil {
			t.Error("a signature without a seal has one")
		}
		opts.Forms = sigform.Table{{Name: "pades", Filter: "Adobe.PPKLite", SubFilter: "ETSI.CAdES.detached", Value: sigform.CMS}}
		if r := judgeWith(t, both, opts); r.Verdict != Invalid || !slices.Contains(allCodes(r), "verify.sub_filter_unsupported") {
			t.Errorf("a form that is not in the table: %s %v", r.Verdict, allCodes(r))
		}
	}
}

// Who may sign is not who may make seals, and the other way about.
func TestMakersAreTrustedApart(t *testing.T) {
	o := newOffice(t, nil)
	data := o.sealed(t, newPaper(t).data, sealingTime, "")
	all := o.trusting()
	for _, tt := range []struct {
		name   string
		change func(*Options)
		code   string
	}{
		{"no makers", func(o *Options) { o.Makers = nil }, "ses.no_makers"},
		{"roots are no makers", func(o *Options) { o.Makers = o.Roots }, "ses.maker_unknown"},
		{"makers are no roots", func(o *Options) { o.Roots = o.Makers }, "ses.signer_unknown"},
		{"no roots", func(o *Options) { o.Roots = nil }, "ses.no_roots"},
		{"no way to the root", func(o *Options) { o.Intermediates = nil }, "ses.signer_unknown"},
	} {
		opts := all
		tt.change(&opts)
		r := judgeWith(t, data, opts)
		if r.Verdict != Untrusted || !r.Signatures[0].Intact || !slices.Contains(allCodes(r), tt.code) {
			t.Errorf("%s: %s %v", tt.name, r.Verdict, allCodes(r))
		}
		said, maker := r.Sentence(), strings.Contains(tt.code, "maker")
		if (said.Code == "verify.said_untrusted_maker") != maker || (said.Params["maker"] == "制章中心") != maker || said.Params["reason"] != tt.code {
			t.Errorf("%s: it is said %v", tt.name, said)
		}
	}
}

// One bit of any part is enough, and what is found names the part.
func TestEveryPartOfASealCounts(t *testing.T) {
	o := newOffice(t, nil)
	data := o.sealed(t, newPaper(t).data, sealingTime, "")
	opts := o.trusting()
	good := judgeWith(t, data, opts)
	if !good.Valid() {
		t.Fatal(allCodes(good))
	}
	b := good.Signatures[0].ByteRange
	raw := make([]byte, (b[2]-b[1]-2)/2)
	if _, err := hex.Decode(raw, data[b[1]+1:b[2]-1]); err != nil {
		t.Fatal(err)
	}
	der, _ := element(raw)
	digest := sm3.Sum(slices.Concat(data[:b[1]], data[b[2]:]))
	// in is where a part lies in the value: the last place, as a seal's signers stand before the signature's own.
	in := func(part []byte, skip int) int {
		at := bytes.LastIndex(der, part)
		if at < 0 {
			t.Fatalf("the value has no % x", part)
		}
		return at + skip
	}
	maker, signer := o.maker.Chain[0].Raw, o.Chain[0].Raw
	outside := func(s string, skip int) int { return -1 - bytes.LastIndex(data, []byte(s)) - skip }
	for _, tt := range []struct {
		name string
		at   int // of the byte that changes: in the value, or below 0 in the file
		code string
	}{
		{"the document", outside("Pay 100", 5), "ses.digest_mismatch"},
		{"the dictionary", outside("/Filter /Gomain", 10), "ses.digest_mismatch"},
		{"dataHash", in(digest[:], 5), "ses.signature_forged"},
		{"dataHash, again", in(digest[:], 31), "ses.digest_mismatch"},
		{"the seal's name", in([]byte("合同专用章"), 2), "ses.seal_forged"},
		{"the seal's number", in([]byte("41089900000001"), 3), "ses.seal_forged"},
		{"the seal's term", in([]byte("20480101000000Z"), 3), "ses.seal_forged"},
		{"the picture", in(o.seal.Picture.Data, 70), "ses.seal_forged"},
		{"the picture, for the signer", in(o.seal.Picture.Data, 70), "ses.signature_forged"},
		{"the picture's header", in(o.seal.Picture.Data, 1), "ses.picture_mismatch"},
		{"those who may use it", bytes.Index(der, signer) + len(signer) - 1, "ses.signer_not_listed"},
		{"the maker's certificate", in(maker, len(maker)-1), "ses.maker_unknown"},
		{"the maker's certificate, for the signer", in(maker, len(maker)-1), "ses.signature_forged"},
		{"the maker's signature", in(maker, len(maker)+30), "ses.seal_forged"},
		{"the time", in([]byte("20250601040000Z"), 11), "ses.signature_forged"},
		{"propertyInfo", in([]byte("PDF ByteRange"), 15), "ses.property_mismatch"},
		{"propertyInfo, for the signer", in([]byte("Field="), 6), "ses.signature_forged"},
		{"propertyInfo, no longer ours", in([]byte("PDF ByteRange"), 0), "ses.signature_forged"},
		{"the signer's certificate", in(signer, len(signer)-1), "ses.signer_not_listed"},
		{"the signature", len(der) - 20, "ses.signature_forged"},
		{"the padding", len(der) + 3, "verify.bad_contents"},
		{"a number of ByteRange", outside("/ByteRange [0 ", 14), "verify.bad_byte_range"},
	} {
		changed := bytes.Clone(data)
		if tt.at < 0 {
			changed[-1-tt.at] ^= 1
		} else {
			value := bytes.Clone(raw)
			value[tt.at] ^= 1
			hex.Encode(changed[b[1]+1:], value)
		}
		r := judgeWith(t, changed, opts)
		if r.Verdict != Invalid || !slices.Contains(allCodes(r), tt.code) {
			t.Errorf("%s: %s %v, want %s", tt.name, r.Verdict, allCodes(r), tt.code)
		}
		if len(r.Signatures) > 0 && r.Signatures[0].Intact {
			t.Errorf("%s: intact", tt.name)
		}
	}
	// Whatever byte of the value changes, nothing holds any more.
	for at := 0; at < len(der); at += 13 {
		changed, value := bytes.Clone(data), bytes.Clone(raw)
		value[at] ^= 0x10
		hex.Encode(changed[b[1]+1:], value)
		if r := judgeWith(t, changed, opts); r.Verdict != Invalid {
			t.Fatalf("byte %d: %s", at, r.Verdict)
		}
	}
}

// press makes a SES_Signature of version 4 out of whatever it is given, as package ses never would.
func press(t testing.TB, seal []byte, at time.Time, digest []byte, property string, key crypto.Signer, cert *smx509.Certificate) []byte {
	t.Helper()
	der := func(content cryptobyte.BuilderContinuation) []byte {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, content)
		return b.BytesOrPanic()
	}
	toSign := der(func(b *cryptobyte.Builder) {
		b.AddASN1Int64(4)
		b.AddBytes(seal)
		b.AddASN1GeneralizedTime(at)
		b.AddASN1BitString(digest)
		b.AddASN1(cbasn1.IA5String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(property)) })
	})
	e, err := sm2.CalculateSM2Hash(cert.PublicKey.(*ecdsa.PublicKey), toSign, nil)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := key.Sign(rand.Reader, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	return der(func(b *cryptobyte.Builder) {
		b.AddBytes(toSign)
		b.AddASN1OctetString(cert.Raw)
		b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 501})
		b.AddASN1BitString(signature)
	})
}

// Signers who press what is not theirs, or no longer, or for something else.
func TestASealThatMustNotBeUsed(t *testing.T) {
	o := newOffice(t, nil)
	expired := newOffice(t, func(i *ses.Info) { i.Until = sealingTime.AddDate(0, -1, 0) })
	thief := cmstest.New(t, "sm2", cmstest.Options{Name: "某某公司"})
	forged := bytes.Replace(o.seal.Raw(), []byte("云溪县"), []byte("丰溪县"), 1)
	for _, tt := range []struct {
		name     string
		owner    *office
		seal     []byte
		by       *cmstest.Party
		property string
		tail     string // behind the document, when it is digested
		verdict  Verdict
		code     string
	}{
		{"nothing wrong", o, o.seal.Raw(), o.Party, "contract 7", "", Valid, "ses.property_unchecked"},
		{"taken from another's signature", o, o.seal.Raw(), thief, "contract 7", "", Invalid, "ses.signer_not_listed"},
		{"after its term", expired, expired.seal.Raw(), expired.Party, "contract 7", "", Invalid, "ses.seal_not_valid_then"},
		{"with another name", o, forged, o.Party, "contract 7", "", Invalid, "ses.seal_forged"},
		{"for another field", o, o.seal.Raw(), o.Party, "PDF ByteRange=[0 1 2 3] Field=x", "", Invalid, "ses.property_mismatch"},
		{"for another document", o, o.seal.Raw(), o.Party, "contract 7", "x", Invalid, "ses.digest_mismatch"},
	} {
		p := newPaper(t)
		p.sign(tt.by, signing{sub: "GM.sm2seal", padding: 16 << 10, value: func(covered []byte) []byte {
			digest := sm3.Sum(append(bytes.Clone(covered), tt.tail...))
			return press(t, tt.seal, sealingTime, digest[:], tt.property, tt.by.Key, tt.by.Chain[0])
		}})
		opts := tt.owner.trusting()
		opts.Roots, opts.Intermediates = append(opts.Roots, thief.Root), append(opts.Intermediates, thief.Chain[1])
		r := judgeWith(t, p.data, opts)
		if r.Verdict != tt.verdict || !slices.Contains(allCodes(r), tt.code) {
			t.Errorf("%s: %s %v, want %s", tt.name, r.Verdict, allCodes(r), tt.code)
		}
	}
}

// The forms that are seen in the field with SM2 and no seal.
func TestFormsOfTheField(t *testing.T) {
	p := cmstest.New(t, "sm2", cmstest.Options{Name: "投标人"})
	other := cmstest.New(t, "rsa", cmstest.Options{})
	gm := cms.Builder{Signer: p.Key, Chain: p.Chain, GM: true}
	sum := func(b []byte) []byte { d := sm3.Sum(b); return d[:] }
	detached := func(covered []byte) []byte {
		der, err := gm.Sign(sum(covered))
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	inside := func(covered []byte) []byte { return p.DigestInside(t, sum(covered), sum(covered)) }
	for _, tt := range []struct {
		name, sub string
		value     func([]byte) []byte
		verdict   Verdict
		code      string
	}{
		{"x-easypdf", "GM.SM2", detached, Untrusted, "verify.signer_unknown"},
		{"点聚, detached", "GM.sm2cms.detached", detached, Untrusted, "verify.signer_unknown"},
		{"点聚, as it is found", "GM.sm2cms.detached", inside, Untrusted, "verify.digest_inside"},
		{"of another document", "GM.sm2cms.detached", func(c []byte) []byte { return inside(c[1:]) }, Invalid, "verify.digest_mismatch"},
		{"another digest inside than signed", "GM.sm2cms.detached", func(c []byte) []byte {
			return p.DigestInside(t, sum(c), sum(c[1:]))
		}, Invalid, "verify.signature_forged"},
		{"a digest inside in PAdES", "ETSI.CAdES.detached", inside, Invalid, "verify.cms_malformed"},
		{"a digest inside in another form", "GM.SM2", inside, Invalid, "verify.cms_malformed"},
		{"GB/T 35275 in PAdES", "ETSI.CAdES.detached", detached, Untrusted, "verify.profile_not_pades"},
	} {
		paper := newPaper(t)
		paper.sign(p, signing{sub: tt.sub, padding: 8 << 10, value: tt.value})
		r := paper.verify(other)
		if r.Verdict != tt.verdict || !slices.Contains(allCodes(r), tt.code) {
			t.Errorf("%s: %s %v, want %s", tt.name, r.Verdict, allCodes(r), tt.code)
		}
		if tt.verdict == Invalid {
			continue
		}
		// That vendor puts the signer's certificate in alone: its issuer is asked for beside the root.
		opts := Options{Now: testNow, Roots: []*smx509.Certificate{p.Root}, Intermediates: p.Chain[1:]}
		if r := judgeWith(t, paper.data, opts); !r.Valid() || r.Signatures[0].Signer != "投标人" || r.Signatures[0].Algorithm != "SM2-SM3" {
			t.Errorf("%s, trusted: %s %v", tt.name, r.Verdict, allCodes(r))
		}
	}
}
