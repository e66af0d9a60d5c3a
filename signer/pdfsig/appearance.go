package pdfsig

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"math"

	"sealdesk/signer/pdf"
)

// appearance returns the form XObject that shows a picture, or an upright part of it cut out by the BBox, upright on a page
// that is turned for display too (12.5.5: the transformed BBox is fitted into
// the annotation's rectangle).
func (u *update) appearance(f face) (pdf.Ref, error) {
	if ref, ok := u.forms[f]; ok {
		return ref, nil
	}
	picture, err := u.picture(f.image)
	if err != nil {
		return pdf.Ref{}, err
	}
	// Width, height and the image's place as they are displayed.
	w, h, in := f.width, f.height, f.inner
	switch f.rotate {
	case 90:
		in = pdf.Rect{in[1], w - in[2], in[3], w - in[0]}
	case 180:
		in = pdf.Rect{w - in[2], h - in[3], w - in[0], h - in[1]}
	case 270:
		in = pdf.Rect{h - in[3], in[0], h - in[1], in[2]}
	}
	if f.rotate == 90 || f.rotate == 270 {
		w, h = h, w
	}
	d := pdf.Dict{
		"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Form"), "BBox": rectArray(pdf.Rect{0, 0, w, h}),
		"Resources": pdf.Dict{"XObject": pdf.Dict{"Im0": picture}},
	}
	// Turned against the page's clockwise turn.
	switch f.rotate {
	case 90:
		d["Matrix"] = matrix(0, 1, -1, 0, h, 0)
	case 180:
		d["Matrix"] = matrix(-1, 0, 0, -1, w, h)
	case 270:
		d["Matrix"] = matrix(0, -1, 1, 0, 0, w)
	}
	whole := in.Width() / (f.part[1] - f.part[0])
	content := []byte("q ")
	for _, v := range []float64{whole, 0, 0, in.Height(), in[0] - f.part[0]*whole, in[1]} {
		content = append(pdf.Append(content, number(v)), ' ')
	}
	content = append(content, "cm /Im0 Do Q"...)
	ref := u.reserve()
	u.stream(ref, d, content)
	u.forms[f] = ref
	return ref, nil
}

// picture returns the image XObject of a picture, its alpha as a soft mask.
func (u *update) picture(m *image.NRGBA) (pdf.Ref, error) {
	if ref, ok := u.images[m]; ok {
		return ref, nil
	}
	e, err := u.req.Pictures.of(m)
	if err != nil {
		return pdf.Ref{}, err
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	d := imageDict(w, h, "DeviceRGB")
	if e.alpha != nil {
		mask := u.reserve()
		u.stream(mask, imageDict(w, h, "DeviceGray"), e.alpha)
		d["SMask"] = mask
	}
	ref := u.reserve()
	u.stream(ref, d, e.rgb)
	u.images[m] = ref
	return ref, nil
}

func imageDict(w, h int, space pdf.Name) pdf.Dict {
	return pdf.Dict{
		"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Image"), "Width": pdf.Integer(w), "Height": pdf.Integer(h),
		"ColorSpace": space, "BitsPerComponent": pdf.Integer(8), "Filter": pdf.Name("FlateDecode"),
	}
}

func deflate(data []byte) ([]byte, error) {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	if _, err := z.Write(data); err != nil {
		return nil, fmt.Errorf("pdfsig: compress: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pdfsig: compress: %w", err)
	}
	return out.Bytes(), nil
}

// number rounds to a hundred-thousandth of a point.
func number(v float64) pdf.Object { return pdf.Real(math.Round(v*1e5) / 1e5) }

func rectArray(r pdf.Rect) pdf.Array {
	return pdf.Array{number(r[0]), number(r[1]), number(r[2]), number(r[3])}
}

func matrix(v ...float64) pdf.Array {
	a := make(pdf.Array, len(v))
	for i := range v {
		a[i] = number(v[i])
	}
	return a
}
