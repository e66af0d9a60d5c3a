package clean

import (
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/signer/cleancopy"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// order is that of the groups: what changes the contract's words first. A kind that is not in it comes last.
var order = []string{
	"unseen_text", "tiny_text", "outside_text",
	"deletion", "insertion", "move", "hidden_text", "hidden_layer", "invisible_text", "hidden_row", "hidden_shape", "comment", "annotation", "format_change",
	"field", "form_field", "unreferenced_note", "alt_chunk", "embedded_object", "attachment", "macro", "javascript", "action",
	"active_control", "external_link", "external_content", "link", "recognized_text", "layer", "digital_signature", "ink", "media", "alt_text",
	"properties", "metadata", "document_variables", "custom_xml", "earlier_version", "bookmarks", "structure_tags",
	"application_data", "thumbnail", "alternate_image", "postscript", "picture_metadata", "building_blocks", "other_part",
}

// weighty kinds change what the contract says or hide something from the reader: they are told in amber.
var weighty = []string{"unseen_text", "tiny_text", "outside_text", "deletion", "insertion", "move", "hidden_text", "hidden_layer", "invisible_text", "hidden_row", "hidden_shape", "comment", "annotation",
	"macro", "javascript", "action", "attachment", "alt_chunk", "external_content", "earlier_version"}

// headRoom is how wide a group's head is at least: in the panel beside the pages. What does not fit there comes below.
const headRoom = panelWidth - 44

// Entries of a group that are shown at first, and with each press on 更多.
const (
	firstEntries = 6
	moreEntries  = 50
)

// A list tells what was taken out and what is hard to see, grouped by kind, and what should be known beside.
type list struct {
	words   *words.Catalog
	show    func(page int)
	changed func() // it became longer
	column  *fyne.Container
}

// Found is what was taken out of a document, without the document beside it.
func Found(w *words.Catalog, r *cleancopy.Report) fyne.CanvasObject {
	return newList(w, r, func(int) {}).column
}

func newList(w *words.Catalog, r *cleancopy.Report, show func(page int)) *list {
	l := &list{words: w, show: show, changed: func() {}, column: widgets.Column(18)}
	for _, n := range r.Notices {
		if panel := l.notice(n, r); panel != nil {
			l.column.Add(panel)
		}
	}
	groups := map[string][]cleancopy.Item{}
	kinds := []string{}
	for _, it := range slices.Concat(r.Doubts, r.Items) {
		if groups[it.Kind] == nil {
			kinds = append(kinds, it.Kind)
		}
		groups[it.Kind] = append(groups[it.Kind], it)
	}
	rank := func(kind string) int {
		if i := slices.Index(order, kind); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(kinds, func(a, b string) int { return rank(a) - rank(b) })
	for _, kind := range kinds {
		l.column.Add(l.group(kind, groups[kind]))
	}
	if r.Truncated {
		l.column.Add(widgets.NewParagraph(w.T("found.truncated", "count", len(r.Items)), theme.TextTable, theme.Amber))
	}
	return l
}

// notice is a thing to know: the sentence of its code.
func (l *list) notice(n cleancopy.Notice, r *cleancopy.Report) fyne.CanvasObject {
	what, ok := l.words.Sentence(n.Code, n.Params)
	if !ok {
		return nil
	}
	do, _ := l.words.Advice(n.Code, n.Params)
	text := widgets.ErrorText{What: what, Do: do}
	switch n.Code {
	case cleancopy.NoticeNothingHidden:
		return widgets.Verdict(theme.Good, what, text.Do)
	case cleancopy.NoticeAlreadySigned:
		return widgets.InfoPanel(text)
	case cleancopy.NoticeFontReplaced:
		text.Why = l.fonts(r.Fonts)
	}
	return widgets.WarnPanel(text)
}

// fonts says which font stands in for which.
func (l *list) fonts(fonts []cleancopy.Font) string {
	var out []string
	for _, f := range fonts {
		if f.By != "" {
			out = append(out, l.words.T("found.font", "name", f.Name, "by", f.By))
		}
	}
	return strings.Join(out, l.words.T("found.comma"))
}

func (l *list) group(kind string, items []cleancopy.Item) fyne.CanvasObject {
	total := 0
	for _, it := range items {
		total += max(it.Count, 1)
	}
	tone := theme.Neutral
	if slices.Contains(weighty, kind) {
		tone = theme.Warn
	}
	fg, _, _ := tone.Colors()
	name, fate := l.words.T("found."+kind), l.words.T("found."+kind+".fate")
	if name == "found."+kind {
		name, fate = l.words.T("found.other_part"), l.words.T("found.other_part.fate")
	}
	bar := canvas.NewRectangle(fg)
	bar.CornerRadius = 1.5
	head := widgets.Row(8, widgets.Fixed(3, 14, bar), widgets.NewText(name, theme.TextBody, theme.Text).Bold(),
		widgets.NewText(l.words.T("found.count", "count", total), theme.TextTable, fg))
	entries, col := widgets.Column(6), widgets.Column(8, head)
	if after := widgets.Quiet(fate); head.MinSize().Width+8+after.MinSize().Width <= headRoom {
		head.Add(widgets.Grow(after.Align(fyne.TextAlignTrailing)))
	} else {
		col.Add(widgets.Pad(0, 0, 0, 11, widgets.NewParagraph(fate, theme.TextCaption, theme.Text3)))
	}
	col.Add(entries)
	l.fill(col, entries, items, firstEntries)
	return col
}

// fill adds the next entries of a group, and the way to more of them.
func (l *list) fill(col, entries *fyne.Container, items []cleancopy.Item, n int) {
	n = min(n, len(items))
	for _, it := range items[:n] {
		if e := l.entry(it); e != nil {
			entries.Add(e)
		}
	}
	rest := items[n:]
	if len(rest) == 0 {
		return
	}
	var more *widgets.Button
	more = widgets.NewButton(widgets.Link, l.words.T("found.more", "count", len(rest)), func() {
		col.Remove(more)
		l.fill(col, entries, rest, moreEntries)
		l.changed()
	})
	col.Add(more)
}

// entry is one thing that was taken out: where it stood, whose it was, and its words. What has none of them is told by
// its group alone.
func (l *list) entry(it cleancopy.Item) fyne.CanvasObject {
	var where []fyne.CanvasObject
	if it.Page > 0 {
		where = append(where, widgets.NewButton(widgets.Link, l.words.T("found.page", "page", it.Page), func() { l.show(it.Page) }))
	}
	if place := l.place(it); place != "" {
		where = append(where, widgets.Quiet(place))
	}
	if it.Author != "" {
		where = append(where, widgets.Grow(widgets.Quiet(it.Author).Clip()))
	}
	if it.Count > 1 {
		where = append(where, widgets.Quiet("×"+fmt.Sprint(it.Count)))
	}
	text := strings.TrimSpace(it.Text)
	if it.Property != "" {
		text = l.words.Property(it.Property, text)
	}
	if text == "" && len(where) == 0 {
		return nil
	}
	col := widgets.Column(3)
	if text != "" {
		col.Add(widgets.NewParagraph(text, theme.TextTable, theme.Text))
	}
	if len(where) > 0 {
		col.Add(widgets.Row(10, where...))
	}
	ground := canvas.NewRectangle(theme.Head)
	ground.CornerRadius = 4
	return widgets.Stack(ground, widgets.Pad(7, 10, 7, 11, col))
}

// place names the part of a Word document: 正文第 3 段, 页眉.
func (l *list) place(it cleancopy.Item) string {
	if it.Part == "" {
		return ""
	}
	part := strings.TrimRight(it.Part, "0123456789")
	name := l.words.T("found.part." + part)
	if name == "found.part."+part {
		name = it.Part
	}
	if it.Paragraph == 0 {
		return name
	}
	return l.words.T("found.place", "part", name, "paragraph", it.Paragraph)
}
