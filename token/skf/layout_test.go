package skf

import (
	"bytes"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"sealdesk/token/ca"
	"sealdesk/token/sm2form"
	"sealdesk/token/softkey"

	"sealdesk/token/profile"
)

func TestSplitNames(t *testing.T) {
	for _, tt := range []struct {
		list string
		want []string
		err  error
	}{
		{"", nil, nil},
		{"\x00", nil, nil},
		{"\x00\x00", nil, nil},
		{"A\x00BC\x00\x00", []string{"A", "BC"}, nil},
		{"A\x00BC\x00", []string{"A", "BC"}, nil}, // one zero too few
		{"A\x00BC", []string{"A", "BC"}, nil},     // two
		{"A\x00\x00B\x00", []string{"A"}, nil},
		{strings.Repeat("A", maxName) + "\x00", []string{strings.Repeat("A", maxName)}, nil},
		{strings.Repeat("A", maxName+1) + "\x00", nil, ErrAnswer},
		{strings.Repeat("A\x00", maxCount+1), nil, ErrAnswer},
	} {
		got, err := splitNames([]byte(tt.list))
		if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
			t.Errorf("%.20q: %q, %v", tt.list, got, err)
		}
	}
}

func TestDisplay(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		"GM3000\x00\x00left over":      "GM3000",
		"  K5 \x00":                    "K5",
		"采购人":                          "采购人",
		"\xb2\xc9\xb9\xba\xc8\xcb\x00": "采购人", // GB 18030
		"\xff\xfe\x01":                 "fffe01",
		"a\nb":                         "610a62",
		"\xe2\x80\xaegpj.exe":          "e280ae6770" + "6a2e657865", // a change of direction
	} {
		if got := display([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestDevInfo(t *testing.T) {
	packed := make([]byte, packedDevInfo)
	copy(packed[2:], "Maker")
	copy(packed[130:], "Label")
	copy(packed[162:], "0001")
	binary.LittleEndian.PutUint32(packed[210:], algSM4ECB)
	aligned := slices.Concat(packed[:198], []byte{0, 0}, packed[198:])
	room := func(b []byte) []byte {
		return append(slices.Clone(b), bytes.Repeat([]byte{unwritten}, devInfoRoom-len(b))...)
	}
	want := deviceInfo{"Maker", "Label", "0001", algSM4ECB}
	for name, b := range map[string][]byte{"packed": packed, "aligned": aligned} {
		if got, err := standardDevice.parse(room(b)); err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	draft := make([]byte, 180)
	copy(draft, "Maker")
	copy(draft[64:], "Label")
	copy(draft[128:], "0001")
	want.authAlgorithm = 0
	if got, err := draftDevice.parse(room(draft)); err != nil || got != want {
		t.Errorf("draft: %+v, %v", got, err)
	}
	for _, n := range []int{0, 100, 193} {
		if _, err := standardDevice.parse(room(packed[:n])); !errors.Is(err, ErrAnswer) {
			t.Errorf("%d bytes were taken", n)
		}
	}
}

func TestRSAPublicKey(t *testing.T) {
	key := pairs[ca.RSA]()[0].key.Public().(*rsa.PublicKey)
	blob := make([]byte, rsaPublicSize)
	binary.LittleEndian.PutUint32(blob[4:], 2048)
	key.N.FillBytes(blob[8:264])
	binary.BigEndian.PutUint32(blob[264:], uint32(key.E))
	if got, err := parseRSAPublicKey(blob); err != nil || !got.Equal(key) {
		t.Errorf("%v, %v", got, err)
	}
	change := func(at int, b ...byte) []byte {
		changed := slices.Clone(blob)
		copy(changed[at:], b)
		return changed
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "short": blob[1:], "even": change(263, 0), "of fewer bits than told": change(8, 0),
		"of no bits": change(4, 0, 0), "of 512 bits": change(4, 0, 2), "of 2^32 bits": change(4, 255, 255, 255, 255),
		"an even exponent": change(267, 2), "a huge exponent": change(264, 255),
	} {
		if _, err := parseRSAPublicKey(bad); !errors.Is(err, ErrAnswer) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// 1024 bits, at the right and at the left of the field.
	for _, at := range []int{8 + 128, 8} {
		short := make([]byte, rsaPublicSize)
		binary.LittleEndian.PutUint32(short[4:], 1024)
		copy(short[at:], slices.Concat([]byte{0x80}, make([]byte, 126), []byte{1}))
		short[267] = 3
		if got, err := parseRSAPublicKey(short); err != nil || got.N.BitLen() != 1024 || got.E != 3 {
			t.Errorf("1024 bits at %d: %v", at, err)
		}
	}
}

func TestUnpad(t *testing.T) {
	pad := append(bytes.Repeat([]byte{7}, 8), 0)
	for _, tt := range []struct{ in, want string }{
		{"\x00\x02" + string(pad) + "key", "key"},
		{"\x02" + string(pad) + "key", "key"}, // without the leading zero
		{"\x00\x02" + string(pad[1:]) + "key", ""},
		{"\x00\x01" + string(pad) + "key", ""},
		{"\x00\x02no zero", ""},
		{"", ""},
	} {
		if got := unpad([]byte(tt.in)); string(got) != tt.want {
			t.Errorf("%q: %q", tt.in, got)
		}
	}
}

func TestCertificateWithRemains(t *testing.T) {
	der := pairs[ca.SM2]()[0].cert.Raw
	for name, tt := range map[string]struct {
		der  []byte
		good bool
	}{
		"as it is": {der, true}, "with zeros": {append(slices.Clone(der), 0, 0, 0), true},
		"with more": {append(slices.Clone(der), 0, 1), false}, "cut": {der[:len(der)-1], false},
		"nothing": {nil, false}, "zeros": {make([]byte, 100), false},
	} {
		if got := parseCertificate(tt.der); (got != nil) != tt.good {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestReadings(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	unlock(t, tok)
	der, err := sign(t, tok)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sm2form.ParseDERSignature(der)
	if err != nil {
		t.Fatal(err)
	}
	gap := make([]byte, 32)
	pub := identityOf(t, tok, 1).Certificate().PublicKey
	for name, out := range map[string][]byte{
		"blob": s.Blob(), "r‖s": s.Raw(), "DER": der,
		"numbers at the left":   slices.Concat(s.R[:], gap, s.S[:], gap),
		"r‖s in a larger room":  append(s.Raw(), make([]byte, 900)...),
		"DER in a larger room":  append(slices.Clone(der), make([]byte, 900)...),
		"blob in a larger room": append(s.Blob(), make([]byte, 900)...),
	} {
		if !slices.ContainsFunc(readings(pub, out), func(r []byte) bool { return bytes.Equal(r, der) }) {
			t.Errorf("%s: the signature was not found", name)
		}
	}
}

// Whatever a library answers, it is taken apart without a panic and shown without control characters.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte("A\x00BC\x00\x00"))
	f.Add(make([]byte, packedDevInfo))
	f.Add(make([]byte, rsaPublicSize))
	f.Add(pairs[ca.SM2]()[0].cert.Raw)
	f.Add(sm2form.Signature{R: [32]byte{1}, S: [32]byte{1}}.Blob())
	sm2Key, rsaKey := pairs[ca.SM2]()[0].key.Public(), pairs[ca.RSA]()[0].key.Public()
	f.Fuzz(func(t *testing.T, b []byte) {
		names, err := splitNames(b)
		if err != nil && names != nil || len(names) > maxCount {
			t.Errorf("%d names, %v", len(names), err)
		}
		for _, layout := range []deviceLayout{standardDevice, draftDevice} {
			info, err := layout.parse(append(slices.Clone(b), make([]byte, devInfoRoom)...)[:devInfoRoom])
			if err != nil {
				t.Errorf("a whole DEVINFO: %v", err)
			}
			names = append(names, info.serial)
		}
		for _, name := range names {
			if s := display([]byte(name)); !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
				t.Errorf("%q is shown as %q", name, s)
			}
		}
		if key, err := parseRSAPublicKey(b); err == nil && (key.N.BitLen() < 1024 || key.E < 3) {
			t.Errorf("a key of %d bits", key.N.BitLen())
		}
		parseCertificate(b)
		unpad(b)
		for _, sig := range readings(sm2Key, b) {
			if _, err := sm2form.ParseDERSignature(sig); err != nil {
				t.Errorf("a reading that is no signature: %x", sig)
			}
		}
		readings(rsaKey, b)
	})
}
