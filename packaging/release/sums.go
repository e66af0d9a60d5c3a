package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

const sumsFile = "SHA256SUMS"

// writeSums writes the digests of these files of a folder, in the form of sha256sum.
func writeSums(dir string, names []string) error {
	slices.Sort(names)
	var out bytes.Buffer
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(data), name)
	}
	return os.WriteFile(filepath.Join(dir, sumsFile), out.Bytes(), 0o644)
}
