//go:build linux

package modhost_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"slices"
	"testing"
	"time"

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

// BenchmarkHelperCost measures what the way through the helper costs a signature, by turns with the library in this process: at
// most 0.3 ms at the median.
func BenchmarkHelperCost(b *testing.B) {
	softhsmtest.New(b, ca.ECDSA)
	library, p := softhsmtest.Library(b)
	raw, err := pkcs11.Open(library, *p.PKCS11)
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	direct := unlock(b, find(b, token.Guard(raw, token.Limits{})))
	through := unlock(b, find(b, open(b, softHSM(b))))
	took := [2][]time.Duration{}
	for b.Loop() {
		for i, s := range []crypto.Signer{direct, through} {
			start := time.Now()
			if _, err := s.Sign(rand.Reader, digest, crypto.SHA256); err != nil {
				b.Fatal(err)
			}
			took[i] = append(took[i], time.Since(start))
		}
	}
	median := func(d []time.Duration) time.Duration {
		slices.Sort(d)
		return d[len(d)/2]
	}
	cost := median(took[1]) - median(took[0])
	b.ReportMetric(float64(cost.Microseconds()), "helper-µs/signature")
	if cost > 300*time.Microsecond {
		b.Errorf("the helper costs %v a signature", cost)
	}
}
