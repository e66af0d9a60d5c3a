package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sealdesk/signer/cms"
	"sealdesk/signer/dss"
	"sealdesk/signer/finding"
	"sealdesk/signer/pdf"
	"sealdesk/signer/revocation"
	"sealdesk/signer/sigform"
	"sealdesk/signer/tsa"
)

// stampSubFilter is what document time stamps are called (ISO 32000-2, 12.8.5).
const stampSubFilter = pdf.Name("ETSI.RFC3161")

func (s *judged) isStamp() bool { return s.dict["SubFilter"] == stampSubFilter }

// maxStamps bounds the time stamps that are judged in one signature.
const maxStamps = 8

// stamps judges what proves when the signature was there: the time stamps over its value
// (EN 319 122-1, 5.3), and the document time stamps that cover it. The earliest that holds
// counts. One whose authority is not known, or no longer, proves nothing and does no harm;
// one that does not hold was put there by somebody who wanted it to be taken for one.
func (s *judged) stamps(ctx context.Context, sd *cms.SignedData, opts Options) {
	tokens, others := sd.TimeStamps()
	if others > 0 || len(tokens) > maxStamps {
		s.add(find("attr_not_checked"))
		tokens = tokens[:min(len(tokens), maxStamps)]
	}
	for _, der := range tokens {
		token, err := judgeStamp(der, sd.SignatureValue())
		if err != nil {
			s.add(find("timestamp_wrong", "detail", err.Error()))
			continue
		}
		stands, err := s.file.believe(ctx, token, s.Revision+1, opts)
		if err != nil {
			s.add(find("timestamp_untrusted", "detail", err.Error()))
			continue
		}
		if s.StampedAt == nil || token.Time.Before(*s.StampedAt) {
			at := token.Time
			s.StampedAt, s.StampedBy, s.stamped = &at, signerName(token.Certificate()), stands
		}
		s.inside = append(s.inside, token.Certificates()...)
	}
	s.documentStamp()
}

// documentStamp counts a time stamp over the document, where it proves the signature earlier than what is over its value,
// and holds the time that the signature claims against the earliest.
func (s *judged) documentStamp() {
	if p := s.file.before(s.Revision + 1); p != nil && (s.StampedAt == nil || p.token.Time.Before(*s.StampedAt)) {
		at := p.token.Time
		s.StampedAt, s.StampedBy, s.stamped = &at, signerName(p.token.Certificate()), p.standing
		s.inside = append(s.inside, p.token.Certificates()...)
	}
	if s.StampedAt != nil && s.SignedAt != nil && s.SignedAt.After(s.StampedAt.Add(clockSkew)) {
		s.add(find("claimed_after_stamp"))
	}
}

func judgeStamp(der, value []byte) (*tsa.Token, error) {
	token, err := tsa.ParseToken(der)
	if err != nil {
		return nil, err
	}
	h := token.NewHash()
	h.Write(value)
	return token, token.Check(h.Sum(nil))
}

// believe looks for a reason to believe what an intact time stamp says: its authority is
// trusted, and was neither out of its time nor revoked before the moment at which the
// stamp is proven to have been there. That is the present, unless a later document time
// stamp, of the given revision or after it, covers it.
func (e *evidence) believe(ctx context.Context, t *tsa.Token, revision int, opts Options) (standing, error) {
	there := e.there(revision, opts.Now)
	roots := opts.StampRoots
	if roots == nil {
		roots = opts.Roots
	}
	chain, err := t.Trust(roots, opts.Intermediates, there)
	if err != nil && len(e.certificates()) > 0 { // which come last: somebody else may have put them there
		chain, err = t.Trust(roots, slices.Concat(opts.Intermediates, e.certificates()), there)
	}
	if err != nil {
		return standing{}, err
	}
	stands := e.stand(ctx, chain, t.Time, opts)
	for i, a := range stands.answers {
		if a.Status == revocation.Revoked && !a.RevokedAt.After(there) {
			return standing{}, fmt.Errorf("%q was revoked at %s: %s", signerName(chain[i]), a.RevokedAt.UTC().Format(time.RFC3339), a.Reason)
		}
	}
	return stands, nil
}

// documentStamps judges the time stamps over the document, the newest first: an older one
// holds as long as a newer one that covers it says so.
func documentStamps(ctx context.Context, e *evidence, stamps []*judged, jobs []hashing, opts Options) {
	for i := len(stamps) - 1; i >= 0; i-- {
		s := stamps[i]
		if s.hash < 0 {
			continue
		}
		token := s.token
		if err := token.Check(jobs[s.hash].h.Sum(nil)); err != nil {
			s.add(stampFinding(err))
			continue
		}
		stands, err := e.believe(ctx, token, s.Revision+1, opts)
		if err != nil {
			s.add(find("document_stamp_untrusted", "detail", err.Error()))
			continue
		}
		s.stamped, s.Chain = stands, stands.chain
		e.proofs = append(e.proofs, proof{s.Revision, token, stands})
		for i, a := range stands.answers {
			if a.Status == revocation.NotKnown && (opts.Revocation != nil || !e.empty()) {
				s.add(a.Finding(signerName(stands.chain[i])))
			}
		}
	}
}

// stampFinding says what a fault of a time stamp over the document means. What is not
// known here proves nothing, and is not wrong for that.
func stampFinding(err error) finding.Finding {
	code := "document_stamp_wrong"
	if e, ok := errors.AsType[*tsa.Error](err); ok {
		switch e.Kind {
		case tsa.UnsupportedAlgorithm, tsa.WeakAlgorithm, tsa.UnknownExtension, tsa.NoCertificate:
			code = "document_stamp_untrusted"
		}
	}
	return find(code, "detail", err.Error())
}

// readStamp takes a document time stamp apart (ISO 32000-2, 12.8.5). The answer is what
// must be hashed.
func (s *judged) readStamp(doc *document, _ sigform.Table) (*hashing, error) {
	if err := s.coverage(doc); err != nil {
		return nil, err
	}
	raw, err := doc.contents(s.ByteRange)
	if err != nil {
		return nil, err
	}
	s.StoreName = string(dss.NameOf(raw))
	der, rest := element(raw)
	if der == nil {
		return nil, &broken{find("bad_contents", "detail", "it is not DER"), attackForgery}
	}
	if err := zeros(rest); err != nil {
		return nil, err
	}
	token, err := tsa.ParseToken(der)
	if err != nil {
		return nil, &broken{stampFinding(err), attackForgery}
	}
	s.token, s.Certificate = token, token.Certificate()
	s.Signer, s.Algorithm = signerName(s.Certificate), token.Algorithm()
	at := token.Time
	s.StampedAt = &at
	return s.hashing(token.NewHash()), nil
}

// asStamp is what is told of a document time stamp.
func (s *judged) asStamp() Stamp {
	severity := s.Findings.Worst()
	return Stamp{Field: s.Field, Verdict: severity.Verdict(), By: s.Signer, At: s.StampedAt, Algorithm: s.Algorithm,
		CoversWholeFile: s.CoversWholeFile, ChangesAfter: s.ChangesAfter, Findings: s.Findings, Revision: s.Revision, Certificate: s.Certificate, Chain: s.Chain,
		Missing: s.stamped.missing, StoreName: s.StoreName}
}
