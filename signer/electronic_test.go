package signer_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/image/bmp"

	"sealdesk/signer"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/seal"
	"sealdesk/signer/ses"
	"sealdesk/signer/ses/sestest"
	"sealdesk/signer/sigform"
	"sealdesk/signer/verify"
)

// withSeal makes a fixture's job press an electronic seal, and trust its maker.
func (f *fixture) withSeal(t testing.TB, change func(*ses.Info)) *cmstest.Party {
	t.Helper()
	maker := cmstest.New(t, "sm2", cmstest.Options{Name: "制章中心"})
	info := sestest.Info(t, f.party.Chain[0])
	if change != nil {
		change(&info)
	}
	f.job.Seal, f.job.Electronic = nil, sestest.Make(t, maker.Key, maker.Chain[0], info)
	f.job.Makers = []*smx509.Certificate{maker.Chain[1]}
	return maker
}

func TestJobPressesAnElectronicSeal(t *testing.T) {
	for _, version := range []ses.Version{ses.V4, ses.V5} {
		f := newFixture(t, "sm2")
		f.withSeal(t, func(i *ses.Info) { i.Version, i.Picture.WidthMM, i.Picture.HeightMM = version, 38, 38 })
		first, err := f.job.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if f.key.asked != 1 {
			t.Errorf("the key was asked %d times", f.key.asked)
		}
		s := first.Report.Signatures[0]
		if first.Report.Verdict != verify.Valid || s.SubFilter != "GM.sm2seal" || s.SealFacts == nil || s.SealFacts.Maker != "制章中心" {
			t.Errorf("version %d: %s %+v", version, first.Report.Verdict, s)
		}
		side := 38 * seal.PointsPerMM
		if r := s.Widgets[0].Rect; r[2]-r[0] < side-0.01 || r[2]-r[0] > side+0.01 {
			t.Errorf("version %d: the seal is %v points wide", version, r[2]-r[0])
		}
		// The other party signs with a plain picture on top, then this party again over the edges.
		other := cmstest.New(t, "rsa", cmstest.Options{Name: "供应商"})
		second := f.job
		second.In, second.Out, second.ExpectSHA256 = first.Path, filepath.Join(f.dir, "2.pdf"), first.SHA256
		second.Key, second.Chain, second.Roots = other.Key, other.Chain, append(second.Roots, other.Root)
		second.Electronic, second.Seal, second.Places = nil, redSeal(), []seal.Place{place(t, "page=1,x=100mm,y=200mm")}
		both, err := second.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		third := f.job
		third.In, third.Out, third.ExpectSHA256, third.Roots = both.Path, filepath.Join(f.dir, "3.pdf"), both.SHA256, second.Roots
		third.Places = []seal.Place{place(t, "edge")}
		all, err := third.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if all.Report.Verdict != verify.Valid || len(all.Report.Signatures) != 3 || f.key.asked != 2 {
			t.Errorf("version %d: %s, %d signatures, the key was asked %d times", version, all.Report.Verdict, len(all.Report.Signatures), f.key.asked)
		}
	}
}

// What shows on the page is the seal's own picture, red where that is red.
func TestWhatShowsIsWhatTheSealHolds(t *testing.T) {
	f := newFixture(t, "sm2")
	f.withSeal(t, nil)
	f.job.Places = []seal.Place{place(t, "page=2,x=100mm,y=100mm")}
	res, err := f.job.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	doc := opened(t, res.Path)
	width, _, err := doc.PageSize(context.Background(), 2)
	if err != nil {
		t.Fatal(err)
	}
	page, err := doc.Render(context.Background(), 2, int(2*width/seal.PointsPerMM+0.5)) // two dots a millimetre
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		name string
		x, y int // in millimetres
		red  bool
	}{{"on the ring", 100 + 19, 100, true}, {"inside it", 105, 100, false}, {"outside", 100 + 25, 100, false}} {
		c := color.NRGBAModel.Convert(page.At(2*p.x, 2*p.y)).(color.NRGBA)
		if red := c.R > 180 && c.G < 90 && c.B < 90; red != p.red {
			t.Errorf("%s: %v", p.name, c)
		}
	}
}

// Everything that is wrong with a seal is said before the key is asked, and leaves no file.
func TestTheKeyIsNotAskedForASealThatCannotBeUsed(t *testing.T) {
	other := cmstest.New(t, "sm2", cmstest.Options{})
	forge := func(f *fixture) {
		raw := bytes.Replace(f.job.Electronic.Raw(), []byte("云溪县"), []byte("丰溪县"), 1)
		s, err := ses.ParseSeal(raw)
		if err != nil {
			panic(err)
		}
		f.job.Electronic = s
	}
	for _, tt := range []struct {
		name, code string
		info       func(*ses.Info)
		job        func(*fixture)
	}{
		{"not listed", "ses.signer_not_listed", func(i *ses.Info) { i.Signers = ses.SignersByCertificate(other.Chain[0]) }, nil},
		{"expired", "ses.expired", func(i *ses.Info) { i.Until = time.Now().Add(-time.Hour) }, nil},
		{"not yet valid", "ses.not_yet_valid", func(i *ses.Info) { i.From = time.Now().Add(time.Hour) }, nil},
		{"expired by then", "ses.expired", nil, func(f *fixture) { f.job.Time = f.job.Electronic.Until.Add(time.Second) }},
		{"forged", "ses.seal_forged", nil, forge},
		{"a picture that is not drawn", "ses.picture_unknown", func(i *ses.Info) {
			i.Picture = ses.Picture{Format: "SVG", Data: []byte("<svg/>"), WidthMM: 40, HeightMM: 40}
		}, nil},
		{"with a picture beside it", "signer.bad_request", nil, func(f *fixture) { f.job.Seal = redSeal() }},
		{"without a place", "signer.bad_request", nil, func(f *fixture) { f.job.Places = nil }},
		{"in the form of another kind", "pdfsig.bad_request", nil, func(f *fixture) { f.job.Form = sigform.Default()[0] }},
		{"another's certificate", "ses.key_mismatch", nil, func(f *fixture) { f.job.Chain = other.Chain }},
	} {
		f := newFixture(t, "sm2")
		f.withSeal(t, tt.info)
		if tt.job != nil {
			tt.job(f)
		}
		_, err := f.job.Run(context.Background())
		if codeOf(err) != tt.code || f.key.asked != 0 {
			t.Errorf("%s: %v, want %s; the key was asked %d times", tt.name, err, tt.code, f.key.asked)
		}
		f.clean(t)
	}
}

// A key that is taken out, or answers wrongly, leaves no file.
func TestASealsKeyThatFails(t *testing.T) {
	f := newFixture(t, "sm2")
	f.withSeal(t, nil)
	f.key.fail = errors.New("removed")
	if _, err := f.job.Run(context.Background()); !errors.Is(err, f.key.fail) || f.key.asked != 1 {
		t.Errorf("%v, asked %d times", err, f.key.asked)
	}
	f.clean(t)
}

// CMS after GB/T 35275 under the names that one open program gives it.
func TestJobSignsInAnotherForm(t *testing.T) {
	f := newFixture(t, "sm2")
	form, err := sigform.Default().Named("gm")
	if err != nil {
		t.Fatal(err)
	}
	f.job.Form = form
	res, err := f.job.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if s := res.Report.Signatures[0]; res.Report.Verdict != verify.Valid || s.SubFilter != "GM.SM2" || f.key.asked != 1 {
		t.Errorf("%s %+v", res.Report.Verdict, s)
	}
	data, err := os.ReadFile(res.Path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(file.Revisions()) != 2 {
		t.Errorf("%v", err)
	}
	f = newFixture(t, "rsa")
	f.job.Form = form
	if _, err := f.job.Run(context.Background()); codeOf(err) != "cms.algorithm_mismatch" || f.key.asked != 0 {
		t.Errorf("RSA: %v", err)
	}
}

func TestFace(t *testing.T) {
	for format, encode := range map[string]func(*bytes.Buffer, image.Image) error{
		"JPG": func(b *bytes.Buffer, m image.Image) error { return jpeg.Encode(b, m, nil) },
		"GIF": func(b *bytes.Buffer, m image.Image) error { return gif.Encode(b, m, nil) },
		"BMP": func(b *bytes.Buffer, m image.Image) error { return bmp.Encode(b, m) },
	} {
		red := image.NewNRGBA(image.Rect(0, 0, 30, 20))
		draw.Draw(red, red.Rect, image.NewUniform(color.NRGBA{255, 0, 0, 255}), image.Point{}, draw.Src)
		var b bytes.Buffer
		if err := encode(&b, red); err != nil {
			t.Fatal(err)
		}
		face, err := signer.Face(&ses.Seal{Info: ses.Info{Picture: ses.Picture{Format: format, Data: b.Bytes(), WidthMM: 45, HeightMM: 30}}})
		if err != nil || face.WidthMM != 45 || face.Image.Rect != red.Rect {
			t.Errorf("%s: %v", format, err)
			continue
		}
		if c := face.Image.NRGBAAt(15, 10); c.R < 240 || c.G > 20 || c.A != 255 {
			t.Errorf("%s: %v", format, c)
		}
	}
	f := newFixture(t, "sm2")
	f.withSeal(t, func(i *ses.Info) { i.Picture.WidthMM, i.Picture.HeightMM = 38, 30 })
	face, err := signer.Face(f.job.Electronic)
	if err != nil || face.WidthMM != 38 || face.HeightMM != 30 || face.Image.Rect.Dx() != 240 || face.Name != "云溪县人民医院合同专用章" {
		t.Errorf("%v %+v", err, face.Name)
	}
}

// A seal may bring a picture of two megabytes.
func TestASealWithALargePicture(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 700, 700))
	noise := rand.New(rand.NewSource(1))
	for i := range m.Pix {
		m.Pix[i] = byte(noise.Intn(256))
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, "sm2")
	f.withSeal(t, func(i *ses.Info) { i.Picture.Data = b.Bytes() })
	res, err := f.job.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if res.Report.Verdict != verify.Valid || res.Size < 2*int64(b.Len()) {
		t.Errorf("%s, %d bytes for a picture of %d", res.Report.Verdict, res.Size, b.Len())
	}
}
