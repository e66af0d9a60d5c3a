package demo

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/verify"
	"sealdesk/token/ca"
)

// pyHanko gives the program of make interop. It must be there when that runs, and without that the test is skipped.
func pyHanko(t *testing.T) func(args ...string) string {
	t.Helper()
	program := os.Getenv("SEALDESK_PYHANKO")
	if program == "" {
		t.Skip("skipped: make interop names the judge in SEALDESK_PYHANKO")
	}
	return func(args ...string) string {
		t.Helper()
		cmd := exec.Command(program, append([]string{"testdata/longterm.py"}, args...)...)
		var told bytes.Buffer
		cmd.Stderr = &told // pyHanko tells there of every way that it tries in vain
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, told.Bytes())
		}
		return strings.TrimSpace(string(out))
	}
}

func (a *archive) pem(t *testing.T, name string, blocks ...*pem.Block) string {
	t.Helper()
	var text []byte
	for _, b := range blocks {
		text = append(text, pem.EncodeToMemory(b)...)
	}
	if err := os.WriteFile(a.path(name), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return a.path(name)
}

func certificate(c *smx509.Certificate) *pem.Block {
	return &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}
}

// pyHanko, by the rules of EN 319 102-1 and offline, takes our LT and LTA for what we take them for; and one that was stamped
// again still when the signer's certificate and all answers have ended.
func TestInteropLongTermPyHanko(t *testing.T) {
	judge := pyHanko(t)
	for _, alg := range []ca.Algorithm{ca.RSA, ca.ECDSA} {
		now := time.Now()
		a := newArchive(t, alg, now.Add(24*time.Hour), now.AddDate(5, 0, 0))
		root := a.pem(t, "root.pem", certificate(a.authority.Root(alg)))
		lt, lta := a.sign(t, "lt.pdf", signer.LevelLT), a.sign(t, "lta.pdf", signer.LevelLTA)
		again, err := a.extend(t, lta, "again.pdf", signer.LevelLTA)
		if err != nil {
			t.Fatal(err)
		}
		soon, later := now.Add(time.Minute), now.AddDate(0, 1, 0)
		for _, tt := range []struct {
			file   string
			at     time.Time
			stamps int
		}{{lt, soon, 0}, {lta, soon, 1}, {again, soon, 2}, {again, later, 2}} {
			out := judge("judge", tt.file, tt.at.UTC().Format(time.RFC3339), root)
			lines := strings.Split(out, "\n")
			if len(lines) != 1+tt.stamps || !strings.HasPrefix(lines[0], "Signature1\tOK\t") || !strings.HasSuffix(lines[0], "\tTrue") {
				t.Errorf("%s, %s at %s: pyHanko says\n%s", alg, tt.file, tt.at, out)
			}
		}
	}
}

// What pyHanko makes is of the same level for us: LT and LTA, now and when the certificate has ended.
func TestInteropLongTermOfPyHanko(t *testing.T) {
	run := pyHanko(t)
	for _, alg := range []ca.Algorithm{ca.RSA, ca.ECDSA} {
		now := time.Now()
		a := newArchive(t, alg, now.Add(24*time.Hour), now.AddDate(5, 0, 0))
		key, err := smx509.MarshalPKCS8PrivateKey(a.job.Key)
		if err != nil {
			t.Fatal(err)
		}
		root := a.pem(t, "root.pem", certificate(a.authority.Root(alg)))
		keyFile, certFile := a.pem(t, "key.pem", &pem.Block{Type: "PRIVATE KEY", Bytes: key}), a.pem(t, "cert.pem", certificate(a.cert))
		for level, want := range map[string]string{"lt": "LT", "lta": "LTA"} {
			file := a.path(level + ".pdf")
			run("make", a.job.In, file, level, keyFile, certFile, a.job.Stamps.URL, root)
			for _, at := range []time.Time{now.Add(time.Minute), now.AddDate(0, 1, 0)} {
				r := a.judge(t, file, at, nil)
				if r.Verdict != verify.Valid || r.Signatures[0].Level != want {
					t.Errorf("%s %s at %s: %s, level %s, %v", alg, level, at, r.Verdict, r.Signatures[0].Level, codesOf(r))
				}
			}
			if level != "lta" {
				continue
			}
			// And it can be kept longer here.
			again, err := a.extend(t, file, "again.pdf", signer.LevelLTA)
			if err != nil {
				t.Fatal(err)
			}
			if r := a.judge(t, again, now.Add(time.Minute), nil); r.Verdict != verify.Valid || len(r.Stamps) != 2 {
				t.Errorf("%s extended: %s, %v", alg, r.Verdict, codesOf(r))
			}
		}
	}
}
