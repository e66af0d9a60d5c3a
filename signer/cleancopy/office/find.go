package office

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"sealdesk/signer/cleancopy/refusal"
)

// Find looks for LibreOffice on the search path and where its installers put it. Of several the search path's counts, else
// the newest by the name of its folder. The error is a refusal: ConverterMissing, or ConverterConfined when there is none
// but one that is locked up (snap, flatpak) and could not read what we have for it.
func Find() (string, error) {
	return find(system{
		os: runtime.GOOS, getenv: os.Getenv, lookPath: exec.LookPath, setup: setup,
		glob: func(pattern string) []string {
			found, err := filepath.Glob(pattern)
			if err != nil {
				return nil // the pattern holds a folder's name that is none
			}
			return found
		},
	})
}

// system is what is asked of the machine.
type system struct {
	os       string
	getenv   func(string) string
	lookPath func(string) (string, error)
	glob     func(pattern string) []string
	setup    func() []string // folders of programs, as an installer noted them in the Windows registry
}

func find(s system) (string, error) {
	names := []string{"soffice", "libreoffice"}
	if s.os == "windows" {
		names = []string{"soffice.com", "soffice.exe"}
	}
	locked := ""
	for _, n := range names {
		p, err := s.lookPath(n)
		switch {
		case err != nil:
		case confined(p):
			locked = p
		default:
			return filepath.Abs(p)
		}
	}
	for _, pattern := range places(s) {
		found := s.glob(pattern)
		if len(found) == 0 {
			continue
		}
		newest := slices.MaxFunc(found, byNumber)
		if !confined(newest) {
			return newest, nil
		}
		locked = newest
	}
	if locked != "" {
		return "", refusal.New(refusal.ConverterConfined, "the LibreOffice that is installed may not read files of other programs", map[string]any{"program": locked})
	}
	return "", missing()
}

// confined tells by its path whether a program sees a /tmp of its own only.
func confined(program string) bool {
	program = filepath.ToSlash(program)
	return strings.HasPrefix(program, "/snap/") || strings.Contains(program, "/snapd/") || strings.Contains(program, "/flatpak/")
}

func places(s system) []string {
	switch s.os {
	case "windows":
		var list []string
		for _, dir := range s.setup() {
			list = append(list, join(dir, "soffice.com"))
		}
		for _, v := range []string{"ProgramFiles", "ProgramW6432", "ProgramFiles(x86)"} {
			if dir := s.getenv(v); dir != "" {
				list = append(list, join(dir, "LibreOffice*", "program", "soffice.com"))
			}
		}
		return list
	case "darwin":
		const inside = "Applications/LibreOffice*.app/Contents/MacOS/soffice"
		return []string{"/" + inside, path.Join(s.getenv("HOME"), inside)}
	}
	return []string{
		"/usr/lib/libreoffice/program/soffice", "/usr/lib64/libreoffice/program/soffice",
		"/opt/libreoffice*/program/soffice", "/usr/local/lib/libreoffice*/program/soffice",
		"/snap/bin/libreoffice", "/var/lib/flatpak/exports/bin/org.libreoffice.LibreOffice",
		path.Join(s.getenv("HOME"), ".local/share/flatpak/exports/bin/org.libreoffice.LibreOffice"),
	}
}

// join is filepath.Join for Windows, wherever it is asked about.
func join(elements ...string) string { return strings.Join(elements, `\`) }

// byNumber orders names with the numbers in them as numbers, so that 24.8 comes after 7.6.
func byNumber(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x != "" && y != "" {
			p, q := strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if len(p) != len(q) {
				return len(p) - len(q)
			}
			if c := strings.Compare(p, q); c != 0 {
				return c
			}
			a, b = a[len(x):], b[len(y):]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func digits(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
}
