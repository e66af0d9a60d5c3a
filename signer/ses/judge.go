package ses

import (
	"bytes"
	"crypto/subtle"
	"slices"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/finding"
)

// Options of Judge.
type Options struct {
	// Makers are the trusted seal makers: their own certificates, or those of
	// authorities that issue to nobody but seal makers.
	Makers []*smx509.Certificate
	// Roots are the trusted certificates of signers. The system's are never used.
	Roots []*smx509.Certificate
	// Intermediates help to find a way to a root, and are not trusted.
	Intermediates []*smx509.Certificate
	// Now is the time of judging; the zero value means the clock's.
	Now time.Time
	// Proven is when a time stamp that was looked into proves a signature to have been
	// there: certificates need not outlive it. Nil without; a time stamp that is there
	// is told as not checked then, unless StampJudged.
	Proven      *time.Time
	StampJudged bool
	// RevocationAsked: somebody else asks, so that it is not told as not checked.
	RevocationAsked bool
}

// outlived is until when certificates must have been good.
func (o Options) outlived() time.Time {
	if o.Proven != nil {
		return *o.Proven
	}
	return o.Now
}

// Document is what a signature must be of.
type Document struct {
	// Digest is made with Signature.Hash.
	Digest []byte
	// PropertyInfo is what the signature must say; empty where the signer's words
	// cannot be foretold, which is a finding then.
	PropertyInfo string
}

// clockSkew is how far a signer's clock may be ahead of ours.
const clockSkew = 10 * time.Minute

// Judge says what a seal is worth now (GM/T 0031-2014, 6.1.2).
func (s *Seal) Judge(opts Options) *Report {
	if opts.Now.IsZero() {
		opts.Now = time.Now()
	}
	r := &Report{Findings: finding.List{}}
	s.judgeAt(r, opts, opts.Now)
	return r.settle()
}

func (s *Seal) judgeAt(r *Report, opts Options, at time.Time) {
	s.judgeSignature(r)
	s.judgeMaker(r)
	if s.cert != nil {
		r.Chain = makerCodes.trust(r, s.cert, opts.Makers, s.Created, opts)
	}
	s.judgeTerm(r, at)
	s.judgeContent(r)
	if len(s.TimeStamp) > 0 {
		r.Findings.Add(find("timestamp"))
	}
	r.looseness(s.loose)
}

func (r *Report) looseness(loose []string) {
	if len(loose) > 0 {
		r.Findings.Add(find("encoding_loose", "detail", loose[0]))
	}
}

// judgeSignature looks at the maker's signature. In version 1 it covers the
// maker's certificate, too; since version 4, the seal's information alone.
func (s *Seal) judgeSignature(r *Report) {
	message := s.info
	if s.Version == V1 {
		var err error
		if message, err = sealSigned(s.info, s.certDER, s.oid); err != nil {
			r.Findings.Add(find("malformed", "detail", "signInfo"))
			return
		}
	}
	judgeValue(r, s.cert, s.oid, message, s.signature, "maker_unreadable", "seal_forged")
}

func judgeValue(r *Report, cert *smx509.Certificate, oid []int, message, signature []byte, unreadable, forged string) {
	if cert == nil {
		r.Findings.Add(find(unreadable))
		return
	}
	a, err := algorithmByOID(oid)
	if err == nil {
		err = a.fits(cert.PublicKey)
	}
	switch {
	case err != nil:
		r.Findings.Add(err.(*Error).Finding)
	case !a.verify(cert.PublicKey, message, signature):
		r.Findings.Add(find(forged))
	}
}

func (s *Seal) judgeMaker(r *Report) {
	if s.cert == nil {
		r.Findings.Add(find("maker_unreadable"))
		return
	}
	if !within(s.Created, s.cert.NotBefore, s.cert.NotAfter) {
		r.Findings.Add(find("maker_not_valid_then"))
	}
}

// usable is when a seal can first be used: a term may reach back to before the
// seal was made, a use cannot, but for clocks that differ.
func (s *Seal) usable() time.Time {
	if made := s.Created.Add(-clockSkew); made.After(s.From) {
		return made
	}
	return s.From
}

func (s *Seal) judgeTerm(r *Report, at time.Time) {
	from := s.usable()
	params := []any{"from", from.UTC().Format(time.DateOnly), "until", s.Until.UTC().Format(time.DateOnly)}
	switch {
	case s.Until.Before(s.From):
		r.Findings.Add(find("term", params...))
	case at.Before(from):
		r.Findings.Add(find("not_yet_valid", params...))
	case at.After(s.Until):
		r.Findings.Add(find("expired", params...))
	}
}

// judgeContent looks at what anybody could have got wrong, the maker included.
func (s *Seal) judgeContent(r *Report) {
	if s.Signers.empty() {
		r.Findings.Add(find("no_signers"))
	}
	if s.Kind != Organisation && s.Kind != Person {
		r.Findings.Add(find("kind_unknown", "kind", int(s.Kind)))
	}
	if _, _, err := s.Picture.Size(); err != nil {
		r.Findings.Add(err.(*Error).Finding)
	}
	r.extensions(s.Extensions)
}

func (r *Report) extensions(list []Extension) {
	for _, e := range list {
		if e.Critical {
			r.Findings.Add(find("extension", "oid", e.ID.String()))
		}
	}
}

// Judge says what a signature is worth for a document (GM/T 0031-2014, 6.2.3). The
// seal in it is judged with it, for the time of signing.
func (s *Signature) Judge(doc Document, opts Options) *Report {
	if opts.Now.IsZero() {
		opts.Now = time.Now()
	}
	r := &Report{Findings: finding.List{}}
	judgeValue(r, s.cert, s.oid, s.toSign, s.signature, "signer_unreadable", "signature_forged")

	at := s.Time
	switch {
	case at.IsZero():
		r.Findings.Add(find("time_unknown"))
		at = opts.Now // what is not known must hold now
	case at.After(opts.Now.Add(clockSkew)):
		r.Findings.Add(find("signed_in_future"))
	}
	if s.cert != nil {
		if !within(at, s.cert.NotBefore, s.cert.NotAfter) {
			r.Findings.Add(find("signer_not_valid_then"))
		}
		r.Chain = signerCodes.trust(r, s.cert, opts.Roots, at, opts)
	}

	if a, err := algorithmByOID(s.oid); err == nil && len(s.DataHash) != a.new().Size() ||
		subtle.ConstantTimeCompare(s.DataHash, doc.Digest) != 1 {
		r.Findings.Add(find("digest_mismatch"))
	}
	switch {
	case doc.PropertyInfo == "":
		r.Findings.Add(find("property_unchecked", "property", shown(s.PropertyInfo)))
	case doc.PropertyInfo != s.PropertyInfo:
		r.Findings.Add(find("property_mismatch", "property", shown(s.PropertyInfo)))
	}

	r.extensions(s.Extensions)
	seal := &Report{}
	s.Seal.judgeAt(seal, opts, at)
	r.Makers = seal.Chain
	for _, f := range seal.Findings {
		if code := f.Code; code == "ses.expired" || code == "ses.not_yet_valid" {
			f = find("seal_not_valid_then", "from", f.Params["from"], "until", f.Params["until"])
		}
		r.Findings.Add(f)
	}
	if s.cert != nil && !s.Seal.Signers.empty() {
		if err := s.Seal.Signers.find(s.cert); err != nil {
			r.Findings.Add(err.(*Error).Finding)
		}
	}
	if len(s.TimeStamp) > 0 && !opts.StampJudged {
		r.Findings.Add(find("timestamp"))
	}
	r.looseness(s.loose)
	return r.settle()
}

func within(t, from, until time.Time) bool {
	return !t.Before(from.Truncate(time.Second)) && !t.After(until)
}

// Whose certificate it is decides on the codes.
type trustCodes struct{ usage, nobody, unknown, expired string }

var (
	makerCodes  = trustCodes{"maker_key_usage", "no_makers", "maker_unknown", "maker_expired"}
	signerCodes = trustCodes{"signer_key_usage", "no_roots", "signer_unknown", "signer_expired"}
)

// MakerInDoubt says whether a finding of this code leaves open who made a seal.
func MakerInDoubt(code string) bool {
	c := makerCodes
	return slices.Contains([]string{c.usage, c.nobody, c.unknown, c.expired}, strings.TrimPrefix(code, catalogue.Room+"."))
}

// trust looks for a chain from a certificate to a trusted one. The time at which
// it signed is only claimed: without a time stamp the chain must hold then and
// now. That the certificate itself was in its term then was looked at before. The
// chain that it returns held then, at least.
func (c trustCodes) trust(r *Report, leaf *smx509.Certificate, trusted []*smx509.Certificate, claimed time.Time, opts Options) []*smx509.Certificate {
	if leaf.KeyUsage != 0 && leaf.KeyUsage&(smx509.KeyUsageDigitalSignature|smx509.KeyUsageContentCommitment) == 0 {
		r.Findings.Add(find(c.usage))
	}
	if len(trusted) == 0 {
		r.Findings.Add(find(c.nobody))
		return nil
	}
	roots, intermediates := smx509.NewCertPool(), smx509.NewCertPool()
	for _, t := range trusted {
		roots.AddCert(t)
	}
	for _, i := range opts.Intermediates {
		intermediates.AddCert(i)
	}
	leads := func(at time.Time) []*smx509.Certificate {
		for _, t := range trusted {
			if bytes.Equal(t.Raw, leaf.Raw) { // named itself, it needs no issuer
				if !within(at, leaf.NotBefore, leaf.NotAfter) {
					return nil
				}
				return []*smx509.Certificate{leaf}
			}
		}
		chains, err := leaf.Verify(smx509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: at,
			// Makers' certificates carry all kinds of extended usages, or none.
			KeyUsages: []smx509.ExtKeyUsage{smx509.ExtKeyUsageAny}})
		if err != nil {
			return nil
		}
		return chains[0]
	}
	// A claim outside the certificate's own term has its finding already.
	then := claimed
	if !within(then, leaf.NotBefore, leaf.NotAfter) {
		then = leaf.NotAfter
	}
	chain := leads(then)
	switch {
	case chain == nil:
		r.Findings.Add(find(c.unknown))
	case leads(opts.outlived()) == nil:
		r.Findings.Add(find(c.expired))
	case !opts.RevocationAsked:
		r.Findings.Add(find("revocation_unknown"))
	}
	return chain
}
