//go:build linux

package modhost_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/softkey"
)

// A key's files come through the helper whole, with the errors that they have in one process.
func TestDataThroughTheHelper(t *testing.T) {
	b := plug(t, softkey.SKFLongmai, softkey.Dialect{}, "longmai-gm3000-skf", ca.SM2)
	seal := make([]byte, 60_000)
	if _, err := rand.Read(seal); err != nil {
		t.Fatal(err)
	}
	if err := b.device.PutFile("seal", seal, false); err != nil {
		t.Fatal(err)
	}
	if err := b.device.PutFile("secret", seal[:9], true); err != nil {
		t.Fatal(err)
	}
	tok := find(t, open(t, b.options))
	r := tok.(token.DataReader)
	list, err := r.Data(t.Context())
	if err != nil || len(list) != 2 || list[0] != (token.DataObject{Name: "seal", Size: len(seal)}) || !list[1].Locked {
		t.Fatalf("listed %v, %v", list, err)
	}
	if got, err := r.ReadData(t.Context(), "seal"); err != nil || !bytes.Equal(got, seal) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	for name, want := range map[string]error{"secret": token.ErrNotUnlocked, "nothing": token.ErrNoData} {
		if _, err := r.ReadData(t.Context(), name); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", name, err, want)
		}
	}
	unlock(t, tok)
	if got, err := r.ReadData(t.Context(), "secret"); err != nil || !bytes.Equal(got, seal[:9]) {
		t.Errorf("with the PIN: %d bytes, %v", len(got), err)
	}
}

// A library that crashes while a file is read is a key that was pulled out, and nothing else.
func TestACrashWhileAFileIsRead(t *testing.T) {
	b := plug(t, softkey.SKFLongmai, softkey.Dialect{}, "longmai-gm3000-skf", ca.SM2)
	if err := b.device.PutFile("seal", []byte("x"), false); err != nil {
		t.Fatal(err)
	}
	tok := find(t, open(t, b.options))
	b.server.Inject(softkey.Fault{Do: softkey.Crash, Function: "SKF_ReadFile"})
	if _, err := tok.(token.DataReader).ReadData(t.Context(), "seal"); !errors.Is(err, token.ErrRemoved) {
		t.Errorf("error %v", err)
	}
}
