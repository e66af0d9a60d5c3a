package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // the digests that NewDigest gives
	_ "crypto/sha512"
	"fmt"
	"hash"

	"github.com/emmansun/gmsm/sm2"
)

// sm2DigestSize is the length of e = SM3(Z‖M) in bytes.
const sm2DigestSize = 32

// NewDigest gives the streaming hash whose sum a Signer with this public key is
// handed, and the options that go with it: SHA-256 for RSA and P-256, SHA-384
// for P-384, SM3 over Z‖M for SM2.
func NewDigest(pub crypto.PublicKey) (hash.Hash, crypto.SignerOpts, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return crypto.SHA256.New(), crypto.SHA256, nil
	case *ecdsa.PublicKey:
		switch {
		case sm2.IsSM2PublicKey(k):
			h, err := sm2.NewHash(k)
			return h, crypto.Hash(0), err
		case k.Curve == elliptic.P256():
			return crypto.SHA256.New(), crypto.SHA256, nil
		case k.Curve == elliptic.P384():
			return crypto.SHA384.New(), crypto.SHA384, nil
		}
	}
	return nil, nil, fmt.Errorf("public key of type %T: %w", pub, ErrNotSupported)
}

// SM2Digest computes e = SM3(Z‖M) with the default user identifier
// (GB/T 32918.2-2016, 5.5 and 6.1).
func SM2Digest(pub *ecdsa.PublicKey, msg []byte) ([]byte, error) {
	if !sm2.IsSM2PublicKey(pub) {
		return nil, fmt.Errorf("not an SM2 public key: %w", ErrNotSupported)
	}
	return sm2.CalculateSM2Hash(pub, msg, nil)
}

// SignMessage has the key sign the message with the hash that NewDigest gives for it: a crypto.MessageSigner is handed the
// message, any other key its digest.
func SignMessage(key crypto.Signer, message []byte) ([]byte, error) {
	h, opts, err := NewDigest(key.Public())
	if err != nil {
		return nil, err
	}
	if k, ok := key.(crypto.MessageSigner); ok {
		return k.SignMessage(rand.Reader, message, opts)
	}
	h.Write(message)
	return key.Sign(rand.Reader, h.Sum(nil), opts)
}

// messageDigest is the digest that a signature over message with these options is over. SM2's options have no hash.
func messageDigest(pub crypto.PublicKey, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts == nil {
		return nil, ErrBadDigest
	}
	if k, ok := pub.(*ecdsa.PublicKey); ok && sm2.IsSM2PublicKey(k) {
		return SM2Digest(k, message)
	}
	h := opts.HashFunc()
	if !h.Available() {
		return nil, ErrBadDigest
	}
	d := h.New()
	d.Write(message)
	return d.Sum(nil), nil
}

// VerifyDigest checks a signature over a digest with the options it was made
// with, and returns ErrBadSignature when it does not verify.
func VerifyDigest(pub crypto.PublicKey, digest []byte, opts crypto.SignerOpts, sig []byte) error {
	if err := checkDigest(pub, digest, opts); err != nil {
		return err
	}
	good := false
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			good = rsa.VerifyPSS(k, pss.Hash, digest, sig, pss) == nil
		} else {
			good = rsa.VerifyPKCS1v15(k, opts.HashFunc(), digest, sig) == nil
		}
	case *ecdsa.PublicKey:
		if sm2.IsSM2PublicKey(k) {
			good = sm2.VerifyASN1(k, digest, sig)
		} else {
			good = ecdsa.VerifyASN1(k, digest, sig)
		}
	}
	if !good {
		return ErrBadSignature
	}
	return nil
}

// checkDigest holds the contract of a Signer: a digest of a hash that is still
// trusted, of the right length, with options that do not ask the key to hash.
func checkDigest(pub crypto.PublicKey, digest []byte, opts crypto.SignerOpts) error {
	if opts == nil {
		return ErrBadDigest
	}
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return checkHashed(digest, opts)
	case *ecdsa.PublicKey:
		if !sm2.IsSM2PublicKey(k) {
			return checkHashed(digest, opts)
		}
		// gmsm's own options would have the key hash the digest once more.
		if _, hashes := opts.(*sm2.SM2SignerOption); hashes || opts.HashFunc() != 0 || len(digest) != sm2DigestSize {
			return ErrBadDigest
		}
		return nil
	}
	return fmt.Errorf("public key of type %T: %w", pub, ErrNotSupported)
}

func checkHashed(digest []byte, opts crypto.SignerOpts) error {
	switch h := opts.HashFunc(); h {
	case crypto.SHA256, crypto.SHA384, crypto.SHA512:
		if len(digest) == h.Size() {
			return nil
		}
	}
	return ErrBadDigest
}
