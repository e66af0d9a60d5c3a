package platform

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/password"
	"sealdesk/platformapi/wire"
)

const (
	accountPath  = "/v1/login/account"
	passwordMost = 5 // wrong ones in a row
	passwordLock = 15 * time.Minute
	accountLife  = 30 * time.Minute
	maxBindings  = 100
)

// isAccountName says whether an account may be called so: 1 to 64 characters that show, without spaces.
func isAccountName(s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= 1 && n <= 64 && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.C, r) })
}

// AddAccount adds a person's account, or changes its password and organisations, which must be registered.
func (s *Server) AddAccount(ctx context.Context, name, person, secret string, uscc ...string) error {
	if !isAccountName(name) || person == "" || len(uscc) == 0 {
		return fmt.Errorf("platform: account %q: a name without spaces, a person and an organisation are needed", name)
	}
	hash, err := password.Hash(secret)
	if err != nil {
		return fmt.Errorf("platform: account %q: %w", name, err)
	}
	a := store.Account{Name: name, Person: person, Password: hash}
	for _, code := range uscc {
		org, err := s.store.Organisation(ctx, code)
		if err != nil {
			return fmt.Errorf("platform: account %q: organisation %s: %w", name, code, err)
		}
		a.Organisations = append(a.Organisations, org)
	}
	return s.store.SaveAccount(ctx, a)
}

// LoginAccount opens a session of an account.
func (s *Server) LoginAccount(ctx context.Context, r wire.LoginAccountRequestObject) (wire.LoginAccountResponseObject, error) {
	thumbprint, err := s.proven(ctx, r.Params.DPoP, http.MethodPost, accountPath, "")
	if err != nil {
		return nil, err
	}
	if err := s.slowly(ctx, "account "+r.Body.Account); err != nil {
		return nil, err
	}
	now := s.now()
	a, err := s.store.TakeTry(ctx, r.Body.Account, now, passwordMost, passwordLock)
	switch {
	case errors.Is(err, store.ErrLocked):
		f := forbid(platformapi.CodeAccountLocked, "too many wrong passwords")
		f.RetryAfter = passwordLock
		return nil, f
	case errors.Is(err, store.ErrNotFound):
		// Whether there is such an account is not told, nor by how long the answer takes.
		err = s.passwords.Check(ctx, "", r.Body.Password)
	case err == nil:
		err = s.passwords.Check(ctx, a.Password, r.Body.Password)
	}
	if errors.Is(err, password.ErrWrong) {
		return nil, forbid(platformapi.CodePasswordWrong, "there is no such account, or the password is another")
	}
	if err != nil {
		return nil, err
	}
	if err := s.store.ResetTries(ctx, a.Name); err != nil {
		return nil, err
	}
	x := store.Session{Thumbprint: thumbprint, Account: a.Name, Person: a.Person, ExpiresAt: now.Add(accountLife)}
	given, err := s.begin(ctx, &x, now)
	if err != nil {
		return nil, err
	}
	return wire.LoginAccount201JSONResponse{Token: given.access, ExpiresIn: secondsLeft(x, now), Account: accountView(a, x)}, nil
}

func accountView(a store.Account, x store.Session) platformapi.Account {
	v := platformapi.Account{Account: a.Name, Person: a.Person, Organisations: a.Organisations, Bindings: a.Bindings, ExpiresAt: x.ExpiresAt}
	if v.Bindings == nil {
		v.Bindings = []platformapi.Binding{}
	}
	return v
}

// account is the session of a request that was permitted, and its account.
func (s *Server) account(ctx context.Context) (store.Session, store.Account, error) {
	x := ctx.Value(sessionKey{}).(store.Session)
	a, err := s.store.Account(ctx, x.Account)
	return x, a, err
}

// GetAccount shows the account.
func (s *Server) GetAccount(ctx context.Context, _ wire.GetAccountRequestObject) (wire.GetAccountResponseObject, error) {
	x, a, err := s.account(ctx)
	if err != nil {
		return nil, err
	}
	return wire.GetAccount200JSONResponse(accountView(a, x)), nil
}

// CreateBindingChallenge makes a text that binds a certificate of one of the account's organisations.
func (s *Server) CreateBindingChallenge(ctx context.Context, r wire.CreateBindingChallengeRequestObject) (wire.CreateBindingChallengeResponseObject, error) {
	_, a, err := s.account(ctx)
	if err != nil {
		return nil, err
	}
	c, org, err := s.challenge(ctx, r.Body.CertificateChain, forBinding, a.Name)
	if err != nil {
		return nil, err
	}
	if err := mine(a, org); err != nil {
		return nil, err
	}
	return wire.CreateBindingChallenge201JSONResponse(c), nil
}

func mine(a store.Account, org platformapi.Organisation) error {
	if !slices.Contains(a.Organisations, org) {
		return forbid(platformapi.CodeOrgNotAccounts, "the certificate is of %s (%s), which is none of the account's organisations", org.Name, org.USCC)
	}
	return nil
}

// BindCertificate binds the certificate that signed the text.
func (s *Server) BindCertificate(ctx context.Context, r wire.BindCertificateRequestObject) (wire.BindCertificateResponseObject, error) {
	x, a, err := s.account(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.take(ctx, r.Body.ChallengeID, forBinding)
	if err != nil {
		return nil, err
	}
	if p.Subject != a.Name {
		return nil, web.Refuse(http.StatusGone, platformapi.CodeChallengeGone, "the challenge is of another account")
	}
	cert, org, err := s.signed(ctx, p, r.Body.Signature, func(origin string, der []byte) []byte {
		return platformapi.BindingText(origin, p.Challenge, der, x.Thumbprint, a.Name)
	})
	if err != nil {
		return nil, err
	}
	if err := mine(a, org); err != nil {
		return nil, err
	}
	if len(a.Bindings) >= maxBindings {
		return nil, web.Refuse(http.StatusConflict, platformapi.CodeLimitReached, "%d certificates are bound to the account", len(a.Bindings))
	}
	if err := s.store.Bind(ctx, a.Name, platformapi.Binding{
		CertificateSHA256: fingerprint(cert), Organisation: org, Person: personIn(cert), NotAfter: cert.NotAfter.UTC(), BoundAt: s.now(),
	}); err != nil {
		return nil, err
	}
	if a, err = s.store.Account(ctx, a.Name); err != nil {
		return nil, err
	}
	return wire.BindCertificate201JSONResponse(accountView(a, x)), nil
}

// UnbindCertificate takes a certificate from the account.
func (s *Server) UnbindCertificate(ctx context.Context, r wire.UnbindCertificateRequestObject) (wire.UnbindCertificateResponseObject, error) {
	_, a, err := s.account(ctx)
	if err != nil {
		return nil, err
	}
	err = s.store.Unbind(ctx, a.Name, r.CertificateSHA256, s.now())
	if errors.Is(err, store.ErrNotFound) {
		return nil, web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "the certificate is not bound to the account")
	}
	if err != nil {
		return nil, err
	}
	return wire.UnbindCertificate204Response{}, nil
}
