package house

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Every text that the window and the terminal ask for by name is there, in both languages: a hole would show its key.
func TestEveryTextIsThere(t *testing.T) {
	asked := map[string]string{} // key: where
	for _, root := range []string{"../../ui", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			for _, key := range askedFor(file) {
				asked[key] = path
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(asked) < 300 {
		t.Fatalf("only %d texts are asked for: the walk looked in the wrong place", len(asked))
	}
	for _, language := range []string{"zh-CN", "en"} {
		texts := readTexts(t, language)
		for key, where := range asked {
			if texts[key] == "" {
				t.Errorf("%s: no text %s, which %s shows", language, key, where)
			}
		}
	}
}

// Both languages have the same keys, and the same placeholders in each text.
func TestLanguagesAgree(t *testing.T) {
	zh, en := readTexts(t, "zh-CN"), readTexts(t, "en")
	for key, text := range zh {
		if _, ok := en[key]; !ok {
			t.Errorf("en: no text %s", key)
			continue
		}
		for _, name := range placeholders(text) {
			if !strings.Contains(en[key], name) {
				t.Errorf("en: %s does not say %s", key, name)
			}
		}
	}
	for key, text := range en {
		if _, ok := zh[key]; !ok {
			t.Errorf("zh-CN: no text %s", key)
		}
		for _, name := range placeholders(text) {
			if !strings.Contains(zh[key], name) {
				t.Errorf("zh-CN: %s does not say %s", key, name)
			}
		}
	}
}

// askedFor lists the keys that a file names as the whole first argument of t or T. Those that are put together at run
// time are not seen here.
func askedFor(file *ast.File) []string {
	var keys []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		name := ""
		switch f := call.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
		}
		if name != "t" && name != "T" {
			return true
		}
		if lit, ok := call.Args[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if key, err := strconv.Unquote(lit.Value); err == nil {
				keys = append(keys, key)
			}
		}
		return true
	})
	return keys
}

func readTexts(t *testing.T, language string) map[string]string {
	t.Helper()
	data, err := os.ReadFile("../../assets/i18n/" + language + ".json")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

func placeholders(text string) []string {
	var out []string
	for _, part := range strings.Split(text, "{{")[1:] {
		name, _, _ := strings.Cut(part, "}}")
		if strings.HasPrefix(name, ".") {
			out = append(out, name)
		}
	}
	return out
}

// Every code that a platform answers with is described to people, in both languages: what happened and what to do.
func TestEveryPlatformCodeIsDescribed(t *testing.T) {
	codes := map[string]string{} // code: constant
	for _, name := range []string{"codes.go", "errors.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), "../../platformapi/"+name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != len(spec.Names) {
				return true
			}
			for i, value := range spec.Values {
				lit, ok := value.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					continue
				}
				if code, err := strconv.Unquote(lit.Value); err == nil && strings.HasPrefix(code, "platform.") {
					codes[code] = spec.Names[i].Name
				}
			}
			return true
		})
	}
	if len(codes) < 60 {
		t.Fatalf("only %d codes were found", len(codes))
	}
	for _, language := range []string{"zh-CN", "en"} {
		texts := readTexts(t, language)
		for code, constant := range codes {
			for _, part := range []string{"what", "do"} {
				if texts["error."+code+"."+part] == "" {
					t.Errorf("%s: no text error.%s.%s for %s", language, code, part, constant)
				}
			}
		}
	}
}
