package pdfsig_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
)

var signingTime = time.Date(2026, 3, 4, 15, 6, 7, 0, time.FixedZone("", 8*3600))

// circle is a red ring on transparency, with a white bar in its upper half by
// which up can be told from down.
func circle(size int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			dx, dy := float64(x)-float64(size)/2, float64(y)-float64(size)/2
			if r := dx*dx + dy*dy; r < float64(size*size)/4 {
				m.SetNRGBA(x, y, color.NRGBA{0xd7, 0x19, 0x1f, 0xc0})
			}
		}
	}
	return m
}

func builder(p *cmstest.Party) cms.Builder { return cms.Builder{Signer: p.Key, Chain: p.Chain} }

// sign signs data and returns the signed file, which must have it as its prefix.
func sign(t testing.TB, data []byte, req pdfsig.Request) []byte {
	t.Helper()
	out, err := trySign(data, req)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(out, data) {
		t.Fatal("the original bytes are not a prefix of the signed file")
	}
	return out
}

func trySign(data []byte, req pdfsig.Request) ([]byte, error) {
	if req.Time.IsZero() {
		req.Time = signingTime
	}
	plan, err := pdfsig.Prepare(context.Background(), bytes.NewReader(data), int64(len(data)), req)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := plan.WriteTo(context.Background(), &out)
	if err != nil {
		return nil, err
	}
	if w.Size != int64(out.Len()) || w.SHA256 != sum(out.Bytes()) || w.InputSHA256 != sum(data) {
		return nil, errors.New("WriteTo does not say what it wrote")
	}
	return out.Bytes(), nil
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// tool runs one of the programs that judge our work.
func tool(t testing.TB, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is missing; packaging/deps.sh test installs it", name)
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func save(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "signed.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// inputs are documents in the forms that writers give them.
func inputs(t testing.TB) map[string][]byte {
	t.Helper()
	in := map[string][]byte{
		"table":  pdftest.Document(pdftest.Options{Pages: 3}),
		"stream": pdftest.Document(pdftest.Options{Pages: 3, Form: pdf.XRefStream}),
	}
	base := save(t, in["table"])
	for name, args := range map[string][]string{
		"qpdf disable":          {"--object-streams=disable"},
		"qpdf generate":         {"--object-streams=generate"},
		"qpdf linear":           {"--linearize", "--object-streams=disable"},
		"qpdf linear, generate": {"--linearize", "--object-streams=generate"},
	} {
		out := filepath.Join(t.TempDir(), "q.pdf")
		tool(t, "qpdf", append(args, base, out)...)
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		in[name] = data
	}
	return in
}

func TestSignaturesAreJudgedValidByOthers(t *testing.T) {
	parties := map[string]*cmstest.Party{}
	for _, alg := range []string{"rsa", "ecdsa", "sm2"} {
		parties[alg] = cmstest.New(t, alg, cmstest.Options{Name: "Test " + alg})
	}
	seal := circle(120)
	for name, data := range inputs(t) {
		for _, algs := range [][]string{{"rsa"}, {"rsa", "ecdsa"}, {"sm2", "sm2"}} {
			t.Run(name+"/"+strings.Join(algs, "+"), func(t *testing.T) {
				t.Parallel()
				signed := data
				for i, alg := range algs {
					signed = sign(t, signed, pdfsig.Request{
						Builder: builder(parties[alg]), Name: "采购人", Reason: "合同签章", Location: "北京",
						Places: []pdfsig.Appearance{
							{Page: 1, Rect: pdf.Rect{100 + 200*float64(i), 100, 219 + 200*float64(i), 219}, Image: seal},
							{Page: 3, Rect: pdf.Rect{100 + 200*float64(i), 100, 219 + 200*float64(i), 219}, Image: seal},
						}[:2-i],
					})
				}
				path := save(t, signed)
				if out := tool(t, "qpdf", "--check", path); strings.Contains(out, "WARNING") {
					t.Errorf("qpdf: %s", out)
				}
				out := tool(t, "pdfsig", "-nocert", path)
				if algs[0] != "sm2" {
					// The first signature is told once for each of its two fields.
					if got := strings.Count(out, "Signature is Valid."); got != 2+len(algs)-1 {
						t.Errorf("pdfsig finds %d valid signatures:\n%s", got, out)
					}
				}
				if !strings.Contains(out, "Total document signed") {
					t.Errorf("pdfsig: %s", out)
				}
			})
		}
	}
}
