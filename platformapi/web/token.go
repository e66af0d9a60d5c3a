package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// NewToken is an opaque token of 32 random bytes, 43 characters.
func NewToken() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program rather
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// TokenHash is what a server keeps of a token, hex of SHA-256.
func TokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
