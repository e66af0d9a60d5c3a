package desk

import (
	"encoding/pem"
	"io"
	"os"

	"github.com/emmansun/gmsm/smx509"
)

// maxRoots bounds a file of trusted certificates, in bytes.
const maxRoots = 4 << 20

// ReadRoots reads the certificates of a PEM file (RFC 7468, 5) as those whose issuers are trusted.
func ReadRoots(path string) ([]*smx509.Certificate, error) {
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
