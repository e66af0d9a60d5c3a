package sm2form

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/emmansun/gmsm/sm2"
)

func newKey(t testing.TB) *sm2.PrivateKey {
	t.Helper()
	k, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSignatureForms(t *testing.T) {
	key := newKey(t)
	digest := make([]byte, 32)
	for i := range 300 { // numbers with leading zeros and leading ones come by
		binary.BigEndian.PutUint32(digest, uint32(i))
		der, err := key.Sign(rand.Reader, digest, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := ParseSignature(der)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(s.DER(), der) {
			t.Fatalf("DER %x became %x", der, s.DER())
		}
		for name, form := range map[string][]byte{"raw": s.Raw(), "blob": s.Blob()} {
			again, err := ParseSignature(form)
			if err != nil || again != s {
				t.Fatalf("%s: %v, %v", name, again, err)
			}
			if !sm2.VerifyASN1(&key.PublicKey, digest, again.DER()) {
				t.Fatalf("%s: the signature does not verify", name)
			}
		}
	}
}

func TestSignatureLayout(t *testing.T) {
	var s Signature
	s.R[31], s.S[0] = 1, 0x80
	blob := make([]byte, 128)
	blob[63], blob[96] = 1, 0x80
	if !bytes.Equal(s.Blob(), blob) {
		t.Errorf("blob %x", s.Blob())
	}
	der := slices.Concat([]byte{0x30, 38, 2, 1, 1, 2, 33, 0, 0x80}, make([]byte, 31))
	if !bytes.Equal(s.DER(), der) {
		t.Errorf("DER %x", s.DER())
	}
}

func TestBadSignatures(t *testing.T) {
	good := Signature{R: [32]byte{31: 1}, S: [32]byte{31: 2}}
	high := good.Blob()
	high[0] = 1
	zero := good.Raw()
	zero[31] = 0
	for name, b := range map[string][]byte{
		"nothing":                 nil,
		"short":                   good.Raw()[1:],
		"long":                    append(good.Blob(), 0),
		"a number above 32 bytes": high,
		"zero":                    zero,
		"trailing data":           append(good.DER(), 0),
		"negative":                {0x30, 6, 2, 1, 0xff, 2, 1, 1},
		"padded":                  {0x30, 7, 2, 2, 0, 1, 2, 1, 1},
		"long form of length":     {0x30, 0x81, 6, 2, 1, 1, 2, 1, 1},
		"three numbers":           {0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1},
	} {
		if s, err := ParseSignature(b); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

func TestCiphertextForms(t *testing.T) {
	key := newKey(t)
	for _, size := range []int{1, 16, 32, 1000, MaxCipher} {
		secret := bytes.Repeat([]byte{7}, size)
		der, err := sm2.EncryptASN1(rand.Reader, &key.PublicKey, secret)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ParseDERCiphertext(der)
		if err != nil {
			t.Fatal(err)
		}
		forms := []struct {
			name  string
			bytes []byte
			parse func([]byte) (Ciphertext, error)
		}{
			{"DER", c.DER(), ParseDERCiphertext},
			{"C1C3C2", c.C1C3C2(), ParseC1C3C2},
			{"C1C2C3", c.C1C2C3(), ParseC1C2C3},
			{"blob", c.Blob(), ParseCipherBlob},
		}
		for _, f := range forms {
			again, err := f.parse(f.bytes)
			if err != nil {
				t.Fatalf("%s of %d bytes: %v", f.name, size, err)
			}
			if !bytes.Equal(again.DER(), der) {
				t.Errorf("%s of %d bytes came back otherwise", f.name, size)
			}
			for _, bad := range [][]byte{nil, f.bytes[:90], spoilt(f.bytes, 40)} {
				if _, err := f.parse(bad); !errors.Is(err, ErrCiphertext) {
					t.Errorf("%s: %d bytes were taken", f.name, len(bad))
				}
			}
		}
		// Another implementation reads both orders.
		for _, o := range []struct {
			bytes []byte
			opts  *sm2.DecrypterOpts
		}{
			{c.C1C3C2(), sm2.NewPlainDecrypterOpts(sm2.C1C3C2)},
			{c.C1C2C3(), sm2.NewPlainDecrypterOpts(sm2.C1C2C3)},
		} {
			plain, err := key.Decrypt(nil, o.bytes, o.opts)
			if err != nil || !bytes.Equal(plain, secret) {
				t.Errorf("%d bytes did not decrypt: %v", size, err)
			}
		}
	}
}

// spoilt changes a byte of the point, which then lies beside the curve.
func spoilt(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func TestCipherBlobLayout(t *testing.T) {
	key := newKey(t)
	der, err := sm2.EncryptASN1(rand.Reader, &key.PublicKey, make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseDERCiphertext(der)
	if err != nil {
		t.Fatal(err)
	}
	b := c.Blob()
	if len(b) != 180 || !bytes.Equal(b[32:64], c.X[:]) || !bytes.Equal(b[96:128], c.Y[:]) ||
		!bytes.Equal(b[128:160], c.Hash[:]) ||
		!bytes.Equal(b[160:164], []byte{16, 0, 0, 0}) || !bytes.Equal(b[164:], c.Cipher) {
		t.Errorf("blob %x", b)
	}
	for _, length := range []uint32{0, 15, 17, 0xFFFFFFC2, 0xFFFFFFFF} {
		binary.LittleEndian.PutUint32(b[160:], length)
		if _, err := ParseCipherBlob(b); !errors.Is(err, ErrCiphertext) {
			t.Errorf("a length of %d was taken for 16 bytes", length)
		}
	}
}

func TestPublicKeyBlob(t *testing.T) {
	key := newKey(t)
	b, err := publicKeyBlob(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) != 132 || binary.LittleEndian.Uint32(b) != 256 {
		t.Errorf("blob %x", b)
	}
	pub, err := ParsePublicKeyBlob(b)
	if err != nil || !pub.Equal(&key.PublicKey) {
		t.Errorf("got %v, %v", pub, err)
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "short": b[:131], "long": append(bytes.Clone(b), 0), "of 255 bits": spoilt(b, 0),
		"beside the curve": spoilt(b, 131), "above 32 bytes": spoilt(b, 4),
		"the point at infinity": append(bytes.Clone(b[:4]), make([]byte, 128)...),
	} {
		if _, err := ParsePublicKeyBlob(bad); !errors.Is(err, ErrPublicKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEnvelope(t *testing.T) {
	owner, wrapped := newKey(t), newKey(t)
	b, err := Envelope(&owner.PublicKey, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) != EnvelopeSize || EnvelopeSize != 388 || bytes.Contains(b, wrapped.D.Bytes()) {
		t.Errorf("an envelope of %d bytes: %x", len(b), b)
	}
	key, err := OpenEnvelope(owner, b)
	if err != nil || !key.Equal(wrapped) {
		t.Fatalf("got another key, %v", err)
	}
	b[12] = 1 // a maker encrypts the whole field
	if key, err := OpenEnvelope(owner, b); err != nil || !key.Equal(wrapped) {
		t.Errorf("got another key, %v", err)
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "short": b[:387], "of version 0": spoilt(b, 0), "of SM1": spoilt(b, 5), "of 257 bits": spoilt(b, 8),
		"of another private key": spoilt(b, 75), "of another public key": spoilt(b, 207), "with another wrapping": spoilt(b, 387),
	} {
		if _, err := OpenEnvelope(owner, bad); !errors.Is(err, ErrEnvelope) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenEnvelope(wrapped, b); !errors.Is(err, ErrEnvelope) {
		t.Errorf("a stranger opened it: %v", err)
	}
}

// Whatever is read is written back in the same bytes: no value has two encodings in one form.
func FuzzSignature(f *testing.F) {
	s := Signature{R: [32]byte{31: 1}, S: [32]byte{0: 0x80}}
	f.Add(s.DER())
	f.Add(s.Raw())
	f.Add(s.Blob())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSignature(b)
		if err != nil {
			return
		}
		if !slices.ContainsFunc([][]byte{s.DER(), s.Raw(), s.Blob()}, func(form []byte) bool { return bytes.Equal(form, b) }) {
			t.Errorf("%x was read, and written as %x", b, s.DER())
		}
	})
}

func FuzzCiphertext(f *testing.F) {
	key := newKey(f)
	der, err := sm2.EncryptASN1(rand.Reader, &key.PublicKey, []byte("seed"))
	if err != nil {
		f.Fatal(err)
	}
	c, err := ParseDERCiphertext(der)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Add(c.C1C3C2())
	f.Add(c.C1C2C3())
	f.Add(c.Blob())
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := ParseDERCiphertext(b); err == nil && !bytes.Equal(c.DER(), b) {
			t.Errorf("%x was read, and written as %x", b, c.DER())
		}
		if c, err := ParseC1C3C2(b); err == nil && !bytes.Equal(c.C1C3C2(), b) {
			t.Errorf("%x was read, and written as %x", b, c.C1C3C2())
		}
		if c, err := ParseC1C2C3(b); err == nil && !bytes.Equal(c.C1C2C3(), b) {
			t.Errorf("%x was read, and written as %x", b, c.C1C2C3())
		}
		if c, err := ParseCipherBlob(b); err == nil && !bytes.Equal(c.Blob(), b) {
			t.Errorf("%x was read, and written as %x", b, c.Blob())
		}
	})
}

func FuzzOpenEnvelope(f *testing.F) {
	owner := newKey(f)
	b, err := Envelope(&owner.PublicKey, newKey(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[76:208])
	f.Fuzz(func(t *testing.T, b []byte) {
		if key, err := OpenEnvelope(owner, b); err == nil && key == nil {
			t.Error("no key and no error")
		}
		if pub, err := ParsePublicKeyBlob(b); err == nil {
			if again, err := publicKeyBlob(pub); err != nil || !bytes.Equal(again, b) {
				t.Errorf("%x was read, and written as %x, %v", b, again, err)
			}
		}
	})
}

// Of each form, what is one field away from the right one is refused.
func TestNearlyRight(t *testing.T) {
	key := newKey(t)
	der, err := sm2.EncryptASN1(rand.Reader, &key.PublicKey, []byte("seed"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseDERCiphertext(der)
	if err != nil {
		t.Fatal(err)
	}
	sequence := func(parts ...[]byte) []byte {
		all := slices.Concat(parts...)
		return append([]byte{0x30, 0x81, byte(len(all))}, all...)
	}
	integer := func(n []byte) []byte { return append([]byte{2, byte(len(n) + 1), 0}, n...) }
	octets := func(b []byte) []byte { return append([]byte{4, byte(len(b))}, b...) }
	x, y, hash, cipher := integer(c.X[:]), integer(c.Y[:]), octets(c.Hash[:]), octets(c.Cipher)
	large := append([]byte{2, 34, 0, 1}, c.X[:]...) // more than a field holds
	for name, b := range map[string][]byte{
		"more after it":      append(slices.Clone(der), 0),
		"no x":               sequence(hash, y, hash, cipher),
		"no y":               sequence(x, hash, hash, cipher),
		"no hash":            sequence(x, y, x, cipher),
		"no cipher":          sequence(x, y, hash, x),
		"more in it":         sequence(x, y, hash, cipher, x),
		"a short hash":       sequence(x, y, octets(c.Hash[1:]), cipher),
		"an empty cipher":    sequence(x, y, hash, octets(nil)),
		"an x that is large": sequence(append(large, 0)[:36], y, hash, cipher),
		"a y that is large":  sequence(x, large, hash, cipher),
		"no point":           sequence(y, x, hash, cipher),
	} {
		if _, err := ParseDERCiphertext(b); !errors.Is(err, ErrCiphertext) {
			t.Errorf("a ciphertext with %s: %v", name, err)
		}
	}
	long := append(c.C1C3C2(), make([]byte, MaxCipher)...)
	if _, err := ParseC1C3C2(long); !errors.Is(err, ErrCiphertext) {
		t.Errorf("a ciphertext that is long: %v", err)
	}
	one := []byte{2, 1, 1}
	for name, b := range map[string][]byte{
		"no s":               sequence(one, octets(nil)),
		"an s of zero":       sequence(one, []byte{2, 1, 0}),
		"an s that is large": sequence(one, large),
	} {
		if _, err := ParseDERSignature(b); !errors.Is(err, ErrSignature) {
			t.Errorf("a signature with %s: %v", name, err)
		}
	}
	for _, parse := range []func([]byte) (Signature, error){ParseRawSignature, ParseSignatureBlob} {
		if _, err := parse(make([]byte, 65)); !errors.Is(err, ErrSignature) {
			t.Errorf("a signature of another length: %v", err)
		}
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := publicKeyBlob(&p256.PublicKey); !errors.Is(err, ErrPublicKey) {
		t.Errorf("a key of another curve: %v", err)
	}
	blob, err := publicKeyBlob(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{4, 68} { // before a coordinate
		if _, err := ParsePublicKeyBlob(spoilt(blob, at)); !errors.Is(err, ErrPublicKey) {
			t.Errorf("a key that is spoilt at %d: %v", at, err)
		}
	}
	envelope, err := Envelope(&key.PublicKey, newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{80, 212, len(envelope) - 20, 60} { // of the public key, of the point, of its hash, of the key
		if _, err := OpenEnvelope(key, spoilt(envelope, at)); !errors.Is(err, ErrEnvelope) {
			t.Errorf("an envelope that is spoilt at %d: %v", at, err)
		}
	}
}
