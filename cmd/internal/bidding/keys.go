package bidding

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"path/filepath"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/disk"
	"sealdesk/signer/tsa"
)

const (
	maxKeyFile = 64 << 10 // bytes
	rsaBits    = 3072
	keyYears   = 10
)

// parseKey reads PEM: the key, PKCS #8 without a password, then its encryption certificate.
func parseKey(pem []byte) (Key, error) {
	pair, err := tsa.ParsePair(pem)
	if err != nil {
		return Key{}, err
	}
	return KeyOf(pair)
}

// KeyOf is a pair as a key for bids.
func KeyOf(p tsa.Pair) (Key, error) {
	d, ok := p.Key.(crypto.Decrypter)
	if !ok || p.Chain[0].KeyUsage&(smx509.KeyUsageKeyEncipherment|smx509.KeyUsageDataEncipherment) == 0 {
		return Key{}, errors.New("bids: the key cannot decrypt, or its certificate is not for encryption")
	}
	return Key{Certificate: p.Chain[0], Decrypter: d}, nil
}

// OpenKeys finds a platform's own keys in a folder, SM2 and RSA. Where it may, it makes those that are not there, with
// certificates of their own: a bidder encrypts to what the platform serves, and signs for which that was. Otherwise one that is
// not there is fs.ErrNotExist. The files are readable by their owner only.
func OpenKeys(dir, name string, mayMake bool) ([]Key, error) {
	var keys []Key
	for _, algorithm := range []string{"sm2", "rsa"} {
		path := filepath.Join(dir, "bids-"+algorithm+".pem")
		pem, err := disk.Read(path, maxKeyFile)
		if errors.Is(err, fs.ErrNotExist) && mayMake {
			pem, err = makeKey(path, algorithm, name)
		}
		if err != nil {
			return nil, err
		}
		k, err := parseKey(pem)
		clear(pem)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// makeKey makes a key and writes it. The file has its name when it is whole, and no file is replaced: of two programs that begin
// at once both read the same.
func makeKey(path, algorithm, name string) ([]byte, error) {
	var key crypto.Signer
	var err error
	if algorithm == "sm2" {
		key, err = sm2.GenerateKey(rand.Reader)
	} else {
		key, err = rsa.GenerateKey(rand.Reader, rsaBits)
	}
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &smx509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(keyYears, 0, 0),
		KeyUsage: smx509.KeyUsageKeyEncipherment | smx509.KeyUsageDataEncipherment, BasicConstraintsValid: true,
	}
	der, err := smx509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := smx509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	pem, err := (tsa.Pair{Key: key, Chain: []*smx509.Certificate{cert}}).MarshalPEM()
	if err != nil {
		return nil, err
	}
	defer clear(pem)
	if err := disk.WriteNew(path, bytes.NewReader(pem)); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return disk.Read(path, maxKeyFile)
}
