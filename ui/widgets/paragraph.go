package widgets

import (
	"image/color"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Paragraph is text that wraps: between any two Chinese characters, but never so
// that a closing mark begins a line or an opening one ends it, and in Latin text
// at spaces.
type Paragraph struct {
	widget.BaseWidget
	text  string
	size  float32
	color color.Color
	style fyne.TextStyle
	align fyne.TextAlign
	width float32 // the width that MinSize reckons with
	fixed bool
	lines []*canvas.Text
}

// NewParagraph makes wrapping text of a size and colour of the theme.
func NewParagraph(s string, size float32, c color.Color) *Paragraph {
	p := &Paragraph{text: s, size: size, color: c, width: theme.ReadableWidth}
	p.ExtendBaseWidget(p)
	return p
}

// Bold sets the medium weight.
func (p *Paragraph) Bold() *Paragraph {
	p.style.Bold = true
	return p
}

// Align sets the lines at the left, centre or right.
func (p *Paragraph) Align(a fyne.TextAlign) *Paragraph {
	p.align = a
	return p
}

// Width sets how wide the paragraph wants to be.
func (p *Paragraph) Width(w float32) *Paragraph {
	p.width, p.fixed = w, true
	return p
}

// SetText changes the words.
func (p *Paragraph) SetText(s string) {
	if s != p.text {
		p.text = s
		p.Refresh()
	}
}

// SetColor changes the colour.
func (p *Paragraph) SetColor(c color.Color) {
	p.color = c
	p.Refresh()
}

// Resize wraps the words anew.
func (p *Paragraph) Resize(s fyne.Size) {
	if s.Width > 0 && s.Width != p.width {
		p.width = s.Width
		p.BaseWidget.Resize(s)
		p.Refresh()
		return
	}
	p.BaseWidget.Resize(s)
}

func (p *Paragraph) lineHeight() float32 {
	return snap(fyne.MeasureText("国", p.size, p.style).Height * 1.1)
}

// MinSize is as high as the lines are at the width last given.
func (p *Paragraph) MinSize() fyne.Size {
	w := 4 * p.size
	if p.fixed {
		w = p.width
	}
	return fyne.NewSize(w, float32(len(p.wrapped()))*p.lineHeight())
}

func (p *Paragraph) wrapped() []string {
	return wrap(p.text, p.width, func(s string) float32 { return fyne.MeasureText(s, p.size, p.style).Width })
}

// CreateRenderer implements fyne.Widget.
func (p *Paragraph) CreateRenderer() fyne.WidgetRenderer {
	r := &paragraphRenderer{p: p}
	r.Refresh()
	return r
}

type paragraphRenderer struct {
	p       *Paragraph
	objects []fyne.CanvasObject
}

func (r *paragraphRenderer) Destroy()                     {}
func (r *paragraphRenderer) MinSize() fyne.Size           { return r.p.MinSize() }
func (r *paragraphRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *paragraphRenderer) Layout(s fyne.Size) {
	h := r.p.lineHeight()
	for i, o := range r.objects {
		m := o.MinSize().Height
		place(o, 0, float32(i)*h+(h-m)/2, s.Width, m)
	}
}

func (r *paragraphRenderer) Refresh() {
	r.objects = r.objects[:0]
	for i, s := range r.p.wrapped() {
		if i == len(r.p.lines) {
			r.p.lines = append(r.p.lines, canvas.NewText("", nil))
		}
		t := r.p.lines[i]
		t.Text, t.TextSize, t.Color, t.TextStyle, t.Alignment = s, r.p.size, r.p.color, r.p.style, r.p.align
		r.objects = append(r.objects, t)
	}
	r.Layout(r.p.Size())
	canvas.Refresh(r.p)
}

const (
	noLineStart = "，。、；：？！）》」』】〉…—％,.;:?!)]}%"
	noLineEnd   = "（《「『【〈￥([{¥"
)

// wrap breaks s into lines of at most width, by greedy filling of the smallest
// pieces that may not be broken.
func wrap(s string, width float32, measure func(string) float32) []string {
	var lines []string
	for _, hard := range strings.Split(s, "\n") {
		line := ""
		for _, piece := range pieces(hard) {
			if line == "" || measure(strings.TrimRight(line+piece, " ")) <= width+0.5 {
				line += piece
			} else {
				lines = append(lines, strings.TrimRight(line, " "))
				line = strings.TrimLeft(piece, " ")
			}
			for measure(strings.TrimRight(line, " ")) > width+0.5 && len([]rune(line)) > 1 { // one long Latin word, say a digest
				cut := cutAt(line, width, measure)
				lines = append(lines, line[:cut])
				line = line[cut:]
			}
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

func cutAt(line string, width float32, measure func(string) float32) int {
	r := []rune(line)
	n := 1
	for n < len(r)-1 && measure(string(r[:n+1])) <= width+0.5 {
		n++
	}
	return len(string(r[:n]))
}

// pieces splits a line where it may be broken.
func pieces(s string) []string {
	var out []string
	r := []rune(s)
	start := 0
	for i := 1; i < len(r); i++ {
		if mayBreak(r[i-1], r[i]) {
			out = append(out, string(r[start:i]))
			start = i
		}
	}
	if start < len(r) {
		out = append(out, string(r[start:]))
	}
	return out
}

func mayBreak(before, after rune) bool {
	if strings.ContainsRune(noLineStart, after) || strings.ContainsRune(noLineEnd, before) {
		return false
	}
	if after == ' ' {
		return false
	}
	return before == ' ' || wide(before) || wide(after)
}

func wide(r rune) bool {
	return unicode.Is(unicode.Han, r) || (r >= 0x3000 && r <= 0x303F) || (r >= 0xFF00 && r <= 0xFFEF)
}
