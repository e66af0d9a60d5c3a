package dpop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Header is the name of the header that carries a proof.
const Header = "DPoP"

const proofType = "dpop+jwt"

// claims of a proof (RFC 9449, 4.2).
type claims struct {
	ID     string `json:"jti"`
	Method string `json:"htm"`
	URL    string `json:"htu"`
	Issued int64  `json:"iat"`
	Token  string `json:"ath,omitempty"` // base64url of SHA-256 of the access token
}

// Key is a client's key.
type Key struct {
	private    *ecdsa.PrivateKey
	signer     jose.Signer
	thumbprint string
}

// NewKey makes a key.
func NewKey() (*Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("dpop: %w", err)
	}
	return fromPrivate(private)
}

// ParseKey reads what Bytes wrote.
func ParseKey(b []byte) (*Key, error) {
	k, err := x509.ParsePKCS8PrivateKey(b)
	if err != nil {
		return nil, fmt.Errorf("dpop: %w", err)
	}
	private, ok := k.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return nil, errors.New("dpop: not a key on P-256")
	}
	return fromPrivate(private)
}

func fromPrivate(private *ecdsa.PrivateKey) (*Key, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private}, (&jose.SignerOptions{EmbedJWK: true}).WithType(proofType))
	if err != nil {
		return nil, fmt.Errorf("dpop: %w", err)
	}
	t, err := thumbprint(jose.JSONWebKey{Key: private.Public()})
	return &Key{private, signer, t}, err
}

// thumbprint is RFC 7638's, with SHA-256.
func thumbprint(k jose.JSONWebKey) (string, error) {
	sum, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("dpop: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// Public is the public key.
func (k *Key) Public() *ecdsa.PublicKey { return &k.private.PublicKey }

// Private is the whole key, to sign something else than proofs, or to agree on a secret.
func (k *Key) Private() *ecdsa.PrivateKey { return k.private }

// Bytes is the private key as PKCS #8, for the system's keyring.
func (k *Key) Bytes() ([]byte, error) { return x509.MarshalPKCS8PrivateKey(k.private) }

// Thumbprint names the key (jkt of RFC 9449, 6.1): 43 characters.
func (k *Key) Thumbprint() string { return k.thumbprint }

// Prove makes the proof for one request. The URL is without query and fragment; token is the access token that goes with
// it, "" when there is none yet.
func (k *Key) Prove(method, url, token string, now time.Time) (string, error) {
	payload, err := json.Marshal(claims{ID: rand.Text(), Method: method, URL: url, Issued: now.Unix(), Token: tokenHash(token)})
	if err != nil {
		return "", fmt.Errorf("dpop: %w", err)
	}
	signed, err := k.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("dpop: %w", err)
	}
	return signed.CompactSerialize()
}

func tokenHash(token string) string {
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// RefusedChallenge is what a server answers in WWW-Authenticate to a request whose proof does not hold (RFC 9449, 7.1), and
// Challenge where there is no token.
const (
	Challenge        = `DPoP algs="ES256"`
	RefusedChallenge = Challenge + `, error="invalid_dpop_proof"`
)
