package house

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What a paper says is held by a test, or shown in a picture, is: each test that it names is there, under that name in that
// folder, and each picture, too. A test is named by its folder, a dot and what go test prints: `ui/desk.TestWithdrawn`,
// `cmd/sealctl.TestScripts/sign`.
func TestPapersNameTestsAndPicturesThatAreThere(t *testing.T) {
	for _, c := range []struct {
		file            string
		tests, pictures int // fewer were looked for in the wrong way
	}{
		{"assets/help/zh-CN/manual.md", 60, 50},
		{"assets/help/en/manual.md", 60, 50},
		{".github/SECURITY.md", 50, 0},
		{"README.md", 15, 60},
	} {
		text, err := os.ReadFile(filepath.Join("../..", c.file))
		if err != nil {
			t.Error(err)
			continue
		}
		tests, pictures := namedTests(string(text)), namedPictures(string(text))
		if len(tests) < c.tests || len(pictures) < c.pictures {
			t.Errorf("%s: only %d tests and %d pictures were found", c.file, len(tests), len(pictures))
		}
		for _, n := range tests {
			if why := n.missing("../.."); why != "" {
				t.Errorf("%s: %s: %s", c.file, n, why)
			}
		}
		for _, p := range pictures {
			if _, err := os.Stat(filepath.Join("../..", path.Dir(c.file), p)); err != nil {
				t.Errorf("%s: %v", c.file, err)
			}
		}
	}
}

func TestMissingTestsAreNamed(t *testing.T) {
	for _, c := range []struct {
		text    string
		missing bool
	}{
		{"`packaging/house.TestTopLevelFolders`", false},
		{"`packaging/house.TestJudgeNamesForbiddenArrows/a_page_knows_no_key`", false},
		{"`cmd/sealctl.TestScripts/sign`", false},
		{"`packaging/house.TestJudgeNamesForbiddenArrows/a_page_knows_everything`", true},
		{"`packaging/house.TestTopLevel`", true},
		{"`signer.TestTopLevelFolders`", true},
		{"`nowhere.TestTopLevelFolders`", true},
		{"`cmd/sealctl.TestScripts/no_such_script`", true},
	} {
		found := namedTests("see " + c.text + ", and `sealctl bid`")
		if len(found) != 1 {
			t.Errorf("%s: found %v", c.text, found)
			continue
		}
		if why := found[0].missing("../.."); (why != "") != c.missing {
			t.Errorf("%s: %q", c.text, why)
		}
	}
}

// named is a test that a paper names.
type named struct{ folder, function, sub string }

func (n named) String() string { return n.folder + "." + n.function + n.sub }

var (
	testName    = regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)[A-Za-z0-9_]+)(/[^`]+)?`")
	pictureLink = regexp.MustCompile(`\]\(([^)]+\.png)\)`)
)

func namedTests(text string) (found []named) {
	for _, m := range testName.FindAllStringSubmatch(text, -1) {
		found = append(found, named{m[1], m[2], m[3]})
	}
	return found
}

func namedPictures(text string) (found []string) {
	for _, m := range pictureLink.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// missing tells why a test is not there. A part of a test is looked for by its words, where its folder's tests stand, and in the
// scripts beside them.
func (n named) missing(root string) string {
	folder := filepath.Join(root, filepath.FromSlash(n.folder))
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(files) == 0 {
		return "no such folder"
	}
	function, sub := false, n.sub == ""
	name := strings.TrimPrefix(n.sub, "/")
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			return err.Error()
		}
		function = function || strings.HasSuffix(f, "_test.go") && strings.Contains(string(source), "\nfunc "+n.function+"(")
		sub = sub || strings.Contains(string(source), `"`+name+`"`) || strings.Contains(string(source), `"`+strings.ReplaceAll(name, "_", " ")+`"`)
	}
	if !sub {
		_, err := os.Stat(filepath.Join(folder, "testdata", "script", name+".txtar"))
		sub = err == nil
	}
	switch {
	case !function:
		return "no such test"
	case !sub:
		return "no such part of it"
	}
	return ""
}
