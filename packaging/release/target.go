package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A target is a system and a processor that something is built for.
type target struct {
	os, arch string
	window   bool // the window is built for it too
}

// For LoongArch there is no C compiler in the Debian release that builds this, so the window, which needs one, is left out.
var targets = []target{
	{"linux", "amd64", true},
	{"linux", "arm64", true},
	{"linux", "loong64", false},
	{"windows", "amd64", true},
}

func (t target) String() string { return t.os + "/" + t.arch }

// programs are the commands that are built for it, by their names in cmd.
func (t target) programs() []string {
	all := []string{"sealctl", "tokenhost"}
	if t.window {
		all = append(all, "sealdesk")
	}
	if t.os == "linux" {
		all = append(all, servers()...)
	}
	return all
}

// servers are those of the server's programs that there are.
func servers() []string {
	return slices.DeleteFunc([]string{"platformd", "mobilecad"}, func(name string) bool {
		_, err := os.Stat(filepath.Join("cmd", name))
		return err != nil
	})
}

// triple is the GNU name of the target's C compiler.
func (t target) triple() string {
	cpu := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[t.arch]
	if t.os == "windows" {
		return cpu + "-w64-mingw32"
	}
	return cpu + "-linux-gnu"
}

// A release is one run.
type release struct {
	commit commit
	work   string            // a temporary folder
	out    string            // where artifacts are written to
	trees  map[target]string // what was built already
	told   *madeBySealctl
}

// tree builds the target's programs once, with what lies beside them, and names the folder.
func (r *release) tree(ctx context.Context, t target) (string, error) {
	if dir, ok := r.trees[t]; ok {
		return dir, nil
	}
	dir := filepath.Join(r.work, t.os+"-"+t.arch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, name := range t.programs() {
		if err := r.build(ctx, t, name, filepath.Join(dir, name+suffix(t))); err != nil {
			return "", err
		}
	}
	if t.os == "windows" { // many vendors' libraries are 32-bit still
		if err := r.build(ctx, target{os: "windows", arch: "386"}, "tokenhost", filepath.Join(dir, "tokenhost-386.exe")); err != nil {
			return "", err
		}
	}
	if err := r.writePapers(ctx, dir); err != nil {
		return "", err
	}
	if r.trees == nil {
		r.trees = map[target]string{}
	}
	r.trees[t] = dir
	return dir, nil
}

func suffix(t target) string {
	if t.os == "windows" {
		return ".exe"
	}
	return ""
}

// build compiles one program. Only the window needs C; the others run on every Linux of the last ten years.
func (r *release) build(ctx context.Context, t target, name, out string) error {
	env := append(os.Environ(), "GOOS="+t.os, "GOARCH="+t.arch, "CGO_ENABLED=0", "GOFLAGS=",
		fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.commit.when.Unix()))
	link := "-s -w -buildid= -X main.version=" + r.commit.version
	if name == "sealdesk" {
		more, external, err := r.window(ctx, t)
		if err != nil {
			return err
		}
		env, link = append(env, more...), link+" "+external
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "x11,migrated_fynedo,no_emoji,netgo,osusergo", "-ldflags", link, "-o", out, "./cmd/"+name)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s for %s: %w", name, t, err)
	}
	return nil
}

// window are the environment and the linker's words for a program with a window.
func (r *release) window(ctx context.Context, t target) (env []string, link string, err error) {
	compiler := t.triple() + "-gcc"
	if t.os == "windows" {
		resources, err := r.resources(ctx, t)
		return []string{"CGO_ENABLED=1", "CC=" + compiler},
			"-H=windowsgui -linkmode=external '-extldflags=" + resources + " -Wl,--no-insert-timestamp'", err
	}
	root, err := filepath.Abs(filepath.Join(".cache", "sysroot", t.arch))
	if err != nil {
		return nil, "", err
	}
	if err := command(ctx, "sh", "packaging/release/sysroot.sh", t.arch, root); err != nil {
		return nil, "", err
	}
	if root, err = filepath.EvalSymlinks(root); err != nil { // several folders of the source may share it
		return nil, "", err
	}
	if strings.Contains(root, " ") { // pkg-config cannot name such a folder
		way := filepath.Join(r.work, "sysroot-"+t.arch)
		if err := os.Symlink(root, way); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, "", err
		}
		root = way
	}
	lib := filepath.Join(root, "usr", "lib", t.triple(), "pkgconfig")
	return []string{"CGO_ENABLED=1", "CC=" + compiler + " --sysroot=" + root, "PKG_CONFIG_SYSROOT_DIR=" + root,
		"PKG_CONFIG_LIBDIR=" + lib + ":" + filepath.Join(root, "usr", "share", "pkgconfig")}, "-linkmode=external '-extldflags=-Wl,--build-id=none'", nil
}

func command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}
