package desk

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"sealdesk/assets"
	"sealdesk/platformapi"
	"sealdesk/signer"
	"sealdesk/signer/pdf"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
	"sealdesk/token"
	"sealdesk/token/mobileca"
	"sealdesk/ui/desk/judgement"
)

// A Preview is the very file that will be signed, on show.
type Preview struct {
	Name     string
	Document *preview.Document
	Verdict  *verify.Report // on the seals that are on it already; nil when there are none
	Layout   *signer.Layout // for placing; nil for a document that is only read
}

// Close gives the document's memory back.
func (p *Preview) Close() error { return p.Document.Close() }

// Preview opens what will be signed: the clean copy, or for the other side the file it received. Its digest is
// remembered: nothing else is signed than what was shown.
func (w *Work) Preview(ctx context.Context) (*Preview, error) {
	f, report, err := w.toSign()
	if err != nil {
		return nil, err
	}
	doc, path, err := w.show(ctx, f)
	if err != nil {
		return nil, err
	}
	layout, err := layoutOf(ctx, path, report)
	if err != nil {
		doc.Close()
		return nil, err
	}
	w.mu.Lock()
	w.shown = doc.SHA256()
	w.mu.Unlock()
	return &Preview{Name: f.Name, Document: doc, Verdict: report, Layout: layout}, nil
}

func layoutOf(ctx context.Context, path string, report *verify.Report) (*signer.Layout, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, fault("file_unreadable", err, "file", filepath.Base(path))
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return nil, fault("file_unreadable", err, "file", filepath.Base(path))
	}
	file, err := pdf.Open(in, info.Size())
	if err != nil {
		return nil, err
	}
	return signer.ReadLayout(ctx, file, report)
}

// DateFont is the face in which the date beside a seal is written.
func DateFont() (*seal.Font, error) { return seal.ParseFont(assets.SerifDate()) }

// Show opens any file of the contract for reading.
func (w *Work) Show(ctx context.Context, f File) (*Preview, error) {
	doc, path, err := w.show(ctx, f)
	if err != nil {
		return nil, err
	}
	report, err := w.s.desk.verify(ctx, path, w.s.desk.asking())
	if err != nil {
		doc.Close()
		return nil, err
	}
	return &Preview{Name: f.Name, Document: doc, Verdict: report}, nil
}

// show opens a document of the contract, if it is still the one that was put there, and gives its path.
func (w *Work) show(ctx context.Context, f File) (*preview.Document, string, error) {
	path, err := w.plain(ctx, f)
	if err != nil {
		return nil, "", err
	}
	doc, err := w.s.desk.cfg.Renderer.OpenFile(ctx, path)
	if err != nil {
		return nil, "", err
	}
	if doc.SHA256() != f.SHA256 {
		_ = doc.Close()
		return nil, "", fault("file_changed", nil, "file", f.Name)
	}
	return doc, path, nil
}

// toSign is the document that this party's seal goes on: the clean copy of the starter, what the other side received.
func (w *Work) toSign() (File, *verify.Report, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.toReview(); r != nil {
		return r.file, r.report, nil
	}
	if !w.d.starter() || w.d.reviewFirst() {
		return File{}, nil, fault("not_received", nil)
	}
	if clean := w.d.Filing.Clean; clean != nil && w.d.Filing.Confirmed {
		return *clean, nil, nil
	}
	return File{}, nil, fault("not_clean", nil)
}

// signSteps are the keys of a job's steps for words.
var signSteps = map[signer.Step]string{
	signer.StepPrepare: "sign.prepare", signer.StepSign: "sign.sign", signer.StepVerify: "sign.verify", signer.StepStore: "sign.store",
}

// Finder looks for keywords in a document that is opened for each of them.
func Finder(r *preview.Renderer, path string) signer.Finder { return finder{r, path} }

// A finder looks for a seal's keyword in the document that is to be signed; it opens it only when there is one.
type finder struct {
	renderer *preview.Renderer
	path     string
}

func (f finder) Find(ctx context.Context, words string) (preview.Found, error) {
	doc, err := f.renderer.OpenFile(ctx, f.path)
	if err != nil {
		return preview.Found{}, err
	}
	defer doc.Close()
	return doc.Find(ctx, words)
}

// SealRequest is what the person chose on the page 加盖印章. The PIN is wiped.
type SealRequest struct {
	Seal    SealChoice
	Places  []seal.Place
	PIN     []byte // none while the session holds the key
	LastTry bool
	Keep    bool // the key stays unlocked for the next signatures of this session
	// Certify makes a certification with a DocMDP permission (ISO 32000-2, 12.8.2.2); 0 an ordinary signature.
	Certify int
	// Unstamped signs without a time stamp although the settings have one: the person was asked.
	Unstamped bool
	// Pages that the person was shown, for a phone to tell; 0 is not told.
	Pages int
	// AllowOverlap says that the person was asked about a seal that lies over another party's.
	AllowOverlap bool
}

// Seal puts the seal on and signs with the key of this session. The file that comes out was verified by reading it back;
// it becomes the filing's sealed file. The key is unlocked for this one signature, unless the person asked to keep it so.
func (w *Work) Seal(ctx context.Context, r SealRequest, progress Progress) (signer.Result, error) {
	defer token.Wipe(r.PIN)
	if !w.making.TryLock() {
		return signer.Result{}, fault("busy", nil)
	}
	defer w.making.Unlock()
	in, _, err := w.toSign()
	if err != nil {
		return signer.Result{}, err
	}
	if err := w.ask(ctx, ActionSeal); err != nil {
		return signer.Result{}, err
	}
	w.mu.Lock()
	shown := w.shown
	w.mu.Unlock()
	if shown != in.SHA256 {
		return signer.Result{}, fault("not_shown", nil)
	}
	copied := w.takeAhead(ctx, in)
	defer func() {
		if copied != nil {
			w.leaveAhead(copied)
		}
	}()
	if copied != nil && copied.copy.Current(ctx) != nil { // before a PIN is tried for it
		return signer.Result{}, fault("file_changed", nil, "file", in.Name)
	}
	id := platformapi.NewID()
	sealed := File{Attachment: id, Name: in.Name, Path: stemSealed + id + ".pdf", Base: in.SHA256}
	job, err := w.job(ctx, in, r, progress)
	if err != nil {
		return signer.Result{}, err
	}
	job.Out = filepath.Join(filepath.Dir(job.In), sealed.Path)
	var result signer.Result
	purpose := w.asks(in, r)
	err = w.s.withKey(asking(ctx, purpose), ScanAbout{Document: purpose.Document.Title, Pages: purpose.Document.Pages}, r.PIN, r.LastTry, r.Keep, func(key PlatformKey) (err error) {
		job.Key, job.Chain = key.Signer, key.Chain
		if copied == nil {
			result, err = job.Run(ctx)
			return err
		}
		ready := copied.copy
		copied = nil // it is used up
		result, err = ready.Finish(ctx, job)
		return err
	})
	if err != nil {
		return signer.Result{}, err
	}
	sealed.SHA256, sealed.Size = result.SHA256, result.Size
	if err := w.keepDocument(context.WithoutCancel(ctx), job.Out, sealed); err != nil {
		return signer.Result{}, err
	}
	// Remembering is a help for the next time; that it fails is no reason to call this signature a failure.
	_ = w.s.KeepTemplate(w.DocumentKind(), Template{LastPlaces, r.Places})
	// The seal is offered first the next time. That it cannot be noted is no reason to say that nothing was signed.
	_ = w.s.seals.Prefer(SealsForContracts, r.Seal.ID)
	if now, _, err := w.toSign(); err != nil || now.SHA256 != in.SHA256 {
		return signer.Result{}, w.void(sealed, fault("replaced", err, "file", in.Name))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// What was signed stays signed: when the draft cannot be written now, it is written with what is written next, and a
	// program that dies before finds the file in the folder.
	next := w.d.clone()
	next.dropSeal()
	next.Filing.Sealed = &sealed
	return result, w.keep(next)
}

// asks describes the document to the person on a phone.
func (w *Work) asks(in File, r SealRequest) mobileca.Purpose {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.d
	return mobileca.Purpose{Kind: ScanSign, Session: true, Summary: w.s.desk.cfg.Words.T("seal.reason"), Document: &mobileca.Document{
		Title: d.Typed.Name, File: in.Name, Pages: r.Pages, Size: in.Size, Amount: d.Typed.AmountFen,
		Parties: []string{d.Lot.Purchaser.Name, d.Lot.Supplier.Name},
	}}
}

// job is what signs a file as the person chose, but for its key.
func (w *Work) job(ctx context.Context, in File, r SealRequest, progress Progress) (signer.Job, error) {
	d := w.s.desk
	path, err := w.plain(ctx, in)
	if err != nil {
		return signer.Job{}, err
	}
	dates, err := DateFont()
	if err != nil {
		return signer.Job{}, err
	}
	picture, electronic, err := r.Seal.pressed()
	if err != nil {
		return signer.Job{}, err
	}
	job := signer.Job{
		In: path, ExpectSHA256: in.SHA256,
		Seal: picture, Electronic: electronic, Places: r.Places, Find: finder{d.cfg.Renderer, path},
		DateFont: dates, AllowOverlap: r.AllowOverlap, Certify: r.Certify,
		Roots: d.cfg.Roots, Makers: d.cfg.Makers, Reason: d.cfg.Words.T("seal.reason"),
		Progress: func(step signer.Step, done, total int64) { progress.report(signSteps[step], done, total) },
	}
	if stampable(electronic) && !r.Unstamped {
		d.lasting(&job)
	}
	return job, nil
}

// CheckSeal finds what would keep Seal from signing, before a PIN is asked for it: what the document forbids, and what an empty
// field asks for. The request's PIN is not used.
func (w *Work) CheckSeal(ctx context.Context, r SealRequest) error {
	in, _, err := w.toSign()
	if err != nil {
		return err
	}
	job, err := w.job(ctx, in, r, nil)
	if err != nil {
		return err
	}
	if job.Chain, err = w.s.chain(ctx); err != nil {
		return err
	}
	_, err = job.Check(ctx)
	return err
}

// void sets a sealed file aside that nobody wants any more, and gives back why.
func (w *Work) void(f File, why error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(why, w.keep(func() *draft {
		next := w.d.clone()
		next.Void = append(next.Void, f.Path)
		return next
	}()))
}

// Verify judges any PDF of the person's (验证文件).
func (d *Desk) Verify(ctx context.Context, path string) (*verify.Report, error) {
	return d.verify(ctx, path, d.asking())
}

// WriteReport judges a file of the person's and writes the report to a new file, a PDF. A file that is there already is not
// overwritten.
func (d *Desk) WriteReport(ctx context.Context, path, to string) error {
	_, data, err := judgement.Examiner{
		Words: d.cfg.Words, Renderer: d.cfg.Renderer, Options: d.asking(), Judge: d.cfg.Program.String(),
	}.Write(ctx, path)
	if err != nil {
		return fault("file_unreadable", err, "file", filepath.Base(path))
	}
	return writeNew(to, data)
}

// verify judges a file.
func (d *Desk) verify(ctx context.Context, path string, o verify.Options) (*verify.Report, error) {
	name := filepath.Base(path)
	f, err := os.Open(path)
	if err != nil {
		return nil, fault("file_unreadable", err, "file", name)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fault("file_unreadable", err, "file", name)
	case !info.Mode().IsRegular():
		return nil, fault("not_a_file", nil, "file", name)
	case info.Size() == 0:
		return nil, fault("file_empty", nil, "file", name)
	}
	return verify.File(ctx, f, info.Size(), o)
}
