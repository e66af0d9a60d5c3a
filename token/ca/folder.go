package ca

import (
	"bytes"
	"crypto"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token/smallfile"
)

const (
	secretFile = "ca.pem"
	rootsFile  = "roots.pem"
	ledgerFile = "issued.jsonl"

	maxFile = 64 << 10 // bytes; three roots with their keys take about 8000
)

const (
	blockKey         = "PRIVATE KEY"
	blockCertificate = "CERTIFICATE"
)

// RootsFile is the path of the roots in an authority's folder.
func RootsFile(dir string) string { return filepath.Join(dir, rootsFile) }

// Create makes a new authority in the folder dir, with a root for each of the
// algorithms, or for all of them when none is named. It is ErrExists when the
// folder holds one, and nothing is changed then.
func Create(dir string, algorithms ...Algorithm) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(filepath.Join(dir, secretFile)); err == nil {
		return nil, ErrExists
	}
	a, err := New(algorithms...)
	if err != nil {
		return nil, err
	}
	secret, err := a.secretPEM()
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	if err := smallfile.Create(filepath.Join(dir, secretFile), secret, 0o600); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, ErrExists
		}
		return nil, err
	}
	a.ledger = newLedger(filepath.Join(dir, ledgerFile))
	return a, smallfile.Write(RootsFile(dir), a.RootsPEM(), 0o644)
}

// Open reads the authority in dir, and writes its roots.pem anew when it is
// missing or not the same. Errors: ErrNotFound, ErrDamaged.
func Open(dir string) (*Authority, error) {
	secret, err := read(filepath.Join(dir, secretFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	a, err := parse(secret)
	if err != nil {
		return nil, err
	}
	a.ledger = newLedger(filepath.Join(dir, ledgerFile))
	roots := a.RootsPEM()
	if there, err := read(RootsFile(dir)); err != nil || !bytes.Equal(there, roots) {
		return a, smallfile.Write(RootsFile(dir), roots, 0o644)
	}
	return a, nil
}

// OpenOrCreate opens the authority in dir, and makes one when there is none.
// Two programs that do so at once get the same.
func OpenOrCreate(dir string) (*Authority, error) {
	a, err := Open(dir)
	if !errors.Is(err, ErrNotFound) {
		return a, err
	}
	if a, err = Create(dir); errors.Is(err, ErrExists) {
		return Open(dir)
	}
	return a, err
}

// RootsPEM returns the root certificates as PEM.
func (a *Authority) RootsPEM() []byte {
	var b bytes.Buffer
	for _, c := range a.Roots() {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: blockCertificate, Bytes: c.Raw}))
	}
	return b.Bytes()
}

// secretPEM is each root's key followed by its certificate.
func (a *Authority) secretPEM() ([]byte, error) {
	var b bytes.Buffer
	for _, alg := range Algorithms() {
		r, ok := a.roots[alg]
		if !ok {
			continue
		}
		der, err := smx509.MarshalPKCS8PrivateKey(r.key)
		if err != nil {
			return nil, err
		}
		b.Write(pem.EncodeToMemory(&pem.Block{Type: blockKey, Bytes: der}))
		clear(der)
		b.Write(pem.EncodeToMemory(&pem.Block{Type: blockCertificate, Bytes: r.cert.Raw}))
	}
	return b.Bytes(), nil
}

func parse(data []byte) (*Authority, error) {
	a := newAuthority()
	var key crypto.Signer
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		switch {
		case block.Type == blockKey && key == nil:
			k, err := smx509.ParsePKCS8PrivateKey(block.Bytes)
			clear(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
			}
			var ok bool
			if key, ok = k.(crypto.Signer); !ok {
				return nil, ErrDamaged
			}
		case block.Type == blockCertificate && key != nil:
			cert, err := smx509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
			}
			alg, err := AlgorithmOf(cert.PublicKey)
			pub, canCompare := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
			if err != nil || !canCompare || !pub.Equal(key.Public()) {
				return nil, fmt.Errorf("a root and its key do not belong together: %w", ErrDamaged)
			}
			a.roots[alg] = root{cert, key}
			key = nil
		default:
			return nil, ErrDamaged
		}
	}
	if len(bytes.TrimSpace(data)) > 0 || key != nil || len(a.roots) == 0 {
		return nil, ErrDamaged
	}
	return a, nil
}

func read(path string) ([]byte, error) {
	data, err := smallfile.Read(path, maxFile)
	if errors.Is(err, smallfile.ErrTooLarge) {
		return nil, ErrDamaged
	}
	return data, err
}
