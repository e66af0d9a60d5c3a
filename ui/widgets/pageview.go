package widgets

import (
	"context"
	"fmt"
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// PageSource gives a document's pages as pictures.
type PageSource struct {
	// Sizes are the pages' widths and heights in points, as displayed.
	Sizes []fyne.Size
	// Render draws page n (from 1) widthPx wide. It is called on one goroutine
	// at a time, not the main one, and ends early when ctx does.
	Render func(ctx context.Context, n, widthPx int) (*image.RGBA, error)
}

const (
	pointsPerMM  = 72 / 25.4
	zoomStep     = 1.25
	minZoom      = 0.25
	maxZoom      = 4.0
	maxSide      = 4096 // pixels; a larger texture comes out empty on old graphics
	pixelsPerPt  = 96.0 / 72
	fitSideRooms = 2 * theme.PageGap
)

// PageView shows a document's pages under one another. Only the pages in sight
// and their neighbours have a picture, rendered for the very pixels they cover,
// so that they are sharp at any zoom and scale. Ctrl with the wheel zooms.
//
// Marks lie over the pages: seals to be placed, which can be dragged and nudged,
// and those of others, which cannot.
type PageView struct {
	widget.BaseWidget
	OnPage       func(n int)                                // another page is in the middle of the view
	OnZoom       func(zoom string)                          // 100%
	OnMarkMove   func(id string, x, y float64, begins bool) // begins: the first step of a drag, or a nudge
	OnMarkMoved  func(id string)                            // a drag has ended
	OnMarkDelete func(id string)                            // Delete was pressed on a mark
	OnMark       func(id string)                            // a mark was pressed or focused
	OnPlace      func(page int, x, y float64)               // a free place was pressed, in mm
	OnError      func(page int, err error)

	source  PageSource
	zoom    float64
	fit     bool
	slots   map[int]*pageSlot
	marks   []*Mark
	guides  []Guide
	current int
	onMoved func() // scrolled or zoomed

	highlights      map[int][]Highlight // by page
	chosenHighlight int
	onHighlight     func(id int)

	loader *pageLoader
	clock  clock

	scroll *container.Scroll
	body   *pageBody
	all    fyne.CanvasObject
}

// NewPageView makes an empty view that fits pages to its width.
func NewPageView() *PageView {
	v := &PageView{zoom: 1, fit: true, slots: map[int]*pageSlot{}, clock: mainClock{}}
	v.body = &pageBody{view: v}
	v.body.ExtendBaseWidget(v.body)
	v.scroll = container.NewScroll(v.body)
	v.scroll.OnScrolled = func(fyne.Position) {
		v.update()
		v.moved()
	}
	v.all = Stack(canvas.NewRectangle(theme.Desk), Bare(v.scroll))
	v.ExtendBaseWidget(v)
	return v
}

// Load shows a document from its first page.
func (v *PageView) Load(src PageSource) {
	v.Unload()
	v.source = src
	v.loader = newPageLoader(src, v.clock, v.arrived)
	v.applyFit()
	v.scroll.ScrollToTop()
	v.relayout()
}

// Unload drops the document and ends its rendering; the page calls it when it is
// left.
func (v *PageView) Unload() {
	if v.loader != nil {
		v.loader.close()
		v.loader = nil
	}
	v.source = PageSource{}
	for _, s := range v.slots {
		s.settle()
	}
	v.slots = map[int]*pageSlot{}
	v.marks, v.guides, v.highlights = nil, nil, nil
	v.current = 0
	v.relayout()
}

// Current returns the page in the middle of the view, from 1; 0 when empty.
func (v *PageView) Current() int { return v.current }

// GoTo scrolls to the top of a page.
func (v *PageView) GoTo(n int) {
	if n < 1 || n > len(v.source.Sizes) {
		return
	}
	v.scrollTo(v.scroll.Offset.X, v.pageTop(n)-theme.PageGap/2)
}

// Reveal scrolls so that a place on a page, in mm from its top left, is in the
// middle of the view.
func (v *PageView) Reveal(n int, x, y float64) {
	if n < 1 || n > len(v.source.Sizes) {
		return
	}
	v.scrollTo(v.px(x*pointsPerMM)-v.scroll.Size().Width/2, v.pageTop(n)+v.px(y*pointsPerMM)-v.scroll.Size().Height/2)
}

func (v *PageView) scrollTo(x, y float32) {
	most := v.body.MinSize().Subtract(v.scroll.Size())
	v.scroll.ScrollToOffset(fyne.NewPos(min(max(x, 0), max(most.Width, 0)), min(max(y, 0), max(most.Height, 0))))
	v.update()
	v.moved()
}

func (v *PageView) moved() {
	if v.onMoved != nil {
		v.onMoved()
	}
}

// ZoomIn and ZoomOut change the size by a quarter; Fit makes the widest page as
// wide as the view.
func (v *PageView) ZoomIn() { v.setZoom(v.zoom*zoomStep, false) }

// ZoomOut makes the pages smaller.
func (v *PageView) ZoomOut() { v.setZoom(v.zoom/zoomStep, false) }

// Fit makes the widest page as wide as the view, and keeps it so.
func (v *PageView) Fit() {
	v.fit = true
	v.applyFit()
	v.relayout()
}

// Zoom returns the size in percent of paper on a common screen.
func (v *PageView) Zoom() string { return fmt.Sprintf("%d%%", int(math.Round(v.zoom*100))) }

func (v *PageView) applyFit() {
	w := v.scroll.Size().Width
	widest := float32(0)
	for _, s := range v.source.Sizes {
		widest = max(widest, s.Width)
	}
	if v.fit && w > 0 && widest > 0 {
		v.setZoom(float64((w-fitSideRooms)/widest)/pixelsPerPt, true)
	}
}

func (v *PageView) setZoom(z float64, fit bool) {
	z = min(max(z, minZoom), maxZoom)
	v.fit = fit
	if z == v.zoom {
		return
	}
	// what is in the middle of the view stays there; when it is fitted, what is
	// at its top
	at := v.scroll.Size().Height / 2
	if fit {
		at = 0
	}
	kept := float64(v.scroll.Offset.Y+at) / v.zoom
	side := v.scroll.Size().Width / 2
	middle := float64(v.scroll.Offset.X+side) / v.zoom
	v.zoom = z
	v.relayout()
	v.scrollTo(float32(middle*z)-side, float32(kept*z)-at)
	if v.OnZoom != nil {
		v.OnZoom(v.Zoom())
	}
}

// px turns points into the view's pixels.
func (v *PageView) px(points float64) float32 { return float32(points * pixelsPerPt * v.zoom) }

func (v *PageView) pageSize(n int) fyne.Size {
	s := v.source.Sizes[n-1]
	return fyne.NewSize(snap(v.px(float64(s.Width))), snap(v.px(float64(s.Height))))
}

// pageTop is where page n begins in the scrolled body.
func (v *PageView) pageTop(n int) float32 {
	y := theme.PageGap
	for i := 1; i < n; i++ {
		y += v.pageSize(i).Height + theme.PageGap
	}
	return y
}

func (v *PageView) relayout() {
	v.body.Refresh()
	v.scroll.Refresh()
	v.update()
}

// update makes pictures for the pages in sight and their neighbours and drops
// the others'.
func (v *PageView) update() {
	top, bottom := v.scroll.Offset.Y, v.scroll.Offset.Y+v.scroll.Size().Height
	first, last, current := 0, 0, 0
	y := theme.PageGap
	for n := 1; n <= len(v.source.Sizes); n++ {
		h := v.pageSize(n).Height
		if y+h >= top && y <= bottom {
			if first == 0 {
				first = n
			}
			last = n
		}
		if current == 0 && y+h >= (top+bottom)/2 {
			current = n
		}
		y += h + theme.PageGap
	}
	if current == 0 {
		current = len(v.source.Sizes)
	}
	first, last = max(first-1, 1), min(last+1, len(v.source.Sizes))
	for n, s := range v.slots {
		if n < first || n > last {
			s.settle()
			delete(v.slots, n)
		}
	}
	scale := float32(1)
	if c := canvasOf(v); c != nil {
		scale = c.Scale()
	}
	var wanted []pageWish
	for n := first; n <= last && n >= 1; n++ {
		if v.slots[n] == nil {
			v.slots[n] = newPageSlot(v, n)
		}
		s := v.pageSize(n)
		px := int(math.Round(float64(s.Width * scale)))
		if high := s.Height * scale; high > maxSide {
			px = int(float32(px) * maxSide / high)
		}
		px = min(px, maxSide)
		if v.slots[n].shownPx != px {
			wanted = append(wanted, pageWish{n, px})
		}
	}
	v.fillMarks()
	v.fillHighlights()
	v.body.Refresh()
	if v.loader != nil {
		v.loader.want(nearest(wanted, current))
	}
	if current != v.current {
		v.current = current
		if v.OnPage != nil {
			v.OnPage(current)
		}
	}
}

func (v *PageView) arrived(w pageWish, img *image.RGBA, err error) {
	s := v.slots[w.page]
	if s == nil {
		return
	}
	s.shownPx = w.px
	if err != nil {
		s.settle()
		if v.OnError != nil {
			v.OnError(w.page, err)
		}
		return
	}
	s.show(img)
}

// Resize keeps a fitted page fitted, and in front.
func (v *PageView) Resize(s fyne.Size) {
	before := v.current
	v.BaseWidget.Resize(s)
	v.applyFit()
	v.update()
	if v.fit && v.current != before {
		v.GoTo(before)
	}
}

// CreateRenderer implements fyne.Widget.
func (v *PageView) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: []fyne.CanvasObject{v.all},
		layout: func(s fyne.Size) {
			v.all.Resize(s)
			v.applyFit()
			v.update()
		},
		min:     func() fyne.Size { return fyne.NewSize(240, 200) },
		refresh: func() { v.all.Refresh() },
	}
}

// pageBody is what scrolls: as large as all pages, holding those in sight.
type pageBody struct {
	widget.BaseWidget
	Inside
	view *PageView
}

// MinSize is that of all pages with the room between them.
func (b *pageBody) MinSize() fyne.Size {
	v := b.view
	s := fyne.NewSize(0, theme.PageGap)
	for n := range v.source.Sizes {
		p := v.pageSize(n + 1)
		s.Width = max(s.Width, p.Width+fitSideRooms)
		s.Height += p.Height + theme.PageGap
	}
	return s
}

// Scrolled zooms with Ctrl held and scrolls otherwise.
func (b *pageBody) Scrolled(ev *fyne.ScrollEvent) {
	d, ok := fyne.CurrentApp().Driver().(desktop.Driver)
	if !ok || d.CurrentKeyModifiers()&fyne.KeyModifierControl == 0 {
		b.view.scroll.Scrolled(ev)
		return
	}
	if ev.Scrolled.DY > 0 {
		b.view.ZoomIn()
	} else if ev.Scrolled.DY < 0 {
		b.view.ZoomOut()
	}
}

// CreateRenderer implements fyne.Widget.
func (b *pageBody) CreateRenderer() fyne.WidgetRenderer { return &pageBodyRenderer{body: b} }

type pageBodyRenderer struct {
	body    *pageBody
	objects []fyne.CanvasObject
}

func (r *pageBodyRenderer) Destroy()                     {}
func (r *pageBodyRenderer) MinSize() fyne.Size           { return r.body.MinSize() }
func (r *pageBodyRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *pageBodyRenderer) Layout(size fyne.Size) {
	v := r.body.view
	y := theme.PageGap
	for n := 1; n <= len(v.source.Sizes); n++ {
		p := v.pageSize(n)
		if s := v.slots[n]; s != nil {
			place(s, (size.Width-p.Width)/2, y, p.Width, p.Height)
		}
		y += p.Height + theme.PageGap
	}
}

func (r *pageBodyRenderer) Refresh() {
	v := r.body.view
	r.objects = r.objects[:0]
	for n := 1; n <= len(v.source.Sizes); n++ {
		if s := v.slots[n]; s != nil {
			r.objects = append(r.objects, s)
		}
	}
	r.Layout(r.body.Size())
	canvas.Refresh(r.body)
}

// pageSlot is a page in sight: white paper, its picture when it has come, and
// the marks on it.
type pageSlot struct {
	widget.BaseWidget
	view    *PageView
	page    int
	shownPx int

	paper *canvas.Rectangle
	img   *canvas.Image
	spin  *Spinner
	wait  func()          // ends the waiting for the spinner to show
	lit   *fyne.Container // highlights
	marks *fyne.Container
}

func newPageSlot(v *PageView, n int) *pageSlot {
	s := &pageSlot{view: v, page: n, paper: canvas.NewRectangle(theme.White), spin: NewSpinner(28, theme.FrameHi)}
	s.paper.Shadow = canvas.Shadow{Color: theme.PageShadow, BlurRadius: 14, Offset: fyne.NewPos(0, 3)}
	s.img = &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleFastest}
	s.img.Hide()
	s.spin.Hide()
	s.spin.clock = v.clock
	s.wait = v.clock.after(patience, func() {
		s.spin.Show()
		s.spin.Start()
	})
	s.lit, s.marks = container.NewWithoutLayout(), container.NewWithoutLayout()
	s.ExtendBaseWidget(s)
	return s
}

func (s *pageSlot) show(img *image.RGBA) {
	s.img.Image = img
	s.img.Show()
	s.img.Refresh()
	s.settle()
}

// settle ends the waiting for a picture.
func (s *pageSlot) settle() {
	s.wait()
	s.spin.Stop()
	s.spin.Hide()
}

// Tapped tells where a free place was pressed.
func (s *pageSlot) Tapped(ev *fyne.PointEvent) {
	if f := s.view.OnPlace; f != nil {
		x, y := s.view.mm(ev.Position)
		f(s.page, x, y)
	}
}

// mm turns a place on a page into mm from its top left.
func (v *PageView) mm(p fyne.Position) (x, y float64) {
	k := pixelsPerPt * v.zoom * pointsPerMM
	return float64(p.X) / k, float64(p.Y) / k
}

// CreateRenderer implements fyne.Widget.
func (s *pageSlot) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: []fyne.CanvasObject{s.paper, s.spin, s.img, s.lit, s.marks},
		layout: func(size fyne.Size) {
			s.paper.Resize(size)
			s.img.Resize(size)
			s.lit.Resize(size)
			s.marks.Resize(size)
			place(s.spin, (size.Width-28)/2, min(size.Height/3, 200), 28, 28)
			s.placeHighlights()
			s.placeMarks()
		},
		min:     func() fyne.Size { return fyne.Size{} },
		refresh: func() { s.placeHighlights(); s.placeMarks(); canvas.Refresh(s) },
	}
}
