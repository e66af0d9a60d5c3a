package desk

import (
	"context"
	"slices"
	"strings"

	"sealdesk/token"
	"sealdesk/token/mobileca"
	"sealdesk/token/mobileca/csc"
	"sealdesk/token/uri"
)

// A RemoteAccount is an account at the remote signing service of the platform (CSC API, version 2), whose keys are listed among the
// others once it is open.
type RemoteAccount struct {
	Service string // its address
	Account string
	Open    bool
}

// remote is an account that was opened. Its password stays in memory as long as the desk is at the platform, for the service ends
// its sessions sooner.
type remote struct {
	service, account string
	roots            string // of the profile
	driver           token.Driver
	password         []byte
}

// Remote is the platform's remote signing service; false: it has none.
func (d *Desk) Remote() (RemoteAccount, bool) {
	p, ok := d.Platform()
	if !ok || p.CSC == "" {
		return RemoteAccount{}, false
	}
	return RemoteAccount{Service: p.CSC, Account: p.CSCAccount, Open: len(d.remotes()) > 0}, true
}

// remotes is the driver of the platform's account, once it is open.
func (d *Desk) remotes() []token.Driver {
	p, ok := d.Platform()
	d.mu.Lock()
	defer d.mu.Unlock()
	if r := d.opened; ok && r != nil && r.service == p.CSC && r.account == p.CSCAccount && r.roots == p.Roots {
		return []token.Driver{r.driver}
	}
	return nil
}

// OpenRemote logs in at the platform's remote signing service. The password is wiped. Errors: desk.no_remote, csc.ErrLogin, those of
// package mobileca.
func (d *Desk) OpenRemote(ctx context.Context, password []byte) error {
	defer token.Wipe(password)
	p, ok := d.Platform()
	if !ok || p.CSC == "" {
		return fault("no_remote", nil, "platform", d.PlatformName())
	}
	roots, err := p.Pool()
	if err != nil {
		return err
	}
	r := &remote{service: p.CSC, account: p.CSCAccount, roots: p.Roots, password: slices.Clone(password)}
	r.driver, err = csc.Open(csc.Config{
		Base: p.CSC, Account: p.CSCAccount, Transport: mobileca.Transport(roots, d.Proxy),
		Login: func(context.Context) (string, []byte, error) { return r.account, slices.Clone(r.password), nil },
	})
	if err == nil {
		_, err = d.keysBy(ctx, r.driver)
	}
	if err != nil {
		token.Wipe(r.password)
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closeRemote()
	d.opened = r
	return nil
}

// closeRemote forgets the account; d.mu is held.
func (d *Desk) closeRemote() {
	if d.opened != nil {
		token.Wipe(d.opened.password)
		d.opened = nil
	}
}

// Remote tells that the key is behind a remote signing service.
func (k Key) Remote() bool {
	u, err := uri.Parse(k.URI)
	return strings.HasPrefix(k.URI, uri.MobileCA+":") && err == nil && u.Get("protocol") == "csc"
}
