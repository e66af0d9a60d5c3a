package batch

import (
	"context"
	"crypto"
	"io"
)

// A gate lets one file at a time to the key, and nobody after the key failed.
type gate struct {
	key    crypto.Signer
	free   chan struct{} // holds one thing when nobody is at the key
	broken *KeyError     // read and written by who is at the key
}

func newGate(key crypto.Signer) *gate {
	g := &gate{key: key, free: make(chan struct{}, 1)}
	g.free <- struct{}{}
	return g
}

// A Teller is a key that tells its owner which file it signs, as a phone does: it is asked for a key for each.
type Teller interface {
	crypto.Signer
	// For gives the key for one file, by its name.
	For(name string) (crypto.Signer, error)
}

// A turn is one file's way to the key.
type turn struct {
	*gate
	key  crypto.Signer // as this file uses it
	ctx  context.Context
	keep func() bool // has the file finished even if the batch is called off; false: it was called off already
}

// signer is the way of the file with this name to the key, as the key is: keys that are handed messages are handed them through
// the gate, too.
func (g *gate) signer(ctx context.Context, name string, keep func() bool) (crypto.Signer, error) {
	t := &turn{gate: g, key: g.key, ctx: ctx, keep: keep}
	if teller, ok := g.key.(Teller); ok {
		own, err := teller.For(name)
		if err != nil {
			return nil, &KeyError{err}
		}
		t.key = own
	}
	if key, ok := t.key.(crypto.MessageSigner); ok {
		return &messageTurn{t, key}, nil
	}
	return t, nil
}

// Public implements crypto.Signer.
func (t *turn) Public() crypto.PublicKey { return t.key.Public() }

// Sign implements crypto.Signer.
func (t *turn) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return t.take(func() ([]byte, error) { return t.key.Sign(rand, digest, opts) })
}

// take has the key sign when it is this file's turn.
func (t *turn) take(sign func() ([]byte, error)) ([]byte, error) {
	select {
	case <-t.free:
	case <-t.ctx.Done():
		return nil, t.ctx.Err()
	}
	defer func() { t.free <- struct{}{} }()
	switch {
	case t.broken != nil:
		return nil, errStopped
	case !t.keep():
		return nil, context.Canceled
	}
	signature, err := sign()
	if err != nil {
		t.broken = &KeyError{err}
		return nil, t.broken
	}
	return signature, nil
}

// A messageTurn is a turn at a key that signs messages.
type messageTurn struct {
	*turn
	messages crypto.MessageSigner
}

// SignMessage implements crypto.MessageSigner.
func (t *messageTurn) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	return t.take(func() ([]byte, error) { return t.messages.SignMessage(rand, message, opts) })
}
