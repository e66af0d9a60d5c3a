package ses

import (
	"bytes"
	"image"
	_ "image/gif"  // image.Decode
	_ "image/jpeg" // image.Decode
	_ "image/png"  // image.Decode
	"strings"

	_ "golang.org/x/image/bmp" // image.Decode
)

// Picture is what a seal looks like: SES_ESPictrueInfo.
type Picture struct {
	// Format is PNG, GIF, JPG or BMP, or SVG or OFD, which this package lets pass
	// and does not draw. Writers spell it in capitals or not.
	Format            string
	Data              []byte
	WidthMM, HeightMM int
}

const (
	maxSide = 4096 // pixels
	maxMM   = 300
)

// The beginning of each kind of picture, and whether it is of pixels, which are drawn here.
var formats = map[string]struct {
	magic  string
	pixels bool
}{
	"PNG":  {"\x89PNG\r\n\x1a\n", true},
	"GIF":  {"GIF8", true},
	"JPG":  {"\xff\xd8\xff", true},
	"JPEG": {"\xff\xd8\xff", true},
	"BMP":  {"BM", true},
	"SVG":  {"<", false},
	"OFD":  {"PK\x03\x04", false},
}

// Size gives the picture's width and height in pixels, without unpacking it;
// (0, 0) for SVG and OFD, which have none. A picture that is not of the kind it says is
// refused: two programs would show two seals.
//
// Errors are of type *Error.
func (p Picture) Size() (width, height int, err error) {
	format, ok := formats[strings.ToUpper(p.Format)]
	if !ok {
		return 0, 0, fail("picture_unknown", "format", p.Format)
	}
	data := p.Data
	if format.magic == "<" {
		data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	}
	if !bytes.HasPrefix(data, []byte(format.magic)) {
		return 0, 0, fail("picture_mismatch", "format", p.Format)
	}
	if p.WidthMM < 1 || p.HeightMM < 1 || p.WidthMM > maxMM || p.HeightMM > maxMM {
		return 0, 0, fail("picture_size", "width", p.WidthMM, "height", p.HeightMM)
	}
	if !format.pixels {
		return 0, 0, nil
	}
	header, _, err := image.DecodeConfig(bytes.NewReader(p.Data))
	if err != nil || header.Width < 1 || header.Height < 1 {
		return 0, 0, fail("picture_damaged")
	}
	if header.Width > maxSide || header.Height > maxSide {
		return 0, 0, fail("picture_too_large", "width", header.Width, "height", header.Height)
	}
	return header.Width, header.Height, nil
}

// Image unpacks the picture; of a GIF, the first one. SVG and OFD are
// "picture_unknown" here.
//
// Errors are of type *Error.
func (p Picture) Image() (image.Image, error) {
	width, _, err := p.Size()
	if err != nil {
		return nil, err
	}
	if width == 0 {
		return nil, fail("picture_unknown", "format", p.Format)
	}
	m, _, err := image.Decode(bytes.NewReader(p.Data))
	if err != nil {
		return nil, fail("picture_damaged")
	}
	return m, nil
}
