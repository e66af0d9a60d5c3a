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

// Receive brings the sealed filing that the platform holds into the contract's folder and judges it: what the other side
// sent for review, or for a concluded contract the final file. It does nothing when there is none.
func (w *Work) Receive(ctx context.Context) error {
	a, ok := w.sealedOnPlatform()
	if !ok {
		w.mu.Lock()
		w.received = nil
		w.mu.Unlock()
		return nil
	}
	f := File{Attachment: a.ID, Name: a.Name, Path: "received-" + a.SHA256 + ".pdf", SHA256: a.SHA256, Size: a.Size, Note: a.Note, Sent: true}
	if sum, err := digestOf(w.path(&f), f.Size); err != nil || sum != f.SHA256 {
		path, err := w.s.platform.Download(ctx, w.ID(), a, w.dir)
		w.s.heard(err)
		if err != nil {
			return err
		}
		if err := os.Rename(path, w.path(&f)); err != nil {
			return diskError(w.dir, err)
		}
	}
	report, err := w.s.desk.verify(ctx, w.path(&f))
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.received = &received{file: f, report: report}
	return nil
}

// sealedOnPlatform is the filing's current sealed file there, unless it is our own of a contract that still lies with us.
func (w *Work) sealedOnPlatform() (platformapi.Attachment, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.d.Known
	if c == nil {
		return platformapi.Attachment{}, false
	}
	switch c.Summary.State {
	case platformapi.StateAwaiting, platformapi.StateCountersigned, platformapi.StateConcluded:
	default:
		return platformapi.Attachment{}, false
	}
	for _, a := range slices.Backward(c.Attachments) {
		if a.Kind == platformapi.KindFiling && a.Stage == platformapi.StageSealed && a.Current && !a.Void {
			return a, true
		}
	}
	return platformapi.Attachment{}, false
}

// Download brings an attachment to a file of the person's choice.
func (w *Work) Download(ctx context.Context, a platformapi.Attachment, to string) error {
	path, err := w.s.platform.Download(ctx, w.ID(), a, w.dir)
	w.s.heard(err)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	in, err := os.Open(path)
	if err != nil {
		return diskError(w.dir, err)
	}
	defer in.Close()
	_, _, err = copyFile(ctx, to, in)
	return err
}

// adopt takes up a signed file that was finished when the program died before it could note it: such a file has its name
// only after it was verified. It must continue the very bytes that were to be signed.
func (w *Work) adopt(ctx context.Context) error {
	in, _, err := w.toSign()
	if err != nil {
		return nil // nothing here can be signed, so nothing was
	}
	w.mu.Lock()
	known := w.d.Filing.Sealed
	w.mu.Unlock()
	if known != nil {
		return nil
	}
	found, err := filepath.Glob(filepath.Join(w.dir, "sealed-*.pdf"))
	if err != nil {
		return err
	}
	slices.Sort(found) // their ids sort by time
	for _, path := range slices.Backward(found) {
		info, err := os.Stat(path)
		if err != nil || info.Size() <= in.Size {
			continue
		}
		if sum, err := digestOf(path, in.Size); err != nil || sum != in.SHA256 {
			continue
		}
		report, err := w.s.desk.verify(ctx, path)
		if err != nil || report.Verdict != verify.Valid {
			continue
		}
		sum, err := digestOf(path, info.Size())
		if err != nil {
			return diskError(path, err)
		}
		rel := filepath.Base(path)
		id := strings.TrimSuffix(strings.TrimPrefix(rel, "sealed-"), ".pdf")
		return w.update(func(d *draft) {
			d.Filing.Sealed = &File{Attachment: id, Name: in.Name, Path: rel, SHA256: sum, Size: info.Size()}
		})
	}
	return nil
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
