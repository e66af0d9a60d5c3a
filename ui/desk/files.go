package desk

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sealdesk/platformapi"
	"sealdesk/signer/cleancopy"
	"sealdesk/signer/disk"
	"sealdesk/ui/desk/papers"
)

// MaxFile bounds a file that is attached: the platform's limit for one upload, in bytes.
const MaxFile = 200 << 20

// AttachFiling takes the contract's file (合同备案; doc, docx or pdf) into the contract's folder. The person's own file is
// only read. A clean copy and a seal that were made of an earlier file no longer count.
func (w *Work) AttachFiling(ctx context.Context, path string) error {
	err := w.attach(ctx, path, stemOriginal, func(d *draft, f File) {
		d.dropSeal()
		d.remove(d.Filing.Original)
		if d.Filing.Original != nil {
			f.Note = d.Filing.Original.Note
		}
		d.Filing = Filing{Original: &f}
	})
	if err == nil {
		w.s.desk.cleaner().Prepare(path) // the clean copy is what comes next
	}
	return err
}

// RemoveFiling takes the contract's file out again.
func (w *Work) RemoveFiling() error {
	return w.edit(context.Background(), func(d *draft) {
		d.dropSeal()
		d.remove(d.Filing.Original)
		d.Filing = Filing{}
	})
}

// AttachInvoice adds a file under 发票.
func (w *Work) AttachInvoice(ctx context.Context, path string) error {
	return w.attach(ctx, path, stemInvoice, func(d *draft, f File) { d.Invoices = append(d.Invoices, f) })
}

// RemoveInvoice takes an invoice out again.
func (w *Work) RemoveInvoice(attachment string) error {
	return w.edit(context.Background(), func(d *draft) {
		d.Invoices = slices.DeleteFunc(d.Invoices, func(f File) bool {
			if f.Attachment != attachment {
				return false
			}
			d.remove(&f)
			return true
		})
	})
}

// SetNote changes the note (备注) of the filing or of an invoice, by its attachment's id.
func (w *Work) SetNote(attachment, note string) error {
	note = unlined(note)
	if err := remark(note); err != nil {
		return err
	}
	noted := func(d *draft) *File {
		for _, f := range d.toSend() {
			if f.Attachment == attachment && f != d.Filing.Sealed {
				return f
			}
		}
		return nil
	}
	w.mu.Lock()
	f := noted(w.d)
	same := f == nil || f.Note == note
	w.mu.Unlock()
	if same {
		return nil
	}
	return w.edit(context.Background(), func(d *draft) {
		if f := noted(d); f != nil {
			f.Note = note
		}
	})
}

// attach takes a file onto the contract's shelf and then changes the draft; a copy that the draft did not take goes.
func (w *Work) attach(ctx context.Context, path, stem string, change func(*draft, File)) error {
	if err := w.ask(ctx, ActionEdit); err != nil {
		return err
	}
	f, err := w.copyIn(ctx, path, stem)
	if err != nil {
		return err
	}
	if err := w.edit(ctx, func(d *draft) { change(d, *f) }); err != nil {
		_ = w.shelf.Drop(f.Path)
		return err
	}
	return nil
}

// copyIn takes a file onto the contract's shelf under a name of our own, so that nothing that happens to the person's
// file afterwards matters. It must be of a kind that the platform takes.
func (w *Work) copyIn(ctx context.Context, path, stem string) (*File, error) {
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
	ext, err := kindOf(in)
	if err != nil {
		return nil, fault("file_unreadable", err, "file", name)
	}
	if ext == "" {
		return nil, fault("file_kind", nil, "file", name)
	}
	id := platformapi.NewID()
	rel := stem + id + ext
	var d papers.Digest
	err = bounded(ctx, in, name, func(r io.Reader) (err error) {
		d, err = w.shelf.Put(ctx, rel, r)
		return err
	})
	if err != nil {
		_ = w.shelf.Drop(rel)
		return nil, diskError(filepath.Join(w.dir, rel), err)
	}
	return &File{Attachment: id, Name: fileName(name, ext), Path: rel, SHA256: d.SHA256, Size: d.Size}, nil
}

// kindOf tells doc, docx and pdf by their first bytes and gives the ending that belongs to them; "" for everything else.
// What a zip or a compound file holds is judged when the clean copy is made.
func kindOf(r io.ReaderAt) (string, error) {
	head := make([]byte, 8)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	for _, k := range []struct{ magic, ext string }{
		{"%PDF-", ".pdf"}, {"PK\x03\x04", ".docx"}, {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".doc"},
	} {
		if strings.HasPrefix(string(head[:n]), k.magic) {
			return k.ext, nil
		}
	}
	return "", nil
}

// bounded takes up a file that is no larger than MaxFile, and tells its troubles from those of where it goes.
func bounded(ctx context.Context, in io.Reader, name string, take func(io.Reader) error) error {
	from := &source{ctx: ctx, r: in, left: MaxFile}
	err := take(from)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(from.err, errTooLarge):
		return fault("file_too_large", nil, "file", name, "mb", MaxFile>>20)
	case from.err != nil:
		return fault("file_unreadable", from.err, "file", name)
	}
	return err
}

// writeOut writes a new file of the person's choice, synced. No file is overwritten.
func writeOut(ctx context.Context, in io.Reader, name, path string) error {
	return diskError(path, bounded(ctx, in, name, func(r io.Reader) error { return disk.WriteNew(path, r) }))
}

// copyNew copies a file to one that is not there yet.
func copyNew(ctx context.Context, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fault("file_unreadable", err, "file", filepath.Base(from))
	}
	defer in.Close()
	return writeOut(ctx, in, filepath.Base(from), to)
}

// source remembers how reading failed, so that the trouble of one disk is not told of the other.
type source struct {
	ctx  context.Context
	r    io.Reader
	left int64 // bytes that may come
	err  error
}

var errTooLarge = errors.New("the file is too large")

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	if s.left -= int64(n); s.left < 0 {
		n, err = 0, errTooLarge
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// Clean makes the clean copy (清稿) of the filing. The person then looks at the report and confirms it with ConfirmClean;
// when nothing had to be taken out that is done already.
func (w *Work) Clean(ctx context.Context, progress Progress) (*cleancopy.Report, error) {
	if !w.making.TryLock() {
		return nil, fault("busy", nil)
	}
	defer w.making.Unlock()
	w.mu.Lock()
	original := w.d.clone().Filing.Original
	w.mu.Unlock()
	if original == nil {
		return nil, fault("no_filing", nil)
	}
	if err := w.ask(ctx, ActionClean); err != nil {
		return nil, err
	}
	in, err := w.plain(ctx, *original)
	if err != nil {
		return nil, err
	}
	rel, room := stemClean+platformapi.NewID()+".pdf", filepath.Dir(in)
	cleaner := w.s.desk.cleaner()
	cleaner.TempDir = room
	report, err := cleaner.Clean(ctx, in, filepath.Join(room, rel), cleancopy.Options{
		Progress: func(step cleancopy.Step, fraction float64) {
			progress.report("clean."+string(step), int64(fraction*1000), 1000)
		},
	})
	if err != nil {
		return nil, err
	}
	clean := File{Attachment: platformapi.NewID(), Name: fileName(strings.TrimSuffix(original.Name, filepath.Ext(original.Name))+".pdf", ".pdf"),
		Path: rel, SHA256: report.Output.SHA256, Size: report.Output.Size}
	if err := w.keepDocument(ctx, filepath.Join(room, rel), clean); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := w.d.Filing.Original; now == nil || now.Attachment != original.Attachment || w.allowed(ctx, ActionClean) != nil {
		_ = w.shelf.Drop(clean.Path)
		return nil, fault("replaced", nil, "file", original.Name)
	}
	err = w.update(func(d *draft) {
		d.dropSeal()
		d.Filing.Clean, d.Filing.Report, d.Filing.Confirmed = &clean, &report, len(report.Items)+len(report.Doubts) == 0
	})
	if err != nil {
		_ = w.shelf.Drop(clean.Path)
		return nil, err
	}
	return &report, nil
}

// ConfirmClean keeps that the person saw what was taken out (确认清稿).
func (w *Work) ConfirmClean() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.d.Filing.Clean == nil:
		return fault("not_clean", nil)
	case w.d.Filing.Confirmed:
		return nil
	}
	return w.update(func(d *draft) { d.Filing.Confirmed = true })
}

// Export copies a file of the contract, such as the signed one, to a new file of the person's choice.
func (w *Work) Export(ctx context.Context, f File, to string) error {
	if !w.whole(ctx, &f) {
		return fault("file_changed", nil, "file", f.Name)
	}
	in, err := w.shelf.Open(f.Path)
	if err != nil {
		return w.shelfError(err, f.Name)
	}
	defer in.Close()
	return writeOut(ctx, in.Reader(), f.Name, to)
}
