package demo_test

import (
	"context"
	"crypto"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/signer"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
)

// BenchmarkSessionSignature signs a contract in a session with a phone (会话签章), from the click to the file that was verified by
// reading it back, and the same contract with a software key, in turn. Desktop, service and phone are in one process and talk
// over HTTP; the phone confirms by itself. x-floor is the session's time divided by the software key's.
func BenchmarkSessionSignature(b *testing.B) {
	authority, err := phoneAuthority()
	if err != nil {
		b.Fatal(err)
	}
	var phone benchKey
	own := openSoft(b, authority)
	dir := b.TempDir()
	in := filepath.Join(dir, "contract.pdf")
	if err := os.WriteFile(in, pdftest.Document(pdftest.Options{Pages: 12}), 0o600); err != nil {
		b.Fatal(err)
	}
	var took [2]time.Duration
	for i := 0; b.Loop(); i++ {
		if i%sessionSignatures == 0 {
			phone = openPhone(b, authority)
		}
		for k, key := range []benchKey{phone, own} {
			job := signer.Job{In: in, Out: filepath.Join(dir, strconv.Itoa(i)+"-"+strconv.Itoa(k)+".pdf"), Key: key.signer, Chain: key.chain, Roots: authority.Roots()}
			started := time.Now()
			if _, err := job.Run(b.Context()); err != nil {
				b.Fatal(err)
			}
			took[k] += time.Since(started)
		}
	}
	perOne := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(b.N) }
	b.ReportMetric(perOne(took[0]), "ms/phone")
	b.ReportMetric(perOne(took[1]), "ms/softkey")
	b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "x-floor")
	b.ReportMetric(0, "ns/op")
}

type benchKey struct {
	signer crypto.Signer
	chain  []*smx509.Certificate
}

// sessionSignatures is how many signatures one phone makes: without a network between, the service would soon hold it back.
const sessionSignatures = 40

// openPhone begins a session.
func openPhone(b *testing.B, authority *ca.Authority) benchKey {
	b.Helper()
	w := newService(b, authority)
	h := newHolder(w, &wire.SessionChoice{Auto: true})
	return unlockedKey(b, onlyToken(b, phoneDriver(b, w, h, "")), nil)
}

func openSoft(b *testing.B, authority *ca.Authority) benchKey {
	b.Helper()
	dir := b.TempDir()
	if _, err := soft.Create(dir, soft.Options{Label: "bench", Algorithm: ca.SM2, PIN: []byte("246810"), Subject: ca.Subject{Name: "云溪县人民医院"},
		Issuer: authority, Cost: soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1}}); err != nil {
		b.Fatal(err)
	}
	d, err := soft.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	return unlockedKey(b, onlyToken(b, d), []byte("246810"))
}

func unlockedKey(b *testing.B, tok token.Token, pin []byte) benchKey {
	b.Helper()
	ctx := context.Background()
	if err := tok.Unlock(ctx, pin); err != nil {
		b.Fatal(err)
	}
	id := identityOf(b, tok, token.UsageSign)
	s, err := id.Signer(ctx)
	if err != nil {
		b.Fatal(err)
	}
	return benchKey{s, append([]*smx509.Certificate{id.Certificate()}, id.Chain()...)}
}
