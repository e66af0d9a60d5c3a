package bid

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"

	"sealdesk/signer/envelope"
)

// Cipher is what contents are sealed with; the hash and the form of the envelopes go with it.
type Cipher string

// The ciphers.
const (
	// SM4GCM is SM4 in GCM, with SM3, and envelopes of GB/T 35275.
	SM4GCM Cipher = "SM4-GCM"
	// AES256GCM is AES-256 in GCM, with SHA-256, and envelopes of RFC 5652.
	AES256GCM Cipher = "AES-256-GCM"
)

const (
	secretSize = 32 // of an envelope's content, in bytes
	tagSize    = 16
	nonceSize  = 12
	digestSize = 32 // of both hashes
)

// suite is what a Cipher amounts to.
type suite struct {
	cipher   Cipher
	envelope envelope.Suite
	keyLen   int
	hash     func() hash.Hash
	block    func([]byte) (cipher.Block, error)
}

var suites = []suite{
	{SM4GCM, envelope.GM, 16, sm3.New, sm4.NewCipher},
	{AES256GCM, envelope.AES, 32, sha256.New, aes.NewCipher},
}

func suiteOf(c Cipher) (suite, error) {
	for _, s := range suites {
		if s.cipher == c {
			return s, nil
		}
	}
	return suite{}, fail(Malformed, "no cipher %q", c)
}

func (s suite) sum(parts ...[]byte) []byte {
	h := s.hash()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// derive is HKDF (RFC 5869) with the bid's id as salt.
func (s suite) derive(secret, id []byte, label, name string, n int) ([]byte, error) {
	key, err := hkdf.Key(s.hash, secret, id, "sealdesk bid "+label+"\x00"+name, n)
	if err != nil {
		return nil, fmt.Errorf("bid: derive: %w", err)
	}
	return key, nil
}

// sealer is one part's key with what its chunks are bound to.
type sealer struct {
	aead cipher.AEAD
	aad  []byte
}

// binding is the object whose digest every chunk of a part is sealed with (FORMAT.md, 6).
type binding struct {
	Bidder    string `json:"bidder"` // the code
	ChunkSize int64  `json:"chunkSize"`
	Cipher    Cipher `json:"cipher"`
	Envelope  string `json:"envelope"`
	Format    int    `json:"format"`
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	Lot       string `json:"lot"`
	Part      string `json:"part"` // its code
	Size      int64  `json:"size"`
	Tender    string `json:"tender"`
}

func (s suite) sealer(m *Manifest, p Part, secret, id []byte) (*sealer, error) {
	key, err := s.derive(secret, id, "part", p.Code, s.keyLen)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := s.block(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	bound, err := canonical(binding{m.Bidder.Code, m.ChunkSize, m.Cipher, p.Envelope, m.Format, m.ID, p.Kind, m.Lot, p.Code, p.Size, m.Tender})
	if err != nil {
		return nil, err
	}
	return &sealer{aead, s.sum(bound)}, nil
}

// nonce is that of chunk i: three zero bytes, i in eight bytes, and 1 for the last chunk, else 0.
func nonce(i int64, last bool) []byte {
	n := make([]byte, nonceSize)
	binary.BigEndian.PutUint64(n[3:], uint64(i))
	if last {
		n[nonceSize-1] = 1
	}
	return n
}

// seal encrypts a chunk in place; there must be room for the tag behind it.
func (s *sealer) seal(plain []byte, i int64, last bool) []byte {
	return s.aead.Seal(plain[:0], nonce(i, last), plain, s.aad)
}

// open decrypts a chunk in place.
func (s *sealer) open(sealed []byte, i int64, last bool) ([]byte, error) {
	return s.aead.Open(sealed[:0], nonce(i, last), sealed, s.aad)
}
