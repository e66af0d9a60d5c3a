package stamp

import (
	"context"
	"image"
	"strconv"
	"strings"

	"sealdesk/signer"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/ui/widgets"
)

// A spot is where one place comes to lie, or why it does not.
type spot struct {
	signer.Located
	err error
}

// outside is the first impression that sticks out of its page, or nil.
func (s spot) outside() *seal.OutsideError {
	if len(s.Outside) == 0 {
		return nil
	}
	return s.Outside[0].Err
}

// errSearching stands for words that are still being looked for.
type errSearching struct{ words string }

func (errSearching) Error() string { return "the words are being looked for" }

// Find gives the signer what was found before.
func (p *Page) Find(_ context.Context, words string) (preview.Found, error) {
	found, ok := p.found[words]
	if !ok {
		return preview.Found{}, errSearching{words}
	}
	return found, nil
}

// locate finds every place's spot with the code that will sign.
func (p *Page) locate() {
	p.spots = make([]spot, len(p.plan.places))
	for i, place := range p.plan.places {
		s := &p.spots[i]
		s.Located, s.err = p.shown.Layout.Locate(p.ctx, signer.Placing{
			Seal: p.seal().Seal, Places: []seal.Place{place}, Find: p, Day: p.day(), DateFont: p.dateFont,
		})
	}
}

// The margin that contracts are set with, by GB/T 9704 about this wide.
const usualMargin = 20

// marks shows the impressions, the other party's seals, and the guides that a dragged one snaps to.
func (p *Page) marks() {
	var marks []widgets.Mark
	for i, t := range p.shown.Layout.Taken() {
		marks = append(marks, widgets.Mark{ID: "other-" + strconv.Itoa(i), Page: t.Page, X: t.X, Y: t.Y, W: t.W, H: t.H, Fixed: true})
	}
	var dots []int
	mine := map[int]bool{} // pages that carry an impression of the current place
	for i, s := range p.spots {
		wrong := map[int]bool{}
		for _, o := range s.Outside {
			wrong[o.Impression] = true
		}
		for _, o := range s.Overlaps {
			wrong[o.Impression] = true
		}
		for k, im := range s.Impressions {
			marks = append(marks, widgets.Mark{
				ID: markID(i, k), Page: im.Page, X: im.X, Y: im.Y, W: im.W, H: im.H, Image: p.picture(im), Fixed: im.Date || im.Widget > 0,
				Upright: p.plan.places[i].Kind == seal.AtEdge, Chosen: i == p.plan.current && !im.Date, Wrong: wrong[k],
			})
			dots = append(dots, im.Page)
			if i == p.plan.current {
				mine[im.Page] = true
			}
		}
	}
	p.reader.View.SetMarks(marks...)
	p.outlineFields()
	p.reader.View.SetGuides(p.guides(mine)...)
	p.reader.Dots(dots...)
}

// guides are the lines of some pages that a seal is usually set by: middle, margins, other seals, and words.
func (p *Page) guides(pages map[int]bool) []widgets.Guide {
	var out []widgets.Guide
	cross := func(b signer.Box) {
		if pages[b.Page] {
			out = append(out, widgets.Guide{Page: b.Page, Upright: true, At: b.X}, widgets.Guide{Page: b.Page, At: b.Y})
		}
	}
	for n := range pages {
		w, h := p.shown.Layout.PageSize(n)
		cross(signer.Box{Page: n, X: w / 2, Y: h / 2})
		for _, at := range []float64{usualMargin, w - usualMargin} {
			out = append(out, widgets.Guide{Page: n, Upright: true, At: at, Edge: true})
		}
		for _, at := range []float64{usualMargin, h - usualMargin} {
			out = append(out, widgets.Guide{Page: n, At: at, Edge: true})
		}
	}
	for _, t := range p.shown.Layout.Taken() {
		cross(t.Box)
	}
	for i, s := range p.spots {
		for _, im := range s.Impressions {
			if i != p.plan.current && !im.Date {
				cross(im.Box)
			}
		}
	}
	for _, f := range p.found {
		for _, h := range f.Hits {
			if box, ok := p.shown.Layout.Box(h.Page, h.Rect); ok {
				cross(box)
			}
		}
	}
	return out
}

// strip is a part of a picture.
type strip struct {
	whole *image.NRGBA
	part  [2]float64
}

// picture is what an impression shows; strips are kept, so that marks know the same one again.
func (p *Page) picture(im signer.Impression) image.Image {
	if im.Part == ([2]float64{}) {
		return im.Image
	}
	key := strip{im.Image, im.Part}
	m, ok := p.strips[key]
	if !ok {
		m = seal.Slice(im.Image, im.Part)
		p.strips[key] = m
	}
	return m
}

func markID(place, impression int) string {
	return "mine-" + strconv.Itoa(place) + "-" + strconv.Itoa(impression)
}

// impressionOf is the place and the impression of a mark of ours.
func (p *Page) impressionOf(id string) (place, impression int, ok bool) {
	s, mine := strings.CutPrefix(id, "mine-")
	first, second, two := strings.Cut(s, "-")
	place, err1 := strconv.Atoi(first)
	impression, err2 := strconv.Atoi(second)
	ok = mine && two && err1 == nil && err2 == nil && place < len(p.spots) && place < len(p.plan.places) && impression < len(p.spots[place].Impressions)
	return place, impression, ok
}

// moved takes over where a mark was dragged or nudged to.
func (p *Page) moved(id string, x, y float64, begins bool) {
	i, k, ok := p.impressionOf(id)
	if !ok {
		return
	}
	p.plan.choose(i)
	editing := "drag"
	if begins {
		editing = "" // a step of its own
	}
	was := p.spots[i].Impressions[k]
	p.plan.set(editing, func(at *seal.Place) {
		switch at.Kind {
		case seal.AtKeyword:
			at.DX, at.DY = tenth(at.DX+x-was.X), tenth(at.DY+y-was.Y)
		case seal.AtEdge:
			at.Y = tenth(y)
		default:
			at.X, at.Y = tenth(x), tenth(y)
		}
	})
	p.plan.editing = "drag"
	p.mode.Choose(p.way())
	p.refresh()
}
