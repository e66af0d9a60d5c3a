package cleancopy

import (
	"bytes"
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"

	"sealdesk/signer/cleancopy/pdfclean"
	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/signer/pdf"
)

// Document shows a PDF's pages as pictures.
type Document interface {
	Pages() int
	Render(ctx context.Context, page, widthPx int) (*image.RGBA, error)
	Close() error
}

// pdf makes the clean copy of a PDF.
func (j *job) pdf(ctx context.Context, private string) (string, error) {
	found, err := inspect(ctx, private)
	if err != nil {
		return "", err
	}
	j.report.Pages = found.Pages
	if found.Signed {
		j.report.Kept = true
		j.report.notice(NoticeAlreadySigned, nil)
		return private, nil
	}
	switch {
	case found.Pages == 0:
		return "", noPages()
	case found.XFA:
		return "", refusal.New(refusal.XFA, "the PDF is an XFA form, which only the program that made it can show", nil)
	case len(found.HiddenLayers) > 0:
		return "", refusal.New(refusal.HiddenLayer, "the PDF has layers that are not shown", map[string]any{"layers": found.HiddenLayers})
	}
	j.tell(StepClean, 0.3)
	data, err := os.ReadFile(private)
	if err != nil {
		return "", writeError(err, private)
	}
	if found.Annotated {
		if data, err = j.flatten(ctx, data); err != nil {
			return "", err
		}
	}
	j.tell(StepConvert, 0.6)
	clean := filepath.Join(j.work, "clean.pdf")
	if err := rebuild(ctx, data, clean); err != nil {
		return "", outOfSpace(err, j.work)
	}
	j.tell(StepCheck, 0.75)
	if err := j.check(ctx, data, clean, found.Pages); err != nil {
		return "", err
	}
	j.tellPDF(found)
	return clean, nil
}

func inspect(ctx context.Context, path string) (*pdfclean.Inspection, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, writeError(err, path)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, writeError(err, path)
	}
	doc, err := pdf.Open(f, st.Size())
	if err != nil {
		return nil, pdfError(err)
	}
	found, err := pdfclean.Inspect(ctx, doc)
	if err != nil {
		return nil, pdfError(err)
	}
	return found, nil
}

func (j *job) flatten(ctx context.Context, data []byte) ([]byte, error) {
	if j.Flattener == nil {
		return nil, refusal.New(refusal.FlattenFailed, "there is nothing to draw annotations and form fields with", map[string]any{"detail": ""})
	}
	flat, err := j.Flattener.Flatten(ctx, data)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, refusal.Wrap(refusal.FlattenFailed, err, "annotations and form fields could not be drawn into the pages",
			map[string]any{"detail": err.Error()})
	}
	return flat, nil
}

func rebuild(ctx context.Context, data []byte, path string) error {
	doc, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return pdfError(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return writeError(err, path)
	}
	err = pdfclean.Rebuild(ctx, doc, f)
	if cerr := f.Close(); err == nil && cerr != nil {
		return writeError(cerr, path)
	}
	return pdfError(err)
}

// check reads the clean copy back: the same number of pages, nothing beside them, and each looks as before.
func (j *job) check(ctx context.Context, before []byte, clean string, pages int) error {
	left, err := inspect(ctx, clean)
	if err != nil {
		return err
	}
	if left.Pages != pages || len(left.Findings) > 0 || left.Annotated || left.Signed {
		return refusal.New(refusal.Damaged, "the PDF could not be reduced to its pages", map[string]any{"type": "pdf", "detail": "something is left beside the pages"})
	}
	if j.Open == nil {
		return nil
	}
	after, err := os.ReadFile(clean)
	if err != nil {
		return writeError(err, clean)
	}
	page, err := j.compare(ctx, before, after)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return refusal.Wrap(refusal.Damaged, err, "the PDF cannot be shown", map[string]any{"type": "pdf", "detail": err.Error()})
	case page > 0:
		return refusal.New(refusal.AppearanceChanged, "the clean copy would look different", map[string]any{"page": page})
	}
	return nil
}

const (
	compareWidth = 600 // pixels: an A4 page at 72 dpi
	tolerance    = 40  // of 255, by which a colour may differ
	tolerated    = 30  // pixels of a page that may differ more
)

// compare gives the first page that looks different, 0 when all look the same.
func (j *job) compare(ctx context.Context, before, after []byte) (int, error) {
	a, err := j.Open(ctx, before)
	if err != nil {
		return 0, err
	}
	defer a.Close()
	b, err := j.Open(ctx, after)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	if a.Pages() != b.Pages() {
		return min(a.Pages(), b.Pages()) + 1, nil
	}
	for n := 1; n <= a.Pages(); n++ {
		x, err := a.Render(ctx, n, compareWidth)
		if err != nil {
			return 0, err
		}
		y, err := b.Render(ctx, n, compareWidth)
		if err != nil {
			return 0, err
		}
		if !alike(x, y) {
			return n, nil
		}
		j.tell(StepCheck, 0.75+0.2*float64(n)/float64(a.Pages()))
	}
	return 0, nil
}

func alike(a, b *image.RGBA) bool {
	if a.Rect != b.Rect || len(a.Pix) != len(b.Pix) {
		return false
	}
	different := 0
	for i := 0; i+3 < len(a.Pix); i += 4 {
		for c := range 3 {
			if d := int(a.Pix[i+c]) - int(b.Pix[i+c]); d > tolerance || d < -tolerance {
				different++
				break
			}
		}
	}
	return different <= tolerated
}

func (j *job) tellPDF(found *pdfclean.Inspection) {
	for _, f := range found.Findings {
		j.report.add(Item{Kind: f.Kind, Page: f.Page, Text: f.Text, Count: f.Count})
	}
	j.report.Truncated = j.report.Truncated || found.Truncated
	if found.InvisibleText > 0 {
		j.report.notice(NoticeInvisibleText, map[string]any{"count": found.InvisibleText})
	}
	if len(found.Findings) == 0 {
		j.report.notice(NoticeNothingHidden, nil)
	}
}

func noPages() error { return refusal.New(refusal.NoPages, "the document has no pages", nil) }

// pdfError names what the reader found wrong with a PDF. Errors of writing and of the context pass through.
func pdfError(err error) error {
	var broken *pdf.Error
	switch {
	case !errors.As(err, &broken):
		return err
	case broken.Kind == pdf.Encrypted:
		return encrypted(TypePDF)
	}
	return refusal.Wrap(refusal.Damaged, err, "the PDF is damaged", map[string]any{"type": "pdf", "detail": string(broken.Kind)})
}
