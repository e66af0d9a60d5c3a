package signatures

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/signer/verify"
	"sealdesk/ui/desk/judgement"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// mostPages bounds the pages that a signature is said to show on.
const mostPages = 8

// tones are the colours of what matters.
var tones = map[judgement.Tone]theme.Tone{judgement.Plain: theme.Neutral, judgement.Good: theme.Good, judgement.Warn: theme.Warn, judgement.Bad: theme.Bad}

// Verdict is the sentence about the file, large.
func Verdict(w *words.Catalog, r *verify.Report) *fyne.Container {
	j := judgement.Read(w, r)
	return widgets.Verdict(tones[j.Tone], j.Sentence, j.Do)
}

// Done is Verdict for a file that was just signed.
func Done(w *words.Catalog, r *verify.Report, next string) *fyne.Container {
	j := judgement.Read(w, r)
	if j.Tone == judgement.Good && next != "" { // that it may be relied upon would sound like the end
		j.Do = next
	}
	return widgets.Verdict(tones[j.Tone], w.T("result.done", "sentence", j.Sentence), j.Do)
}

// Strip is the same in one line, for over the pages of a file.
func Strip(w *words.Catalog, r *verify.Report) *fyne.Container {
	j := judgement.Read(w, r)
	return Note(j.Tone, j.Sentence, j.Do)
}

// Note is a sentence in its colour over the pages of a file, with what to do.
func Note(t judgement.Tone, sentence, do string) *fyne.Container {
	tone := tones[t]
	fg, soft, line := tone.Colors()
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

// Ways are where a list of signatures leads to.
type Ways struct {
	Page     func(n int) // a page of the file; nil where no pages are shown
	Revision func(n int) // the document as the signer of signature n, from 1, saw it
}

// List shows each signature of the report and each time stamp over the document, and what was found about the file as a whole.
func List(w *words.Catalog, r *verify.Report, to Ways) *fyne.Container {
	j := judgement.Read(w, r)
	col := widgets.Column(12)
	if len(j.About) > 0 {
		inner := widgets.Column(8, widgets.NewText(w.T("verifyfile.about_file"), theme.TextBody, theme.Text).Bold())
		for _, l := range j.About {
			inner.Add(Line(l))
		}
		col.Add(card(inner))
	}
	for i, s := range j.Signatures {
		col.Add(signature(w, s, &r.Signatures[i], i+1, to))
	}
	for _, s := range j.Stamps { // they show nowhere
		col.Add(signature(w, s, &verify.Signature{}, 0, Ways{}))
	}
	return col
}

func card(o fyne.CanvasObject) *fyne.Container {
	return widgets.Card(widgets.Pad(14, 16, 14, 16, o))
}

func signature(w *words.Catalog, j judgement.Signature, s *verify.Signature, n int, to Ways) *fyne.Container {
	tone := tones[j.Tone]
	fg, _, _ := tone.Colors()
	head := widgets.Row(10, widgets.Icon(icon(tone), 20, fg),
		widgets.Grow(widgets.NewText(j.Heading, theme.TextBody, theme.Text).Bold().Clip()),
		widgets.NewChip(j.Verdict, tone))
	lines := make([]widgets.Fact, len(j.Facts))
	for i, f := range j.Facts {
		lines[i] = widgets.Fact{Name: f.Name, Value: f.Value}
	}
	col := widgets.Column(10, head, widgets.FactLines(lines...))
	if to.Page != nil {
		if links := pages(w, s, to.Page); links != nil {
			col.Add(links)
		}
	}
	revision := widgets.NewButton(widgets.Secondary, w.T("verifyfile.revision"), func() { to.Revision(n) }).WithIcon(theme.IconEye)
	if s.RevisionEnd == 0 {
		revision.SetReason(w.T("verifyfile.why_no_revision"))
	}
	col.Add(widgets.Row(10, revision, widgets.Grow(revision.Note().Clip())))
	if len(j.Lines) > 0 {
		col.Add(widgets.HLine())
	}
	for _, l := range j.Lines {
		col.Add(Line(l))
	}
	return card(col)
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

// Line is one thing that was found: a dot in its colour, the sentence, and what to do.
func Line(l judgement.Line) fyne.CanvasObject {
	fg, _, _ := tones[l.Tone].Colors()
	ink := theme.Text2
	if l.Tone != judgement.Plain {
		ink = fg
	}
	dot := canvas.NewCircle(fg)
	mark := widgets.Pad(7, 10, 0, 1, widgets.Column(0, widgets.Fixed(6, 6, dot)))
	col := widgets.Column(1, widgets.NewParagraph(l.Text, theme.TextTable, ink))
	if l.Do != "" {
		col.Add(widgets.NewParagraph(l.Do, theme.TextCaption, theme.Text3))
	}
	return widgets.Border(nil, nil, mark, nil, col)
}
