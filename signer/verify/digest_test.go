package verify

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/emmansun/gmsm/sm3"

	"sealdesk/signer/internal/midstate"
)

// counted counts the bytes that are read.
type counted struct {
	io.ReaderAt
	bytes int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.bytes += int64(len(p))
	return c.ReaderAt.ReadAt(p, off)
}

// TestManyDigestsOfOneFile compares digests that share their beginning, or resume what is known, with plain ones.
func TestManyDigestsOfOneFile(t *testing.T) {
	data := make([]byte, 2<<20+123) // three pieces of a read
	rand.NewChaCha8([32]byte{2}).Read(data)
	size := int64(len(data))
	functions := []func() hash.Hash{sha256.New, sm3.New}
	rnd := rand.New(rand.NewPCG(3, 4))
	for round := range 200 {
		var jobs []hashing
		var want [][]byte
		for range 1 + rnd.IntN(5) {
			fresh := functions[rnd.IntN(2)]
			var at [3]int64
			at[0] = rnd.Int64N(size + 1)
			at[1] = at[0] + rnd.Int64N(size-at[0]+1)
			at[2] = at[1] + rnd.Int64N(size-at[1]+1)
			if n := len(jobs); n > 0 && rnd.IntN(3) == 0 {
				at[0] = min(jobs[n-1].spans[0][1], at[1])
			}
			jobs = append(jobs, hashing{h: fresh(), spans: [2][2]int64{{0, at[0]}, {at[1], at[2]}}})
			h := fresh()
			h.Write(data[:at[0]])
			h.Write(data[at[1]:at[2]])
			want = append(want, h.Sum(nil))
		}
		var known *midstate.Trail
		if round%2 == 1 {
			known = &midstate.Trail{}
			for _, fresh := range functions {
				k := known.Add(fresh())
				for rest := data[:rnd.IntN(len(data))]; len(rest) > 0; {
					n := min(len(rest), 1<<20)
					k.Write(rest[:n])
					rest = rest[n:]
				}
				k.End()
			}
		}
		r := &counted{ReaderAt: bytes.NewReader(data)}
		if err := digestAll(r, jobs, known); err != nil {
			t.Fatal(err)
		}
		for i := range jobs {
			if !bytes.Equal(jobs[i].h.Sum(nil), want[i]) {
				t.Fatalf("round %d: digest %d of %d over %v differs", round, i, len(jobs), jobs[i].spans)
			}
		}
		if r.bytes > size {
			t.Errorf("%d bytes were read of %d", r.bytes, size)
		}
	}
}

// TestSharedBeginningIsHashedOnce: ten signatures cost no ten times the hash.
func TestSharedBeginningIsHashedOnce(t *testing.T) {
	data := make([]byte, 3<<20)
	var jobs []hashing
	work := new(int64)
	for i := range int64(10) {
		a := 2<<20 + i*10_000
		jobs = append(jobs, hashing{h: &laborious{sha256.New(), work}, spans: [2][2]int64{{0, a}, {a + 5000, a + 6000}}})
	}
	if err := digestAll(bytes.NewReader(data), jobs, nil); err != nil {
		t.Fatal(err)
	}
	if *work > 2<<20+200_000 {
		t.Errorf("%d bytes were hashed", *work)
	}
}

// laborious counts what is hashed; one after the other only.
type laborious struct {
	hash.Hash
	work *int64
}

func (l *laborious) Write(b []byte) (int, error) {
	if len(b) > 10_000 { // by the leader alone; what follows the first span is less
		*l.work += int64(len(b))
	}
	return l.Hash.Write(b)
}

func (l *laborious) MarshalBinary() ([]byte, error) {
	return l.Hash.(interface{ MarshalBinary() ([]byte, error) }).MarshalBinary()
}

func (l *laborious) UnmarshalBinary(b []byte) error {
	return l.Hash.(interface{ UnmarshalBinary([]byte) error }).UnmarshalBinary(b)
}

func TestKnownBytesAreNotRead(t *testing.T) {
	data := make([]byte, 4<<20)
	known := &midstate.Trail{}
	k := known.Add(sm3.New())
	k.Write(data)
	k.End()
	r := &counted{ReaderAt: bytes.NewReader(append(bytes.Clone(data), "increment"...))}
	jobs := []hashing{{h: sm3.New(), spans: [2][2]int64{{0, 4<<20 + 2}, {4<<20 + 5, 4<<20 + 9}}}}
	if err := digestAll(r, jobs, known); err != nil {
		t.Fatal(err)
	}
	if r.bytes > 20 {
		t.Errorf("%d bytes were read", r.bytes)
	}
	if err := digestAll(bytes.NewReader(data), jobs[:1], known); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that is shorter: %v", err)
	}
}
