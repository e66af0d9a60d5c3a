package skf

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"testing"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
)

func random(t testing.TB, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// Files of a key are listed and read through a library that was really loaded, in every edition, over several parts.
func TestFilesOfAKey(t *testing.T) {
	for _, v := range []softkey.Variant{softkey.SKF, softkey.SKFLongmai, softkey.SKFDraft2010} {
		t.Run(string(v), func(t *testing.T) {
			b := newBench(t, v, profile.SKF{}, softkey.Dialect{}, ca.SM2)
			seal := random(t, 3*filePart+17)
			if err := b.device.PutFile("SESSEAL1", seal, false); err != nil {
				t.Fatal(err)
			}
			if err := b.device.PutFile("secret", seal[:40], true); err != nil {
				t.Fatal(err)
			}
			tok := b.token(t)
			list, err := tok.Data(t.Context())
			want := []token.DataObject{{Name: "SESSEAL1", Size: len(seal)}, {Name: "secret", Size: 40, Locked: true}}
			if err != nil || !slices.Equal(list, want) {
				t.Fatalf("listed %v, %v", list, err)
			}
			got, err := tok.ReadData(t.Context(), "SESSEAL1")
			if err != nil || !bytes.Equal(got, seal) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
			if _, err := tok.ReadData(t.Context(), "secret"); !errors.Is(err, token.ErrNotUnlocked) {
				t.Errorf("without the PIN: %v", err)
			}
			if _, err := tok.ReadData(t.Context(), "nothing"); !errors.Is(err, token.ErrNoData) {
				t.Errorf("of what is not there: %v", err)
			}
			unlock(t, tok)
			if got, err := tok.ReadData(t.Context(), "secret"); err != nil || !bytes.Equal(got, seal[:40]) {
				t.Errorf("with the PIN: %d bytes, %v", len(got), err)
			}
			if list, err := tok.Data(t.Context()); err != nil || list[1].Locked {
				t.Errorf("with the PIN: %v, %v", list, err)
			}
			if b.device.PINs() != 1 {
				t.Errorf("%d PINs reached the key", b.device.PINs())
			}
		})
	}
}

func TestFilesByTheProfilesNames(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{Seals: []string{"SES*"}}, softkey.Dialect{}, ca.SM2)
	for _, name := range []string{"notes", "SESSEAL1"} {
		if err := b.device.PutFile(name, []byte("x"), false); err != nil {
			t.Fatal(err)
		}
	}
	list, err := b.token(t).Data(t.Context())
	if err != nil || len(list) != 1 || list[0].Name != "SESSEAL1" {
		t.Errorf("listed %v, %v", list, err)
	}
}

// A library that answers nonsense, and a key that is pulled out, are errors and no crash.
func TestFilesOfAFaultyKey(t *testing.T) {
	for _, f := range []struct {
		name  string
		fault softkey.Fault
		want  error
	}{
		{"an absurd length of a part", softkey.Fault{Do: softkey.AbsurdLength, Function: "SKF_ReadFile"}, ErrAnswer},
		{"pulled out", softkey.Fault{Do: softkey.Unplug, Function: "SKF_ReadFile"}, token.ErrRemoved},
		{"files not known", softkey.Fault{Do: softkey.Fail, Function: "SKF_GetFileInfo", Returned: 0x0A000003}, token.ErrNotSupported},
	} {
		t.Run(f.name, func(t *testing.T) {
			b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
			if err := b.device.PutFile("seal", random(t, 100), false); err != nil {
				t.Fatal(err)
			}
			tok := b.token(t)
			b.server.Inject(f.fault)
			if _, err := tok.ReadData(t.Context(), "seal"); !errors.Is(err, f.want) {
				t.Errorf("error %v, want %v", err, f.want)
			}
		})
	}
}
