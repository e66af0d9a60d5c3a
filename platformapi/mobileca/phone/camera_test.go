package phone

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	qr "github.com/piglig/go-qr"

	"sealdesk/platformapi/mobileca/wire"
)

// The phone reads the code from its camera, by the reader that comes with the app: this browser has none of its own.
func TestCamera(t *testing.T) {
	findBrowser(t)
	w := startService(t)
	d := pair(t, w, wire.PairSign)
	film := filepath.Join(t.TempDir(), "camera.mjpeg")
	if err := os.WriteFile(film, filmOf(t, d.QR()), 0o600); err != nil {
		t.Fatal(err)
	}
	p := openPhone(t, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", film))
	p.open(w.URL + "/")
	logIn(p, w)
	p.press("以后再说")
	p.press("开始扫码")
	d.scanned()
	p.tapMatch(d.match)
	p.see("本机没有可用的证书")
	p.picture("no-certificate")
}

// filmOf is a second of a picture with a QR code on it, as a camera would see it: MJPEG is JPEGs one after the other.
func filmOf(t *testing.T, text string) []byte {
	t.Helper()
	const size, module, frames = 640, 8, 10
	code, err := qr.EncodeText(text, qr.Medium)
	if err != nil {
		t.Fatal(err)
	}
	picture := image.NewGray(image.Rect(0, 0, size, size))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	edge := (size - code.Size()*module) / 2
	for y := range size {
		for x := range size {
			if x >= edge && y >= edge && code.Module((x-edge)/module, (y-edge)/module) {
				picture.SetGray(x, y, color.Gray{})
			}
		}
	}
	// The capture wants colour.
	coloured := image.NewRGBA(picture.Bounds())
	draw.Draw(coloured, picture.Bounds(), picture, image.Point{}, draw.Src)
	var frame bytes.Buffer
	if err := jpeg.Encode(&frame, coloured, nil); err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat(frame.Bytes(), frames)
}
