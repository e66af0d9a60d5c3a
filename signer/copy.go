package signer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"path/filepath"
	"sync"
	"time"

	"sealdesk/signer/disk"
	"sealdesk/signer/internal/midstate"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/verify"
)

// Copy is a document on its way to be signed: a private copy in the folder of the output, under a temporary name, which was
// hashed and read back, and whose earlier signatures were judged, before it is known where the seal goes. Finish has only
// the update left to make, however large the document is.
//
// What is signed is the Copy, which has the digest of what was read, so that a document that changes later is not signed by
// mistake. Finish refuses when the document is not any more what was copied: it looks whether the file was touched, and if so
// takes its digest again. It does the same with the Copy, and throws away one that was changed.
type Copy struct {
	in     string
	draft  *draft
	size   int64  // of the document in bytes
	sum    string // its SHA-256
	shown  disk.Identity
	kept   disk.Identity // of the copy
	known  *midstate.Trail
	before *verify.Report
}

// Begin makes a Copy of the job's document: all of Run's work that depends neither on the seal nor on the key itself. Key, Seal,
// Places and what belongs to them are not used, and of Out the folder only. The caller must Discard the Copy unless Finish got it.
//
// Errors: *Error, *pdfsig.Error (Changed), *pdf.Error, *cms.Error, *ses.Error, and the context's.
func (j Job) Begin(ctx context.Context) (*Copy, error) {
	if len(j.Chain) == 0 || j.Chain[0] == nil || j.In == "" || j.Out == "" {
		return nil, fail(BadRequest, "a copy needs an input, a folder and a certificate")
	}
	j.Key = keyless{j.Chain[0].PublicKey}
	c, err := j.begin(ctx)
	if err != nil {
		return nil, err
	}
	c.draft.beginSync() // whoever places a seal or unlocks a key meanwhile does not wait for the disk later
	return c, nil
}

func (j Job) begin(ctx context.Context) (_ *Copy, err error) {
	if j.Time.IsZero() { // an electronic seal's frame asks whether it may be used now
		j.Time = time.Now()
	}
	content, err := j.frame(ctx).Hash()
	if err != nil {
		return nil, err
	}
	in, size, err := openInput(j.In)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	c := &Copy{in: j.In, size: size, known: &midstate.Trail{}}
	if c.shown, err = disk.IdentityOf(in); err != nil {
		return nil, onInput(j.In, err)
	}
	j.progress(StepPrepare, 0, 0)
	if _, err := pdf.Open(in, size); err != nil {
		return nil, err
	}
	if c.draft, err = newDraft(j.Out); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.Discard()
		}
	}()
	if err := c.fill(ctx, j, in, content); err != nil {
		return nil, err
	}
	now, err := disk.IdentityOf(in)
	switch {
	case err != nil:
		return nil, onInput(j.In, err)
	case now != c.shown && j.ExpectSHA256 == "":
		return nil, &pdfsig.Error{Kind: pdfsig.Changed, Detail: "the document was changed while it was read"}
	case now != c.shown:
		c.shown = disk.Identity{} // what was read is what was shown; whether that stands there still is seen by its digest
	}
	if err := j.expected(c.sum); err != nil {
		return nil, err
	}
	if c.before, err = j.earlier(ctx, c.draft.File, size, c.known); err != nil {
		return nil, err
	}
	return c, nil
}

// SHA256 is the document's digest, lower-case hexadecimal.
func (c *Copy) SHA256() string { return c.sum }

// Discard throws the Copy away. It may be called again, and after Finish.
func (c *Copy) Discard() { c.draft.Discard() }

// Check is Job.Check of the Copy's document.
func (c *Copy) Check(ctx context.Context, j Job) (Checked, error) {
	if len(j.Chain) == 0 || j.Chain[0] == nil {
		return Checked{}, fail(BadRequest, "a check needs a certificate")
	}
	checked, err := j.check(ctx, c.draft.File, c.size, c.before)
	if err != nil {
		return Checked{}, err
	}
	checked.SHA256 = c.sum
	return checked, j.expected(c.sum)
}

// Current is nil while the document is the one that was copied, as far as can be told: when its file was touched, its digest is taken
// again. A file system that keeps no time of the last change does not tell of a file whose time was set back.
//
// Errors: *Error, *pdfsig.Error (Changed), and the context's.
func (c *Copy) Current(ctx context.Context) error {
	in, size, err := openInput(c.in)
	if err != nil {
		return err
	}
	defer in.Close()
	now, err := disk.IdentityOf(in)
	switch {
	case err != nil:
		return onInput(c.in, err)
	case now == c.shown:
		return nil
	}
	h := sha256.New()
	if err := readInto(ctx, h, in, 0, size); err != nil {
		return inputFailure(ctx, c.in, err)
	}
	if hex.EncodeToString(h.Sum(nil)) != c.sum {
		return &pdfsig.Error{Kind: pdfsig.Changed, Detail: "the document was changed after it was copied"}
	}
	return nil
}

// touched tells that somebody may have written to the Copy.
func (c *Copy) touched() bool {
	now, err := disk.IdentityOf(c.draft.File)
	return err != nil || now != c.kept
}

// Finish signs the Copy, as Run does, and uses it up, whatever comes of it. The job is that of Begin with what was left out; its Out
// is in the same folder. Errors are those of Run.
func (c *Copy) Finish(ctx context.Context, j Job) (Result, error) {
	defer c.Discard()
	j, err := j.complete()
	if err != nil {
		return Result{}, err
	}
	if j.In != c.in || filepath.Dir(j.Out) != c.draft.folder {
		return Result{}, fail(BadRequest, "the copy is of another document, or in another folder")
	}
	if err := j.expected(c.sum); err != nil {
		return Result{}, err
	}
	if err := c.Current(ctx); err != nil {
		return Result{}, err
	}
	return c.finish(ctx, j)
}

func (c *Copy) finish(ctx context.Context, j Job) (Result, error) {
	defer c.Discard()
	ready, err := j.prepare(ctx, c.draft.File, c.size, c.before)
	if err != nil && ctx.Err() == nil && c.touched() {
		return Result{}, refuse("somebody wrote to the copy, which cannot be read: %v", err)
	}
	if err != nil {
		return Result{}, err
	}
	document, err := c.resume(ctx, ready.plan)
	if err != nil {
		return Result{}, err
	}
	j.progress(StepSign, 0, 0)
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	update, err := ready.plan.Sign(document)
	if err != nil {
		return Result{}, err
	}
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	// A large document is not read again, unless it looks as if it had to be.
	again := c.size <= small || c.touched()
	if _, err := c.draft.Write(update); err != nil {
		return Result{}, onOutput(c.draft.folder, j.Out, err)
	}
	if err := c.draft.sync(); err != nil {
		return Result{}, onOutput(c.draft.folder, j.Out, err)
	}
	sum, report, err := c.readBack(ctx, j, update, again)
	if err != nil {
		return Result{}, err
	}
	result := Result{Path: j.Out, SHA256: sum, InputSHA256: c.sum, Size: ready.plan.Size(), Fields: ready.plan.Fields(), Report: report}
	if j.lasting() {
		if err := c.draft.strengthen(ctx, j.strengthening(result.Fields[0]), j.Out, &result); err != nil {
			return Result{}, err
		}
	}
	j.progress(StepStore, 0, 0)
	if err := c.draft.Name(j.Out); err != nil {
		return Result{}, onOutput(c.draft.folder, j.Out, err)
	}
	return result, nil
}

// resume is the hash that the plan wants, after the document's last byte.
func (c *Copy) resume(ctx context.Context, plan *pdfsig.Plan) (hash.Hash, error) {
	h, err := plan.Hash()
	if err != nil {
		return nil, err
	}
	if err := readInto(ctx, h, c.draft.File, c.known.Resume(h, c.size), c.size); err != nil {
		return nil, inputFailure(ctx, c.draft.Path(), err)
	}
	return h, nil
}

// blockSize is how much of the document is handed on at a time, in bytes, which a processor keeps close to itself, and blocks how
// often that is in memory.
const (
	blockSize = 128 << 10
	blocks    = 4
)

// block is a piece of the document; it is used again when everyone has hashed it, and it was found again in the copy.
type block struct {
	data []byte
	at   int64
	busy sync.WaitGroup
}

// fill writes the copy. While it is written it is hashed, and behind that it is read back and compared, each at its own pace.
func (c *Copy) fill(ctx context.Context, j Job, in io.ReaderAt, content hash.Hash) error {
	plain := c.known.Add(sha256.New())
	tracks := []*midstate.Track{plain}
	if !bytes.Equal(content.Sum(nil), plain.Sum()) {
		tracks = append(tracks, c.known.Add(content))
	}
	var all sync.WaitGroup
	feeds := make([]chan *block, len(tracks))
	for i, k := range tracks {
		feeds[i] = make(chan *block, blocks)
		all.Go(func() {
			for b := range feeds[i] {
				k.Write(b.data)
				b.busy.Done()
			}
		})
	}
	written := make(chan *block, blocks)
	var lost error // of reading back
	all.Go(func() {
		found := make([]byte, min(blockSize, c.size))
		for b := range written {
			if lost == nil {
				lost = foundAgain(c.draft.File, b, found)
			}
			b.busy.Done()
		}
	})
	err := c.pour(ctx, j, in, feeds, written)
	for _, f := range feeds {
		close(f)
	}
	close(written)
	if err == nil {
		c.kept, err = disk.IdentityOf(c.draft.File)
	}
	all.Wait()
	for _, k := range tracks {
		k.End() // where the click goes on
	}
	c.sum = hex.EncodeToString(plain.Sum())
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return lost
}

// foundAgain refuses a copy that does not hold a block where it was written.
func foundAgain(f io.ReaderAt, b *block, found []byte) error {
	found = found[:len(b.data)]
	if n, err := f.ReadAt(found, b.at); n < len(found) {
		return refuse("it cannot be read back: %v", err)
	}
	if !bytes.Equal(found, b.data) {
		return refuse("it does not hold what was written to it")
	}
	return nil
}

// pour reads the document and hands every block to the copy and to the hashes.
func (c *Copy) pour(ctx context.Context, j Job, in io.ReaderAt, feeds []chan *block, written chan<- *block) error {
	ring := make([]block, blocks)
	for done, n := int64(0), 0; done < c.size; n++ {
		b := &ring[n%len(ring)]
		b.busy.Wait()
		if err := ctx.Err(); err != nil {
			return err
		}
		if b.data == nil {
			b.data = make([]byte, min(blockSize, c.size))
		}
		b.data = b.data[:min(int64(cap(b.data)), c.size-done)]
		if n, err := in.ReadAt(b.data, done); n < len(b.data) {
			if err == nil || errors.Is(err, io.EOF) {
				return &pdfsig.Error{Kind: pdfsig.Changed, Detail: "the document became shorter"}
			}
			return onInput(j.In, err)
		}
		b.at = done
		b.busy.Add(len(feeds) + 1)
		for _, f := range feeds {
			f <- b
		}
		if _, err := c.draft.Write(b.data); err != nil {
			return onOutput(c.draft.folder, j.Out, err)
		}
		done += int64(len(b.data))
		written <- b
		j.progress(StepPrepare, done, c.size)
	}
	return nil
}
