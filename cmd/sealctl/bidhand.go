package main

import (
	"context"
	"slices"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/cmd/internal/demo"
	"sealdesk/token"
	"sealdesk/token/mobileca"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/hall"
)

// A hand is a party of the demo with its key, and its session on the platform.
type hand struct {
	demo.Party
	driver   token.Driver
	pin      []byte // of a key that was brought along
	platform hall.Platform
}

// solo shows one token of a driver: it is what somebody holds in the hand.
type solo struct {
	token.Driver
	uri string
}

// Tokens implements token.Driver.
func (s solo) Tokens(ctx context.Context) ([]token.Token, error) {
	all, err := s.Driver.Tokens(ctx)
	return slices.DeleteFunc(all, func(t token.Token) bool {
		if info, err := t.Info(ctx); err == nil && info.URI == s.uri {
			return false
		}
		_ = t.Close()
		return true
	}), err
}

// handOf finds a party's key among the world's.
func handOf(ctx context.Context, w *demo.World, p demo.Party) (*hand, error) {
	for _, d := range w.Drivers {
		own := solo{d, p.URI}
		tokens, err := own.Tokens(ctx)
		if err != nil {
			return nil, err
		}
		for _, t := range tokens {
			_ = t.Close()
		}
		if len(tokens) == 1 {
			return &hand{Party: p, driver: own}, nil
		}
	}
	return nil, token.ErrRemoved
}

// An unlocked key is one to work with for a moment.
type unlockedKey struct {
	token.Token
	desk.PlatformKey
	box *smx509.Certificate // for encryption
}

// with unlocks the key, or links the phone for the purpose, and does one thing with it.
func (h *hand) with(ctx context.Context, purpose mobileca.Purpose, do func(unlockedKey) error) error {
	ctx = mobileca.WithPurpose(ctx, purpose)
	tokens, err := h.driver.Tokens(ctx)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return token.ErrRemoved
	}
	for _, other := range tokens[1:] {
		_ = other.Close()
	}
	k := unlockedKey{Token: tokens[0]}
	defer k.Close()
	pin := slices.Clone(h.pin)
	if h.PIN != "" {
		pin = []byte(h.PIN)
	}
	if err := k.Unlock(ctx, pin); err != nil {
		return err
	}
	ids, err := k.Identities(ctx)
	if err != nil {
		return err
	}
	pairs := token.Pair(ids)
	if len(pairs) == 0 {
		return fault("cert_unknown", "token", h.URI)
	}
	mine := pairs[0]
	if k.Signer, err = mine.Sign.Signer(ctx); err != nil {
		return err
	}
	k.Chain = chainOf(mine.Sign)
	if mine.Encrypt != nil {
		k.box = mine.Encrypt.Certificate()
	}
	return do(k)
}

// enter logs the party in.
func (h *hand) enter(ctx context.Context, w *demo.World) error {
	return h.with(ctx, mobileca.Purpose{Kind: mobileca.Login, Summary: demo.PlatformName}, func(k unlockedKey) error {
		p, err := w.Connect(ctx, k.PlatformKey)
		if err != nil {
			return err
		}
		h.platform = p.(hall.Platform) // the demo's client is one
		return nil
	})
}

// room is the opening as the party sees it now.
func (h *hand) room(ctx context.Context, tender string) (*hall.Room, error) {
	r := hall.NewRoom(h.platform, tender)
	if err := r.Clock().Sync(ctx); err != nil {
		return nil, err
	}
	return r, r.Read(ctx)
}

// A port is where a key is plugged in.
type port struct{ drivers []token.Driver }

func (p *port) keys(phone func(context.Context, string, func(context.Context, token.Token) error) error) hall.Keys {
	return hall.Keys{Drivers: func() []token.Driver { return p.drivers }, Owner: desk.Holder, Phone: phone}
}

// byPhone links the hand's phone for one decryption.
func (h *hand) byPhone(ctx context.Context, title string, use func(context.Context, token.Token) error) error {
	ctx = mobileca.WithPurpose(ctx, mobileca.Purpose{Kind: mobileca.Decrypt, Document: &mobileca.Document{Title: title}})
	tokens, err := h.driver.Tokens(ctx)
	if err != nil {
		return err
	}
	t := tokens[0] // there is always one
	defer t.Close()
	if err := t.Unlock(ctx, nil); err != nil {
		return err
	}
	return use(ctx, t)
}
