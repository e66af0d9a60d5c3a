//go:build unix

package bid_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm4"
	"golang.org/x/sys/unix"

	"sealdesk/signer/bid"
)

// benchSize is the part's size in bytes: too large for any cache, and small enough to be measured often.
const benchSize = 64 << 20

// library is the cipher of the library alone, on all cores, a chunk at a time from memory: nothing here can be faster.
func library(b *testing.B, block cipher.Block, open bool) func() error {
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	nonce, aad := make([]byte, 12), make([]byte, 32)
	const chunks, sealedSize = benchSize / bid.DefaultChunk, bid.DefaultChunk + 16
	from, size := make([]byte, benchSize), bid.DefaultChunk
	if open {
		one := aead.Seal(nil, nonce, make([]byte, bid.DefaultChunk), aad)
		from, size = bytes.Repeat(one, chunks), sealedSize
	}
	return func() error {
		var next atomic.Int64
		var all sync.WaitGroup
		errs := make(chan error, runtime.GOMAXPROCS(0))
		for range runtime.GOMAXPROCS(0) {
			all.Go(func() {
				buffer := make([]byte, sealedSize)
				for i := int(next.Add(1) - 1); i < chunks; i = int(next.Add(1) - 1) {
					copy(buffer, from[i*size:(i+1)*size])
					if !open {
						aead.Seal(buffer[:0], nonce, buffer[:size], aad)
					} else if _, err := aead.Open(buffer[:0], nonce, buffer, aad); err != nil {
						errs <- err
						return
					}
				}
			})
		}
		all.Wait()
		close(errs)
		return <-errs
	}
}

// race runs ours and the library's in turn. It reports the speed of the fastest of each in MB/s, and how many times the
// library's time ours took: by the clock, and by the time of all cores, which other programs on the machine change less.
func race(b *testing.B, ours, library func() error) {
	var mine, theirs lap
	for b.Loop() {
		for work, best := range map[*func() error]*lap{&ours: &mine, &library: &theirs} {
			start, cores := time.Now(), coresTime(b)
			if err := (*work)(); err != nil {
				b.Fatal(err)
			}
			best.take(time.Since(start), coresTime(b)-cores)
		}
	}
	b.ReportMetric(benchSize/1e6/mine.wall.Seconds(), "MB/s-ours")
	b.ReportMetric(benchSize/1e6/theirs.wall.Seconds(), "MB/s-library")
	b.ReportMetric(mine.wall.Seconds()/theirs.wall.Seconds(), "x-floor")
	b.ReportMetric(mine.cores.Seconds()/theirs.cores.Seconds(), "x-floor-of-cores")
	b.ReportMetric(0, "ns/op")
}

// lap is the least that a work took.
type lap struct{ wall, cores time.Duration }

func (l *lap) take(wall, cores time.Duration) {
	if l.wall == 0 || wall < l.wall {
		l.wall = wall
	}
	if l.cores == 0 || cores < l.cores {
		l.cores = cores
	}
}

// coresTime is how long this process has had cores.
func coresTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func blocks(b *testing.B) map[bid.Cipher]cipher.Block {
	s, err := sm4.NewCipher(make([]byte, 16))
	if err != nil {
		b.Fatal(err)
	}
	a, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	return map[bid.Cipher]cipher.Block{bid.SM4GCM: s, bid.AES256GCM: a}
}

// BenchmarkCiphers holds sealing and opening, without digests and files, to the library's cipher.
func BenchmarkCiphers(b *testing.B) {
	for name, block := range blocks(b) {
		b.Run("seal/"+string(name), func(b *testing.B) {
			ours, err := bid.NewSealing(name, bytes.NewReader(make([]byte, benchSize)), benchSize)
			if err != nil {
				b.Fatal(err)
			}
			race(b, ours, library(b, block, false))
		})
		b.Run("open/"+string(name), func(b *testing.B) {
			p := newParties(b, ciphers[name])
			made, _ := p.builder(b, benchSize)
			made.Outer = false
			if _, err := made.Build(context.Background()); err != nil {
				b.Fatal(err)
			}
			data, err := os.ReadFile(made.Out)
			if err != nil {
				b.Fatal(err)
			}
			f, err := bid.Open(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				b.Fatal(err)
			}
			opened, err := f.OpenInner("技术", p.bidder)
			if err != nil {
				b.Fatal(err)
			}
			r, err := opened.Part("a")
			if err != nil {
				b.Fatal(err)
			}
			race(b, r.Discard, library(b, block, true))
		})
	}
}

// BenchmarkFiles is the whole work, with digests, syncing and reading back, beside the library's cipher alone.
func BenchmarkFiles(b *testing.B) {
	ctx := context.Background()
	for name, block := range blocks(b) {
		p := newParties(b, ciphers[name])
		made, _ := p.builder(b, benchSize)
		made.Outer = false
		f := build(b, made)
		opened, err := f.OpenInner("技术", p.bidder)
		if err != nil {
			b.Fatal(err)
		}
		r, err := opened.Part("a")
		if err != nil {
			b.Fatal(err)
		}
		again, out := made, filepath.Join(b.TempDir(), "part")
		again.Out = filepath.Join(b.TempDir(), "again.bid")
		b.Run("build/"+string(name), func(b *testing.B) {
			race(b, func() error {
				defer os.Remove(again.Out)
				_, err := again.Build(ctx)
				return err
			}, library(b, block, false))
		})
		b.Run("save/"+string(name), func(b *testing.B) {
			race(b, func() error {
				defer os.Remove(out)
				return r.Save(ctx, out, nil)
			}, library(b, block, true))
		})
	}
}
