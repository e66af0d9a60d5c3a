package settings

import (
	"slices"

	"fyne.io/fyne/v2"

	"sealdesk/assets/i18n"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// language is the section in which the language of the window is chosen, for the next start.
type language struct {
	page   *Page
	tags   []string // in the order of the buttons; empty: the system's
	choice *widgets.Radios
	later  *fyne.Container // that another language holds from the next start on
}

func newLanguage(p *Page) *language {
	l := &language{page: p, tags: []string{""}, later: widgets.Column(4)}
	names := []string{p.t("settings.language_system")}
	for _, known := range p.host.Words().Languages() {
		l.tags, names = append(l.tags, known.Tag), append(names, known.Name())
	}
	l.choice = widgets.NewRadios(names...)
	l.choice.OnChanged = func(i int) {
		if err := p.host.Desk().SetLanguage(l.tags[i]); err != nil {
			p.host.Tell(err)
		}
		l.show()
		p.content.Refresh()
	}
	return l
}

// show says when the choice is not in force yet, in the language that was chosen, too: who cannot read this one is told as well.
func (l *language) show() {
	chosen := l.page.host.Desk().Language()
	l.choice.Choose(max(slices.Index(l.tags, chosen), 0))
	l.later.Objects = nil
	if chosen == "" || chosen == l.page.host.Words().Language() {
		return
	}
	name := chosen
	for _, known := range l.page.host.Words().Languages() {
		if known.Tag == chosen {
			name = known.Name()
		}
	}
	say := func(c *words.Catalog) {
		l.later.Add(widgets.NewParagraph(c.T("settings.language_later", "language", name), theme.TextTable, theme.Amber))
	}
	say(l.page.host.Words())
	if other, err := words.New(i18n.Files, chosen); err == nil {
		say(other)
	}
}
