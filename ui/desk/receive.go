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
	f := File{Attachment: a.ID, Name: a.Name, Path: stemReceived + a.SHA256 + ".pdf", SHA256: a.SHA256, Size: a.Size, Note: a.Note, Sent: true}
	if mine := own.withDigest(f.SHA256); mine != nil && w.whole(ctx, mine) {
		f.Path = mine.Path // we sent it ourselves
	} else if !w.whole(ctx, &f) {
		if !ask {
			return nil
		}
		if a.Size > MaxFile {
			return fault("file_too_large", nil, "file", a.Name, "mb", MaxFile>>20)
		}
		path, err := w.fetch(ctx, a)
		if err != nil {
			return err
		}
		named := filepath.Join(filepath.Dir(path), f.Path)
		if err := os.Rename(path, named); err != nil {
			return diskError(named, err)
		}
		if err := w.keepDocument(ctx, named, f); err != nil {
			return err
		}
	}
	if have != nil && have.file == f {
		return nil // judged before
	}
	report, err := w.judge(ctx, f.Path, f.Name)
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

// judge judges a document of the shelf, by what the file itself brings.
func (w *Work) judge(ctx context.Context, path, name string) (*verify.Report, error) {
	in, err := w.shelf.Open(path)
	if err != nil {
		return nil, w.shelfError(err, name)
	}
	defer in.Close()
	return verify.File(ctx, in, in.Size(), w.s.desk.judging())
}

// fetch brings an attachment into a room.
func (w *Work) fetch(ctx context.Context, a platformapi.Attachment) (string, error) {
	room, err := w.shelf.Room(a.Size)
	if err != nil {
		return "", diskError(w.dir, err)
	}
	path, err := w.s.platform.Download(ctx, w.id, a, room)
	w.s.heard(err)
	return path, diskError(filepath.Join(room, "download"), err)
}

// Download brings an attachment to a new file of the person's choice.
func (w *Work) Download(ctx context.Context, a platformapi.Attachment, to string) error {
	path, err := w.fetch(ctx, a)
	if err != nil {
		return err
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
	found, err := w.shelf.Names(stemSealed)
	if err != nil {
		return diskError(filepath.Join(w.dir, stemSealed), err)
	}
	for _, f := range slices.Backward(found) { // their ids sort by time
		if slices.Contains(void, f.Name) || !w.continues(f.Name, in) {
			continue
		}
		report, err := w.judge(ctx, f.Name, in.Name)
		if err != nil || !w.s.signed(report) {
			continue
		}
		d, err := w.shelf.Digest(ctx, f.Name)
		if err != nil {
			return w.shelfError(err, in.Name)
		}
		id := strings.TrimSuffix(strings.TrimPrefix(f.Name, stemSealed), ".pdf")
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.update(func(next *draft) {
			next.Filing.Sealed = &File{Attachment: id, Name: in.Name, Path: f.Name, SHA256: d.SHA256, Size: d.Size, Base: in.SHA256}
		})
	}
	return nil
}

// continues tells that a document begins with all bytes of another one, and goes on.
func (w *Work) continues(name string, in File) bool {
	d, err := w.shelf.Open(name)
	if err != nil {
		return false
	}
	defer d.Close()
	h := sha256.New()
	_, err = io.CopyN(h, d.Reader(), in.Size)
	return err == nil && d.Size() > in.Size && hex.EncodeToString(h.Sum(nil)) == in.SHA256
}

// signed tells that the last signature of a file is intact, covers all of it and is this party's.
func (s *Session) signed(r *verify.Report) bool {
	if len(r.Signatures) == 0 || r.Verdict == verify.Invalid {
		return false
	}
	last := r.Signatures[len(r.Signatures)-1]
	return last.Intact && last.CoversWholeFile && last.Certificate != nil && ownerOf(last.Certificate).USCC == s.key.USCC
}
