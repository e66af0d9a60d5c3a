package pdfcopy

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"

	"sealdesk/signer/cleancopy/pdfclean"
	"sealdesk/signer/cleancopy/pdfclean/archive"
	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/signer/pdf"
	"sealdesk/signer/preview"
)

// Copier makes clean copies with the page engine.
type Copier struct {
	Engine *preview.Renderer
}

// Result tells what became of a PDF.
type Result struct {
	Signed    bool               `json:"signed"` // it bears a signature and is not rewritten: there is no copy
	Pages     int                `json:"pages"`
	Archive   bool               `json:"archive"` // the copy is PDF/A-2b
	TakenOut  []pdfclean.Finding `json:"takenOut"`
	Doubtful  []pdfclean.Finding `json:"doubtful"`  // what is in the copy, though it is hard to see
	Truncated bool               `json:"truncated"` // more was found than is listed
	Notices   []Notice           `json:"notices"`
}

// Notice is something to know of the copy.
type Notice struct {
	Code   string         `json:"code"`
	Params map[string]any `json:"params,omitempty"`
}

// Codes of notices.
const (
	MendedHeader  = "cleancopy.notice.mended_header"  // the file did not begin with its header
	MendedEnd     = "cleancopy.notice.mended_end"     // it did not end as a PDF does
	MendedXRef    = "cleancopy.notice.mended_xref"    // its table of contents was wrong
	MendedObjects = "cleancopy.notice.mended_objects" // parts of it were malformed
	PlainFonts    = "cleancopy.notice.plain_fonts"    // fonts: names; not PDF/A, since these are not embedded
	PlainColours  = "cleancopy.notice.plain_colours"  // colours: names; not PDF/A, since these have no fixed meaning
	PlainOther    = "cleancopy.notice.plain_other"    // detail: not PDF/A for another reason
)

// Stage is how far a copy is, for Copy's tell.
type Stage string

// Stages in their order.
const (
	StageInspect Stage = "inspect"
	StageClean   Stage = "clean"
	StageConvert Stage = "convert"
	StageCheck   Stage = "check"
)

// Copy makes the clean copy of data; it is nil for a document that is signed. tell hears of each stage how much of it is
// done, 0 to 1. Errors are *refusal.Error, or the context's.
func (c Copier) Copy(ctx context.Context, data []byte, tell func(s Stage, done float64)) ([]byte, *Result, error) {
	w := work{Copier: c, ctx: ctx, tell: tell, original: data}
	copied, err := w.run()
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, nil, err
	}
	return copied, &w.Result, nil
}

// CopyFile is Copy from file to file; out is written only when there is a copy, and may not exist before.
func (c Copier) CopyFile(ctx context.Context, in, out string, tell func(s Stage, done float64)) (*Result, error) {
	data, err := os.ReadFile(in)
	if err != nil {
		return nil, refusal.Wrap(refusal.Unreadable, err, "the document cannot be read", map[string]any{"path": in})
	}
	clean, result, err := c.Copy(ctx, data, tell)
	if err != nil || clean == nil {
		return result, err
	}
	f, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(clean)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return result, err
}

type work struct {
	Copier
	Result
	ctx      context.Context
	tell     func(Stage, float64)
	original []byte
	flat     []byte // with annotations and form fields drawn into the pages; nil when there were none
	places   map[int][]pdfclean.Place
	unopened bool  // the original's structure cannot be read
	mended   error // what was wrong with the original before it was mended
}

func (w *work) run() ([]byte, error) {
	w.tell(StageInspect, 0)
	data, found, err := w.read()
	if err != nil {
		return nil, err
	}
	w.Pages = found.Pages
	switch {
	case found.Signed && w.unopened: // a countersignature needs the structure that its revisions hang on
		return nil, refusal.Wrap(refusal.SignedDamaged, w.mended, "the PDF bears a signature and is damaged", nil)
	case found.Signed:
		w.Signed, w.Notices = true, nil
		return nil, nil
	case found.XFA:
		return nil, refusal.New(refusal.XFA, "the PDF is an XFA form, which only the program that made it can show", nil)
	case found.Pages == 0:
		return nil, refusal.New(refusal.NoPages, "the document has no pages", nil)
	case len(found.Disputed) > 0:
		return nil, refusal.New(refusal.HiddenLayer, "the PDF has layers that some programs show and some do not", map[string]any{"layers": found.Disputed})
	}
	w.TakenOut, w.Truncated = found.Findings, found.Truncated
	w.tell(StageClean, 0)
	if found.Annotated {
		if data, err = w.flatten(data, found.Unshown); err != nil {
			return nil, err
		}
		w.flat, w.places = data, found.Places
	}
	w.tell(StageConvert, 0)
	f, err := open(data)
	if err != nil {
		return nil, damaged(err)
	}
	clean, built, err := w.rebuild(f)
	if err != nil {
		return nil, err
	}
	if built.PictureData > 0 {
		w.take(pdfclean.KindPictureData, 0, "", built.PictureData)
	}
	w.tell(StageCheck, 0)
	if err := w.reread(clean); err != nil {
		return nil, err
	}
	if err := w.look(f, clean, built); err != nil {
		return nil, err
	}
	return clean, nil
}

func open(data []byte) (*pdf.File, error) { return pdf.Open(bytes.NewReader(data), int64(len(data))) }

// read finds out what the file holds. One that is only slightly broken is mended first.
func (w *work) read() ([]byte, *pdfclean.Inspection, error) {
	f, err := open(w.original)
	w.unopened = err != nil
	var found *pdfclean.Inspection
	if err == nil {
		found, err = pdfclean.Inspect(w.ctx, f)
	}
	if err == nil {
		w.defects(f.Defects())
		return w.original, found, nil
	}
	var broken *pdf.Error
	if !errors.As(err, &broken) || broken.Kind == pdf.Encrypted || broken.Kind == pdf.NotPDF || broken.Kind == pdf.TooComplex {
		return nil, nil, damaged(err)
	}
	data, merr := w.Engine.Mend(w.ctx, w.original)
	if errors.Is(merr, preview.ErrEncrypted) {
		return nil, nil, encrypted()
	}
	if merr != nil {
		return nil, nil, damaged(err)
	}
	if f, merr = open(data); merr == nil {
		found, merr = pdfclean.Inspect(w.ctx, f)
	}
	if merr != nil {
		return nil, nil, damaged(err)
	}
	w.mended = err
	code := MendedObjects
	if broken.Kind == pdf.NoXRef {
		code = MendedXRef
	}
	w.Notices = append(w.Notices, Notice{Code: code})
	return data, found, nil
}

// defects names what the strict reader forgave.
func (w *work) defects(list []pdf.Defect) {
	for _, d := range list {
		n := Notice{Code: mended(d.Name)}
		if !slices.ContainsFunc(w.Notices, func(o Notice) bool { return o.Code == n.Code }) {
			w.Notices = append(w.Notices, n)
		}
	}
}

// mended is the code of a notice about a defect.
func mended(defect string) string {
	switch defect {
	case pdf.JunkBeforeHeader:
		return MendedHeader
	case pdf.JunkAfterEnd, pdf.NoEnd:
		return MendedEnd
	case pdf.XRefOffset, pdf.XRefEntryForm, pdf.XRefEntryZero, pdf.XRefSize, pdf.PrevZero:
		return MendedXRef
	}
	return MendedObjects
}

func (w *work) flatten(data []byte, drop map[int][]int) ([]byte, error) {
	flat, err := w.Engine.Flatten(w.ctx, data, drop)
	if err != nil {
		return nil, refusal.Wrap(refusal.FlattenFailed, err, "annotations and form fields could not be drawn into the pages",
			map[string]any{"detail": err.Error()})
	}
	return flat, nil
}

// rebuild writes the pages anew, as PDF/A where nothing stands against it.
func (w *work) rebuild(f *pdf.File) ([]byte, *pdfclean.Built, error) {
	var verdict archive.Verdict
	for _, o := range []pdfclean.Options{{Archive: true, KeepIntent: true}, {Archive: true}} {
		out, built, err := w.write(f, o)
		if err != nil {
			return nil, nil, err
		}
		if built.Missing > 0 && w.mended != nil {
			return nil, nil, refusal.New(refusal.Damaged, "parts of the pages are missing", map[string]any{"type": "pdf", "detail": "incomplete"})
		}
		clean, err := open(out)
		if err != nil {
			return nil, nil, damaged(err)
		}
		if verdict, err = archive.Judge(w.ctx, clean); err != nil {
			return nil, nil, damaged(err)
		}
		if w.Archive = verdict.OK(); w.Archive {
			return out, built, nil
		}
	}
	w.plain(verdict)
	return w.write(f, pdfclean.Options{})
}

func (w *work) write(f *pdf.File, o pdfclean.Options) ([]byte, *pdfclean.Built, error) {
	var out bytes.Buffer
	built, err := pdfclean.Rebuild(w.ctx, f, &out, o)
	if err != nil {
		return nil, nil, damaged(err)
	}
	return out.Bytes(), built, nil
}

// plain says why the copy is no PDF/A.
func (w *work) plain(v archive.Verdict) {
	if len(v.Fonts) > 0 {
		w.Notices = append(w.Notices, Notice{PlainFonts, map[string]any{"fonts": v.Fonts}})
	}
	if len(v.Colours) > 0 {
		w.Notices = append(w.Notices, Notice{PlainColours, map[string]any{"colours": v.Colours}})
	}
	if len(v.Other) > 0 {
		w.Notices = append(w.Notices, Notice{PlainOther, map[string]any{"detail": v.Other[0]}})
	}
}

// reread looks at the copy as if it had come in: it has the same number of pages, and nothing beside them.
func (w *work) reread(clean []byte) error {
	f, err := open(clean)
	if err != nil {
		return damaged(err)
	}
	left, err := pdfclean.Inspect(w.ctx, f)
	if err != nil {
		return damaged(err)
	}
	if left.Pages != w.Pages || len(left.Findings) > 0 || left.Annotated || left.Signed || len(f.Defects()) > 0 {
		return refusal.New(refusal.Damaged, "the PDF could not be reduced to its pages", map[string]any{"type": "pdf", "detail": "something is left beside the pages"})
	}
	return nil
}

func encrypted() error {
	return refusal.New(refusal.Encrypted, "the document is protected by a password", map[string]any{"type": "pdf"})
}

// damaged names what is wrong with a PDF. Errors that are not the file's pass through.
func damaged(err error) error {
	var broken *pdf.Error
	switch {
	case !errors.As(err, &broken):
		return err
	case broken.Kind == pdf.Encrypted:
		return encrypted()
	}
	return refusal.Wrap(refusal.Damaged, err, "the PDF is damaged", map[string]any{"type": "pdf", "detail": string(broken.Kind)})
}
