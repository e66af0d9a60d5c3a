package sysfont

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// Folders are the places of fonts on this system: the person's own ones first.
func Folders() []string {
	home, _ := os.UserHomeDir() // without one, the system's own are left
	return folders(runtime.GOOS, home, os.Getenv)
}

func folders(system, home string, getenv func(string) string) []string {
	in := func(root string, parts ...string) string {
		if root == "" {
			return ""
		}
		return filepath.Join(append([]string{root}, parts...)...)
	}
	var all []string
	switch system {
	case "windows":
		all = []string{
			in(getenv("LOCALAPPDATA"), "Microsoft", "Windows", "Fonts"),
			in(getenv("SystemRoot"), "Fonts"),
		}
	case "darwin":
		all = []string{in(home, "Library", "Fonts"), "/Library/Fonts", "/System/Library/Fonts"}
	default:
		all = []string{in(home, ".local", "share", "fonts"), in(home, ".fonts"), "/usr/local/share/fonts", "/usr/share/fonts"}
	}
	return slices.DeleteFunc(all, func(f string) bool { return f == "" })
}
