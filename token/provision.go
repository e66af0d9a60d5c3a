package token

import (
	"context"
	"crypto"

	"github.com/emmansun/gmsm/smx509"
)

// Provisioner is the optional ability of a Token to take new keys and their certificates: what a certificate authority's
// counter does. The token must be unlocked. A key without a certificate is no identity yet.
type Provisioner interface {
	// NewKey makes a key pair for one use on the token, of an algorithm of token/ca ("rsa", "ecdsa", "sm2"), and gives its
	// id and its public key. container is the name under which a signing key and its encryption key are a pair; keys that
	// have containers (GM/T 0016) make it, others may keep it as a label. ErrNotSupported where the token cannot.
	NewKey(ctx context.Context, container, algorithm string, use Usage) (id string, pub crypto.PublicKey, err error)

	// StoreCertificate puts the certificate beside the key that NewKey named, and its issuers, nearest first, where the
	// token has room for them.
	StoreCertificate(ctx context.Context, id string, cert *smx509.Certificate, chain []*smx509.Certificate) error
}
