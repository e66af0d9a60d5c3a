package widgets

import (
	"context"
	"errors"
	"image"
	"math"
	"sync"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"sealdesk/ui/theme"
)

type rendered struct {
	mu    sync.Mutex
	pages map[int]int // page: width
	count int
}

func (r *rendered) source(n int) PageSource {
	src := PageSource{Render: func(_ context.Context, page, w int) (*image.RGBA, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.pages == nil {
			r.pages = map[int]int{}
		}
		r.pages[page] = w
		r.count++
		return image.NewRGBA(image.Rect(0, 0, w, w*842/595)), nil
	}}
	for range n {
		src.Sizes = append(src.Sizes, fyne.NewSize(595.276, 841.89)) // A4
	}
	return src
}

func openView(t *testing.T, pages int) (*PageView, *rendered, *testClock, fyne.Canvas) {
	t.Helper()
	clock, r := newTestClock(), &rendered{}
	v := NewPageView()
	v.clock = clock
	c := show(t, v, 640, 600)
	v.Load(r.source(pages))
	t.Cleanup(v.Unload)
	clock.pump(t, 2)
	return v, r, clock, c
}

func TestOnlyPagesInSightHavePictures(t *testing.T) {
	v, r, clock, _ := openView(t, 300)
	if n := len(v.slots); n > 3 {
		t.Errorf("%d pages are held", n)
	}
	at := 0
	v.OnPage = func(n int) { at = n }
	v.GoTo(200)
	clock.pump(t, 3)
	if at != 200 || v.Current() != 200 {
		t.Errorf("at page %d", at)
	}
	if len(v.slots) > 4 || v.slots[200] == nil || v.slots[1] != nil || !v.slots[200].img.Visible() {
		t.Errorf("%d pages are held", len(v.slots))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count > 12 {
		t.Errorf("%d pages were rendered to see two places", r.count)
	}
}

func TestPicturesHaveTheirPixels(t *testing.T) {
	v, r, clock, _ := openView(t, 2)
	r.mu.Lock()
	w := r.pages[1]
	r.mu.Unlock()
	if want := int(math.Round(float64(v.pageSize(1).Width))); w != want {
		t.Errorf("rendered %d wide for %d pixels", w, want)
	}
	if got := v.pageSize(1).Width; math.Abs(float64(got-600)) > 1 {
		t.Errorf("a fitted page is %v wide in 640", got)
	}
	told := ""
	v.OnZoom = func(z string) { told = z }
	v.ZoomIn()
	clock.pump(t, 2)
	r.mu.Lock()
	again := r.pages[1]
	r.mu.Unlock()
	if again <= w || told != v.Zoom() {
		t.Errorf("after zooming rendered %d wide, told %q", again, told)
	}
	for range 30 {
		v.ZoomIn()
	}
	if v.zoom != maxZoom {
		t.Errorf("zoom %v", v.zoom)
	}
	clock.pump(t, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	if h := float64(r.pages[1]) * 841.89 / 595.276; h > maxSide {
		t.Errorf("a picture %d wide exceeds what graphics cards take", r.pages[1])
	}
}

func TestMarksAreDraggedAndStayOnThePage(t *testing.T) {
	v, _, _, c := openView(t, 2)
	v.SetMarks(Mark{ID: "ours", Page: 1, X: 100, Y: 80, W: 42, H: 42, Image: gallerySeal(64)},
		Mark{ID: "theirs", Page: 1, X: 50, Y: 60, W: 42, H: 42, Image: gallerySeal(64), Fixed: true})
	var x, y float64
	v.OnMarkMove = func(id string, mx, my float64, _ bool) {
		if id != "ours" {
			t.Errorf("%s moved", id)
		}
		x, y = mx, my
	}
	marks := v.slots[1].marks.Objects
	ours, theirs := marks[0].(*markWidget), marks[1].(*markWidget)
	if got := ours.Size().Width; math.Abs(float64(got)-600*42/210) > 0.5 {
		t.Errorf("42 mm are %v wide on a page of 600", got)
	}
	drag := func(o fyne.CanvasObject, dx, dy float32) {
		p := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
		test.Drag(c, p.AddXY(o.Size().Width/2, o.Size().Height/2), dx, dy)
	}
	drag(ours, 60, -30)
	if math.Abs(x-121) > 0.1 || math.Abs(y-69.5) > 0.1 {
		t.Errorf("after 60, -30 pixels at %.1f, %.1f mm", x, y)
	}
	drag(ours, 5000, -5000)
	if math.Abs(x-189) > 0.1 || math.Abs(y-21) > 0.1 {
		t.Errorf("dragged out, it lies at %.1f, %.1f mm", x, y)
	}
	drag(theirs, 50, 50)
	if m := v.Marks()[1]; m.X != 50 || m.Y != 60 {
		t.Error("another's seal was moved")
	}
}

func TestMarksAreNudged(t *testing.T) {
	v, _, _, c := openView(t, 2)
	v.SetMarks(Mark{ID: "a", Page: 1, X: 100, Y: 80, W: 42, H: 42, Image: gallerySeal(64)})
	focused := ""
	v.OnMark = func(id string) { focused = id }
	v.FocusMark("a")
	if focused != "a" {
		t.Fatal("the mark has not got the keyboard")
	}
	key(c, fyne.KeyRight, fyne.KeyRight, fyne.KeyUp)
	w := v.slots[1].marks.Objects[0].(*markWidget)
	w.typed(&fyne.KeyEvent{Name: fyne.KeyDown}, nudgeFine)
	if m := v.Marks()[0]; math.Abs(m.X-101) > 1e-6 || math.Abs(m.Y-79.6) > 1e-6 {
		t.Errorf("at %.2f, %.2f", m.X, m.Y)
	}
	if !w.guideX.Visible() || !w.edge[0].Visible() {
		t.Error("a focused mark shows no guide or ring")
	}
	c.Unfocus()
	if w.guideX.Visible() {
		t.Error("the guide stays")
	}
}

func TestPressingAPageTellsThePlace(t *testing.T) {
	v, _, _, c := openView(t, 2)
	var page int
	var x, y float64
	v.OnPlace = func(n int, px, py float64) { page, x, y = n, px, py }
	p := fyne.CurrentApp().Driver().AbsolutePositionForObject(v.slots[1])
	test.TapCanvas(c, p.AddXY(300, 200))
	if page != 1 || math.Abs(x-105) > 0.2 || math.Abs(y-70) > 0.2 {
		t.Errorf("page %d at %.1f, %.1f mm", page, x, y)
	}
}

func TestARenderErrorIsTold(t *testing.T) {
	clock := newTestClock()
	v := NewPageView()
	v.clock = clock
	show(t, v, 640, 600)
	var failed int
	v.OnError = func(n int, err error) { failed = n }
	v.Load(PageSource{Sizes: []fyne.Size{{Width: 595, Height: 842}}, Render: func(context.Context, int, int) (*image.RGBA, error) {
		return nil, errors.New("broken")
	}})
	defer v.Unload()
	clock.pump(t, 1)
	if failed != 1 || v.slots[1].spin.Visible() {
		t.Errorf("told of page %d", failed)
	}
}

// Who scrolls on does not wait for pages passed over.
func TestLoaderForgetsWhatIsPassed(t *testing.T) {
	clock := newTestClock()
	started, first := make(chan int, 10), make(chan struct{})
	var got []int
	l := newPageLoader(PageSource{Render: func(ctx context.Context, n, w int) (*image.RGBA, error) {
		started <- n
		if n == 1 {
			close(first)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return image.NewRGBA(image.Rect(0, 0, w, w)), nil
	}}, clock, func(w pageWish, _ *image.RGBA, _ error) { got = append(got, w.page) })
	defer l.close()
	l.want([]pageWish{{1, 10}, {2, 10}, {3, 10}})
	<-first
	l.want([]pageWish{{9, 10}})
	clock.pump(t, 1)
	if len(got) != 1 || got[0] != 9 || len(started) != 2 {
		t.Errorf("came %v, started %d", got, len(started))
	}
}

func TestThumbs(t *testing.T) {
	clock, r := newTestClock(), &rendered{}
	th := NewThumbs()
	th.clock = clock
	c := show(t, th, 168, 700)
	th.Load(r.source(200))
	defer th.Unload()
	clock.pump(t, 2)
	at := 0
	th.OnPage = func(n int) { at = n }
	test.TapCanvas(c, fyne.NewPos(84, 300))
	if at != 2 || th.current != 2 {
		t.Errorf("went to page %d", at)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count > 20 {
		t.Errorf("%d small pages were rendered", r.count)
	}
}

// A mark that is dragged near a guide lies on it, by its centre or by its edge, and shows so; far from it, it lies where the
// pointer is, and an edge seal keeps to its edge.
func TestMarksSnapToGuides(t *testing.T) {
	v, _, _, _ := openView(t, 2)
	v.SetGuides(
		Guide{Page: 1, Upright: true, At: 105}, Guide{Page: 1, At: 100}, Guide{Page: 1, Upright: true, At: 20, Edge: true},
		Guide{Page: 2, Upright: true, At: 82}, // of another page
	)
	k := 600.0 / 210 // pixels a mm
	for _, d := range []struct {
		name         string
		from, by, to [2]float64 // mm
		upright      bool
	}{
		{"centres", [2]float64{80, 80}, [2]float64{24, 18.5}, [2]float64{105, 100}, false},
		{"one centre", [2]float64{80, 80}, [2]float64{24, 40}, [2]float64{105, 120}, false},
		{"an edge", [2]float64{80, 60}, [2]float64{-40, 0}, [2]float64{41, 60}, false},
		{"nothing near", [2]float64{80, 60}, [2]float64{2, 4}, [2]float64{82, 64}, false},
		{"up and down only", [2]float64{107, 60}, [2]float64{10, 41}, [2]float64{107, 100}, true},
	} {
		v.SetMarks()
		v.SetMarks(Mark{ID: "a", Page: 1, X: d.from[0], Y: d.from[1], W: 42, H: 42, Image: gallerySeal(64), Upright: d.upright})
		w := v.slots[1].marks.Objects[0].(*markWidget)
		moved := ""
		v.OnMarkMoved = func(id string) { moved = id }
		w.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(float32(d.by[0]*k), float32(d.by[1]*k))})
		m := v.Marks()[0]
		if math.Abs(m.X-d.to[0]) > 0.15 || math.Abs(m.Y-d.to[1]) > 0.15 {
			t.Errorf("%s: at %.2f, %.2f mm, want %v", d.name, m.X, m.Y, d.to)
		}
		if d.upright && w.snapped.x != nil {
			t.Errorf("%s: it shows a line that it cannot lie on", d.name)
		}
		if at := w.Position().X + w.guideY.Position().X; w.snapped.x != nil && math.Abs(float64(at)-w.snapped.x.At*k) > 1 {
			t.Errorf("%s: the line is at %v pixels", d.name, at)
		}
		w.DragEnd()
		if moved != "a" || w.snapped.x != nil || w.snapped.y != nil {
			t.Errorf("%s: after the drag", d.name)
		}
	}
}

// Marks may be set anew from a drag of one of them: the drag goes on.
func TestMarksAreRenewedWhileDragged(t *testing.T) {
	v, _, _, _ := openView(t, 2)
	at := func(y float64) []Mark {
		return []Mark{{ID: "a", Page: 1, X: 80, Y: y, W: 42, H: 42, Image: gallerySeal(64)}, {ID: "b", Page: 2, X: 80, Y: y, W: 42, H: 42, Image: gallerySeal(64)}}
	}
	v.SetMarks(at(60)...)
	v.OnMarkMove = func(_ string, _, y float64, _ bool) { v.SetMarks(at(y)...) }
	w := v.slots[1].marks.Objects[0].(*markWidget)
	for range 4 {
		w.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(0, 20)})
	}
	if v.slots[1].marks.Objects[0] != w {
		t.Fatal("the mark was replaced")
	}
	for _, m := range v.Marks() {
		if math.Abs(m.Y-88) > 0.1 {
			t.Errorf("%s at %.2f", m.ID, m.Y)
		}
	}
	deleted := ""
	v.OnMarkDelete = func(id string) { deleted = id }
	w.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	w.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyUp, Modifier: fyne.KeyModifierControl})
	if m := v.Marks()[0]; deleted != "a" || math.Abs(m.Y-83) > 0.1 {
		t.Errorf("deleted %q, at %.2f", deleted, m.Y)
	}
}

// A column that becomes wider or narrower lays out its pages anew and keeps the current one in sight, wherever it was scrolled to.
func TestThumbsInAnotherColumn(t *testing.T) {
	sizes := []fyne.Size{
		{Width: theme.ThumbColumn, Height: 640}, {Width: theme.NarrowColumn, Height: 700}, {Width: theme.ThumbColumn, Height: 640},
		{Width: theme.NarrowColumn, Height: 300}, {Width: theme.ThumbColumn, Height: 1400}, {Width: theme.NarrowColumn, Height: 1400},
		{Width: 0, Height: 300}, {Width: theme.ThumbColumn, Height: 640}, {Width: theme.NarrowColumn, Height: 0}, {Width: theme.ThumbColumn, Height: 700},
	}
	for first := range sizes {
		clock, r := newTestClock(), &rendered{}
		th := NewThumbs()
		th.clock = clock
		show(t, th, sizes[first].Width, sizes[first].Height)
		th.Load(r.source(6))
		th.SetCurrent(6)
		for _, s := range sizes {
			th.Resize(s)
			if s.Width == 0 || s.Height == 0 {
				continue
			}
			seen := 0
			for _, o := range test.LaidOutObjects(th) {
				x, is := o.(*thumb)
				if !is {
					continue
				}
				seen = max(seen, x.page)
				if want := fyne.NewSize(s.Width, th.height(x.page)); x.Size() != want {
					t.Errorf("%d: in %v page %d is %v, not %v", first, s, x.page, x.Size(), want)
				}
				if left := x.frame.Position().X; left < 0 || x.frame.Size().Width < th.width {
					t.Errorf("%d: in %v the frame of page %d lies at %v and is %v", first, s, x.page, x.frame.Position(), x.frame.Size())
				}
			}
			if seen != 6 {
				t.Errorf("%d: in %v the last page in sight is %d", first, s, seen)
			}
		}
		th.Unload()
	}
}

// A fitted page stays in front while the window grows and shrinks, the last one too.
func TestAFittedPageStaysInFront(t *testing.T) {
	for _, n := range []int{1, 4, 6} {
		v, _, _, _ := openView(t, 6)
		v.GoTo(n)
		for _, s := range []fyne.Size{{Width: 700, Height: 560}, {Width: 1400, Height: 900}, {Width: 480, Height: 1000}, {Width: 900, Height: 640}} {
			v.Resize(s)
			if v.Current() != n {
				t.Errorf("page %d is in front instead of %d in %v", v.Current(), n, s)
			}
		}
	}
}

// A document that comes after the column was narrow, hidden and wide again is shown there.
func TestThumbsOfALateDocument(t *testing.T) {
	clock, r := newTestClock(), &rendered{}
	th := NewThumbs()
	th.clock = clock
	show(t, th, theme.ThumbColumn, 640)
	for _, w := range []float32{theme.NarrowColumn, 0, theme.NarrowColumn, theme.ThumbColumn} {
		th.Resize(fyne.NewSize(w, 640))
		if w == 0 {
			th.Hide()
		} else {
			th.Show()
		}
	}
	th.Load(r.source(6))
	defer th.Unload()
	seen := 0
	for _, o := range test.LaidOutObjects(th) {
		if x, is := o.(*thumb); is && x.Size().Height > 0 && x.frame.Size().Width >= th.width {
			seen++
		}
	}
	if seen < 3 {
		t.Errorf("%d pages are in sight", seen)
	}
}

// Who comes back to a page before its rendering was given up sees it nevertheless.
func TestLoaderRendersAgainWhatItGaveUp(t *testing.T) {
	clock := newTestClock()
	began, end := make(chan struct{}, 10), make(chan struct{})
	first := true
	var got []int
	l := newPageLoader(PageSource{Render: func(ctx context.Context, n, w int) (*image.RGBA, error) {
		began <- struct{}{}
		if first {
			first = false
			<-end
			return nil, ctx.Err()
		}
		return image.NewRGBA(image.Rect(0, 0, w, w)), nil
	}}, clock, func(w pageWish, _ *image.RGBA, _ error) { got = append(got, w.page) })
	defer l.close()
	l.want([]pageWish{{1, 10}})
	<-began
	l.want(nil)
	l.want([]pageWish{{1, 10}})
	close(end)
	clock.pump(t, 1)
	if len(got) != 1 || got[0] != 1 {
		t.Errorf("came %v", got)
	}
}
