package signer

import (
	"context"
	"fmt"
	"math"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/seal"
)

// minStripMM is the narrowest strip of an edge seal that still shows something
// on paper. A document with more pages than strips gets a second whole seal on
// the rest.
const minStripMM = 0.4

// Hit is a spot where words stand.
type Hit struct {
	Page int        // from 1
	Rect [4]float64 // left, bottom, right, top in points of the page's user space
}

// Finder looks for words in the document that is to be signed and returns the
// hits in reading order. Package preview does it.
type Finder interface {
	Find(ctx context.Context, words string) ([]Hit, error)
}

// Locate finds where on the pages a seal goes, and cuts an edge seal into its
// strips. find may be nil when no place is a keyword.
//
// Errors: *Error (KeywordNotFound, EdgeNeedsPages), *seal.NoSuchPageError,
// *seal.OutsideError, *pdf.Error, the Finder's.
func Locate(ctx context.Context, file *pdf.File, s seal.Seal, places []seal.Place, find Finder) ([]pdfsig.Appearance, error) {
	if s.Image == nil || s.WidthMM <= 0 || s.HeightMM <= 0 {
		return nil, fail(BadRequest, "a seal without a picture or a size")
	}
	var pages []pdf.Page
	err := file.EachPage(func(_ int, p pdf.Page) error {
		p.Dict, p.Resources = nil, nil // a page's geometry is all that is kept
		pages = append(pages, p)
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	l := locator{pages: pages, seal: s, find: find}
	for _, place := range places {
		switch place.Kind {
		case seal.AtPosition:
			var n int
			if n, err = place.PageOf(len(pages)); err == nil {
				err = l.put(s, n, place.X, place.Y)
			}
		case seal.AtKeyword:
			err = l.atKeyword(ctx, place)
		case seal.AtEdge:
			err = l.atEdge(place)
		default:
			err = fail(BadRequest, "an unknown kind of place")
		}
		if err != nil {
			return nil, err
		}
	}
	return l.found, nil
}

type locator struct {
	pages []pdf.Page
	seal  seal.Seal
	find  Finder
	found []pdfsig.Appearance
}

// put places a seal with its centre x and y millimetres from the top left
// corner of the displayed page.
func (l *locator) put(s seal.Seal, n int, x, y float64) error {
	page := l.pages[n-1]
	w, h := page.Displayed()
	rect, err := s.Rect(w, h, x, y)
	if err != nil {
		return err
	}
	l.found = append(l.found, pdfsig.Appearance{Page: n, Rect: page.UserRect(rect), Image: s.Image})
	return nil
}

func (l *locator) atKeyword(ctx context.Context, place seal.Place) error {
	if l.find == nil {
		return fail(BadRequest, "a place by keyword without a Finder")
	}
	hits, err := l.find.Find(ctx, place.Keyword)
	if err != nil {
		return err
	}
	i, ok := place.Choose(len(hits))
	if !ok {
		return &Error{Kind: KeywordNotFound, Words: place.Keyword, Detail: fmt.Sprintf("the document has the words %d times", len(hits))}
	}
	hit := hits[i]
	if hit.Page < 1 || hit.Page > len(l.pages) {
		return fail(BadRequest, "words found on page %d of %d", hit.Page, len(l.pages))
	}
	page := l.pages[hit.Page-1]
	_, h := page.Displayed()
	u, v := page.FromUser((hit.Rect[0]+hit.Rect[2])/2, (hit.Rect[1]+hit.Rect[3])/2)
	return l.put(l.seal, hit.Page, u/seal.PointsPerMM+place.DX, (h-v)/seal.PointsPerMM+place.DY)
}

// atEdge lays strips of the seal along the right edges of all pages, so that it
// is whole when the pages are fanned out.
func (l *locator) atEdge(place seal.Place) error {
	if len(l.pages) < 2 {
		return fail(EdgeNeedsPages, "an edge seal on a document of %d page", len(l.pages))
	}
	most := max(2, min(int(l.seal.WidthMM/minStripMM), l.seal.Image.Rect.Dx()))
	groups := (len(l.pages) + most - 1) / most
	for g := range groups {
		from, to := g*len(l.pages)/groups, (g+1)*len(l.pages)/groups
		strips := seal.EdgeStrips(l.seal.Image, to-from)
		for i, strip := range strips {
			n := from + i + 1
			w, h := l.pages[n-1].Displayed()
			s := l.seal
			s.Image = strip
			s.WidthMM = l.seal.WidthMM * float64(strip.Rect.Dx()) / float64(l.seal.Image.Rect.Dx())
			y := place.Y
			if y == 0 {
				y = math.Round(h/2) / seal.PointsPerMM
			}
			if err := l.put(s, n, w/seal.PointsPerMM-s.WidthMM/2, y); err != nil {
				return err
			}
		}
	}
	return nil
}
