package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"sealdesk/assets"
)

// resources compiles what Windows shows of a program and asks it: its picture, version and manifest.
func (r *release) resources(ctx context.Context, t target) (string, error) {
	dir := filepath.Join(r.work, "resources")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "sealdesk.ico"), icon(), 0o644); err != nil {
		return "", err
	}
	if err := copyFile("packaging/windows/sealdesk.manifest", filepath.Join(dir, "sealdesk.manifest"), 0o644); err != nil {
		return "", err
	}
	script, err := os.ReadFile("packaging/windows/sealdesk.rc")
	if err != nil {
		return "", err
	}
	script = bytes.ReplaceAll(script, []byte("@VERSION@"), []byte(r.commit.version))
	script = bytes.ReplaceAll(script, []byte("@NUMBERS@"), []byte(strings.ReplaceAll(fourNumbers(r.commit.version), ".", ",")))
	if err := os.WriteFile(filepath.Join(dir, "sealdesk.rc"), script, 0o644); err != nil {
		return "", err
	}
	out := filepath.Join(dir, "sealdesk.o")
	return out, command(ctx, t.triple()+"-windres", "-I", dir, "-i", filepath.Join(dir, "sealdesk.rc"), "-o", out)
}

var numbers = regexp.MustCompile(`^([0-9]+)\.([0-9]+)\.([0-9]+)(?:\+([0-9]{1,4})\.)?`)

// fourNumbers is a version as Windows wants it: the fourth counts the commits after the release.
func fourNumbers(version string) string {
	m := numbers.FindStringSubmatch(version)
	if m == nil {
		return "0.0.0.0"
	}
	if m[4] == "" {
		m[4] = "0"
	}
	return strings.Join(m[1:], ".")
}

// icon is the picture of the application as an ICO file, whose pictures may be PNGs since Windows Vista.
func icon() []byte {
	sizes := []int{16, 24, 32, 48, 64, 128, 256}
	const head, entry = 6, 16
	var index, pictures bytes.Buffer
	at := head + entry*len(sizes)
	put := func(v any) { _ = binary.Write(&index, binary.LittleEndian, v) } // a buffer takes everything
	put([3]uint16{0, 1, uint16(len(sizes))})
	for _, size := range sizes {
		data := assets.AppIconPNG(size)
		put([4]uint8{uint8(size), uint8(size), 0, 0}) // 256 is written as 0
		put([2]uint16{1, 32})
		put([2]uint32{uint32(len(data)), uint32(at + pictures.Len())})
		pictures.Write(data)
	}
	return append(index.Bytes(), pictures.Bytes()...)
}

// installer makes the Windows installer, which wants no administrator.
func (r *release) installer(ctx context.Context, tree, to string) error {
	pictures := filepath.Join(r.work, "installer.ico")
	if err := os.WriteFile(pictures, icon(), 0o644); err != nil {
		return err
	}
	script, err := filepath.Abs("packaging/windows/sealdesk.nsi")
	if err != nil {
		return err
	}
	if err := os.Setenv("SOURCE_DATE_EPOCH", fmt.Sprint(r.commit.when.Unix())); err != nil {
		return err
	}
	return command(ctx, "makensis", "-V2", "-NOCD", "-INPUTCHARSET", "UTF8", "-DVERSION="+r.commit.version, "-DNUMBERS="+fourNumbers(r.commit.version),
		"-DTREE="+tree, "-DICON="+pictures, "-DOUT="+to, script)
}
