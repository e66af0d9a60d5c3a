//go:build linux

package checkup

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token/libraries"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
	"sealdesk/ui/desk/words"
)

const (
	keyPIN  = "864209753"
	handler = "诸葛小雨"
	secret  = "of-no-concern-to-anybody"
)

// person is a certificate as CAs make them for whoever handles an organisation's key: the common name is the person's.
func person(t *testing.T) softkey.KeyPair {
	t.Helper()
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &smx509.Certificate{
		SerialNumber: big.NewInt(0xC0FFEE), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour),
		KeyUsage: smx509.KeyUsageDigitalSignature,
		Subject: pkix.Name{
			CommonName: handler, Organization: []string{"青川县教育局"}, SerialNumber: "330127199001011234",
			ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 41}, Value: handler}},
		},
	}
	der, err := smx509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := smx509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return softkey.KeyPair{Key: key, Certificate: cert}
}

// home is a person's folder with a key's library in it, and a set that knows the library.
func home(t *testing.T) (folder, library string, set *libraries.Set) {
	t.Helper()
	folder = softkeytest.Folder(t)
	host := filepath.Join(t.TempDir(), "tokenhost")
	if out, err := exec.Command("go", "build", "-o", host, "sealdesk/cmd/tokenhost").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv("HOME", folder) // after the build, whose cache is in the true one
	t.Setenv("SEALDESK_SECRET", secret)
	t.Setenv("SOFTHSM2_CONF", filepath.Join(folder, "no-softhsm2.conf"))
	server, err := softkey.New(softkey.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Listen(filepath.Join(folder, softkey.SocketName)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	device, err := server.Add(softkey.DeviceOptions{
		Label: handler, Application: handler, Serial: "A1B2C3D4", PIN: []byte(keyPIN),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := device.AddContainer("box", person(t), softkey.KeyPair{}); err != nil {
		t.Fatal(err)
	}
	library = softkeytest.Library(t, folder, softkey.SKFLongmai)
	set, err = libraries.Open(libraries.Options{Own: filepath.Join(folder, "libraries.json"), Host: host})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = set.Close() })
	if err := set.Add(library); err != nil {
		t.Fatal(err)
	}
	d, err := set.Driver(library, profile.InterfaceSKF)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := d.Tokens(t.Context())
	if err != nil || len(tokens) == 0 {
		t.Fatalf("%d tokens: %v", len(tokens), err)
	}
	// The PIN has been in this process, and the key is unlocked.
	if err := tokens[0].Unlock(t.Context(), []byte(keyPIN)); err != nil {
		t.Fatal(err)
	}
	return folder, library, set
}

// What a bundle tells, and what it must not.
func TestBundleHoldsNothingSecret(t *testing.T) {
	folder, library, set := home(t)
	for _, language := range []string{words.Chinese, words.English} {
		c := Checkup{
			Words: catalog(t, language), Libraries: set,
			Data: filepath.Join(folder, "data"), Cache: filepath.Join(folder, "cache"),
		}
		r := c.Run(t.Context())
		shown, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		// What is shown on the screen is more: the search below looks for what is really there.
		for _, there := range []string{handler, folder} {
			if !bytes.Contains(shown, []byte(there)) {
				t.Fatalf("%s: the report does not hold %q", language, there)
			}
		}
		packed, err := c.Bundle(r, Program{Name: "sealctl", Version: "1.2.3"})
		if err != nil {
			t.Fatal(err)
		}
		files := unpack(t, packed)
		var names []string
		for name, data := range files {
			names = append(names, name)
			for what, text := range map[string]string{
				"the PIN": keyPIN, "the handler's name": handler, "the person's number": "330127199001011234",
				"the home folder": folder, "its name": filepath.Base(folder), "the environment": secret,
			} {
				if bytes.Contains(data, []byte(text)) {
					t.Errorf("%s: %s holds %s:\n%s", language, name, what, data)
				}
			}
		}
		slices.Sort(names)
		if want := []string{"README.txt", "libraries.json", "report.json", "versions.json"}; !slices.Equal(names, want) {
			t.Errorf("%q, want %q", names, want)
		}
		report := string(files["report.json"])
		for _, want := range []string{"青川县教育局", "c0ffee", "A1B2C3D4", "libsofthsm2.so", "~/" + filepath.Base(library)} {
			if !strings.Contains(report, want) {
				t.Errorf("%s: the report lacks %q:\n%s", language, want, report)
			}
		}
		content, err := os.ReadFile(library)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		for _, want := range []string{hex.EncodeToString(sum[:]), fmt.Sprintf(`"size": %d`, len(content))} {
			if !strings.Contains(string(files["libraries.json"]), want) {
				t.Errorf("libraries.json lacks %s", want)
			}
		}
		var v map[string]string
		err = json.Unmarshal(files["versions.json"], &v)
		if err != nil || v["program"] != "sealctl" || v["version"] != "1.2.3" || v["kernel"] == "" {
			t.Errorf("versions.json: %v, %v", v, err)
		}
	}
}

func unpack(t *testing.T, packed []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = data
	}
	return files
}
