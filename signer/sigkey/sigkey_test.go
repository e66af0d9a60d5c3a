package sigkey_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"io"
	"testing"

	"github.com/emmansun/gmsm/sm2"

	"sealdesk/signer/sigkey"
)

// digestKey is a key that is handed digests, as most are; the method set of the key within stays hidden.
type digestKey struct{ key crypto.Signer }

func (k digestKey) Public() crypto.PublicKey { return k.key.Public() }

func (k digestKey) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.key.Sign(rand, digest, opts)
}

// messageKey is a key that signs only what it can show.
type messageKey struct {
	digestKey
	shown []byte
}

var errDigest = errors.New("a digest was handed over")

func (k *messageKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errDigest
}

func (k *messageKey) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.shown = message
	return sigkey.Sign(k.digestKey, message, opts.HashFunc())
}

var message = []byte("SET OF 已签属性")

func TestSign(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecdsaKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sm2Key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(message)
	tests := []struct {
		name   string
		key    crypto.Signer
		hash   crypto.Hash
		verify func(signature []byte) bool
	}{
		{"RSA", rsaKey, crypto.SHA256, func(s []byte) bool { return rsa.VerifyPKCS1v15(&rsaKey.PublicKey, crypto.SHA256, sum[:], s) == nil }},
		{"ECDSA", ecdsaKey, crypto.SHA256, func(s []byte) bool { return ecdsa.VerifyASN1(&ecdsaKey.PublicKey, sum[:], s) }},
		{"SM2", sm2Key, 0, func(s []byte) bool { return sm2.VerifyASN1WithSM2(&sm2Key.PublicKey, nil, message, s) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			phone := &messageKey{digestKey: digestKey{tt.key}}
			for name, key := range map[string]crypto.Signer{"by digest": digestKey{tt.key}, "by message": phone, "the library's own": tt.key} {
				signature, err := sigkey.Sign(key, message, tt.hash)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if !tt.verify(signature) {
					t.Errorf("%s: the signature does not verify", name)
				}
			}
			if string(phone.shown) != string(message) {
				t.Errorf("the key was shown %q", phone.shown)
			}
		})
	}
	if _, err := sigkey.Sign(digestKey{rsaKey}, message, 0); err == nil {
		t.Error("an RSA key signed without a hash")
	}
}
