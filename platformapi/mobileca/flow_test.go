package mobileca_test

import (
	"bytes"
	"crypto/rand"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, what string, err error, code string) {
	t.Helper()
	if got := phonetest.Code(err); got != code {
		t.Errorf("%s: %q (%v), want %q", what, got, err, code)
	}
}

func begin(t *testing.T, w *phonetest.World, kind wire.PairingKind, session bool) *phonetest.Desktop {
	t.Helper()
	d, err := phonetest.NewDesktop(t.Context(), w.Service, kind, session)
	must(t, err)
	return d
}

func linked(t *testing.T, w *phonetest.World, p *phonetest.Phone, kind wire.PairingKind, session *wire.SessionChoice) *phonetest.Desktop {
	t.Helper()
	d := begin(t, w, kind, session != nil)
	must(t, phonetest.Link(t.Context(), d, p, session))
	return d
}

func digestOf(text string) []byte {
	sum := sm3.Sum([]byte(text))
	return sum[:]
}

// A contract is signed by a scan: gmsm's stock verifier and openssl take the signature.
func TestAContractIsSigned(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d := linked(t, w, p, wire.PairSign, nil)
	if by := d.Pairing.Scan; by.Name != "王*国" || by.Phone != "138****5678" || by.Organisation != phonetest.Hospital.Name {
		t.Errorf("who scanned is shown as %+v", by)
	}
	contract := phonetest.Contract(digestOf("contract"))
	r, err := d.Ask(ctx, contract)
	must(t, err)
	inbox, err := p.Inbox(ctx, 0, 0)
	must(t, err)
	if len(inbox.Items) != 1 || inbox.Items[0].ID != r.ID || inbox.Items[0].Title != "医疗设备采购合同" {
		t.Fatalf("inbox %+v", inbox)
	}
	must(t, p.Approve(ctx, r.ID, phonetest.PIN))
	r, err = d.Request(ctx, r.ID, 0, 0)
	must(t, err)
	if r.State != wire.RequestApproved || r.Result == nil {
		t.Fatalf("request %+v", r)
	}
	der, err := d.Certificate(wire.UseSign)
	must(t, err)
	public, err := phonetest.Public(der)
	must(t, err)
	message, err := phonetest.Bytes(contract)
	must(t, err)
	signature, err := phonetest.DecodeBytes(r.Result.Signature)
	must(t, err)
	if !sm2.VerifyASN1WithSM2(public, nil, message, signature) {
		t.Error("gmsm does not take the signature")
	}
	if sm2.VerifyASN1WithSM2(public, nil, append(message, 0), signature) {
		t.Error("the signature is of another message too")
	}
	openssl(t, der, message, signature)
	// The pairing was for one signature.
	must(t, d.Refresh(ctx, 0))
	if d.Pairing.State != wire.PairingEnded {
		t.Errorf("the pairing is %s", d.Pairing.State)
	}
	_, err = d.Ask(ctx, contract)
	wants(t, "a second request of a pairing without a session", err, "mca.pairing_over")
	// After ten minutes the result is nowhere.
	w.Clock.Add(11 * time.Minute)
	r, err = d.Request(ctx, r.ID, 0, 0)
	must(t, err)
	if r.Result != nil {
		t.Error("the result is kept for ever")
	}
}

func openssl(t *testing.T, certificate, message, signature []byte) {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	c, err := smx509.ParseCertificate(certificate)
	must(t, err)
	spki, err := smx509.MarshalPKIXPublicKey(c.PublicKey)
	must(t, err)
	for name, content := range map[string][]byte{"key.pem": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}), "message": message, "signature": signature} {
		must(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	cmd := exec.Command(program, "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-digest", "sm3", "-in", "message", "-sigfile", "signature", "-pkeyopt", "distid:1234567812345678")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("openssl does not take the signature: %v\n%s", err, out)
	}
}

// What was encrypted to the certificate comes out plain at the desktop, and at nobody else's.
func TestADecryption(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d := linked(t, w, p, wire.PairDecrypt, nil)
	der, err := d.Certificate(wire.UseEncrypt)
	must(t, err)
	public, err := phonetest.Public(der)
	must(t, err)
	plain := []byte("0123456789abcdef")
	cipher, err := sm2.EncryptASN1(rand.Reader, public, plain)
	must(t, err)
	r, err := d.Ask(ctx, wire.RequestPayload{Cipher: phonetest.EncodeBytes(cipher)})
	must(t, err)
	must(t, p.Approve(ctx, r.ID, phonetest.PIN))
	r, err = d.Request(ctx, r.ID, 0, 0)
	must(t, err)
	got, err := d.Open(r.ID, *r.Result.Sealed)
	if err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("%q, %v", got, err)
	}
	stranger, err := d.Stranger()
	must(t, err)
	if got, err := stranger.Open(r.ID, *r.Result.Sealed); err == nil {
		t.Errorf("another desktop reads %q", got)
	}
	_, err = stranger.Request(ctx, r.ID, 0, 0)
	wants(t, "another desktop's key", err, "platform.not_found")
	// A signature is not made in a pairing to decrypt.
	other := linked(t, w, p, wire.PairDecrypt, nil)
	_, err = other.Ask(ctx, phonetest.Contract(digestOf("x")))
	wants(t, "a signature in a decryption's pairing", err, "mca.request_wrong")
	_, err = other.Ask(ctx, wire.RequestPayload{Cipher: phonetest.EncodeBytes(cipher[:40])})
	wants(t, "half a cipher", err, "mca.request_wrong")
}

// A login and a binding sign a text.
func TestALoginIsSigned(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	for _, kind := range []wire.PairingKind{wire.PairLogin, wire.PairBind} {
		d := linked(t, w, p, kind, nil)
		text := phonetest.Text("SealDesk login v1\nhttps://ggzy.example\n…")
		r, err := d.Ask(ctx, text)
		must(t, err)
		must(t, p.Approve(ctx, r.ID, phonetest.PIN))
		r, err = d.Request(ctx, r.ID, 0, 0)
		must(t, err)
		der, err := d.Certificate(wire.UseSign)
		must(t, err)
		public, err := phonetest.Public(der)
		must(t, err)
		message, err := phonetest.Bytes(text)
		must(t, err)
		signature, err := phonetest.DecodeBytes(r.Result.Signature)
		must(t, err)
		if !sm2.VerifyASN1WithSM2(public, nil, message, signature) {
			t.Errorf("%s: the signature does not verify", kind)
		}
		_, err = linked(t, w, p, kind, nil).Ask(ctx, phonetest.Contract(digestOf("x")))
		wants(t, "a contract in a pairing to "+string(kind), err, "mca.request_wrong")
	}
}

// Who logs out on the phone ends what is linked with it.
func TestLoggingOutEndsASession(t *testing.T) {
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d := linked(t, w, p, wire.PairSign, &wire.SessionChoice{Auto: true})
	must(t, p.Call(t.Context(), "DELETE", "/session", nil, nil))
	must(t, d.Refresh(t.Context(), 0))
	if d.Pairing.State != wire.PairingEnded || d.Pairing.Ended != wire.EndedByDevice {
		t.Errorf("it is %s by %q", d.Pairing.State, d.Pairing.Ended)
	}
}

// A session signs without another scan, counts, and ends from either side, by time and by number.
func TestASession(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	sign := func(d *phonetest.Desktop) error {
		r, err := d.Ask(ctx, phonetest.Contract(digestOf("contract")))
		if err != nil {
			return err
		}
		return p.Approve(ctx, r.ID, phonetest.PIN)
	}
	d := linked(t, w, p, wire.PairSign, &wire.SessionChoice{Auto: true})
	for range 3 {
		must(t, sign(d))
	}
	must(t, d.Refresh(ctx, 0))
	if s := d.Pairing.Link.Session; s.Used != 3 || s.Max != 200 || !s.Auto {
		t.Errorf("session %+v", s)
	}
	var s wire.Scan
	must(t, p.Call(ctx, "PATCH", "/scans/"+d.Pairing.ID, wire.ScanChange{Auto: false}, &s))
	if s.Session.Auto {
		t.Error("it still signs by itself")
	}
	// Idle for half an hour; each signature begins that anew.
	w.Clock.Add(29 * time.Minute)
	must(t, p.Renew(ctx))
	must(t, sign(d))
	w.Clock.Add(29 * time.Minute)
	must(t, p.Renew(ctx))
	must(t, sign(d))
	w.Clock.Add(30 * time.Minute)
	must(t, p.Renew(ctx))
	wants(t, "after half an hour", sign(d), "mca.pairing_over")

	// Eight hours, whatever is signed meanwhile.
	d = linked(t, w, p, wire.PairSign, &wire.SessionChoice{})
	for range 19 { // 25 minutes each
		w.Clock.Add(25 * time.Minute)
		must(t, p.Renew(ctx))
		must(t, sign(d))
	}
	w.Clock.Add(5 * time.Minute)
	must(t, p.Renew(ctx))
	wants(t, "after eight hours", sign(d), "mca.pairing_over")

	// It ends from the phone, and what waits with it.
	d = linked(t, w, p, wire.PairSign, &wire.SessionChoice{})
	r, err := d.Ask(ctx, phonetest.Contract(digestOf("contract")))
	must(t, err)
	must(t, p.Call(ctx, "DELETE", "/scans/"+d.Pairing.ID, nil, nil))
	r, err = d.Request(ctx, r.ID, 0, 0)
	must(t, err)
	if r.State != wire.RequestCancelled {
		t.Errorf("what waited is %s", r.State)
	}
	must(t, d.Refresh(ctx, 0))
	if d.Pairing.Ended != wire.EndedByPhone {
		t.Errorf("it ended by %q", d.Pairing.Ended)
	}
	wants(t, "after it was ended", sign(d), "mca.pairing_over")

	// Only to sign, and only where the desktop offered it.
	_, err = phonetest.NewDesktop(ctx, w.Service, wire.PairDecrypt, true)
	wants(t, "a session to decrypt", err, "mca.not_in_session")
	d = begin(t, w, wire.PairSign, false)
	wants(t, "a session that was not offered", phonetest.Link(ctx, d, p, &wire.SessionChoice{}), "mca.not_in_session")
}

// Two hundred signatures, not one more.
func TestASessionHasAnEnd(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d := linked(t, w, p, wire.PairSign, &wire.SessionChoice{})
	for i := range 200 {
		r, err := d.Ask(ctx, phonetest.Contract(digestOf("contract")))
		must(t, err)
		if i == 199 { // the last one waits, and there is no room beside it
			_, err := d.Ask(ctx, phonetest.Contract(digestOf("contract")))
			wants(t, "one more beside the last", err, "mca.session_over")
		}
		if err := p.Approve(ctx, r.ID, phonetest.PIN); err != nil {
			t.Fatalf("signature %d: %v", i+1, err)
		}
		w.Clock.Add(time.Second)
	}
	_, err := d.Ask(ctx, phonetest.Contract(digestOf("contract")))
	wants(t, "the 201st", err, "mca.pairing_over")
}

// A certificate is revoked by a statement that its own key signed, and nothing works with it after that.
func TestARevocation(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d := linked(t, w, p, wire.PairSign, &wire.SessionChoice{})
	var r wire.PhoneRequest
	must(t, p.Call(ctx, "POST", "/certificates/"+p.Certs[0].ID+"/revocations", wire.RevocationRequest{Reason: wire.RevokeLeft}, &r))
	var twice wire.PhoneRequest // it waits meanwhile
	must(t, p.Call(ctx, "POST", "/certificates/"+p.Certs[0].ID+"/revocations", wire.RevocationRequest{Reason: wire.RevokeLeft}, &twice))
	statement, err := phonetest.DecodeBytes(r.Statement)
	must(t, err)
	if lines := strings.Split(string(statement), "\n"); lines[0] != "SealDesk revocation v1" || lines[3] != p.Certs[0].ID {
		t.Errorf("the statement is %q", statement)
	}
	wants(t, "a wrong PIN", p.Approve(ctx, r.ID, "000000"), "mca.pin_wrong")
	if len(w.Issuer.Revoked) != 0 {
		t.Fatal("revoked without a signature")
	}
	must(t, p.Approve(ctx, r.ID, phonetest.PIN))
	if len(w.Issuer.Revoked) != 2 {
		t.Errorf("%d certificates are revoked", len(w.Issuer.Revoked))
	}
	var list wire.CertificateList
	must(t, p.Call(ctx, "GET", "/certificates", nil, &list))
	for _, c := range list.Items {
		if c.State != wire.CertificateRevoked {
			t.Errorf("%s is %s", c.Use, c.State)
		}
	}
	must(t, d.Refresh(ctx, 0))
	if d.Pairing.State != wire.PairingEnded || d.Pairing.Ended != wire.EndedByCertificate {
		t.Errorf("the session is %s by %q", d.Pairing.State, d.Pairing.Ended)
	}
	wants(t, "what waited for its key", p.Approve(ctx, twice.ID, phonetest.PIN), "mca.key_not_ready")
	wants(t, "linking with it", phonetest.Link(ctx, begin(t, w, wire.PairSign, false), p, nil), "mca.cert_ended")
}

// With certificates that have expired nothing is signed any more, but what was encrypted to them is read.
func TestExpiredCertificatesStillDecrypt(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	w.Clock.Add(366 * 24 * time.Hour)
	code, err := w.SendCode(ctx, phonetest.Number, wire.CodeLogin)
	must(t, err)
	must(t, p.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Code: code}))
	wants(t, "signing with it", phonetest.Link(ctx, begin(t, w, wire.PairSign, false), p, nil), "mca.cert_ended")
	d := linked(t, w, p, wire.PairDecrypt, nil)
	der, err := d.Certificate(wire.UseEncrypt)
	must(t, err)
	public, err := phonetest.Public(der)
	must(t, err)
	cipher, err := sm2.EncryptASN1(rand.Reader, public, []byte("bid"))
	must(t, err)
	r, err := d.Ask(ctx, wire.RequestPayload{Cipher: phonetest.EncodeBytes(cipher)})
	must(t, err)
	must(t, p.Approve(ctx, r.ID, phonetest.PIN))
	r, err = d.Request(ctx, r.ID, 0, 0)
	must(t, err)
	if plain, err := d.Open(r.ID, *r.Result.Sealed); err != nil || string(plain) != "bid" {
		t.Errorf("%q, %v", plain, err)
	}
}
