package platform

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/dpop"
	"sealdesk/platformapi/wire"
)

const (
	loginPath = "/v1/login"
	renewPath = "/v1/session/renew"

	tokenLife = 10 * time.Minute
	// A refresh token that was just changed is taken once more: the answer may not have arrived. Its key is asked for anyway.
	renewGrace = time.Minute
)

// tokens are what a client is given; the store knows their hashes.
type tokens struct{ access, refresh string }

// newTokens makes tokens and enters them into the session. The refresh token names the session, so that one that was
// changed long ago is known for what it is.
func newTokens(x *store.Session, now time.Time) tokens {
	t := tokens{access: web.NewToken(), refresh: x.ID + "." + web.NewToken()}
	x.TokenHash, x.RefreshHash, x.RenewedAt = web.TokenHash(t.access), web.TokenHash(t.refresh), now
	x.TokenUntil = now.Add(tokenLife)
	if x.Account != "" || x.TokenUntil.After(x.ExpiresAt) { // an account's session is short, and not renewed
		x.TokenUntil = x.ExpiresAt
	}
	return t
}

func secondsLeft(x store.Session, now time.Time) int {
	return max(1, int(x.TokenUntil.Sub(now)/time.Second))
}

func (t tokens) answer(x store.Session, org platformapi.Organisation, now time.Time) platformapi.LoginAnswer {
	return platformapi.LoginAnswer{
		Token: t.access, ExpiresIn: secondsLeft(x, now), RefreshToken: t.refresh, Session: session(x, org),
	}
}

// proven judges a request's proof of the client's key, and gives the key's thumbprint.
func (s *Server) proven(ctx context.Context, proof, method, path, token string) (string, error) {
	thumbprint, err := s.proofs.Check(proof, method, s.cfg.Origins, path, token, s.cfg.Now())
	if err != nil {
		s.cfg.Log.DebugContext(ctx, "proof refused", "path", path, "error", err)
		return "", web.Refuse(http.StatusUnauthorized, platformapi.CodeProofWrong, "the proof of the client's key does not hold for this request")
	}
	return thumbprint, nil
}

// bound finds the session of an access token that comes with a proof by the key it is bound to. ErrNotFound: there is none.
func (s *Server) bound(r *http.Request, token string) (store.Session, error) {
	x, err := s.store.Session(r.Context(), web.TokenHash(token))
	if err != nil {
		return x, err
	}
	if !s.now().Before(x.TokenUntil) {
		return x, store.ErrNotFound
	}
	thumbprint, err := s.proven(r.Context(), r.Header.Get(dpop.Header), r.Method, r.URL.EscapedPath(), token)
	if err != nil {
		return x, err
	}
	if subtle.ConstantTimeCompare([]byte(thumbprint), []byte(x.Thumbprint)) != 1 {
		return x, web.Refuse(http.StatusUnauthorized, platformapi.CodeSessionOver, "the token is bound to another key")
	}
	return x, nil
}

// RenewSession changes a session's tokens for new ones.
func (s *Server) RenewSession(ctx context.Context, r wire.RenewSessionRequestObject) (wire.RenewSessionResponseObject, error) {
	now := s.now()
	thumbprint, err := s.proven(ctx, r.Params.DPoP, http.MethodPost, renewPath, "")
	if err != nil {
		return nil, err
	}
	id, _, _ := strings.Cut(r.Body.RefreshToken, ".")
	x, err := s.store.SessionByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!now.Before(x.ExpiresAt) || thumbprint != x.Thumbprint || x.Account != "") {
		return nil, errSessionOver()
	}
	if err != nil {
		return nil, err
	}
	presented, current := web.TokenHash(r.Body.RefreshToken), x.RefreshHash
	if presented != current && (presented != x.PreviousHash || now.Sub(x.RenewedAt) > renewGrace) {
		s.cfg.Log.WarnContext(ctx, "an old refresh token came again: the session is ended", "session", x.ID, "uscc", x.USCC)
		if err := s.store.DropSession(ctx, x.ID, now); err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		return nil, errSessionOver()
	}
	x.PreviousHash = presented
	given := newTokens(&x, now)
	org, err := s.store.Organisation(ctx, x.USCC)
	if err != nil {
		return nil, err
	}
	err = s.store.RenewSession(ctx, current, x)
	if errors.Is(err, store.ErrNotFound) {
		return nil, web.Refuse(http.StatusConflict, platformapi.CodeRenewing, "the session was renewed at the same moment")
	}
	if err != nil {
		return nil, err
	}
	return wire.RenewSession200JSONResponse(given.answer(x, org, now)), nil
}

func session(x store.Session, org platformapi.Organisation) platformapi.Session {
	return platformapi.Session{Organisation: org, Kind: x.Kind, Person: x.Person, CertificateSHA256: x.CertSHA256, ExpiresAt: x.ExpiresAt}
}

// GetSession says who is logged in.
func (s *Server) GetSession(ctx context.Context, _ wire.GetSessionRequestObject) (wire.GetSessionResponseObject, error) {
	x, org, err := s.who(ctx)
	if err != nil {
		return nil, err
	}
	return wire.GetSession200JSONResponse(session(x, org)), nil
}

// Logout ends the session, with all its tokens.
func (s *Server) Logout(ctx context.Context, _ wire.LogoutRequestObject) (wire.LogoutResponseObject, error) {
	x := ctx.Value(sessionKey{}).(store.Session)
	if err := s.store.DropSession(ctx, x.ID, s.now()); err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return wire.Logout204Response{}, nil
}

// who is the session of a request that was permitted, and its organisation.
func (s *Server) who(ctx context.Context) (store.Session, platformapi.Organisation, error) {
	x := ctx.Value(sessionKey{}).(store.Session)
	org, err := s.store.Organisation(ctx, x.USCC)
	return x, org, err
}
