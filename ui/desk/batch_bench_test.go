package desk

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/batch"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/seal"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/pkcs11"
	"sealdesk/token/pkcs11/softhsmtest"
	"sealdesk/token/soft"
)

// BenchmarkBatchWithKeys signs 500 contracts with the keys of a token and a seal of the usual resolution, and tells how many a
// second there are beside what the key alone gives, asked through the same driver in the same run.
func BenchmarkBatchWithKeys(b *testing.B) {
	const files = 500
	for _, kind := range []struct {
		name      string
		algorithm ca.Algorithm
		driver    func(*testing.B, ca.Algorithm) (token.Driver, string)
	}{
		{"soft-rsa3072", ca.RSA, softDriver}, {"soft-sm2", ca.SM2, softDriver}, {"softhsm2-rsa3072", ca.RSA, softHSM},
	} {
		b.Run(kind.name, func(b *testing.B) {
			driver, pin := kind.driver(b, kind.algorithm)
			key, chain := unlocked(b, driver, pin)
			in := b.TempDir()
			for i := range files {
				data := pdftest.Document(pdftest.Options{Pages: 1 + i%3})
				if err := os.WriteFile(filepath.Join(in, fmt.Sprintf("%03d.pdf", i)), data, 0o600); err != nil {
					b.Fatal(err)
				}
			}
			face := pressedSeal(b)
			raw := keyRate(b, key)
			var took time.Duration
			for i := 0; b.Loop(); i++ {
				bt := &batch.Batch{Out: filepath.Join(b.TempDir(), strconv.Itoa(i)), Job: signer.Job{
					Key: key, Chain: chain, Seal: &face, Places: []seal.Place{{Kind: seal.AtPosition, Pages: seal.Last(), X: 100, Y: 200}},
				}}
				var err error
				if bt.Items, err = batch.List([]string{in}, bt.Out); err != nil {
					b.Fatal(err)
				}
				started := time.Now()
				outcomes, err := bt.Run(b.Context())
				took += time.Since(started)
				if err != nil {
					b.Fatal(err)
				}
				for _, o := range outcomes {
					if o.State != batch.Signed {
						b.Fatalf("%s: %s %v", o.Item.Name, o.State, o.Err)
					}
				}
			}
			rate := float64(files*b.N) / took.Seconds()
			b.ReportMetric(rate, "files/s")
			b.ReportMetric(raw, "key/s")
			b.ReportMetric(raw/rate, "x-floor")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func pressedSeal(b *testing.B) seal.Seal {
	b.Helper()
	d := &Desk{}
	if err := d.equip(); err != nil {
		b.Fatal(err)
	}
	s, err := seal.Make(d.cfg.SealFont, seal.Style{Name: buyer.Name, Bottom: seal.Contract.Bottom()}, 600)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func softDriver(b *testing.B, algorithm ca.Algorithm) (token.Driver, string) {
	b.Helper()
	authority, err := ca.New(algorithm)
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if _, err := soft.Create(dir, soft.Options{Label: "buyer", Subject: buyer, Algorithm: algorithm, PIN: []byte(rightPIN), Issuer: authority,
		Cost: soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1}}); err != nil {
		b.Fatal(err)
	}
	d, err := soft.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	return d, rightPIN
}

func softHSM(b *testing.B, algorithm ca.Algorithm) (token.Driver, string) {
	b.Helper()
	softhsmtest.New(b, algorithm)
	b.Cleanup(softhsmtest.Remove)
	library, p := softhsmtest.Library(b)
	d, err := pkcs11.Open(library, *p.PKCS11)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Close() })
	return token.Guard(d, token.Limits{}), softhsmtest.PIN
}

// unlocked is the signing key of the one token that a driver finds.
func unlocked(b *testing.B, d token.Driver, pin string) (crypto.Signer, []*smx509.Certificate) {
	b.Helper()
	tokens, err := d.Tokens(b.Context())
	if err != nil || len(tokens) != 1 {
		b.Fatalf("%d tokens: %v", len(tokens), err)
	}
	b.Cleanup(func() { _ = tokens[0].Close() })
	if err := tokens[0].Unlock(b.Context(), []byte(pin)); err != nil {
		b.Fatal(err)
	}
	ids, err := tokens[0].Identities(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, id := range ids {
		if id.Usage()&token.UsageSign != 0 {
			key, err := id.Signer(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			return key, append([]*smx509.Certificate{id.Certificate()}, id.Chain()...)
		}
	}
	b.Fatal("the token has no key to sign with")
	return nil, nil
}

func keyRate(b *testing.B, key crypto.Signer) float64 {
	b.Helper()
	digest := make([]byte, 32)
	opts := crypto.SignerOpts(crypto.SHA256)
	if _, rsa := key.Public().(*rsa.PublicKey); !rsa {
		opts = crypto.Hash(0) // SM2's digest is SM3(Z‖M), which no crypto.Hash names
	}
	n, started := 0, time.Now()
	for ; time.Since(started) < 2*time.Second; n++ {
		if _, err := key.Sign(rand.Reader, digest, opts); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(started).Seconds()
}
