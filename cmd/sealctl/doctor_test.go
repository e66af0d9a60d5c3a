package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// wantMode looks at who may read a file: mode file 600
func wantMode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode file mode")
	}
	want, err := strconv.ParseUint(args[1], 8, 32)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := info.Mode().Perm(); got != os.FileMode(want) {
		ts.Fatalf("the mode is %o, want %o", got, want)
	}
}

// unpack unpacks a ZIP file into a new folder: unpack file folder
func unpack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unpack file folder")
	}
	dir := ts.MkAbs(args[1])
	ts.Check(os.Mkdir(dir, 0o700))
	z, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		ts.Check(err)
		data, err := io.ReadAll(r)
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(dir, filepath.Base(f.Name)), data, 0o600))
	}
}

// nowhere sees that no file of a folder holds a text: nowhere text folder
func nowhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: nowhere text folder")
	}
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[1]), "*"))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("%s holds no files", args[1])
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		ts.Check(err)
		if bytes.Contains(data, []byte(args[0])) {
			ts.Fatalf("%s holds %q", file, args[0])
		}
	}
}
