package mobileca

import (
	"bytes"
	"encoding/hex"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/token/mobileca/internal/wire"
)

var digest = bytes.Repeat([]byte{0xAB}, 32)

// attributesOf are signed attributes with these digests.
func attributesOf(digests ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
		for _, d := range digests {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidMessageDigest)
				b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { b.AddASN1OctetString(d) })
			})
		}
	})
	return b.BytesOrPanic()
}

// sealOf is a TBS_Sign of GB/T 38540, or of GM/T 0031 whose time is a BIT STRING.
func sealOf(old bool, hash []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(4)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(1) })
		if old {
			b.AddASN1BitString([]byte("20261126"))
		} else {
			b.AddASN1(asn1.GeneralizedTime, func(b *cryptobyte.Builder) { b.AddBytes([]byte("20261126041500Z")) })
		}
		b.AddASN1BitString(hash)
		b.AddASN1(asn1.IA5String, func(b *cryptobyte.Builder) { b.AddBytes([]byte("field")) })
	})
	return b.BytesOrPanic()
}

func TestFormOf(t *testing.T) {
	tests := []struct {
		name string
		kind Kind
		tbs  []byte
		form wire.RequestForm // empty: the phone cannot show it
	}{
		{"attributes", Sign, attributesOf(digest), wire.FormCMSAttributes},
		{"attributes of a bid", Bid, attributesOf(digest), wire.FormCMSAttributes},
		{"a seal", Sign, sealOf(false, digest), wire.FormSESTBS},
		{"an old seal", Sign, sealOf(true, digest), wire.FormSESTBS},
		{"a login", Login, []byte("SealDesk login v1\nhttps://平台"), wire.FormText},
		{"a binding", Bind, []byte("绑定"), wire.FormText},

		{"a text to sign", Sign, []byte("合同"), ""},
		{"attributes as a login", Login, attributesOf(digest), ""},
		{"a seal as a login", Login, sealOf(false, digest), ""},
		{"two digests", Sign, attributesOf(digest, digest), ""},
		{"no digest", Sign, attributesOf(), ""},
		{"a short digest", Sign, attributesOf(digest[:20]), ""},
		{"something behind", Sign, append(attributesOf(digest), 0), ""},
		{"a short hash", Sign, sealOf(false, digest[:20]), ""},
		{"cut", Sign, attributesOf(digest)[:20], ""},
		{"nothing", Login, nil, ""},
		{"too much", Login, bytes.Repeat([]byte("x"), maxTBS+1), ""},
		{"what steers", Login, []byte("ok\x1b[2J"), ""},
		{"a decryption", Decrypt, []byte("text"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			form, d, err := formOf(tt.kind, tt.tbs)
			if form != tt.form || (err == nil) != (tt.form != "") {
				t.Fatalf("got %q, %v", form, err)
			}
			if documents := form == wire.FormCMSAttributes || form == wire.FormSESTBS; documents != bytes.Equal(d, digest) {
				t.Errorf("the digest is %x", d)
			}
		})
	}
}

// Whatever is to be signed, a digest that is found stands in it.
func FuzzFormOf(f *testing.F) {
	for _, seed := range [][]byte{attributesOf(digest), sealOf(false, digest), sealOf(true, digest), {0x31, 0x80}, []byte("text")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, tbs []byte) {
		for _, kind := range []Kind{Sign, Login, Decrypt} {
			form, d, err := formOf(kind, tbs)
			if err == nil && form != wire.FormText && (len(d) != digestSize || !bytes.Contains(tbs, d)) {
				t.Errorf("%s of %x: %x", form, tbs, d)
			}
		}
	})
}

// Both codes by figures that were made with another program (Python's hashlib and hmac).
func TestCodes(t *testing.T) {
	s := secrets{secret: bytes.Repeat([]byte{1}, 16), nonce: bytes.Repeat([]byte{2}, 32)}
	pairing, jkt := bytes.Repeat([]byte{3}, 16), bytes.Repeat([]byte{4}, 32)
	got := s.qrText("https://mca.example/q", pairing, jkt)
	want := "https://mca.example/q#1.AwMDAwMDAwMDAwMDAwMDAw.AQEBAQEBAQEBAQEBAQEBAQ.TytIkhozVcS5LrU2dIhaMw"
	if got != want {
		t.Errorf("the QR code says %s", got)
	}
	if code := s.matchCode(pairing, jkt, bytes.Repeat([]byte{5}, 32), bytes.Repeat([]byte{6}, 32)); code != "TGZT" {
		t.Errorf("the match code is %s", code)
	}
	if hex.EncodeToString(s.commitment()) != "75877bb41d393b5fb8455ce60ecd8dda001d06316496b14dfa7f895656eeca4a" {
		t.Errorf("the commitment is %x", s.commitment())
	}
}
