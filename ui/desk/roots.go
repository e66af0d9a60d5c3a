package desk

import (
	"os"
	"path/filepath"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/anchors"
)

// SystemRoots stands in the place of a path for the system's own store.
const SystemRoots = "system"

// RootsFolder is where a person or an administrator puts certificates that the program is to trust always; it need not be there.
func (f Folders) RootsFolder() string { return filepath.Join(f.Data, "roots") }

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
		return nil, fault("roots_unreadable", err, "file", path)
	}
	return roots, nil
}
