package signer

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/finding"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/revocation"
	"sealdesk/signer/tsa"
	"sealdesk/signer/verify"
)

// Level is how long a signature can be judged (ETSI EN 319 142-1, 6.3).
type Level string

// The levels, each of which has what the one before has.
const (
	// LevelB: a signature.
	LevelB Level = "B"
	// LevelT: a time stamp proves when it was there.
	LevelT Level = "T"
	// LevelLT: the file has the certificates, OCSP answers and revocation lists by which
	// the signature can be judged when nobody can be asked any more.
	LevelLT Level = "LT"
	// LevelLTA: a time stamp over the document proves that all of that was there.
	LevelLTA Level = "LTA"
)

var levels = []Level{LevelB, LevelT, LevelLT, LevelLTA}

// atLeast says whether a level has what another one has.
func (l Level) atLeast(other Level) bool {
	return slices.Index(levels, l) >= slices.Index(levels, other)
}

// strengthening brings a signed file to level LT or LTA.
type strengthening struct {
	level      Level
	only       string // the field of the one signature that matters; empty: all do
	revocation verify.Revocation
	stamps     *tsa.Client // nil: none is to be had
	judging    verify.Options
	progress   func(done, total int64)
}

// file appends to a file what its signatures lack, one incremental update after the other,
// and answers with the judgement on what came of it. An error leaves the file unfinished.
func (s strengthening) file(ctx context.Context, f *os.File) (*verify.Report, error) {
	report, err := s.judge(ctx, f)
	if err != nil {
		return nil, err
	}
	if err := s.accept(report); err != nil {
		return nil, err
	}
	// Without a time stamp nothing can be said of a time when the certificate has ended.
	if slices.ContainsFunc(report.Signatures, func(sig verify.Signature) bool { return s.wants(sig) && sig.StampedAt == nil }) {
		if report, err = s.stamp(ctx, f, report); err != nil {
			return nil, err
		}
	}
	before, err := size(f)
	if err != nil {
		return nil, err
	}
	evidence, err := s.collect(ctx, report)
	if err != nil {
		return nil, err
	}
	update, err := pdfsig.Strengthen(f, before, evidence)
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(update, before); err != nil {
		return nil, &writing{err}
	}
	if s.level == LevelLTA {
		if report, err = s.stamp(ctx, f, report); err != nil {
			return nil, err
		}
	} else if report, err = s.judge(ctx, f); err != nil {
		return nil, err
	}
	return report, s.reached(report)
}

// writing is an error of the output, and of nothing else.
type writing struct{ error }

func (w *writing) Unwrap() error { return w.error }

func size(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (s strengthening) judge(ctx context.Context, f *os.File) (*verify.Report, error) {
	n, err := size(f)
	if err != nil {
		return nil, err
	}
	return verify.File(ctx, f, n, s.judging)
}

// wants says whether a signature is meant, and is of a kind that has levels.
func (s strengthening) wants(sig verify.Signature) bool {
	return Level(sig.Level).atLeast(LevelB) && (s.only == "" || s.only == sig.Field)
}

// accept refuses what no evidence makes better.
func (s strengthening) accept(report *verify.Report) error {
	if report.Findings.Worst() == finding.Fatal {
		return fail(NotVerified, "the document: %s", reasons(report.Findings))
	}
	some := false
	for _, sig := range report.Signatures {
		some = some || s.wants(sig)
		switch {
		case !sig.Intact && s.only == "":
			return &Error{Kind: EarlierBroken, Field: sig.Field, Detail: fmt.Sprintf("signature %q: %s", sig.Field, reasons(sig.Findings))}
		case s.wants(sig) && sig.Verdict != verify.Valid:
			return &Error{Kind: NotTrusted, Field: sig.Field, Signer: sig.Signer, Detail: fmt.Sprintf("signature %q: %s", sig.Field, doubts(sig.Findings))}
		}
	}
	if !some {
		return fail(NothingToExtend, "the document has no signature of a PAdES baseline")
	}
	return nil
}

func doubts(findings []finding.Finding) string {
	for _, f := range findings {
		if f.Severity == finding.Doubt {
			return f.Message
		}
	}
	return "its signer is not trusted"
}

// collect asks about the certificates that the file holds no answer about, those of older
// document time stamps among them.
func (s strengthening) collect(ctx context.Context, report *verify.Report) (pdfsig.Evidence, error) {
	c := collecting{ctx: ctx, from: s.revocation, answers: map[string]answered{}}
	all := pdfsig.Evidence{Of: map[pdf.Name]pdfsig.Evidence{}}
	put := func(name string, missing []verify.Link, chains ...[]*smx509.Certificate) error {
		var one pdfsig.Evidence
		for _, l := range missing {
			a, err := c.ask(l)
			if err != nil {
				return err
			}
			one.OCSPs, one.CRLs = append(one.OCSPs, a.ocsp...), append(one.CRLs, a.crl...)
			one.Certs = append(one.Certs, a.certs...)
		}
		for _, chain := range chains {
			for _, cert := range chain {
				one.Certs = append(one.Certs, cert.Raw)
			}
		}
		all.Certs, all.OCSPs, all.CRLs = append(all.Certs, one.Certs...), append(all.OCSPs, one.OCSPs...), append(all.CRLs, one.CRLs...)
		if name != "" {
			all.Of[pdf.Name(name)] = one
		}
		return nil
	}
	for _, sig := range report.Signatures {
		if s.wants(sig) {
			if err := put(sig.StoreName, sig.Missing, sig.Chain, sig.StampChain); err != nil {
				return all, err
			}
		}
	}
	for _, stamp := range report.Stamps {
		if stamp.Chain != nil { // of others nothing is to be known
			if err := put(stamp.StoreName, stamp.Missing, stamp.Chain); err != nil {
				return all, err
			}
		}
	}
	return all, nil
}

// collecting asks about each certificate once.
type collecting struct {
	ctx     context.Context
	from    verify.Revocation
	answers map[string]answered
}

type answered struct{ ocsp, crl, certs [][]byte }

func (c *collecting) ask(l verify.Link) (answered, error) {
	key := string(l.Certificate.Raw)
	if a, ok := c.answers[key]; ok {
		return a, nil
	}
	answer := revocation.Answer{Status: revocation.NotKnown, Why: revocation.NotAsked, Detail: "there is nobody to ask"}
	if c.from != nil {
		if got := c.from.CheckChain(c.ctx, []*smx509.Certificate{l.Certificate, l.Issuer}); len(got) == 1 {
			answer = got[0]
		}
	}
	if err := c.ctx.Err(); err != nil {
		return answered{}, err
	}
	var a answered
	switch {
	case answer.Status == revocation.NotKnown:
		return a, &Error{Kind: RevocationUnknown, Signer: l.Certificate.Subject.CommonName,
			Detail: fmt.Sprintf("whether %q was revoked is not known: %s: %s", l.Certificate.Subject.CommonName, answer.Why, answer.Detail)}
	case answer.Source == revocation.OCSP:
		a.ocsp = [][]byte{answer.Raw}
		if answer.Responder != nil {
			a.certs = [][]byte{answer.Responder.Raw}
		}
	default:
		a.crl = [][]byte{answer.Raw}
	}
	c.answers[key] = a
	return a, nil
}

// stamp puts a time stamp over all that the file has, and judges the file anew.
func (s strengthening) stamp(ctx context.Context, f *os.File, report *verify.Report) (*verify.Report, error) {
	if s.stamps == nil {
		return nil, fail(NoStamps, "a time stamp is needed, and no service was named")
	}
	before, err := size(f)
	if err != nil {
		return nil, err
	}
	hash := "SHA256"
	if chinese(report) {
		hash = "SM3"
	}
	plan, err := pdfsig.Prepare(ctx, f, before, pdfsig.Request{Frame: pdfsig.DocumentStamp{HashName: hash,
		Stamp: func(digest []byte) ([]byte, error) {
			token, err := s.stamps.Stamp(ctx, tsa.Imprint{Hash: hash, Digest: digest})
			if err != nil {
				return nil, err
			}
			return token.Raw(), nil
		}}})
	if err != nil {
		return nil, err
	}
	document, err := plan.Hash()
	if err != nil {
		return nil, err
	}
	s.progress(0, before)
	if err := readInto(ctx, document, f, 0, before); err != nil {
		return nil, err
	}
	s.progress(before, before)
	update, err := plan.Sign(document)
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(update, before); err != nil {
		return nil, &writing{err}
	}
	after, err := s.judge(ctx, f)
	if err != nil {
		return nil, err
	}
	if why := stampFault(report, after); why != "" {
		return nil, fail(NotVerified, "the time stamp over the document does not count: %s", why)
	}
	return after, nil
}

// stampFault says why a time stamp that was put over the document does not count, "" where it does.
func stampFault(before, after *verify.Report) string {
	n := len(after.Stamps)
	switch {
	case after.Findings.Worst() == finding.Fatal:
		return "the document: " + reasons(after.Findings)
	case n != len(before.Stamps)+1:
		return fmt.Sprintf("the document has %d of them, and had %d before", n, len(before.Stamps))
	}
	switch s := after.Stamps[n-1]; {
	case s.Verdict == verify.Invalid:
		return "it does not hold: " + reasons(s.Findings)
	case s.Verdict == verify.Untrusted:
		return "its authority is not trusted: " + doubts(s.Findings)
	case !s.CoversWholeFile:
		return "it does not cover the whole document"
	}
	return ""
}

// chinese says whether all signatures are SM2's, so that nothing but the Chinese algorithms
// is needed to judge the time stamp either.
func chinese(report *verify.Report) bool {
	return !slices.ContainsFunc(report.Signatures, func(s verify.Signature) bool {
		if s.Certificate == nil { // of a kind that is not known, which Job.AcceptUnknown lets pass
			return true
		}
		pub, ok := s.Certificate.PublicKey.(*ecdsa.PublicKey)
		return !ok || !sm2.IsSM2PublicKey(pub)
	})
}

// reached refuses a file whose signatures are not what they were meant to become.
func (s strengthening) reached(report *verify.Report) error {
	for _, sig := range report.Signatures {
		if s.wants(sig) && sig.Revocation == revocation.Revoked {
			return &Error{Kind: Revoked, Field: sig.Field, Signer: sig.Signer, Detail: fmt.Sprintf("signature %q: %s", sig.Field, doubts(sig.Findings))}
		}
	}
	if err := s.accept(report); err != nil {
		return err
	}
	for _, sig := range report.Signatures {
		if s.wants(sig) && !Level(sig.Level).atLeast(s.level) {
			return fail(NotVerified, "signature %q has level %s, not %s", sig.Field, sig.Level, s.level)
		}
	}
	return nil
}

// digest is the lower-case hexadecimal SHA-256 of a whole file.
func digest(ctx context.Context, f io.ReaderAt, size int64) (string, error) {
	h := sha256.New()
	in := io.NewSectionReader(f, 0, size)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if _, err := io.CopyN(h, in, 16<<20); err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		} else if err != nil {
			return "", err
		}
	}
}
