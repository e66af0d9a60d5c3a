package sm2form

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	// MaxCipher is the longest C2 that is read, in bytes. Keys are encrypted in this way, never documents.
	MaxCipher = 64 << 10

	// CipherBlobHeader is the size of an ECCCIPHERBLOB without its C2, in bytes.
	CipherBlobHeader = 2*blobScalarSize + hashSize + 4

	hashSize  = 32 // C3, a hash of SM3
	pointSize = 1 + 2*ScalarSize
)

// ErrCiphertext: the bytes are not a ciphertext in the form they were read in.
var ErrCiphertext = errors.New("malformed SM2 ciphertext")

// Ciphertext is what SM2 encryption gives (GB/T 32918.4): the point C1 = (X, Y), the hash C3 and the masked text C2.
type Ciphertext struct {
	X, Y   [ScalarSize]byte
	Hash   [hashSize]byte
	Cipher []byte
}

// ParseDERCiphertext reads the SM2Cipher of GM/T 0009: SEQUENCE { X INTEGER, Y INTEGER, C3 OCTET STRING, C2 OCTET STRING }.
func ParseDERCiphertext(b []byte) (Ciphertext, error) {
	in := cryptobyte.String(b)
	var seq, hash, cipher cryptobyte.String
	var x, y []byte
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || !in.Empty() ||
		!seq.ReadASN1Integer(&x) || !seq.ReadASN1Integer(&y) ||
		!seq.ReadASN1(&hash, asn1.OCTET_STRING) || !seq.ReadASN1(&cipher, asn1.OCTET_STRING) || !seq.Empty() {
		return Ciphertext{}, ErrCiphertext
	}
	return ciphertext(x, y, hash, cipher)
}

// ParseC1C3C2 reads the order of GB/T 32918.4-2016. The point is uncompressed: 04‖X‖Y.
func ParseC1C3C2(b []byte) (Ciphertext, error) {
	if len(b) < pointSize+hashSize || b[0] != 4 {
		return Ciphertext{}, ErrCiphertext
	}
	return ciphertext(b[1:1+ScalarSize], b[1+ScalarSize:pointSize], b[pointSize:pointSize+hashSize], b[pointSize+hashSize:])
}

// ParseC1C2C3 reads the order from before GB/T 32918.4. The point is uncompressed: 04‖X‖Y.
func ParseC1C2C3(b []byte) (Ciphertext, error) {
	if len(b) < pointSize+hashSize || b[0] != 4 {
		return Ciphertext{}, ErrCiphertext
	}
	end := len(b) - hashSize
	return ciphertext(b[1:1+ScalarSize], b[1+ScalarSize:pointSize], b[end:], b[pointSize:end])
}

// ParseCipherBlob reads an ECCCIPHERBLOB (GM/T 0016): X, Y, C3, the length of C2, C2. The bytes end with C2.
func ParseCipherBlob(b []byte) (Ciphertext, error) {
	if len(b) < CipherBlobHeader {
		return Ciphertext{}, ErrCiphertext
	}
	cipher := b[CipherBlobHeader:]
	if uint64(binary.LittleEndian.Uint32(b[CipherBlobHeader-4:])) != uint64(len(cipher)) {
		return Ciphertext{}, ErrCiphertext
	}
	const hash = 2 * blobScalarSize
	return ciphertext(b[:blobScalarSize], b[blobScalarSize:hash], b[hash:hash+hashSize], cipher)
}

func ciphertext(x, y, hash, cipher []byte) (Ciphertext, error) {
	var c Ciphertext
	if len(hash) != hashSize || len(cipher) == 0 || len(cipher) > MaxCipher || !right(c.X[:], x) || !right(c.Y[:], y) {
		return Ciphertext{}, ErrCiphertext
	}
	if _, err := sm2.NewPublicKey(c.point()); err != nil {
		return Ciphertext{}, ErrCiphertext
	}
	copy(c.Hash[:], hash)
	c.Cipher = slices.Clone(cipher)
	return c, nil
}

func (c Ciphertext) point() []byte { return slices.Concat([]byte{4}, c.X[:], c.Y[:]) }

// C1C3C2 gives 04‖X‖Y‖C3‖C2.
func (c Ciphertext) C1C3C2() []byte { return slices.Concat(c.point(), c.Hash[:], c.Cipher) }

// C1C2C3 gives 04‖X‖Y‖C2‖C3.
func (c Ciphertext) C1C2C3() []byte { return slices.Concat(c.point(), c.Cipher, c.Hash[:]) }

// DER gives the SM2Cipher of GM/T 0009.
func (c Ciphertext) DER() []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addInteger(b, c.X[:])
		addInteger(b, c.Y[:])
		b.AddASN1OctetString(c.Hash[:])
		b.AddASN1OctetString(c.Cipher)
	})
	return b.BytesOrPanic()
}

// Blob gives the ECCCIPHERBLOB, 164 bytes and C2.
func (c Ciphertext) Blob() []byte {
	b := make([]byte, CipherBlobHeader+len(c.Cipher))
	right(b[:blobScalarSize], c.X[:])
	right(b[blobScalarSize:2*blobScalarSize], c.Y[:])
	copy(b[2*blobScalarSize:], c.Hash[:])
	binary.LittleEndian.PutUint32(b[CipherBlobHeader-4:], uint32(len(c.Cipher)))
	copy(b[CipherBlobHeader:], c.Cipher)
	return b
}
