package mobileca

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/token/foreign"
	"sealdesk/token/mobileca/internal/wire"
)

// maxTBS is the most that the service takes to be signed, in bytes.
const maxTBS = 256 << 10

// formOf tells what a message is, as the phone will find it too, and the document's digest that stands in it. What is none of
// these the phone cannot show, and it is not asked for.
func formOf(kind Kind, tbs []byte) (form wire.RequestForm, digest []byte, err error) {
	if len(tbs) == 0 || len(tbs) > maxTBS {
		return "", nil, ErrNotShown
	}
	switch kind {
	case Sign, Bid:
		if d, ok := attributesDigest(tbs); ok {
			return wire.FormCMSAttributes, d, nil
		}
		if d, ok := sealDigest(tbs); ok {
			return wire.FormSESTBS, d, nil
		}
	case Login, Bind:
		if foreign.IsPlain(string(tbs)) {
			return wire.FormText, nil, nil
		}
	}
	return "", nil, ErrNotShown
}

// oidMessageDigest is RFC 5652's, 11.2.
var oidMessageDigest = []int{1, 2, 840, 113549, 1, 9, 4}

// digestSize is that of SM3 and of SHA-256, in bytes.
const digestSize = 32

// attributesDigest finds the message digest in the DER of CMS signed attributes (RFC 5652, 5.4), a SET OF Attribute.
func attributesDigest(tbs []byte) ([]byte, bool) {
	input := cryptobyte.String(tbs)
	var set, found cryptobyte.String
	if !input.ReadASN1(&set, asn1.SET) || !input.Empty() {
		return nil, false
	}
	for !set.Empty() {
		var attribute, values cryptobyte.String
		var id cryptobyte.String
		if !set.ReadASN1(&attribute, asn1.SEQUENCE) || !attribute.ReadASN1(&id, asn1.OBJECT_IDENTIFIER) ||
			!attribute.ReadASN1(&values, asn1.SET) || !attribute.Empty() {
			return nil, false
		}
		if !isOID(id, oidMessageDigest) {
			continue
		}
		if found != nil || !values.ReadASN1(&found, asn1.OCTET_STRING) || !values.Empty() {
			return nil, false
		}
	}
	return found, len(found) == digestSize
}

func isOID(content cryptobyte.String, want []int) bool {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(want)
	der, err := b.Bytes()
	return err == nil && string(der[2:]) == string(content)
}

// sealDigest finds the data's hash in the DER of a TBS_Sign (GB/T 38540-2020, 7.3): version, seal, time, hash, and what follows.
func sealDigest(tbs []byte) ([]byte, bool) {
	input := cryptobyte.String(tbs)
	var body, time, hash cryptobyte.String
	var tag asn1.Tag
	if !input.ReadASN1(&body, asn1.SEQUENCE) || !input.Empty() || !body.SkipASN1(asn1.INTEGER) || !body.SkipASN1(asn1.SEQUENCE) ||
		!body.ReadAnyASN1(&time, &tag) || !body.ReadASN1(&hash, asn1.BIT_STRING) {
		return nil, false
	}
	if len(hash) != digestSize+1 || hash[0] != 0 { // unused bits
		return nil, false
	}
	return hash[1:], true
}
