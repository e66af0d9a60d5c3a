package main

import (
	"context"
	"time"
)

// An artifact is one file that is handed to people.
type artifact struct {
	name string
	make func(ctx context.Context, r *release, tree, to string) error
}

// artifacts are a target's: packages or the installer, the archive and the bill of materials.
func (t target) artifacts(c commit) []artifact {
	name := "sealdesk-" + c.version + "-" + t.os + "-" + t.arch
	var all []artifact
	archive := name + ".tar.gz"
	switch t.os {
	case "linux":
		for _, p := range packages(t) {
			for _, format := range []string{"deb", "rpm"} {
				all = append(all, artifact{p.fileName(c, t, format), func(ctx context.Context, r *release, tree, to string) error {
					return r.pack(ctx, p, t, format, tree, to)
				}})
			}
		}
	case "windows":
		archive = name + ".zip"
		all = append(all, artifact{name + "-setup.exe", func(ctx context.Context, r *release, tree, to string) error {
			return r.installer(ctx, tree, to)
		}})
	}
	return append(all,
		artifact{archive, func(_ context.Context, r *release, tree, to string) error {
			return writeArchive(to, tree, r.commit.when)
		}},
		artifact{name + ".cdx.json", func(_ context.Context, r *release, tree, to string) error {
			modules, err := linked(tree)
			if err != nil {
				return err
			}
			return writeBill(to, billOf(r.commit, t, modules))
		}})
}

// stamp is a moment as configuration files have it.
func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }
