package verify

import (
	"context"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/finding"
	"sealdesk/signer/revocation"
)

// Revocation says of every certificate of a chain but its root whether it was
// revoked. *revocation.Checker is one.
type Revocation interface {
	CheckChain(ctx context.Context, chain []*smx509.Certificate) []revocation.Answer
}

// unasked notes that revocation is not known, where nobody is there to ask.
func (o Options) unasked() []finding.Finding {
	if o.Revocation != nil {
		return nil
	}
	return []finding.Finding{find("revocation_unknown")}
}

// askRevocation says what is known of the revocation of a trusted chain. A certificate
// that was revoked later than a time stamp over the signature was good when it signed.
func (s *judged) askRevocation(ctx context.Context, opts Options) {
	if opts.Revocation == nil || s.Chain == nil {
		return
	}
	for i, a := range opts.Revocation.CheckChain(ctx, s.Chain) {
		name := signerName(s.Chain[i])
		switch {
		case a.Status == revocation.Good:
		case a.Status == revocation.Revoked && s.StampedAt != nil && s.StampedAt.Before(a.RevokedAt):
			s.add(find("revoked_since", "name", name, "at", a.RevokedAt.UTC().Format(time.RFC3339)))
		default:
			s.add(a.Finding(name))
		}
	}
}
