package main

import (
	"runtime"
	"runtime/debug"

	"sealdesk/ui/desk/checkup"
)

// version is set by the build of a release.
var version = ""

type versionCmd struct{}

// Run prints {"version", "revision", "go"}.
func (versionCmd) Run(a *app) error {
	p := program("sealctl")
	v := map[string]string{"version": p.Version, "revision": p.Revision, "go": runtime.Version()}
	return a.tui.result(v, func() { a.tui.print("sealctl %s %s %s", v["version"], v["revision"], v["go"]) })
}

// program is what the build knows of this program.
func program(name string) checkup.Program {
	p := checkup.Program{Name: name, Version: version}
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
