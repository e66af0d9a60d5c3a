package csc

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"sealdesk/token"
	"sealdesk/token/mobileca"
)

const (
	callTimeout = 30 * time.Second
	maxAnswer   = 2 << 20 // bytes
	maxCreds    = 100     // credentials that are read of one account
	maxChain    = 6
	maxError    = 64 // characters of an error's name that are kept
)

// b64 is standard base64, as the API has it.
var b64 = base64.StdEncoding

// api is one account at one service.
type api struct {
	base  string // "https://host/csc/v2"
	http  http.RoundTripper
	login func(context.Context) (user string, password []byte, err error)

	mu     sync.Mutex
	bearer string
	until  time.Time
	denied error // the login was refused; the same one is not tried again
}

// ErrLogin: the service does not take the account, or its password.
var ErrLogin = token.NewError("token.remote_login", "the signing service refused the account or its password")

// apiError is what the service answered (CSC API v2, 10.1).
type apiError struct {
	Status      int    `json:"-"`
	Name        string `json:"error"`
	Description string `json:"error_description"`
}

// Error is a plain sentence for logs.
func (e *apiError) Error() string {
	return fmt.Sprintf("the signing service answered %d %s", e.Status, e.Name)
}

// Code is "token.phone_service".
func (e *apiError) Code() string { return "token.phone_service" }

// Params holds "code", the service's own.
func (e *apiError) Params() map[string]any { return map[string]any{"code": e.Name} }

// call sends one call with the account's bearer token; one that has ended is asked for anew, once.
func (a *api) call(ctx context.Context, path string, in, out any) error {
	for again := false; ; again = true {
		bearer, err := a.token(ctx)
		if err != nil {
			return err
		}
		err = a.post(ctx, path, "Bearer "+bearer, in, out)
		e, refused := errors.AsType[*apiError](err)
		if !refused || e.Status != http.StatusUnauthorized || again {
			return err
		}
		a.forget()
	}
}

func (a *api) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bearer = ""
}

// token is the bearer token, after a login where there is none that holds.
func (a *api) token(ctx context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.bearer != "" && time.Now().Before(a.until) {
		return a.bearer, nil
	}
	if a.denied != nil {
		return "", a.denied
	}
	user, password, err := a.login(ctx)
	if err != nil {
		return "", err
	}
	defer token.Wipe(password)
	basic := append([]byte(user+":"), password...)
	defer token.Wipe(basic)
	var out struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	err = a.post(ctx, "auth/login", "Basic "+b64.EncodeToString(basic), struct {
		RememberMe bool `json:"rememberMe"`
	}{}, &out)
	if refused, ok := errors.AsType[*apiError](err); ok && refused.Status < 500 && refused.Status != http.StatusTooManyRequests {
		a.denied = fmt.Errorf("%w: %w", ErrLogin, err)
		return "", a.denied
	}
	switch {
	case err != nil:
		return "", err
	case out.AccessToken == "" || len(out.AccessToken) > 8192:
		return "", fmt.Errorf("%w: a login without a token", mobileca.ErrNonsense)
	}
	life := time.Duration(min(max(out.ExpiresIn, 0), 86400)) * time.Second
	if life == 0 {
		life = 5 * time.Minute
	}
	a.bearer, a.until = out.AccessToken, time.Now().Add(life-5*time.Second)
	return a.bearer, nil
}

func (a *api) post(ctx context.Context, path, authorization string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	inner, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(inner, http.MethodPost, a.base+"/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", authorization)
	resp, err := a.http.RoundTrip(r) // a redirect is an error: it could lead the account elsewhere
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %w", mobileca.ErrUnreachable, err)
	}
	defer func() { _ = resp.Body.Close() }() // what matters of it was read
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("%w: %w", mobileca.ErrUnreachable, err)
	case len(answer) > maxAnswer:
		return fmt.Errorf("%w: an answer without end", mobileca.ErrNonsense)
	case resp.StatusCode >= 300:
		e := &apiError{Status: resp.StatusCode}
		_ = json.Unmarshal(answer, e) // without one it has no name
		if len(e.Name) > maxError {
			e.Name = e.Name[:maxError]
		}
		if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests {
			return fmt.Errorf("%w: %w", mobileca.ErrUnreachable, e)
		}
		return e
	case len(answer) == 0:
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%w: %w", mobileca.ErrNonsense, err)
	}
	return nil
}
