package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"io"
	"strings"
	"sync"

	goqr "github.com/piglig/go-qr"

	"sealdesk/token"
	"sealdesk/token/mobileca"
	"sealdesk/token/mobileca/csc"
	"sealdesk/token/uri"
	"sealdesk/ui/desk"
)

// phones is the driver that a mobileca: URI names: service=ADDRESS, and ?roots=FILE.pem where the service's TLS certificate is of
// an authority of one's own. With protocol=csc it is any service of the Cloud Signature Consortium's API, and its account's.
func (a *app) phones(u *uri.URI) (token.Driver, error) {
	roots, err := phoneRoots(u)
	if err != nil {
		return nil, err
	}
	if u.Get("protocol") == "csc" {
		return a.remote(u, roots)
	}
	return mobileca.Open(mobileca.Config{
		Service: u.Get("service"), Name: a.words.T("scan.phone"), Screen: &terminalScreen{tui: a.tui}, Roots: roots,
		Platform: mobileca.Platform{Name: a.words.T("ctl.phone.platform"), Origin: "local://sealctl"},
	})
}

// phoneRoots are those of the service's TLS certificate, where the URI names them; else nil.
func phoneRoots(u *uri.URI) (*x509.CertPool, error) {
	file := u.Get("roots")
	if file == "" {
		return nil, nil
	}
	return tlsRoots(file)
}

// remote is the driver of keys behind the CSC API: service=BASE;account=USER, with the account's password in the file that
// ?password-source=file:NAME names, or typed.
func (a *app) remote(u *uri.URI, roots *x509.CertPool) (token.Driver, error) {
	account := u.Get("account")
	file, err := u.PasswordFile()
	if err != nil {
		return nil, err
	}
	return csc.Open(csc.Config{
		Base: u.Get("service"), Account: account, Transport: mobileca.Transport(roots, nil),
		Login: func(context.Context) (string, []byte, error) {
			password, err := a.pin(file, nil, a.words.T("ctl.csc_password", "account", account))
			return account, password, err
		},
	})
}

// asksFor tells a phone what its key is wanted for; to other keys it is nothing. A session is for signatures only.
func (a *app) asksFor(kind mobileca.Kind, title string, session bool) {
	a.ctx = mobileca.WithPurpose(a.ctx, mobileca.Purpose{Kind: kind, Session: session,
		Document: &mobileca.Document{Title: title, File: title}})
}

// phone tells that the token asks its person on the phone, and is linked before it tells its certificates.
func (f found) phone() bool {
	return strings.HasPrefix(f.info.URI, uri.MobileCA+":") && f.info.PIN.ProtectedPath
}

// link links a phone, for what the context says; other tokens need no link.
func (f found) link(ctx context.Context) error {
	if !f.phone() {
		return nil
	}
	return f.Unlock(ctx, nil)
}

// phoneDecrypter links the phone anew for each envelope after the first: a code is good for one decryption.
type phoneDecrypter struct {
	ctx    context.Context
	token  found
	id     token.Identity
	public crypto.PublicKey
	used   *bool
}

func (d phoneDecrypter) Public() crypto.PublicKey { return d.public }

func (d phoneDecrypter) Decrypt(random io.Reader, cipher []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	if *d.used {
		if err := d.token.link(d.ctx); err != nil {
			return nil, err
		}
	}
	*d.used = true
	by, err := d.id.Decrypter(d.ctx)
	if err != nil {
		return nil, err
	}
	return by.Decrypt(random, cipher, opts)
}

// ownPhone tells that a URI means a mobile CA's phone, and not just any key behind the CSC API.
func ownPhone(u *uri.URI) bool { return u.Scheme == uri.MobileCA && u.Get("protocol") != "csc" }

// follow shows what a desk asks a phone for, until it is over. The next code comes by itself.
func (s *terminalScreen) follow(scan *desk.Scan) {
	for {
		v, news := scan.View()
		if v.Stage != 0 {
			s.Show(v)
		}
		if v.Stage == mobileca.Expired {
			scan.Again()
		}
		select {
		case <-news:
		case <-scan.Over():
			return
		}
	}
}

// A terminalScreen draws the QR code with half blocks, and writes the match code as text.
type terminalScreen struct {
	tui *tui

	mu   sync.Mutex
	last mobileca.View
}

// Show implements mobileca.Screen.
func (s *terminalScreen) Show(v mobileca.View) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.last
	s.last = v
	t := s.tui.words.T
	switch {
	case v.Offline && !was.Offline:
		s.tui.note("%s", t("scan.offline"))
	case v.Stage == was.Stage && v.QR == was.QR:
	case v.Stage == mobileca.Code:
		s.tui.note("%s", t("scan.how_"+string(v.Kind)))
		if drawing, err := halfBlocks(v.QR); err == nil {
			s.tui.draw(drawing)
		}
		s.tui.note("%s", v.QR)
	case v.Stage == mobileca.Expired:
		s.tui.note("%s", t("scan.expired"))
	case v.Stage == mobileca.Matched:
		s.tui.note("%s", t("scan.by", "who", strings.Join(strings.Fields(v.By.Name+" "+v.By.Organisation+" "+v.By.Phone), " · ")))
		s.tui.note("%s: %s", t("scan.match"), v.Match)
		s.tui.note("%s", t("scan.compare"))
	case v.Stage == mobileca.Waiting:
		s.tui.note("%s", t("scan.waiting"))
	case v.Stage == mobileca.Ended:
		s.tui.note("%s", t("scan.ended"))
	}
}

// Refresh implements mobileca.Screen: a terminal shows the next code by itself, until the program is stopped.
func (s *terminalScreen) Refresh(ctx context.Context) error { return ctx.Err() }

// halfBlocks draws a QR code (level M) two rows to a line, dark on light: most terminals have light letters on dark.
func halfBlocks(text string) (string, error) {
	code, err := goqr.EncodeText(text, goqr.Medium)
	if err != nil {
		return "", err
	}
	const edge = 2
	light := func(x, y int) bool {
		return x < 0 || y < 0 || x >= code.Size() || y >= code.Size() || !code.Module(x, y)
	}
	var b strings.Builder
	for y := -edge; y < code.Size()+edge; y += 2 {
		for x := -edge; x < code.Size()+edge; x++ {
			switch upper, lower := light(x, y), light(x, y+1); {
			case upper && lower:
				b.WriteRune('█')
			case upper:
				b.WriteRune('▀')
			case lower:
				b.WriteRune('▄')
			default:
				b.WriteRune(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}
