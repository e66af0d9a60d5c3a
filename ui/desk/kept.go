package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/token"
)

// A Keyring is the system's keyring of the person who is logged in to the machine.
type Keyring interface {
	vault.Keyring
	// Delete forgets the secret of a name, if there is one.
	Delete(name string) error
}

// A Keeper is told the secret with which a session can go on after the program was closed. Save replaces the one before;
// Forget is for a session that is over.
type Keeper interface {
	Save(secret []byte) error
	Forget() error
}

// A Resumer goes on with a session by its secret, without a key, by way of a proxy as the settings want it. An error of
// KindUnauthorised: it is over.
type Resumer func(ctx context.Context, secret []byte, proxy client.Proxy, keep Keeper) (platformapi.Platform, error)

// A Kept is a session that was not ended when the program was closed.
type Kept struct {
	Key   Key // that it began with; nothing is told of its tries
	Until time.Time
	Over  bool // its time has passed: it was told of now, and is forgotten

	secret []byte
}

// inKeyring is a kept session as it lies in the keyring.
type inKeyring struct {
	Key    Key       `json:"key"`
	Until  time.Time `json:"until"`
	Secret []byte    `json:"secret"`
}

// KeepsSessions tells whether a session can be kept: there is a keyring, in which the key of what lies here is, too.
func (d *Desk) KeepsSessions() bool {
	resume, _, err := d.resumer()
	return err == nil && resume != nil && d.cfg.Keyring != nil && d.KeyPlace() == vault.InKeyring
}

// KeepSessions is what the person chose last.
func (d *Desk) KeepSessions() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.prefs.ForgetSessions
}

// sessionName is the keyring's name of a party's session: one for each platform and organisation.
func (d *Desk) sessionName(folder string) string {
	_, address, _ := d.resumer() // its roots may be broken, its address is what it is
	return "session " + address + " " + folder
}

// Kept lists the sessions that an earlier run of the program left open, and forgets those that are over. What the keyring
// does not give is not offered.
func (d *Desk) Kept() []Kept {
	if !d.KeepsSessions() {
		return nil
	}
	folders, err := os.ReadDir(filepath.Join(d.home().Data, "parties"))
	if err != nil {
		return nil // nobody has logged in here yet
	}
	var out []Kept
	for _, f := range folders {
		name := d.sessionName(f.Name())
		d.mu.Lock()
		own := d.begun[name]
		d.mu.Unlock()
		if own {
			continue
		}
		data, err := d.cfg.Keyring.Get(name)
		if err != nil {
			continue
		}
		var k inKeyring
		if json.Unmarshal(data, &k) != nil || safeName(k.Key.USCC) != f.Name() {
			_ = d.cfg.Keyring.Delete(name) // nothing can be done with it
			continue
		}
		kept := Kept{Key: k.Key, Until: k.Until, Over: !time.Now().Before(k.Until), secret: k.Secret}
		if kept.Over {
			token.Wipe(kept.secret)
			_ = d.cfg.Keyring.Delete(name) // the platform has ended it in any case
		}
		out = append(out, kept)
	}
	return out
}

// Resume goes on with a kept session. Its key is not asked for: what is signed asks for the PIN as ever. Errors:
// desk.session_over, and it is forgotten; others leave it kept.
func (d *Desk) Resume(ctx context.Context, k Kept) (*Session, error) {
	// From here to the session's end the desk stays with its platform.
	d.seats.RLock()
	s, err := d.goOn(ctx, k)
	if err != nil {
		d.seats.RUnlock()
	}
	return s, err
}

// goOn is Resume; d.seats is held, and stays so when there is a session.
func (d *Desk) goOn(ctx context.Context, k Kept) (*Session, error) {
	resume, _, err := d.resumer()
	if err != nil {
		return nil, err
	}
	over := func(cause error) error {
		return fault("session_over", cause, "owner", k.Key.Owner, "person", k.Key.Person)
	}
	if k.Over || !d.KeepsSessions() {
		return nil, over(nil)
	}
	// Another program that works with this session would lose it when this one changes its tokens.
	leave, err := d.party(ctx, d.home(), safeName(k.Key.USCC))
	if err != nil {
		return nil, err
	}
	defer leave()
	keep := d.keeper(k.Key)
	keep.until = k.Until
	p, err := resume(ctx, k.secret, d.Proxy, keep)
	if isOver(err) {
		return nil, over(errors.Join(err, keep.Forget()))
	}
	if err != nil {
		return nil, err
	}
	x, err := p.Session(ctx)
	if isOver(err) {
		return nil, over(errors.Join(err, keep.Forget()))
	}
	if err != nil {
		return nil, err
	}
	if x.Organisation.USCC != k.Key.USCC || string(x.CertificateSHA256) != k.Key.SHA256 {
		return nil, over(errors.Join(keep.Forget(), p.Logout(ctx)))
	}
	s, err := d.session(ctx, d.present(ctx, k.Key), p)
	if err != nil {
		return nil, err
	}
	s.keeper = keep
	d.began(k.Key)
	return s, nil
}

func isOver(err error) bool {
	e, ok := errors.AsType[*platformapi.Error](err)
	return ok && e.Kind == platformapi.KindUnauthorised
}

// present is the key as it is now, with the tries that are left; as it was kept when it is not plugged in.
func (d *Desk) present(ctx context.Context, kept Key) Key {
	keys, _ := d.Keys(ctx) // a driver that failed is told of when the key is needed
	for _, k := range keys {
		if k.URI == kept.URI && k.ID == kept.ID && k.SHA256 == kept.SHA256 {
			return k
		}
	}
	return kept
}

// keepOn keeps the session from now on, or forgets what was kept for this party before, which the platform is told of.
func (s *Session) keepOn(ctx context.Context, keep bool) {
	s.endReplaced(ctx)
	s.desk.began(s.key)
	// A choice that could not be kept is asked for again.
	_ = s.desk.chooseKeeping(keep)
	if !keep {
		_ = s.keeper.Forget() // a keyring that fails is no reason to keep the person out
		return
	}
	x, err := s.platform.Session(ctx)
	s.heard(err)
	if err == nil { // otherwise nobody knows until when, and it ends with the program
		s.keeper.begin(x.ExpiresAt)
	}
}

// endReplaced ends the session that an earlier run of the program left open, beside the work that begins, for nobody will go on with
// it. When the platform cannot be told, it ends by itself.
func (s *Session) endReplaced(ctx context.Context) {
	resume, _, err := s.desk.resumer()
	data, noneErr := s.keeper.ring.Get(s.keeper.name)
	var k inKeyring
	s.desk.mu.Lock()
	own := s.desk.begun[s.keeper.name]
	s.desk.mu.Unlock()
	if own || err != nil || noneErr != nil || json.Unmarshal(data, &k) != nil {
		return
	}
	s.watching.Go(func() {
		defer token.Wipe(k.Secret)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		if p, err := resume(ctx, k.Secret, s.desk.Proxy, nil); err == nil {
			_ = p.Logout(ctx)
		}
	})
}

// began says that a party's session is this desk's from now on: what the keyring has of it is no offer.
func (d *Desk) began(key Key) {
	name := d.sessionName(safeName(key.USCC))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begun[name] = true
}

func (d *Desk) chooseKeeping(keep bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.prefs.ForgetSessions == !keep {
		return nil
	}
	d.prefs.ForgetSessions = !keep
	return d.savePreferences()
}

// keeper makes the keeper of a party's session.
func (d *Desk) keeper(key Key) *keeper {
	key.Tries, key.MaxTries, key.Locked, key.Unfit, key.DemoPIN = -1, 0, false, nil, ""
	return &keeper{ring: d.cfg.Keyring, name: d.sessionName(safeName(key.USCC)), key: key}
}

// A keeper keeps one session in the keyring, once it knows until when that lasts.
type keeper struct {
	ring Keyring
	name string
	key  Key

	mu     sync.Mutex
	until  time.Time // zero: not kept yet
	secret []byte
	over   bool
}

// begin keeps the session from now on.
func (k *keeper) begin(until time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.until = until
	k.write()
}

// Save implements Keeper. A keyring that fails is no reason to keep the person from working: the session is not kept then.
func (k *keeper) Save(secret []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	token.Wipe(k.secret)
	k.secret = bytes.Clone(secret)
	k.write()
	return nil
}

// write puts the session into the keyring. Hold the lock.
func (k *keeper) write() {
	if k.over || k.until.IsZero() || k.secret == nil {
		return
	}
	data, err := json.Marshal(inKeyring{k.key, k.until, k.secret})
	if err == nil {
		err = k.ring.Set(k.name, data)
	}
	token.Wipe(data)
	if err != nil {
		_ = k.ring.Delete(k.name) // an older secret is worth nothing any more
	}
}

// Forget implements Keeper. Nothing is kept after it.
func (k *keeper) Forget() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	token.Wipe(k.secret)
	k.secret, k.over = nil, true
	return k.ring.Delete(k.name)
}
