package signatures

import (
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/signer/finding"
	"sealdesk/signer/ses"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const timeForm = "2006-01-02 15:04:05"

// mostPages bounds the pages that a signature is said to show on.
const mostPages = 8

// Tone is the colour of a verdict.
func Tone(v verify.Verdict) theme.Tone {
	switch v {
	case verify.Valid:
		return theme.Good
	case verify.Untrusted:
		return theme.Warn
	case verify.Invalid:
		return theme.Bad
	}
	return theme.Neutral
}

// Said is the verdict in one sentence, and what to do.
func Said(w *words.Catalog, r *verify.Report) (sentence, do string) {
	s := r.Sentence()
	sentence, _ = w.Sentence(s.Code, s.Params)
	return sentence, advice(w, s.Code, s.Params)
}

// Verdict is the sentence about the file, large.
func Verdict(w *words.Catalog, r *verify.Report) *fyne.Container {
	sentence, do := Said(w, r)
	return widgets.Verdict(Tone(r.Verdict), sentence, do)
}

// Strip is the same in one line, for over the pages of a file.
func Strip(w *words.Catalog, r *verify.Report) *fyne.Container {
	tone := Tone(r.Verdict)
	fg, soft, line := tone.Colors()
	sentence, do := Said(w, r)
	rule := widgets.Fixed(0, 1, canvas.NewRectangle(line))
	return widgets.Filled(soft, widgets.Column(0, widgets.Pad(11, 16, 11, 16, widgets.Row(10,
		widgets.Icon(icon(tone), 20, fg),
		widgets.NewText(sentence, theme.TextBody, fg).Bold(),
		widgets.Grow(widgets.NewText(do, theme.TextTable, theme.Text2).Clip()))), rule))
}

func icon(t theme.Tone) theme.Icon {
	switch t {
	case theme.Good:
		return theme.IconSuccess
	case theme.Warn:
		return theme.IconWarning
	case theme.Bad:
		return theme.IconError
	}
	return theme.IconInfo
}

// advice is what to do about a code, or nothing.
func advice(w *words.Catalog, code string, params map[string]any) string {
	key := "error." + code + ".do"
	var pairs []any
	for name, value := range params {
		pairs = append(pairs, name, value)
	}
	if text := w.T(key, pairs...); text != key {
		return text
	}
	return ""
}

// List shows each signature of the report, and what was found about the file as a whole. show goes to a page of the file;
// nil where no pages are shown.
func List(w *words.Catalog, r *verify.Report, show func(page int)) *fyne.Container {
	col := widgets.Column(12)
	if len(r.Findings) > 0 {
		inner := widgets.Column(8, widgets.NewText(w.T("verifyfile.about_file"), theme.TextBody, theme.Text).Bold())
		for _, f := range r.Findings {
			inner.Add(found(w, f))
		}
		col.Add(card(inner))
	}
	for i := range r.Signatures {
		col.Add(signature(w, i+1, &r.Signatures[i], show))
	}
	return col
}

func card(o fyne.CanvasObject) *fyne.Container {
	return widgets.Card(widgets.Pad(14, 16, 14, 16, o))
}

func signature(w *words.Catalog, n int, s *verify.Signature, show func(int)) *fyne.Container {
	tone := Tone(s.Verdict)
	fg, _, _ := tone.Colors()
	name := s.Signer
	if name == "" {
		name = w.T("verifyfile.no_name")
	}
	head := widgets.Row(10, widgets.Icon(icon(tone), 20, fg),
		widgets.Grow(widgets.NewText(w.T("verifyfile.nth", "number", n, "name", name), theme.TextBody, theme.Text).Bold().Clip()),
		widgets.NewChip(w.T("verifyfile.chip."+string(s.Verdict)), tone))
	col := widgets.Column(10, head, widgets.FactLines(facts(w, s)...))
	if show != nil {
		if links := pages(w, s, show); links != nil {
			col.Add(links)
		}
	}
	if len(s.Findings) > 0 || len(s.ChangesAfter) > 0 {
		col.Add(widgets.HLine())
	}
	for _, f := range s.Findings {
		col.Add(found(w, f))
	}
	for _, c := range s.ChangesAfter {
		col.Add(change(w, c))
	}
	return card(col)
}

func facts(w *words.Catalog, s *verify.Signature) []widgets.Fact {
	t := w.T
	when := t("verifyfile.no_time")
	if s.SignedAt != nil {
		when = t("verifyfile.claimed", "time", s.SignedAt.Local().Format(timeForm))
	}
	covers := t("verifyfile.covers_all")
	if !s.CoversWholeFile {
		covers = t("verifyfile.covers_revision", "revision", s.Revision+1)
	}
	out := []widgets.Fact{
		{Name: t("verifyfile.when"), Value: when},
		{Name: t("verifyfile.covers"), Value: covers},
	}
	if s.Algorithm != "" {
		out = append(out, widgets.Fact{Name: t("verifyfile.algorithm"), Value: s.Algorithm})
	}
	level := t("verifyfile.level." + s.Level)
	if s.SealFacts != nil {
		level = t("verifyfile.level.seal" + strconv.Itoa(s.SealFacts.Version))
	}
	out = append(out, widgets.Fact{Name: t("verifyfile.level"), Value: level})
	if c := s.Certificate; c != nil {
		out = append(out,
			widgets.Fact{Name: t("verifyfile.issuer"), Value: issuers(s)},
			widgets.Fact{Name: t("verifyfile.until"), Value: t("verifyfile.from_until", "from", c.NotBefore.Format(time.DateOnly), "until", c.NotAfter.Format(time.DateOnly))},
			widgets.Fact{Name: t("verifyfile.serial"), Value: c.SerialNumber.Text(16)})
	}
	if s.SealFacts != nil {
		out = append(out, sealFacts(w, s.SealFacts)...)
	}
	if s.Reason != "" {
		out = append(out, widgets.Fact{Name: t("verifyfile.reason"), Value: s.Reason})
	}
	return out
}

// sealFacts are what the electronic seal says that was pressed.
func sealFacts(w *words.Catalog, s *ses.Facts) []widgets.Fact {
	t := w.T
	maker := s.Maker
	if maker == "" {
		maker = t("verifyfile.no_maker")
	}
	return []widgets.Fact{
		{Name: t("verifyfile.seal"), Value: t("verifyfile.seal_size", "name", s.Name, "width", s.Picture.WidthMM, "height", s.Picture.HeightMM)},
		{Name: t("verifyfile.seal_maker"), Value: maker},
		{Name: t("verifyfile.seal_until"), Value: t("verifyfile.from_until",
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

// pages are the places where the signature shows, each a way there.
func pages(w *words.Catalog, s *verify.Signature, show func(int)) *fyne.Container {
	var row []fyne.CanvasObject
	seen := map[int]bool{}
	for _, p := range s.Widgets {
		if p.Page == 0 || seen[p.Page] || p.Rect[2] <= p.Rect[0] {
			continue
		}
		seen[p.Page] = true
		if len(seen) > mostPages {
			row = append(row, widgets.Quiet("…"))
			break
		}
		row = append(row, widgets.NewButton(widgets.Link, w.T("verifyfile.page", "page", p.Page), func() { show(p.Page) }))
	}
	if row == nil {
		return nil
	}
	return widgets.Row(12, append([]fyne.CanvasObject{widgets.NewText(w.T("verifyfile.shows_on"), theme.TextTable, theme.Text3)}, row...)...)
}

func found(w *words.Catalog, f finding.Finding) fyne.CanvasObject {
	tone := theme.Neutral
	switch f.Severity {
	case finding.Fatal:
		tone = theme.Bad
	case finding.Doubt:
		tone = theme.Warn
	}
	text, ok := w.Sentence(f.Code, f.Params)
	if !ok {
		text = f.Message
	}
	do := ""
	if tone != theme.Neutral {
		do = advice(w, f.Code, f.Params)
	}
	return line(tone, text, do)
}

func change(w *words.Catalog, c verify.Change) fyne.CanvasObject {
	tone := theme.Neutral
	if !c.Allowed {
		tone = theme.Bad
	}
	text, ok := w.Sentence(c.Code, map[string]any{"detail": c.Message})
	if !ok {
		text = c.Message
	}
	return line(tone, w.T("verifyfile.change", "revision", c.Revision+1, "text", text), "")
}

// line is one thing that was found: a dot in its colour, the sentence, and what to do.
func line(tone theme.Tone, text, do string) fyne.CanvasObject {
	fg, _, _ := tone.Colors()
	ink := theme.Text2
	if tone != theme.Neutral {
		ink = fg
	}
	dot := canvas.NewCircle(fg)
	mark := widgets.Pad(7, 10, 0, 1, widgets.Column(0, widgets.Fixed(6, 6, dot)))
	col := widgets.Column(1, widgets.NewParagraph(text, theme.TextTable, ink))
	if do != "" {
		col.Add(widgets.NewParagraph(do, theme.TextCaption, theme.Text3))
	}
	return widgets.Border(nil, nil, mark, nil, col)
}
