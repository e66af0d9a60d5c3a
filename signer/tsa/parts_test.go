package tsa

import (
	"bytes"
	"context"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/cms"
)

var text = tlv(12, []byte("text"))

// tagged is a value of a tag that says to be longer than it is.
func tagged(tag byte) []byte { return []byte{tag, 9, 1} }

// TestPartsOfATimeStamp: each part of what an authority states, of another kind or followed by something.
func TestPartsOfATimeStamp(t *testing.T) {
	if i, err := parseInfo(goodFields().der()); err != nil || i.Serial.Int64() != 7 || i.Nonce.Int64() != 9 || i.Time.Nanosecond() != 5e8 {
		t.Fatalf("%+v, %v", i, err)
	}
	extension := func(parts ...[]byte) []byte { return tlv(0xa1, tlv(0x30, parts...)) }
	id, null := tlv(6, []byte{0x2a, 3, 4}), []byte{5, 0}
	for _, tc := range []struct {
		part   string
		change func(f *fields)
	}{
		{"an imprint that is none", func(f *fields) { f.imprint = text }},
		{"an imprint without a digest's name", func(f *fields) { f.imprint = tlv(0x30, text) }},
		{"an imprint of no digest", func(f *fields) { f.imprint = tlv(0x30, tlv(0x30, text), tlv(4, sha[:])) }},
		{"a digest with a NULL that is none", func(f *fields) { f.imprint = tlv(0x30, tlv(0x30, oidSHA256, tagged(5)), tlv(4, sha[:])) }},
		{"an imprint without the digest", func(f *fields) { f.imprint = tlv(0x30, tlv(0x30, oidSHA256), text) }},
		{"an imprint with more", func(f *fields) { f.imprint = tlv(0x30, tlv(0x30, oidSHA256), tlv(4, sha[:]), null) }},
		{"a time too exact", func(f *fields) { f.time = tlv(0x18, []byte("20261125120000.1234567891Z")) }},
		{"an accuracy cut off", func(f *fields) { f.accuracy, f.nonce = tagged(0x30), nil }},
		{"an accuracy of no number", func(f *fields) { f.accuracy = tlv(0x30, tlv(2)) }},
		{"an accuracy of no millisecond", func(f *fields) { f.accuracy = tlv(0x30, tlv(0x80, []byte{0})) }},
		{"an accuracy of a millisecond that is none", func(f *fields) { f.accuracy = tlv(0x30, tlv(0x80)) }},
		{"an accuracy with more", func(f *fields) { f.accuracy = tlv(0x30, tlv(2, []byte{1}), text) }},
		{"an ordering of two bytes", func(f *fields) { f.ordering = tlv(1, []byte{0xff, 0xff}) }},
		{"a nonce too long", func(f *fields) { f.nonce = tlv(2, bytes.Repeat([]byte{1}, 40)) }},
		{"a nonce of nothing", func(f *fields) { f.nonce = tlv(2) }},
		{"a name cut off", func(f *fields) { f.name = tagged(0xa0) }},
		{"an empty name", func(f *fields) { f.name = tlv(0xa0) }},
		{"two names", func(f *fields) { f.name = tlv(0xa0, text, text) }},
		{"extensions cut off", func(f *fields) { f.extensions = tagged(0xa1) }},
		{"an extension that is none", func(f *fields) { f.extensions = tlv(0xa1, text) }},
		{"an extension without a name", func(f *fields) { f.extensions = extension(text) }},
		{"an extension with a mark that is none", func(f *fields) { f.extensions = extension(id, tlv(1, []byte{1, 1}), tlv(4)) }},
		{"an extension without a value", func(f *fields) { f.extensions = extension(id) }},
		{"an extension with more", func(f *fields) { f.extensions = extension(id, tlv(4), null) }},
	} {
		f := goodFields()
		tc.change(&f)
		if i, err := parseInfo(f.der()); !errors.Is(err, &Error{Kind: Malformed}) {
			t.Errorf("%s: %+v, %v", tc.part, i, err)
		}
	}
	for name, der := range map[string][]byte{"nothing": nil, "another kind": text, "something behind": append(goodFields().der(), 0)} {
		if _, err := parseInfo(der); !errors.Is(err, &Error{Kind: Malformed}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What is written is what is read, at every accuracy.
	for _, accuracy := range []time.Duration{0, time.Second, time.Millisecond, time.Microsecond, 2*time.Second + 3*time.Millisecond + 4*time.Microsecond} {
		want := Info{Imprint: imprint, Policy: testPolicy, Serial: big.NewInt(5), Time: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC), Accuracy: accuracy}
		der, err := want.marshal()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parseInfo(der); err != nil || got.Accuracy != accuracy || got.Nonce != nil || !got.Time.Equal(want.Time) {
			t.Errorf("%s became %s, %v", accuracy, got.Accuracy, err)
		}
	}
	if _, err := (Info{Imprint: Imprint{Hash: "MD5"}, Policy: testPolicy, Serial: big.NewInt(5)}).marshal(); !errors.Is(err, &cms.Error{Kind: cms.UnsupportedAlgorithm}) {
		t.Errorf("an unknown digest: %v", err)
	}
}

// TestPartsOfARequest: each part of a question, of another kind or followed by something.
func TestPartsOfARequest(t *testing.T) {
	version, over := tlv(2, []byte{1}), tlv(0x30, tlv(0x30, oidSHA256), tlv(4, sha[:]))
	for name, der := range map[string][]byte{
		"nothing":             nil,
		"version 2":           tlv(0x30, tlv(2, []byte{2}), over),
		"no version":          tlv(0x30, text),
		"no imprint":          tlv(0x30, version),
		"a policy of nothing": tlv(0x30, version, over, tlv(6)),
		"a nonce too long":    tlv(0x30, version, over, tlv(2, bytes.Repeat([]byte{1}, 40))),
		"a mark that is none": tlv(0x30, version, over, tlv(1, []byte{7})),
		"extensions cut off":  tlv(0x30, version, over, tagged(0xa0)),
		"no extensions":       tlv(0x30, version, over, tlv(0xa0)),
		"something more":      tlv(0x30, version, over, text),
	} {
		if r, err := ParseRequest(der); !errors.Is(err, &Error{Kind: Malformed}) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	harmless := tlv(0xa0, tlv(0x30, tlv(6, []byte{0x2a, 3, 4}), tlv(1, []byte{0}), tlv(4)))
	if r, err := ParseRequest(tlv(0x30, version, over, tlv(6, []byte{0x2a, 3}), tlv(2, []byte{9}), tlv(1, []byte{0xff}), harmless)); err != nil ||
		!r.Policy.Equal(asn1.ObjectIdentifier{1, 2, 3}) || r.Nonce.Int64() != 9 || !r.Certificates {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestPartsOfAnAnswer: each part of an answer, of another kind or followed by something, and what is told of a refusal.
func TestPartsOfAnAnswer(t *testing.T) {
	refused := func(parts ...[]byte) []byte {
		return tlv(0x30, tlv(0x30, append([][]byte{tlv(2, []byte{2})}, parts...)...))
	}
	for name, der := range map[string][]byte{
		"nothing":                nil,
		"something behind":       append(refused(), 0),
		"no status":              tlv(0x30),
		"a status of no number":  tlv(0x30, tlv(0x30, text)),
		"a status below granted": tlv(0x30, tlv(0x30, tlv(2, []byte{0xff}))),
		"words cut off":          refused(tagged(0x30)),
		"words of another kind":  refused(tlv(0x30, tlv(22, []byte("text")))),
		"bits that are none":     refused(tlv(3)),
		"something more":         refused(text),
	} {
		if token, err := readAnswer(der); !errors.Is(err, &Error{Kind: Malformed}) {
			t.Errorf("%s: % x, %v", name, token, err)
		}
	}
	long := strings.Repeat("字", maxStatusText)
	for name, tc := range map[string]struct {
		der  []byte
		want string
	}{
		"a bit without a meaning": {refused(tlv(3, []byte{6, 0x40})), "tsa: rejected"},
		"long words":              {refused(tlv(0x30, tlv(12, []byte(long)))), "tsa: rejected; " + strings.Repeat("字", maxStatusText/3) + "?"},
		"many words":              {refused(tlv(0x30, bytes.Repeat(tlv(12, []byte("word")), 1000))), "tsa: rejected" + strings.Repeat("; word", maxStatusText/5)},
		"marks that are not seen": {refused(tlv(0x30, tlv(12, []byte("a\x7fb\nc")))), "tsa: rejected; a b c"},
		"a warning":               {tlv(0x30, tlv(0x30, tlv(2, []byte{5}))), "tsa: a revocation has happened"},
	} {
		if _, err := readAnswer(tc.der); !errors.Is(err, &Error{Kind: Refused}) || err.Error() != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAuthoritiesThatCannotBe, and pairs that are none.
func TestAuthoritiesThatCannotBe(t *testing.T) {
	p := party(t, "ecdsa")
	pair := Pair{p.Key, p.Chain}
	for name, c := range map[string]AuthorityConfig{"no key": {Policy: testPolicy}, "no policy": {Pairs: []Pair{pair}}} {
		if a, err := NewAuthority(c); err == nil || a != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewAuthority(AuthorityConfig{Pairs: []Pair{{p.Key, nil}}, Policy: testPolicy}); !errors.Is(err, &Error{Kind: NoCertificate}) {
		t.Errorf("a key without a certificate: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := authority(t, AuthorityConfig{}, "ecdsa").Stamp(gone, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	for _, tc := range []struct {
		err  error
		want failure
	}{
		{fs.ErrNotExist, systemFailure}, {&Error{Kind: WeakAlgorithm}, badAlg}, {&Error{Kind: UnsupportedAlgorithm}, badAlg},
		{&Error{Kind: UnknownExtension}, unacceptedExtension}, {&Error{Kind: Malformed}, badDataFormat},
	} {
		if got := reason(tc.err); got != tc.want {
			t.Errorf("%v is told as %d", tc.err, got)
		}
	}
	good, err := pair.MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	key, _ := pem.Decode(good)
	spoilt := pem.EncodeToMemory(&pem.Block{Type: blockCertificate, Bytes: []byte("none")})
	if _, err := ParsePair(slices.Concat(pem.EncodeToMemory(key), spoilt)); !errors.Is(err, &Error{Kind: Malformed}) {
		t.Errorf("a spoilt certificate: %v", err)
	}
	if _, err := (Pair{Key: nil}).MarshalPEM(); err == nil {
		t.Error("a pair without a key is written")
	}
	broken := errors.New("not of package cms")
	if err := asError(broken); err != broken {
		t.Errorf("it became %v", err)
	}
	if err := asError(&cms.Error{Kind: cms.SignerCount}); !errors.Is(err, &Error{Kind: Malformed}) || !errors.Is(err, &cms.Error{Kind: cms.SignerCount}) || errors.Is(err, fs.ErrExist) {
		t.Errorf("it became %v", err)
	}
}
