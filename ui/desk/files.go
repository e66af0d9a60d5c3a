package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sealdesk/platformapi"
	"sealdesk/signer/cleancopy"
)

// MaxFile bounds a file that is attached: the platform's limit for one upload, in bytes.
const MaxFile = 200 << 20

// AttachFiling takes the contract's file (合同备案; doc, docx or pdf) into the contract's folder. The person's own file is
// only read. A clean copy and a seal that were made of an earlier file no longer count.
func (w *Work) AttachFiling(ctx context.Context, path string) error {
	f, err := w.take(ctx, path, "original")
	if err != nil {
		return err
	}
	return w.update(func(d *draft) {
		w.dropSeal()
		w.toRemove(d, d.Filing.Original)
		if d.Filing.Original != nil {
			f.Note = d.Filing.Original.Note
		}
		d.Filing = Filing{Original: f}
	})
}

// RemoveFiling takes the contract's file out again.
func (w *Work) RemoveFiling() error {
	return w.update(func(d *draft) {
		w.dropSeal()
		w.toRemove(d, d.Filing.Original)
		d.Filing = Filing{}
	})
}

// AttachInvoice adds a file under 发票.
func (w *Work) AttachInvoice(ctx context.Context, path string) error {
	f, err := w.take(ctx, path, "invoice")
	if err != nil {
		return err
	}
	return w.update(func(d *draft) { d.Invoices = append(d.Invoices, *f) })
}

// RemoveInvoice takes an invoice out again.
func (w *Work) RemoveInvoice(attachment string) error {
	return w.update(func(d *draft) {
		for _, f := range d.Invoices {
			if f.Attachment == attachment {
				w.toRemove(d, &f)
			}
		}
		d.Invoices = slices.DeleteFunc(d.Invoices, func(f File) bool { return f.Attachment == attachment })
	})
}

// SetNote changes the note (备注) of the filing or of an invoice, by its attachment's id.
func (w *Work) SetNote(attachment, note string) error {
	return w.update(func(d *draft) {
		if o := d.Filing.Original; o != nil && o.Attachment == attachment {
			o.Note = note
		}
		for i := range d.Invoices {
			if d.Invoices[i].Attachment == attachment {
				d.Invoices[i].Note = note
			}
		}
	})
}

// toRemove marks what the platform has already to be taken out there with the next save.
func (w *Work) toRemove(d *draft, files ...*File) {
	for _, f := range files {
		if f != nil && f.Sent {
			d.Removed = append(d.Removed, f.Attachment)
		}
	}
}

// take copies a file into the contract's folder under a name of our own, so that nothing that happens to the person's file
// afterwards matters.
func (w *Work) take(ctx context.Context, path, stem string) (*File, error) {
	name := filepath.Base(path)
	in, err := os.Open(path)
	if err != nil {
		return nil, fault("file_unreadable", err, "file", name)
	}
	defer in.Close()
	info, err := in.Stat()
	switch {
	case err != nil:
		return nil, fault("file_unreadable", err, "file", name)
	case !info.Mode().IsRegular():
		return nil, fault("not_a_file", nil, "file", name)
	case info.Size() == 0:
		return nil, fault("file_empty", nil, "file", name)
	case info.Size() > MaxFile:
		return nil, fault("file_too_large", nil, "file", name, "mb", MaxFile>>20)
	}
	id := platformapi.NewID()
	rel := stem + "-" + id + cleanExt(name)
	sum, size, err := copyFile(ctx, filepath.Join(w.dir, rel), in)
	if err != nil {
		return nil, err
	}
	return &File{Attachment: id, Name: name, Path: rel, SHA256: sum, Size: size}, nil
}

// copyFile writes a new file from in, synced, and gives its digest.
func copyFile(ctx context.Context, path string, in io.Reader) (sum string, size int64, err error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", 0, diskError(path, err)
	}
	defer func() {
		if err != nil {
			os.Remove(path)
		}
	}()
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(out, h), contextReader{ctx, io.LimitReader(in, MaxFile+1)})
	if err == nil && size > MaxFile {
		err = fault("file_too_large", nil, "file", filepath.Base(path), "mb", MaxFile>>20)
	}
	if e := errors.Join(err, out.Sync(), out.Close()); e != nil {
		return "", 0, diskError(path, e)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// cleanExt keeps an ending that people know, for what opens the file; what the file is is told by its content.
func cleanExt(name string) string {
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".doc", ".docx", ".pdf", ".png", ".jpg", ".jpeg", ".ofd":
		return ext
	}
	return ".bin"
}

// Clean makes the clean copy (清稿) of the filing. The person then looks at the report and confirms it with ConfirmClean;
// when nothing had to be taken out that is done already.
func (w *Work) Clean(ctx context.Context, progress Progress) (*cleancopy.Report, error) {
	w.mu.Lock()
	original := w.d.Filing.Original
	w.mu.Unlock()
	if original == nil {
		return nil, fault("no_filing", nil)
	}
	rel := "clean-" + platformapi.NewID() + ".pdf"
	report, err := w.s.desk.cfg.Cleaner.Clean(ctx, w.path(original), filepath.Join(w.dir, rel), cleancopy.Options{
		Progress: func(step cleancopy.Step, fraction float64) {
			progress.report("clean."+string(step), int64(fraction*1000), 1000)
		},
	})
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(original.Name, filepath.Ext(original.Name)) + ".pdf"
	err = w.update(func(d *draft) {
		if d.Filing.Original == nil || d.Filing.Original.SHA256 != original.SHA256 {
			return // another file was attached meanwhile
		}
		w.dropSeal()
		d.Filing.Clean = &File{Name: name, Path: rel, SHA256: report.Output.SHA256, Size: report.Output.Size}
		d.Filing.Report = &report
		d.Filing.Confirmed = len(report.Items) == 0
	})
	return &report, err
}

// ConfirmClean keeps that the person saw what was taken out (确认清稿).
func (w *Work) ConfirmClean() error {
	return w.update(func(d *draft) { d.Filing.Confirmed = d.Filing.Clean != nil })
}

func (w *Work) path(f *File) string { return filepath.Join(w.dir, f.Path) }

// Export copies a file of the contract, such as the signed one, to a new file of the person's choice.
func (w *Work) Export(ctx context.Context, f File, to string) error {
	in, err := os.Open(w.path(&f))
	if err != nil {
		return diskError(w.dir, err)
	}
	defer in.Close()
	_, _, err = copyFile(ctx, to, in)
	return err
}
