package office

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Find looks for LibreOffice on the search path and where its installers put it. The error is a refusal.
func Find() (string, error) {
	names := []string{"soffice", "libreoffice"}
	if runtime.GOOS == "windows" {
		names = []string{"soffice.com", "soffice.exe"}
	}
	for _, n := range names {
		if p, err := exec.LookPath(n); err == nil {
			return filepath.Abs(p)
		}
	}
	for _, pattern := range places() {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			continue
		}
		return found[len(found)-1], nil // of several versions the last in order
	}
	return "", missing()
}

func places() []string {
	switch runtime.GOOS {
	case "windows":
		var list []string
		for _, v := range []string{"ProgramFiles", "ProgramW6432", "ProgramFiles(x86)"} {
			if dir := os.Getenv(v); dir != "" {
				list = append(list, filepath.Join(dir, "LibreOffice*", "program", "soffice.com"))
			}
		}
		return list
	case "darwin":
		return []string{"/Applications/LibreOffice*.app/Contents/MacOS/soffice"}
	}
	return []string{
		"/usr/lib/libreoffice/program/soffice", "/usr/lib64/libreoffice/program/soffice",
		"/opt/libreoffice*/program/soffice", "/usr/local/lib/libreoffice/program/soffice",
	}
}
