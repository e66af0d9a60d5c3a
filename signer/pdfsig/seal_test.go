package pdfsig_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/ses"
	"sealdesk/signer/ses/sestest"
	"sealdesk/signer/sigform"
)

func formNamed(t testing.TB, name string) sigform.Form {
	t.Helper()
	f, err := sigform.Default().Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// counted is a key that counts how often it is asked.
type counted struct {
	crypto.Signer
	calls int
}

func (c *counted) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	c.calls++
	return c.Signer.Sign(r, digest, opts)
}

// stamped signs a document of three pages with an electronic seal on two of them.
func stamped(t testing.TB, version ses.Version) (signed []byte, seal *ses.Seal, party, maker *cmstest.Party) {
	t.Helper()
	party, maker = cmstest.New(t, "sm2", cmstest.Options{}), cmstest.New(t, "sm2", cmstest.Options{Name: "制章中心"})
	info := sestest.Info(t, party.Chain[0])
	info.Version = version
	seal = sestest.Make(t, maker.Key, maker.Chain[0], info)
	key := &counted{Signer: party.Key}
	m, err := seal.Picture.Image()
	if err != nil {
		t.Fatal(err)
	}
	side := 40 / 25.4 * 72
	signed = sign(t, pdftest.Document(pdftest.Options{Pages: 3}), pdfsig.Request{
		Frame: pdfsig.Seal{Builder: ses.Builder{Seal: seal, Signer: key, Certificate: party.Chain[0], Time: signingTime}},
		Places: []pdfsig.Appearance{
			{Page: 1, Rect: pdf.Rect{100, 100, 100 + side, 100 + side}, Image: m.(*image.NRGBA)},
			{Page: 3, Rect: pdf.Rect{200, 100, 200 + side, 100 + side}, Image: m.(*image.NRGBA)},
		},
		FieldName: "甲方签章",
	})
	if key.calls != 1 {
		t.Errorf("the key was asked %d times", key.calls)
	}
	return signed, seal, party, maker
}

func TestASealIsPressedOnADocument(t *testing.T) {
	for _, version := range []ses.Version{ses.V1, ses.V4, ses.V5} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			signed, seal, party, maker := stamped(t, version)
			f, err := pdf.Open(bytes.NewReader(signed), int64(len(signed)))
			if err != nil {
				t.Fatal(err)
			}
			ref := signatureOf(t, f, "甲方签章")
			if second := signatureOf(t, f, "甲方签章-2"); second != ref {
				t.Error("the two fields have two signatures")
			}
			d, err := f.Dict(ref)
			if err != nil {
				t.Fatal(err)
			}
			if d["Filter"] != pdf.Name("Gomain.GMPkiLite") || d["SubFilter"] != pdf.Name("GM.sm2seal") {
				t.Errorf("Filter %v, SubFilter %v", d["Filter"], d["SubFilter"])
			}
			start, end, err := f.ValueSpan(ref, "Contents")
			if err != nil {
				t.Fatal(err)
			}
			if room := int(end - start); room < 2*(len(seal.Raw())+8<<10) {
				t.Errorf("Contents has %d digits for a seal of %d bytes", room, len(seal.Raw()))
			}
			s, err := ses.ParseSignature(value(t, d))
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("PDF ByteRange=[0 %d %d %d] Field=%%E7%%94%%B2%%E6%%96%%B9%%E7%%AD%%BE%%E7%%AB%%A0", start, end, int64(len(signed))-end)
			digest := sm3.Sum(append(bytes.Clone(signed[:start]), signed[end:]...))
			r := s.Judge(ses.Document{Digest: digest[:], PropertyInfo: want}, ses.Options{
				Makers: []*smx509.Certificate{maker.Chain[1]}, Roots: []*smx509.Certificate{party.Chain[1]}, Now: signingTime.AddDate(0, 1, 0),
			})
			if !r.Valid() {
				t.Errorf("%s: %v; it is for %s", r.Verdict, r.Findings, s.PropertyInfo)
			}
			if !bytes.Equal(s.Seal.Raw(), seal.Raw()) {
				t.Error("another seal was pressed")
			}
		})
	}
}

// Programs that know no seals find the file in order, and another party's signature on top of the seal valid.
func TestOthersLiveWithASeal(t *testing.T) {
	signed, _, _, _ := stamped(t, ses.V4)
	other := cmstest.New(t, "rsa", cmstest.Options{})
	path := save(t, sign(t, signed, pdfsig.Request{Frame: frame(other)}))
	if out := tool(t, "qpdf", "--check", path); strings.Contains(out, "WARNING") {
		t.Errorf("qpdf: %s", out)
	}
	out := tool(t, "pdfsig", "-nocert", path)
	if strings.Count(out, "Signature is Valid.") != 1 || !strings.Contains(out, "Total document signed") {
		t.Errorf("pdfsig: %s", out)
	}
}

// value is what Contents holds, without the zeros behind it.
func value(t testing.TB, d pdf.Dict) []byte {
	t.Helper()
	contents := []byte(d["Contents"].(pdf.String))
	var element asn1.RawValue
	rest, err := asn1.Unmarshal(contents, &element)
	if err != nil || len(bytes.Trim(rest, "\x00")) != 0 {
		t.Fatalf("Contents is not one element and zeros: %v", err)
	}
	return element.FullBytes
}

// What is refused about a seal is refused before a byte is written or the key asked.
func TestASealIsLookedAtBeforeTheKeyIsAsked(t *testing.T) {
	party, maker, other := cmstest.New(t, "sm2", cmstest.Options{}), cmstest.New(t, "sm2", cmstest.Options{}), cmstest.New(t, "sm2", cmstest.Options{})
	good := sestest.Info(t, party.Chain[0])
	expired, foreign := good, sestest.Info(t, other.Chain[0])
	expired.Until = signingTime.AddDate(0, 0, -1)
	doc := pdftest.Document(pdftest.Options{})
	for code, info := range map[string]ses.Info{"ses.expired": expired, "ses.signer_not_listed": foreign} {
		key := &counted{Signer: party.Key}
		_, err := pdfsig.Prepare(context.Background(), bytes.NewReader(doc), int64(len(doc)), pdfsig.Request{Frame: pdfsig.Seal{Builder: ses.Builder{
			Seal: sestest.Make(t, maker.Key, maker.Chain[0], info), Signer: key, Certificate: party.Chain[0], Time: signingTime,
		}}})
		if coded, ok := err.(interface{ Code() string }); !ok || coded.Code() != code || key.calls != 0 {
			t.Errorf("%v, want %s; the key was asked %d times", err, code, key.calls)
		}
	}
}

// OpenSSL, which knows SM2 and nothing of seals, finds the same: the signer's value stands over the DER of TBS_Sign, the
// maker's over that of the seal's information, and dataHash is the SM3 of the ByteRange.
func TestOpenSSLJudgesASeal(t *testing.T) {
	signed, _, party, maker := stamped(t, ses.V4)
	f, err := pdf.Open(bytes.NewReader(signed), int64(len(signed)))
	if err != nil {
		t.Fatal(err)
	}
	ref := signatureOf(t, f, "甲方签章")
	d, err := f.Dict(ref)
	if err != nil {
		t.Fatal(err)
	}
	start, end, err := f.ValueSpan(ref, "Contents")
	if err != nil {
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
	der := value(t, d)
	if out := tool(t, "openssl", "asn1parse", "-inform", "DER", "-in", put("value.der", der)); strings.Contains(out, "Error") {
		t.Errorf("asn1parse: %s", out)
	}
	// The structures of GB/T 38540 as the standard library reads them.
	var sig struct {
		ToSign    asn1.RawValue
		Cert      []byte
		OID       asn1.ObjectIdentifier
		Signature asn1.BitString
	}
	var tbs struct {
		Version  int
		Seal     asn1.RawValue
		Time     asn1.RawValue
		DataHash asn1.BitString
		Property string `asn1:"ia5"`
	}
	var seal struct {
		Info      asn1.RawValue
		Cert      []byte
		OID       asn1.ObjectIdentifier
		Signature asn1.BitString
	}
	read := func(der []byte, into any) {
		if rest, err := asn1.Unmarshal(der, into); err != nil || len(rest) != 0 {
			t.Fatalf("%T: %v", into, err)
		}
	}
	read(der, &sig)
	read(sig.ToSign.FullBytes, &tbs)
	read(tbs.Seal.FullBytes, &seal)
	verify := func(name string, p *cmstest.Party, message, signature []byte) error {
		spki, err := smx509.MarshalPKIXPublicKey(p.Chain[0].PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		key := put(name+".pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
		return tryTool(t, "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-in", put(name+".msg", message), "-rawin", "-digest", "sm3",
			"-pkeyopt", "distid:1234567812345678", "-sigfile", put(name+".sig", signature))
	}
	if err := verify("signer", party, sig.ToSign.FullBytes, sig.Signature.Bytes); err != nil {
		t.Errorf("the signer's value: %v", err)
	}
	if err := verify("maker", maker, seal.Info.FullBytes, seal.Signature.Bytes); err != nil {
		t.Errorf("the maker's value: %v", err)
	}
	if err := verify("swapped", maker, sig.ToSign.FullBytes, sig.Signature.Bytes); err == nil {
		t.Error("OpenSSL takes the signer's value for the maker's")
	}
	out := tool(t, "openssl", "dgst", "-sm3", "-r", put("covered", append(bytes.Clone(signed[:start]), signed[end:]...)))
	if want := fmt.Sprintf("%x", tbs.DataHash.Bytes); !strings.HasPrefix(out, want) {
		t.Errorf("OpenSSL's digest is %s, dataHash %s", out, want)
	}
}
