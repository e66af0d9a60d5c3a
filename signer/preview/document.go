package preview

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"sync"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/structs"

	"sealdesk/signer/pdf"
)

// MaxSide bounds the pictures that Render makes, in pixels a side: more than a
// screen shows, and no more than an old graphics card takes as one texture.
const MaxSide = 4096

// MaxPages bounds the pages of a document.
const MaxPages = 100_000

// A Document is an open PDF document. Its calls may come from several goroutines
// at once and run one after the other.
type Document struct {
	renderer *Renderer
	source   func() ([]byte, error)
	digest   string
	size     int64
	pages    int
	secured  bool
	units    map[int]float64 // points to a unit of user space, of the pages where that is not 1; PDFium does not look

	gate   chan struct{} // holds the right to use live
	live   *session      // nil until opened again after a failure
	once   sync.Once
	closed chan struct{}
}

// A session is the document inside a sandbox.
type session struct {
	pdfium.Pdfium
	document references.FPDF_DOCUMENT
	form     references.FPDF_FORMHANDLE // draws form fields and the seals of signatures
}

// OpenFile opens the document in a file. Errors: ErrUnreadable, ErrTooLarge,
// ErrEncrypted, ErrDamaged, ErrTimeout, ErrEngine, ErrClosed.
func (r *Renderer) OpenFile(ctx context.Context, path string) (*Document, error) {
	return r.openFile(ctx, path, math.MaxInt64)
}

// OpenRevision opens the document that the first end bytes of a file are: an earlier
// revision of it (ISO 32000-2, 7.5.6). Errors are those of OpenFile.
func (r *Renderer) OpenRevision(ctx context.Context, path string, end int64) (*Document, error) {
	return r.openFile(ctx, path, end)
}

func (r *Renderer) openFile(ctx context.Context, path string, end int64) (*Document, error) {
	data, err := r.read(path, end)
	if err != nil {
		return nil, err
	}
	d, err := r.OpenBytes(ctx, data)
	if err != nil {
		return nil, err
	}
	// The file is large where memory is dear: after a failure it is read again
	// rather than kept, and must then be the same.
	d.source = func() ([]byte, error) {
		again, err := r.read(path, end)
		if err != nil {
			return nil, err
		}
		if digestOf(again) != d.digest {
			return nil, ErrChanged
		}
		return again, nil
	}
	return d, nil
}

// read reads a file up to a byte.
func (r *Renderer) read(path string, end int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, ErrUnreadable.because(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, ErrUnreadable.because(err)
	}
	if !info.Mode().IsRegular() {
		return nil, ErrUnreadable.because(errors.New("it is not a regular file"))
	}
	size := min(info.Size(), end)
	if size > r.opts.MaxBytes {
		return nil, r.tooLarge(size)
	}
	var b bytes.Buffer
	b.Grow(int(size) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(f, min(end, r.opts.MaxBytes+1))); err != nil {
		return nil, ErrUnreadable.because(err)
	}
	return b.Bytes(), nil
}

func (r *Renderer) tooLarge(size int64) error {
	return ErrTooLarge.with(map[string]any{"sizeMiB": (size + 1<<20 - 1) >> 20, "limitMiB": r.opts.MaxBytes >> 20})
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// OpenBytes opens the document in data, which is kept and must not change. Errors
// are those of OpenFile.
func (r *Renderer) OpenBytes(ctx context.Context, data []byte) (*Document, error) {
	if int64(len(data)) > r.opts.MaxBytes {
		return nil, r.tooLarge(int64(len(data)))
	}
	d := &Document{
		renderer: r,
		source:   func() ([]byte, error) { return data, nil },
		digest:   digestOf(data),
		size:     int64(len(data)),
		gate:     make(chan struct{}, 1),
		closed:   make(chan struct{}),
	}
	err := d.do(ctx, func(_ context.Context, s *session) error {
		count, err := s.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: s.document})
		if err != nil {
			return err
		}
		security, err := s.FPDF_GetSecurityHandlerRevision(&requests.FPDF_GetSecurityHandlerRevision{Document: s.document})
		if err != nil {
			return err
		}
		if count.PageCount < 1 || count.PageCount > MaxPages {
			return ErrDamaged.because(fmt.Errorf("it has %d pages", count.PageCount))
		}
		d.pages = count.PageCount
		d.secured = security.SecurityHandlerRevision != -1
		d.units = userUnits(data)
		return nil
	})
	if err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

// userUnits reads the pages' units. What is not well-formed enough to be read, and therefore to be signed, has common ones.
func userUnits(data []byte) map[int]float64 {
	units := map[int]float64{}
	file, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil
	}
	err = file.EachPage(func(n int, p pdf.Page) error {
		if p.UserUnit != 1 {
			units[n] = p.UserUnit
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return units
}

// unit is how many points a unit of page n's user space has.
func (d *Document) unit(n int) float64 {
	if u, ok := d.units[n]; ok {
		return u
	}
	return 1
}

// Close gives the document's memory back. It waits for a call in progress.
func (d *Document) Close() error {
	d.once.Do(func() {
		close(d.closed)
		d.gate <- struct{}{}
		d.drop()
		<-d.gate
	})
	return nil
}

// drop ends the session; the caller holds the gate.
func (d *Document) drop() {
	if d.live != nil {
		_ = d.live.Close() // an error means that it is gone already
		d.live = nil
	}
}

// do runs f with the document's session under the deadline and opens the document
// before if need be. After an error the session is not used again: what a trap
// left in the sandbox is not known.
func (d *Document) do(ctx context.Context, f func(context.Context, *session) error) error {
	select {
	case d.gate <- struct{}{}:
		defer func() { <-d.gate }()
	case <-d.closed:
		return ErrClosed
	case <-ctx.Done():
		return ended(ctx)
	}
	select {
	case <-d.closed:
		return ErrClosed
	default:
	}
	if err := d.renderer.Warm(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, d.renderer.opts.Timeout)
	defer cancel()

	if d.live == nil {
		data, err := d.source()
		if err != nil {
			return err
		}
		if d.live, err = d.renderer.open(ctx, data); err != nil {
			return err
		}
	}
	alive, err := guarded(ctx, d.live.Pdfium, func() error { return f(ctx, d.live) })
	if !alive {
		d.drop()
	}
	return typed(err)
}

// typed makes an error of the engine one of this package.
func typed(err error) error {
	var own *Error
	if err == nil || errors.As(err, &own) || errors.Is(err, context.Canceled) {
		return err
	}
	return ErrDamaged.because(err)
}

// inert answers PDFium's calls about a form that is looked at and never used: no
// timer runs, nothing is opened, no page is asked for.
var inert = structs.FPDF_FORMFILLINFO{
	FFI_Invalidate:         func(references.FPDF_PAGE, float64, float64, float64, float64) {},
	FFI_SetCursor:          func(enums.FXCT) {},
	FFI_SetTimer:           func(int, func(int)) int { return 0 },
	FFI_KillTimer:          func(int) {},
	FFI_GetLocalTime:       func() structs.FPDF_SYSTEMTIME { return structs.FPDF_SYSTEMTIME{} },
	FFI_GetPage:            func(references.FPDF_DOCUMENT, int) *references.FPDF_PAGE { return nil },
	FFI_GetRotation:        func(references.FPDF_PAGE) enums.FPDF_PAGE_ROTATION { return enums.FPDF_PAGE_ROTATION_NONE },
	FFI_ExecuteNamedAction: func(string) {},
}

// open loads data into a sandbox.
func (r *Renderer) open(ctx context.Context, data []byte) (*session, error) {
	// PDFium looks for the header in the first 1024 bytes and would search long in
	// what is no PDF at all.
	if !bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) {
		return nil, ErrDamaged.because(errors.New("the header is missing"))
	}
	instance, err := r.instance(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{Pdfium: instance}
	_, err = guarded(ctx, instance, func() error {
		opened, err := instance.OpenDocument(&requests.OpenDocument{File: &data})
		if err != nil {
			return err
		}
		s.document = opened.Document
		form, err := instance.FPDFDOC_InitFormFillEnvironment(&requests.FPDFDOC_InitFormFillEnvironment{
			Document: s.document, FormFillInfo: inert,
		})
		if err != nil {
			return err
		}
		s.form = form.FormHandle
		return nil
	})
	if err != nil {
		_ = instance.Close()
		if errors.Is(err, pdfiumerrors.ErrPassword) || errors.Is(err, pdfiumerrors.ErrSecurity) {
			return nil, ErrEncrypted.because(err)
		}
		return nil, typed(err)
	}
	return s, nil
}

// Pages returns the number of pages.
func (d *Document) Pages() int { return d.pages }

// SHA256 returns the digest of the document's bytes in lower-case hex: the digest
// of what is shown.
func (d *Document) SHA256() string { return d.digest }

// Size returns the document's size in bytes.
func (d *Document) Size() int64 { return d.size }

// Secured reports whether the document is encrypted, though it opens without a
// password.
func (d *Document) Secured() bool { return d.secured }

// checkPage reports whether page n, counted from 1, is there.
func (d *Document) checkPage(n int) error {
	if n < 1 || n > d.pages {
		return ErrNoSuchPage.with(map[string]any{"page": n, "pages": d.pages})
	}
	return nil
}

// withPage runs f with page n loaded.
func (d *Document) withPage(ctx context.Context, n int, f func(context.Context, *session, requests.Page) error) error {
	if err := d.checkPage(n); err != nil {
		return err
	}
	return d.do(ctx, func(ctx context.Context, s *session) error {
		return s.withPage(n, func(page requests.Page) error { return f(ctx, s, page) })
	})
}

func (s *session) withPage(n int, f func(requests.Page) error) error {
	loaded, err := s.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: s.document, Index: n - 1})
	if err != nil {
		return fmt.Errorf("page %d: %w", n, err)
	}
	if err := f(requests.Page{ByReference: &loaded.Page}); err != nil {
		return fmt.Errorf("page %d: %w", n, err)
	}
	_, err = s.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page})
	return err
}

// PageSize returns the width and height in points of page n as it is displayed,
// that is, cropped and turned. Pages count from 1.
func (d *Document) PageSize(ctx context.Context, n int) (width, height float64, err error) {
	if err := d.checkPage(n); err != nil {
		return 0, 0, err
	}
	err = d.do(ctx, func(_ context.Context, s *session) error {
		size, err := s.FPDF_GetPageSizeByIndexF(&requests.FPDF_GetPageSizeByIndexF{Document: s.document, Index: n - 1})
		if err != nil {
			return err
		}
		width, height = float64(size.Size.Width)*d.unit(n), float64(size.Size.Height)*d.unit(n)
		if !(width > 0 && height > 0) || math.IsInf(width, 0) || math.IsInf(height, 0) {
			return ErrDamaged.because(fmt.Errorf("page %d has no size", n))
		}
		return nil
	})
	return width, height, err
}

// Geometry returns how page n lies on the screen.
func (d *Document) Geometry(ctx context.Context, n int) (Geometry, error) {
	var g Geometry
	err := d.withPage(ctx, n, func(_ context.Context, s *session, page requests.Page) error {
		box, err := s.FPDF_GetPageBoundingBox(&requests.FPDF_GetPageBoundingBox{Page: page})
		if err != nil {
			return err
		}
		rotation, err := s.FPDFPage_GetRotation(&requests.FPDFPage_GetRotation{Page: page})
		if err != nil {
			return err
		}
		g.Box = [4]float64{float64(box.Rect.Left), float64(box.Rect.Bottom), float64(box.Rect.Right), float64(box.Rect.Top)}
		g.Rotate, g.Unit = 90*int(rotation.PageRotation), d.unit(n)
		return nil
	})
	return g, err
}

// Render draws page n as it is displayed, widthPx pixels wide, with annotations,
// form fields and seals, on white. The picture is opaque and starts at (0, 0). A
// picture that would have more than MaxSide pixels on a side is made smaller, its
// shape kept.
func (d *Document) Render(ctx context.Context, n, widthPx int) (*image.RGBA, error) {
	return d.draw(ctx, n, widthPx, dressed)
}

// RenderPrinted is Render as the page is printed: annotations and layers that are not meant for print are left out, those
// that are for print only are shown. Form fields are not drawn.
func (d *Document) RenderPrinted(ctx context.Context, n, widthPx int) (*image.RGBA, error) {
	return d.draw(ctx, n, widthPx, printed)
}

// RenderBare is Render without annotations, form fields and seals: the page alone.
func (d *Document) RenderBare(ctx context.Context, n, widthPx int) (*image.RGBA, error) {
	return d.draw(ctx, n, widthPx, bare)
}

// A look is what of a page is drawn.
type look int

const (
	bare    look = iota // the page alone
	dressed             // with annotations, form fields and seals, as on a screen
	printed             // with what is meant for print
)

func (d *Document) draw(ctx context.Context, n, widthPx int, as look) (*image.RGBA, error) {
	width, height, err := d.PageSize(ctx, n)
	if err != nil {
		return nil, err
	}
	w, h := fit(width, height, widthPx)
	var picture *image.RGBA
	err = d.withPage(ctx, n, func(_ context.Context, s *session, page requests.Page) error {
		picture, err = s.render(page, w, h, as)
		return err
	})
	return picture, err
}

// fit returns the pixels of a page drawn so wide, within bounds.
func fit(width, height float64, widthPx int) (w, h int) {
	scale := float64(min(max(widthPx, 1), MaxSide)) / width
	scale = min(scale, MaxSide/height)
	return max(1, int(math.Round(width*scale))), max(1, int(math.Round(height*scale)))
}

func (s *session) render(page requests.Page, w, h int, as look) (*image.RGBA, error) {
	made, err := s.FPDFBitmap_Create(&requests.FPDFBitmap_Create{Width: w, Height: h})
	if err != nil {
		return nil, err
	}
	bitmap := made.Bitmap
	if _, err := s.FPDFBitmap_FillRect(&requests.FPDFBitmap_FillRect{Bitmap: bitmap, Width: w, Height: h, Color: 0xFFFFFFFF}); err != nil {
		return nil, err
	}
	// PDFium's own order is BGR.
	flags := enums.FPDF_RENDER_FLAG_REVERSE_BYTE_ORDER
	switch as {
	case dressed:
		flags |= enums.FPDF_RENDER_FLAG_ANNOT
	case printed:
		flags |= enums.FPDF_RENDER_FLAG_ANNOT | enums.FPDF_RENDER_FLAG_PRINTING
	}
	if _, err := s.FPDF_RenderPageBitmap(&requests.FPDF_RenderPageBitmap{
		Bitmap: bitmap, Page: page, SizeX: w, SizeY: h, Flags: flags,
	}); err != nil {
		return nil, err
	}
	if as == dressed {
		if _, err := s.FPDF_FFLDraw(&requests.FPDF_FFLDraw{
			FormHandle: s.form, Bitmap: bitmap, Page: page, SizeX: w, SizeY: h, Flags: flags,
		}); err != nil {
			return nil, err
		}
	}
	buffer, err := s.FPDFBitmap_GetBuffer(&requests.FPDFBitmap_GetBuffer{Bitmap: bitmap})
	if err != nil {
		return nil, err
	}
	if len(buffer.Buffer) != 4*w*h {
		return nil, fmt.Errorf("the picture has %d bytes, want %d", len(buffer.Buffer), 4*w*h)
	}
	// The buffer is a window into the sandbox; the picture must outlive it.
	picture := image.NewRGBA(image.Rect(0, 0, w, h))
	copy(picture.Pix, buffer.Buffer)
	for i := 3; i < len(picture.Pix); i += 4 {
		picture.Pix[i] = 0xFF
	}
	_, err = s.FPDFBitmap_Destroy(&requests.FPDFBitmap_Destroy{Bitmap: bitmap})
	return picture, err
}
