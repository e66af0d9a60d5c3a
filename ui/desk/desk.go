package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/assets"
	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/signer/cleancopy"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/token"
	"sealdesk/ui/desk/words"
)

// A Connector logs in to the platform with a key: it is given the certificate chain and a way to sign, and gives back the
// platform as that party sees it.
type Connector func(ctx context.Context, key PlatformKey) (platformapi.Platform, error)

// Config is what a Desk is made of. The programs wire it.
type Config struct {
	Words        *words.Catalog
	Folders      Folders
	Drivers      []token.Driver
	PlatformName string
	Connect      Connector             // nil: no platform is set
	Roots        []*smx509.Certificate // whom we trust as issuers

	// What documents are worked on with; nil takes the usual one.
	Cleaner  *cleancopy.Cleaner
	Renderer *preview.Renderer
	SealFont *seal.Font

	// Documents is the folder in which files are looked for as long as none was chosen; empty: the system's own.
	Documents string

	// DemoPINs are shown on the login page, by the token's URI. Nil outside the demo.
	DemoPINs map[string]string
}

// A Desk is the program's work, whoever sits at it.
type Desk struct {
	cfg    Config
	outbox *outbox.Box
	own    *preview.Renderer // made here, so closed here
	opened time.Time

	mu    sync.Mutex
	prefs preferences
}

type preferences struct {
	Key    string `json:"key"`              // URI of the remembered key
	Folder string `json:"folder,omitempty"` // where a file was chosen last
}

const preferencesFile = "preferences.json"

// Open makes the folders and opens the outbox. Nothing is sent before a login.
func Open(ctx context.Context, cfg Config) (*Desk, error) {
	for _, dir := range []string{cfg.Folders.Data, cfg.Folders.Cache} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, diskError(dir, err)
		}
	}
	d := &Desk{cfg: cfg, opened: time.Now()}
	if err := d.equip(); err != nil {
		return nil, err
	}
	box, err := outbox.Open(ctx, filepath.Join(cfg.Folders.Data, "outbox"), outbox.Options{})
	if err != nil {
		if d.own != nil {
			err = errors.Join(err, d.own.Close())
		}
		return nil, err
	}
	d.outbox = box
	if data, err := os.ReadFile(filepath.Join(cfg.Folders.Data, preferencesFile)); err == nil {
		_ = json.Unmarshal(data, &d.prefs) // a damaged file only forgets a choice
	}
	return d, nil
}

// equip takes the usual tools where none were given. Nothing of them starts before it is used.
func (d *Desk) equip() error {
	c := &d.cfg
	if c.Renderer == nil {
		d.own = preview.New(preview.Options{CacheDir: filepath.Join(c.Folders.Cache, "pdf-engine")})
		c.Renderer = d.own
	}
	if c.Cleaner == nil {
		c.Cleaner = &cleancopy.Cleaner{Flattener: c.Renderer, Open: func(ctx context.Context, pdf []byte) (cleancopy.Document, error) {
			return c.Renderer.OpenBytes(ctx, pdf)
		}}
	}
	if c.SealFont == nil {
		font, err := seal.ParseFont(assets.SerifBold())
		if err != nil {
			return err
		}
		c.SealFont = font
	}
	return nil
}

// Close closes the outbox; what waits in it stays. Sessions are closed before.
func (d *Desk) Close() error {
	err := d.outbox.Close()
	if d.own != nil {
		err = errors.Join(err, d.own.Close())
	}
	return err
}

// Words are the desk's language.
func (d *Desk) Words() *words.Catalog { return d.cfg.Words }

// PlatformName is what the platform calls itself.
func (d *Desk) PlatformName() string { return d.cfg.PlatformName }

// A Key is a key as the login page shows it: one signing certificate on a token.
type Key struct {
	URI       string // of the token
	ID        string // of the identity on it
	Label     string
	Serial    string
	Owner     string // organisation
	USCC      string // 统一社会信用代码
	Person    string
	SHA256    string // of the certificate's DER, lower-case hex
	Issuer    string
	Algorithm string // RSA, ECDSA or SM2
	From      time.Time
	Until     time.Time
	Tries     int // left; -1 when the key does not tell
	MaxTries  int
	Locked    bool
	PINPad    bool            // the PIN is entered on the key itself
	Unfit     []words.Problem // why it cannot be used for login; empty when it can
	DemoPIN   string          // shown in the demo only
}

// DaysLeft counts whole days until the certificate ends.
func (k Key) DaysLeft(now time.Time) int { return int(k.Until.Sub(now).Hours() / 24) }

// FewTries tells that tries were spent, so that the page warns.
func (k Key) FewTries() bool { return k.Tries >= 0 && k.MaxTries > 0 && k.Tries < k.MaxTries }

// Keys lists the signing certificates on all tokens that are present, usable ones first, always in the same order. Tokens that answer are shown even
// when another driver fails; the error then says which.
func (d *Desk) Keys(ctx context.Context) ([]Key, error) {
	var keys []Key
	var errs []error
	for _, driver := range d.cfg.Drivers {
		tokens, err := driver.Tokens(ctx)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, t := range tokens {
			found, err := d.keysOf(ctx, t)
			keys = append(keys, found...)
			errs = append(errs, err, t.Close())
		}
	}
	slices.SortStableFunc(keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(min(len(a.Unfit), 1), min(len(b.Unfit), 1)), cmp.Compare(a.Label, b.Label), cmp.Compare(a.URI, b.URI))
	})
	return keys, errors.Join(errs...)
}

func (d *Desk) keysOf(ctx context.Context, t token.Token) ([]Key, error) {
	info, err := t.Info(ctx)
	if err != nil {
		return nil, err
	}
	ids, err := t.Identities(ctx)
	if err != nil {
		return nil, err
	}
	var keys []Key
	for _, id := range ids {
		if id.Usage()&token.UsageSign == 0 {
			continue
		}
		keys = append(keys, d.key(info, id))
	}
	return keys, nil
}

func (d *Desk) key(info token.Info, id token.Identity) Key {
	cert := id.Certificate()
	owner := ownerOf(cert)
	k := Key{
		URI: info.URI, ID: id.ID(), Label: info.Label, Serial: info.Serial,
		Owner: owner.Org, USCC: owner.USCC, Person: owner.Person,
		Issuer: cert.Issuer.CommonName, Algorithm: algorithmOf(cert),
		SHA256: fingerprint(cert), From: cert.NotBefore, Until: cert.NotAfter,
		Tries: info.PIN.Tries, MaxTries: info.PIN.Max, Locked: info.PIN.Locked, PINPad: info.PIN.ProtectedPath,
		DemoPIN: d.cfg.DemoPINs[info.URI],
	}
	for _, reason := range token.Unfit(id, time.Now()) {
		k.Unfit = append(k.Unfit, d.cfg.Words.Problem(reason))
	}
	return k
}

// Changes tells that a token came or went, until ctx ends.
func (d *Desk) Changes(ctx context.Context) <-chan struct{} {
	changed := make(chan struct{}, 1)
	for _, driver := range d.cfg.Drivers {
		events, err := driver.Watch(ctx)
		if err != nil {
			continue // the page has its button to look again
		}
		go func() {
			for range events {
				select {
				case changed <- struct{}{}:
				default: // one is waiting already
				}
			}
		}()
	}
	return changed
}

// RememberedKey is the URI of the key that was chosen to be remembered, or empty.
func (d *Desk) RememberedKey() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.prefs.Key
}

// RememberKey keeps the choice for the next start; an empty URI forgets it.
func (d *Desk) RememberKey(uri string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.prefs.Key == uri {
		return nil
	}
	d.prefs.Key = uri
	return d.savePreferences()
}

// Documents is the folder in which a file was chosen last, or where to begin; empty where the system decides.
func (d *Desk) Documents() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.prefs.Folder != "" {
		if info, err := os.Stat(d.prefs.Folder); err == nil && info.IsDir() {
			return d.prefs.Folder
		}
	}
	return d.cfg.Documents
}

// RememberDocuments keeps the folder of the file that was chosen for the next time.
func (d *Desk) RememberDocuments(folder string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.prefs.Folder == folder {
		return nil
	}
	d.prefs.Folder = folder
	return d.savePreferences()
}

// savePreferences writes what was chosen; d.mu is held.
func (d *Desk) savePreferences() error {
	data, err := json.MarshalIndent(d.prefs, "", " ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(d.cfg.Folders.Data, preferencesFile), data)
}

// open finds the token and the identity that key names. A driver that fails is told of only when no other has the key.
func (d *Desk) open(ctx context.Context, key Key) (token.Token, token.Identity, error) {
	failed := []error{token.ErrRemoved}
	for _, driver := range d.cfg.Drivers {
		tokens, err := driver.Tokens(ctx)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		var found token.Token
		var identity token.Identity
		for _, t := range tokens {
			if info, err := t.Info(ctx); err == nil && found == nil && info.URI == key.URI {
				if ids, err := t.Identities(ctx); err == nil {
					for _, id := range ids {
						if id.ID() == key.ID {
							found, identity = t, id
						}
					}
				}
			}
			if t != found {
				_ = t.Close()
			}
		}
		if found != nil {
			return found, identity, nil
		}
	}
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	return nil, nil, errors.Join(failed...)
}
