package mobileca_test

import (
	"testing"

	gojose "github.com/go-jose/go-jose/v4"
)

func jose(typ string) gojose.ContentType { return gojose.ContentType(typ) }

// kidOf is the key that a JWS names.
func kidOf(t *testing.T, jws string) string {
	t.Helper()
	signed, err := gojose.ParseSignedCompact(jws, []gojose.SignatureAlgorithm{gojose.ES256})
	must(t, err)
	return signed.Signatures[0].Protected.KeyID
}
