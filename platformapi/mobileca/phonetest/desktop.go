package phonetest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/dpop"
)

// Asking and Computer are what a Desktop says of itself.
var (
	Asking   = wire.Asking{Name: "云溪县公共资源交易平台（演示）", Origin: "https://ggzy.example"}
	Computer = wire.Desktop{Name: "财务科-PC03"}
)

// Desktop is one pairing of a desktop.
type Desktop struct {
	caller
	Pairing wire.Pairing
	Secret  []byte
	Nonce   []byte
}

// NewDesktop begins a pairing.
func NewDesktop(ctx context.Context, s *Service, kind wire.PairingKind, session bool) (*Desktop, error) {
	key, err := dpop.NewKey()
	if err != nil {
		return nil, err
	}
	d := &Desktop{caller: caller{service: s, key: key}, Secret: random(16), Nonce: random(32)}
	return d, d.Call(ctx, http.MethodPost, "/pairings", d.ask(kind, session), &d.Pairing)
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func hash(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

func (d *Desktop) ask(kind wire.PairingKind, session bool) wire.PairingRequest {
	return wire.PairingRequest{Kind: kind, Session: session, Platform: Asking, Desktop: Computer, SecretHash: encode(hash(d.Secret)), Commitment: encode(hash(d.Nonce))}
}

// Again begins another pairing with the same key.
func (d *Desktop) Again(ctx context.Context, kind wire.PairingKind) error {
	return d.Call(ctx, http.MethodPost, "/pairings", d.ask(kind, false), &wire.Pairing{})
}

// Stranger is another desktop that knows all of this one but its key.
func (d *Desktop) Stranger() (*Desktop, error) {
	key, err := dpop.NewKey()
	other := *d
	other.key = key
	return &other, err
}

// QR is what the code says.
func (d *Desktop) QR() string {
	id := d.Pairing.ID
	return d.Pairing.ScanURL + "#1." + id + "." + encode(d.Secret) + "." + encode(fingerprint(d.key.Thumbprint(), hash(d.Nonce)))
}

func fingerprint(jkt string, commitment []byte) []byte {
	raw, _ := decode(jkt) // of its own making
	return hash(append(append([]byte("SealDesk QR v1"), raw...), commitment...))[:16]
}

// Match reveals the nonce to who scanned, and gives the match code.
func (d *Desktop) Match(ctx context.Context) (string, error) {
	if err := d.Refresh(ctx, 0); err != nil {
		return "", err
	}
	if d.Pairing.Scan == nil {
		return "", errors.New("phonetest: nobody scanned")
	}
	if err := d.Call(ctx, http.MethodPut, "/pairings/"+d.Pairing.ID+"/nonce", wire.NonceReveal{Nonce: encode(d.Nonce)}, &d.Pairing); err != nil {
		return "", err
	}
	return matchCode(d.Secret, d.Pairing.ID, d.key.Thumbprint(), d.Pairing.Scan.JKT, encode(d.Nonce), d.Pairing.Scan.Nonce)
}

// matchCode is the four letters that both show. All but the secret are base64url.
func matchCode(secret []byte, parts ...string) (string, error) {
	const letters = "BCDFGHJKLMNPQRSTVWXZ"
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("SealDesk match v1"))
	for _, p := range parts {
		b, err := decode(p)
		if err != nil {
			return "", err
		}
		m.Write(b)
	}
	n := binary.BigEndian.Uint64(m.Sum(nil)) % 160000
	code := make([]byte, 4)
	for i := 3; i >= 0; i-- {
		code[i] = letters[n%20]
		n /= 20
	}
	return string(code), nil
}

// Refresh asks how the pairing stands, and waits until it is newer.
func (d *Desktop) Refresh(ctx context.Context, wait int) error {
	after := int64(0)
	if wait > 0 {
		after = d.Pairing.Version
	}
	return d.Call(ctx, http.MethodGet, fmt.Sprintf("/pairings/%s?after=%d&wait=%d", d.Pairing.ID, after, wait), nil, &d.Pairing)
}

// End ends the pairing.
func (d *Desktop) End(ctx context.Context) error {
	return d.Call(ctx, http.MethodDelete, "/pairings/"+d.Pairing.ID, nil, nil)
}

// Certificate is the DER of the linked certificate for a use.
func (d *Desktop) Certificate(use wire.KeyUse) ([]byte, error) {
	if d.Pairing.Link != nil {
		for _, c := range d.Pairing.Link.Certificates {
			if c.Use == use {
				return decode(c.Chain[0])
			}
		}
	}
	return nil, errors.New("phonetest: no such certificate is linked")
}

// Payload fills in what every request of this pairing says.
func (d *Desktop) Payload(r wire.RequestPayload) wire.RequestPayload {
	now := d.service.now().Unix()
	r.V, r.ID, r.Pairing, r.Kind, r.Iat, r.Exp, r.Platform, r.Desktop = wire.RequestV1, platformapi.NewID(), d.Pairing.ID, d.Pairing.Kind, now, now+60, Asking, Computer
	use := wire.UseSign
	if r.Kind == wire.PairDecrypt {
		use = wire.UseEncrypt
	}
	for _, c := range d.Pairing.Link.Certificates {
		if c.Use == use {
			r.Certificate = c.ID
		}
	}
	return r
}

// JWS signs a payload with K_d.
func (d *Desktop) JWS(r wire.RequestPayload) (string, error) {
	return SignRequest(d.key, mobileca.RequestType, d.key.Thumbprint(), r)
}

// SignRequest signs a request as who one likes.
func SignRequest(key *dpop.Key, typ jose.ContentType, kid string, payload any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key.Private()}, (&jose.SignerOptions{}).WithType(typ).WithHeader("kid", kid))
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(b)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// Submit sends a JWS.
func (d *Desktop) Submit(ctx context.Context, jws string) (wire.DesktopRequest, error) {
	var r wire.DesktopRequest
	err := d.Call(ctx, http.MethodPost, "/pairings/"+d.Pairing.ID+"/requests", wire.RequestSubmission{JWS: jws}, &r)
	return r, err
}

// Ask signs and sends a request.
func (d *Desktop) Ask(ctx context.Context, r wire.RequestPayload) (wire.DesktopRequest, error) {
	jws, err := d.JWS(d.Payload(r))
	if err != nil {
		return wire.DesktopRequest{}, err
	}
	return d.Submit(ctx, jws)
}

// Request asks how a request stands, and waits until it is newer than a version.
func (d *Desktop) Request(ctx context.Context, id string, after int64, wait int) (wire.DesktopRequest, error) {
	var r wire.DesktopRequest
	err := d.Call(ctx, http.MethodGet, fmt.Sprintf("/pairings/%s/requests/%s?after=%d&wait=%d", d.Pairing.ID, id, after, wait), nil, &r)
	return r, err
}

// Open opens a sealed result of a request.
func (d *Desktop) Open(request string, sealed wire.Sealed) ([]byte, error) {
	private, err := d.key.Private().ECDH()
	if err != nil {
		return nil, err
	}
	x, err := decode(sealed.Epk.X)
	if err != nil {
		return nil, err
	}
	y, err := decode(sealed.Epk.Y)
	if err != nil {
		return nil, err
	}
	public, err := ecdh.P256().NewPublicKey(append(append([]byte{4}, x...), y...))
	if err != nil {
		return nil, err
	}
	aead, err := answerKey(private, public, request)
	if err != nil {
		return nil, err
	}
	iv, err := decode(sealed.IV)
	if err != nil {
		return nil, err
	}
	ciphertext, err := decode(sealed.Ciphertext)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, iv, ciphertext, nil)
}

func answerKey(private *ecdh.PrivateKey, public *ecdh.PublicKey, request string) (cipher.AEAD, error) {
	secret, err := private.ECDH(public)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, secret, []byte(request), "SealDesk answer v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// readQR takes a code apart.
func readQR(qr string) (id string, secret, print []byte, err error) {
	_, fragment, _ := strings.Cut(qr, "#")
	parts := strings.Split(fragment, ".")
	if len(parts) != 4 || parts[0] != "1" {
		return "", nil, nil, errors.New("phonetest: not a code of this service")
	}
	if secret, err = decode(parts[2]); err != nil {
		return "", nil, nil, err
	}
	print, err = decode(parts[3])
	return parts[1], secret, print, err
}

// Key is K_d.
func (d *Desktop) Key() *dpop.Key { return d.key }

// JWK is K_d's public half.
func (d *Desktop) JWK() wire.JWK {
	point, err := d.key.Public().Bytes()
	if err != nil {
		panic(err) // a key on P-256 has one
	}
	return wire.JWK{Kty: wire.JWKTypeEC, Crv: wire.JWKCurveP256, X: encode(point[1:33]), Y: encode(point[33:])}
}
