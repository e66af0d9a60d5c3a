package phonetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/dpop"
)

// Service is where a mobile CA is.
type Service struct {
	URL    string
	Client *http.Client
	Now    func() time.Time // its clock, for proofs; nil is time.Now
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// Problem is what the service answered instead.
type Problem struct{ wire.Problem }

func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// Code is the code of a problem, "" for another error and for none.
func Code(err error) string {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Code
	}
	return ""
}

// caller is a key, with an access token when it has a session.
type caller struct {
	service *Service
	key     *dpop.Key
	token   string
}

// Call makes one call; in and out may be nil.
func (c *caller) Call(ctx context.Context, method, path string, in, out any, headers ...string) error {
	address, err := url.Parse(c.service.URL + mobileca.BasePath + path)
	if err != nil {
		return err
	}
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), body)
	if err != nil {
		return err
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	bare := *address
	bare.RawQuery = ""
	proof, err := c.key.Prove(method, bare.String(), c.token, c.service.now())
	if err != nil {
		return err
	}
	request.Header.Set(dpop.Header, proof)
	if c.token != "" {
		request.Header.Set("Authorization", "DPoP "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := c.service.Client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // it was read
	b, err := io.ReadAll(io.LimitReader(answer.Body, 16<<20))
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		p := &Problem{}
		if err := json.Unmarshal(b, &p.Problem); err != nil {
			return fmt.Errorf("%s %s: %s, %.200s", method, path, answer.Status, b)
		}
		return p
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(b, out)
}

// Status makes a call and gives the status that it is answered with.
func (c *caller) Status(method, path string, body any) (int, error) {
	err := c.Call(context.Background(), method, path, body, nil)
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Status, nil
	}
	return http.StatusOK, err
}

// Create is a POST that carries an idempotency key.
func (c *caller) Create(ctx context.Context, path string, in, out any) error {
	return c.Call(ctx, http.MethodPost, path, in, out, "Idempotency-Key", `"`+platformapi.NewID()+`"`)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(text string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(text) }

// EncodeBytes writes bytes as the wire does, DecodeBytes reads them.
func EncodeBytes(b []byte) string { return encode(b) }

// DecodeBytes takes only what EncodeBytes writes.
func DecodeBytes(text string) ([]byte, error) { return decode(text) }
