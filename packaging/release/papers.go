package main

import (
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// writePapers puts the licence, the notices of what is linked in, and the changelog beside the programs.
func (r *release) writePapers(ctx context.Context, dir string) error {
	for from, to := range map[string]string{"LICENSE": "LICENSE.txt", changelog(): "CHANGES.md", "assets/fonts/OFL.txt": "OFL.txt"} {
		if err := copyFile(from, filepath.Join(dir, to), 0o644); err != nil {
			return err
		}
	}
	modules, err := linked(dir)
	if err != nil {
		return err
	}
	notices, err := notices(ctx, modules)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "NOTICES.txt"), notices, 0o644)
}

// changelog is the history for people.
func changelog() string {
	for _, name := range []string{"changelog", "CHANGELOG.md"} {
		if _, err := os.Stat(name); err == nil {
			return name
		}
	}
	return ""
}

// linked are the modules in the programs of a folder, as the linker wrote them down, by path.
func linked(dir string) ([]debug.Module, error) {
	all := map[string]debug.Module{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		info, err := buildinfo.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // a paper
		}
		for _, m := range info.Deps {
			if m, ok := ofOthers(m); ok {
				all[m.Path] = m
			}
		}
		version := strings.TrimPrefix(info.GoVersion, "go")
		all["std"] = debug.Module{Path: "std", Version: version}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no program is there", dir)
	}
	list := make([]debug.Module, 0, len(all))
	for _, m := range all {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b debug.Module) int { return cmp.Compare(a.Path, b.Path) })
	return list, nil
}

// ofOthers is the module that was linked for one that the programs ask for, and false where that lies in this project, under its
// licence.
func ofOthers(m *debug.Module) (debug.Module, bool) {
	if m.Replace != nil {
		m = m.Replace
	}
	return *m, m.Version != "" && m.Version != "(devel)"
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|copyright|patents)([.-].*)?$`)

// notices are the licences of the modules, each once, as they lie in their sources.
func notices(ctx context.Context, modules []debug.Module) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("SealDesk contains the following software of others, each under its own licence.\n")
	for _, m := range modules {
		dir, err := sourceOf(ctx, m)
		if err != nil {
			return nil, err
		}
		names, err := fs.Glob(os.DirFS(dir), "*")
		if err != nil {
			return nil, err
		}
		names = slices.DeleteFunc(names, func(n string) bool {
			info, err := os.Stat(filepath.Join(dir, n))
			return !licenceFile.MatchString(n) || err != nil || info.IsDir()
		})
		if len(names) == 0 {
			return nil, fmt.Errorf("%s %s: its source has no licence, so it may not be handed on", m.Path, m.Version)
		}
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&out, "\n%s\n%s %s: %s\n%[1]s\n\n", strings.Repeat("=", 100), m.Path, m.Version, name)
			out.Write(bytes.TrimRight(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), "\n"))
			out.WriteByte('\n')
		}
	}
	return out.Bytes(), nil
}

// sourceOf is the folder of a module's source on this machine.
func sourceOf(ctx context.Context, m debug.Module) (string, error) {
	if m.Path == "std" {
		return output(ctx, "go", "env", "GOROOT")
	}
	text, err := output(ctx, "go", "mod", "download", "-json", m.Path+"@"+m.Version)
	if err != nil {
		return "", err
	}
	var at struct{ Dir string }
	err = json.Unmarshal([]byte(text), &at)
	return at.Dir, err
}

func copyFile(from, to string, mode fs.FileMode) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, mode)
}
