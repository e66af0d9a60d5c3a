package mobileca

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// secrets are what a pairing's desktop knows before anybody scans.
type secrets struct {
	secret []byte // 16 bytes, in the QR code and nowhere else
	nonce  []byte // 32 bytes, committed to and then revealed
}

func newSecrets() secrets {
	s := secrets{make([]byte, 16), make([]byte, 32)}
	_, _ = rand.Read(s.secret) // never fails
	_, _ = rand.Read(s.nonce)
	return s
}

func (s secrets) secretHash() []byte { return sum(s.secret) }
func (s secrets) commitment() []byte { return sum(s.nonce) }

// sum is SHA-256.
func sum(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:]
}

// qrText is what the code says: the phone's page, and behind '#', which no browser sends, the pairing, the secret and the first
// 16 bytes of a fingerprint of key and commitment, by which the phone knows that the service put no other desktop in between.
func (s secrets) qrText(scanURL string, pairing, jkt []byte) string {
	print := sum(slices.Concat([]byte("SealDesk QR v1"), jkt, s.commitment()))
	return scanURL + "#1." + b64.EncodeToString(pairing) + "." + b64.EncodeToString(s.secret) + "." + b64.EncodeToString(print[:16])
}

// matchAlphabet has no vowels and nothing that looks like another (RFC 8628, 6.1).
const matchAlphabet = "BCDFGHJKLMNPQRSTVWXZ"

// matchCode is what both sides show: four letters.
func (s secrets) matchCode(pairing, jkt, phoneJKT, phoneNonce []byte) string {
	mac := hmac.New(sha256.New, s.secret)
	for _, part := range [][]byte{[]byte("SealDesk match v1"), pairing, jkt, phoneJKT, s.nonce, phoneNonce} {
		mac.Write(part)
	}
	n := binary.BigEndian.Uint64(mac.Sum(nil)[:8]) % (20 * 20 * 20 * 20)
	var code [4]byte
	for i := len(code) - 1; i >= 0; i-- {
		code[i] = matchAlphabet[n%20]
		n /= 20
	}
	return string(code[:])
}
