package midstate

import (
	"encoding"
	"hash"
)

// A track has a mark every so many bytes; when it has too many, every second one goes.
const (
	firstStep = 1 << 20
	maxMarks  = 256
)

// Trail is what was learnt of one file's bytes, from the first one on. It tells the truth only of files that begin with
// these very bytes: who hands a Trail on answers for that. A nil *Trail knows nothing.
type Trail struct{ tracks []*Track }

// Track is a hash that leaves marks while it is written to.
type Track struct {
	hash  hash.Hash
	at    int64 // bytes written
	step  int64
	marks []mark
}

// mark is the state of a hash after so many bytes.
type mark struct {
	at    int64
	state []byte
}

// Add begins a track with a new hash, which from then on is written to through the track only. Different tracks may be
// written at the same time; Resume waits until all of them have ended.
func (t *Trail) Add(h hash.Hash) *Track {
	k := &Track{hash: h, step: firstStep}
	t.tracks = append(t.tracks, k)
	return k
}

// Write implements io.Writer. It never fails.
func (k *Track) Write(b []byte) (int, error) {
	k.hash.Write(b)
	k.at += int64(len(b))
	if last := len(k.marks) - 1; last < 0 && k.at >= k.step || last >= 0 && k.at-k.marks[last].at >= k.step {
		k.mark()
	}
	return len(b), nil
}

// End leaves a mark behind the last byte.
func (k *Track) End() { k.mark() }

// Sum returns the digest of what was written.
func (k *Track) Sum() []byte { return k.hash.Sum(nil) }

func (k *Track) mark() {
	m, ok := k.hash.(encoding.BinaryMarshaler)
	if !ok {
		return // it cannot be resumed, which costs time only
	}
	state, err := m.MarshalBinary()
	if err != nil {
		return
	}
	if len(k.marks) == maxMarks {
		for i := range maxMarks / 2 {
			k.marks[i] = k.marks[2*i+1]
		}
		k.marks, k.step = k.marks[:maxMarks/2], 2*k.step
	}
	k.marks = append(k.marks, mark{k.at, state})
}

// Resume sets a new hash to its state after as many of the file's first bytes as are known and as limit allows, and tells
// how many these are: 0 for a hash whose function has no track.
func (t *Trail) Resume(h hash.Hash, limit int64) int64 {
	u, ok := h.(encoding.BinaryUnmarshaler)
	if t == nil || !ok {
		return 0
	}
	for _, k := range t.tracks {
		for i := len(k.marks) - 1; i >= 0; i-- {
			if k.marks[i].at > limit {
				continue
			}
			// A state names its function, and no other one takes it.
			if u.UnmarshalBinary(k.marks[i].state) == nil {
				return k.marks[i].at
			}
			break
		}
	}
	return 0
}
