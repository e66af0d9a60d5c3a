package desk

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/ui/desk/platforms"
)

// leaving is how long a change of the platform waits for sessions that are about to end.
const leaving = 5 * time.Second

// begin takes the desk to its first platform.
func (d *Desk) begin(ctx context.Context) error {
	if d.cfg.Book == nil {
		return d.goTo(ctx, nil)
	}
	if d.cfg.Platform != "" {
		p, ok := d.cfg.Book.Find(d.cfg.Platform)
		if !ok {
			return fault("platform_unknown", nil, "name", d.cfg.Platform)
		}
		return d.goTo(ctx, &p)
	}
	if d.cfg.Connect != nil {
		return d.goTo(ctx, nil)
	}
	if p, ok := d.cfg.Book.Find(d.prefs.Platform); ok {
		return d.goTo(ctx, &p)
	}
	if all := d.cfg.Book.List(); len(all) > 0 {
		return d.goTo(ctx, &all[0])
	}
	return d.goTo(ctx, nil)
}

// goTo opens what is kept for a platform, nil being that of Config.Connect, and closes what was kept for the last one.
func (d *Desk) goTo(ctx context.Context, p *platforms.Profile) error {
	folders := d.cfg.Folders
	if p != nil {
		folders = folders.At(p.ID())
	}
	if err := os.MkdirAll(folders.Data, 0o700); err != nil {
		return diskError(folders.Data, err)
	}
	box, kept, err := openOutbox(ctx, folders, d.cfg.Keyring)
	if err != nil {
		return err
	}
	_ = os.RemoveAll(filepath.Join(folders.Cache, "uploads")) // programs before this one kept pages there in the plain
	_ = folders.putAllAway(ctx, kept)                         // what cannot be taken up now is at the next start
	d.mu.Lock()
	last := d.outbox
	d.at, d.outbox, d.vault = p, box, kept
	d.closeRemote()
	d.mu.Unlock()
	if last == nil {
		return nil
	}
	return last.Close()
}

// home are the folders of the platform that the desk is at.
func (d *Desk) home() Folders {
	if p, ok := d.Platform(); ok {
		return d.cfg.Folders.At(p.ID())
	}
	return d.cfg.Folders
}

// Book is where platforms are kept to choose from; nil when there is no choice.
func (d *Desk) Book() *platforms.Book { return d.cfg.Book }

// Platform is the one of the book that the desk is at; none when it is at another.
func (d *Desk) Platform() (platforms.Profile, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at == nil {
		return platforms.Profile{}, false
	}
	return *d.at, true
}

// PlatformName is what the platform is called.
func (d *Desk) PlatformName() string {
	if p, ok := d.Platform(); ok {
		return p.Name
	}
	return d.cfg.PlatformName
}

// Hotline is the telephone number of those who help with the platform; empty: it has told of none.
func (d *Desk) Hotline() string {
	p, _ := d.Platform()
	return p.Hotline
}

// stampsURL is the address of the platform's time-stamp service; empty: it has none.
func (d *Desk) stampsURL() string {
	if p, ok := d.Platform(); ok {
		return p.Address + "/tsa"
	}
	return d.cfg.PlatformStamps
}

// ChoosePlatform takes the desk to a platform of the book, as it stands there now, and remembers it. What waits for the last
// one waits on. Errors: desk.logged_in while there is a session, desk.platform_unknown, those of the outbox and of the disk.
func (d *Desk) ChoosePlatform(ctx context.Context, id string) error {
	p, ok := d.cfg.Book.Find(id)
	if !ok {
		return fault("platform_unknown", nil, "name", id)
	}
	return d.move(ctx, &p)
}

// RemovePlatform takes a platform out of the book. A desk that was there goes to the next one. What was done there stays on the
// disk. Errors: desk.logged_in, *platforms.Error, those of the outbox and of the disk.
func (d *Desk) RemovePlatform(ctx context.Context, id string) error {
	if err := d.cfg.Book.Remove(id); err != nil {
		return diskError(d.cfg.Folders.Data, err)
	}
	if at, ok := d.Platform(); !ok || at.ID() != id {
		return nil
	}
	if all := d.cfg.Book.List(); len(all) > 0 {
		return d.move(ctx, &all[0])
	}
	return d.move(ctx, nil)
}

func (d *Desk) move(ctx context.Context, p *platforms.Profile) error {
	for until := time.Now().Add(leaving); !d.seats.TryLock(); {
		if time.Now().After(until) || ctx.Err() != nil {
			return fault("logged_in", nil)
		}
		time.Sleep(10 * time.Millisecond)
	}
	defer d.seats.Unlock()
	id := ""
	if p != nil {
		id = p.ID()
	}
	if at, ok := d.Platform(); ok && at.ID() == id {
		d.mu.Lock()
		d.at = p // its name or roots may be others
		d.mu.Unlock()
		return nil
	}
	if err := d.goTo(ctx, p); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.prefs.Platform = id
	return d.savePreferences()
}

// SavePlatform puts a profile into the book: a new one, or in the place of the one with this ID, and takes the desk there.
// Errors: those of ChoosePlatform, *platforms.Error.
func (d *Desk) SavePlatform(ctx context.Context, id string, p platforms.Profile) error {
	var err error
	if id == "" {
		p, err = d.cfg.Book.Add(p)
	} else {
		p, err = d.cfg.Book.Change(id, p)
	}
	if err != nil {
		return diskError(d.cfg.Folders.Data, err)
	}
	return d.move(ctx, &p)
}

// connector logs in to the platform that the desk is at.
func (d *Desk) connector() (Connector, error) {
	p, ok := d.Platform()
	if !ok {
		if d.cfg.Connect == nil {
			return nil, fault("no_platform", nil)
		}
		return d.cfg.Connect, nil
	}
	roots, err := p.Pool()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, key PlatformKey) (platformapi.Platform, error) {
		return client.Login(ctx, p.Address, key.Signer, key.Chain, client.Options{RootCAs: roots, Proxy: key.Proxy, Keeper: key.Keeper})
	}, nil
}

// resumer goes on with a session at the platform that the desk is at, whose address it gives too; nil where none is kept.
func (d *Desk) resumer() (Resumer, string, error) {
	p, ok := d.Platform()
	if !ok {
		return d.cfg.Resume, d.cfg.PlatformURL, nil
	}
	roots, err := p.Pool()
	return func(ctx context.Context, secret []byte, proxy client.Proxy, keep Keeper) (platformapi.Platform, error) {
		c, err := client.New(p.Address, client.Options{RootCAs: roots, Proxy: proxy, Keeper: keep})
		if err != nil {
			return nil, err
		}
		_, err = c.Resume(ctx, secret)
		return c, err
	}, p.Address, err
}

// Proxy is the way to a platform that the settings want, for package client.
func (d *Desk) Proxy(r *http.Request) (*url.URL, error) {
	way := d.Settings().Proxy
	return way.For(r, func() string { return d.proxyPassword(way.Secret()) })
}

// ProxyIn is the way to a platform that the settings kept in the folders want, for who has no desk open.
func ProxyIn(folders Folders, keys Keyring) client.Proxy {
	d := &Desk{cfg: Config{Folders: folders, Keyring: keys}, passwords: map[string]string{}}
	_ = d.readPreferences() // what a newer program chose is not known here: no proxy is
	return d.Proxy
}

// proxyPassword asks the keyring once.
func (d *Desk) proxyPassword(name string) string {
	d.mu.Lock()
	password, known := d.passwords[name]
	d.mu.Unlock()
	if known || d.cfg.Keyring == nil {
		return password
	}
	secret, _ := d.cfg.Keyring.Get(name) // without it the proxy asks
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passwords[name] = string(secret)
	return string(secret)
}

// SetProxyLogin sets the user and the password that the proxy wants; an empty user is none. The password goes into the system's
// keyring and nowhere else, in place of the one before; kept tells whether it is there. If not, it holds until the program ends.
// Errors: desk.proxy_user, those of ChangeSettings.
func (d *Desk) SetProxyLogin(user, password string) (kept bool, err error) {
	if len(user) > 200 || len(password) > 200 || strings.ContainsAny(user, ":\r\n\x00") {
		return false, fault("proxy_user", nil) // RFC 7617, 2: a colon ends the user
	}
	s := d.Settings()
	before := s.Proxy.Secret()
	s.Proxy.User = user
	if err := d.ChangeSettings(s); err != nil {
		return false, err
	}
	name := s.Proxy.Secret()
	d.mu.Lock()
	delete(d.passwords, before)
	if user != "" {
		d.passwords[name] = password
	}
	d.mu.Unlock()
	if d.cfg.Keyring == nil {
		return false, nil
	}
	kept = user != "" && d.cfg.Keyring.Set(name, []byte(password)) == nil
	if before != name || !kept {
		_ = d.cfg.Keyring.Delete(before) // of a login that is not this one; a keyring that fails gives it to nobody else
	}
	return kept, nil
}

// PlatformTrouble is what was wrong with the files of platforms.
func (d *Desk) PlatformTrouble() error {
	if d.cfg.Book == nil {
		return nil
	}
	return d.cfg.Book.Trouble()
}
