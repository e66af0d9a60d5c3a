package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"
	"time"

	"sealdesk/signer/pdf"
)

// A4 and its margins, in points.
const (
	perMM  = 72 / 25.4
	wide4  = 210 * perMM
	high4  = 297 * perMM
	margin = 20 * perMM
	column = wide4 - 2*margin
)

// Tone is what a text says by its colour.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Quiet
	Good
	Warn
	Bad
)

var inks = map[Tone]color.NRGBA{
	Plain: {0x1f, 0x23, 0x29, 0xff}, Quiet: {0x64, 0x6a, 0x73, 0xff},
	Good: {0x1a, 0x7f, 0x37, 0xff}, Warn: {0x9a, 0x67, 0x00, 0xff}, Bad: {0xb4, 0x23, 0x18, 0xff},
}

// faint is the ink of rules and frames.
var faint = color.NRGBA{0xd0, 0xd3, 0xd8, 0xff}

// Options are what holds for a whole document.
type Options struct {
	Title   string
	Lang    string    // of the text, as in BCP 47
	Created time.Time // kept in the file; zero for none
	// Foot, if given, is the line at the foot of a page; pages count from 1.
	Foot func(page, pages int) string
}

// Fact is a name and what it has.
type Fact struct{ Name, Value string }

// A Document is written from top to bottom, and then Bytes is called once.
// What went wrong on the way is told there.
type Document struct {
	opts          Options
	regular, bold *charset
	pages         []*page
	y             float64 // of the next line's top, from the sheet's foot
	err           error
}

type page struct {
	wide, high float64 // points
	foot       point   // where the foot's base line begins
	content    bytes.Buffer
	pictures   []packed
}

type point struct{ x, y float64 }

// New starts a document in two faces.
func New(regular, bold *Face, o Options) *Document {
	d := &Document{opts: o, regular: newCharset("R", regular), bold: newCharset("B", bold)}
	d.turn()
	return d
}

func (d *Document) turn() {
	d.pages = append(d.pages, &page{wide: wide4, high: high4, foot: point{margin, margin / 2}})
	d.y = high4 - margin
}

func (d *Document) page() *page { return d.pages[len(d.pages)-1] }

// room begins a new page unless height points are left on this one.
func (d *Document) room(height float64) {
	if d.y-height < margin && d.y < high4-margin {
		d.turn()
	}
}

// Title writes the document's title.
func (d *Document) Title(text string) {
	d.text(d.bold, text, 18, margin, column, Plain)
	d.y -= 6
}

// Heading begins a section; it stays with what follows.
func (d *Document) Heading(text string) {
	d.y -= 12
	d.room(60)
	d.text(d.bold, text, 12, margin, column, Plain)
	d.y -= 2
	d.rule()
	d.y -= 6
}

// Paragraph writes running text.
func (d *Document) Paragraph(text string, tone Tone) {
	d.text(d.regular, text, 10, margin, column, tone)
	d.y -= 4
}

// Banner writes the sentence that matters, large, with a bar in its colour.
func (d *Document) Banner(text string, tone Tone) {
	const size, bar, inset = 14, 3, 12
	broken := d.broken(d.bold, text, size, column-inset)
	d.room(float64(len(broken))*size*1.5 + 12)
	top := d.y
	d.text(d.bold, text, size, margin+inset, column-inset, tone)
	d.fill(margin, d.y, bar, top-d.y, inks[tone])
	d.y -= 8
}

// Note writes one thing that was found, behind a mark in its colour.
func (d *Document) Note(text string, tone Tone) {
	const inset, mark = 12, 4
	d.room(15)
	d.fill(margin+2, d.y-9, mark, mark, inks[tone])
	d.text(d.regular, text, 10, margin+inset, column-inset, tone)
	d.y -= 2
}

// Facts writes names at the left and what they have beside them.
func (d *Document) Facts(facts ...Fact) {
	const names, gap = 90, 10
	for _, f := range facts {
		name, value := d.broken(d.regular, f.Name, 10, names), d.broken(d.regular, f.Value, 10, column-names-gap)
		d.room(float64(max(len(name), len(value))) * 15)
		top, sheet := d.y, len(d.pages)
		d.text(d.regular, f.Name, 10, margin, names, Quiet)
		low := d.y
		if sheet == len(d.pages) {
			d.y = top
		}
		d.text(d.regular, f.Value, 10, margin+names+gap, column-names-gap, Plain)
		if len(d.pages) == sheet {
			d.y = min(d.y, low)
		}
	}
	d.y -= 4
}

// Picture shows a picture in a thin frame under its caption, at the width and
// height in millimetres, or smaller, its shape kept, where a page has no room for
// that.
func (d *Document) Picture(caption string, m image.Image, widthMM, heightMM float64) {
	const above = 20 // points, for the caption
	w, h := widthMM*perMM, heightMM*perMM
	shrink := min(1, column/w, (high4-2*margin-above)/h)
	w, h = w*shrink, h*shrink
	d.room(h + above)
	d.Paragraph(caption, Quiet)
	p := d.page()
	p.pictures = append(p.pictures, pack(m))
	d.y -= h
	fmt.Fprintf(&p.content, "q %.2f 0 0 %.2f %.2f %.2f cm /P%d Do Q\n", w, h, margin, d.y, len(p.pictures)-1)
	fmt.Fprintf(&p.content, "%s RG 0.5 w %.2f %.2f %.2f %.2f re S\n", rgb(faint), margin, d.y, w, h)
	d.y -= 8
}

// footSize is the size in which a foot is written, in points.
const footSize = 8

// Sheet adds a page that is a picture, shown at the width and height in points,
// with a strip for the foot below it. The first one takes the place of a page on
// which nothing was written yet. What is written next begins a new page.
func (d *Document) Sheet(m image.Image, width, height float64) {
	const strip, inset = 20, 12
	if p := d.page(); len(d.pages) == 1 && p.content.Len() == 0 {
		d.pages = nil
	}
	p := &page{wide: width, high: height + strip, foot: point{inset, (strip - footSize) / 2}, pictures: []packed{pack(m)}}
	fmt.Fprintf(&p.content, "q %.2f 0 0 %.2f 0 %d cm /P0 Do Q\n", width, height, strip)
	d.pages = append(d.pages, p)
	d.y = 0
}

func (d *Document) rule() {
	d.fill(margin, d.y, column, 0.5, faint)
}

func (d *Document) fill(x, y, w, h float64, c color.NRGBA) {
	fmt.Fprintf(&d.page().content, "%s rg %.2f %.2f %.2f %.2f re f\n", rgb(c), x, y, w, h)
}

func (d *Document) broken(c *charset, text string, size, width float64) []string {
	out, err := lines(text, width, func(s string) (float64, error) { return c.width(s, size) })
	d.fail(err)
	return out
}

// text writes lines of text, on as many pages as they need.
func (d *Document) text(c *charset, text string, size, x, width float64, tone Tone) {
	leading := size * 1.5
	for _, line := range d.broken(c, text, size, width) {
		d.room(leading)
		d.line(&d.page().content, c, line, size, x, d.y-size*1.13, inks[tone])
		d.y -= leading
	}
}

// line writes one line with its base line at y. A run of characters of one font is one string.
func (d *Document) line(b *bytes.Buffer, c *charset, text string, size, x, y float64, ink color.NRGBA) {
	fmt.Fprintf(b, "BT %s rg %.2f %.2f Td", rgb(ink), x, y)
	current, run := -1, []byte(nil)
	flush := func() {
		if len(run) > 0 {
			b.WriteByte(' ')
			b.Write(pdf.AppendHex(nil, run))
			b.WriteString(" Tj")
			run = run[:0]
		}
	}
	for _, r := range text {
		font, code, _, err := c.place(r)
		if err != nil {
			d.fail(err)
			return
		}
		if font != current {
			flush()
			fmt.Fprintf(b, " /%s%d %g Tf", c.name, font, size)
			current = font
		}
		run = append(run, code)
	}
	flush()
	b.WriteString(" ET\n")
}

func (d *Document) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// Bytes returns the file.
func (d *Document) Bytes() ([]byte, error) {
	if d.opts.Foot != nil {
		for i, p := range d.pages {
			d.line(&p.content, d.regular, d.opts.Foot(i+1, len(d.pages)), footSize, p.foot.x, p.foot.y, inks[Quiet])
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	w := newWriter()
	fonts := pdf.Dict{}
	d.regular.fonts(w, fonts)
	d.bold.fonts(w, fonts)
	font, tree := w.object(fonts), w.reserve()
	var kids pdf.Array
	for _, p := range d.pages {
		pictures := pdf.Dict{}
		for i, m := range p.pictures {
			pictures[pdf.Name(fmt.Sprintf("P%d", i))] = w.picture(m)
		}
		kids = append(kids, w.object(pdf.Dict{
			"Type": pdf.Name("Page"), "Parent": tree,
			"MediaBox":  pdf.Array{pdf.Integer(0), pdf.Integer(0), pdf.Real(round(p.wide)), pdf.Real(round(p.high))},
			"Resources": pdf.Dict{"Font": font, "XObject": pictures},
			"Contents":  w.stream(pdf.Dict{}, p.content.Bytes()),
		}))
	}
	w.set(tree, pdf.Dict{"Type": pdf.Name("Pages"), "Kids": kids, "Count": pdf.Integer(len(kids))})
	info := pdf.Dict{"Title": pdf.TextString(d.opts.Title), "Producer": pdf.String("SealDesk")}
	if !d.opts.Created.IsZero() {
		info["CreationDate"] = pdf.FormatDate(d.opts.Created)
	}
	root := w.object(pdf.Dict{
		"Type": pdf.Name("Catalog"), "Pages": tree, "Lang": pdf.TextString(d.opts.Lang),
		"ViewerPreferences": pdf.Dict{"DisplayDocTitle": pdf.Boolean(true)},
	})
	return w.finish(root, w.object(info)), nil
}

// packed is a picture as it is embedded. Pictures are packed at once: as they are
// drawn they take many times the room.
type packed struct {
	wide, high int
	data       []byte
}

// pack takes a picture on white: paper has no other ground.
func pack(m image.Image) packed {
	bounds := m.Bounds()
	data := make([]byte, 0, 3*bounds.Dx()*bounds.Dy())
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b, a := m.At(x, y).RGBA()
			white := 0xffff - a
			data = append(data, byte((r+white)>>8), byte((g+white)>>8), byte((b+white)>>8))
		}
	}
	return packed{bounds.Dx(), bounds.Dy(), deflate(data)}
}

func (w *writer) picture(p packed) pdf.Ref {
	return w.packed(pdf.Dict{
		"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Image"), "ColorSpace": pdf.Name("DeviceRGB"), "BitsPerComponent": pdf.Integer(8),
		"Width": pdf.Integer(p.wide), "Height": pdf.Integer(p.high),
	}, p.data)
}

func rgb(c color.NRGBA) string {
	return fmt.Sprintf("%.3f %.3f %.3f", float64(c.R)/255, float64(c.G)/255, float64(c.B)/255)
}

func round(v float64) float64 { return math.Round(v*100) / 100 }
