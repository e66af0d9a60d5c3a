package sysfont

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestFoldersOfEverySystem(t *testing.T) {
	windows := map[string]string{"LOCALAPPDATA": "/local", "SystemRoot": "/windows"}
	for _, c := range []struct {
		system, home string
		env          map[string]string
		want         []string
	}{
		{"windows", "/home", windows, []string{"/local/Microsoft/Windows/Fonts", "/windows/Fonts"}},
		{"windows", "/home", map[string]string{"SystemRoot": "/windows"}, []string{"/windows/Fonts"}},
		{"darwin", "/home", nil, []string{"/home/Library/Fonts", "/Library/Fonts", "/System/Library/Fonts"}},
		{"linux", "/home", nil, []string{"/home/.local/share/fonts", "/home/.fonts", "/usr/local/share/fonts", "/usr/share/fonts"}},
		{"linux", "", nil, []string{"/usr/local/share/fonts", "/usr/share/fonts"}},
	} {
		got := folders(c.system, c.home, func(name string) string { return c.env[name] })
		for i := range got {
			got[i] = filepath.ToSlash(got[i])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s with home %q: %q, want %q", c.system, c.home, got, c.want)
		}
	}
}
