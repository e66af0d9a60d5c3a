package cms

import (
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxDepth bounds how deep indefinite lengths may be nested.
const maxDepth = 16

// ToDER returns the first element of in with definite lengths, and how many
// bytes of in it took. Many signers write the frame of SignedData with BER's
// indefinite lengths, which RFC 5652 allows and ISO 32000-1, 12.8.3.3.1 does not:
// der differs from in[:n] in that case. Only indefinite lengths are rewritten;
// definite elements keep their bytes, for Parse to judge.
//
// Errors are of type *Error.
func ToDER(in []byte) (der []byte, n int, err error) {
	if len(in) > MaxSize {
		return nil, 0, fail(TooLarge, "%d bytes, more than %d", len(in), MaxSize)
	}
	rest := cryptobyte.String(in)
	if der, err = definite(&rest, 0); err != nil {
		return nil, 0, err
	}
	return der, len(in) - len(rest), nil
}

func definite(s *cryptobyte.String, depth int) ([]byte, error) {
	const constructed, highTag, indefinite = 0x20, 0x1f, 0x80
	head := *s
	if len(head) < 2 || head[1] != indefinite {
		var el cryptobyte.String
		var tag cbasn1.Tag
		if !s.ReadAnyASN1Element(&el, &tag) {
			return nil, fail(Malformed, "an element is cut off or not well formed")
		}
		return el, nil
	}
	if head[0]&constructed == 0 || head[0]&highTag == highTag {
		return nil, fail(Malformed, "indefinite length of a primitive element")
	}
	if depth == maxDepth {
		return nil, fail(TooLarge, "more than %d indefinite lengths inside each other", maxDepth)
	}
	s.Skip(2)
	var content []byte
	for len(*s) < 2 || (*s)[0] != 0 || (*s)[1] != 0 {
		el, err := definite(s, depth+1)
		if err != nil {
			return nil, err
		}
		content = append(content, el...)
	}
	s.Skip(2)
	return encode(cbasn1.Tag(head[0]), func(b *cryptobyte.Builder) { b.AddBytes(content) })
}
