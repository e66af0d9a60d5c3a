package phone

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phonetest"
)

// elsewhere is a program that knows the service by the Cloud Signature Consortium's API alone: it shows nothing.
type elsewhere struct {
	t          *testing.T
	w          *phonetest.World
	token      string
	credential string
	public     *ecdsa.PublicKey
}

func (c *elsewhere) call(path string, in map[string]any, out any) {
	c.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.w.URL+mobileca.CSCPath+"/"+path, bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token == "" {
		r.SetBasicAuth(phonetest.Number, password)
	} else {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.w.Client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil || answer.StatusCode >= 300 {
		c.t.Fatalf("%s: %d, %v", path, answer.StatusCode, err)
	}
}

// logIn finds the one credential, and gives its key.
func (c *elsewhere) logIn() *ecdsa.PublicKey {
	c.t.Helper()
	var login struct {
		Token string `json:"access_token"`
	}
	c.call("auth/login", nil, &login)
	c.token = login.Token
	var list struct {
		IDs   []string `json:"credentialIDs"`
		Infos []struct {
			Cert struct{ Certificates [][]byte }
		} `json:"credentialInfos"`
	}
	c.call("credentials/list", map[string]any{"credentialInfo": true, "certificates": "single", "certInfo": true}, &list)
	if len(list.IDs) != 1 {
		c.t.Fatalf("credentials: %+v", list)
	}
	certificate, err := smx509.ParseCertificate(list.Infos[0].Cert.Certificates[0])
	if err != nil {
		c.t.Fatal(err)
	}
	c.credential, c.public = list.IDs[0], certificate.PublicKey.(*ecdsa.PublicKey)
	return c.public
}

func (c *elsewhere) hashes(e []byte) map[string]any {
	return map[string]any{"credentialID": c.credential, "numSignatures": 1, "hashes": []string{base64.StdEncoding.EncodeToString(e)}, "signAlgo": "1.2.156.10197.1.501"}
}

func (c *elsewhere) authorise(e []byte) (handle string) {
	c.t.Helper()
	var out struct{ Handle string }
	c.call("credentials/authorize", c.hashes(e), &out)
	return out.Handle
}

// sign fetches the signature, once the phone has authorised it.
func (c *elsewhere) sign(handle string, e []byte) []byte {
	c.t.Helper()
	var out struct {
		SAD        string
		Signatures [][]byte
	}
	c.call("credentials/authorizeCheck", map[string]any{"handle": handle}, &out)
	in := c.hashes(e)
	in["SAD"] = out.SAD
	c.call("signatures/signHash", in, &out)
	return out.Signatures[0]
}
