package platform_test

import (
	"crypto"
	"io"
)

// slowKey does something before it signs.
type slowKey struct {
	crypto.Signer
	before func()
}

func (k *slowKey) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.before()
	return k.Signer.Sign(r, digest, opts)
}
