package verify

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/pem"
	"io"
	"time"

	"sealdesk/signer/cms"
	"sealdesk/signer/finding"
	"sealdesk/signer/sigform"
)

// MaxDetached is the longest file with a detached signature, in bytes: the
// longest SignedData in base64, with its line ends.
const MaxDetached = 2 * cms.MaxSize

// Detached judges a signature that stands in a file of its own, value, over the
// whole of another file of any kind: SignedData of RFC 5652 or of GB/T 35275
// with one signer and signed attributes, in DER or with BER's indefinite
// lengths, as such, in PEM or in bare base64. The Report has one Signature; its
// Level is "B" or "T" for that level of CAdES baseline (EN 319 122-1, 6.3); what it
// brings of revocation is not read. Whatever is wrong with
// the signature goes into the report; an error means that the content could not
// be read (I/O) or that ctx ended.
//
// Memory does not grow with the size of the content.
func Detached(ctx context.Context, value []byte, content io.ReaderAt, size int64, opts Options) (*Report, error) {
	if opts.Now.IsZero() {
		opts.Now = time.Now()
	}
	reader := &watched{ctx: ctx, r: content, size: size}
	s := &judged{}
	s.Level, s.CoversWholeFile = "none", true
	s.Findings, s.ChangesAfter = finding.List{}, []Change{}
	err := s.judgeDetached(ctx, value, reader, opts)
	if reader.err != nil {
		return nil, reader.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err != nil {
		s.add(asFinding(err))
	}
	report := &Report{Signatures: []Signature{s.Signature}, Stamps: []Stamp{}, Findings: finding.List{}}
	settle(report)
	return report, nil
}

func (s *judged) judgeDetached(ctx context.Context, value []byte, content *watched, opts Options) error {
	raw, err := unwrap(value)
	if err != nil {
		return err
	}
	_, n, err := cms.ToDER(raw)
	if err != nil {
		return &broken{Finding: cmsFinding(err)}
	}
	if len(bytes.TrimSpace(raw[n:])) != 0 {
		return &broken{Finding: find("cms_malformed", "detail", "something follows the signature")}
	}
	read, err := s.readCMS(sigform.Form{}, raw[:n])
	if err != nil {
		return err
	}
	v := read.(*cmsValue)
	if !v.isDER {
		s.add(find("encoding_not_der"))
	}
	s.stamps(ctx, v.sd, opts)
	if v.isDER && s.SignedAt != nil && v.sd.HasSigningCertificate() && !v.sd.GM() {
		s.Level = "B"
		if s.StampedAt != nil {
			s.Level = "T"
		}
	}
	h, err := v.hash()
	if err != nil {
		return err
	}
	whole := hashing{h: h, spans: [2][2]int64{{0, content.size}, {content.size, content.size}}}
	if err := digestAll(content, []hashing{whole}, nil); err != nil {
		return err
	}
	v.finish(s, h.Sum(nil), opts)
	s.askRevocation(ctx, opts)
	s.judgePolicies(opts.Policies)
	return nil
}

// unwrap takes a signature out of PEM (RFC 7468: CMS and PKCS7) or base64.
func unwrap(value []byte) ([]byte, error) {
	wrong := func(detail string) error { return &broken{Finding: find("cms_malformed", "detail", detail)} }
	if len(value) > MaxDetached {
		return nil, tooLarge("signature")
	}
	text := bytes.TrimSpace(value)
	switch {
	case len(text) == 0:
		return nil, wrong("it is empty")
	case value[0] == 0x30: // SEQUENCE; the character 0 begins neither PEM nor base64 of one
		return value, nil
	case bytes.HasPrefix(text, []byte("-----BEGIN ")):
		block, rest := pem.Decode(text)
		switch {
		case block == nil:
			return nil, wrong("it is not well-formed PEM")
		case block.Type != "CMS" && block.Type != "PKCS7":
			return nil, wrong("its PEM block is a " + nameOf(block.Type))
		case len(bytes.TrimSpace(rest)) != 0:
			return nil, wrong("something follows the PEM block")
		}
		return block.Bytes, nil
	}
	der, err := base64.StdEncoding.Strict().DecodeString(string(bytes.Join(bytes.Fields(text), nil)))
	if err != nil {
		return nil, wrong("it is neither DER nor PEM nor base64")
	}
	return der, nil
}
