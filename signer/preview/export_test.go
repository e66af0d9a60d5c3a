package preview

import (
	"context"
	"errors"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"
)

// ErrBroken is what a call of the engine fails with that was made to fail.
var ErrBroken = errors.New("the engine's call fails")

// Fail makes the nth call of the engine for this open document fail, from 1, and gives who tells whether there was such a call.
func (d *Document) Fail(n int) (failed func() bool) {
	d.gate <- struct{}{}
	f := &faulty{Pdfium: d.live.Pdfium, left: n}
	d.live.Pdfium = f
	<-d.gate
	return func() bool { return f.left <= 0 }
}

// FlattenAll flattens all pages of an open document, without writing it.
func (d *Document) FlattenAll(ctx context.Context, drop []int) error {
	return d.do(ctx, func(_ context.Context, s *session) error {
		for n := 1; n <= d.pages; n++ {
			if err := s.withPage(n, func(page requests.Page) error { return s.flatten(page, drop) }); err != nil {
				return err
			}
		}
		return nil
	})
}

// faulty is an engine of which one call fails.
type faulty struct {
	pdfium.Pdfium
	left int
}

func call[Q, R any](f *faulty, to func(Q) (R, error), q Q) (r R, err error) {
	if f.left--; f.left == 0 {
		return r, ErrBroken
	}
	return to(q)
}

func (f *faulty) FPDF_GetPageSizeByIndexF(q *requests.FPDF_GetPageSizeByIndexF) (*responses.FPDF_GetPageSizeByIndexF, error) {
	return call(f, f.Pdfium.FPDF_GetPageSizeByIndexF, q)
}

func (f *faulty) FPDF_LoadPage(q *requests.FPDF_LoadPage) (*responses.FPDF_LoadPage, error) {
	return call(f, f.Pdfium.FPDF_LoadPage, q)
}

func (f *faulty) FPDF_ClosePage(q *requests.FPDF_ClosePage) (*responses.FPDF_ClosePage, error) {
	return call(f, f.Pdfium.FPDF_ClosePage, q)
}

func (f *faulty) FPDF_GetPageBoundingBox(q *requests.FPDF_GetPageBoundingBox) (*responses.FPDF_GetPageBoundingBox, error) {
	return call(f, f.Pdfium.FPDF_GetPageBoundingBox, q)
}

func (f *faulty) FPDFPage_GetRotation(q *requests.FPDFPage_GetRotation) (*responses.FPDFPage_GetRotation, error) {
	return call(f, f.Pdfium.FPDFPage_GetRotation, q)
}

func (f *faulty) FPDFBitmap_Create(q *requests.FPDFBitmap_Create) (*responses.FPDFBitmap_Create, error) {
	return call(f, f.Pdfium.FPDFBitmap_Create, q)
}

func (f *faulty) FPDFBitmap_FillRect(q *requests.FPDFBitmap_FillRect) (*responses.FPDFBitmap_FillRect, error) {
	return call(f, f.Pdfium.FPDFBitmap_FillRect, q)
}

func (f *faulty) FPDF_RenderPageBitmap(q *requests.FPDF_RenderPageBitmap) (*responses.FPDF_RenderPageBitmap, error) {
	return call(f, f.Pdfium.FPDF_RenderPageBitmap, q)
}

func (f *faulty) FPDF_FFLDraw(q *requests.FPDF_FFLDraw) (*responses.FPDF_FFLDraw, error) {
	return call(f, f.Pdfium.FPDF_FFLDraw, q)
}

func (f *faulty) FPDFBitmap_GetBuffer(q *requests.FPDFBitmap_GetBuffer) (*responses.FPDFBitmap_GetBuffer, error) {
	return call(f, f.Pdfium.FPDFBitmap_GetBuffer, q)
}

func (f *faulty) FPDFBitmap_Destroy(q *requests.FPDFBitmap_Destroy) (*responses.FPDFBitmap_Destroy, error) {
	return call(f, f.Pdfium.FPDFBitmap_Destroy, q)
}

func (f *faulty) FPDFText_LoadPage(q *requests.FPDFText_LoadPage) (*responses.FPDFText_LoadPage, error) {
	return call(f, f.Pdfium.FPDFText_LoadPage, q)
}

func (f *faulty) FPDFText_CountChars(q *requests.FPDFText_CountChars) (*responses.FPDFText_CountChars, error) {
	return call(f, f.Pdfium.FPDFText_CountChars, q)
}

func (f *faulty) FPDFText_GetUnicode(q *requests.FPDFText_GetUnicode) (*responses.FPDFText_GetUnicode, error) {
	return call(f, f.Pdfium.FPDFText_GetUnicode, q)
}

func (f *faulty) FPDFText_ClosePage(q *requests.FPDFText_ClosePage) (*responses.FPDFText_ClosePage, error) {
	return call(f, f.Pdfium.FPDFText_ClosePage, q)
}

func (f *faulty) FPDFText_GetLooseCharBox(q *requests.FPDFText_GetLooseCharBox) (*responses.FPDFText_GetLooseCharBox, error) {
	return call(f, f.Pdfium.FPDFText_GetLooseCharBox, q)
}

func (f *faulty) FPDFText_GetCharBox(q *requests.FPDFText_GetCharBox) (*responses.FPDFText_GetCharBox, error) {
	return call(f, f.Pdfium.FPDFText_GetCharBox, q)
}

func (f *faulty) FPDFText_CountRects(q *requests.FPDFText_CountRects) (*responses.FPDFText_CountRects, error) {
	return call(f, f.Pdfium.FPDFText_CountRects, q)
}

func (f *faulty) FPDFText_GetRect(q *requests.FPDFText_GetRect) (*responses.FPDFText_GetRect, error) {
	return call(f, f.Pdfium.FPDFText_GetRect, q)
}

func (f *faulty) FPDFPage_GetAnnotCount(q *requests.FPDFPage_GetAnnotCount) (*responses.FPDFPage_GetAnnotCount, error) {
	return call(f, f.Pdfium.FPDFPage_GetAnnotCount, q)
}

func (f *faulty) FPDFPage_GetAnnot(q *requests.FPDFPage_GetAnnot) (*responses.FPDFPage_GetAnnot, error) {
	return call(f, f.Pdfium.FPDFPage_GetAnnot, q)
}

func (f *faulty) FPDFPage_CloseAnnot(q *requests.FPDFPage_CloseAnnot) (*responses.FPDFPage_CloseAnnot, error) {
	return call(f, f.Pdfium.FPDFPage_CloseAnnot, q)
}

func (f *faulty) FPDFAnnot_GetSubtype(q *requests.FPDFAnnot_GetSubtype) (*responses.FPDFAnnot_GetSubtype, error) {
	return call(f, f.Pdfium.FPDFAnnot_GetSubtype, q)
}

func (f *faulty) FPDFAnnot_GetFormFieldType(q *requests.FPDFAnnot_GetFormFieldType) (*responses.FPDFAnnot_GetFormFieldType, error) {
	return call(f, f.Pdfium.FPDFAnnot_GetFormFieldType, q)
}

func (f *faulty) FPDFAnnot_GetRect(q *requests.FPDFAnnot_GetRect) (*responses.FPDFAnnot_GetRect, error) {
	return call(f, f.Pdfium.FPDFAnnot_GetRect, q)
}

func (f *faulty) FPDFPage_RemoveAnnot(q *requests.FPDFPage_RemoveAnnot) (*responses.FPDFPage_RemoveAnnot, error) {
	return call(f, f.Pdfium.FPDFPage_RemoveAnnot, q)
}

func (f *faulty) FPDFPage_GetMediaBox(q *requests.FPDFPage_GetMediaBox) (*responses.FPDFPage_GetMediaBox, error) {
	return call(f, f.Pdfium.FPDFPage_GetMediaBox, q)
}

func (f *faulty) FPDFPage_SetMediaBox(q *requests.FPDFPage_SetMediaBox) (*responses.FPDFPage_SetMediaBox, error) {
	return call(f, f.Pdfium.FPDFPage_SetMediaBox, q)
}

func (f *faulty) FPDFPage_GetCropBox(q *requests.FPDFPage_GetCropBox) (*responses.FPDFPage_GetCropBox, error) {
	return call(f, f.Pdfium.FPDFPage_GetCropBox, q)
}

func (f *faulty) FPDFPage_SetCropBox(q *requests.FPDFPage_SetCropBox) (*responses.FPDFPage_SetCropBox, error) {
	return call(f, f.Pdfium.FPDFPage_SetCropBox, q)
}

func (f *faulty) FORM_OnAfterLoadPage(q *requests.FORM_OnAfterLoadPage) (*responses.FORM_OnAfterLoadPage, error) {
	return call(f, f.Pdfium.FORM_OnAfterLoadPage, q)
}

func (f *faulty) FPDFPage_Flatten(q *requests.FPDFPage_Flatten) (*responses.FPDFPage_Flatten, error) {
	return call(f, f.Pdfium.FPDFPage_Flatten, q)
}

func (f *faulty) FPDF_SaveAsCopy(q *requests.FPDF_SaveAsCopy) (*responses.FPDF_SaveAsCopy, error) {
	return call(f, f.Pdfium.FPDF_SaveAsCopy, q)
}

func (f *faulty) FPDF_GetPageCount(q *requests.FPDF_GetPageCount) (*responses.FPDF_GetPageCount, error) {
	return call(f, f.Pdfium.FPDF_GetPageCount, q)
}

func (f *faulty) FPDF_GetSecurityHandlerRevision(q *requests.FPDF_GetSecurityHandlerRevision) (*responses.FPDF_GetSecurityHandlerRevision, error) {
	return call(f, f.Pdfium.FPDF_GetSecurityHandlerRevision, q)
}
