package batch_test

import (
	"crypto"
	"crypto/rand"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"sealdesk/signer/batch"
)

// BenchmarkBatch signs 500 contracts, each with a seal of the usual resolution, and tells how many a second there are, beside
// what the key alone gives, asked in the same run by one caller.
func BenchmarkBatch(b *testing.B) {
	const files = 500
	for _, alg := range []string{"rsa", "sm2"} {
		b.Run(alg, func(b *testing.B) {
			w := newBench(b, alg)
			w.contracts(files)
			raw := rawRate(b, w.key.Signer)
			bt := w.batch()
			bt.Job.Seal = redSeal(992) // 42 mm at 600 dpi
			var took time.Duration
			for i := 0; b.Loop(); i++ {
				bt.Out = filepath.Join(b.TempDir(), strconv.Itoa(i))
				started := time.Now()
				outcomes, err := bt.Run(b.Context())
				took += time.Since(started)
				if n := states(outcomes)[string(batch.Signed)]; err != nil || n != files {
					b.Fatalf("%d signed: %v", n, err)
				}
			}
			rate := float64(files*b.N) / took.Seconds()
			b.ReportMetric(rate, "files/s")
			b.ReportMetric(raw, "key/s")
			b.ReportMetric(raw/rate, "x-floor")
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(runtime.NumCPU()), "cpus")
		})
	}
}

// rawRate is how many signatures a second the key gives.
func rawRate(b *testing.B, key crypto.Signer) float64 {
	b.Helper()
	digest := make([]byte, 32)
	n, started := 0, time.Now()
	for ; time.Since(started) < time.Second; n++ {
		if _, err := key.Sign(rand.Reader, digest, crypto.SHA256); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(started).Seconds()
}
