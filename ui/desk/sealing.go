package desk

import (
	"context"
	"image"
	"os"
	"path/filepath"

	"sealdesk/platformapi"
	"sealdesk/signer"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
	"sealdesk/token"
)

// A SealChoice is a seal that this party may put on, as the page shows it.
type SealChoice struct {
	ID    string
	Title string // 合同专用章, 公章, or the file's name
	Seal  seal.Seal
}

const sealDPI = 600

// Seals are the party's: its contract seal and its official seal, drawn from the name in the certificate, and pictures
// that were imported.
func (s *Session) Seals() ([]SealChoice, error) {
	t := s.desk.cfg.Words.T
	var out []SealChoice
	for _, kind := range []string{"contract", "official"} {
		style := seal.Style{Name: s.key.Owner, Number: sealNumber(s.key.USCC)}
		if kind == "contract" {
			style.Bottom = t("seal.contract")
		}
		drawn, err := seal.Make(s.desk.cfg.SealFont, style, sealDPI)
		if err != nil {
			return nil, err
		}
		out = append(out, SealChoice{ID: kind, Title: t("seal." + kind), Seal: drawn})
	}
	files, _ := filepath.Glob(filepath.Join(s.dir, "seals", "*.png"))
	for _, path := range files {
		name := filepath.Base(path)
		picture, err := loadSeal(path)
		if err != nil {
			continue // said when it was imported; a file that went bad since is left out
		}
		out = append(out, SealChoice{ID: name, Title: name[:len(name)-len(".png")], Seal: pressed(name, picture)})
	}
	return out, nil
}

// ImportSeal takes a PNG picture of a seal among the party's seals.
func (s *Session) ImportSeal(ctx context.Context, path string) error {
	if _, err := loadSeal(path); err != nil {
		return err
	}
	dir := filepath.Join(s.dir, "seals")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return diskError(dir, err)
	}
	in, err := os.Open(path)
	if err != nil {
		return fault("file_unreadable", err, "file", filepath.Base(path))
	}
	defer in.Close()
	stem := filepath.Base(path)
	stem = stem[:len(stem)-len(filepath.Ext(stem))]
	_, _, err = copyFile(ctx, filepath.Join(dir, stem+".png"), in)
	return err
}

func loadSeal(path string) (*image.NRGBA, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault("file_unreadable", err, "file", filepath.Base(path))
	}
	defer f.Close()
	return seal.Load(f, seal.Limits{})
}

// pressed gives a picture the size of a seal: its longer side as long as a contract seal is wide.
func pressed(name string, m *image.NRGBA) seal.Seal {
	w, h := float64(m.Rect.Dx()), float64(m.Rect.Dy())
	scale := seal.DefaultDiameterMM / max(w, h)
	return seal.Seal{Name: name, Image: m, WidthMM: w * scale, HeightMM: h * scale}
}

// sealNumber is the seal's number under the arc: the middle of the 统一社会信用代码, 13 digits as the police's seal
// registers have them, until a registered number is known.
func sealNumber(uscc string) string {
	digits := make([]byte, 0, 13)
	for i := 2; i < len(uscc) && len(digits) < 13; i++ {
		if uscc[i] >= '0' && uscc[i] <= '9' {
			digits = append(digits, uscc[i])
		}
	}
	return string(digits)
}

// A Preview is the very file that will be signed, on show.
type Preview struct {
	Name     string
	Document *preview.Document
	Verdict  *verify.Report // on the seals that are on it already; nil when there are none
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
	doc, err := w.s.desk.cfg.Renderer.OpenFile(ctx, w.path(&f))
	if err != nil {
		return nil, err
	}
	if doc.SHA256() != f.SHA256 {
		doc.Close()
		return nil, fault("file_changed", nil, "file", f.Name)
	}
	w.mu.Lock()
	w.shown = doc.SHA256()
	w.mu.Unlock()
	return &Preview{Name: f.Name, Document: doc, Verdict: report}, nil
}

// Show opens any file of the contract for reading.
func (w *Work) Show(ctx context.Context, f File) (*Preview, error) {
	doc, err := w.s.desk.cfg.Renderer.OpenFile(ctx, w.path(&f))
	if err != nil {
		return nil, err
	}
	report, err := w.s.desk.verify(ctx, w.path(&f))
	if err != nil {
		doc.Close()
		return nil, err
	}
	return &Preview{Name: f.Name, Document: doc, Verdict: report}, nil
}

func (w *Work) toSign() (File, *verify.Report, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.received != nil {
		return w.received.file, w.received.report, nil
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

// A finder looks for a seal's keyword in the document that is to be signed; it opens it only when there is one.
type finder struct {
	renderer *preview.Renderer
	path     string
}

func (f finder) Find(ctx context.Context, words string) ([]signer.Hit, error) {
	doc, err := f.renderer.OpenFile(ctx, f.path)
	if err != nil {
		return nil, err
	}
	defer doc.Close()
	found, err := doc.Find(ctx, words)
	if err != nil {
		return nil, err
	}
	hits := make([]signer.Hit, len(found.Hits))
	for i, h := range found.Hits {
		hits[i] = signer.Hit{Page: h.Page, Rect: h.Rect}
	}
	return hits, nil
}

// SealRequest is what the person chose on the page 加盖印章. The PIN is wiped.
type SealRequest struct {
	Seal    SealChoice
	Places  []seal.Place
	PIN     []byte
	LastTry bool
}

// Seal puts the seal on and signs with the key of this session. The file that comes out was verified by reading it back;
// it becomes the filing's sealed file. The key is unlocked for this one signature.
func (w *Work) Seal(ctx context.Context, r SealRequest, progress Progress) (signer.Result, error) {
	defer token.Wipe(r.PIN)
	in, _, err := w.toSign()
	if err != nil {
		return signer.Result{}, err
	}
	w.mu.Lock()
	shown := w.shown
	w.mu.Unlock()
	if shown != in.SHA256 {
		return signer.Result{}, fault("not_shown", nil)
	}
	id := platformapi.NewID()
	rel := "sealed-" + id + ".pdf"
	var result signer.Result
	err = w.s.desk.withKey(ctx, w.s.key, r.PIN, r.LastTry, func(key PlatformKey) (err error) {
		result, err = signer.Job{
			In: w.path(&in), Out: filepath.Join(w.dir, rel), ExpectSHA256: in.SHA256,
			Seal: &r.Seal.Seal, Places: r.Places, Find: finder{w.s.desk.cfg.Renderer, w.path(&in)},
			Key: key.Signer, Chain: key.Chain, Roots: w.s.desk.cfg.Roots,
			Reason:   w.s.desk.cfg.Words.T("seal.reason"),
			Progress: func(step signer.Step, done, total int64) { progress.report(signSteps[step], done, total) },
		}.Run(ctx)
		return err
	})
	if err != nil {
		return signer.Result{}, err
	}
	err = w.update(func(d *draft) {
		w.dropSeal()
		d.Filing.Sealed = &File{Attachment: id, Name: in.Name, Path: rel, SHA256: result.SHA256, Size: result.Size}
	})
	return result, err
}

// Verify judges any PDF of the person's (验证文件).
func (d *Desk) Verify(ctx context.Context, path string) (*verify.Report, error) {
	return d.verify(ctx, path)
}

// verify judges a file against the desk's roots.
func (d *Desk) verify(ctx context.Context, path string) (*verify.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, diskError(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, diskError(path, err)
	}
	return verify.File(ctx, f, info.Size(), verify.Options{Roots: d.cfg.Roots})
}
