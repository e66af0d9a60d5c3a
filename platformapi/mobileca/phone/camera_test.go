package phone

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	qr "github.com/piglig/go-qr"

	"sealdesk/platformapi/mobileca/phonetest/handset"
	"sealdesk/platformapi/mobileca/wire"
)

// The phone reads the code from its camera, by the reader that comes with the app: this browser has none of its own. Somebody
// else's code is not taken.
func TestCamera(t *testing.T) {
	handset.NeedBrowser(t)
	w := startService(t)
	d := pair(t, w, wire.PairSign)
	p, camera := handset.OpenWithCamera(t)
	p.Open(w.URL + "/")
	p.LogIn(w)
	p.Press("以后再说")
	camera.Show(code(t, "https://example.com/q#1.a.b.c"))
	p.Press("开始扫码")
	p.See("不是本服务的二维码")
	p.Press("返回")
	camera.Show(code(t, d.QR()))
	p.Press("开始扫码")
	d.scanned()
	p.TapMatch(d.match)
	p.See("本机没有可用的证书")
	p.Picture("no-certificate")
}

// code draws one, with the white around it that readers want.
func code(t *testing.T, text string) image.Image {
	t.Helper()
	const module, edge = 8, 4
	code, err := qr.EncodeText(text, qr.Medium)
	if err != nil {
		t.Fatal(err)
	}
	size := (code.Size() + 2*edge) * module
	picture := image.NewGray(image.Rect(0, 0, size, size))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	for y := range size {
		for x := range size {
			if code.Module(x/module-edge, y/module-edge) {
				picture.SetGray(x, y, color.Gray{})
			}
		}
	}
	return picture
}
