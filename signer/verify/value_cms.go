package verify

import (
	"bytes"
	"context"
	"errors"
	"hash"
	"slices"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/finding"
	"sealdesk/signer/sigform"
)

// cmsValue is SignedData.
type cmsValue struct {
	form  sigform.Form
	sd    *cms.SignedData
	isDER bool
}

func (s *judged) readCMS(form sigform.Form, raw []byte) (value, error) {
	der, n, err := cms.ToDER(raw)
	if err != nil {
		return nil, &broken{Finding: cmsFinding(err)}
	}
	if err := zeros(raw[n:]); err != nil {
		return nil, err
	}
	sd, err := cms.ParseAs(der, cms.Accept{
		DigestInside: form.DigestInside, SHA1Inside: form.SHA1Inside, Loose: true, Weak: true,
		NoAttributes: s.bare && !form.NamesCertificate,
	})
	if err != nil {
		return nil, &broken{Finding: cmsFinding(err)}
	}
	s.Certificate = sd.SignerCertificate()
	s.Signer = signerName(s.Certificate)
	s.Algorithm = sd.Algorithm()
	if t, ok := sd.SigningTime(); ok && s.SignedAt == nil {
		s.SignedAt = &t
	}
	return &cmsValue{form, sd, bytes.Equal(der, raw[:n])}, nil
}

func (v *cmsValue) hash() (hash.Hash, error) {
	h, err := v.sd.DigestHash()
	if err != nil {
		return nil, &broken{Finding: cmsFinding(err)}
	}
	return h, nil
}

func (v *cmsValue) judge(ctx context.Context, s *judged, digest []byte, opts Options) {
	if !v.isDER {
		s.add(find("encoding_not_der"))
	}
	if v.form.NamesCertificate && !v.sd.NamesSigningCertificate() {
		s.add(find("no_signing_cert"))
	}
	switch {
	case v.sd.DigestInside():
		s.add(find("digest_inside"))
	case v.sd.NoAttributes():
		s.add(find("names_no_certificate"))
	}
	s.stamps(ctx, v.sd, opts)
	s.Level = "B"
	if s.StampedAt != nil {
		s.Level = "T"
	}
	if fault := v.notBaseline(s); fault != "" {
		s.Level = "none"
		s.add(find("profile_not_pades", "detail", fault))
	}
	v.finish(s, digest, opts)
}

// finish judges the value against the digest, and who made it.
func (v *cmsValue) finish(s *judged, digest []byte, opts Options) {
	s.settle(v.sd, v.sd.Certificates(), digest, opts)
}

// checked is a value that can be held against the digest of what was signed.
type checked interface {
	Check(digest []byte) error
	Weak() string
}

// settle judges a value against the digest, and who made it; certs are those that came with it.
func (s *judged) settle(v checked, certs []*smx509.Certificate, digest []byte, opts Options) {
	if err := v.Check(digest); err != nil {
		s.add(cmsFinding(err))
	}
	if weak := v.Weak(); weak != "" {
		s.add(find("weak_signature", "algorithm", weak))
	}
	s.inside = append(s.inside, certs...)
	way := slices.Concat(certs, opts.Intermediates)
	chain, findings := trust(s.Certificate, way, s.SignedAt, s.StampedAt, opts)
	if more := s.file.certificates(); chain == nil && len(more) > 0 { // which come last: somebody else may have put them there
		if again, found := trust(s.Certificate, append(way, more...), s.SignedAt, s.StampedAt, opts); again != nil {
			chain, findings = again, found
		}
	}
	s.Chain = chain
	s.add(findings...)
}

// notBaseline names the first requirement of PAdES baseline B (EN 319 142-1,
// 6.3) that the signature does not meet.
func (v *cmsValue) notBaseline(s *judged) string {
	_, signingTime := v.sd.SigningTime()
	switch {
	case !v.form.NamesCertificate:
		return "its SubFilter is " + s.SubFilter
	case !v.isDER:
		return "its value is not DER"
	case v.sd.Weak() != "":
		return "its algorithm is weak"
	case !v.sd.HasSigningCertificate():
		return "it does not name its certificate"
	case signingTime:
		return "signing-time is among the signed attributes"
	case !s.dated:
		return "the dictionary has no time M"
	case s.dict["Cert"] != nil:
		return "the dictionary has a certificate"
	case v.sd.GM():
		return "its content types are those of GB/T 35275"
	}
	return ""
}

// cmsFinding says what a fault of the signature's value means to the document.
func cmsFinding(err error) finding.Finding {
	var e *cms.Error
	if !errors.As(err, &e) {
		return find("cms_malformed", "detail", err.Error())
	}
	switch e.Kind {
	case cms.DigestMismatch:
		return find("digest_mismatch")
	case cms.BadSignature, cms.CertificateMismatch:
		return find("signature_forged")
	case cms.WeakAlgorithm:
		return find("weak_algorithm", "algorithm", e.Algorithm)
	case cms.UnsupportedAlgorithm, cms.AlgorithmMismatch:
		return find("algorithm_unknown", "algorithm", e.Algorithm)
	}
	return find("cms_malformed", "detail", e.Detail)
}
