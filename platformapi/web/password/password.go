package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Errors.
var (
	// ErrWrong: it is another password.
	ErrWrong = errors.New("password: wrong")
	// ErrShort: a password has 8 to 200 bytes.
	ErrShort = errors.New("password: shorter than 8 or longer than 200 bytes")
	// ErrHash: what was stored is no hash of this package.
	ErrHash = errors.New("password: not a hash")
)

const (
	minLength = 8
	maxLength = 200
	passes    = 3
	memory    = 64 << 10 // KiB
	lanes     = 4
	size      = 32
	// form is the PHC string's head, so that another cost can be told apart one day.
	form = "$argon2id$v=19$m=65536,t=3,p=4$"
)

var encoding = base64.RawStdEncoding

// Hash makes a hash with a salt of its own.
func Hash(secret string) (string, error) {
	if len(secret) < minLength || len(secret) > maxLength {
		return "", ErrShort
	}
	var salt [16]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return "", err
	}
	return form + encoding.EncodeToString(salt[:]) + "$" + encoding.EncodeToString(derive(secret, salt[:])), nil
}

func derive(secret string, salt []byte) []byte {
	return argon2.IDKey([]byte(secret), salt, passes, memory, lanes, size)
}

// Checker checks passwords.
type Checker struct{ places chan struct{} }

// NewChecker makes one that checks atOnce passwords at a time, at 64 MiB each.
func NewChecker(atOnce int) *Checker { return &Checker{make(chan struct{}, atOnce)} }

// Check compares a password with a hash; ErrWrong when it is another. With the hash "" it takes as long and is always wrong.
func (c *Checker) Check(ctx context.Context, hash, secret string) error {
	salt, want := make([]byte, 16), make([]byte, size)
	if hash != "" {
		fields := strings.Split(strings.TrimPrefix(hash, form), "$")
		if !strings.HasPrefix(hash, form) || len(fields) != 2 {
			return ErrHash
		}
		var err error
		if salt, err = encoding.DecodeString(fields[0]); err != nil {
			return fmt.Errorf("%w: %w", ErrHash, err)
		}
		if want, err = encoding.DecodeString(fields[1]); err != nil || len(want) != size {
			return fmt.Errorf("%w: %w", ErrHash, err)
		}
	}
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if subtle.ConstantTimeCompare(derive(secret, salt), want) != 1 || hash == "" {
		return ErrWrong
	}
	return nil
}
