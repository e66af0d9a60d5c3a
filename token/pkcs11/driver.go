package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"sealdesk/token"
	"sealdesk/token/pkcs11/cryptoki"
	"sealdesk/token/poll"
	"sealdesk/token/profile"
	"sealdesk/token/uri"
)

// refresh is how often the slots are looked at while they are watched.
const refresh = 600 * time.Millisecond

// Driver is a started library, unguarded.
type Driver struct {
	module  *cryptoki.Module
	profile profile.PKCS11
	turn    chan struct{} // holds a value while a call is under way; everything below is the caller's whose turn it is

	tokens map[string]*hardToken // by URI
}

// Open loads the library at an absolute path and starts it.
func Open(library string, p profile.PKCS11) (*Driver, error) {
	module, err := cryptoki.Load(library)
	if err != nil {
		return nil, err
	}
	if err := module.Initialize(); err != nil {
		return nil, outcome(err)
	}
	return &Driver{module: module, profile: p, turn: make(chan struct{}, 1), tokens: map[string]*hardToken{}}, nil
}

// Close logs out everywhere and stops the library.
func (d *Driver) Close() error {
	return d.do(context.Background(), func() error {
		for _, t := range d.tokens {
			t.lock()
			t.drop()
		}
		d.tokens = map[string]*hardToken{}
		return outcome(d.module.Finalize())
	})
}

// About tells what the library says of itself: its version, what it is and who made it.
func (d *Driver) About(ctx context.Context) (about string, err error) {
	err = d.do(ctx, func() error {
		info, err := d.module.Info()
		if err == nil {
			about = fmt.Sprintf("%d.%d, %s, %s", info.Major, info.Minor, info.Description, info.Manufacturer)
		}
		return outcome(err)
	})
	return about, err
}

// do runs f when it is its turn.
func (d *Driver) do(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.turn }()
	return f()
}

// Tokens lists the tokens that are present. A token that stays is the same one at every call; one that was taken out and put
// in again is another, and has to be unlocked anew.
func (d *Driver) Tokens(ctx context.Context) (tokens []token.Token, err error) {
	err = d.do(ctx, func() error {
		if err := d.look(); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(d.tokens)) {
			tokens = append(tokens, d.tokens[name])
		}
		return nil
	})
	return tokens, err
}

// look brings the list of tokens up to date.
func (d *Driver) look() error {
	slots, err := d.module.Slots()
	if err != nil {
		return outcome(err)
	}
	present := map[string]*hardToken{}
	for _, slot := range slots {
		info, err := d.module.TokenInfo(slot)
		if err != nil || info.Flags&cryptoki.CKF_TOKEN_INITIALIZED == 0 {
			continue // pulled out this moment, or still to be given a name
		}
		name := nameOf(info)
		t := d.tokens[name]
		if t == nil || t.slot != slot || !t.alive() {
			t = &hardToken{d: d, uri: name, slot: slot}
		}
		present[name] = t
	}
	for name, t := range d.tokens {
		if present[name] != t {
			t.drop()
		}
	}
	d.tokens = present
	return nil
}

func nameOf(info cryptoki.TokenInfo) string {
	path := uri.Attributes{}
	for name, value := range map[string]string{
		"token": info.Label, "serial": info.Serial, "manufacturer": info.Manufacturer, "model": info.Model,
	} {
		if value != "" {
			path[name] = value
		}
	}
	return (&uri.URI{Scheme: uri.PKCS11, Path: path}).String()
}

var errBusy = errors.New("a call is under way")

// Watch looks at the slots while no call is under way.
func (d *Driver) Watch(ctx context.Context) (<-chan token.Event, error) {
	return poll.Watch(ctx, refresh, func(context.Context) ([]string, error) {
		select {
		case d.turn <- struct{}{}:
		default:
			return nil, errBusy
		}
		defer func() { <-d.turn }()
		if err := d.look(); err != nil {
			return nil, err
		}
		return slices.Sorted(maps.Keys(d.tokens)), nil
	}), nil
}
