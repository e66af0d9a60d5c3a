package signer

import (
	"image"
	"image/draw"

	"sealdesk/signer/seal"
	"sealdesk/signer/ses"
)

// Face returns the picture of an electronic seal at the size that the seal gives,
// so that what shows is what the seal holds. Pictures of lines (SVG, OFD) are not
// drawn.
//
// Errors are of type *ses.Error.
func Face(s *ses.Seal) (seal.Seal, error) {
	m, err := s.Picture.Image()
	if err != nil {
		return seal.Seal{}, err
	}
	face, ok := m.(*image.NRGBA)
	if !ok || face.Rect.Min != (image.Point{}) {
		face = image.NewNRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
		draw.Draw(face, face.Rect, m, m.Bounds().Min, draw.Src)
	}
	return seal.Seal{Name: s.Name, Image: face, WidthMM: float64(s.Picture.WidthMM), HeightMM: float64(s.Picture.HeightMM)}, nil
}
