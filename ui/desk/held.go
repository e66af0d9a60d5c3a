package desk

import (
	"context"
	"errors"
	"sync"
	"time"

	"sealdesk/token"
)

// heldFor is how long a key that is kept unlocked may lie unused before it is locked.
const heldFor = 15 * time.Minute

// held is the key of a session that stays unlocked between signatures, because the person chose so. The program keeps no PIN
// for that: the key itself stays logged in.
type held struct {
	mu    sync.Mutex
	key   *unlockedKey
	timer *time.Timer

	keyMu   sync.Mutex
	other   *Key  // signs instead of the session's own; nil: that one does
	watched *Scan // of the session with a phone; nil: there is none
}

// Held tells that the key is unlocked: no PIN has to be asked for.
func (s *Session) Held() bool {
	s.hold.mu.Lock()
	defer s.hold.mu.Unlock()
	return s.hold.key != nil
}

// Release locks the key, if it is kept unlocked.
func (s *Session) Release() {
	s.hold.mu.Lock()
	defer s.hold.mu.Unlock()
	s.hold.drop()
}

// drop locks the key; h.mu is held.
func (h *held) drop() {
	if h.key != nil {
		if h.timer != nil {
			h.timer.Stop()
		}
		h.key.close()
		h.key, h.timer = nil, nil
	}
	h.keyMu.Lock()
	h.watched = nil
	h.keyMu.Unlock()
}

// withKey does one thing with the key that signs in this session: with the one that is kept unlocked, or after the PIN was handed
// to it. keep has it stay unlocked after that. A phone stays linked when its person has begun a session with it.
func (s *Session) withKey(ctx context.Context, about ScanAbout, pin []byte, lastTry, keep bool, do func(PlatformKey) error) error {
	s.hold.mu.Lock()
	defer s.hold.mu.Unlock()
	key := s.SigningKey()
	if s.hold.key != nil && key.Phone() {
		if _, lives := s.PhoneSession(); !lives {
			s.hold.drop() // it ended on the phone: the next signature is scanned for anew
		}
	}
	about.Key = true
	ctx, over := s.desk.scanning(ctx, key, about)
	defer over()
	if k := s.hold.key; k != nil {
		token.Wipe(pin)
		if s.hold.timer != nil {
			s.hold.timer.Reset(heldFor)
		}
		err := k.use(ctx, do)
		if errors.Is(err, token.ErrNotUnlocked) || errors.Is(err, token.ErrRemoved) || errors.Is(err, token.ErrTimeout) && !key.Phone() {
			s.hold.drop() // it was pulled out, or locked by another program: the next signature asks again
		}
		return err
	}
	k, err := s.desk.unlock(ctx, key, pin, lastTry)
	if err != nil {
		return err
	}
	scan, _ := ctx.Value(shownKey{}).(*Scan)
	begun := false
	if scan != nil {
		v, _ := scan.View()
		begun = k.key.Phone() && v.Session != nil
	}
	if begun {
		s.hold.keyMu.Lock()
		s.hold.watched = scan
		s.hold.keyMu.Unlock()
	}
	err = k.use(ctx, do)
	switch {
	case begun && !errors.Is(err, token.ErrRemoved):
		s.hold.key = k // that one signature came to nothing ends no session
	case !keep || err != nil || k.key.Phone():
		k.close()
	default:
		s.hold.key, s.hold.timer = k, time.AfterFunc(heldFor, s.Release)
	}
	return err
}
