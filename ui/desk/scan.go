package desk

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"sealdesk/token"
	"sealdesk/token/mobileca"
	"sealdesk/token/uri"
)

// What a person sees of a phone that is asked, and the stages of it.
type (
	ScanView    = mobileca.View
	ScanStage   = mobileca.Stage
	ScanKind    = mobileca.Kind
	ScanSession = mobileca.Session
	ScanWhy     = mobileca.Why
)

// The stages, in their order.
const (
	ScanCode    = mobileca.Code
	ScanExpired = mobileca.Expired
	ScanScanned = mobileca.Scanned
	ScanMatched = mobileca.Matched
	ScanLinked  = mobileca.Linked
	ScanWaiting = mobileca.Waiting
	ScanShown   = mobileca.Shown
	ScanDone    = mobileca.Done
	ScanEnded   = mobileca.Ended
)

// What a phone is asked for.
const (
	ScanLogin   = mobileca.Login
	ScanBind    = mobileca.Bind
	ScanSign    = mobileca.Sign
	ScanBid     = mobileca.Bid
	ScanDecrypt = mobileca.Decrypt
)

// A Scan is one turn with the phone, from the QR code to the answer: what it shows, and what the person may do meanwhile.
type Scan struct {
	About  ScanAbout
	cancel context.CancelFunc
	again  chan struct{}
	over   chan struct{}
	ended  sync.Once

	mu   sync.Mutex
	view ScanView
	news chan struct{} // closed when there is another view
}

// ScanAbout is what the phone is asked about.
type ScanAbout struct {
	Kind     ScanKind
	Platform string
	Owner    string // whose certificate; empty: the person chooses on the phone
	Document string // its title; empty where there is none
	Pages    int
	Many     bool // more than one signature is wanted: the person had better begin a session
	Key      bool // a USB key may be taken in its place (改用 UKey)
}

// NewScan begins one; the context that comes back ends when the person calls it off. Finish is called when it is over.
func NewScan(ctx context.Context, about ScanAbout) (context.Context, *Scan) {
	ctx, cancel := context.WithCancel(ctx)
	s := &Scan{About: about, cancel: cancel, again: make(chan struct{}, 1), over: make(chan struct{}), news: make(chan struct{})}
	return mobileca.WithScreen(ctx, s), s
}

// Show implements mobileca.Screen.
func (s *Scan) Show(v ScanView) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view = v
	close(s.news)
	s.news = make(chan struct{})
}

// Refresh implements mobileca.Screen: it waits for Again.
func (s *Scan) Refresh(ctx context.Context) error {
	select {
	case <-s.again:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Again makes another QR code, after one has expired (刷新二维码).
func (s *Scan) Again() {
	select {
	case s.again <- struct{}{}:
	default: // it is being made
	}
}

// Cancel calls it off.
func (s *Scan) Cancel() { s.cancel() }

// Finish tells that nothing more comes.
func (s *Scan) Finish() { s.ended.Do(func() { close(s.over); s.cancel() }) }

// Over tells that nothing more comes.
func (s *Scan) Over() <-chan struct{} { return s.over }

// View is what there is to see now; news is closed when that has changed.
func (s *Scan) View() (v ScanView, news <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view, s.news
}

// Phone tells that the key is on a phone.
func (k Key) Phone() bool { return strings.HasPrefix(k.URI, uri.MobileCA+":") && !k.Remote() }

// ShowScans has show called, on a goroutine of its own, whenever a phone is asked for something and nobody was told who shows it.
func (d *Desk) ShowScans(show func(*Scan)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.showScan = show
}

// mobileCA is the address of the platform's mobile CA; empty: it has none.
func (d *Desk) mobileCA() string {
	if p, ok := d.Platform(); ok {
		return p.MobileCA
	}
	return d.cfg.MobileCA
}

// HasPhone tells that the platform has a mobile CA.
func (d *Desk) HasPhone() bool { return d.mobileCA() != "" }

// phones is the driver of the platform's mobile CA.
func (d *Desk) phones() (token.Driver, error) {
	c := mobileca.Config{Service: d.mobileCA(), Name: d.cfg.Words.T("scan.phone"), Proxy: d.Proxy, Roots: d.cfg.MobileRoots, Memory: filepath.Join(d.home().Data, "phones.json"),
		Platform: mobileca.Platform{Name: d.PlatformName(), Origin: d.cfg.PlatformURL}}
	if c.Service == "" {
		return nil, fault("no_mobile_ca", nil, "platform", d.PlatformName())
	}
	at := phoneAt{service: c.Service, memory: c.Memory}
	if p, ok := d.Platform(); ok {
		roots, err := p.Pool()
		if err != nil {
			return nil, err
		}
		c.Platform.Origin, c.Roots, at.roots = p.Address, roots, p.Roots
	}
	at.platform = c.Platform
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.phone != nil && d.phoneAt == at {
		return d.phone, nil
	}
	driver, err := mobileca.Open(c)
	if err != nil {
		return nil, err
	}
	d.phone, d.phoneAt = driver, at
	return driver, nil
}

// phoneAt is what the driver of a mobile CA was made for.
type phoneAt struct {
	service  string
	platform mobileca.Platform
	memory   string
	roots    string // of the profile
}

// PhoneKey stands for whichever certificate the person chooses on the phone; owner is the organisation that it must be of, none
// where it may be any.
func (d *Desk) PhoneKey(owner Key) Key {
	return Key{URI: mobileca.URI(d.mobileCA()), Owner: owner.Owner, USCC: owner.USCC, Tries: -1, MaxTries: -1, PINPad: true}
}

// unlockPhone links a phone. What it is for, and where it is shown, comes with ctx.
func (d *Desk) unlockPhone(ctx context.Context, key Key) (*unlockedKey, error) {
	driver, err := d.phones()
	if err != nil {
		return nil, err
	}
	tokens, err := driver.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	t := tokens[0] // there is always one
	k, err := d.linkPhone(ctx, t, key)
	if err != nil {
		_ = t.Close()
	}
	return k, err
}

func (d *Desk) linkPhone(ctx context.Context, t token.Token, key Key) (*unlockedKey, error) {
	if err := t.Unlock(ctx, nil); err != nil {
		return nil, err
	}
	info, err := t.Info(ctx)
	if err != nil {
		return nil, err
	}
	ids, err := t.Identities(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if id.Usage()&token.UsageSign == 0 {
			continue
		}
		found := d.key(info, id)
		if key.SHA256 != "" && found.SHA256 != key.SHA256 || key.USCC != "" && found.USCC != key.USCC {
			return nil, fault("phone_other_cert", nil, "owner", key.Owner, "found", found.Owner)
		}
		if reasons := token.Unfit(id, time.Now()); len(reasons) > 0 {
			return nil, reasons[0]
		}
		// Seals that cannot be kept are none that the person waits for now.
		_ = d.SealCase(found).takeFromPhone(ctx, t)
		return &unlockedKey{token: t, identity: id, key: found}, nil
	}
	return nil, fault("phone_other_cert", nil, "owner", key.Owner, "found", "")
}

// scanning gives a context under which a phone is shown to whoever shows scans, when the key is one and ctx does not say where.
// The second value is called when it is over.
func (d *Desk) scanning(ctx context.Context, key Key, about ScanAbout) (context.Context, func()) {
	if _, shown := ctx.Value(shownKey{}).(*Scan); !key.Phone() || shown {
		return ctx, func() {}
	}
	d.mu.Lock()
	show := d.showScan
	d.mu.Unlock()
	if show == nil {
		return ctx, func() {}
	}
	if about.Kind == "" {
		about.Kind = ScanSign
	}
	about.Platform, about.Owner = d.PlatformName(), key.Owner
	ctx, scan := NewScan(ctx, about)
	go show(scan)
	return context.WithValue(ctx, shownKey{}, scan), scan.Finish
}

type shownKey struct{}

// asking says what a phone is asked for, where the key is on one.
func asking(ctx context.Context, p mobileca.Purpose) context.Context {
	return mobileca.WithPurpose(ctx, p)
}

// ScanLogin logs in with the certificate that the person chooses on the phone (扫码登录). The session's key is that certificate.
// scan is finished when it returns. Errors: those of the driver, of Login.
func (d *Desk) ScanLogin(ctx context.Context, scan *Scan, keep bool) (*Session, error) {
	defer scan.Finish()
	ctx = asking(mobileca.WithScreen(ctx, scan), mobileca.Purpose{Kind: ScanLogin, Summary: d.cfg.Words.T("scan.summary_login", "platform", d.PlatformName())})
	chosen := d.PhoneKey(Key{})
	// The desk may go to another platform as long as the code waits.
	k, err := d.unlockPhone(ctx, chosen)
	if err != nil {
		return nil, err
	}
	defer k.close()
	d.seats.RLock()
	if d.PhoneKey(Key{}).URI != chosen.URI {
		err = token.ErrCancelled
	}
	var s *Session
	if err == nil {
		s, err = d.enter(ctx, LoginRequest{Key: k.key, Keep: keep}, func(do func(PlatformKey) error) error { return k.use(ctx, do) })
	}
	if err != nil {
		d.seats.RUnlock()
	}
	return s, err
}

// BindByScan has bind do its work with the certificate that the person chooses on the phone (扫码绑定). scan is finished when it
// returns. owner is whose certificate it must be.
func (d *Desk) BindByScan(ctx context.Context, scan *Scan, owner Key, bind func(PlatformKey) error) error {
	defer scan.Finish()
	ctx = context.WithValue(mobileca.WithScreen(ctx, scan), shownKey{}, scan)
	return d.withKey(asking(ctx, mobileca.Purpose{Kind: ScanBind, Summary: d.cfg.Words.T("scan.summary_bind", "platform", d.PlatformName())}),
		d.PhoneKey(owner), nil, false, bind)
}

// SigningKey is the key that signs in this session: the one that was logged in with, unless the person took another of the same
// organisation.
func (s *Session) SigningKey() Key {
	s.hold.keyMu.Lock()
	defer s.hold.keyMu.Unlock()
	if s.hold.other != nil {
		return *s.hold.other
	}
	return s.key
}

// SignWith has another key of the same organisation sign from now on: a phone in the place of a USB key, or the other way round.
// What was kept unlocked is locked. Error: desk.key_of_another.
func (s *Session) SignWith(key Key) error {
	if key.USCC != s.key.USCC {
		return fault("key_of_another", nil, "owner", key.Owner)
	}
	s.Release()
	s.hold.keyMu.Lock()
	defer s.hold.keyMu.Unlock()
	s.hold.other = &key
	if key.URI == s.key.URI && key.ID == s.key.ID {
		s.hold.other = nil
	}
	return nil
}

// USBKey is a key in this machine that can sign for the session's organisation. Error: desk.no_usb_key.
func (s *Session) USBKey(ctx context.Context) (Key, error) {
	keys, err := s.desk.Keys(ctx)
	for _, k := range keys {
		if k.USCC == s.key.USCC && len(k.Unfit) == 0 && !k.Locked {
			return k, nil
		}
	}
	return Key{}, errors.Join(fault("no_usb_key", nil, "owner", s.key.Owner), err)
}

// PhoneSession is the session with the phone, as it was heard of last (会话签章); false: there is none.
func (s *Session) PhoneSession() (ScanSession, bool) {
	s.hold.keyMu.Lock()
	watched := s.hold.watched
	s.hold.keyMu.Unlock()
	if watched == nil {
		return ScanSession{}, false
	}
	v, _ := watched.View()
	if v.Session == nil || v.Stage == ScanEnded {
		return ScanSession{}, false
	}
	return *v.Session, true
}

// PhoneEnded tells, once, that the session with the phone ended otherwise than here, and why; "" where that is not known.
func (s *Session) PhoneEnded() (ScanWhy, bool) {
	s.hold.keyMu.Lock()
	defer s.hold.keyMu.Unlock()
	if s.hold.watched == nil {
		return "", false
	}
	v, _ := s.hold.watched.View()
	if v.Stage != ScanEnded {
		return "", false
	}
	s.hold.watched = nil
	return v.Why, true
}

// PhoneMedium is the linked phone with its certificates, for the page of keys; false: there is none.
func (s *Session) PhoneMedium(ctx context.Context) (Medium, bool) {
	s.hold.mu.Lock()
	defer s.hold.mu.Unlock()
	if k := s.hold.key; k != nil && k.key.Phone() {
		return s.desk.medium(ctx, k.token)
	}
	return Medium{}, false
}
