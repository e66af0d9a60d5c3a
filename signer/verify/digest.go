package verify

import (
	"context"
	"hash"
	"io"
)

// chunk is how many bytes of the file are in memory while hashing.
const chunk = 1 << 20

// hashing is one signature's digest in the making.
type hashing struct {
	h     hash.Hash
	spans [2][2]int64 // start and end, ascending
}

// digestAll reads the file once, up to the last byte that is covered, and feeds every hash.
func digestAll(ctx context.Context, r io.ReaderAt, jobs []hashing) error {
	var end int64
	for _, j := range jobs {
		end = max(end, j.spans[1][1])
	}
	buf := make([]byte, min(chunk, end))
	for pos := int64(0); pos < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(int64(len(buf)), end-pos)
		if m, err := r.ReadAt(buf[:n], pos); int64(m) < n {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		for _, j := range jobs {
			for _, s := range j.spans {
				from, to := max(s[0], pos), min(s[1], pos+n)
				if from < to {
					j.h.Write(buf[from-pos : to-pos])
				}
			}
		}
		pos += n
	}
	return nil
}
