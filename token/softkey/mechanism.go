package softkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"slices"

	"github.com/emmansun/gmsm/sm2"
)

// Mechanisms of PKCS #11 2.40.
const (
	ckmRSAKeyPairGen = 0x0000
	ckmRSAPKCS       = 0x0001
	ckmRSAOAEP       = 0x0009
	ckmRSAPSS        = 0x000D
	ckmSHA256RSA     = 0x0040
	ckmSHA384RSA     = 0x0041
	ckmSHA512RSA     = 0x0042
	ckmSHA256RSAPSS  = 0x0043
	ckmECKeyPairGen  = 0x1040
	ckmECDSA         = 0x1041
	ckmECDSASHA256   = 0x1044

	ckmSHA1   = 0x0220
	ckmSHA256 = 0x0250
	ckmSHA384 = 0x0260
	ckmSHA512 = 0x0270
)

// what a mechanism does, as CKF_DECRYPT, CKF_SIGN and CKF_GENERATE_KEY_PAIR
const (
	canDecrypt  = 0x00200
	canSign     = 0x00800
	canGenerate = 0x10000
)

// mechanism is what the key does with data. The parameters come with a call.
type mechanism struct {
	kind      kind
	can       uint64
	hash      crypto.Hash // of the data first; none when 0
	message   bool        // SM2: SM3(Z‖data) first
	pss       bool
	oaep      bool
	der       bool // of the signature, or of SM2's ciphertext
	querySize int  // a signature's size as a query is told

	paramHash, mgf, extra uint64 // extra: the length of PSS's salt, or OAEP's source
	rest                  []byte
}

// mechanisms are what the key has, in the order in which it lists them.
func (d *Device) mechanisms() ([]uint64, map[uint64][]mechanism) {
	known := map[uint64][]mechanism{
		ckmRSAKeyPairGen: {{kind: rsaKey, can: canGenerate}},
		ckmRSAPKCS:       {{kind: rsaKey, can: canSign}, {kind: rsaKey, can: canDecrypt}},
		ckmRSAOAEP:       {{kind: rsaKey, can: canDecrypt, oaep: true}},
		ckmRSAPSS:        {{kind: rsaKey, can: canSign, pss: true}},
		ckmSHA256RSA:     {{kind: rsaKey, can: canSign, hash: crypto.SHA256}},
		ckmSHA384RSA:     {{kind: rsaKey, can: canSign, hash: crypto.SHA384}},
		ckmSHA512RSA:     {{kind: rsaKey, can: canSign, hash: crypto.SHA512}},
		ckmSHA256RSAPSS:  {{kind: rsaKey, can: canSign, hash: crypto.SHA256, pss: true}},
		ckmECKeyPairGen:  {{kind: p256Key, can: canGenerate}},
		ckmECDSA:         {{kind: p256Key, can: canSign}},
		ckmECDSASHA256:   {{kind: p256Key, can: canSign, hash: crypto.SHA256}},
	}
	if n := d.dialect.SM2; n != nil {
		for _, m := range []struct {
			number uint32
			does   mechanism
		}{
			{n.Generate, mechanism{can: canGenerate}},
			{n.Sign, mechanism{can: canSign, der: n.DER}},
			{n.SignRaw, mechanism{can: canSign}},
			{n.Message, mechanism{can: canSign, message: true, der: n.DER}},
			{n.Decrypt, mechanism{can: canDecrypt, der: n.CipherDER}},
			{n.DecryptDER, mechanism{can: canDecrypt, der: true}},
		} {
			if m.number != 0 {
				m.does.kind, m.does.querySize = sm2Key, n.SignSize
				known[uint64(m.number)] = append(known[uint64(m.number)], m.does)
			}
		}
	}
	var numbers []uint64
	for number := range known {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	return numbers, known
}

func ckGetMechanismList(c *call) code {
	numbers, _ := c.device.mechanisms()
	return c.ckBuffer(c.in.room(), c.ulongs(numbers))
}

func ckGetMechanismInfo(c *call) code {
	_, known := c.device.mechanisms()
	list := known[c.in.number()]
	if list == nil {
		return ckrMechanismInvalid
	}
	least, most, flags := uint64(256), uint64(256), uint64(1) // hardware
	for _, m := range list {
		if flags |= m.can; m.kind == rsaKey {
			least, most = 2048, 4096
		} else {
			flags |= 0x00100000 | 0x00800000 | 0x01000000 // CKF_EC_F_P, NAMEDCURVE, UNCOMPRESS
		}
	}
	c.out.number(least)
	c.out.number(most)
	c.out.number(flags)
	return ckrOK
}

// mechanism takes one from the call's arguments, for signing or decryption.
func (c *call) mechanism(decrypt bool) (uint64, mechanism, code) {
	number, a, b, extra, rest := c.in.number(), c.in.number(), c.in.number(), c.in.number(), bytes.Clone(c.in.bytes())
	want := uint64(canSign)
	if decrypt {
		want = canDecrypt
	}
	_, known := c.device.mechanisms()
	for _, m := range known[number] {
		if m.can == want {
			m.paramHash, m.mgf, m.extra, m.rest = a, b, extra, rest
			return number, m, ckrOK
		}
	}
	return number, mechanism{}, ckrMechanismInvalid
}

// hashOf is the hash of a parameter, with the mask function that goes with it.
func hashOf(number uint64) (hash crypto.Hash, mgf uint64) {
	switch number {
	case ckmSHA1:
		return crypto.SHA1, 1
	case ckmSHA256:
		return crypto.SHA256, 2
	case ckmSHA384:
		return crypto.SHA384, 3
	case ckmSHA512:
		return crypto.SHA512, 4
	}
	return 0, 0
}

// fits tells whether the parameters are ones that the mechanism can go by.
func (m mechanism) fits(number uint64) bool {
	h, mgf := hashOf(m.paramHash)
	switch {
	case m.oaep:
		return h != 0 && m.mgf == mgf && m.extra <= 1
	case m.pss:
		return h != 0 && m.mgf == mgf && m.extra <= 128 && (number == ckmRSAPSS || h == m.hash)
	}
	return true
}

func newHash(h crypto.Hash) hash.Hash {
	switch h {
	case crypto.SHA1:
		return sha1.New()
	case crypto.SHA384:
		return sha512.New384()
	case crypto.SHA512:
		return sha512.New()
	}
	return sha256.New()
}

// encoding is how a signature on a curve is due.
func (m mechanism) encoding() encoding {
	if m.der {
		return derEncoding
	}
	return rawEncoding
}

// signatureSize is the most that the operation's signature can take.
func (c *call) signatureSize(op *operation) int {
	if k, ok := op.pair.key.(*rsa.PrivateKey); ok {
		return k.Size()
	}
	return c.encoded(op.mechanism.encoding()).most()
}

// digestInfo begins PKCS #1's DigestInfo of each hash (RFC 8017, 9.2, note 1).
var digestInfo = map[crypto.Hash]string{
	crypto.SHA256: "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
	crypto.SHA384: "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
	crypto.SHA512: "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
}

// signature signs as the operation says.
func (c *call) signature(op *operation, data []byte) ([]byte, code) {
	m := op.mechanism
	if m.hash != 0 {
		h := newHash(m.hash)
		h.Write(data)
		data = h.Sum(nil)
	}
	switch key := op.pair.key.(type) {
	case *rsa.PrivateKey:
		if m.pss {
			h, _ := hashOf(m.paramHash)
			if len(data) != h.Size() {
				return nil, ckrDataLengthRange
			}
			sig, err := rsa.SignPSS(rand.Reader, key, h, data, &rsa.PSSOptions{SaltLength: int(m.extra), Hash: h})
			if err != nil {
				return nil, ckrFunctionFailed
			}
			return c.sealRSA(sig), ckrOK
		}
		data = append([]byte(digestInfo[m.hash]), data...)
		if len(data) > key.Size()-11 {
			return nil, ckrDataLengthRange
		}
		sig, err := rsa.SignPKCS1v15(nil, key, 0, data)
		if err != nil {
			return nil, ckrFunctionFailed
		}
		return c.sealRSA(sig), ckrOK
	case *sm2.PrivateKey:
		if m.message {
			e, err := sm2.CalculateSM2Hash(key.Public().(*ecdsa.PublicKey), data, nil)
			if err != nil {
				return nil, ckrFunctionFailed
			}
			data = e
		}
	}
	if len(data) != scalarSize && (op.pair.kind() == sm2Key || len(data) == 0) {
		return nil, ckrDataLengthRange
	}
	sig, err := c.sealEC(op.pair.key, data, m.encoding())
	if err != nil {
		return nil, ckrFunctionFailed
	}
	return sig, ckrOK
}

// plain decrypts as the operation says.
func (op *operation) plain(data []byte) ([]byte, code) {
	m := op.mechanism
	switch key := op.pair.key.(type) {
	case *rsa.PrivateKey:
		if len(data) != key.Size() {
			return nil, ckrEncryptedDataLength
		}
		var plain []byte
		var err error
		if m.oaep {
			h, _ := hashOf(m.paramHash)
			plain, err = rsa.DecryptOAEP(newHash(h), nil, key, data, m.rest)
		} else {
			//lint:ignore SA1019 the mechanism has this padding
			plain, err = rsa.DecryptPKCS1v15(nil, key, data)
		}
		if err != nil {
			return nil, ckrEncryptedDataInvalid
		}
		return plain, ckrOK
	case *sm2.PrivateKey:
		var plain []byte
		var err error
		if m.der {
			plain, err = sm2.Decrypt(key, data)
		} else {
			plain, err = decryptSM2(key, data)
		}
		if err != nil {
			return nil, ckrEncryptedDataInvalid
		}
		return plain, ckrOK
	}
	return nil, ckrKeyTypeInconsistent
}
