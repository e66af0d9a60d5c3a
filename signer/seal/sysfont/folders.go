package sysfont

import (
	"os"
	"path/filepath"
	"runtime"
)

// Folders are the places of fonts on this system: the person's own ones first.
func Folders() []string {
	home, _ := os.UserHomeDir() // without one, the system's own are left
	in := func(root string, parts ...string) string {
		if root == "" {
			return ""
		}
		return filepath.Join(append([]string{root}, parts...)...)
	}
	var all []string
	switch runtime.GOOS {
	case "windows":
		all = []string{
			in(os.Getenv("LOCALAPPDATA"), "Microsoft", "Windows", "Fonts"),
			in(os.Getenv("SystemRoot"), "Fonts"),
		}
	case "darwin":
		all = []string{in(home, "Library", "Fonts"), "/Library/Fonts", "/System/Library/Fonts"}
	default:
		all = []string{in(home, ".local", "share", "fonts"), in(home, ".fonts"), "/usr/local/share/fonts", "/usr/share/fonts"}
	}
	folders := all[:0]
	for _, f := range all {
		if f != "" {
			folders = append(folders, f)
		}
	}
	return folders
}
