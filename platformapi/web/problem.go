package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web/dpop"
)

// Fault is an error that the caller of the API is told, as a problem.
type Fault struct {
	Status     int
	CodeValue  string
	Detail     string // an English sentence without secrets
	Errors     []platformapi.FieldError
	State      platformapi.ContractState
	Version    int64
	Tries      *int // of a PIN that are left
	RetryAfter time.Duration
}

// Refuse makes a Fault.
func Refuse(status int, code, format string, args ...any) *Fault {
	return &Fault{Status: status, CodeValue: code, Detail: fmt.Sprintf(format, args...)}
}

// Code is the stable code of the problem.
func (f *Fault) Code() string { return f.CodeValue }

func (f *Fault) Error() string { return f.CodeValue + ": " + f.Detail }

// typeBase is where the codes are described; the type URI of a problem is this and its code.
const typeBase = "https://sealdesk.example/problems/"

// WriteError answers with the problem that err is. What is not a Fault is an internal error: it is logged, and the caller
// learns only that it happened.
func WriteError(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	var f *Fault
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		f = Refuse(http.StatusRequestEntityTooLarge, platformapi.CodeTooLarge, "more than %d bytes", tooLarge.Limit)
	} else if fault, ok := errors.AsType[*Fault](err); ok {
		f = fault
	} else if r.Context().Err() != nil {
		f = Refuse(http.StatusServiceUnavailable, platformapi.CodeUnavailable, "the request was given up")
	} else {
		LogError(r, log, err)
		f = Refuse(http.StatusInternalServerError, platformapi.CodeInternal, "the request could not be worked on")
	}
	p := struct {
		platformapi.Problem
		Tries *int `json:"tries,omitempty"`
	}{platformapi.Problem{
		Type: typeBase + f.CodeValue, Title: http.StatusText(f.Status), Status: f.Status, Detail: f.Detail,
		Code: f.CodeValue, Errors: f.Errors, State: string(f.State), Version: f.Version,
	}, f.Tries}
	body, err := json.Marshal(p)
	if err != nil {
		log.Error("problem cannot be written", "error", err)
		body = []byte(`{"type":"about:blank","title":"Internal Server Error","status":500,"code":"platform.internal"}`)
		f.Status = http.StatusInternalServerError
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Del("Content-Disposition")
	h.Del("ETag")
	RetryAfter(w, f)
	if f.Status == http.StatusUnauthorized {
		challenge := dpop.Challenge
		if f.CodeValue == platformapi.CodeProofWrong {
			challenge = dpop.RefusedChallenge
		}
		h.Set("WWW-Authenticate", challenge)
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write(body) // the client is gone when this fails, nobody is left to tell
}

// LogError logs an error that is none of the caller's.
func LogError(r *http.Request, log *slog.Logger, err error) {
	log.Error("internal error", "method", r.Method, "path", r.URL.Path, "error", err)
}

// RetryAfter says in an answer's head how long to wait, where the Fault does.
func RetryAfter(w http.ResponseWriter, f *Fault) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
	}
}
