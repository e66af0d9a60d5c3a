package signer

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"time"

	"sealdesk/signer/disk"
	"sealdesk/signer/tsa"
	"sealdesk/signer/verify"
)

// Extension brings a file that is signed already to level LT or LTA, without a key; what
// is signed stays as it is. A file that has level LTA gets answers about its last time
// stamp and a new one over all of it, which is due before that one's certificate ends.
type Extension struct {
	In  string // the signed document
	Out string // the extended file, which must not exist
	// Level is LevelLT or LevelLTA.
	Level Level
	// Revocation is asked about the certificates of the signers and of the time-stamp
	// authorities. Without an answer about each of them there is no output.
	Revocation verify.Revocation
	// Stamps is asked for the time stamps over the document: for level LTA, and where a
	// signature has none yet.
	Stamps *tsa.Client
	// Judging says whom to trust, time-stamp authorities among them. Its Revocation is not used.
	Judging verify.Options
	// Progress, if given, is called from the goroutine of Run; total is in bytes, or 0 for
	// steps that have no measure.
	Progress func(step Step, done, total int64)
}

// Run extends the file. When an error is returned there is no output file, and no
// temporary one.
//
// Errors: *Error, *pdfsig.Error, *pdf.Error, *tsa.Error, *fetch.Error, and the context's.
func (e Extension) Run(ctx context.Context) (Result, error) {
	if e.In == "" || e.Out == "" || e.Level != LevelLT && e.Level != LevelLTA {
		return Result{}, fail(BadRequest, "an extension needs an input, an output and level LT or LTA")
	}
	if err := disk.Free(e.Out); err != nil {
		return Result{}, onOutput(filepath.Dir(e.Out), e.Out, err)
	}
	in, size, err := openInput(e.In)
	if err != nil {
		return Result{}, err
	}
	defer in.Close()
	progress := e.Progress
	if progress == nil {
		progress = func(Step, int64, int64) {}
	}
	progress(StepPrepare, 0, 0)
	draft, err := newDraft(e.Out)
	if err != nil {
		return Result{}, err
	}
	defer draft.Discard()
	if err := copyTo(ctx, draft, in, size, func(done int64) { progress(StepSign, done, size) }); err != nil {
		if w, ok := errors.AsType[*writing](err); ok {
			return Result{}, onOutput(draft.folder, e.Out, w.error)
		}
		return Result{}, inputFailure(ctx, e.In, err)
	}
	before, err := digest(ctx, draft.File, size)
	if err != nil {
		return Result{}, inputFailure(ctx, e.In, err)
	}
	judging := e.Judging
	judging.Revocation = nil
	if judging.Now.IsZero() {
		judging.Now = time.Now()
	}
	result := Result{Path: e.Out, InputSHA256: before}
	work := strengthening{level: e.Level, revocation: e.Revocation, stamps: e.Stamps, judging: judging,
		progress: func(done, total int64) { progress(StepVerify, done, total) }}
	if err := draft.strengthen(ctx, work, e.Out, &result); err != nil {
		return Result{}, err
	}
	if result.Size == size {
		return Result{}, fail(NothingToExtend, "the document has level %s already", e.Level)
	}
	progress(StepStore, 0, 0)
	if err := draft.Name(e.Out); err != nil {
		return Result{}, onOutput(draft.folder, e.Out, err)
	}
	return result, nil
}

// strengthen works on the draft, puts it on the disk and says what it has become.
func (d *draft) strengthen(ctx context.Context, s strengthening, target string, result *Result) error {
	f := d.File
	report, err := s.file(ctx, f)
	if w, ok := errors.AsType[*writing](err); ok {
		return onOutput(d.folder, target, w.error)
	}
	if err != nil {
		return err
	}
	result.Report = report
	if result.Size, err = size(f); err == nil {
		result.SHA256, err = digest(ctx, f, result.Size)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fail(NotVerified, "the file was thrown away: it cannot be read back: %v", err)
	}
	if err := f.Sync(); err != nil {
		return onOutput(d.folder, target, err)
	}
	return nil
}

func copyTo(ctx context.Context, to io.Writer, from io.ReaderAt, size int64, progress func(done int64)) error {
	block := make([]byte, min(1<<20, size))
	for done := int64(0); done < size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := block[:min(int64(len(block)), size-done)]
		if n, err := from.ReadAt(b, done); n < len(b) {
			return errors.Join(err, io.ErrUnexpectedEOF)
		}
		if _, err := to.Write(b); err != nil {
			return &writing{err}
		}
		done += int64(len(b))
		progress(done)
	}
	return nil
}
