package judgement

import (
	"sealdesk/signer/verify"
	"sealdesk/ui/desk/words"
)

// Revision is what is told of the document as one of its signers saw it.
type Revision struct {
	Sentence string // whose it is, and that it is not the current one or not to be trusted
	Do       string
	Tone     Tone
	Facts    []Fact
	Since    []Line // what was done to the document after it; none when it is the current one
	Current  bool   // it is the whole file
	Pages    []int  // that the signature shows on

	words  *words.Catalog
	signer string
}

// ReadRevision puts the revision of signature n, from 1, into words.
func ReadRevision(w *words.Catalog, r *verify.Report, n int) Revision {
	s := &r.Signatures[n-1]
	out := Revision{Tone: Warn, Current: s.CoversWholeFile, words: w, signer: s.Signer}
	if out.signer == "" {
		out.signer = w.T("verifyfile.no_name")
	}
	when := w.T("verifyfile.no_time")
	if s.SignedAt != nil {
		when = w.Beijing(*s.SignedAt, timeForm)
	}
	key := "revision.said"
	switch {
	case !s.BytesIntact:
		key, out.Tone = "revision.said_tampered", Bad
	case s.CoversWholeFile:
		key, out.Tone = "revision.said_current", Plain
	}
	out.Sentence = w.T(key, "signer", out.signer, "time", when)
	out.Do = w.T(key+"_do", "revision", s.Revision+1, "revisions", r.Revisions)
	out.Facts = []Fact{
		{w.T("revision.signature"), w.T("revision.nth", "number", n, "count", len(r.Signatures))},
		{w.T("revision.revision"), w.T("revision.of", "revision", s.Revision+1, "revisions", r.Revisions)},
	}
	out.Facts = append(out.Facts, facts(w, s)...)
	for _, c := range s.ChangesAfter {
		out.Since = append(out.Since, change(w, c))
	}
	seen := map[int]bool{}
	for _, at := range s.Widgets {
		if at.Page > 0 && at.Rect[2] > at.Rect[0] && !seen[at.Page] {
			seen[at.Page] = true
			out.Pages = append(out.Pages, at.Page)
		}
	}
	return out
}

// Name is what the revision of a file is called.
func (r Revision) Name(file string) string {
	return r.words.T("revision.name", "file", file, "signer", r.signer)
}
