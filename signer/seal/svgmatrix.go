package seal

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// A matrix maps x, y to ax+cy+e, bx+dy+f (SVG 1.1, 7.4).
type matrix struct{ a, b, c, d, e, f float64 }

var identity = matrix{a: 1, d: 1}

// times gives m after n: what n maps is mapped by m.
func (m matrix) times(n matrix) matrix {
	return matrix{
		m.a*n.a + m.c*n.b, m.b*n.a + m.d*n.b,
		m.a*n.c + m.c*n.d, m.b*n.c + m.d*n.d,
		m.a*n.e + m.c*n.f + m.e, m.b*n.e + m.d*n.f + m.f,
	}
}

// enlarges is by how much a line gets wider: the root of the determinant. One that enlarges more in one direction than in the
// other gives lines of the middle width.
func (m matrix) enlarges() float64 { return math.Sqrt(math.Abs(m.a*m.d - m.b*m.c)) }

func (m matrix) String() string {
	var parts []string
	for _, n := range []float64{m.a, m.b, m.c, m.d, m.e, m.f} {
		parts = append(parts, strconv.FormatFloat(n, 'g', -1, 64))
	}
	return "matrix(" + strings.Join(parts, " ") + ")"
}

var (
	svgTransform  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\s,]*([a-zA-Z]+)\s*\(([^()]*)\)`) })
	svgSeparators = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\s,]*$`) })
)

// parseTransform reads the value of a transform attribute (SVG 1.1, 7.6).
func parseTransform(text string) (m matrix, ok bool) {
	m = identity
	for !svgSeparators().MatchString(text) {
		part := svgTransform().FindStringSubmatch(text)
		if part == nil {
			return identity, false
		}
		text = text[len(part[0]):]
		var n []float64
		for _, s := range svgNumber().FindAllString(part[2], -1) {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil || len(n) == 6 {
				return identity, false
			}
			n = append(n, v)
		}
		next, ok := transform(part[1], n)
		if !ok {
			return identity, false
		}
		m = m.times(next)
	}
	return m, true
}

func transform(name string, n []float64) (matrix, bool) {
	switch {
	case name == "matrix" && len(n) == 6:
		return matrix{n[0], n[1], n[2], n[3], n[4], n[5]}, true
	case name == "translate" && len(n) == 1:
		return matrix{1, 0, 0, 1, n[0], 0}, true
	case name == "translate" && len(n) == 2:
		return matrix{1, 0, 0, 1, n[0], n[1]}, true
	case name == "scale" && len(n) == 1:
		return matrix{a: n[0], d: n[0]}, true
	case name == "scale" && len(n) == 2:
		return matrix{a: n[0], d: n[1]}, true
	case name == "rotate" && len(n) == 1:
		sin, cos := math.Sincos(n[0] * math.Pi / 180)
		return matrix{cos, sin, -sin, cos, 0, 0}, true
	case name == "rotate" && len(n) == 3:
		turn, _ := transform("rotate", n[:1])
		there, back := matrix{1, 0, 0, 1, n[1], n[2]}, matrix{1, 0, 0, 1, -n[1], -n[2]}
		return there.times(turn).times(back), true
	case name == "skewX" && len(n) == 1:
		return matrix{1, 0, math.Tan(n[0] * math.Pi / 180), 1, 0, 0}, true
	case name == "skewY" && len(n) == 1:
		return matrix{1, math.Tan(n[0] * math.Pi / 180), 0, 1, 0, 0}, true
	}
	return identity, false
}
