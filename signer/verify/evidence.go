package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/dss"
	"sealdesk/signer/revocation"
	"sealdesk/signer/tsa"
)

// Bounds on the work that a security store may ask for.
const (
	maxJudged = 512 << 20 // bytes of answers, counted again for every certificate that they are held against
	leastWork = 32 << 10  // that the shortest answer counts for
)

// evidence is what a file brings so that it can be judged when nobody is left to ask: its
// security store, and the document time stamps that prove what was there when. A nil
// evidence brings nothing.
type evidence struct {
	store  *dss.Store
	certs  []*smx509.Certificate // of the store
	proofs []proof               // of the document time stamps that hold
	now    time.Time
	work   int64
	known  map[[sha256.Size]byte]inside
}

// proof says that a revision, and all before it, was there at a time.
type proof struct {
	revision int
	token    *tsa.Token
	standing
}

// inside is what the store says of a certificate.
type inside struct {
	revocation.Answer
	revision int // the one that wrote the answer
}

// gather reads the store as the file has it last.
func gather(v *view, now time.Time) (*evidence, error) {
	e := &evidence{now: now, known: map[[sha256.Size]byte]inside{}}
	var err error
	if e.store, err = dss.Read(v.File); err != nil {
		return e, err
	}
	for _, item := range e.store.Certs {
		if c, err := smx509.ParseCertificate(item.DER); err == nil && len(c.Raw) == len(item.DER) {
			e.certs = append(e.certs, c)
		}
	}
	return e, nil
}

// certificates are those of the store. They help to find a way, and are not trusted.
func (e *evidence) certificates() []*smx509.Certificate {
	if e == nil {
		return nil
	}
	return e.certs
}

// empty says that the file has no store.
func (e *evidence) empty() bool { return e == nil || e.store == nil || e.store.Dict == nil }

// excess says that the store is larger than what was read of it, or judged.
func (e *evidence) excess() bool { return !e.empty() && e.store.Excess }

// before is the earliest proof that a revision was there, nil without one.
func (e *evidence) before(revision int) *proof {
	if e == nil {
		return nil
	}
	var out *proof
	for i, p := range e.proofs {
		if p.revision >= revision && (out == nil || p.token.Time.Before(out.token.Time)) {
			out = &e.proofs[i]
		}
	}
	return out
}

// there is the moment at which a revision is proven to have been there: the present without a proof.
func (e *evidence) there(revision int, now time.Time) time.Time {
	if p := e.before(revision); p != nil && p.token.Time.Before(now) {
		return p.token.Time
	}
	return now
}

// answer is the best that the store says of a certificate about a moment. What says that
// it was revoked for good outweighs the rest; else the newest counts.
func (e *evidence) answer(cert, issuer *smx509.Certificate, at time.Time) inside {
	none := inside{Answer: revocation.Answer{Status: revocation.NotKnown, Why: revocation.NotAsked, Detail: "the file has no answer"}}
	if e.empty() {
		return none
	}
	key := sha256.Sum256(append(append(at.UTC().AppendFormat(nil, time.RFC3339Nano), cert.Raw...), issuer.Raw...))
	if a, ok := e.known[key]; ok {
		return a
	}
	best := none
	consider := func(items []dss.Item, judge func(der []byte, cert, issuer *smx509.Certificate, q revocation.Question) revocation.Answer) {
		for _, item := range items {
			if item.Issuer != nil && !bytes.Equal(item.Issuer, issuer.RawSubject) {
				continue
			}
			if e.work += max(leastWork, int64(len(item.DER))); e.work > maxJudged {
				e.store.Excess = true
				return
			}
			a := inside{judge(item.DER, cert, issuer, revocation.Question{At: at, Now: e.now}), item.Revision}
			// Whoever got hold of an authority's key after its end can sign what he likes.
			if there := e.there(item.Revision, e.now); a.Status != revocation.NotKnown && issuer.NotAfter.Before(there) {
				a.Answer = revocation.Answer{Status: revocation.NotKnown, Why: revocation.Stale,
					Detail: "the certificate of its issuer ended before anything proves that the answer was there"}
			}
			if better(a.Answer, best.Answer) {
				best = a
			}
		}
	}
	consider(e.store.OCSPs, revocation.JudgeOCSP)
	consider(e.store.CRLs, revocation.JudgeCRL)
	e.known[key] = best
	return best
}

// better says whether an answer outweighs another one.
func better(a, b revocation.Answer) bool {
	final := func(a revocation.Answer) bool {
		return a.Status == revocation.Revoked && a.Reason != revocation.Hold
	}
	switch {
	case final(a) && final(b):
		return a.RevokedAt.Before(b.RevokedAt)
	case final(a) || final(b):
		return final(a)
	case a.Status != revocation.NotKnown && b.Status != revocation.NotKnown:
		return a.ThisUpdate.After(b.ThisUpdate)
	case a.Status != revocation.NotKnown || b.Status != revocation.NotKnown:
		return a.Status != revocation.NotKnown
	}
	// Of what is about others nothing is told where something is about this one.
	about := func(a revocation.Answer) bool {
		return a.Why != revocation.NotAsked && a.Why != revocation.OtherCertificate && a.Why != revocation.WrongResponder
	}
	return about(a) && !about(b)
}

// standing is what is known of the certificates of a chain.
type standing struct {
	chain   []*smx509.Certificate
	answers []revocation.Answer // of all but the root
	missing []Link              // of which the file itself does not say enough
	newest  int                 // the newest revision that the file's answers stand in
}

// Link is a certificate with its issuer.
type Link struct{ Certificate, Issuer *smx509.Certificate }

// stand finds out about a chain at a moment: from the file, and from whoever is there to be asked.
func (e *evidence) stand(ctx context.Context, chain []*smx509.Certificate, at time.Time, opts Options) standing {
	out := standing{chain: chain}
	var asked []revocation.Answer
	if opts.Revocation != nil && len(chain) > 0 {
		asked = opts.Revocation.CheckChain(ctx, chain)
	}
	for i := 0; i+1 < len(chain); i++ {
		a := e.answer(chain[i], chain[i+1], at)
		if a.Status == revocation.NotKnown {
			out.missing = append(out.missing, Link{chain[i], chain[i+1]})
		}
		out.newest = max(out.newest, a.revision)
		best := a.Answer
		if i < len(asked) && (best.Status == revocation.NotKnown || better(asked[i], best)) {
			best = asked[i]
		}
		out.answers = append(out.answers, best)
	}
	return out
}

// holds says whether the file has all that it takes to judge the chain: an answer about
// each certificate, and the certificates between the first and the root.
func (s standing) holds(inside ...*smx509.Certificate) bool {
	if len(s.missing) > 0 || len(s.chain) == 0 {
		return false
	}
	for _, c := range s.chain[:max(len(s.chain)-1, 1)] {
		if !has(inside, c) {
			return false
		}
	}
	return true
}

func has(certs []*smx509.Certificate, c *smx509.Certificate) bool {
	for _, other := range certs {
		if other.Equal(c) {
			return true
		}
	}
	return false
}
