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
	if blocks[0].Kind != Title || seen[Title] != 1 || seen[Heading] < 5 || seen[Bullet] < 10 || seen[Step] != 4 {
		t.Errorf("%v", seen)
	}
	if _, err := Topic("en", "../../secret"); err == nil {
		t.Error("a topic from outside")
	}
}
