package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
)

// Limits bound what Load reads. A zero field means its default.
type Limits struct {
	Bytes int64 // of the file; default 8 MiB
	Side  int   // pixels of width and of height; default 4096
}

const (
	defaultBytes = 8 << 20
	defaultSide  = 4096
)

// A Picture is the picture of a seal as a file holds it.
type Picture struct {
	Image *image.NRGBA
	// WidthMM and HeightMM are how large the file says that it is; 0 where it says nothing, or what no seal is.
	WidthMM, HeightMM float64
}

// What a seal's longer side can be, in millimetres. A resolution that makes it another size was not meant: programs write 72 or
// 96 dots an inch when they know nothing.
const (
	minPictureMM = 8
	maxPictureMM = 65
)

// Load reads a seal's picture from a PNG, JPEG or SVG file and keeps its transparency. The header is judged before any pixel is
// unpacked, so a small file cannot claim a large picture. A picture on white paper comes back opaque: see Clean.
//
// Errors: *PictureError, or the reader's own error.
func Load(r io.Reader, limits Limits) (Picture, error) {
	if limits.Bytes <= 0 {
		limits.Bytes = defaultBytes
	}
	if limits.Side <= 0 {
		limits.Side = defaultSide
	}
	data, err := io.ReadAll(io.LimitReader(r, limits.Bytes+1))
	if err != nil {
		return Picture{}, err
	}
	if int64(len(data)) > limits.Bytes {
		return Picture{}, &PictureError{Reason: "too_large", Limit: limits.Bytes}
	}
	if isSVG(data) {
		return loadSVG(data, limits.Side)
	}
	for _, f := range pixelFormats {
		if bytes.HasPrefix(data, []byte(f.magic)) {
			return f.load(data, limits.Side)
		}
	}
	return Picture{}, &PictureError{Reason: "not_picture"}
}

// A pixelFormat is a format of pictures of pixels. density tells how many lie on a metre in each direction, or 0.
type pixelFormat struct {
	magic   string
	config  func(io.Reader) (image.Config, error)
	decode  func(io.Reader) (image.Image, error)
	density func([]byte) (x, y float64)
}

var pixelFormats = []pixelFormat{
	{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode, pngDensity},
	{"\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode, jpegDensity},
}

func (f pixelFormat) load(data []byte, side int) (Picture, error) {
	header, err := f.config(bytes.NewReader(data))
	if err != nil {
		return Picture{}, damaged(err)
	}
	if header.Width > side || header.Height > side {
		return Picture{}, &PictureError{Reason: "too_many_pixels", Width: header.Width, Height: header.Height, Limit: int64(side)}
	}
	decoded, err := f.decode(bytes.NewReader(data))
	if err != nil {
		return Picture{}, damaged(err)
	}
	p := Picture{Image: toNRGBA(decoded)}
	if !visible(p.Image) {
		return Picture{}, &PictureError{Reason: "empty", Width: header.Width, Height: header.Height}
	}
	if x, y := f.density(data); x > 0 && y > 0 {
		p.WidthMM, p.HeightMM = float64(header.Width)/x*1000, float64(header.Height)/y*1000
		p.believe()
	}
	return p, nil
}

// believe forgets a size that no seal has.
func (p *Picture) believe() {
	if longer := max(p.WidthMM, p.HeightMM); !(longer >= minPictureMM && longer <= maxPictureMM) {
		p.WidthMM, p.HeightMM = 0, 0
	}
}

// pngDensity reads the chunk pHYs (PNG, 11.3.4.3), which stands before the pixels.
func pngDensity(data []byte) (x, y float64) {
	for rest := data[8:]; len(rest) >= 12; {
		n := int64(binary.BigEndian.Uint32(rest))
		if n > int64(len(rest))-12 || string(rest[4:8]) == "IDAT" {
			return 0, 0
		}
		if string(rest[4:8]) == "pHYs" && n == 9 && rest[16] == 1 {
			return float64(binary.BigEndian.Uint32(rest[8:])), float64(binary.BigEndian.Uint32(rest[12:]))
		}
		rest = rest[n+12:]
	}
	return 0, 0
}

// jpegDensity reads the JFIF header, which comes first where there is one (JFIF 1.02).
func jpegDensity(data []byte) (x, y float64) {
	if len(data) < 18 || string(data[2:4]) != "\xff\xe0" || string(data[6:11]) != "JFIF\x00" {
		return 0, 0
	}
	x, y = float64(binary.BigEndian.Uint16(data[14:])), float64(binary.BigEndian.Uint16(data[16:]))
	switch data[13] {
	case 1: // an inch
		return x / 0.0254, y / 0.0254
	case 2: // a centimetre
		return x * 100, y * 100
	}
	return 0, 0
}

func damaged(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the file ends too early")
	}
	return &PictureError{Reason: "damaged", cause: err}
}

func toNRGBA(m image.Image) *image.NRGBA {
	if n, ok := m.(*image.NRGBA); ok && n.Rect.Min == (image.Point{}) && n.Stride == 4*n.Rect.Dx() {
		return n
	}
	b := m.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Rect, m, b.Min, draw.Src)
	return out
}

func visible(m *image.NRGBA) bool {
	for i := 3; i < len(m.Pix); i += 4 {
		if m.Pix[i] != 0 {
			return true
		}
	}
	return false
}

// Clean makes a seal's face of a picture: white paper becomes transparent, and the empty margin is cut off. The size stays true:
// what is cut off is taken from it.
//
// Error: *PictureError when nothing is left.
func (p Picture) Clean() (Picture, error) {
	if Opaque(p.Image) {
		p.Image = KnockOutWhite(p.Image)
	}
	before := p.Image.Rect
	ink := inkBounds(p.Image)
	if ink.Empty() {
		return Picture{}, &PictureError{Reason: "empty", Width: before.Dx(), Height: before.Dy()}
	}
	if ink == before {
		return p, nil
	}
	cut := image.NewNRGBA(image.Rect(0, 0, ink.Dx(), ink.Dy()))
	draw.Draw(cut, cut.Rect, p.Image, ink.Min, draw.Src)
	p.Image = cut
	p.WidthMM *= float64(ink.Dx()) / float64(before.Dx())
	p.HeightMM *= float64(ink.Dy()) / float64(before.Dy())
	return p, nil
}

// inkBounds is the part of a picture that shows more than the grey of paper or the noise of a scan.
func inkBounds(m *image.NRGBA) image.Rectangle {
	const faint = 0x30
	bounds := image.Rectangle{}
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride : y*m.Stride+4*m.Rect.Dx()]
		for x := range m.Rect.Dx() {
			if row[4*x+3] > faint {
				bounds = bounds.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return bounds
}

// Press gives the picture as a seal: at the size that it says, or else with its longer side as long as mm.
func (p Picture) Press(name string, mm float64) Seal {
	s := Seal{Name: name, Image: p.Image, WidthMM: p.WidthMM, HeightMM: p.HeightMM}
	if s.WidthMM == 0 {
		w, h := float64(p.Image.Rect.Dx()), float64(p.Image.Rect.Dy())
		s.WidthMM, s.HeightMM = w*mm/max(w, h), h*mm/max(w, h)
	}
	return s
}

// Opaque reports whether no pixel of the picture is transparent, as in a scan on
// white paper.
func Opaque(m *image.NRGBA) bool {
	for i := 3; i < len(m.Pix); i += 4 {
		if m.Pix[i] != 0xFF {
			return false
		}
	}
	return true
}

// KnockOutWhite returns a copy of the picture in which white paper has become
// transparent. Each pixel is taken as ink laid thinly on white: laid on white
// again it looks as before, and on a printed page the print shows through.
func KnockOutWhite(m *image.NRGBA) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, m.Rect.Dx(), m.Rect.Dy()))
	for y := range m.Rect.Dy() {
		in := m.Pix[y*m.Stride : y*m.Stride+4*m.Rect.Dx()]
		to := out.Pix[y*out.Stride:]
		for i := 0; i < len(in); i += 4 {
			darkest := min(in[i], in[i+1], in[i+2])
			cover := 255 - int(darkest) // how much ink explains the darkest channel
			if cover == 0 {
				continue
			}
			for k := range 3 {
				to[i+k] = uint8((int(in[i+k]) - int(darkest)) * 255 / cover)
			}
			to[i+3] = uint8(cover * int(in[i+3]) / 255)
		}
	}
	return out
}
