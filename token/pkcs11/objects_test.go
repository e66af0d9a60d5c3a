package pkcs11

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"math/big"
	"slices"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/pkcs11/cryptoki"
)

func TestMatchKeys(t *testing.T) {
	rsaKey := &rsa.PublicKey{N: new(big.Int).SetBytes(bytes.Repeat([]byte{0xC3}, 256)), E: 65537}
	ecKey, err := ca.GenerateKey(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	point := uncompressed(ecKey.Public().(*ecdsa.PublicKey))[1:]
	private := func(handle uint, id string, typ uint, more func(*object)) object {
		o := object{handle: handle, id: []byte(id), keyType: typ, hasType: true}
		if more != nil {
			more(&o)
		}
		return o
	}
	modulus := func(b byte) func(*object) {
		return func(o *object) { o.modulus = bytes.Repeat([]byte{b}, 256) }
	}
	place := func(container string, spec uint) func(*object) {
		return func(o *object) { o.container, o.keySpec = []byte(container), spec }
	}
	beside := func(id string, point []byte) object { return object{id: []byte(id), point: point} }
	const rsaType, ec, vendor = cryptoki.CKK_RSA, cryptoki.CKK_EC, 0x84000020
	tests := []struct {
		name     string
		cert     object
		rsa      bool
		privates []object
		publics  []object
		want     []uint
	}{
		{"by ID", object{id: []byte("a")}, true,
			[]object{private(1, "b", rsaType, nil), private(2, "a", rsaType, nil)}, nil, []uint{2}},
		{"by ID, and the modulus speaks against it", object{id: []byte("a")}, true,
			[]object{private(1, "a", rsaType, modulus(7))}, nil, nil},
		{"by ID, of another kind", object{id: []byte("a")}, true, []object{private(1, "a", ec, nil)}, nil, nil},
		{"by modulus", object{id: []byte("x")}, true,
			[]object{private(1, "a", rsaType, modulus(7)), private(2, "b", rsaType, modulus(0xC3))}, nil, []uint{2}},
		{"by modulus, without IDs", object{}, true,
			[]object{private(1, "", rsaType, modulus(0xC3)), private(2, "", rsaType, nil)}, nil, []uint{1}},
		{"by the point of the public key beside it", object{id: []byte("x")}, false,
			[]object{private(1, "a", vendor, nil), private(2, "b", vendor, nil)},
			[]object{beside("a", []byte("other")), beside("b", point)}, []uint{2}},
		{"by ID, and the public key beside it speaks against it", object{id: []byte("a")}, false,
			[]object{private(1, "a", vendor, nil)}, []object{beside("a", bytes.Repeat([]byte{1}, 64))}, nil},
		{"by container and place", object{container: []byte("C"), keySpec: 2}, false,
			[]object{private(1, "p", vendor, place("C", 1)), private(2, "q", vendor, place("C", 2)),
				private(3, "r", vendor, place("D", 2))}, nil, []uint{2}},
		{"two keys by one ID: the place decides", object{id: []byte("a"), keySpec: 2}, false,
			[]object{private(1, "a", vendor, place("", 1)), private(2, "a", vendor, place("", 2))}, nil, []uint{2, 1}},
		{"nothing tells: all that may be", object{}, false,
			[]object{private(1, "", ec, nil), private(2, "", vendor, nil), private(3, "", rsaType, nil)}, nil, []uint{1, 2}},
		{"an ID that no key has", object{id: []byte("z")}, false, []object{private(1, "a", ec, nil)}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var pub any = ecKey.Public()
			if tt.rsa {
				pub = rsaKey
			}
			var got []uint
			for _, o := range matchKeys(tt.cert, pub, tt.privates, tt.publics) {
				got = append(got, o.handle)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestUsageOf(t *testing.T) {
	const sign, encrypt = token.UsageSign, token.UsageEncrypt
	tests := []struct {
		name  string
		usage smx509.KeyUsage
		cert  object
		keys  []object
		want  token.Usage
	}{
		{"the certificate tells", smx509.KeyUsageKeyEncipherment, object{keySpec: keySpecSignature}, nil, encrypt},
		{"the place tells", 0, object{keySpec: keySpecExchange}, nil, encrypt},
		{"the key tells", 0, object{id: []byte("a")},
			[]object{{id: []byte("b"), decrypts: true}, {id: []byte("a"), signs: true}}, sign},
		{"the key does both", 0, object{id: []byte("a")}, []object{{id: []byte("a"), signs: true, decrypts: true}}, sign | encrypt},
		{"nothing tells", 0, object{}, []object{{decrypts: true}}, sign},
	}
	for _, tt := range tests {
		if got := usageOf(tt.cert, &smx509.Certificate{KeyUsage: tt.usage}, tt.keys); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestCoordinates(t *testing.T) {
	bare := append([]byte{4}, bytes.Repeat([]byte{9}, 64)...)
	tests := map[string][]byte{
		"DER":  append([]byte{4, 65}, bare...),
		"bare": bare,
	}
	for name, b := range tests {
		if got := coordinates(b); !bytes.Equal(got, bare[1:]) {
			t.Errorf("%s: %x", name, got)
		}
	}
	for name, b := range map[string][]byte{"nothing": nil, "compressed": append([]byte{2}, bare[1:33]...), "one byte": {4, 1, 4}} {
		if got := coordinates(b); len(got) > 0 {
			t.Errorf("%s: %x", name, got)
		}
	}
}

func FuzzCoordinates(f *testing.F) {
	f.Add([]byte{4, 3, 4, 1, 2})
	f.Add([]byte{4, 1, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := coordinates(b); len(got) >= len(b) && len(b) > 0 {
			t.Errorf("%x became %x", b, got)
		}
	})
}
