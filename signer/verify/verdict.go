package verify

import (
	"slices"

	"sealdesk/signer/finding"
)

// add puts a finding to a signature, each code once.
func (s *Signature) add(found ...finding.Finding) { s.Findings.Add(found...) }

// settle draws the verdicts from the findings. A signature is as good as its
// worst finding; a file as its worst signature and its own worst finding.
func settle(r *Report) {
	worst := r.Findings.Worst()
	for i := range r.Signatures {
		s := &r.Signatures[i]
		severity := s.Findings.Worst()
		s.Verdict, s.Intact = severity.Verdict(), severity < finding.Fatal
		worst = max(worst, severity)
	}
	r.Verdict = worst.Verdict()
	if len(r.Signatures) == 0 && worst < finding.Fatal && !r.unread() {
		r.Verdict = Unsigned
	}
}

// unread says that the file is encrypted, so that nothing in it was read.
func (r *Report) unread() bool {
	return slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Code == "verify.encrypted" })
}
