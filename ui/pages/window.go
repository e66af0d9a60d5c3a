package pages

import (
	"context"
	"errors"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"

	"sealdesk/assets"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/link"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/awards"
	"sealdesk/ui/pages/batch"
	"sealdesk/ui/pages/bid"
	"sealdesk/ui/pages/choose"
	"sealdesk/ui/pages/compare"
	"sealdesk/ui/pages/contracts"
	"sealdesk/ui/pages/hall"
	"sealdesk/ui/pages/help"
	"sealdesk/ui/pages/home"
	"sealdesk/ui/pages/keys"
	"sealdesk/ui/pages/login"
	"sealdesk/ui/pages/outbox"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/scan"
	"sealdesk/ui/pages/seals"
	"sealdesk/ui/pages/settings"
	"sealdesk/ui/pages/verifyfile"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Size is the window's at the start; the least is smaller, for 1024×680.
var Size = fyne.NewSize(1280, 800)

// linkEvery is how often the foot of the sidebar looks again at the key and the platform.
const linkEvery = 2 * time.Second

// A Window shows the pages of one desk.
type Window struct {
	app    fyne.App
	win    fyne.Window
	desk   *desk.Desk
	words  *words.Catalog
	closed context.Context // ends with the window
	close  context.CancelFunc

	given   float64 // the scale of everything at 100 %
	session *desk.Session
	deaf    context.CancelFunc // to the news of the session
	shell   *widgets.Shell
	stack   []page.Page
	leave   context.CancelFunc // ends the page in front
	front   context.Context
	shown   page.Page                    // the one that was shown last
	typing  map[page.Page]fyne.Focusable // what had the keyboard on pages below
	toasts  *widgets.Toasts
	poke    func()     // has the foot of the sidebar looked at now
	awaited *link.Link // what a link asked for before the login
}

// New makes the window and shows the login page in it. The caller shows the window.
func New(app fyne.App, d *desk.Desk) *Window {
	w := &Window{app: app, desk: d, words: d.Words(), given: given(app), leave: func() {}, deaf: func() {}, typing: map[page.Page]fyne.Focusable{}}
	w.closed, w.close = context.WithCancel(context.Background())
	w.win = app.NewWindow(w.t("app.name"))
	w.win.SetPadded(false)
	w.win.SetMaster()
	w.win.SetIcon(fyne.NewStaticResource("icon.png", assets.AppIconPNG(256)))
	w.enlarge(d.Zoom())
	w.win.Resize(inverse(Size, d.Zoom()))
	w.win.CenterOnScreen()
	w.win.SetOnDropped(w.dropped)
	w.win.SetOnClosed(func() {
		w.leave()
		w.close()
		if w.session != nil {
			w.session.Close()
		}
	})
	w.shortcuts()
	w.Logout()
	if err := d.PreferencesTrouble(); err != nil {
		w.say(w.t("nav.settings"), widgets.WarnPanel(page.ErrorText(w.words.Problem(err))))
	}
	d.ShowScans(func(s *desk.Scan) { fyne.Do(func() { scan.Open(w.closed, w, s) }) })
	go w.watchKeys()
	w.askForUpdates()
	return w
}

// Fyne is the window as the driver knows it.
func (w *Window) Fyne() fyne.Window { return w.win }

func (w *Window) t(key string, pairs ...any) string { return w.words.T(key, pairs...) }

// Session implements page.Host.
func (w *Window) Session() *desk.Session { return w.session }

// Desk implements page.Host.
func (w *Window) Desk() *desk.Desk { return w.desk }

// Words implements page.Host.
func (w *Window) Words() *words.Catalog { return w.words }

// Window implements page.Host.
func (w *Window) Window() fyne.Window { return w.win }

// Login implements page.Host.
func (w *Window) Login(s *desk.Session) {
	w.session = s
	key := s.Key()
	side := widgets.NewSidebar(logo(), w.t("app.name"), w.t("app.edition"))
	items := []widgets.NavItem{
		{ID: home.Nav, Text: w.t("nav.home"), Icon: theme.IconHome},
		{ID: contracts.Nav, Text: w.t("nav.contracts"), Icon: theme.IconContract},
		{ID: awards.Nav, Text: w.t("nav.awards"), Icon: theme.Icon("award")},
		{ID: bid.Nav, Text: w.t("nav.bid"), Icon: theme.IconBid},
		{ID: hall.Nav, Text: w.t("nav.hall"), Icon: theme.IconHall},
		{ID: outbox.Nav, Text: w.t("nav.outbox"), Icon: theme.Icon("outbox")},
		{ID: keys.Nav, Text: w.t("nav.keys"), Icon: theme.Icon("key")},
		{ID: seals.Nav, Text: w.t("nav.seals"), Icon: theme.Icon("seal")},
		{ID: verifyfile.Nav, Text: w.t("nav.verify"), Icon: theme.Icon("verify")},
		{ID: compare.Nav, Text: w.t("nav.compare"), Icon: theme.IconCompare},
		{ID: batch.Nav, Text: w.t("nav.batch"), Icon: theme.IconBatch},
		{ID: settings.Nav, Text: w.t("nav.settings"), Icon: theme.Icon("settings")},
	}
	side.SetItems(items...)
	side.OnNavigate = w.Home
	side.OnPlatform = func() { w.Home(outbox.Nav) }
	side.OnKey = w.keyPressed
	top := widgets.NewTopbar()
	top.SetUser(key.Owner, key.Person)
	top.OnUser = func() { w.userMenu(top.UserAnchor()) }
	w.shell = widgets.NewShell(side, top)
	w.toasts = w.shell.Toasts
	w.fill(w.shell)
	w.Home(home.Nav)
	poked := make(chan struct{}, 1)
	w.poke = func() {
		select {
		case poked <- struct{}{}:
		default: // it is going to look anyway
		}
	}
	go w.watchLink(s, poked)
	var ctx context.Context
	ctx, w.deaf = context.WithCancel(w.closed)
	page.Follow(ctx, w, s.News(ctx), w.tellNews)
	if to := w.awaited; to != nil {
		w.awaited = nil
		w.open(*to)
		return
	}
	terminal := false
	w.Do(w.front, func(ctx context.Context) error {
		terminal = s.AtHall(ctx)
		return nil
	}, func(error) {
		if terminal {
			w.Home(hall.Nav)
		}
	})
}

// tellNews says what the other side did.
func (w *Window) tellNews(n desk.News) {
	switch n.Done {
	case "":
	case desk.NewsReturned, desk.NewsWithdrawn:
		w.Toast(theme.Warn, w.t("news."+string(n.Done), "name", n.Name))
	default:
		w.Toast(theme.Good, w.t("news."+string(n.Done), "name", n.Name))
	}
}

// Logout implements page.Host.
func (w *Window) Logout() { w.logout(nil) }

// logout shows the login page; prefer tells which key it chooses first.
func (w *Window) logout(prefer func(desk.Key) bool) {
	w.deaf()
	if s := w.session; s != nil {
		w.session = nil
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_ = s.Logout(ctx) // the platform ends the session by itself when it cannot be told
		}()
	}
	w.drop(len(w.stack))
	w.shell = nil
	p := login.New(w, prefer)
	w.stack = []page.Page{p}
	w.toasts = widgets.NewToasts()
	w.show(p)
}

// userMenu offers to log in with another key, the other party's first where it is in the port, or to leave.
func (w *Window) userMenu(anchor fyne.CanvasObject) {
	options := []widgets.Option{{Text: w.t("user.switch")}, {Text: w.t("user.logout")}}
	widgets.ShowMenu(anchor, options, func(i int) {
		if i == 0 {
			mine := w.session.Key().USCC
			w.logout(func(k desk.Key) bool { return k.USCC != mine })
			return
		}
		w.Logout()
	})
}

// Open implements page.Host.
func (w *Window) Open(p page.Page) {
	w.stack = append(w.stack, p)
	w.show(p)
}

// Back implements page.Host.
func (w *Window) Back() {
	if len(w.stack) < 2 {
		if _, guide := w.top().(*help.Page); guide && w.session == nil {
			w.Home(navLogin) // the guide took the login page's place
		}
		return
	}
	w.drop(1)
	w.show(w.stack[len(w.stack)-1])
}

// Home implements page.Host.
func (w *Window) Home(nav string) {
	if nav == navLogin {
		w.Logout()
		return
	}
	if w.shell == nil {
		w.visit() // nobody has logged in
	}
	w.drop(len(w.stack))
	var p page.Page
	switch nav {
	case contracts.Nav:
		p = contracts.New(w)
	case awards.Nav:
		p = awards.New(w)
	case bid.Nav:
		p = bid.New(w)
	case hall.Nav:
		p = hall.New(w)
	case outbox.Nav:
		p = outbox.New(w)
	case keys.Nav:
		p = keys.New(w)
	case seals.Nav:
		p = seals.New(w)
	case verifyfile.Nav:
		p = verifyfile.New(w)
	case compare.Nav:
		p = compare.New(w)
	case batch.Nav:
		p = batch.New(w)
	case settings.Nav:
		p = settings.New(w)
	default:
		p = home.New(w)
	}
	w.Open(p)
}

// drop takes the n topmost pages away for good.
func (w *Window) drop(n int) {
	w.leave()
	for ; n > 0 && len(w.stack) > 0; n-- {
		last := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		delete(w.typing, last)
		if l, ok := last.(page.Leaver); ok {
			l.Leave()
		}
	}
}

func (w *Window) show(p page.Page) {
	w.leave()
	w.front, w.leave = context.WithCancel(w.closed)
	w.unfocus(p)
	_, alone := p.(page.Alone)
	if w.win.FullScreen() != alone {
		w.win.SetFullScreen(alone)
	}
	if alone && w.shell != nil {
		w.toasts = widgets.NewToasts().Afar()
		w.win.SetContent(widgets.Stack(p.Content(), w.toasts))
	} else if w.shell != nil {
		if w.win.Content() != w.shell {
			w.toasts = w.shell.Toasts
			w.win.SetContent(w.shell)
		}
		w.frame(p)
	} else {
		w.fill(widgets.Stack(p.Content(), w.toasts)) // before somebody works, a page has the window alone
	}
	if at := w.typing[p]; at != nil {
		w.win.Canvas().Focus(at)
	}
	p.Show(w.front)
}

// unfocus takes the keyboard from the page that goes behind p, where Enter would press a button that nobody sees, and keeps where it
// was. What has it in the sidebar keeps it.
func (w *Window) unfocus(p page.Page) {
	c := w.win.Canvas()
	before := w.shown
	w.shown = p
	if before == p || w.shell != nil && w.shell.Sidebar.Focused() {
		return
	}
	if at := c.Focused(); at != nil {
		if slices.Contains(w.stack, before) {
			w.typing[before] = at
		}
		c.Unfocus()
	}
}

// frame puts a page between the sidebar and the line on top, which tell where it is.
func (w *Window) frame(p page.Page) {
	w.shell.SetBody(p.Content())
	w.shell.Sidebar.Select(p.Nav())
	w.Retitle()
}

// Retitle implements page.Host.
func (w *Window) Retitle() {
	if w.shell == nil {
		return
	}
	var crumbs []widgets.Crumb
	for i, below := range w.stack {
		c := widgets.Crumb{Text: below.Title()}
		if i < len(w.stack)-1 {
			c.Go = func() {
				w.drop(len(w.stack) - 1 - i)
				w.show(w.stack[i])
			}
		}
		crumbs = append(crumbs, c)
	}
	w.shell.Topbar.SetCrumbs(crumbs...)
}

// fill shows content in the window.
func (w *Window) fill(content fyne.CanvasObject) {
	w.win.SetContent(widgets.NewRoom(content, fyne.NewSize(theme.MinWindowW, theme.MinWindowH)))
}

// Do implements page.Host.
func (w *Window) Do(ctx context.Context, work func(context.Context) error, done func(error)) {
	go func() {
		err := work(ctx)
		fyne.Do(func() {
			if ctx.Err() == nil {
				done(err)
			}
		})
	}()
}

// Post implements page.Host.
func (w *Window) Post(f func()) { fyne.Do(f) }

// Toast implements page.Host.
func (w *Window) Toast(tone theme.Tone, text string) { w.toasts.Tell(tone, text) }

// Tell implements page.Host.
func (w *Window) Tell(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	w.say(w.t("dialog.error"), widgets.ErrorPanel(page.ErrorText(w.words.Problem(err))))
}

// say shows something that only wants to be read.
func (w *Window) say(title string, body fyne.CanvasObject) {
	var d *widgets.Dialog
	ok := widgets.NewButton(widgets.Primary, w.t("button.ok"), func() { d.Close() })
	d = widgets.NewDialog(title, body, nil, ok)
	w.Dialog(d)
}

// Ask implements page.Host.
func (w *Window) Ask(title, body string, danger bool, confirm string, yes func()) {
	kind := widgets.Primary
	if danger {
		kind = widgets.Danger
	}
	var d *widgets.Dialog
	no := widgets.NewButton(widgets.Secondary, w.t("button.cancel"), func() { d.Close() })
	do := widgets.NewButton(kind, confirm, func() {
		d.Close()
		yes()
	})
	d = widgets.NewDialog(title, widgets.NewParagraph(body, theme.TextBody, theme.Text), no, do)
	w.Dialog(d)
}

// Dialog implements page.Host.
func (w *Window) Dialog(d *widgets.Dialog) { d.Open(w.win.Canvas()) }

// ChooseFile implements page.Host.
func (w *Window) ChooseFile(endings []string, chosen func(path string)) {
	choose.Open(w, w.desk.Documents(), endings, w.remembering(chosen))
}

// SaveFile implements page.Host.
func (w *Window) SaveFile(name string, chosen func(path string)) {
	choose.Save(w, w.desk.Documents(), name, w.remembering(chosen))
}

// ChooseFolder implements page.Host.
func (w *Window) ChooseFolder(chosen func(path string)) {
	choose.Folder(w, w.desk.Documents(), w.remembering(chosen))
}

// remembering has the next choice begin in the folder of this one.
func (w *Window) remembering(chosen func(path string)) func(path, folder string) {
	return func(path, folder string) {
		w.Do(w.closed, func(context.Context) error { return w.desk.RememberDocuments(folder) }, func(error) {})
		chosen(path)
	}
}

func (w *Window) dropped(at fyne.Position, files []fyne.URI) {
	if d, ok := w.top().(page.Dropper); ok && w.win.Canvas().Overlays().Top() == nil {
		d.Drop(at, files)
	}
}

func (w *Window) top() page.Page {
	if len(w.stack) == 0 {
		return nil
	}
	return w.stack[len(w.stack)-1]
}

func (w *Window) shortcuts() {
	add := func(key fyne.KeyName, mod fyne.KeyModifier, f func()) {
		w.win.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: mod}, func(fyne.Shortcut) {
			if w.win.Canvas().Overlays().Top() == nil {
				f()
			}
		})
	}
	add(fyne.KeyO, fyne.KeyModifierControl, func() {
		if p, ok := w.top().(page.Opener); ok {
			p.OpenFile()
		}
	})
	add(fyne.KeyF, fyne.KeyModifierControl, func() {
		if p, ok := w.top().(page.Searcher); ok {
			p.FocusSearch()
		}
	})
	w.zoomKeys()
	w.win.Canvas().SetOnTypedKey(func(ev *fyne.KeyEvent) {
		switch ev.Name {
		case fyne.KeyEscape:
			w.Back()
		case fyne.KeyF1:
			w.help()
		case fyne.KeyF5:
			if p := w.top(); p != nil {
				w.show(p)
			}
		}
	})
}

// askForUpdates tells of a newer version, where that is wanted. What cannot be found out now is no trouble of today's work.
func (w *Window) askForUpdates() {
	if !w.desk.Settings().Updates {
		return
	}
	var newer *desk.Newer
	w.Do(w.closed, func(ctx context.Context) (err error) {
		newer, err = w.desk.FindNewer(ctx)
		return err
	}, func(err error) {
		if err == nil && newer != nil {
			w.Toast(theme.Good, w.t("settings.updates_newer", "version", newer.Version, "date", newer.Date))
		}
	})
}

// help shows the topic of the page in front; from the login page, in a shell of its own.
func (w *Window) help() {
	front := w.top()
	if _, already := front.(*help.Page); already || front == nil || w.win.Canvas().Overlays().Top() != nil {
		return
	}
	nav := front.Nav()
	if w.shell == nil {
		nav = navLogin
		w.drop(len(w.stack))
		w.visit()
	}
	w.Open(help.New(w, nav))
}

// watchKeys shows the login page's keys anew when one comes or goes, and the work's key as gone.
func (w *Window) watchKeys() {
	for change := range w.desk.Changes(w.closed) {
		fyne.Do(func() {
			if p, ok := w.top().(page.KeyWatcher); ok {
				p.KeysChanged()
			}
			if _, before := w.top().(*login.Page); before {
				return // its list says it
			}
			w.tellKey(change)
			if w.poke != nil {
				w.poke()
			}
		})
	}
}

// tellKey says whose key came or went, and until when it may be used.
func (w *Window) tellKey(c desk.KeyChange) {
	if len(c.Keys) == 0 {
		return
	}
	k := c.Keys[0]
	switch left := k.DaysLeft(time.Now()); {
	case !c.Plugged:
		w.Toast(theme.Warn, w.t("key.removed", "owner", k.Owner))
	case left < 0:
		w.Toast(theme.Bad, w.t("key.plugged_expired", "owner", k.Owner, "date", k.Until.Format(time.DateOnly)))
	case left <= desk.ExpiringDays:
		w.Toast(theme.Warn, w.t("key.plugged_expiring", "owner", k.Owner, "date", k.Until.Format(time.DateOnly), "days", left))
	default:
		w.Toast(theme.Good, w.t("key.plugged", "owner", k.Owner, "date", k.Until.Format(time.DateOnly)))
	}
}

// watchLink keeps the foot of the sidebar true while a session lasts.
func (w *Window) watchLink(s *desk.Session, poked <-chan struct{}) {
	tick := time.NewTicker(linkEvery)
	defer tick.Stop()
	for {
		link := s.Link(w.closed)
		present := s.KeyPresent(w.closed)
		due := s.Bids().Due(w.closed)
		over := false
		fyne.Do(func() {
			if w.session != s {
				return
			}
			w.shell.Sidebar.SetKey(w.keyLine(s, present))
			if why, ended := s.PhoneEnded(); ended {
				w.Toast(theme.Warn, scan.EndText(w, why))
			}
			w.shell.Sidebar.SetPlatform(platformStatus(w.words, w.desk.PlatformName(), link))
			w.shell.Sidebar.SetBadge(outbox.Nav, link.Waiting)
			w.shell.Sidebar.SetBadge(bid.Nav, due)
		})
		select {
		case <-w.closed.Done():
			over = true
		case <-tick.C:
			over = s.Closed()
		case <-poked:
			over = s.Closed()
		}
		if over {
			return
		}
	}
}

// keyLine is the foot of the sidebar about the key: of a phone, how its session stands.
func (w *Window) keyLine(s *desk.Session, present bool) widgets.Status {
	k := s.SigningKey()
	if !k.Phone() {
		return keyStatus(w.words, k, present)
	}
	st := widgets.Status{Tone: theme.Neutral, Text: k.Owner, Detail: w.t("foot.phone")}
	if session, lives := s.PhoneSession(); lives {
		st.Tone, st.Detail = theme.Good, scan.SessionShort(w, session)
	}
	return st
}

// keyPressed offers to end the session with a phone; otherwise it leads to the keys.
func (w *Window) keyPressed() {
	s := w.session
	session, lives := s.PhoneSession()
	if !lives {
		w.Home(keys.Nav)
		return
	}
	w.Ask(w.t("scan.end_title"), scan.SessionText(w, session)+"\n"+w.t("scan.end_body"), false, w.t("scan.end"), func() {
		w.Do(w.closed, func(context.Context) error {
			s.Release()
			return nil
		}, func(error) {
			w.Toast(theme.Neutral, w.t("scan.ended"))
			w.poke()
		})
	})
}

func keyStatus(t *words.Catalog, k desk.Key, present bool) widgets.Status {
	if !present {
		return widgets.Status{Tone: theme.Bad, Text: t.T("foot.key_gone"), Detail: t.T("foot.key_gone_do")}
	}
	st := widgets.Status{Tone: theme.Good, Text: k.Owner, Detail: t.T("foot.key_until", "date", k.Until.Format(time.DateOnly))}
	if k.FewTries() {
		st.Tone, st.Detail = theme.Warn, t.T("foot.key_tries", "tries", k.Tries)
	}
	return st
}

func platformStatus(t *words.Catalog, name string, l desk.Link) widgets.Status {
	st := widgets.Status{Tone: theme.Good, Text: name, Detail: t.T("foot.online")}
	if l.Waiting > 0 {
		st.Tone, st.Detail = theme.Warn, t.T("foot.waiting", "count", l.Waiting)
	}
	if !l.Online {
		st.Tone, st.Detail = theme.Bad, t.T("foot.offline", "since", l.Since.Format("15:04"))
		if l.Waiting > 0 {
			st.Detail = t.T("foot.offline_waiting", "since", l.Since.Format("15:04"), "count", l.Waiting)
		}
	}
	return st
}

func logo() fyne.CanvasObject {
	img := canvas.NewImageFromResource(fyne.NewStaticResource("app.svg", assets.AppIconSVG()))
	img.FillMode = canvas.ImageFillContain
	return img
}
