package batch

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Bounds of a batch.
const (
	MaxItems   = 10_000
	maxDepth   = 32
	maxListLen = 4 << 20 // bytes of a list of files
)

// An Item is one document of a batch.
type Item struct {
	In   string // the document
	Name string // of the signed file, below the output folder, with slashes
	// ExpectSHA256 is the digest of the document, or of its clean copy, that was shown; another one is not signed. Empty:
	// nothing was shown.
	ExpectSHA256 string
}

// List names the documents at paths in their order: files as they are, and of folders the PDF and Word documents in them with
// all their subfolders, whose names are kept. Hidden files, links and what lies in the folder out are left out. No two get
// the same name. Errors: ErrTooMany, those of reading folders.
func List(paths []string, out string) ([]Item, error) {
	l := lister{names: map[string]bool{}, inputs: map[string]bool{}}
	if abs, err := filepath.Abs(out); err == nil && out != "" {
		l.out = abs
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			// A file that is not there is told with the others.
			if err := l.add(path, filepath.Base(path)); err != nil {
				return nil, err
			}
			continue
		}
		prefix := ""
		if len(paths) > 1 {
			prefix = filepath.Base(path)
		}
		if err := l.walk(path, prefix); err != nil {
			return nil, err
		}
	}
	return l.items, nil
}

type lister struct {
	out    string
	items  []Item
	names  map[string]bool // taken, in lower case
	inputs map[string]bool // by absolute path
}

func (l *lister) walk(root, prefix string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		hidden := rel != "." && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "~$"))
		switch {
		case d.IsDir() && (hidden || abs == l.out || strings.Count(rel, string(filepath.Separator)) >= maxDepth):
			return filepath.SkipDir
		case d.IsDir() || hidden || !d.Type().IsRegular() || !document(d.Name()):
			return nil
		}
		return l.add(path, filepath.Join(prefix, rel))
	})
}

// document tells by its ending that a file may be one of those that are signed.
func document(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".pdf", ".doc", ".docx":
		return true
	}
	return false
}

func (l *lister) add(path, name string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if l.inputs[abs] {
		return nil // it was named twice
	}
	l.inputs[abs] = true
	if len(l.items) >= MaxItems {
		return ErrTooMany
	}
	l.items = append(l.items, Item{In: abs, Name: l.free(filepath.ToSlash(name))})
	return nil
}

// free makes the name of a PDF that none of the others has, on a file system without capitals either.
func (l *lister) free(name string) string {
	stem, ext := name, filepath.Ext(name)
	if document(name) {
		stem = strings.TrimSuffix(name, ext)
	}
	wanted := stem + ".pdf"
	for n := 2; l.names[strings.ToLower(wanted)]; n++ {
		wanted = stem + " (" + strconv.Itoa(n) + ").pdf"
	}
	l.names[strings.ToLower(wanted)] = true
	return wanted
}

// ReadList reads the paths of documents from a text file, one a line; those that are relative are so to the list's folder.
// Error: ErrList.
func ReadList(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, ErrList.at(path, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxListLen {
		return nil, ErrList.at(path, errors.Join(err, errors.New("no text file, or too long")))
	}
	var paths []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(filepath.Dir(path), line)
		}
		paths = append(paths, line)
		if len(paths) > MaxItems {
			return nil, ErrTooMany
		}
	}
	if err := lines.Err(); err != nil {
		return nil, ErrList.at(path, err)
	}
	return paths, nil
}
