package csc

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/mobileca"
)

// account is the token.
type account struct {
	*driver

	mu    sync.Mutex
	known []credential // nil: not asked for yet
	open  bool
	pin   []byte // of credentials that ask for one; nil: none was given
}

// credential is one of the account's.
type credential struct {
	id    string
	chain []*smx509.Certificate
	algos []string // OIDs that the service signs with; empty: it does not tell
	pinID string   // of the authorisation's object that is the PIN; empty: the service asks its person itself
}

// wireCredential is a credentialInfo (CSC API v2, 11.5).
type wireCredential struct {
	CredentialID string `json:"credentialID"`
	Key          struct {
		Status string   `json:"status"`
		Algo   []string `json:"algo"`
	} `json:"key"`
	Cert struct {
		Status       string   `json:"status"`
		Certificates []string `json:"certificates"`
	} `json:"cert"`
	Auth struct {
		Mode    string `json:"mode"`
		Objects []struct {
			Type string `json:"type"`
			ID   string `json:"id"`
		} `json:"objects"`
	} `json:"auth"`
}

type listRequest struct {
	CredentialInfo bool   `json:"credentialInfo"`
	Certificates   string `json:"certificates"`
	CertInfo       bool   `json:"certInfo"`
	AuthInfo       bool   `json:"authInfo"`
	MaxResults     int    `json:"maxResults"`
}

type infoRequest struct {
	CredentialID string `json:"credentialID"`
	Certificates string `json:"certificates"`
	CertInfo     bool   `json:"certInfo"`
	AuthInfo     bool   `json:"authInfo"`
}

// credentials lists the account's, once for each token value.
func (t *account) credentials(ctx context.Context) ([]credential, error) {
	t.mu.Lock()
	known := t.known
	t.mu.Unlock()
	if known != nil {
		return known, nil
	}
	var list struct {
		IDs   []string         `json:"credentialIDs"`
		Infos []wireCredential `json:"credentialInfos"`
	}
	if err := t.api.call(ctx, "credentials/list", listRequest{true, "chain", true, true, maxCreds}, &list); err != nil {
		return nil, err
	}
	if len(list.IDs) > maxCreds || len(list.Infos) > maxCreds {
		return nil, fmt.Errorf("%w: a list without end", mobileca.ErrNonsense)
	}
	if len(list.Infos) == 0 { // a service that lists names alone tells the rest one by one
		for _, id := range list.IDs {
			var info wireCredential
			if err := t.api.call(ctx, "credentials/info", infoRequest{id, "chain", true, true}, &info); err != nil {
				return nil, err
			}
			info.CredentialID = id
			list.Infos = append(list.Infos, info)
		}
	}
	all := []credential{}
	for _, w := range list.Infos {
		if c, err := w.read(); err == nil { // one that cannot be used hides no other
			all = append(all, c)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known = all
	return all, nil
}

var errUnusable = errors.New("the credential cannot be used")

func (w wireCredential) read() (credential, error) {
	c := credential{id: w.CredentialID, algos: w.Key.Algo}
	if c.id == "" || w.Key.Status == "disabled" || len(w.Cert.Certificates) == 0 || len(w.Cert.Certificates) > maxChain ||
		w.Auth.Mode != "" && w.Auth.Mode != "explicit" && w.Auth.Mode != "implicit" {
		return c, errUnusable
	}
	for _, text := range w.Cert.Certificates {
		der, err := b64.DecodeString(text)
		if err != nil {
			return c, err
		}
		cert, err := smx509.ParseCertificate(der)
		if err != nil {
			return c, err
		}
		c.chain = append(c.chain, cert)
	}
	for _, o := range w.Auth.Objects {
		if w.Auth.Mode == "explicit" && (strings.EqualFold(o.Type, "password") || strings.EqualFold(o.ID, "pin")) {
			c.pinID = o.ID
		}
	}
	_, _, err := algorithmOf(c.chain[0].PublicKey, nil)
	return c, err
}

func (t *account) Info(ctx context.Context) (token.Info, error) {
	all, err := t.credentials(ctx)
	if err != nil {
		return token.Info{}, err
	}
	info := token.Info{URI: t.uri(), Label: t.cfg.Name, Serial: t.cfg.Account, Model: "CSC API v2", PIN: token.PINState{Tries: -1, Max: -1, ProtectedPath: true}}
	for _, c := range all {
		if c.pinID != "" {
			info.PIN.ProtectedPath = false
		}
	}
	return info, nil
}

func (t *account) Identities(ctx context.Context) ([]token.Identity, error) {
	all, err := t.credentials(ctx)
	if err != nil {
		return nil, err
	}
	var ids []token.Identity
	for _, c := range all {
		ids = append(ids, &identity{t, c})
	}
	return ids, nil
}

// Unlock keeps the PIN for the signatures that follow; whether it is right shows with the first of them.
func (t *account) Unlock(ctx context.Context, pin []byte) error {
	if _, err := t.credentials(ctx); err != nil {
		token.Wipe(pin)
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	token.Wipe(t.pin)
	t.pin, t.open = append([]byte(nil), pin...), true
	token.Wipe(pin)
	return nil
}

func (t *account) Lock(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	token.Wipe(t.pin)
	t.pin, t.open = nil, false
	return nil
}

func (t *account) Close() error { return t.Lock(context.Background()) }

type identity struct {
	account *account
	credential
}

func (i *identity) ID() string                       { return i.id }
func (i *identity) Certificate() *smx509.Certificate { return i.chain[0] }
func (i *identity) Chain() []*smx509.Certificate     { return i.chain[1:] }

func (i *identity) Usage() token.Usage {
	if use := token.UsageOf(i.chain[0]); use != 0 {
		return use
	}
	return token.UsageSign // a credential of this API signs, and does nothing else
}

func (i *identity) Signer(ctx context.Context) (crypto.Signer, error) {
	i.account.mu.Lock()
	defer i.account.mu.Unlock()
	if !i.account.open {
		return nil, token.ErrNotUnlocked
	}
	return &signer{ctx, i}, nil
}

// Decrypter implements token.Identity: the API has none.
func (i *identity) Decrypter(context.Context) (crypto.Decrypter, error) {
	return nil, token.ErrNotSupported
}

// signer holds the context because crypto.Signer has no place for one.
type signer struct {
	ctx context.Context
	id  *identity
}

func (s *signer) Public() crypto.PublicKey { return s.id.chain[0].PublicKey }

func (s *signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	hash, algorithm, err := algorithmOf(s.Public(), opts)
	if err != nil {
		return nil, err
	}
	sad, err := s.authorize(digest, hash)
	if err != nil {
		return nil, err
	}
	var out struct {
		Signatures []string `json:"signatures"`
		ResponseID string   `json:"responseID"`
	}
	if err := s.id.account.api.call(s.ctx, "signatures/signHash", map[string]any{
		"credentialID": s.id.id, "SAD": sad, "hashes": []string{b64.EncodeToString(digest)}, "hashAlgorithmOID": hash,
		"signAlgo": algorithm, "operationMode": "S",
	}, &out); err != nil {
		return nil, err
	}
	if len(out.Signatures) == 0 && out.ResponseID != "" {
		err = s.poll("signatures/signPolling", map[string]any{"responseID": out.ResponseID}, func() any { return &out }, func() bool { return len(out.Signatures) > 0 })
		if err != nil {
			return nil, err
		}
	}
	if len(out.Signatures) != 1 {
		return nil, fmt.Errorf("%w: %d signatures", mobileca.ErrNonsense, len(out.Signatures))
	}
	signature, err := b64.DecodeString(out.Signatures[0])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", mobileca.ErrNonsense, err)
	}
	return form(s.Public(), signature), nil
}

// authorize gives the activation data for this one digest, after the person has decided where it is he who does.
func (s *signer) authorize(digest []byte, hash string) (string, error) {
	request := map[string]any{
		"credentialID": s.id.id, "numSignatures": 1, "hashes": []string{b64.EncodeToString(digest)}, "hashAlgorithmOID": hash,
	}
	if s.id.pinID != "" {
		pin, err := s.pin()
		if err != nil {
			return "", err
		}
		request["authData"] = []map[string]string{{"id": s.id.pinID, "value": pin}}
	} else if open := s.unlocked(); !open {
		return "", token.ErrNotUnlocked
	}
	var out struct {
		SAD    string `json:"SAD"`
		Handle string `json:"handle"`
	}
	if err := s.id.account.api.call(s.ctx, "credentials/authorize", request, &out); err != nil {
		return "", s.refused(err)
	}
	if out.SAD == "" && out.Handle != "" {
		if err := s.poll("credentials/authorizeCheck", map[string]any{"handle": out.Handle}, func() any { return &out }, func() bool { return out.SAD != "" }); err != nil {
			return "", s.refused(err)
		}
	}
	if out.SAD == "" || len(out.SAD) > 64<<10 {
		return "", fmt.Errorf("%w: an authorisation without data", mobileca.ErrNonsense)
	}
	return out.SAD, nil
}

// pin is the PIN for one call. The copy in the call's text cannot be wiped; it lives as long as the call.
func (s *signer) pin() (string, error) {
	a := s.id.account
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case !a.open:
		return "", token.ErrNotUnlocked
	case len(a.pin) == 0:
		return "", token.ErrPINEmpty
	}
	return string(a.pin), nil
}

func (s *signer) unlocked() bool {
	s.id.account.mu.Lock()
	defer s.id.account.mu.Unlock()
	return s.id.account.open
}

// refused reads a refusal by the values of the specification (CSC API v2, credentials/authorize); how a person decided, which has no
// values there, by its words. A PIN that was not taken is forgotten, whatever the reason: it is not tried again.
func (s *signer) refused(err error) error {
	e, ok := errors.AsType[*apiError](err)
	if !ok || e.Status >= 500 {
		return err
	}
	about := strings.ToLower(e.Name + " " + e.Description)
	is := error(nil)
	switch {
	case e.Name == invalidRequest && strings.EqualFold(e.Description, credentialLocked):
		is = token.ErrPINLocked
	case e.Name == "invalid_pin", e.Name == "invalid_authentication_data" && s.id.pinID != "":
		is = &token.PINWrongError{Tries: -1}
	case e.Name != invalidRequest && (strings.Contains(about, "expired") || strings.Contains(about, "timeout")):
		return fmt.Errorf("%w: %w", mobileca.ErrUnconfirmed, err)
	case e.Name == "access_denied", e.Name != invalidRequest && strings.Contains(about, "refused"):
		return fmt.Errorf("%w: %w", mobileca.ErrRefused, err)
	case s.id.pinID == "":
		return err
	}
	_ = s.id.account.Lock(s.ctx)
	if is == nil {
		return err
	}
	return fmt.Errorf("%w: %w", is, err)
}

// What the specification says of a request that is not as it must be, and of a credential that is locked.
const (
	invalidRequest   = "invalid_request"
	credentialLocked = "Credential locked"
)

const (
	pollEvery = time.Second
	pollFor   = 180 * time.Second
)

// poll asks until there is an answer, the person has refused, or it takes too long.
func (s *signer) poll(path string, in any, out func() any, done func() bool) error {
	until := time.Now().Add(pollFor)
	for {
		err := s.id.account.api.call(s.ctx, path, in, out())
		e, refused := errors.AsType[*apiError](err)
		pending := refused && strings.Contains(strings.ToLower(e.Name+" "+e.Description), "pending")
		switch {
		case err == nil && done():
			return nil
		case err != nil && !pending && !errors.Is(err, mobileca.ErrUnreachable):
			return err
		case time.Now().After(until):
			return errors.Join(mobileca.ErrUnconfirmed, err)
		}
		select {
		case <-s.ctx.Done():
			return s.ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}
