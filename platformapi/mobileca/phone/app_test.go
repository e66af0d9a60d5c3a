package phone

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
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

// The app forgets its tokens when the service says that the session is over, and for no other answer.
func TestClient(t *testing.T) {
	node := needNode(t)
	if out, err := exec.Command(node, "--test", bundle(t, "test/client.test.ts")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A new PIN goes to every key that the old one opens.
func TestKeys(t *testing.T) {
	node := needNode(t)
	if out, err := exec.Command(node, "--test", bundle(t, "test/keys.test.ts")).CombinedOutput(); err != nil {
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
	kept := tree(t, Files)
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

var loaded = regexp.MustCompile(`(?:href|src)="/([^"]+)"`)

// The page loads what is there, from its own origin and without scripts of its own, which a strict policy refuses.
func TestPage(t *testing.T) {
	files := tree(t, Files)
	page := string(files["index.html"])
	names := loaded.FindAllStringSubmatch(page, -1)
	if len(names) < 5 {
		t.Errorf("the page loads %v", names)
	}
	for _, m := range names {
		if len(files[m[1]]) == 0 {
			t.Errorf("there is no %s", m[1])
		}
	}
	if strings.Contains(page, "://") || strings.Contains(page, "<style") || strings.Contains(page, "<script>") {
		t.Error("the page has a script or a style in it")
	}
	var manifest struct {
		Icons []struct{ Src string }
		Start string `json:"start_url"`
	}
	if err := json.Unmarshal(files["manifest.webmanifest"], &manifest); err != nil || len(manifest.Icons) == 0 || manifest.Start != "/" {
		t.Errorf("%v: %+v", err, manifest)
	}
	for _, icon := range manifest.Icons {
		if len(files[strings.TrimPrefix(icon.Src, "/")]) == 0 {
			t.Errorf("there is no %s", icon.Src)
		}
	}
	for name, body := range files {
		if bytes.Contains(body, []byte("sourceMappingURL")) {
			t.Errorf("%s names a source map", name)
		}
	}
	if worker := string(files["sw.js"]); strings.Contains(worker, "/mca/") || !strings.Contains(worker, `"/app.js"`) {
		t.Error("the worker keeps what it should not, or not the app")
	}
}
