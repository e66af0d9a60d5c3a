//go:build !windows && !darwin

package anchors

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"sealdesk/signer/cms/cmstest"
)

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	if _, err := Folder(dir); !errors.Is(err, ErrNone) {
		t.Errorf("an empty folder: %v", err)
	}
	rsa, sm2 := cmstest.New(t, "rsa", cmstest.Options{}).Root, cmstest.New(t, "sm2", cmstest.Options{}).Root
	text := func(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }
	write(t, dir, "a.pem", append(text(rsa.Raw), text(rsa.Raw)...))
	write(t, dir, "b.CER", sm2.Raw)
	write(t, dir, "notes.txt", []byte("not looked at"))
	if err := os.Mkdir(filepath.Join(dir, "more.pem"), 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := Folder(dir)
	if err != nil || len(got) != 2 || !bytes.Equal(got[0].Raw, rsa.Raw) || !bytes.Equal(got[1].Raw, sm2.Raw) {
		t.Fatalf("%d certificates, %v", len(got), err)
	}
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "cut DER": sm2.Raw[:100], "a key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}),
		"one is broken": append(text(rsa.Raw), text(rsa.Raw[:50])...), "too large": make([]byte, maxFile+1),
	} {
		write(t, dir, "c.crt", data)
		if _, err := Folder(dir); err == nil {
			t.Errorf("%s: believed", name)
		}
	}
	if _, err := Folder(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there")
	}
}

func TestSystem(t *testing.T) {
	dir := t.TempDir()
	root := cmstest.New(t, "ecdsa", cmstest.Options{}).Root
	write(t, dir, "bundle", append([]byte("# a comment\n"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})...))
	t.Setenv("SSL_CERT_FILE", filepath.Join(dir, "bundle"))
	got, err := System()
	if err != nil || len(got) != 1 || !bytes.Equal(got[0].Raw, root.Raw) {
		t.Errorf("%d certificates, %v", len(got), err)
	}
	write(t, dir, "bundle", nil)
	if _, err := System(); !errors.Is(err, ErrNone) {
		t.Errorf("an empty store: %v", err)
	}
	t.Setenv("SSL_CERT_FILE", "")
	if got, err := System(); err != nil || len(got) < 20 {
		t.Errorf("the system's own store: %d certificates, %v", len(got), err)
	}
}
