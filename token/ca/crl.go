package ca

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"
)

// How long answers hold before a new one should be fetched.
const (
	crlLife  = 24 * time.Hour
	ocspLife = time.Hour
)

// CRL returns the revocation list of one root (RFC 5280, 5), DER.
func (a *Authority) CRL(alg Algorithm) ([]byte, error) {
	r, ok := a.roots[alg]
	if !ok {
		return nil, ErrAlgorithm
	}
	revoked, err := a.ledger.revoked(alg)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(revoked, func(x, y record) int { return strings.Compare(x.Serial, y.Serial) })
	now := time.Now().UTC().Truncate(time.Second)
	list := &smx509.RevocationList{Number: big.NewInt(time.Now().UnixNano()), ThisUpdate: now, NextUpdate: now.Add(crlLife)}
	for _, x := range revoked {
		serial, ok := new(big.Int).SetString(x.Serial, 16)
		if !ok {
			return nil, fmt.Errorf("serial number %q: %w", x.Serial, ErrDamaged)
		}
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			smx509.RevocationListEntry{SerialNumber: serial, RevocationTime: *x.Revoked, ReasonCode: int(x.Reason)})
	}
	return smx509.CreateRevocationList(rand.Reader, list, r.cert, r.key)
}
