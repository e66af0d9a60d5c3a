package twoparty

import (
	"crypto/ecdsa"
	"errors"
)

// What can be wrong with what the phone sent. Whoever carries the messages branches on these.
var (
	// ErrPIN: the proof that the phone's share is the right one does not hold. The PIN was wrong, or somebody without
	// the share asks: it costs one try, and no answer may be given.
	ErrPIN = errors.New("twoparty: the phone's share is not the one of this key")
	// ErrMessage: bytes that are no message of the scheme: wrong length, a point off the curve, a scalar out of range,
	// a proof that does not hold, an opening that is not what was committed to.
	ErrMessage = errors.New("twoparty: not a message of the scheme")
	// ErrShare: what was stored is not a share of the scheme.
	ErrShare = errors.New("twoparty: not a share of the scheme")
)

// Context says what a message is for: it goes into every proof and commitment, so that a message taken from elsewhere
// proves nothing. Session must be one that is never used again.
type Context struct {
	Account string
	Session string
}

// Scheme is the service's half of a scheme for shared SM2 keys. It keeps no state: what must outlive a call is handed
// back as bytes, secret ones, for the caller to keep sealed. Each Begin is followed by one Finish; each request to sign or
// to decrypt is answered at most once, and that it is the caller sees to, in the transaction that takes the request.
// All errors are ErrPIN, ErrMessage or ErrShare, wrapped with what was wrong.
type Scheme interface {
	// Name is the scheme's, kept beside each share.
	Name() string

	// BeginKey takes the phone's commitment to its part of a new key, and answers with the service's part.
	BeginKey(c Context, commitment []byte) (pending, answer []byte, err error)
	// FinishKey takes the phone's part, which must be the one committed to, and gives the service's share of the key.
	FinishKey(c Context, pending, opening []byte) (share []byte, err error)
	// Public is the key that a share belongs to.
	Public(share []byte) (*ecdsa.PublicKey, error)

	// Sign answers the phone's request to sign e, the digest with the signer's identity in it (GB/T 32918.2, 6.1, A2)
	// that the caller made itself from what is to be signed.
	Sign(c Context, share, e, request []byte) (answer []byte, err error)
	// Decrypt answers the phone's request to decrypt the ciphertext whose first point is c1, which the caller took
	// from the ciphertext itself.
	Decrypt(c Context, share, c1, request []byte) (answer []byte, err error)

	// BeginReshare offers the phone, or a new phone with the old one's share, to change both shares of the same key.
	BeginReshare(c Context, share []byte) (pending, offer []byte, err error)
	// FinishReshare takes the phone's proof that it has its new share, and gives the service's new one. From when it
	// is stored, the phone's old share is worth nothing.
	FinishReshare(c Context, share, pending, proof []byte) (next []byte, err error)
}
