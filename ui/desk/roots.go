package desk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/anchors"
)

// SystemRoots stands in the place of a path for the system's own store.
const SystemRoots = "system"

// The folders of certificates that are trusted always: of authorities, and of makers of electronic seals.
const (
	RootsFolder  = "roots"
	MakersFolder = "makers"
)

// TrustedAlways reads the certificates that the program is to trust always: those in a folder of this name in the person's data, and in
// what whoever administers the machine keeps for everybody. Neither need be there; an empty data or machine is none.
func TrustedAlways(name, data, machine string) ([]*smx509.Certificate, error) {
	var all []*smx509.Certificate
	for _, folder := range []string{data, machine} {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); folder == "" || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		roots, err := ReadRoots(path)
		if err != nil {
			return nil, err
		}
		all = append(all, roots...)
	}
	return all, nil
}

// ReadRoots reads the certificates whose issuers are trusted: those of a file, PEM (RFC 7468, 5) or DER, of a folder's files, or of the
// system's store.
func ReadRoots(path string) ([]*smx509.Certificate, error) {
	var roots []*smx509.Certificate
	var err error
	if path == SystemRoots {
		roots, err = anchors.System()
	} else if info, found := os.Stat(path); found == nil && info.IsDir() {
		roots, err = anchors.Folder(path)
	} else {
		roots, err = anchors.File(path)
	}
	if err != nil {
		if bad, ok := errors.AsType[*fs.PathError](err); ok {
			path = bad.Path // of a folder's files the one that is meant
		}
		return nil, fault("roots_unreadable", err, "file", path)
	}
	return roots, nil
}
