package desk

import (
	"context"
	"sync"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/token"
)

// An AccountSession is the work of an account that logged in by its password (账号登录). It binds certificates to the account and
// can do nothing else: contracts want a certificate.
type AccountSession struct {
	desk   *Desk
	client *client.Client
	left   sync.Once

	mu      sync.Mutex
	account platformapi.Account
}

// LoginAccount logs an account in at the platform that the desk is at. Errors: desk.no_platform, *platformapi.Error.
func (d *Desk) LoginAccount(ctx context.Context, account, password string) (*AccountSession, error) {
	d.seats.RLock() // the desk stays with its platform
	s, err := d.enterAccount(ctx, account, password)
	if err != nil {
		d.seats.RUnlock()
	}
	return s, err
}

func (d *Desk) enterAccount(ctx context.Context, account, password string) (*AccountSession, error) {
	_, address, err := d.resumer()
	if err != nil {
		return nil, err
	}
	if address == "" {
		return nil, fault("no_platform", nil)
	}
	c, err := client.New(address, client.Options{RootCAs: d.webRoots(), Proxy: d.Proxy})
	if err != nil {
		return nil, err
	}
	a, err := c.LoginAccount(ctx, account, password)
	if err != nil {
		return nil, err
	}
	return &AccountSession{desk: d, client: c, account: a}, nil
}

// Account is the account with its organisations and what is bound to it.
func (s *AccountSession) Account() platformapi.Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account
}

// A Fit says how a certificate's organisation stands to the account's: both name and code must be those of the platform's
// record. Names that differ in spaces or in the width of brackets and letters only are the same.
type Fit struct {
	Organisation platformapi.Organisation // of the account, the one that is nearest
	Name, Code   bool                     // they are the same
	Bound        bool                     // this certificate is bound already
}

// Fits tells that the certificate may be bound.
func (f Fit) Fits() bool { return f.Name && f.Code && !f.Bound }

// Fit compares a key's certificate with the account.
func (s *AccountSession) Fit(k Key) Fit {
	a := s.Account()
	var best Fit
	score := -1
	for _, o := range a.Organisations {
		f := Fit{Organisation: o, Name: platformapi.PlainName(k.Owner) == platformapi.PlainName(o.Name), Code: k.USCC == o.USCC}
		n := 0
		if f.Code {
			n += 2
		}
		if f.Name {
			n++
		}
		if n > score {
			best, score = f, n
		}
	}
	for _, b := range a.Bindings {
		best.Bound = best.Bound || b.CertificateSHA256 == k.SHA256
	}
	return best
}

// BindRequest is what the person chose to bind. The PIN is wiped.
type BindRequest struct {
	Key     Key
	PIN     []byte
	LastTry bool // the person confirmed to spend the last try
}

// Bind has the key sign that it belongs to the account, once, and binds its certificate. A certificate that does not fit is
// refused before a PIN is tried. Error: desk.bind_unfit, those of the key and of the platform.
func (s *AccountSession) Bind(ctx context.Context, r BindRequest) error {
	defer token.Wipe(r.PIN)
	if f := s.Fit(r.Key); !f.Fits() {
		return fault("bind_unfit", nil, "owner", r.Key.Owner, "organisation", f.Organisation.Name)
	}
	return s.desk.withKey(ctx, r.Key, r.PIN, r.LastTry, func(key PlatformKey) error { return s.bind(ctx, key) })
}

// BindByScan binds the certificate that the person chooses on the phone (扫码绑定). scan is finished when it returns; ctx is that
// of NewScan. One that does not fit is refused before the phone is asked to sign. Errors as Bind's, and those of the scan.
func (s *AccountSession) BindByScan(ctx context.Context, scan *Scan) error {
	return s.desk.BindByScan(ctx, scan, Key{}, func(key PlatformKey) error {
		if f := s.Fit(key.of); !f.Fits() {
			return fault("bind_unfit", nil, "owner", key.of.Owner, "organisation", f.Organisation.Name)
		}
		return s.bind(ctx, key)
	})
}

func (s *AccountSession) bind(ctx context.Context, key PlatformKey) error {
	a, err := s.client.Bind(ctx, key.Signer, key.Chain)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account = a
	return nil
}

// Unbind takes a certificate from the account.
func (s *AccountSession) Unbind(ctx context.Context, certificateSHA256 string) error {
	if err := s.client.Unbind(ctx, certificateSHA256); err != nil {
		return err
	}
	a, err := s.client.Account(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account = a
	return nil
}

// Logout ends the session, here in any case. A second time does nothing.
func (s *AccountSession) Logout(ctx context.Context) (err error) {
	s.left.Do(func() {
		err = s.client.Logout(ctx)
		s.desk.seats.RUnlock()
	})
	return err
}
