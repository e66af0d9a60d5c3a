package house

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// screens are the guide's pictures on three screens, by the package of ui/pages whose page or dialog they show.
var screens = map[string][]string{
	"awards":     {"awards", "flow"},
	"batch":      {"batch"},
	"bid":        {"bids", "bidding", "credit"},
	"bind":       {"bind"},
	"clean":      {"clean"},
	"compare":    {"compare"},
	"contracts":  {"contracts", "new"},
	"form":       {"form", "review"},
	"hall":       {"openings", "hall", "terminal", "read-out"},
	"help":       {"help"},
	"home":       {"home"},
	"keycard":    {"login", "bind"},
	"keys":       {"keys"},
	"login":      {"login"},
	"outbox":     {"outbox"},
	"pin":        {"pin"},
	"proxy":      {"settings"},
	"publish":    {"publish"},
	"reader":     {"view", "clean", "stamp"},
	"revision":   {"revision"},
	"scan":       {"scan"},
	"sealrule":   {"batch"},
	"seals":      {"seals", "making"},
	"settings":   {"settings"},
	"signatures": {"view", "verify"},
	"stamp":      {"stamp", "sealed"},
	"term":       {"publish"},
	"verifyfile": {"verify"},
	"view":       {"view"},
}

// unpictured are the packages that no such picture shows, and why.
var unpictured = map[string]string{
	"checkup": "it names the folders and versions of the machine that takes the picture",
	"choose":  "it lists the folders of the machine that takes the picture",
	"page":    "it has nothing to be seen",
	"shut":    "it is shown in place of the window, before there is a desk",
}

// Every page is in the guide as it looks on three screens, in both languages, and its picture is among those that are taken anew
// together; or it is said why not.
func TestEveryPageIsShownOnThreeScreens(t *testing.T) {
	folders, err := filepath.Glob("../../ui/pages/*/doc.go")
	if err != nil || len(folders) < 30 {
		t.Fatalf("%d pages were found: %v", len(folders), err)
	}
	script := read(t, "../../packaging/pictures.sh")
	shown := map[string]bool{}
	for _, f := range folders {
		name := filepath.Base(filepath.Dir(f))
		pictures, why := screens[name], unpictured[name]
		if (len(pictures) == 0) == (why == "") {
			t.Errorf("ui/pages/%s: shown in %q, not shown because %q", name, pictures, why)
		}
		for _, p := range pictures {
			shown["screens-"+p+".png"] = true
			if !regexp.MustCompile(`(?m)^` + p + ` \S`).MatchString(script) {
				t.Errorf("%s is not taken anew with the others", p)
			}
		}
	}
	for _, name := range append(keysOf(screens), keysOf(unpictured)...) {
		if !slices.ContainsFunc(folders, func(f string) bool { return filepath.Base(filepath.Dir(f)) == name }) {
			t.Errorf("there is no ui/pages/%s", name)
		}
	}
	for _, language := range []string{"zh-CN", "en"} {
		dir := "../../assets/help/" + language
		guide := read(t, dir+"/screens.md")
		for p := range shown {
			if _, err := os.Stat(filepath.Join(dir, p)); err != nil || !strings.Contains(guide, "]("+p+")") {
				t.Errorf("%s: the guide does not show %s: %v", language, p, err)
			}
		}
		there, err := filepath.Glob(dir + "/screens-*.png")
		if err != nil || len(there) != len(shown) {
			t.Errorf("%s: %d pictures of %d: %v", language, len(there), len(shown), err)
		}
	}
}

func keysOf[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
