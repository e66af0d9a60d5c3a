package pdfsig

import (
	"fmt"
	"hash"
	"math"
	"slices"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/ses"
	"sealdesk/signer/sigform"
)

// Frame makes the signature value. Its answers must not change between calls.
// Whatever can be checked without the key, Hash and SizeBound check.
type Frame interface {
	// Form says what the signature dictionary names the value.
	Form() (sigform.Form, error)
	// Hash returns a new hash for the signed bytes.
	Hash() (hash.Hash, error)
	// SizeBound returns the most bytes that Sign can answer for a scope that is
	// no longer, in writing, than the given one; all of them are kept free.
	SizeBound(sigform.Scope) (int, error)
	// Sign asks the key once and returns the value for the digest of the signed bytes.
	Sign(digest []byte, of sigform.Scope) ([]byte, error)
	// Certificates are the signer's and, where the value brings them, its issuers.
	Certificates() []*smx509.Certificate
	// Stamped says that the value will have a time stamp.
	Stamped() bool
}

// CMS frames a signature in SignedData, which names no scope: the digest is over
// the dictionary, too.
type CMS struct {
	Builder cms.Builder
	// As is the form; PAdES unless given. Its value decides on Builder.GM.
	As sigform.Form
	// Stamp, if given, is asked for a time-stamp token (RFC 3161) over the signature
	// value, which goes into the unsigned attributes: PAdES baseline T (EN 319 142-1,
	// 6.3). It is asked after the key, and its errors are wrapped.
	Stamp func(signature []byte) ([]byte, error)
}

// stampRoom is kept for a time stamp with its certificates, in bytes.
const stampRoom = 16 << 10

// Form implements Frame.
func (c CMS) Form() (sigform.Form, error) { return formOf(c.As, sigform.CMS, sigform.GMCMS) }

func (c CMS) builder() cms.Builder {
	c.Builder.GM = c.As.Value == sigform.GMCMS
	if c.Stamp != nil {
		c.Builder.Reserve += stampRoom
	}
	return c.Builder
}

// Certificates implements Frame.
func (c CMS) Certificates() []*smx509.Certificate { return c.Builder.Chain }

// Stamped implements Frame.
func (c CMS) Stamped() bool { return c.Stamp != nil }

// Hash implements Frame.
func (c CMS) Hash() (hash.Hash, error) { return c.builder().Hash() }

// SizeBound implements Frame.
func (c CMS) SizeBound(sigform.Scope) (int, error) { return c.builder().SizeBound() }

// Sign implements Frame.
func (c CMS) Sign(digest []byte, _ sigform.Scope) ([]byte, error) {
	der, err := c.builder().Sign(digest)
	if err != nil || c.Stamp == nil {
		return der, err
	}
	sd, err := cms.Parse(der)
	if err != nil {
		return nil, err
	}
	token, err := c.Stamp(sd.SignatureValue())
	if err != nil {
		return nil, fmt.Errorf("pdfsig: time stamp: %w", err)
	}
	return sd.AddTimeStamp(token)
}

// Seal frames a signature in a SES_Signature, and puts the scope into its
// propertyInfo.
type Seal struct {
	Builder ses.Builder
	// As is the form; that of GM.sm2seal unless given.
	As sigform.Form
	// Stamp, if given, is asked for a time-stamp token over the signature value, as that of CMS.
	Stamp func(signature []byte) ([]byte, error)
}

func (s Seal) builder() ses.Builder {
	if s.Stamp != nil {
		s.Builder.Stamp = s.Stamp
		s.Builder.Reserve += stampRoom
	}
	return s.Builder
}

// sealRoom is kept beside the seal, in bytes: for two certificates, the
// signature and a time stamp, which readers put in later.
const sealRoom = 8 << 10

// Form implements Frame.
func (s Seal) Form() (sigform.Form, error) { return formOf(s.As, sigform.Seal) }

// Certificates implements Frame.
func (s Seal) Certificates() []*smx509.Certificate {
	return []*smx509.Certificate{s.Builder.Certificate}
}

// Stamped implements Frame.
func (s Seal) Stamped() bool { return s.Stamp != nil }

// Hash implements Frame.
func (s Seal) Hash() (hash.Hash, error) { return s.builder().Hash() }

// SizeBound implements Frame.
func (s Seal) SizeBound(widest sigform.Scope) (int, error) {
	b := s.builder()
	b.PropertyInfo = widest.String()
	n, err := b.SizeBound()
	if err != nil {
		return 0, err
	}
	return max(n, len(s.Builder.Seal.Raw())+sealRoom), nil
}

// Sign implements Frame.
func (s Seal) Sign(digest []byte, of sigform.Scope) ([]byte, error) {
	b := s.builder()
	b.PropertyInfo = of.String()
	return b.Sign(digest)
}

// formOf returns the form that was asked for, which must have a value of these
// kinds, or the usual one of the first kind.
func formOf(f sigform.Form, values ...sigform.Value) (sigform.Form, error) {
	switch {
	case f == (sigform.Form{}):
		return sigform.Default().For(values[0])
	case !slices.Contains(values, f.Value) || f.ReadOnly():
		return sigform.Form{}, fail(BadRequest, "the form %q is not made here", f.Name)
	}
	return f, nil
}

// widest is a scope that no file's is longer than, in writing.
func widest(field string) sigform.Scope {
	return sigform.Scope{Field: field, ByteRange: [4]int64{0, math.MaxInt64, math.MaxInt64, math.MaxInt64}}
}
