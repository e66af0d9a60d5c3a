package cmstest

import (
	"bytes"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"
)

// OpenSSLTakesSM2 has openssl verify the one SM2 signature in der, a SignedData with signed attributes and a certificate of the
// signer: OpenSSL 3.0's cms knows no SM2 identity, but its pkeyutl does. It is taken apart with encoding/asn1, of which package cms
// makes no use; the content type of the whole and the attributes, as the SET that is signed (RFC 5652, 5.4), are returned.
func OpenSSLTakesSM2(t testing.TB, der []byte, signer *smx509.Certificate) (contentType string, attributes []byte) {
	t.Helper()
	var outer struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version int
			Digests asn1.RawValue
			Encap   asn1.RawValue
			Certs   asn1.RawValue `asn1:"optional,tag:0"`
			Signers []struct {
				Version int
				ID      asn1.RawValue
				Digest  asn1.RawValue
				Attrs   asn1.RawValue `asn1:"tag:0"`
				Alg     asn1.RawValue
				Value   []byte
			} `asn1:"set"`
		} `asn1:"explicit,tag:0"`
	}
	// The space of /Contents that was not needed follows in a PDF.
	if _, err := asn1.Unmarshal(der, &outer); err != nil || len(outer.Content.Signers) != 1 {
		t.Fatalf("%d signers, %v", len(outer.Content.Signers), err)
	}
	attributes = bytes.Clone(outer.Content.Signers[0].Attrs.FullBytes)
	attributes[0] = 0x31
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	out, err := exec.CommandContext(t.Context(), "openssl", "pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678",
		"-certin", "-inkey", file("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signer.Raw})),
		"-in", file("attributes", attributes), "-sigfile", file("value", outer.Content.Signers[0].Value)).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Verified Successfully") {
		t.Errorf("openssl: %v\n%s", err, out)
	}
	return outer.Type.String(), attributes
}
