package platform_test

import (
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platformtest"
)

const (
	accountOf = "13800000000"
	secret    = "a long password"
)

func newAccount(t *testing.T) (*platformtest.World, *client.Client) {
	t.Helper()
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	if err := w.Server.AddAccount(t.Context(), accountOf, "张三", secret, platformtest.Purchaser.USCC, platformtest.Supplier.USCC); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(w.URL, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return w, c
}

// An account's session binds the certificates of its organisations, and opens no contract.
func TestAccountBindsCertificates(t *testing.T) {
	w, c := newAccount(t)
	a, err := c.LoginAccount(t.Context(), accountOf, secret)
	if err != nil {
		t.Fatal(err)
	}
	if a.Person != "张三" || len(a.Organisations) != 2 || len(a.Bindings) != 0 {
		t.Errorf("account: %+v", a)
	}
	for _, org := range []platformapi.Organisation{platformtest.Purchaser, platformtest.Supplier} {
		id := w.Identity(org)
		if a, err = c.Bind(t.Context(), id.Key, id.Chain); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.Bindings) != 2 || a.Bindings[0].Organisation != platformtest.Purchaser || a.Bindings[0].BoundAt.IsZero() {
		t.Errorf("bindings: %+v", a.Bindings)
	}
	stranger := w.Identity(platformtest.Stranger)
	if _, err := c.Bind(t.Context(), stranger.Key, stranger.Chain); !platformapi.IsCode(err, platformapi.CodeOrgNotAccounts) {
		t.Errorf("a stranger's certificate: %v", err)
	}
	stolen := w.Identity(platformtest.Supplier)
	stolen.Key = platformtest.NewKey(t, "ecdsa")
	if _, err := c.Bind(t.Context(), stolen.Key, stolen.Chain); !platformapi.IsCode(err, platformapi.CodeSignatureWrong) {
		t.Errorf("without the certificate's key: %v", err)
	}
	if err := c.Unbind(t.Context(), a.Bindings[0].CertificateSHA256); err != nil {
		t.Fatal(err)
	}
	if err := c.Unbind(t.Context(), a.Bindings[0].CertificateSHA256); !platformapi.IsCode(err, platformapi.CodeNotFound) {
		t.Errorf("unbound twice: %v", err)
	}
	if a, err := c.Account(t.Context()); err != nil || len(a.Bindings) != 1 {
		t.Errorf("after unbinding: %+v, %v", a.Bindings, err)
	}
	for name, err := range map[string]error{
		"session":   second(c.Session(t.Context())),
		"lots":      second(c.Lots(t.Context(), "")),
		"contracts": second(c.Contracts(t.Context(), platformapi.ContractQuery{})),
		"create":    second(c.Create(t.Context(), platformapi.Change{Key: platformapi.NewID()}, platformapi.NewContract{ID: platformapi.NewID(), LotID: platformtest.LotID})),
	} {
		if !platformapi.IsCode(err, platformapi.CodeCertificateOnly) {
			t.Errorf("an account's session, %s: %v", name, err)
		}
	}
	withKey := w.Login(t, platformtest.Purchaser, client.Options{})
	if _, err := withKey.Account(t.Context()); !platformapi.IsCode(err, platformapi.CodeAccountOnly) {
		t.Errorf("a certificate's session asks for an account: %v", err)
	}
	w.Clock.Add(31 * time.Minute)
	if _, err := c.Account(t.Context()); !platformapi.IsCode(err, platformapi.CodeSessionOver) {
		t.Errorf("after half an hour: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestWrongPasswords(t *testing.T) {
	w, c := newAccount(t)
	try := func(account, password string) error { return second(c.LoginAccount(t.Context(), account, password)) }
	if err := try("nobody", secret); !platformapi.IsCode(err, platformapi.CodePasswordWrong) {
		t.Errorf("no such account: %v", err)
	}
	for range 4 {
		if err := try(accountOf, "wrong password"); !platformapi.IsCode(err, platformapi.CodePasswordWrong) {
			t.Fatalf("a wrong password: %v", err)
		}
	}
	if err := try(accountOf, secret); err != nil {
		t.Fatalf("the right one after four wrong: %v", err)
	}
	w.Clock.Add(time.Minute) // for who is held back
	for range 5 {
		if err := try(accountOf, "wrong password"); !platformapi.IsCode(err, platformapi.CodePasswordWrong) {
			t.Fatalf("a wrong password: %v", err)
		}
	}
	w.Clock.Add(time.Minute)
	if err := try(accountOf, secret); !platformapi.IsCode(err, platformapi.CodeAccountLocked) {
		t.Errorf("the right one after five wrong: %v", err)
	}
	w.Clock.Add(15 * time.Minute)
	if err := try(accountOf, secret); err != nil {
		t.Errorf("after a quarter of an hour: %v", err)
	}
	for name, err := range map[string]error{
		"short":           w.Server.AddAccount(t.Context(), "a", "甲", "short", platformtest.Purchaser.USCC),
		"no organisation": w.Server.AddAccount(t.Context(), "a", "甲", secret),
		"unknown":         w.Server.AddAccount(t.Context(), "a", "甲", secret, "91410800MA40000009"),
		"spaces":          w.Server.AddAccount(t.Context(), "a b", "甲", secret, platformtest.Purchaser.USCC),
	} {
		if err == nil {
			t.Errorf("%s: such an account is added", name)
		}
	}
}

// A signature for a login binds nothing, and one for a binding logs nobody in.
func TestChallengesAreForOneThing(t *testing.T) {
	w, _ := newAccount(t)
	id := w.Identity(platformtest.Purchaser)
	crossed := &crossing{from: "/v1/account/bindings/challenge", to: "/v1/login/challenge"}
	mixed, err := client.New(w.URL, client.Options{Transport: crossed})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mixed.LoginAccount(t.Context(), accountOf, secret); err != nil {
		t.Fatal(err)
	}
	if _, err := mixed.Bind(t.Context(), id.Key, id.Chain); !platformapi.IsCode(err, platformapi.CodeChallengeGone) {
		t.Errorf("a login's challenge binds: %v", err)
	}
}
