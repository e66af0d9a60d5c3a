package platform_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platformtest"
	"sealdesk/platformapi/receipt"
)

// forging changes the number of receipts on their way.
type forging struct{}

func (forging) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	body = bytes.Replace(body, []byte(`"number":"R`), []byte(`"number":"X`), 1)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// Every receipt is signed, now and when it is asked for again; one that was changed on its way is none.
func TestReceiptsAreSigned(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	p := w.Login(t, platformtest.Purchaser, client.Options{})
	id := platformapi.NewID()
	change := platformapi.Change{Key: id}
	out, err := p.Create(t.Context(), change, platformapi.NewContract{ID: id, LotID: platformtest.LotID})
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Receipts(t.Context(), id)
	if err != nil || len(again) != 1 {
		t.Fatalf("%v, %v", again, err)
	}
	for _, r := range []platformapi.Receipt{out.Receipt, again[0]} {
		if said, _, err := receipt.Verify(r, platformtest.Purchaser.USCC, w.CA.Pool()); err != nil || said.Platform != w.URL || !strings.HasPrefix(said.Number, "R") {
			t.Errorf("%+v, %v", said, err)
		}
	}
	forged := w.Login(t, platformtest.Purchaser, client.Options{Transport: forging{}})
	if _, err := forged.Create(t.Context(), change, platformapi.NewContract{ID: id, LotID: platformtest.LotID}); !platformapi.IsCode(err, platformapi.CodeNonsense) {
		t.Errorf("a forged receipt: %v", err)
	}
	// Who trusts other authorities believes it as little.
	stranger := w.Login(t, platformtest.Purchaser, client.Options{ReceiptRoots: platformtest.NewCA(t, "ecdsa").Pool()})
	if _, err := stranger.Create(t.Context(), change, platformapi.NewContract{ID: id, LotID: platformtest.LotID}); !platformapi.IsCode(err, platformapi.CodeNonsense) {
		t.Errorf("of an authority that is not trusted: %v", err)
	}
}
