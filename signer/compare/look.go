package compare

import (
	"bytes"
	"cmp"
	"context"
	"image"
	"math"
	"slices"

	"sealdesk/signer/preview"
)

const (
	pixelsPerMM = 100 / 25.4 // pages are drawn at 100 dpi, or less where they would be too large

	tolerance  = 40      // of 255, by which a colour may differ
	cell       = 8       // pixels: differences this near to each other are one
	fewest     = 4       // pixels that make a difference
	maxAreas   = 20      // of a pair of pages; more are told as one
	maxShifts  = 6       // ways by which pictures may have moved along with the text
	nearWords  = 5       // words that look alike between two that do not, up to which these are told together
	maxCover   = 8       // times the words may cover the page; beyond it the page is compared as a whole
	paperMM    = 1       // by which sheets may differ in size
	samePlace  = 1       // mm: seals this near to each other are the same one
	maxSealMM2 = 80 * 80 // a larger seal could hide anything; it counts as a part of the page
)

// tellLooks compares the pictures of all pairs of pages, one pair in memory at a time.
func (c *comparison) tellLooks(ctx context.Context, match []int32) error {
	for a := 1; a <= c.a.count(); a++ {
		if b := c.partner[a]; b != 0 {
			if err := c.tellLook(ctx, a, b, match); err != nil {
				return err
			}
		} else {
			c.tellSeals(a, 0, nil, nil)
		}
		c.step(StepLook)
		if len(c.report.Differences) > maxDifferences {
			return nil
		}
	}
	for b := 1; b <= c.b.count(); b++ {
		if c.origin[b] == 0 {
			c.tellSeals(0, b, nil, nil)
		}
	}
	return nil
}

// cover says how many times the words of a page cover it.
func (t *text) cover(n int) float64 {
	p := t.pages[n-1]
	sum := 0.0
	for _, w := range t.tokens[p.first:p.end] {
		sum += min(float64(w.box.w), float64(p.size.w)) * min(float64(w.box.h), float64(p.size.h))
	}
	return sum / (float64(p.size.w) * float64(p.size.h))
}

// A look is the picture of a page.
type look struct {
	full *image.RGBA // with its seals
	page *image.RGBA // without them
}

func (c *comparison) tellLook(ctx context.Context, a, b int, match []int32) error {
	pa, pb := &c.a.pages[a-1], &c.b.pages[b-1]
	if diff := max(abs(pa.size.w-pb.size.w), abs(pa.size.h-pb.size.h)); diff > paperMM {
		c.tellPicture(a, b, pa.size, pb.size)
		c.tellSeals(a, b, nil, nil)
		return nil
	}
	scale := min(pixelsPerMM, preview.MaxSide/float64(max(pa.size.w, pa.size.h, pb.size.w, pb.size.h)))
	var la, lb look
	err := both(ctx,
		func(ctx context.Context) (err error) { la, err = draw(ctx, c.docA, a, pa, scale); return err },
		func(ctx context.Context) (err error) { lb, err = draw(ctx, c.docB, b, pb, scale); return err },
	)
	if err != nil {
		return err
	}
	c.tellSeals(a, b, &canvas{la.full, scale}, &canvas{lb.full, scale})
	if la.page.Rect == lb.page.Rect && bytes.Equal(la.page.Pix, lb.page.Pix) {
		return nil
	}
	if c.a.cover(a) > maxCover || c.b.cover(b) > maxCover {
		c.tellPicture(a, b, pa.size, pb.size)
		return nil
	}
	d := &pictures{
		comparison: c, a: a, b: b, scale: scale, match: match,
		inA: blur(la.page), inB: blur(lb.page),
	}
	d.differing = d.inA.differing(d.inB)
	d.tellWords()
	d.tellRest()
	return nil
}

// draw renders a page. Under its seals the page shows as it is without them.
func draw(ctx context.Context, d *preview.Document, n int, p *page, scale float64) (look, error) {
	width := int(math.Round(float64(p.size.w) * scale))
	full, err := d.Render(ctx, n, width)
	if err != nil || !slices.ContainsFunc(p.seals, hides) {
		return look{full, full}, err
	}
	bare, err := d.RenderBare(ctx, n, width)
	if err != nil {
		return look{}, err
	}
	without := &image.RGBA{Pix: slices.Clone(full.Pix), Stride: full.Stride, Rect: full.Rect}
	for _, s := range p.seals {
		if !hides(s) {
			continue
		}
		r := pixels(s, scale).Inset(-1).Intersect(full.Rect)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			from, to := full.PixOffset(r.Min.X, y), full.PixOffset(r.Min.X, y)+4*r.Dx()
			copy(without.Pix[from:to], bare.Pix[from:to])
		}
	}
	return look{full, without}, nil
}

// hides reports whether a seal shows, and is no larger than seals are.
func hides(s box) bool { return s.w > 0 && s.h > 0 && s.w*s.h <= maxSealMM2 }

func pixels(b box, scale float64) image.Rectangle {
	at := func(v float32) int { return int(math.Round(max(-1e6, min(float64(v)*scale, 1e6)))) }
	return image.Rect(at(b.x), at(b.y), at(b.x+b.w), at(b.y+b.h))
}

func abs[T int | float32](v T) T { return max(v, -v) }

// A canvas is a picture with its pixels to the millimetre.
type canvas struct {
	*image.RGBA
	scale float64
}

// tellSeals lists the seals of a pair of pages that differ; page 0 is none. Without pictures only their places count.
func (c *comparison) tellSeals(a, b int, inA, inB *canvas) {
	var sealsA, sealsB []box
	if a > 0 {
		sealsA = c.a.pages[a-1].seals
	}
	if b > 0 {
		sealsB = slices.Clone(c.b.pages[b-1].seals)
	}
	otherA, otherB := a, b
	if a == 0 {
		otherA = c.a.before(c.origin, b)
	}
	if b == 0 {
		otherB = c.b.before(c.partner, a)
	}
	add := func(kind Kind, x, y box) {
		c.report.Seals = append(c.report.Seals, Difference{Kind: kind, A: []Place{rounded(otherA, x)}, B: []Place{rounded(otherB, y)}})
	}
	empty := func(s box) box { return box{x: s.x, y: s.y} }
	for _, s := range sealsA {
		k := slices.IndexFunc(sealsB, func(o box) bool { return near(s, o) })
		if k < 0 {
			add(SealRemoved, s, empty(s))
			continue
		}
		if inA != nil && !sameCut(inA, inB, s, sealsB[k]) {
			add(SealChanged, s, sealsB[k])
		}
		sealsB = slices.Delete(sealsB, k, k+1)
	}
	for _, s := range sealsB {
		add(SealAdded, empty(s), s)
	}
}

// before is the partner of the last page up to n that has one, or 1.
func (t *text) before(partner []int, n int) int {
	for ; n > 0; n-- {
		if partner[n] != 0 {
			return partner[n]
		}
	}
	return 1
}

func near(a, b box) bool {
	return abs(a.x-b.x) <= samePlace && abs(a.y-b.y) <= samePlace && abs(a.w-b.w) <= samePlace && abs(a.h-b.h) <= samePlace
}

// sameCut compares what two seals show.
func sameCut(a, b *canvas, inA, inB box) bool {
	cut := func(c *canvas, b box) *plane { return blur(c.SubImage(pixels(b, c.scale)).(*image.RGBA)) }
	x, y := cut(a, inA), cut(b, inB)
	return x.unlike(y, x.bounds(), 0, 0, fewest) < fewest && y.unlike(x, y.bounds(), 0, 0, fewest) < fewest
}

// tellPicture lists a difference of pictures.
func (c *comparison) tellPicture(a, b int, inA, inB box) {
	c.report.Differences = append(c.report.Differences, Difference{
		Kind: PictureChanged, A: []Place{rounded(a, inA)}, B: []Place{rounded(b, inB)},
	})
}

// pictures is a pair of pages that look different.
type pictures struct {
	*comparison
	a, b     int
	scale    float64
	match    []int32
	inA, inB *plane

	differing image.Rectangle // where
}

// tellWords lists the words that are the same and do not look so where they stand now. Words that went to another page are
// not looked at.
func (d *pictures) tellWords() {
	page := d.comparison.a.pages[d.a-1]
	var unlike []int // words of a
	end := func() {
		if len(unlike) == 0 {
			return
		}
		var there []int
		for _, i := range unlike {
			there = append(there, int(d.match[i]))
		}
		d.tell(PictureChanged, unlike, there, unlike[0], there[0])
		unlike = nil
	}
	for i := page.first; i < page.end; i++ {
		j := d.match[i]
		if j < 0 || int(d.comparison.b.tokens[j].page) != d.b {
			continue
		}
		was, is := &d.comparison.a.tokens[i], &d.comparison.b.tokens[j]
		if was.shown != is.shown || d.looksAlike(was.box, is.box) {
			continue
		}
		if n := len(unlike); n > 0 && i-unlike[n-1] > nearWords {
			end()
		}
		unlike = append(unlike, i)
	}
	end()
}

func (d *pictures) looksAlike(a, b box) bool {
	x, y := pixels(a, d.scale), pixels(b, d.scale)
	if abs(x.Dx()-y.Dx()) > 1+x.Dx()/10 || abs(x.Dy()-y.Dy()) > 1+x.Dy()/10 {
		return false
	}
	if x == y && !x.Overlaps(d.differing) {
		return true
	}
	by := y.Min.Sub(x.Min)
	most := max(fewest, x.Dx()*x.Dy()/50)
	return d.inA.unlike(d.inB, x, by.X, by.Y, most) < most && d.inB.unlike(d.inA, y, -by.X, -by.Y, most) < most
}

// tellRest lists the areas beside the words in which the pages differ. What moved along with the text is the same.
func (d *pictures) tellRest() {
	shifts := d.shifts()
	maskA, maskB := d.mask(d.comparison.a, d.a, d.inA), d.mask(d.comparison.b, d.b, d.inB)
	cells := newGrid(max(d.inA.w, d.inB.w), max(d.inA.h, d.inB.h))
	for y := d.differing.Min.Y; y < d.differing.Max.Y; y++ {
		for x := d.differing.Min.X; x < d.differing.Max.X; x++ {
			if d.inA.inside(x, y) && !maskA[y*d.inA.w+x] && !d.explained(d.inA, d.inB, maskB, x, y, shifts, 1) ||
				d.inB.inside(x, y) && !maskB[y*d.inB.w+x] && !d.explained(d.inB, d.inA, maskA, x, y, shifts, -1) {
				cells.mark(x, y)
			}
		}
	}
	areas := cells.areas()
	if len(areas) > maxAreas {
		all := areas[0]
		for _, r := range areas[1:] {
			all = all.Union(r)
		}
		areas = []image.Rectangle{all}
	}
	for _, r := range areas {
		mm := func(v int) float32 { return float32(float64(v) / d.scale) }
		b := box{mm(r.Min.X), mm(r.Min.Y), mm(r.Dx()), mm(r.Dy())}
		d.tellPicture(d.a, d.b, b, b)
	}
}

// explained reports whether a pixel has its like in the other picture, at its own place or where the text near it went, or
// whether a word stands there, which is compared by itself.
func (d *pictures) explained(in, other *plane, mask []bool, x, y int, shifts []image.Point, sign int) bool {
	for _, s := range shifts {
		u, v := x+sign*s.X, y+sign*s.Y
		if other.inside(u, v) && mask[v*other.w+u] || in.like(other, x, y, u, v) {
			return true
		}
	}
	return false
}

// shifts are the ways that most words of the page went, none at all first.
func (d *pictures) shifts() []image.Point {
	count := map[image.Point]int{}
	page := d.comparison.a.pages[d.a-1]
	for i := page.first; i < page.end; i++ {
		if j := d.match[i]; j >= 0 && int(d.comparison.b.tokens[j].page) == d.b {
			a, b := pixels(d.comparison.a.tokens[i].box, d.scale), pixels(d.comparison.b.tokens[j].box, d.scale)
			count[b.Min.Sub(a.Min)]++
		}
	}
	delete(count, image.Point{})
	var ways []image.Point
	for p := range count {
		ways = append(ways, p)
	}
	slices.SortFunc(ways, func(p, q image.Point) int {
		return cmp.Or(cmp.Compare(count[q], count[p]), cmp.Compare(p.Y, q.Y), cmp.Compare(p.X, q.X))
	})
	return append([]image.Point{{}}, ways[:min(len(ways), maxShifts)]...)
}

// mask marks where words stand.
func (d *pictures) mask(t *text, n int, in *plane) []bool {
	out := make([]bool, in.w*in.h)
	p := t.pages[n-1]
	for _, w := range t.tokens[p.first:p.end] {
		r := pixels(w.box, d.scale).Inset(-2).Intersect(in.bounds())
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				out[y*in.w+x] = true
			}
		}
	}
	return out
}
