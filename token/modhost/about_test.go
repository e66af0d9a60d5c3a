//go:build linux

package modhost_test

import (
	"errors"
	"strings"
	"testing"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/modhost"
	"sealdesk/token/pkcs11/softhsmtest"
	"sealdesk/token/softkey"
)

func TestAbout(t *testing.T) {
	softhsmtest.New(t, ca.ECDSA)
	about, err := open(t, softHSM(t)).About(t.Context())
	if err != nil || !strings.HasPrefix(about, "2.") || !strings.Contains(about, "SoftHSM") {
		t.Errorf("SoftHSM2 says %q, %v", about, err)
	}
	b := plugLongmai(t)
	d := open(t, b.options)
	if about, err := d.About(t.Context()); err != nil || !strings.Contains(about, "Software USB key") {
		t.Errorf("the software key says %q, %v", about, err)
	}
	b.server.Inject(softkey.Fault{Do: softkey.Crash, Function: "C_GetInfo", Times: 1})
	var crash *modhost.CrashError
	if _, err := d.About(t.Context()); !errors.As(err, &crash) {
		t.Errorf("a crash: %v", err)
	}
	works(t, d)
	skf := plug(t, softkey.SKF, softkey.Dialect{}, "ca-skf", ca.SM2)
	if _, err := open(t, skf.options).About(t.Context()); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("an SKF library: %v", err)
	}
}
