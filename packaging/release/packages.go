package main

import (
	"context"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"sealdesk/assets"
)

// nfpm makes both kinds of packages. It runs as a program of its own and is no part of ours.
const nfpm = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2"

const (
	appID    = "cn.sealdesk.SealDesk"
	homepage = "https://sealdesk.cn"
	libDir   = "/usr/lib/sealdesk"
)

// A linuxPackage is one of the packages that SealDesk comes in.
type linuxPackage struct {
	name, summary, section string
	text                   string // what it is for, wrapped
	programs               []string
	contents               func(p *packing) error
	needs, likes           []string          // Debian's names of what it depends on and recommends, beside its libraries
	scripts                map[string]string // "postinstall" and the like: files of packaging/linux
}

// packages are those that can be made for a target. The window stands on the tools; a server has neither.
func packages(t target) []linuxPackage {
	list := []linuxPackage{
		{name: "sealdesk-tools", section: "utils", summary: "seal, sign and verify contracts from a terminal",
			text:     "sealctl does the work of SealDesk for scripts and batches, and tokenhost\nloads the libraries of USB keys away from it. Rules let whoever sits at\nthe machine use a key.",
			programs: []string{"sealctl", "tokenhost"}, contents: toolFiles, likes: []string{"libreoffice-writer", "fonts-noto-cjk", "pcscd"},
			scripts: map[string]string{"postinstall": "tools.postinst", "postremove": "tools.postrm"}},
		{name: "sealdesk-server", section: "net", summary: "trading platform and mobile CA for SealDesk",
			text:     "The reference trading platform that SealDesk carries contracts to, with\nunits for systemd, which are not started before they are set up.",
			programs: servers(), contents: serverFiles, likes: []string{"ca-certificates"},
			scripts: map[string]string{"postinstall": "server.postinst", "preremove": "server.prerm", "postremove": "server.postrm"}},
	}
	if t.window {
		list = append(list, linuxPackage{name: "sealdesk", section: "text", summary: "seal and sign government procurement contracts",
			text:     "SealDesk makes a clean copy of a contract, shows exactly what will be\nsigned, seals and signs it with the key of a certificate authority,\nverifies its own work, and carries it to the trading platform without\nlosing it.",
			programs: []string{"sealdesk"}, contents: windowFiles, needs: []string{"sealdesk-tools"},
			likes: []string{"libgl1-mesa-dri", "zenity"}})
	}
	return list
}

var rpmArch = map[string]string{"amd64": "x86_64", "arm64": "aarch64", "loong64": "loongarch64"}

func (p linuxPackage) fileName(c commit, t target, format string) string {
	if format == "rpm" {
		return fmt.Sprintf("%s-%s-1.%s.rpm", p.name, c.version, rpmArch[t.arch])
	}
	return fmt.Sprintf("%s_%s_%s.deb", p.name, c.version, t.arch)
}

// content is a file of a package, as nfpm has it.
type content struct {
	Src  string   `json:"src,omitempty"`
	Dst  string   `json:"dst"`
	Type string   `json:"type,omitempty"`
	Info fileInfo `json:"file_info"`
}

type fileInfo struct {
	Mode  uint32 `json:"mode,omitempty"`
	MTime string `json:"mtime"`
}

// packing is one package while it is made.
type packing struct {
	r      *release
	tree   string // the target's programs
	stage  string // files that are made for this package
	format string
	files  []content
}

func (p *packing) add(src, dst string, mode uint32) {
	p.files = append(p.files, content{Src: src, Dst: dst, Info: fileInfo{Mode: mode, MTime: stamp(p.r.commit.when)}})
}

func (p *packing) link(to, dst string) {
	p.files = append(p.files, content{Src: to, Dst: dst, Type: "symlink", Info: fileInfo{MTime: stamp(p.r.commit.when)}})
}

// write makes a file of the package.
func (p *packing) write(name, dst string, data []byte) error {
	path := filepath.Join(p.stage, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return err
	}
	p.add(path, dst, 0o644)
	return nil
}

// program puts a program beside the others of SealDesk, and its name where the shell finds it.
func (p *packing) program(name string) {
	p.add(filepath.Join(p.tree, name), libDir+"/"+name, 0o755)
	if name != "tokenhost" {
		p.link("../lib/sealdesk/"+name, "/usr/bin/"+name)
	}
}

// man adds a page of the manual, compressed as the systems want it.
func (p *packing) man(page, lang string, text []byte) error {
	section := page[len(page)-1:]
	data, err := gzipped(text)
	if err != nil {
		return err
	}
	return p.write("man/"+lang+page+".gz", filepath.Join("/usr/share/man", lang, "man"+section, page+".gz"), data)
}

// manFile adds a page that was written by hand.
func (p *packing) manFile(page string) error {
	text, err := os.ReadFile("packaging/linux/" + page)
	if err != nil {
		return err
	}
	return p.man(page, "", text)
}

func windowFiles(p *packing) error {
	p.add("packaging/linux/"+appID+".desktop", "/usr/share/applications/"+appID+".desktop", 0o644)
	p.add("packaging/linux/"+appID+".xml", "/usr/share/mime/packages/"+appID+".xml", 0o644)
	info, err := p.r.metainfo()
	if err != nil {
		return err
	}
	if err := p.write("metainfo.xml", "/usr/share/metainfo/"+appID+".metainfo.xml", info); err != nil {
		return err
	}
	for _, size := range assets.AppIconSizes {
		dst := fmt.Sprintf("/usr/share/icons/hicolor/%dx%[1]d/apps/%s.png", size, appID)
		if err := p.write(fmt.Sprintf("icon-%d.png", size), dst, assets.AppIconPNG(size)); err != nil {
			return err
		}
	}
	if err := p.write("icon.svg", "/usr/share/icons/hicolor/scalable/apps/"+appID+".svg", assets.AppIconSVG()); err != nil {
		return err
	}
	return p.manFile("sealdesk.1")
}

func toolFiles(p *packing) error {
	rules, err := udevRules()
	if err != nil {
		return err
	}
	if err := p.write("70-sealdesk-keys.rules", "/usr/lib/udev/rules.d/70-sealdesk-keys.rules", rules); err != nil {
		return err
	}
	made, err := p.r.fromSealctl()
	if err != nil {
		return err
	}
	if err := p.man("sealctl.1", "", made.manual); err != nil {
		return err
	}
	if err := p.man("sealctl.1", "zh_CN", made.chinese); err != nil {
		return err
	}
	for shell, dst := range map[string]string{
		"bash": "/usr/share/bash-completion/completions/sealctl",
		"zsh":  "/usr/share/zsh/vendor-completions/_sealctl",
		"fish": "/usr/share/fish/vendor_completions.d/sealctl.fish",
	} {
		if p.format == "rpm" && shell == "zsh" {
			dst = "/usr/share/zsh/site-functions/_sealctl"
		}
		if err := p.write("completion."+shell, dst, made.completions[shell]); err != nil {
			return err
		}
	}
	return nil
}

func serverFiles(p *packing) error {
	for _, name := range servers() {
		unit := "sealdesk-" + name + ".service"
		p.add("packaging/linux/"+unit, "/usr/lib/systemd/system/"+unit, 0o644)
		p.add("packaging/linux/"+name+".conf", "/etc/sealdesk/"+name+".conf", 0o644)
		p.files[len(p.files)-1].Type = "config|noreplace"
		if err := p.manFile(name + ".8"); err != nil {
			return err
		}
	}
	p.add("packaging/linux/lots.json", "/usr/share/doc/sealdesk-server/examples/lots.json", 0o644)
	return nil
}

// metainfo is what software centres show, with the version in it.
func (r *release) metainfo() ([]byte, error) {
	t, err := template.ParseFiles("packaging/linux/" + appID + ".metainfo.xml.tmpl")
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	err = t.Execute(&out, struct{ Version, Date string }{r.commit.version, r.commit.when.Format("2006-01-02")})
	return []byte(out.String()), err
}

// recipe is what nfpm is told; JSON is YAML, too.
type recipe struct {
	Name          string            `json:"name"`
	Arch          string            `json:"arch"`
	Platform      string            `json:"platform"`
	Version       string            `json:"version"`
	VersionSchema string            `json:"version_schema"`
	Release       string            `json:"release,omitempty"`
	Section       string            `json:"section"`
	Priority      string            `json:"priority"`
	Maintainer    string            `json:"maintainer"`
	Vendor        string            `json:"vendor"`
	Description   string            `json:"description"`
	Homepage      string            `json:"homepage"`
	License       string            `json:"license"`
	MTime         string            `json:"mtime"`
	Changelog     string            `json:"changelog,omitempty"`
	Depends       []string          `json:"depends,omitempty"`
	Recommends    []string          `json:"recommends,omitempty"`
	Contents      []content         `json:"contents"`
	Scripts       map[string]string `json:"scripts,omitempty"`
	Deb           map[string]any    `json:"deb,omitempty"`
	RPM           map[string]any    `json:"rpm,omitempty"`
}

// pack makes one package of a target.
func (r *release) pack(ctx context.Context, l linuxPackage, t target, format, tree, to string) error {
	stage, err := os.MkdirTemp(r.work, "pack-")
	if err != nil {
		return err
	}
	p := &packing{r: r, tree: tree, stage: stage, format: format}
	for _, name := range l.programs {
		p.program(name)
	}
	if err := l.contents(p); err != nil {
		return err
	}
	if err := p.papers(l); err != nil {
		return err
	}
	needs, err := p.libraries(l)
	if err != nil {
		return err
	}
	for _, n := range l.needs {
		if format == "rpm" {
			n += " = " + r.commit.version
		} else {
			n += " (= " + r.commit.version + ")"
		}
		needs = append(needs, n)
	}
	scripts := map[string]string{}
	for when, file := range l.scripts {
		scripts[when] = "packaging/linux/" + file
	}
	c := recipe{
		Name: l.name, Arch: t.arch, Platform: "linux", Version: r.commit.version, VersionSchema: "none", Section: l.section, Priority: "optional",
		Maintainer: "The SealDesk authors <packages@sealdesk.cn>", Vendor: "SealDesk", Description: l.summary + "\n" + l.text, Homepage: homepage,
		License: "Apache-2.0", MTime: stamp(r.commit.when), Depends: needs, Contents: p.files, Scripts: scripts,
	}
	if format == "deb" {
		c.Recommends = l.likes
		c.Deb = map[string]any{"arch": t.arch, "compression": "gzip"}
	} else {
		c.Release = "1"
		c.RPM = map[string]any{"arch": rpmArch[t.arch], "summary": l.summary, "buildhost": "sealdesk", "compression": "gzip"}
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	file := filepath.Join(stage, "nfpm.yaml")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return err
	}
	return r.tool(ctx, nfpm, "package", "--config", file, "--packager", format, "--target", to)
}

// papers are what every package has below its folder of documents.
func (p *packing) papers(l linuxPackage) error {
	doc := "/usr/share/doc/" + l.name
	text, err := os.ReadFile("packaging/linux/copyright")
	if err != nil {
		return err
	}
	if err := p.write("copyright", doc+"/copyright", text); err != nil {
		return err
	}
	notices, err := os.ReadFile(filepath.Join(p.tree, "NOTICES.txt"))
	if err != nil {
		return err
	}
	if notices, err = gzipped(notices); err != nil {
		return err
	}
	if err := p.write("NOTICES.gz", doc+"/NOTICES.gz", notices); err != nil {
		return err
	}
	changes, err := gzipped(debianChanges(l.name, p.r.commit))
	if err != nil {
		return err
	}
	return p.write("changelog.gz", doc+"/changelog.gz", changes)
}

// debianChanges points to what is new, in the form that Debian's tools read.
func debianChanges(name string, c commit) []byte {
	return fmt.Appendf(nil, "%s (%s) stable; urgency=medium\n\n  * See CHANGES.md of the release.\n\n -- The SealDesk authors <packages@sealdesk.cn>  %s\n",
		name, c.version, c.when.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
}

// debianOf names the package that has a library. What the window loads by itself when it is there stands in it too.
var debianOf = map[string]string{
	"libGL.so.1": "libgl1", "libGLESv2.so.2": "libgles2", "libEGL.so.1": "libegl1", "libX11.so.6": "libx11-6", "libXrandr.so.2": "libxrandr2",
	"libXcursor.so.1": "libxcursor1", "libXi.so.6": "libxi6", "libXinerama.so.1": "libxinerama1", "libXxf86vm.so.1": "libxxf86vm1",
	"libxkbcommon.so.0": "libxkbcommon0",
}

// loaded are the libraries that the window opens by name when it starts.
var loaded = []string{"libX11.so.6", "libXrandr.so.2", "libXcursor.so.1", "libXi.so.6", "libXinerama.so.1", "libXxf86vm.so.1"}

// libraries are the packages that the programs' libraries are in: Debian's names, or RPM's words for the libraries themselves.
func (p *packing) libraries(l linuxPackage) ([]string, error) {
	var needs []string
	add := func(n string) {
		if !slices.Contains(needs, n) {
			needs = append(needs, n)
		}
	}
	libc := "2.17" // the oldest that has all that the Go runtime asks for on these processors
	for _, name := range l.programs {
		f, err := elf.Open(filepath.Join(p.tree, name))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		names, err := f.ImportedLibraries()
		if err != nil {
			return nil, err
		}
		symbols, err := f.ImportedSymbols()
		if err != nil && len(names) > 0 {
			return nil, err
		}
		for _, s := range symbols {
			if v, ok := strings.CutPrefix(s.Version, "GLIBC_"); ok && newer(v, libc) {
				libc = v
			}
		}
		if name == "sealdesk" {
			names = append(names, loaded...)
		}
		for _, so := range names {
			deb, known := debianOf[so]
			switch {
			case strings.HasPrefix(so, "ld-linux"), strings.HasPrefix(so, "libc.so"), strings.HasPrefix(so, "libm.so"),
				strings.HasPrefix(so, "libdl.so"), strings.HasPrefix(so, "libpthread.so"), strings.HasPrefix(so, "librt.so"), strings.HasPrefix(so, "libresolv.so"):
			case !known:
				return nil, fmt.Errorf("%s is linked with %s, whose package is not known", name, so)
			case p.format == "rpm":
				add(so + "()(64bit)")
			default:
				add(deb)
			}
		}
		if len(names) > 0 && p.format == "deb" {
			needs = slices.DeleteFunc(needs, func(n string) bool { return strings.HasPrefix(n, "libc6 ") })
			add("libc6 (>= " + libc + ")")
		} else if len(names) > 0 {
			needs = slices.DeleteFunc(needs, func(n string) bool { return strings.HasPrefix(n, "libc.so.6") })
			add("libc.so.6(GLIBC_" + libc + ")(64bit)")
		}
	}
	slices.Sort(needs)
	return needs, nil
}

// newer compares versions of numbers with dots.
func newer(a, b string) bool {
	number := func(v string) (n []int) {
		for part := range strings.SplitSeq(v, ".") {
			i, _ := strconv.Atoi(part) // what is no number is old
			n = append(n, i)
		}
		return n
	}
	return slices.Compare(number(a), number(b)) > 0
}
