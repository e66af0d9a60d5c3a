package proxy

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk/proxy"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// choices in the order of their radio buttons.
var choices = []proxy.Choice{proxy.System, proxy.None, proxy.Named}

// A Form is the choice of a proxy. What is chosen is in force at once; an address that is not whole yet is kept back until it is.
type Form struct {
	host page.Host

	choice  *widgets.Radios
	address *widgets.TextField
	named   *fyne.Container // the row of the address
	login   *widgets.Button
	who     *widgets.Text
	content *fyne.Container
	grown   func() // what the form stands in makes room anew
}

// NewForm makes the form as the settings are; grown is called when it may have another height.
func NewForm(host page.Host, grown func()) *Form {
	f := &Form{host: host, grown: func() {}}
	t := host.Words().T
	f.choice = widgets.NewRadios(t("proxy.system"), t("proxy.none"), t("proxy.named"))
	f.address = widgets.NewTextField("10.0.0.1:3128")
	f.who = widgets.Body("").Clip()
	f.login = widgets.NewButton(widgets.Secondary, t("proxy.login"), func() { Ask(host, f.Show) })
	f.named = row(t("proxy.address"), widgets.Grow(f.address))
	f.content = widgets.Column(12, f.choice, f.named, row(t("proxy.user"), widgets.Grow(widgets.Middle(f.who)), f.login))
	f.Show()
	f.grown = grown
	f.choice.OnChanged = func(int) { f.change() }
	f.address.OnChanged = func(string) { f.change() }
	return f
}

// row is a label before what it names.
func row(label string, objects ...fyne.CanvasObject) *fyne.Container {
	name := widgets.Fixed(120, 0, widgets.Middle(widgets.NewText(label, theme.TextTable, theme.Text2).Clip()))
	return widgets.Row(12, append([]fyne.CanvasObject{name}, objects...)...)
}

// Content is what to show.
func (f *Form) Content() fyne.CanvasObject { return f.content }

// Show reads the settings anew.
func (f *Form) Show() {
	way := f.host.Desk().Settings().Proxy
	f.choice.Choose(slices.Index(choices, way.Choice))
	f.address.SetText(way.Address)
	f.draw()
}

func (f *Form) change() {
	s := f.host.Desk().Settings()
	s.Proxy.Choice, s.Proxy.Address = choices[max(f.choice.Chosen(), 0)], strings.TrimSpace(f.address.Text())
	wrong := s.Proxy.Check() != nil
	f.address.SetWrong(wrong && s.Proxy.Address != "")
	if !wrong && s != f.host.Desk().Settings() {
		if err := f.host.Desk().ChangeSettings(s); err != nil {
			f.host.Tell(err)
		}
	}
	f.draw()
}

func (f *Form) draw() {
	t := f.host.Words().T
	chosen := choices[max(f.choice.Chosen(), 0)]
	f.named.Hidden = chosen != proxy.Named
	f.login.SetReason("")
	if chosen == proxy.None {
		f.login.SetReason(t("proxy.why_none"))
	}
	f.who.SetText(t("proxy.no_user"))
	if user := f.host.Desk().Settings().Proxy.User; user != "" {
		f.who.SetText(user)
	}
	f.content.Refresh()
	f.grown()
}

// Open shows the form in a dialog, for who is not logged in yet.
func Open(host page.Host) {
	var d *widgets.Dialog
	done := widgets.NewButton(widgets.Primary, host.Words().T("button.ok"), func() { d.Close() })
	d = widgets.NewDialog(host.Words().T("proxy.title"), widgets.Column(12,
		widgets.NewParagraph(host.Words().T("proxy.note"), theme.TextTable, theme.Text2), NewForm(host, func() { d.Refresh() }).Content()), nil, done).Wide(520)
	host.Dialog(d)
}

// Wanted tells that an error is a proxy's that wants a login.
func Wanted(err error) bool { return platformapi.IsCode(err, platformapi.CodeProxyLogin) }

// Ask asks for the user and the password of the proxy; then is called when they were set.
func Ask(host page.Host, then func()) {
	t := host.Words().T
	user := widgets.NewTextField("")
	user.SetText(host.Desk().Settings().Proxy.User)
	password := widgets.NewPINField("")
	trouble := widgets.Column(0)
	var d *widgets.Dialog
	cancel := widgets.NewButton(widgets.Secondary, t("button.cancel"), func() {
		password.Wipe()
		d.Close()
	})
	confirm := widgets.NewButton(widgets.Primary, t("proxy.login_save"), nil)
	enter := func() {
		if confirm.Reason() != "" {
			return
		}
		name, secret := strings.TrimSpace(user.Text()), password.Take()
		confirm.SetBusy(true)
		kept := false
		host.Do(context.Background(), func(context.Context) (err error) {
			kept, err = host.Desk().SetProxyLogin(name, string(secret))
			clear(secret)
			return err
		}, func(err error) {
			confirm.SetBusy(false)
			if err != nil {
				trouble.Objects = []fyne.CanvasObject{widgets.ErrorPanel(page.ErrorText(host.Words().Problem(err)))}
				d.Refresh()
				return
			}
			d.Close()
			if !kept && name != "" {
				host.Toast(theme.Warn, t("proxy.not_kept"))
			}
			then()
		})
	}
	confirm.SetOnPress(enter)
	user.OnSubmitted = func(string) { password.Focus() }
	password.OnSubmitted = enter
	d = widgets.NewDialog(t("proxy.login_title"), widgets.Column(8,
		widgets.NewParagraph(t("proxy.login_note"), theme.TextTable, theme.Text2),
		widgets.NewFieldAbove(t("proxy.user"), false, user, ""),
		widgets.NewFieldAbove(t("proxy.password"), false, password, ""), trouble), cancel, confirm)
	if user.Text() == "" {
		d.FocusFirst(user)
	} else {
		d.FocusFirst(password)
	}
	host.Dialog(d)
}
