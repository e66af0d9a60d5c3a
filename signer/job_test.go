package signer_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/seal"
	"sealdesk/signer/sigform"
	"sealdesk/signer/verify"
)

func redSeal() *seal.Seal {
	m := image.NewNRGBA(image.Rect(0, 0, 120, 120))
	for y := range 120 {
		for x := range 120 {
			if dx, dy := x-60, y-60; dx*dx+dy*dy < 3600 {
				m.SetNRGBA(x, y, color.NRGBA{0xd7, 0x19, 0x1f, 0xff})
			}
		}
	}
	return &seal.Seal{Name: "测试", Image: m, WidthMM: 42, HeightMM: 42}
}

func place(t testing.TB, text string) seal.Place {
	t.Helper()
	p, err := seal.ParsePlace(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// countingKey counts how often it is asked, and may be broken.
type countingKey struct {
	crypto.Signer
	asked int
	fail  error
	after func()
}

func (k *countingKey) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.asked++
	if k.fail != nil {
		return nil, k.fail
	}
	sig, err := k.Signer.Sign(r, digest, opts)
	if k.after != nil {
		k.after()
	}
	return sig, err
}

type fixture struct {
	dir   string
	party *cmstest.Party
	key   *countingKey
	job   signer.Job
	input []byte
}

func newFixture(t testing.TB, algorithm string) *fixture {
	t.Helper()
	f := &fixture{dir: t.TempDir(), party: cmstest.New(t, algorithm, cmstest.Options{})}
	f.key = &countingKey{Signer: f.party.Key}
	f.input = pdftest.Document(pdftest.Options{Pages: 3})
	in := filepath.Join(f.dir, "合同.pdf")
	if err := os.WriteFile(in, f.input, 0o600); err != nil {
		t.Fatal(err)
	}
	f.job = signer.Job{
		In: in, Out: filepath.Join(f.dir, "合同-签.pdf"), ExpectSHA256: sum(f.input), Key: f.key, Chain: f.party.Chain,
		Seal: redSeal(), Places: []seal.Place{place(t, "page=2,x=60mm,y=80mm")}, Roots: []*smx509.Certificate{f.party.Root},
	}
	return f
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// clean fails unless the folder holds the untouched input and nothing else.
func (f *fixture) clean(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("the folder holds %v", entries)
	}
	if got, err := os.ReadFile(f.job.In); err != nil || !bytes.Equal(got, f.input) {
		t.Errorf("the input was touched: %v", err)
	}
}

func codeOf(err error) string {
	var coded interface{ Code() string }
	if errors.As(err, &coded) {
		return coded.Code()
	}
	return ""
}

func TestNoFileGetsItsNameBeforeItWasVerified(t *testing.T) {
	for _, alg := range []string{"rsa", "ecdsa", "sm2"} {
		t.Run(alg, func(t *testing.T) {
			f := newFixture(t, alg)
			steps := map[signer.Step]bool{}
			f.job.Progress = func(s signer.Step, done, total int64) {
				steps[s] = true
				if _, err := os.Lstat(f.job.Out); err == nil {
					t.Errorf("the output is there in step %d", s)
				}
				if total != 0 && done > total {
					t.Errorf("%d of %d", done, total)
				}
			}
			first, err := f.job.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if f.key.asked != 1 || len(steps) != 4 {
				t.Errorf("the key was asked %d times, steps %v", f.key.asked, steps)
			}
			// The other party signs on top.
			second := f.job
			other := cmstest.New(t, alg, cmstest.Options{Name: "供应商"})
			second.Progress = nil
			second.In, second.Out, second.ExpectSHA256 = first.Path, filepath.Join(f.dir, "2.pdf"), first.SHA256
			second.Key, second.Chain, second.Roots = other.Key, other.Chain, append(second.Roots, other.Root)
			second.Places = []seal.Place{place(t, "page=last,x=60mm,y=80mm"), place(t, "edge")}
			res, err := second.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(res.Path)
			if err != nil {
				t.Fatal(err)
			}
			if sum(data) != res.SHA256 || res.Size != int64(len(data)) || res.InputSHA256 != first.SHA256 {
				t.Error("the result does not describe the file")
			}
			if res.Report.Verdict != verify.Valid || len(res.Report.Signatures) != 2 || len(res.Fields) != 4 {
				t.Errorf("verdict %s, %d signatures, fields %v", res.Report.Verdict, len(res.Report.Signatures), res.Fields)
			}
			if n := len(res.Report.Signatures[1].Widgets); n != 4 {
				t.Errorf("the second signature shows in %d places", n)
			}
			if info, err := os.Stat(res.Path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the mode is %v", info.Mode())
			}
			if entries, _ := os.ReadDir(f.dir); len(entries) != 3 {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
}

func TestNothingIsSignedThatWasNotShown(t *testing.T) {
	f := newFixture(t, "ecdsa")
	f.job.ExpectSHA256 = sum([]byte("what was shown"))
	_, err := f.job.Run(context.Background())
	if !errors.Is(err, &pdfsig.Error{Kind: pdfsig.Changed}) || f.key.asked != 0 {
		t.Errorf("error %v, the key was asked %d times", err, f.key.asked)
	}
	f.clean(t)
}

func TestTheChosenCertificateSignsOrTheFileIsThrownAway(t *testing.T) {
	f := newFixture(t, "ecdsa")
	f.job.Chain = cmstest.New(t, "ecdsa", cmstest.Options{}).Chain
	_, err := f.job.Run(context.Background())
	if !errors.Is(err, &cms.Error{Kind: cms.KeyMismatch}) || f.key.asked != 0 {
		t.Errorf("error %v, the key was asked %d times", err, f.key.asked)
	}
	f.clean(t)
}

// liar claims to have the public key of another one.
type liar struct {
	crypto.Signer
	claims crypto.PublicKey
}

func (l liar) Public() crypto.PublicKey { return l.claims }

func TestAKeyThatLiesIsFoundOut(t *testing.T) {
	for _, alg := range []string{"rsa", "ecdsa", "sm2"} {
		f := newFixture(t, alg)
		f.key.Signer = liar{cmstest.New(t, alg, cmstest.Options{}).Key, f.party.Key.Public()}
		_, err := f.job.Run(context.Background())
		if !errors.Is(err, &cms.Error{Kind: cms.BadSignature}) || f.key.asked != 1 {
			t.Errorf("%s: error %v, the key was asked %d times", alg, err, f.key.asked)
		}
		f.clean(t)
	}
}

func tool(t testing.TB, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is missing; packaging/deps.sh test installs it", name)
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// TestBothPartiesSignDocumentsOfRealWriters signs what LibreOffice writes, in
// all forms that qpdf gives it, first as one party and then as the other.
func TestBothPartiesSignDocumentsOfRealWriters(t *testing.T) {
	dir := t.TempDir()
	html := filepath.Join(dir, "contract.html")
	if err := os.WriteFile(html, []byte("<html><meta charset=utf-8><body><h1>政府采购合同</h1><p>采购人（盖章）</p><p style='page-break-before:always'>2</p></body></html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "soffice", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to",
		`pdf:writer_web_pdf_Export:{"SelectPdfVersion":{"type":"long","value":"2"}}`, "--outdir", dir, html)
	office := filepath.Join(dir, "contract.pdf")
	inputs := []string{office}
	for name, args := range map[string][]string{
		"disable": {"--object-streams=disable"}, "generate": {"--object-streams=generate"},
		"linear": {"--linearize", "--object-streams=disable"}, "linear-generate": {"--linearize", "--object-streams=generate"},
	} {
		out := filepath.Join(dir, name+".pdf")
		tool(t, "qpdf", append(args, office, out)...)
		inputs = append(inputs, out)
	}
	for _, in := range inputs {
		for _, alg := range []string{"rsa", "sm2"} {
			t.Run(filepath.Base(in)+" "+alg, func(t *testing.T) {
				f := newFixture(t, alg)
				f.job.In, f.job.ExpectSHA256 = in, ""
				first, err := f.job.Run(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				other := cmstest.New(t, "ecdsa", cmstest.Options{Name: "供应商"})
				f.job.In, f.job.Out, f.job.ExpectSHA256 = first.Path, filepath.Join(f.dir, "2.pdf"), first.SHA256
				f.job.Key, f.job.Chain, f.job.Roots = other.Key, other.Chain, append(f.job.Roots, other.Root)
				f.job.Places = []seal.Place{place(t, "page=1,x=60mm,y=150mm"), place(t, "edge")}
				second, err := f.job.Run(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				if second.Report.Verdict != verify.Valid || len(second.Report.Signatures) != 2 || second.Report.Signatures[0].CoversWholeFile {
					t.Errorf("verdict %s, findings %v", second.Report.Verdict, second.Report.Findings)
				}
				tool(t, "qpdf", "--check", second.Path)
			})
		}
	}
}

func TestFailuresLeaveNothingBehind(t *testing.T) {
	brokenKey := errors.New("the key was pulled out")
	tests := []struct {
		name   string
		change func(t *testing.T, f *fixture) context.Context
		code   string
		is     error
	}{
		{"the key fails", func(t *testing.T, f *fixture) context.Context { f.key.fail = brokenKey; return nil }, "", brokenKey},
		{"cancelled before", func(t *testing.T, f *fixture) context.Context {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			return ctx
		}, "", context.Canceled},
		{"cancelled at the key", func(t *testing.T, f *fixture) context.Context {
			ctx, cancel := context.WithCancel(context.Background())
			f.key.after = cancel
			return ctx
		}, "", context.Canceled},
		{"what was written is not what is read", func(t *testing.T, f *fixture) context.Context {
			f.job.Progress = func(s signer.Step, done, total int64) {
				drafts, _ := filepath.Glob(filepath.Join(f.dir, ".sealdesk-*"))
				if s == signer.StepSign && done == total && len(drafts) == 1 {
					file, _ := os.OpenFile(drafts[0], os.O_WRONLY, 0)
					file.WriteAt([]byte("X"), 500)
					file.Close()
				}
			}
			return nil
		}, "signer.not_verified", nil},
		{"no input", func(t *testing.T, f *fixture) context.Context {
			f.job.In += "x"
			t.Cleanup(func() { f.job.In = strings.TrimSuffix(f.job.In, "x") })
			return nil
		}, "signer.input_missing", nil},
		{"no folder", func(t *testing.T, f *fixture) context.Context {
			f.job.Out = filepath.Join(f.dir, "none", "a.pdf")
			return nil
		}, "signer.no_folder", nil},
		{"output is the input", func(t *testing.T, f *fixture) context.Context { f.job.Out = f.job.In; return nil }, "signer.exists", nil},
		{"outside the page", func(t *testing.T, f *fixture) context.Context {
			f.job.Places = []seal.Place{place(t, "page=1,x=5mm,y=80mm")}
			return nil
		}, "seal.outside_page", nil},
		{"no such page", func(t *testing.T, f *fixture) context.Context {
			f.job.Places = []seal.Place{place(t, "page=4,x=60mm,y=80mm")}
			return nil
		}, "seal.no_such_page", nil},
		{"a seal without a place", func(t *testing.T, f *fixture) context.Context { f.job.Places = nil; return nil }, "signer.bad_request", nil},
		{"words without a finder", func(t *testing.T, f *fixture) context.Context {
			f.job.Places = []seal.Place{place(t, "keyword=盖章")}
			return nil
		}, "signer.bad_request", nil},
		{"words that are not there", func(t *testing.T, f *fixture) context.Context {
			f.job.Places, f.job.Find = []seal.Place{place(t, "keyword=盖章")}, words{}
			return nil
		}, "signer.keyword_not_found", nil},
		{"not a PDF", func(t *testing.T, f *fixture) context.Context {
			f.rewrite(t, []byte("hello"))
			return nil
		}, "pdf.not_pdf", nil},
		{"an edge seal on one page", func(t *testing.T, f *fixture) context.Context {
			f.rewrite(t, pdftest.Document(pdftest.Options{}))
			f.job.Places = []seal.Place{place(t, "edge")}
			return nil
		}, "signer.edge_needs_pages", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, "ecdsa")
			ctx := tt.change(t, f)
			if ctx == nil {
				ctx = context.Background()
			}
			in := f.job.In
			_, err := f.job.Run(ctx)
			f.job.In = in
			if tt.is != nil && !errors.Is(err, tt.is) || tt.code != "" && codeOf(err) != tt.code || err == nil {
				t.Errorf("error %v", err)
			}
			f.job.In = filepath.Join(f.dir, "合同.pdf")
			f.clean(t)
		})
	}
}

func (f *fixture) rewrite(t *testing.T, data []byte) {
	t.Helper()
	if err := os.WriteFile(f.job.In, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f.input, f.job.ExpectSHA256 = data, sum(data)
}

func TestAnExistingFileIsNeverReplaced(t *testing.T) {
	f := newFixture(t, "ecdsa")
	if err := os.WriteFile(f.job.Out, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.job.Run(context.Background()); codeOf(err) != "signer.exists" || f.key.asked != 0 {
		t.Errorf("error %v, the key was asked %d times", err, f.key.asked)
	}
	os.Remove(f.job.Out)
	// It may also come up while we sign.
	f.key.after = func() { os.WriteFile(f.job.Out, []byte("precious"), 0o600) }
	if _, err := f.job.Run(context.Background()); codeOf(err) != "signer.exists" {
		t.Errorf("error %v", err)
	}
	if got, _ := os.ReadFile(f.job.Out); string(got) != "precious" {
		t.Error("the file was replaced")
	}
	os.Remove(f.job.Out)
	f.clean(t)
}

func TestABrokenEarlierSignatureIsNotSignedOver(t *testing.T) {
	f := newFixture(t, "ecdsa")
	res, err := f.job.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(res.Path)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(res.Path)
	f.rewrite(t, bytes.Replace(data, []byte("(Contract, page 1)"), []byte("(Contract, page 9)"), 1))
	f.key.asked = 0
	if _, err := f.job.Run(context.Background()); codeOf(err) != "signer.earlier_broken" || f.key.asked != 0 {
		t.Errorf("error %v, the key was asked %d times", err, f.key.asked)
	}
	f.clean(t)
}

// TestASignatureOfAnUnknownKind: another vendor's signature cannot be judged, so
// a person must agree before we sign on top; a broken one stays refused.
func TestASignatureOfAnUnknownKind(t *testing.T) {
	f := newFixture(t, "sm2")
	plan, err := pdfsig.Prepare(context.Background(), bytes.NewReader(f.input), int64(len(f.input)), pdfsig.Request{
		Frame: pdfsig.CMS{
			Builder: cms.Builder{Signer: f.party.Key, Chain: f.party.Chain},
			As:      sigform.Form{Name: "vendor", Filter: "Vendor.PKI", SubFilter: "Vendor.sealed", Value: sigform.CMS},
		}})
	if err != nil {
		t.Fatal(err)
	}
	h, err := plan.Hash()
	if err != nil {
		t.Fatal(err)
	}
	h.Write(f.input)
	update, err := plan.Sign(h)
	if err != nil {
		t.Fatal(err)
	}
	foreign := append(bytes.Clone(f.input), update...)
	f.rewrite(t, foreign)
	if _, err := f.job.Run(context.Background()); codeOf(err) != "signer.earlier_unknown" || f.key.asked != 0 {
		t.Errorf("error %v, the key was asked %d times", err, f.key.asked)
	}
	f.job.AcceptUnknown = true
	res, err := f.job.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if res.Report.Verdict != verify.Invalid || !res.Report.Signatures[1].Intact {
		t.Errorf("verdict %s: what is not known must not be called valid", res.Report.Verdict)
	}
	os.Remove(res.Path)
	f.rewrite(t, bytes.Replace(foreign, []byte("/ByteRange [0 "), []byte("/ByteRange [1 "), 1))
	if _, err := f.job.Run(context.Background()); codeOf(err) != "signer.earlier_broken" {
		t.Errorf("error %v", err)
	}
	f.clean(t)
}

func TestAFullDiskIsSaid(t *testing.T) {
	if os.Getuid() != 0 {
		t.Log("mounting a small file system needs root; errors are mapped by TestErrorsOfTheDisk")
		return
	}
	f := newFixture(t, "ecdsa")
	small := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "none", small).CombinedOutput(); err != nil {
		t.Logf("no small file system here: %v %s", err, out)
		return
	}
	defer exec.Command("umount", small).Run()
	f.rewrite(t, pdftest.Document(pdftest.Options{Pages: 2, Padding: 200_000}))
	f.job.Out = filepath.Join(small, "a.pdf")
	_, err := f.job.Run(context.Background())
	if codeOf(err) != "signer.disk_full" || f.key.asked != 0 {
		t.Errorf("error %v, the key was asked %d times", err, f.key.asked)
	}
	if entries, _ := os.ReadDir(small); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	f.clean(t)
}
