package desk

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/batch"
	"sealdesk/signer/cleancopy"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/token"
	"sealdesk/token/mobileca"
	"sealdesk/ui/desk/words"
)

// BatchRule is what is done to every file of a batch.
type BatchRule struct {
	Seal   SealChoice
	Places []seal.Place
	Clean  bool // Word documents are signed as their clean copies; otherwise they are left
}

// A Batch is many files to seal with one rule and one PIN (批量盖章). Its methods may be called from several goroutines.
type Batch struct {
	s *Session

	working sync.Mutex // held while it checks or signs

	mu    sync.Mutex
	paths []string // files and folders, as they were added
	out   string
	rule  BatchRule
	rows  []batch.Outcome
	chain []*smx509.Certificate
}

// BatchView is a batch as the page shows it. It is a copy: it does not change.
type BatchView struct {
	Out    string
	Rule   BatchRule
	Rows   []batch.Outcome
	Count  map[batch.State]int
	Groups []BatchGroup // why files failed or were skipped, the most frequent reason first
}

// A BatchGroup is the files to which the same happened.
type BatchGroup struct {
	State   batch.State
	Problem words.Problem // of the first
	Names   []string      // of the documents
}

// NewBatch begins a batch.
func (s *Session) NewBatch() *Batch { return &Batch{s: s} }

// PutAside keeps the batch, of which nothing was signed yet, for as long as the session lasts: BatchAside gives it back. Its files
// are to be checked anew, by the rule.
func (b *Batch) PutAside(rule BatchRule) {
	b.SetRule(rule)
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	b.s.aside = b
}

// BatchAside gives back the batch that was put aside, once; nil when there is none.
func (s *Session) BatchAside() *Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.aside
	s.aside = nil
	return b
}

// View is the state now.
func (b *Batch) View() BatchView {
	b.mu.Lock()
	defer b.mu.Unlock()
	v := BatchView{Out: b.out, Rule: b.rule, Rows: slices.Clone(b.rows), Count: map[batch.State]int{}}
	for _, o := range v.Rows {
		v.Count[o.State]++
	}
	v.Groups = BatchGroups(b.s.desk.cfg.Words, v.Rows)
	return v
}

// BatchGroups puts the files together to which the same happened.
func BatchGroups(w *words.Catalog, rows []batch.Outcome) []BatchGroup {
	var groups []BatchGroup
	for _, o := range rows {
		if o.Err == nil {
			continue
		}
		p := w.Problem(o.Err)
		i := slices.IndexFunc(groups, func(g BatchGroup) bool { return g.Problem.Code == p.Code && g.State == o.State })
		if i < 0 {
			i = len(groups)
			groups = append(groups, BatchGroup{State: o.State, Problem: p})
		}
		groups[i].Names = append(groups[i].Names, filepath.Base(o.Item.In))
	}
	slices.SortStableFunc(groups, func(a, b BatchGroup) int { return len(b.Names) - len(a.Names) })
	return groups
}

// Add takes files and folders into the batch. The first of them proposes where the signed files go.
func (b *Batch) Add(paths ...string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := append(slices.Clone(b.paths), paths...)
	out := b.out
	if out == "" && len(all) > 0 {
		out = filepath.Join(filepath.Dir(all[0]), b.s.desk.cfg.Words.T("batch.folder"))
		if info, err := os.Stat(all[0]); err == nil && info.IsDir() {
			out = filepath.Clean(all[0]) + "-" + b.s.desk.cfg.Words.T("batch.folder")
		}
	}
	items, err := batch.List(all, out)
	if err != nil {
		return folderError(paths, err)
	}
	b.paths, b.out = all, out
	b.list(items)
	return nil
}

func folderError(paths []string, err error) error {
	if _, coded := errors.AsType[interface {
		error
		Code() string
	}](err); coded || len(paths) == 0 {
		return err
	}
	return fault("file_unreadable", err, "file", filepath.Base(paths[0]))
}

// list takes items over, and keeps what is known of them. b.mu is held.
func (b *Batch) list(items []batch.Item) {
	known := map[string]batch.Outcome{}
	for _, o := range b.rows {
		known[o.Item.In] = o
	}
	b.rows = nil
	for _, item := range items {
		o, ok := known[item.In]
		if !ok || o.Item.Name != item.Name {
			o = batch.Outcome{Item: item, State: batch.Waiting, Source: item.In}
		}
		b.rows = append(b.rows, o)
	}
}

// Remove takes a file out again, by the name of its signed file.
func (b *Batch) Remove(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows = slices.DeleteFunc(b.rows, func(o batch.Outcome) bool { return o.Item.Name == name })
	// From now on the files are those that are left, and not what is in the folders.
	b.paths = nil
	for _, o := range b.rows {
		b.paths = append(b.paths, o.Item.In)
	}
}

// SetOut chooses the folder of the signed files.
func (b *Batch) SetOut(folder string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out = folder
	b.forget()
}

// SetRule chooses the seal and where it goes.
func (b *Batch) SetRule(r BatchRule) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rule = r
	b.forget()
}

// forget takes all files for not checked. b.mu is held.
func (b *Batch) forget() {
	for i, o := range b.rows {
		item := o.Item
		item.ExpectSHA256 = ""
		b.rows[i] = batch.Outcome{Item: item, State: batch.Waiting, Source: item.In}
	}
}

// BatchProgress is told of each file that is checked or signed: how many of how many it is.
type BatchProgress func(done, total int, o batch.Outcome)

// Check finds out what would become of each file, before a PIN is asked. What it shows is what will be signed.
func (b *Batch) Check(ctx context.Context, progress BatchProgress) error {
	return b.check(ctx, progress, func(batch.Outcome) bool { return true })
}

// CheckAgain checks only those that failed.
func (b *Batch) CheckAgain(ctx context.Context, progress BatchProgress) error {
	return b.check(ctx, progress, func(o batch.Outcome) bool { return o.State == batch.Failed })
}

func (b *Batch) check(ctx context.Context, progress BatchProgress, which func(batch.Outcome) bool) error {
	if !b.working.TryLock() {
		return fault("busy", nil)
	}
	defer b.working.Unlock()
	if err := b.certificate(ctx); err != nil {
		return err
	}
	bt, err := b.part(progress, which)
	if err != nil {
		return err
	}
	for i := range bt.Items {
		bt.Items[i].ExpectSHA256 = "" // it is being shown now
	}
	if len(bt.Items) == 0 {
		return nil
	}
	outcomes, err := bt.Check(ctx)
	for i, o := range outcomes {
		if o.State == batch.Ready {
			outcomes[i].Item.ExpectSHA256 = o.SourceSHA256
		}
	}
	b.take(outcomes)
	return diskError(filepath.Join(bt.Out, batch.LedgerName), err)
}

// certificate reads the certificate of the session's key, which a check needs, and no PIN for it.
func (b *Batch) certificate(ctx context.Context) error {
	b.mu.Lock()
	known := b.chain != nil
	b.mu.Unlock()
	if known {
		return nil
	}
	chain, err := b.s.chain(ctx)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.chain = chain
	return nil
}

// part is the work on some of the files.
func (b *Batch) part(progress BatchProgress, which func(batch.Outcome) bool) (*batch.Batch, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	cfg := b.s.desk.cfg
	bt := &batch.Batch{Out: b.out, Job: signer.Job{
		Chain: b.chain, Places: b.rule.Places, Roots: cfg.Roots, Makers: cfg.Makers, Reason: cfg.Words.T("seal.reason"),
	}}
	bt.Job.DateFont, _ = DateFont() // embedded; without it a place with a date is refused
	var err error
	if bt.Job.Seal, bt.Job.Electronic, err = b.rule.Seal.pressed(); err != nil {
		return nil, err
	}
	if stampable(bt.Job.Electronic) {
		b.s.desk.lasting(&bt.Job)
	}
	if slices.ContainsFunc(b.rule.Places, func(p seal.Place) bool { return p.Kind == seal.AtKeyword }) {
		bt.Find = func(path string) signer.Finder { return finder{cfg.Renderer, path} }
	}
	if b.rule.Clean {
		cleaner := b.s.desk.cleaner()
		bt.Clean = CleanWith(&cleaner)
	}
	for _, o := range b.rows {
		if which(o) {
			bt.Items = append(bt.Items, o.Item)
		}
	}
	done, total := 0, len(bt.Items)
	bt.Told = func(o batch.Outcome) {
		done++
		if progress != nil {
			progress(done, total, o)
		}
	}
	return bt, nil
}

// CleanWith makes the clean copies of a batch, with their reports as JSON.
func CleanWith(c *cleancopy.Cleaner) func(ctx context.Context, in, out, report string) error {
	return func(ctx context.Context, in, out, report string) error {
		r, err := c.Clean(ctx, in, out, cleancopy.Options{})
		if err != nil {
			return err
		}
		data, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		return writeNew(report, data)
	}
}

// take keeps outcomes in place of what was known of the same files.
func (b *Batch) take(outcomes []batch.Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range outcomes {
		for i := range b.rows {
			if b.rows[i].Item.Name == o.Item.Name {
				if o.Pages == 0 && o.SourceSHA256 == b.rows[i].SourceSHA256 {
					o.Pages = b.rows[i].Pages // signing does not count them
				}
				b.rows[i] = o
			}
		}
	}
}

// BatchRequest is the one PIN of a batch. It is wiped.
type BatchRequest struct {
	PIN     []byte // none while the session holds the key
	LastTry bool
	Keep    bool
}

// Run signs the files that were checked and found ready. When it is stopped, by the key, by the disk or by ctx, the others are
// still ready, and Run goes on with them. What became of the files is in the folder's summary, too.
func (b *Batch) Run(ctx context.Context, r BatchRequest, progress BatchProgress) error {
	defer token.Wipe(r.PIN)
	if !b.working.TryLock() {
		return fault("busy", nil)
	}
	defer b.working.Unlock()
	bt, err := b.part(progress, func(o batch.Outcome) bool { return o.State == batch.Ready })
	if err != nil {
		return err
	}
	if len(bt.Items) == 0 {
		return fault("batch_nothing", nil)
	}
	if err := b.remember(); err != nil {
		return err
	}
	var outcomes []batch.Outcome
	title := b.s.desk.cfg.Words.T("scan.summary_batch", "count", len(bt.Items))
	purpose := mobileca.Purpose{Kind: ScanSign, Session: true, Summary: title, Document: &mobileca.Document{Title: title, Parties: []string{b.s.key.Owner}}}
	err = b.s.withKey(asking(ctx, purpose), ScanAbout{Document: title, Many: len(bt.Items) > 1}, r.PIN, r.LastTry, r.Keep, func(key PlatformKey) (err error) {
		bt.Job.Key, bt.Job.Chain = key.Signer, key.Chain
		if key.of.Phone() {
			bt.Job.Key = telling{key.Signer, key.identity, asking(ctx, purpose), purpose}
		}
		outcomes, err = bt.Run(ctx)
		return err
	})
	ready := b.View().Rows
	for i, o := range outcomes {
		if o.State != batch.Waiting {
			continue
		}
		if at := slices.IndexFunc(ready, func(r batch.Outcome) bool { return r.Item.Name == o.Item.Name }); at >= 0 {
			outcomes[i] = ready[at]
		}
	}
	b.take(outcomes)
	v := b.View()
	if len(outcomes) > 0 {
		err = errors.Join(err, SaveBatchTable(b.s.desk.cfg.Words, v.Out, v.Rows))
	}
	if v.Count[batch.Ready]+v.Count[batch.Waiting]+v.Count[batch.Failed] == 0 {
		b.s.forgetBatch()
	}
	return err
}

// telling is a phone's key, which shows its person the name of each file.
type telling struct {
	crypto.Signer
	identity token.Identity
	ctx      context.Context
	purpose  mobileca.Purpose
}

// For implements batch.Teller.
func (t telling) For(name string) (crypto.Signer, error) {
	p, d := t.purpose, *t.purpose.Document
	d.Title, d.File = name, name
	p.Document = &d
	return t.identity.Signer(asking(t.ctx, p))
}

// Preview opens a file as it will be signed, with the spots of the seal.
func (b *Batch) Preview(ctx context.Context, name string) (*Preview, []batch.Spot, error) {
	v := b.View()
	at := slices.IndexFunc(v.Rows, func(o batch.Outcome) bool { return o.Item.Name == name })
	if at < 0 {
		return nil, nil, fault("file_unreadable", nil, "file", name)
	}
	o := v.Rows[at]
	path := o.Source
	if o.State == batch.Signed {
		path = o.Path
	}
	doc, err := b.s.desk.cfg.Renderer.OpenFile(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	if want := o.SourceSHA256; o.State == batch.Ready && doc.SHA256() != want {
		return nil, nil, errors.Join(fault("file_changed", nil, "file", filepath.Base(path)), doc.Close())
	}
	return &Preview{Name: filepath.Base(path), Document: doc}, o.Spots, nil
}

// SpotMM is a spot on a page as it is displayed: its centre and size in millimetres from the top left corner.
func SpotMM(ctx context.Context, doc *preview.Document, s batch.Spot) (x, y, w, h float64, err error) {
	g, err := doc.Geometry(ctx, s.Page)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	x, y, w, h = g.RectToScreen(s.Rect)
	const mm = seal.PointsPerMM
	return (x + w/2) / mm, (y + h/2) / mm, w / mm, h / mm, nil
}
