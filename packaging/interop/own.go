package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"

	"sealdesk/signer"
	"sealdesk/signer/finding"
	"sealdesk/signer/revocation"
	"sealdesk/signer/verify"
)

// ownJudge is ourselves.
func ownJudge() judge {
	return one{title: "SealDesk", pdf: true, detached: true, ask: func(ctx context.Context, w *world, s sample) (said, error) {
		r, err := w.report(ctx, s)
		if err != nil {
			return said{}, err
		}
		return ownSays(r, s), nil
	}}
}

// report judges with the world's roots, and asks for revocation online unless the file must bring it.
func (w *world) report(ctx context.Context, s sample) (*verify.Report, error) {
	o := verify.Options{Roots: w.authority.Roots(), Makers: w.authority.Roots()}
	if !s.alone() {
		o.Revocation = w.revocation()
	}
	path := s.path
	if s.content != "" {
		path = s.content
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if s.content == "" {
		return verify.File(ctx, f, info.Size(), o)
	}
	value, err := signer.ReadDetached(s.path)
	if err != nil {
		return nil, err
	}
	return verify.Detached(ctx, value, f, info.Size(), o)
}

// ownSays wants every signature valid, at its level, with nothing known against it, and the last over the whole file.
func ownSays(r *verify.Report, s sample) said {
	if !r.Valid() {
		for _, sig := range r.Signatures {
			if sig.Verdict != verify.Valid && len(sig.Findings) > 0 {
				worst := slices.MaxFunc(sig.Findings, func(a, b finding.Finding) int { return cmp.Compare(a.Severity, b.Severity) })
				return bad("%s: %s", sig.Verdict, worst.Code)
			}
		}
		return bad("%s", r.Verdict)
	}
	if len(r.Signatures) != len(s.levels) {
		return bad("%d signatures, not %d", len(r.Signatures), len(s.levels))
	}
	for i, sig := range r.Signatures {
		want := s.levels[i]
		if want != "" && want != signer.LevelB && want != anyLevel && sig.StampedAt == nil {
			return bad("%s is not stamped", sig.Field)
		}
		if s.form != "pades" && s.form != "detached" || want == "" {
			want = "none" // EN 319 142-1 has levels for PAdES alone
		}
		if want != anyLevel && sig.Level != string(want) {
			return bad("%s is of level %s, not %s", sig.Field, sig.Level, want)
		}
		if sig.Revocation != revocation.Good {
			return bad("whether the certificate of %s was revoked is not known", sig.Field)
		}
	}
	if last := r.Signatures[len(r.Signatures)-1]; !last.CoversWholeFile && !longTerm(s.last()) {
		return bad("the last signature does not cover the whole file")
	}
	return said{good: true, says: fmt.Sprint(r.Verdict)}
}
