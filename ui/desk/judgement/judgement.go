package judgement

import (
	"strconv"
	"strings"
	"time"

	"sealdesk/signer/finding"
	"sealdesk/signer/ses"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk/words"
)

const timeForm = "2006-01-02 15:04:05"

// Tone is how much something matters.
type Tone int

// The tones, the worst last.
const (
	Plain Tone = iota
	Good
	Warn
	Bad
)

// Fact is a name and what it has.
type Fact struct{ Name, Value string }

// Line is one thing that was found, and what to do about it, if anything.
type Line struct {
	Tone     Tone
	Text, Do string
}

// Signature is the judgement on one signature.
type Signature struct {
	Heading string
	Verdict string // in a word or two
	Tone    Tone
	Facts   []Fact
	Lines   []Line
}

// Judgement is the judgement on a file.
type Judgement struct {
	Sentence, Do string // the verdict in one sentence, and what to do
	Tone         Tone
	About        []Line // the file as a whole
	Signatures   []Signature
	Stamps       []Signature // time stamps over the document, told like signatures
}

// Read puts a report into words.
func Read(w *words.Catalog, r *verify.Report) Judgement {
	said := r.Sentence()
	j := Judgement{Tone: tone(r.Verdict), Do: advice(w, said.Code, said.Params)}
	j.Sentence, _ = w.Sentence(said.Code, said.Params)
	for _, f := range r.Findings {
		j.About = append(j.About, found(w, f))
	}
	for i := range r.Signatures {
		j.Signatures = append(j.Signatures, signature(w, i+1, &r.Signatures[i]))
	}
	for i := range r.Stamps {
		j.Stamps = append(j.Stamps, stamp(w, i+1, &r.Stamps[i]))
	}
	return j
}

func tone(v verify.Verdict) Tone {
	switch v {
	case verify.Valid:
		return Good
	case verify.Untrusted:
		return Warn
	case verify.Invalid:
		return Bad
	}
	return Plain
}

// advice is what to do about a code, or nothing.
func advice(w *words.Catalog, code string, params map[string]any) string {
	text, _ := w.Advice(code, params)
	return text
}

func signature(w *words.Catalog, n int, s *verify.Signature) Signature {
	name := s.Signer
	if name == "" {
		name = w.T("verifyfile.no_name")
	}
	out := Signature{
		Heading: w.T("verifyfile.nth", "number", n, "name", name),
		Verdict: w.T("verifyfile.chip." + string(s.Verdict)), Tone: tone(s.Verdict),
		Facts: facts(w, s),
	}
	for _, f := range s.Findings {
		out.Lines = append(out.Lines, found(w, f))
	}
	for _, c := range s.ChangesAfter {
		out.Lines = append(out.Lines, change(w, c))
	}
	return out
}

// stamp tells of a time stamp over the document, which is nobody's signature.
func stamp(w *words.Catalog, n int, s *verify.Stamp) Signature {
	t := w.T
	name, at := s.By, t("verifyfile.stamp_none")
	if name == "" {
		name = t("verifyfile.no_name")
	}
	if s.At != nil {
		at = w.Beijing(*s.At, timeForm)
	}
	covers := t("verifyfile.covers_all")
	if !s.CoversWholeFile {
		covers = t("verifyfile.covers_revision", "revision", s.Revision+1)
	}
	out := Signature{
		Heading: t("verifyfile.document_stamp", "number", n, "name", name),
		Verdict: t("verifyfile.chip." + string(s.Verdict)), Tone: tone(s.Verdict),
		Facts: []Fact{{t("verifyfile.stamp_time"), at}, {t("verifyfile.covers"), covers}},
	}
	if s.Algorithm != "" {
		out.Facts = append(out.Facts, Fact{t("verifyfile.algorithm"), s.Algorithm})
	}
	for _, f := range s.Findings {
		out.Lines = append(out.Lines, found(w, f))
	}
	return out
}

func facts(w *words.Catalog, s *verify.Signature) []Fact {
	t := w.T
	when := t("verifyfile.no_time")
	if s.SignedAt != nil {
		when = t("verifyfile.claimed", "time", w.Beijing(*s.SignedAt, timeForm))
	}
	covers := t("verifyfile.covers_all")
	if !s.CoversWholeFile {
		covers = t("verifyfile.covers_revision", "revision", s.Revision+1)
	}
	out := []Fact{{t("verifyfile.when"), when}, {t("verifyfile.covers"), covers}}
	if s.StampedAt != nil {
		out = append(out, Fact{t("verifyfile.stamp"), t("verifyfile.stamped", "time", w.Beijing(*s.StampedAt, timeForm), "by", s.StampedBy)})
	}
	if s.Algorithm != "" {
		out = append(out, Fact{t("verifyfile.algorithm"), s.Algorithm})
	}
	level := t("verifyfile.level." + s.Level)
	if s.SealFacts != nil {
		level = t("verifyfile.level.seal" + strconv.Itoa(s.SealFacts.Version))
	}
	out = append(out, Fact{t("verifyfile.level"), level})
	if s.Revocation != "" {
		out = append(out, Fact{t("verifyfile.revocation"), t("verifyfile.revocation." + string(s.Revocation))})
	}
	if c := s.Certificate; c != nil {
		out = append(out,
			Fact{t("verifyfile.issuer"), issuers(s)},
			Fact{t("verifyfile.until"), t("verifyfile.from_until", "from", c.NotBefore.Format(time.DateOnly), "until", c.NotAfter.Format(time.DateOnly))},
			Fact{t("verifyfile.serial"), c.SerialNumber.Text(16)})
	}
	if s.SealFacts != nil {
		out = append(out, sealFacts(w, s.SealFacts)...)
	}
	if s.Reason != "" {
		out = append(out, Fact{t("verifyfile.reason"), s.Reason})
	}
	return out
}

// sealFacts are what the electronic seal says that was pressed.
func sealFacts(w *words.Catalog, s *ses.Facts) []Fact {
	t := w.T
	maker := s.Maker
	if maker == "" {
		maker = t("verifyfile.no_maker")
	}
	return []Fact{
		{t("verifyfile.seal"), t("verifyfile.seal_size", "name", s.Name, "width", s.Picture.WidthMM, "height", s.Picture.HeightMM)},
		{t("verifyfile.seal_maker"), maker},
		{t("verifyfile.seal_until"), t("verifyfile.from_until",
			"from", s.ValidFrom.Local().Format(time.DateOnly), "until", s.ValidUntil.Local().Format(time.DateOnly))},
	}
}

// issuers names who vouches for the signer, up to the root where it is trusted.
func issuers(s *verify.Signature) string {
	if len(s.Chain) < 2 {
		return s.Certificate.Issuer.CommonName
	}
	var names []string
	for _, c := range s.Chain[1:] {
		names = append(names, c.Subject.CommonName)
	}
	return strings.Join(names, " ← ")
}

func found(w *words.Catalog, f finding.Finding) Line {
	line := Line{}
	switch f.Severity {
	case finding.Fatal:
		line.Tone = Bad
	case finding.Doubt:
		line.Tone = Warn
	}
	var ok bool
	if line.Text, ok = w.Sentence(f.Code, f.Params); !ok {
		line.Text = f.Message
	}
	if line.Tone != Plain {
		line.Do = advice(w, f.Code, f.Params)
	}
	return line
}

func change(w *words.Catalog, c verify.Change) Line {
	line := Line{}
	if !c.Allowed {
		line.Tone = Bad
	}
	text, ok := w.Sentence(c.Code, map[string]any{"detail": c.Message})
	if !ok {
		text = c.Message
	}
	line.Text = w.T("verifyfile.change", "revision", c.Revision+1, "text", text)
	return line
}
