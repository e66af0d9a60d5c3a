package sestest

import (
	"bytes"
	"crypto"
	"image"
	"image/color"
	"image/png"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/ses"
)

// Info is what the seals say: one of version 4 that these signers may use from
// 2025 to 2048, with a red ring of 40 mm as its picture.
func Info(t testing.TB, signers ...*smx509.Certificate) ses.Info {
	t.Helper()
	return ses.Info{
		Version: ses.V4, Vendor: "SealDesk", ID: "41089900000001", Kind: ses.Organisation, Name: "云溪县人民医院合同专用章",
		Signers: ses.SignersByCertificate(signers...),
		Created: date(2025, 1, 1), From: date(2025, 1, 1), Until: date(2048, 1, 1),
		Picture: ses.Picture{Format: "PNG", Data: ring(t), WidthMM: 40, HeightMM: 40},
	}
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Make makes a seal with a maker's key and certificate.
func Make(t testing.TB, key crypto.Signer, cert *smx509.Certificate, info ses.Info) *ses.Seal {
	t.Helper()
	der, err := ses.Maker{Signer: key, Certificate: cert}.Make(info)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ses.ParseSeal(der)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ring is a picture with as many columns as an edge seal over many pages needs.
func ring(t testing.TB) []byte {
	t.Helper()
	const size = 240
	m := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			dx, dy := x-size/2, y-size/2
			if r := dx*dx + dy*dy; r < size*size/4 && r > size*size/5 {
				m.SetNRGBA(x, y, color.NRGBA{0xd7, 0x19, 0x1f, 0xff})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
