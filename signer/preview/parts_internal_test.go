package preview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Ａ（１）": "a(1)", "㎡": "m2", "a\u200b\ufe0f\ufffe\uffff\u0001b": "ab", "\u00a8": "\u0308", "—": "-", "⼄": "乙",
	} {
		if got := string(foldAll(in)); got != want {
			t.Errorf("%q is compared as %q, want %q", in, got, want)
		}
	}
	if got := toRune(0x110000); got != '\ufffd' {
		t.Errorf("%q", got)
	}
}

func TestSameLine(t *testing.T) {
	line := [4]float64{100, 100, 200, 112}
	for name, tt := range map[string]struct {
		line, box [4]float64
		same      bool
	}{
		"the next character":      {line, [4]float64{200, 100, 212, 112}, true},
		"far to the right":        {line, [4]float64{300, 100, 312, 112}, false},
		"far to the left":         {line, [4]float64{10, 100, 22, 112}, false},
		"the line below":          {line, [4]float64{100, 80, 112, 92}, false},
		"below in a column":       {[4]float64{100, 100, 112, 112}, [4]float64{100, 86, 112, 98}, true},
		"above in a column":       {[4]float64{100, 100, 112, 112}, [4]float64{100, 114, 112, 126}, true},
		"far below in a column":   {[4]float64{100, 100, 112, 112}, [4]float64{100, 20, 112, 32}, false},
		"far above in a column":   {[4]float64{100, 100, 112, 112}, [4]float64{100, 180, 112, 192}, false},
		"another column and line": {[4]float64{100, 100, 112, 112}, [4]float64{300, 20, 312, 32}, false},
	} {
		if got := sameLine(tt.line, tt.box); got != tt.same {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestSplitWords(t *testing.T) {
	for in, want := range map[string]string{
		"con\x02tract next": "con\u00adtract|next", "\x02a": "a", "a\x02": "a\u00ad", "e\u0301t": "e\u0301t", "中\u0301": "中\u0301", "\u0301a": "a",
		"a.": "a|.", "a.b": "a.b", "𠮷\x00a": "𠮷|a", "a\u200bb": "ab", "。": "。", "": "",
	} {
		var got []string
		for _, w := range splitWords([]rune(in)) {
			got = append(got, w.text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// A page tree that is not laid out as PDFium lays it out is refused.
func TestOwnResourcesRefuses(t *testing.T) {
	for _, c := range []struct{ name, old, new string }{
		{"no end", "startxref", "startyref"}, {"no number at the end", "\n127\n", "\nxyz\n"}, {"a table outside", "\n127\n", "\n99999\n"}, {"a table elsewhere", "\n127\n", "\n9\n"},
		{"no range", "xref\n0 4\n", "xref\nx 4\n"}, {"half a range", "xref\n0 4\n", "xref\n0 x\n"}, {"more objects than bytes", "xref\n0 4\n", "xref\n0 999\n"},
		{"no offset", "0000000000 65535 f", "x000000000 65535 f"}, {"no generation", "0000000000 65535 f", "0000000000 x5535 f"}, {"neither free nor in use", "65535 f", "65535 x"},
		{"no trailer", "<</Root 1 0 R/Size 5>>", "[]"}, {"no root", "/Root 1 0 R", "/Toor 1 0 R"}, {"no size", "/Size 5", "/Ezis 5"}, {"an earlier revision", "/Size 5", "/Size 5/Prev 9"},
		{"a root that is none", "/Root 1 0 R", "/Root /Xyz"}, {"a root that is not there", "/Root 1 0 R", "/Root 7 0 R"}, {"a root outside", "0000000009 00000 n", "9999999999 00000 n"},
		{"a root of another number", "1 0 obj", "8 0 obj"}, {"a root without a number", "1 0 obj", "x 0 obj"}, {"a root without a generation", "1 0 obj", "1 x obj"}, {"a root that is no object", "1 0 obj", "1 0 abc"},
		{"a root that is no dictionary", "<</Pages 2 0 R>>", "(/Pages 2 0 R  )"}, {"a dictionary without names", "<</Pages 2 0 R>>", "<<(Pages)2 0 R>>"}, {"a dictionary cut", "<</Pages 2 0 R>>\nendobj\n2", "<</Pages 2 0 R(\nendobj\n2"},
		{"children that are none", "[3 0 R]", "(3 0 R)"}, {"children that are a word", "[3 0 R]", "abcdefg"}, {"a child of a stray delimiter", "[3 0 R]", "[3 0 }]"}, {"a string without end", "[3 0 R]", "[<0 R]  "[:7]},
	} {
		odd := strings.Replace(plain, c.old, c.new, 1)
		if odd == plain {
			t.Fatalf("%s changes nothing", c.name)
		}
		if _, err := ownResources([]byte(odd)); !errors.Is(err, errNotNormal) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for text, want := range map[string]int{
		"<</A[1 2 0 R(a(b)\\))<00>]/B/C/D null>>x": len("<</A[1 2 0 R(a(b)\\))<00>]/B/C/D null>>"), "12 0 R x": 6, "12 0 x": 2, "1.5 0 R": 3, " \t\f\x00true": 8,
		"(open": -1, "<open": -1, "": -1, "<<": -1, "<</A": -1, "[": -1, "}": -1, strings.Repeat("[", maxNesting+2): -1,
	} {
		s := scanner{data: []byte(text)}
		if _, err := s.value(0); (err == nil) != (want >= 0) || err == nil && s.pos != want {
			t.Errorf("%q: %d, %v", text, s.pos, err)
		}
	}
	var chain bytes.Buffer
	table := "0000000000 65535 f \n"
	for n := range maxTreeDepth + 3 {
		table += fmt.Sprintf("%010d 00000 n \n", chain.Len())
		fmt.Fprintf(&chain, "%d 0 obj\n<</Pages %d 0 R/Kids[%d 0 R]>>\nendobj\n", n+1, n+2, n+2)
	}
	at := chain.Len()
	fmt.Fprintf(&chain, "xref\n0 %d\n%strailer\n<</Root 1 0 R/Size 99>>\nstartxref\n%d\n%%%%EOF\n", maxTreeDepth+4, table, at)
	if _, err := ownResources(chain.Bytes()); !errors.Is(err, errNotNormal) {
		t.Errorf("a deep tree: %v", err)
	}
}

func TestCopiesAreBounded(t *testing.T) {
	b := boundedBuffer{limit: 4}
	if n, err := b.Write([]byte("four")); n != 4 || err != nil || b.full {
		t.Error(n, err)
	}
	if _, err := b.Write([]byte("5")); !errors.Is(err, errFull) || !b.full || b.String() != "four" {
		t.Error(err)
	}
}

func TestCacheThatIsNotTrusted(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", file, filepath.Join(file, "below"), open} {
		if openCache(path) != nil {
			t.Errorf("%q is used", path)
		}
	}
	cache := openCache(filepath.Join(dir, "own", "cache"))
	if cache == nil {
		t.Fatal("none of its own")
	}
	if err := cache.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestEngineThatDoesNotStart(t *testing.T) {
	started := make(chan struct{})
	close(started)
	broken := errors.New("no memory")
	r := New(Options{MaxOpen: 1})
	r.starts, r.failure = started, broken
	if err := r.Warm(t.Context()); !errors.Is(err, ErrEngine) || !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := r.OpenBytes(t.Context(), []byte("%PDF-")); !errors.Is(err, ErrEngine) {
		t.Error(err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	r = New(Options{})
	r.starts = started // and was closed meanwhile
	if err := r.Warm(t.Context()); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	r.starts = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Warm(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestGuarded(t *testing.T) {
	broken := errors.New("broken")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if alive, err := guarded(over, nil, nil); !alive || !errors.Is(err, context.Canceled) {
		t.Errorf("before it began: %t, %v", alive, err)
	}
	if alive, err := guarded(t.Context(), nil, func() error { panic("memory") }); alive || err == nil || !strings.Contains(err.Error(), "memory") {
		t.Errorf("a panic: %t, %v", alive, err)
	}
	for _, result := range []error{nil, broken} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		alive, err := guarded(ctx, nil, func() error { <-ctx.Done(); return result })
		cancel()
		// The end of the time and of the call may be seen in either order.
		if alive != (result == nil) || !errors.Is(err, ErrTimeout) && err != result {
			t.Errorf("ended by itself with %v: %t, %v", result, alive, err)
		}
	}
	if errors.Is(ErrTimeout, ErrClosed) || errors.Is(ErrTimeout, broken) || !errors.Is(ErrTimeout.because(broken), broken) {
		t.Error("errors of other kinds are taken for one another")
	}
}
