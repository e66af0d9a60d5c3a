package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/signer/compare"
	"sealdesk/signer/preview"
	"sealdesk/ui/desk/papers"
)

// A Paper is a PDF that is to be compared.
type Paper struct {
	Name   string // as the person knows it
	Path   string // empty for a document of a contract until it is opened
	SHA256 string // as it was kept here; empty for a file of the person's own
	End    int64  // where the revision that is meant ends, in bytes; 0 for the whole file

	of   *Work // whose document it is: its path is known when it is decrypted
	file File
}

// open gives a paper its path.
func (p Paper) open(ctx context.Context) (Paper, error) {
	if p.of == nil {
		return p, nil
	}
	var err error
	p.Path, err = p.of.plain(ctx, p.file)
	return p, err
}

// PaperAt is a file of the person's own.
func PaperAt(path string) Paper { return Paper{Name: filepath.Base(path), Path: path} }

// Paper is a file of the contract.
func (w *Work) Paper(f File) Paper { return Paper{Name: f.Name, SHA256: f.SHA256, of: w, file: f} }

// Uploaded is the contract's file as it was uploaded, for looking at beside its clean copy: a Word document as pages, with what is
// tracked in it. The pages are made once.
func (w *Work) Uploaded(ctx context.Context) (Paper, error) {
	w.mu.Lock()
	original := w.d.clone().Filing.Original
	w.mu.Unlock()
	switch {
	case original == nil:
		return Paper{}, fault("no_filing", nil)
	case !w.whole(ctx, original):
		return Paper{}, fault("file_changed", nil, "file", original.Name)
	case strings.HasSuffix(original.Path, ".pdf"):
		return w.Paper(*original), nil
	}
	shown := File{Name: original.Name, Path: stemShown + original.SHA256 + ".pdf"}
	d, err := w.shelf.Digest(ctx, shown.Path)
	if err != nil {
		d, err = w.pages(ctx, *original, shown.Path)
	}
	if err != nil {
		return Paper{}, err
	}
	shown.SHA256, shown.Size = d.SHA256, d.Size
	return w.Paper(shown), nil
}

// pages makes the pages of an upload.
func (w *Work) pages(ctx context.Context, original File, name string) (papers.Digest, error) {
	in, err := w.plain(ctx, original)
	if err != nil {
		return papers.Digest{}, err
	}
	room := filepath.Dir(in)
	path, cleaner := filepath.Join(room, name), w.s.desk.cleaner()
	cleaner.TempDir = room
	if _, err := os.Stat(path); err != nil {
		if err := cleaner.AsUploaded(ctx, in, path); err != nil {
			return papers.Digest{}, err
		}
	}
	d, err := w.shelf.Keep(ctx, path)
	return d, diskError(path, err)
}

// Versions gives what the other party sent last and what we hold against it: what we sent, or for the other side what it
// received in the round before. theirs is nil when nothing came, ours when this machine has nothing of our own.
func (w *Work) Versions(ctx context.Context) (ours, theirs *Paper) {
	v := w.View(ctx)
	if v.Received == nil {
		return nil, nil
	}
	if own := v.Filing.Sealed; v.Starter && own != nil && own.SHA256 == v.Received.SHA256 {
		return nil, nil // it is still our own
	}
	paper := w.Paper(*v.Received)
	return v.Ours, &paper
}

// ours is what we hold against what was received; a starter's seal or clean copy, or for who received, the file of the round before.
func (w *Work) ours(v View) *Paper {
	own := v.Filing.Sealed
	if own == nil {
		own = v.Filing.Clean
	}
	if v.Starter && own != nil {
		paper := w.Paper(*own)
		return &paper
	}
	return w.earlier(v)
}

// earlier is the file of the round before this one that still lies here, nil when there is none.
func (w *Work) earlier(v View) *Paper {
	found, _ := w.shelf.Names(stemReceived) // what cannot be listed cannot be compared either
	var newest *Paper
	var at time.Time
	for _, f := range found {
		sum := strings.TrimSuffix(strings.TrimPrefix(f.Name, stemReceived), ".pdf")
		if sum == v.Received.SHA256 || newest != nil && f.At.Before(at) {
			continue
		}
		name := v.Received.Name
		if i := slices.IndexFunc(v.Attachments, func(a platformapi.Attachment) bool { return a.SHA256 == sum }); i >= 0 {
			name = v.Attachments[i].Name
		}
		paper := w.Paper(File{Name: name, Path: f.Name, SHA256: sum})
		newest, at = &paper, f.At
	}
	return newest
}

// A Comparison is two documents, open, with what differs. Its owner closes it.
type Comparison struct {
	A, B       Paper
	DocA, DocB *preview.Document
	Report     *compare.Report
	// All are the differences and then those of seals.
	All []compare.Difference

	words func(key string, pairs ...any) string
}

// Compare opens two PDFs and compares them. An error says which of them cannot be compared, and why.
func (d *Desk) Compare(ctx context.Context, a, b Paper, o compare.Options, progress Progress) (_ *Comparison, err error) {
	c := &Comparison{A: a, B: b, words: d.cfg.Words.T}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if c.DocA, err = d.paper(ctx, a); err != nil {
		return nil, err
	}
	if c.DocB, err = d.paper(ctx, b); err != nil {
		return nil, err
	}
	o.Progress = func(step compare.Step, fraction float64) {
		progress.report("compare."+string(step), int64(fraction*1000), 1000)
	}
	if c.Report, err = compare.Documents(ctx, c.DocA, c.DocB, o); err != nil {
		return nil, err
	}
	c.All = append(slices.Clone(c.Report.Differences), c.Report.Seals...)
	return c, nil
}

// paper opens one of the two.
func (d *Desk) paper(ctx context.Context, p Paper) (*preview.Document, error) {
	refuse := func(err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		why := d.cfg.Words.Problem(err)
		return fault("not_comparable", err, "file", p.Name, "why", why.What, "advice", why.Do)
	}
	p, err := p.open(ctx)
	if err != nil {
		return nil, refuse(err)
	}
	switch kind, err := paperKind(p.Path); {
	case err != nil:
		return nil, refuse(fault("file_unreadable", err, "file", p.Name))
	case kind == ".doc" || kind == ".docx":
		return nil, fault("compare_word", nil, "file", p.Name)
	}
	open := d.cfg.Renderer.OpenFile
	if p.End > 0 {
		open = func(ctx context.Context, path string) (*preview.Document, error) {
			return d.cfg.Renderer.OpenRevision(ctx, path, p.End)
		}
	}
	doc, err := open(ctx, p.Path)
	if err != nil {
		return nil, refuse(err)
	}
	if p.SHA256 != "" && doc.SHA256() != p.SHA256 {
		return nil, errors.Join(refuse(fault("file_changed", nil, "file", p.Name)), doc.Close())
	}
	return doc, nil
}

func paperKind(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return kindOf(f)
}

// Close gives the memory of both documents back.
func (c *Comparison) Close() error {
	var errs []error
	for _, doc := range []*preview.Document{c.DocA, c.DocB} {
		if doc != nil {
			errs = append(errs, doc.Close())
		}
	}
	return errors.Join(errs...)
}

// Partner gives the page of the other document that a page belongs to; 0 when it has none. left says that the page is of
// the first document.
func (c *Comparison) Partner(page int, left bool) int {
	if c.Report.TooDifferent {
		return page
	}
	for _, p := range c.Report.Pages {
		switch {
		case left && p.A == page:
			return p.B
		case !left && p.B == page:
			return p.A
		}
	}
	return 0
}

// Scans tells that one of the documents has no words: it was compared by its look alone.
func (c *Comparison) Scans() bool {
	read := c.DocA.SHA256() != c.DocB.SHA256() // the same file is not read
	return read && (c.Report.A.Words == 0 || c.Report.B.Words == 0)
}

// Sentence says in one sentence what came out.
func (c *Comparison) Sentence() string {
	t := c.words
	if c.Report.TooDifferent {
		return t("compare.said.too_different")
	}
	var texts, looks, pages int
	for _, d := range c.Report.Differences {
		switch d.Kind {
		case compare.PictureChanged:
			looks++
		case compare.PageAdded, compare.PageRemoved:
			pages++
		default:
			texts++
		}
	}
	var parts []string
	add := func(n int, some, none string) {
		switch {
		case n > 0:
			parts = append(parts, t(some, "count", n))
		case none != "":
			parts = append(parts, t(none))
		}
	}
	switch {
	case texts+looks+pages == 0 && c.Scans():
		parts = append(parts, t("compare.said.looks_same"))
	case texts+looks+pages == 0:
		parts = append(parts, t("compare.said.same"))
	default:
		add(texts, "compare.said.text", "compare.said.text_same")
		add(looks, "compare.said.look", "")
		add(pages, "compare.said.pages", "")
	}
	add(len(c.Report.Seals), "compare.said.seals", "")
	return t("compare.said", "said", strings.Join(parts, t("compare.said.comma")))
}

// Said is the words of a difference, as one line: 甲 → 乙.
func Said(d compare.Difference) string {
	switch {
	case d.TextA == "":
		return d.TextB
	case d.TextB == "" || d.TextA == d.TextB:
		return d.TextA
	}
	return d.TextA + " → " + d.TextB
}

// Export writes the list of differences to a new file: as JSON when its name ends so, else as text.
func (c *Comparison) Export(ctx context.Context, path string) error {
	data, err := c.list(strings.EqualFold(filepath.Ext(path), ".json"))
	if err != nil {
		return err
	}
	return writeNew(path, data)
}

func (c *Comparison) list(asJSON bool) ([]byte, error) {
	if asJSON {
		e := struct {
			FileA string `json:"fileA"`
			FileB string `json:"fileB"`
			*compare.Report
		}{c.A.Name, c.B.Name, c.Report}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err := enc.Encode(e)
		return b.Bytes(), err
	}
	t := c.words
	var b strings.Builder
	for _, f := range []struct {
		key   string
		paper Paper
		doc   *preview.Document
	}{{"compare.export_a", c.A, c.DocA}, {"compare.export_b", c.B, c.DocB}} {
		fmt.Fprintln(&b, t(f.key, "file", f.paper.Name, "pages", f.doc.Pages(), "digest", f.doc.SHA256()))
	}
	fmt.Fprintf(&b, "%s\n\n", c.Sentence())
	for i, d := range c.All {
		fmt.Fprintf(&b, "%d\t%s\t%s\t%s\n", i+1, t("compare.kind."+string(d.Kind)), t("compare.pages", "a", d.A[0].Page, "b", d.B[0].Page), Said(d))
	}
	return []byte(b.String()), nil
}

// A Pair is two files that were compared.
type Pair struct {
	A string `json:"a"`
	B string `json:"b"`
}

// mostPairs is how many comparisons are remembered.
const mostPairs = 5

// ComparedLately are the pairs of the person's files that were compared last and are still there, the latest first.
func (d *Desk) ComparedLately() []Pair {
	d.mu.Lock()
	pairs := slices.Clone(d.prefs.Compared)
	d.mu.Unlock()
	return slices.DeleteFunc(pairs, func(p Pair) bool {
		_, errA := os.Stat(p.A)
		_, errB := os.Stat(p.B)
		return errA != nil || errB != nil
	})
}

// RememberCompared puts a pair before the others.
func (d *Desk) RememberCompared(p Pair) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	others := slices.DeleteFunc(slices.Clone(d.prefs.Compared), func(o Pair) bool { return o == p })
	d.prefs.Compared = append([]Pair{p}, others[:min(len(others), mostPairs-1)]...)
	return d.savePreferences()
}
