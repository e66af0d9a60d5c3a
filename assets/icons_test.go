package assets_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fyne-io/oksvg"
	"github.com/srwiley/rasterx"

	"sealdesk/assets"
)

// paint draws an SVG file as the window does.
func paint(t *testing.T, data []byte, size int) *image.RGBA {
	t.Helper()
	icon, err := oksvg.ReadIconStream(bytes.NewReader(data), oksvg.StrictErrorMode)
	if err != nil {
		t.Fatal(err)
	}
	m := image.NewRGBA(image.Rect(0, 0, size, size))
	icon.SetTarget(0, 0, float64(size), float64(size))
	icon.Draw(rasterx.NewDasher(size, size, rasterx.NewScannerGV(size, size, m, m.Rect)), 1)
	return m
}

func TestIcons(t *testing.T) {
	files, err := filepath.Glob("icons/*.svg")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".svg"))
	}
	for _, want := range []string{
		"home", "contract", "award", "flow", "outbox", "key", "seal", "verify", "compare", "settings", "logout", "switch",
		"search", "plus", "upload", "download", "eye", "trash", "check", "cross", "warning", "info", "clock", "refresh",
		"zoom-in", "zoom-out", "fit", "prev", "next", "undo", "drag", "lock", "phone", "scan", "usb", "calendar", "more",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no icon %s", want)
		}
	}
	single := regexp.MustCompile(`^<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"><path fill="#000000" d="[^"]+"/></svg>\n$`)
	for _, name := range names {
		data, err := assets.Icon(name)
		if err != nil {
			t.Fatal(err)
		}
		if !single.Match(data) {
			t.Errorf("%s is not a single filled path, so a theme cannot colour it", name)
			continue
		}
		// Seen at its size, and inside its square.
		m := paint(t, data, 48)
		ink, edge := 0, 0
		for y := range 48 {
			for x := range 48 {
				a := int(m.RGBAAt(x, y).A)
				ink += a
				if x == 0 || y == 0 || x == 47 || y == 47 {
					edge += a
				}
			}
		}
		if share := float64(ink) / 255 / (48 * 48); share < 0.02 || share > 0.45 {
			t.Errorf("%s covers %.2f of its square", name, share)
		}
		if edge != 0 {
			t.Errorf("%s is cut off at its edge", name)
		}
	}
	if _, err := assets.Icon("no-such"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name that is not there: %v", err)
	}
}

func TestAppIcon(t *testing.T) {
	for _, c := range []struct{ ask, want int }{{1, 16}, {16, 16}, {33, 48}, {65, 128}, {256, 256}, {512, 512}, {9999, 512}} {
		m, err := png.Decode(bytes.NewReader(assets.AppIconPNG(c.ask)))
		if err != nil || m.Bounds().Dx() != c.want {
			t.Errorf("%d pixels: %v", c.ask, err)
		}
	}
	m := paint(t, assets.AppIconSVG(), 128)
	if c := m.RGBAAt(64, 12); c.B < 0xA0 || c.R > 0x60 {
		t.Errorf("the ground has colour %v", c)
	}
	if m.RGBAAt(0, 0).A != 0 {
		t.Error("the corner is not round")
	}
}
