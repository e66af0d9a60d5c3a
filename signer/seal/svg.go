package seal

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/fyne-io/oksvg"
	"github.com/srwiley/rasterx"
	"golang.org/x/image/math/fixed"
)

// Bounds of a drawing.
const (
	maxSVG         = 1 << 20 // bytes
	maxSVGElements = 20_000
	maxSVGDepth    = 64
	maxSVGNumber   = 1e6
	maxSVGNumbers  = 100_000 // coordinates; a traced seal has some ten thousand
	maxSVGLength   = 1 << 27 // of all outlines together, in pixels
	svgPixels      = 1000    // of the longer side: 600 dpi of a 42 mm seal
)

const svgSpace = "http://www.w3.org/2000/svg"

// isSVG tells whether a file begins as XML and has the root's name early.
func isSVG(data []byte) bool {
	head := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head[:min(len(head), 4096)], []byte("<svg"))
}

// loadSVG draws a drawing. What is drawn is not the file, but what of it is known to be harmless and drawn as it should: see
// svgFilter.
func loadSVG(data []byte, side int) (p Picture, err error) {
	if len(data) > maxSVG {
		return Picture{}, &PictureError{Reason: "too_large", Limit: maxSVG}
	}
	f := svgFilter{}
	if err := f.run(data); err != nil {
		return Picture{}, err
	}
	defer func() { // the renderer was not written for files that somebody sends
		if r := recover(); r != nil {
			p, err = Picture{}, damaged(fmt.Errorf("drawing it failed: %v", r))
		}
	}()
	icon, err := oksvg.ReadIconStream(bytes.NewReader(f.out.Bytes()), oksvg.StrictErrorMode)
	if err != nil {
		return Picture{}, damaged(err)
	}
	scale := float64(min(svgPixels, side)) / max(f.box[2], f.box[3])
	w, h := max(1, int(math.Round(f.box[2]*scale))), max(1, int(math.Round(f.box[3]*scale)))
	canvas := image.NewRGBA(image.Rect(0, 0, w, h))
	if len(icon.SVGPaths) != len(f.strokes) {
		return Picture{}, damaged(errors.New("a shape of it cannot be drawn"))
	}
	for i := range icon.SVGPaths { // the renderer leaves a line as wide as it was before any transform
		icon.SVGPaths[i].LineWidth *= f.strokes[i] * scale
		icon.SVGPaths[i].UseNonZeroWinding = !f.parities[i]
	}
	icon.SetTarget(0, 0, float64(w), float64(h))
	icon.Draw(rasterx.NewDasher(w, h, &measured{svgScanner: &svgScanner{ScannerGV: rasterx.NewScannerGV(w, h, canvas, canvas.Rect)}}), 1)
	p = Picture{Image: toNRGBA(canvas), WidthMM: f.widthMM}
	if !visible(p.Image) {
		return Picture{}, &PictureError{Reason: "empty", Width: w, Height: h}
	}
	p.HeightMM = p.WidthMM * f.box[3] / f.box[2]
	p.believe()
	return p, nil
}

// measured ends a drawing whose outlines are too long: the renderer walks along them pixel by pixel, far outside of the picture
// too. It panics, for nothing else stops the renderer; loadSVG is prepared for that.
type measured struct {
	*svgScanner
	at     fixed.Point26_6
	length int64
}

func (m *measured) Start(a fixed.Point26_6) {
	m.at = a
	m.svgScanner.Start(a)
}

func (m *measured) Line(b fixed.Point26_6) {
	apart := func(a, b fixed.Int26_6) int64 { return int64(max(a, b)) - int64(min(a, b)) }
	m.length += 1 + (apart(m.at.X, b.X)+apart(m.at.Y, b.Y))>>6
	if m.length > maxSVGLength {
		panic("its outlines are too long")
	}
	m.at = b
	m.svgScanner.Line(b)
}

// What a drawing may consist of. Whatever else would be left out by the renderer, and a seal that lacks a part is another seal.
var (
	svgDrawn   = []string{"g", "defs", "style", "rect", "circle", "ellipse", "line", "polyline", "polygon", "path", "linearGradient", "radialGradient", "stop"}
	svgShapes  = []string{"rect", "circle", "ellipse", "line", "polyline", "polygon", "path"}
	svgSkipped = []string{"title", "desc", "metadata"}
	svgUnsafe  = []string{"script", "image", "foreignObject", "animate", "set", "a", "iframe", "audio", "video"}

	svgGeometry = []string{"x", "y", "width", "height", "cx", "cy", "r", "rx", "ry", "x1", "y1", "x2", "y2", "fx", "fy", "points", "d", "transform", "gradientTransform", "offset"}
	svgPaint    = []string{
		"id", "class", "style", "fill", "fill-rule", "fill-opacity", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin",
		"stroke-miterlimit", "stroke-opacity", "opacity", "stop-color", "stop-opacity", "gradientUnits", "spreadMethod",
	}
	svgUndrawn = []string{"filter", "mask", "clip-path", "stroke-dasharray", "marker", "marker-start", "marker-mid", "marker-end", "display", "visibility"}

	svgNumber = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?`) })
	svgLength = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*(\d+\.?\d*|\.\d+)\s*(mm|cm|in|pt|pc|px|)\s*$`) })
)

// svgFilter copies what may be drawn of a drawing.
type svgFilter struct {
	out     bytes.Buffer
	box     [4]float64 // viewBox
	widthMM float64    // 0: not told
	open    []string
	scales  []float64 // by how much the transforms up to each open element enlarge
	strokes []float64 // by how much each shape is enlarged, in the order of the file
	fillRules
	count   int
	numbers int // in what was read so far
}

func (f *svgFilter) run(data []byte) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = true
	for {
		t, err := d.Token()
		if err == io.EOF {
			if f.count == 0 || len(f.open) > 0 {
				return damaged(errors.New("the drawing is not complete"))
			}
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		switch t := t.(type) {
		case xml.Directive:
			if bytes.Contains(bytes.ToUpper(t), []byte("ENTITY")) {
				return refused("svg_unsafe", "ENTITY")
			}
		case xml.ProcInst:
			if t.Target != "xml" {
				return refused("svg_unsafe", "?"+t.Target)
			}
		case xml.StartElement:
			if err := f.start(d, t); err != nil {
				return err
			}
		case xml.EndElement:
			f.end()
		case xml.CharData:
			if f.inside("style") {
				if err := f.sheet(string(t)); err != nil {
					return err
				}
			}
		}
	}
}

func refused(reason, part string) error {
	const longest = 60
	if len(part) > longest {
		part = part[:longest]
	}
	return &PictureError{Reason: reason, Part: strings.ToValidUTF8(part, "?")}
}

func (f *svgFilter) inside(name string) bool {
	return len(f.open) > 0 && f.open[len(f.open)-1] == name
}

func (f *svgFilter) start(d *xml.Decoder, e xml.StartElement) error {
	name := e.Name.Local
	if f.count++; f.count > maxSVGElements {
		return damaged(errors.New("it has too many elements"))
	}
	switch {
	case len(f.open) == 0:
		if name != "svg" || f.count > 1 {
			return damaged(errors.New("its root is not svg"))
		}
		f.open, f.scales = append(f.open, name), append(f.scales, 1)
		if err := f.push(e.Attr); err != nil {
			return err
		}
		return f.root(e)
	case slices.Contains(svgUnsafe, name):
		return refused("svg_unsafe", "<"+name+">")
	case e.Name.Space != svgSpace && e.Name.Space != "", slices.Contains(svgSkipped, name):
		if err := d.Skip(); err != nil {
			return damaged(err)
		}
		return nil
	case !slices.Contains(svgDrawn, name):
		return refused("svg_unsupported", "<"+name+">")
	case len(f.open) == maxSVGDepth:
		return damaged(errors.New("it is nested too deeply"))
	}
	attributes, err := f.attributes(e.Attr)
	if err != nil {
		return err
	}
	own, err := transformOf(e.Attr)
	if err != nil {
		return err
	}
	if name == "style" && !f.inside("defs") { // the renderer looks for it there alone
		f.out.WriteString("<defs>")
	}
	f.out.WriteString("<" + name + attributes + ">")
	scale := f.scales[len(f.scales)-1] * own.enlarges()
	if err := f.push(e.Attr); err != nil {
		return err
	}
	if slices.Contains(svgShapes, name) && !slices.Contains(f.open, "defs") {
		f.strokes = append(f.strokes, scale)
		f.shape()
	}
	f.open, f.scales = append(f.open, name), append(f.scales, scale)
	return nil
}

// transformOf reads an element's transform.
func transformOf(list []xml.Attr) (matrix, error) {
	for _, a := range list {
		if a.Name.Local == "transform" && a.Name.Space == "" {
			m, ok := parseTransform(a.Value)
			if !ok {
				return m, refused("svg_unsupported", "transform="+a.Value)
			}
			return m, nil
		}
	}
	return identity, nil
}

func (f *svgFilter) end() {
	name := f.open[len(f.open)-1]
	f.open, f.scales = f.open[:len(f.open)-1], f.scales[:len(f.scales)-1]
	f.pop()
	f.out.WriteString("</" + name + ">")
	if name == "style" && !f.inside("defs") {
		f.out.WriteString("</defs>")
	}
}

// root reads the drawing's size.
func (f *svgFilter) root(e xml.StartElement) error {
	has := map[string]string{}
	for _, a := range e.Attr {
		has[a.Name.Local] = a.Value
	}
	width, unit := length(has["width"])
	height, _ := length(has["height"])
	if box := svgNumber().FindAllString(has["viewBox"], -1); len(box) == 4 {
		for i, s := range box {
			f.box[i], _ = strconv.ParseFloat(s, 64)
		}
	} else {
		f.box = [4]float64{0, 0, width, height}
	}
	for i, n := range f.box {
		if !(math.Abs(n) <= maxSVGNumber) || i > 1 && n < 1e-3 {
			return damaged(errors.New("it has no size"))
		}
	}
	f.widthMM = width * unit
	// What is painted is inherited from the root.
	attributes, err := f.attributes(slices.DeleteFunc(slices.Clone(e.Attr), func(a xml.Attr) bool {
		return slices.Contains(svgGeometry, a.Name.Local)
	}))
	if err != nil {
		return err
	}
	fmt.Fprintf(&f.out, `<svg xmlns="%s" viewBox="%g %g %g %g"%s>`, svgSpace, f.box[0], f.box[1], f.box[2], f.box[3], attributes)
	return nil
}

// length reads a length and how many millimetres its unit is; a bare number is in pixels of 1/96 inch.
func length(s string) (n, mm float64) {
	m := svgLength().FindStringSubmatch(s)
	if m == nil {
		return 0, 0
	}
	n, _ = strconv.ParseFloat(m[1], 64)
	return n, map[string]float64{"mm": 1, "cm": 10, "in": 25.4, "pt": 25.4 / 72, "pc": 25.4 / 6, "px": 25.4 / 96, "": 25.4 / 96}[m[2]]
}

// attributes gives those that are drawn, and refuses what could reach out or would not be drawn.
func (f *svgFilter) attributes(list []xml.Attr) (string, error) {
	var b strings.Builder
	for _, a := range list {
		name := a.Name.Local
		value := strings.TrimSpace(a.Value)
		switch {
		case strings.HasPrefix(strings.ToLower(name), "on"):
			return "", refused("svg_unsafe", name)
		case name == "href":
			if !strings.HasPrefix(value, "#") {
				return "", refused("svg_unsafe", name+"="+value)
			}
			b.WriteString(attribute("href", value)) // of a gradient that takes another one's stops
		case a.Name.Space != "":
		case reaches(value):
			return "", refused("svg_unsafe", name+"="+value)
		case slices.Contains(svgUndrawn, name):
			if value != "none" && value != "inline" && value != "visible" || name == "display" && value == "none" {
				return "", refused("svg_unsupported", name+"="+value)
			}
		case slices.Contains(svgGeometry, name):
			if !bounded(value) {
				return "", refused("svg_unsupported", name+"="+value)
			}
			if f.numbers += len(svgNumber().FindAllStringIndex(value, -1)); f.numbers > maxSVGNumbers {
				return "", damaged(errors.New("it has too many points"))
			}
			if name == "transform" || name == "gradientTransform" { // the renderer reads some forms wrongly, but not this one
				m, ok := parseTransform(value)
				if !ok {
					return "", refused("svg_unsupported", name+"="+value)
				}
				value = m.String()
			}
			b.WriteString(attribute(name, value))
		case slices.Contains(svgPaint, name):
			if name == "style" {
				for _, part := range svgUndrawn {
					if declares(value, part) {
						return "", refused("svg_unsupported", "style="+part)
					}
				}
			}
			if !bounded(value) && name == "stroke-width" {
				return "", refused("svg_unsupported", name+"="+value)
			}
			b.WriteString(attribute(name, value))
		}
	}
	return b.String(), nil
}

// declares tells whether a style sets a property to something else than nothing.
func declares(style, property string) bool {
	for _, d := range strings.Split(style, ";") {
		name, value, _ := strings.Cut(d, ":")
		value = strings.TrimSpace(value)
		if strings.TrimSpace(name) == property && value != "none" && value != "inline" && value != "visible" {
			return true
		}
		if strings.TrimSpace(name) == property && property == "display" && value == "none" {
			return true
		}
	}
	return false
}

// reaches tells whether a value names anything outside of the drawing.
func reaches(value string) bool {
	lower := strings.ToLower(strings.ReplaceAll(value, " ", ""))
	for _, word := range []string{"javascript:", "expression(", "@import", "&{", "\\"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	for rest := lower; ; {
		_, after, found := strings.Cut(rest, "url(")
		if !found {
			return false
		}
		if !strings.HasPrefix(strings.Trim(after, `"'`), "#") {
			return true
		}
		rest = after
	}
}

// bounded tells that no number is so large that drawing it takes for ever.
func bounded(value string) bool {
	for _, s := range svgNumber().FindAllString(value, -1) {
		if n, err := strconv.ParseFloat(s, 64); err != nil || !(math.Abs(n) <= maxSVGNumber) {
			return false
		}
	}
	return true
}

func (f *svgFilter) sheet(css string) error {
	if reaches(css) || strings.Contains(css, "@") {
		return refused("svg_unsafe", "<style>")
	}
	for _, rule := range strings.FieldsFunc(css, func(r rune) bool { return r == '{' || r == '}' }) {
		for _, part := range svgUndrawn {
			if declares(rule, part) {
				return refused("svg_unsupported", "style="+part)
			}
		}
	}
	if err := f.fillRules.sheet(css); err != nil {
		return err
	}
	if err := xml.EscapeText(&f.out, []byte(css)); err != nil {
		return damaged(err)
	}
	return nil
}

func attribute(name, value string) string {
	var b strings.Builder
	b.WriteString(" " + name + `="`)
	_ = xml.EscapeText(&b, []byte(value)) // a Builder takes all
	b.WriteString(`"`)
	return b.String()
}
