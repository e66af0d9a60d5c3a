//go:build unix

package softkey_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/token/ca"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
)

// pkcs11Tool runs OpenSC's tool, which is another program's idea of PKCS #11.
func pkcs11Tool(t testing.TB, library string, args ...string) string {
	t.Helper()
	return runPKCS11Tool(t, nil, library, args...)
}

func runPKCS11Tool(t testing.TB, env []string, library string, args ...string) string {
	t.Helper()
	tool, err := exec.LookPath("pkcs11-tool")
	if err != nil {
		t.Fatal("there is no pkcs11-tool; run packaging/deps.sh test")
	}
	cmd := exec.Command(tool, append([]string{"--module", library}, args...)...)
	cmd.Env = append(append(os.Environ(), "SOFTKEY_TEST_PIN="+pinText), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("pkcs11-tool %q: %v\n%s", args, err, out)
	}
	return string(out)
}

func TestOpenSC(t *testing.T) {
	t.Parallel()
	s, library := softkeytest.Start(t, softkey.PKCS11)
	sign, encrypt := keys(t, ca.RSA)
	ecSign, _ := keys(t, ca.ECDSA)
	d := addDevice(t, s, softkey.DeviceOptions{Label: "CONTRACT", Dialect: softkey.Dialect{SM2: &softkey.Sansec}})
	addContainer(t, d, "rsa", sign.softkey(), encrypt.softkey())
	addContainer(t, d, "ec", ecSign.softkey(), softkey.KeyPair{})
	login := []string{"--login", "--pin", "env:SOFTKEY_TEST_PIN"}

	slots := pkcs11Tool(t, library, "--list-slots")
	for _, want := range []string{"CONTRACT", serial, softkey.DefaultManufacturer} {
		if !strings.Contains(slots, want) {
			t.Errorf("%q is not among the slots:\n%s", want, slots)
		}
	}
	mechanisms := pkcs11Tool(t, library, "--list-mechanisms")
	if !strings.Contains(mechanisms, "RSA-PKCS-OAEP") || !strings.Contains(mechanisms, "ECDSA") {
		t.Errorf("the mechanisms are:\n%s", mechanisms)
	}
	objects := pkcs11Tool(t, library, append(login, "--list-objects")...)
	for what, want := range map[string]int{
		"Private Key Object; RSA": 2, "Private Key Object; EC": 1, "Certificate Object; type = X.509 cert": 3,
	} {
		if got := strings.Count(objects, what); got != want {
			t.Errorf("%d of %q, want %d:\n%s", got, what, want, objects)
		}
	}
	if before := pkcs11Tool(t, library, "--list-objects"); strings.Contains(before, "Private Key") {
		t.Error("private keys are seen before the PIN")
	}

	dir := filepath.Dir(library)
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	long := bytes.Repeat([]byte(message), 1000) // more than one part
	if err := os.WriteFile(in, long, 0o600); err != nil {
		t.Fatal(err)
	}
	der := pkcs11Tool(t, library, "--read-object", "--type", "cert", "--label", "rsa", "--output-file", out)
	cert, err := os.ReadFile(out)
	if err != nil || !bytes.Equal(cert, sign.cert.Raw) {
		t.Errorf("the certificate was not read: %v %s", err, der)
	}
	id := fmt.Sprintf("%x", keyID(t, sign))
	pkcs11Tool(t, library, append(login, "--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", id,
		"--input-file", in, "--output-file", out)...)
	sig, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(long)
	if err := rsa.VerifyPKCS1v15(sign.key.Public().(*rsa.PublicKey), crypto.SHA256, sum[:], sig); err != nil {
		t.Error(err)
	}
	made := pkcs11Tool(t, library, append(login, "--keypairgen", "--key-type", "EC:prime256v1", "--label", "made", "--id", "0a0b",
		"--usage-sign")...)
	if !strings.Contains(made, "Key pair generated") {
		t.Errorf("pkcs11-tool made no keys:\n%s", made)
	}
	if d.PINs() != 3 {
		t.Errorf("%d PINs reached the key, want 3", d.PINs())
	}
}

// The sanitizers find nothing in the library while OpenSC's tool uses it.
func TestOpenSCUnderSanitizers(t *testing.T) {
	t.Parallel()
	s, library := softkeytest.Start(t, softkey.PKCS11)
	sign, encrypt := keys(t, ca.RSA)
	addContainer(t, addDevice(t, s, softkey.DeviceOptions{}), "rsa", sign.softkey(), encrypt.softkey())
	dir := filepath.Dir(library)
	sanitized := filepath.Join(dir, "sanitized.so")
	compile(t, "-fsanitize=address,undefined", "-fno-sanitize-recover", "-g", "-shared", "-fPIC", "-DGONE=0x32UL",
		`-DVARIANT="pkcs11"`, "-o", sanitized, "shim/wire.c", "shim/host_unix.c", "shim/pkcs11.c")
	asan, err := exec.Command("cc", "-print-file-name=libasan.so").Output()
	if err != nil {
		t.Fatal(err)
	}
	in, digest, out := filepath.Join(dir, "in"), filepath.Join(dir, "digest"), filepath.Join(dir, "out")
	sum := sha256.Sum256([]byte(message))
	if err := errors.Join(os.WriteFile(in, []byte(message), 0o600), os.WriteFile(digest, sum[:], 0o600)); err != nil {
		t.Fatal(err)
	}
	id := fmt.Sprintf("%x", keyID(t, sign))
	// The tool itself leaks; the library's own leaks are counted elsewhere.
	env := []string{"LD_PRELOAD=" + strings.TrimSpace(string(asan)), "ASAN_OPTIONS=detect_leaks=0"}
	login := []string{"--login", "--pin", "env:SOFTKEY_TEST_PIN"}
	for _, args := range [][]string{
		{"--list-slots"}, {"--list-mechanisms"}, append(login, "--list-objects"),
		append(login, "--sign", "--mechanism", "RSA-PKCS-PSS", "--hash-algorithm", "SHA256", "--id", id, "--input-file", digest,
			"--output-file", out),
		append(login, "--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", id, "--input-file", in, "--output-file", out),
	} {
		runPKCS11Tool(t, env, sanitized, args...)
	}
}

// keyID is what the key calls a pair, by softkey.KeyIDs.
func keyID(t testing.TB, p pair) []byte {
	t.Helper()
	sum := sha256.Sum256(p.cert.RawSubjectPublicKeyInfo)
	return sum[:20]
}
