//go:build linux

package modhost_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"testing"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/pkcs11"
	"sealdesk/token/pkcs11/softhsmtest"
)

// BenchmarkSign compares signing with the library in this process and through the helper: SoftHSM2, P-256.
func BenchmarkSign(b *testing.B) {
	softhsmtest.New(b, ca.ECDSA)
	library, p := softhsmtest.Library(b)
	b.Run("library", func(b *testing.B) {
		d, err := pkcs11.Open(library, *p.PKCS11)
		if err != nil {
			b.Fatal(err)
		}
		defer d.Close()
		measure(b, token.Guard(d, token.Limits{}))
	})
	b.Run("helper", func(b *testing.B) { measure(b, open(b, softHSM(b))) })
}

func measure(b *testing.B, d token.Driver) {
	ctx := context.Background()
	tokens, err := d.Tokens(ctx)
	if err != nil || len(tokens) != 1 {
		b.Fatalf("%d tokens: %v", len(tokens), err)
	}
	defer tokens[0].Close()
	if err := tokens[0].Unlock(ctx, []byte(softhsmtest.PIN)); err != nil {
		b.Fatal(err)
	}
	s := signer(b, ctx, tokens[0])
	for b.Loop() {
		if _, err := s.Sign(rand.Reader, digest, crypto.SHA256); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "signatures/s")
}
