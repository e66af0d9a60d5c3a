package verify

import (
	"bytes"
	"encoding"
	"fmt"
	"hash"
	"io"
	"sync"

	"sealdesk/signer/internal/midstate"
)

// chunk is how many bytes of the file are in memory while hashing: as many as a processor keeps close to itself.
const chunk = 128 << 10

// hashing is one signature's digest in the making.
type hashing struct {
	h     hash.Hash
	spans [2][2]int64 // start and end, ascending
	// leader, if there is one, hashes the same first bytes, and beyond: its state is taken over at the end of the first span.
	leader *hashing
}

// digestAll reads the file once, up to the last byte that is covered and without what is known of it, and feeds every hash.
func digestAll(r io.ReaderAt, jobs []hashing, known *midstate.Trail) error {
	for i := range jobs {
		if s := &jobs[i].spans[0]; s[0] == 0 {
			s[0] = known.Resume(jobs[i].h, s[1])
		}
	}
	lead(jobs)
	var buf []byte
	for pos, end := needed(jobs, 0); pos < end; pos, end = needed(jobs, pos) {
		if buf == nil {
			buf = make([]byte, min(chunk, end-pos))
		}
		n := min(int64(len(buf)), end-pos)
		for i := range jobs {
			if first := jobs[i].spans[0]; jobs[i].leader != nil && first[1] > pos {
				n = min(n, first[1]-pos)
			}
		}
		if m, err := r.ReadAt(buf[:n], pos); int64(m) < n {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		feed(jobs, buf[:n], pos)
		pos += n
		if err := follow(jobs, pos); err != nil {
			return err
		}
	}
	return nil
}

// lead finds hashes that begin alike, so that what signatures have in common is hashed once.
func lead(jobs []hashing) {
	states := make([][]byte, len(jobs))
	for i := range jobs {
		if m, ok := jobs[i].h.(encoding.BinaryMarshaler); ok {
			states[i], _ = m.MarshalBinary() // one that does not tell its state leads and follows nobody
		}
	}
	for i := range jobs {
		best := -1
		for k := range jobs {
			alike := states[i] != nil && bytes.Equal(states[i], states[k]) && jobs[k].spans[0][0] == jobs[i].spans[0][0]
			// The longest leads; among those of one length the first.
			if alike && (best < 0 || jobs[k].spans[0][1] > jobs[best].spans[0][1]) {
				best = k
			}
		}
		if best >= 0 && best != i && jobs[i].spans[0][0] < jobs[i].spans[0][1] {
			jobs[i].leader = &jobs[best]
		}
	}
}

// follow takes over the states of those that have read a first span to its end for others too.
func follow(jobs []hashing, pos int64) error {
	for i := range jobs {
		j := &jobs[i]
		if j.leader == nil || j.spans[0][1] != pos {
			continue
		}
		state, err := j.leader.h.(encoding.BinaryMarshaler).MarshalBinary()
		if err == nil {
			err = j.h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state)
		}
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		j.leader = nil
	}
	return nil
}

// needed returns the first byte at or after pos that a hash still needs, and the end of all that is needed; they are equal when
// nothing is.
func needed(jobs []hashing, pos int64) (next, end int64) {
	for _, j := range jobs {
		for _, s := range j.spans {
			if from := max(s[0], pos); from < s[1] {
				if end == 0 || from < next {
					next = from
				}
				end = max(end, s[1])
			}
		}
	}
	return next, end
}

// feed hashes what stands at pos, for different signatures at the same time; the first one's where it was read, close to the processor.
func feed(jobs []hashing, b []byte, pos int64) {
	var all sync.WaitGroup
	for i := range jobs[1:] {
		all.Go(func() { jobs[1+i].take(b, pos) })
	}
	jobs[0].take(b, pos)
	all.Wait()
}

// take hashes what the signature covers of the bytes at pos.
func (j *hashing) take(b []byte, pos int64) {
	for i, s := range j.spans {
		from, to := max(s[0], pos), min(s[1], pos+int64(len(b)))
		if from < to && (i > 0 || j.leader == nil) {
			j.h.Write(b[from-pos : to-pos])
		}
	}
}
