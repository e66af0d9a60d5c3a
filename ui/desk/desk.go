package desk

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/assets"
	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/signer/cleancopy"
	"sealdesk/signer/cleancopy/office"
	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/signer/seal/sysfont"
	"sealdesk/token"
	"sealdesk/token/libraries"
	"sealdesk/token/profile"
	"sealdesk/token/uri"
	"sealdesk/ui/desk/checkup"
	"sealdesk/ui/desk/platforms"
	"sealdesk/ui/desk/updates"
	"sealdesk/ui/desk/words"
)

// A Connector logs in to the platform with a key: it is given the certificate chain and a way to sign, and gives back the
// platform as that party sees it.
type Connector func(ctx context.Context, key PlatformKey) (platformapi.Platform, error)

// Config is what a Desk is made of. The programs wire it.
type Config struct {
	Words     *words.Catalog
	Folders   Folders
	Drivers   []token.Driver
	Libraries *libraries.Set // of USB keys; nil: none
	// Book holds the platforms that the person chooses from; nil: there are none but that of Connect.
	Book *platforms.Book
	// Platform names one of them to be at; empty: the one that was chosen last. With Connect the desk is at that platform
	// until another one is chosen.
	Platform     string
	PlatformName string
	Connect      Connector
	// PlatformStamps is the URL of the platform's time-stamp service; empty: it has none.
	PlatformStamps string
	Roots          []*smx509.Certificate // whom we trust as issuers
	Makers         []*smx509.Certificate // whom we trust as makers of seals, or as their issuers

	// Converter names the program that converts Word documents; empty: it is looked for.
	Converter string

	// What documents are worked on with; nil takes the usual one. The usual Cleaner works in this process: programs give one
	// that does not, see package apart. A Cleaner without an Office gets the desk's.
	Cleaner  *cleancopy.Cleaner
	Renderer *preview.Renderer
	SealFont *seal.Font
	SealDPI  float64 // of the seals that are drawn; 0: 600 dots an inch, more than any printer shows of a seal

	// FontFolders are where a font is looked for that has a rare character; nil takes the system's.
	FontFolders []string

	// Program is named in what is sent to whoever helps.
	Program checkup.Program

	// Updates is where newer versions are told of; nil: nobody is asked.
	Updates *updates.Source

	// Keyring keeps the key of what lies on this machine, and sessions; nil: the key lies in a file, sessions are not kept.
	Keyring Keyring

	// PlatformURL is the address of the platform of Connect; empty: it has none, and accounts cannot log in there.
	PlatformURL string
	// Resume goes on with a session that the keyring kept for the platform at PlatformURL; nil: none is kept.
	Resume Resumer

	// MobileCA is the address of the mobile CA that goes with Connect; empty: there is none. Its TLS certificate leads to
	// MobileRoots, nil being the system's.
	MobileCA    string
	MobileRoots *x509.CertPool

	// Documents is the demo's folder of sample files, in which files are looked for as long as none was chosen; empty: the system's own.
	Documents string

	// DemoAccount is shown on the login page; nobody's outside the demo.
	DemoAccount DemoAccount

	// DemoPhone is shown where a code is to be scanned at the login; nobody's outside the demo.
	DemoPhone DemoPhone

	// DemoPINs are shown on the login page, by the token's URI. Nil outside the demo.
	DemoPINs map[string]string
}

// A DemoAccount is an account of the demo's platform with its password.
type DemoAccount struct{ Name, Password string }

// A DemoPhone is where a browser plays a phone in the demo, and the number that it logs in with.
type DemoPhone struct{ Address, Number string }

// A Desk is the program's work, whoever sits at it.
type Desk struct {
	cfg  Config
	own  *preview.Renderer // made here, so closed here
	word *office.Warm

	trouble error // of the preferences, as they were found

	seats sync.RWMutex // held for reading by each session; the platform changes while there is none

	mu        sync.Mutex
	at        *platforms.Profile // of the book; nil: the platform of Config.Connect
	outbox    *outbox.Box
	vault     *vault.Vault
	passwords map[string]string // of proxies, by their keyring's names
	prefs     preferences
	seen      map[string][]Key // by the token's URI, as they were read last
	begun     map[string]bool  // the keyring's names of sessions that are this desk's own, not kept ones
	libraries chan struct{}    // closed when libraries were added or removed, and made anew

	sealFonts sealFonts

	partiesMu sync.Mutex        // held while a party's documents are put away, too
	parties   map[string]*party // by their folders
	showScan  func(*Scan)       // nil: nobody shows them
	phone     token.Driver      // of the mobile CA; nil: not asked for yet
	phoneAt   phoneAt
	opened    *remote // the platform's remote signing account; nil: it is not open
}

// Open makes the folders and opens the outbox. Nothing is sent before a login.
func Open(ctx context.Context, cfg Config) (*Desk, error) {
	for _, dir := range []string{cfg.Folders.Data, cfg.Folders.Cache} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, diskError(dir, err)
		}
	}
	d := &Desk{cfg: cfg, seen: map[string][]Key{}, parties: map[string]*party{}, begun: map[string]bool{},
		passwords: map[string]string{}, libraries: make(chan struct{})}
	if err := d.equip(); err != nil {
		return nil, err
	}
	err := d.takePreferences()
	if err == nil {
		err = d.begin(ctx)
	}
	if err != nil {
		if d.own != nil {
			err = errors.Join(err, d.own.Close())
		}
		return nil, err
	}
	return d, nil
}

// equip takes the usual tools where none were given. Nothing of them starts before it is used.
func (d *Desk) equip() error {
	c := &d.cfg
	d.word = office.NewWarm(office.Office{Program: c.Converter})
	if c.Renderer == nil {
		d.own = preview.New(preview.Options{CacheDir: filepath.Join(c.Folders.Cache, "pdf-engine")})
		c.Renderer = d.own
	}
	if c.Cleaner == nil {
		c.Cleaner = &cleancopy.Cleaner{PDF: pdfcopy.Copier{Engine: c.Renderer}}
	}
	if c.SealFont == nil {
		font, err := seal.ParseFont(assets.SerifBold())
		if err != nil {
			return err
		}
		c.SealFont = font
	}
	if c.SealDPI == 0 {
		c.SealDPI = 600
	}
	if c.FontFolders == nil {
		c.FontFolders = sysfont.Folders()
	}
	return nil
}

// Close closes the outbox; what waits in it stays. Sessions are closed before.
func (d *Desk) Close() error {
	err := errors.Join(d.outbox.Close(), d.word.Close())
	if d.own != nil {
		err = errors.Join(err, d.own.Close())
	}
	return err
}

// WarmUp starts the page engine in the background. Once on a computer that takes long, and whoever has begun a contract should not wait
// for it at the clean copy. What fails is told to who asks for a page.
func (d *Desk) WarmUp() {
	go func() { _ = d.cfg.Renderer.Warm(context.Background()) }()
}

// Converter tells what is kept running to convert Word documents.
func (d *Desk) Converter() office.State { return d.word.State() }

// cleaner makes clean copies, of Word documents with the LibreOffice that the desk keeps.
func (d *Desk) cleaner() cleancopy.Cleaner {
	c := *d.cfg.Cleaner
	if c.Office == nil {
		c.Office = d.word
	}
	return c
}

// DemoAccount is the demo's account for 账号登录.
func (d *Desk) DemoAccount() DemoAccount { return d.cfg.DemoAccount }

// DemoPhone is the demo's phone for 扫码登录.
func (d *Desk) DemoPhone() DemoPhone { return d.cfg.DemoPhone }

// Words are the desk's language.
func (d *Desk) Words() *words.Catalog { return d.cfg.Words }

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

// ExpiringDays is how long before its end a certificate is warned of.
const ExpiringDays = 60

// FewTries tells that tries were spent, so that the page warns.
func (k Key) FewTries() bool { return k.Tries >= 0 && k.MaxTries > 0 && k.Tries < k.MaxTries }

// drivers are those of the key's kind, or all of them when there is none yet.
func (d *Desk) drivers(key Key) []token.Driver {
	switch scheme, _, _ := strings.Cut(key.URI, ":"); {
	case key.Phone():
		if phones, err := d.phones(); err == nil {
			return []token.Driver{phones}
		}
		return nil
	case key.Remote():
		return d.remotes()
	case scheme == "" && d.cfg.Libraries == nil:
		return append(slices.Clone(d.cfg.Drivers), d.remotes()...)
	case d.cfg.Libraries == nil, scheme == uri.Soft:
		return d.cfg.Drivers
	case scheme == uri.PKCS11:
		return append(slices.Clone(d.cfg.Drivers), d.cfg.Libraries.Drivers(profile.InterfacePKCS11)...)
	case scheme == uri.SKF:
		return append(slices.Clone(d.cfg.Drivers), d.cfg.Libraries.Drivers(profile.InterfaceSKF)...)
	}
	return slices.Concat(d.cfg.Drivers, d.cfg.Libraries.Drivers(), d.remotes())
}

// Keys lists the signing certificates on all tokens that are present, usable ones first, always in the same order. Tokens that
// answer are shown even when another driver fails; the error then says which. Drivers are asked at the same time, since a
// vendor's library may take seconds for its answer.
func (d *Desk) Keys(ctx context.Context) ([]Key, error) {
	var (
		mu   sync.Mutex
		keys []Key
		errs []error
		wg   sync.WaitGroup
	)
	for _, driver := range d.drivers(Key{}) {
		wg.Go(func() {
			found, err := d.keysBy(ctx, driver)
			mu.Lock()
			defer mu.Unlock()
			keys, errs = append(keys, found...), append(errs, err)
		})
	}
	wg.Wait()
	slices.SortStableFunc(keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(min(len(a.Unfit), 1), min(len(b.Unfit), 1)), cmp.Compare(a.Label, b.Label),
			cmp.Compare(a.URI, b.URI), cmp.Compare(a.ID, b.ID))
	})
	seen := map[string][]Key{}
	for _, k := range keys {
		seen[k.URI] = append(seen[k.URI], k)
	}
	d.mu.Lock()
	d.seen = seen
	d.mu.Unlock()
	return keys, errors.Join(errs...)
}

func (d *Desk) keysBy(ctx context.Context, driver token.Driver) ([]Key, error) {
	tokens, err := driver.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	var keys []Key
	var errs []error
	for _, t := range tokens {
		found, err := d.keysOf(ctx, t)
		keys = append(keys, found...)
		errs = append(errs, err, t.Close())
	}
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

// A KeyChange says that a token came or went.
type KeyChange struct {
	Plugged bool
	URI     string
	Keys    []Key // on it, as they are or were; none when they could not be read
}

// Changes tells of tokens that come and go, until ctx ends.
func (d *Desk) Changes(ctx context.Context) <-chan KeyChange {
	changes := make(chan KeyChange, 16)
	go func() {
		defer close(changes)
		for ctx.Err() == nil {
			d.mu.Lock()
			others := d.libraries
			d.mu.Unlock()
			d.watch(ctx, others, changes)
		}
	}()
	return changes
}

// watch watches the drivers that there are now, until ctx ends or others are there.
func (d *Desk) watch(ctx context.Context, others <-chan struct{}, changes chan<- KeyChange) {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for _, driver := range d.drivers(Key{}) {
		events, err := driver.Watch(ctx)
		if err != nil {
			continue // the page has its button to look again
		}
		wg.Go(func() {
			for e := range events {
				change := KeyChange{Plugged: e.Kind == token.Plugged, URI: e.URI}
				if change.Plugged {
					found, _ := d.keysBy(ctx, driver) // a key that cannot be read has come all the same
					change.Keys = slices.DeleteFunc(found, func(k Key) bool { return k.URI != e.URI })
				}
				change.Keys = d.note(change)
				select {
				case changes <- change:
				case <-ctx.Done():
				}
			}
		})
	}
	select {
	case <-ctx.Done():
	case <-others:
	}
	stop()
	wg.Wait()
}

// note keeps what is known of a token's keys for when it is gone, and gives it back.
func (d *Desk) note(c KeyChange) []Key {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !c.Plugged {
		gone := d.seen[c.URI]
		delete(d.seen, c.URI)
		return gone
	}
	d.seen[c.URI] = c.Keys
	return c.Keys
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

// Samples is the demo's folder of sample files, empty outside the demo.
func (d *Desk) Samples() string { return d.cfg.Documents }

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

// PixelsPerMM is how many pixels of the window a millimetre of the screen takes, as the person measured it; 0 before that.
func (d *Desk) PixelsPerMM() float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !(d.prefs.Pixels > 0.5 && d.prefs.Pixels < 50) {
		return 0
	}
	return d.prefs.Pixels
}

// CalibratePixels keeps what was measured; 0 forgets it.
func (d *Desk) CalibratePixels(perMM float64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.prefs.Pixels = perMM
	return d.savePreferences()
}

// open finds the token and the identity that key names. A driver that fails is told of only when no other has the key.
func (d *Desk) open(ctx context.Context, key Key) (token.Token, token.Identity, error) {
	failed := []error{token.ErrRemoved}
	for _, driver := range d.drivers(key) {
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
