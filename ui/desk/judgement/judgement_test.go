package judgement_test

import (
	"bytes"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/assets"
	"sealdesk/assets/i18n"
	"sealdesk/signer/finding"
	"sealdesk/signer/paper"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk/judgement"
	"sealdesk/ui/desk/words"
)

func catalog(t *testing.T, lang string) *words.Catalog {
	t.Helper()
	w, err := words.New(i18n.Files, lang)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func altered() *verify.Report {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return &verify.Report{Verdict: verify.Invalid, Signatures: []verify.Signature{
		{Verdict: verify.Valid, Signer: "云溪县人民医院", Algorithm: "SM2-SM3", Level: "B", SignedAt: &at, CoversWholeFile: true, Reason: "合同签订"},
		{
			Verdict: verify.Invalid, Level: "none", Revision: 2,
			Findings:     finding.List{{Code: "verify.digest_mismatch", Message: "the digest differs", Severity: finding.Fatal}},
			ChangesAfter: []verify.Change{{Code: "no.such.code", Message: "an object was replaced", Revision: 3}},
		},
	}}
}

func TestRead(t *testing.T) {
	for _, lang := range []string{words.Chinese, "en"} {
		t.Run(lang, func(t *testing.T) {
			w := catalog(t, lang)
			j := judgement.Read(w, altered())
			if j.Tone != judgement.Bad || j.Sentence == "" || len(j.Signatures) != 2 {
				t.Fatalf("read as %+v", j)
			}
			good, bad := j.Signatures[0], j.Signatures[1]
			if good.Tone != judgement.Good || !strings.Contains(good.Heading, "云溪县人民医院") || len(good.Lines) != 0 {
				t.Errorf("the intact signature: %+v", good)
			}
			if bad.Tone != judgement.Bad || !strings.Contains(bad.Heading, w.T("verifyfile.no_name")) || len(bad.Lines) != 2 {
				t.Fatalf("the broken signature: %+v", bad)
			}
			// What has no words of its own keeps the verifier's.
			if last := bad.Lines[1]; last.Tone != judgement.Bad || !strings.Contains(last.Text, "an object was replaced") {
				t.Errorf("the change: %+v", last)
			}
			for _, s := range j.Signatures {
				for _, f := range s.Facts {
					if f.Name == "" || f.Value == "" || strings.HasPrefix(f.Value, "verifyfile.") {
						t.Errorf("fact without words: %+v", f)
					}
				}
			}
		})
	}
}

func TestPaper(t *testing.T) {
	w := catalog(t, words.Chinese)
	regular, err := paper.ParseFace(assets.SansRegular())
	if err != nil {
		t.Fatal(err)
	}
	file := judgement.File{Name: "合同.pdf", SHA256: strings.Repeat("0123456789abcdef", 4), Size: 12345, At: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Judge: "SealDesk 1.0"}
	shown := []*judgement.Shown{nil, {Page: 6, Picture: image.NewGray(image.Rect(0, 0, 21, 30))}}
	data, err := judgement.Paper(w, regular, regular, file, judgement.Read(w, altered()), shown)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(data, []byte("%PDF-")) {
		t.Fatalf("no PDF: %.20q", data)
	}
	path := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"合同.pdf", file.SHA256, "12345", "2026-03-04", "云溪县人民医院", "an object was replaced", "签署时的第 6 页", "SealDesk 1.0"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report does not say %q:\n%s", want, text)
		}
	}
}
