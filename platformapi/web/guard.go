package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	nethttpmiddleware "github.com/oapi-codegen/nethttp-middleware"

	"sealdesk/platformapi"
)

// NewServer is an http.Server with limits on what a stranger can hold: headers of 32 KiB, 10 s to send them, 5 minutes for
// a whole request or answer (a file of 64 MiB at 2 Mbit/s), idle connections for a minute.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute,
		WriteTimeout:      5 * time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		// OPTIONS * is for the handler too.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// Guard stands before every handler: it bounds the body (limit says how far), forbids caching and sniffing, turns a panic
// into an internal error, and finds nothing at a path with "//", "/." or "/.." in it, where http.ServeMux would redirect.
func Guard(log *slog.Logger, limit func(*http.Request) int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			WriteError(w, r, log, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}()
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		if !plain(r.URL.EscapedPath()) {
			WriteError(w, r, log, errNoPath())
			return
		}
		max := limit(r)
		if r.ContentLength > max {
			w.Header().Set("Connection", "close")
			WriteError(w, r, log, &http.MaxBytesError{Limit: max})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, max)
		next.ServeHTTP(w, r)
	})
}

func plain(p string) bool {
	clean := path.Clean(p)
	return strings.HasPrefix(p, "/") && (p == clean || p == clean+"/")
}

func errNoPath() *Fault {
	return Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is nothing at this path")
}

// Validate checks every request against the document before a handler sees it. Bodies that are streams (isStream) are left
// alone. authorised decides whether a request may use an operation that asks for a security scheme of the document. The document's servers are not
// looked at. The error is a document without routes.
func Validate(spec *openapi3.T, log *slog.Logger, isStream func(*http.Request) bool, authorised func(scheme string, r *http.Request) error) (func(http.Handler) http.Handler, error) {
	anywhere := *spec
	anywhere.Servers = nil
	spec = &anywhere
	router, err := gorillamux.NewRouter(spec)
	if err != nil {
		return nil, err
	}
	check := func(stream bool) func(http.Handler) http.Handler {
		return nethttpmiddleware.OapiRequestValidatorWithOptions(spec, &nethttpmiddleware.Options{
			DoNotValidateServers: true,
			Options: openapi3filter.Options{
				MultiError:         true,
				ExcludeRequestBody: stream,
				AuthenticationFunc: func(_ context.Context, in *openapi3filter.AuthenticationInput) error {
					return authorised(in.SecuritySchemeName, in.RequestValidationInput.Request)
				},
			},
			Skipper: func(r *http.Request) bool { return isStream(r) != stream },
			ErrorHandlerWithOpts: func(_ context.Context, err error, w http.ResponseWriter, r *http.Request, _ nethttpmiddleware.ErrorHandlerOpts) {
				if errors.Is(err, routers.ErrMethodNotAllowed) {
					w.Header().Set("Allow", strings.Join(methods(router, r), ", ")) // RFC 9110, 15.5.6
				}
				WriteError(w, r, log, invalid(err))
			},
		})
	}
	return func(next http.Handler) http.Handler { return check(false)(check(true)(next)) }, nil
}

// methods are those that a request's path knows.
func methods(router routers.Router, r *http.Request) []string {
	var known []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		if _, _, err := router.FindRoute(&http.Request{Method: method, URL: r.URL, Host: r.Host}); err == nil {
			known = append(known, method)
		}
	}
	return known
}

// invalid puts what the validator found into a Fault.
func invalid(err error) error {
	if errors.Is(err, routers.ErrMethodNotAllowed) {
		return Refuse(http.StatusMethodNotAllowed, platformapi.CodeMethod, "this path knows no such method")
	}
	if errors.Is(err, routers.ErrPathNotFound) {
		return errNoPath()
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	if security, ok := errors.AsType[*openapi3filter.SecurityRequirementsError](err); ok {
		for _, e := range security.Errors {
			if f, ok := errors.AsType[*Fault](e); ok {
				return f
			}
		}
	}
	f := Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "the request is not as openapi.yaml says")
	f.Errors = fieldErrors(err, nil)
	for _, e := range f.Errors {
		if e.Pointer == "" && strings.Contains(e.Detail, "Content-Type") {
			f.Status, f.CodeValue = http.StatusUnsupportedMediaType, platformapi.CodeMediaType
		}
	}
	return f
}

const maxFieldErrors = 20

// fieldErrors flattens the validator's errors to pointers and reasons. The values that were sent are not repeated.
func fieldErrors(err error, out []platformapi.FieldError) []platformapi.FieldError {
	if len(out) >= maxFieldErrors {
		return out
	}
	switch e := err.(type) {
	case openapi3.MultiError:
		for _, one := range e {
			out = fieldErrors(one, out)
		}
		return out
	case *openapi3filter.RequestError:
		if e.Parameter != nil {
			return append(out, platformapi.FieldError{Pointer: "/" + e.Parameter.In + "/" + e.Parameter.Name, Detail: short(reason(e))})
		}
		if e.Err != nil {
			n := len(out)
			if out = fieldErrors(e.Err, out); len(out) > n {
				return out
			}
		}
		return append(out, platformapi.FieldError{Detail: short(e.Reason)})
	case *openapi3.SchemaError:
		return append(out, platformapi.FieldError{Pointer: "/" + strings.Join(e.JSONPointer(), "/"), Detail: short(e.Reason)})
	}
	return out
}

func reason(e *openapi3filter.RequestError) string {
	if s, ok := errors.AsType[*openapi3.SchemaError](e.Err); ok {
		return s.Reason
	}
	if e.Reason != "" {
		return e.Reason
	}
	return "malformed"
}

func short(s string) string {
	const max = 200
	if len(s) > max {
		s = strings.ToValidUTF8(s[:max], "") + "…"
	}
	return s
}
