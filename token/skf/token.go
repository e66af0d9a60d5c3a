package skf

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/token"
	"sealdesk/token/profile"
)

const (
	userPIN = 1 // type of the PIN that is not the administrator's

	// What GM/T 0016 bounds a PIN to, in bytes. Only new ones are held to it, before they cost anything.
	minPIN = 6
	maxPIN = 16

	maxTries = 255 // a library that tells of more does not know
)

// skfToken is an application on a device.
type skfToken struct {
	driver *Driver

	// What follows belongs to the driver's thread.
	place place
	held  *application   // from Unlock to Lock
	ways  map[string]way // what was found to work, by wayKey
	tries int            // left after a wrong PIN, where the library tells it only then; else -1
}

// application is an open application.
type application struct {
	device *device
	handle handle
}

// with runs f on the token's application, which is opened for it unless it is held anyway. Its handle is 0 if there is none.
func (t *skfToken) with(ctx context.Context, f func(*application) error) error {
	return t.driver.thread.do(ctx, func() error {
		app := t.held
		if app == nil {
			var err error
			if app, err = t.open(); err != nil {
				return err
			}
		}
		return t.run(app, f)
	})
}

// unlocked runs f on the application if the PIN was entered.
func (t *skfToken) unlocked(ctx context.Context, f func(*application) error) error {
	return t.driver.thread.do(ctx, func() error {
		if t.held == nil {
			return token.ErrNotUnlocked
		}
		return t.run(t.held, f)
	})
}

// run runs f, and closes the application unless it is, or has come to be, the held one. It is not held on to when it shows that
// the device is gone or has forgotten the PIN.
func (t *skfToken) run(app *application, f func(*application) error) error {
	err := error(token.ErrRemoved)
	if !app.device.gone {
		err = t.driver.judge(app.device.name, app.device, f(app))
	}
	if app.device.gone || errors.Is(err, token.ErrNotUnlocked) {
		t.held = nil
	}
	if app != t.held {
		t.close(app)
	}
	return err
}

func (t *skfToken) open() (*application, error) {
	d, name := t.driver, t.place.device
	dev, err := d.connect(name)
	if err != nil {
		return nil, d.judge(name, nil, err)
	}
	if dev.info.serial != t.place.serial {
		d.release(dev)
		return nil, fmt.Errorf("another device is in its place: %w", token.ErrRemoved)
	}
	app := &application{device: dev}
	if t.place.app == "" {
		return app, nil
	}
	if err := d.library.call("SKF_OpenApplication", dev.handle, text(t.place.app), &app.handle); err != nil {
		err = d.judge(name, dev, err)
		d.release(dev)
		return nil, err
	}
	return app, nil
}

func (t *skfToken) close(app *application) {
	if app.handle != 0 {
		t.driver.library.call("SKF_CloseApplication", app.handle)
	}
	t.driver.release(app.device)
}

func (t *skfToken) Info(ctx context.Context) (info token.Info, err error) {
	err = t.with(ctx, func(app *application) error {
		dev, name := app.device, t.place.app
		info = token.Info{
			URI: dev.uri(name), Label: dev.label(name), Serial: dev.info.serial, Model: dev.info.label,
			Manufacturer: dev.info.manufacturer, PIN: token.PINState{Tries: -1, Max: -1},
		}
		if name == "" {
			return nil
		}
		info.PIN, err = t.pinState(app)
		return err
	})
	return info, err
}

// pinState asks for the tries left. Where the library does not tell, or tells nonsense, what the last wrong PIN left counts.
func (t *skfToken) pinState(app *application) (token.PINState, error) {
	most, left, initial := uint32(maxTries+1), uint32(maxTries+1), uint32(0)
	err := t.driver.library.call("SKF_GetPINInfo", app.handle, uint32(userPIN), &most, &left, &initial)
	switch {
	case outcomeOf(err) == profile.Gone:
		return token.PINState{}, err
	case err == nil && most > 0 && most <= maxTries && left <= most:
		return token.PINState{Tries: int(left), Max: int(most), Low: left < most, Locked: left == 0}, nil
	}
	return token.PINState{Tries: t.tries, Max: -1, Low: t.tries >= 0}, nil
}

func (t *skfToken) Unlock(ctx context.Context, pin []byte) error {
	defer token.Wipe(pin)
	return t.withPIN(ctx, pin, func(app *application, pin []byte, left *uint32) error {
		return t.driver.library.call("SKF_VerifyPIN", app.handle, uint32(userPIN), pin, left)
	}, true)
}

// ChangePIN leaves the token locked or unlocked as it was.
func (t *skfToken) ChangePIN(ctx context.Context, old, new []byte) error {
	defer token.Wipe(old)
	defer token.Wipe(new)
	if len(new) < minPIN || len(new) > maxPIN {
		return &token.PINLengthError{Min: minPIN, Max: maxPIN}
	}
	next, err := pinText(new)
	if err != nil {
		return err
	}
	defer token.Wipe(next)
	return t.withPIN(ctx, old, func(app *application, old []byte, left *uint32) error {
		err := t.driver.library.call("SKF_ChangePIN", app.handle, uint32(userPIN), old, next, left)
		if outcomeOf(err) == profile.PINForm { // of the new one: the old one was taken before
			return &token.PINLengthError{Min: minPIN, Max: maxPIN}
		}
		return err
	}, false)
}

// pinText is a PIN as C has it, which is to be wiped.
func pinText(pin []byte) ([]byte, error) {
	if bytes.IndexByte(pin, 0) >= 0 {
		return nil, fmt.Errorf("the PIN holds a zero: %w", token.ErrNotSupported)
	}
	return append(append(make([]byte, 0, len(pin)+1), pin...), 0), nil
}

// withPIN hands a PIN to the library, once, and makes out what became of it. hold keeps the token unlocked if it is right.
func (t *skfToken) withPIN(ctx context.Context, pin []byte, use func(*application, []byte, *uint32) error, hold bool) error {
	secret, err := pinText(pin)
	if err != nil {
		return err
	}
	defer token.Wipe(secret)
	return t.with(ctx, func(app *application) error {
		if t.place.app == "" {
			if !hold {
				return token.ErrNotSupported // there is no PIN yet
			}
			return t.initialise(app, secret)
		}
		before, err := t.pinState(app)
		switch {
		case err != nil:
			return err
		case before.Locked:
			return token.ErrPINLocked
		case before.Tries == 1 && !token.LastTryGranted(ctx):
			return token.ErrLastTry
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if hold { // some libraries take any PIN, or none, where the right one was entered before
			t.clear(app)
		}
		left := uint32(maxTries + 1)
		if err := use(app, secret, &left); err != nil {
			if hold {
				t.held = nil
			}
			return t.refused(app, before, left, err)
		}
		t.tries = -1
		switch {
		case !hold:
			return nil
		case ctx.Err() != nil: // whoever called it off does not expect an unlocked token
			t.held = nil
			return errors.Join(ctx.Err(), t.clear(app))
		}
		t.held = app
		return nil
	})
}

// refused makes out what a failure to take a PIN means. Numbers differ between libraries, so the counter is asked too: where it
// went down, or is told for the first time, the PIN was wrong whatever the number says. Of two counts the smaller is believed,
// but a zero only from SKF_GetPINInfo: some libraries leave the other one at it.
func (t *skfToken) refused(app *application, before token.PINState, left uint32, err error) error {
	outcome := outcomeOf(err)
	t.tries = -1
	after, stateErr := t.pinState(app)
	if stateErr != nil {
		return stateErr
	}
	tries := after.Tries
	if left > 0 && left <= maxTries && (tries < 0 || int(left) < tries) {
		tries = int(left)
	}
	wrong := outcome == profile.PINWrong || outcome == profile.PINForm ||
		tries >= 0 && (tries < before.Tries || before.Tries < 0)
	switch {
	case outcome == profile.PINLocked || tries == 0:
		return fmt.Errorf("%w: %w", token.ErrPINLocked, err)
	case !wrong:
		return err
	}
	if after.Tries < 0 {
		t.tries = tries
	}
	return &token.PINWrongError{Tries: tries}
}

// clear has the library forget the PIN.
func (t *skfToken) clear(app *application) error {
	err := t.driver.library.call("SKF_ClearSecureState", app.handle)
	if errors.Is(err, token.ErrNotSupported) {
		return nil // closing the application has to do
	}
	return err
}

func (t *skfToken) Lock(ctx context.Context) error { return t.driver.thread.do(ctx, t.lock) }

func (t *skfToken) lock() error {
	if t.held == nil {
		return nil
	}
	err := t.run(t.held, func(app *application) error {
		t.held = nil
		return t.clear(app)
	})
	if errors.Is(err, token.ErrRemoved) || errors.Is(err, token.ErrNotUnlocked) {
		return nil // it has forgotten the PIN already
	}
	return err
}

func (t *skfToken) Close() error { return t.Lock(context.Background()) }

// position is a place in a container.
type position uint32

const (
	exchange position = 0 // the encryption key pair; bSignFlag FALSE
	signing  position = 1
)

func (p position) String() string {
	if p == signing {
		return "sign"
	}
	return "encrypt"
}

func (t *skfToken) Identities(ctx context.Context) ([]token.Identity, error) {
	var found []token.Identity
	err := t.with(ctx, func(app *application) error {
		if t.place.app == "" {
			return nil
		}
		names, err := t.driver.library.list("SKF_EnumContainer", app.handle)
		if err != nil {
			return err
		}
		for _, name := range names {
			ids, err := t.identitiesIn(app, name)
			if err := t.driver.judge(app.device.name, app.device, err); errors.Is(err, token.ErrRemoved) {
				return err
			}
			for _, id := range ids {
				found = append(found, id)
			}
		}
		return nil
	})
	return found, err
}

// identitiesIn reads a container. What it gives beside an error is good: some containers are empty, or hold what is not of this
// program.
func (t *skfToken) identitiesIn(app *application, name string) ([]*identity, error) {
	d := t.driver
	var ids []*identity
	err := d.inContainer(app, name, func(c handle) error {
		var failed error
		for _, p := range []position{signing, exchange} {
			der, err := d.library.apply(d.library.readCertificate, c, p, nil, maxCertificate)
			if err != nil && outcomeOf(err) != profile.NotFound {
				failed = err
			}
			cert := parseCertificate(der)
			if cert == nil {
				continue
			}
			key, err := d.exportKey(c, p)
			if outcomeOf(err) == profile.Gone {
				return err
			}
			ids = append(ids, &identity{
				token: t, container: name, position: p, cert: cert,
				// A library that does not tell is believed to have the private key.
				hasKey: err == nil && equal(key, cert.PublicKey) || err != nil && outcomeOf(err) != profile.NotFound,
			})
		}
		return failed
	})
	for _, id := range ids {
		id.usage = usageOf(id.cert, id.position, len(ids) == 1)
	}
	return ids, err
}

// usageOf goes by the certificate where it tells one use, and else by its place. A certificate that is alone in the place for
// encryption is there for both: makers of keys for one certificate put it there.
func usageOf(cert *smx509.Certificate, p position, alone bool) token.Usage {
	const both = token.UsageSign | token.UsageEncrypt
	u := token.UsageOf(cert)
	switch {
	case u == token.UsageSign || u == token.UsageEncrypt:
		return u
	case p == exchange && alone:
		return both
	case p == exchange:
		return token.UsageEncrypt
	}
	return token.UsageSign
}

// parseCertificate reads a certificate, after which some libraries leave zeros. It is nil if there is none, or none that can be
// read: other programs wrote it, and the other certificates are still good.
func parseCertificate(b []byte) *smx509.Certificate {
	in := cryptobyte.String(b)
	var der cryptobyte.String
	if !in.ReadASN1Element(&der, asn1.SEQUENCE) || len(bytes.Trim(in, "\x00")) > 0 {
		return nil
	}
	cert, err := smx509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return cert
}

// inContainer opens a container for f.
func (d *Driver) inContainer(app *application, name string, f func(handle) error) error {
	var c handle
	if err := d.library.call("SKF_OpenContainer", app.handle, text(name), &c); err != nil {
		return err
	}
	defer d.library.call("SKF_CloseContainer", c)
	return f(c)
}
