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

// A turn is one file's way to the key.
type turn struct {
	*gate
	ctx  context.Context
	keep func() bool // has the file finished even if the batch is called off; false: it was called off already
}

// Public implements crypto.Signer.
func (t *turn) Public() crypto.PublicKey { return t.key.Public() }

// Sign implements crypto.Signer.
func (t *turn) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
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
	signature, err := t.key.Sign(rand, digest, opts)
	if err != nil {
		t.broken = &KeyError{err}
		return nil, t.broken
	}
	return signature, nil
}
