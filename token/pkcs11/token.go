package pkcs11

import (
	"bytes"
	"context"
	"errors"

	"sealdesk/token"
	"sealdesk/token/pkcs11/cryptoki"
)

// hardToken is a token in a slot, from the moment it was found until it is taken out.
type hardToken struct {
	d    *Driver
	uri  string
	slot uint

	gone    bool
	session *cryptoki.Session
	login   *login // nil while locked
}

// login is the time between unlocking and locking. Signers hold on to theirs, and end with it.
type login struct {
	keys       map[string]*privateKey // by the identity's ID
	privates   []object               // as they were when they were last read
	mechanisms map[uint]bool
	pin        []byte // only for keys that want it for every use
}

// do runs f on a token that is present, with an open session, and drops everything when it turns out to be gone.
func (t *hardToken) do(ctx context.Context, f func() error) error {
	return t.d.do(ctx, func() error {
		if t.gone {
			return token.ErrRemoved
		}
		err := t.open()
		if err == nil {
			err = f()
		}
		if errors.Is(err, token.ErrRemoved) {
			t.drop()
		}
		return err
	})
}

// open opens the session, writable where the token lets one.
func (t *hardToken) open() error {
	if t.session != nil {
		return nil
	}
	session, err := t.d.module.OpenSession(t.slot, true)
	if errors.Is(err, cryptoki.CKR_TOKEN_WRITE_PROTECTED) || errors.Is(err, cryptoki.CKR_SESSION_READ_ONLY) {
		session, err = t.d.module.OpenSession(t.slot, false)
	}
	t.session = session
	return outcome(err)
}

// alive tells whether the open session still is one: after a token was out and in again between two looks, it is not.
func (t *hardToken) alive() bool {
	if t.gone || t.session == nil {
		return !t.gone
	}
	_, err := t.session.LoggedIn()
	return err == nil
}

// drop forgets a token that is gone.
func (t *hardToken) drop() {
	t.gone = true
	t.forget()
	if t.session != nil {
		t.session.Close() // it may be closed already
		t.session = nil
	}
}

// forget ends the login on this side.
func (t *hardToken) forget() {
	if t.login != nil {
		token.Wipe(t.login.pin)
		t.login = nil
	}
}

// lock ends the login on both sides.
func (t *hardToken) lock() error {
	t.forget()
	if t.session == nil {
		return nil
	}
	in, err := t.session.LoggedIn()
	if err == nil && in {
		err = t.session.Logout()
	}
	return outcome(err)
}

// look reads what the token tells of itself, which shows whether it is still the same one.
func (t *hardToken) look() (cryptoki.TokenInfo, error) {
	info, err := t.d.module.TokenInfo(t.slot)
	if err != nil {
		return info, outcome(err)
	}
	if nameOf(info) != t.uri {
		return info, token.ErrRemoved
	}
	return info, nil
}

func (t *hardToken) Info(ctx context.Context) (info token.Info, err error) {
	err = t.do(ctx, func() error {
		now, err := t.look()
		info = token.Info{
			URI: t.uri, Label: now.Label, Serial: now.Serial, Model: now.Model, Manufacturer: now.Manufacturer,
			PIN: t.pinState(now),
		}
		return err
	})
	return info, err
}

// pinState reads the flags: PKCS #11 counts no tries, but says when one and when none is left.
func (t *hardToken) pinState(info cryptoki.TokenInfo) token.PINState {
	s := token.PINState{
		Tries: -1, Max: -1, Low: info.Flags&cryptoki.CKF_USER_PIN_COUNT_LOW != 0,
		ProtectedPath: info.Flags&cryptoki.CKF_PROTECTED_AUTHENTICATION_PATH != 0,
	}
	if t.d.profile.MaxTries > 0 {
		s.Max = t.d.profile.MaxTries
	}
	switch {
	case info.Flags&cryptoki.CKF_USER_PIN_LOCKED != 0:
		s.Tries, s.Low, s.Locked = 0, true, true
	case info.Flags&cryptoki.CKF_USER_PIN_FINAL_TRY != 0:
		s.Tries, s.Low = 1, true
	}
	return s
}

// Unlock hands the PIN to the token. One that is unlocked is locked first: a library does not look at a second PIN while it is
// logged in.
func (t *hardToken) Unlock(ctx context.Context, pin []byte) error {
	defer token.Wipe(pin)
	return t.do(ctx, func() error {
		if err := t.mayTry(ctx, pin); err != nil {
			return err
		}
		if err := t.lock(); err != nil {
			return err
		}
		if err := t.session.Login(cryptoki.CKU_USER, pin); err != nil {
			return t.pinOutcome(err)
		}
		if err := ctx.Err(); err != nil { // whoever called it off does not expect an unlocked token
			t.lock()
			return err
		}
		if err := t.begin(pin); err != nil {
			t.lock()
			return err
		}
		return nil
	})
}

// begin starts the login on this side.
func (t *hardToken) begin(pin []byte) error {
	mechanisms, err := t.d.module.Mechanisms(t.slot)
	if err != nil {
		return outcome(err)
	}
	l := &login{keys: map[string]*privateKey{}, mechanisms: map[uint]bool{}}
	for _, m := range mechanisms {
		l.mechanisms[m] = true
	}
	if l.privates, err = t.objects(cryptoki.CKO_PRIVATE_KEY); err != nil {
		return err
	}
	for _, k := range l.privates {
		if k.always && l.pin == nil {
			l.pin = bytes.Clone(pin)
		}
	}
	t.login = l
	return nil
}

// mayTry asks once more, in the moment before a try is spent: another program may have spent one meanwhile.
func (t *hardToken) mayTry(ctx context.Context, pin []byte) error {
	info, err := t.look()
	if err != nil {
		return err
	}
	switch state := t.pinState(info); {
	case state.Locked:
		return token.ErrPINLocked
	case len(pin) == 0 && !state.ProtectedPath:
		return token.ErrPINEmpty
	case state.Tries == 1 && !token.LastTryGranted(ctx):
		return token.ErrLastTry
	}
	return nil
}

// pinOutcome says what became of a PIN; the flags, read anew, say how many tries are left.
func (t *hardToken) pinOutcome(err error) error {
	if !rejected(err) {
		return outcome(err)
	}
	info, looked := t.look()
	if looked != nil {
		return looked
	}
	state := t.pinState(info)
	if state.Locked {
		return token.ErrPINLocked
	}
	return &token.PINWrongError{Tries: state.Tries}
}

func (t *hardToken) Lock(ctx context.Context) error { return t.do(ctx, t.lock) }

func (t *hardToken) Close() error {
	return t.d.do(context.Background(), func() error {
		if t.gone || t.session == nil {
			return nil
		}
		err := t.lock()
		if closed := outcome(t.session.Close()); err == nil {
			err = closed
		}
		t.session = nil
		return err
	})
}

// ChangePIN leaves the token as it was, locked or unlocked.
func (t *hardToken) ChangePIN(ctx context.Context, old, new []byte) error {
	defer token.Wipe(old)
	defer token.Wipe(new)
	return t.do(ctx, func() error {
		info, err := t.look()
		if err != nil {
			return err
		}
		if n := uint(len(new)); n < info.MinPIN || info.MaxPIN > 0 && n > info.MaxPIN {
			return &token.PINLengthError{Min: int(info.MinPIN), Max: int(info.MaxPIN)}
		}
		if err := t.mayTry(ctx, old); err != nil {
			return err
		}
		if err := t.session.SetPIN(old, new); err != nil {
			if errors.Is(err, cryptoki.CKR_PIN_INVALID) || errors.Is(err, cryptoki.CKR_PIN_LEN_RANGE) {
				return token.ErrNewPIN // of the old one it is CKR_PIN_INCORRECT (PKCS #11 v2.40, 5.1.6)
			}
			return t.pinOutcome(err)
		}
		if t.login != nil && t.login.pin != nil {
			token.Wipe(t.login.pin)
			t.login.pin = bytes.Clone(new)
		}
		return nil
	})
}
