package verify

// add puts a finding to a signature, each code once.
func (s *Signature) add(f Finding) {
	for _, have := range s.Findings {
		if have.Code == f.Code {
			return
		}
	}
	s.Findings = append(s.Findings, f)
}

// settle draws the verdicts from the findings. A signature is as good as its
// worst finding; a file as its worst signature and its own worst finding.
func settle(r *Report) {
	worst := Note
	for i := range r.Signatures {
		s := &r.Signatures[i]
		severity := Note
		for _, f := range s.Findings {
			severity = max(severity, f.Severity)
		}
		s.Verdict = severity.worst()
		s.Intact = severity < Fatal
		worst = max(worst, severity)
	}
	for _, f := range r.Findings {
		worst = max(worst, f.Severity)
	}
	r.Verdict = worst.worst()
	if len(r.Signatures) == 0 && worst < Fatal {
		r.Verdict = Unsigned
	}
}
