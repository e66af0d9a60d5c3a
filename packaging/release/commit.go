package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A commit is what is released.
type commit struct {
	version string // "1.2.0", "1.2.0+5.gba17f2b" five commits later, "0.0.0+20261126.gba17f2b" where there is no tag
	when    time.Time
}

var described = regexp.MustCompile(`^v([0-9]+\.[0-9]+\.[0-9]+)(?:-([0-9]+)-(g[0-9a-f]+))?$`)

// identify asks git, and SOURCE_DATE_EPOCH before it.
func identify(ctx context.Context) (commit, error) {
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		var err error
		if seconds, err = output(ctx, "git", "show", "-s", "--format=%ct", "HEAD"); err != nil {
			return commit{}, err
		}
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return commit{}, fmt.Errorf("the time of the commit: %w", err)
	}
	when := time.Unix(n, 0).UTC()
	short, err := output(ctx, "git", "rev-parse", "--short=12", "HEAD")
	if err != nil {
		return commit{}, err
	}
	changed, err := output(ctx, "git", "status", "--porcelain", "--untracked-files=no")
	if err != nil {
		return commit{}, err
	}
	tag, err := output(ctx, "git", "describe", "--tags", "--match", "v[0-9]*", "--abbrev=12", "--always") // the digits alone where there is no tag
	if err != nil {
		return commit{}, err
	}
	return commit{versionOf(tag, short, when, changed != ""), when}, nil
}

// versionOf is a version that both kinds of packages order by: what follows a release is after it.
func versionOf(tag, short string, when time.Time, changed bool) string {
	version := "0.0.0+" + when.Format("20060102") + ".g" + short
	if m := described.FindStringSubmatch(tag); m != nil {
		version = m[1]
		if m[2] != "" {
			version += "+" + m[2] + "." + m[3]
		}
	}
	if changed {
		if !strings.Contains(version, "+") {
			version += "+0"
		}
		version += ".changed"
	}
	return version
}

func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
