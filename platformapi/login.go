package platformapi

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// LoginText is what the key signs on login. It says what it is, so that a signature over it can never be taken for anything
// else, and names the origin ("https://host[:port]"), which the client takes from the address it dialled: a signature made
// for one platform is worthless at another. certificate is the DER of the signing certificate; thumbprint is that of the
// client's key to which the session will be bound (RFC 9449, jkt), so that nobody can open a session of his own with it.
func LoginText(origin string, c Challenge, certificate []byte, thumbprint string) []byte {
	sum := sha256.Sum256(certificate)
	return []byte(strings.Join([]string{
		"SealDesk login v1",
		origin,
		c.PlatformID,
		c.ChallengeID,
		c.Nonce,
		hex.EncodeToString(sum[:]),
		thumbprint,
		c.IssuedAt.UTC().Format(time.RFC3339),
	}, "\n"))
}
