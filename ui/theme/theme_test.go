package theme

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"image/color"
	"math"
	"strconv"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"

	"sealdesk/assets"
)

func luminance(c color.NRGBA) float64 {
	lin := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(c.R) + 0.7152*lin(c.G) + 0.0722*lin(c.B)
}

func contrast(a, b color.NRGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// WCAG 2.2, 1.4.3: text needs 4.5 to 1; 1.4.11: the edge that shows a control's
// state, 3 to 1.
func TestContrast(t *testing.T) {
	type pair struct {
		name     string
		fg, bg   color.NRGBA
		required float64
	}
	var pairs []pair
	for ground, bg := range map[string]color.NRGBA{"white": White, "page": Page, "head": Head, "hover": Hover, "chosen": Chosen, "locked": Locked} {
		pairs = append(pairs, pair{"text on " + ground, Text, bg, 4.5}, pair{"second text on " + ground, Text2, bg, 4.5})
	}
	for ground, bg := range map[string]color.NRGBA{"white": White, "page": Page, "head": Head, "hover": Hover} {
		pairs = append(pairs, pair{"third text on " + ground, Text3, bg, 4.5}, pair{"link on " + ground, Primary, bg, 4.5})
	}
	for _, tone := range []Tone{Neutral, Info, Good, Warn, Bad} {
		fg, soft, _ := tone.Colors()
		name := "tone " + strconv.Itoa(int(tone))
		pairs = append(pairs, pair{name + " on its ground", fg, soft, 4.5}, pair{name + " on white", fg, White, 4.5},
			pair{name + " under white", White, fg, 4.5},
			pair{"text on " + name, Text, soft, 4.5}, pair{"second text on " + name, Text2, soft, 4.5},
			pair{name + " dot on the sidebar", tone.OnNavy(), NavCard, 3})
	}
	pairs = append(pairs,
		pair{"placeholder", Hint, White, 4.5},
		pair{"on a blue button", White, Primary, 4.5}, pair{"on a blue button under the pointer", White, PrimaryHi, 4.5}, pair{"on a blue button pressed", White, PrimaryDown, 4.5},
		pair{"on a red button", White, Red, 4.5}, pair{"on a red button under the pointer", White, RedHi, 4.5},
		pair{"navigation", NavText, Navy, 4.5}, pair{"navigation under the pointer", White, NavHover, 4.5}, pair{"chosen page", White, Primary, 4.5},
		pair{"edition", NavQuiet, Navy, 4.5}, pair{"status", White, NavCard, 4.5}, pair{"status, second line", NavQuiet, NavCard, 4.5},
		pair{"badge", White, NavBadge, 4.5},
		pair{"focus ring", Primary, White, 3}, pair{"focus ring on the page", Primary, Page, 3}, pair{"focus ring on the sidebar", White, Navy, 3},
		pair{"wrong field", Red, White, 3})
	for _, p := range pairs {
		if got := contrast(p.fg, p.bg); got < p.required {
			t.Errorf("%s: %.2f to 1, needs %.1f", p.name, got, p.required)
		}
	}
}

func TestContrastIsComputed(t *testing.T) {
	if got := contrast(rgb(0), rgb(0xFFFFFF)); math.Abs(got-21) > 0.01 {
		t.Errorf("black on white is %.2f to 1, want 21", got)
	}
	if got := contrast(rgb(0x777777), rgb(0xFFFFFF)); got >= 4.5 || got < 4.4 {
		t.Errorf("#777 on white is %.2f to 1, want 4.48", got)
	}
}

// names reads the constants of icons.go, so that none is forgotten here.
func names(t *testing.T) []Icon {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "icons.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []Icon
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Type == nil {
			return true
		}
		if id, ok := v.Type.(*ast.Ident); ok && id.Name == "Icon" {
			s, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			out = append(out, Icon(s))
		}
		return true
	})
	return out
}

func TestIconsAreInTheSet(t *testing.T) {
	all := names(t)
	if len(all) < 40 {
		t.Fatalf("only %d icons found", len(all))
	}
	for _, i := range all {
		if i == IconKeypad {
			continue
		}
		if _, err := assets.Icon(string(i)); err != nil {
			t.Errorf("%s: %v", i, err)
		}
	}
}

func TestIconsTakeAColour(t *testing.T) {
	for _, i := range []Icon{IconSeal, IconKeypad} {
		red, blue := i.In(Red), i.In(Primary)
		if !bytes.Contains(red.Content(), []byte("#c42b34")) || bytes.Contains(red.Content(), ink) {
			t.Errorf("%s is not red", i)
		}
		if red.Name() == blue.Name() {
			t.Errorf("%s has one name for two colours, and pictures are cached by name", i)
		}
	}
}

func TestThemeIgnoresTheVariant(t *testing.T) {
	test.NewTempApp(t)
	for _, n := range []fyne.ThemeColorName{fynetheme.ColorNameBackground, fynetheme.ColorNameForeground, fynetheme.ColorNameInputBackground, fynetheme.ColorNameScrollBar, fynetheme.ColorNameInnerWindowBorder} {
		if a, b := New().Color(n, fynetheme.VariantDark), New().Color(n, fynetheme.VariantLight); a != b {
			t.Errorf("%s is %v in the dark and %v in the light", n, a, b)
		}
	}
}

func TestFontsAreOurs(t *testing.T) {
	plain, bold := New().Font(fyne.TextStyle{}), New().Font(fyne.TextStyle{Bold: true})
	if plain.Name() != "sans-regular.otf" || bold.Name() != "sans-medium.otf" {
		t.Errorf("fonts %s and %s", plain.Name(), bold.Name())
	}
}
