package settings

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// updates is the section that asks for newer versions.
type updates struct {
	page    *Page
	atStart *widgets.Checkbox
	ask     *widgets.Button
	answer  *fyne.Container
}

func newUpdates(p *Page) *updates {
	u := &updates{page: p, answer: widgets.Column(4)}
	u.atStart = widgets.NewCheckbox(p.t("settings.updates_start"), func(on bool) {
		s := p.host.Desk().Settings()
		s.Updates = on
		if err := p.host.Desk().ChangeSettings(s); err != nil {
			p.host.Tell(err)
		}
	})
	u.ask = widgets.NewButton(widgets.Secondary, p.t("settings.updates_ask"), u.find)
	return u
}

// rows are what stands there: the version that runs, and without somebody to ask nothing but that.
func (u *updates) rows() []fyne.CanvasObject {
	var rows []fyne.CanvasObject
	if v := u.page.host.Desk().Version(); v != "" {
		rows = append(rows, widgets.NewParagraph(u.page.t("settings.updates_running", "version", v), theme.TextTable, theme.Text))
	}
	if !u.page.host.Desk().AsksForUpdates() {
		return append(rows, widgets.Quiet(u.page.t("settings.updates_none")))
	}
	return append(rows, u.atStart, widgets.Start(u.ask), u.answer)
}

func (u *updates) find() {
	p := u.page
	u.ask.SetBusy(true)
	var newer *desk.Newer
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		newer, err = p.host.Desk().FindNewer(ctx)
		return err
	}, func(err error) {
		u.ask.SetBusy(false)
		switch {
		case err != nil:
			u.say(p.host.Words().Problem(err).String(), "", "")
		case newer == nil:
			u.say(p.t("settings.updates_newest"), "", "")
		default:
			u.say(p.t("settings.updates_newer", "version", newer.Version, "date", newer.Date), newer.Notes, newer.Page)
		}
		p.content.Refresh()
	})
}

// say shows the answer: a sentence, what is new, and where it is to be had.
func (u *updates) say(what, notes, where string) {
	u.answer.Objects = []fyne.CanvasObject{widgets.NewParagraph(what, theme.TextTable, theme.Text)}
	for _, more := range []string{notes, where} {
		if more != "" {
			u.answer.Add(widgets.NewParagraph(more, theme.TextTable, theme.Text2))
		}
	}
}
