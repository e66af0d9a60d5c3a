package bind

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/keycard"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/pin"
	"sealdesk/ui/pages/scan"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const width = 760

// A Page is the work of one account. It has the window alone, as the login page has.
type Page struct {
	host    page.Host
	account *desk.AccountSession
	ctx     context.Context
	keys    []desk.Key
	chosen  int

	box    *fyne.Container // of the sections
	list   *fyne.Container // of keys
	faces  *widgets.Faces
	fit    *fyne.Container // how the chosen certificate stands to the account
	bind   *widgets.Button
	phone  *widgets.Button // nil: the platform has no mobile CA
	scroll *widgets.ScrollArea
}

// New makes the page. It ends the account's session when it goes away.
func New(host page.Host, account *desk.AccountSession) *Page {
	p := &Page{host: host, account: account, ctx: context.Background(), chosen: -1, box: widgets.Column(theme.CardGap),
		list: widgets.Column(8), fit: widgets.Column(10)}
	p.faces = widgets.NewFaces(p.list)
	p.bind = widgets.NewButton(widgets.Primary, p.t("bind.do"), p.ask).WithIcon(theme.IconUSB)
	if host.Desk().HasPhone() {
		p.phone = widgets.NewButton(widgets.Secondary, p.t("scan.title_bind"), p.byScan).WithIcon(theme.IconScan)
	}
	a := account.Account()
	leave := widgets.NewButton(widgets.Secondary, p.t("bind.leave"), host.Back)
	head := widgets.Row(16, widgets.Grow(widgets.Column(4, widgets.NewText(p.t("bind.title"), 24, theme.Text).Bold(),
		widgets.NewText(p.t("bind.who", "person", a.Person, "account", a.Account, "platform", host.Desk().PlatformName()), theme.TextTable, theme.Text2).Clip())),
		widgets.Middle(leave))
	note := widgets.InfoPanel(widgets.ErrorText{What: p.t("bind.only"), Do: p.t("bind.only_do")})
	column := widgets.Fixed(width, 0, widgets.Pad(28, 0, 28, 0, widgets.Column(theme.CardGap, head, note, p.box)))
	p.scroll = widgets.NewScrollArea(widgets.Row(0, widgets.Spacer(), column, widgets.Spacer()))

	p.draw()
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return "" }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("bind.title") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.scroll }

// Show implements page.Page: it looks for keys.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	page.Rest(p.bind)
	if p.phone != nil {
		page.Rest(p.phone)
	}
	p.look()
}

// KeysChanged implements page.KeyWatcher.
func (p *Page) KeysChanged() { p.look() }

// Leave implements page.Leaver: the account is logged out.
func (p *Page) Leave() {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = p.account.Logout(ctx) // the platform ends the session by itself when it cannot be told
	}()
}

// draw shows the account, what is bound to it, and the keys.
func (p *Page) draw() {
	a := p.account.Account()
	var orgs []widgets.Fact
	for _, o := range a.Organisations {
		orgs = append(orgs, widgets.Fact{Name: o.Name, Value: o.USCC})
	}
	p.box.Objects = []fyne.CanvasObject{
		widgets.Section("01", p.t("bind.organisations"), p.t("bind.organisations_sub"), widgets.Pad(6, 0, 14, 0, widgets.FactLines(orgs...))),
		widgets.Section("02", p.t("bind.bound"), "", p.bound(a)),
		widgets.Section("03", p.t("bind.by_key"), p.t("bind.by_key_sub"), widgets.Pad(6, 0, 14, 0, widgets.Column(12,
			widgets.Border(nil, nil, nil, widgets.NewButton(widgets.Link, p.t("login.look_again"), p.look),
				widgets.NewText(p.t("login.keys"), theme.TextTable, theme.Text2)),
			p.faces, p.fit, p.buttons()))),
	}
	p.judge()
}

func (p *Page) buttons() fyne.CanvasObject {
	row := []fyne.CanvasObject{widgets.Spacer(), widgets.Row(0, p.bind.Note())}
	if p.phone != nil {
		row = append(row, p.phone)
	}
	return widgets.Row(10, append(row, p.bind)...)
}

// byScan binds the certificate that the person chooses on the phone (扫码绑定证书).
func (p *Page) byScan() {
	run, s := desk.NewScan(p.ctx, desk.ScanAbout{Kind: desk.ScanBind, Platform: p.host.Desk().PlatformName()})
	scan.Open(p.ctx, p.host, s)
	p.phone.SetBusy(true)
	p.host.Do(p.ctx, func(context.Context) error { return p.account.BindByScan(run, s) }, func(err error) {
		p.phone.SetBusy(false)
		switch {
		case errors.Is(err, context.Canceled): // called off here
		case err != nil:
			p.host.Tell(err)
		default:
			p.host.Toast(theme.Good, p.t("bind.done_phone"))
		}
		p.draw()
		p.look()
	})
}

// bound lists the certificates that are bound, each with the way to take it off.
func (p *Page) bound(a platformapi.Account) fyne.CanvasObject {
	if len(a.Bindings) == 0 {
		return widgets.Pad(6, 0, 14, 0, widgets.Quiet(p.t("bind.none")))
	}
	col := widgets.Column(0)
	for i, b := range a.Bindings {
		if i > 0 {
			col.Add(widgets.HLine())
		}
		col.Add(widgets.Pad(9, 0, 9, 0, widgets.Row(theme.TableGap,
			widgets.Grow(widgets.Column(2, widgets.NewText(b.Organisation.Name+"　"+b.Person, theme.TextBody, theme.Text).Clip(),
				widgets.Quiet(p.t("bind.line", "until", b.NotAfter.Local().Format(time.DateOnly), "bound", p.host.Words().Beijing(b.BoundAt, "2006-01-02 15:04"),
					"digest", b.CertificateSHA256[:min(16, len(b.CertificateSHA256))])).Clip())),
			widgets.NewButton(widgets.Link, p.t("bind.off"), func() { p.takeOff(b) }))))
	}
	return widgets.Pad(0, 0, 8, 0, col)
}

func (p *Page) look() {
	p.faces.Loading()
	var keys []desk.Key
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		keys, err = p.host.Desk().Keys(ctx)
		return err
	}, func(err error) {
		if len(keys) == 0 {
			text := p.t("login.no_key")
			if err != nil {
				text += "\n" + p.host.Words().Problem(err).What
			}
			p.keys, p.chosen = nil, -1
			p.faces.Empty(text, widgets.NewButton(widgets.Secondary, p.t("button.retry"), p.look))
			p.judge()
			return
		}
		p.fill(keys)
	})
}

// fill shows the keys; the one that was chosen stays chosen when it is still there, else the first that fits is.
func (p *Page) fill(keys []desk.Key) {
	was, had := p.key()
	p.keys, p.chosen = keys, -1
	for i, k := range keys {
		if had && k.URI == was.URI && k.ID == was.ID {
			p.chosen = i
			break
		}
		if len(k.Unfit) == 0 && (p.chosen < 0 || p.account.Fit(k).Fits() && !p.account.Fit(keys[p.chosen]).Fits()) {
			p.chosen = i
		}
	}
	p.drawKeys()
	p.faces.Filled()
}

func (p *Page) drawKeys() {
	p.list.Objects = nil
	for i, k := range p.keys {
		p.list.Add(keycard.New(p.host.Words(), k, i == p.chosen, func() {
			p.chosen = i
			p.drawKeys()
			if len(p.fit.Objects) > 0 {
				p.scroll.Reveal(p.fit)
			}
		}))
	}
	p.list.Refresh()
	p.judge()
}

func (p *Page) key() (desk.Key, bool) {
	if p.chosen < 0 || p.chosen >= len(p.keys) {
		return desk.Key{}, false
	}
	return p.keys[p.chosen], true
}

// judge shows how the chosen certificate stands to the account, and what keeps it from being bound.
func (p *Page) judge() {
	p.fit.Objects = nil
	k, ok := p.key()
	reason := ""
	switch fit := p.account.Fit(k); {
	case !ok:
		reason = p.t("login.why_no_key")
	case fit.Bound:
		reason = p.t("bind.why_bound")
	case !fit.Name || !fit.Code:
		reason = p.t("bind.why_differs")
		p.fit.Objects = []fyne.CanvasObject{difference(p.host.Words(), k, fit)}
	case k.Locked:
		reason = p.t("login.why_locked")
	}
	p.bind.SetReason(reason)
	p.fit.Refresh()
	p.scroll.Refresh()
}

// ask asks for the PIN of the chosen key.
func (p *Page) ask() {
	if k, ok := p.key(); ok {
		p.enter(k, "")
	}
}

func (p *Page) enter(k desk.Key, trouble string) {
	a := p.account.Account()
	pin.AskFor(p.ctx, p.host, k, pin.Request{
		Confirm: p.t("bind.do"),
		Facts: []widgets.Fact{
			{Name: p.t("bind.fact_platform"), Value: p.host.Desk().PlatformName()},
			{Name: p.t("bind.fact_account"), Value: a.Account + "　" + a.Person},
			{Name: p.t("bind.fact_what"), Value: p.t("bind.fact_says")},
		},
		Run: func(pin []byte, lastTry, _ bool) { p.run(k, pin, lastTry) },
	}, trouble)
}

func (p *Page) run(k desk.Key, secret []byte, lastTry bool) {
	p.bind.SetBusy(true)
	p.host.Do(p.ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
		defer cancel()
		return p.account.Bind(ctx, desk.BindRequest{Key: k, PIN: secret, LastTry: lastTry})
	}, func(err error) {
		p.bind.SetBusy(false)
		if err == nil {
			p.host.Toast(theme.Good, p.t("bind.done", "owner", k.Owner))
			p.draw()
			p.look()
			return
		}
		p.judge()
		if trouble, again := pin.Again(p.host, err); again {
			p.askAgain(k, trouble)
			return
		}
		p.host.Tell(err)
		p.look()
	})
}

// askAgain asks anew after a wrong PIN, with the tries that the key has now.
func (p *Page) askAgain(k desk.Key, trouble string) {
	var keys []desk.Key
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		keys, err = p.host.Desk().Keys(ctx)
		return err
	}, func(err error) {
		p.fill(keys)
		for _, now := range keys {
			if now.URI == k.URI && now.ID == k.ID {
				p.enter(now, trouble)
				return
			}
		}
		p.host.Tell(errors.Join(desk.ErrKeyGone, err))
	})
}

func (p *Page) takeOff(b platformapi.Binding) {
	p.host.Ask(p.t("bind.off_title"), p.t("bind.off_body", "owner", b.Organisation.Name, "person", b.Person), true, p.t("bind.off_confirm"), func() {
		p.host.Do(p.ctx, func(ctx context.Context) error { return p.account.Unbind(ctx, b.CertificateSHA256) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
			} else {
				p.host.Toast(theme.Good, p.t("bind.off_done"))
			}
			p.draw()
		})
	})
}
