package envelope

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/asn1"

	"github.com/emmansun/gmsm/sm4"
)

type oid = asn1.ObjectIdentifier

var (
	oidData          = oid{1, 2, 840, 113549, 1, 7, 1}
	oidEnveloped     = oid{1, 2, 840, 113549, 1, 7, 3}
	oidGMData        = oid{1, 2, 156, 10197, 6, 1, 4, 2, 1}
	oidGMEnveloped   = oid{1, 2, 156, 10197, 6, 1, 4, 2, 3}
	oidRSA           = oid{1, 2, 840, 113549, 1, 1, 1}
	oidSM2Encryption = oid{1, 2, 156, 10197, 1, 301, 3}
	oidSM4CBC        = oid{1, 2, 156, 10197, 1, 104, 2}
	oidAES256CBC     = oid{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// Suite is the form of an envelope: its content cipher, and whose identifiers it is written with.
type Suite int

// The suites.
const (
	// GM is SM4-CBC under the identifiers of GB/T 35275.
	GM Suite = iota + 1
	// AES is AES-256-CBC under the identifiers of RFC 5652.
	AES
)

// Content is what an envelope holds.
type Content int

// The kinds of content.
const (
	Data     Content = iota + 1 // octets that mean something to the application
	Envelope                    // another envelope
)

// form is what a Suite amounts to.
type form struct {
	suite           Suite
	data, enveloped oid
	cipher          oid
	keyLen          int
	version         int64 // of EnvelopedData and RecipientInfo, as written
	block           func(key []byte) (cipher.Block, error)
}

var forms = []form{
	{GM, oidGMData, oidGMEnveloped, oidSM4CBC, 16, 1, sm4.NewCipher},
	{AES, oidData, oidEnveloped, oidAES256CBC, 32, 0, aes.NewCipher},
}

func formOf(s Suite) (form, error) {
	for _, f := range forms {
		if f.suite == s {
			return f, nil
		}
	}
	return form{}, fail(Unsupported, "no suite %d", s)
}

// contentType gives the identifier of a kind of content, nil for none of them.
func (f form) contentType(c Content) oid {
	switch c {
	case Data:
		return f.data
	case Envelope:
		return f.enveloped
	}
	return nil
}
