package batch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"sealdesk/signer"
	"sealdesk/signer/disk"
	"sealdesk/signer/verify"
)

// settled tells that nothing is left to do for a file: it was signed before, or it cannot be. Else its source is ready.
func (r *run) settled(ctx context.Context, o *Outcome) bool {
	over := func(err error) bool {
		if err != nil {
			r.fail(ctx, o, err)
		}
		return err != nil || o.State != Waiting
	}
	if !filepath.IsLocal(filepath.FromSlash(o.Item.Name)) {
		return over(&signer.Error{Kind: signer.BadRequest, Detail: "a name outside the folder"})
	}
	if row, ok := r.ledger.signed[o.Item.Name]; ok {
		return over(r.signedBefore(ctx, o, row))
	}
	kind, err := kindOf(o.Item.In)
	switch {
	case err != nil:
		return over(err)
	case kind == word && r.Clean == nil:
		return over(ErrNeedsClean)
	case kind == word:
		if err := r.cleanCopy(ctx, o); err != nil {
			return over(err)
		}
	case kind == other:
		return over(ErrKind)
	}
	switch _, err := os.Lstat(r.path(o.Item)); {
	case errors.Is(err, fs.ErrNotExist):
		return false
	case err != nil:
		return over(diskError(r.Out, r.path(o.Item), err))
	}
	return over(r.adopt(ctx, o))
}

// signedBefore holds the line of a signed file against what lies there now.
func (r *run) signedBefore(ctx context.Context, o *Outcome, row line) error {
	path := r.path(o.Item)
	sum, _, err := digest(ctx, path, -1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrOutputGone.at(path, nil)
	case err != nil:
		return err
	case sum != row.SHA256:
		return ErrOutputChanged.at(path, nil)
	}
	// A document that was taken away meanwhile changes nothing about its signed file.
	now, _, err := digest(ctx, o.Item.In, -1)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && now != row.InputSHA256 {
		return ErrInputChanged.at(o.Item.In, nil)
	}
	o.State, o.Earlier, o.Path, o.SHA256, o.Size, o.SourceSHA256 = Signed, true, path, row.SHA256, row.Size, row.InputSHA256
	if row.CleanSHA256 != "" {
		o.SourceSHA256 = row.CleanSHA256
	}
	return nil
}

// adopt takes up a signed file that was finished when the program died before it could note it: it continues the very bytes of
// the document with an intact signature of this certificate. Any other file of the name is in the way.
func (r *run) adopt(ctx context.Context, o *Outcome) error {
	path := r.path(o.Item)
	taken := &signer.Error{Kind: signer.Exists, Path: path, Detail: "there is a file of the output's name already"}
	source, size, err := digest(ctx, o.Source, -1)
	if err != nil {
		return err
	}
	whole, total, err := digest(ctx, path, -1)
	if err != nil {
		return err
	}
	prefix, _, err := digest(ctx, path, size)
	if err != nil || total <= size || prefix != source {
		return errors.Join(taken, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return errors.Join(taken, err)
	}
	defer f.Close()
	report, err := verify.File(ctx, f, total, verify.Options{
		Roots: r.Job.Roots, Makers: r.Job.Makers, Intermediates: r.Job.Chain[1:], Forms: r.Job.Forms, Now: r.Job.Time,
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil || len(report.Signatures) == 0 {
		return errors.Join(taken, err)
	}
	last := report.Signatures[len(report.Signatures)-1]
	if !last.Intact || !last.CoversWholeFile || last.Certificate == nil || !bytes.Equal(last.Certificate.Raw, r.Job.Chain[0].Raw) {
		return taken
	}
	o.Earlier = true
	if r.ledger.file == nil { // it is only being checked
		o.State, o.SourceSHA256, o.Path, o.SHA256, o.Size = Signed, source, path, whole, total
		return nil
	}
	r.signed(ctx, o, source, whole, total)
	return nil
}

// cleanCopy gives the clean copy of a Word document: the one that was made of these bytes before, if it still lies there as it
// was, or a new one. The report lies beside the signed file.
func (r *run) cleanCopy(ctx context.Context, o *Outcome) error {
	input, _, err := digest(ctx, o.Item.In, -1)
	if err != nil {
		return err
	}
	clean := filepath.Join(r.Out, cleanName, filepath.FromSlash(o.Item.Name))
	if row := r.ledger.cleanOf(o.Item.Name); row.InputSHA256 == input {
		if sum, _, err := digest(ctx, clean, -1); err == nil && sum == row.CleanSHA256 {
			o.Source = clean
			return nil
		}
	}
	if err := os.MkdirAll(filepath.Dir(clean), 0o700); err != nil {
		return diskError(r.Out, clean, err)
	}
	// Both are this batch's own, of bytes that count no longer.
	report := clean + ".json"
	for _, path := range []string{clean, report} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return diskError(r.Out, path, err)
		}
	}
	if err := r.Clean(ctx, o.Item.In, clean, report); err != nil {
		return err
	}
	sum, _, err := digest(ctx, clean, -1)
	if err != nil {
		return err
	}
	if err := r.layBeside(o.Item, report); err != nil {
		return diskError(r.Out, report, err)
	}
	o.Source = clean
	return r.ledger.noteClean(line{Kind: lineClean, Name: o.Item.Name, In: o.Item.In, InputSHA256: input, CleanSHA256: sum})
}

// layBeside puts the report of a clean copy beside the signed file, in place of an earlier one of this batch.
func (r *run) layBeside(item Item, report string) error {
	to := r.path(item) + ".clean.json"
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if r.ledger.cleanOf(item.Name).Name != "" {
		if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	f, err := os.Open(report)
	if err != nil {
		return err
	}
	defer f.Close()
	err = disk.WriteNew(to, f)
	if errors.Is(err, fs.ErrExist) {
		return nil // somebody's own; the batch keeps its report beside the clean copy
	}
	return err
}

func (l *ledger) cleanOf(name string) line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.clean[name]
}

func (l *ledger) noteClean(row line) error {
	l.mu.Lock()
	l.clean[row.Name] = row
	l.mu.Unlock()
	return l.add(row)
}

// The kinds of documents.
const (
	pdfFile = iota + 1
	word
	other
)

// kindOf tells a PDF, by a header within its first 1024 bytes, and Word documents by what they begin with.
func kindOf(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, unreadable(path, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return 0, unreadable(path, errors.New("not a regular file"))
	}
	head := make([]byte, 1024)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, unreadable(path, err)
	}
	switch head = head[:n]; {
	case bytes.Contains(head, []byte("%PDF-")):
		return pdfFile, nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return word, nil
	}
	return other, nil
}

func unreadable(path string, err error) error {
	kind := signer.InputUnreadable
	if errors.Is(err, fs.ErrNotExist) {
		kind = signer.InputMissing
	}
	return errors.Join(&signer.Error{Kind: kind, Path: path, Detail: "the document cannot be read"}, err)
}

// digest hashes the first n bytes of a file, or all of them when n is negative, and gives how many there were.
func digest(ctx context.Context, path string, n int64) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, unreadable(path, err)
	}
	defer f.Close()
	h := sha256.New()
	block := make([]byte, 256<<10)
	for n < 0 || size < n {
		if ctx.Err() != nil {
			return "", 0, ctx.Err()
		}
		b := block
		if n >= 0 {
			b = b[:min(int64(len(b)), n-size)]
		}
		got, err := f.Read(b)
		h.Write(b[:got])
		size += int64(got)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", 0, unreadable(path, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}
