package ses_test

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/finding"
	"sealdesk/signer/ses"
)

func infoFor(version ses.Version, signers ses.Signers) ses.Info {
	return ses.Info{
		Version: version, Vendor: "SealDesk", ID: "50010000000001", Kind: ses.Organisation, Name: "云溪县人民医院合同专用章",
		Signers: signers, Created: date(2026, 1, 5), From: date(2026, 1, 2), Until: date(2030, 1, 1),
		Picture: ses.Picture{Format: "PNG", Data: face(png.Encode), WidthMM: 42, HeightMM: 42},
	}
}

// counted is a key that counts how often it is called.
type counted struct {
	crypto.Signer
	calls *int
}

func (c counted) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	*c.calls++
	return c.Signer.Sign(r, digest, opts)
}

func TestMakeAndSign(t *testing.T) {
	for _, algorithm := range []string{"sm2", "rsa"} {
		maker, signer := cmstest.New(t, algorithm, cmstest.Options{}), cmstest.New(t, algorithm, cmstest.Options{})
		for _, tc := range []struct {
			name    string
			version ses.Version
			signers ses.Signers
		}{
			{"version 1", ses.V1, ses.SignersByCertificate(signer.Chain[0])},
			{"version 4", ses.V4, ses.SignersByCertificate(signer.Chain[0])},
			{"version 4 by digest", ses.V4, ses.SignersByDigest(maker.Chain[0], signer.Chain[0])},
			{"version 5", ses.V5, ses.SignersByCertificate(signer.Chain[0])},
		} {
			t.Run(algorithm+" "+tc.name, func(t *testing.T) {
				makerCalls, calls := 0, 0
				m := ses.Maker{Signer: counted{maker.Key, &makerCalls}, Certificate: maker.Chain[0]}
				made := must(m.Make(infoFor(tc.version, tc.signers)))
				seal := must(ses.ParseSeal(made))
				opts := ses.Options{
					Makers: []*smx509.Certificate{maker.Root}, Roots: []*smx509.Certificate{signer.Root}, Now: date(2026, 6, 1),
					Intermediates: []*smx509.Certificate{maker.Chain[1], signer.Chain[1]},
				}
				if r := seal.Judge(opts); !r.Valid() {
					t.Fatalf("the seal is %s: %v", r.Verdict, r.Findings)
				}
				if want := infoFor(tc.version, tc.signers); seal.Name != want.Name || seal.ID != want.ID || seal.Kind != want.Kind ||
					seal.Vendor != want.Vendor || !seal.From.Equal(want.From) || !seal.Until.Equal(want.Until) ||
					!seal.Created.Equal(want.Created) || !bytes.Equal(seal.Picture.Data, want.Picture.Data) {
					t.Errorf("read back: %+v", seal.Info)
				}
				if !bytes.Equal(seal.Raw(), made) || !seal.Maker().Equal(maker.Chain[0]) {
					t.Error("the seal does not keep its bytes or its maker")
				}

				b := ses.Builder{Seal: seal, Signer: counted{signer.Key, &calls}, Certificate: signer.Chain[0],
					Time: time.Date(2026, 5, 20, 8, 30, 0, 5, time.UTC), PropertyInfo: "field=Signature1", Reserve: 100}
				h := must(b.Hash())
				h.Write(document)
				digest := h.Sum(nil)
				bound := must(b.SizeBound())
				if calls != 0 {
					t.Fatal("the key was called before anything was to be signed")
				}
				signed := must(b.Sign(digest))
				if calls != 1 || makerCalls != 1 {
					t.Errorf("the keys were called %d and %d times", calls, makerCalls)
				}
				if len(signed) > bound-100 || len(signed) < bound-100-sizeSlack {
					t.Errorf("%d bytes, bound to %d", len(signed), bound-100)
				}
				s := must(ses.ParseSignature(signed))
				same := must(s.Hash())
				same.Write(document)
				if r := s.Judge(ses.Document{Digest: same.Sum(nil), PropertyInfo: "field=Signature1"}, opts); !r.Valid() {
					t.Fatalf("the signature is %s: %v", r.Verdict, r.Findings)
				}
				if !s.Time.Equal(b.Time.Truncate(time.Second)) || !s.Certificate().Equal(signer.Chain[0]) || s.Version != tc.version {
					t.Errorf("read back: %v %v", s.Time, s.Version)
				}
				if s.Algorithm() != seal.Algorithm() || !strings.HasPrefix(strings.ToLower(s.Algorithm()), algorithm) {
					t.Errorf("algorithms %s and %s", s.Algorithm(), seal.Algorithm())
				}
			})
		}
	}
}

// What others wrote does not flood a report.
func TestFactsAreShort(t *testing.T) {
	maker, signer := cmstest.New(t, "sm2", cmstest.Options{Name: "制章中心"}), cmstest.New(t, "sm2", cmstest.Options{})
	info := infoFor(ses.V4, ses.SignersByCertificate(signer.Chain[0]))
	info.Name = strings.Repeat("章", 300)
	seal := must(ses.ParseSeal(must(ses.Maker{Signer: maker.Key, Certificate: maker.Chain[0]}.Make(info))))
	if f := seal.Facts(); f.Name != strings.Repeat("章", 66)+"…" || f.Maker != "制章中心" || f.ID != info.ID || f.Picture.WidthMM != 42 || f.Version != 4 {
		t.Errorf("%+v", f)
	}
	b := ses.Builder{Seal: seal, Signer: signer.Key, Certificate: signer.Chain[0], Time: date(2026, 5, 20), PropertyInfo: strings.Repeat("x", 5000)}
	s := must(ses.ParseSignature(must(b.Sign(sum3(document)))))
	for _, f := range s.Judge(ses.Document{Digest: sum3(document)}, ses.Options{}).Findings {
		if len(f.Message) > 400 {
			t.Errorf("%s has %d bytes", f.Code, len(f.Message))
		}
	}
}

// sizeSlack is how far a signature may stay below its bound: the margin, and INTEGERs that happen to be short.
const sizeSlack = 64 + 16

// What would be refused by the next who reads it is refused before the key is asked.
func TestRefusedBeforeTheKeyIsAsked(t *testing.T) {
	maker, signer := cmstest.New(t, "sm2", cmstest.Options{}), cmstest.New(t, "sm2", cmstest.Options{})
	ec := cmstest.New(t, "ecdsa", cmstest.Options{})
	critical := []ses.Extension{{ID: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte("x")}}
	calls := 0
	for _, tc := range []struct {
		name, code string
		change     func(*ses.Maker, *ses.Info)
	}{
		{"no key", "key_mismatch", func(m *ses.Maker, _ *ses.Info) { m.Signer = nil }},
		{"another's certificate", "key_mismatch", func(m *ses.Maker, _ *ses.Info) { m.Certificate = signer.Chain[0] }},
		{"a key on P-256", "algorithm_mismatch", func(m *ses.Maker, _ *ses.Info) {
			m.Signer, m.Certificate = ec.Key, ec.Chain[0]
		}},
		{"version 2", "version_unknown", func(_ *ses.Maker, i *ses.Info) { i.Version = 2 }},
		{"no number", "malformed", func(_ *ses.Maker, i *ses.Info) { i.ID = "" }},
		{"a number beyond ASCII", "malformed", func(_ *ses.Maker, i *ses.Info) { i.ID = "章" }},
		{"a broken name", "malformed", func(_ *ses.Maker, i *ses.Info) { i.Name = "\xff" }},
		{"nobody may use it", "no_signers", func(_ *ses.Maker, i *ses.Info) { i.Signers = ses.Signers{} }},
		{"both kinds of lists", "malformed", func(_ *ses.Maker, i *ses.Info) {
			i.Signers.Digests = ses.SignersByDigest(signer.Chain[0]).Digests
		}},
		{"digests in version 1", "malformed", func(_ *ses.Maker, i *ses.Info) {
			i.Version, i.Signers = ses.V1, ses.SignersByDigest(signer.Chain[0])
		}},
		{"a year that version 1 cannot write", "malformed", func(_ *ses.Maker, i *ses.Info) {
			i.Version, i.Until = ses.V1, date(2051, 1, 1)
		}},
		{"a term that ends first", "term", func(_ *ses.Maker, i *ses.Info) { i.Until = date(2025, 1, 1) }},
		{"made before the maker's certificate", "maker_not_valid_then", func(_ *ses.Maker, i *ses.Info) {
			i.Created = date(2019, 1, 1)
		}},
		{"a picture of another kind", "picture_mismatch", func(_ *ses.Maker, i *ses.Info) { i.Picture.Format = "GIF" }},
		{"a picture that is too long", "too_large", func(_ *ses.Maker, i *ses.Info) {
			i.Picture.Data = append(i.Picture.Data, bytes.Repeat([]byte{0}, 2<<20)...)
		}},
		{"an extension nobody knows", "extension", func(_ *ses.Maker, i *ses.Info) { i.Extensions = critical }},
	} {
		m := ses.Maker{Signer: counted{maker.Key, &calls}, Certificate: maker.Chain[0]}
		info := infoFor(ses.V4, ses.SignersByCertificate(signer.Chain[0]))
		tc.change(&m, &info)
		_, err := m.Make(info)
		expect(t, "make: "+tc.name, err, tc.code)
	}

	seal := func(version ses.Version) *ses.Seal {
		info := infoFor(version, ses.SignersByCertificate(signer.Chain[0]))
		return must(ses.ParseSeal(must(ses.Maker{Signer: maker.Key, Certificate: maker.Chain[0]}.Make(info))))
	}
	good := seal(ses.V4)
	forged := good.Raw()
	forged = replace("云溪县", "丰溪县")(forged)
	builder := ses.Builder{
		Seal: good, Signer: counted{signer.Key, &calls}, Certificate: signer.Chain[0], Time: date(2026, 5, 20), PropertyInfo: "x",
	}
	for _, tc := range []struct {
		name, code string
		change     func(*ses.Builder)
	}{
		{"no seal", "not_a_seal", func(b *ses.Builder) { b.Seal = nil }},
		{"a forged seal", "seal_forged", func(b *ses.Builder) { b.Seal = must(ses.ParseSeal(forged)) }},
		{"somebody who is not listed", "signer_not_listed", func(b *ses.Builder) {
			b.Signer, b.Certificate = counted{maker.Key, &calls}, maker.Chain[0]
		}},
		{"another's certificate", "key_mismatch", func(b *ses.Builder) { b.Certificate = maker.Chain[0] }},
		{"before the seal was made", "not_yet_valid", func(b *ses.Builder) { b.Time = date(2026, 1, 3) }},
		{"before the term", "not_yet_valid", func(b *ses.Builder) { b.Time = date(2026, 1, 1) }},
		{"no time", "not_yet_valid", func(b *ses.Builder) { b.Time = time.Time{} }},
		{"after the term", "expired", func(b *ses.Builder) { b.Time = date(2030, 1, 2) }},
		{"words beyond ASCII", "malformed", func(b *ses.Builder) { b.PropertyInfo = "第一页" }},
		{"an extension nobody knows", "extension", func(b *ses.Builder) { b.Extensions = critical }},
		{"extensions in version 1", "malformed", func(b *ses.Builder) { b.Seal, b.Extensions = seal(ses.V1), critical }},
	} {
		b := builder
		tc.change(&b)
		_, err := b.Sign(sum3(document))
		expect(t, "sign: "+tc.name, err, tc.code)
	}
	_, err := builder.Sign(sum3(document)[:31])
	expect(t, "sign: a digest of 31 bytes", err, "digest_mismatch")
	if calls != 0 {
		t.Errorf("the key was called %d times", calls)
	}
}

func expect(t *testing.T, name string, err error, code string) {
	t.Helper()
	var e *ses.Error
	if !errors.As(err, &e) || e.Code() != "ses."+code {
		t.Errorf("%s: %v, want %s", name, err, code)
	}
}

// A key that answers with another's signature makes no seal.
func TestWrongAnswerIsRefused(t *testing.T) {
	maker, signer := cmstest.New(t, "sm2", cmstest.Options{}), cmstest.New(t, "sm2", cmstest.Options{})
	liar := lying{maker.Key, signer.Key}
	info := infoFor(ses.V4, ses.SignersByCertificate(signer.Chain[0]))
	_, err := ses.Maker{Signer: liar, Certificate: maker.Chain[0]}.Make(info)
	expect(t, "make", err, "seal_forged")
	broken := errors.New("pulled out")
	_, err = ses.Maker{Signer: failing{maker.Key, broken}, Certificate: maker.Chain[0]}.Make(info)
	if !errors.Is(err, broken) {
		t.Errorf("the key's own error became %v", err)
	}
}

type lying struct {
	crypto.Signer
	other crypto.Signer
}

func (l lying) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return l.other.Sign(r, digest, o)
}

type failing struct {
	crypto.Signer
	err error
}

func (f failing) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, f.err }

// OpenSSL, which knows nothing of seals, finds the maker's signature right over the bytes that the standard names.
func TestOpenSSLVerifies(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("openssl is not here; packaging/deps.sh test installs it")
	}
	vectors, _ := readVectors(t)
	for _, v := range vectors {
		if v.File != "good-seal-v4.der" && v.File != "good-seal-rsa.der" && v.File != "good-seal-v1.der" {
			continue
		}
		made := remake(t, v)
		seal := must(ses.ParseSeal(made))
		raw := elements(t, made)
		message, value := raw[0], raw[len(raw)-1]
		if seal.Version == ses.V1 {
			in := elements(t, raw[1])
			message, value = tlv(tagSequence, raw[0], in[0], in[1]), in[2]
		}
		var bits asn1.BitString
		if _, err := asn1.Unmarshal(value, &bits); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		put := func(name string, data []byte) string {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		pub := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(smx509.MarshalPKIXPublicKey(seal.Maker().PublicKey))})
		args := []string{"pkeyutl", "-verify", "-pubin", "-inkey", put("pub", pub), "-rawin", "-in", put("message", message),
			"-sigfile", put("value", bits.Bytes)}
		if seal.Algorithm() == "SM2-SM3" {
			args = append(args, "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
		} else {
			args = append(args, "-digest", "sha256")
		}
		if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", v.File, err, out)
		}
	}
}

// remake makes a seal with the contents of a vector's, by a new maker of the same kind.
func remake(t *testing.T, v vector) []byte {
	t.Helper()
	s := must(ses.ParseSeal(v.data))
	algorithm := "sm2"
	if s.Algorithm() != "SM2-SM3" {
		algorithm = "rsa"
	}
	p := cmstest.New(t, algorithm, cmstest.Options{})
	return must(ses.Maker{Signer: p.Key, Certificate: p.Chain[0]}.Make(s.Info))
}

// elements are those inside one SEQUENCE.
func elements(t *testing.T, der []byte) (out [][]byte) {
	t.Helper()
	var seq asn1.RawValue
	if _, err := asn1.Unmarshal(der, &seq); err != nil {
		t.Fatal(err)
	}
	for rest := seq.Bytes; len(rest) > 0; {
		var e asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e.FullBytes)
	}
	return out
}

// What our encoder writes of a good vector's contents is what the vector says, byte for byte.
func TestEncodedAsByHand(t *testing.T) {
	vectors, _ := readVectors(t)
	seen := 0
	for _, v := range vectors {
		switch v.File {
		case "good-seal-v1.der", "good-seal-v4.der", "good-seal-v5.der", "good-seal-digests.der", "good-seal-extension.der",
			"good-seal-svg.der":
			seen++
			if a, b := elements(t, v.data)[0], elements(t, remake(t, v))[0]; !bytes.Equal(a, b) {
				t.Errorf("%s: by hand\n%x\nby the encoder\n%x", v.File, a, b)
			}
		}
	}
	if seen != 6 {
		t.Errorf("%d vectors were compared", seen)
	}
}

func TestPictures(t *testing.T) {
	vectors, _ := readVectors(t)
	for _, v := range vectors {
		name, ok := strings.CutPrefix(v.File, "good-seal-")
		if !ok {
			continue
		}
		p := must(ses.ParseSeal(v.data)).Picture
		m, err := p.Image()
		if name == "svg.der" || name == "ofd.der" {
			expect(t, name, err, "picture_unknown")
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", v.File, err)
			continue
		}
		if w, h, err := p.Size(); err != nil || w != 16 || h != 16 || m.Bounds().Dx() != 16 {
			t.Errorf("%s: %d x %d, %v", v.File, w, h, err)
		}
	}
	broken := ses.Picture{Format: "PNG", Data: face(png.Encode), WidthMM: 42, HeightMM: 42}
	broken.Data = broken.Data[:len(broken.Data)-20]
	_, err := broken.Image()
	expect(t, "a PNG cut off in its pixels", err, "picture_damaged")
}

func TestTooLarge(t *testing.T) {
	_, err := ses.ParseSeal(bytes.Repeat([]byte{0x30}, ses.MaxSize+1))
	expect(t, "seal", err, "too_large")
	_, err = ses.ParseSignature(bytes.Repeat([]byte{0x30}, ses.MaxSize+1))
	expect(t, "signature", err, "too_large")
	_, err = ses.ParseSeal(bytes.Repeat([]byte{0x30, 0x80}, 1<<20))
	expect(t, "a million open sequences", err, "malformed")
}

// The document's words may be unknown; that is told and does not harm.
func TestPropertyUnchecked(t *testing.T) {
	vectors, who := readVectors(t)
	for _, v := range vectors {
		if v.File != "good-sign-v4.der" {
			continue
		}
		v.Property = ""
		r := v.judge(who)
		found := false
		for _, f := range r.Findings {
			found = found || f.Code == "ses.property_unchecked" && strings.Contains(f.Message, "Signature1")
		}
		if !r.Valid() || !found {
			t.Errorf("%s: %v", r.Verdict, r.Findings)
		}
	}
}

// Trust may name a maker himself, and then reaches him alone.
func TestMakerTrustedByHimself(t *testing.T) {
	maker, other := cmstest.New(t, "sm2", cmstest.Options{}), cmstest.New(t, "sm2", cmstest.Options{})
	info := infoFor(ses.V4, ses.SignersByCertificate(other.Chain[0]))
	opts := ses.Options{Makers: maker.Chain[:1], Intermediates: other.Chain, Now: date(2026, 6, 1)}
	for _, tc := range []struct {
		by   *cmstest.Party
		want finding.Verdict
	}{{maker, finding.Valid}, {other, finding.Untrusted}} {
		seal := must(ses.ParseSeal(must(ses.Maker{Signer: tc.by.Key, Certificate: tc.by.Chain[0]}.Make(info))))
		if r := seal.Judge(opts); r.Verdict != tc.want {
			t.Errorf("%s, want %s: %v", r.Verdict, tc.want, r.Findings)
		}
	}
}
