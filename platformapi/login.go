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
	return signedText("SealDesk login v1", origin, c, certificate, thumbprint)
}

// DeviceText is what the key signs to let another device log in: a login by LoginText's rules, with the code that both
// screens show.
func DeviceText(origin string, c Challenge, certificate []byte, thumbprint, userCode string) []byte {
	return signedText("SealDesk login of another device v1", origin, c, certificate, thumbprint, userCode)
}

// BindingText is what the key signs to be bound to an account.
func BindingText(origin string, c Challenge, certificate []byte, thumbprint, account string) []byte {
	return signedText("SealDesk binding of a certificate v1", origin, c, certificate, thumbprint, account)
}

func signedText(kind, origin string, c Challenge, certificate []byte, thumbprint string, more ...string) []byte {
	sum := sha256.Sum256(certificate)
	lines := append([]string{
		kind,
		origin,
		c.PlatformID,
		c.ChallengeID,
		c.Nonce,
		hex.EncodeToString(sum[:]),
		thumbprint,
		c.IssuedAt.UTC().Format(time.RFC3339),
	}, more...)
	return []byte(strings.Join(lines, "\n"))
}
