package envelope

import (
	"bytes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds, in both directions.
const (
	// MaxSize is the longest envelope in bytes.
	MaxSize = 1 << 20
	// MaxRecipients is for how many certificates one envelope can be.
	MaxRecipients = 32

	minRSABits, maxRSABits = 2048, 8192
	blockSize              = 16 // of both ciphers
)

var tag0 = cbasn1.Tag(0).ContextSpecific()

// Fit is nil where an envelope can be made for the certificate: its key is SM2, or
// RSA of 2048 to 8192 bits, and its key usage, if there is one, is to encrypt keys
// or data (GB/T 20518: the encryption one of the two certificates). Whether its time is over is not asked.
func Fit(to *smx509.Certificate) error {
	if to == nil {
		return fail(BadRecipient, "no certificate")
	}
	if use := smx509.KeyUsageKeyEncipherment | smx509.KeyUsageDataEncipherment | smx509.KeyUsageKeyAgreement; to.KeyUsage != 0 && to.KeyUsage&use == 0 {
		return fail(BadRecipient, "the certificate %x is not for encryption", to.SerialNumber)
	}
	switch pub := to.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := pub.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return fail(BadRecipient, "an RSA key of %d bits", bits)
		}
		return nil
	case *ecdsa.PublicKey:
		if sm2.IsSM2PublicKey(pub) {
			return nil
		}
	}
	return fail(BadRecipient, "nothing can be encrypted to a key of type %T", to.PublicKey)
}

// Seal makes an envelope with a fresh key, which each of the certificates' keys opens. It returns DER.
//
// Errors are of type *Error, or the system's random source's.
func Seal(s Suite, kind Content, content []byte, to ...*smx509.Certificate) ([]byte, error) {
	f, err := formOf(s)
	if err != nil {
		return nil, err
	}
	contentType := f.contentType(kind)
	switch {
	case contentType == nil:
		return nil, fail(Unsupported, "no content of kind %d", kind)
	case len(to) == 0 || len(to) > MaxRecipients:
		return nil, fail(BadRecipient, "%d recipients", len(to))
	}
	key, iv := make([]byte, f.keyLen), make([]byte, blockSize)
	defer clear(key)
	for _, b := range [][]byte{key, iv} {
		if _, err := rand.Read(b); err != nil {
			return nil, fmt.Errorf("envelope: random: %w", err)
		}
	}
	var infos [][]byte
	for _, c := range to {
		info, err := f.recipient(c, key)
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}
	slices.SortFunc(infos, bytes.Compare) // SET OF in DER (X.690, 11.6)
	sealed, err := f.encrypt(key, iv, content)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(f.enveloped)
		b.AddASN1(tag0.Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(f.version)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(infos...)) })
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(contentType)
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(f.cipher)
						b.AddASN1OctetString(iv)
					})
					b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddBytes(sealed) })
				})
			})
		})
	})
	der, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("envelope: encode: %w", err)
	}
	if len(der) > MaxSize {
		return nil, fail(TooLarge, "%d bytes, more than %d", len(der), MaxSize)
	}
	return der, nil
}

// encrypt is CBC with PKCS #7 padding (RFC 5652, 6.3).
func (f form) encrypt(key, iv, content []byte) ([]byte, error) {
	block, err := f.block(key)
	if err != nil {
		return nil, err
	}
	pad := blockSize - len(content)%blockSize
	sealed := make([]byte, len(content)+pad) // at once: one that grew would leave the content in memory
	copy(sealed[copy(sealed, content):], bytes.Repeat([]byte{byte(pad)}, pad))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, sealed)
	return sealed, nil
}

// recipient writes KeyTransRecipientInfo (RFC 5652, 6.2.1).
func (f form) recipient(to *smx509.Certificate, key []byte) ([]byte, error) {
	if err := Fit(to); err != nil {
		return nil, err
	}
	var given []byte
	var err error
	algorithm := oidSM2Encryption
	switch pub := to.PublicKey.(type) {
	case *rsa.PublicKey:
		algorithm = oidRSA
		//lint:ignore SA1019 keys behind GM/T 0016 decrypt no other padding
		given, err = rsa.EncryptPKCS1v15(rand.Reader, pub, key)
	case *ecdsa.PublicKey:
		given, err = sm2.EncryptASN1(rand.Reader, pub, key)
	}
	if err != nil {
		return nil, fail(BadRecipient, "encrypt to the certificate %x: %v", to.SerialNumber, err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(f.version)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(to.RawIssuer)
			b.AddASN1BigInt(to.SerialNumber)
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(algorithm)
			if algorithm.Equal(oidRSA) {
				b.AddASN1NULL()
			}
		})
		b.AddASN1OctetString(given)
	})
	der, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("envelope: encode: %w", err)
	}
	return der, nil
}
