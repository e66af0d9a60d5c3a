package login

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/bind"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/proxy"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// account is the tab 账号登录: for who has no certificate bound yet.
type account struct {
	page     *Page
	name     *widgets.TextField
	password *widgets.TextField
	enter    *widgets.Button
	trouble  *fyne.Container
	content  fyne.CanvasObject
}

func newAccount(p *Page) *account {
	t := p.host.Words().T
	a := &account{page: p, name: widgets.NewTextField(t("login.account_hint")), password: widgets.NewTextField(t("login.password_hint")).Hidden(), trouble: widgets.Column(0)}
	a.enter = widgets.NewButton(widgets.Primary, t("login.enter"), a.login)
	a.name.OnChanged = func(string) { a.judge() }
	a.name.OnSubmitted = func(string) { a.password.Focus() }
	a.password.OnChanged = func(string) { a.judge() }
	a.password.OnSubmitted = func(string) { a.login() }
	col := widgets.Column(12,
		widgets.NewParagraph(t("login.account_only"), theme.TextTable, theme.Text2),
		widgets.NewFieldAbove(t("login.account"), false, a.name, ""),
		widgets.NewFieldAbove(t("login.password"), false, a.password, ""),
		a.trouble)
	if demo := p.host.Desk().DemoAccount(); demo.Name != "" {
		col.Add(widgets.NewText(t("login.demo_account", "account", demo.Name, "password", demo.Password), theme.TextCaption, theme.Amber))
	}
	col.Add(widgets.Fixed(0, 42, a.enter))
	col.Add(a.enter.Note())
	a.content = col
	a.judge()
	return a
}

// judge says what keeps the button from being pressed.
func (a *account) judge() {
	reason := ""
	if strings.TrimSpace(a.name.Text()) == "" || a.password.Text() == "" {
		reason = a.page.host.Words().T("login.why_account")
	}
	a.enter.SetReason(reason)
}

func (a *account) login() {
	if a.enter.Reason() != "" {
		return
	}
	p := a.page
	name, secret := strings.TrimSpace(a.name.Text()), a.password.Text()
	a.password.SetText("")
	a.trouble.Objects = nil
	p.platform.lock(p.host.Words().T("login.why_trying"))
	a.enter.SetBusy(true)
	var session *desk.AccountSession
	p.host.Do(p.life, func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		session, err = p.host.Desk().LoginAccount(ctx, name, secret)
		return err
	}, func(err error) {
		p.platform.lock("")
		a.enter.SetBusy(false)
		a.judge()
		if err == nil {
			p.host.Open(bind.New(p.host, session))
			return
		}
		a.trouble.Objects = []fyne.CanvasObject{widgets.ErrorPanel(page.ErrorText(p.host.Words().Problem(err)))}
		p.content.Refresh()
		if proxy.Wanted(err) {
			proxy.Ask(p.host, a.password.Focus)
			return
		}
		a.password.Focus()
	})
}
