package envelope

import (
	"bytes"
	"context"
	"crypto"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Sealed is an envelope that was read. Its methods do not change it.
type Sealed struct {
	form       form
	kind       Content
	recipients []Recipient
	iv, sealed []byte
}

// Recipient names a certificate for whose key an envelope is.
type Recipient struct {
	RawIssuer []byte // the DER of its issuer's name
	Serial    *big.Int

	algorithm oid
	given     []byte
}

// Is says whether it is this certificate.
func (r Recipient) Is(c *smx509.Certificate) bool {
	return c != nil && c.SerialNumber.Cmp(r.Serial) == 0 && bytes.Equal(c.RawIssuer, r.RawIssuer)
}

// Parse reads the DER of a ContentInfo that holds EnvelopedData, and nothing behind it. Recipients are all named by
// issuer and serial number.
//
// Errors are of type *Error.
func Parse(der []byte) (*Sealed, error) {
	if len(der) > MaxSize {
		return nil, fail(TooLarge, "%d bytes, more than %d", len(der), MaxSize)
	}
	in := cryptobyte.String(der)
	var outer, wrapped, data, set, content, algorithm cryptobyte.String
	var outerType, contentType, cipherOID oid
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !in.Empty() ||
		!outer.ReadASN1ObjectIdentifier(&outerType) || !outer.ReadASN1(&wrapped, tag0.Constructed()) || !outer.Empty() ||
		!wrapped.ReadASN1(&data, cbasn1.SEQUENCE) || !wrapped.Empty() {
		return nil, fail(Malformed, "no ContentInfo")
	}
	s := &Sealed{}
	for _, f := range forms {
		if f.enveloped.Equal(outerType) {
			s.form = f
		}
	}
	if s.form.suite == 0 {
		return nil, fail(Malformed, "the content type %v is no envelope's", outerType)
	}
	var version int64
	if !data.ReadASN1Integer(&version) || !data.ReadASN1(&set, cbasn1.SET) || !data.ReadASN1(&content, cbasn1.SEQUENCE) || !data.Empty() {
		return nil, fail(Malformed, "no EnvelopedData")
	}
	if version != 0 && version != 1 {
		return nil, fail(Unsupported, "EnvelopedData of version %d", version)
	}
	if !content.ReadASN1ObjectIdentifier(&contentType) || !content.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!content.ReadASN1((*cryptobyte.String)(&s.sealed), tag0) || !content.Empty() {
		return nil, fail(Malformed, "no EncryptedContentInfo")
	}
	switch {
	case contentType.Equal(s.form.data):
		s.kind = Data
	case contentType.Equal(s.form.enveloped):
		s.kind = Envelope
	default:
		return nil, fail(Unsupported, "content of the type %v", contentType)
	}
	if !algorithm.ReadASN1ObjectIdentifier(&cipherOID) {
		return nil, fail(Malformed, "no content cipher")
	}
	if !cipherOID.Equal(s.form.cipher) {
		return nil, fail(Unsupported, "content cipher %v", cipherOID)
	}
	if !algorithm.ReadASN1((*cryptobyte.String)(&s.iv), cbasn1.OCTET_STRING) || !algorithm.Empty() || len(s.iv) != blockSize {
		return nil, fail(Malformed, "the content cipher's parameters are no IV")
	}
	if len(s.sealed) == 0 || len(s.sealed)%blockSize != 0 {
		return nil, fail(Malformed, "%d bytes are no whole blocks", len(s.sealed))
	}
	for !set.Empty() {
		if len(s.recipients) == MaxRecipients {
			return nil, fail(TooLarge, "more than %d recipients", MaxRecipients)
		}
		r, err := readRecipient(&set)
		if err != nil {
			return nil, err
		}
		s.recipients = append(s.recipients, r)
	}
	if len(s.recipients) == 0 {
		return nil, fail(Malformed, "no recipients")
	}
	return s, nil
}

func readRecipient(set *cryptobyte.String) (Recipient, error) {
	var info, id, issuer, algorithm cryptobyte.String
	var version int64
	r := Recipient{Serial: new(big.Int)}
	if !set.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1Integer(&version) || version != 0 && version != 1 ||
		!info.ReadASN1(&id, cbasn1.SEQUENCE) || !id.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !id.ReadASN1Integer(r.Serial) || !id.Empty() ||
		!info.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&r.algorithm) ||
		!info.ReadASN1((*cryptobyte.String)(&r.given), cbasn1.OCTET_STRING) || !info.Empty() {
		return r, fail(Malformed, "a recipient that is not named by issuer and serial number")
	}
	r.RawIssuer = issuer
	var null cryptobyte.String
	if !algorithm.Empty() && (!algorithm.ReadASN1(&null, cbasn1.NULL) || !null.Empty() || !algorithm.Empty()) {
		return r, fail(Unsupported, "key encryption %v with parameters", r.algorithm)
	}
	if !r.algorithm.Equal(oidRSA) && !r.algorithm.Equal(oidSM2Encryption) {
		return r, fail(Unsupported, "key encryption %v", r.algorithm)
	}
	return r, nil
}

// Suite tells the envelope's form.
func (s *Sealed) Suite() Suite { return s.form.suite }

// Content tells what is inside, as the envelope has it.
func (s *Sealed) Content() Content { return s.kind }

// Recipients lists for whom it is, in the order of the envelope.
func (s *Sealed) Recipients() []Recipient { return s.recipients }

// Open gives the content, by the private key of a certificate. It is one operation of the key, which is
// handed SM2Cipher in DER, or PKCS #1 v1.5, and no options.
//
// Errors: *Error of Kind NotRecipient or NotOpened; those of a key that is gone, locked or was told to stop are passed on in a
// wrapping one.
func (s *Sealed) Open(c *smx509.Certificate, key crypto.Decrypter) ([]byte, error) {
	for _, r := range s.recipients {
		if r.Is(c) {
			return s.open(r, c, key)
		}
	}
	return nil, fail(NotRecipient, "the envelope is not for the certificate")
}

func (s *Sealed) open(r Recipient, c *smx509.Certificate, key crypto.Decrypter) ([]byte, error) {
	closed := &Error{NotOpened, "the envelope does not open with this key"}
	if _, isRSA := c.PublicKey.(*rsa.PublicKey); isRSA != r.algorithm.Equal(oidRSA) {
		return nil, closed
	}
	given, err := key.Decrypt(rand.Reader, r.given, nil)
	if err != nil && refused(err) {
		return nil, closed // as for what has the right padding and is no key: nobody learns from the difference (RFC 8017, 7.2.2)
	}
	if err != nil {
		return nil, fmt.Errorf("envelope: the key: %w", err)
	}
	defer clear(given)
	if len(given) != s.form.keyLen {
		return nil, closed
	}
	block, err := s.form.block(given)
	if err != nil {
		return nil, closed
	}
	plain := make([]byte, len(s.sealed))
	cipher.NewCBCDecrypter(block, s.iv).CryptBlocks(plain, s.sealed)
	n := int(plain[len(plain)-1])
	good := subtle.ConstantTimeLessOrEq(1, n) & subtle.ConstantTimeLessOrEq(n, blockSize)
	for i := 1; i <= blockSize; i++ {
		inPad := subtle.ConstantTimeLessOrEq(i, n)
		good &= subtle.ConstantTimeSelect(inPad, subtle.ConstantTimeByteEq(plain[len(plain)-i], byte(n)), 1)
	}
	if good != 1 {
		return nil, closed
	}
	return plain[:len(plain)-n], nil
}

// refused says whether a key's error is that it cannot decrypt this. Whatever else befalls a key has a code of its own, or is
// the end of a context.
func refused(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var coded interface{ Code() string }
	return !errors.As(err, &coded) || strings.HasSuffix(coded.Code(), ".decrypt_failed")
}
