package soft

import (
	"bytes"
	"crypto"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"sealdesk/token"
)

// Cost is what one guess at a PIN costs: the parameters of Argon2id.
type Cost struct {
	Time      uint32 `json:"time"`      // passes
	MemoryKiB uint32 `json:"memoryKiB"` // memory
	Threads   uint8  `json:"threads"`   // lanes
}

// DefaultCost is RFC 9106's second recommendation (section 4).
var DefaultCost = Cost{Time: 3, MemoryKiB: 64 << 10, Threads: 4}

// The most that a file may ask for, whoever wrote it.
const (
	maxTime      = 16
	maxMemoryKiB = 256 << 10
	maxThreads   = 16
)

func (c Cost) check() error {
	if c.Time < 1 || c.Time > maxTime || c.Threads < 1 || c.Threads > maxThreads ||
		c.MemoryKiB < 8*uint32(c.Threads) || c.MemoryKiB > maxMemoryKiB {
		return fmt.Errorf("Argon2id parameters out of bounds: %d passes, %d KiB, %d lanes", c.Time, c.MemoryKiB, c.Threads)
	}
	return nil
}

const (
	sealedFormat  = "sealdesk-softkey-sealed"
	sealedVersion = 1
	saltSize      = 16
	keySize       = chacha20poly1305.KeySize
)

// header is bound to both boxes as associated data.
type header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Serial  string `json:"serial"`
	Public  string `json:"public"` // SHA-256 of token.json: other certificates are found out
	KDF     string `json:"kdf"`
	Cost    Cost   `json:"cost"`
	Salt    []byte `json:"salt"`
	Cipher  string `json:"cipher"`
}

const (
	kdfName    = "argon2id"
	cipherName = "xchacha20-poly1305"
)

type box struct {
	Nonce []byte `json:"nonce"`
	Data  []byte `json:"data"`
}

// sealed holds the private keys under a random key, and that key under the PIN.
// With two boxes, a PIN that opens the first is right whatever happened to the
// second, so that damage is not taken for a wrong PIN. Check is a plain hash
// which finds accidents before a try is spent.
type sealed struct {
	Header header `json:"header"`
	Wrap   box    `json:"wrap"`
	Keys   box    `json:"keys"`
	Check  string `json:"check"`
}

// privateKeys are both keys of a token, as PKCS #8 while they are on the way.
type privateKeys struct {
	Sign    []byte `json:"sign"`
	Encrypt []byte `json:"encrypt"`
}

func (k *privateKeys) wipe() {
	token.Wipe(k.Sign)
	token.Wipe(k.Encrypt)
}

// errWrongPIN: the first box does not open.
var errWrongPIN = errors.New("the PIN does not open the box")

func seal(pin []byte, cost Cost, serial string, public []byte, keys *privateKeys) (*sealed, error) {
	if err := cost.check(); err != nil {
		return nil, err
	}
	s := &sealed{Header: header{
		Format: sealedFormat, Version: sealedVersion, Serial: serial, Public: digest(public),
		KDF: kdfName, Cost: cost, Salt: make([]byte, saltSize), Cipher: cipherName,
	}}
	inner := make([]byte, keySize)
	defer token.Wipe(inner)
	for _, b := range [][]byte{s.Header.Salt, inner} {
		if _, err := io.ReadFull(rand.Reader, b); err != nil {
			return nil, err
		}
	}
	plain, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	defer token.Wipe(plain)
	outer := s.Header.derive(pin)
	defer token.Wipe(outer)
	if s.Wrap, err = s.Header.close(outer, "wrap", inner); err != nil {
		return nil, err
	}
	if s.Keys, err = s.Header.close(inner, "keys", plain); err != nil {
		return nil, err
	}
	s.Check = s.sum()
	return s, nil
}

// parseSealed finds everything that can be wrong before a PIN is tried.
func parseSealed(data []byte, serial string, public []byte) (*sealed, error) {
	var s sealed
	if err := decode(data, &s); err != nil {
		return nil, err
	}
	h := s.Header
	switch {
	case h.Format != sealedFormat || h.Version != sealedVersion || h.KDF != kdfName || h.Cipher != cipherName:
		return nil, errors.New("unknown format or version")
	case s.Check != s.sum():
		return nil, errors.New("its check does not match")
	case h.Serial != serial:
		return nil, errors.New("it belongs to another token")
	case h.Public != digest(public):
		return nil, errors.New("it does not belong to these certificates")
	case len(h.Salt) != saltSize || len(s.Wrap.Data) != keySize+chacha20poly1305.Overhead ||
		len(s.Wrap.Nonce) != chacha20poly1305.NonceSizeX || len(s.Keys.Nonce) != chacha20poly1305.NonceSizeX:
		return nil, errors.New("a field has the wrong length")
	}
	return &s, h.Cost.check()
}

// open gives the keys, or errWrongPIN, or what is wrong with the second box.
func (s *sealed) open(pin []byte) (*privateKeys, error) {
	outer := s.Header.derive(pin)
	defer token.Wipe(outer)
	inner, err := s.Header.open(outer, "wrap", s.Wrap)
	if err != nil {
		return nil, errWrongPIN
	}
	defer token.Wipe(inner)
	plain, err := s.Header.open(inner, "keys", s.Keys)
	if err != nil {
		return nil, errors.New("the keys do not open")
	}
	defer token.Wipe(plain)
	var keys privateKeys
	return &keys, decode(plain, &keys)
}

// sum covers the boxes and, through the associated data, the header.
func (s *sealed) sum() string {
	h := sha256.New()
	h.Write(s.Header.associated("check"))
	for _, b := range [][]byte{s.Wrap.Nonce, s.Wrap.Data, s.Keys.Nonce, s.Keys.Data} {
		fmt.Fprintf(h, "%d:", len(b))
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (h header) derive(pin []byte) []byte {
	return argon2.IDKey(pin, h.Salt, h.Cost.Time, h.Cost.MemoryKiB, h.Cost.Threads, keySize)
}

// associated names the box, so that one cannot stand in for the other.
func (h header) associated(purpose string) []byte {
	data, err := json.Marshal(h)
	if err != nil { // a struct of strings, numbers and bytes always marshals
		return nil
	}
	return append([]byte(purpose+"\x00"), data...)
}

func (h header) close(key []byte, purpose string, plain []byte) (box, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return box{}, err
	}
	b := box{Nonce: make([]byte, aead.NonceSize())}
	if _, err := io.ReadFull(rand.Reader, b.Nonce); err != nil {
		return box{}, err
	}
	b.Data = aead.Seal(nil, b.Nonce, plain, h.associated(purpose))
	return b, nil
}

func (h header) open(key []byte, purpose string, b box) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, b.Nonce, b.Data, h.associated(purpose))
}

func newAEAD(key []byte) (cipher.AEAD, error) { return chacha20poly1305.NewX(key) }

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// decode reads exactly one JSON value without unknown fields.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more follows after the end")
	}
	return nil
}

// parseKey reads a private key and makes sure that it is the certificate's.
func parseKey(der []byte, cert *smx509.Certificate) (crypto.Signer, error) {
	k, err := smx509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := k.(crypto.Signer)
	if !ok {
		return nil, errors.New("not a key that signs")
	}
	pub, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !pub.Equal(cert.PublicKey) {
		return nil, errors.New("a key and its certificate do not belong together")
	}
	return key, nil
}
