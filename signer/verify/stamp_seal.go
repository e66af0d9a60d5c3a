package verify

import (
	"context"

	"sealdesk/signer/ses"
)

// sealStamp judges the time stamp over the signature value of an electronic seal
// (GB/T 38540, 7.2) and those over the document, as stamps does those of CMS. In the first version the time
// stamp stands instead of the time and is not over the value; false where there is
// none that was judged.
func (s *judged) sealStamp(ctx context.Context, signature *ses.Signature, opts Options) (judged bool) {
	if len(signature.TimeStamp) > 0 && signature.Version != ses.V1 {
		judged = true
		if token, err := judgeStamp(signature.TimeStamp, signature.Value()); err != nil {
			s.add(find("timestamp_wrong", "detail", err.Error()))
		} else if stands, err := s.file.believe(ctx, token, s.Revision+1, opts); err != nil {
			s.add(find("timestamp_untrusted", "detail", err.Error()))
		} else {
			at := token.Time
			s.StampedAt, s.StampedBy, s.stamped = &at, signerName(token.Certificate()), stands
		}
	}
	s.documentStamp()
	return judged
}

// askMakers asks about the certificates behind an electronic seal, as askRevocation
// does about the signer's. A maker that was revoked since the seal was made may have
// been somebody else's tool before: only what a time stamp proves earlier stands.
func (s *judged) askMakers(ctx context.Context, opts Options) {
	if opts.Revocation == nil || s.makers == nil {
		return
	}
	signers := judged{file: s.file, Signature: Signature{Chain: s.makers, StampedAt: s.StampedAt}}
	signers.askRevocation(ctx, opts)
	s.add(signers.Findings...)
}
