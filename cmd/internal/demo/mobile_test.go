package demo

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/token/ca"
)

// terminal keeps what is printed.
type terminal struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

func (c *terminal) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.Write(p)
}

func (c *terminal) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.String()
}

var smsCode = regexp.MustCompile(`验证码：([0-9]{6})`)

// The purchaser's handler logs in on a phone with the code that the console shows, finds the certificates ready to be
// downloaded, and signs; the certificate is one that the demo's platform trusts, of the organisation that it knows. All
// that lasts when the world is closed and opened.
func TestThePhoneOfTheDemo(t *testing.T) {
	ctx := t.Context()
	work := t.TempDir()
	var console terminal
	open := func() *World {
		t.Helper()
		w, err := Open(ctx, Options{Work: work, Algorithm: ca.SM2, Console: &console})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w := open()
	if !strings.Contains(console.String(), w.MobileCA) || !strings.Contains(console.String(), MobileNumber) {
		t.Errorf("the console tells nobody where the mobile CA is: %s", console.String())
	}
	var taken *Error
	second, err := Open(ctx, Options{Work: t.TempDir(), Console: io.Discard, MobileListen: strings.TrimPrefix(w.MobileCA, "http://")})
	if !errors.As(err, &taken) || taken.Code() != "demo.phones" {
		t.Errorf("a second mobile CA on the same address: %v, %v", second, err)
	}
	service := &phonetest.Service{URL: w.MobileCA, Client: http.DefaultClient}
	p, err := phonetest.NewPhone(service)
	check(err)
	check(p.Call(ctx, http.MethodPost, "/codes", wire.CodeRequest{Phone: MobileNumber, Purpose: wire.CodeLogin}, nil))
	check(p.Login(ctx, wire.LoginRequest{Phone: MobileNumber, Code: smsCode.FindStringSubmatch(console.String())[1]}))
	if !p.Me.IdentityChecked || len(p.Me.Organisations) != 1 || p.Me.Organisations[0].USCC != w.Purchaser.USCC {
		t.Fatalf("the holder is %+v", p.Me)
	}
	var list wire.ApplicationList
	check(p.Call(ctx, http.MethodGet, "/applications", nil, &list))
	if len(list.Items) != 1 || list.Items[0].State != wire.ApplicationToDownload {
		t.Fatalf("applications %+v", list.Items)
	}
	check(p.Download(ctx, list.Items[0].ID, phonetest.PIN))
	der, err := phonetest.DecodeBytes(p.Certs[0].DER)
	check(err)
	cert, err := smx509.ParseCertificate(der)
	check(err)
	if s := ca.SubjectOf(cert); s.Name != w.Purchaser.Name || s.USCC != w.Purchaser.USCC || s.Handler != w.Purchaser.Handler || !w.issued(cert) {
		t.Errorf("the certificate is of %+v, and of the demo's authority: %v", s, w.issued(cert))
	}
	check(w.Close())

	w = open()
	defer func() { check(w.Close()) }()
	service = &phonetest.Service{URL: w.MobileCA, Client: http.DefaultClient}
	p.Move(service)
	d, err := phonetest.NewDesktop(ctx, service, wire.PairSign, false)
	check(err)
	check(phonetest.Link(ctx, d, p, nil))
	sum := sm3.Sum([]byte("contract"))
	contract := phonetest.Contract(sum[:])
	r, err := d.Ask(ctx, contract)
	check(err)
	check(p.Approve(ctx, r.ID, phonetest.PIN))
	r, err = d.Request(ctx, r.ID, 0, 0)
	check(err)
	signature, err := phonetest.DecodeBytes(r.Result.Signature)
	check(err)
	message, err := phonetest.Bytes(contract)
	check(err)
	public, err := phonetest.Public(der)
	check(err)
	if !sm2.VerifyASN1WithSM2(public, nil, message, signature) {
		t.Error("the signature does not verify")
	}
}

// Whoever is new to the demo's mobile CA becomes its customer without anybody's help, and can keep a bank card.
func TestANewPersonOfTheDemo(t *testing.T) {
	ctx := t.Context()
	var console terminal
	w, err := Open(ctx, Options{Work: t.TempDir(), Algorithm: ca.SM2, Console: &console})
	if err != nil {
		t.Fatal(err)
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	defer func() { check(w.Close()) }()
	p, err := phonetest.NewPhone(&phonetest.Service{URL: w.MobileCA, Client: http.DefaultClient})
	check(err)
	const number = "13900009999"
	check(p.Call(ctx, http.MethodPost, "/codes", wire.CodeRequest{Phone: number, Purpose: wire.CodeLogin}, nil))
	check(p.Login(ctx, wire.LoginRequest{Phone: number, Code: smsCode.FindStringSubmatch(console.String())[1]}))
	check(p.Identify(ctx, "李秀英", "330127198506150021"))
	check(p.Create(ctx, "/applications", wire.ApplicationRequest{Kind: wire.ApplyPersonal}, nil))
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var list wire.ApplicationList
		check(p.Call(ctx, http.MethodGet, "/applications", nil, &list))
		if len(list.Items) == 1 && list.Items[0].State == wire.ApplicationToDownload {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("applications %+v", list.Items)
		}
	}
	check(p.Create(ctx, "/cards", wire.CardRequest{Number: "6222021001116245702", Bank: "中国工商银行", Phone: number}, nil))
}
