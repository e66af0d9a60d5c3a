package mobileca

import (
	"crypto/ecdsa"
	"encoding/asn1"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/platformapi/mobileca/wire"
)

var errForm = errors.New("malformed DER")

// digest is e = SM3(Z || M) with the default user id (GB/T 35276).
func digest(public *ecdsa.PublicKey, message []byte) ([]byte, error) {
	return sm2.CalculateSM2Hash(public, message, nil)
}

// shared is the public key of a point.
func shared(point []byte) (*ecdsa.PublicKey, error) {
	key, err := sm2.NewPublicKey(point)
	if err != nil {
		return nil, fmt.Errorf("mobileca: a key's point: %w", err)
	}
	return key, nil
}

// pointOf is what shared reads, 65 bytes.
func pointOf(public *ecdsa.PublicKey) ([]byte, error) {
	k, err := sm2.PublicKeyToECDH(public)
	if err != nil {
		return nil, err
	}
	return k.Bytes(), nil
}

var oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}

// documentDigest is the digest of the document that a signature is of.
func documentDigest(form wire.RequestForm, tbs []byte) ([]byte, error) {
	switch form {
	case wire.FormCMSAttributes:
		return messageDigest(tbs)
	case wire.FormSESTBS:
		return dataHash(tbs)
	}
	return nil, errors.New("a document is signed as CMS attributes or as SES TBSSign")
}

// messageDigest reads the attribute of that name (RFC 5652, 11.2), which must be there once.
func messageDigest(tbs []byte) ([]byte, error) {
	input := cryptobyte.String(tbs)
	var set cryptobyte.String
	if !input.ReadASN1(&set, tag.SET) || !input.Empty() {
		return nil, errForm
	}
	var digest []byte
	for !set.Empty() {
		var attribute, values cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !set.ReadASN1(&attribute, tag.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&oid) || !attribute.ReadASN1(&values, tag.SET) || !attribute.Empty() {
			return nil, errForm
		}
		if !oid.Equal(oidMessageDigest) {
			continue
		}
		if digest != nil || !values.ReadASN1Bytes(&digest, tag.OCTET_STRING) || !values.Empty() {
			return nil, errForm
		}
	}
	if digest == nil {
		return nil, errors.New("there is no messageDigest")
	}
	return digest, nil
}

// dataHash reads it of a TBSSign (GB/T 38540-2020, 7.3): version, eseal, timeInfo, dataHash, and what follows. Before the
// standard (GM/T 0031-2014) timeInfo was a BIT STRING.
func dataHash(tbs []byte) ([]byte, error) {
	input := cryptobyte.String(tbs)
	var sign cryptobyte.String
	if !input.ReadASN1(&sign, tag.SEQUENCE) || !input.Empty() || !sign.SkipASN1(tag.INTEGER) || !sign.SkipASN1(tag.SEQUENCE) {
		return nil, errForm
	}
	moment := tag.GeneralizedTime
	if !sign.PeekASN1Tag(moment) {
		moment = tag.BIT_STRING
	}
	if !sign.SkipASN1(moment) {
		return nil, errForm
	}
	var hash []byte
	if !sign.ReadASN1BitStringAsBytes(&hash) || !sign.SkipASN1(tag.IA5String) {
		return nil, errForm
	}
	return hash, nil
}

// firstPoint is C1 of an SM2Cipher (GB/T 35276, 7.2), 65 bytes.
func firstPoint(cipher []byte) ([]byte, error) {
	plain, err := sm2.ASN1Ciphertext2Plain(cipher, nil)
	if err != nil {
		return nil, err
	}
	if len(plain) <= 65 || plain[0] != 4 {
		return nil, errForm
	}
	_, err = shared(plain[:65]) // on the curve
	return plain[:65], err
}
