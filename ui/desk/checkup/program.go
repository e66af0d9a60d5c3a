package checkup

import (
	"runtime/debug"
	"strings"
)

// Program is what made the bundle.
type Program struct {
	Name     string `json:"program"`
	Version  string `json:"version"`
	Revision string `json:"revision"` // of the source
}

// String is the name and the version, as a person tells them.
func (p Program) String() string { return strings.TrimSpace(p.Name + " " + p.Version) }

// ThisProgram is what the build knows of the running program; version is empty where no release was built.
func ThisProgram(name, version string) Program {
	p := Program{Name: name, Version: version}
	if info, ok := debug.ReadBuildInfo(); ok {
		if p.Version == "" {
			p.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				p.Revision = s.Value
			}
		}
	}
	return p
}
