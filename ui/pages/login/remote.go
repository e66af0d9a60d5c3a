package login

import (
	"context"
	"net/url"

	"fyne.io/fyne/v2"

	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// drawRemote offers to open the platform's remote signing account, as long as it is not open.
func (p *Page) drawRemote() {
	p.remote.Objects = nil
	r, ok := p.host.Desk().Remote()
	if ok && !r.Open {
		host := r.Service
		if u, err := url.Parse(r.Service); err == nil {
			host = u.Host
		}
		p.remote.Add(widgets.Border(nil, nil, nil,
			widgets.NewButton(widgets.Link, p.host.Words().T("remote.open"), func() { p.openRemote(r.Account, host) }),
			widgets.NewText(p.host.Words().T("remote.keys", "account", r.Account, "host", host), theme.TextTable, theme.Text2).Clip()))
	}
}

// openRemote asks for the account's password, and lists its keys.
func (p *Page) openRemote(account, host string) {
	t := p.host.Words().T
	password, trouble := widgets.NewTextField(t("login.password_hint")).Hidden(), widgets.Column(0)
	var d *widgets.Dialog
	confirm := widgets.NewButton(widgets.Primary, t("remote.open"), nil)
	check := func(string) {
		reason := ""
		if password.Text() == "" {
			reason = t("remote.why_no_password")
		}
		confirm.SetReason(reason)
	}
	enter := func() {
		if confirm.Reason() != "" {
			return
		}
		secret := []byte(password.Text())
		password.SetText("")
		confirm.SetBusy(true)
		p.host.Do(p.ctx, func(ctx context.Context) error { return p.host.Desk().OpenRemote(ctx, secret) }, func(err error) {
			confirm.SetBusy(false)
			check("")
			if err == nil {
				d.Close()
				p.look()
				return
			}
			trouble.Objects = []fyne.CanvasObject{widgets.ErrorPanel(page.ErrorText(p.host.Words().Problem(err)))}
			d.Refresh()
			password.Focus()
		})
	}
	password.OnChanged, password.OnSubmitted = check, func(string) { enter() }
	confirm.SetOnPress(enter)
	check("")
	d = widgets.NewDialog(t("remote.title"), widgets.Column(12,
		widgets.Facts(widgets.Fact{Name: t("remote.service"), Value: host}, widgets.Fact{Name: t("login.account"), Value: account}),
		widgets.NewFieldAbove(t("login.password"), false, password, ""), trouble),
		widgets.NewButton(widgets.Secondary, t("button.cancel"), func() { d.Close() }), confirm).FocusFirst(password)
	p.host.Dialog(d)
}
