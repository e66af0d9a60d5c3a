package bids

import (
	"cmp"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/signer/bid"
	"sealdesk/signer/disk"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk/papers"
)

// Certify keeps the bidder's certificates as they were found on the key (CA认证). A bid that was built for another encryption
// certificate is out of date then.
func (p *Project) Certify(ctx context.Context, id Identity) error {
	return p.change(ctx, func(s *state) error {
		s.Identity = &id
		return nil
	})
}

// content names all that goes into the bid: when it is another one, the bid must be built anew.
func (s state) content(o *bid.Outline) string {
	var files []File
	for _, part := range o.Parts {
		if n := s.Nodes[part.Code]; n != nil {
			f := n.goesIn()
			f.Path = ""
			files = append(files, f)
		}
	}
	recipient := ""
	if s.Identity != nil {
		recipient = s.Identity.EncryptionSerial
	}
	data, err := json.Marshal([]any{o.Digest(), files, s.price(o), recipient, s.Tender.Certificates})
	if err != nil {
		panic(err) // texts and numbers only
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Keys are what a bid is built with.
type Keys struct {
	Signer crypto.Signer
	Chain  []*smx509.Certificate // the Signer's certificate, then its issuers
}

// Building is a bid that is ready to be built: nothing but the signature is left to ask for.
type Building struct {
	p       *Project
	of      string
	phone   bool
	b       bid.Builder
	open    []*papers.Document
	release func()
}

// Prepare checks the bid and opens its documents. The caller closes what it gives.
//
// Errors: bids.lacking, bids.busy, bids.file_changed, the disk's.
func (p *Project) Prepare(program string) (*Building, error) {
	if !p.making.TryLock() {
		return nil, fault("busy", nil)
	}
	w := &Building{p: p, release: p.making.Unlock}
	if err := w.prepare(program); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *Building) prepare(program string) error {
	p := w.p
	if found := p.Check(); Blocks(found) {
		return fault("lacking", nil, "count", len(found))
	}
	p.mu.Lock()
	s := p.state.clone()
	p.mu.Unlock()
	w.of, w.phone = s.content(p.outline), s.Identity.Phone
	w.b = bid.Builder{
		Bidder: bid.Bidder{Code: s.Identity.Code, Name: s.Identity.Name}, Program: program, Parts: s.sources(p.outline), Price: s.price(p.outline),
		Out: filepath.Join(p.dir, platformapi.NewID()+builtEnd), Time: p.book.desk.Now(),
	}
	p.outline.Apply(&w.b)
	for i := range w.b.Parts {
		f := s.Nodes[w.b.Parts[i].Code].goesIn()
		doc, err := p.shelf.Open(f.Path)
		if err != nil {
			return p.shelfError(err, f.Name)
		}
		w.open = append(w.open, doc)
		if doc.Size() != f.Size {
			return fault("file_changed", nil, "file", f.Name)
		}
		w.b.Parts[i].Content, w.b.Parts[i].Path = doc, f.Name
	}
	to, err := smx509.ParseCertificate(s.Identity.Encryption)
	if err != nil {
		return fault("damaged", err, "folder", p.dir)
	}
	w.b.Recipients = []*smx509.Certificate{to}
	w.b.Platform, err = s.Tender.closesTo(to)
	w.b.Outer = w.b.Platform != nil
	return err
}

// closesTo is the platform's certificate that goes with the bidder's, of SM2 keys both or neither; the first where none does. nil: the
// platform has none.
func (t Tender) closesTo(bidder *smx509.Certificate) (*smx509.Certificate, error) {
	var first *smx509.Certificate
	for _, der := range t.Certificates {
		c, err := smx509.ParseCertificate(der)
		if err != nil {
			return nil, fault("platform_certificate", err)
		}
		if sm2.IsSM2PublicKey(c.PublicKey) == sm2.IsSM2PublicKey(bidder.PublicKey) {
			return c, nil
		}
		first = cmp.Or(first, c)
	}
	return first, nil
}

// Close lets the documents go.
func (w *Building) Close() error {
	var errs []error
	for _, d := range w.open {
		errs = append(errs, d.Close())
	}
	w.release()
	return errors.Join(errs...)
}

// Size is that of all that goes into the bid, in bytes.
func (w *Building) Size() int64 {
	var total int64
	for _, d := range w.open {
		total += d.Size()
	}
	return total
}

// Build makes the file (生成标书). It gets its name when it was read back; nothing readable is written meanwhile. The one before
// it is removed, unless the platform has it.
//
// Errors: *bid.Error, those of package cms and of the key, the context's.
func (w *Building) Build(ctx context.Context, k Keys, progress Progress) error {
	p := w.p
	w.b.Signer, w.b.Chain = k.Signer, k.Chain
	w.b.Progress = func(step bid.Step, done, total int64) { progress.report("bid.step_"+string(step), done, total) }
	result, err := w.b.Build(ctx)
	if err != nil {
		return err
	}
	sum, err := Digest(ctx, result.Path)
	if err != nil {
		return errors.Join(p.book.desk.DiskError(result.Path, err), os.Remove(result.Path))
	}
	built := &Built{Path: filepath.Base(result.Path), ID: result.Manifest.ID, SHA256: sum, Size: result.Size, Outer: w.b.Outer, Phone: w.phone, At: w.b.Time.Round(time.Second), Of: w.of}
	for _, r := range result.Manifest.Recipients {
		built.Recipients = append(built.Recipients, r.Serial)
	}
	old := ""
	err = p.change(ctx, func(s *state) error {
		was := s.Built
		s.Built = built
		if was != nil && !s.inUse(was.Path) {
			old = was.Path
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, os.Remove(result.Path))
	}
	if old != "" {
		_ = os.Remove(filepath.Join(p.dir, old)) // what stays is found by the sweep
	}
	return nil
}

// Digest is the SHA-256 of a file, in lower-case hexadecimal.
func Digest(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, reader{ctx, f}); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}

// BuiltFile is the path of the file that was built. Errors: bids.not_built.
func (p *Project) BuiltFile() (string, Built, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.Built == nil {
		return "", Built{}, fault("not_built", nil)
	}
	return filepath.Join(p.dir, p.state.Built.Path), *p.state.Built, nil
}

// Export copies the file that was built to a new file of the person's choice. No file is overwritten.
func (p *Project) Export(ctx context.Context, to string) error {
	path, _, err := p.BuiltFile()
	if err != nil {
		return err
	}
	in, err := os.Open(path)
	if err != nil {
		return p.book.desk.DiskError(path, err)
	}
	defer in.Close()
	return p.book.desk.DiskError(to, disk.WriteNew(to, reader{ctx, in}))
}

// Verify judges the file that was built as the platform will: unopened, whether everything is as it was signed, and as the
// outline asks for (检查密封).
//
// Errors: bids.not_built, bids.stale, bids.built_damaged, *bid.Error, the context's.
func (p *Project) Verify(ctx context.Context, trusted verify.Options, progress Progress) (*bid.Report, error) {
	path, built, err := p.BuiltFile()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	stale := p.state.content(p.outline) != built.Of
	p.mu.Unlock()
	if stale {
		return nil, fault("stale", nil)
	}
	f, err := bid.OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	report, err := f.Verify(ctx, trusted, func(step bid.Step, done, total int64) { progress.report("bid.step_"+string(step), done, total) })
	if err != nil {
		return nil, err
	}
	sum, err := Digest(ctx, path)
	if err != nil {
		return nil, p.book.desk.DiskError(path, err)
	}
	if !report.Intact() || sum != built.SHA256 || len(p.outline.CheckManifest(f.Manifest())) > 0 {
		return nil, fault("built_damaged", errors.Join(damage(report)...), "file", cmp.Or(p.outline.Name, p.outline.Tender))
	}
	return report, nil
}

func damage(r *bid.Report) []error {
	var all []error
	for _, e := range r.Damage {
		all = append(all, e)
	}
	return all
}
