package desk

import (
	"encoding/pem"
	"io"
	"os"
	"path/filepath"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/anchors"
)

// maxRoots bounds a file of trusted certificates, in bytes.
const maxRoots = 4 << 20

// SystemRoots stands in the place of a path for the system's own store.
const SystemRoots = "system"

// RootsFolder is where a person or an administrator puts certificates that the program is to trust always; it need not be there.
func (f Folders) RootsFolder() string { return filepath.Join(f.Data, "roots") }

// ReadRoots reads the certificates whose issuers are trusted: those of a PEM file (RFC 7468, 5), of a folder's files, or of the
// system's store.
func ReadRoots(path string) ([]*smx509.Certificate, error) {
	if path == SystemRoots {
		roots, err := anchors.System()
		if err != nil {
			return nil, fault("roots_unreadable", err, "file", path)
		}
		return roots, nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		roots, err := anchors.Folder(path)
		if err != nil {
			return nil, fault("roots_unreadable", err, "file", path)
		}
		return roots, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fault("roots_unreadable", err, "file", path)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRoots))
	if err != nil {
		return nil, fault("roots_unreadable", err, "file", path)
	}
	return parseRoots(data, path)
}

// parseRoots reads certificates in PEM; from names where they come from.
func parseRoots(data []byte, from string) ([]*smx509.Certificate, error) {
	var roots []*smx509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := smx509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fault("roots_unreadable", err, "file", from)
		}
		roots = append(roots, cert)
	}
	if len(roots) == 0 {
		return nil, fault("roots_unreadable", nil, "file", from)
	}
	return roots, nil
}
