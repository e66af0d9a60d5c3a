package desk

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"time"

	"sealdesk/token"
	"sealdesk/token/profile"
	"sealdesk/ui/desk/words"
)

// A Medium is a token as the page 证书与密钥 shows it: what it tells of itself, and every certificate on it.
type Medium struct {
	URI          string
	Label        string
	Serial       string
	Model        string
	Manufacturer string
	Tries        int // left; -1 when the token does not tell
	MaxTries     int
	Locked       bool
	PINPad       bool
	Phone        bool // a phone that is linked
	ChangesPIN   bool
	Certificates []Certificate
	Problem      *words.Problem // why its certificates cannot be read
}

// A Certificate is one on a token, for signing or for encryption.
type Certificate struct {
	Key               // as for login; Unfit tells why it cannot sign
	Signs    bool     // 签名证书
	Encrypts bool     // 加密证书
	Partner  string   // ID of the other certificate of the pair, or empty
	HasKey   bool     // the token holds its private key
	Number   string   // of the certificate, hex
	Chain    []string // names of the issuers, nearest first, as far as the token carries them
}

// Media lists the tokens that are present with all their certificates, always in the same order.
func (d *Desk) Media(ctx context.Context) ([]Medium, error) {
	var (
		mu    sync.Mutex
		media []Medium
		errs  []error
		wg    sync.WaitGroup
	)
	for _, driver := range d.drivers(Key{}) {
		wg.Go(func() {
			tokens, err := driver.Tokens(ctx)
			var found []Medium
			for _, t := range tokens {
				if m, ok := d.medium(ctx, t); ok {
					found = append(found, m)
				}
				_ = t.Close() // it was only read
			}
			mu.Lock()
			defer mu.Unlock()
			media, errs = append(media, found...), append(errs, err)
		})
	}
	wg.Wait()
	slices.SortFunc(media, func(a, b Medium) int { return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.URI, b.URI)) })
	return media, errors.Join(errs...)
}

// medium reads one token; a token that went meanwhile is none.
func (d *Desk) medium(ctx context.Context, t token.Token) (Medium, bool) {
	info, err := t.Info(ctx)
	if err != nil {
		return Medium{}, false
	}
	m := Medium{
		URI: info.URI, Label: info.Label, Serial: info.Serial, Model: info.Model, Manufacturer: info.Manufacturer,
		Tries: info.PIN.Tries, MaxTries: info.PIN.Max, Locked: info.PIN.Locked, PINPad: info.PIN.ProtectedPath,
		Phone: Key{URI: info.URI}.Phone(),
	}
	_, m.ChangesPIN = t.(token.PINChanger)
	ids, err := t.Identities(ctx)
	if err != nil {
		p := d.cfg.Words.Problem(err)
		m.Problem = &p
		return m, true
	}
	partner := map[string]string{}
	for _, p := range token.Pair(ids) {
		if p.Encrypt != nil && p.Encrypt.ID() != p.Sign.ID() {
			partner[p.Sign.ID()], partner[p.Encrypt.ID()] = p.Encrypt.ID(), p.Sign.ID()
		}
	}
	for _, id := range ids {
		c := Certificate{
			Key: d.key(info, id), Signs: id.Usage()&token.UsageSign != 0, Encrypts: id.Usage()&token.UsageEncrypt != 0,
			Partner: partner[id.ID()], HasKey: true, Number: hex.EncodeToString(id.Certificate().SerialNumber.Bytes()),
		}
		if k, ok := id.(token.KeyHolder); ok {
			c.HasKey = k.HasPrivateKey()
		}
		for _, issuer := range id.Chain() {
			c.Chain = append(c.Chain, issuer.Subject.CommonName)
		}
		m.Certificates = append(m.Certificates, c)
	}
	slices.SortStableFunc(m.Certificates, func(a, b Certificate) int { // what signs first
		switch {
		case a.Signs == b.Signs:
			return 0
		case a.Signs:
			return -1
		}
		return 1
	})
	return m, true
}

// DaysLeft is that of the certificate which ends first, and false where there is none.
func (m Medium) DaysLeft(now time.Time) (days int, ok bool) {
	for _, c := range m.Certificates {
		if left := c.Key.DaysLeft(now); !ok || left < days {
			days, ok = left, true
		}
	}
	return days, ok
}

// find gives the token of a URI; the caller closes it.
func (d *Desk) find(ctx context.Context, uri string) (token.Token, error) {
	failed := []error{token.ErrRemoved}
	for _, driver := range d.drivers(Key{URI: uri}) {
		tokens, err := driver.Tokens(ctx)
		failed = append(failed, err)
		var found token.Token
		for _, t := range tokens {
			if info, err := t.Info(ctx); found == nil && err == nil && info.URI == uri {
				found = t
				continue
			}
			_ = t.Close()
		}
		if found != nil {
			return found, nil
		}
	}
	return nil, errors.Join(failed...)
}

// PINChange is what the person entered to change a PIN. Both PINs are wiped.
type PINChange struct {
	Old, New []byte
	LastTry  bool // the person confirmed to spend the last try
}

// ChangePIN changes the PIN of a token. A wrong old PIN costs one try.
func (d *Desk) ChangePIN(ctx context.Context, uri string, c PINChange) error {
	defer token.Wipe(c.Old)
	defer token.Wipe(c.New)
	t, err := d.find(ctx, uri)
	if err != nil {
		return err
	}
	defer t.Close()
	changer, ok := t.(token.PINChanger)
	if !ok {
		return token.ErrNotSupported
	}
	if c.LastTry {
		ctx = token.ConfirmLastTry(ctx)
	}
	return changer.ChangePIN(ctx, c.Old, c.New)
}

// TestSign has the key sign something random (测试签章): when that comes back, driver, PIN and key are in order, for each
// signature is verified with the certificate before it is handed on. The PIN is wiped.
func (d *Desk) TestSign(ctx context.Context, key Key, pin []byte, lastTry bool) error {
	defer token.Wipe(pin)
	if key.Phone() {
		return fault("phone_no_test", nil)
	}
	return d.withKey(ctx, key, pin, lastTry, provePossession)
}

// provePossession has a key sign something random.
func provePossession(k PlatformKey) error {
	nonce := make([]byte, 32)
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	_, err := token.SignMessage(k.Signer, nonce)
	return err
}

// A Library is a key library (驱动程序) that is on this machine, or was looked for.
type Library struct {
	Name, Vendor string
	Path         string
	Interface    string // PKCS#11 or SKF
	About        string // what it says of itself, its version first; empty while it was not needed
	Found        bool
	Own          bool           // the person added it
	Problem      *words.Problem // why one that is there is not loaded
	Running      bool
	Crashes      int  // recent ones
	SetAside     bool // it crashed too often, and is not loaded until the person asks for it
}

// Libraries lists the key libraries of this machine with their state, those that are here first.
func (d *Desk) Libraries(ctx context.Context) []Library {
	if d.cfg.Libraries == nil {
		return nil
	}
	var all []Library
	for _, l := range d.cfg.Libraries.All() {
		name, vendor := l.Profile.Product.Zh, l.Profile.Vendor.Zh
		if d.cfg.Words.Language() == words.English {
			name, vendor = l.Profile.Product.En, l.Profile.Vendor.En
		}
		out := Library{
			Name: name, Vendor: vendor, Path: l.Library, Interface: "PKCS#11", Found: l.Found, Own: l.Own,
			Running: l.Status.Running, Crashes: l.Status.Crashes, SetAside: l.Status.Quarantined,
		}
		if l.Profile.Interface == profile.InterfaceSKF {
			out.Interface = "SKF"
		}
		if l.Problem != nil {
			p := d.cfg.Words.Problem(l.Problem)
			out.Problem = &p
		}
		if driver, err := d.cfg.Libraries.Driver(l.Library, l.Profile.Interface); err == nil && l.Status.Running {
			out.About, _ = driver.About(ctx) // SKF has no way to tell
		}
		all = append(all, out)
	}
	return all
}

// AddLibrary takes a library among the person's own, and looks for keys in it from now on.
func (d *Desk) AddLibrary(path string) error {
	if d.cfg.Libraries == nil {
		return token.ErrNotSupported
	}
	return d.relook(d.cfg.Libraries.Add(path))
}

// RemoveLibrary forgets a library that the person added.
func (d *Desk) RemoveLibrary(path string) error { return d.relook(d.cfg.Libraries.Remove(path)) }

// ReenableLibrary lets a library out of quarantine.
func (d *Desk) ReenableLibrary(path string) { d.cfg.Libraries.Reenable(path) }

// LookForLibraries looks anew which libraries are there: a driver may have been installed meanwhile.
func (d *Desk) LookForLibraries() error {
	if d.cfg.Libraries == nil {
		return nil
	}
	return d.relook(d.cfg.Libraries.Look())
}

// relook has the watching begin anew with the libraries that there are now.
func (d *Desk) relook(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.libraries)
	d.libraries = make(chan struct{})
	return err
}
