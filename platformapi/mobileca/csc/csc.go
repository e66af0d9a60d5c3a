package csc

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web"
)

// Object identifiers of SM2 (GM/T 0006).
const (
	oidSM2     = "1.2.156.10197.1.301"
	oidSM2SM3  = "1.2.156.10197.1.501"
	oidSM3     = "1.2.156.10197.1.401"
	hashSize   = 32
	maxBody    = 64 << 10
	timeFormat = "20060102150405Z"
)

// api answers the calls.
type api struct{ ca *mobileca.Server }

// Handler serves the API at mobileca.CSCPath.
func Handler(ca *mobileca.Server) http.Handler {
	a := api{ca}
	mux := http.NewServeMux()
	route := func(path string, answer func(*http.Request, []byte) (int, any, error)) {
		mux.HandleFunc("POST "+mobileca.CSCPath+"/"+path, func(w http.ResponseWriter, r *http.Request) {
			status, value, err := a.answered(w, r, answer)
			if err != nil {
				status, value = a.refused(w, r, err)
			}
			write(w, status, value)
		})
	}
	route("info", a.info)
	route("auth/login", a.login)
	route("auth/revoke", a.revoke)
	route("credentials/list", a.authorised(a.list))
	route("credentials/info", a.authorised(a.credential))
	route("credentials/authorize", a.authorised(a.authorize))
	route("credentials/authorizeCheck", a.authorised(a.check))
	route("signatures/signHash", a.authorised(a.sign))
	route("signatures/signPolling", a.authorised(a.poll))
	return mux
}

// answered has a call answered, if its caller does not call too often.
func (a api) answered(w http.ResponseWriter, r *http.Request, answer func(*http.Request, []byte) (int, any, error)) (int, any, error) {
	if err := a.ca.Admit(r); err != nil {
		return 0, nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return 0, nil, bad("the body is too large or was cut off")
	}
	return answer(r, body)
}

// failure is what went wrong in the API's words (CSC API v2, 10.1).
type failure struct {
	status            int
	Name, Description string
}

func (f *failure) Error() string { return f.Name + ": " + f.Description }

func bad(description string) error {
	return &failure{http.StatusBadRequest, "invalid_request", description}
}

func denied(description string) error {
	return &failure{http.StatusBadRequest, "access_denied", description}
}

// refused is what a caller is told of an error. One that is none of the caller's is logged.
func (a api) refused(w http.ResponseWriter, r *http.Request, err error) (int, any) {
	f := &failure{http.StatusInternalServerError, "server_error", "the request could not be worked on"}
	if own, ok := errors.AsType[*failure](err); ok {
		f = own
	} else if fault, ok := errors.AsType[*web.Fault](err); ok {
		f = &failure{fault.Status, names[fault.Status], fault.Detail}
		if f.Name == "" {
			f.Name = "invalid_request"
		}
		web.RetryAfter(w, fault)
	} else {
		a.ca.LogError(r, err)
	}
	if f.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	return f.status, map[string]string{"error": f.Name, "error_description": f.Description}
}

func write(w http.ResponseWriter, status int, value any) {
	b, err := json.Marshal(value)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client is gone when this fails
}

// names are the API's for statuses of this service.
var names = map[int]string{
	http.StatusUnauthorized: "invalid_token", http.StatusForbidden: "access_denied", http.StatusTooManyRequests: "too_many_requests",
	http.StatusServiceUnavailable: "temporarily_unavailable",
}

func read(body []byte, into any) error {
	if len(body) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return bad("the body is no JSON of this call")
	}
	return nil
}

func (a api) info(*http.Request, []byte) (int, any, error) {
	return http.StatusOK, map[string]any{
		"specs": "2.0.0.2", "name": "SealDesk mobile CA", "region": "CN", "lang": "zh-CN",
		"description": "Hashes for SM2 are e = SM3(Z || M) with the default user id (GB/T 32918.2, 6.1). The person approves each on the phone.",
		"authType":    []string{"basic"}, "asynchronousOperationMode": true,
		"methods": []string{
			"auth/login", "auth/revoke", "credentials/list", "credentials/info", "credentials/authorize", "credentials/authorizeCheck",
			"signatures/signHash", "signatures/signPolling",
		},
		"signAlgorithms": map[string]any{"algos": []string{oidSM2SM3}},
	}, nil
}

func (a api) login(r *http.Request, _ []byte) (int, any, error) {
	phone, password, ok := r.BasicAuth()
	if !ok {
		return 0, nil, &failure{http.StatusUnauthorized, "authentication_error", "HTTP Basic with a number and its password is wanted"}
	}
	token, life, err := a.ca.RemoteLogin(r.Context(), a.ca.Caller(r), phone, password)
	if fault, ok := errors.AsType[*web.Fault](err); ok && fault.Status == http.StatusForbidden {
		return 0, nil, &failure{http.StatusUnauthorized, "authentication_error", fault.Detail}
	}
	return http.StatusOK, map[string]any{"access_token": token, "expires_in": int(life / time.Second)}, err
}

func bearer(r *http.Request) string {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return token
}

func (a api) revoke(r *http.Request, body []byte) (int, any, error) {
	var in struct {
		Token string `json:"token"`
	}
	if err := read(body, &in); err != nil {
		return 0, nil, err
	}
	if in.Token == "" {
		in.Token = bearer(r)
	}
	return http.StatusNoContent, nil, a.ca.RemoteLogout(r.Context(), in.Token)
}

// authorised hands a call the account of its bearer token.
func (a api) authorised(answer func(ctx context.Context, account string, r *http.Request, body []byte) (int, any, error)) func(*http.Request, []byte) (int, any, error) {
	return func(r *http.Request, body []byte) (int, any, error) {
		account, err := a.ca.RemoteAccount(r.Context(), bearer(r))
		if err != nil {
			return 0, nil, err
		}
		return answer(r.Context(), account, r, body)
	}
}

// wanted is what list and info are asked for.
type wanted struct {
	CredentialID   string `json:"credentialID"`
	CredentialInfo bool   `json:"credentialInfo"`
	Certificates   string `json:"certificates"`
	CertInfo       bool   `json:"certInfo"`
	AuthInfo       bool   `json:"authInfo"`
	MaxResults     int    `json:"maxResults"`
}

func (a api) list(ctx context.Context, account string, _ *http.Request, body []byte) (int, any, error) {
	var in wanted
	if err := read(body, &in); err != nil {
		return 0, nil, err
	}
	all, err := a.ca.RemoteCertificates(ctx, account)
	if err != nil {
		return 0, nil, err
	}
	if in.MaxResults > 0 && len(all) > in.MaxResults {
		all = all[:in.MaxResults]
	}
	ids, infos := []string{}, []any{}
	for _, c := range all {
		ids = append(ids, c.ID)
		if in.CredentialInfo {
			one, err := describe(c, in)
			if err != nil {
				return 0, nil, err
			}
			one["credentialID"] = c.ID
			infos = append(infos, one)
		}
	}
	out := map[string]any{"credentialIDs": ids}
	if in.CredentialInfo {
		out["credentialInfos"] = infos
	}
	return http.StatusOK, out, nil
}

func (a api) credential(ctx context.Context, account string, _ *http.Request, body []byte) (int, any, error) {
	var in wanted
	if err := read(body, &in); err != nil {
		return 0, nil, err
	}
	c, err := a.find(ctx, account, in.CredentialID)
	if err != nil {
		return 0, nil, err
	}
	out, err := describe(c, in)
	return http.StatusOK, out, err
}

func (a api) find(ctx context.Context, account, id string) (store.Certificate, error) {
	all, err := a.ca.RemoteCertificates(ctx, account)
	if err != nil {
		return store.Certificate{}, err
	}
	at := slices.IndexFunc(all, func(c store.Certificate) bool { return c.ID == id })
	if at < 0 {
		return store.Certificate{}, bad("there is no such credential")
	}
	return all[at], nil
}

func describe(c store.Certificate, in wanted) (map[string]any, error) {
	parsed, err := smx509.ParseCertificate(c.Chain[0])
	if err != nil {
		return nil, err
	}
	certificates := []string{}
	for i, der := range c.Chain {
		if in.Certificates != "none" && (i == 0 || in.Certificates == "chain") {
			certificates = append(certificates, base64.StdEncoding.EncodeToString(der))
		}
	}
	cert := map[string]any{"status": "valid", "certificates": certificates}
	if in.CertInfo {
		cert["issuerDN"], cert["subjectDN"] = parsed.Issuer.String(), parsed.Subject.String()
		cert["serialNumber"] = hex.EncodeToString(parsed.SerialNumber.Bytes())
		cert["validFrom"], cert["validTo"] = parsed.NotBefore.UTC().Format(timeFormat), parsed.NotAfter.UTC().Format(timeFormat)
	}
	out := map[string]any{
		"description": c.Name, "SCAL": "2", "multisign": 1, "cert": cert,
		"key": map[string]any{"status": "enabled", "algo": []string{oidSM2SM3, oidSM2}, "len": 256, "curve": oidSM2},
	}
	if in.AuthInfo {
		out["auth"] = map[string]any{"mode": "implicit"} // the person approves on the phone
	}
	return out, nil
}

// asked is what authorize and signHash are asked for.
type asked struct {
	CredentialID     string   `json:"credentialID"`
	NumSignatures    int      `json:"numSignatures"`
	Hashes           []string `json:"hashes"`
	HashAlgorithmOID string   `json:"hashAlgorithmOID"`
	SignAlgo         string   `json:"signAlgo"`
	OperationMode    string   `json:"operationMode"`
	SAD              string   `json:"SAD"`
	Description      string   `json:"description"`
	ClientData       string   `json:"clientData"`
}

func (in asked) digest() ([]byte, error) {
	if len(in.Hashes) != 1 || in.NumSignatures > 1 {
		return nil, bad("one hash a time: the person approves each")
	}
	if in.HashAlgorithmOID != "" && in.HashAlgorithmOID != oidSM3 || in.SignAlgo != "" && in.SignAlgo != oidSM2SM3 {
		return nil, bad("the key is an SM2 key: hash " + oidSM3 + ", signature " + oidSM2SM3)
	}
	e, err := base64.StdEncoding.DecodeString(in.Hashes[0])
	if err != nil || len(e) != hashSize {
		return nil, bad("the hash is e = SM3(Z || M), 32 bytes in base64")
	}
	return e, nil
}

func (a api) authorize(ctx context.Context, account string, r *http.Request, body []byte) (int, any, error) {
	id, err := a.ask(ctx, account, r, body)
	return http.StatusAccepted, map[string]any{"handle": id}, err
}

// ask puts the digest of a call before the person.
func (a api) ask(ctx context.Context, account string, r *http.Request, body []byte) (string, error) {
	var in asked
	if err := read(body, &in); err != nil {
		return "", err
	}
	e, err := in.digest()
	if err != nil {
		return "", err
	}
	note := in.Description
	if note == "" {
		note = in.ClientData
	}
	return a.ca.AskDigest(ctx, account, in.CredentialID, e, strings.TrimSpace(r.UserAgent()+" "+a.ca.Caller(r)), note)
}

// answer is what came of a request: nil while it waits.
func (a api) answer(ctx context.Context, account, id string) (*store.Request, error) {
	q, err := a.ca.DigestAsked(ctx, account, id)
	if err != nil {
		return nil, err
	}
	switch {
	case !q.Over():
		return nil, nil
	case q.State == wire.RequestRefused:
		return nil, denied("the person refused")
	case q.State == wire.RequestExpired:
		return nil, denied("it expired: the person did not decide in time")
	case q.Result == nil:
		return nil, denied("the signature was not fetched in time, or the request was cancelled")
	}
	return &q, nil
}

// sad is what activates the signature of one request, and of no other hash or credential.
func (a api) sad(q store.Request) string {
	return q.ID + "." + a.ca.Bind("SAD", q.ID, q.Certificate, hex.EncodeToString(q.E))
}

func (a api) check(ctx context.Context, account string, _ *http.Request, body []byte) (int, any, error) {
	var in struct {
		Handle string `json:"handle"`
	}
	if err := read(body, &in); err != nil {
		return 0, nil, err
	}
	q, err := a.answer(ctx, account, in.Handle)
	if err != nil {
		return 0, nil, err
	}
	if q == nil {
		return http.StatusAccepted, map[string]any{"handle": in.Handle}, nil
	}
	return http.StatusOK, map[string]any{"SAD": a.sad(*q), "expiresIn": 600}, nil
}

func (a api) sign(ctx context.Context, account string, r *http.Request, body []byte) (int, any, error) {
	var in asked
	if err := read(body, &in); err != nil {
		return 0, nil, err
	}
	if in.OperationMode == "A" && in.SAD == "" {
		id, err := a.ask(ctx, account, r, body)
		return http.StatusOK, map[string]any{"responseID": id}, err
	}
	e, err := in.digest()
	if err != nil {
		return 0, nil, err
	}
	id, _, _ := strings.Cut(in.SAD, ".")
	q, err := a.answer(ctx, account, id)
	if err != nil || q == nil {
		return 0, nil, errors.Join(err, denied("the SAD is none of this account's"))
	}
	bound := *q
	bound.E, bound.Certificate = e, in.CredentialID
	if subtle.ConstantTimeCompare([]byte(a.sad(bound)), []byte(in.SAD)) != 1 {
		return 0, nil, denied("the SAD is of another hash or credential")
	}
	return signatures(*q)
}

func (a api) poll(ctx context.Context, account string, _ *http.Request, body []byte) (int, any, error) {
	var in struct {
		ResponseID string `json:"responseID"`
	}
	if err := read(body, &in); err != nil {
		return 0, nil, err
	}
	q, err := a.answer(ctx, account, in.ResponseID)
	if err != nil {
		return 0, nil, err
	}
	if q == nil {
		return http.StatusAccepted, map[string]any{"responseID": in.ResponseID}, nil
	}
	return signatures(*q)
}

// signatures is the signature of a request, DER in base64.
func signatures(q store.Request) (int, any, error) {
	der, err := base64.RawURLEncoding.DecodeString(q.Result.Signature)
	return http.StatusOK, map[string]any{"signatures": []string{base64.StdEncoding.EncodeToString(der)}}, err
}
