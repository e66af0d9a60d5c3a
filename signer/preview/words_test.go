package preview_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/preview"
)

func TestWords(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string
	}{
		{"采购人：云溪县", []string{"采", "购", "人", "：", "云", "溪", "县"}},
		{"Total 1,286,000.00 yuan.", []string{"Total", "1,286,000.00", "yuan", "."}},
		{"编号ZC-2026-001，甲 方", []string{"编", "号", "ZC-2026-001", "，", "甲", "方"}},
		{"１２元 12元", []string{"１２", "元", "12", "元"}},
		{"don't (a/b)", []string{"don't", "(", "a/b", ")"}},
		{"⼄⽅⻓", []string{"乙", "方", "长"}},
		{"𠮷野家", []string{"𠮷", "野", "家"}},
	} {
		d := open(t, makePDF([]testPage{{lines: []string{c.line, "next"}}}, ""))
		words, err := d.Words(t.Context(), 1)
		if err != nil {
			t.Errorf("%q: %v", c.line, err)
			continue
		}
		var got []string
		var starts int
		for _, w := range words {
			got = append(got, w.Text)
			if w.NewLine {
				starts++
			}
		}
		if want := append(c.want, "next"); !slices.Equal(got, want) || starts != 2 {
			t.Errorf("%q reads %q on %d lines, want %q", c.line, got, starts, want)
		}
	}
}

func TestWordsStandWhereTheyAre(t *testing.T) {
	for _, attrs := range []string{"", "/Rotate 90", "/CropBox[60 60 500 800]/Rotate 270"} {
		away := "BT /F 12 Tf 1 0 0 1 5000 700 Tm <4E00> Tj ET"
		d := open(t, makePDF([]testPage{{lines: []string{"甲方AB"}, attrs: attrs, raw: away}}, ""))
		words, err := d.Words(t.Context(), 1)
		if err != nil || len(words) != 3 { // what is off the page is not there
			t.Fatalf("%s: %v, %v", attrs, words, err)
		}
		for i, want := range [][4]float64{{72, 700, 84, 712}, {84, 700, 96, 712}, {96, 700, 120, 712}} {
			for k, got := range words[i].Rect {
				if !near(got, want[k], 4) {
					t.Errorf("%s: %q stands at %.1f, want %v", attrs, words[i].Text, words[i].Rect, want)
					break
				}
			}
		}
	}
}

func TestWordsAreBounded(t *testing.T) {
	endless := "BT /F 1 Tf " + strings.Repeat("<4E004E01> Tj ", 110_000) + "ET"
	d := open(t, makePDF([]testPage{{raw: endless}, {lines: []string{"好的"}}}, ""))
	if _, err := d.Words(t.Context(), 1); !errors.Is(err, preview.ErrTooMuchText) {
		t.Errorf("a page without end: %v", err)
	}
	if words, err := d.Words(t.Context(), 2); err != nil || len(words) != 2 {
		t.Errorf("the next page: %v, %v", words, err)
	}
}

func TestSeals(t *testing.T) {
	d := open(t, sealed(false))
	seals, err := d.Seals(t.Context(), 1)
	if err != nil || len(seals) != 1 || seals[0] != [4]float64{300, 300, 350, 350} {
		t.Errorf("page 1 bears %v, %v", seals, err)
	}
	if seals, err := d.Seals(t.Context(), 2); err != nil || len(seals) != 0 {
		t.Errorf("page 2 bears %v, %v", seals, err)
	}
	bare, err := d.RenderBare(t.Context(), 1, 595)
	if err != nil {
		t.Fatal(err)
	}
	if got := bare.RGBAAt(325, 842-325); got.G != 255 {
		t.Errorf("the bare page has colour %v under the seal", got)
	}
	if got := bare.RGBAAt(120, 842-120); got.R > 200 {
		t.Errorf("the bare page has lost its square: %v", got)
	}
}

func BenchmarkWords(b *testing.B) {
	_, data := benchFile(b)
	d := open(b, data)
	words := 0
	for b.Loop() {
		w, err := d.Words(b.Context(), 1)
		if err != nil {
			b.Fatal(err)
		}
		words = len(w)
	}
	b.ReportMetric(float64(words), "words")
}
