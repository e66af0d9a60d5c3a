package verify

import (
	"context"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/revocation"
)

// Revocation says of every certificate of a chain but its root whether it was
// revoked. *revocation.Checker is one.
type Revocation interface {
	CheckChain(ctx context.Context, chain []*smx509.Certificate) []revocation.Answer
}

// askRevocation says what is known of the revocation of a trusted chain: what the file
// holds, and what is heard from who is there to be asked. A certificate that was revoked
// later than a time stamp over the signature was good when it signed.
func (s *judged) askRevocation(ctx context.Context, opts Options) {
	s.Revocation = revocation.NotKnown
	if s.Chain == nil {
		return
	}
	at := opts.Now
	if s.StampedAt != nil {
		at = *s.StampedAt
	}
	s.signer = s.file.stand(ctx, s.Chain, at, opts)
	s.Revocation = revocation.Good
	worse := func(status revocation.Status) {
		if s.Revocation != revocation.Revoked {
			s.Revocation = status
		}
	}
	for i, a := range s.signer.answers {
		name := signerName(s.Chain[i])
		switch {
		case a.Status == revocation.Good:
		case a.Status == revocation.Revoked && s.StampedAt != nil && s.StampedAt.Before(a.RevokedAt):
			s.add(find("revoked_since", "name", name, "at", a.RevokedAt.UTC().Format(time.RFC3339)))
		case a.Status == revocation.NotKnown && a.Why == revocation.NotAsked && opts.Revocation == nil:
			worse(revocation.NotKnown)
			if s.SealFacts == nil && !s.Findings.Has("verify.certificate_expired") { // seals say it themselves
				s.add(find("revocation_unknown"))
			}
		default:
			worse(a.Status)
			s.add(a.Finding(name))
		}
	}
	if opts.Revocation == nil && s.file.empty() {
		return // that nobody was asked is told
	}
	for i, a := range s.stamped.answers {
		if a.Status == revocation.NotKnown {
			s.add(find("timestamp_revocation_unknown", "name", signerName(s.stamped.chain[i]), "detail", a.Detail))
		}
	}
}

// raise says how long the signature can be judged (EN 319 142-1, 6.3): LT when the file
// has all that it takes to judge the chains of the signer and of the time stamp, LTA when
// a document time stamp proves that all of that was there.
func (s *judged) raise() {
	s.StampChain = s.stamped.chain
	s.Missing = append(s.signer.missing, s.stamped.missing...)
	if s.Level != "T" || s.file.empty() || !s.signer.holds(s.inside...) || !s.stamped.holds(s.inside...) || s.Revocation != revocation.Good {
		return
	}
	s.Level = "LT"
	if s.file.before(max(s.signer.newest, s.stamped.newest, s.Revision+1)) != nil {
		s.Level = "LTA"
	}
}
