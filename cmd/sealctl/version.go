package main

import "runtime/debug"

// version is set by the build of a release.
var version = ""

type versionCmd struct{}

// Run prints {"version", "revision", "go"}.
func (versionCmd) Run(a *app) error {
	v := map[string]string{"version": version, "revision": "", "go": ""}
	if info, ok := debug.ReadBuildInfo(); ok {
		v["go"] = info.GoVersion
		if version == "" {
			v["version"] = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v["revision"] = s.Value
			}
		}
	}
	return a.tui.result(v, func() { a.tui.print("sealctl %s %s %s", v["version"], v["revision"], v["go"]) })
}
