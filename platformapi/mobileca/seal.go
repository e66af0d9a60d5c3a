package mobileca

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

// MasterSize is the size of the service's master key, in bytes.
const MasterSize = 32

// sealer keeps what is secret in the store unreadable to who has only the store: the service's shares under AES-256-GCM, and
// what is only compared (codes, identities) as keyed hashes. Its keys are derived from the master key.
type sealer struct {
	aead cipher.AEAD
	mac  []byte
}

func newSealer(master []byte) (*sealer, error) {
	if len(master) != MasterSize {
		return nil, fmt.Errorf("mobileca: a master key of %d bytes", len(master))
	}
	key, err := hkdf.Key(sha256.New, master, nil, "SealDesk mobile CA shares v1", 32)
	if err != nil {
		return nil, err
	}
	mac, err := hkdf.Key(sha256.New, master, nil, "SealDesk mobile CA hashes v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &sealer{aead, mac}, err
}

// seal seals a secret for one place, which open must name again.
func (s *sealer) seal(place string, secret []byte) []byte {
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return s.aead.Seal(nonce, nonce, secret, []byte(place))
}

func (s *sealer) open(place string, sealed []byte) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, errors.New("mobileca: a sealed secret is cut off")
	}
	secret, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(place))
	if err != nil {
		return nil, fmt.Errorf("mobileca: a secret of %s cannot be opened with this master key: %w", place, err)
	}
	return secret, nil
}

// hash is a keyed hash of parts.
func (s *sealer) hash(parts ...string) string {
	m := hmac.New(sha256.New, s.mac)
	for _, p := range parts {
		fmt.Fprintf(m, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(m.Sum(nil))
}

// encode is how bytes are written on the wire; decode takes only what encode writes.
func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(text string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(text) }

func sha256Of(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}
