package phonetest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/emmansun/gmsm/sm2"
	"github.com/go-jose/go-jose/v4"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/twoparty"
	"sealdesk/platformapi/mobileca/twoparty/twopartytest"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/dpop"
)

// Rounds is PBKDF2's, few since this is for tests.
const Rounds = 10

// ErrUnsafe: the phone refuses by itself, since what it was sent is not what it was shown or agreed to.
var ErrUnsafe = errors.New("phonetest: the phone refuses")

// Phone is a device with an account.
type Phone struct {
	caller
	Me      wire.Me
	Refresh string
	Number  string                         // its account's, after a login by WeChat alone
	Shares  map[string]*twopartytest.Phone // by the key's id
	Certs   []wire.Certificate             // the signing certificate first

	scans map[string]scanned
}

// scanned is what the phone knows of a pairing by the code that it saw.
type scanned struct {
	key   *ecdsa.PublicKey
	jkt   string
	print wire.Scan
	mine  []byte // secret
	nonce []byte
}

// NewPhone makes a device without an account.
func NewPhone(s *Service) (*Phone, error) {
	key, err := dpop.NewKey()
	return &Phone{caller: caller{service: s, key: key}, Shares: map[string]*twopartytest.Phone{}, scans: map[string]scanned{}}, err
}

// Login logs in.
func (p *Phone) Login(ctx context.Context, r wire.LoginRequest) error {
	r.Device = wire.DeviceName{Name: "Go"}
	p.token = ""
	var l wire.Login
	if err := p.Call(ctx, http.MethodPost, "/sessions", r, &l); err != nil {
		return err
	}
	p.token, p.Refresh, p.Me, p.Number = l.AccessToken, l.RefreshToken, l.Me, l.Phone
	return nil
}

// Renew changes the session's tokens.
func (p *Phone) Renew(ctx context.Context) error {
	token := p.token
	p.token = ""
	var l wire.Login
	if err := p.Call(ctx, http.MethodPost, "/sessions/refresh", wire.RefreshRequest{RefreshToken: p.Refresh}, &l); err != nil {
		p.token = token
		return err
	}
	p.token, p.Refresh, p.Me = l.AccessToken, l.RefreshToken, l.Me
	return nil
}

// Identify has the person checked.
func (p *Phone) Identify(ctx context.Context, name, number string) error {
	return p.Create(ctx, "/identity", wire.IdentityRequest{Method: wire.IdentityCFCA, Name: name, IDNumber: number}, nil)
}

// Apply applies, for an organisation or, when it is nil, for the person.
func (p *Phone) Apply(ctx context.Context, org *wire.OrganisationData) (wire.Application, error) {
	r := wire.ApplicationRequest{Kind: wire.ApplyPersonal, Data: org}
	if org != nil {
		r.Kind = wire.ApplyClaim
	}
	var a wire.Application
	err := p.Create(ctx, "/applications", r, &a)
	return a, err
}

// Download makes both keys of an application and has them certified.
func (p *Phone) Download(ctx context.Context, application, pin string) error {
	for _, use := range []wire.KeyUse{wire.UseSign, wire.UseEncrypt} {
		if err := p.MakeKey(ctx, application, use, pin); err != nil {
			return err
		}
	}
	var list wire.CertificateList
	if err := p.Call(ctx, http.MethodPost, "/applications/"+application+"/certificates", nil, &list); err != nil {
		return err
	}
	p.Certs = list.Items
	return nil
}

// MakeKey makes one key and signs its certification request.
func (p *Phone) MakeKey(ctx context.Context, application string, use wire.KeyUse, pin string) error {
	id, info, err := p.begin(ctx, application, use, pin)
	if err != nil {
		return err
	}
	half := p.Shares[id]
	e, err := sm2.CalculateSM2Hash(half.Public(), info, nil)
	if err != nil {
		return err
	}
	signature, err := p.sign(ctx, half, "/keys/"+id+"/csr", id+"/csr", e, pin)
	if err != nil {
		return err
	}
	return p.Call(ctx, http.MethodPut, "/keys/"+id+"/csr", wire.SignatureResult{Signature: encode(signature)}, nil)
}

// BeginKey makes one key, without the proof that its certification request is.
func (p *Phone) BeginKey(ctx context.Context, application string, use wire.KeyUse, pin string) (id string, err error) {
	id, _, err = p.begin(ctx, application, use, pin)
	return id, err
}

// begin makes a key, and gives what its certification request says.
func (p *Phone) begin(ctx context.Context, application string, use wire.KeyUse, pin string) (id string, info []byte, err error) {
	id = platformapi.NewID()
	creation, commitment := twopartytest.Begin(twoparty.Context{Account: p.Me.Account, Session: id})
	var m wire.Message
	if err := p.Call(ctx, http.MethodPost, "/applications/"+application+"/keys", wire.KeyBegin{ID: id, Use: use, Message: encode(commitment)}, &m); err != nil {
		return "", nil, err
	}
	answer, err := decode(m.Message)
	if err != nil {
		return "", nil, err
	}
	half, opening, err := creation.Finish(answer, pin, Rounds)
	if err != nil {
		return "", nil, err
	}
	var made wire.KeyMade
	if err := p.Call(ctx, http.MethodPut, "/keys/"+id+"/opening", wire.Message{Message: encode(opening)}, &made); err != nil {
		return "", nil, err
	}
	point, err := sm2.PublicKeyToECDH(half.Public())
	if err != nil {
		return "", nil, err
	}
	if made.Key.Public != encode(point.Bytes()) {
		return "", nil, fmt.Errorf("%w: the service says another key", ErrUnsafe)
	}
	if info, err = decode(made.CSR); err != nil {
		return "", nil, err
	}
	if !bytes.Contains(info, point.Bytes()) {
		return "", nil, fmt.Errorf("%w: the certification request is of another key", ErrUnsafe)
	}
	p.Shares[id] = half
	return id, info, nil
}

// sign asks for the service's half at a path, and finishes.
func (p *Phone) sign(ctx context.Context, half *twopartytest.Phone, path, session string, e []byte, pin string) ([]byte, error) {
	signing, message := half.Sign(twoparty.Context{Account: p.Me.Account, Session: session}, e, pin)
	answer, err := p.Exchange(ctx, path, message)
	if err != nil {
		return nil, err
	}
	return signing.Finish(answer)
}

// Exchange sends one message of the scheme to a path.
func (p *Phone) Exchange(ctx context.Context, path string, message []byte) ([]byte, error) {
	var m wire.Message
	if err := p.Call(ctx, http.MethodPost, path, wire.Message{Message: encode(message)}, &m); err != nil {
		return nil, err
	}
	return decode(m.Message)
}

// Scan reads a code, and checks that who the service names is who made it.
func (p *Phone) Scan(ctx context.Context, qr string) (wire.Scan, error) {
	id, secret, print, err := readQR(qr)
	if err != nil {
		return wire.Scan{}, err
	}
	nonce := random(32)
	var s wire.Scan
	if err := p.Call(ctx, http.MethodPost, "/scans", wire.ScanRequest{Pairing: id, Secret: encode(secret), Nonce: encode(nonce)}, &s); err != nil {
		return s, err
	}
	known, err := p.trust(s, secret, print, nonce)
	if err != nil {
		return s, err
	}
	p.scans[id] = known
	return s, nil
}

// trust checks that the code's fingerprint is of the key and the commitment that the service names.
func (p *Phone) trust(s wire.Scan, secret, print, nonce []byte) (scanned, error) {
	key, jkt, err := readJWK(s.Key)
	if err != nil {
		return scanned{}, err
	}
	commitment, err := decode(s.Commitment)
	if err != nil {
		return scanned{}, err
	}
	if !bytes.Equal(fingerprint(jkt, commitment), print) {
		return scanned{}, fmt.Errorf("%w: the code is another desktop's", ErrUnsafe)
	}
	return scanned{key, jkt, s, secret, nonce}, nil
}

func readJWK(k wire.JWK) (*ecdsa.PublicKey, string, error) {
	b, err := json.Marshal(k)
	if err != nil {
		return nil, "", err
	}
	var j jose.JSONWebKey
	if err := j.UnmarshalJSON(b); err != nil {
		return nil, "", err
	}
	key, ok := j.Key.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, "", errors.New("phonetest: not a key on P-256")
	}
	sum, err := j.Thumbprint(crypto.SHA256)
	return key, encode(sum), err
}

// Match gives the match code, once the desktop has opened its commitment.
func (p *Phone) Match(ctx context.Context, id string) (string, error) {
	known, ok := p.scans[id]
	if !ok {
		return "", fmt.Errorf("%w: it was not scanned", ErrUnsafe)
	}
	var s wire.Scan
	if err := p.Call(ctx, http.MethodGet, "/scans/"+id, nil, &s); err != nil {
		return "", err
	}
	return p.match(known, s)
}

func (p *Phone) match(known scanned, s wire.Scan) (string, error) {
	nonce, err := decode(s.Nonce)
	if err != nil || len(nonce) == 0 {
		return "", fmt.Errorf("%w: the desktop has not opened its nonce", ErrUnsafe)
	}
	if encode(hash(nonce)) != known.print.Commitment {
		return "", fmt.Errorf("%w: the nonce is not what was committed to", ErrUnsafe)
	}
	return matchCode(known.mine, s.ID, known.jkt, p.key.Thumbprint(), s.Nonce, encode(known.nonce))
}

// Accept links a pairing with the phone's certificates.
func (p *Phone) Accept(ctx context.Context, id string, session *wire.SessionChoice) (wire.Scan, error) {
	d := wire.ScanDecision{Accept: true, Session: session}
	for _, c := range p.Certs {
		if c.Use == wire.UseSign {
			d.Certificate = c.ID
		} else {
			d.EncryptionCertificates = append(d.EncryptionCertificates, c.ID)
		}
	}
	return p.Decide(ctx, id, d)
}

// Decide sends a decision.
func (p *Phone) Decide(ctx context.Context, id string, d wire.ScanDecision) (wire.Scan, error) {
	var s wire.Scan
	err := p.Call(ctx, http.MethodPut, "/scans/"+id+"/decision", d, &s)
	return s, err
}

// Inbox is what waits.
func (p *Phone) Inbox(ctx context.Context, after int64, wait int) (wire.Inbox, error) {
	var list wire.Inbox
	err := p.Call(ctx, http.MethodGet, fmt.Sprintf("/requests?after=%d&wait=%d", after, wait), nil, &list)
	return list, err
}

// Request gets a request.
func (p *Phone) Request(ctx context.Context, id string) (wire.PhoneRequest, error) {
	var r wire.PhoneRequest
	err := p.Call(ctx, http.MethodGet, "/requests/"+id, nil, &r)
	return r, err
}

// Shown is what a phone shows of a request after it has checked it.
type Shown struct {
	Request wire.PhoneRequest
	Payload wire.RequestPayload // of a desktop's
	E       []byte              // reckoned here
	Cipher  []byte              // C1, C3, C2
	half    *twopartytest.Phone
}

// Show gets a request and checks it: the JWS is of the desktop whose code was scanned, and e is reckoned of what is shown.
func (p *Phone) Show(ctx context.Context, id string) (Shown, error) {
	r, err := p.Request(ctx, id)
	if err != nil {
		return Shown{}, err
	}
	s, err := p.Check(r)
	if err != nil {
		return s, err
	}
	return s, p.Call(ctx, http.MethodPut, "/requests/"+id+"/shown", nil, nil)
}

// Check checks a request as the service sent it.
func (p *Phone) Check(r wire.PhoneRequest) (Shown, error) {
	s := Shown{Request: r, half: p.Shares[r.KeyID]}
	if s.half == nil {
		return s, fmt.Errorf("%w: the share is not here", ErrUnsafe)
	}
	var message []byte
	var err error
	switch r.Source {
	case wire.FromPhone:
		message, err = decode(r.Statement)
	case wire.FromCSC: // only the digest is known, and it is shown as such
		s.E, err = decode(r.Digest.E)
		return s, err
	default:
		if message, err = p.desktops(&s); s.Cipher != nil {
			return s, err
		}
	}
	if err != nil {
		return s, err
	}
	s.E, err = sm2.CalculateSM2Hash(s.half.Public(), message, nil)
	return s, err
}

// desktops checks a desktop's request, and gives what is to be signed.
func (p *Phone) desktops(s *Shown) ([]byte, error) {
	known, ok := p.scans[s.Request.Pairing]
	if !ok {
		return nil, fmt.Errorf("%w: the pairing was not scanned by this phone", ErrUnsafe)
	}
	signed, err := jose.ParseSignedCompact(s.Request.JWS, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsafe, err)
	}
	if typ, _ := signed.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string); typ != mobileca.RequestType {
		return nil, fmt.Errorf("%w: another type of JWS", ErrUnsafe)
	}
	payload, err := signed.Verify(known.key)
	if err != nil {
		return nil, fmt.Errorf("%w: the request is not the scanned desktop's", ErrUnsafe)
	}
	if err := json.Unmarshal(payload, &s.Payload); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsafe, err)
	}
	r := s.Payload
	if r.ID != s.Request.ID || r.Pairing != s.Request.Pairing || r.Certificate != s.Request.Certificate || string(r.Kind) != string(s.Request.Kind) || r.Platform != known.print.Platform {
		return nil, fmt.Errorf("%w: the JWS is of another request", ErrUnsafe)
	}
	if r.Kind == wire.PairDecrypt {
		der, err := decode(r.Cipher)
		if err != nil {
			return nil, err
		}
		s.Cipher, err = sm2.ASN1Ciphertext2Plain(der, nil)
		return nil, err
	}
	tbs, err := decode(r.Tbs)
	if err != nil {
		return nil, err
	}
	return tbs, mobileca.CheckForm(r)
}

// Approve shows, signs or decrypts, and hands the result over.
func (p *Phone) Approve(ctx context.Context, id, pin string) error {
	s, err := p.Show(ctx, id)
	if err != nil {
		return err
	}
	result, err := p.Work(ctx, s, pin)
	if err != nil {
		return err
	}
	return p.Finish(ctx, id, result)
}

// Work does the phone's half and asks for the service's.
func (p *Phone) Work(ctx context.Context, s Shown, pin string) (wire.Result, error) {
	path := "/requests/" + s.Request.ID + "/answer"
	if s.Cipher == nil {
		signature, err := p.sign(ctx, s.half, path, s.Request.ID, s.E, pin)
		return wire.Result{Signature: encode(signature)}, err
	}
	decryption, message, err := s.half.Decrypt(twoparty.Context{Account: p.Me.Account, Session: s.Request.ID}, s.Cipher, pin)
	if err != nil {
		return wire.Result{}, err
	}
	answer, err := p.Exchange(ctx, path, message)
	if err != nil {
		return wire.Result{}, err
	}
	plain, err := decryption.Finish(answer)
	if err != nil {
		return wire.Result{}, err
	}
	sealed, err := p.seal(s, plain)
	return wire.Result{Sealed: sealed}, err
}

// Message is one message of the phone's to sign what is shown, for who wants to send it oneself.
func (p *Phone) Message(s Shown, pin string) (*twopartytest.Signing, []byte) {
	return s.half.Sign(twoparty.Context{Account: p.Me.Account, Session: s.Request.ID}, s.E, pin)
}

// seal seals a plain text to the desktop that was scanned.
func (p *Phone) seal(s Shown, plain []byte) (*wire.Sealed, error) {
	public, err := p.scans[s.Request.Pairing].key.ECDH()
	if err != nil {
		return nil, err
	}
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	aead, err := answerKey(private, public, s.Request.ID)
	if err != nil {
		return nil, err
	}
	iv, point := random(aead.NonceSize()), private.PublicKey().Bytes()
	return &wire.Sealed{
		Epk: wire.JWK{Kty: wire.JWKTypeEC, Crv: wire.JWKCurveP256, X: encode(point[1:33]), Y: encode(point[33:])},
		IV:  encode(iv), Ciphertext: encode(aead.Seal(nil, iv, plain, nil)),
	}, nil
}

// Finish hands a result over.
func (p *Phone) Finish(ctx context.Context, id string, r wire.Result) error {
	return p.Call(ctx, http.MethodPut, "/requests/"+id+"/result", r, nil)
}

// ChangePIN changes the PIN of one key: the service tells whether the old one is right.
func (p *Phone) ChangePIN(ctx context.Context, key, from, to string) error {
	next, err := p.reshare(ctx, key, p.Shares[key], wire.ReshareRequest{}, from, nil)
	if err != nil {
		return err
	}
	p.Shares[key] = next.ChangePIN(from, to)
	return nil
}

func (p *Phone) reshare(ctx context.Context, key string, half *twopartytest.Phone, r wire.ReshareRequest, pin string, backup func(*twopartytest.Phone) []byte) (*twopartytest.Phone, error) {
	var offer wire.ReshareOffer
	if err := p.Call(ctx, http.MethodPost, "/keys/"+key+"/reshare", r, &offer); err != nil {
		return nil, err
	}
	message, err := decode(offer.Message)
	if err != nil {
		return nil, err
	}
	next, proof, err := half.Reshare(twoparty.Context{Account: p.Me.Account, Session: offer.Session}, message, pin)
	if err != nil {
		return nil, err
	}
	finish := wire.ReshareFinish{Session: offer.Session, Message: encode(proof)}
	if backup != nil {
		finish.Backup = encode(backup(next))
	}
	for range 2 { // a phone that does not hear the answer asks once more
		if err := p.Call(ctx, http.MethodPut, "/keys/"+key+"/reshare", finish, nil); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// Backup leaves a key's share with the service, sealed under a code.
func (p *Phone) Backup(ctx context.Context, key string, code []byte) error {
	return p.Call(ctx, http.MethodPut, "/keys/"+key+"/backup", wire.Backup{Backup: encode(sealBackup(code, twopartytest.Kept(p.Shares[key])))}, nil)
}

// Recover takes over the keys that are elsewhere, by the backups that a recovery hands out.
func (p *Phone) Recover(ctx context.Context, r wire.RecoveryRequest, code []byte, pin string) error {
	var made wire.Recovery
	if err := p.Call(ctx, http.MethodPost, "/recoveries", r, &made); err != nil {
		return err
	}
	for _, one := range made.Items {
		sealed, err := decode(one.Backup)
		if err != nil {
			return err
		}
		kept, err := openBackup(code, sealed)
		if err != nil {
			return err
		}
		half, err := twopartytest.Restore(kept, Rounds)
		if err != nil {
			return err
		}
		next, err := p.reshare(ctx, one.Key, half, wire.ReshareRequest{Recovery: made.ID}, pin, func(n *twopartytest.Phone) []byte {
			return sealBackup(code, twopartytest.Kept(n))
		})
		if err != nil {
			return err
		}
		p.Shares[one.Key] = next
	}
	var list wire.CertificateList
	if err := p.Call(ctx, http.MethodGet, "/certificates", nil, &list); err != nil {
		return err
	}
	p.Certs = list.Items
	return nil
}

// Move says that the service is elsewhere now.
func (p *Phone) Move(s *Service) { p.service = s }

// Steal takes another phone's tokens, without its key.
func (p *Phone) Steal(from *Phone) { p.token, p.Refresh = from.token, from.Refresh }
