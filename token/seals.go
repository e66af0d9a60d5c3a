package token

import (
	"context"
	"fmt"
)

// maxSeals is how many pictures of seals a token may bring.
const maxSeals = 64

// SealPicture is a picture of a seal that goes with a token's certificates.
type SealPicture struct {
	ID       string // unique on the token
	Name     string
	Kind     string // official, contract, finance, bid, legal_person or personal, as the token's maker knows it
	WidthMM  float64
	HeightMM float64
	PNG      []byte
}

// SealReader is the optional ability of a Token whose person keeps pictures of seals beside the keys, as on a phone. A guarded
// token has the method and may answer ErrNotSupported.
type SealReader interface {
	// Seals are all pictures that go with the certificates of an unlocked token. Error: ErrNotUnlocked.
	Seals(ctx context.Context) ([]SealPicture, error)
}

func (t *guardedToken) Seals(ctx context.Context) ([]SealPicture, error) {
	r, ok := t.token.(SealReader)
	if !ok {
		return nil, ErrNotSupported
	}
	found, err := get(t.g, ctx, t.g.limits.Look, r.Seals)
	if err == nil && len(found) > maxSeals {
		return nil, fmt.Errorf("the token brings %d seals: %w", len(found), ErrNotSupported)
	}
	return found, err
}
