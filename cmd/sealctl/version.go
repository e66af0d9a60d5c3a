package main

import (
	"runtime"

	"sealdesk/ui/desk/checkup"
)

// version is set by the build of a release.
var version = ""

type versionCmd struct{}

// Run prints {"version", "revision", "go"}.
func (versionCmd) Run(a *app) error {
	p := checkup.ThisProgram("sealctl", version)
	v := map[string]string{"version": p.Version, "revision": p.Revision, "go": runtime.Version()}
	return a.tui.result(v, func() { a.tui.print("sealctl %s %s %s", v["version"], v["revision"], v["go"]) })
}
