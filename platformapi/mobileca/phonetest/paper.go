package phonetest

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/platformapi/mobileca/wire"
)

// Contract is a request to sign a document of this digest, as CMS signed attributes.
func Contract(digest []byte) wire.RequestPayload {
	attributes, err := attributes(digest)
	if err != nil {
		panic(err) // only for lengths that are not these
	}
	return wire.RequestPayload{
		Form: wire.FormCMSAttributes, Tbs: encode(attributes),
		Document: &wire.RequestDocument{Title: "医疗设备采购合同", File: "合同.pdf", Pages: 12, Size: 234567, Amount: 328_600_000, Digest: encode(digest), DigestAlg: wire.DigestSM3},
	}
}

// attributes are content type and message digest (RFC 5652, 11).
func attributes(digest []byte) ([]byte, error) {
	var b cryptobyte.Builder
	one := func(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, value func(*cryptobyte.Builder)) {
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid)
			b.AddASN1(tag.SET, value)
		})
	}
	b.AddASN1(tag.SET, func(b *cryptobyte.Builder) {
		one(b, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 156, 10197, 6, 1, 4, 2, 1})
		})
		one(b, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest) })
	})
	return b.Bytes()
}

// Text is a request to sign a text, for a login or a binding.
func Text(text string) wire.RequestPayload {
	return wire.RequestPayload{Form: wire.FormText, Tbs: encode([]byte(text))}
}

// Bytes are what a signature's request signs.
func Bytes(r wire.RequestPayload) ([]byte, error) { return decode(r.Tbs) }
