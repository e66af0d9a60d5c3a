package pkcs11

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/pkcs11/cryptoki"
)

const (
	rsaBits = 2048 // what every key in the field can
	idSize  = 16   // random bytes of CKA_ID
)

var (
	curveP256 = []byte{0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07}
	curveSM2  = []byte{0x06, 0x08, 0x2A, 0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D}
)

// NewKey makes a key pair that never leaves the token. Its id is CKA_ID as hex; the container becomes CKA_LABEL.
func (t *hardToken) NewKey(
	ctx context.Context, container, algorithm string, use token.Usage,
) (id string, pub crypto.PublicKey, err error) {
	err = t.do(ctx, func() error {
		if t.login == nil {
			return token.ErrNotUnlocked
		}
		mechanism, kind, err := t.generator(ca.Algorithm(algorithm), use)
		if err != nil {
			return err
		}
		name := make([]byte, idSize)
		if _, err := rand.Read(name); err != nil {
			return err
		}
		public, private := templates(container, name, ca.Algorithm(algorithm), use)
		handle, _, err := t.session.GenerateKeyPair(mechanism, append(public, kind...), private)
		if err != nil {
			return outcome(err)
		}
		id = hex.EncodeToString(name)
		pub, err = t.publicKey(handle, ca.Algorithm(algorithm))
		return err
	})
	return id, pub, err
}

// generator gives the mechanism for a new key and the attributes that say which kind it is to be.
func (t *hardToken) generator(algorithm ca.Algorithm, use token.Usage) (cryptoki.Mechanism, []cryptoki.Attribute, error) {
	has := t.login.mechanisms
	switch {
	case algorithm == ca.RSA && has[cryptoki.CKM_RSA_PKCS_KEY_PAIR_GEN]:
		return cryptoki.Mechanism{Type: cryptoki.CKM_RSA_PKCS_KEY_PAIR_GEN}, []cryptoki.Attribute{
			cryptoki.Number(cryptoki.CKA_MODULUS_BITS, rsaBits),
			{Type: cryptoki.CKA_PUBLIC_EXPONENT, Value: []byte{1, 0, 1}},
		}, nil
	case algorithm == ca.ECDSA && has[cryptoki.CKM_EC_KEY_PAIR_GEN]:
		return cryptoki.Mechanism{Type: cryptoki.CKM_EC_KEY_PAIR_GEN},
			[]cryptoki.Attribute{{Type: cryptoki.CKA_EC_PARAMS, Value: curveP256}}, nil
	case algorithm == ca.SM2:
		for _, way := range t.d.profile.SM2 {
			able := use&token.UsageSign == 0 || way.Sign != 0 && has[uint(way.Sign)]
			if way.Generate != 0 && has[uint(way.Generate)] && able {
				return cryptoki.Mechanism{Type: uint(way.Generate)},
					[]cryptoki.Attribute{{Type: cryptoki.CKA_EC_PARAMS, Value: curveSM2}}, nil
			}
		}
	}
	return cryptoki.Mechanism{}, nil, token.ErrNotSupported
}

func templates(container string, id []byte, algorithm ca.Algorithm, use token.Usage) (public, private []cryptoki.Attribute) {
	public = []cryptoki.Attribute{
		cryptoki.Bool(cryptoki.CKA_TOKEN, true),
		{Type: cryptoki.CKA_ID, Value: id}, {Type: cryptoki.CKA_LABEL, Value: []byte(container)},
	}
	private = append(slices.Clone(public),
		cryptoki.Bool(cryptoki.CKA_PRIVATE, true), cryptoki.Bool(cryptoki.CKA_SENSITIVE, true),
		cryptoki.Bool(cryptoki.CKA_EXTRACTABLE, false))
	public = append(public, cryptoki.Bool(cryptoki.CKA_PRIVATE, false))
	sign, encrypt := use&token.UsageSign != 0, use&token.UsageEncrypt != 0
	public = append(public, cryptoki.Bool(cryptoki.CKA_VERIFY, sign))
	private = append(private, cryptoki.Bool(cryptoki.CKA_SIGN, sign))
	if algorithm == ca.RSA {
		return append(public, cryptoki.Bool(cryptoki.CKA_ENCRYPT, encrypt)),
			append(private, cryptoki.Bool(cryptoki.CKA_DECRYPT, encrypt))
	}
	return public, append(private, cryptoki.Bool(cryptoki.CKA_DERIVE, encrypt))
}

// publicKey reads the public half of a new key.
func (t *hardToken) publicKey(handle uint, algorithm ca.Algorithm) (crypto.PublicKey, error) {
	if algorithm == ca.RSA {
		has, err := t.attributes(handle, cryptoki.CKA_MODULUS, cryptoki.CKA_PUBLIC_EXPONENT)
		if err != nil {
			return nil, err
		}
		n := new(big.Int).SetBytes(has[cryptoki.CKA_MODULUS])
		e := new(big.Int).SetBytes(has[cryptoki.CKA_PUBLIC_EXPONENT])
		if n.BitLen() != rsaBits || !e.IsInt64() {
			return nil, token.ErrNotSupported
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
	}
	has, err := t.attributes(handle, cryptoki.CKA_EC_POINT)
	if err != nil {
		return nil, err
	}
	point := append([]byte{4}, coordinates(has[cryptoki.CKA_EC_POINT])...)
	if algorithm == ca.SM2 {
		return sm2.NewPublicKey(point)
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

// StoreCertificate puts the certificate beside its key, in place of one that is there, and the issuers that are not there yet
// as far as there is room.
func (t *hardToken) StoreCertificate(
	ctx context.Context, id string, cert *smx509.Certificate, chain []*smx509.Certificate,
) error {
	return t.do(ctx, func() error {
		if t.login == nil {
			return token.ErrNotUnlocked
		}
		name, err := hex.DecodeString(id)
		if err != nil {
			return token.ErrNotSupported
		}
		privates, publics, err := t.keys(true, true)
		if err != nil {
			return err
		}
		own := object{class: cryptoki.CKO_CERTIFICATE, id: name}
		found := matchKeys(own, cert.PublicKey, privates, publics)
		if len(found) == 0 || !bytes.Equal(found[0].id, name) {
			return token.ErrNotSupported // the certificate is of another key
		}
		there, err := t.objects(cryptoki.CKO_CERTIFICATE)
		if err != nil {
			return err
		}
		if err := t.store(cert, name, found[0].label); err != nil {
			return err
		}
		for _, old := range there {
			if bytes.Equal(old.id, name) {
				if err := t.session.Destroy(old.handle); err != nil {
					return outcome(err)
				}
			}
		}
		return t.storeChain(chain, there)
	})
}

func (t *hardToken) storeChain(chain []*smx509.Certificate, there []object) error {
next:
	for _, issuer := range chain {
		for _, old := range there {
			if bytes.Equal(old.value, issuer.Raw) {
				continue next
			}
		}
		err := t.store(issuer, issuer.SubjectKeyId, []byte(issuer.Subject.CommonName))
		if err != nil {
			if errors.Is(err, token.ErrRemoved) {
				return err
			}
			return nil // the token has no room for issuers; they travel with the documents anyway
		}
	}
	return nil
}

func (t *hardToken) store(cert *smx509.Certificate, id, label []byte) error {
	serial, err := asn1.Marshal(cert.SerialNumber)
	if err != nil {
		return err
	}
	_, err = t.session.Create(
		cryptoki.Number(cryptoki.CKA_CLASS, cryptoki.CKO_CERTIFICATE),
		cryptoki.Number(cryptoki.CKA_CERTIFICATE_TYPE, cryptoki.CKC_X_509),
		cryptoki.Bool(cryptoki.CKA_TOKEN, true),
		cryptoki.Bool(cryptoki.CKA_PRIVATE, false),
		cryptoki.Attribute{Type: cryptoki.CKA_SUBJECT, Value: cert.RawSubject},
		cryptoki.Attribute{Type: cryptoki.CKA_ISSUER, Value: cert.RawIssuer},
		cryptoki.Attribute{Type: cryptoki.CKA_SERIAL_NUMBER, Value: serial},
		cryptoki.Attribute{Type: cryptoki.CKA_ID, Value: id},
		cryptoki.Attribute{Type: cryptoki.CKA_LABEL, Value: label},
		cryptoki.Attribute{Type: cryptoki.CKA_VALUE, Value: cert.Raw},
	)
	return outcome(err)
}
