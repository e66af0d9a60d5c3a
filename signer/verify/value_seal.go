package verify

import (
	"context"
	"errors"
	"hash"

	"sealdesk/signer/ses"
	"sealdesk/signer/sigform"
)

// sealValue is a SES_Signature: an electronic seal as it was pressed.
type sealValue struct{ signature *ses.Signature }

func (s *judged) readSealValue(raw []byte) (value, error) {
	der, rest := element(raw)
	if der == nil {
		return nil, &broken{Finding: find("bad_contents", "detail", "it is not DER")}
	}
	if err := zeros(rest); err != nil {
		return nil, err
	}
	signature, err := ses.ParseSignature(der)
	if err != nil {
		return nil, sesBroken(err)
	}
	s.Seal = signature.Seal
	facts := signature.Seal.Facts()
	s.SealFacts = &facts
	s.Algorithm = signature.Algorithm()
	if s.Certificate = signature.Certificate(); s.Certificate != nil {
		s.Signer = signerName(s.Certificate)
	}
	// What stands in the value was signed with it; M may be another program's.
	if t := signature.Time; !t.IsZero() {
		s.SignedAt = &t
	}
	return &sealValue{signature}, nil
}

func (v *sealValue) hash() (hash.Hash, error) {
	h, err := v.signature.Hash()
	if err != nil {
		return nil, sesBroken(err)
	}
	return h, nil
}

func (v *sealValue) judge(ctx context.Context, s *judged, digest []byte, opts Options) {
	of := ses.Document{Digest: digest}
	if sigform.Written(v.signature.PropertyInfo) {
		of.PropertyInfo = sigform.Scope{Field: s.name, ByteRange: s.ByteRange}.String()
	}
	judged := s.sealStamp(ctx, v.signature, opts)
	report := v.signature.Judge(of, ses.Options{
		Makers: opts.Makers, Roots: opts.Roots, Intermediates: opts.Intermediates, Now: opts.Now,
		Proven: s.StampedAt, StampJudged: judged, RevocationAsked: opts.Revocation != nil,
	})
	s.Chain, s.makers = report.Chain, report.Makers
	s.add(report.Findings...)
}

// sesBroken is what ends the judging of a seal.
func sesBroken(err error) error {
	var e *ses.Error
	if errors.As(err, &e) {
		return &broken{Finding: e.Finding}
	}
	return err
}
