package phone

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"github.com/go-jose/go-jose/v4"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web/dpop"
)

var b64 = base64.RawURLEncoding

// object is JSON's.
type object = map[string]any

// desktop speaks the wire by hand, so that the phone is not judged by the program that its author wrote the other half of.
type desktop struct {
	t       *testing.T
	origin  string
	key     *ecdsa.PrivateKey
	proofs  *dpop.Key
	id      string
	secret  []byte
	nonce   []byte
	kind    string
	address string // what the QR code says
	match   string

	certificates map[string]*smx509.Certificate // by use, once linked
	asked        string                         // the last request
	tbs          []byte                         // what it asks to be signed
}

var asking = object{"name": "云溪县公共资源交易平台", "origin": "https://ggzy.yunxi.example"}

const computer = "财务室-PC02"

// pair begins a pairing, up to the code on the screen.
func pair(t *testing.T, origin, kind string, session bool) *desktop {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	d := &desktop{t: t, origin: origin, key: key, kind: kind, secret: random(16), nonce: random(32), certificates: map[string]*smx509.Certificate{}}
	if d.proofs, err = dpop.ParseKey(der); err != nil {
		t.Fatal(err)
	}
	secret, commitment := sha256.Sum256(d.secret), sha256.Sum256(d.nonce)
	made := d.call("POST", "/pairings", object{
		"kind": kind, "session": session, "platform": asking, "desktop": object{"name": computer},
		"secret_hash": b64.EncodeToString(secret[:]), "commitment": b64.EncodeToString(commitment[:]),
	})
	d.id = made["id"].(string)
	print := sha256.Sum256(bytes.Join([][]byte{[]byte("SealDesk QR v1"), d.thumbprint(), commitment[:]}, nil))
	d.address = fmt.Sprintf("%s#1.%s.%s.%s", made["scan_url"], d.id, b64.EncodeToString(d.secret), b64.EncodeToString(print[:16]))
	return d
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func (d *desktop) thumbprint() []byte {
	jkt, err := b64.DecodeString(d.proofs.Thumbprint())
	if err != nil {
		d.t.Fatal(err)
	}
	return jkt
}

func (d *desktop) call(method, path string, body any) object {
	d.t.Helper()
	status, answer := d.try(method, path, body)
	if status >= 300 {
		d.t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	return answer
}

func (d *desktop) try(method, path string, body any) (int, object) {
	d.t.Helper()
	said, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	r, err := http.NewRequest(method, d.origin+"/mca/v1"+path, bytes.NewReader(said))
	if err != nil {
		d.t.Fatal(err)
	}
	proof, err := d.proofs.Prove(method, d.origin+"/mca/v1"+r.URL.Path[len("/mca/v1"):], "", time.Now())
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set(dpop.Header, proof)
	if body == nil {
		r.Body = http.NoBody
		r.ContentLength = 0
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	answer := object{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &answer); err != nil {
			d.t.Fatalf("%v: %s", err, raw)
		}
	}
	return resp.StatusCode, answer
}

// until waits for a state of what path names.
func (d *desktop) until(path, state string) object {
	d.t.Helper()
	after := 0.0
	for end := time.Now().Add(waitTime); time.Now().Before(end); {
		answer := d.call("GET", fmt.Sprintf("%s?after=%.0f&wait=5", path, after), nil)
		if answer["state"] == state {
			return answer
		}
		after = answer["version"].(float64)
	}
	d.t.Fatalf("%s does not become %s", path, state)
	return nil
}

// reveal opens the commitment once the code was scanned, and computes what the screen then shows.
func (d *desktop) reveal() {
	d.t.Helper()
	scan := d.until("/pairings/"+d.id, "scanned")["scan"].(object)
	d.call("PUT", "/pairings/"+d.id+"/nonce", object{"nonce": b64.EncodeToString(d.nonce)})
	decode := func(v any) []byte {
		b, err := b64.DecodeString(v.(string))
		if err != nil {
			d.t.Fatal(err)
		}
		return b
	}
	mac := hmac.New(sha256.New, d.secret)
	for _, part := range [][]byte{[]byte("SealDesk match v1"), decode(d.id), d.thumbprint(), decode(scan["jkt"]), d.nonce, decode(scan["nonce"])} {
		mac.Write(part)
	}
	const letters = "BCDFGHJKLMNPQRSTVWXZ"
	n := binary.BigEndian.Uint64(mac.Sum(nil)) % (20 * 20 * 20 * 20)
	code := make([]byte, 4)
	for i := 3; i >= 0; i-- {
		code[i] = letters[n%20]
		n /= 20
	}
	d.match = string(code)
}

// ask puts a request, signed by k.
func (d *desktop) ask(k *ecdsa.PrivateKey, more object) (id string, status int, answer object) {
	d.t.Helper()
	id = platformapi.NewID()
	now := time.Now().Unix()
	payload := object{"v": 1, "id": id, "pairing": d.id, "kind": d.kind, "iat": now, "exp": now + 60, "platform": asking, "desktop": object{"name": computer}}
	for name, v := range more {
		payload[name] = v
	}
	said, err := json.Marshal(payload)
	if err != nil {
		d.t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: k}, (&jose.SignerOptions{}).WithType("sealdesk-request+jwt").WithHeader("kid", d.proofs.Thumbprint()))
	if err != nil {
		d.t.Fatal(err)
	}
	signed, err := signer.Sign(said)
	if err != nil {
		d.t.Fatal(err)
	}
	jws, err := signed.CompactSerialize()
	if err != nil {
		d.t.Fatal(err)
	}
	status, answer = d.try("POST", "/pairings/"+d.id+"/requests", object{"jws": jws})
	return id, status, answer
}
