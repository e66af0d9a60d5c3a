package keys

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/pages/checkup"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/scan"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Nav is the page's item of the sidebar.
const Nav = "keys"

// A Page is the page of keys.
type Page struct {
	host page.Host
	ctx  context.Context

	media   []desk.Medium
	held    []bids.Held // bids that only certificates of these or other tokens open
	lookups bool        // the places where no library was are shown

	list    *fyne.Container
	drivers *fyne.Container
	faces   *widgets.Faces
	scroll  *widgets.ScrollArea
	content fyne.CanvasObject
}

// New makes the page.
func New(host page.Host) *Page {
	p := &Page{host: host, ctx: context.Background(), list: widgets.Column(theme.CardGap), drivers: widgets.Column(0)}
	p.scroll = widgets.NewScrollArea(widgets.Page(widgets.Column(theme.CardGap, p.list, p.drivers)))
	p.faces = widgets.NewFaces(p.scroll)
	tools := widgets.Foot(widgets.Quiet(p.t("keys.note")).Clip(), widgets.Actions(
		widgets.NewButton(widgets.Secondary, p.t("checkup.title"), func() { checkup.Open(p.host) }).WithIcon(theme.IconVerify),
		widgets.NewButton(widgets.Secondary, p.t("keys.add_driver"), p.addDriver).WithIcon(theme.IconPlus),
		widgets.NewButton(widgets.Secondary, p.t("login.look_again"), p.lookAgain).WithIcon(theme.IconRefresh)))
	p.content = widgets.Border(nil, tools, nil, nil, p.faces)
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return Nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("nav.keys") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	p.faces.Loading()
	p.read()
}

// KeysChanged implements page.KeyWatcher.
func (p *Page) KeysChanged() { p.read() }

func (p *Page) read() {
	var media []desk.Medium
	var libraries []desk.Library
	var held []bids.Held
	s := p.host.Session() // the host's is gone when the person logs out meanwhile
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		media, err = p.host.Desk().Media(ctx)
		if phone, linked := s.PhoneMedium(ctx); linked {
			media = append([]desk.Medium{phone}, media...) // it is what signs now
		}
		libraries = p.host.Desk().Libraries(ctx)
		held = s.Bids().Held(ctx)
		return err
	}, func(err error) {
		p.media, p.held = media, held
		p.list.Objects = nil
		if err != nil {
			problem := p.host.Words().Problem(err)
			p.list.Add(widgets.WarnPanel(page.ErrorText(problem), widgets.NewButton(widgets.Secondary, p.t("button.retry"), p.lookAgain)))
		}
		for _, o := range p.heldBids() {
			p.list.Add(o)
		}
		for _, m := range media {
			p.list.Add(p.card(m))
		}
		if len(media) == 0 && err == nil {
			p.list.Add(widgets.InfoPanel(widgets.ErrorText{What: p.t("keys.none"), Do: p.t("keys.none_do")}))
		}
		p.drawDrivers(libraries)
		p.faces.Filled()
		p.content.Refresh()
	})
}

// lookAgain finds drivers that were installed meanwhile, too.
func (p *Page) lookAgain() {
	p.host.Do(p.ctx, func(context.Context) error { return p.host.Desk().LookForLibraries() }, func(err error) {
		p.host.Tell(err)
		p.read()
	})
}

// card shows one token with its certificates.
func (p *Page) card(m desk.Medium) fyne.CanvasObject {
	about := strings.Join(notEmpty(m.Manufacturer, m.Model, m.Serial), " · ")
	pin, test := p.pinButton(m), p.testButton(m)
	icon, state, actions := "usb", p.tries(m), widgets.Actions(pin, test)
	if m.Locked { // said by the panel below, once for both
		actions = widgets.Row(10, widgets.Spacer(), pin, test)
	}
	if m.Phone {
		icon, about = "phone", p.t("keys.phone_linked")
		if session, lives := p.host.Session().PhoneSession(); lives {
			about = scan.SessionText(p.host, session)
		}
		state, actions = widgets.NewChip(p.t("keys.phone"), theme.Good), widgets.Actions(widgets.NewButton(widgets.Secondary, p.t("scan.end"), p.endSession))
	}
	head := widgets.Row(12, widgets.Icon(theme.Icon(icon), 24, theme.Primary),
		widgets.Grow(widgets.Column(2, widgets.NewText(m.Label, theme.TextSub, theme.Text).Bold().Clip(), widgets.Quiet(about).Clip())),
		state, actions)
	col := widgets.Column(12, head)
	if m.Locked {
		col.Add(widgets.ErrorPanel(widgets.ErrorText{What: p.t("login.locked"), Do: p.t("login.locked_do")}))
	}
	if m.Problem != nil {
		col.Add(widgets.WarnPanel(page.ErrorText(*m.Problem)))
	}
	if len(m.Certificates) == 0 && m.Problem == nil {
		col.Add(widgets.Quiet(p.t("keys.empty_token")))
	}
	for _, c := range m.Certificates {
		col.Add(widgets.HLine())
		col.Add(p.certificate(c))
	}
	return widgets.PaddedCard(col)
}

// endSession ends the session with the phone (会话签章).
func (p *Page) endSession() {
	p.host.Do(p.ctx, func(context.Context) error {
		p.host.Session().Release()
		return nil
	}, func(error) {
		p.host.Toast(theme.Neutral, p.t("scan.ended"))
		p.read()
	})
}

func notEmpty(texts ...string) []string {
	var out []string
	for _, s := range texts {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (p *Page) tries(m desk.Medium) fyne.CanvasObject {
	switch {
	case m.Locked:
		return widgets.NewChip(p.t("keys.locked"), theme.Bad)
	case m.Tries < 0:
		return widgets.NewChip(p.t("keys.tries_unknown"), theme.Neutral)
	case m.Tries < m.MaxTries:
		return widgets.NewChip(p.t("keys.tries", "tries", m.Tries, "max", m.MaxTries), theme.Warn)
	}
	return widgets.NewChip(p.t("keys.tries", "tries", m.Tries, "max", m.MaxTries), theme.Good)
}

// certificate shows whose it is, what for, until when, by whom, and whether it can be used.
func (p *Page) certificate(c desk.Certificate) fyne.CanvasObject {
	use, tone := p.t("keys.signs"), theme.Info
	switch {
	case c.Signs && c.Encrypts:
		use = p.t("keys.both")
	case c.Encrypts:
		use, tone = p.t("keys.encrypts"), theme.Neutral
	}
	until, ink := p.t("login.until", "date", c.Until.Format(time.DateOnly)), theme.Text2
	switch left := c.DaysLeft(time.Now()); {
	case time.Now().After(c.Until):
		until, ink = p.t("keys.expired", "date", c.Until.Format(time.DateOnly)), theme.Red
	case left <= desk.ExpiringDays:
		until, ink = p.t("login.until_soon", "date", c.Until.Format(time.DateOnly), "days", left), theme.Amber
	}
	head := widgets.Row(10, widgets.NewChip(use, tone), widgets.NewChip(c.Algorithm, theme.Neutral),
		widgets.Grow(widgets.NewText(c.Owner, theme.TextBody, theme.Text).Bold().Clip()), widgets.NewText(until, theme.TextTable, ink))
	chain := append([]string{c.Issuer}, c.Chain...)
	if len(c.Chain) > 0 && c.Chain[0] == c.Issuer {
		chain = c.Chain
	}
	pair := p.t("keys.unpaired")
	switch {
	case c.Signs && c.Encrypts:
		pair = p.t("keys.one_for_both")
	case c.Partner != "":
		pair = p.t("keys.paired")
	case c.Encrypts:
		pair = p.t("keys.old_encryption")
	}
	col := widgets.Column(6, head, widgets.FactLines(
		widgets.Fact{Name: p.t("keys.issuer"), Value: strings.Join(chain, " ← ")},
		widgets.Fact{Name: p.t("keys.number"), Value: c.Number},
		widgets.Fact{Name: p.t("keys.pair"), Value: pair},
	))
	if !c.HasKey {
		col.Add(widgets.NewText(p.t("keys.no_key"), theme.TextCaption, theme.Red).Clip())
	}
	if names := p.heldBy(c.Number); len(names) > 0 {
		col.Add(widgets.NewParagraph(p.t("keys.bids_here", "count", len(names), "names", names), theme.TextCaption, theme.Amber))
	}
	if c.Signs {
		for _, why := range c.Unfit {
			col.Add(widgets.NewParagraph(why.String(), theme.TextCaption, theme.Red))
		}
	}
	return col
}

// heldBy names the bids that only the key of a certificate opens.
func (p *Page) heldBy(serial string) []string {
	var names []string
	for _, h := range p.held {
		if slices.Contains(h.Serials, serial) {
			names = append(names, p.opening(h))
		}
	}
	return names
}

func (p *Page) opening(h bids.Held) string {
	if h.Opens.IsZero() {
		return h.Name
	}
	return p.t("keys.bid_opens", "name", h.Name, "time", p.host.Words().Beijing(h.Opens, "2006-01-02 15:04"))
}

// heldBids warn of a change of the certificates that bids wait for, and of bids whose certificate is on none of the tokens that are
// here.
func (p *Page) heldBids() []fyne.CanvasObject {
	here := map[string]bool{}
	for _, m := range p.media {
		for _, c := range m.Certificates {
			here[c.Number] = c.HasKey
		}
	}
	var out []fyne.CanvasObject
	var names []string
	for _, h := range p.held {
		names = append(names, p.opening(h))
		if !h.Phone && !slices.ContainsFunc(h.Serials, func(serial string) bool { return here[serial] }) {
			out = append(out, widgets.WarnPanel(widgets.ErrorText{What: p.t("keys.bid_orphan", "name", p.opening(h), "serials", h.Serials), Do: p.t("keys.bid_orphan_do")}))
		}
	}
	if len(names) > 0 {
		out = append(out, widgets.WarnPanel(widgets.ErrorText{What: p.t("keys.bids_held", "count", len(names), "names", names), Do: p.t("keys.bids_held_do")}))
	}
	return out
}

// drawDrivers shows the libraries that are here, and on request where others were looked for.
func (p *Page) drawDrivers(libraries []desk.Library) {
	rows := widgets.Column(0)
	absent := 0
	for _, l := range libraries {
		if !l.Found {
			absent++
			if !p.lookups {
				continue
			}
		}
		if len(rows.Objects) > 0 {
			rows.Add(widgets.HLine())
		}
		rows.Add(p.driver(l))
	}
	if len(rows.Objects) == 0 {
		rows.Add(widgets.Pad(14, theme.CardPad, 14, theme.CardPad, widgets.NewParagraph(p.t("keys.no_driver"), theme.TextBody, theme.Text2)))
	}
	var more fyne.CanvasObject
	if absent > 0 {
		text := p.t("keys.show_lookups", "count", absent)
		if p.lookups {
			text = p.t("keys.hide_lookups")
		}
		more = widgets.NewButton(widgets.Link, text, func() {
			p.lookups = !p.lookups
			p.drawDrivers(libraries)
		})
	}
	p.drivers.Objects = []fyne.CanvasObject{widgets.Card(widgets.Column(0,
		widgets.CardHead(p.t("keys.drivers"), p.t("keys.drivers_note"), more), rows))}
	p.drivers.Refresh()
	p.content.Refresh()
}

func (p *Page) driver(l desk.Library) fyne.CanvasObject {
	state, tone := p.t("keys.driver_ready"), theme.Neutral
	switch {
	case !l.Found:
		state = p.t("keys.driver_absent")
	case l.Problem != nil:
		state, tone = p.t("keys.driver_refused"), theme.Bad
	case l.SetAside:
		state, tone = p.t("keys.driver_set_aside", "count", l.Crashes), theme.Bad
	case l.Crashes > 0:
		state, tone = p.t("keys.driver_crashed", "count", l.Crashes), theme.Warn
	case l.Running:
		state, tone = p.t("keys.driver_running"), theme.Good
	}
	ink := theme.Text
	if !l.Found {
		ink = theme.Text3
	}
	row := []fyne.CanvasObject{
		widgets.Grow(widgets.Column(2,
			widgets.NewText(fmt.Sprintf("%s　%s", l.Name, l.Interface), theme.TextBody, ink).Clip(),
			widgets.Quiet(strings.Join(notEmpty(l.Vendor, l.About, l.Path), " · ")).Clip())),
		widgets.NewChip(state, tone),
	}
	if l.SetAside {
		row = append(row, widgets.NewButton(widgets.Secondary, p.t("keys.reenable"), func() {
			p.host.Desk().ReenableLibrary(l.Path)
			p.read()
		}))
	}
	if l.Own {
		row = append(row, widgets.NewButton(widgets.Link, p.t("keys.forget_driver"), func() { p.forget(l) }))
	}
	col := widgets.Column(6, widgets.Row(12, row...))
	if l.Problem != nil {
		col.Add(widgets.NewParagraph(l.Problem.String(), theme.TextCaption, theme.Red))
	}
	return widgets.Pad(10, theme.CardPad, 10, theme.CardPad, col)
}

func (p *Page) addDriver() {
	p.host.ChooseFile(nil, func(path string) {
		p.host.Do(p.ctx, func(context.Context) error { return p.host.Desk().AddLibrary(path) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Toast(theme.Good, p.t("keys.driver_added"))
			p.read()
		})
	})
}

func (p *Page) forget(l desk.Library) {
	p.host.Ask(p.t("keys.forget_title"), p.t("keys.forget_body", "path", l.Path), true, p.t("keys.forget_confirm"), func() {
		p.host.Do(p.ctx, func(context.Context) error { return p.host.Desk().RemoveLibrary(l.Path) }, func(err error) {
			p.host.Tell(err)
			p.read()
		})
	})
}
