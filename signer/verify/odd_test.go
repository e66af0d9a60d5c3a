package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdfsig"
)

// TestOddFilesAreSigned signs files that readers take in one way, although they
// are not what the standard asks for, and judges them; those that readers take in
// several are refused, by the name of the defect.
func TestOddFilesAreSigned(t *testing.T) {
	buyer := cmstest.New(t, "rsa", cmstest.Options{})
	plain := newPaper(t).data
	earlier := newPaper(t)
	earlier.sign(buyer, signing{})
	replace := func(in []byte, old, new string) []byte {
		i := bytes.LastIndex(in, []byte(old))
		if i < 0 {
			t.Fatalf("no %q", old)
		}
		return append(append(bytes.Clone(in[:i]), new...), in[i+len(old):]...)
	}
	xref := bytes.LastIndex(plain, []byte("\nxref\n")) + 1
	for _, tc := range []struct {
		name   string
		data   []byte
		defect string // "" where it is signed
	}{
		{"white space before the table", replace(plain, fmt.Sprintf("startxref\n%d", xref), fmt.Sprintf("startxref\n%d", xref-1)), ""},
		{"junk behind the end", append(bytes.Clone(plain), "<!-- served by x -->\n"...), ""},
		{"junk behind the end, no end of line", append(bytes.Clone(plain), "\x00\x1a junk"...), ""},
		{"an end that names nothing", append(bytes.Clone(plain), "\nstartxref\n"+fmt.Sprint(xref)+"\n%%EOF\n"...), ""},
		{"no end of line at the end", bytes.TrimRight(plain, "\n"), ""},
		{"entries of 19 bytes", bytes.ReplaceAll(plain, []byte(" n \n"), []byte(" n\n")), ""},
		{"entries that end with a carriage return and a line feed", bytes.ReplaceAll(plain, []byte(" n \n"), []byte(" n\r\n")), ""},
		{"junk before the header", append([]byte("HTTP/1.1 200 OK\n\n"), plain...), "junk_before_header"},
		{"a key twice in the catalog", replace(plain, " /Pages 2 0 R /Type /Catalog", " /Pages 3 0 R/Pages 2 0 R   "), "duplicate_key"},
		{"junk behind a signature", append(bytes.Clone(earlier.data), "junk"...), "junk_after_end"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := pdfsig.Request{Time: sealingTime, Frame: pdfsig.CMS{Builder: cms.Builder{Signer: buyer.Key, Chain: buyer.Chain}}}
			plan, err := pdfsig.Prepare(context.Background(), bytes.NewReader(tc.data), int64(len(tc.data)), req)
			if tc.defect != "" {
				var e *pdfsig.Error
				if !errors.As(err, &e) || e.Kind != pdfsig.NeedsRepair || e.Defect != tc.defect {
					t.Errorf("%v, want %s", err, tc.defect)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			out := signed(t, plan, tc.data)
			if r := verifyBytes(t, out, buyer); !r.Valid() {
				t.Errorf("%s %v %v", r.Verdict, allCodes(r), r.Findings)
			}
			readersAgree(t, out)
		})
	}
}

// readersAgree asks other programs, where they are installed, whether they see the
// signature and find it whole.
func readersAgree(t *testing.T, data []byte) {
	path := filepath.Join(t.TempDir(), "signed.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, reader := range []struct {
		program string
		args    []string
		says    []string
	}{
		{"pdfsig", []string{"-nocert"}, []string{"Signature is Valid", "Total document signed"}},
		{"mutool", []string{"sign", "-v"}, []string{"The document is unchanged since signing"}},
		{"qpdf", []string{"--json", "--json-key=acroform"}, []string{"/Sig"}},
	} {
		program, err := exec.LookPath(reader.program)
		if err != nil {
			t.Logf("skipped: %s is not installed", reader.program)
			continue
		}
		out, _ := exec.Command(program, append(reader.args, path)...).CombinedOutput() // a certificate that is not known is an error to some
		for _, words := range reader.says {
			if !strings.Contains(string(out), words) {
				t.Errorf("%s does not say %q:\n%s", reader.program, words, out)
			}
		}
	}
}
