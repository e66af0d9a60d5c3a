package widgets

import (
	"image"
	"math"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// thumbsKept bounds how many small pages are kept; at twice the usual scale they
// are 400 kB each.
const thumbsKept = 60

// Thumbs is the column of small pages beside a PageView; pressing one goes to the
// page. Give it a PageSource of its own documents' renderer.
type Thumbs struct {
	widget.BaseWidget
	OnPage func(n int)

	source  PageSource
	width   float32 // of a small page
	current int
	dots    map[int]bool // pages that carry a mark
	images  map[int]*image.RGBA
	order   []int
	wishes  []pageWish
	loader  *pageLoader
	clock   clock
	list    *thumbList
	frame   *fyne.Container // of the list
	all     fyne.CanvasObject
}

// NewThumbs makes an empty column.
func NewThumbs() *Thumbs {
	t := &Thumbs{images: map[int]*image.RGBA{}, clock: mainClock{}, width: theme.ThumbWidth}
	t.list, t.frame = newThumbList(t), Stack()
	t.frame.Add(t.list)
	t.all = Filled(theme.White, Bare(t.frame))
	t.ExtendBaseWidget(t)
	return t
}

// Resize makes the pages as small as the column wants it: a narrow one has
// narrow pages.
func (t *Thumbs) Resize(s fyne.Size) {
	t.BaseWidget.Resize(s)
	width := theme.ThumbWidth
	if s.Width < (theme.ThumbColumn+theme.NarrowColumn)/2 {
		width = theme.NarrowThumb
	}
	if width == t.width {
		t.reveal()
		return
	}
	t.width = width
	t.images, t.order, t.wishes = map[int]*image.RGBA{}, nil, nil
	// A list that was scrolled does not find its way among rows of other heights: a new one takes its place.
	t.list = newThumbList(t)
	t.frame.Objects = []fyne.CanvasObject{t.list}
	t.frame.Refresh()
	t.setHeights()
	t.reveal()
}

func (t *Thumbs) setHeights() {
	for n := range t.source.Sizes {
		t.list.SetItemHeight(n, t.height(n+1))
	}
	t.list.Refresh()
}

// Load shows a document's pages.
func (t *Thumbs) Load(src PageSource) {
	t.Unload()
	t.source, t.current = src, 1
	t.loader = newPageLoader(src, t.clock, t.arrived)
	t.setHeights()
}

// Unload drops the document.
func (t *Thumbs) Unload() {
	if t.loader != nil {
		t.loader.close()
		t.loader = nil
	}
	t.source = PageSource{}
	t.images, t.order, t.wishes = map[int]*image.RGBA{}, nil, nil
	t.dots = nil
	t.list.Refresh()
}

// SetCurrent frames the page that the view shows.
func (t *Thumbs) SetCurrent(n int) {
	if n == t.current {
		return
	}
	t.current = n
	t.reveal()
	t.list.Refresh()
}

// reveal scrolls to the current page, if it is not in sight.
func (t *Thumbs) reveal() {
	if t.current >= 1 && t.current <= len(t.source.Sizes) {
		t.list.ScrollTo(t.current - 1)
	}
}

// SetDots puts a red dot beside the numbers of these pages: they carry a seal.
func (t *Thumbs) SetDots(pages ...int) {
	t.dots = map[int]bool{}
	for _, p := range pages {
		t.dots[p] = true
	}
	t.list.Refresh()
}

const thumbFoot = 40 // number and gap under a small page

func (t *Thumbs) height(n int) float32 {
	s := t.source.Sizes[n-1]
	return snap(t.width*s.Height/max(s.Width, 1)) + thumbFoot
}

func (t *Thumbs) arrived(w pageWish, img *image.RGBA, err error) {
	if err != nil {
		return // the view tells of it
	}
	if w.px != t.pixels() {
		return // the column has become wider or narrower meanwhile
	}
	if len(t.order) == thumbsKept {
		delete(t.images, t.order[0])
		t.order = t.order[1:]
	}
	t.images[w.page] = img
	t.order = append(t.order, w.page)
	t.list.RefreshItem(w.page - 1)
}

// pixels is the width of a small page's picture.
func (t *Thumbs) pixels() int {
	scale := float32(1)
	if c := canvasOf(t); c != nil {
		scale = c.Scale()
	}
	return int(math.Round(float64(t.width * scale)))
}

// wish asks for a small page; the last asked for come first, since they are what
// is looked at now.
func (t *Thumbs) wish(n int) {
	w := pageWish{n, t.pixels()}
	kept := []pageWish{w}
	for _, x := range t.wishes {
		if x.page != n && t.images[x.page] == nil && len(kept) < 12 {
			kept = append(kept, x)
		}
	}
	t.wishes = kept
	if t.loader != nil {
		t.loader.want(append([]pageWish(nil), kept...))
	}
}

// CreateRenderer implements fyne.Widget.
func (t *Thumbs) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.all) }

type thumbList struct {
	widget.List
	thumbs *Thumbs
	at     int
}

func newThumbList(t *Thumbs) *thumbList {
	l := &thumbList{thumbs: t}
	l.HideSeparators = true
	l.Length = func() int { return len(t.source.Sizes) }
	l.CreateItem = func() fyne.CanvasObject { return newThumb(t) }
	l.UpdateItem = func(i int, o fyne.CanvasObject) { o.(*thumb).set(i + 1) }
	l.OnHighlighted = func(i int) { l.at = i }
	l.OnSelected = func(i int) {
		l.UnselectAll()
		l.open(i)
	}
	l.ExtendBaseWidget(l)
	return l
}

func (l *thumbList) open(i int) {
	l.thumbs.SetCurrent(i + 1)
	if l.thumbs.OnPage != nil {
		l.thumbs.OnPage(i + 1)
	}
}

// TypedKey goes to a page with Enter too.
func (l *thumbList) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		l.open(l.at)
	case fyne.KeyUp, fyne.KeyDown, fyne.KeySpace:
		l.List.TypedKey(ev)
	default:
		passOn(l, ev)
	}
}

// thumb is one small page with its number.
type thumb struct {
	widget.BaseWidget
	Inside
	thumbs *Thumbs
	page   int
	frame  *canvas.Rectangle
	paper  *canvas.Rectangle
	img    *canvas.Image
	number *canvas.Text
	dot    *canvas.Circle
}

func newThumb(t *Thumbs) *thumb {
	x := &thumb{
		thumbs: t,
		frame:  canvas.NewRectangle(theme.Frame),
		paper:  canvas.NewRectangle(theme.White),
		img:    &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleFastest},
		number: canvas.NewText("", theme.Text2),
		dot:    canvas.NewCircle(theme.Red),
	}
	x.number.TextSize = theme.TextCaption
	x.ExtendBaseWidget(x)
	return x
}

func (x *thumb) set(n int) {
	x.page = n
	x.number.Text = strconv.Itoa(n)
	x.number.Color, x.frame.FillColor = theme.Text2, theme.Frame
	x.number.TextStyle.Bold = n == x.thumbs.current
	if n == x.thumbs.current {
		x.number.Color, x.frame.FillColor = theme.Primary, theme.Primary
	}
	x.dot.Hidden = !x.thumbs.dots[n]
	img := x.thumbs.images[n]
	x.img.Hidden = img == nil
	if img == nil {
		x.thumbs.wish(n)
	} else if x.img.Image != img {
		x.img.Image = img
		x.img.Refresh()
	}
	x.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (x *thumb) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: []fyne.CanvasObject{x.frame, x.paper, x.img, x.number, x.dot},
		layout:  x.arrange,
		min:     func() fyne.Size { return fyne.NewSize(x.thumbs.width+20, x.thumbs.width*math.Sqrt2+thumbFoot) },
		refresh: func() { x.arrange(x.Size()); canvas.Refresh(x) },
	}
}

func (x *thumb) arrange(s fyne.Size) {
	edge := float32(1)
	if x.page == x.thumbs.current {
		edge = 2
	}
	h, width := s.Height-thumbFoot, x.thumbs.width
	left := snap((s.Width - width) / 2)
	const top = 10
	place(x.frame, left-edge, top-edge, width+2*edge, h+2*edge)
	place(x.paper, left, top, width, h)
	place(x.img, left, top, width, h)
	m := x.number.MinSize()
	place(x.number, (s.Width-m.Width)/2, top+h+5, m.Width, m.Height)
	place(x.dot, (s.Width+m.Width)/2+5, top+h+5+(m.Height-6)/2, 6, 6)
}
