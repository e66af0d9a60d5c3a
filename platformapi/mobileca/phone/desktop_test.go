package phone

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/phonetest/handset"
	"sealdesk/platformapi/mobileca/wire"
)

// desktop is one pairing, and what was asked in it last.
type desktop struct {
	*phonetest.Desktop
	t       *testing.T
	match   string
	payload wire.RequestPayload
	request string
}

func pair(t *testing.T, w *phonetest.World, kind wire.PairingKind) *desktop {
	t.Helper()
	// The world's clock stands still, and by it nobody may ask without end.
	w.Clock.Add(5 * time.Second)
	d, err := phonetest.NewDesktop(t.Context(), w.Service, kind, kind == wire.PairSign)
	if err != nil {
		t.Fatal(err)
	}
	return &desktop{Desktop: d, t: t}
}

// becomes waits for a state of the pairing.
func (d *desktop) becomes(state wire.PairingState) {
	d.t.Helper()
	if !handset.Comes(func() bool {
		if d.Pairing.State == state {
			return true
		}
		if err := d.Refresh(d.t.Context(), 2); err != nil {
			d.t.Fatal(err)
		}
		return d.Pairing.State == state
	}) {
		d.t.Fatalf("the pairing is %s, not %s", d.Pairing.State, state)
	}
}

// scanned waits for the phone, and has the match code shown.
func (d *desktop) scanned() {
	d.t.Helper()
	d.becomes(wire.PairingScanned)
	var err error
	if d.match, err = d.Match(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// contract asks for the signature of a document of this title.
func (d *desktop) contract(title string) {
	d.t.Helper()
	digest := sha256.Sum256([]byte(title))
	r := phonetest.Contract(digest[:])
	r.Document.Title = title
	r.Document.Parties = []string{"云溪县人民医院", "华东医疗器械有限公司"}
	d.ask(r)
}

// encrypted asks for the decryption of a text that is encrypted to the phone's certificate.
func (d *desktop) encrypted(plain string) {
	d.t.Helper()
	der, err := sm2.EncryptASN1(rand.Reader, d.public(wire.UseEncrypt), []byte(plain))
	if err != nil {
		d.t.Fatal(err)
	}
	d.ask(wire.RequestPayload{Cipher: base64.RawURLEncoding.EncodeToString(der)})
}

func (d *desktop) ask(r wire.RequestPayload) {
	d.t.Helper()
	d.payload = d.Payload(r)
	jws, err := d.JWS(d.payload)
	if err != nil {
		d.t.Fatal(err)
	}
	asked, err := d.Submit(d.t.Context(), jws)
	if err != nil {
		d.t.Fatal(err)
	}
	d.request = asked.ID
}

func (d *desktop) public(use wire.KeyUse) *ecdsa.PublicKey {
	d.t.Helper()
	der, err := d.Certificate(use)
	if err != nil {
		d.t.Fatal(err)
	}
	certificate, err := smx509.ParseCertificate(der)
	if err != nil {
		d.t.Fatal(err)
	}
	return certificate.PublicKey.(*ecdsa.PublicKey)
}

// answered waits for a state of the request.
func (d *desktop) answered(state wire.RequestState) wire.DesktopRequest {
	d.t.Helper()
	var r wire.DesktopRequest
	if !handset.Comes(func() bool {
		var err error
		if r, err = d.Request(d.t.Context(), d.request, r.Version, 2); err != nil {
			d.t.Fatal(err)
		}
		return r.State == state
	}) {
		d.t.Fatalf("the request is %s, not %s", r.State, state)
	}
	return r
}

// signed judges the signature by a library that knows nothing of shares.
func (d *desktop) signed() {
	d.t.Helper()
	signature, err := phonetest.DecodeBytes(d.answered(wire.RequestApproved).Result.Signature)
	if err != nil {
		d.t.Fatal(err)
	}
	message, err := phonetest.Bytes(d.payload)
	if err != nil {
		d.t.Fatal(err)
	}
	if !sm2.VerifyASN1WithSM2(d.public(wire.UseSign), nil, message, signature) {
		d.t.Errorf("the signature does not verify: %x", signature)
	}
}

// decrypted is the plain text.
func (d *desktop) decrypted() string {
	d.t.Helper()
	r := d.answered(wire.RequestApproved)
	if r.Result.Sealed == nil {
		d.t.Fatal("there is no plain text")
	}
	plain, err := d.Open(d.request, *r.Result.Sealed)
	if err != nil {
		d.t.Fatal(fmt.Errorf("the answer does not open: %w", err))
	}
	return string(plain)
}
