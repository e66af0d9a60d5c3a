package pages

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/link"
	"sealdesk/ui/pages/contracts"
	"sealdesk/ui/pages/form"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/verifyfile"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Arrive shows what somebody asked the program to open from outside: a PDF is judged, with or without a key; a link leads to a
// contract, after the login where there was none yet. Nothing that a person has in front is thrown away, and no work that goes on is:
// then it says what to wait for.
func (w *Window) Arrive(files []string, address string) {
	w.win.RequestFocus()
	switch {
	case w.win.Canvas().Overlays().Top() != nil && (len(files) > 0 || address != ""):
		w.Toast(theme.Warn, w.t("arrive.busy")) // a PIN or a decision is asked for; nothing may push itself before it
	case slices.ContainsFunc(w.stack, working) && (len(files) > 0 || address != ""):
		w.Toast(theme.Warn, w.t("arrive.working"))
	case address != "":
		w.follow(address)
	case len(files) > 0:
		w.judge(files[0])
	}
}

// working tells that a page must not go now. One that has the whole screen is a hall's, in which bids are opened.
func working(p page.Page) bool {
	worker, works := p.(page.Worker)
	_, alone := p.(page.Alone)
	return alone || works && worker.Working()
}

// Again is Arrive for a second start of the program, which gets no window of its own: it is told that this is the one.
func (w *Window) Again(files []string, address string) {
	w.Arrive(files, address)
	if len(files) == 0 && address == "" {
		w.Toast(theme.Good, w.t("arrive.here"))
	}
}

// follow goes to the contract of a link.
func (w *Window) follow(address string) {
	to, err := link.Parse(address)
	if err == nil {
		err = w.desk.Follows(to)
	}
	if err != nil {
		w.Tell(err)
		return
	}
	if w.session == nil {
		w.awaited = &to
		w.Toast(theme.Good, w.t("arrive.login"))
		return
	}
	w.open(to)
}

// open shows a contract of the platform that one is logged in to.
func (w *Window) open(to link.Link) {
	if err := w.desk.Follows(to); err != nil { // the platform may be another one since
		w.Tell(err)
		return
	}
	s := w.session
	var work *desk.Work
	w.Do(w.closed, func(ctx context.Context) (err error) {
		work, err = s.Open(ctx, to.Contract)
		return err
	}, func(err error) {
		switch {
		case w.session != s: // gone meanwhile
		case err != nil:
			w.Tell(err)
		default:
			w.Home(contracts.Nav)
			w.Open(form.New(w, work))
		}
	})
}

// judge shows the verdict on a file.
func (w *Window) judge(path string) {
	why := ""
	switch strings.ToLower(filepath.Ext(path)) {
	case ".pdf":
	case ".bid": // desktops give these two to this program, too
		why = "arrive.bid"
	case ".esl":
		why = "arrive.seal"
	default:
		why = "arrive.kind"
	}
	if why != "" {
		w.Toast(theme.Warn, w.t(why, "file", filepath.Base(path)))
		return
	}
	if w.shell == nil {
		w.visit()
		w.drop(len(w.stack))
	}
	if _, judges := w.top().(*verifyfile.Page); !judges {
		w.Open(verifyfile.New(w))
	}
	w.top().(page.Dropper).Drop(fyne.Position{}, []fyne.URI{storage.NewFileURI(path)})
}

// visit is for who has not logged in: a shell in which files are judged, and the way to the login.
func (w *Window) visit() {
	side := widgets.NewSidebar(logo(), w.t("app.name"), w.t("app.edition"))
	side.SetItems(
		widgets.NavItem{ID: verifyfile.Nav, Text: w.t("nav.verify"), Icon: theme.IconVerify},
		widgets.NavItem{ID: navLogin, Text: w.t("nav.login"), Icon: theme.IconKey})
	side.OnNavigate = w.Home
	side.SetKey(widgets.Status{Tone: theme.Neutral, Text: w.t("arrive.nobody"), Detail: w.t("arrive.nobody_note")})
	side.SetPlatform(widgets.Status{Tone: theme.Neutral, Text: w.t("arrive.no_platform"), Detail: w.t("arrive.no_platform_note")})
	top := widgets.NewTopbar()
	top.SetUser(w.t("arrive.nobody"), "")
	top.OnUser = func() { w.Home(navLogin) }
	w.shell = widgets.NewShell(side, top)
	w.toasts = w.shell.Toasts
	w.fill(w.shell)
}

// navLogin is the way from a visit to the login.
const navLogin = "login"
