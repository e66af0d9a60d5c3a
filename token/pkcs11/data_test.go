//go:build unix

package pkcs11_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"testing"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/pkcs11"
	"sealdesk/token/pkcs11/cryptoki"
	"sealdesk/token/pkcs11/softhsmtest"
)

// put stores a CKO_DATA object; pkcs11-tool cuts longer ones off.
func put(t *testing.T, library, label string, data []byte, private bool) {
	t.Helper()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	m, err := cryptoki.Load(library)
	do(err)
	do(m.Initialize())
	defer m.Finalize() // the driver starts it anew
	slots, err := m.Slots()
	do(err)
	s, err := m.OpenSession(slots[0], true)
	do(err)
	defer s.Close()
	do(s.Login(cryptoki.CKU_USER, []byte(softhsmtest.PIN)))
	defer s.Logout()
	_, err = s.Create(cryptoki.Number(cryptoki.CKA_CLASS, cryptoki.CKO_DATA), cryptoki.Bool(cryptoki.CKA_TOKEN, true),
		cryptoki.Bool(cryptoki.CKA_PRIVATE, private), cryptoki.Attribute{Type: cryptoki.CKA_LABEL, Value: []byte(label)},
		cryptoki.Attribute{Type: cryptoki.CKA_VALUE, Value: data})
	do(err)
}

// Data objects are listed and read, however long, by the driver of the real library and of the guard above it.
func TestDataObjects(t *testing.T) {
	softhsmtest.New(t, ca.ECDSA)
	library, p := softhsmtest.Library(t)
	seal := make([]byte, 50_000) // more than any certificate
	if _, err := rand.Read(seal); err != nil {
		t.Fatal(err)
	}
	put(t, library, "电子印章", seal, false)
	put(t, library, "notes", []byte("one"), false)
	put(t, library, "secret", []byte("hidden"), true)
	put(t, library, "huge", make([]byte, token.MaxData+1), false)

	for name, seals := range map[string][]string{"all": nil, "by the profile": {"*印章"}} {
		t.Run(name, func(t *testing.T) {
			profile := *p.PKCS11
			profile.Seals = seals
			d, err := pkcs11.Open(library, profile)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			tokens, err := token.Guard(d, token.Limits{}).Tokens(t.Context())
			if err != nil || len(tokens) != 1 {
				t.Fatalf("%d tokens, %v", len(tokens), err)
			}
			tok := tokens[0].(token.DataReader)
			list, err := tok.Data(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(list, token.DataObject{Name: "电子印章", Size: len(seal)}) {
				t.Fatalf("listed %v", list)
			}
			if seals != nil {
				if len(list) != 1 {
					t.Errorf("listed %v", list)
				}
				return
			}
			got, err := tok.ReadData(t.Context(), "电子印章")
			if err != nil || !bytes.Equal(got, seal) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
			if _, err := tok.ReadData(t.Context(), "huge"); !errors.Is(err, token.ErrDataTooLong) {
				t.Errorf("of one that is too long: %v", err)
			}
			if _, err := tok.ReadData(t.Context(), "secret"); !errors.Is(err, token.ErrNoData) {
				t.Errorf("without the PIN: %v", err)
			}
			if err := tokens[0].Unlock(t.Context(), []byte(softhsmtest.PIN)); err != nil {
				t.Fatal(err)
			}
			if got, err := tok.ReadData(t.Context(), "secret"); err != nil || string(got) != "hidden" {
				t.Errorf("with the PIN: %q, %v", got, err)
			}
		})
	}
}
