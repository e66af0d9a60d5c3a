package profile

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func builtin(t testing.TB) *Table {
	t.Helper()
	table, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// What travels with the program is complete, and survives the way to the helper.
func TestBuiltin(t *testing.T) {
	table := builtin(t)
	kinds := map[Interface]int{}
	for _, p := range table.All() {
		kinds[p.Interface]++
		encoded, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Decode(encoded); err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%s: became %+v, %v", p.ID, again, err)
		}
		if p.Abilities == (Abilities{}) {
			t.Errorf("%s can do nothing", p.ID)
		}
		if p.PKCS11 != nil && p.Abilities.SM2 != signsSM2(p.PKCS11) {
			t.Errorf("%s: its ability to sign with SM2 and its numbers do not agree", p.ID)
		}
	}
	if kinds[InterfacePKCS11] < 8 || kinds[InterfaceSKF] < 8 {
		t.Errorf("entries by interface: %v", kinds)
	}
}

func signsSM2(p *PKCS11) bool {
	for _, s := range p.SM2 {
		if s.Sign != 0 {
			return true
		}
	}
	return false
}

func TestMatch(t *testing.T) {
	table := builtin(t)
	tests := []struct {
		library string
		kind    Interface
		want    string
	}{
		{"/usr/lib/softhsm/libsofthsm2.so", InterfacePKCS11, "softhsm2"},
		{"/opt/own/libgm3000_pkcs11.so", InterfacePKCS11, "longmai-gm3000-pkcs11"},
		{"/opt/own/libgm3000.1.0.so", InterfaceSKF, "longmai-gm3000-skf"},
		{"/opt/own/MTOKEN_GM3000_xjca.DLL", InterfaceSKF, "longmai-gm3000-skf"},
		{"/opt/own/libsomething.so", InterfacePKCS11, "unknown-pkcs11"},
		{"/opt/own/libgm3000.1.0.so", InterfacePKCS11, "unknown-pkcs11"},
		{"/opt/own/libsomething.so", InterfaceSKF, "unknown-skf"},
	}
	for _, tt := range tests {
		if got := table.For(tt.library, tt.kind); got.ID != tt.want || got.Interface != tt.kind || got.check() != nil {
			t.Errorf("%s by %s: got %s, want %s", tt.library, tt.kind, got.ID, tt.want)
		}
	}
	// A library that nothing is known about may be of any vendor's numbers, each once.
	seen := map[SM2]bool{}
	for _, s := range table.Unknown(InterfacePKCS11).PKCS11.SM2 {
		if seen[s] {
			t.Errorf("%+v stands twice", s)
		}
		seen[s] = true
	}
	if len(seen) < 10 {
		t.Errorf("only %d ways to SM2 are known", len(seen))
	}
}

// own is a table with one entry, after a change to it.
func own(change func(map[string]any)) []byte {
	entry := map[string]any{
		"id": "own", "product": map[string]any{"zh": "产品", "en": "Product"}, "vendor": map[string]any{"zh": "厂商", "en": "Vendor"},
		"interface": "pkcs11", "paths": map[string]any{"linux": []any{"/opt/own/lib.so"}}, "abilities": map[string]any{},
		"pkcs11": map[string]any{"sm2": []any{map[string]any{"keyType": "0x80000004", "sign": "0x80008104"}}},
	}
	change(entry)
	b, err := json.Marshal(map[string]any{"version": 1, "profiles": []any{entry}})
	if err != nil {
		panic(err)
	}
	return b
}

func TestParseRefuses(t *testing.T) {
	if _, err := Parse(own(func(map[string]any) {})); err != nil {
		t.Fatal(err)
	}
	set := func(name string, v any) []byte { return own(func(e map[string]any) { e[name] = v }) }
	paths := func(system string, path any) []byte { return set("paths", map[string]any{system: []any{path}}) }
	sm2 := func(v map[string]any) []byte { return set("pkcs11", map[string]any{"sm2": []any{v}}) }
	many := make([]any, maxList+1)
	for i := range many {
		many[i] = "/opt/lib.so"
	}
	tests := map[string][]byte{
		"nothing":                {},
		"something after it":     append(own(func(map[string]any) {}), '{', '}'),
		"an unknown field":       set("commands", "run this"),
		"another version":        []byte(`{"version": 2, "profiles": []}`),
		"no id":                  set("id", ""),
		"an id with a slash":     set("id", "../own"),
		"no name":                set("product", map[string]any{"zh": "", "en": "x"}),
		"a name on two lines":    set("product", map[string]any{"zh": "a\nb", "en": "x"}),
		"a long name":            set("vendor", map[string]any{"zh": strings.Repeat("长", maxText+1), "en": "x"}),
		"an unknown interface":   set("interface", "csp"),
		"another's section":      own(func(e map[string]any) { e["skf"] = map[string]any{} }),
		"no section":             own(func(e map[string]any) { delete(e, "pkcs11") }),
		"an unknown system":      paths("plan9", "/lib.so"),
		"a relative path":        paths("linux", "lib.so"),
		"a path that climbs":     paths("linux", "/opt/../tmp/lib.so"),
		"a Windows path on unix": paths("linux", `C:\lib.dll`),
		"no drive":               paths("windows", `\\server\share\lib.dll`),
		"another variable":       paths("windows", `%TEMP%\lib.dll`),
		"a Windows path up":      paths("windows", `C:\a\..\lib.dll`),
		"a long path":            paths("linux", "/"+strings.Repeat("a", maxPath)),
		"many paths":             set("paths", map[string]any{"linux": many}),
		"a name with a folder":   set("names", []any{"a/lib.so"}),
		"a bad pattern":          set("names", []any{"[a"}),
		"a bad USB number":       set("usb", []any{"055C"}),
		"what loads libraries":   set("environment", []any{"LD_PRELOAD"}),
		"a search path":          set("environment", []any{"PATH"}),
		"an odd variable":        set("environment", []any{"a=b"}),
		"a decimal number":       sm2(map[string]any{"sign": "12"}),
		"a number too large":     sm2(map[string]any{"sign": "0x100000000"}),
		"a form without a way":   sm2(map[string]any{"ciphertext": "der"}),
		"a way without a form":   sm2(map[string]any{"decrypt": "0x1"}),
		"an unknown form":        sm2(map[string]any{"decrypt": "0x1", "ciphertext": "c2c1"}),
		"tries without end":      set("pkcs11", map[string]any{"maxTries": 1000}),
		"tries below none":       set("pkcs11", map[string]any{"maxTries": -1}),
		"an odd number":          sm2(map[string]any{"sign": "12345"}),
		"too large":              make([]byte, maxFile+1),
		"many entries":           []byte(`{"version": 1, "profiles": [` + strings.Repeat("{},", maxProfiles) + `{}]}`),
		"a long id":              set("id", strings.Repeat("a", maxText+1)),
		"many names":             set("names", many),
		"many USB numbers":       set("usb", many),
		"many PC/SC names":       set("pcsc", many),
		"many variables":         set("environment", many),
		"an empty name":          set("names", []any{""}),
		"a name that is long":    set("names", []any{strings.Repeat("a", maxPath+1)}),
		"a path on two lines":    paths("linux", "/opt/a\nb.so"),
		"many ways to SM2":       set("pkcs11", map[string]any{"sm2": slices.Repeat([]any{map[string]any{}}, maxList+1)}),
		"many names of seals":    set("pkcs11", map[string]any{"seals": many}),
		"an empty name of seals": set("pkcs11", map[string]any{"seals": []any{""}}),
		"a bad name of seals":    set("pkcs11", map[string]any{"seals": []any{"[a"}}),
		"a long name of seals":   set("pkcs11", map[string]any{"seals": []any{strings.Repeat("a", maxText+1)}}),
	}
	for name, data := range tests {
		var bad *Error
		if _, err := Parse(data); !errors.As(err, &bad) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	twice := own(func(map[string]any) {})
	var doc map[string]any
	if err := json.Unmarshal(twice, &doc); err != nil {
		t.Fatal(err)
	}
	list := doc["profiles"].([]any)
	doc["profiles"] = append(list, list[0])
	twice, _ = json.Marshal(doc)
	if _, err := Parse(twice); err == nil {
		t.Error("an entry that stands twice was taken")
	}
}

// The example in the package's description is one.
func TestExampleInDoc(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var example strings.Builder
	for line := range strings.Lines(string(doc)) {
		if text, ok := strings.CutPrefix(line, "//\t"); ok {
			example.WriteString(text)
		}
	}
	if table, err := Parse([]byte(example.String())); err != nil || len(table.All()) != 1 {
		t.Errorf("%v:\n%s", err, &example)
	}
}

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "libraries.json")
	if table, err := Load(file); err != nil || len(table.All()) != len(builtin(t).All()) {
		t.Errorf("without a file: %v", err)
	}
	write := func(data []byte) {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(own(func(e map[string]any) { e["id"] = "opensc"; e["names"] = []any{"libown*.so"} }))
	table, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := table.Get("opensc"); !ok || p.Product.En != "Product" || len(table.All()) != len(builtin(t).All()) {
		t.Errorf("an own entry does not take the place of the one that travels along: %+v", p)
	}
	if p, ok := table.Match("/any/libown2.so", InterfacePKCS11); !ok || p.ID != "opensc" {
		t.Errorf("got %+v", p)
	}
	write([]byte("{"))
	damaged := func(what string) {
		t.Helper()
		table, err := Load(file)
		var bad *Error
		if !errors.As(err, &bad) || bad.File != file || bad.Code() == "" || table == nil || len(table.All()) != len(builtin(t).All()) {
			t.Errorf("%s: %v, %v", what, table, err)
		}
		if own, err := LoadOwn(file); !errors.As(err, &bad) || bad.Params()["file"] != file || own != nil {
			t.Errorf("%s, own entries: %v, %v", what, own, err)
		}
	}
	damaged("a damaged file")
	write(make([]byte, maxFile+1))
	damaged("a file that is too large")
	if err := errors.Join(os.Remove(file), os.MkdirAll(filepath.Join(file, "x"), 0o700)); err != nil {
		t.Fatal(err)
	}
	damaged("a folder for a file")
	if p, ok := table.Get("nobody's"); ok {
		t.Errorf("an entry of nobody's: %+v", p)
	}
}

// Own entries are written whole or not at all, and only such as can be read again.
func TestOwnEntriesThatAreNotWritten(t *testing.T) {
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "file"), filepath.Join(dir, "folder")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.MkdirAll(filepath.Join(folder, "x"), 0o700)); err != nil {
		t.Fatal(err)
	}
	own := builtin(t).All()[:1]
	for path, entries := range map[string][]Profile{
		filepath.Join(file, "own.json"): own, folder: own, filepath.Join(dir, "own.json"): {{ID: "no entry"}},
	} {
		if err := SaveOwn(path, entries); err == nil {
			t.Errorf("%s was written", path)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("%v is left, %v", left, err)
	}
	for name, data := range map[string][]byte{"too large": make([]byte, maxFile+1), "no profile": []byte("{"), "an empty one": []byte("{}")} {
		if p, err := Decode(data); err == nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// In a folder where everyone may write, nobody replaces one's own file; another person's is another matter.
func TestALibraryOfSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir, err := os.MkdirTemp("/tmp", "profile-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	library := filepath.Join(dir, "lib.so")
	if err := errors.Join(os.WriteFile(library, nil, 0o600), os.Chmod(dir, 0o777|os.ModeSticky)); err != nil {
		t.Fatal(err)
	}
	if _, err := CheckLibrary(library); err != nil {
		t.Errorf("one's own: %v", err)
	}
	if err := os.Chown(library, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if _, err := CheckLibrary(library); !errors.Is(err, ErrLibraryUnsafe) {
		t.Errorf("somebody else's: %v", err)
	}
}

func TestDiscover(t *testing.T) {
	dir := t.TempDir()
	library := filepath.Join(dir, "lib.so")
	if err := os.WriteFile(library, []byte("a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(library, filepath.Join(dir, "again.so")); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.so")
	table, err := Parse(own(func(e map[string]any) {
		e["paths"] = map[string]any{"linux": []any{missing, library, filepath.Join(dir, "again.so")}}
	}))
	if err != nil {
		t.Fatal(err)
	}
	places := table.Discover()
	if len(places) != 2 {
		t.Fatalf("%d places: %+v", len(places), places)
	}
	if p := places[0]; p.Library != missing || p.Found || p.Problem != nil {
		t.Errorf("a library that is not there: %+v", p)
	}
	if p := places[1]; p.Library != library || !p.Found || p.Problem != nil || p.Profile.ID != "own" {
		t.Errorf("a library that is there: %+v", p)
	}
}

func TestCheckLibrary(t *testing.T) {
	dir := t.TempDir()
	make := func(name string, folder, file os.FileMode) string {
		path := filepath.Join(dir, name, "lib.so")
		err := errors.Join(
			os.Mkdir(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600),
			os.Chmod(path, file), os.Chmod(filepath.Dir(path), folder),
		)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := make("good", 0o755, 0o644)
	link := filepath.Join(dir, "link.so")
	open := make("open", 0o777, 0o644)
	bad := filepath.Join(dir, "bad.so")
	if err := errors.Join(os.Symlink(good, link), os.Symlink(open, bad)); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path string
		want       error
	}{
		{"a library", good, nil},
		{"a link to it", link, nil},
		{"a sticky folder", make("sticky", 0o777|os.ModeSticky, 0o644), nil},
		{"a folder that everyone writes to", open, ErrLibraryUnsafe},
		{"a link into it", bad, ErrLibraryUnsafe},
		{"a file that everyone writes to", make("file", 0o755, 0o666), ErrLibraryUnsafe},
		{"a folder", filepath.Dir(good), ErrLibraryUnsafe},
		{"a relative path", "lib.so", ErrLibraryUnsafe},
		{"a path with dots", filepath.Dir(good) + "/./lib.so", ErrLibraryUnsafe},
		{"nothing", filepath.Join(dir, "none.so"), ErrLibraryMissing},
		{"no path", "", ErrLibraryUnsafe},
	}
	for _, tt := range tests {
		file, err := CheckLibrary(tt.path)
		if err != tt.want || err == nil && filepath.Base(file) != "lib.so" || err != nil && file != "" {
			t.Errorf("%s: got %q, %v, want %v", tt.name, file, err, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(own(func(map[string]any) {}))
	f.Add([]byte(`{"version":1,"profiles":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Parse(data)
		if err != nil {
			return
		}
		for _, p := range table.All() {
			encoded, err := p.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Decode(encoded); err != nil {
				t.Errorf("%s does not survive the way to the helper: %v", encoded, err)
			}
			table.Match("/x/lib.so", p.Interface)
		}
	})
}

func TestUsesPCSC(t *testing.T) {
	table, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for library, want := range map[string]bool{
		"/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so": true,
		"/usr/lib/onepin-opensc-pkcs11.so":           true,
		"/usr/lib/softhsm/libsofthsm2.so":            false,
		"/opt/lm-gm3000user/lib/libgm3000_pkcs11.so": false,
	} {
		if got := table.For(library, InterfacePKCS11).UsesPCSC(library); got != want {
			t.Errorf("%s: %v", library, got)
		}
	}
	for library, want := range map[string]bool{"/usr/lib/libgm3000.1.0.so": false, "/usr/lib/libgm3000_scard.1.0.so": true} {
		if got := table.For(library, InterfaceSKF).UsesPCSC(library); got != want {
			t.Errorf("%s: %v", library, got)
		}
	}
}

// The example that a person copies from CONTRIBUTING is a table.
func TestTheExampleForContributorsIsATable(t *testing.T) {
	text, err := os.ReadFile("../../.github/CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	from := strings.Index(string(text), `    {"version": 1`)
	if from < 0 {
		t.Fatal("there is no example")
	}
	example, _, _ := strings.Cut(string(text[from:]), "\n\n")
	own, err := Parse([]byte(example))
	if err != nil || len(own.profiles) != 1 || own.profiles[0].ID != "acme-k3" {
		t.Errorf("%v, %+v", err, own)
	}
}
