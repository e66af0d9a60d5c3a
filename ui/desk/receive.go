package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sealdesk/platformapi"
	"sealdesk/signer/verify"
)

// Receive brings the sealed filing that the platform holds into the contract's folder and judges it: what was sent for
// review, or for a concluded contract the final file. It does nothing when there is none, and asks nobody when it is here.
func (w *Work) Receive(ctx context.Context) error { return w.receive(ctx, true) }

// receive asks the platform only when it may.
func (w *Work) receive(ctx context.Context, ask bool) error {
	w.mu.Lock()
	a, ok := w.d.underReview()
	have := w.received
	own := w.d.clone().Filing
	w.mu.Unlock()
	if !ok {
		return nil
	}
	f := File{Attachment: a.ID, Name: a.Name, Path: "received-" + a.SHA256 + ".pdf", SHA256: a.SHA256, Size: a.Size, Note: a.Note, Sent: true}
	if mine := own.withDigest(f.SHA256); mine != nil && w.whole(mine) {
		f.Path = mine.Path // we sent it ourselves
	} else if !w.whole(&f) {
		if !ask {
			return nil
		}
		if a.Size > MaxFile {
			return fault("file_too_large", nil, "file", a.Name, "mb", MaxFile>>20)
		}
		path, err := w.s.platform.Download(ctx, w.id, a, w.dir)
		w.s.heard(err)
		if err != nil {
			return diskError(w.path(&f), err)
		}
		if err := os.Rename(path, w.path(&f)); err != nil {
			return diskError(w.path(&f), err)
		}
	}
	if have != nil && have.file == f {
		return nil // judged before
	}
	report, err := w.s.desk.verify(ctx, w.path(&f), w.s.desk.judging())
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.received = &received{file: f, report: report}
	return nil
}

// underReview is the file that both sides look at: it was submitted, and nobody took it back. It is sealed, or where both
// agree first the clean copy until somebody sealed it.
func (d *draft) underReview() (platformapi.Attachment, bool) {
	a := d.current(platformapi.StageSealed)
	if a == nil && d.Known != nil && d.reviewFirst() {
		a = d.current(platformapi.StageClean)
	}
	if a == nil || len(a.SHA256) != sha256.Size*2 || strings.Trim(a.SHA256, "0123456789abcdef") != "" || a.Size <= 0 {
		return platformapi.Attachment{}, false
	}
	switch d.Known.Summary.State {
	case platformapi.StateAwaiting, platformapi.StateCountersigned, platformapi.StateAgreed, platformapi.StateHalfSealed, platformapi.StateConcluded:
		return *a, true
	}
	return platformapi.Attachment{}, false
}

// whole tells that a file lies here as it should.
func (w *Work) whole(f *File) bool {
	info, err := os.Stat(w.path(f))
	if err != nil || info.Size() != f.Size {
		return false
	}
	sum, err := digestOf(w.path(f), f.Size)
	return err == nil && sum == f.SHA256
}

// Download brings an attachment to a new file of the person's choice.
func (w *Work) Download(ctx context.Context, a platformapi.Attachment, to string) error {
	path, err := w.s.platform.Download(ctx, w.id, a, w.dir)
	w.s.heard(err)
	if err != nil {
		return diskError(filepath.Join(w.dir, "download"), err)
	}
	defer os.Remove(path)
	return copyNew(ctx, path, to)
}

// adopt takes up a signed file that was finished when the program died before it could note it: such a file has its name
// only after it was verified. It must continue the very bytes that are to be signed, with a signature of this party.
func (w *Work) adopt(ctx context.Context) error {
	in, _, err := w.toSign()
	if err != nil || w.ask(ctx, ActionSeal) != nil {
		return nil // nothing here can be signed, so nothing was
	}
	w.mu.Lock()
	sealed, void := w.d.Filing.Sealed != nil, slices.Clone(w.d.Void)
	w.mu.Unlock()
	if sealed {
		return nil
	}
	found, err := filepath.Glob(filepath.Join(w.dir, "sealed-*.pdf"))
	if err != nil {
		return err
	}
	slices.Sort(found) // their ids sort by time
	for _, path := range slices.Backward(found) {
		rel := filepath.Base(path)
		info, err := os.Stat(path)
		if err != nil || info.Size() <= in.Size || slices.Contains(void, rel) {
			continue
		}
		if sum, err := digestOf(path, in.Size); err != nil || sum != in.SHA256 {
			continue
		}
		report, err := w.s.desk.verify(ctx, path, w.s.desk.judging())
		if err != nil || !w.s.signed(report) {
			continue
		}
		sum, err := digestOf(path, info.Size())
		if err != nil {
			return diskError(path, err)
		}
		id := strings.TrimSuffix(strings.TrimPrefix(rel, "sealed-"), ".pdf")
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.update(func(d *draft) {
			d.Filing.Sealed = &File{Attachment: id, Name: in.Name, Path: rel, SHA256: sum, Size: info.Size(), Base: in.SHA256}
		})
	}
	return nil
}

// signed tells that the last signature of a file is intact, covers all of it and is this party's.
func (s *Session) signed(r *verify.Report) bool {
	if len(r.Signatures) == 0 || r.Verdict == verify.Invalid {
		return false
	}
	last := r.Signatures[len(r.Signatures)-1]
	return last.Intact && last.CoversWholeFile && last.Certificate != nil && ownerOf(last.Certificate).USCC == s.key.USCC
}

// digestOf hashes the first size bytes of a file.
func digestOf(path string, size int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyN(h, f, size); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
