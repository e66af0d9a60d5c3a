package login

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/platforms"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/proxy"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// A chooser is the switch at the top of the page (平台选择): which platform it is, and the way to another one.
type chooser struct {
	host    page.Host
	moved   func() // to another platform, or to the same one as it is now
	name    *widgets.Text
	change  *widgets.Button
	line    *fyne.Container // of name and button
	hotline *fyne.Container
	trouble *fyne.Container
	content fyne.CanvasObject
}

func newChooser(host page.Host, moved func()) *chooser {
	c := &chooser{host: host, moved: moved, name: widgets.NewText("", theme.TextBody, theme.Text).Bold().Clip(), hotline: widgets.Column(0), trouble: widgets.Column(0)}
	t := host.Words().T
	if host.Desk().Book() == nil {
		text := t("login.no_platform")
		if name := host.Desk().PlatformName(); name != "" {
			text = t("login.platform", "name", name)
		}
		c.content = widgets.NewText(text, theme.TextTable, theme.Text3).Clip()
		return c
	}
	c.change = widgets.NewButton(widgets.Link, t("platforms.switch"), c.menu)
	c.line = widgets.Row(10, widgets.Middle(widgets.NewText(t("platforms.title"), theme.TextTable, theme.Text3)),
		widgets.Grow(widgets.Middle(c.name)), c.change)
	c.content = widgets.Column(8, c.line, c.hotline, c.trouble)
	c.tell(host.Desk().PlatformTrouble())
	return c
}

// tell shows what went wrong, or nothing, and the platform's name and telephone.
func (c *chooser) tell(err error) {
	c.trouble.Objects = nil
	if err != nil {
		c.trouble.Objects = []fyne.CanvasObject{widgets.ErrorPanel(page.ErrorText(c.host.Words().Problem(err)), c.aside(err)...)}
	}
	name := c.host.Desk().PlatformName()
	if name == "" {
		name = c.host.Words().T("platforms.none")
	}
	c.name.SetText(name)
	c.hotline.Objects = nil
	if number := c.host.Desk().Hotline(); number != "" {
		c.hotline.Objects = []fyne.CanvasObject{widgets.Quiet(c.host.Words().T("hotline", "number", number))}
	}
	c.content.Refresh()
}

// aside offers to set aside what cannot be read any more of the platform that was chosen.
func (c *chooser) aside(err error) []*widgets.Button {
	data, lost := desk.KeyLost(err)
	if !lost {
		return nil
	}
	t := c.host.Words().T
	return []*widgets.Button{widgets.NewButton(widgets.Secondary, t("shut.aside"), func() {
		c.host.Ask(t("shut.aside_title"), t("shut.aside_body", "folder", data), true, t("shut.aside_confirm"), func() {
			c.do(func(context.Context) error {
				_, err := desk.SetAside(desk.Folders{Data: data})
				return err
			}, c.tell)
		})
	})}
}

// lock keeps the platform as it is while a login is under way.
func (c *chooser) lock(why string) {
	if c.change != nil {
		c.change.SetReason(why)
	}
}

// menu lists the platforms, and what can be done with the one that is chosen.
func (c *chooser) menu() {
	t := c.host.Words().T
	at, chosen := c.host.Desk().Platform()
	var options []widgets.Option
	var acts []func()
	add := func(o widgets.Option, act func()) {
		options, acts = append(options, o), append(acts, act)
	}
	for _, p := range c.host.Desk().Book().List() {
		o := widgets.Option{Text: p.Name}
		if chosen && p.ID() == at.ID() {
			o.Note = t("platforms.current")
		}
		add(o, func() {
			c.do(func(ctx context.Context) error { return c.host.Desk().ChoosePlatform(ctx, p.ID()) }, c.tell)
		})
	}
	add(widgets.Option{Text: t("platforms.add")}, func() { c.edit("", platforms.Profile{}) })
	off, why := !chosen || at.Preset, ""
	if chosen && at.Preset {
		why = t("platforms.preset")
	}
	add(widgets.Option{Text: t("platforms.edit"), Note: why, Off: off}, func() { c.edit(at.ID(), at) })
	add(widgets.Option{Text: t("platforms.remove"), Note: why, Off: off}, func() { c.remove(at) })
	add(widgets.Option{Text: t("platforms.proxy")}, func() { proxy.Open(c.host) })
	widgets.ShowMenu(c.line, options, func(i int) { acts[i]() })
}

func (c *chooser) do(work func(context.Context) error, done func(error)) {
	c.lock(c.host.Words().T("platforms.busy"))
	c.host.Do(context.Background(), work, func(err error) {
		c.lock("")
		done(err)
		if err == nil {
			c.moved()
		}
	})
}

func (c *chooser) remove(p platforms.Profile) {
	t := c.host.Words().T
	c.host.Ask(t("platforms.remove_title"), t("platforms.remove_body", "name", p.Name), true, t("platforms.remove_confirm"), func() {
		c.do(func(ctx context.Context) error { return c.host.Desk().RemovePlatform(ctx, p.ID()) }, c.tell)
	})
}

// edit asks for a new platform, with an empty id, or for what is to be another way with one.
func (c *chooser) edit(id string, p platforms.Profile) {
	t := c.host.Words().T
	name, address := widgets.NewTextField(t("platforms.name_hint")), widgets.NewTextField("https://ggzy.example.gov.cn")
	mobile, service, account := widgets.NewTextField("https://"), widgets.NewTextField("https://…/csc/v2"), widgets.NewTextField(t("login.account"))
	name.SetText(p.Name)
	address.SetText(p.Address)
	mobile.SetText(p.MobileCA)
	service.SetText(p.CSC)
	account.SetText(p.CSCAccount)
	roots := widgets.Body("").Clip()
	trouble := widgets.Column(0)
	var d *widgets.Dialog
	tell := func(err error) {
		trouble.Objects = nil
		if err != nil {
			trouble.Objects = []fyne.CanvasObject{widgets.ErrorPanel(page.ErrorText(c.host.Words().Problem(err)))}
		}
		d.Refresh()
	}
	var clear *widgets.Button
	draw := func() {
		roots.SetText(t("platforms.roots_system"))
		clear.Hide()
		if names := p.RootNames(); len(names) > 0 {
			roots.SetText(strings.Join(names, "，"))
			clear.Show()
		}
	}
	clear = widgets.NewButton(widgets.Link, t("settings.roots_clear"), func() {
		p.Roots = ""
		draw()
	})
	choose := widgets.NewButton(widgets.Secondary, t("settings.roots_choose"), func() {
		c.host.ChooseFile([]string{"pem", "crt", "cer"}, func(path string) {
			pem, err := platforms.ReadRoots(path)
			if err == nil {
				p.Roots = pem
			}
			tell(err)
			draw()
		})
	})
	draw()
	title := t("platforms.add_title")
	if id != "" {
		title = t("platforms.edit_title")
	}
	cancel := widgets.NewButton(widgets.Secondary, t("button.cancel"), func() { d.Close() })
	confirm := widgets.NewButton(widgets.Primary, t("platforms.save"), nil)
	check := func(string) {
		why := ""
		if strings.TrimSpace(name.Text()) == "" || strings.TrimSpace(address.Text()) == "" {
			why = t("platforms.why_both")
		}
		confirm.SetReason(why)
	}
	name.OnChanged, address.OnChanged = check, check
	confirm.SetOnPress(func() {
		p.Name, p.Address, p.MobileCA, p.CSC, p.CSCAccount = name.Text(), address.Text(), strings.TrimSpace(mobile.Text()), service.Text(), account.Text()
		confirm.SetBusy(true)
		c.do(func(ctx context.Context) error { return c.host.Desk().SavePlatform(ctx, id, p) }, func(err error) {
			confirm.SetBusy(false)
			if err != nil {
				tell(err)
				return
			}
			d.Close()
			c.tell(nil)
		})
	})
	check("")
	d = widgets.NewDialog(title, widgets.Column(4,
		widgets.NewFieldAbove(t("platforms.name"), true, name, ""),
		widgets.NewFieldAbove(t("platforms.address"), true, address, t("platforms.address_hint")),
		widgets.NewFieldAbove(t("platforms.roots"), false, widgets.Row(10, widgets.Grow(widgets.Middle(roots)), widgets.Middle(clear), choose), t("platforms.roots_hint")),
		widgets.NewFieldAbove(t("platforms.mobile_ca"), false, mobile, t("platforms.mobile_ca_hint")),
		widgets.NewFieldAbove(t("platforms.csc"), false, widgets.Row(10, widgets.Grow(service), widgets.Fixed(150, 0, account)), t("platforms.csc_hint")),
		trouble, confirm.Note()), cancel, confirm).FocusFirst(name).Wide(540)
	c.host.Dialog(d)
}
