package verify

import (
	"context"

	"sealdesk/signer/ses"
)

// sealStamp judges the time stamp over the signature value of an electronic seal
// (GB/T 38540, 7.2), as stamps does those of CMS. In the first version the time
// stamp stands instead of the time and is not over the value; false where there is
// none that was judged.
func (s *judged) sealStamp(signature *ses.Signature, opts Options) bool {
	if len(signature.TimeStamp) == 0 || signature.Version == ses.V1 {
		return false
	}
	token, err := judgeStamp(signature.TimeStamp, signature.Value())
	if err != nil {
		s.add(find("timestamp_wrong", "detail", err.Error()))
		return true
	}
	roots := opts.StampRoots
	if roots == nil {
		roots = opts.Roots
	}
	if _, err := token.Trust(roots, opts.Intermediates, opts.Now); err != nil {
		s.add(find("timestamp_untrusted", "detail", err.Error()))
		return true
	}
	at := token.Time
	s.StampedAt, s.StampedBy = &at, signerName(token.Certificate())
	if s.SignedAt != nil && s.SignedAt.After(at.Add(clockSkew)) {
		s.add(find("claimed_after_stamp"))
	}
	return true
}

// askMakers asks about the certificates behind an electronic seal, as askRevocation
// does about the signer's. A maker that was revoked since the seal was made may have
// been somebody else's tool before: only what a time stamp proves earlier stands.
func (s *judged) askMakers(ctx context.Context, opts Options) {
	if opts.Revocation == nil || s.makers == nil {
		return
	}
	signers := judged{Signature: Signature{Chain: s.makers, StampedAt: s.StampedAt}}
	signers.askRevocation(ctx, opts)
	s.add(signers.Findings...)
}
