package seal_test

import (
	"errors"
	"image"
	"math"
	"strings"
	"testing"

	"sealdesk/signer/seal"
)

// Rings of 420: the inner circle runs as the outer one does, or the other way.
const (
	svgOuter    = "M410 210A200 200 0 0 1 10 210A200 200 0 0 1 410 210z"
	svgSameWay  = "M310 210A100 100 0 0 1 110 210A100 100 0 0 1 310 210z"
	svgOtherWay = "M310 210A100 100 0 0 0 110 210A100 100 0 0 0 310 210z"
	svgStar     = "M210 10L328 372L20 148L400 148L92 372z" // a pentagon lies within it
)

// TestHolesOfASVG: what is a hole in a shape is told by its outlines' directions, or by their number, as the drawing says.
func TestHolesOfASVG(t *testing.T) {
	parity := func(shape string) string { return strings.Replace(shape, "<path", `<path fill-rule="evenodd"`, 1) }
	path := func(d string) string { return `<path fill="red" d="` + d + `"/>` }
	same, other, star := path(svgOuter+svgSameWay), path(svgOuter+svgOtherWay), path(svgStar)
	classed := func(css, class string) string {
		return "<style>" + css + "</style>" + strings.Replace(same, "<path", `<path class="`+class+`"`, 1)
	}
	for _, c := range []struct {
		what, svg string
		hole      bool
	}{
		{"two ways, by direction", svgHead + other, true},
		{"one way, by direction", svgHead + same, false},
		{"two ways, by number", svgHead + parity(other), true},
		{"one way, by number", svgHead + parity(same), true},
		{"a star by direction", svgHead + star, false},
		{"a star by number", svgHead + parity(star), true},
		{"a star left open", svgHead + parity(strings.Replace(star, "z", "", 1)), true},
		{"in a style", svgHead + strings.Replace(same, "<path", `<path style="stroke:none; Fill-Rule : evenodd"`, 1), true},
		{"inherited from a group", svgHead + `<g fill-rule="evenodd"><g>` + same + "</g></g>", true},
		{"beside the group", svgHead + `<g fill-rule="evenodd"></g>` + same, false},
		{"inherited from the root", strings.Replace(svgHead, "<svg", `<svg style="fill-rule:evenodd"`, 1) + same, true},
		{"taken back", svgHead + `<g fill-rule="evenodd">` + strings.Replace(same, "<path", `<path fill-rule="nonzero"`, 1) + "</g>", false},
		{"inherited by its word", svgHead + `<g fill-rule="evenodd">` + strings.Replace(same, "<path", `<path style="fill-rule:inherit"`, 1) + "</g>", true},
		{"of a class", svgHead + classed(".b{fill:#f00} /* , x{fill-rule:nonzero} */ .a, .c {fill-rule:evenodd;clip-rule:evenodd}", "b c"), true},
		{"of another class", svgHead + classed(".a{fill-rule:evenodd}", "b"), false},
		{"of a class, before an attribute", svgHead + strings.Replace(classed(".a{fill-rule:evenodd}", "a"), "<path", `<path fill-rule="nonzero"`, 1), true},
		{"of a class, behind a style", svgHead + strings.Replace(classed(".a{fill-rule:evenodd}", "a"), "<path", `<path style="fill-rule:nonzero"`, 1), false},
		{"in a gradient", svgHead + `<defs><linearGradient id="g"><stop offset="0" stop-color="red"/><stop offset="1" stop-color="#f00"/></linearGradient></defs>` +
			strings.Replace(parity(same), `fill="red"`, `fill="url(#g)"`, 1), true},
		{"one beside another", svgHead + parity(path("M0 0H9V9H0z")) + same, false},
	} {
		p, err := load(t, []byte(c.svg+"</svg>"))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		middle, edge := at(p.Image, 500, 500), at(p.Image, 500, 60)
		if want := map[bool]uint8{true: 0, false: 255}[c.hole]; middle != want || edge != 255 {
			t.Errorf("%s: %d in the middle, %d at the edge", c.what, middle, edge)
		}
	}
	for what, svg := range map[string]string{
		"a rule that there is not":      svgHead + strings.Replace(same, "<path", `<path fill-rule="odd"`, 1),
		"one in a style":                svgHead + strings.Replace(same, "<path", `<path style="fill-rule:evenodd !important"`, 1),
		"a sheet that speaks of paths":  svgHead + classed("path{fill-rule:evenodd}", "a"),
		"a sheet that speaks of chance": svgHead + classed(".a:hover{fill-rule:evenodd}", "a"),
		"two classes that disagree":     svgHead + classed(".a{fill-rule:evenodd}.b{fill-rule:nonzero}", "a b"),
		"a class that disagrees":        svgHead + classed(".a{fill-rule:evenodd}.a{fill-rule:nonzero}", "a"),
		"a sheet behind its use":        svgHead + same + "<style>.a{fill-rule:evenodd}</style>",
	} {
		var bad *seal.PictureError
		if _, err := load(t, []byte(svg+"</svg>")); !errors.As(err, &bad) || bad.Reason != "svg_unsupported" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestBothRulesDrawTheSameEdges: a ring is the same picture whichever way its hole is told.
func TestBothRulesDrawTheSameEdges(t *testing.T) {
	draw := func(svg string) *image.NRGBA {
		p, err := load(t, []byte(svgHead+svg+"</svg>"))
		if err != nil {
			t.Fatal(err)
		}
		return p.Image
	}
	a := draw(`<path fill="red" d="` + svgOuter + svgOtherWay + `"/>`)
	b := draw(`<path fill="red" fill-rule="evenodd" d="` + svgOuter + svgSameWay + `"/>`)
	worst, edges := 0.0, 0
	for i := 3; i < len(a.Pix); i += 4 {
		worst = max(worst, math.Abs(float64(a.Pix[i])-float64(b.Pix[i])))
		if b.Pix[i] > 0 && b.Pix[i] < 255 {
			edges++
		}
	}
	if worst > 16 || edges < 1000 {
		t.Errorf("they differ by %g of 255, with %d pixels at the edges", worst, edges)
	}
}

// TestOutlinesWithoutEnd: a drawing does not take for ever, whatever rule it is filled by.
func TestOutlinesWithoutEnd(t *testing.T) {
	d := "M0 0" + strings.Repeat("L1 420L0 0", 9000)
	var bad *seal.PictureError
	if _, err := load(t, []byte(svgHead+`<path fill="red" fill-rule="evenodd" d="`+d+`z"/></svg>`)); !errors.As(err, &bad) || bad.Reason != "damaged" {
		t.Errorf("error %v", err)
	}
}

// at is how opaque a picture is at a point in thousandths of its size.
func at(m *image.NRGBA, x, y int) uint8 {
	return m.NRGBAAt(m.Rect.Dx()*x/1000, m.Rect.Dy()*y/1000).A
}
