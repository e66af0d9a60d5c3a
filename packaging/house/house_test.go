package house

import (
	"bytes"
	"errors"
	"go/build"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

const module = "sealdesk/"

// A room is a folder with everything below it; of several that match a package, the longest counts. May lists the rooms
// whose packages it imports beside its own.
type room struct {
	folder string
	may    []string
}

var drawing = []room{
	{"token", nil},
	{"token/profile", []string{"token", "assets/vendors"}},
	{"signer", nil},
	{"platformapi", nil},
	{"assets", nil},
	{"packaging", nil},
	// What is failed is failed from outside: the program itself knows nothing of it.
	{"packaging/faults", nil},
	{"packaging/bench", []string{"signer/pdf"}},
	// A soak has a desk of its own and a real platform; it draws no window.
	{"packaging/soak", []string{"ui/desk", "token", "signer", "platformapi", "assets"}},
	{"packaging/interop", []string{"signer", "token"}},
	{"packaging/check", []string{"token/softkey"}},
	// What is handed out has the pictures and the rules for the keys that are known.
	{"packaging/release", []string{"assets", "token/profile"}},
	{"packaging/help", []string{"assets"}},
	{"packaging/mutants", []string{"packaging/probe"}},
	{"packaging/cover", []string{"packaging/probe"}},

	// The judge joins a pillar to another one's interface, which only a program may do.
	{"cmd/internal/judge", []string{"signer/verify", "platformapi/platform"}},
	// So does who knows the format of bids.
	{"cmd/internal/bidding", []string{"signer/bid", "signer/disk", "signer/finding", "signer/tsa", "signer/verify", "platformapi"}},
	{"cmd/internal/demo", []string{"token", "signer", "platformapi", "ui/desk", "assets", "cmd/internal/bidding", "cmd/internal/judge", "cmd/internal/mobile"}},
	{"cmd/internal/daemon", []string{"platformapi/outbox/turn"}},
	{"cmd/internal/harmless", nil},
	// So does the mobile CA's issuer.
	{"cmd/internal/mobile", []string{"platformapi/mobileca", "token", "token/ca"}},
	{"cmd/mobilecad", []string{"platformapi", "token/ca", "cmd/internal/daemon", "cmd/internal/mobile", "cmd/internal/harmless"}},
	{"cmd/sealdesk", []string{"ui", "token", "signer", "platformapi", "assets", "cmd/internal/demo"}},
	{"cmd/sealctl", []string{"ui/desk", "token", "signer", "platformapi", "assets", "cmd/internal/demo", "cmd/internal/keyhost", "cmd/internal/harmless"}},
	{"cmd/tokenhost", []string{"token", "cmd/internal/keyhost"}},
	{"cmd/internal/keyhost", []string{"token"}},
	{"cmd/platformd", []string{"platformapi", "signer/cms", "signer/disk", "signer/fetch", "signer/tsa", "signer/verify", "cmd/internal/bidding", "cmd/internal/daemon", "cmd/internal/judge"}},

	{"ui/desk", []string{"token", "signer", "platformapi", "assets"}},
	{"ui/theme", []string{"assets"}},
	{"ui/widgets", []string{"ui/theme", "ui/desk/amount", "assets"}},
	// Pages show what the desk hands them, in the words of documents and contracts; keys they know by the desk alone.
	{"ui/pages", []string{"ui/desk", "ui/theme", "ui/widgets", "signer", "platformapi", "assets"}},
	{"ui/pages/internal/pagetest", []string{"ui", "token", "signer", "platformapi", "assets"}},
}

// Within a pillar the arrows are fewer than a folder's name tells: what its rooms may not know of each other.
var forbidden = []struct{ from, to, why string }{
	{"signer/pdf", "signer/", "the reader stands on nothing"},
	{"signer/cms", "signer/", "a signature's envelope knows no document"},
	{"signer/ses", "signer/", "a seal's data knows no document"},
	{"signer/envelope", "signer/", "a digital envelope knows nothing of what is in it"},
	{"signer/bid", "signer/pdf", "a bid's parts are files of any kind"},
	{"signer/finding", "signer/", "a finding knows nothing of what is judged"},
	{"signer/sigkey", "signer/", "who asks a key knows nothing of what is signed"},
	{"signer/sigform", "signer/", "what signatures are called is data"},
	{"signer/verify", "signer/fetch", "opening a document touches no network"},
	{"signer/fetch", "signer/", "fetching knows no document"},
	{"signer/pdfsig", "signer/verify", "signing and judging are separate trees"},
	{"signer/verify", "signer/pdfsig", "signing and judging are separate trees"},
	{"platformapi/client", "platformapi/platform", "both ends meet over HTTP only"},
	{"platformapi/platform", "platformapi/client", "both ends meet over HTTP only"},
	{"platformapi/mobileca", "platformapi/platform", "two services that meet over HTTP only"},
	{"platformapi/platform", "platformapi/mobileca", "two services that meet over HTTP only"},
	{"platformapi/web", "platformapi/platform", "what servers share knows none of them"},
	{"platformapi/web", "platformapi/mobileca", "what servers share knows none of them"},
	{"platformapi/mobileca/twoparty", "platformapi/mobileca/store", "the scheme keeps nothing"},
	{"platformapi/platform/store", "platformapi/platform/blobs", "rows and files are kept apart"},
	{"platformapi/platform/blobs", "platformapi/platform/store", "rows and files are kept apart"},
	{"platformapi/platform/tenders", "platformapi/platform/blobs", "the rules keep nothing"},
	{"platformapi/web/audit", "platformapi/", "the chain knows no contract"},
	{"platformapi/web/jobs", "platformapi/", "who runs a job knows nothing of it"},
	{"platformapi/outbox", "platformapi/client", "the outbox sends to any Platform"},
	{"ui/pages", "platformapi/client", "pages reach the platform through the desk alone"},
	{"ui/pages", "signer/pdfsig", "pages sign through the desk alone"},
	{"ui/pages", "signer/cms", "pages sign through the desk alone"},
}

// common is what all rooms of the signer may stand on: the words in which they judge, and the way to ask a key.
var common = []string{"signer/finding", "signer/sigkey"}

// Fyne stays behind the seam, so that the work can be scripted and tested without a window.
var fyneRooms = []string{"ui/theme", "ui/widgets", "ui/pages", "cmd/sealdesk"}

func TestImportsFollowTheDrawing(t *testing.T) {
	cfg := &packages.Config{
		Mode:       packages.NeedName | packages.NeedImports | packages.NeedFiles,
		Dir:        "../..",
		BuildFlags: []string{"-tags=x11"},
		Tests:      false,
	}
	pkgs, err := packages.Load(cfg, "./...")
	if err != nil {
		t.Fatal(err)
	}
	if len(pkgs) < 20 {
		t.Fatalf("only %d packages were found: the walk looked in the wrong place", len(pkgs))
	}
	for _, p := range pkgs {
		for _, e := range p.Errors {
			t.Errorf("%s: %v", p.PkgPath, e)
		}
		var imports []string
		for path := range p.Imports {
			imports = append(imports, path)
		}
		sort.Strings(imports)
		for _, problem := range judge(strings.TrimPrefix(p.PkgPath, module), imports) {
			t.Error(problem)
		}
	}
}

// judge names every import of one package that the drawing does not have. A folder is relative to the module.
func judge(folder string, imports []string) []string {
	var problems []string
	from, ok := roomOf(folder)
	if !ok {
		return []string{folder + ": no room of the drawing holds this package"}
	}
	for _, path := range imports {
		if strings.HasPrefix(path, "fyne.io/") && !below(folder, fyneRooms...) {
			problems = append(problems, folder+": imports "+path+", but Fyne is for "+strings.Join(fyneRooms, ", ")+" only")
		}
		to, inside := strings.CutPrefix(path, module)
		if !inside {
			continue
		}
		if !below(to, from.folder) && !below(to, from.may...) {
			problems = append(problems, folder+" -> "+to+": the drawing has no such arrow")
		}
		for _, f := range forbidden {
			if len(from.folder) > len(f.from) {
				continue // a room within that has its own list
			}
			if below(folder, f.from) && !below(to, f.from) && !below(to, common...) && (below(to, f.to) || strings.HasPrefix(to, f.to)) {
				problems = append(problems, folder+" -> "+to+": "+f.why)
			}
		}
	}
	return problems
}

func roomOf(folder string) (room, bool) {
	best, found := room{}, false
	for _, r := range drawing {
		if below(folder, r.folder) && len(r.folder) >= len(best.folder) {
			best, found = r, true
		}
	}
	return best, found
}

func below(folder string, rooms ...string) bool {
	for _, r := range rooms {
		if folder == r || strings.HasPrefix(folder, r+"/") {
			return true
		}
	}
	return false
}

func TestJudgeNamesForbiddenArrows(t *testing.T) {
	tests := []struct {
		name, folder string
		imports      []string
		bad          int
	}{
		{"a pillar stands alone", "signer", []string{"sealdesk/token"}, 1},
		{"a pillar's own rooms", "token/soft", []string{"sealdesk/token", "crypto"}, 0},
		{"the desk joins pillars", "ui/desk", []string{"sealdesk/token", "sealdesk/signer/verify"}, 0},
		{"the desk knows no Fyne", "ui/desk", []string{"fyne.io/fyne/v2"}, 1},
		{"a page asks the desk", "ui/pages/login", []string{"sealdesk/ui/desk", "fyne.io/fyne/v2"}, 0},
		{"a page knows no key", "ui/pages/login", []string{"sealdesk/token"}, 1},
		{"a page shows a verdict", "ui/pages/view", []string{"sealdesk/signer/verify"}, 0},
		{"a page sends nothing itself", "ui/pages/form", []string{"sealdesk/platformapi/client"}, 1},
		{"signing does not judge", "signer/pdfsig", []string{"sealdesk/signer/verify"}, 1},
		{"a server is not a client", "platformapi/platform", []string{"sealdesk/platformapi/client"}, 1},
		{"no room for it", "helpers", nil, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := judge(tt.folder, tt.imports); len(got) != tt.bad {
				t.Errorf("judge(%s, %v) = %q, want %d problems", tt.folder, tt.imports, got, tt.bad)
			}
		})
	}
}

// Every package says what it is: a doc.go, or for a program its main.go.
func TestEveryPackageHasADoc(t *testing.T) {
	root := "../.."
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() {
			return nil
		}
		if path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		var none *build.NoGoError
		if _, err := build.ImportDir(path, 0); errors.As(err, &none) {
			return nil // no Go in it, or generators alone
		}
		for _, name := range []string{"doc.go", "main.go"} {
			if src, err := os.ReadFile(filepath.Join(path, name)); err == nil {
				if text := string(src); strings.Contains(text, "// Package ") || strings.Contains(text, "// Command ") {
					return nil
				}
				t.Errorf("%s/%s has no package comment", path, name)
				return nil
			}
		}
		t.Errorf("%s has neither doc.go nor main.go", path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The drawing that people read has every room of the tree, and no other.
func TestTheDrawingInWordsIsTheTree(t *testing.T) {
	text, err := os.ReadFile("../../.github/CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ = bytes.Cut(text, []byte("## How the house is built"))
	sections := map[string]string{}
	wing := ""
	for line := range strings.SplitSeq(string(text), "\n") {
		if strings.Contains(line, " -> ") {
			break
		}
		if m := regexp.MustCompile(`^ {4}([a-z]+)/ `).FindStringSubmatch(line); m != nil {
			wing = m[1]
		}
		sections[wing] += line + "\n"
	}
	for _, wing := range []string{"cmd", "ui", "token", "signer", "platformapi", "assets", "packaging"} {
		entries, err := os.ReadDir(filepath.Join("../..", wing))
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]bool{wing: true}
		for _, e := range entries {
			there[e.Name()] = e.IsDir()
			if e.IsDir() && e.Name() != "testdata" && !regexp.MustCompile(`\b`+e.Name()+`\b`).MatchString(sections[wing]) {
				t.Errorf("the drawing does not have %s/%s", wing, e.Name())
			}
		}
		for _, inner := range innerRooms(t, wing) {
			room := filepath.Base(inner)
			there[room] = true
			if !regexp.MustCompile(`\b` + room + `\b`).MatchString(sections[wing]) {
				t.Errorf("the drawing does not have %s", inner)
			}
		}
		for _, m := range regexp.MustCompile(`([a-z0-9]+)/`).FindAllStringSubmatch(sections[wing], -1) {
			if !there[m[1]] {
				t.Errorf("the drawing has %s/%s", wing, m[1])
			}
		}
	}
}

// innerRooms are the packages two folders below a wing. Pages are a folder each, and what only tests a room is drawn with it.
func innerRooms(t *testing.T, wing string) (rooms []string) {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join("../..", wing, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		inner := filepath.ToSlash(strings.TrimPrefix(f, filepath.Join("../..")+string(filepath.Separator)))
		programs, err := filepath.Glob(filepath.Join(f, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		if len(programs) == 0 || below(inner, "ui/pages") || filepath.Base(f) == "testdata" || strings.HasSuffix(f, "test") && filepath.Base(f) != "phonetest" {
			continue
		}
		rooms = append(rooms, inner)
	}
	return rooms
}

func TestTopLevelFolders(t *testing.T) {
	allowed := map[string]bool{"cmd": true, "ui": true, "token": true, "signer": true, "platformapi": true, "assets": true, "packaging": true, "bin": true, "dist": true}
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !allowed[e.Name()] {
			t.Errorf("folder %s is not in the house", e.Name())
		}
	}
}
