package seal

import (
	"image"
	"image/color"
	"math"
)

// Red is the colour of a drawn seal, that of cinnabar paste.
var Red = color.NRGBA{R: 0xD7, G: 0x19, B: 0x1F, A: 0xFF}

// Bounds of the pictures that Draw makes, in pixels of their width.
const (
	MinPixels = 32
	MaxPixels = 2400 // more than 42 mm at 1200 dpi, 1984 pixels
)

// Draw draws the seal as a picture of px pixels in width, red on transparency, from edge to edge: its width is the seal's.
//
// Errors: *StyleError for a text or size out of bounds, *MissingGlyphError for a character that the font lacks.
func Draw(font *Font, s Style, px int) (*image.NRGBA, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if px < MinPixels || px > MaxPixels {
		return nil, &StyleError{Field: "pixels", Min: MinPixels, Max: MaxPixels}
	}
	s = s.compact()
	d, _ := s.Form.design()
	c := newCanvas(px, int(math.Round(float64(px)*d.aspect)))
	if err := d.draw(c, font, s); err != nil {
		return nil, err
	}
	return c.picture(), nil
}

// Make draws a seal of the style at the given resolution, in dots per inch. Errors: those of Draw.
func Make(font *Font, s Style, dpi float64) (Seal, error) {
	px := math.Round(s.Width() / 25.4 * dpi)
	if s.Check() == nil && !(px >= MinPixels && px <= MaxPixels) {
		return Seal{}, &StyleError{Field: "pixels", Min: MinPixels, Max: MaxPixels}
	}
	face, err := Draw(font, s, int(px))
	if err != nil {
		return Seal{}, err
	}
	return Seal{Name: s.Title(), Image: face, WidthMM: s.Width(), HeightMM: s.Height()}, nil
}
