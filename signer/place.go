package signer

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"time"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
)

// Measures of placing, in millimetres.
const (
	// minStrip is the narrowest strip of an edge seal that still shows something on paper.
	minStrip = 0.4
	// dateGap lies between a seal and its date.
	dateGap = 2.0
)

// minOverlap is the area in square millimetres that two seals share when package verify doubts the later one.
const minOverlap = 1 / (seal.PointsPerMM * seal.PointsPerMM)

// A Finder looks for words in the document that is to be signed. *preview.Document is one.
type Finder interface {
	Find(ctx context.Context, words string) (preview.Found, error)
}

// A Box is a rectangle on a page as it is displayed, turned and cropped: its centre in millimetres right of and below the
// top left corner, and its size.
type Box struct {
	Page       int // from 1
	X, Y, W, H float64
}

// over tells whether two boxes lie over one another.
func (b Box) over(o Box) bool {
	w := min(b.X+b.W/2, o.X+o.W/2) - max(b.X-b.W/2, o.X-o.W/2)
	h := min(b.Y+b.H/2, o.Y+o.H/2) - max(b.Y-b.H/2, o.Y-o.H/2)
	return b.Page == o.Page && w > 0 && h > 0 && w*h > minOverlap
}

// Taken is where an earlier signature shows.
type Taken struct {
	Box
	Field, Signer string
}

// A Layout is what placing needs to know of a document: how its pages lie, and which signatures show where.
type Layout struct {
	pages  []pdf.Page
	taken  []Taken
	state  pdfsig.State
	fields []Field
}

// ReadLayout reads the pages' geometry; before is the judgement on the signatures that the document has, nil when it is
// known to have none. Error: *pdf.Error, or the context's.
func ReadLayout(ctx context.Context, file *pdf.File, before *verify.Report) (*Layout, error) {
	l := &Layout{}
	err := file.EachPage(func(_ int, p pdf.Page) error {
		p.Dict, p.Resources = nil, nil // a page's geometry is all that is kept
		l.pages = append(l.pages, p)
		return ctx.Err()
	})
	if err == nil {
		err = l.readFields(file)
	}
	if err != nil || before == nil {
		return l, err
	}
	for _, s := range before.Signatures {
		for _, w := range s.Widgets {
			if box, ok := l.Box(w.Page, w.Rect); ok {
				l.taken = append(l.taken, Taken{Box: box, Field: s.Field, Signer: s.Signer})
			}
		}
	}
	return l, nil
}

// Pages returns the number of pages.
func (l *Layout) Pages() int { return len(l.pages) }

// PageSize returns the size of page n, from 1, in millimetres as it is displayed.
func (l *Layout) PageSize(n int) (width, height float64) {
	w, h := l.pages[n-1].Displayed()
	return w / seal.PointsPerMM, h / seal.PointsPerMM
}

// Taken returns where earlier signatures show.
func (l *Layout) Taken() []Taken { return l.taken }

// Box returns the box of a rectangle given in a page's user space; false when it has no area, or there is no such page.
func (l *Layout) Box(page int, rect [4]float64) (Box, bool) {
	if page < 1 || page > len(l.pages) || !(rect[2] > rect[0] && rect[3] > rect[1]) {
		return Box{}, false
	}
	p := l.pages[page-1]
	r := p.DisplayRect(rect)
	_, high := p.Displayed()
	const mm = seal.PointsPerMM
	return Box{page, (r[0] + r[2]) / 2 / mm, (high - (r[1]+r[3])/2) / mm, r.Width() / mm, r.Height() / mm}, true
}

// Placing is a seal with the rules for where it goes.
type Placing struct {
	Seal   seal.Seal
	Places []seal.Place
	Find   Finder // may be nil when no place is a keyword
	// Day is the time of the signature, whose day in Beijing a place may ask for, written with DateFont.
	Day      time.Time
	DateFont *seal.Font
}

// An Impression is a seal, a strip of one, or a date, on one page.
type Impression struct {
	Box
	Place int // the index of the place that asked for it
	Image *image.NRGBA
	Part  [2]float64 // of the Image's width, see pdfsig.Appearance
	Date  bool
	// Widget is the place within the field of Located, from 1; 0 outside of it.
	Widget int
}

// appearance is the impression in the terms of the page's own user space.
func (l *Layout) appearance(i Impression) pdfsig.Appearance {
	p := l.pages[i.Page-1]
	_, high := p.Displayed()
	const mm = seal.PointsPerMM
	return pdfsig.Appearance{
		Page: i.Page, Image: i.Image, Part: i.Part, Widget: i.Widget,
		Rect: p.UserRect(pdf.Rect{(i.X - i.W/2) * mm, high - (i.Y+i.H/2)*mm, (i.X + i.W/2) * mm, high - (i.Y-i.H/2)*mm}),
	}
}

// An Overlap is an impression that would lie over an earlier signature.
type Overlap struct {
	Impression int // its index
	Taken
}

// An Outside is an impression that would not lie wholly on its page.
type Outside struct {
	Impression int // its index
	Err        *seal.OutsideError
}

// Located is where a seal goes.
type Located struct {
	Impressions []Impression
	// Field is the empty field that a place names; "" without.
	Field string
	// Outside are what cannot be signed.
	Outside []Outside
	// Overlaps are what a person must be asked about before it is signed.
	Overlaps []Overlap
}

// Locate finds where on the pages the seal goes by the rules, and cuts an edge seal into its strips. It tells what would not
// lie wholly on its page and what would lie over an earlier signature, so that a window can show it there.
//
// Errors: *Error (KeywordNotFound, HitMissing, EdgeNeedsPages, EdgeTooThin, TwoFields), *seal.NoSuchPageError,
// *seal.MissingGlyphError, *pdfsig.Error (FieldMissing and what keeps a field from being signed), the Finder's.
func (l *Layout) Locate(ctx context.Context, r Placing) (Located, error) {
	if r.Seal.Image == nil || r.Seal.WidthMM <= 0 || r.Seal.HeightMM <= 0 {
		return Located{}, fail(BadRequest, "a seal without a picture or a size")
	}
	w := locator{Layout: l, Placing: r, dates: map[seal.Date]seal.Seal{}}
	for i, place := range r.Places {
		w.place = i
		var err error
		switch place.Kind {
		case seal.AtPosition:
			err = w.atPosition(place)
		case seal.AtKeyword:
			err = w.atKeyword(ctx, place)
		case seal.AtEdge:
			err = w.atEdge(place)
		case seal.AtField:
			err = w.atField(place)
		default:
			err = fail(BadRequest, "an unknown kind of place")
		}
		if err != nil {
			return Located{}, err
		}
		if err := ctx.Err(); err != nil {
			return Located{}, err
		}
	}
	byPage := map[int][]Taken{}
	for _, t := range l.taken {
		byPage[t.Page] = append(byPage[t.Page], t)
	}
	for i, im := range w.found.Impressions {
		for _, t := range byPage[im.Page] {
			if im.over(t.Box) {
				w.found.Overlaps = append(w.found.Overlaps, Overlap{i, t})
			}
		}
	}
	return w.found, nil
}

// Crowded are the pages, in order, of which the impressions together cover so much that package verify doubts the signature.
func (l *Layout) Crowded(list []Impression) []int {
	area := map[int]float64{}
	for _, im := range list {
		r := l.appearance(im).Rect
		area[im.Page] += r.Width() * r.Height()
	}
	var out []int
	for n := range area {
		if area[n] > verify.MaxSealArea(l.pages[n-1]) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

type locator struct {
	*Layout
	Placing
	place int
	dates map[seal.Date]seal.Seal // written, so that all pages share one picture
	found Located
}

// put lays a picture with its centre x and y millimetres from the top left corner of page n.
func (w *locator) put(s seal.Seal, n int, x, y float64, part [2]float64, date bool) {
	width, height := w.pages[n-1].Displayed()
	_, err := s.Rect(width, height, x, y)
	if out, is := errors.AsType[*seal.OutsideError](err); is {
		out.Page = n
		w.found.Outside = append(w.found.Outside, Outside{len(w.found.Impressions), out})
	}
	w.found.Impressions = append(w.found.Impressions, Impression{
		Box: Box{n, x, y, s.WidthMM, s.HeightMM}, Place: w.place, Image: s.Image, Part: part, Date: date,
	})
}

// press puts the seal at a point, and its date beside it.
func (w *locator) press(n int, x, y float64, d seal.Date) error {
	w.put(w.Seal, n, x, y, [2]float64{}, false)
	if d.On == "" {
		return nil
	}
	text, ok := w.dates[d]
	if !ok {
		if w.DateFont == nil {
			return fail(BadRequest, "a date without a font to write it")
		}
		var err error
		if text, err = seal.WriteDate(w.DateFont, d.Text(w.Day), d.Size()); err != nil {
			return err
		}
		w.dates[d] = text
	}
	if d.Right {
		x += w.Seal.WidthMM/2 + dateGap + text.WidthMM/2
	} else {
		y += w.Seal.HeightMM/2 + dateGap + text.HeightMM/2
	}
	w.put(text, n, x, y, [2]float64{}, true)
	return nil
}

// within are the pages that a place names, all of them when it names none.
func (w *locator) within(place seal.Place) ([]int, error) {
	choice := place.Pages
	if choice == nil {
		choice = seal.Ranges{{From: 1, To: -1, Step: 1}}
	}
	pages, missing := choice.Of(len(w.pages))
	if missing != 0 {
		return nil, &seal.NoSuchPageError{Page: missing, Pages: len(w.pages)}
	}
	return pages, nil
}

func (w *locator) atPosition(place seal.Place) error {
	pages, err := w.within(place)
	if err != nil {
		return err
	}
	for _, n := range pages {
		if err := w.press(n, place.X, place.Y, place.Date); err != nil {
			return err
		}
	}
	return nil
}

func (w *locator) atKeyword(ctx context.Context, place seal.Place) error {
	if w.Find == nil {
		return fail(BadRequest, "a place by keyword without a Finder")
	}
	pages, err := w.within(place)
	if err != nil {
		return err
	}
	found, err := w.Find.Find(ctx, place.Keyword)
	if err != nil {
		return err
	}
	wanted := map[int]bool{}
	for _, n := range pages {
		wanted[n] = true
	}
	var spots []Box
	for _, h := range found.Hits {
		if !wanted[h.Page] {
			continue
		}
		box, ok := w.Box(h.Page, h.Rect)
		if !ok {
			return fail(BadRequest, "words found on page %d of %d at %v", h.Page, len(w.pages), h.Rect)
		}
		spots = append(spots, box)
	}
	if len(spots) == 0 {
		return &Error{Kind: KeywordNotFound, Words: place.Keyword, Near: found.Near, Detail: "the document does not have the words"}
	}
	hits := place.Hits
	if hits == nil {
		hits = seal.Only(1)
	}
	chosen, missing := hits.Of(len(spots))
	if missing != 0 {
		return &Error{Kind: HitMissing, Words: place.Keyword, Count: len(spots), Detail: fmt.Sprintf("the document has the words %d times, not %d", len(spots), missing)}
	}
	for _, i := range chosen {
		at := spots[i-1]
		if err := w.press(at.Page, at.X+place.DX, at.Y+place.DY, place.Date); err != nil {
			return err
		}
	}
	return nil
}

// atEdge lays strips of the seal along the edges of the pages, so that it is whole when they are fanned out. The pages that
// lie below show to the right of those above at their right edges, and to the left of them at their left ones.
func (w *locator) atEdge(place seal.Place) error {
	pages, err := w.within(place)
	if err != nil {
		return err
	}
	if len(pages) < 2 {
		return fail(EdgeNeedsPages, "an edge seal on %d page", len(pages))
	}
	for _, size := range seal.EdgeGroups(len(pages), place.Group, w.Seal.WidthMM, minStrip) {
		group := pages[:size]
		pages = pages[size:]
		strip := w.Seal
		strip.WidthMM /= float64(size)
		if strip.WidthMM < minStrip && place.Group > 0 {
			return &Error{Kind: EdgeTooThin, Count: size, Detail: fmt.Sprintf("strips of %.2f mm", strip.WidthMM)}
		}
		for i, n := range group {
			width, height := w.PageSize(n)
			x, y := width-strip.WidthMM/2, place.Y
			part := [2]float64{float64(i) / float64(size), float64(i+1) / float64(size)}
			if place.Left {
				x = strip.WidthMM / 2
				part = [2]float64{1 - part[1], 1 - part[0]}
			}
			if y == 0 {
				y = height / 2
			}
			w.put(strip, n, x, y, part, false)
		}
	}
	return nil
}
