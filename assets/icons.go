package assets

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
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
// for a name that IconNames does not list.
func Icon(name string) ([]byte, error) {
	data, err := icons.ReadFile("icons/" + name + ".svg")
	if err != nil {
		return nil, fmt.Errorf("icon %q: %w", name, err)
	}
	return data, nil
}

// IconNames returns the names of all icons in alphabetical order.
func IconNames() []string {
	files, err := fs.Glob(icons, "icons/*.svg")
	if err != nil {
		return nil // only a malformed pattern
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(file, "icons/"), ".svg")
	}
	return names
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
