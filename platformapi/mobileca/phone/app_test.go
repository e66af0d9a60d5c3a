package phone

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// needNode finds Node and the app's npm packages, or skips the test.
func needNode(t *testing.T) (node string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped: no node, so the app's own code was not run (packaging/deps.sh test)")
	}
	if _, err := os.Stat("node_modules/.package-lock.json"); err != nil {
		t.Skip("skipped: the app's npm packages are not there (make phone)")
	}
	return node
}

// bundle makes a program for Node of a source and all that it imports.
func bundle(t *testing.T, source string) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(source), ".ts")+".mjs")
	cmd := exec.Command("node_modules/.bin/esbuild", source, "--bundle", "--platform=node", "--format=esm", "--log-level=warning", "--outfile="+program)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// The app's own tests of what it reads from others.
func TestWire(t *testing.T) {
	node := needNode(t)
	if out, err := exec.Command(node, "--test", bundle(t, "test/wire.test.ts")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// What is served is what the sources give, byte for byte.
func TestBuiltFromTheSources(t *testing.T) {
	node := needNode(t)
	dir := t.TempDir()
	if out, err := exec.Command(node, "build.mjs", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	built := tree(t, os.DirFS(dir))
	dist, err := fs.Sub(Files, "dist")
	if err != nil {
		t.Fatal(err)
	}
	kept := tree(t, dist)
	if a, b := slices.Sorted(maps.Keys(built)), slices.Sorted(maps.Keys(kept)); !slices.Equal(a, b) {
		t.Fatalf("the sources give %v, dist has %v", a, b)
	}
	for name := range built {
		if !bytes.Equal(built[name], kept[name]) {
			t.Errorf("dist/%s is not what the sources give (make phone-app)", name)
		}
	}
}

func tree(t *testing.T, dir fs.FS) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if files[e.Name()], err = fs.ReadFile(dir, e.Name()); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

var (
	placeholder = regexp.MustCompile(`\{\w+\}`)
	fixedKey    = regexp.MustCompile(`"([a-z][a-zA-Z_-]*(?:\.[a-zA-Z0-9_-]+)+)"`)
	madeKey     = regexp.MustCompile("`([a-z-]+(?:\\.[a-z-]+)*[.-])\\$\\{")
	words       = regexp.MustCompile(`>\s*[A-Za-z][A-Za-z ,.'!?-]*\s*</`)
	han         = regexp.MustCompile(`\p{Han}`)
)

// Both languages say the same things; every text is used, and the code has none of its own.
func TestTexts(t *testing.T) {
	texts := map[string]map[string]string{}
	for _, language := range []string{"zh-CN", "en"} {
		raw, err := os.ReadFile("src/i18n/" + language + ".json")
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatal(err)
		}
		texts[language] = all
		var sorted bytes.Buffer
		e := json.NewEncoder(&sorted)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(all); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(raw, sorted.Bytes()) {
			t.Errorf("%s.json is not sorted and indented by two", language)
		}
	}
	for key, chinese := range texts["zh-CN"] {
		english, ok := texts["en"][key]
		a, b := placeholder.FindAllString(chinese, -1), placeholder.FindAllString(english, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !ok || chinese == "" || english == "" || !slices.Equal(slices.Compact(a), slices.Compact(b)) {
			t.Errorf("%s: %q, %q", key, chinese, english)
		}
	}
	for key := range texts["en"] {
		if _, ok := texts["zh-CN"][key]; !ok {
			t.Errorf("%s is in English only", key)
		}
	}

	used, begun := map[string]bool{}, []string{"problem."}
	err := filepath.WalkDir("src", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".ts") && !strings.HasSuffix(path, ".tsx") {
			return err
		}
		code, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range fixedKey.FindAllStringSubmatch(string(code), -1) {
			used[m[1]] = true
		}
		for _, m := range madeKey.FindAllStringSubmatch(string(code), -1) {
			begun = append(begun, m[1])
		}
		for n, line := range strings.Split(string(code), "\n") {
			if before, _, ok := strings.Cut(line, "//"); ok {
				line = before
			}
			if han.MatchString(line) || strings.HasSuffix(path, ".tsx") && words.MatchString(line) {
				t.Errorf("%s:%d: a text in the code: %s", path, n+1, strings.TrimSpace(line))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range texts["zh-CN"] {
		if !used[key] && !slices.ContainsFunc(begun, func(b string) bool { return strings.HasPrefix(key, b) }) {
			t.Errorf("nothing uses %s", key)
		}
	}
}

func TestHandler(t *testing.T) {
	h := Handler()
	get := func(path, etag string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("If-None-Match", etag)
		h.ServeHTTP(w, r)
		return w
	}
	for path, kind := range map[string]string{
		"/": "text/html", "/q": "text/html", "/app.js": "text/javascript", "/app.css": "text/css", "/sw.js": "text/javascript",
		"/icon-512.png": "image/png", "/manifest.webmanifest": "application/manifest+json", "/zxing_reader.wasm": "application/wasm",
	} {
		w := get(path, "")
		head := w.Result().Header
		if w.Code != http.StatusOK || !strings.HasPrefix(head.Get("Content-Type"), kind) || !strings.Contains(head.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d %v", path, w.Code, head)
		}
		if again := get(path, head.Get("ETag")); again.Code != http.StatusNotModified {
			t.Errorf("%s again: %d", path, again.Code)
		}
	}
	for _, path := range []string{"/nothing", "/dist", "/q/x", "/..%2fphone.go", "/app.ts"} {
		if w := get(path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
