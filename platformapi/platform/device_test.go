package platform_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platformtest"
	"sealdesk/platformapi/web/dpop"
)

// crossing sends what is for one path to another, for which no session is needed.
type crossing struct{ from, to string }

func (x *crossing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == x.from {
		r = r.Clone(r.Context())
		r.URL.Path = x.to
		r.Header.Del("Authorization")
		r.Header.Del(dpop.Header)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func newClient(t *testing.T, w *platformtest.World) *client.Client {
	t.Helper()
	c, err := client.New(w.URL, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// begun is a login that waits, and a function that waits for its end.
func begun(t *testing.T, w *platformtest.World) (*client.Client, *client.DeviceLogin, func() (platformapi.Session, error)) {
	t.Helper()
	desktop := newClient(t, w)
	login, err := desktop.BeginDevice(t.Context(), "采购办公室电脑")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(login.VerificationURIComplete, "https://") || !strings.Contains(login.VerificationURIComplete, login.UserCode) {
		t.Errorf("codes: %+v", login.DeviceCodes)
	}
	login.Interval = 0 // the world's clock, which the platform goes by, moves by itself
	return desktop, login, func() (platformapi.Session, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		w.Clock.Add(3 * time.Second)
		return login.Wait(ctx)
	}
}

func TestAnotherDeviceApproves(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	id := w.Identity(platformtest.Supplier)
	desktop, login, wait := begun(t, w)
	phone := newClient(t, w)
	request, err := phone.DeviceRequest(t.Context(), strings.ToLower(login.UserCode[:4]+" "+login.UserCode[5:]), id.Chain)
	if err != nil {
		t.Fatal(err)
	}
	if request.ClientName != "采购办公室电脑" || request.UserCode != login.UserCode || request.Address == "" {
		t.Errorf("who asks: %+v", request.DeviceChallenge)
	}
	if err := request.Approve(t.Context(), id.Key); err != nil {
		t.Fatal(err)
	}
	x, err := wait()
	if err != nil || x.Organisation != platformtest.Supplier {
		t.Fatalf("session: %+v, %v", x, err)
	}
	if _, err := desktop.Lots(t.Context(), ""); err != nil {
		t.Errorf("with the session: %v", err)
	}
	if _, err := wait(); !platformapi.IsCode(err, platformapi.CodeDeviceExpired) {
		t.Errorf("the code a second time: %v", err)
	}
	if _, err := phone.Session(t.Context()); !platformapi.IsCode(err, platformapi.CodeSessionOver) {
		t.Errorf("the approving device has a session: %v", err)
	}
}

func TestAnotherDeviceDenies(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	id := w.Identity(platformtest.Supplier)
	_, login, wait := begun(t, w)
	request, err := newClient(t, w).DeviceRequest(t.Context(), login.UserCode, id.Chain)
	if err != nil {
		t.Fatal(err)
	}
	if err := request.Deny(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := request.Approve(t.Context(), id.Key); !platformapi.IsCode(err, platformapi.CodeChallengeGone) {
		t.Errorf("approved after it was denied: %v", err)
	}
	if _, err := wait(); !platformapi.IsCode(err, platformapi.CodeDeviceDenied) {
		t.Errorf("denied: %v", err)
	}
}

func TestDeviceLoginsThatFail(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	id := w.Identity(platformtest.Supplier)
	phone := newClient(t, w)
	if _, err := phone.DeviceRequest(t.Context(), "BCDF-GHJK", id.Chain); !platformapi.IsCode(err, platformapi.CodeDeviceExpired) {
		t.Errorf("no such code: %v", err)
	}
	// The signature is for one login alone: somebody who swaps the codes behind the phone gets nothing.
	_, mine, _ := begun(t, w)
	_, other, wait := begun(t, w)
	request, err := phone.DeviceRequest(t.Context(), mine.UserCode, id.Chain)
	if err != nil {
		t.Fatal(err)
	}
	request.UserCode = other.UserCode
	if err := request.Approve(t.Context(), id.Key); !platformapi.IsCode(err, platformapi.CodeSignatureWrong) {
		t.Errorf("another login's code: %v", err)
	}
	stolen := platformtest.NewKey(t, "ecdsa")
	if request, err = phone.DeviceRequest(t.Context(), mine.UserCode, id.Chain); err != nil {
		t.Fatal(err)
	}
	if err := request.Approve(t.Context(), stolen); !platformapi.IsCode(err, platformapi.CodeSignatureWrong) {
		t.Errorf("without the certificate's key: %v", err)
	}
	// A device code that somebody saw is worth nothing without the key that asked for it.
	_, thief, steal := begun(t, w)
	thief.DeviceCode = mine.DeviceCode
	if _, err := steal(); !platformapi.IsCode(err, platformapi.CodeDeviceExpired) {
		t.Errorf("another device's code: %v", err)
	}
	// Too often, then too late.
	if _, err := other.Wait(limited(t, 300*time.Millisecond)); err == nil {
		t.Error("a login that nobody approved")
	}
	if request, err = phone.DeviceRequest(t.Context(), other.UserCode, id.Chain); err != nil {
		t.Fatal(err)
	}
	w.Clock.Add(2 * time.Minute)
	if err := request.Approve(t.Context(), id.Key); !platformapi.IsCode(err, platformapi.CodeChallengeGone) {
		t.Errorf("approved too late: %v", err)
	}
	if _, err := wait(); !platformapi.IsCode(err, platformapi.CodeDeviceExpired) {
		t.Errorf("asked too late: %v", err)
	}
}

func limited(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
