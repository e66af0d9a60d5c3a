package mobileca_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
)

// Every operation of openapi.yaml refuses who has neither a session nor a key, and answers rubbish from who has one with a
// problem that is the caller's fault.
func TestEveryOperationRefusesStrangersAndRubbish(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d := begin(t, w, wire.PairSign, false)
	spec, err := wire.GetSpec()
	must(t, err)
	fill := strings.NewReplacer(
		"{pairing_id}", d.Pairing.ID, "{certificate_id}", p.Certs[0].ID, "{key_id}", p.Certs[0].Key.ID, "{request_id}", platformapi.NewID(), "{device_id}", platformapi.NewID(),
		"{organisation_id}", platformapi.NewID(), "{application_id}", platformapi.NewID(), "{check_id}", platformapi.NewID(), "{staff_id}", platformapi.NewID(),
		"{authorisation_id}", platformapi.NewID(), "{seal_id}", platformapi.NewID(), "{zone_id}", platformapi.NewID(), "{card_id}", platformapi.NewID(),
	)
	n := 0
	for path, item := range spec.Paths.Map() {
		for method, operation := range item.Operations() {
			n++
			w.Clock.Add(250 * time.Millisecond) // slowly enough
			at := fill.Replace(path)
			if strings.ContainsAny(at, "{}") {
				t.Fatalf("%s is not filled in", at)
			}
			r, err := http.NewRequestWithContext(ctx, method, w.URL+mobileca.BasePath+at, strings.NewReader("{}"))
			must(t, err)
			r.Header.Set("Content-Type", "application/json")
			answer, err := w.Client.Do(r)
			must(t, err)
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			open := operation.Security != nil && len(*operation.Security) == 0
			if !open && answer.StatusCode != http.StatusUnauthorized || answer.StatusCode >= 500 {
				t.Errorf("%s %s by a stranger: %s", method, path, answer.Status)
			}
			for _, body := range []any{map[string]any{}, map[string]any{"x": 1}, []int{1}, "text", nil} {
				for _, who := range []interface {
					Status(method, path string, body any) (int, error)
				}{p, d} {
					if operation.OperationID == "endSession" {
						continue
					}
					status, err := who.Status(method, at, body)
					must(t, err)
					if status >= 500 {
						t.Errorf("%s %s with %v: %d", method, path, body, status)
					}
				}
			}
		}
	}
	if n < 70 {
		t.Errorf("only %d operations", n)
	}
}

func FuzzRequests(f *testing.F) {
	contract, err := phonetest.Bytes(phonetest.Contract(digestOf("contract")))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(contract)
	f.Add([]byte{0x30, 0x80})
	f.Add(bytes.Repeat([]byte{0x31}, 100))
	f.Fuzz(func(t *testing.T, tbs []byte) {
		for _, form := range []wire.RequestForm{wire.FormText, wire.FormCMSAttributes, wire.FormSESTBS, "?"} {
			r := phonetest.Contract(digestOf("contract"))
			r.Kind, r.Form, r.Tbs = wire.PairSign, form, phonetest.EncodeBytes(tbs)
			if err := mobileca.CheckForm(r); err == nil && !bytes.Contains(tbs, digestOf("contract")) {
				t.Errorf("%s: %x is taken for the contract", form, tbs)
			}
		}
	})
}

// What is signed of a seal is the document's: TBSSign of GB/T 38540 and of the standard before it.
func TestASealsHash(t *testing.T) {
	hash := digestOf("contract")
	bits := append([]byte{3, 33, 0}, hash...)
	seq := func(parts ...[]byte) []byte {
		body := bytes.Join(parts, nil)
		return append([]byte{0x30, byte(len(body))}, body...)
	}
	version, seal, name := []byte{2, 1, 4}, []byte{0x30, 0}, []byte{0x16, 1, 'x'}
	now := append([]byte{0x18, 15}, []byte("20261126040000Z")...)
	for what, tt := range map[string]struct {
		tbs  []byte
		fits bool
	}{
		"GB/T 38540":        {seq(version, seal, now, bits, name), true},
		"GM/T 0031":         {seq(version, seal, []byte{3, 2, 0, 9}, bits, name), true},
		"no time":           {seq(version, seal, bits, name), false},
		"nothing behind it": {seq(version, seal, now, bits), false},
		"another hash":      {seq(version, seal, now, append([]byte{3, 33, 0}, digestOf("other")...), name), false},
		"more behind":       {append(seq(version, seal, now, bits, name), 0), false},
	} {
		r := phonetest.Contract(hash)
		r.Kind, r.Form, r.Tbs = wire.PairSign, wire.FormSESTBS, phonetest.EncodeBytes(tt.tbs)
		if err := mobileca.CheckForm(r); (err == nil) != tt.fits {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A certification request that somebody else signed is not certified.
func TestACertificationRequestIsProven(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Phone(phonetest.Number)
	must(t, p.Identify(ctx, phonetest.Name, phonetest.IDNumber))
	a, err := p.Apply(ctx, nil)
	must(t, err)
	must(t, p.MakeKey(ctx, a.ID, wire.UseSign, phonetest.PIN))
	wants(t, "one key of two", p.Call(ctx, http.MethodPost, "/applications/"+a.ID+"/certificates", nil, nil), "mca.key_not_ready")
	id, err := p.BeginKey(ctx, a.ID, wire.UseEncrypt, phonetest.PIN)
	must(t, err)
	stranger, err := sm2.GenerateKey(rand.Reader)
	must(t, err)
	signature, err := stranger.Sign(rand.Reader, digestOf("x"), nil)
	must(t, err)
	wants(t, "a stranger's signature", p.Call(ctx, http.MethodPut, "/keys/"+id+"/csr", wire.SignatureResult{Signature: phonetest.EncodeBytes(signature)}, nil), "mca.result_wrong")
	wants(t, "certificates without its proof", p.Call(ctx, http.MethodPost, "/applications/"+a.ID+"/certificates", nil, nil), "mca.key_not_ready")
}

// A body is no larger than its operation needs.
func TestBodiesAreBounded(t *testing.T) {
	w := phonetest.NewWorld(t)
	p := w.Phone(phonetest.Number)
	large := func(n int) map[string]string { return map[string]string{"x": strings.Repeat("x", n)} }
	for path, n := range map[string]int{"/codes": 70 << 10, "/scans": 70 << 10, "/pairings/" + strings.Repeat("A", 22) + "/requests": 600 << 10, "/applications": 13 << 20} {
		status, err := p.Status(http.MethodPost, path, large(n))
		if err == nil && status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s with %d bytes: %d", path, n, status)
		}
	}
}

// Who has the database alone has no identity number, no password, no code and no token.
func TestTheDatabaseAloneTellsNothing(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	const password = "correct horse battery"
	set, err := w.SendCode(ctx, phonetest.Number, wire.CodePassword)
	must(t, err)
	must(t, p.Call(ctx, http.MethodPut, "/me/password", wire.PasswordChange{Code: set, Password: password}, nil))
	w.Clock.Add(time.Minute)
	waiting, err := w.SendCode(ctx, phonetest.Number, wire.CodeRecovery)
	must(t, err)
	files, err := filepath.Glob(w.File + "*") // with what SQLite has not taken over yet
	must(t, err)
	var kept []byte
	for _, f := range files {
		data, err := os.ReadFile(f)
		must(t, err)
		kept = append(kept, data...)
	}
	if !bytes.Contains(kept, []byte(phonetest.Hospital.Name)) {
		t.Fatalf("nothing is in %v", files)
	}
	for what, secret := range map[string]string{
		"the identity number": phonetest.IDNumber, "the password": password, "a code": `"` + waiting + `"`, "the refresh token": p.Refresh,
	} {
		if secret == "" || bytes.Contains(kept, []byte(secret)) {
			t.Errorf("%s is in the database: %q", what, secret)
		}
	}
}
