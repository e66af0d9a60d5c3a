package csc_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/csc"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
)

type client struct {
	*testing.T
	w     *phonetest.World
	token string
}

// call gives the status and the answer.
func (c *client) call(path string, in map[string]any, out any) int {
	c.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		c.Fatal(err)
	}
	r, err := http.NewRequestWithContext(c.Context(), http.MethodPost, c.w.URL+mobileca.CSCPath+"/"+path, bytes.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if path == "auth/login" {
		r.SetBasicAuth(phonetest.Number, c.token)
	}
	answer, err := c.w.Client.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		c.Fatal(err)
	}
	if out != nil && len(b) > 0 {
		if err := json.Unmarshal(b, out); err != nil {
			c.Fatalf("%s: %s", err, b)
		}
	}
	return answer.StatusCode
}

func world(t *testing.T, change ...func(*mobileca.Config)) (*phonetest.World, *phonetest.Phone, *client) {
	t.Helper()
	w := phonetest.NewWorld(t, append(change, func(cfg *mobileca.Config) { cfg.CSC = csc.Handler })...)
	p := w.Holder()
	code, err := w.SendCode(t.Context(), phonetest.Number, wire.CodePassword)
	if err == nil {
		err = p.Call(t.Context(), http.MethodPut, "/me/password", wire.PasswordChange{Code: code, Password: "correct horse"}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := &client{T: t, w: w, token: "correct horse"}
	var login struct {
		Token string `json:"access_token"`
	}
	if status := c.call("auth/login", nil, &login); status != http.StatusOK {
		t.Fatalf("login: %d", status)
	}
	c.token = login.Token
	return w, p, c
}

const sm2sm3 = "1.2.156.10197.1.501"

// A credential is listed, a digest approved on the phone, and the signature verifies; in both ways to wait for it.
func TestADigestIsSigned(t *testing.T) {
	ctx := context.Background()
	_, p, c := world(t)
	var list struct {
		IDs   []string `json:"credentialIDs"`
		Infos []struct {
			Cert struct {
				Certificates []string `json:"certificates"`
			} `json:"cert"`
			Auth struct {
				Mode string `json:"mode"`
			} `json:"auth"`
			Multisign int `json:"multisign"`
		} `json:"credentialInfos"`
	}
	c.call("credentials/list", map[string]any{"credentialInfo": true, "certificates": "chain", "certInfo": true, "authInfo": true}, &list)
	if len(list.IDs) != 1 || list.IDs[0] != p.Certs[0].ID || list.Infos[0].Multisign != 1 || list.Infos[0].Auth.Mode != "implicit" {
		t.Fatalf("credentials %+v", list)
	}
	der, err := base64.StdEncoding.DecodeString(list.Infos[0].Cert.Certificates[0])
	if err != nil {
		t.Fatal(err)
	}
	cert, err := smx509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	public, err := phonetest.Public(der)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("from elsewhere")
	e, err := sm2.CalculateSM2Hash(public, message, nil)
	if err != nil {
		t.Fatal(err)
	}
	request := map[string]any{"credentialID": list.IDs[0], "numSignatures": 1, "hashes": []string{base64.StdEncoding.EncodeToString(e)}, "signAlgo": sm2sm3}
	verify := func(signature string) {
		t.Helper()
		b, err := base64.StdEncoding.DecodeString(signature)
		if err != nil || !sm2.VerifyASN1WithSM2(public, nil, message, b) {
			t.Errorf("the signature does not verify: %v", err)
		}
	}
	var handle struct{ Handle, SAD string }
	if status := c.call("credentials/authorize", request, &handle); status != http.StatusAccepted || handle.Handle == "" {
		t.Fatalf("authorize: %d", status)
	}
	if status := c.call("credentials/authorizeCheck", map[string]any{"handle": handle.Handle}, &handle); status != http.StatusAccepted || handle.SAD != "" {
		t.Fatalf("before the person decided: %d, %q", status, handle.SAD)
	}
	shown, err := p.Request(ctx, handle.Handle)
	if err != nil || shown.Kind != wire.KindDigest || shown.Digest == nil || shown.Source != wire.FromCSC || shown.Session != nil {
		t.Fatalf("the phone is shown %+v, %v", shown, err)
	}
	if err := p.Approve(ctx, handle.Handle, phonetest.PIN); err != nil {
		t.Fatal(err)
	}
	c.call("credentials/authorizeCheck", map[string]any{"handle": handle.Handle}, &handle)
	var out struct {
		Signatures []string `json:"signatures"`
		ResponseID string   `json:"responseID"`
		Error      string   `json:"error"`
	}
	request["SAD"] = handle.SAD
	if status := c.call("signatures/signHash", request, &out); status != http.StatusOK || len(out.Signatures) != 1 {
		t.Fatalf("signHash: %d %s", status, out.Error)
	}
	verify(out.Signatures[0])
	// The SAD is of this hash and this credential.
	other := map[string]any{}
	for k, v := range request {
		other[k] = v
	}
	other["hashes"] = []string{base64.StdEncoding.EncodeToString(make([]byte, 32))}
	if status := c.call("signatures/signHash", other, &out); status != http.StatusBadRequest || out.Error != "access_denied" {
		t.Errorf("the SAD for another hash: %d %s", status, out.Error)
	}
	other["hashes"], other["SAD"] = request["hashes"], handle.Handle+".00"
	if status := c.call("signatures/signHash", other, &out); status != http.StatusBadRequest || out.Error != "access_denied" {
		t.Errorf("a SAD of one's own: %d %s", status, out.Error)
	}

	delete(request, "SAD")
	request["operationMode"] = "A"
	c.call("signatures/signHash", request, &out)
	if status := c.call("signatures/signPolling", map[string]any{"responseID": out.ResponseID}, nil); status != http.StatusAccepted {
		t.Errorf("polling before the person decided: %d", status)
	}
	if err := p.Approve(ctx, out.ResponseID, phonetest.PIN); err != nil {
		t.Fatal(err)
	}
	out.Signatures = nil
	c.call("signatures/signPolling", map[string]any{"responseID": out.ResponseID}, &out)
	if len(out.Signatures) != 1 {
		t.Fatal("no signature")
	}
	verify(out.Signatures[0])
	_ = cert
}

func TestWhatIsRefused(t *testing.T) {
	ctx := context.Background()
	w, p, c := world(t)
	hash := base64.StdEncoding.EncodeToString(make([]byte, 32))
	id := p.Certs[0].ID
	for name, in := range map[string]map[string]any{
		"two hashes":          {"credentialID": id, "hashes": []string{hash, hash}},
		"two signatures":      {"credentialID": id, "hashes": []string{hash}, "numSignatures": 2},
		"no hash":             {"credentialID": id},
		"a short hash":        {"credentialID": id, "hashes": []string{"AAAA"}},
		"SHA-256":             {"credentialID": id, "hashes": []string{hash}, "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1"},
		"RSA":                 {"credentialID": id, "hashes": []string{hash}, "signAlgo": "1.2.840.113549.1.1.11"},
		"another credential":  {"credentialID": "x", "hashes": []string{hash}},
		"an encryption's key": {"credentialID": p.Certs[1].ID, "hashes": []string{hash}},
	} {
		if status := c.call("credentials/authorize", in, nil); status < 400 || status >= 500 {
			t.Errorf("%s: %d", name, status)
		}
	}
	var out struct{ Handle, SAD, Error string }
	c.call("credentials/authorize", map[string]any{"credentialID": id, "hashes": []string{hash}}, &out)
	if err := p.Call(ctx, http.MethodPut, "/requests/"+out.Handle+"/refusal", wire.Refusal{}, nil); err != nil {
		t.Fatal(err)
	}
	if status := c.call("credentials/authorizeCheck", map[string]any{"handle": out.Handle}, &out); status != http.StatusBadRequest || out.Error != "access_denied" {
		t.Errorf("refused: %d %s", status, out.Error)
	}
	// A bearer token is none of the wire's, and ends.
	if status := get(t, w, "/mca/v1/me", "Bearer "+c.token); status != http.StatusUnauthorized {
		t.Errorf("the wire takes a bearer token: %d", status)
	}
	token := c.token
	if status := c.call("auth/revoke", map[string]any{"token": token}, nil); status != http.StatusNoContent {
		t.Errorf("revoke: %d", status)
	}
	if status := c.call("credentials/list", nil, nil); status != http.StatusUnauthorized {
		t.Errorf("after it was revoked: %d", status)
	}
	c.token = "wrong horse"
	if status := c.call("auth/login", nil, &out); status != http.StatusUnauthorized || out.Error != "authentication_error" {
		t.Errorf("a wrong password: %d %s", status, out.Error)
	}
	c.token = "correct horse"
	var login struct {
		Token string `json:"access_token"`
	}
	c.call("auth/login", nil, &login)
	c.token = login.Token
	w.Clock.Add(time.Hour)
	if status := c.call("credentials/list", nil, nil); status != http.StatusUnauthorized {
		t.Errorf("after an hour: %d", status)
	}
}

// Who calls without end is held back, in the API's own words.
func TestTooManyCalls(t *testing.T) {
	_, _, c := world(t)
	var out struct{ Error string }
	for n := 1; ; n++ {
		switch status := c.call("info", nil, &out); {
		case status == http.StatusTooManyRequests && out.Error == "too_many_requests":
			return
		case status != http.StatusOK || n > 1000:
			t.Fatalf("call %d: %d %s", n, status, out.Error)
		}
	}
}

// broken is a store that has lost its certificates.
type broken struct{ store.Store }

func (broken) Certificates(context.Context, string) ([]store.Certificate, error) {
	return nil, errors.New("the disk is gone")
}

// What goes wrong here is logged, and its caller learns only that it did.
func TestErrorsAreLogged(t *testing.T) {
	var log bytes.Buffer
	_, _, c := world(t, func(cfg *mobileca.Config) {
		cfg.Store, cfg.Log = broken{cfg.Store}, slog.New(slog.NewTextHandler(&log, nil))
	})
	var out struct {
		Error       string
		Description string `json:"error_description"`
	}
	if status := c.call("credentials/list", nil, &out); status != http.StatusInternalServerError || out.Error != "server_error" || strings.Contains(out.Description, "disk") {
		t.Errorf("%d %+v", status, out)
	}
	if got := log.String(); !strings.Contains(got, "the disk is gone") || !strings.Contains(got, "credentials/list") {
		t.Errorf("logged: %s", got)
	}
}

func get(t *testing.T, w *phonetest.World, path, authorization string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	answer, err := w.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}
