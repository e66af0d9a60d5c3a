package token

import (
	"context"
	"crypto"

	"github.com/emmansun/gmsm/smx509"
)

// Usage tells what an identity's key is for. The values are bit flags: keys
// that are certified for both carry both.
type Usage int

const (
	UsageSign    Usage = 1 << iota // signatures
	UsageEncrypt                   // decryption of what was encrypted to the certificate
)

// UsageOf reads the usage from the certificate's KeyUsage extension
// (RFC 5280, 4.2.1.3; GB/T 20518 for the paired certificates). It is zero when
// the certificate does not tell; a driver then knows better, from the place
// where the certificate was found.
func UsageOf(cert *smx509.Certificate) Usage {
	var u Usage
	if cert.KeyUsage&(smx509.KeyUsageDigitalSignature|smx509.KeyUsageContentCommitment) != 0 {
		u |= UsageSign
	}
	if cert.KeyUsage&(smx509.KeyUsageKeyEncipherment|smx509.KeyUsageDataEncipherment|smx509.KeyUsageKeyAgreement) != 0 {
		u |= UsageEncrypt
	}
	return u
}

// PINState is what a token tells of its PIN before one is entered.
type PINState struct {
	Tries         int  // tries left; -1 when the token does not tell
	Max           int  // tries after a right PIN; -1 when the token does not tell
	Low           bool // a wrong PIN was entered since the last right one; how many tries are left may be unknown
	Locked        bool // only the CA counter can help
	ProtectedPath bool // the PIN is entered on the token itself (PIN pad, phone)
}

// Info describes a token. No field is to be trusted further than a label on a
// parcel: names and serials come from the token.
type Info struct {
	URI          string // names the token in settings and on the command line
	Label        string
	Serial       string
	Model        string
	Manufacturer string
	PIN          PINState
}

// EventKind tells what happened to a token.
type EventKind int

const (
	Plugged EventKind = iota + 1
	Removed
)

// String names the kind for logs.
func (k EventKind) String() string {
	switch k {
	case Plugged:
		return "plugged"
	case Removed:
		return "removed"
	}
	return "unknown"
}

// Event says that a token came or went.
type Event struct {
	Kind EventKind
	URI  string // as in Info.URI
}

// Driver finds the tokens of one kind.
type Driver interface {
	// Tokens lists the tokens that are present now. It asks for no PIN.
	Tokens(ctx context.Context) ([]Token, error)

	// Watch reports tokens that come and go after the call. The channel is
	// closed when ctx ends, and the driver keeps nothing running after that.
	Watch(ctx context.Context) (<-chan Event, error)
}

// Token holds identities. Its methods may be called from several goroutines.
type Token interface {
	// Info is read anew at every call.
	Info(ctx context.Context) (Info, error)

	// Identities lists what is public, before any PIN.
	Identities(ctx context.Context) ([]Identity, error)

	// Unlock hands the PIN to the token, once, and wipes it. On a token with a
	// protected path the PIN is empty and is entered there. Errors:
	// *PINWrongError, ErrPINLocked, ErrLastTry, ErrPINEmpty, ErrRemoved,
	// ErrCancelled, ErrTimeout.
	Unlock(ctx context.Context, pin []byte) error

	// Lock forgets the PIN: signers made before it return ErrNotUnlocked.
	Lock(ctx context.Context) error

	// Close locks the token, if a PIN was handed over by this value, and gives
	// up what is held open for it. Other values of the same token, found by
	// another call of Driver.Tokens, go on as they are until then. The token
	// itself may be found again.
	Close() error
}

// PINChanger is the optional ability of a Token to change its PIN. Both PINs
// are wiped. A wrong old PIN costs a try, as with Unlock.
type PINChanger interface {
	ChangePIN(ctx context.Context, old, new []byte) error
}

// Identity is a certificate with its key on a token.
type Identity interface {
	// ID is stable for one key on one token, and unique on it.
	ID() string

	Certificate() *smx509.Certificate

	// Chain holds the issuers that the token carries, nearest first, without
	// the certificate itself; the root may be missing.
	Chain() []*smx509.Certificate

	Usage() Usage

	// Signer gives the key for signing. It works until the token is locked or
	// removed, or ctx ends.
	Signer(ctx context.Context) (crypto.Signer, error)

	// Decrypter gives the key for decryption: PKCS#1 v1.5 (opts nil or
	// *rsa.PKCS1v15DecryptOptions) and OAEP (*rsa.OAEPOptions) for RSA, the
	// ASN.1 SM2Cipher of GM/T 0009 for SM2. ErrNotSupported where the key
	// or the driver cannot.
	Decrypter(ctx context.Context) (crypto.Decrypter, error)
}

// KeyHolder is the optional ability of an Identity to tell, before any PIN,
// whether the token holds the private key of the certificate at all.
type KeyHolder interface {
	HasPrivateKey() bool
}

// Contained is the optional ability of an Identity to tell the container it
// lives in. A signing and an encryption certificate in one container
// (GM/T 0016) are a pair by construction.
type Contained interface {
	Container() string
}
