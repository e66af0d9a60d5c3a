//go:build ignore

// Outline turns the line drawings of lines/ into the filled shapes beside it. The
// window's toolkit recolours fills only, and lines are easier to draw and to keep
// of one weight. Every line has round ends and joins, so it is the union of
// capsules, one for each straight piece.
package main

import (
	"encoding/xml"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// half is half the width of a line on the 24 pixel grid.
const half = 0.9

type drawing struct {
	Paths []struct {
		D string `xml:"d,attr"`
	} `xml:"path"`
	Circles []struct {
		X float64 `xml:"cx,attr"`
		Y float64 `xml:"cy,attr"`
		R float64 `xml:"r,attr"`
	} `xml:"circle"`
}

type point struct{ x, y float64 }

func main() {
	files, err := filepath.Glob("lines/*.svg")
	if err != nil || len(files) == 0 {
		log.Fatal("no drawings in lines/: ", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		var in drawing
		if err := xml.Unmarshal(data, &in); err != nil {
			log.Fatalf("%s: %v", file, err)
		}
		var out strings.Builder
		for _, p := range in.Paths {
			for _, line := range lines(p.D) {
				stroke(&out, line)
			}
		}
		for _, c := range in.Circles {
			circle(&out, c.X, c.Y, c.R+half, 1)
			if c.R > half {
				circle(&out, c.X, c.Y, c.R-half, 0)
			}
		}
		svg := `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"><path fill="#000000" d="` + out.String() + "\"/></svg>\n"
		if err := os.WriteFile(filepath.Base(file), []byte(svg), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

func number(v float64) string {
	v = math.Round(v*100) / 100
	return strconv.FormatFloat(v+0, 'f', -1, 64)
}

// circle draws a circle in two arcs; sweep 1 is clockwise on the screen.
func circle(out *strings.Builder, x, y, r float64, sweep int) {
	fmt.Fprintf(out, "M%s %sA%[3]s %[3]s 0 0 %[4]d %[5]s %[2]sA%[3]s %[3]s 0 0 %[4]d %[1]s %[2]sZ",
		number(x-r), number(y), number(r), sweep, number(x+r))
}

// stroke draws a capsule round each piece of a line, all clockwise.
func stroke(out *strings.Builder, line []point) {
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		length := math.Hypot(b.x-a.x, b.y-a.y)
		if length == 0 {
			continue
		}
		nx, ny := (b.y-a.y)/length*half, -(b.x-a.x)/length*half
		fmt.Fprintf(out, "M%s %sL%s %sA.9 .9 0 0 1 %s %sL%s %sA.9 .9 0 0 1 %[1]s %[2]sZ",
			number(a.x+nx), number(a.y+ny), number(b.x+nx), number(b.y+ny),
			number(b.x-nx), number(b.y-ny), number(a.x-nx), number(a.y-ny))
	}
}

var tokens = regexp.MustCompile(`[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)`)

// lines flattens a path of the commands M, L, H, V, C, A and Z and their relative
// forms.
func lines(d string) [][]point {
	var out [][]point
	var line []point
	var at, start point
	words := tokens.FindAllString(d, -1)
	next := func() float64 {
		if len(words) == 0 {
			log.Fatalf("%q ends too early", d)
		}
		v, err := strconv.ParseFloat(words[0], 64)
		if err != nil {
			log.Fatalf("%q: %v", d, err)
		}
		words = words[1:]
		return v
	}
	to := func(p point) { at = p; line = append(line, p) }
	var command byte
	for len(words) > 0 {
		if c := words[0][0]; c >= 'A' {
			command, words = c, words[1:]
		} else if command == 'M' {
			command = 'L'
		} else if command == 'm' {
			command = 'l'
		}
		origin := point{}
		if command >= 'a' {
			origin = at
		}
		pair := func() point { x := next(); return point{origin.x + x, origin.y + next()} }
		switch command {
		case 'M', 'm':
			if len(line) > 1 {
				out = append(out, line)
			}
			line = nil
			to(pair())
			start = at
		case 'L', 'l':
			to(pair())
		case 'H', 'h':
			to(point{origin.x + next(), at.y})
		case 'V', 'v':
			to(point{at.x, origin.y + next()})
		case 'C', 'c':
			p0, p1, p2, p3 := at, pair(), pair(), pair()
			for i := 1; i <= 8; i++ {
				t := float64(i) / 8
				u := 1 - t
				a, b, c, e := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
				to(point{a*p0.x + b*p1.x + c*p2.x + e*p3.x, a*p0.y + b*p1.y + c*p2.y + e*p3.y})
			}
		case 'S', 's', 'Q', 'q', 'T', 't':
			log.Fatalf("%q: command %c is not known", d, command)
		case 'A', 'a':
			r, _, _, large, sweep := next(), next(), next(), next(), next()
			for _, p := range arc(at, pair(), r, large != 0, sweep != 0) {
				to(p)
			}
		case 'Z', 'z':
			to(start)
		}
	}
	if len(line) > 1 {
		out = append(out, line)
	}
	return out
}

// arc returns points of a circular arc from a to b, without a itself.
func arc(a, b point, r float64, large, sweep bool) []point {
	dx, dy := b.x-a.x, b.y-a.y
	chord := math.Hypot(dx, dy)
	r = max(r, chord/2)
	h := math.Sqrt(max(0, r*r-chord*chord/4))
	if large == sweep {
		h = -h
	}
	c := point{(a.x+b.x)/2 - h*dy/chord, (a.y+b.y)/2 + h*dx/chord}
	from, to := math.Atan2(a.y-c.y, a.x-c.x), math.Atan2(b.y-c.y, b.x-c.x)
	if sweep && to < from {
		to += 2 * math.Pi
	} else if !sweep && to > from {
		to -= 2 * math.Pi
	}
	steps := max(2, int(math.Ceil(math.Abs(to-from)/(math.Pi/10))))
	var out []point
	for i := 1; i < steps; i++ {
		sin, cos := math.Sincos(from + (to-from)*float64(i)/float64(steps))
		out = append(out, point{c.x + r*cos, c.y + r*sin})
	}
	return append(out, b)
}
