package demo

import (
	"bytes"
	"context"
	"net/http"
	"testing"
	"time"

	"sealdesk/assets/i18n"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/token/ca"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
)

// An account that logged in by its password binds the phone's certificate by a scan (扫码绑定), once; the supplier's phone,
// whose organisation is not the account's, is refused before it is asked to sign.
func TestAnAccountBindsByScan(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var console bytes.Buffer
	w, err := Open(ctx, Options{Work: t.TempDir(), Algorithm: ca.SM2, Console: &console})
	check(err)
	defer func() { check(w.Close()) }()
	service := &phonetest.Service{URL: w.MobileCA, Client: http.DefaultClient}
	phone := func(number string) *phonetest.Phone {
		t.Helper()
		p, err := phonetest.NewPhone(service)
		check(err)
		console.Reset()
		check(p.Call(ctx, http.MethodPost, "/codes", wire.CodeRequest{Phone: number, Purpose: wire.CodeLogin}, nil))
		check(p.Login(ctx, wire.LoginRequest{Phone: number, Code: smsCode.FindStringSubmatch(console.String())[1]}))
		var list wire.ApplicationList
		check(p.Call(ctx, http.MethodGet, "/applications", nil, &list))
		check(p.Download(ctx, list.Items[0].ID, phonetest.PIN))
		return p
	}
	catalog, err := words.New(i18n.Files, "zh-CN")
	check(err)
	d, err := desk.Open(ctx, desk.Config{
		Folders: w.Folders, Drivers: w.Drivers, PlatformName: PlatformName, Connect: w.Connect, Roots: w.Roots, Makers: w.Makers,
		PlatformURL: w.URL, MobileCA: w.MobileCA, Words: catalog,
	})
	check(err)
	defer func() { check(d.Close()) }()
	account, err := d.LoginAccount(ctx, AccountName, AccountPassword)
	check(err)
	defer func() { check(account.Logout(ctx)) }()

	bind := func(p *phonetest.Phone) (signed int, err error) {
		run, scan := desk.NewScan(ctx, desk.ScanAbout{Kind: desk.ScanBind})
		done := make(chan error, 1)
		go func() { done <- hold(ctx, p, scan, &signed) }()
		err = account.BindByScan(run, scan)
		check(<-done)
		return signed, err
	}
	if signed, err := bind(phone(MobileNumber2)); err == nil || signed > 0 || len(account.Account().Bindings) != 0 {
		t.Errorf("another organisation's phone: %v, it was asked %d times, bound are %d", err, signed, len(account.Account().Bindings))
	}
	p := phone(MobileNumber)
	signed, err := bind(p)
	check(err)
	if b := account.Account().Bindings; signed != 1 || len(b) != 1 || b[0].Organisation.USCC != w.Purchaser.USCC {
		t.Errorf("signed %d times, bound are %+v", signed, b)
	}
	if _, err := bind(p); err == nil {
		t.Error("it was bound twice")
	}
}

// hold holds a phone before a scan until that is over: it scans, accepts when both show the same, and confirms what is asked.
func hold(ctx context.Context, p *phonetest.Phone, scan *desk.Scan, signed *int) error {
	accepted := false
	for id := ""; ; {
		v, news := scan.View()
		switch {
		case v.Stage == desk.ScanCode && id == "" && v.QR != "":
			s, err := p.Scan(ctx, v.QR)
			if err != nil {
				return err
			}
			id = s.ID
		case v.Stage == desk.ScanMatched && !accepted:
			accepted = true
			if here, err := p.Match(ctx, id); err != nil || here != v.Match {
				return err
			}
			if _, err := p.Accept(ctx, id, nil); err != nil {
				return err
			}
		case v.Stage == desk.ScanWaiting:
			inbox, err := p.Inbox(ctx, 0, 5)
			if err != nil {
				return err
			}
			for _, r := range inbox.Items {
				*signed++
				if err := p.Approve(ctx, r.ID, phonetest.PIN); err != nil {
					return err
				}
			}
		}
		select {
		case <-news:
		case <-scan.Over():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
