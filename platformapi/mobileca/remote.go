package mobileca

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web"
)

// What a client of another API than the wire's may ask (package csc): it has an account's password, and no device. It gets a
// bearer token, sees the signing certificates, and has a digest put before the person, who sees that it is nothing but a
// digest and gives the PIN each time.

// remoteLife is how long a bearer token holds.
const remoteLife = time.Hour

// maxRemote is how many digests may wait for one phone.
const maxRemote = 20

// RemoteLogin gives a bearer token for a number and its password. Errors are *web.Fault.
func (s *Server) RemoteLogin(ctx context.Context, address, phone, password string) (token string, life time.Duration, err error) {
	now := s.now()
	if ok, wait := s.limits.logins.Allow(address, now); !ok {
		return "", 0, tooMany(wait)
	}
	if _, err := s.checkPassword(ctx, phone, password); err != nil {
		return "", 0, err
	}
	x := store.Session{ID: platformapi.NewID(), CSC: true, ExpiresAt: now.Add(remoteLife)}
	given := newTokens(&x, now)
	x.TokenUntil = x.ExpiresAt
	if _, _, err := s.store.LogIn(ctx, store.LoginBy{Phone: phone}, "", x, now); err != nil {
		return "", 0, err
	}
	return given.access, remoteLife, nil
}

// RemoteAccount is the account of a bearer token.
func (s *Server) RemoteAccount(ctx context.Context, token string) (string, error) {
	x, err := s.remote(ctx, token)
	return x.Account, err
}

func (s *Server) remote(ctx context.Context, token string) (store.Session, error) {
	x, err := s.store.Session(ctx, web.TokenHash(token))
	if errors.Is(err, store.ErrNotFound) || err == nil && (!x.CSC || !s.now().Before(x.TokenUntil)) {
		return x, errSessionOver()
	}
	return x, err
}

// RemoteLogout makes a bearer token worthless.
func (s *Server) RemoteLogout(ctx context.Context, token string) error {
	x, err := s.remote(ctx, token)
	if err != nil {
		return err
	}
	return found(s.store.DropSession(ctx, x.ID, s.now()))
}

// RemoteCertificates are an account's signing certificates in force.
func (s *Server) RemoteCertificates(ctx context.Context, account string) ([]store.Certificate, error) {
	all, err := s.store.Certificates(ctx, account)
	var some []store.Certificate
	for _, c := range all {
		if c.Use == wire.UseSign && c.State(s.now()) == wire.CertificateValid {
			some = append(some, c)
		}
	}
	return some, err
}

// AskDigest puts a digest before the person; id names the request.
func (s *Server) AskDigest(ctx context.Context, account, certificate string, e []byte, client, note string) (id string, err error) {
	now := s.now()
	c, err := s.store.Certificate(ctx, certificate)
	if err != nil || c.Account != account || c.Use != wire.UseSign {
		return "", found(first(err, store.ErrNotFound))
	}
	if state := c.State(now); state != wire.CertificateValid {
		return "", conflict(codeCertEnded, "the certificate is %s", state)
	}
	k, err := s.store.Key(ctx, c.Key)
	if err != nil {
		return "", err
	}
	if err := ready(&k, k.Device); err != nil || k.Device == "" {
		return "", first(err, conflict(codeKeyElsewhere, "the key is on no device"))
	}
	_, waiting, err := s.store.Inbox(ctx, k.Device, now)
	if err != nil {
		return "", err
	}
	if len(waiting) >= maxRemote {
		return "", tooMany(time.Minute)
	}
	q := store.Request{
		ID: platformapi.NewID(), Version: 1, Source: wire.FromCSC, Kind: wire.KindDigest, State: wire.RequestWaiting, Account: account, Device: k.Device,
		Key: k.ID, Certificate: c.ID, CreatedAt: now, ExpiresAt: now.Add(approvalTime), E: e, Client: clip(client, 200), Note: clip(note, 200), Digest: encode(e),
	}
	_, err = s.store.CreateRequest(ctx, "", q.ID, now, func(*store.Pairing, *store.Request, []store.Request) (*store.Request, store.Entries, error) {
		return &q, store.Entries{{At: now, Act: actAsked, Account: account, Device: q.Device, Request: q.ID, Key: q.Key, Note: string(q.Kind)}}, nil
	})
	s.hub.tell(ofDevice(q.Device))
	return q.ID, err
}

func clip(s string, runes int) string {
	r := []rune(strings.ToValidUTF8(s, ""))
	return string(r[:min(len(r), runes)])
}

// DigestAsked is a request that AskDigest made, as it is now.
func (s *Server) DigestAsked(ctx context.Context, account, id string) (store.Request, error) {
	q, err := s.store.Request(ctx, id)
	if err == nil && (q.Account != account || q.Source != wire.FromCSC) {
		return q, errNotFound()
	}
	q.Settle(s.now())
	return q, found(err)
}

// Bind makes a text that only this service can have made of parts.
func (s *Server) Bind(parts ...string) string {
	return s.sealer.hash(append([]string{"bound"}, parts...)...)
}

// Admit refuses a request whose address asks too often, for handlers beside this service's own.
func (s *Server) Admit(r *http.Request) error {
	if ok, wait := s.limits.requests.Allow(s.Caller(r), s.cfg.Now()); !ok {
		return tooMany(wait)
	}
	return nil
}

// LogError logs an error that is none of the caller's.
func (s *Server) LogError(r *http.Request, err error) {
	if r.Context().Err() == nil {
		web.LogError(r, s.cfg.Log, err)
	}
}

// Caller is the address that a request came from.
func (s *Server) Caller(r *http.Request) string { return web.Caller(r, s.cfg.Proxies) }
