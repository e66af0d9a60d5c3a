package desk

import (
	"context"
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/token"
	"sealdesk/ui/desk/words"
)

// CodePINWrong is the problem's code when a PIN was wrong and tries are left.
const CodePINWrong = "token.pin_wrong"

// PlatformKey is what a Connector needs of a key.
type PlatformKey struct {
	Chain  []*smx509.Certificate // the signing certificate first
	Signer crypto.Signer
}

// LoginRequest is what the person entered on the login page. The PIN is wiped.
type LoginRequest struct {
	Key      Key
	PIN      []byte
	LastTry  bool // the person confirmed to spend the last try
	Remember bool
}

// Login unlocks the key, signs the platform's challenge with it and locks it again: no PIN is kept. What waits in this
// party's outbox is sent from now on.
func (d *Desk) Login(ctx context.Context, r LoginRequest) (*Session, error) {
	defer token.Wipe(r.PIN)
	var p platformapi.Platform
	err := d.withKey(ctx, r.Key, r.PIN, r.LastTry, func(key PlatformKey) (err error) {
		p, err = d.cfg.Connect(ctx, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	remember := ""
	if r.Remember {
		remember = r.Key.URI
	}
	if err := d.RememberKey(remember); err != nil {
		return nil, err
	}
	return d.session(ctx, r.Key, p)
}

// withKey unlocks the key with the PIN, does one thing with its signer, and locks it.
func (d *Desk) withKey(ctx context.Context, key Key, pin []byte, lastTry bool, use func(PlatformKey) error) error {
	t, id, err := d.open(ctx, key)
	if err != nil {
		token.Wipe(pin)
		return err
	}
	defer t.Close()
	if reasons := token.Unfit(id, time.Now()); len(reasons) > 0 {
		token.Wipe(pin)
		return reasons[0]
	}
	if owner := ownerOf(id.Certificate()); owner.USCC != key.USCC {
		token.Wipe(pin)
		return fault("key_changed", nil, "owner", key.Owner)
	}
	unlock := ctx
	if lastTry {
		unlock = token.ConfirmLastTry(ctx)
	}
	if err := t.Unlock(unlock, pin); err != nil {
		return err
	}
	// Locked again even when ctx was cancelled meanwhile.
	defer func() { _ = t.Lock(context.WithoutCancel(ctx)) }()
	signer, err := id.Signer(ctx)
	if err != nil {
		return err
	}
	return use(PlatformKey{Chain: append([]*smx509.Certificate{id.Certificate()}, id.Chain()...), Signer: signer})
}

// A Session is the work of one party while it is logged in.
type Session struct {
	desk     *Desk
	key      Key
	platform platformapi.Platform
	dir      string // of this party
	stop     context.CancelFunc
	stopped  chan struct{}

	mu    sync.Mutex
	link  Link
	works map[string]*Work
}

// Link is how the platform is reached, for the foot of the sidebar.
type Link struct {
	Online  bool
	Since   time.Time // since when it is so
	Problem words.Problem
	Waiting int // changes in the outbox that have no receipt
}

func (d *Desk) session(ctx context.Context, key Key, p platformapi.Platform) (*Session, error) {
	dir := filepath.Join(d.cfg.Folders.Data, "parties", safeName(key.USCC))
	if err := os.MkdirAll(filepath.Join(dir, "contracts"), 0o700); err != nil {
		return nil, diskError(dir, err)
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Session{desk: d, key: key, platform: p, dir: dir, stop: stop, stopped: make(chan struct{}),
		link: Link{Online: true, Since: time.Now()}, works: map[string]*Work{}}
	go func() {
		defer close(s.stopped)
		_ = d.outbox.Run(run, p, key.USCC)
	}()
	return s, nil
}

// Close ends the sending of this session. What waits is sent after the next login.
func (s *Session) Close() {
	s.stop()
	<-s.stopped
}

// Closed tells that Close was called.
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
	t, _, err := s.desk.open(ctx, s.key)
	if err != nil {
		return false
	}
	return t.Close() == nil
}

// Logout ends the session on the platform too.
func (s *Session) Logout(ctx context.Context) error {
	s.Close()
	return s.platform.Logout(ctx)
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
	if entries, err := s.desk.outbox.Entries(ctx, s.key.USCC); err == nil {
		for _, e := range entries {
			if e.State != outbox.Done {
				l.Waiting++
			}
		}
	}
	return l
}

// heard keeps the link's state after each answer or failure of the platform.
func (s *Session) heard(err error) {
	online := err == nil
	if e, ok := errors.AsType[*platformapi.Error](err); ok {
		online = e.Kind == platformapi.KindProblem
	} else if err != nil {
		return // not the platform's
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link.Online != online {
		s.link.Online, s.link.Since = online, time.Now()
	}
	s.link.Problem = words.Problem{}
	if !online {
		s.link.Problem = s.desk.cfg.Words.Problem(err)
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
