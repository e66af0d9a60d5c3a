package judgement_test

import (
	"bytes"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/assets"
	"sealdesk/assets/i18n"
	"sealdesk/signer/finding"
	"sealdesk/signer/paper"
	"sealdesk/signer/revocation"
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
		{Verdict: verify.Valid, Signer: "云溪县人民医院", Algorithm: "SM2-SM3", Level: "B", SignedAt: &at, CoversWholeFile: true, Reason: "合同签订", Revocation: revocation.Good},
		{
			Verdict: verify.Invalid, Level: "none", Revision: 2,
			Findings:     finding.List{{Code: "verify.digest_mismatch", Message: "the digest differs", Severity: finding.Fatal}},
			ChangesAfter: []verify.Change{{Code: "no.such.code", Message: "an object was replaced", Revision: 3}},
		},
	}, Stamps: []verify.Stamp{{Field: "Timestamp1", Verdict: verify.Valid, By: "某某授时", At: &at, Algorithm: "RSA-SHA256", CoversWholeFile: true}, {
		Field: "Timestamp2", Verdict: verify.Invalid, Findings: finding.List{{Code: "verify.document_stamp_wrong", Severity: finding.Fatal}}}}}
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
			if len(j.Stamps) != 2 || j.Stamps[0].Tone != judgement.Good || !strings.Contains(j.Stamps[0].Heading, "某某授时") ||
				j.Stamps[1].Tone != judgement.Bad || len(j.Stamps[1].Lines) != 1 || j.Stamps[1].Lines[0].Do == "" {
				t.Errorf("the time stamps over the document: %+v", j.Stamps)
			}
			for _, s := range slices.Concat(j.Signatures, j.Stamps) {
				for _, f := range s.Facts {
					if f.Name == "" || f.Value == "" || strings.HasPrefix(f.Value, "verifyfile.") {
						t.Errorf("fact without words: %+v", f)
					}
				}
			}
		})
	}
}

// Good, bad and not known are three answers, in words that cannot be taken for one another; so are the levels.
func TestWordsDiffer(t *testing.T) {
	for _, lang := range []string{words.Chinese, "en"} {
		w := catalog(t, lang)
		value := func(s verify.Signature, name string) string {
			s.Verdict = verify.Valid
			for _, f := range judgement.Read(w, &verify.Report{Verdict: verify.Valid, Signatures: []verify.Signature{s}}).Signatures[0].Facts {
				if f.Name == w.T(name) {
					return f.Value
				}
			}
			return ""
		}
		seen := map[string]bool{}
		for _, status := range []revocation.Status{revocation.Good, revocation.Revoked, revocation.NotKnown} {
			seen[value(verify.Signature{Level: "B", Revocation: status}, "verifyfile.revocation")] = true
		}
		for _, level := range []string{"none", "B", "T", "LT", "LTA"} {
			seen[value(verify.Signature{Level: level}, "verifyfile.level")] = true
		}
		if len(seen) != 8 || seen[""] {
			t.Errorf("%s: %v", lang, seen)
		}
		for text := range seen {
			if strings.HasPrefix(text, "verifyfile.") {
				t.Errorf("%s: no words for %s", lang, text)
			}
		}
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
	for _, want := range []string{"合同.pdf", file.SHA256, "12345", "2026-03-04", "云溪县人民医院", "an object was replaced", "签署时的第 6 页", "SealDesk 1.0", "签名时未被吊销", "文档时间戳 1", "某某授时"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report does not say %q:\n%s", want, text)
		}
	}
}
