package words

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strings"
	"testing"
	"testing/fstest"

	"sealdesk/assets/i18n"
)

func catalog(t *testing.T, lang string) *Catalog {
	t.Helper()
	c, err := New(fstest.MapFS{
		"zh-CN.json": {Data: []byte(`{
  "error.internal.what": "内部：{{.detail}}",
  "error.pin.wrong.do": "请重试。",
  "error.pin.wrong.what": "PIN 错，剩 {{.tries}} 次。",
  "greet": "你好，{{.name}}",
  "only": "仅中文"
}
`)},
		"en.json": {Data: []byte(`{
  "error.pin.wrong.what": "Wrong PIN, {{.tries}} left.",
  "greet": "Hello, {{.name}}"
}
`)},
	}, lang)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestT(t *testing.T) {
	tests := []struct{ lang, key, want string }{
		{Chinese, "greet", "你好，王"},
		{English, "greet", "Hello, 王"},
		{English, "only", "仅中文"},
		{"fr", "only", "仅中文"},
		{Chinese, "missing.key", "missing.key"},
	}
	for _, tt := range tests {
		if got := catalog(t, tt.lang).T(tt.key, "name", "王"); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.lang, tt.key, got, tt.want)
		}
	}
}

// A language file that is missing is told at once, an entry that is broken by the text that it ought to have.
func TestFilesThatCannotBeRead(t *testing.T) {
	good, broken := &fstest.MapFile{Data: []byte("{\n  \"greet\": \"你好\"\n}\n")}, &fstest.MapFile{Data: []byte("{\n  \"greet\": \"你")}
	for lang, files := range map[string]fstest.MapFS{Chinese: {"en.json": good}, English: {"en.json": good}} {
		if _, err := New(files, lang); err == nil {
			t.Errorf("%s: no file is missed", lang)
		}
	}
	c, err := New(fstest.MapFS{"zh-CN.json": good, "en.json": broken}, English)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.T("greet"); got != "greet" {
		t.Errorf("a broken file says %q", got)
	}
	if _, ok := c.Sentence("greet", nil); ok {
		t.Error("a broken file has a sentence")
	}
}

func allLanguages(t *testing.T) []string {
	t.Helper()
	tags, err := Languages(i18n.Files)
	if err != nil {
		t.Fatal(err)
	}
	return tags
}

// Every text of the language files is found, and what stands in none is not: the files are kept as file wants them.
func TestEveryTextIsFound(t *testing.T) {
	for _, lang := range allLanguages(t) {
		data, err := i18n.Files.ReadFile(lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]string
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		if (lang == Chinese || lang == English) && len(all) < 1000 {
			t.Fatalf("%s: only %d texts", lang, len(all))
		}
		last := ""
		for line := range strings.Lines(string(data)) {
			rest, entry := strings.CutPrefix(line, `  "`)
			if key, _, _ := strings.Cut(rest, `"`); entry {
				if key < last {
					t.Errorf("%s: %s stands behind %s; the keys are sorted, an entry a line", lang, key, last)
				}
				last = key
			}
		}
		f := file(data)
		for key, want := range all {
			if got, ok, err := f.text(key); got != want || !ok || err != nil {
				t.Errorf("%s: %s is %q, %v, %v", lang, key, got, ok, err)
			}
			for _, other := range []string{key + ".", key[1:]} {
				if _, is := all[other]; is {
					continue
				}
				if text, ok, err := f.text(other); ok || err != nil {
					t.Errorf("%s: %s, which is not there, is %q, %v", lang, other, text, err)
				}
			}
		}
		for _, none := range []string{"", "!", "~"} {
			if _, ok, err := f.text(none); ok || err != nil {
				t.Errorf("%s: %q is there: %v", lang, none, err)
			}
		}
	}
	for _, odd := range []string{"", "{}", "{\n}\n", "\n", "[]", "{\n  1\n  2\n}"} {
		if _, ok, err := file(odd).text("key"); ok || err != nil {
			t.Errorf("%q has a text: %v", odd, err)
		}
	}
}

// A list reads as one, also after it was kept as JSON.
func TestLists(t *testing.T) {
	for _, list := range []any{[]string{"宋体", "黑体"}, []any{"宋体", "黑体"}} {
		for lang, want := range map[string]string{Chinese: "你好，宋体、黑体", English: "Hello, 宋体, 黑体"} {
			if got := catalog(t, lang).T("greet", "name", list); got != want {
				t.Errorf("%s, %T: %q, want %q", lang, list, got, want)
			}
		}
	}
}

type pinError struct{ tries int }

func (e pinError) Error() string          { return "wrong pin" }
func (e pinError) Code() string           { return "pin.wrong" }
func (e pinError) Params() map[string]any { return map[string]any{"tries": e.tries} }

func TestProblemFindsTheCodedError(t *testing.T) {
	c := catalog(t, Chinese)
	want := Problem{What: "PIN 错，剩 3 次。", Do: "请重试。", Code: "pin.wrong"}
	for name, err := range map[string]error{
		"itself":  pinError{3},
		"wrapped": fmt.Errorf("sign: %w", pinError{3}),
		"joined":  errors.Join(errors.New("other"), pinError{3}),
	} {
		if got := c.Problem(err); got != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := c.Problem(errors.New("boom")); got.Code != "internal" || got.What != "内部：boom" {
		t.Errorf("uncoded: %+v", got)
	}
}

var placeholder = regexp.MustCompile(`{{\.(\w+)}}`)

// English has the keys of Chinese, any other language some of them, each with the same parameters, so that no sentence has a hole;
// and every file says what its language calls itself.
func TestLanguagesAgree(t *testing.T) {
	tags := allLanguages(t)
	if len(tags) < 2 || tags[0] != Chinese || tags[1] != English {
		t.Fatal(tags)
	}
	texts := map[string]map[string]string{}
	for _, lang := range tags {
		data, err := i18n.Files.ReadFile(lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]string{}
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatalf("%s: %v", lang, err)
		}
		if m["language.name"] == "" {
			t.Errorf("%s does not say what the language calls itself (language.name)", lang)
		}
		texts[lang] = m
	}
	for key := range texts[Chinese] {
		if _, ok := texts[English][key]; !ok {
			t.Errorf("en lacks %s", key)
		}
	}
	for _, lang := range tags[1:] {
		for key, text := range texts[lang] {
			zh, ok := texts[Chinese][key]
			if !ok {
				t.Errorf("zh-CN lacks %s, which %s has", key, lang)
				continue
			}
			if a, b := names(zh), names(text); fmt.Sprint(a) != fmt.Sprint(b) {
				t.Errorf("%s: parameters %v in zh-CN, %v in %s", key, a, b, lang)
			}
		}
	}
}

// A third language is a file: what it has not is said in Chinese, its name is its own, and the environment may ask for it.
func TestAThirdLanguageIsAFile(t *testing.T) {
	files := fstest.MapFS{
		"zh-CN.json": {Data: []byte("{\n  \"a\": \"甲\",\n  \"b\": \"乙\",\n  \"language.name\": \"中文\"\n}\n")},
		"en.json":    {Data: []byte("{\n  \"a\": \"A\",\n  \"b\": \"B\",\n  \"language.name\": \"English\"\n}\n")},
		"ug-CN.json": {Data: []byte("{\n  \"a\": \"ئا\",\n  \"language.name\": \"ئۇيغۇرچە\"\n}\n")},
		"bo.json":    {Data: []byte("{}\n")},
	}
	c, err := New(files, "ug-CN")
	if err != nil {
		t.Fatal(err)
	}
	if c.Language() != "ug-CN" || c.T("a") != "ئا" || c.T("b") != "乙" {
		t.Errorf("%s: %s, %s", c.Language(), c.T("a"), c.T("b"))
	}
	var all []string
	for _, l := range c.Languages() {
		all = append(all, l.Tag+" "+l.Name())
	}
	if want := "[zh-CN 中文 en English bo bo ug-CN ئۇيغۇرچە]"; fmt.Sprint(all) != want {
		t.Errorf("%v, want %s", all, want)
	}
	tags, _ := Languages(files)
	for asked, want := range map[string]string{
		"": Chinese, "C.UTF-8": Chinese, "POSIX": Chinese, "zh_TW.UTF-8": Chinese, "en": English, "en_GB.UTF-8": English, "ug_CN.UTF-8@x": "ug-CN", "ug": "ug-CN", "bo_CN": "bo",
		"enm": Chinese, "../etc": Chinese,
	} {
		if got := FromEnvironment(func(string) string { return asked }, tags); got != want {
			t.Errorf("%q: %s, want %s", asked, got, want)
		}
	}
	if c, err := New(files, "../zh-CN"); err != nil || c.Language() != Chinese {
		t.Errorf("a tag of no file: %v, %v", c, err)
	}
}

func names(s string) []string {
	set := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		set[m[1]] = true
	}
	var out []string
	for n := range set {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}
