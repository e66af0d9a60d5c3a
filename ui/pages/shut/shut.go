package shut

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/assets"
	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const width = 640

// A Try opens the desk.
type Try func(context.Context) (*desk.Desk, error)

// A Window tells why the desk is shut.
type Window struct {
	app    fyne.App
	win    fyne.Window
	words  *words.Catalog
	try    Try
	opened func(*desk.Desk)

	body *fyne.Container
	held []*widgets.Button // while something is under way
}

// New makes the window that tells of an error; try is asked when the person wants it to be tried again, opened is given the
// desk that it opens, and the window closes. The caller shows it.
func New(app fyne.App, words *words.Catalog, why error, try Try, opened func(*desk.Desk)) *Window {
	w := &Window{app: app, words: words, try: try, opened: opened, body: widgets.Column(16)}
	w.win = app.NewWindow(words.T("app.name"))
	w.win.SetPadded(false)
	w.win.SetIcon(fyne.NewStaticResource("icon.png", assets.AppIconPNG(256)))
	w.win.SetContent(widgets.Center(widgets.Fixed(width, 0, w.body)))
	w.win.Resize(fyne.NewSize(theme.MinWindowW, theme.MinWindowH))
	w.win.CenterOnScreen()
	w.tell(why, "")
	return w
}

// Fyne is the window as the driver knows it.
func (w *Window) Fyne() fyne.Window { return w.win }

// Meaning says what an error of opening means for what lies on this machine.
func Meaning(t *words.Catalog, err error) string {
	switch {
	case platformapi.IsCode(err, vault.CodeKeyLost):
		return t.T("shut.means_lost")
	case platformapi.IsCode(err, vault.CodeLocked):
		return t.T("shut.means_locked")
	}
	return t.T("shut.means_other")
}

// tell shows an error, and below it what became of the last try to mend it.
func (w *Window) tell(err error, moved string) {
	t := w.words.T
	e := page.ErrorText(w.words.Problem(err))
	e.Why = Meaning(w.words, err)
	again := widgets.NewButton(widgets.Primary, t("button.retry"), w.again)
	end := widgets.NewButton(widgets.Secondary, t("shut.quit"), w.win.Close)
	w.held = []*widgets.Button{again}
	row := []fyne.CanvasObject{widgets.Spacer(), end, again}
	if data, ok := desk.KeyLost(err); ok {
		aside := widgets.NewButton(widgets.Secondary, t("shut.aside"), func() { w.ask(data) })
		w.held = append(w.held, aside)
		row = append([]fyne.CanvasObject{aside}, row...)
	}
	w.body.Objects = []fyne.CanvasObject{widgets.NewText(t("shut.title"), 24, theme.Text).Bold(), widgets.ErrorPanel(e)}
	if moved != "" {
		w.body.Add(widgets.NewParagraph(moved, theme.TextTable, theme.Text2))
	}
	w.body.Add(widgets.Row(12, row...))
	w.body.Refresh()
}

// ask puts to the person what setting aside means.
func (w *Window) ask(data string) {
	t := w.words.T
	var d *widgets.Dialog
	no := widgets.NewButton(widgets.Secondary, t("button.cancel"), func() { d.Close() })
	yes := widgets.NewButton(widgets.Danger, t("shut.aside_confirm"), func() {
		d.Close()
		w.setAside(data)
	})
	d = widgets.NewDialog(t("shut.aside_title"), widgets.NewParagraph(t("shut.aside_body", "folder", data), theme.TextBody, theme.Text), no, yes).Wide(520)
	d.Open(w.win.Canvas())
}

func (w *Window) setAside(data string) {
	aside := ""
	w.do(func(context.Context) (*desk.Desk, error) {
		var err error
		if aside, err = desk.SetAside(desk.Folders{Data: data}); err != nil {
			return nil, err
		}
		return w.try(context.Background())
	}, func() string {
		if aside == "" {
			return ""
		}
		return w.words.T("shut.moved", "folder", aside)
	})
}

func (w *Window) again() { w.do(w.try, func() string { return "" }) }

// do tries to open the desk, off the window's goroutine.
func (w *Window) do(try Try, moved func() string) {
	for _, b := range w.held {
		b.SetBusy(true)
	}
	go func() {
		d, err := try(context.Background())
		fyne.Do(func() {
			if err != nil {
				w.tell(err, moved())
				return
			}
			w.opened(d)
			w.win.Close()
		})
	}()
}
