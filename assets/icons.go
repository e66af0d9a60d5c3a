package assets

import (
	"embed"
	"fmt"
	"slices"
)

//go:generate sh fonts/make.sh
//go:generate sh -c "cd icons && go run outline.go && go run app.go"

// The icons are single black shapes without strokes on a grid of 24 pixels, so
// that a theme can colour them. They are made from icons/lines by
// icons/outline.go.
//
//go:embed icons/*.svg icons/app/*
var icons embed.FS

// Icon returns the SVG file of an icon, e.g. "seal". The error is fs.ErrNotExist
// for a name that is not in the set.
func Icon(name string) ([]byte, error) {
	data, err := icons.ReadFile("icons/" + name + ".svg")
	if err != nil {
		return nil, fmt.Errorf("icon %q: %w", name, err)
	}
	return data, nil
}

// AppIconSVG returns the picture of the application as SVG.
func AppIconSVG() []byte { return appIcon("app.svg") }

// AppIconSizes are the sides, in pixels, in which the picture of the application is there as PNG.
var AppIconSizes = []int{16, 24, 32, 48, 64, 128, 256, 512}

// AppIconPNG returns the picture of the application in one of AppIconSizes: the smallest of these that is not smaller than
// size, else the largest.
func AppIconPNG(size int) []byte {
	best := AppIconSizes[len(AppIconSizes)-1]
	if i, _ := slices.BinarySearch(AppIconSizes, size); i < len(AppIconSizes) {
		best = AppIconSizes[i]
	}
	return appIcon(fmt.Sprintf("app-%d.png", best))
}

func appIcon(name string) []byte {
	data, err := icons.ReadFile("icons/app/" + name)
	if err != nil {
		return nil // the file is embedded, see the test
	}
	return data
}
