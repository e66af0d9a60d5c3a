package seal

import "fmt"

// MissingGlyphError says that the font cannot write a character of the seal.
// A seal that lacks a character of a name would be another organisation's.
type MissingGlyphError struct{ Rune rune }

func (e *MissingGlyphError) Error() string {
	return fmt.Sprintf("the seal font has no glyph for %q (U+%04X)", e.Rune, e.Rune)
}

// Code returns "seal.missing_glyph".
func (e *MissingGlyphError) Code() string { return "seal.missing_glyph" }

// Params returns the character and its code point.
func (e *MissingGlyphError) Params() map[string]any {
	return map[string]any{"rune": string(e.Rune), "codepoint": fmt.Sprintf("U+%04X", e.Rune)}
}

// StyleError says that a part of a Style cannot be drawn.
type StyleError struct {
	Field    string // "form", "name", "bottom", "number", "tax_id", "ending", "size", "pixels" or "date"
	Min, Max float64
}

func (e *StyleError) Error() string {
	return fmt.Sprintf("the seal's %s is out of bounds: it must be between %g and %g", e.Field, e.Min, e.Max)
}

// Code returns "seal.bad_name", "seal.bad_bottom" and so on.
func (e *StyleError) Code() string { return "seal.bad_" + e.Field }

// Params returns the bounds.
func (e *StyleError) Params() map[string]any { return map[string]any{"min": e.Min, "max": e.Max} }

// FontError says that a file is no font that seals can be drawn with.
type FontError struct{ cause error }

func (e *FontError) Error() string { return "reading the seal font: " + e.cause.Error() }

// Unwrap returns the parser's error.
func (e *FontError) Unwrap() error { return e.cause }

// Code returns "seal.bad_font".
func (e *FontError) Code() string { return "seal.bad_font" }

// PictureError says why a picture cannot serve as a seal.
type PictureError struct {
	Reason        string // "not_picture", "too_large", "too_many_pixels", "damaged", "empty", "svg_unsafe" or "svg_unsupported"
	Width, Height int    // pixels, where known
	Limit         int64  // the bound that was passed: bytes for "too_large", pixels for "too_many_pixels"
	Part          string // of an SVG file: the element or attribute that was refused
	cause         error
}

func (e *PictureError) Error() string {
	switch e.Reason {
	case "not_picture":
		return "the seal's picture is not a PNG, JPEG or SVG file"
	case "too_large":
		return fmt.Sprintf("the seal's picture is larger than %d bytes", e.Limit)
	case "too_many_pixels":
		return fmt.Sprintf("the seal's picture has %d×%d pixels, more than %d a side", e.Width, e.Height, e.Limit)
	case "empty":
		return "the seal's picture shows nothing: every pixel is transparent"
	case "svg_unsafe":
		return fmt.Sprintf("the seal's drawing holds %q, which could reach outside of it", e.Part)
	case "svg_unsupported":
		return fmt.Sprintf("the seal's drawing holds %q, which would not be drawn", e.Part)
	default:
		return "the seal's picture is damaged"
	}
}

// Unwrap returns the decoder's error, if there was one.
func (e *PictureError) Unwrap() error { return e.cause }

// Code returns "seal.picture_" and the reason.
func (e *PictureError) Code() string { return "seal.picture_" + e.Reason }

// Params returns the size of the picture, the bound, and the part that was refused.
func (e *PictureError) Params() map[string]any {
	return map[string]any{"width": e.Width, "height": e.Height, "limit": e.Limit, "limitMiB": e.Limit >> 20, "part": e.Part}
}

// PlaceError says that a place could not be read.
type PlaceError struct {
	Part   string // the part of the text that is wrong
	Reason string // an English half sentence for the log
}

func (e *PlaceError) Error() string {
	return fmt.Sprintf("the seal's place is wrong at %q: %s", e.Part, e.Reason)
}

// Code returns "seal.bad_place".
func (e *PlaceError) Code() string { return "seal.bad_place" }

// Params returns the part that is wrong.
func (e *PlaceError) Params() map[string]any { return map[string]any{"part": e.Part} }

// NoSuchPageError says that a place names a page that the document lacks.
type NoSuchPageError struct{ Page, Pages int }

func (e *NoSuchPageError) Error() string {
	return fmt.Sprintf("the seal's place names page %d of a document of %d pages", e.Page, e.Pages)
}

// Code returns "seal.no_such_page".
func (e *NoSuchPageError) Code() string { return "seal.no_such_page" }

// Params returns the page and the number of pages.
func (e *NoSuchPageError) Params() map[string]any {
	return map[string]any{"page": e.Page, "pages": e.Pages}
}

// OutsideError says that a seal would not lie wholly on its page.
type OutsideError struct {
	Page                     int     // where known, from 1
	Left, Top, Right, Bottom float64 // millimetres that stick out on each side, 0 where none
}

func (e *OutsideError) Error() string {
	return fmt.Sprintf("the seal sticks out of page %d: left %.1f, top %.1f, right %.1f, bottom %.1f mm",
		e.Page, e.Left, e.Top, e.Right, e.Bottom)
}

// Code returns "seal.outside_page".
func (e *OutsideError) Code() string { return "seal.outside_page" }

// Params returns the millimetres on each side.
func (e *OutsideError) Params() map[string]any {
	return map[string]any{"page": e.Page, "left": e.Left, "top": e.Top, "right": e.Right, "bottom": e.Bottom}
}
