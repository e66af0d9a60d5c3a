package softhsmtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/pkcs11"
	"sealdesk/token/profile"
)

// Of every token.
const (
	Label = "buyer"
	PIN   = "12345678"
	SOPIN = "87654321"
)

// Variable is the one that tells SoftHSM2 where its tokens are.
const Variable = "SOFTHSM2_CONF"

// Library finds the library of SoftHSM2 by the table of profiles.
func Library(t testing.TB) (string, profile.Profile) {
	t.Helper()
	table, err := profile.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range table.Discover() {
		if place.Profile.ID == "softhsm2" && place.Found {
			if place.Problem != nil {
				t.Fatalf("%s: %v", place.Library, place.Problem)
			}
			return place.Library, place.Profile
		}
	}
	t.Fatal("SoftHSM2 is not installed: run packaging/deps.sh test")
	return "", profile.Profile{}
}

var (
	mu      sync.Mutex
	folders = map[ca.Algorithm]string{} // with the files of one provisioned token each
)

// New makes a token with keys of this kind and has the environment lead SoftHSM2 to it, and to no other. Making keys takes
// time, so the first token of a kind is copied for every later one.
func New(t testing.TB, algorithm ca.Algorithm) {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if folders[algorithm] == "" {
		dir, err := os.MkdirTemp("", "softhsmtest-")
		if err != nil {
			t.Fatal(err)
		}
		Empty(t, dir)
		provision(t, algorithm)
		folders[algorithm] = dir
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "tokens"), os.DirFS(filepath.Join(folders[algorithm], "tokens"))); err != nil {
		t.Fatal(err)
	}
	configure(t, dir)
}

// Remove deletes what New kept for later; TestMain calls it.
func Remove() {
	for _, dir := range folders {
		os.RemoveAll(dir)
	}
}

// Empty makes a token without keys in a folder, as softhsm2-util does it.
func Empty(t testing.TB, dir string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	configure(t, dir)
	tool := exec.Command("softhsm2-util", "--init-token", "--free", "--label", Label, "--pin", PIN, "--so-pin", SOPIN)
	out, err := tool.CombinedOutput()
	if err != nil {
		t.Fatalf("softhsm2-util: %v: run packaging/deps.sh test\n%s", err, out)
	}
}

func configure(t testing.TB, dir string) {
	t.Helper()
	conf := filepath.Join(dir, "softhsm2.conf")
	text := fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", filepath.Join(dir, "tokens"))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Setenv(Variable, conf)
}

// provision puts a signing and an encryption key on the one token, as a CA's counter does.
func provision(t testing.TB, algorithm ca.Algorithm) {
	t.Helper()
	library, p := Library(t)
	driver, err := pkcs11.Open(library, *p.PKCS11)
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close()
	Provision(t, token.Guard(driver, token.Limits{}), algorithm)
}

// Provision puts a signing and an encryption key on the one token that the driver finds.
func Provision(t testing.TB, driver token.Driver, algorithm ca.Algorithm) {
	t.Helper()
	ctx := context.Background()
	tokens, err := driver.Tokens(ctx)
	if err != nil || len(tokens) != 1 {
		t.Fatalf("%d tokens: %v", len(tokens), err)
	}
	defer tokens[0].Close()
	if err := tokens[0].Unlock(ctx, []byte(PIN)); err != nil {
		t.Fatal(err)
	}
	authority, err := ca.New(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	provisioner, ok := tokens[0].(token.Provisioner)
	if !ok {
		t.Fatal("the token takes no keys")
	}
	for _, use := range []token.Usage{token.UsageSign, token.UsageEncrypt} {
		id, pub, err := provisioner.NewKey(ctx, "buyer", string(algorithm), use)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "青川县教育局"}, PublicKey: pub, Usage: use})
		if err != nil {
			t.Fatal(err)
		}
		if err := provisioner.StoreCertificate(ctx, id, cert, []*smx509.Certificate{authority.Root(algorithm)}); err != nil {
			t.Fatal(err)
		}
	}
}
