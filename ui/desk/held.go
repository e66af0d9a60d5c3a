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
		h.timer.Stop()
		h.key.close()
		h.key = nil
	}
}

// withKey does one thing with the session's key: with the one that is kept unlocked, or after the PIN was handed to it. keep
// has it stay unlocked after that.
func (s *Session) withKey(ctx context.Context, pin []byte, lastTry, keep bool, do func(PlatformKey) error) error {
	s.hold.mu.Lock()
	defer s.hold.mu.Unlock()
	if k := s.hold.key; k != nil {
		token.Wipe(pin)
		s.hold.timer.Reset(heldFor)
		err := k.use(ctx, do)
		if errors.Is(err, token.ErrNotUnlocked) || errors.Is(err, token.ErrRemoved) || errors.Is(err, token.ErrTimeout) {
			s.hold.drop() // it was pulled out, or locked by another program: the next signature asks again
		}
		return err
	}
	k, err := s.desk.unlock(ctx, s.key, pin, lastTry)
	if err != nil {
		return err
	}
	err = k.use(ctx, do)
	if !keep || err != nil {
		k.close()
		return err
	}
	s.hold.key, s.hold.timer = k, time.AfterFunc(heldFor, s.Release)
	return nil
}
