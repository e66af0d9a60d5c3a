package handset

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// A Camera sees the picture that was held before it last. What the app sees of a new one begins when it opens the camera again.
type Camera struct {
	t    *testing.T
	film string
}

// OpenWithCamera starts a phone whose camera sees a white wall.
func OpenWithCamera(t *testing.T) (*Phone, *Camera) {
	t.Helper()
	c := &Camera{t: t, film: filepath.Join(t.TempDir(), "camera.mjpeg")}
	c.Show(image.NewGray(image.Rectangle{}))
	return open(t, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", c.film)), c
}

// The camera's picture, in dots: as large as the screen that it is held before.
const filmWidth, filmHeight = 1280, 800

// Show holds a picture before the camera's middle; what is larger than a screen is cut off, and what is smaller lies on white.
func (c *Camera) Show(picture image.Image) {
	c.t.Helper()
	// The capture wants colour.
	frame := image.NewRGBA(image.Rect(0, 0, filmWidth, filmHeight))
	draw.Draw(frame, frame.Bounds(), image.White, image.Point{}, draw.Src)
	in := picture.Bounds()
	at := image.Pt((filmWidth-in.Dx())/2, (filmHeight-in.Dy())/2)
	draw.Draw(frame, in.Sub(in.Min).Add(at), picture, in.Min, draw.Over)
	var one bytes.Buffer
	err := jpeg.Encode(&one, frame, &jpeg.Options{Quality: 90})
	if err == nil {
		// MJPEG is JPEGs one after the other; a second of them is shown again and again.
		err = os.WriteFile(c.film, bytes.Repeat(one.Bytes(), 10), 0o600)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}
