package login

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/assets"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/checkup"
	"sealdesk/ui/pages/keycard"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/pin"
	"sealdesk/ui/pages/proxy"
	"sealdesk/ui/pages/verifyfile"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// formWidth is that of the column in which the person works.
const formWidth = 384

// A Page is the login page.
type Page struct {
	host   page.Host
	prefer func(desk.Key) bool // which key to choose first
	ctx    context.Context
	life   context.Context // until the page goes away for good: a login goes on when the page is shown anew
	end    context.CancelFunc
	keys   []desk.Key
	chosen int
	trying bool // a PIN is with the key

	platform *chooser
	tabs     *widgets.Tabs
	account  *account
	scan     *byScan
	list     *fyne.Container
	remote   *fyne.Container // the offer to open a remote signing account
	faces    *widgets.Faces
	pin      *widgets.PINField
	pinField *widgets.Field
	tries    *widgets.Text
	demo     *widgets.Text
	remember *widgets.Checkbox
	keep     *widgets.Checkbox
	kept     *fyne.Container // what there is to go on with
	enter    *widgets.Button
	trouble  *fyne.Container
	content  fyne.CanvasObject
}

// New makes the page; prefer tells which key to choose first, nil meaning the remembered one.
func New(host page.Host, prefer func(desk.Key) bool) *Page {
	p := &Page{host: host, prefer: prefer, ctx: context.Background(), chosen: -1}
	p.life, p.end = context.WithCancel(context.Background())
	if p.prefer == nil {
		remembered := host.Desk().RememberedKey()
		p.prefer = func(k desk.Key) bool { return k.URI == remembered }
	}
	t := host.Words().T
	p.platform = newChooser(host, func() {
		p.lookKept()
		p.rescan()
	})
	p.account = newAccount(p)
	p.list, p.remote = widgets.Column(8), widgets.Column(0)
	p.faces = widgets.NewFaces(p.list)
	p.pin = widgets.NewPINField(t("login.pin_hint"))
	p.pin.OnSubmitted = p.login
	p.pin.OnChanged = func(int) { p.refresh() }
	p.pinField = widgets.NewFieldAbove(t("login.pin"), false, p.pin, "")
	p.tries = widgets.Quiet("")
	p.demo = widgets.NewText("", theme.TextCaption, theme.Amber)
	p.remember = widgets.NewCheckbox(t("login.remember"), nil)
	p.remember.Set(host.Desk().RememberedKey() != "")
	p.keep = widgets.NewCheckbox(t("login.keep"), nil)
	p.keep.Set(host.Desk().KeepSessions())
	p.kept = widgets.Column(0)
	p.kept.Hide()
	p.enter = widgets.NewButton(widgets.Primary, t("login.enter"), p.login)
	p.trouble = widgets.Column(0)
	p.content = p.build()
	return p
}

// Nav implements page.Page.
func (p *Page) Nav() string { return "" }

// Title implements page.Page.
func (p *Page) Title() string { return p.host.Words().T("login.title") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page: it looks for keys.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	p.look()
	p.lookKept()
	p.rescan()
}

// Working implements page.Worker: a PIN that was entered has its answer first.
func (p *Page) Working() bool { return p.trying }

// KeysChanged implements page.KeyWatcher; the code that a phone is looking at stays the one it is.
func (p *Page) KeysChanged() { p.look() }

// Leave implements page.Leaver.
func (p *Page) Leave() { p.end() }

// rescan shows a code for the platform as it is now, when that tab is in front.
func (p *Page) rescan() {
	if p.tabs.Chosen() == 1 {
		p.scan.begin(p.ctx)
	}
}

func (p *Page) build() fyne.CanvasObject {
	t := p.host.Words().T
	tabs := widgets.NewTabs(t("login.by_key"), t("login.by_scan"), t("login.by_account"))
	p.tabs = tabs
	byKey := widgets.Column(12,
		widgets.Border(nil, nil, nil, widgets.Row(16, widgets.NewButton(widgets.Link, t("checkup.title"), func() { checkup.Open(p.host) }),
			widgets.NewButton(widgets.Link, t("login.look_again"), p.look)),
			widgets.NewText(t("login.keys"), theme.TextTable, theme.Text2)),
		p.faces,
		p.remote,
		p.pinField,
		widgets.Row(8, widgets.Grow(p.tries.Clip()), p.demo),
		p.trouble,
		p.choices(),
		widgets.Fixed(0, 42, p.enter),
		p.enter.Note(),
	)
	body := widgets.Stack(byKey)
	p.scan = newByScan(p.host, p.keep.On, func() { tabs.Choose(0); tabs.OnChanged(0) })
	ways := []fyne.CanvasObject{byKey, p.scan.content, p.account.content}
	tabs.OnChanged = func(i int) {
		p.scan.end()
		body.Objects = []fyne.CanvasObject{ways[i]}
		if i == 1 {
			p.scan.begin(p.ctx)
		}
		body.Refresh()
		if ways[i] == p.account.content {
			p.account.name.Focus()
		}
	}
	head := widgets.Column(6,
		widgets.Border(nil, nil, nil, widgets.NewButton(widgets.Link, t("login.verify"), func() { p.host.Home(verifyfile.Nav) }),
			widgets.NewText(t("login.heading"), 24, theme.Text).Bold()),
		p.platform.content,
	)
	form := widgets.Fixed(formWidth, 0, widgets.Column(16, head, p.kept, p.tabs, body))
	right := widgets.Fixed(formWidth+136, 0, widgets.Filled(theme.White,
		widgets.NewScrollArea(widgets.Pad(88, 68, 40, 68, form))))
	return widgets.Border(nil, nil, nil, right, p.brand())
}

// brand is the left half: what the program is for, on the house's blue.
func (p *Page) brand() fyne.CanvasObject {
	t := p.host.Words().T
	ground := canvas.NewLinearGradient(theme.NavyDeep, theme.PrimaryHi, 160)
	logo := canvas.NewImageFromResource(fyne.NewStaticResource("app.svg", assets.AppIconSVG()))
	logo.FillMode = canvas.ImageFillContain
	point := func(icon, text string) fyne.CanvasObject {
		return widgets.Row(12, widgets.Icon(theme.Icon(icon), 20, theme.NavText), widgets.NewText(text, 15, theme.NavText))
	}
	words := widgets.Column(14,
		widgets.NewText(t("brand.claim"), 34, theme.White).Bold(),
		widgets.NewText(t("brand.sub"), 16, theme.NavText),
		widgets.Gap(1, 14),
		point("verify", t("brand.point1")), point("seal", t("brand.point2")), point("outbox", t("brand.point3")),
	)
	top := widgets.Row(12, widgets.Fixed(40, 40, logo), widgets.NewText(t("app.name"), 18, theme.White).Bold())
	return widgets.Stack(ground, widgets.Pad(48, 32, 40, 56,
		widgets.Border(top, widgets.NewText(t("brand.foot"), theme.TextCaption, theme.NavQuiet), nil, nil,
			widgets.Column(0, widgets.Spacer(), words, widgets.Spacer()))))
}

func (p *Page) look() {
	p.faces.Loading()
	var keys []desk.Key
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		keys, err = p.host.Desk().Keys(ctx)
		return err
	}, func(err error) {
		t := p.host.Words().T
		switch {
		case len(keys) == 0:
			// A driver that failed is told of beside it, for it may be that of a key which is not even plugged in.
			text, button := t("login.no_key"), widgets.NewButton(widgets.Secondary, t("checkup.title"), func() { checkup.Open(p.host) })
			if err != nil {
				text += "\n" + p.host.Words().Problem(err).What
				button = widgets.NewButton(widgets.Secondary, t("button.retry"), p.look)
			}
			p.faces.Empty(text, button)
		default:
			p.fill(keys)
		}
		p.refresh()
	})
}

// fill shows the keys; the one that was chosen stays chosen when it is still there. Otherwise a locked one is chosen last.
func (p *Page) fill(keys []desk.Key) {
	wanted := p.prefer
	was, chosen := p.key()
	if chosen {
		wanted = func(k desk.Key) bool { return k.URI == was.URI && k.ID == was.ID }
	}
	p.keys, p.chosen = keys, -1
	best := 0
	for i, k := range keys {
		rank := 1
		switch {
		case len(k.Unfit) > 0:
			continue
		case wanted(k) && (chosen || !k.Locked):
			rank = 3
		case !k.Locked:
			rank = 2
		}
		if rank > best {
			p.chosen, best = i, rank
		}
	}
	if is, ok := p.key(); chosen && !(ok && is.URI == was.URI && is.ID == was.ID) {
		p.pin.Wipe() // it was typed for a key that is gone, and is not tried at another
	}
	p.draw()
	p.faces.Filled()
	p.refresh()
	if p.chosen >= 0 {
		p.pin.Focus()
	}
}

func (p *Page) draw() {
	p.list.Objects = nil
	for i, k := range p.keys {
		p.list.Add(keycard.New(p.host.Words(), k, i == p.chosen, func() {
			p.chosen = i
			p.pin.Wipe()
			p.trouble.Objects = nil
			p.draw()
			p.refresh()
			p.pin.Focus()
		}))
	}
	p.list.Refresh()
}

// refresh says how many tries are left and why the button cannot be pressed.
func (p *Page) refresh() {
	t := p.host.Words().T
	p.demo.SetText("")
	p.drawRemote()
	k, ok := p.key()
	if ok && k.PINPad || !ok && len(p.keys) > 0 {
		p.pin.Disable() // it would go nowhere
	} else if !p.trying {
		p.pin.Enable()
	}
	switch {
	case !ok:
		p.enter.SetReason(p.whyNone())
		p.tries.SetText("")
	case k.Locked:
		p.enter.SetReason(t("login.why_locked"))
		p.tries.SetText(t("login.locked_do"))
		p.tries.SetColor(theme.Red)
	case k.PINPad:
		p.tries.SetColor(theme.Text2)
		p.tries.SetText(pin.PadText(p.host, k))
		p.enter.SetReason("")
	default:
		p.tries.SetColor(theme.Text3)
		if k.Tries >= 0 {
			p.tries.SetText(t("login.tries", "tries", k.Tries))
		} else {
			p.tries.SetText("")
		}
		if k.FewTries() {
			p.tries.SetColor(theme.Red)
		}
		if k.DemoPIN != "" {
			p.demo.SetText(t("login.demo_pin", "pin", k.DemoPIN))
		}
		reason := ""
		if p.pin.Len() == 0 {
			reason = t("login.why_no_pin")
		}
		p.enter.SetReason(reason)
	}
	p.content.Refresh()
}

// whyNone says what to do where no key can be chosen: what helps the only one that is there, for that one stands in the port.
func (p *Page) whyNone() string {
	t := p.host.Words().T
	switch {
	case len(p.keys) == 0:
		return t("login.why_no_key")
	case len(p.keys) == 1 && len(p.keys[0].Unfit) > 0 && p.keys[0].Unfit[0].Do != "":
		return p.keys[0].Unfit[0].Do
	}
	return t("login.why_none_fit")
}

func (p *Page) key() (desk.Key, bool) {
	if p.chosen < 0 || p.chosen >= len(p.keys) {
		return desk.Key{}, false
	}
	return p.keys[p.chosen], true
}

func (p *Page) login() {
	k, ok := p.key()
	if !ok || p.enter.Reason() != "" {
		return
	}
	pin.LastTry(p.host, k.Tries == 1, k.Owner, func(last bool) { p.try(k, last) })
}

func (p *Page) try(k desk.Key, lastTry bool) {
	request := desk.LoginRequest{Key: k, PIN: p.pin.Take(), LastTry: lastTry, Remember: p.remember.On(), Keep: p.keep.On()}
	p.trouble.Objects = nil
	p.trying = true
	p.platform.lock(p.host.Words().T("login.why_trying"))
	p.enter.SetBusy(true)
	p.pin.Disable()
	begin(p.life, p.host, func(ctx context.Context) (*desk.Session, error) {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
		defer cancel()
		return p.host.Desk().Login(ctx, request)
	}, func(session *desk.Session, err error) {
		p.trying = false
		p.platform.lock("")
		p.enter.SetBusy(false)
		p.pin.Enable()
		if err == nil {
			p.host.Login(session)
			return
		}
		problem := p.host.Words().Problem(err)
		p.pin.SetWrong(problem.Code == desk.CodePINWrong)
		p.trouble.Objects = []fyne.CanvasObject{widgets.ErrorPanel(page.ErrorText(problem))}
		p.look() // the tries left are read anew
		if proxy.Wanted(err) {
			p.content.Refresh()
			proxy.Ask(p.host, p.pin.Focus)
		}
	})
}

// begin logs in, and tells done what came of it, unless life has ended by then: a session that comes so late is nobody's, and is
// closed, for while it lasts the desk stays with its platform.
func begin(life context.Context, host page.Host, login func(context.Context) (*desk.Session, error), done func(*desk.Session, error)) {
	var session *desk.Session
	host.Do(context.Background(), func(context.Context) (err error) {
		session, err = login(life)
		return err
	}, func(err error) {
		switch {
		case life.Err() == nil:
			done(session, err)
		case err == nil:
			go session.Close() // it waits for what is being sent
		}
	})
}
