package preview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"
)

// rewriteGrowth bounds what is written, in multiples of what was read: object
// streams are unpacked and appearances repeated, but not without end.
const rewriteGrowth = 20

// Flatten returns a copy of the document in which annotations and form fields
// have become part of the pages, as they would be printed: what is hidden or not
// meant for print is gone. Everything else that a PDF may carry, such as layers,
// attachments and scripts, is still in the copy. A signed document loses its
// signatures. data is not changed. drop names, by page from 1, the annotations
// that are left out, counted from 0 as they stand with the page.
//
// Errors: ErrEncrypted also where no password is needed to read, ErrTooLarge,
// ErrDamaged, ErrTimeout, ErrEngine, ErrClosed.
func (r *Renderer) Flatten(ctx context.Context, data []byte, drop map[int][]int) ([]byte, error) {
	plain, err := r.Mend(ctx, data)
	if err != nil {
		return nil, err
	}
	if plain, err = ownResources(plain); err != nil {
		return nil, ErrDamaged.because(err)
	}
	return r.rewrite(ctx, plain, func(s *session, n int, page requests.Page) error { return s.flatten(page, drop[n]) })
}

// Mend returns the document as PDFium understands it, written anew: with a
// cross-reference table that fits, streams as long as they say, and without what
// cannot be read. Errors are those of Flatten.
func (r *Renderer) Mend(ctx context.Context, data []byte) ([]byte, error) {
	return r.rewrite(ctx, data, nil)
}

// rewrite opens the document, applies edit to each page, if there is one, and
// returns the document as PDFium writes it anew.
func (r *Renderer) rewrite(ctx context.Context, data []byte, edit func(*session, int, requests.Page) error) ([]byte, error) {
	d, err := r.OpenBytes(ctx, data)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if d.secured {
		return nil, ErrEncrypted
	}
	out := &boundedBuffer{limit: len(data)*rewriteGrowth + 1<<20}
	err = d.do(ctx, func(_ context.Context, s *session) error {
		for n := 1; edit != nil && n <= d.pages; n++ {
			if err := s.withPage(n, func(page requests.Page) error { return edit(s, n, page) }); err != nil {
				return err
			}
		}
		_, err := s.FPDF_SaveAsCopy(&requests.FPDF_SaveAsCopy{
			Flags: requests.SaveFlagNoIncremental, Document: s.document, FileWriter: out,
		})
		if out.full {
			return ErrTooLarge.with(map[string]any{"sizeMiB": out.limit >> 20, "limitMiB": out.limit >> 20})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (s *session) flatten(page requests.Page, drop []int) error {
	for _, i := range slices.Backward(slices.Sorted(slices.Values(drop))) { // those behind move up
		if _, err := s.FPDFPage_RemoveAnnot(&requests.FPDFPage_RemoveAnnot{Page: page, Index: i}); err != nil {
			return err
		}
	}
	if err := s.ownBoxes(page); err != nil {
		return err
	}
	// The form environment gives annotations without an appearance theirs, as it does to show them.
	if _, err := s.FORM_OnAfterLoadPage(&requests.FORM_OnAfterLoadPage{FormHandle: s.form, Page: page}); err != nil {
		return err
	}
	flat, err := s.FPDFPage_Flatten(&requests.FPDFPage_Flatten{Page: page, Usage: requests.FPDFPage_FlattenUsagePrint})
	if err != nil {
		return err
	}
	if flat.Result == responses.FPDFPage_FlattenResultFail {
		return fmt.Errorf("its annotations cannot be flattened")
	}
	return nil
}

// ownBoxes writes the page's boxes into the page itself. PDFium flattens onto
// US Letter where they are inherited.
func (s *session) ownBoxes(page requests.Page) error {
	box, err := s.FPDF_GetPageBoundingBox(&requests.FPDF_GetPageBoundingBox{Page: page})
	if err != nil {
		return err
	}
	r := box.Rect
	// An error of a getter says that the page has no such box of its own.
	if _, err := s.FPDFPage_GetMediaBox(&requests.FPDFPage_GetMediaBox{Page: page}); err != nil {
		_, err = s.FPDFPage_SetMediaBox(&requests.FPDFPage_SetMediaBox{Page: page, Left: r.Left, Bottom: r.Bottom, Right: r.Right, Top: r.Top})
		if err != nil {
			return err
		}
	}
	if _, err := s.FPDFPage_GetCropBox(&requests.FPDFPage_GetCropBox{Page: page}); err != nil {
		_, err = s.FPDFPage_SetCropBox(&requests.FPDFPage_SetCropBox{Page: page, Left: r.Left, Bottom: r.Bottom, Right: r.Right, Top: r.Top})
		if err != nil {
			return err
		}
	}
	return nil
}

// A boundedBuffer refuses to grow over its limit.
type boundedBuffer struct {
	bytes.Buffer
	limit int
	full  bool
}

var errFull = errors.New("the copy grew too large")

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		b.full = true
		return 0, errFull
	}
	return b.Buffer.Write(p)
}
