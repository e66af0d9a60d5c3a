package paper

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/goregular"
)

func TestOutlinesOfTrueType(t *testing.T) {
	f, err := ParseFace(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	o, err := f.outline('O')
	if err != nil || o.advance < 500 || o.advance > 1000 || !bytes.Contains(o.path, []byte("c\n")) || !bytes.HasSuffix(o.path, []byte("h f\n")) {
		t.Errorf("%g wide: %s, %v", o.advance, o.path, err)
	}
	if o, err := f.outline(' '); err != nil || len(o.path) != 0 {
		t.Errorf("a space is drawn: %s, %v", o.path, err)
	}
	if _, err := ParseFace([]byte("no font")); err == nil || !strings.Contains(err.Error(), "reading a font to write with") {
		t.Error(err)
	}
}

// A font whose outlines are broken makes no document, and the first reason is told.
func TestBrokenFace(t *testing.T) {
	data := bytes.Clone(goregular.TTF)
	for i := range int(binary.BigEndian.Uint16(data[4:])) {
		entry := data[12+16*i:]
		if string(entry[:4]) == "glyf" {
			at, size := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
			copy(data[at:at+size], bytes.Repeat([]byte{0x7f}, int(size))) // more contours than there are
		}
	}
	broken, err := ParseFace(data)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := ParseFace(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(d *Document){
		"a title": func(d *Document) { d.Title("Title") }, "two": func(d *Document) { d.Title("a"); d.Heading("b") },
	} {
		d := New(whole, broken, Options{})
		write(d)
		d.Paragraph("words", Plain)
		if _, err := d.Bytes(); err == nil || !strings.Contains(err.Error(), `loading`) || name == "two" && !strings.Contains(err.Error(), `'a'`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := New(broken, whole, Options{Foot: func(int, int) string { return "foot" }})
	if _, err := d.Bytes(); err == nil || !strings.Contains(err.Error(), `loading 'f'`) {
		t.Errorf("a foot: %v", err)
	}
}

// What is too long for a page goes on with the next one, names and what they have alike.
func TestFactsOverPages(t *testing.T) {
	f, err := ParseFace(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("words ", 3000)
	for _, fact := range []Fact{{"name", long}, {long[:2000], "value"}, {long, "value"}} {
		d := New(f, f, Options{})
		d.Facts(fact, Fact{"last", "value"})
		if len(d.pages) < 2 && len(fact.Name) != 2000 {
			t.Errorf("%d pages", len(d.pages))
		}
		if d.y > high4-margin || d.y < 0 {
			t.Errorf("the next line is at %g", d.y)
		}
	}
}
