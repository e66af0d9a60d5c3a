package preview

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// SoftHyphen stands in the text of a Word where the page breaks it over two lines: the hyphen there may belong to the
// word or to the line.
const SoftHyphen = '\u00AD'

// maxAnnotations bounds the annotations of one page that are looked at.
const maxAnnotations = 10_000

// A Word is what a page's text is compared by: a Chinese character, a sign, or a word of letters and digits with the
// signs inside it, such as 1,286,000.00 and ZC-2026-001. Radicals that a font names instead of the characters that look
// the same are given as those characters.
type Word struct {
	Text    string
	Rect    [4]float64 // left, bottom, right, top in points of the page's user space; of a word over two lines its first part
	NewLine bool       // it begins a line
}

// Words returns the words of page n in the order in which the page draws them, without those that stand wholly outside
// the visible page. Two things PDFium keeps to itself: a page's only character, and a line that repeats the one just above
// it. They show in the picture. Errors: ErrTooMuchText, ErrNoSuchPage, ErrDamaged, ErrTimeout, ErrClosed.
func (d *Document) Words(ctx context.Context, n int) ([]Word, error) {
	g, err := d.Geometry(ctx, n)
	if err != nil {
		return nil, err
	}
	var out []Word
	err = d.withText(ctx, n, func(s *session, text references.FPDF_TEXTPAGE, chars []rune) error {
		if len(chars) == pageChars {
			return ErrTooMuchText.with(map[string]any{"page": n, "limit": pageChars})
		}
		for _, w := range splitWords(chars) {
			rect, err := s.wordRect(text, w)
			if err != nil {
				return err
			}
			if rect[0] < g.Box[2] && rect[2] > g.Box[0] && rect[1] < g.Box[3] && rect[3] > g.Box[1] {
				out = append(out, Word{Text: w.text, Rect: rect, NewLine: w.newLine})
			}
		}
		return nil
	})
	return out, err
}

// wordRect is the rectangle round a word's first and last character: the text between them runs straight.
func (s *session) wordRect(text references.FPDF_TEXTPAGE, w word) ([4]float64, error) {
	first, err := s.charBox(text, w.from)
	if err != nil || w.last == w.from {
		return first, err
	}
	last, err := s.charBox(text, w.last)
	return union(first, last), err
}

// A Glyph is a character that the page draws, or would draw if it could be seen.
type Glyph struct {
	Rune rune
	Rect [4]float64 // left, bottom, right, top of what is inked, in points of the page's user space
}

// Glyphs returns the characters of page n in the order in which the page draws them, those outside the visible page too,
// without white space. Errors are those of Words.
func (d *Document) Glyphs(ctx context.Context, n int) ([]Glyph, error) {
	var out []Glyph
	err := d.withText(ctx, n, func(s *session, text references.FPDF_TEXTPAGE, chars []rune) error {
		if len(chars) == pageChars {
			return ErrTooMuchText.with(map[string]any{"page": n, "limit": pageChars})
		}
		for i, r := range chars {
			if r == 0 || unicode.IsSpace(r) || ignorable(r) {
				continue
			}
			b, err := s.FPDFText_GetCharBox(&requests.FPDFText_GetCharBox{TextPage: text, Index: i})
			if err != nil {
				return err
			}
			out = append(out, Glyph{Rune: r, Rect: [4]float64{b.Left, b.Bottom, b.Right, b.Top}})
		}
		return nil
	})
	return out, err
}

// TextRects returns the rectangles (left, bottom, right, top in points of the page's user space) of the pieces of text that
// page n draws, white space within them included: far fewer than its Glyphs, and sooner found. Errors are those of Words.
func (d *Document) TextRects(ctx context.Context, n int) ([][4]float64, error) {
	var out [][4]float64
	err := d.withPage(ctx, n, func(_ context.Context, s *session, page requests.Page) error {
		loaded, err := s.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
		if err != nil {
			return err
		}
		count, err := s.FPDFText_CountRects(&requests.FPDFText_CountRects{TextPage: loaded.TextPage, Count: -1})
		if err != nil {
			return err
		}
		if count.Count > pageChars {
			return ErrTooMuchText.with(map[string]any{"page": n, "limit": pageChars})
		}
		for i := range count.Count {
			r, err := s.FPDFText_GetRect(&requests.FPDFText_GetRect{TextPage: loaded.TextPage, Index: i})
			if err != nil {
				return err
			}
			out = append(out, [4]float64{r.Left, r.Bottom, r.Right, r.Top})
		}
		_, err = s.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage})
		return err
	})
	return out, err
}

// charBox is as high as the line, whatever the character.
func (s *session) charBox(text references.FPDF_TEXTPAGE, i int) ([4]float64, error) {
	b, err := s.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: text, Index: i})
	if err != nil {
		return [4]float64{}, err
	}
	return [4]float64{float64(b.Rect.Left), float64(b.Rect.Bottom), float64(b.Rect.Right), float64(b.Rect.Top)}, nil
}

// A word is a part of a page's characters. from and last are the ends of its first line.
type word struct {
	text       string
	from, last int
	newLine    bool
}

// pdfiumHyphen is what PDFium makes of a hyphen at the end of a line.
const pdfiumHyphen = 0x02

func splitWords(chars []rune) []word {
	var out []word
	var current []rune
	from, last := 0, 0
	newLine, broken := true, false
	end := func() {
		if len(current) > 0 {
			out = append(out, word{text: string(current), from: from, last: last, newLine: newLine})
			current, newLine, broken = current[:0], false, false
		}
	}
	add := func(i int, r rune) {
		if len(current) == 0 {
			from = i
		}
		if !broken {
			last = i
		}
		current = append(current, r)
	}
	table := radicals()
	for i, r := range chars {
		if a, ok := table[r]; ok {
			r = a
		}
		switch {
		case r == 0: // the second half of a surrogate pair
		case r == '\n' || r == '\r':
			end()
			newLine = true
		case r == pdfiumHyphen && len(current) > 0:
			current = append(current, SoftHyphen)
			broken = true
		case ignorable(r):
			if unicode.IsSpace(r) {
				end()
			}
		case inWord(r):
			add(i, r)
		case unicode.IsMark(r):
			if len(current) > 0 {
				add(i, r)
			} else if len(out) > 0 { // of the single character before it
				out[len(out)-1].text += string(r)
			}
		case len(current) > 0 && joins(r) && i+1 < len(chars) && inWord(chars[i+1]):
			add(i, r)
		default:
			end()
			add(i, r)
			end()
		}
	}
	end()
	return out
}

// inWord tells the letters of scripts that part their words by spaces, and digits, from characters that stand for
// themselves.
func inWord(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) &&
		!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Thai)
}

// joins reports whether a sign between two letters or digits belongs to the word.
func joins(r rune) bool { return strings.ContainsRune(".,-'’_/:@", r) }

// Seals returns where the signatures of page n show: the rectangles (left, bottom, right, top) of their widgets in points
// of the page's user space. A signature that does not show has a rectangle without an area.
func (d *Document) Seals(ctx context.Context, n int) ([][4]float64, error) {
	var out [][4]float64
	err := d.withPage(ctx, n, func(_ context.Context, s *session, page requests.Page) error {
		count, err := s.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: page})
		if err != nil {
			return err
		}
		if count.Count > maxAnnotations {
			return ErrDamaged.because(fmt.Errorf("page %d has %d annotations", n, count.Count))
		}
		for i := range count.Count {
			rect, is, err := s.seal(page, i)
			if err != nil {
				return err
			}
			if is {
				out = append(out, rect)
			}
		}
		return nil
	})
	return out, err
}

// seal looks at an annotation and tells whether it is the widget of a signature.
func (s *session) seal(page requests.Page, index int) (rect [4]float64, is bool, err error) {
	got, err := s.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: page, Index: index})
	if err != nil {
		return rect, false, nil // an entry that is no annotation shows nothing
	}
	defer func() {
		if _, cerr := s.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: got.Annotation}); err == nil {
			err = cerr
		}
	}()
	// An error of these getters says that the annotation is of another kind.
	kind, err := s.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: got.Annotation})
	if err != nil || kind.Subtype != enums.FPDF_ANNOT_SUBTYPE_WIDGET {
		return rect, false, nil
	}
	field, err := s.FPDFAnnot_GetFormFieldType(&requests.FPDFAnnot_GetFormFieldType{FormHandle: s.form, Annotation: got.Annotation})
	if err != nil || field.FormFieldType != enums.FPDF_FORMFIELD_TYPE_SIGNATURE {
		return rect, false, nil
	}
	r, err := s.FPDFAnnot_GetRect(&requests.FPDFAnnot_GetRect{Annotation: got.Annotation})
	if err != nil {
		return rect, false, nil
	}
	left, bottom, right, top := float64(r.Rect.Left), float64(r.Rect.Bottom), float64(r.Rect.Right), float64(r.Rect.Top)
	return [4]float64{min(left, right), min(bottom, top), max(left, right), max(bottom, top)}, true, nil
}
