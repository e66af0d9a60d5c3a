package assets_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/encoding/simplifiedchinese"

	"sealdesk/assets"
)

func fonts(t *testing.T) map[string]*sfnt.Font {
	t.Helper()
	parsed := map[string]*sfnt.Font{}
	for name, data := range map[string][]byte{
		"sans-regular": assets.SansRegular(),
		"sans-medium":  assets.SansMedium(),
		"serif-bold":   assets.SerifBold(),
	} {
		f, err := sfnt.Parse(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		parsed[name] = f
	}
	return parsed
}

// missing returns the characters of text that the font has no glyph for.
func missing(t *testing.T, f *sfnt.Font, text string) string {
	t.Helper()
	var buf sfnt.Buffer
	var out []rune
	for _, r := range text {
		if r == '\n' || r == '\t' || r == '\r' {
			continue
		}
		index, err := f.GlyphIndex(&buf, r)
		if err != nil {
			t.Fatal(err)
		}
		if index == 0 && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return string(out)
}

// ideographs returns the Chinese characters of a double-byte set whose bytes
// start at lead and trail.
func ideographs(t *testing.T, lead, trail int) string {
	t.Helper()
	var out strings.Builder
	decoder := simplifiedchinese.GBK.NewDecoder()
	for a := lead; a <= 0xFE; a++ {
		for b := trail; b <= 0xFE; b++ {
			text, err := decoder.Bytes([]byte{byte(a), byte(b)})
			if err != nil {
				continue
			}
			if r, n := utf8.DecodeRune(text); n == len(text) && unicode.Is(unicode.Han, r) {
				out.WriteRune(r)
			}
		}
	}
	return out.String()
}

func TestFontsCoverNationalCharacterSets(t *testing.T) {
	gb2312 := ideographs(t, 0xA1, 0xA1)
	gbk := ideographs(t, 0x81, 0x40)
	if n := utf8.RuneCountInString(gb2312); n < 6763 {
		t.Fatalf("the test knows %d characters of GB 2312 only", n)
	}
	if n := utf8.RuneCountInString(gbk); n < 20902 {
		t.Fatalf("the test knows %d characters of GBK only", n)
	}
	for name, f := range fonts(t) {
		if m := missing(t, f, gb2312+gbk); m != "" {
			t.Errorf("%s lacks %q", name, m)
		}
		if m := missing(t, f, "䶮㛃鿍𬭳𫖯𬸣𨱏"); m != "" {
			t.Errorf("%s lacks characters of names beyond GBK: %q", name, m)
		}
	}
}

func TestFontsCoverTheWindowsMarks(t *testing.T) {
	const marks = "✓!…·—“”‘’（）①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳●○←→↑↓×％￥¥《》、。，；：？！"
	for name, f := range fonts(t) {
		if m := missing(t, f, marks); m != "" {
			t.Errorf("%s lacks %q", name, m)
		}
	}
}

// TestFontsCoverTranslations reads every translation, so that no sentence of the
// program can show an empty box.
func TestFontsCoverTranslations(t *testing.T) {
	files, err := filepath.Glob("i18n/*.json")
	if err != nil {
		t.Fatal(err)
	}
	parsed := fonts(t)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := json.Unmarshal(data, &tree); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		text := leaves(tree)
		for name, f := range parsed {
			if m := missing(t, f, text); m != "" {
				t.Errorf("%s lacks %q of %s", name, m, file)
			}
		}
	}
}

// leaves joins all strings of a JSON value.
func leaves(v any) string {
	var out strings.Builder
	switch v := v.(type) {
	case string:
		out.WriteString(v)
	case []any:
		for _, e := range v {
			out.WriteString(leaves(e))
		}
	case map[string]any:
		for _, e := range v {
			out.WriteString(leaves(e))
		}
	}
	return out.String()
}

func TestMissingFindsWhatIsNotThere(t *testing.T) {
	for name, f := range fonts(t) {
		if m := missing(t, f, "签🀄"); m != "🀄" {
			t.Errorf("%s: missing = %q, want the tile alone", name, m)
		}
	}
}

// The licence lies beside the fonts, from where the packages take it.
func TestFontLicenceTravelsAlong(t *testing.T) {
	if l, err := os.ReadFile("fonts/OFL.txt"); err != nil || !strings.Contains(string(l), "Copyright 2014-2021 Adobe") || !strings.Contains(string(l), "SIL OPEN FONT LICENSE Version 1.1") {
		t.Errorf("the licence of the fonts is not complete: %v", err)
	}
}
