package desk

import (
	"context"
	"crypto"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/token"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/desk/hall"
	"sealdesk/ui/desk/words"
)

// CodePINWrong is the problem's code when a PIN was wrong and tries are left.
const CodePINWrong = "token.pin_wrong"

// CodeCancelled is the problem's code when the person, or the program, called it off.
const CodeCancelled = "token.cancelled"

// ErrKeyGone says that the key of the session is not there any more.
var ErrKeyGone error = token.ErrRemoved

// ErrKeyLocked says that the key wants its PIN: it was kept unlocked, and is not any more.
var ErrKeyLocked error = token.ErrNotUnlocked

// PlatformKey is what a Connector needs: of a key, and of the way.
type PlatformKey struct {
	Chain  []*smx509.Certificate // the signing certificate first
	Signer crypto.Signer
	Proxy  client.Proxy // as the settings want it; nil where nobody connects
	Keeper Keeper       // of the session that begins; nil: it ends with the program
	of     Key          // as it was found

	token    token.Token
	identity token.Identity
}

// LoginRequest is what the person entered on the login page. The PIN is wiped.
type LoginRequest struct {
	Key      Key
	PIN      []byte
	LastTry  bool // the person confirmed to spend the last try
	Remember bool
	Keep     bool // the session may go on after the program was closed, where the system has a keyring
}

// Login unlocks the key, signs the platform's challenge with it and locks it again: no PIN is kept. What waits in this
// party's outbox is sent from now on.
func (d *Desk) Login(ctx context.Context, r LoginRequest) (*Session, error) {
	defer token.Wipe(r.PIN)
	// From here to the session's end the desk stays with its platform.
	d.seats.RLock()
	s, err := d.enter(ctx, r, func(do func(PlatformKey) error) error { return d.withKey(ctx, r.Key, r.PIN, r.LastTry, do) })
	if err != nil {
		d.seats.RUnlock()
	}
	return s, err
}

// enter is Login with the key that with gives; d.seats is held, and stays so when there is a session.
func (d *Desk) enter(ctx context.Context, r LoginRequest, with func(do func(PlatformKey) error) error) (*Session, error) {
	connect, err := d.connector()
	if err != nil {
		return nil, err
	}
	var p platformapi.Platform
	var keep *keeper
	err = with(func(key PlatformKey) (err error) {
		key.Proxy = d.Proxy
		r.Key = key.of // on a phone the person chooses which one it is
		if d.KeepsSessions() {
			keep = d.keeper(r.Key)
			key.Keeper = keep
		}
		p, err = connect(ctx, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.Key.MaxTries > 0 {
		r.Key.Tries = r.Key.MaxTries // the right PIN gives all of them back
	}
	remember := ""
	if r.Remember {
		remember = r.Key.URI
	}
	if !r.Key.Phone() {
		// A choice that could not be kept is asked for again; it is no reason to keep the person out.
		_ = d.RememberKey(remember)
	}
	s, err := d.session(ctx, r.Key, p)
	if err != nil {
		unwanted(ctx, p)
		return nil, err
	}
	if keep == nil {
		return s, nil
	}
	s.keeper = keep
	s.keepOn(ctx, r.Keep)
	return s, nil
}

// goodbye is how long the platform is waited for when a session ends that nobody works in.
const goodbye = 5 * time.Second

// unwanted ends a session of the platform that nobody works in; when the platform cannot be told, it ends by itself.
func unwanted(ctx context.Context, p platformapi.Platform) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	_ = p.Logout(ctx)
}

// An unlockedKey is a key that signs until it is closed.
type unlockedKey struct {
	token    token.Token
	identity token.Identity
	key      Key // as it was found
}

// unlock finds the key and hands it the PIN, once. The PIN is wiped.
func (d *Desk) unlock(ctx context.Context, key Key, pin []byte, lastTry bool) (*unlockedKey, error) {
	if key.Phone() {
		token.Wipe(pin)
		return d.unlockPhone(ctx, key)
	}
	t, id, err := d.open(ctx, key)
	if err != nil {
		token.Wipe(pin)
		return nil, err
	}
	k := &unlockedKey{t, id, key}
	if reasons := token.Unfit(id, time.Now()); len(reasons) > 0 {
		token.Wipe(pin)
		k.close()
		return nil, reasons[0]
	}
	if fingerprint(id.Certificate()) != key.SHA256 {
		token.Wipe(pin)
		k.close()
		return nil, fault("key_changed", nil, "owner", key.Owner)
	}
	if lastTry {
		ctx = token.ConfirmLastTry(ctx)
	}
	if err := t.Unlock(ctx, pin); err != nil {
		k.close()
		return nil, keyError(err)
	}
	return k, nil
}

// use does one thing with the key's signer.
func (k *unlockedKey) use(ctx context.Context, do func(PlatformKey) error) error {
	signer, err := k.identity.Signer(ctx)
	if err != nil {
		return err
	}
	return do(PlatformKey{Chain: append([]*smx509.Certificate{k.identity.Certificate()}, k.identity.Chain()...), Signer: signer, of: k.key, token: k.token, identity: k.identity})
}

// close locks the key, which forgets the PIN, and lets it go.
func (k *unlockedKey) close() { _ = k.token.Close() }

// withKey unlocks the key with the PIN, does one thing with its signer, and locks it.
func (d *Desk) withKey(ctx context.Context, key Key, pin []byte, lastTry bool, do func(PlatformKey) error) error {
	ctx, over := d.scanning(ctx, key, ScanAbout{})
	defer over()
	k, err := d.unlock(ctx, key, pin, lastTry)
	if err != nil {
		return err
	}
	defer k.close()
	return k.use(ctx, do)
}

// keyError tells what a disk answers under a software key, which counts its tries there, as what the person can mend.
func keyError(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return diskError(e.Path, err)
	}
	return err
}

// A Session is the work of one party while it is logged in.
type Session struct {
	desk     *Desk
	key      Key
	platform platformapi.Platform
	home     Folders
	dir      string // of this party
	box      *outbox.Box
	vault    *vault.Vault
	ledger   *ledger
	stop     context.CancelFunc
	stopped  chan struct{}
	left     sync.Once
	leave    func()  // the party's folder
	keeper   *keeper // nil: nothing keeps it
	bulletin bulletin
	watching sync.WaitGroup

	mu    sync.Mutex
	link  Link
	works map[string]*Work
	aside *Batch

	hold held

	seals *SealCase
	bids  *bids.Book
	clock *hall.Clock // by which deadlines of bids are told

	templatesMu sync.Mutex // of places.json
}

// Link is how the platform is reached, for the foot of the sidebar.
type Link struct {
	Online  bool
	Over    bool      // the session is over: nothing is sent before the next login
	Since   time.Time // since when it is so
	Problem words.Problem
	Waiting int // changes in the outbox that have no receipt
}

// retryPause is how long the sending rests after the journal failed, as on a full disk.
const retryPause = 5 * time.Second

func (d *Desk) session(ctx context.Context, key Key, p platformapi.Platform) (*Session, error) {
	d.mu.Lock()
	box, kept := d.outbox, d.vault
	d.mu.Unlock()
	home, org := d.home(), safeName(key.USCC)
	dir := home.party(org)
	if err := os.MkdirAll(filepath.Join(dir, contractsFolder), 0o700); err != nil {
		return nil, diskError(dir, err)
	}
	leave, err := d.party(ctx, home, org)
	if err != nil {
		return nil, err
	}
	s := &Session{desk: d, key: key, platform: p, home: home, dir: dir, box: box, vault: kept, ledger: newLedger(box, key.USCC, d.cfg.Words), stopped: make(chan struct{}),
		link: Link{Online: true, Since: time.Now()}, works: map[string]*Work{}, seals: d.SealCase(key), leave: leave}
	s.bids, s.clock = bids.NewBook(bidding{s}), hall.NewClock(p.Now)
	if _, err := s.ledger.entries(ctx); err != nil {
		leave()
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.ledger.follow(run)
	s.watching.Go(func() { s.watch(run) })
	go func() {
		defer close(s.stopped)
		s.deliver(run)
	}()
	return s, nil
}

// party is where what belongs to an organisation is kept.
func (f Folders) party(org string) string { return filepath.Join(f.parties(), org) }

// deliver sends what waits until the session is over. A journal that cannot be written now is tried again.
func (s *Session) deliver(ctx context.Context) {
	for {
		err := s.box.Run(ctx, hearing{s, s.platform}, s.key.USCC)
		if ctx.Err() != nil {
			return
		}
		if _, platforms := errors.AsType[*platformapi.Error](err); platforms {
			return // a person must log in again
		}
		s.mu.Lock()
		s.link.Problem = s.desk.cfg.Words.Problem(err)
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(retryPause):
		}
	}
}

// Close ends the sending of this session. What waits is sent after the next login.
func (s *Session) Close() {
	s.Release()
	s.stop()
	<-s.stopped
	s.watching.Wait()
	s.left.Do(func() {
		s.leave()
		s.desk.seats.RUnlock()
	})
}

// Closed tells that nothing is sent any more: Close was called, or the platform ended the session.
func (s *Session) Closed() bool {
	select {
	case <-s.stopped:
		return true
	default:
		return false
	}
}

// KeyPresent tells whether the session's key is still there.
func (s *Session) KeyPresent(ctx context.Context) bool {
	if s.key.Phone() {
		return true // it is asked for when it is needed
	}
	t, _, err := s.desk.open(ctx, s.key)
	if err != nil {
		return false
	}
	return t.Close() == nil
}

// Logout ends the session on the platform too, and forgets it here whether the platform can be told or not.
func (s *Session) Logout(ctx context.Context) error {
	var forgotten error
	if s.keeper != nil {
		forgotten = s.keeper.Forget()
	}
	s.Close()
	return errors.Join(forgotten, s.platform.Logout(ctx))
}

// Key is the key that was logged in with.
func (s *Session) Key() Key { return s.key }

// Desk is the desk that the session sits at.
func (s *Session) Desk() *Desk { return s.desk }

// Problem gives the sentences of an error.
func (s *Session) Problem(err error) words.Problem { return s.desk.cfg.Words.Problem(err) }

// Link tells how the platform is reached and what waits.
func (s *Session) Link(ctx context.Context) Link {
	s.mu.Lock()
	l := s.link
	s.mu.Unlock()
	contracts, _ := s.ledger.entries(ctx) // what was read last is told when it cannot be read now
	for _, entries := range contracts {
		for _, e := range entries {
			if e.State != outbox.Done {
				l.Waiting++
			}
		}
	}
	return l
}

// heard keeps the link's state after each answer or failure of the platform. When it is there again, what waits is sent.
func (s *Session) heard(err error) {
	online, over := err == nil, false
	if e, ok := errors.AsType[*platformapi.Error](err); ok {
		online = e.Kind == platformapi.KindProblem
		over = e.Kind == platformapi.KindUnauthorised
	} else if err != nil {
		return // not the platform's
	}
	s.mu.Lock()
	back := online && !s.link.Online
	if s.link.Online != online || s.link.Over != over {
		s.link.Online, s.link.Over, s.link.Since = online, over, time.Now()
	}
	s.link.Problem = words.Problem{}
	if !online {
		s.link.Problem = s.desk.cfg.Words.Problem(err)
	}
	s.mu.Unlock()
	if back {
		_ = s.box.RetryAll(context.Background()) // otherwise each goes at its own time
	}
}

// safeName keeps a name that came from outside from being a path.
func safeName(s string) string {
	out := []rune(s)
	for i, r := range out {
		if !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-') {
			out[i] = '_'
		}
	}
	if len(out) == 0 {
		return "_"
	}
	return string(out)
}
