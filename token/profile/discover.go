package profile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"sealdesk/token"
)

// Place is one place where Discover looked.
type Place struct {
	Profile Profile
	Library string // absolute path
	Found   bool
	Problem error // why a library that is there is not to be loaded
}

// Discover looks at every path that the table names for this system, and at the libraries that vendors registered with
// Windows. Every place is told, so that one can say what was looked for; libraries that several paths lead to are told once.
func (t *Table) Discover() []Place {
	var places []Place
	var known []os.FileInfo
	look := func(p Profile, library string) {
		place := Place{Profile: p, Library: library}
		info, err := os.Stat(library)
		if err == nil {
			for _, k := range known {
				if os.SameFile(k, info) {
					return
				}
			}
			known = append(known, info)
			place.Found = true
			_, place.Problem = CheckLibrary(library)
		} else if !errors.Is(err, fs.ErrNotExist) {
			place.Problem = err
		}
		places = append(places, place)
	}
	for _, p := range t.profiles {
		for _, library := range p.places() {
			look(p, library)
		}
	}
	for _, library := range registered() {
		look(t.For(library, InterfaceSKF), library)
	}
	return places
}

// places gives the paths of this system, with the variables of Windows replaced.
func (p Profile) places() []string {
	var places []string
	for _, path := range p.Paths[runtime.GOOS] {
		if name, rest, ok := strings.Cut(strings.TrimPrefix(path, "%"), "%"); ok && strings.HasPrefix(path, "%") {
			folder := os.Getenv(name)
			if folder == "" {
				continue
			}
			path = folder + rest
		}
		places = append(places, path)
	}
	return places
}

// ErrLibraryUnsafe: the library is not to be loaded, for its path is not absolute, it is no regular file, or others than
// its owner can put something else in its place.
var ErrLibraryUnsafe = token.NewError("token.library_unsafe", "the library of the key lies where anyone can replace it")

// ErrLibraryMissing: there is no library at the path.
var ErrLibraryMissing = token.NewError("token.library_missing", "the library of the key is not there")

// CheckLibrary says whether a library may be loaded from a path, before anything of it runs, and gives the path of the file
// that it looked at, behind all links: that one is to be loaded, for a link may be turned elsewhere meanwhile.
func CheckLibrary(path string) (file string, err error) {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return "", ErrLibraryUnsafe
	}
	file, err = filepath.EvalSymlinks(path)
	if err != nil {
		return "", ErrLibraryMissing
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return "", ErrLibraryMissing
	case !info.Mode().IsRegular():
		return "", ErrLibraryUnsafe
	}
	if err := checkOwners(file); err != nil {
		return "", err
	}
	return file, nil
}
