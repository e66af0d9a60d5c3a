package seal

import (
	"bytes"
	"errors"
	"image"
	"image/draw"
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

var pngMagic = []byte("\x89PNG\r\n\x1a\n")

// Load reads a seal's picture from a PNG file and keeps its transparency. The
// header is judged before any pixel is unpacked, so a small file cannot claim a
// large picture. A picture on white paper comes back opaque: see KnockOutWhite.
//
// Errors: *PictureError, or the reader's own error.
func Load(r io.Reader, limits Limits) (*image.NRGBA, error) {
	if limits.Bytes <= 0 {
		limits.Bytes = defaultBytes
	}
	if limits.Side <= 0 {
		limits.Side = defaultSide
	}
	data, err := io.ReadAll(io.LimitReader(r, limits.Bytes+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limits.Bytes {
		return nil, &PictureError{Reason: "too_large", Limit: limits.Bytes}
	}
	if !bytes.HasPrefix(data, pngMagic) {
		return nil, &PictureError{Reason: "not_png"}
	}
	header, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, damaged(err)
	}
	if header.Width > limits.Side || header.Height > limits.Side {
		return nil, &PictureError{Reason: "too_many_pixels", Width: header.Width, Height: header.Height, Limit: int64(limits.Side)}
	}
	decoded, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, damaged(err)
	}
	out := toNRGBA(decoded)
	if !visible(out) {
		return nil, &PictureError{Reason: "empty", Width: header.Width, Height: header.Height}
	}
	return out, nil
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
