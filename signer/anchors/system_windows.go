package anchors

import (
	"bytes"
	"fmt"
	"unsafe"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/sys/windows"
)

// system reads the roots that the machine or the person trusts; what either disallows is left out.
func system() ([]*smx509.Certificate, error) {
	roots, err := store("ROOT")
	if err != nil {
		return nil, err
	}
	disallowed, err := store("Disallowed")
	if err != nil {
		return nil, err
	}
	return without(roots, disallowed), nil
}

func store(called string) ([]*smx509.Certificate, error) {
	name, err := windows.UTF16PtrFromString(called)
	if err != nil {
		return nil, err
	}
	store, err := windows.CertOpenSystemStore(0, name)
	if err != nil {
		return nil, fmt.Errorf("anchors: the store %s: %w", called, err)
	}
	defer func() { _ = windows.CertCloseStore(store, 0) }() // it was read only
	var found []*smx509.Certificate
	var at *windows.CertContext
	for {
		// The context handed in is freed by the call.
		if at, err = windows.CertEnumCertificatesInStore(store, at); err != nil || at == nil {
			return found, nil // CRYPT_E_NOT_FOUND is the end
		}
		der := bytes.Clone(unsafe.Slice(at.EncodedCert, at.Length))
		if c, err := smx509.ParseCertificate(der); err == nil {
			found = append(found, c)
		}
	}
}
