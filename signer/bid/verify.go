package bid

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"slices"
	"sync"

	"sealdesk/signer/finding"
	"sealdesk/signer/verify"
)

// Report is the judgement on a bid.
type Report struct {
	Verdict verify.Verdict `json:"verdict"` // never Unsigned: a bid without a signature is none
	// Signature is the bidder's, over the manifest.
	Signature verify.Signature `json:"signature"`
	// Damage is what of the contents is not as it was signed, each part's once.
	Damage []*Error `json:"-"`
}

// Intact says whether all contents are what was signed, and the signature is the bidder's, whoever that is.
func (r *Report) Intact() bool { return r.Verdict == verify.Valid || r.Verdict == verify.Untrusted }

// Verify judges the bid without opening it: the bidder's signature over the manifest, whether it is of the certificate that the
// manifest names, and whether every chunk of every part is what was signed. This is what a platform asks of a file that it is
// handed, and a bidder before the opening (检查密封). What is wrong goes into the report; an error means that the file could not be
// read or that ctx ended.
func (b *Bid) Verify(ctx context.Context, trusted verify.Options, progress Progress) (*Report, error) {
	signed, err := verify.Detached(ctx, b.signature, bytes.NewReader(b.raw), int64(len(b.raw)), trusted)
	if err != nil {
		return nil, err
	}
	r := &Report{Verdict: signed.Verdict, Signature: signed.Signatures[0], Damage: []*Error{}}
	if r.Signature.Intact && !b.isSigner(r.Signature) {
		r.Verdict = finding.Invalid
		r.Damage = append(r.Damage, &Error{Kind: BadSignature, Detail: "another certificate signed than the manifest names"})
	}
	damage, err := b.damage(ctx, progress)
	if err != nil {
		return nil, err
	}
	if r.Damage = append(r.Damage, damage...); len(r.Damage) > 0 {
		r.Verdict = finding.Invalid
	}
	return r, nil
}

func (b *Bid) isSigner(s verify.Signature) bool {
	c := s.Certificate
	return c != nil && hex.EncodeToString(b.suite.sum(c.Raw)) == b.manifest.Signer.Digest && Serial(c) == b.manifest.Signer.Serial
}

// damage compares all contents with the signed digests.
func (b *Bid) damage(ctx context.Context, progress Progress) ([]*Error, error) {
	var total int64
	for _, p := range b.places {
		total += p.part.Size
	}
	done := progress.meter(StepCheck, total)
	var found []*Error
	for _, p := range b.places {
		err := b.checkPart(ctx, p, done)
		var e *Error
		switch {
		case err == nil:
		case errors.As(err, &e) && e.Kind != InputUnreadable && e.Kind != Cut:
			found = append(found, e)
		default:
			return nil, err
		}
	}
	return found, nil
}

// mostMoved is how many chunks of a part are looked for in other places.
const mostMoved = 4096

// checkPart compares one part with its digests, and tells what became of it.
func (b *Bid) checkPart(ctx context.Context, p place, done func(int64)) error {
	list, err := b.digestsOf(p)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var wrong []displaced
	count := int64(0)
	_, most := p.span(0)
	err = each(ctx, p.chunks, most, func(i int64, buffer []byte) error {
		offset, size := p.span(i)
		if err := readFull(b.r, buffer[:size], offset); err != nil {
			return err
		}
		sum := b.suite.sum(buffer[:size])
		if !bytes.Equal(sum, list[i*digestSize:(i+1)*digestSize]) {
			mu.Lock()
			defer mu.Unlock()
			if count++; len(wrong) < mostMoved {
				wrong = append(wrong, displaced{i, [digestSize]byte(sum)})
			}
		}
		done(size - p.tag)
		return nil
	})
	if err != nil || count == 0 {
		return err
	}
	return b.verdictOn(p, wrong, count)
}

// displaced is a chunk that is not what was signed in its place.
type displaced struct {
	chunk int64
	sum   [digestSize]byte
}

// verdictOn tells altered chunks from such that belong elsewhere.
func (b *Bid) verdictOn(p place, wrong []displaced, count int64) error {
	slices.SortFunc(wrong, func(a, b displaced) int { return int(a.chunk - b.chunk) })
	homes := b.homes(wrong)
	first := wrong[0]
	e := &Error{Kind: Altered, Part: p.part.Code, Name: p.part.Name, Chunk: first.chunk, Count: count}
	if int64(len(wrong)) < count {
		return e
	}
	moved := map[int64]bool{} // the chunks of this part whose content stands elsewhere in it
	for _, w := range wrong {
		home, ok := homes[w.sum]
		if !ok {
			e.Chunk = w.chunk
			return e
		}
		if home.part == p.part.Code {
			moved[home.chunk] = true
		}
	}
	home := homes[first.sum]
	e.OtherPart, e.OtherChunk = home.part, home.chunk
	permuted := len(moved) == len(wrong)
	for _, w := range wrong {
		permuted = permuted && moved[w.chunk]
	}
	switch {
	case permuted && len(wrong) == 2:
		e.Kind = Swapped
	case permuted:
		e.Kind = Reordered
	case home.part != p.part.Code && b.holds(home, p, first.chunk):
		e.Kind = Swapped
	default:
		e.Kind = Repeated
	}
	return e
}

// home is the place where a content was signed.
type home struct {
	part  string
	chunk int64
}

// homes looks for contents in the lists of all parts.
func (b *Bid) homes(wrong []displaced) map[[digestSize]byte]home {
	want := make(map[[digestSize]byte]bool, len(wrong))
	for _, w := range wrong {
		want[w.sum] = true
	}
	found := map[[digestSize]byte]home{}
	for _, p := range b.places {
		list, err := b.digestsOf(p)
		if err != nil {
			continue // its own part tells of that
		}
		for i := range p.chunks {
			sum := [digestSize]byte(list[i*digestSize:])
			if _, ok := found[sum]; want[sum] && !ok {
				found[sum] = home{p.part.Code, i}
			}
		}
	}
	return found
}

// holds says whether at a home stands what was signed as chunk i of another part.
func (b *Bid) holds(h home, p place, i int64) bool {
	at, err := b.place(h.part)
	if err != nil {
		return false
	}
	list, err := b.digestsOf(p)
	if err != nil {
		return false
	}
	offset, size := at.span(h.chunk)
	stored := make([]byte, size)
	return readFull(b.r, stored, offset) == nil && bytes.Equal(b.suite.sum(stored), list[i*digestSize:(i+1)*digestSize])
}

// digestsOf reads the list of a part's digests, which must be the signed one.
func (b *Bid) digestsOf(p place) ([]byte, error) {
	list := make([]byte, p.chunks*digestSize)
	if err := readFull(b.r, list, p.digests); err != nil {
		return nil, err
	}
	if hex.EncodeToString(b.suite.sum(list)) != p.part.Digest {
		return nil, &Error{Kind: DigestsAltered, Part: p.part.Code, Name: p.part.Name}
	}
	return list, nil
}

// blame tells why one chunk was refused.
func (b *Bid) blame(p place, i int64) error {
	list, err := b.digestsOf(p)
	if err != nil {
		return err
	}
	offset, size := p.span(i)
	stored := make([]byte, size)
	if err := readFull(b.r, stored, offset); err != nil {
		return err
	}
	sum := b.suite.sum(stored)
	if subtle.ConstantTimeCompare(sum, list[i*digestSize:(i+1)*digestSize]) == 1 {
		return &Error{Kind: NotAuthentic, Part: p.part.Code, Name: p.part.Name, Chunk: i, Count: 1}
	}
	err = b.verdictOn(p, []displaced{{i, [digestSize]byte(sum)}}, 1)
	var e *Error
	if errors.As(err, &e) && e.Kind == Repeated {
		if h := (home{e.OtherPart, e.OtherChunk}); b.holds(h, p, i) {
			e.Kind = Swapped
		}
	}
	return err
}
