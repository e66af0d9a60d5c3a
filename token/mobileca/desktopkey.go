package mobileca

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sealdesk/token/mobileca/internal/wire"
)

// b64 is how the wire writes bytes (RFC 4648, 5, without padding).
var b64 = base64.RawURLEncoding.Strict()

// A desktopKey is K_d: made anew for each pairing, it proves that a call comes from the desktop that showed the code, signs what
// is asked for, and opens what the phone decrypted.
type desktopKey struct {
	private *ecdsa.PrivateKey
	proofs  jose.Signer
	asks    jose.Signer
	jkt     []byte // thumbprint of the public key (RFC 7638), SHA-256
}

func newDesktopKey() (*desktopKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	k := &desktopKey{private: private}
	if k.jkt, err = (&jose.JSONWebKey{Key: private.Public()}).Thumbprint(crypto.SHA256); err != nil {
		return nil, err
	}
	if k.proofs, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt")); err != nil {
		return nil, err
	}
	k.asks, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: b64.EncodeToString(k.jkt)}},
		(&jose.SignerOptions{}).WithType("sealdesk-request+jwt"))
	return k, err
}

// prove makes the proof for one call (RFC 9449, 4.2). The URL is without query and fragment.
func (k *desktopKey) prove(method, url string, now time.Time) (string, error) {
	return sign(k.proofs, struct {
		ID     string `json:"jti"`
		Method string `json:"htm"`
		URL    string `json:"htu"`
		Issued int64  `json:"iat"`
	}{rand.Text(), method, url, now.Unix()})
}

// sign gives the compact JWS of a payload.
func sign(by jose.Signer, payload any) (string, error) {
	data, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	signed, err := by.Sign(data)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

var errSealed = errors.New("the answer cannot be opened")

// open opens what the phone sealed to this key in answer to a request: ECDH on P-256, HKDF-SHA-256, AES-256-GCM.
func (k *desktopKey) open(s *wire.Sealed, request string) ([]byte, error) {
	x, errX := b64.DecodeString(s.Epk.X)
	y, errY := b64.DecodeString(s.Epk.Y)
	iv, errIV := b64.DecodeString(s.IV)
	sealed, err := b64.DecodeString(s.Ciphertext)
	if err = errors.Join(errX, errY, errIV, err); err != nil || len(x) != 32 || len(y) != 32 || len(iv) != 12 {
		return nil, errSealed
	}
	theirs, err := ecdh.P256().NewPublicKey(append(append([]byte{4}, x...), y...))
	if err != nil {
		return nil, errSealed
	}
	mine, err := k.private.ECDH()
	if err != nil {
		return nil, err
	}
	shared, err := mine.ECDH(theirs)
	if err != nil {
		return nil, errSealed
	}
	secret, err := hkdf.Key(sha256.New, shared, []byte(request), "SealDesk answer v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, iv, sealed, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSealed, err)
	}
	return plain, nil
}
