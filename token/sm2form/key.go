package sm2form

import (
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/emmansun/gmsm/cipher"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm4"
)

const (
	// PublicKeyBlobSize is the size of an ECCPUBLICKEYBLOB in bytes.
	PublicKeyBlobSize = 4 + 2*blobScalarSize

	// EnvelopeSize is the size of an ENVELOPEDKEYBLOB whose key of SM4 is wrapped, in bytes.
	EnvelopeSize = envelopeCipher + CipherBlobHeader + sm4.BlockSize

	keyBits = 256

	// Offsets in an ENVELOPEDKEYBLOB.
	envelopeBits   = 8
	envelopeKey    = 12
	envelopePublic = envelopeKey + blobScalarSize
	envelopeCipher = envelopePublic + PublicKeyBlobSize

	envelopeVersion = 1
	algSM4ECB       = 0x401 // SGD_SM4_ECB (GM/T 0006)
)

var (
	// ErrPublicKey: the bytes are not a public key of SM2, or the key is none.
	ErrPublicKey = errors.New("malformed SM2 public key")
	// ErrEnvelope: the bytes are not a private key that was wrapped for the key that opens them.
	ErrEnvelope = errors.New("malformed SM2 key envelope")
)

// ParsePublicKeyBlob reads an ECCPUBLICKEYBLOB: BitLen, X, Y.
func ParsePublicKeyBlob(b []byte) (*ecdsa.PublicKey, error) {
	var point [pointSize]byte
	if len(b) != PublicKeyBlobSize || binary.LittleEndian.Uint32(b) != keyBits ||
		!right(point[1:1+ScalarSize], b[4:4+blobScalarSize]) || !right(point[1+ScalarSize:], b[4+blobScalarSize:]) {
		return nil, ErrPublicKey
	}
	point[0] = 4
	pub, err := sm2.NewPublicKey(point[:])
	if err != nil {
		return nil, ErrPublicKey
	}
	return pub, nil
}

// publicKeyBlob gives the ECCPUBLICKEYBLOB of a key of SM2, 132 bytes.
func publicKeyBlob(pub *ecdsa.PublicKey) ([]byte, error) {
	if !sm2.IsSM2PublicKey(pub) {
		return nil, ErrPublicKey
	}
	point, err := sm2.PublicKeyToECDH(pub)
	if err != nil {
		return nil, ErrPublicKey
	}
	xy := point.Bytes()[1:]
	b := make([]byte, PublicKeyBlobSize)
	binary.LittleEndian.PutUint32(b, keyBits)
	right(b[4:4+blobScalarSize], xy[:ScalarSize])
	right(b[4+blobScalarSize:], xy[ScalarSize:])
	return b, nil
}

// Envelope wraps a private key for the owner of the public key to: an ENVELOPEDKEYBLOB (GM/T 0016), in which the key is
// encrypted with a fresh key of SM4 in ECB mode and that one with SM2. The private key's 32 bytes stand encrypted at the
// right of their field of 64.
func Envelope(to *ecdsa.PublicKey, priv *sm2.PrivateKey) ([]byte, error) {
	own, err := publicKeyBlob(&priv.PublicKey)
	if err != nil {
		return nil, err
	}
	secret := priv.D.FillBytes(make([]byte, ScalarSize))
	defer clear(secret)
	wrapKey := make([]byte, sm4.BlockSize)
	defer clear(wrapKey)
	if _, err := io.ReadFull(rand.Reader, wrapKey); err != nil {
		return nil, err
	}
	block, err := sm4.NewCipher(wrapKey)
	if err != nil {
		return nil, err
	}
	der, err := sm2.EncryptASN1(rand.Reader, to, wrapKey)
	if err != nil {
		return nil, err
	}
	wrapped, err := ParseDERCiphertext(der)
	if err != nil {
		return nil, err
	}

	head := make([]byte, envelopePublic)
	binary.LittleEndian.PutUint32(head, envelopeVersion)
	binary.LittleEndian.PutUint32(head[4:], algSM4ECB)
	binary.LittleEndian.PutUint32(head[envelopeBits:], keyBits)
	cipher.NewECBEncrypter(block).CryptBlocks(head[envelopePublic-ScalarSize:], secret)
	return slices.Concat(head, own, wrapped.Blob()), nil
}

// OpenEnvelope unwraps the private key in an ENVELOPEDKEYBLOB, and checks that it is the one of the public key beside it.
func OpenEnvelope(priv *sm2.PrivateKey, b []byte) (*sm2.PrivateKey, error) {
	if len(b) != EnvelopeSize || binary.LittleEndian.Uint32(b) != envelopeVersion ||
		binary.LittleEndian.Uint32(b[4:]) != algSM4ECB || binary.LittleEndian.Uint32(b[envelopeBits:]) != keyBits {
		return nil, ErrEnvelope
	}
	pub, err := ParsePublicKeyBlob(b[envelopePublic:envelopeCipher])
	if err != nil {
		return nil, ErrEnvelope
	}
	wrapped, err := ParseCipherBlob(b[envelopeCipher:])
	if err != nil {
		return nil, ErrEnvelope
	}
	wrapKey, err := priv.Decrypt(nil, wrapped.DER(), sm2.ASN1DecrypterOpts)
	if err != nil {
		return nil, ErrEnvelope
	}
	defer clear(wrapKey)
	block, err := sm4.NewCipher(wrapKey)
	if err != nil {
		return nil, ErrEnvelope
	}
	// Some makers encrypt all 64 bytes of the field: in ECB mode the last 32 are the same.
	secret := make([]byte, ScalarSize)
	defer clear(secret)
	cipher.NewECBDecrypter(block).CryptBlocks(secret, b[envelopePublic-ScalarSize:envelopePublic])
	key, err := sm2.NewPrivateKey(secret)
	if err != nil || !key.PublicKey.Equal(pub) {
		return nil, ErrEnvelope
	}
	return key, nil
}
