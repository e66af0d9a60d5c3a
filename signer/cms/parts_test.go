package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
)

var (
	aNull = []byte{5, 0}
	aText = tlv(12, []byte("text"))
)

// TestPSSParameters: each part that is missing, of another kind or followed by something keeps them from fitting.
func TestPSSParameters(t *testing.T) {
	hash, mgf, salt := tlv(0xa0, alg(oidSHA256)), tlv(0xa1, alg(oidMGF1, alg(oidSHA256)...)), tlv(0xa2, der(32))
	for _, tc := range []struct {
		name   string
		params []byte
		salt   int // 0: refused
	}{
		{"with a salt", tlv(0x30, hash, mgf, salt), 32},
		{"with the usual salt", tlv(0x30, hash, mgf), 20},
		{"with its trailer", tlv(0x30, hash, mgf, salt, tlv(0xa3, der(1))), 32},
		{"nothing", nil, 0},
		{"something behind", append(tlv(0x30, hash, mgf, salt), 5, 0), 0},
		{"no digest", tlv(0x30, mgf, salt), 0},
		{"a digest that is none", tlv(0x30, tlv(0xa0, aText), mgf), 0},
		{"two digests", tlv(0x30, tlv(0xa0, alg(oidSHA256), alg(oidSHA256)), mgf), 0},
		{"another digest", tlv(0x30, tlv(0xa0, alg(oidSHA384)), mgf), 0},
		{"a digest with parameters", tlv(0x30, tlv(0xa0, alg(oidSHA256, aText...)), mgf), 0},
		{"no mask", tlv(0x30, hash, salt), 0},
		{"a mask that is none", tlv(0x30, hash, tlv(0xa1, aText)), 0},
		{"two masks", tlv(0x30, hash, tlv(0xa1, alg(oidMGF1, alg(oidSHA256)...), aNull)), 0},
		{"another mask", tlv(0x30, hash, tlv(0xa1, alg(oidSHA256, alg(oidSHA256)...))), 0},
		{"a mask of no digest", tlv(0x30, hash, tlv(0xa1, alg(oidMGF1))), 0},
		{"a mask of another digest", tlv(0x30, hash, tlv(0xa1, alg(oidMGF1, alg(oidSHA384)...))), 0},
		{"a mask of a digest with parameters", tlv(0x30, hash, tlv(0xa1, alg(oidMGF1, alg(oidSHA256, aText...)...))), 0},
		{"an empty salt", tlv(0x30, hash, mgf, tlv(0xa2)), 0},
		{"two salts", tlv(0x30, hash, mgf, tlv(0xa2, der(32), der(32))), 0},
		{"no salt at all", tlv(0x30, hash, mgf, tlv(0xa2, der(0))), 0},
		{"too much salt", tlv(0x30, hash, mgf, tlv(0xa2, der(maxRSABits))), 0},
		{"a salt cut off", tlv(0x30, hash, mgf, []byte{0xa2, 9, 2, 1, 32}), 0},
		{"an empty trailer", tlv(0x30, hash, mgf, salt, tlv(0xa3)), 0},
		{"two trailers", tlv(0x30, hash, mgf, salt, tlv(0xa3, der(1), der(1))), 0},
		{"another trailer", tlv(0x30, hash, mgf, salt, tlv(0xa3, der(2))), 0},
		{"a trailer cut off", tlv(0x30, hash, mgf, salt, []byte{0xa3, 9, 2, 1, 1}), 0},
		{"something more", tlv(0x30, hash, mgf, salt, aText), 0},
	} {
		got, err := parsePSS(tc.params, digests[0])
		if got != tc.salt || (tc.salt == 0) != errors.Is(err, &Error{Kind: UnsupportedAlgorithm}) {
			t.Errorf("%s: salt of %d, %v", tc.name, got, err)
		}
	}
}

// TestNamesOfSigningCertificates: what names a certificate, whole and with each of its faults.
func TestNamesOfSigningCertificates(t *testing.T) {
	sum := digests[0].sum(testCert.Raw)
	hash := der(sum)
	issuer := func(name, serial []byte, more ...[]byte) []byte {
		return tlv(0x30, append([][]byte{tlv(0x30, name), serial}, more...)...)
	}
	name := tlv(0xa4, testCert.RawSubject)
	id := func(parts ...[]byte) []byte { return tlv(0x30, tlv(0x30, tlv(0x30, parts...))) }
	for _, tc := range []struct {
		what  string
		value []byte
		names bool // the certificate, and no other
		want  Kind
	}{
		{"its hash", id(hash), true, ""},
		{"its hash and issuer", id(hash, issuer(name, der(77))), true, ""},
		{"a digest that is said", id(alg(oidSHA256), hash), true, ""},
		{"policies beside it", tlv(0x30, tlv(0x30, tlv(0x30, hash)), tlv(0x30, tlv(0x30, der(oidData)))), true, ""},
		{"another number", id(hash, issuer(name, der(78))), false, ""},
		{"another issuer", id(hash, issuer(tlv(0xa4, tlv(0x30)), der(77))), false, ""},
		{"another hash", id(der(digests[0].sum(nil))), false, ""},
		{"nothing", nil, false, Malformed},
		{"something behind", append(id(hash), aNull...), false, Malformed},
		{"no list", tlv(0x30), false, Malformed},
		{"no certificate in it", tlv(0x30, tlv(0x30)), false, Malformed},
		{"something else beside it", tlv(0x30, tlv(0x30, tlv(0x30, hash)), aText), false, Malformed},
		{"something behind the policies", tlv(0x30, tlv(0x30, tlv(0x30, hash)), tlv(0x30), aText), false, Malformed},
		{"policies that are none", tlv(0x30, tlv(0x30, tlv(0x30, hash)), tlv(0x30, []byte{0x30, 9})), false, Malformed},
		{"a second one cut off", tlv(0x30, tlv(0x30, tlv(0x30, hash), []byte{0x30, 9})), false, Malformed},
		{"a digest that is none", id(tlv(0x30), hash), false, Malformed},
		{"an unknown digest", id(alg(oidData), hash), false, UnsupportedAlgorithm},
		{"no hash", id(aText), false, Malformed},
		{"no issuer", id(hash, aText), false, Malformed},
		{"something behind the issuer", id(hash, issuer(name, der(77)), aText), false, Malformed},
		{"an issuer without names", id(hash, tlv(0x30, aText)), false, Malformed},
		{"one without a number", id(hash, issuer(name, aText)), false, Malformed},
		{"one with more", id(hash, issuer(name, der(77), aText)), false, Malformed},
		{"a name of another kind", id(hash, issuer(tlv(0x82, []byte("a.example")), der(77))), false, Malformed},
		{"two names", id(hash, issuer(slices.Concat(name, name), der(77))), false, Malformed},
		{"a name that is none", id(hash, issuer(tlv(0xa4, aText), der(77))), false, Malformed},
		{"a name with more", id(hash, issuer(tlv(0xa4, testCert.RawSubject, aText), der(77))), false, Malformed},
	} {
		e, err := parseSigningCertificate(tc.value, digests[0], true)
		if tc.want != "" {
			if !errors.Is(err, &Error{Kind: tc.want}) {
				t.Errorf("%s: %v, want %s", tc.what, err, tc.want)
			}
			continue
		}
		if err != nil || e.matches(testCert) != tc.names {
			t.Errorf("%s: %v", tc.what, err)
		}
	}
}

// TestBareRSAValues: the oldest kind of value, made with each of its faults.
func TestBareRSAValues(t *testing.T) {
	content := []byte("content")
	sum := digestSHA1.sum(content)
	info := func(a, digest []byte) []byte { return tlv(0x30, a, digest) }
	// padded signs what a signature opens to (RFC 8017, 9.2), well formed or not.
	padded := func(der []byte, end byte) []byte {
		size := testKey.Size()
		em := slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-3-len(der)), []byte{end}, der)
		value := new(big.Int).SetBytes(em)
		return value.Exp(value, testKey.D, testKey.N).FillBytes(make([]byte, size))
	}
	good := padded(info(alg(oidSHA1, derNULL...), der(sum)), 0)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short := &rsa.PublicKey{N: new(big.Int).SetBit(new(big.Int), 1000, 1), E: 65537}
	long := &rsa.PublicKey{N: new(big.Int).SetBit(new(big.Int), maxRSABits, 1), E: 65537}
	for _, tc := range []struct {
		name  string
		value []byte
		key   crypto.PublicKey
		want  Kind
	}{
		{"whole", der(good), testKey.Public(), ""},
		{"with SHA-256", der(padded(info(alg(oidSHA256, derNULL...), der(digests[0].sum(content))), 0)), testKey.Public(), ""},
		{"an elliptic key", der(good), ecKey.Public(), AlgorithmMismatch},
		{"a short key", der(good), short, WeakAlgorithm},
		{"a long key", der(good), long, UnsupportedAlgorithm},
		{"no octets", aText, testKey.Public(), Malformed},
		{"something behind", append(der(good), aNull...), testKey.Public(), Malformed},
		{"a shorter value", der(good[1:]), testKey.Public(), BadSignature},
		{"a value above the key's", der(bytes.Repeat([]byte{0xff}, len(good))), testKey.Public(), BadSignature},
		{"nothing behind the padding", der(padded(nil, 0)), testKey.Public(), BadSignature},
		{"no digest in it", der(padded(aText, 0)), testKey.Public(), BadSignature},
		{"a digest without a name", der(padded(info(aText, der(sum)), 0)), testKey.Public(), BadSignature},
		{"a name without a digest", der(padded(info(alg(oidSHA1), aText), 0)), testKey.Public(), BadSignature},
		{"MD5", der(padded(info(alg(oidMD5), der(sum)), 0)), testKey.Public(), WeakAlgorithm},
		{"an unknown digest", der(padded(info(alg(oidData), der(sum)), 0)), testKey.Public(), UnsupportedAlgorithm},
		{"SM3", der(padded(info(alg(oidSM3), der(sum)), 0)), testKey.Public(), AlgorithmMismatch},
		{"a digest with something behind", der(padded(append(info(alg(oidSHA1, derNULL...), der(sum)), 1), 0)), testKey.Public(), BadSignature},
		{"another digest", der(padded(info(alg(oidSHA1, derNULL...), der(digestSHA1.sum(nil))), 0)), testKey.Public(), DigestMismatch},
	} {
		p, err := ParsePKCS1(tc.value, tc.key)
		if err == nil {
			h := p.DigestHash()
			h.Write(content)
			err = p.Check(h.Sum(nil))
		}
		if tc.want != "" && !errors.Is(err, &Error{Kind: tc.want}) || tc.want == "" && err != nil {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
		if tc.name == "whole" && (p.Algorithm() != "RSA-SHA1" || p.Weak() != "SHA1") {
			t.Errorf("%s, weak by %q", p.Algorithm(), p.Weak())
		}
	}
}

// odd is a public key of another kind.
type odd struct{}

// TestKeysThatDoNotFit a signature, and what a Builder makes with those that do.
func TestKeysThatDoNotFit(t *testing.T) {
	key := func(c elliptic.Curve) *ecdsa.PublicKey {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return &k.PublicKey
	}
	for name, tc := range map[string]struct {
		key  crypto.PublicKey
		want string // or the kind of error
	}{
		"P-256": {key(elliptic.P256()), "ECDSA-SHA256"}, "P-384": {key(elliptic.P384()), "ECDSA-SHA384"}, "P-521": {key(elliptic.P521()), "ECDSA-SHA512"},
		"P-224": {key(elliptic.P224()), string(UnsupportedAlgorithm)}, "of another kind": {odd{}, string(UnsupportedAlgorithm)},
		"long RSA":  {&rsa.PublicKey{N: new(big.Int).SetBit(new(big.Int), maxRSABits, 1), E: 65537}, string(UnsupportedAlgorithm)},
		"short RSA": {&rsa.PublicKey{N: new(big.Int).SetBit(new(big.Int), 2046, 1), E: 65537}, string(WeakAlgorithm)},
	} {
		s, err := suiteFor(tc.key)
		var e *Error
		if errors.As(err, &e) && string(e.Kind) != tc.want || err == nil && s.String() != tc.want {
			t.Errorf("%s: %s, %v, want %s", name, s, err, tc.want)
		}
	}
	if n := maxSignature(odd{}); n != 0 {
		t.Errorf("a signature of %d bytes with a key of no kind", n)
	}
	if (suite{}).verifyDigest(odd{}, nil, nil) {
		t.Error("a key of no kind verifies")
	}
	p256 := key(elliptic.P256())
	for name, tc := range map[string]struct {
		digest, sig algorithm
		key         crypto.PublicKey
		want        Kind
	}{
		"a digest with parameters":            {algorithm{oidSHA256, aText}, algorithm{oid: oidECDSASHA256}, p256, UnsupportedAlgorithm},
		"a signature with parameters":         {algorithm{oid: oidSHA256}, algorithm{oidECDSASHA256, aText}, p256, UnsupportedAlgorithm},
		"MD5 with RSA, whatever is accepted":  {algorithm{oid: oidSHA256}, algorithm{oid: oidMD5RSA}, testKey.Public(), WeakAlgorithm},
		"SM2 with another curve":              {algorithm{oid: oidSM3}, algorithm{oid: oidSM2SM3}, p256, AlgorithmMismatch},
		"RSA with an elliptic key":            {algorithm{oid: oidSHA256}, algorithm{oid: oidRSA}, p256, AlgorithmMismatch},
		"RSA with SM3":                        {algorithm{oid: oidSM3}, algorithm{oid: oidRSA}, testKey.Public(), AlgorithmMismatch},
		"ECDSA with an RSA key":               {algorithm{oid: oidSHA256}, algorithm{oid: oidECDSASHA256}, testKey.Public(), AlgorithmMismatch},
		"a curve that is not accepted":        {algorithm{oid: oidSHA256}, algorithm{oid: oidECDSASHA256}, key(elliptic.P224()), UnsupportedAlgorithm},
		"an RSA key that nobody should trust": {algorithm{oid: oidSHA256}, algorithm{oid: oidRSA}, &rsa.PublicKey{N: big.NewInt(1 << 40), E: 3}, WeakAlgorithm},
	} {
		if s, err := resolve(tc.digest, tc.sig, tc.key, Accept{Weak: true}); !errors.Is(err, &Error{Kind: tc.want}) {
			t.Errorf("%s: %s, %v", name, s, err)
		}
	}
}

// TestBuildersThatCannotSign: what they lack is said before the key is asked, by everything that they answer.
func TestBuildersThatCannotSign(t *testing.T) {
	good := Builder{Signer: testKey, Chain: []*smx509.Certificate{testCert}}
	noKey := *testCert
	noKey.PublicKey = odd{}
	for name, tc := range map[string]struct {
		change func(b *Builder)
		want   Kind
	}{
		"no signer":             {func(b *Builder) { b.Signer = nil }, NoSignerCertificate},
		"no chain":              {func(b *Builder) { b.Chain = nil }, NoSignerCertificate},
		"no certificate":        {func(b *Builder) { b.Chain = []*smx509.Certificate{nil} }, NoSignerCertificate},
		"a key of another kind": {func(b *Builder) { b.Chain = []*smx509.Certificate{&noKey} }, UnsupportedAlgorithm},
		"GB/T 35275 with RSA":   {func(b *Builder) { b.GM = true }, AlgorithmMismatch},
		"another's certificate": {func(b *Builder) { b.Signer = mustKey(2048) }, KeyMismatch},
	} {
		b := good
		tc.change(&b)
		_, errHash := b.Hash()
		_, errSize := b.SizeBound()
		_, errSign := b.Sign(make([]byte, 32))
		_, errInside := b.SignAttached(oidData, nil)
		for _, err := range []error{errHash, errSize, errSign, errInside} {
			if !errors.Is(err, &Error{Kind: tc.want}) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := good.Sign(make([]byte, 20)); !errors.Is(err, &Error{Kind: AlgorithmMismatch}) {
		t.Errorf("a digest of another length: %v", err)
	}
	// A chain with a gap, or with a certificate twice, is written as what it holds.
	twice := good
	twice.Chain = []*smx509.Certificate{testCert, nil, testCert}
	made, err := twice.Sign(testDigest[:])
	if err != nil || bytes.Count(made, testCert.Raw) != 1 {
		t.Errorf("%d times, %v", bytes.Count(made, testCert.Raw), err)
	}
	// Times before 1950 and from 2050 on are written with four digits of the year (RFC 5652, 11.3).
	for year, head := range map[int][]byte{1949: {0x31, 17, 0x18}, 1950: {0x31, 15, 0x17}, 2049: {0x31, 15, 0x17}, 2050: {0x31, 17, 0x18}} {
		good.SigningTime = time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
		made, err := good.Sign(testDigest[:])
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(made)
		if err != nil {
			t.Fatal(err)
		}
		if at, ok := s.SigningTime(); !ok || at.Year() != year || !bytes.Contains(made, append(der(oidAttrSigningTime), head...)) {
			t.Errorf("%d became %v", year, at)
		}
	}
}

// TestErrorsTellTheirAlgorithm where one is in question.
func TestErrorsTellTheirAlgorithm(t *testing.T) {
	plain, named := &Error{Kind: Malformed}, &Error{Kind: WeakAlgorithm, Algorithm: "MD5"}
	if plain.Params() != nil || named.Params()["algorithm"] != "MD5" || named.Code() != "cms.weak_algorithm" {
		t.Errorf("%v, %v", plain.Params(), named.Params())
	}
	if errors.Is(plain, named) || errors.Is(plain, big.ErrNaN{}) || !errors.Is(named, &Error{Kind: WeakAlgorithm}) {
		t.Error("errors are taken for one another")
	}
	if _, _, err := ToDER(make([]byte, MaxSize+1)); !errors.Is(err, &Error{Kind: TooLarge}) {
		t.Errorf("too long: %v", err)
	}
}
