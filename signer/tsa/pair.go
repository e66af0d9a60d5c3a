package tsa

import (
	"bytes"
	"crypto"
	"encoding/pem"

	"github.com/emmansun/gmsm/smx509"
)

const (
	blockKey         = "PRIVATE KEY"
	blockCertificate = "CERTIFICATE"
)

// ParsePair reads PEM: the key, PKCS #8 without a password, then its certificate and
// that one's issuers. Errors are of type *Error.
func ParsePair(data []byte) (Pair, error) {
	var p Pair
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		switch {
		case block.Type == blockKey && p.Key == nil:
			key, err := smx509.ParsePKCS8PrivateKey(block.Bytes)
			clear(block.Bytes)
			signer, ok := key.(crypto.Signer)
			if err != nil || !ok {
				return Pair{}, fail(Malformed, "the key cannot be read")
			}
			p.Key = signer
		case block.Type == blockCertificate && p.Key != nil:
			cert, err := smx509.ParseCertificate(block.Bytes)
			if err != nil {
				return Pair{}, fail(Malformed, "a certificate cannot be read: %v", err)
			}
			p.Chain = append(p.Chain, cert)
		default:
			return Pair{}, fail(Malformed, "a %s where none belongs", block.Type)
		}
	}
	if len(p.Chain) == 0 || len(bytes.TrimSpace(data)) > 0 {
		return Pair{}, fail(Malformed, "not a key followed by its certificates")
	}
	return p, nil
}

// MarshalPEM writes what ParsePair reads. The caller clears it when it is written.
func (p Pair) MarshalPEM() ([]byte, error) {
	der, err := smx509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	blocks := []*pem.Block{{Type: blockKey, Bytes: der}}
	for _, c := range p.Chain {
		blocks = append(blocks, &pem.Block{Type: blockCertificate, Bytes: c.Raw})
	}
	room := 0
	for _, block := range blocks {
		room += 2*len(block.Bytes) + 128
	}
	var b bytes.Buffer
	b.Grow(room) // at once: one that grew would leave the key where the caller cannot clear it
	for _, block := range blocks {
		if err := pem.Encode(&b, block); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}
