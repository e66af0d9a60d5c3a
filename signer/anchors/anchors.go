package anchors

import (
	"cmp"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/disk"
)

const (
	maxFile  = 16 << 20 // bytes; a system's bundle has a few hundred KiB
	maxFiles = 2000
)

// ErrNone: no certificate was found.
var ErrNone = errors.New("anchors: no certificate")

// Folder reads the certificates in a folder's files that are called *.pem, *.crt, *.cer or *.der: PEM (RFC 7468, 5) or DER.
// Folders in it are not looked into. A file of such a name without a certificate that can be read is an error, since somebody
// put it there to be believed.
func Folder(dir string) ([]*smx509.Certificate, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("anchors: %w", err)
	}
	var all []*smx509.Certificate
	seen := 0
	for _, f := range files {
		switch strings.ToLower(filepath.Ext(f.Name())) {
		case ".pem", ".crt", ".cer", ".der":
		default:
			continue
		}
		if f.IsDir() {
			continue
		}
		if seen++; seen > maxFiles {
			return nil, fmt.Errorf("anchors: more than %d files in %s", maxFiles, dir)
		}
		path := filepath.Join(dir, f.Name())
		found, err := File(path)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w in %s", ErrNone, dir)
	}
	return once(all), nil
}

// System reads the system's store. Certificates of kinds that are not known here are left out.
func System() ([]*smx509.Certificate, error) {
	all, err := system()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w in the system's store", ErrNone)
	}
	return once(all), nil
}

// File reads the certificates in one file, PEM (RFC 7468, 5) or DER. Errors: those of package disk, and in a *fs.PathError ErrNone and
// that of what should be a certificate and is none.
func File(path string) ([]*smx509.Certificate, error) {
	data, err := disk.Read(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("anchors: %w", err)
	}
	found, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("anchors: %w", &fs.PathError{Op: "read", Path: path, Err: err})
	}
	return found, nil
}

// Parse is File for what was read already. What else stands in PEM, such as a key, is passed over.
func Parse(data []byte) ([]*smx509.Certificate, error) {
	found, bad := parse(data)
	if bad != nil || len(found) == 0 {
		return nil, cmp.Or(bad, ErrNone)
	}
	return found, nil
}

// parse reads what is a certificate; bad is the first thing that should be one and is not.
func parse(data []byte) (found []*smx509.Certificate, bad error) {
	if len(data) > 0 && data[0] == 0x30 { // DER
		c, err := smx509.ParseCertificate(data)
		if err != nil {
			return nil, err
		}
		return []*smx509.Certificate{c}, nil
	}
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return found, bad
		}
		if block.Type != "CERTIFICATE" && block.Type != "TRUSTED CERTIFICATE" {
			continue
		}
		c, err := smx509.ParseCertificate(block.Bytes)
		if err != nil {
			bad = cmp.Or(bad, err)
			continue
		}
		found = append(found, c)
	}
}

// without leaves the barred certificates out.
func without(all, barred []*smx509.Certificate) []*smx509.Certificate {
	return slices.DeleteFunc(all, func(c *smx509.Certificate) bool { return slices.ContainsFunc(barred, c.Equal) })
}

// once leaves each certificate in once.
func once(all []*smx509.Certificate) []*smx509.Certificate {
	seen := map[[sha256.Size]byte]bool{}
	out := all[:0]
	for _, c := range all {
		if sum := sha256.Sum256(c.Raw); !seen[sum] {
			seen[sum] = true
			out = append(out, c)
		}
	}
	return out
}
