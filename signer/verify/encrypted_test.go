package verify

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/signer/cms/cmstest"
)

const encryptEntry = " /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O (x) /U (x) >>"

// encrypted is a paper that is encrypted from its first revision on, as far as anybody reads who does not decrypt it.
func encrypted(t *testing.T) *paper {
	p := newPaper(t)
	p.data = bytes.Replace(p.data, []byte("/Info 6 0 R"), []byte("/Info 6 0 R"+encryptEntry), 1)
	p.trailer += encryptEntry
	return p
}

// TestEncrypted: of an encrypted file nothing is known, whether it is signed or not; that is not the same as an altered one.
func TestEncrypted(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	plain, signed := encrypted(t), encrypted(t)
	signed.sign(buyer, signing{})
	files := map[string][]byte{"unsigned": plain.data, "signed": signed.data}
	if qpdf, err := exec.LookPath("qpdf"); err == nil {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in.pdf"), filepath.Join(dir, "out.pdf")
		if err := os.WriteFile(in, newPaper(t).data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, how := range [][]string{{}, {"--linearize"}, {"--object-streams=generate"}} {
			args := append(how, "--encrypt", "", "owner", "256", "--", in, out)
			if said, err := exec.Command(qpdf, args...).CombinedOutput(); err != nil {
				t.Fatalf("qpdf: %v %s", err, said)
			}
			if files["qpdf "+strings.Join(how, " ")], err = os.ReadFile(out); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, data := range files {
		r := verifyBytes(t, data, buyer)
		if said := r.Sentence(); r.Verdict != Untrusted || said.Code != "verify.said_encrypted" || said.Params["reason"] != "verify.encrypted" {
			t.Errorf("%s: %s %v %v", name, r.Verdict, allCodes(r), said)
		}
	}
	// Whoever encrypts what somebody else signed altered it.
	later := newPaper(t)
	later.sign(buyer, signing{})
	later.trailer += encryptEntry
	later.update(map[int]string{objInfo: "<< >>"})
	if r := verifyBytes(t, later.data, buyer); r.Verdict != Invalid || !found(r, "verify.encrypted_later") {
		t.Errorf("encrypted later: %s %v", r.Verdict, allCodes(r))
	}
	// And what leads nowhere below is not read.
	broken := encrypted(t)
	broken.prev = 3
	broken.update(map[int]string{objInfo: "<< >>"})
	if r := verifyBytes(t, broken.data, buyer); r.Verdict != Untrusted || !found(r, "verify.encrypted") {
		t.Errorf("broken: %s %v", r.Verdict, allCodes(r))
	}
}
