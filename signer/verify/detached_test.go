package verify_test

import (
	"bytes"
	"context"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/verify"
)

var signedAt = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func detach(t testing.TB, p *cmstest.Party, gm bool, content []byte) []byte {
	t.Helper()
	b := cms.Builder{Signer: p.Key, Chain: p.Chain, GM: gm, SigningTime: signedAt}
	h, err := b.Hash()
	if err != nil {
		t.Fatal(err)
	}
	h.Write(content)
	der, err := b.Sign(h.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func judgeDetached(t testing.TB, value, content []byte, roots ...*smx509.Certificate) *verify.Report {
	t.Helper()
	r, err := verify.Detached(context.Background(), value, bytes.NewReader(content), int64(len(content)),
		verify.Options{Roots: roots, Now: signedAt.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Signatures) != 1 {
		t.Fatalf("%d signatures", len(r.Signatures))
	}
	return r
}

func lines(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i += 64 {
		b.WriteString(text[i:min(i+64, len(text))] + "\r\n")
	}
	return b.String()
}

// indefinite rewrites the two outer elements of a ContentInfo with indefinite lengths, as streaming signers do.
func indefinite(t testing.TB, der []byte) []byte {
	t.Helper()
	if der[0] != 0x30 || der[1] != 0x82 {
		t.Fatal("a ContentInfo of another length")
	}
	return append(append([]byte{0x30, 0x80}, der[4:]...), 0, 0)
}

func TestDetached(t *testing.T) {
	content := []byte("any file\x00 of any kind\r\n")
	for _, algorithm := range cmstest.Algorithms {
		p := cmstest.New(t, algorithm, cmstest.Options{})
		der := detach(t, p, false, content)
		encoded := base64.StdEncoding.EncodeToString(der)
		values := map[string][]byte{
			"DER":                der,
			"DER and a line end": append(bytes.Clone(der), '\n'),
			"PEM":                pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: der}),
			"older PEM":          []byte("\n" + string(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: der})) + "\n"),
			"base64":             []byte(encoded),
			"base64 in lines":    []byte(lines(encoded)),
		}
		for name, value := range values {
			t.Run(algorithm+" "+name, func(t *testing.T) {
				r := judgeDetached(t, value, content, p.Root)
				s := r.Signatures[0]
				if !r.Valid() || !s.Intact || !s.CoversWholeFile || s.Signer != "测试采购人" || s.Level != "B" ||
					s.SignedAt == nil || !s.SignedAt.Equal(signedAt) || len(s.Chain) != 3 || !s.Certificate.Equal(p.Chain[0]) {
					t.Errorf("%s: %+v", r.Verdict, s)
				}
			})
		}
		t.Run(algorithm+" with indefinite lengths", func(t *testing.T) {
			r := judgeDetached(t, indefinite(t, der), content, p.Root)
			if s := r.Signatures[0]; !r.Valid() || s.Level != "none" || !has(s, "verify.encoding_not_der") {
				t.Errorf("%s: %+v", r.Verdict, s)
			}
		})
	}
}

func has(s verify.Signature, code string) bool {
	for _, f := range s.Findings {
		if f.Code == code {
			return true
		}
	}
	return false
}

func TestDetachedGM(t *testing.T) {
	p := cmstest.New(t, "sm2", cmstest.Options{})
	content := []byte("投标文件")
	r := judgeDetached(t, detach(t, p, true, content), content, p.Root)
	if s := r.Signatures[0]; !r.Valid() || s.Algorithm != "SM2-SM3" || s.Level != "none" {
		t.Errorf("%s: %+v", r.Verdict, s)
	}
}

// TestDetachedAsksForPolicies: of a signature in a file of its own no less is asked than of one in a PDF, and its report has the
// same form.
func TestDetachedAsksForPolicies(t *testing.T) {
	p, content := cmstest.New(t, "ecdsa", cmstest.Options{}), []byte("any file")
	r, err := verify.Detached(t.Context(), detach(t, p, false, content), bytes.NewReader(content), int64(len(content)),
		verify.Options{Roots: []*smx509.Certificate{p.Root}, Now: signedAt.Add(time.Hour), Policies: []asn1.ObjectIdentifier{{1, 2, 156, 1}}})
	if err != nil || r.Verdict != verify.Untrusted || !has(r.Signatures[0], "verify.policy_other") {
		t.Errorf("%+v, %v", r, err)
	}
	if text, err := json.Marshal(r); err != nil || !bytes.Contains(text, []byte(`"timeStamps":[]`)) {
		t.Errorf("%s, %v", text, err)
	}
}

// TestDetachedRefuses: what must not count, and the finding that says so.
func TestDetachedRefuses(t *testing.T) {
	content := []byte("any file of any kind")
	p, other := cmstest.New(t, "ecdsa", cmstest.Options{}), cmstest.New(t, "ecdsa", cmstest.Options{Name: "别人"})
	der := detach(t, p, false, content)
	text := pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: der})
	flipped := bytes.Clone(content)
	flipped[3] ^= 1
	forged := bytes.Clone(der)
	forged[len(forged)-1] ^= 1
	tests := []struct {
		name           string
		value, content []byte
		roots          []*smx509.Certificate
		want           verify.Verdict
		code           string
	}{
		{"one bit of the content", der, flipped, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.digest_mismatch"},
		{"a block of another name", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.cms_malformed"},
		{"content cut off", der, content[:5], []*smx509.Certificate{p.Root}, verify.Invalid, "verify.digest_mismatch"},
		{"content goes on", der, append(bytes.Clone(content), '\n'), []*smx509.Certificate{p.Root}, verify.Invalid, "verify.digest_mismatch"},
		{"no content", der, nil, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.digest_mismatch"},
		{"one bit of the value", forged, content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.signature_forged"},
		{"no roots", der, content, nil, verify.Untrusted, "verify.no_roots"},
		{"another's root", der, content, []*smx509.Certificate{other.Root}, verify.Untrusted, "verify.signer_unknown"},
		{"empty", nil, content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.cms_malformed"},
		{"blank", []byte(" \n"), content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.cms_malformed"},
		{"some text", []byte("hello, world"), content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.cms_malformed"},
		{"cut off", der[:len(der)/2], content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.cms_malformed"},
		{"junk behind", append(bytes.Clone(der), "x"...), content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.cms_malformed"},
		{"two signatures", append(bytes.Clone(der), der...), content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.cms_malformed"},
		{"two PEM blocks", append(bytes.Clone(text), text...), content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.cms_malformed"},
		{"a certificate", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Root.Raw}), content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.cms_malformed"},
		{"a certificate called a signature", pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: p.Root.Raw}), content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.cms_malformed"},
		{"broken PEM", text[:len(text)/2], content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.cms_malformed"},
		{"broken base64", []byte(base64.StdEncoding.EncodeToString(der) + "*"), content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.cms_malformed"},
		{"too long", make([]byte, verify.MaxDetached+1), content, []*smx509.Certificate{p.Root}, verify.Invalid, "verify.too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := judgeDetached(t, tt.value, tt.content, tt.roots...)
			if r.Verdict != tt.want || !has(r.Signatures[0], tt.code) {
				t.Errorf("%s: %+v, want %s for %s", r.Verdict, r.Signatures[0].Findings, tt.want, tt.code)
			}
		})
	}
}

// TestDetachedEveryByteCounts changes each byte of a signature file; those of
// the issuer's certificate only take the trust away.
func TestDetachedEveryByteCounts(t *testing.T) {
	content := []byte("any file of any kind")
	for _, algorithm := range []string{"ecdsa", "sm2"} {
		p := cmstest.New(t, algorithm, cmstest.Options{})
		der := detach(t, p, algorithm == "sm2", content)
		for i := range der {
			changed := bytes.Clone(der)
			changed[i] ^= 0xff
			if r := judgeDetached(t, changed, content, p.Root); r.Valid() {
				t.Errorf("%s: byte %d of %d does not count", algorithm, i, len(der))
			}
		}
	}
}

// zeros is a file of any size that takes no memory.
type zeros int64

func (z zeros) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), max(0, int64(z)-off)))
	clear(p[:n])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

type brokenDisk struct{}

func (brokenDisk) ReadAt([]byte, int64) (int, error) { return 0, errors.New("no such sector") }

func TestDetachedReadsTheContentInPieces(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	value := detach(t, p, false, nil)
	allocated := func(size int64) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := verify.Detached(context.Background(), value, zeros(size), size, verify.Options{}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if small, large := allocated(2<<20), allocated(512<<20); large > small+(1<<20) {
		t.Errorf("%d bytes for 2 MiB, %d for 512 MiB", small, large)
	}
	if _, err := verify.Detached(context.Background(), value, brokenDisk{}, 5, verify.Options{}); err == nil || !strings.Contains(err.Error(), "no such sector") {
		t.Errorf("a broken disk: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := verify.Detached(ctx, value, zeros(5), 5, verify.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func FuzzDetached(f *testing.F) {
	p := cmstest.New(f, "ecdsa", cmstest.Options{})
	content := []byte("content")
	der := detach(f, p, false, content)
	f.Add(der)
	f.Add(indefinite(f, der))
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: der}))
	f.Add([]byte(base64.StdEncoding.EncodeToString(der)))
	f.Fuzz(func(t *testing.T, value []byte) {
		if r := judgeDetached(t, value, []byte("another content"), p.Root); r.Verdict != verify.Invalid {
			t.Fatalf("%s over a content that nobody signed", r.Verdict)
		}
	})
}
