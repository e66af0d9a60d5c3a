package settings

import (
	"context"
	"net/url"
	"path/filepath"

	"fyne.io/fyne/v2"

	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// seals is the section of the folder in which the seals are kept.
type seals struct {
	page   *Page
	folder *widgets.Text
	usual  *widgets.Button
	move   *widgets.Button
	row    fyne.CanvasObject
}

func newSeals(p *Page) *seals {
	s := &seals{page: p, folder: widgets.Body("").Clip()}
	s.usual = widgets.NewButton(widgets.Link, p.t("settings.seals_usual"), func() { s.ask("") })
	open := widgets.NewButton(widgets.Link, p.t("settings.seals_open"), s.open)
	s.move = widgets.NewButton(widgets.Secondary, p.t("settings.seals_move"), func() { p.host.ChooseFolder(s.ask) })
	s.row = widgets.Row(12, widgets.Grow(widgets.Middle(s.folder)), widgets.Middle(s.usual), widgets.Middle(open), s.move)
	return s
}

func (s *seals) show() {
	folder, own := s.page.host.Desk().SealsFolder()
	s.folder.SetText(folder)
	s.usual.Hide()
	if own {
		s.usual.Show()
	}
}

// ask says what happens with the seals before they are copied. An empty folder is the usual one.
func (s *seals) ask(to string) {
	p := s.page
	from, _ := p.host.Desk().SealsFolder()
	body := p.t("settings.seals_ask", "from", from, "to", to)
	if to == "" {
		body = p.t("settings.seals_ask_usual", "from", from)
	}
	p.host.Ask(p.t("settings.seals_ask_title"), body, false, p.t("settings.seals_copy"), func() {
		s.move.SetBusy(true)
		p.host.Do(p.ctx, func(ctx context.Context) error { return p.host.Desk().MoveSeals(ctx, to) }, func(err error) {
			s.move.SetBusy(false)
			s.show()
			p.content.Refresh()
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Toast(theme.Good, p.t("settings.seals_moved", "from", from))
		})
	})
}

// open shows the folder in the system's file manager.
func (s *seals) open() {
	folder, _ := s.page.host.Desk().SealsFolder()
	if err := fyne.CurrentApp().OpenURL(&url.URL{Scheme: "file", Path: filepath.ToSlash(folder)}); err != nil {
		s.page.host.Toast(theme.Warn, s.page.t("batch.folder_is", "folder", folder))
	}
}
