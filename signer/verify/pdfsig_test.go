package verify

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdfsig"
)

func redSeal() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	img.SetNRGBA(3, 3, color.NRGBA{215, 25, 31, 255})
	return img
}

func signWith(t *testing.T, data []byte, by *cmstest.Party, req pdfsig.Request) []byte {
	t.Helper()
	req.Frame = pdfsig.CMS{Builder: cms.Builder{Signer: by.Key, Chain: by.Chain}}
	req.Time = time.Date(2025, 6, 1, 12, 0, 0, 0, time.FixedZone("", 8*3600))
	plan, err := pdfsig.Prepare(context.Background(), bytes.NewReader(data), int64(len(data)), req)
	if err != nil {
		t.Fatal(err)
	}
	return signed(t, plan, data)
}

// signed is the document with the plan's update behind it.
func signed(t testing.TB, plan *pdfsig.Plan, data []byte) []byte {
	t.Helper()
	h, err := plan.Hash()
	if err != nil {
		t.Fatal(err)
	}
	h.Write(data)
	update, err := plan.Sign(h)
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(data), update...)
}

// TestOurSignatures judges what package pdfsig writes: both parties, all
// algorithms, on files with tables, with streams, and linearized.
func TestOurSignatures(t *testing.T) {
	inputs := map[string][]byte{"table": newPaper(t).data}
	streams := newPaper(t)
	streams.compress(map[int]string{objFont: streams.objects[objFont]}, 30)
	inputs["streams"] = streams.data
	if qpdf, err := exec.LookPath("qpdf"); err == nil {
		dir := t.TempDir()
		in := filepath.Join(dir, "in.pdf")
		if err := os.WriteFile(in, inputs["table"], 0o600); err != nil {
			t.Fatal(err)
		}
		for name, flags := range map[string][]string{"qpdf streams": {"--object-streams=generate"}, "qpdf linearized": {"--linearize", "--object-streams=disable"},
			"qpdf linearized streams": {"--linearize", "--object-streams=generate"}} {
			out := filepath.Join(dir, "out.pdf")
			if text, err := exec.Command(qpdf, append(flags, in, out)...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if inputs[name], err = os.ReadFile(out); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, algorithm := range []string{"rsa", "ecdsa", "sm2"} {
		buyer := cmstest.New(t, algorithm, cmstest.Options{Name: "采购人"})
		seller := cmstest.New(t, algorithm, cmstest.Options{Name: "供应商"})
		for name, in := range inputs {
			t.Run(algorithm+"/"+name, func(t *testing.T) {
				first := signWith(t, in, buyer, pdfsig.Request{Certify: 2, Name: "采购人", Reason: "合同", Places: []pdfsig.Appearance{
					{Page: 1, Rect: pdf.Rect{100, 100, 220, 220}, Image: redSeal()}, {Page: 1, Rect: pdf.Rect{500, 300, 520, 420}, Image: redSeal()}}})
				both := signWith(t, first, seller, pdfsig.Request{Places: []pdfsig.Appearance{{Page: 1, Rect: pdf.Rect{300, 100, 420, 220}, Image: redSeal()}}})
				r := verifyBytes(t, both, buyer, seller)
				if !r.Valid() || len(r.Signatures) != 2 {
					t.Fatalf("%s with %d signatures: %v; %v", r.Verdict, len(r.Signatures), allCodes(r), changes(r))
				}
				a, b := r.Signatures[0], r.Signatures[1]
				if a.Signer != "采购人" || a.Certifies != 2 || a.Level != "B" || len(a.Widgets) != 2 || a.RevisionEnd != int64(len(first)) || a.Reason != "合同" ||
					len(a.ChangesAfter) != 1 || a.ChangesAfter[0].Code != changeSignature || a.CoversWholeFile {
					t.Errorf("first %+v", a)
				}
				if b.Signer != "供应商" || !b.CoversWholeFile || len(b.ChangesAfter) != 0 || b.Level != "B" {
					t.Errorf("second %+v", b)
				}
				if got := codes(b.Findings); !slices.Equal(got, []string{"verify.revocation_unknown"}) {
					t.Errorf("findings %v", got)
				}
			})
		}
	}
}
