//go:build !windows && !darwin

package anchors

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/disk"
)

// bundles are where distributions keep the store as one file; the first that is there counts.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, UOS, Kylin
	"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, openEuler, Kylin server
	"/etc/ssl/ca-bundle.pem",                            // SUSE
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // newer of Fedora's
	"/etc/ssl/cert.pem",                                 // Alpine
}

func system() ([]*smx509.Certificate, error) {
	paths := bundles
	if named := os.Getenv("SSL_CERT_FILE"); named != "" {
		paths = []string{named}
	}
	for _, path := range paths {
		data, err := disk.Read(path, maxFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("anchors: %w", err)
		}
		found, _ := parse(data) // what cannot be read is not believed
		return found, nil
	}
	return nil, nil
}
