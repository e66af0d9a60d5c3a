package platform

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/wire"
)

// purpose is what a challenge is for; one for another purpose is none.
type purpose string

const (
	forLogin   purpose = "login"
	forBinding purpose = "binding"
	forDevice  purpose = "device"
)

// pending is what a challenge remembers.
type pending struct {
	Purpose   purpose               `json:"purpose"`
	Subject   string                `json:"subject,omitempty"` // the account, or the other device's user code
	Chain     [][]byte              `json:"chain"`
	Challenge platformapi.Challenge `json:"challenge"`
}

func forbid(code, format string, args ...any) *web.Fault {
	return web.Refuse(http.StatusForbidden, code, format, args...)
}

// GetTime answers with the platform's clock.
func (s *Server) GetTime(context.Context, wire.GetTimeRequestObject) (wire.GetTimeResponseObject, error) {
	return wire.GetTime200JSONResponse{Now: s.now()}, nil
}

// slowly holds back who begins logins too often, by the address they come from and by a name of what they try.
func (s *Server) slowly(ctx context.Context, name string) error {
	address, _ := ctx.Value(addressKey{}).(string)
	for _, n := range []string{"address " + address, name} {
		if ok, wait := s.logins.Allow(n, s.cfg.Now()); !ok {
			return tooMany(wait)
		}
	}
	return nil
}

// challenge makes a text to sign for the certificate. It looks at the certificate first, so that nobody enters a PIN in vain.
func (s *Server) challenge(ctx context.Context, chain [][]byte, p purpose, subject string) (platformapi.Challenge, platformapi.Organisation, error) {
	now := s.now()
	if err := s.slowly(ctx, "certificate "+web.TokenHash(string(chain[0]))); err != nil {
		return platformapi.Challenge{}, platformapi.Organisation{}, err
	}
	_, org, err := s.certificate(ctx, chain, now)
	if err != nil {
		return platformapi.Challenge{}, org, err
	}
	var nonce [32]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return platformapi.Challenge{}, org, err
	}
	c := platformapi.Challenge{
		ChallengeID: platformapi.NewID(), PlatformID: s.cfg.ID, Nonce: base64.RawURLEncoding.EncodeToString(nonce[:]),
		IssuedAt: now, ExpiresAt: now.Add(challengeLife),
	}
	data, err := json.Marshal(pending{p, subject, chain, c})
	if err != nil {
		return platformapi.Challenge{}, org, err
	}
	return c, org, s.store.SaveChallenge(ctx, store.Challenge{ID: c.ChallengeID, Data: data, ExpiresAt: c.ExpiresAt})
}

// take gives what a challenge remembers, once.
func (s *Server) take(ctx context.Context, id string, p purpose) (kept pending, err error) {
	gone := web.Refuse(http.StatusGone, platformapi.CodeChallengeGone, "the challenge was used or is too old")
	c, err := s.store.TakeChallenge(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !s.now().Before(c.ExpiresAt) {
		return kept, gone
	}
	if err != nil {
		return kept, err
	}
	if err := json.Unmarshal(c.Data, &kept); err != nil {
		return kept, err
	}
	if kept.Purpose != p {
		return kept, gone
	}
	return kept, nil
}

// signed checks that the certificate, which must still be good, signed the text for one of this platform's origins.
func (s *Server) signed(ctx context.Context, p pending, signature []byte, text func(origin string, certificate []byte) []byte) (*smx509.Certificate, platformapi.Organisation, error) {
	cert, org, err := s.certificate(ctx, p.Chain, s.now())
	if err != nil {
		return nil, org, err
	}
	for _, origin := range s.cfg.Origins {
		if verifyRaw(cert.PublicKey, text(origin, cert.Raw), signature) {
			return cert, org, nil
		}
	}
	return nil, org, forbid(platformapi.CodeSignatureWrong, "the signature is not of this certificate's key over this challenge for this platform")
}

// CreateChallenge makes a text for a login.
func (s *Server) CreateChallenge(ctx context.Context, r wire.CreateChallengeRequestObject) (wire.CreateChallengeResponseObject, error) {
	c, _, err := s.challenge(ctx, r.Body.CertificateChain, forLogin, "")
	if err != nil {
		return nil, err
	}
	return wire.CreateChallenge201JSONResponse(c), nil
}

// Login opens a session for a signed challenge.
func (s *Server) Login(ctx context.Context, r wire.LoginRequestObject) (wire.LoginResponseObject, error) {
	thumbprint, err := s.proven(ctx, r.Params.DPoP, http.MethodPost, loginPath, "")
	if err != nil {
		return nil, err
	}
	p, err := s.take(ctx, r.Body.ChallengeID, forLogin)
	if err != nil {
		return nil, err
	}
	cert, org, err := s.signed(ctx, p, r.Body.Signature, func(origin string, der []byte) []byte {
		return platformapi.LoginText(origin, p.Challenge, der, thumbprint)
	})
	if err != nil {
		return nil, err
	}
	answer, err := s.open(ctx, store.Session{
		Thumbprint: thumbprint, USCC: org.USCC, Person: personIn(cert), CertSHA256: fingerprint(cert), ExpiresAt: cert.NotAfter.UTC(),
	}, org)
	if err != nil {
		return nil, err
	}
	return wire.Login201JSONResponse(answer), nil
}

func fingerprint(cert *smx509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// open opens an organisation's session. It ends with the certificate, and after sessionLife.
func (s *Server) open(ctx context.Context, x store.Session, org platformapi.Organisation) (platformapi.LoginAnswer, error) {
	now := s.now()
	var err error
	if x.Kind, err = s.store.OrganisationKind(ctx, x.USCC); err != nil {
		return platformapi.LoginAnswer{}, err
	}
	given, err := s.begin(ctx, &x, now)
	return given.answer(x, org, now), err
}

// begin keeps a session with its first tokens.
func (s *Server) begin(ctx context.Context, x *store.Session, now time.Time) (tokens, error) {
	x.ID = platformapi.NewID()
	if end := now.Add(sessionLife); x.ExpiresAt.After(end) {
		x.ExpiresAt = end
	}
	given := newTokens(x, now)
	return given, s.store.SaveSession(ctx, *x, now)
}
