package platform

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/text/unicode/norm"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/wire"
)

const (
	maxCertificate = 8 << 10 // bytes of DER
	minRSABits     = 2048
	maxRSABits     = 8192
)

var (
	oidOrganizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}
	oidName                   = asn1.ObjectIdentifier{2, 5, 4, 41}
	usccForm                  = regexp.MustCompile(`^[0-9A-Z]{18}$`)
)

// pending is what a challenge remembers.
type pending struct {
	Chain     [][]byte              `json:"chain"`
	Challenge platformapi.Challenge `json:"challenge"`
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func forbid(code, format string, args ...any) *web.Fault {
	return web.Refuse(http.StatusForbidden, code, format, args...)
}

// GetTime answers with the platform's clock.
func (s *Server) GetTime(context.Context, wire.GetTimeRequestObject) (wire.GetTimeResponseObject, error) {
	return wire.GetTime200JSONResponse{Now: s.now()}, nil
}

// CreateChallenge looks at the certificate first, so that nobody enters a PIN in vain.
func (s *Server) CreateChallenge(ctx context.Context, r wire.CreateChallengeRequestObject) (wire.CreateChallengeResponseObject, error) {
	address, _ := ctx.Value(addressKey{}).(string)
	if ok, wait := s.logins.Allow("address "+address, s.cfg.Now()); !ok {
		return nil, tooMany(wait)
	}
	now := s.now()
	if _, _, err := s.certificate(ctx, r.Body.CertificateChain, now); err != nil {
		return nil, err
	}
	if ok, wait := s.logins.Allow("certificate "+tokenHash(string(r.Body.CertificateChain[0])), s.cfg.Now()); !ok {
		return nil, tooMany(wait)
	}
	var nonce [32]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return nil, err
	}
	c := platformapi.Challenge{
		ChallengeID: platformapi.NewID(), PlatformID: s.cfg.ID, Nonce: base64.RawURLEncoding.EncodeToString(nonce[:]),
		IssuedAt: now, ExpiresAt: now.Add(challengeLife),
	}
	data, err := json.Marshal(pending{Chain: r.Body.CertificateChain, Challenge: c})
	if err != nil {
		return nil, err
	}
	if err := s.store.SaveChallenge(ctx, store.Challenge{ID: c.ChallengeID, Data: data, ExpiresAt: c.ExpiresAt}); err != nil {
		return nil, err
	}
	return wire.CreateChallenge201JSONResponse(c), nil
}

// Login opens a session for a signed challenge.
func (s *Server) Login(ctx context.Context, r wire.LoginRequestObject) (wire.LoginResponseObject, error) {
	now := s.now()
	kept, err := s.store.TakeChallenge(ctx, r.Body.ChallengeID)
	if errors.Is(err, store.ErrNotFound) || err == nil && !now.Before(kept.ExpiresAt) {
		return nil, web.Refuse(http.StatusGone, platformapi.CodeChallengeGone, "the challenge was used or is too old")
	}
	if err != nil {
		return nil, err
	}
	var p pending
	if err := json.Unmarshal(kept.Data, &p); err != nil {
		return nil, err
	}
	cert, org, err := s.certificate(ctx, p.Chain, now)
	if err != nil {
		return nil, err
	}
	signed := false
	for _, origin := range s.cfg.Origins {
		signed = signed || verifyRaw(cert.PublicKey, platformapi.LoginText(origin, p.Challenge, cert.Raw), r.Body.Signature)
	}
	if !signed {
		return nil, forbid(platformapi.CodeSignatureWrong, "the signature is not of this certificate's key over this challenge for this platform")
	}
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return nil, err
	}
	token := base64.RawURLEncoding.EncodeToString(raw[:])
	sum := sha256.Sum256(cert.Raw)
	x := store.Session{
		TokenHash: tokenHash(token), USCC: org.USCC, Person: personIn(cert), CertSHA256: hex.EncodeToString(sum[:]), ExpiresAt: now.Add(sessionLife),
	}
	if x.ExpiresAt.After(cert.NotAfter) {
		x.ExpiresAt = cert.NotAfter.UTC()
	}
	if err := s.store.SaveSession(ctx, x, now); err != nil {
		return nil, err
	}
	return wire.Login201JSONResponse{Token: token, Session: session(x, org)}, nil
}

func session(x store.Session, org platformapi.Organisation) platformapi.Session {
	return platformapi.Session{Organisation: org, Person: x.Person, CertificateSHA256: x.CertSHA256, ExpiresAt: x.ExpiresAt}
}

// GetSession says who is logged in.
func (s *Server) GetSession(ctx context.Context, _ wire.GetSessionRequestObject) (wire.GetSessionResponseObject, error) {
	x, org, err := s.who(ctx)
	if err != nil {
		return nil, err
	}
	return wire.GetSession200JSONResponse(session(x, org)), nil
}

// Logout ends the session.
func (s *Server) Logout(ctx context.Context, _ wire.LogoutRequestObject) (wire.LogoutResponseObject, error) {
	x, _, err := s.who(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.store.DropSession(ctx, x.TokenHash, s.now()); err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return wire.Logout204Response{}, nil
}

// who is the session of a request and its organisation.
func (s *Server) who(ctx context.Context) (store.Session, platformapi.Organisation, error) {
	x, ok := ctx.Value(sessionKey{}).(store.Session)
	if !ok {
		return x, platformapi.Organisation{}, errSessionOver()
	}
	org, err := s.store.Organisation(ctx, x.USCC)
	return x, org, err
}

// certificate checks a chain: trusted, valid now, for signing, and of an organisation the platform knows by this very name.
func (s *Server) certificate(ctx context.Context, chain [][]byte, now time.Time) (*smx509.Certificate, platformapi.Organisation, error) {
	var org platformapi.Organisation
	var cert *smx509.Certificate
	between := smx509.NewCertPool()
	for i, der := range chain {
		if len(der) > maxCertificate {
			return nil, org, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "certificate %d is too long", i)
		}
		c, err := smx509.ParseCertificate(der)
		if err != nil {
			return nil, org, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "certificate %d cannot be read", i)
		}
		if i == 0 {
			cert = c
		} else {
			between.AddCert(c)
		}
	}
	if cert == nil {
		return nil, org, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "there is no certificate")
	}
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return nil, org, forbid(platformapi.CodeCertExpired, "the certificate is not valid at this time")
	}
	if cert.KeyUsage&smx509.KeyUsageDigitalSignature == 0 || cert.IsCA {
		return nil, org, forbid(platformapi.CodeCertUsage, "the certificate is not for signing")
	}
	if _, err := cert.Verify(smx509.VerifyOptions{
		Roots: s.cfg.Roots, Intermediates: between, CurrentTime: now, KeyUsages: []smx509.ExtKeyUsage{smx509.ExtKeyUsageAny},
	}); err != nil {
		return nil, org, forbid(platformapi.CodeCertUntrusted, "the certificate leads to no root this platform trusts")
	}
	uscc := OrganisationCode(cert)
	if uscc == "" {
		return nil, org, forbid(platformapi.CodeCertNoOrg, "the certificate names no organisation by its code")
	}
	org, err := s.store.Organisation(ctx, uscc)
	if errors.Is(err, store.ErrNotFound) {
		return nil, org, forbid(platformapi.CodeOrgUnknown, "the organisation is not registered here")
	}
	if err != nil {
		return nil, org, err
	}
	if name := orgIn(cert); plainName(name) != plainName(org.Name) {
		return nil, org, forbid(platformapi.CodeOrgNameMismatch, "the certificate and the platform name the organisation differently")
	}
	return cert, org, nil
}

// OrganisationCode is the 统一社会信用代码 in a certificate's organizationIdentifier (2.5.4.97, "NTRCN-" and 18 characters, as
// ETSI EN 319 412-1, 5.1.4 forms it), "" when there is none. Logins and seals are told by it whose they are.
func OrganisationCode(cert *smx509.Certificate) string {
	for _, a := range cert.Subject.Names {
		if v, ok := a.Value.(string); ok && a.Type.Equal(oidOrganizationIdentifier) {
			if code, ok := strings.CutPrefix(v, "NTRCN-"); ok && usccForm.MatchString(code) {
				return code
			}
		}
	}
	return ""
}

func personIn(cert *smx509.Certificate) string {
	for _, a := range cert.Subject.Names {
		if v, ok := a.Value.(string); ok && v != "" && a.Type.Equal(oidName) {
			return v
		}
	}
	return cert.Subject.CommonName
}

func orgIn(cert *smx509.Certificate) string {
	if len(cert.Subject.Organization) > 0 {
		return cert.Subject.Organization[0]
	}
	return cert.Subject.CommonName
}

// plainName makes names equal that differ in spaces or in the width of their brackets and letters only.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s))
}

// verifyRaw checks a raw signature over a message with the algorithm that belongs to the key.
func verifyRaw(key any, message, sig []byte) bool {
	digest := sha256.Sum256(message)
	switch key := key.(type) {
	case *rsa.PublicKey:
		bits := key.N.BitLen()
		return bits >= minRSABits && bits <= maxRSABits && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], sig) == nil
	case *ecdsa.PublicKey:
		if key.Curve == sm2.P256() {
			return sm2.VerifyASN1WithSM2(key, nil, message, sig)
		}
		return ecdsa.VerifyASN1(key, digest[:], sig)
	}
	return false
}
