package verify

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestEveryCodeIsKnown: what the package finds is in its catalogue. Codes are what find is given, and whatever else looks like one.
func TestEveryCodeIsKnown(t *testing.T) {
	likeCode := regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)+$`)
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") || e.Name() == "finding.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		note := func(e ast.Expr, any bool) {
			if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if code, _ := strconv.Unquote(lit.Value); any || likeCode.MatchString(code) {
					seen[code] = true
				}
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "find" {
					note(n.Args[0], true)
				}
			case *ast.BasicLit:
				note(n, false)
			}
			return true
		})
	}
	for code := range seen {
		if _, known := catalogue.Known[code]; !known {
			t.Errorf("nothing is known of %q", code)
		}
	}
	for code := range catalogue.Known {
		if !seen[code] {
			t.Errorf("nobody finds %q", code)
		}
	}
}
