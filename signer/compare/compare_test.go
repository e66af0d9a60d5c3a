package compare_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/compare"
	"sealdesk/signer/pdf"
	"sealdesk/signer/preview"
	"sealdesk/signer/preview/previewtest"
)

// shared is started once: compiling the engine takes seconds.
var shared *preview.Renderer

func TestMain(m *testing.M) {
	shared = preview.New(preview.Options{CacheDir: previewtest.Cache()})
	code := m.Run()
	shared.Close()
	os.Exit(code)
}

func open(t testing.TB, data []byte) *preview.Document {
	t.Helper()
	d, err := shared.OpenBytes(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func run(t testing.TB, a, b []byte, o compare.Options) *compare.Report {
	t.Helper()
	r, err := compare.Documents(t.Context(), open(t, a), open(t, b), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told writes differences down as the tables below expect them: kind, words, and pages.
func told(differences []compare.Difference) []string {
	out := []string{}
	for _, d := range differences {
		var pages []string
		for _, side := range [][]compare.Place{d.A, d.B} {
			var on []int
			for _, p := range side {
				on = append(on, p.Page)
			}
			pages = append(pages, strings.Trim(fmt.Sprint(slices.Compact(on)), "[]"))
		}
		text := d.TextA
		if d.TextB != d.TextA {
			text += "→" + d.TextB
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s:%s %s", d.Kind, pages[0], pages[1], text)))
	}
	return out
}

func TestDifferences(t *testing.T) {
	five := flowed(prose(1, 50), 10)
	with := func(sheets []sheet, at int, more ...sheet) []sheet {
		return slices.Insert(slices.Clone(sheets), at, more...)
	}
	number := func(s string) sheet { return sheet{raw: "BT /H 14 Tf 72 400 Td (Total " + s + " yuan) Tj ET"} }
	drawn := func(raw string) []sheet { return []sheet{{lines: prose(1, 3), raw: raw}} }
	turned := func(n int) sheet { return sheet{lines: prose(n, 2), attrs: pdf.Dict{"Rotate": pdf.Integer(90)}} }
	scan := func(n int) sheet { return sheet{raw: scanned(n)} }
	seal := sealed{pdf.Rect{300, 300, 400, 400}, redSquare}
	blue := sealed{seal.rect, strings.Replace(redSquare, "1 0 0", "0 0 1", 1)}

	cover := sealed{pdf.Rect{0, 0, 595, 842}, "1 g 0 0 595 500 re f 0 g 100 450 60 40 re f"}

	for _, c := range []struct {
		name  string
		a, b  []sheet
		o     compare.Options
		want  []string
		seals []string
	}{
		{
			name: "the same words and look",
			a:    five,
			b:    with(five[:4], 4, sheet{lines: five[4].lines, attrs: pdf.Dict{"Tabs": pdf.Name("S")}}),
		},
		{
			name: "a character changed",
			a:    []sheet{{lines: []string{"合同价款壹佰元整", "甲方"}}},
			b:    []sheet{{lines: []string{"合同价款贰佰元整", "甲方"}}},
			want: []string{"changed 1:1 壹→贰"},
		},
		{
			name: "characters added",
			a:    []sheet{{lines: []string{"乙方承担责任", "甲方"}}},
			b:    []sheet{{lines: []string{"乙方不承担责任", "甲方"}}},
			want: []string{"added 1:1 →不"},
		},
		{
			name: "words removed",
			a:    []sheet{number("fixed 100")},
			b:    []sheet{number("100")},
			want: []string{"removed 1:1 fixed→"},
		},
		{
			name: "an amount is one word",
			a:    []sheet{number("1,286,000.00")},
			b:    []sheet{number("1,286,800.00")},
			want: []string{"changed 1:1 1,286,000.00→1,286,800.00"},
		},
		{
			name: "neighbours are one difference",
			a:    []sheet{{lines: []string{"甲方应当于三十日内付款"}}},
			b:    []sheet{{lines: []string{"甲方应当于五个月内付款"}}},
			want: []string{"changed 1:1 三十日→五个月"},
		},
		{
			name: "a page put in",
			a:    five,
			b:    with(five, 2, sheet{lines: []string{"补充协议的全部内容"}}),
			want: []string{"page_added 2:3 →补充协议的全部内容"},
		},
		{
			name: "a page put in front",
			a:    five,
			b:    with(five, 0, sheet{lines: []string{"封面之上的一页"}}),
			want: []string{"page_added 1:1 →封面之上的一页"},
		},
		{
			name: "a page taken out",
			a:    five,
			b:    slices.Concat(five[:4]),
			want: []string{"page_removed 5:4 " + plain(five[4].lines) + "→"},
		},
		{
			name: "pages put in and taken out",
			a:    five,
			b:    with(slices.Concat(five[:2], five[3:]), 4, sheet{lines: []string{"第一张插页"}}, sheet{lines: []string{"另附插页两张"}}),
			want: []string{"page_removed 3:2 " + plain(prose(21, 10)) + "→", "page_added 5:5 →第一张插页", "page_added 5:6 →另附插页两张"},
		},
		{
			name: "a page rewritten",
			a:    five,
			b:    slices.Concat(five[:2], []sheet{{lines: []string{"本页内容全部重新拟定", "以此为准"}}}, five[3:]),
			want: []string{"changed 3:3 " + plain(prose(21, 10)) + "→本页内容全部重新拟定以此为准"},
		},
		{
			name: "text flows on",
			a:    flowed(prose(1, 20), 10),
			b:    flowed(slices.Concat(prose(1, 2), []string{"新增的一条约定"}, prose(3, 18)), 10),
			want: []string{"added 1:1 →新增的一条约定", "moved 1:2 " + plain(prose(10, 1)), "moved 2:3 " + plain(prose(20, 1)), "page_added 2:3"},
		},
		{
			name: "text flows past headers and footers",
			a:    footed(flowed(prose(1, 20), 10)),
			b:    footed(flowed(slices.Concat([]string{"新增的一条约定"}, prose(1, 18)), 10)),
			want: []string{"added 1:1 →新增的一条约定", "moved 1:2 " + plain(prose(10, 1)), "removed 2:2 " + plain(prose(19, 2)) + "→"},
		},
		{
			name: "a clause moved",
			a:    flowed(prose(1, 20), 10),
			b:    flowed(slices.Concat(prose(1, 4), prose(6, 10), prose(5, 1), prose(16, 5)), 10),
			want: []string{"moved 1:2 " + plain(prose(5, 1)), "moved 2:1 " + plain(prose(11, 1))},
		},
		{
			name: "widths differ",
			a:    []sheet{{lines: []string{"编号（12）元，3"}}},
			b:    []sheet{{lines: []string{"编号(１２)元,3"}}},
			want: []string{"changed 1:1 （12）元，→(１２)元,"},
		},
		{
			name: "widths are ignored",
			a:    []sheet{{lines: []string{"编号（12）元，3"}}},
			b:    []sheet{{lines: []string{"编号(１２)元,3"}}},
			o:    compare.Options{IgnoreWidth: true},
		},
		{
			name: "widths inside a number are ignored",
			a:    []sheet{{lines: []string{"共1,200.50元"}}},
			b:    []sheet{{lines: []string{"共１，２００．５０元"}}},
			o:    compare.Options{IgnoreWidth: true},
		},
		{
			name: "lines end elsewhere",
			a:    []sheet{{lines: []string{"本合同一式四份", "双方各执两份"}}},
			b:    []sheet{{lines: []string{"本合同一式", "四份双方各执两份"}}},
		},
		{
			name: "line ends count",
			a:    []sheet{{lines: []string{"本合同一式四份", "双方各执两份"}}},
			b:    []sheet{{lines: []string{"本合同一式", "四份双方各执两份"}}},
			o:    compare.Options{LineBreaks: true},
			want: []string{"added 1:1 →↵", "removed 1:1 ↵→"},
		},
		{name: "radicals look the same", a: []sheet{{lines: []string{"甲乙方"}}}, b: []sheet{{lines: []string{"甲⼄⽅"}}}},
		{
			name: "a picture put in",
			a:    drawn(""),
			b:    drawn("0.5 g 100 100 60 40 re f"),
			want: []string{"picture_changed 1:1"},
		},
		{
			name: "a picture of another colour",
			a:    drawn("1 0 0 rg 100 100 60 40 re f"),
			b:    drawn("0 0.6 0 rg 100 100 60 40 re f"),
			want: []string{"picture_changed 1:1"},
		},
		{name: "a line half a pixel on", a: drawn("100 100 m 400 100 l S"), b: drawn("100 100.4 m 400 100.4 l S")},
		{
			name: "a dot in a scan",
			a:    drawn("100 100 20 20 re f"),
			b:    drawn("100 100 20 20 re f 124 100 1.6 1.6 re f"),
			want: []string{"picture_changed 1:1"},
		},
		{
			name: "a number painted over",
			a:    []sheet{number("100")},
			b:    []sheet{{raw: number("100").raw + " 1 g 106 395 24 20 re f"}},
			want: []string{"picture_changed 1:1 100"},
		},
		{
			name: "a picture over a number",
			a:    []sheet{number("100")},
			b:    []sheet{{raw: number("100").raw + " 1 g 106 395 24 20 re f 0 g 110 400 3 10 re f 120 400 8 10 re f"}},
			want: []string{"picture_changed 1:1 100"},
		},
		{
			name: "a rule that goes with its text",
			a:    []sheet{{lines: prose(1, 2), raw: "72 700 400 1 re f"}},
			b:    []sheet{{lines: slices.Concat([]string{"前言"}, prose(1, 2)), raw: "72 676 400 1 re f"}},
			want: []string{"added 1:1 →前言"},
		},
		{
			name: "a sheet of another size",
			a:    drawn(""),
			b:    []sheet{{lines: prose(1, 3), attrs: media(842, 842)}},
			want: []string{"picture_changed 1:1"},
		},
		{
			name: "turned pages",
			a:    []sheet{turned(1), turned(5)},
			b:    []sheet{turned(1), turned(3), turned(5)},
			want: []string{"page_added 1:2 →" + plain(prose(4, 1)) + plain(prose(3, 1))},
		},
		{
			name: "a scan put in",
			a:    []sheet{scan(1), scan(2), scan(3)},
			b:    []sheet{scan(1), scan(9), scan(2), scan(3)},
			want: []string{"page_added 1:2"},
		},
		{
			name: "a scan put in and another taken out",
			a:    []sheet{scan(1), scan(2), scan(3)},
			b:    []sheet{scan(9), scan(1), scan(2)},
			want: []string{"page_added 1:1", "page_removed 3:3"},
		},
		{
			name: "a scan taken out",
			a:    []sheet{scan(1), scan(2), scan(3)},
			b:    []sheet{scan(1), scan(3)},
			want: []string{"page_removed 2:1"},
		},
		{
			name: "a scan replaced",
			a:    []sheet{scan(1), scan(2), scan(3)},
			b:    []sheet{scan(1), scan(7), scan(3)},
			want: []string{"picture_changed 2:2"},
		},
		{
			name:  "a seal put on",
			a:     drawn(""),
			b:     []sheet{{lines: prose(1, 3), seals: []sealed{seal}}},
			seals: []string{"seal_added 1:1"},
		},
		{
			name:  "a seal taken off",
			a:     []sheet{{lines: prose(1, 3), seals: []sealed{seal}}},
			b:     drawn(""),
			seals: []string{"seal_removed 1:1"},
		},
		{
			name:  "another seal",
			a:     []sheet{{seals: []sealed{seal}}},
			b:     []sheet{{seals: []sealed{blue}}},
			seals: []string{"seal_changed 1:1"},
		},
		{
			name:  "a seal that does not show",
			a:     drawn(""),
			b:     []sheet{{lines: prose(1, 3), seals: []sealed{{}}}},
			seals: []string{"seal_added 1:1"},
		},
		{
			name:  "a number changed under a seal",
			a:     []sheet{number("100")},
			b:     []sheet{{raw: number("900").raw, seals: []sealed{{pdf.Rect{60, 350, 160, 450}, redSquare}}}},
			want:  []string{"changed 1:1 100→900"},
			seals: []string{"seal_added 1:1"},
		},
		{
			name:  "a picture changed under a seal",
			a:     drawn("0.5 g 310 310 60 40 re f"),
			b:     []sheet{{lines: prose(1, 3), seals: []sealed{seal}}},
			want:  []string{"picture_changed 1:1"},
			seals: []string{"seal_added 1:1"},
		},
		{
			name:  "a seal as large as the page",
			a:     drawn("72 500 60 40 re f"),
			b:     []sheet{{lines: prose(1, 3), raw: "72 500 60 40 re f", seals: []sealed{cover}}},
			want:  []string{"picture_changed 1:1"},
			seals: []string{"seal_added 1:1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, document(c.a...), document(c.b...), c.o)
			t.Logf("%q %q", told(r.Differences), told(r.Seals))
			if r.TooDifferent || r.Same != (len(r.Differences) == 0) {
				t.Errorf("same %t, too different %t, %d differences", r.Same, r.TooDifferent, len(r.Differences))
			}
			if got := told(r.Differences); !slices.Equal(got, c.want) {
				t.Errorf("differences %q, want %q", got, c.want)
			}
			if got := told(r.Seals); !slices.Equal(got, c.seals) {
				t.Errorf("seals %q, want %q", got, c.seals)
			}
		})
	}
}

// media is the size of a sheet in points.
func media(width, height int64) pdf.Dict {
	return pdf.Dict{"MediaBox": pdf.Array{pdf.Integer(0), pdf.Integer(0), pdf.Integer(width), pdf.Integer(height)}}
}

// plain is lines as the words of a difference read.
func plain(lines []string) string { return strings.ReplaceAll(strings.Join(lines, ""), " ", "") }

// footed puts a header and a number on each page.
func footed(sheets []sheet) []sheet {
	for n := range sheets {
		sheets[n].raw = fmt.Sprintf("BT /H 9 Tf 72 800 Td (Contract ZC-2026-001842) Tj 200 -760 Td (%d) Tj ET", n+1)
	}
	return sheets
}

// scanned is a page that is a picture: bars like lines of writing.
func scanned(n int) string {
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, "%d %d %d 10 re f\n", 60+(n*i*13)%40, 780-24*i, 100+(n*n*31+i*n*57)%370)
	}
	return b.String()
}

// Places are those of the displayed page, whatever its box and turn.
func TestPlaces(t *testing.T) {
	crop := pdf.Array{pdf.Integer(60), pdf.Integer(60), pdf.Integer(500), pdf.Integer(800)}
	page := func(word string, attrs pdf.Dict) []byte {
		return document(sheet{raw: "BT /H 12 Tf 100 700 Td (Price: " + word + " yuan) Tj ET", attrs: attrs})
	}
	const mm = 25.4 / 72
	for _, c := range []struct {
		name  string
		attrs pdf.Dict
		x, y  float64 // of the lower left corner of "Price:" in points from the displayed page's top left
		down  bool
	}{
		{"upright", nil, 100, 142, false},
		{"cropped", pdf.Dict{"CropBox": crop}, 40, 100, false},
		{"turned", pdf.Dict{"Rotate": pdf.Integer(90)}, 700, 100, true},
		{"cropped and turned", pdf.Dict{"Rotate": pdf.Integer(90), "CropBox": crop}, 640, 40, true},
	} {
		r := run(t, page("100", c.attrs), page("9000", c.attrs), compare.Options{})
		if len(r.Differences) != 1 || r.Differences[0].Kind != compare.Changed {
			t.Errorf("%s: %q", c.name, told(r.Differences))
			continue
		}
		a, b := r.Differences[0].A[0], r.Differences[0].B[0]
		const before, width, digit = 37.3, 20.0, 6.67 // points: of "Price: ", of "100", of a digit
		want := compare.Place{Page: 1, X: (c.x + before) * mm, Y: (c.y - 12) * mm, Width: width * mm, Height: 12 * mm}
		longer := &want.Width
		if c.down {
			want = compare.Place{Page: 1, X: c.x * mm, Y: (c.y + before) * mm, Width: 12 * mm, Height: width * mm}
			longer = &want.Height
		}
		if !near(a, want) {
			t.Errorf("%s: %+v in the first document, want %+v", c.name, a, want)
		}
		if *longer += digit * mm; !near(b, want) {
			t.Errorf("%s: %+v in the second document, want %+v", c.name, b, want)
		}
	}
}

func near(a, b compare.Place) bool {
	const off = 1.5
	return a.Page == b.Page && math.Abs(a.X-b.X) < off && math.Abs(a.Y-b.Y) < off &&
		math.Abs(a.Width-b.Width) < off && math.Abs(a.Height-b.Height) < off
}

// What only one document has is marked in the other one where it would stand.
func TestPlaceOfWhatIsMissing(t *testing.T) {
	text := func(words string) []byte { return document(sheet{raw: "BT /H 12 Tf 100 700 Td (" + words + ") Tj ET"}) }
	r := run(t, text("pay at once"), text("pay nothing at once"), compare.Options{})
	if got := told(r.Differences); !slices.Equal(got, []string{"added 1:1 →nothing"}) {
		t.Fatalf("%q", got)
	}
	a, b := r.Differences[0].A[0], r.Differences[0].B[0]
	if a.Width != 0 || a.Height == 0 || a.X < 35 || a.X >= b.X || b.Width < 10 || a.Y != b.Y {
		t.Errorf("%+v in the first document, %+v in the second one", a, b)
	}
	r = run(t, document(sheet{}), text("pay"), compare.Options{})
	if len(r.Differences) != 1 || len(r.Differences[0].A) != 1 || r.Differences[0].A[0].Page != 1 {
		t.Errorf("beside an empty page: %+v", r.Differences)
	}
	// A page that was put in stands behind the foot of the page before it.
	first, second := sheet{lines: prose(1, 2)}, sheet{lines: prose(7, 2)}
	r = run(t, document(first), document(first, second), compare.Options{})
	if a := r.Differences[0].A[0]; a.Page != 1 || a.Y != 297 || a.Height != 0 || a.Width != 209.9 {
		t.Errorf("the added page stands at %+v", a)
	}
}

// Words over two lines have a place for each.
func TestOnePlaceForEachLine(t *testing.T) {
	a, b := sheet{lines: []string{"前言", "末尾"}}, sheet{lines: []string{"前言", "新增的一行", "又一行", "末尾"}}
	r := run(t, document(a), document(b), compare.Options{})
	if got := told(r.Differences); !slices.Equal(got, []string{"added 1:1 →新增的一行又一行"}) {
		t.Fatalf("%q", got)
	}
	if b := r.Differences[0].B; len(b) != 2 || b[1].Y-b[0].Y < 8 || b[0].Width < 20 || b[1].Width > 13 {
		t.Errorf("the lines stand at %+v", b)
	}
}

// Clauses of the same pattern are alike in a few words here and there, which did not move.
func TestLikenessByChanceIsNoMove(t *testing.T) {
	five := flowed(prose(1, 50), 10)
	r := run(t, document(five...), document(slices.Concat(five[:2], flowed(prose(500, 20), 7), five[3:])...), compare.Options{})
	if len(r.Differences) == 0 || r.TooDifferent {
		t.Fatalf("%d differences, too different %t", len(r.Differences), r.TooDifferent)
	}
	for _, d := range r.Differences {
		if d.Kind == compare.Moved {
			t.Errorf("%q went from page %d to page %d", d.TextA, d.A[0].Page, d.B[0].Page)
		}
	}
}

func TestSameBytes(t *testing.T) {
	data := document(flowed(prose(1, 30), 10)...)
	r := run(t, data, data, compare.Options{})
	if !r.Same || r.A != r.B || r.A.Pages != 3 || len(r.A.SHA256) != 64 || r.Differences == nil || r.Seals == nil {
		t.Errorf("%+v", r)
	}
}

// Two texts that have nothing to do with each other end in one plain outcome, soon.
func TestTooDifferent(t *testing.T) {
	noise := func(seed, kinds int) []byte {
		var sheets []sheet
		for range 6 {
			lines := make([]string, 28)
			for k := range lines {
				runes := make([]rune, 40)
				for i := range runes {
					seed = (seed*1103515245 + 12345) & 0x7FFFFFFF
					runes[i] = rune(0x4E00 + (seed>>16)%kinds)
				}
				lines[k] = string(runes)
			}
			sheets = append(sheets, sheet{lines: lines})
		}
		return document(sheets...)
	}
	for _, kinds := range []int{30, 3000} {
		start := time.Now()
		r := run(t, noise(1, kinds), noise(2, kinds), compare.Options{})
		if !r.TooDifferent || r.Same || len(r.Differences) != 0 {
			t.Errorf("same %t, too different %t, %d differences", r.Same, r.TooDifferent, len(r.Differences))
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
	}
}

func TestProgress(t *testing.T) {
	var steps []compare.Step
	last := 0.0
	o := compare.Options{Progress: func(s compare.Step, fraction float64) {
		if len(steps) == 0 || steps[len(steps)-1] != s {
			steps, last = append(steps, s), 0
		}
		if fraction <= last || fraction > 1 {
			t.Errorf("%s goes from %g to %g", s, last, fraction)
		}
		last = fraction
	}}
	run(t, document(flowed(prose(1, 30), 10)...), document(flowed(prose(1, 40), 10)...), o)
	if want := []compare.Step{compare.StepRead, compare.StepAlign, compare.StepLook}; !slices.Equal(steps, want) || last != 1 {
		t.Errorf("steps %v, the last up to %g", steps, last)
	}
}

func TestCancel(t *testing.T) {
	a, b := open(t, document(flowed(prose(1, 400), 10)...)), open(t, document(flowed(prose(2, 400), 10)...))
	for _, at := range []compare.Step{compare.StepRead, compare.StepAlign, compare.StepLook} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := compare.Documents(ctx, a, b, compare.Options{Progress: func(s compare.Step, _ float64) {
			if s == at {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled while it should %s: %v", at, err)
		}
		cancel()
	}
}

// Hostile files end in an error or an outcome, and in time.
func TestHostile(t *testing.T) {
	impatient := preview.New(preview.Options{CacheDir: previewtest.Cache(), Timeout: time.Second})
	defer impatient.Close()
	good := document(flowed(prose(1, 20), 10)...)
	small := sealed{pdf.Rect{100, 100, 200, 200}, redSquare}
	vast := "BT /H 900 Tf 0 100 Td " + strings.Repeat("(ab) Tj 1 0 Td ", 3000) + "ET"
	huge := sealed{pdf.Rect{-1e9, -1e9, 1e9, 1e9}, redSquare}
	endless := strings.Repeat("BT /H 1 Tf ("+strings.Repeat("x", 30000)+") Tj ET\n", 200)
	for _, c := range []struct {
		name string
		data []byte
		want error // nil: compared, and different
	}{
		{"a page of text without end", document(sheet{raw: endless}), preview.ErrTooMuchText}, // or not in time
		{"words of absurd size", document(sheet{raw: "BT /H 1e30 Tf 1e30 0 0 1e30 -1e30 -1e30 Tm (endless) Tj ET"}), nil},
		{"a page of absurd size", document(sheet{attrs: media(14_000_000, 1)}), nil},
		{"a seal of absurd size", document(sheet{lines: prose(1, 10), seals: []sealed{huge}}), nil},
		{"letters as large as the page", document(sheet{raw: vast}), nil},
		{"more seals than a page holds", document(sheet{lines: prose(1, 10), seals: slices.Repeat([]sealed{small}, 300)}), nil},
		{"marks without a letter", document(sheet{lines: []string{"\u0301\u0301\u0301", "\u200b\ufeff\u00ad"}}), nil},
		{"many empty pages", document(make([]sheet, 500)...), nil},
	} {
		d, err := impatient.OpenBytes(t.Context(), c.data)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		g, err := impatient.OpenBytes(t.Context(), good)
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range [][2]*preview.Document{{d, g}, {g, d}} {
			r, err := compare.Documents(t.Context(), pair[0], pair[1], compare.Options{})
			if c.want != nil && errors.Is(err, preview.ErrTimeout) {
				continue
			}
			if !errors.Is(err, c.want) || err == nil && (r.Same || len(r.Differences) == 0 && !r.TooDifferent) {
				t.Errorf("%s: %+v, %v, want %v", c.name, r, err, c.want)
			}
		}
		d.Close()
		g.Close()
	}
}

// long is a document of pages of 1300 words, of which some were edited.
func long(pages int, edited bool) []byte {
	var sheets []sheet
	for n := range pages {
		lines := prose(1+n*28, 28)
		for k, l := range lines {
			lines[k] = l + hanzi(n*31+k) + "本条所称价款均含税费运费安装调试费"
		}
		if edited && n%50 == 7 {
			lines[5] = strings.Replace(lines[5], "支付", "退还", 1)
		}
		if edited && n%100 == 30 {
			sheets = append(sheets, sheet{lines: prose(100_000+n*28, 28), raw: "100 40 400 1 re f"})
		}
		sheets = append(sheets, sheet{lines: lines, raw: "100 40 400 1 re f"})
	}
	return document(sheets...)
}

// BenchmarkLong compares documents of 300 pages, of which six words were changed and three pages put in.
func BenchmarkLong(b *testing.B) {
	x, y := open(b, long(300, false)), open(b, long(300, true))
	b.ReportAllocs()
	stop, highest := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		for {
			select {
			case <-stop:
				highest <- peak
				return
			case <-time.After(20 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
	}()
	for b.Loop() {
		r, err := compare.Documents(b.Context(), x, y, compare.Options{})
		if err != nil || len(r.Differences) != 9 {
			b.Fatalf("%v, %v", told(r.Differences), err)
		}
	}
	close(stop)
	peak := <-highest
	if peak > 512<<20 {
		b.Errorf("it took %d MiB", peak>>20)
	}
	b.ReportMetric(float64(peak>>20), "peak-MiB")
}

// The report says which pages belong together, and whether there were words to compare.
func TestPagesThatBelongTogether(t *testing.T) {
	sheets := flowed(prose(1, 30), 10)
	longer := slices.Insert(slices.Clone(sheets), 1, sheet{lines: prose(90, 10)})
	r := run(t, document(sheets...), document(longer...), compare.Options{})
	if want := []compare.PagePair{{A: 1, B: 1}, {A: 2, B: 3}, {A: 3, B: 4}}; !slices.Equal(r.Pages, want) {
		t.Errorf("pages %v, want %v", r.Pages, want)
	}
	if r.A.Words == 0 || r.B.Words <= r.A.Words {
		t.Errorf("words: %d and %d", r.A.Words, r.B.Words)
	}
	same := run(t, document(sheets...), document(sheets...), compare.Options{})
	if want := []compare.PagePair{{A: 1, B: 1}, {A: 2, B: 2}, {A: 3, B: 3}}; !slices.Equal(same.Pages, want) {
		t.Errorf("pages of the same file %v, want %v", same.Pages, want)
	}
	scan := []sheet{{raw: "0 0 1 rg 100 100 200 200 re f"}}
	other := []sheet{{raw: "0 0 1 rg 100 100 200 250 re f"}}
	r = run(t, document(scan...), document(other...), compare.Options{})
	if r.A.Words != 0 || r.B.Words != 0 || len(r.Differences) == 0 {
		t.Errorf("pictures alone: %+v", r)
	}
}
