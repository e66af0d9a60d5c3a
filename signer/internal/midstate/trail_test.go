package midstate

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"math/rand/v2"
	"testing"

	"github.com/emmansun/gmsm/sm3"
)

func functions() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{"SHA-256": sha256.New, "SHA-384": sha512.New384, "SHA-512": sha512.New, "SM3": sm3.New}
}

// TestResumedHashGivesTheSameDigest hashes in one go and from every kind of mark.
func TestResumedHashGivesTheSameDigest(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{1})
	data := make([]byte, 5<<20+77)
	rnd.Read(data)
	for name, fresh := range functions() {
		trail := &Trail{}
		k := trail.Add(fresh())
		for rest := data; len(rest) > 0; {
			n := min(len(rest), 300_001)
			k.Write(rest[:n])
			rest = rest[n:]
		}
		k.End()
		for _, limit := range []int64{0, 1, firstStep - 1, firstStep + 400_000, 3 << 20, int64(len(data)) - 1, int64(len(data)), int64(len(data)) + 9} {
			h := fresh()
			at := trail.Resume(h, limit)
			if at > limit {
				t.Fatalf("%s: %d bytes, %d were allowed", name, at, limit)
			}
			if limit > firstStep+300_001 && at == 0 || limit >= int64(len(data)) && at != int64(len(data)) {
				t.Errorf("%s: only %d of %d bytes are known", name, at, limit)
			}
			h.Write(data[at:])
			h.Write([]byte("more"))
			whole := fresh()
			whole.Write(data)
			whole.Write([]byte("more"))
			if !bytes.Equal(h.Sum(nil), whole.Sum(nil)) {
				t.Errorf("%s: resumed after %d bytes it is another digest", name, at)
			}
		}
		if !bytes.Equal(k.Sum(), sumOf(fresh(), data)) {
			t.Errorf("%s: the track has another digest", name)
		}
	}
}

func sumOf(h hash.Hash, b []byte) []byte {
	h.Write(b)
	return h.Sum(nil)
}

func TestNoFunctionTakesAnothersState(t *testing.T) {
	for name, fresh := range functions() {
		trail := &Trail{}
		k := trail.Add(fresh())
		k.Write(make([]byte, 2<<20))
		k.End()
		for other, h := range functions() {
			if at := trail.Resume(h(), 2<<20); (at != 0) != (name == other) {
				t.Errorf("%s takes %d bytes of %s", other, at, name)
			}
		}
	}
	if at := (*Trail)(nil).Resume(sha256.New(), 1); at != 0 {
		t.Errorf("%d bytes from nothing", at)
	}
}

// TestMarksStayFew: a file of 4 GiB has no more of them than one of 256 MiB.
func TestMarksStayFew(t *testing.T) {
	trail := &Trail{}
	k := trail.Add(idle{})
	block := make([]byte, 1<<20)
	for range 4 << 10 {
		k.Write(block)
	}
	if n := len(k.marks); n > maxMarks || n < maxMarks/4 {
		t.Errorf("%d marks", n)
	}
	for i := 1; i < len(k.marks); i++ {
		if k.marks[i].at <= k.marks[i-1].at || k.marks[i].at-k.marks[i-1].at > 32<<20 {
			t.Errorf("marks at %d and %d", k.marks[i-1].at, k.marks[i].at)
		}
	}
}

// idle is a hash that does no work.
type idle struct{ hash.Hash }

func (idle) Write(b []byte) (int, error)    { return len(b), nil }
func (idle) MarshalBinary() ([]byte, error) { return nil, nil }
