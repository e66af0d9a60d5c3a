package demo

import (
	"bytes"
	"context"
	"encoding/asn1"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/receipt"
	"sealdesk/signer/disk"
	"sealdesk/signer/tsa"
	"sealdesk/token"
	"sealdesk/token/ca"
)

// stamperPolicy is under the number that IANA keeps for examples (RFC 5612).
var stamperPolicy = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 1}

// stamperAlgorithms are those of the keys: every PDF reader knows the first, the second goes with SM3.
var stamperAlgorithms = []ca.Algorithm{ca.RSA, ca.SM2}

const maxStamperFile = 64 << 10 // bytes

// stamper is the platform's time-stamp service. Its keys are made, or found in the world's folder, when the first
// request comes: an RSA key takes a while, and many demos stamp nothing.
type stamper struct {
	open func() (*tsa.Authority, error)
}

func newStamper(dir string, issuer *ca.Authority) *stamper {
	return &stamper{sync.OnceValues(func() (*tsa.Authority, error) {
		config := tsa.AuthorityConfig{Policy: stamperPolicy}
		for _, alg := range stamperAlgorithms {
			pair, err := stamperKey(dir, alg, issuer)
			if err != nil {
				return nil, err
			}
			config.Pairs = append(config.Pairs, pair)
		}
		return tsa.NewAuthority(config)
	})}
}

// Stamp answers a request; a platform.Stamper.
func (s *stamper) Stamp(ctx context.Context, request []byte) ([]byte, error) {
	authority, err := s.open()
	if err != nil {
		return nil, err
	}
	return authority.Stamp(ctx, request)
}

// stamperKey finds the key of one algorithm, or makes it.
func stamperKey(dir string, alg ca.Algorithm, issuer *ca.Authority) (tsa.Pair, error) {
	return keptPair(filepath.Join(dir, "tsa-"+string(alg)+".pem"), alg, issuer, ca.Request{
		Subject: ca.Subject{Name: "SealDesk Demo TSA"}, Usage: token.UsageSign, Purpose: ca.ForTimeStamps,
	})
}

// receiptSigner is the platform's key for receipts, found in the folder or made.
func receiptSigner(dir string, issuer *ca.Authority) (*receipt.Signer, error) {
	pair, err := keptPair(filepath.Join(dir, "receipts.pem"), ca.ECDSA, issuer, ca.Request{
		Subject: ca.Subject{Name: PlatformName}, Usage: token.UsageSign, Hosts: []string{"127.0.0.1"},
	})
	return &receipt.Signer{Key: pair.Key, Chain: pair.Chain}, err
}

// keptPair finds a key in a file, and makes a new one when it is not there, cannot be read or ends soon.
func keptPair(path string, alg ca.Algorithm, issuer *ca.Authority, ask ca.Request) (tsa.Pair, error) {
	if pair, err := readPair(path); err == nil && pair.Chain[0].CheckSignatureFrom(issuer.Root(alg)) == nil &&
		time.Now().AddDate(0, 1, 0).Before(pair.Chain[0].NotAfter) {
		return pair, nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, &tsa.Error{Kind: tsa.Malformed}) {
		return tsa.Pair{}, err
	}
	key, err := ca.GenerateKey(alg)
	if err != nil {
		return tsa.Pair{}, err
	}
	ask.PublicKey = key.Public()
	cert, err := issuer.Issue(ask)
	if err != nil {
		return tsa.Pair{}, err
	}
	pair := tsa.Pair{Key: key, Chain: []*smx509.Certificate{cert}}
	pem, err := pair.MarshalPEM()
	if err != nil {
		return tsa.Pair{}, err
	}
	defer clear(pem)
	return pair, disk.Write(path, bytes.NewReader(pem))
}

func readPair(path string) (tsa.Pair, error) {
	pem, err := disk.Read(path, maxStamperFile)
	defer clear(pem)
	if err != nil {
		return tsa.Pair{}, err
	}
	return tsa.ParsePair(pem)
}
