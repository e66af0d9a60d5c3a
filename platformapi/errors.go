package platformapi

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Kind says in which way a call failed, as far as a caller must branch.
type Kind int

const (
	// KindProblem: the platform refused; Code says why.
	KindProblem Kind = iota + 1
	// KindOffline: the platform could not be reached, or the connection broke.
	KindOffline
	// KindTimeout: no answer in time.
	KindTimeout
	// KindNonsense: the answer is not what openapi.yaml promises; it may come from something between us and the platform.
	KindNonsense
	// KindUnauthorised: there is no session, or it is over.
	KindUnauthorised
	// KindInsecure: the address is not https, or its certificate is not to be trusted.
	KindInsecure
)

// Error is how every call to a Platform fails. For KindOffline, KindTimeout and KindNonsense it is not known whether a
// change happened: repeat it with the same key.
type Error struct {
	Kind       Kind
	CodeValue  string // "platform.version_stale"
	Status     int    // HTTP status; 0 without an answer
	Detail     string // an English sentence, for logs
	State      ContractState
	Version    int64         // the contract's version now, where the problem names it
	Fields     []FieldError  // which members of the request were wrong
	RetryAfter time.Duration // how long the platform asked to wait; 0 when it did not say
	Unsent     bool          // certainly nothing of the request has left: there was no connection
	Err        error         // what lies under it
}

// Code is stable; people's sentences are chosen by it.
func (e *Error) Code() string { return e.CodeValue }

// Params are the values a sentence may name.
func (e *Error) Params() map[string]any {
	p := map[string]any{}
	if e.State != "" {
		p["state"] = string(e.State)
	}
	if e.Version != 0 {
		p["version"] = e.Version
	}
	if e.Status != 0 {
		p["status"] = e.Status
	}
	if e.RetryAfter > 0 {
		p["seconds"] = int((e.RetryAfter + time.Second - 1) / time.Second)
	}
	if len(e.Fields) > 0 {
		names := make([]string, len(e.Fields))
		for i, f := range e.Fields {
			names[i] = f.Pointer
		}
		p["fields"] = names
	}
	return p
}

func (e *Error) Error() string {
	s := e.CodeValue
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s = fmt.Sprintf("%s: %v", s, e.Err)
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Codes that are not the server's: what a client finds out by itself.
const (
	CodeOffline     = "platform.offline"
	CodeTimeout     = "platform.timeout"
	CodeNonsense    = "platform.nonsense"
	CodeSessionOver = "platform.session_over"
	CodeInsecureURL = "platform.insecure_url"
	CodeTLS         = "platform.tls"

	CodeProxyLogin   = "platform.proxy_login"   // 407, the proxy wants another user or password, or any
	CodeProxyRefused = "platform.proxy_refused" // it does not connect; the status says why
	CodeProxyAway    = "platform.proxy_away"
)

// Retryable says whether the same call, with the same key, may succeed by itself when it is repeated after a while. It is
// the one place that decides this. An ended session is not: a person must log in first.
func Retryable(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.Kind {
	case KindOffline, KindTimeout, KindNonsense:
		return true
	case KindProblem:
		return e.CodeValue == CodeRenewing || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout || e.Status >= 500
	}
	return false
}

// IsCode says whether err carries this code.
func IsCode(err error, code string) bool {
	e, ok := errors.AsType[interface {
		error
		Code() string
	}](err)
	return ok && e.Code() == code
}
