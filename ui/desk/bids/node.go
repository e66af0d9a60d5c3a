package bids

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sealdesk/platformapi"
	"sealdesk/signer/bid"
	"sealdesk/signer/cleancopy"
	"sealdesk/ui/desk/papers"
)

// A Progress is told how far long work has come: the step's key for words, and done of total (total 0: not known).
type Progress func(step string, done, total int64)

func (p Progress) report(step string, done, total int64) {
	if p != nil {
		p(step, done, total)
	}
}

func (p *Project) part(code string) (bid.OutlinePart, error) {
	i := slices.IndexFunc(p.outline.Parts, func(o bid.OutlinePart) bool { return o.Code == code })
	if i < 0 {
		return bid.OutlinePart{}, fault("no_part", nil, "part", code)
	}
	return p.outline.Parts[i], nil
}

// An Addition is a file that is put to a part.
type Addition struct {
	Path   string
	Name   string // as the person knows it; "" is that of Path
	Credit string // the entry of the credit library that it is of; "" for none
}

// Add takes a file for a part, in the place of one that is there; the person's own is only read. Of a Word document or a PDF the
// clean copy (清稿) is made at once, unless the outline wants the file as it is; the person then looks at what was taken out and
// confirms it, where there is any.
//
// Errors: bids.no_part, bids.file_unreadable, bids.file_empty, bids.file_type, bids.busy, those of package cleancopy, the disk's.
func (p *Project) Add(ctx context.Context, code string, a Addition, progress Progress) error {
	if !p.making.TryLock() {
		return fault("busy", nil)
	}
	defer p.making.Unlock()
	part, err := p.part(code)
	if err != nil {
		return err
	}
	original, err := p.copyIn(ctx, a.Path, cmp.Or(a.Name, filepath.Base(a.Path)))
	if err != nil {
		return err
	}
	n := &node{Original: *original, Credit: a.Credit}
	if cleans(part, original.Name) {
		if err = p.clean(ctx, n, progress); err == nil && !takes(part, n.Clean.Name) {
			err = fault("file_type", nil, "file", original.Name, "part", part.Name, "types", part.Types)
		}
	} else if !takes(part, original.Name) {
		err = fault("file_type", nil, "file", original.Name, "part", part.Name, "types", part.Types)
	}
	if err == nil {
		err = p.change(ctx, func(s *state) error {
			s.Nodes[code] = n
			return nil
		})
	}
	if err != nil {
		err = errors.Join(err, p.shelf.Drop(original.Path))
		if n.Clean != nil {
			err = errors.Join(err, p.shelf.Drop(n.Clean.Path))
		}
		return err
	}
	return nil
}

// takes tells that the outline takes a file of this name for a part.
func takes(part bid.OutlinePart, name string) bool {
	return len(part.Types) == 0 || slices.ContainsFunc(part.Types, func(t string) bool { return strings.EqualFold(t, filepath.Ext(name)) })
}

// cleans tells that a clean copy is made of a file for a part.
func cleans(part bid.OutlinePart, name string) bool {
	return slices.Contains([]string{".pdf", ".docx", ".doc"}, strings.ToLower(filepath.Ext(name))) && takes(part, "x.pdf")
}

var endingForm = regexp.MustCompile(`^\.[a-z0-9]{1,8}$`)

// copyIn takes a file onto the shelf under a name of our own.
func (p *Project) copyIn(ctx context.Context, path, name string) (*File, error) {
	unreadable := func(err error) (*File, error) { return nil, fault("file_unreadable", err, "file", name) }
	in, err := os.Open(path)
	if err != nil {
		return unreadable(err)
	}
	defer in.Close()
	info, err := in.Stat()
	switch {
	case err != nil:
		return unreadable(err)
	case !info.Mode().IsRegular():
		return unreadable(errors.New("not a regular file"))
	case info.Size() == 0:
		return nil, fault("file_empty", nil, "file", name)
	}
	ending := strings.ToLower(filepath.Ext(name))
	if !endingForm.MatchString(ending) {
		ending = ""
	}
	rel := stemOriginal + platformapi.NewID() + ending
	from := &source{r: in}
	d, err := p.shelf.Put(ctx, rel, from)
	if err != nil {
		_ = p.shelf.Drop(rel)
		if from.err != nil {
			return unreadable(from.err)
		}
		return nil, p.book.desk.DiskError(filepath.Join(p.dir, rel), err)
	}
	return &File{Name: p.book.desk.FileName(name, filepath.Ext(name)), Path: rel, SHA256: d.SHA256, Size: d.Size}, nil
}

// source remembers how reading failed, so that the trouble of one disk is not told of the other.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// clean makes the clean copy of a node that is in no state yet.
func (p *Project) clean(ctx context.Context, n *node, progress Progress) error {
	in, err := p.plain(ctx, n.Original)
	if err != nil {
		return err
	}
	defer p.putAway() // what could not be taken away now goes when the session ends
	rel, room := stemClean+platformapi.NewID()+".pdf", filepath.Dir(in)
	cleaner := p.book.desk.Cleaner()
	cleaner.TempDir = room
	report, err := cleaner.Clean(ctx, in, filepath.Join(room, rel), cleancopy.Options{
		Progress: func(step cleancopy.Step, fraction float64) {
			progress.report("clean."+string(step), int64(fraction*1000), 1000)
		},
	})
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(n.Original.Name, filepath.Ext(n.Original.Name)) + ".pdf"
	f := File{Name: p.book.desk.FileName(name, ".pdf"), Path: rel, SHA256: report.Output.SHA256, Size: report.Output.Size}
	if err := p.take(ctx, filepath.Join(room, rel), f); err != nil {
		return err
	}
	n.Clean, n.Report, n.Confirmed = &f, &report, len(report.Items)+len(report.Doubts) == 0
	return nil
}

func (p *Project) plain(ctx context.Context, f File) (string, error) {
	path, err := p.shelf.Plain(ctx, f.Path, f.SHA256)
	if err != nil {
		return "", p.shelfError(err, f.Name)
	}
	return path, nil
}

// take puts a document that was made in a room onto the shelf. It must be the one that is meant.
func (p *Project) take(ctx context.Context, path string, f File) error {
	d, err := p.shelf.Keep(ctx, path)
	if err == nil && d != (papers.Digest{SHA256: f.SHA256, Size: f.Size}) {
		err = fault("file_changed", nil, "file", f.Name)
	}
	if err != nil {
		return errors.Join(p.shelfError(err, f.Name), p.shelf.Drop(f.Path))
	}
	return nil
}

// Confirm keeps that the person saw what was taken out of a part's file (确认清稿).
func (p *Project) Confirm(ctx context.Context, code string) error {
	return p.change(ctx, func(s *state) error {
		n := s.Nodes[code]
		if n == nil || n.Clean == nil {
			return fault("no_file", nil, "part", code)
		}
		next := *n
		next.Confirmed = true
		s.Nodes[code] = &next
		return nil
	})
}

// Remove takes a part's file out again.
func (p *Project) Remove(ctx context.Context, code string) error {
	if !p.making.TryLock() {
		return fault("busy", nil)
	}
	defer p.making.Unlock()
	return p.change(ctx, func(s *state) error {
		delete(s.Nodes, code)
		return nil
	})
}

// Unseal throws the sealed file of a part away (撤章); the clean one stays.
func (p *Project) Unseal(ctx context.Context, code string) error {
	if !p.making.TryLock() {
		return fault("busy", nil)
	}
	defer p.making.Unlock()
	return p.change(ctx, func(s *state) error {
		if n := s.Nodes[code]; n != nil {
			next := *n
			next.Sealed = nil
			s.Nodes[code] = &next
		}
		return nil
	})
}

// ToSeal gives the document of a part that a seal goes on, and its path, decrypted, until Close.
//
// Errors: bids.no_file, bids.not_confirmed, bids.file_changed, the disk's.
func (p *Project) ToSeal(ctx context.Context, code string) (File, string, error) {
	f, err := p.toSeal(code)
	if err != nil {
		return File{}, "", err
	}
	path, err := p.plain(ctx, f)
	return f, path, err
}

func (p *Project) toSeal(code string) (File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch n := p.state.Nodes[code]; {
	case n == nil || n.Clean == nil:
		return File{}, fault("no_file", nil, "part", code)
	case !n.Confirmed:
		return File{}, fault("not_confirmed", nil, "file", n.Clean.Name)
	default:
		return *n.Clean, nil
	}
}

// Sign puts a seal on the PDF at in, whose digest is that of f, and writes out, which does not exist. It gives the digest and the
// size of what it verified by reading it back.
type Sign func(ctx context.Context, f File, in, out string) (sha256 string, size int64, err error)

// Seal has the seal put on the file of a part (标书签章), in the place of a sealed one that is there.
//
// Errors: bids.no_file, bids.not_confirmed, bids.busy, bids.file_changed, those of sign, the disk's.
func (p *Project) Seal(ctx context.Context, code string, sign Sign) error {
	if !p.making.TryLock() {
		return fault("busy", nil)
	}
	defer p.making.Unlock()
	f, err := p.toSeal(code)
	if err != nil {
		return err
	}
	in, err := p.plain(ctx, f)
	if err != nil {
		return err
	}
	defer p.putAway() // as in clean
	sealed := File{Name: f.Name, Path: stemSealed + platformapi.NewID() + ".pdf"}
	out := filepath.Join(filepath.Dir(in), sealed.Path)
	if sealed.SHA256, sealed.Size, err = sign(ctx, f, in, out); err != nil {
		return err
	}
	if err := p.take(context.WithoutCancel(ctx), out, sealed); err != nil {
		return err
	}
	err = p.change(ctx, func(s *state) error {
		n := s.Nodes[code]
		if n == nil || n.Clean == nil || n.Clean.Path != f.Path {
			return fault("file_changed", nil, "file", f.Name)
		}
		next := *n
		next.Sealed = &sealed
		s.Nodes[code] = &next
		return nil
	})
	if err != nil {
		return errors.Join(err, p.shelf.Drop(sealed.Path))
	}
	return nil
}

// Show gives the path of a part's file as it would go into the bid, decrypted, until Close.
func (p *Project) Show(ctx context.Context, code string) (File, string, error) {
	p.mu.Lock()
	n := p.state.Nodes[code]
	p.mu.Unlock()
	if n == nil {
		return File{}, "", fault("no_file", nil, "part", code)
	}
	f := n.goesIn()
	path, err := p.plain(ctx, f)
	return f, path, err
}

// goesIn is the file that the bid is built of.
func (n *node) goesIn() File {
	switch {
	case n.Sealed != nil:
		return *n.Sealed
	case n.Clean != nil:
		return *n.Clean
	}
	return n.Original
}
