package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web/dpop"
)

// Keeper keeps the secret of a session where only this user of the system reaches it, its keyring, so that a session
// outlives the program. Save replaces what was kept.
type Keeper interface {
	Save(secret []byte) error
	Forget() error
}

// held is what a client has of a session: its key, the tokens that are bound to it, and when to ask for new ones.
type held struct {
	key             *dpop.Key
	access, refresh string
	renewAt         time.Time // by the monotonic clock: the system's may be set
}

// kept is a session as a Keeper has it.
type kept struct {
	Origin  string `json:"origin"`
	Key     []byte `json:"key"` // PKCS #8
	Refresh string `json:"refresh_token"`
}

// renewEarly is how long before its end an access token is changed.
const renewEarly = time.Minute

// hold takes tokens for the client's session, and has them kept.
func (c *Client) hold(key *dpop.Key, a platformapi.LoginAnswer) error {
	life := time.Duration(a.ExpiresIn) * time.Second
	c.uscc.Store(&a.Session.Organisation.USCC)
	c.held.Store(&held{key: key, access: a.Token, refresh: a.RefreshToken, renewAt: time.Now().Add(max(life-renewEarly, life/2))})
	if c.opts.Keeper == nil {
		return nil
	}
	private, err := key.Bytes()
	if err != nil {
		return err
	}
	secret, err := json.Marshal(kept{c.origin, private, a.RefreshToken})
	clear(private)
	if err != nil {
		return err
	}
	defer clear(secret)
	return c.opts.Keeper.Save(secret)
}

// drop forgets the session, here and where it is kept.
func (c *Client) drop() error {
	c.held.Store(nil)
	if c.opts.Keeper == nil {
		return nil
	}
	return c.opts.Keeper.Forget()
}

// Resume goes on with a session that a Keeper has, without the key of the certificate. KindUnauthorised: it is over, or
// was another platform's; a person must log in.
func (c *Client) Resume(ctx context.Context, secret []byte) (platformapi.Session, error) {
	over := &platformapi.Error{Kind: platformapi.KindUnauthorised, CodeValue: platformapi.CodeSessionOver, Detail: "no session of this platform is kept"}
	var k kept
	if json.Unmarshal(secret, &k) != nil || k.Origin != c.origin || k.Refresh == "" {
		return platformapi.Session{}, over
	}
	defer clear(k.Key)
	key, err := dpop.ParseKey(k.Key)
	if err != nil {
		return platformapi.Session{}, over
	}
	c.renewing.Lock()
	defer c.renewing.Unlock()
	return c.renew(ctx, &held{key: key, refresh: k.Refresh})
}

// renew changes the tokens of h for new ones. Hold the lock.
func (c *Client) renew(ctx context.Context, h *held) (platformapi.Session, error) {
	var answer platformapi.LoginAnswer
	err := c.read(withKey(ctx, h.key), &answer, func(ctx context.Context) (*http.Response, error) {
		return c.wire.RenewSession(ctx, &platformapi.RenewSessionParams{}, platformapi.RenewRequest{RefreshToken: h.refresh})
	})
	if e, ok := errors.AsType[*platformapi.Error](err); ok && e.Kind == platformapi.KindUnauthorised {
		return platformapi.Session{}, errors.Join(err, c.drop())
	}
	if err != nil {
		return platformapi.Session{}, err
	}
	return answer.Session, c.hold(h.key, answer)
}

// current is the session to send a request with, with an access token that holds for a while; nil without a session.
func (c *Client) current(ctx context.Context) (*held, error) {
	h := c.held.Load()
	if h == nil || time.Now().Before(h.renewAt) {
		return h, nil
	}
	c.renewing.Lock()
	defer c.renewing.Unlock()
	if h = c.held.Load(); h == nil || time.Now().Before(h.renewAt) {
		return h, nil // somebody else did it
	}
	if _, err := c.renew(ctx, h); err != nil {
		return nil, err
	}
	return c.held.Load(), nil
}

// renewed is the session after this access token was refused.
func (c *Client) renewed(ctx context.Context, refused string) (*held, error) {
	c.renewing.Lock()
	defer c.renewing.Unlock()
	h := c.held.Load()
	if h == nil || h.access != refused {
		return h, nil
	}
	if _, err := c.renew(ctx, h); err != nil {
		return nil, err
	}
	return c.held.Load(), nil
}

type keyOf struct{}

// withKey has the request, which carries no access token, proven by this key.
func withKey(ctx context.Context, k *dpop.Key) context.Context {
	return context.WithValue(ctx, keyOf{}, k)
}

// binder is a RoundTripper that sends each request with the session's access token and a proof by the client's key. What
// the platform refuses it sends once more: a proof by the platform's clock, since the system's may be wrong; a token renewed.
type binder struct {
	next   http.RoundTripper
	client *Client
}

func (b *binder) RoundTrip(r *http.Request) (*http.Response, error) {
	key, ok := r.Context().Value(keyOf{}).(*dpop.Key)
	token := ""
	if !ok {
		h, err := b.client.current(r.Context())
		if err != nil {
			return nil, err
		}
		if h == nil {
			return b.next.RoundTrip(r)
		}
		key, token = h.key, h.access
	}
	resp, err := b.send(r, r.Body, key, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	again := r.Body
	if r.Body != nil && r.Body != http.NoBody {
		if r.GetBody == nil {
			return resp, nil
		}
		if again, err = r.GetBody(); err != nil {
			return resp, nil // as refused as it was
		}
	}
	if resp.Header.Get("WWW-Authenticate") == dpop.RefusedChallenge {
		date, err := http.ParseTime(resp.Header.Get("Date"))
		if err != nil {
			return resp, nil
		}
		b.client.skew.Store(int64(time.Until(date)))
	} else {
		// The token is over before this system's clock says so, as after a sleep.
		if token == "" {
			return resp, nil
		}
		h, err := b.client.renewed(r.Context(), token)
		if platformapi.Retryable(err) || r.Context().Err() != nil {
			_ = resp.Body.Close()
			return nil, err // nobody said that the session is over
		}
		if err != nil || h == nil {
			return resp, nil
		}
		key, token = h.key, h.access
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // so that the connection can be used again
	_ = resp.Body.Close()
	return b.send(r, again, key, token)
}

func (b *binder) send(r *http.Request, body io.ReadCloser, key *dpop.Key, token string) (*http.Response, error) {
	address := r.URL.Scheme + "://" + r.URL.Host + r.URL.EscapedPath()
	proof, err := key.Prove(r.Method, address, token, time.Now().Add(time.Duration(b.client.skew.Load())))
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	bound := r.Clone(r.Context())
	bound.Body = body
	bound.Header.Set(dpop.Header, proof)
	if token != "" {
		bound.Header.Set("Authorization", "DPoP "+token)
	}
	return b.next.RoundTrip(bound)
}
