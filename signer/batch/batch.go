package batch

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"sealdesk/signer"
	"sealdesk/signer/disk"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/verify"
)

// State is how far a file has come.
type State string

// The states of an Outcome.
const (
	Waiting State = "waiting" // not reached
	Ready   State = "ready"   // it can be signed; of Check only
	Signed  State = "signed"
	Skipped State = "skipped" // nothing was done, and nothing went wrong: Err says why
	Failed  State = "failed"  // Err says why
)

// An Outcome is what became of one file.
type Outcome struct {
	Item    Item
	State   State
	Err     error
	Earlier bool // it was signed before this run

	Source       string // what is signed: the document, or its clean copy
	SourceSHA256 string // as it was checked or signed
	Pages        int    // of the source; 0 where it was not looked at
	Spots        []Spot // where the seal would show; of Check only

	Path   string // of the signed file; empty where there is none
	SHA256 string // of the signed file
	Size   int64  // of the signed file in bytes
}

// A Spot is where a seal would show: the page from 1, and left, bottom, right, top in points of the page's own user space.
type Spot struct {
	Page int
	Rect [4]float64
}

// A Batch is many documents, one key and one rule. Its methods may not run at the same time.
type Batch struct {
	Items []Item
	Out   string // folder of the signed files and of the ledger; it is made if it is not there
	// Job is what is the same for all files: Key, Chain, Seal, Places, Reason, Roots and so on. Its In, Out, ExpectSHA256,
	// Find, Admit and Progress are the batch's own. Check needs no Key.
	Job signer.Job
	// Find gives the Finder of a document, for places by keyword; nil without such places.
	Find func(path string) signer.Finder
	// Clean makes the clean copy of a Word document, and writes its report; nil: Word documents are skipped.
	Clean func(ctx context.Context, in, out, report string) error
	// Workers is how many files are worked on side by side; 0 takes what suits the machine. The key is asked for one
	// signature at a time all the same.
	Workers int
	// Told, if given, is told each outcome as soon as it is certain, one at a time.
	Told func(Outcome)
}

// Check finds out what would become of each file, without the key. It writes nothing, unless there is Clean: then the clean
// copies, their reports and lines in the ledger, for which it makes the folder and locks it as Run does. The outcomes are in
// the order of the items. Errors: those of the ledger and the folder, and the context's; what is wrong with a file is in
// its outcome.
func (b *Batch) Check(ctx context.Context) ([]Outcome, error) {
	r, err := b.begin(b.Clean != nil)
	if err != nil {
		return nil, err
	}
	defer r.end()
	r.each(ctx, r.check)
	return r.outcomes, r.stopped(ctx)
}

// Run signs the files that are not signed yet. Errors: *KeyError when the key failed; *signer.Error when the disk is full or
// the folder cannot be written to; those of the ledger; the context's. The outcomes are complete even then: what was not
// reached is Waiting.
//
// When ctx ends, a file that has been to the key is finished, and the others are left as they were.
func (b *Batch) Run(ctx context.Context) ([]Outcome, error) {
	if b.Job.Key == nil {
		return nil, &signer.Error{Kind: signer.BadRequest, Detail: "a batch needs a key"}
	}
	r, err := b.begin(true)
	if err != nil {
		return nil, err
	}
	defer r.end()
	if err := r.prepare(); err != nil {
		return nil, err
	}
	r.gate = newGate(b.Job.Key)
	r.each(ctx, r.sign)
	return r.outcomes, r.stopped(ctx)
}

// run is one going through a batch.
type run struct {
	*Batch
	ledger   *ledger
	lock     *os.File
	gate     *gate
	pressed  *pdfsig.Pictures
	outcomes []Outcome

	mu    sync.Mutex
	fatal error         // why no other file is begun
	halt  chan struct{} // closed then
}

// begin reads the ledger, and locks the folder for writing.
func (b *Batch) begin(write bool) (*run, error) {
	if len(b.Job.Chain) == 0 || b.Job.Chain[0] == nil || b.Out == "" || len(b.Items) == 0 {
		return nil, &signer.Error{Kind: signer.BadRequest, Detail: "a batch needs files, a folder and a certificate"}
	}
	if len(b.Items) > MaxItems {
		return nil, ErrTooMany
	}
	r := &run{Batch: b, pressed: b.pictures(), halt: make(chan struct{}), outcomes: make([]Outcome, len(b.Items))}
	for i, item := range b.Items {
		r.outcomes[i] = Outcome{Item: item, State: Waiting, Source: item.In}
	}
	if write {
		if err := r.claim(); err != nil {
			return nil, err
		}
	}
	var err error
	if r.ledger, err = readLedger(b.Out); err == nil {
		err = r.sameRule()
	}
	if err == nil && write {
		err = r.ledger.open(b.Out)
	}
	if err == nil && write && r.ledger.rule == nil {
		err = r.ledger.add(r.rule())
	}
	if err != nil {
		r.end()
		return nil, err
	}
	return r, nil
}

// claim makes the folder and keeps other programs from working in it.
func (r *run) claim() error {
	if err := os.MkdirAll(r.Out, 0o700); err != nil {
		return diskError(r.Out, r.Out, err)
	}
	path := filepath.Join(r.Out, lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return diskError(r.Out, path, err)
	}
	ok, err := tryLock(f)
	if err != nil || !ok {
		_ = f.Close()
		return ErrBusy.at(r.Out, err)
	}
	r.lock = f
	return nil
}

func (r *run) end() {
	if r.ledger != nil {
		_ = r.ledger.close() // each line was synced when it was written
	}
	if r.lock != nil {
		_ = r.lock.Close() // which lets go of the lock
	}
}

// rule is the first line of the ledger.
func (r *run) rule() line {
	sum := sha256.Sum256(r.Job.Chain[0].Raw)
	l := line{Kind: lineBatch, Certificate: hex.EncodeToString(sum[:])}
	for _, p := range r.Job.Places {
		l.Places = append(l.Places, p.String())
	}
	if s := r.Job.Seal; s != nil && s.Image != nil {
		h := sha256.New()
		h.Write(s.Image.Pix)
		size := []float64{float64(s.Image.Rect.Dx()), float64(s.Image.Rect.Dy()), s.WidthMM, s.HeightMM}
		_ = binary.Write(h, binary.BigEndian, size) // a hash takes everything
		l.Seal = hex.EncodeToString(h.Sum(nil))
	}
	if e := r.Job.Electronic; e != nil {
		sum := sha256.Sum256(e.Raw())
		l.Seal = hex.EncodeToString(sum[:])
	}
	return l
}

func (r *run) sameRule() error {
	was, now := r.ledger.rule, r.rule()
	if was == nil || was.Certificate == now.Certificate && was.Seal == now.Seal && slices.Equal(was.Places, now.Places) {
		return nil
	}
	return ErrOtherRule.at(r.Out, nil)
}

// prepare makes the folders of the signed files, and removes what a program that died left half written in them.
func (r *run) prepare() error {
	made := map[string]bool{}
	for _, item := range r.Items {
		dir := filepath.Dir(r.path(item))
		if made[dir] || !filepath.IsLocal(filepath.FromSlash(item.Name)) {
			continue
		}
		made[dir] = true
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return diskError(dir, dir, err)
		}
		if err := disk.SyncFolder(filepath.Dir(dir)); err != nil {
			return diskError(dir, dir, err)
		}
		sweep(dir)
	}
	return nil
}

// sweep removes the temporary files of a program that died. No other works in the folder: the lock is ours.
func sweep(dir string) {
	entries, _ := os.ReadDir(dir) // the next run tries again
	for _, e := range entries {
		if disk.IsDraft(e.Name()) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

func (r *run) path(item Item) string { return filepath.Join(r.Out, filepath.FromSlash(item.Name)) }

// each does something with every file, several side by side, until the batch is stopped.
func (r *run) each(ctx context.Context, do func(context.Context, *Outcome)) {
	workers := r.Workers
	if workers <= 0 {
		workers = min(2*runtime.NumCPU()+2, 8) // more than there are processors: they wait for disks
	}
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(workers, len(r.Items)) {
		wg.Go(func() {
			for i := range next {
				o := r.outcomes[i]
				do(ctx, &o)
				r.tell(i, o)
			}
		})
	}
	for i := range r.Items {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		case <-r.halt:
		}
		break
	}
	close(next)
	wg.Wait()
}

func (r *run) tell(i int, o Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes[i] = o
	if r.Told != nil && o.State != Waiting {
		r.Told(o)
	}
}

// stop keeps other files from being begun.
func (r *run) stop(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fatal == nil {
		r.fatal = err
		close(r.halt)
	}
}

func (r *run) stopped(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fatal != nil {
		return r.fatal
	}
	if slices.ContainsFunc(r.outcomes, func(o Outcome) bool { return o.State == Waiting }) {
		return ctx.Err()
	}
	return nil
}

// fail keeps why a file failed. What concerns the key or the disk stops the batch, and the file is still to be done.
func (r *run) fail(ctx context.Context, o *Outcome, err error) {
	var key *KeyError
	var own *signer.Error
	switch {
	case errors.As(err, &key):
		r.stop(err)
	case errors.As(err, &own) && slices.Contains([]signer.Kind{signer.DiskFull, signer.NoFolder, signer.NoPermission, signer.WriteFailed}, own.Kind):
		r.stop(err)
	case errors.Is(err, ErrLedger):
		r.stop(err)
	case errors.Is(err, errStopped), ctx.Err() != nil && errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
	case errors.Is(err, ErrSigned), errors.Is(err, ErrNeedsClean):
		o.State, o.Err = Skipped, err
	default:
		o.State, o.Err = Failed, err
	}
}

// admit refuses documents that bear this certificate's signature.
func (r *run) admit(before *verify.Report) error {
	for _, s := range before.Signatures {
		if s.Intact && s.Certificate != nil && s.Certificate.Equal(r.Job.Chain[0]) {
			return ErrSigned
		}
	}
	return nil
}

// pictures is what the files share: the seal, compressed once.
func (b *Batch) pictures() *pdfsig.Pictures {
	if b.Job.Seal == nil {
		return pdfsig.NewPictures(nil) // an electronic seal brings its own
	}
	return pdfsig.NewPictures(b.Job.Seal.Image)
}

// job is what is to be done with one document.
func (r *run) job(o *Outcome) signer.Job {
	j := r.Job
	j.In, j.Out, j.ExpectSHA256 = o.Source, r.path(o.Item), o.Item.ExpectSHA256
	j.Admit, j.Find, j.Progress, j.Pictures = r.admit, nil, nil, r.pressed
	if r.Find != nil {
		j.Find = r.Find(o.Source)
	}
	return j
}

// check is what Check does with one file.
func (r *run) check(ctx context.Context, o *Outcome) {
	if r.settled(ctx, o) {
		return
	}
	c, err := r.job(o).Check(ctx)
	if err != nil {
		r.fail(ctx, o, err)
		return
	}
	o.State, o.SourceSHA256, o.Pages = Ready, c.SHA256, c.Pages
	for _, a := range c.Places { // without the pictures, which many files would hold in memory
		o.Spots = append(o.Spots, Spot{a.Page, a.Rect})
	}
}

// sign is what Run does with one file.
func (r *run) sign(ctx context.Context, o *Outcome) {
	if r.settled(ctx, o) {
		return
	}
	job := r.job(o)
	// A file that has been to the key is finished, whatever becomes of ctx.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var err error
	if job.Key, err = r.gate.signer(own, o.Item.Name, context.AfterFunc(ctx, cancel)); err != nil {
		r.fail(ctx, o, err)
		return
	}
	result, err := job.Run(own)
	if err != nil {
		r.fail(ctx, o, err)
		return
	}
	r.signed(ctx, o, result.InputSHA256, result.SHA256, result.Size)
}

// signed keeps that a file is signed.
func (r *run) signed(ctx context.Context, o *Outcome, source, sum string, size int64) {
	o.State, o.SourceSHA256, o.Path, o.SHA256, o.Size = Signed, source, r.path(o.Item), sum, size
	row := line{Kind: lineSigned, Name: o.Item.Name, In: o.Item.In, InputSHA256: source, SHA256: sum, Size: size}
	if o.Source != o.Item.In {
		row.InputSHA256, row.CleanSHA256 = r.ledger.cleanOf(o.Item.Name).InputSHA256, source
	}
	if err := r.ledger.add(row); err != nil {
		r.stop(err) // the file is there all the same, and is found by the next run
	}
}

// diskError names what went wrong with the folder of the signed files as package signer does.
func diskError(folder, path string, err error) error {
	kind := signer.WriteFailed
	switch {
	case disk.Full(err):
		kind = signer.DiskFull
	case errors.Is(err, fs.ErrPermission):
		kind = signer.NoPermission
	}
	if kind != signer.WriteFailed {
		path = folder
	}
	return errors.Join(&signer.Error{Kind: kind, Path: path, Detail: "the batch's folder cannot be written to"}, err)
}
