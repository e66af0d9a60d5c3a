package help

import (
	"bytes"
	"image/png"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every topic is there in both languages, begins with its title, has the same number of headings, and its pictures are there.
func TestTopicsAreThereInBothLanguages(t *testing.T) {
	headings := map[string][]int{}
	for _, language := range []string{"zh-CN", "en"} {
		files, err := fs.Glob(Files, language+"/*.md")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := strings.TrimSuffix(path.Base(f), ".md")
			if !slices.Contains(Topics, name) {
				t.Errorf("%s is no topic", f)
			}
		}
		for _, name := range Topics {
			data, err := fs.ReadFile(Files, language+"/"+name+".md")
			if err != nil {
				t.Error(err)
				continue
			}
			if !strings.HasPrefix(string(data), "# ") {
				t.Errorf("%s/%s begins without a title", language, name)
			}
			headings[name] = append(headings[name], len(regexp.MustCompile(`(?m)^#+ `).FindAll(data, -1)))
		}
	}
	for name, n := range headings {
		if len(n) == 2 && n[0] != n[1] {
			t.Errorf("%s has %d headings in Chinese and %d in English", name, n[0], n[1])
		}
	}
}

// steps are the numbered steps of both manuals and the rules of the notice before them, as the table has them.
var steps = map[string]string{
	"zh-CN": "一 二 三（一） 三（二） 末" +
		" 1.1 1.2 1.3 1.4.1 1.5.1 1.6.1 1.7 1.7.1 1.7.1.1 1.7.1.2 1.7.2 1.8 1.9 1.10 1.11.1 1.11.2 1.12 1.13 1.14 2.1 2.2 2.3 3.1 3.2 3.3 4.1" +
		" 一.1 一.2 一.3 一.3.1 一.3.2 一.3.3 一.4 二.1 二.2 二.3 二.4",
	"en": "1 2 3 (1) 3 (2) end" +
		" 1.1 1.2 1.3 1.4.1 1.5.1 1.6.1 1.7 1.7.1 1.7.1.1 1.7.1.2 1.7.2 1.8 1.9 1.10 1.11.1 1.11.2 1.12 1.13 1.14 2.1 2.2 2.3 3.1 3.2 3.3 4.1" +
		" 1.1 1.2 1.3 1.3.1 1.3.2 1.3.3 1.4 2.1 2.2 2.3 2.4",
}

// The table of the manuals has every step, no empty cell, and the same tests and pictures in both languages. That these are there,
// packaging/house looks after.
func TestEveryStepOfTheManualsIsInTheTable(t *testing.T) {
	const columns = 4
	named := map[string][]string{}
	for language, want := range steps {
		blocks, err := Topic(language, "manual")
		if err != nil {
			t.Fatal(err)
		}
		rows := ""
		for _, b := range blocks {
			if b.Kind != Row {
				continue
			}
			if len(b.Cells) != columns {
				t.Fatalf("%s: %d cells in %s", language, len(b.Cells), b.Text)
			}
			for _, c := range b.Cells {
				if strings.Trim(c.Plain(), " -–—") == "" {
					t.Errorf("%s: %s is empty in %s", language, c.Column, b.Text)
				}
			}
			rows += "\n" + b.Cells[0].Plain()
			for _, c := range b.Cells[2:] {
				named[language] = append(named[language], regexp.MustCompile("[、,] ?").Split(c.Text, -1)...)
			}
		}
		for step := range strings.SplitSeq(strings.NewReplacer("3 (1)", "3_(1)", "3 (2)", "3_(2)").Replace(want), " ") {
			if step = strings.ReplaceAll(step, "_", " "); !strings.Contains(rows, "\n"+step+" ") {
				t.Errorf("%s: no step %s", language, step)
			}
		}
	}
	if !slices.Equal(named["zh-CN"], named["en"]) {
		t.Errorf("the languages name other tests or pictures:\n%q\n%q", named["zh-CN"], named["en"])
	}
}

// Both languages show the same in the same places, each in its own words, and no picture lies there unused.
func TestPicturesAreThereInBothLanguages(t *testing.T) {
	shown := map[string][]string{}
	for _, language := range []string{"zh-CN", "en"} {
		used := map[string]bool{}
		for _, name := range Topics {
			blocks, err := Topic(language, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range blocks {
				if b.Kind != Picture {
					continue
				}
				used[b.File] = true
				shown[language] = append(shown[language], name+"/"+b.File)
				data, err := PNG(language, b.File)
				if err != nil {
					t.Error(err)
					continue
				}
				m, err := png.DecodeConfig(bytes.NewReader(data))
				if err != nil || m.Width < 600 || b.Text == "" {
					t.Errorf("%s/%s: %v, %d wide, %q", language, b.File, err, m.Width, b.Text)
				}
			}
		}
		there, err := fs.Glob(Files, language+"/*.png")
		if err != nil || len(there) != len(used) {
			t.Errorf("%s: %d pictures, %d are shown (%v)", language, len(there), len(used), err)
		}
	}
	if !slices.Equal(shown["zh-CN"], shown["en"]) || len(shown["en"]) < 10 {
		t.Errorf("%q, %q", shown["zh-CN"], shown["en"])
	}
}

// A third language's window shows the guides in Chinese until somebody has put them into it.
func TestALanguageWithoutGuidesReadsTheChineseOnes(t *testing.T) {
	for tag, want := range map[string]string{"zh-CN": "zh-CN", "en": "en", "ug-CN": "zh-CN", "": "zh-CN", "../help/en": "zh-CN"} {
		if got := Language(tag); got != want {
			t.Errorf("%q: %s, want %s", tag, got, want)
		}
	}
}

func TestATopicIsReadInBlocks(t *testing.T) {
	blocks, err := Topic("en", "administrator")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[Kind]int{}
	for _, b := range blocks {
		seen[b.Kind]++
		if b.Text == "" || strings.ContainsAny(b.Plain(), "`") || strings.HasPrefix(b.Text, "#") || strings.HasPrefix(b.Text, "- ") ||
			strings.Count(b.Text, "`")%2 != 0 {
			t.Errorf("%+v", b)
		}
	}
	if blocks[0].Kind != Title || seen[Title] != 1 || seen[Heading] < 5 || seen[Bullet] < 10 || seen[Step] != 11 {
		t.Errorf("%v", seen)
	}
	if _, err := Topic("en", "../../secret"); err == nil {
		t.Error("a topic from outside")
	}
}
