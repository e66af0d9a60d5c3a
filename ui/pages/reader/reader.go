package reader

import (
	"context"
	"errors"
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sealdesk/signer/preview"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// headHeight is that of the bar over the pages, and of the heads beside it.
const headHeight = 44

// patience is how long nothing is shown before the sign that the document is still being opened.
const patience = 300 * time.Millisecond

// A Reader shows one document at a time. Its methods are called on the window's goroutine.
type Reader struct {
	View   *widgets.PageView
	OnPage func(n int) // another page is in front

	host   page.Host
	thumbs *widgets.Thumbs
	doc    *preview.Document
	sizes  []fyne.Size

	name, total, zoom, at *widgets.Text
	cover                 *fyne.Container  // over the pages while there are none
	covered               int              // counts covers, so that a late one is not put on
	spin                  *widgets.Spinner // on the cover
	content               fyne.CanvasObject
	keys                  func(*fyne.KeyEvent) // the window's, while this reader listens
	told                  bool                 // that a page cannot be drawn
}

// New makes an empty reader.
func New(host page.Host) *Reader {
	t := host.Words().T
	r := &Reader{
		View: widgets.NewPageView(), host: host, thumbs: widgets.NewThumbs(),
		name:  widgets.NewText("", theme.TextBody, theme.Text).Bold().Clip(),
		total: widgets.Quiet(""),
		zoom:  widgets.NewText("100%", theme.TextTable, theme.Text2).Align(fyne.TextAlignCenter),
		at:    widgets.NewText("", theme.TextTable, theme.Text2),
		cover: widgets.Stack(), spin: widgets.NewSpinner(28, theme.FrameHi),
	}
	r.View.OnPage = func(n int) {
		r.number(n)
		r.thumbs.SetCurrent(n)
		if r.OnPage != nil {
			r.OnPage(n)
		}
	}
	r.View.OnZoom = r.zoom.SetText
	r.View.OnError = func(_ int, err error) {
		if !r.told {
			r.told = true
			r.host.Toast(theme.Bad, r.host.Words().Problem(err).String())
		}
	}
	r.thumbs.OnPage = r.View.GoTo
	tools := widgets.Row(2,
		widgets.NewIconButton(theme.IconZoomOut, r.View.ZoomOut),
		widgets.Fixed(44, 0, r.zoom),
		widgets.NewIconButton(theme.IconZoomIn, r.View.ZoomIn),
		widgets.NewIconButton(theme.IconFit, r.View.Fit),
		widgets.Gap(8, 1),
		widgets.NewIconButton(theme.IconUp, func() { r.turn(-1) }),
		widgets.NewIconButton(theme.IconDown, func() { r.turn(1) }),
		widgets.Gap(4, 1), r.at,
	)
	left := widgets.Border(Head(widgets.Title(t("view.pages")), widgets.Grow(r.total.Clip())), nil, nil, nil, r.thumbs)
	middle := widgets.Border(Head(widgets.Grow(r.name), tools), nil, nil, nil, widgets.Stack(r.View, r.cover))
	r.content = container.New(besideLayout{r.total}, widgets.Border(nil, nil, nil, widgets.VLine(), left), middle)
	return r
}

// besideLayout puts the thumbnails beside the pages: a column of the usual width where there is room, a narrow one in a small
// window, and none where the pages need all there is. A narrow one has no room for the number of pages over it.
type besideLayout struct{ total fyne.CanvasObject }

// MinSize implements fyne.Layout.
func (besideLayout) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[1].MinSize() }

// Layout implements fyne.Layout.
func (b besideLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	left, pages := objects[0], objects[1]
	width := float32(0)
	for _, w := range []float32{theme.ThumbColumn, theme.NarrowColumn} {
		if w+pages.MinSize().Width <= s.Width {
			width = w
			break
		}
	}
	switch {
	case width == 0 && left.Visible():
		left.Hide()
	case width > 0 && !left.Visible():
		left.Show()
	}
	if width == theme.NarrowColumn {
		b.total.Hide()
	} else {
		b.total.Show()
	}
	left.Resize(fyne.NewSize(width, s.Height))
	pages.Move(fyne.NewPos(width, 0))
	pages.Resize(fyne.NewSize(s.Width-width, s.Height))
}

// Head is the white line over a column of the page.
func Head(objects ...fyne.CanvasObject) *fyne.Container {
	return widgets.Filled(theme.White, widgets.Column(0,
		widgets.Fixed(0, headHeight-1, widgets.Pad(0, 12, 0, 16, widgets.Row(8, objects...))), widgets.HLine()))
}

// Content is what the page puts in its middle.
func (r *Reader) Content() fyne.CanvasObject { return r.content }

// Sizes are the pages' widths and heights in points, as displayed.
func (r *Reader) Sizes() []fyne.Size { return r.sizes }

// Document is what is shown, or nil.
func (r *Reader) Document() *preview.Document { return r.doc }

// Load opens a document with open, off the window's goroutine, and shows it; done is told how it went. When ctx has ended
// by then the document is closed again and done is not called.
func (r *Reader) Load(ctx context.Context, name string, open func(context.Context) (*preview.Document, error), done func(error)) {
	r.Loading(ctx)
	var doc *preview.Document
	var sizes []fyne.Size
	// The outcome is waited for whatever becomes of the page, since an open document holds memory.
	r.host.Do(context.Background(), func(context.Context) (err error) {
		if doc, err = open(ctx); err != nil {
			return err
		}
		if sizes, err = measure(ctx, doc); err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err(), doc.Close())
		}
		return nil
	}, func(err error) {
		switch {
		case ctx.Err() == nil && err == nil:
			r.open(name, doc, sizes)
			done(nil)
		case ctx.Err() == nil:
			done(err)
		case err == nil:
			r.close(doc)
		}
	})
}

func measure(ctx context.Context, doc *preview.Document) ([]fyne.Size, error) {
	sizes := make([]fyne.Size, doc.Pages())
	for i := range sizes {
		w, h, err := doc.PageSize(ctx, i+1)
		if err != nil {
			return nil, err
		}
		sizes[i] = fyne.NewSize(float32(w), float32(h))
	}
	return sizes, nil
}

func (r *Reader) open(name string, doc *preview.Document, sizes []fyne.Size) {
	r.Close()
	r.uncover()
	r.doc, r.sizes, r.told = doc, sizes, false
	t := r.host.Words().T
	r.name.SetText(name)
	r.total.SetText(t("view.total", "pages", len(sizes)))
	src := widgets.PageSource{Sizes: sizes, Render: func(ctx context.Context, n, widthPx int) (*image.RGBA, error) {
		return doc.Render(ctx, n, widthPx)
	}}
	r.View.Load(src)
	r.thumbs.Load(src)
	r.number(1)
	r.zoom.SetText(r.View.Zoom())
}

// Close drops the document.
func (r *Reader) Close() {
	r.View.Unload()
	r.thumbs.Unload()
	doc := r.doc
	r.doc, r.sizes = nil, nil
	if doc != nil {
		r.close(doc)
	}
}

// close waits for a page that is being drawn, so it is no work for the window's goroutine.
func (r *Reader) close(doc *preview.Document) {
	r.host.Do(context.Background(), func(context.Context) error { return doc.Close() }, func(error) {})
}

// Loading says that the document is being opened, unless it comes at once. What was shown stays until then.
func (r *Reader) Loading(ctx context.Context) {
	r.covered++
	mine := r.covered
	r.host.Do(ctx, func(ctx context.Context) error {
		select {
		case <-time.After(patience):
		case <-ctx.Done():
		}
		return nil
	}, func(error) {
		if r.covered != mine {
			return
		}
		r.spin.Start()
		r.put(widgets.Column(14, widgets.Row(0, widgets.Spacer(), widgets.Fixed(28, 28, r.spin), widgets.Spacer()),
			widgets.NewText(r.host.Words().T("view.opening"), theme.TextTable, theme.Text2).Align(fyne.TextAlignCenter)))
	})
}

// Failed says why there is no document, with the ways to go on.
func (r *Reader) Failed(err error, buttons ...*widgets.Button) {
	r.Close()
	r.covered++
	r.spin.Stop()
	r.put(widgets.Fixed(440, 0, widgets.ErrorPanel(page.ErrorText(r.host.Words().Problem(err)), buttons...)))
}

func (r *Reader) put(o fyne.CanvasObject) {
	r.cover.Objects = []fyne.CanvasObject{widgets.Filled(theme.Desk, widgets.Center(o))}
	r.content.Refresh() // it may need the room of the thumbnails
}

func (r *Reader) uncover() {
	r.covered++
	r.spin.Stop()
	r.cover.Objects = nil
	r.content.Refresh()
}

// Dots marks the pages that carry a seal.
func (r *Reader) Dots(pages ...int) { r.thumbs.SetDots(pages...) }

func (r *Reader) number(n int) {
	if len(r.sizes) == 0 {
		r.at.SetText("")
		return
	}
	r.at.SetText(r.host.Words().T("view.at", "page", max(n, 1), "pages", len(r.sizes)))
	r.content.Refresh()
}

func (r *Reader) turn(by int) { r.View.GoTo(min(max(r.View.Current()+by, 1), len(r.sizes))) }

// Listen makes PgUp and PgDn turn the pages until Silence; other keys go on to the window.
func (r *Reader) Listen() {
	c := r.host.Window().Canvas()
	if r.keys != nil || c == nil {
		return
	}
	window := c.OnTypedKey()
	if window == nil {
		window = func(*fyne.KeyEvent) {}
	}
	r.keys = window
	c.SetOnTypedKey(func(ev *fyne.KeyEvent) {
		switch ev.Name {
		case fyne.KeyPageDown:
			r.turn(1)
		case fyne.KeyPageUp:
			r.turn(-1)
		default:
			window(ev)
		}
	})
}

// Silence gives the keys back to the window; a page does so before another one comes to the front.
func (r *Reader) Silence() {
	if r.keys == nil {
		return
	}
	r.host.Window().Canvas().SetOnTypedKey(r.keys)
	r.keys = nil
}

// Named changes the name over the pages.
func (r *Reader) Named(name string) { r.name.SetText(name) }
