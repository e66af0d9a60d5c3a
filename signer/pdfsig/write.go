package pdfsig

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
)

// blockSize is how much of the document is in memory at a time, in bytes.
const blockSize = 1 << 20

// Written says what WriteTo read and wrote, as lower-case hexadecimal SHA-256.
type Written struct {
	InputSHA256 string
	SHA256      string
	Size        int64 // of the signed file in bytes
}

// WriteTo writes the signed file: the original bytes, then the update. The key
// is asked once, after the document has been read to its end and found to be
// the expected one; a cancelled context is noticed between blocks and before
// the key is asked. After an error what was written is no signed file.
//
// Errors: *Error (Changed, ReserveExceeded), the Frame's, the key's, or those
// of reading, writing and the context.
func (p *Plan) WriteTo(ctx context.Context, w io.Writer) (Written, error) {
	content, err := p.req.Frame.Hash()
	if err != nil {
		return Written{}, err
	}
	// The document's own digest costs nothing when it is the signature's as well.
	plain := sha256.New()
	shared := bytes.Equal(content.Sum(nil), plain.Sum(nil))
	hashes := []hash.Hash{content}
	if !shared {
		hashes = append(hashes, plain)
	}
	if err := p.copyDocument(ctx, w, hashes); err != nil {
		return Written{}, err
	}
	if shared {
		twin, err := content.(hash.Cloner).Clone()
		if err != nil {
			return Written{}, fmt.Errorf("pdfsig: %w", err)
		}
		plain = twin
	}
	out := Written{InputSHA256: hex.EncodeToString(plain.Sum(nil)), Size: p.Size()}
	if p.req.ExpectSHA256 != "" && p.req.ExpectSHA256 != out.InputSHA256 {
		return Written{}, fail(Changed, "the document has the digest %s, not %s", out.InputSHA256, p.req.ExpectSHA256)
	}
	content.Write(p.update[:p.gap[0]])
	content.Write(p.update[p.gap[1]:])
	der, err := p.req.Frame.Sign(content.Sum(nil), p.scope)
	if err != nil {
		return Written{}, err
	}
	if len(der) > p.reserve {
		return Written{}, &Error{Kind: ReserveExceeded, Need: len(der), Reserved: p.reserve,
			Detail: fmt.Sprintf("the signature value has %d bytes, there is room for %d", len(der), p.reserve)}
	}
	update := bytes.Clone(p.update)
	hex.Encode(update[p.gap[0]+1:], der)
	plain.Write(update)
	out.SHA256 = hex.EncodeToString(plain.Sum(nil))
	if _, err := w.Write(update); err != nil {
		return Written{}, fmt.Errorf("pdfsig: write: %w", err)
	}
	p.progress(p.Size())
	return out, nil
}

func (p *Plan) progress(done int64) {
	if p.req.Progress != nil {
		p.req.Progress(done, p.Size())
	}
}

// copyDocument writes the original bytes; while a block is written it is hashed.
func (p *Plan) copyDocument(ctx context.Context, w io.Writer, hashes []hash.Hash) error {
	block := make([]byte, min(blockSize, p.size))
	for done := int64(0); done < p.size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := block[:min(int64(len(block)), p.size-done)]
		if n, err := p.in.ReadAt(b, done); n < len(b) {
			if err == nil || errors.Is(err, io.EOF) {
				err = fail(Changed, "the document became shorter")
			}
			return fmt.Errorf("pdfsig: read: %w", err)
		}
		var hashing sync.WaitGroup
		for _, h := range hashes {
			hashing.Go(func() { h.Write(b) })
		}
		_, err := w.Write(b)
		hashing.Wait()
		if err != nil {
			return fmt.Errorf("pdfsig: write: %w", err)
		}
		done += int64(len(b))
		p.progress(done)
	}
	return ctx.Err()
}
