package envelope_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/cipher"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"testing"

	"github.com/emmansun/gmsm/sm4"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/envelope"
)

// tlv is a DER value.
func tlv(tag byte, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	n := len(content)
	switch {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, content...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, content...)
	case n < 0x10000:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
	}
	return append([]byte{tag, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, content...)
}

func id(t testing.TB, dotted ...int) []byte {
	t.Helper()
	der, err := asn1.Marshal(asn1.ObjectIdentifier(dotted))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func gm(t testing.TB, last ...int) []byte { return id(t, append([]int{1, 2, 156, 10197}, last...)...) }

// pieces are what an envelope of GB/T 35275 for one certificate is put together from, by the names of their places.
func pieces(t testing.TB, c *smx509.Certificate, iv, sealed []byte) map[string][]byte {
	serial, err := asn1.Marshal(c.SerialNumber)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"type": gm(t, 6, 1, 4, 2, 3), "version": {2, 1, 1}, "content type": gm(t, 6, 1, 4, 2, 1), "cipher": gm(t, 1, 104, 2), "iv": tlv(4, iv),
		"sealed": tlv(0x80, sealed), "recipient version": {2, 1, 1}, "issuer": c.RawIssuer, "serial": serial,
		"key cipher": gm(t, 1, 301, 3), "key": tlv(4, []byte("the key")),
	}
}

// build puts an envelope together; what has a name with "after" in it comes behind that place.
func build(p map[string][]byte) []byte {
	recipient := tlv(0x30, p["recipient version"], tlv(0x30, p["issuer"], p["serial"], p["after serial"]),
		tlv(0x30, p["key cipher"], p["after key cipher"]), p["key"], p["after key"])
	if r, other := p["recipient"]; other {
		recipient = r
	}
	content := tlv(0x30, p["content type"], tlv(0x30, p["cipher"], p["iv"], p["after iv"]), p["sealed"], p["after sealed"])
	if c, other := p["content"]; other {
		content = c
	}
	data := tlv(0x30, p["version"], tlv(0x31, recipient, p["more recipients"]), content, p["after content"])
	if d, other := p["data"]; other {
		data = d
	}
	return append(tlv(0x30, p["type"], tlv(0xa0, data, p["after data"]), p["after wrapped"]), p["after all"]...)
}

// TestEnvelopesThatAreRefused: every part that is missing, of another kind or followed by something, with what it is called.
func TestEnvelopesThatAreRefused(t *testing.T) {
	p := party(t, "sm2", 7)
	iv, block := make([]byte, 16), make([]byte, 16)
	whole := pieces(t, p.Chain[0], iv, block)
	if s, err := envelope.Parse(build(whole)); err != nil || s.Content() != envelope.Data || s.Suite() != envelope.GM {
		t.Fatalf("%+v, %v", s, err)
	}
	one := tlv(0x30, whole["recipient version"], tlv(0x30, whole["issuer"], whole["serial"]), tlv(0x30, whole["key cipher"]), whole["key"])
	text, null := tlv(0x0c, []byte("text")), []byte{5, 0}
	for _, tc := range []struct {
		part  string
		value []byte
		want  envelope.Kind
	}{
		{"type", text, envelope.Malformed}, {"type", gm(t, 6, 1, 4, 2, 2), envelope.Malformed}, {"after all", null, envelope.Malformed},
		{"after wrapped", null, envelope.Malformed}, {"after data", null, envelope.Malformed}, {"data", text, envelope.Malformed},
		{"version", text, envelope.Malformed}, {"version", []byte{2, 1, 2}, envelope.Unsupported}, {"content", text, envelope.Malformed},
		{"after content", null, envelope.Malformed}, {"content type", text, envelope.Malformed}, {"content type", id(t, 1, 2, 3), envelope.Unsupported},
		{"cipher", text, envelope.Malformed}, {"cipher", gm(t, 1, 104, 1), envelope.Unsupported}, {"iv", text, envelope.Malformed},
		{"iv", tlv(4, iv[1:]), envelope.Malformed}, {"after iv", null, envelope.Malformed}, {"sealed", text, envelope.Malformed},
		{"sealed", tlv(0x80, block[1:]), envelope.Malformed}, {"sealed", tlv(0x80), envelope.Malformed}, {"after sealed", null, envelope.Malformed},
		{"recipient", nil, envelope.Malformed}, {"recipient", text, envelope.Malformed}, {"recipient version", text, envelope.Malformed},
		{"recipient version", []byte{2, 1, 2}, envelope.Malformed}, {"issuer", text, envelope.Malformed}, {"serial", text, envelope.Malformed},
		{"after serial", null, envelope.Malformed}, {"key cipher", text, envelope.Malformed}, {"key cipher", gm(t, 1, 301, 1), envelope.Unsupported},
		{"after key cipher", text, envelope.Unsupported}, {"after key cipher", []byte{5, 1, 0}, envelope.Unsupported},
		{"after key cipher", append(null, null...), envelope.Unsupported}, {"key", text, envelope.Malformed}, {"after key", null, envelope.Malformed},
		{"more recipients", bytes.Repeat(one, envelope.MaxRecipients), envelope.TooLarge}, {"more recipients", text, envelope.Malformed},
		{"sealed", tlv(0x80, make([]byte, envelope.MaxSize)), envelope.TooLarge},
	} {
		changed := maps.Clone(whole)
		changed[tc.part] = tc.value
		s, err := envelope.Parse(build(changed))
		if !errors.Is(err, &envelope.Error{Kind: tc.want}) {
			t.Errorf("%s is % x: %+v, %v, want %s", tc.part, tc.value[:min(len(tc.value), 20)], s, err, tc.want)
		}
	}
	for name, der := range map[string][]byte{"nothing": nil, "text": text, "nothing inside": {0x30, 0}, "no wrapping": tlv(0x30, whole["type"], text),
		"an empty one": tlv(0x30, whole["type"], tlv(0xa0)), "an empty set": tlv(0x30, whole["type"], tlv(0xa0, tlv(0x30, whole["version"], text)))} {
		if s, err := envelope.Parse(der); !errors.Is(err, &envelope.Error{Kind: envelope.Malformed}) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	// What other writers write all the same.
	for part, value := range map[string][]byte{"version": {2, 1, 0}, "recipient version": {2, 1, 0}, "after key cipher": null, "more recipients": bytes.Repeat(one, 31)} {
		changed := maps.Clone(whole)
		changed[part] = value
		if _, err := envelope.Parse(build(changed)); err != nil {
			t.Errorf("%s is % x: %v", part, value[:min(len(value), 20)], err)
		}
	}
}

// answering is a key that answers what it likes.
type answering struct {
	key []byte
	err error
}

func (a answering) Public() crypto.PublicKey { return nil }
func (a answering) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) {
	return slices.Clone(a.key), a.err
}

// coded is an error of a key with a code of its own.
type coded string

func (c coded) Error() string { return string(c) }
func (c coded) Code() string  { return string(c) }

// TestKeysThatDoNotOpen: who has not the key, and whose content was damaged, are told the same; who was told to stop, or whose
// key is gone, is told that.
func TestKeysThatDoNotOpen(t *testing.T) {
	p := party(t, "sm2", 7)
	key, iv := []byte("0123456789abcdef"), make([]byte, 16)
	block, err := sm4.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(end ...byte) []byte {
		out := append(make([]byte, 32-len(end)), end...)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
		return out
	}
	closed := &envelope.Error{Kind: envelope.NotOpened}
	removed := coded("token.removed")
	for _, tc := range []struct {
		name   string
		sealed []byte
		key    answering
		want   error
	}{
		{"it opens", sealed(2, 2), answering{key: key}, nil},
		{"a padding of nothing", sealed(0), answering{key: key}, closed},
		{"a padding beyond the block", sealed(17), answering{key: key}, closed},
		{"a padding that is not one", sealed(1, 2), answering{key: key}, closed},
		{"a longer key", sealed(1), answering{key: append(key, 1)}, closed},
		{"no key", sealed(1), answering{}, closed},
		{"a key that says no", sealed(1), answering{err: errors.New("wrong padding")}, closed},
		{"a token that says no", sealed(1), answering{err: fmt.Errorf("sign: %w", coded("token.decrypt_failed"))}, closed},
		{"a token that is gone", sealed(1), answering{err: removed}, removed},
		{"called off", sealed(1), answering{err: context.Canceled}, context.Canceled},
		{"too late", sealed(1), answering{err: context.DeadlineExceeded}, context.DeadlineExceeded},
	} {
		s, err := envelope.Parse(build(pieces(t, p.Chain[0], iv, tc.sealed)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Open(p.Chain[0], tc.key)
		if !errors.Is(err, tc.want) || (err == nil) != (len(got) == 30) || errors.Is(err, closed) != (tc.want == error(closed)) {
			t.Errorf("%s: %x, %v", tc.name, got, err)
		}
	}
	// The recipient's key is of another kind than what it was given.
	other := &smx509.Certificate{RawIssuer: tlv(0x30), SerialNumber: p.Chain[0].SerialNumber, PublicKey: &rsa.PublicKey{}}
	s, err := envelope.Parse(build(pieces(t, other, iv, sealed(1))))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Open(other, answering{key: key}); !errors.Is(err, closed) {
		t.Errorf("SM2 for an RSA key: %x, %v", got, err)
	}
	for name, c := range map[string]*smx509.Certificate{"nobody": nil, "the same number of another issuer": p.Chain[0]} {
		if s.Recipients()[0].Is(c) {
			t.Errorf("it is for %s", name)
		}
	}
}

// TestEnvelopesThatAreNotMade, and why.
func TestEnvelopesThatAreNotMade(t *testing.T) {
	c := party(t, "sm2", 7).Chain[0]
	odd := func(bits uint) *smx509.Certificate {
		return &smx509.Certificate{SerialNumber: big.NewInt(1), PublicKey: &rsa.PublicKey{N: new(big.Int).SetBit(new(big.Int), int(bits)-1, 1), E: 65537}}
	}
	for bits, fits := range map[uint]bool{2047: false, 2048: true, 8192: true, 8193: false} {
		if err := envelope.Fit(odd(bits)); (err == nil) != fits {
			t.Errorf("an RSA key of %d bits: %v", bits, err)
		}
	}
	for _, tc := range []struct {
		name    string
		suite   envelope.Suite
		kind    envelope.Content
		content []byte
		to      []*smx509.Certificate
		want    envelope.Kind
	}{
		{"of no suite", 0, envelope.Data, nil, []*smx509.Certificate{c}, envelope.Unsupported},
		{"of no kind", envelope.GM, 0, nil, []*smx509.Certificate{c}, envelope.Unsupported},
		{"for too many", envelope.GM, envelope.Data, nil, slices.Repeat([]*smx509.Certificate{c}, envelope.MaxRecipients+1), envelope.BadRecipient},
		{"for no certificate", envelope.GM, envelope.Data, nil, []*smx509.Certificate{c, nil}, envelope.BadRecipient},
		{"for a short key", envelope.GM, envelope.Data, nil, []*smx509.Certificate{odd(2047)}, envelope.BadRecipient},
		{"for a long key", envelope.GM, envelope.Data, nil, []*smx509.Certificate{odd(8193)}, envelope.BadRecipient},
		{"for a key of no use", envelope.GM, envelope.Data, nil, []*smx509.Certificate{odd(2048)}, envelope.BadRecipient},
		{"for a signer", envelope.GM, envelope.Data, nil, []*smx509.Certificate{cmstest.New(t, "sm2", cmstest.Options{}).Chain[0]}, envelope.BadRecipient},
		{"with too much in it", envelope.GM, envelope.Data, make([]byte, envelope.MaxSize), []*smx509.Certificate{c}, envelope.TooLarge},
	} {
		der, err := envelope.Seal(tc.suite, tc.kind, tc.content, tc.to...)
		var e *envelope.Error
		if !errors.As(err, &e) || e.Kind != tc.want || e.Code() != "envelope."+string(tc.want) || errors.Is(err, context.Canceled) {
			t.Errorf("%s: %d bytes, %v", tc.name, len(der), err)
		}
	}
}
