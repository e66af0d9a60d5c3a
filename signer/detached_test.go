package signer_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/verify"
)

// detachedFixture is a folder with one file that is to be signed.
type detachedFixture struct {
	*fixture
	job signer.Detached
}

func newDetached(t testing.TB, algorithm string) *detachedFixture {
	t.Helper()
	f := &detachedFixture{fixture: newFixture(t, algorithm)}
	f.job = signer.Detached{
		In: f.fixture.job.In, Out: f.fixture.job.In + ".p7s", ExpectSHA256: sum(f.input), Key: f.key, Chain: f.party.Chain,
		Roots: []*smx509.Certificate{f.party.Root},
	}
	return f
}

func TestDetached(t *testing.T) {
	for _, tt := range []struct {
		algorithm string
		gm, pem   bool
		want      string
	}{
		{"rsa", false, false, "RSA-SHA256"}, {"ecdsa", false, true, "ECDSA-SHA256"}, {"p384", false, false, "ECDSA-SHA384"},
		{"sm2", false, true, "SM2-SM3"}, {"sm2", true, false, "SM2-SM3"}, {"sm2", true, true, "SM2-SM3"},
	} {
		t.Run(tt.algorithm, func(t *testing.T) {
			f := newDetached(t, tt.algorithm)
			f.job.GM, f.job.PEM = tt.gm, tt.pem
			result, err := f.job.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if f.key.asked != 1 {
				t.Errorf("the key was asked %d times", f.key.asked)
			}
			value, err := signer.ReadDetached(f.job.Out)
			if err != nil {
				t.Fatal(err)
			}
			if result.Path != f.job.Out || result.Size != int64(len(value)) || result.SHA256 != sum(value) || result.InputSHA256 != sum(f.input) {
				t.Errorf("%+v", result)
			}
			if isPEM := bytes.HasPrefix(value, []byte("-----BEGIN CMS-----\n")); isPEM != tt.pem {
				t.Errorf("the file begins with %q", value[:20])
			}
			s := result.Report.Signatures[0]
			if !result.Report.Valid() || s.Algorithm != tt.want || s.Signer != "测试采购人" || s.SignedAt == nil || time.Since(*s.SignedAt) > time.Minute {
				t.Errorf("%s %+v", result.Report.Verdict, s)
			}
			now, err := os.ReadFile(f.job.In)
			if err != nil || !bytes.Equal(now, f.input) {
				t.Errorf("the input changed: %v", err)
			}
			if entries, err := os.ReadDir(f.dir); err != nil || len(entries) != 2 {
				t.Errorf("the folder holds %v %v", entries, err)
			}
		})
	}
}

// TestDetachedLeavesNothing: what fails leaves the folder as it was, and asks the key only when all else is well.
func TestDetachedLeavesNothing(t *testing.T) {
	removed := errors.New("removed")
	tests := []struct {
		name   string
		change func(f *detachedFixture)
		want   error
		asked  int
	}{
		{"another input than was shown", func(f *detachedFixture) { f.job.ExpectSHA256 = sum(nil) }, &pdfsig.Error{Kind: pdfsig.Changed}, 0},
		{"no input", func(f *detachedFixture) { f.job.In += "x" }, &signer.Error{Kind: signer.InputMissing}, 0},
		{"a folder as input", func(f *detachedFixture) { f.job.In = f.dir }, &signer.Error{Kind: signer.InputUnreadable}, 0},
		{"no folder for the output", func(f *detachedFixture) { f.job.Out = filepath.Join(f.dir, "none", "x.p7s") }, &signer.Error{Kind: signer.NoFolder}, 0},
		{"over the input", func(f *detachedFixture) { f.job.Out = f.job.In }, &signer.Error{Kind: signer.Exists}, 0},
		{"no key", func(f *detachedFixture) { f.job.Key = nil }, &signer.Error{Kind: signer.BadRequest}, 0},
		{"another's certificate", func(f *detachedFixture) { f.job.Chain = cmstest.New(t, "ecdsa", cmstest.Options{}).Chain }, &cms.Error{Kind: cms.KeyMismatch}, 0},
		{"GB/T 35275 with another key than SM2", func(f *detachedFixture) { f.job.GM = true }, &cms.Error{Kind: cms.AlgorithmMismatch}, 0},
		{"the key fails", func(f *detachedFixture) { f.key.fail = removed }, removed, 1},
		{"the input changes meanwhile", func(f *detachedFixture) {
			f.key.after = func() { os.WriteFile(f.job.In, bytes.Repeat([]byte("x"), len(f.input)), 0o600) }
		}, &signer.Error{Kind: signer.NotVerified}, 1},
		{"somebody takes the name", func(f *detachedFixture) {
			f.key.after = func() { os.WriteFile(f.job.Out, []byte("theirs"), 0o600) }
		}, &signer.Error{Kind: signer.Exists}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newDetached(t, "ecdsa")
			tt.change(f)
			if _, err := f.job.Run(context.Background()); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if f.key.asked != tt.asked {
				t.Errorf("the key was asked %d times, want %d", f.key.asked, tt.asked)
			}
			if tt.name == "somebody takes the name" {
				if got, err := os.ReadFile(f.job.Out); err != nil || string(got) != "theirs" {
					t.Errorf("%q %v", got, err)
				}
				os.Remove(f.job.Out)
			}
			entries, err := os.ReadDir(f.dir)
			if err != nil || len(entries) != 1 {
				t.Errorf("the folder holds %v %v", entries, err)
			}
		})
	}
	f := newDetached(t, "ecdsa")
	ctx, cancel := context.WithCancel(context.Background())
	f.job.Progress = func(signer.Step, int64, int64) { cancel() }
	if _, err := f.job.Run(ctx); !errors.Is(err, context.Canceled) || f.key.asked != 0 {
		t.Errorf("cancelled: %v, asked %d times", err, f.key.asked)
	}
	f.clean(t)
}

// TestDetachedLargeFile signs a large sparse file in the memory of a small one.
func TestDetachedLargeFile(t *testing.T) {
	f := newDetached(t, "ecdsa")
	f.job.ExpectSHA256 = ""
	allocated := func(size int64) uint64 {
		if err := os.Truncate(f.job.In, size); err != nil {
			t.Fatal(err)
		}
		os.Remove(f.job.Out)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := f.job.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if small, large := allocated(2<<20), allocated(512<<20); large > small+(1<<20) {
		t.Errorf("%d bytes for 2 MiB, %d for 512 MiB", small, large)
	}
}

func TestReadDetachedRefusesLongFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long.p7s")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, verify.MaxDetached+1); err != nil {
		t.Fatal(err)
	}
	if _, err := signer.ReadDetached(path); !errors.Is(err, &signer.Error{Kind: signer.InputUnreadable}) {
		t.Errorf("error %v", err)
	}
}

func openssl(t testing.TB, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("openssl is missing; packaging/deps.sh test installs it")
	}
	out, err := exec.Command("openssl", args...).CombinedOutput()
	return string(out), err
}

// TestOpenSSLAndDetached: OpenSSL verifies what we sign, and we what it signs.
func TestOpenSSLAndDetached(t *testing.T) {
	for _, algorithm := range []string{"rsa", "ecdsa", "p384"} {
		t.Run(algorithm, func(t *testing.T) {
			f := newDetached(t, algorithm)
			file := func(name string, data []byte) string {
				path := filepath.Join(t.TempDir(), name)
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			root := file("root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.party.Root.Raw}))
			other := file("other", append(bytes.Clone(f.input), ' '))
			for form, isPEM := range map[string]bool{"DER": false, "PEM": true} {
				f.job.PEM, f.job.Out = isPEM, f.job.In+"."+form
				if _, err := f.job.Run(context.Background()); err != nil {
					t.Fatal(err)
				}
				check := func(content string) (string, error) {
					return openssl(t, "cms", "-verify", "-binary", "-cades", "-inform", form, "-in", f.job.Out, "-content", content, "-CAfile", root,
						"-purpose", "any", "-out", os.DevNull)
				}
				if out, err := check(f.job.In); err != nil {
					t.Errorf("%s: %v\n%s", form, err, out)
				}
				if out, err := check(other); err == nil {
					t.Errorf("%s: another content verified\n%s", form, out)
				}
			}

			key, err := x509.MarshalPKCS8PrivateKey(f.party.Key)
			if err != nil {
				t.Fatal(err)
			}
			keyFile := file("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
			cert := file("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.party.Chain[0].Raw}))
			issuer := file("issuer.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.party.Chain[1].Raw}))
			for _, how := range [][]string{
				{"cms", "-outform", "DER"}, {"cms", "-outform", "PEM"}, {"cms", "-outform", "DER", "-cades"}, {"cms", "-outform", "DER", "-md", "sha512"},
				{"smime", "-outform", "DER"}, {"smime", "-outform", "PEM"},
			} {
				sig := filepath.Join(t.TempDir(), "sig")
				out, err := openssl(t, append(how, "-sign", "-binary", "-in", f.job.In, "-signer", cert, "-inkey", keyFile, "-certfile", issuer, "-out", sig)...)
				if err != nil {
					t.Fatalf("%v: %v\n%s", how, err, out)
				}
				value, err := signer.ReadDetached(sig)
				if err != nil {
					t.Fatal(err)
				}
				judge := func(content []byte) *verify.Report {
					r, err := verify.Detached(context.Background(), value, bytes.NewReader(content), int64(len(content)), verify.Options{Roots: f.job.Roots})
					if err != nil {
						t.Fatal(err)
					}
					return r
				}
				if r := judge(f.input); !r.Valid() || r.Signatures[0].SignedAt == nil {
					t.Errorf("%v: %s %+v", how, r.Verdict, r.Signatures[0])
				}
				if r := judge(f.input[1:]); r.Verdict != verify.Invalid {
					t.Errorf("%v: another content is %s", how, r.Verdict)
				}
			}
		})
	}
}

// TestOpenSSLAndDetachedSM2: OpenSSL 3.0's cms knows no SM2 identity; its
// pkeyutl verifies the value over the signed attributes, which name the content's digest.
func TestOpenSSLAndDetachedSM2(t *testing.T) {
	for _, gm := range []bool{false, true} {
		f := newDetached(t, "sm2")
		f.job.GM = gm
		if _, err := f.job.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		der, err := os.ReadFile(f.job.Out)
		if err != nil {
			t.Fatal(err)
		}
		contentType, attributes := cmstest.OpenSSLTakesSM2(t, der, f.party.Chain[0])
		want := "1.2.840.113549.1.7.2"
		if gm {
			want = "1.2.156.10197.6.1.4.2.2"
		}
		if contentType != want {
			t.Errorf("content type %s, want %s", contentType, want)
		}
		digest, err := openssl(t, "dgst", "-sm3", "-r", f.job.In)
		if err != nil {
			t.Fatal(err)
		}
		if want, _, _ := strings.Cut(digest, " "); !strings.Contains(hex.EncodeToString(attributes), want) {
			t.Errorf("the SM3 %s of the content is not in the attributes", want)
		}
	}
}
