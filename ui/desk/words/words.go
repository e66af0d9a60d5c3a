package words

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"text/template"
)

// Chinese is the language that has every text; the others fall back to it.
const (
	Chinese = "zh-CN"
	English = "en"
)

// A Catalog holds the texts of one language, and of the one that it falls back to.
type Catalog struct {
	lang      string
	languages []Language
	// A language file is read when a text of it is wanted: many runs of a program have nothing to say.
	files []func() (file, error)
}

// A Language is one that there is a file of.
type Language struct {
	Tag  string // of BCP 47, as its file is called: "zh-CN"
	name func() (string, error)
}

// Name is what the language calls itself, the file's text "language.name"; the tag where it has none.
func (l Language) Name() string {
	if name, err := l.name(); err == nil && name != "" {
		return name
	}
	return l.Tag
}

// Languages are the tags of the language files of fsys: Chinese, English, and then any others in their order.
func Languages(fsys fs.FS) ([]string, error) {
	files, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	first := []string{Chinese, English}
	tags := slices.Clone(first)
	for _, f := range files { // in order already
		if tag := strings.TrimSuffix(f, ".json"); !slices.Contains(first, tag) {
			tags = append(tags, tag)
		}
	}
	return tags, nil
}

// New takes the language files of fsys ("zh-CN.json", "en.json" and any other) and answers in lang. An unknown lang answers in Chinese.
func New(fsys fs.FS, lang string) (*Catalog, error) {
	tags, err := Languages(fsys)
	if err != nil {
		return nil, err
	}
	c := &Catalog{lang: Chinese}
	read := map[string]func() (file, error){}
	for _, tag := range tags {
		if _, err := fs.Stat(fsys, tag+".json"); err != nil {
			return nil, fmt.Errorf("words: language file %s: %w", tag, err)
		}
		read[tag] = sync.OnceValues(func() (file, error) { return fs.ReadFile(fsys, tag+".json") })
		c.languages = append(c.languages, Language{tag, sync.OnceValues(func() (string, error) {
			f, err := read[tag]()
			if err != nil {
				return "", err
			}
			name, _, err := f.text("language.name")
			return name, err
		})})
	}
	if slices.Contains(tags, lang) && lang != Chinese {
		c.lang, c.files = lang, append(c.files, read[lang])
	}
	c.files = append(c.files, read[Chinese])
	return c, nil
}

// FromEnvironment names the one of the languages that LC_ALL, LC_MESSAGES and LANG ask for, "en_GB.UTF-8" being English; else Chinese.
func FromEnvironment(getenv func(string) string, languages []string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		v, _, _ := strings.Cut(getenv(name), ".")
		v, _, _ = strings.Cut(v, "@")
		if v = strings.ReplaceAll(v, "_", "-"); v == "" {
			continue
		}
		if slices.Contains(languages, v) {
			return v
		}
		spoken, _, _ := strings.Cut(v, "-")
		for _, l := range languages {
			if tag, _, _ := strings.Cut(l, "-"); tag == spoken {
				return l
			}
		}
		return Chinese
	}
	return Chinese
}

// Languages are all that there are files of, Chinese and English first.
func (c *Catalog) Languages() []Language { return c.languages }

// Language is the tag of the catalog's language.
func (c *Catalog) Language() string { return c.lang }

// T gives the text of key; pairs are the names and values that its template uses. A key without a text is given back as
// it is, so that the hole is seen.
func (c *Catalog) T(key string, pairs ...any) string {
	data := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		data[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	text, err := c.lookup(key, data)
	if err != nil {
		return key
	}
	return text
}

func (c *Catalog) lookup(key string, data map[string]any) (string, error) {
	text, err := c.text(key)
	if err != nil {
		return "", err
	}
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	said := make(map[string]any, len(data))
	for name, value := range data {
		said[name] = c.listed(value)
	}
	form, err := template.New(key).Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = form.Execute(&b, said)
	return b.String(), err
}

// text is what stands in the language files.
func (c *Catalog) text(key string) (string, error) {
	for _, read := range c.files {
		f, err := read()
		if err != nil {
			return "", fmt.Errorf("words: %w", err)
		}
		text, ok, err := f.text(key)
		if ok || err != nil {
			return text, err
		}
	}
	return "", fmt.Errorf("words: no text %q", key)
}

// Problem is an error as a person reads it.
type Problem struct {
	What string // what happened, to what
	Do   string // what to do next
	Code string // for the hot line; small and grey
}

func (p Problem) String() string {
	if p.Do == "" {
		return p.What
	}
	return p.What + " " + p.Do
}

// Problem gives the sentences of err: those of the first error in its tree that has a code with a text. An error without
// one is an internal fault and keeps its own English text as the detail.
func (c *Catalog) Problem(err error) Problem {
	if err == nil {
		return Problem{}
	}
	if p, ok := c.coded(err); ok {
		return p
	}
	data := map[string]any{"detail": bounded(err.Error())}
	what, lookupErr := c.lookup("error.internal.what", data)
	if lookupErr != nil {
		what = err.Error()
	}
	do, _ := c.lookup("error.internal.do", data)
	return Problem{What: what, Do: do, Code: "internal"}
}

// Sentence gives the text of a code with its parameters where the code is no error, as the findings of a verdict are.
func (c *Catalog) Sentence(code string, params map[string]any) (string, bool) {
	text, err := c.lookup("error."+code+".what", params)
	return text, err == nil
}

// Advice gives what to do about a code, as Sentence gives what it says.
func (c *Catalog) Advice(code string, params map[string]any) (string, bool) {
	text, err := c.lookup("error."+code+".do", params)
	return text, err == nil
}

// listed joins a list, also one that was kept as JSON meanwhile, as the language does it; anything else stays what it is.
func (c *Catalog) listed(v any) any {
	comma := ", "
	if c.lang == Chinese {
		comma = "、"
	}
	switch v := v.(type) {
	case []string:
		return strings.Join(v, comma)
	case []any:
		names := make([]string, len(v))
		for i, x := range v {
			names[i] = fmt.Sprint(x)
		}
		return strings.Join(names, comma)
	}
	return v
}

func (c *Catalog) coded(err error) (Problem, bool) {
	if e, ok := err.(interface{ Code() string }); ok {
		var data map[string]any
		if p, ok := err.(interface{ Params() map[string]any }); ok {
			data = p.Params()
		}
		if what, lookupErr := c.lookup("error."+e.Code()+".what", data); lookupErr == nil {
			do, _ := c.lookup("error."+e.Code()+".do", data)
			return Problem{What: what, Do: do, Code: e.Code()}, true
		}
	}
	switch u := err.(type) {
	case interface{ Unwrap() []error }:
		for _, inner := range u.Unwrap() {
			if p, ok := c.coded(inner); ok {
				return p, true
			}
		}
	default:
		if inner := errors.Unwrap(err); inner != nil {
			return c.coded(inner)
		}
	}
	return Problem{}, false
}

// bounded keeps a foreign program's message to a length that a dialog can show.
func bounded(s string) string {
	const most = 300
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
