package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"sealdesk/platformapi"
	"sealdesk/platformapi/wire"
)

// checker is a RoundTripper that lets through only answers that are as openapi.yaml says. It reads them whole, at most
// maxAnswer bytes; files pass it as streams.
type checker struct {
	next   http.RoundTripper
	router routers.Router
}

func newChecker(next http.RoundTripper) (*checker, error) {
	router, err := anyHost()
	if err != nil {
		return nil, fmt.Errorf("client: openapi.yaml: %w", err)
	}
	return &checker{next: next, router: router}, nil
}

// anyHost knows the document's paths, at whatever host.
var anyHost = sync.OnceValues(func() (routers.Router, error) {
	spec, err := wire.GetSpec()
	if err != nil {
		return nil, err
	}
	anywhere := *spec
	anywhere.Servers = nil
	return gorillamux.NewRouter(&anywhere)
})

func (c *checker) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	if (media == "application/octet-stream" || media == eventStream) && resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	_ = resp.Body.Close() // what matters of it was read
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, nonsense("the answer is too long", nil)
	}
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		return nil, fmt.Errorf("client: %s %s: %w", r.Method, r.URL.Path, err)
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 resp.StatusCode, Header: resp.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	in.SetBodyBytes(body)
	if err := openapi3filter.ValidateResponse(r.Context(), in); err != nil {
		e := nonsense(fmt.Sprintf("the answer to %s is not as openapi.yaml says", route.Operation.OperationID), nil)
		e.Status = resp.StatusCode
		return nil, e
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func nonsense(why string, err error) *platformapi.Error {
	return &platformapi.Error{Kind: platformapi.KindNonsense, CodeValue: platformapi.CodeNonsense, Detail: why, Err: err}
}

// failure says how a call without an answer failed. ctx is the caller's.
func failure(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	if e, ok := errors.AsType[*platformapi.Error](err); ok {
		return e
	}
	e := &platformapi.Error{Kind: platformapi.KindOffline, CodeValue: platformapi.CodeOffline, Detail: "the platform cannot be reached", Err: err}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	opError, isOp := errors.AsType[*net.OpError](err)
	e.Unsent = isOp && opError.Op == "dial"
	netError, isNet := errors.AsType[net.Error](err)
	switch {
	case untrusted || unknown:
		e.Kind, e.CodeValue, e.Detail = platformapi.KindInsecure, platformapi.CodeTLS, "the platform's certificate is not to be trusted"
	case isOp && opError.Op == "proxyconnect":
		e.CodeValue, e.Detail, e.Unsent = platformapi.CodeProxyAway, "the proxy cannot be reached", true
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isNet && netError.Timeout():
		e.Kind, e.CodeValue, e.Detail = platformapi.KindTimeout, platformapi.CodeTimeout, "the platform did not answer in time"
	}
	return e
}

// problem reads an answer that refuses. The checker has seen that it is one.
func problem(resp *http.Response) error {
	var p platformapi.Problem
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil {
		err = json.Unmarshal(body, &p)
	}
	if err != nil || p.Status != resp.StatusCode {
		e := nonsense("the answer is not a problem", err)
		e.Status = resp.StatusCode
		return e
	}
	e := &platformapi.Error{
		Kind: platformapi.KindProblem, CodeValue: p.Code, Status: p.Status, Detail: p.Detail,
		State: platformapi.ContractState(p.State), Version: p.Version, Fields: p.Errors,
	}
	switch {
	case p.Code == platformapi.CodeProofWrong:
		e.Kind = platformapi.KindOffline // nothing is wrong with the session: to try again makes another proof
	case resp.StatusCode == http.StatusUnauthorized:
		e.Kind = platformapi.KindUnauthorised
	}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 && n <= 24*60*60 {
		e.RetryAfter = time.Duration(n) * time.Second
	}
	return e
}
