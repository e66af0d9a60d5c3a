package desk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca"
	service "sealdesk/platformapi/mobileca/csc"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca/csc"
	"sealdesk/ui/desk/platforms"
)

// issuer certifies a mobile CA's keys with the world's authority.
type issuer struct{ *ca.Authority }

func (i issuer) Issue(_ context.Context, r mobileca.Certified) ([][]byte, error) {
	usage := token.UsageSign
	if r.Use == wire.UseEncrypt {
		usage = token.UsageEncrypt
	}
	c, err := i.Authority.Issue(ca.Request{Subject: ca.Subject{Name: buyer.Name, USCC: buyer.USCC, Handler: r.Subject.Person}, PublicKey: r.Public, Usage: usage})
	if err != nil {
		return nil, err
	}
	return [][]byte{c.Raw}, nil
}

func (i issuer) Revoke(context.Context, []byte, wire.RevocationRequestReason, time.Time) error {
	return errors.New("nothing is revoked here")
}

func (i issuer) Roots() [][]byte { return [][]byte{i.Root(ca.SM2).Raw} }

// The keys of a remote signing service that a platform's profile names are listed once its account is open, and log in there: each
// signature is confirmed where the service asks for it, here on the phone.
func TestRemoteSigningService(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := makeWorld(t, ca.SM2, nil, platformapi.OrderSealFirst)
	signing := phonetest.NewWorld(t, func(c *mobileca.Config) { c.Issuer, c.CSC, c.Now = issuer{w.ca}, service.Handler, nil })
	signing.Service.Now = nil
	phone := signing.Holder()
	code, err := signing.SendCode(ctx, phonetest.Number, wire.CodePassword)
	must(t, err)
	must(t, phone.Call(ctx, http.MethodPut, "/me/password", wire.PasswordChange{Code: code, Password: "a long password"}, nil))

	d := w.desk("desk")
	if _, ok := d.Remote(); ok {
		t.Error("a platform without one has a signing service")
	}
	if err := d.OpenRemote(ctx, []byte("a long password")); !errors.Is(err, fault("no_remote", nil)) {
		t.Errorf("without a service: %v", err)
	}
	d.at = &platforms.Profile{Name: "演示平台", Address: w.url, CSC: signing.URL + mobileca.CSCPath, CSCAccount: phonetest.Number}
	remote := func() (found []Key) {
		t.Helper()
		all, err := d.Keys(ctx)
		must(t, err)
		return slices.DeleteFunc(all, func(k Key) bool { return !k.Remote() })
	}
	if r, ok := d.Remote(); !ok || r.Open || r.Account != phonetest.Number || len(remote()) != 0 {
		t.Errorf("before it is open: %+v, %v", r, remote())
	}
	secret := []byte("another password")
	if err := d.OpenRemote(ctx, secret); !errors.Is(err, csc.ErrLogin) || !slices.Equal(secret, make([]byte, len(secret))) {
		t.Errorf("a wrong password: %v, %q is left of it", err, secret)
	}
	must(t, d.OpenRemote(ctx, []byte("a long password")))
	keys := remote()
	if r, _ := d.Remote(); !r.Open || len(keys) != 1 || keys[0].Phone() || !keys[0].PINPad || keys[0].USCC != buyer.USCC {
		t.Fatalf("the keys: %+v", keys)
	}

	asked := make(chan struct{})
	go func() {
		defer close(asked)
		for after := int64(0); ctx.Err() == nil; {
			inbox, err := phone.Inbox(ctx, after, 2)
			if err != nil {
				return
			}
			if after = inbox.Version; len(inbox.Items) > 0 {
				_ = phone.Approve(ctx, inbox.Items[0].ID, phonetest.PIN)
				return
			}
		}
	}()
	s, err := d.Login(ctx, LoginRequest{Key: keys[0]})
	must(t, err)
	<-asked
	if !s.Key().Remote() || !s.KeyPresent(ctx) {
		t.Errorf("logged in with %+v", s.Key())
	}
	s.Close()

	// At another platform it is another matter.
	must(t, d.goTo(ctx, &platforms.Profile{Name: "另一平台", Address: "https://b.example.cn"}))
	if len(remote()) != 0 || d.opened != nil {
		t.Error("another platform has the keys, too")
	}
}
