package office

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"sealdesk/signer/cleancopy/refusal"
)

// machine is a system that has these files, and these on the search path.
func machine(goos string, onPath map[string]string, setup []string, files ...string) system {
	return system{
		os: goos,
		getenv: func(name string) string {
			return map[string]string{"HOME": "/home/li", "ProgramFiles": `C:\Program Files`, "ProgramFiles(x86)": `C:\Program Files (x86)`}[name]
		},
		lookPath: func(name string) (string, error) {
			if p, ok := onPath[name]; ok {
				return p, nil
			}
			return "", fs.ErrNotExist
		},
		setup: func() []string { return setup },
		glob: func(pattern string) (found []string) {
			for _, f := range files {
				if ok, _ := path.Match(strings.ReplaceAll(pattern, `\`, "/"), strings.ReplaceAll(f, `\`, "/")); ok {
					found = append(found, f)
				}
			}
			return found
		},
	}
}

func TestFind(t *testing.T) {
	const flatpak = "/var/lib/flatpak/exports/bin/org.libreoffice.LibreOffice"
	tests := []struct {
		name   string
		system system
		want   string
		code   string
	}{
		{"nothing", machine("linux", nil, nil), "", refusal.ConverterMissing},
		{"on the path", machine("linux", map[string]string{"soffice": "/usr/bin/soffice"}, nil, "/opt/libreoffice24.8/program/soffice"), "/usr/bin/soffice", ""},
		{"on the path by the other name", machine("linux", map[string]string{"libreoffice": "/usr/bin/libreoffice"}, nil), "/usr/bin/libreoffice", ""},
		{"a distribution's", machine("linux", nil, nil, "/usr/lib64/libreoffice/program/soffice"), "/usr/lib64/libreoffice/program/soffice", ""},
		{"the newest of the project's own", machine("linux", nil, nil, "/opt/libreoffice7.6/program/soffice", "/opt/libreoffice24.8/program/soffice", "/opt/libreoffice24.2/program/soffice"), "/opt/libreoffice24.8/program/soffice", ""},
		{"a snap only", machine("linux", map[string]string{"libreoffice": "/snap/bin/libreoffice"}, nil), "", refusal.ConverterConfined},
		{"a snap on the path and a package", machine("linux", map[string]string{"libreoffice": "/snap/bin/libreoffice"}, nil, "/usr/lib/libreoffice/program/soffice"), "/usr/lib/libreoffice/program/soffice", ""},
		{"a snap by where it lies", machine("linux", map[string]string{"soffice": "/var/lib/snapd/snap/bin/libreoffice"}, nil), "", refusal.ConverterConfined},
		{"a flatpak only", machine("linux", nil, nil, flatpak), "", refusal.ConverterConfined},
		{"a flatpak of one's own", machine("linux", nil, nil, "/home/li/.local/share/flatpak/exports/bin/org.libreoffice.LibreOffice"), "", refusal.ConverterConfined},
		{"macOS", machine("darwin", nil, nil, "/Applications/LibreOffice.app/Contents/MacOS/soffice"), "/Applications/LibreOffice.app/Contents/MacOS/soffice", ""},
		{"macOS for one person", machine("darwin", nil, nil, "/home/li/Applications/LibreOffice.app/Contents/MacOS/soffice"), "/home/li/Applications/LibreOffice.app/Contents/MacOS/soffice", ""},
		{"Windows by its registry", machine("windows", nil, []string{`D:\Office\LO\program`}, `D:\Office\LO\program\soffice.com`, `C:\Program Files\LibreOffice\program\soffice.com`), `D:\Office\LO\program\soffice.com`, ""},
		{"Windows whose registry is stale", machine("windows", nil, []string{`D:\gone`}, `C:\Program Files\LibreOffice\program\soffice.com`), `C:\Program Files\LibreOffice\program\soffice.com`, ""},
		{"Windows, 32 bits", machine("windows", nil, nil, `C:\Program Files (x86)\LibreOffice 5\program\soffice.com`), `C:\Program Files (x86)\LibreOffice 5\program\soffice.com`, ""},
		{"Windows does not take a Linux path", machine("windows", nil, nil, "/usr/lib/libreoffice/program/soffice"), "", refusal.ConverterMissing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := find(tt.system)
			var r *refusal.Error
			code := ""
			if errors.As(err, &r) {
				code = r.Code()
			}
			if got != tt.want || code != tt.code {
				t.Errorf("%q, %v; want %q, %q", got, err, tt.want, tt.code)
			}
		})
	}
}

// A program that a setting names is taken even where another one would be found.
func TestSettingWins(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o, err := Office{Program: self}.complete()
	if err != nil || o.Program != self {
		t.Errorf("%q, %v", o.Program, err)
	}
	var r *refusal.Error
	if _, err := (Office{Program: self + "-not"}).complete(); !errors.As(err, &r) || r.Code() != refusal.ConverterSetting {
		t.Errorf("a setting that names nothing is passed over: %v", err)
	}
}
