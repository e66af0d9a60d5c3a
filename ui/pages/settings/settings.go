package settings

import (
	"context"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/signer"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/proxy"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Nav is the page's item of the sidebar, and keysNav that of the page with the drivers.
const (
	Nav     = "settings"
	keysNav = "keys"
)

// The choices in the order of their radio buttons.
var (
	sources = []desk.Stamps{desk.StampsOff, desk.StampsPlatform, desk.StampsURL}
	levels  = []signer.Level{"", signer.LevelT, signer.LevelLT, signer.LevelLTA}
	askings = []desk.Asking{desk.AskNobody, desk.AskPublic, desk.AskIntranet}
)

// A Page is the page of settings. What is chosen is in force at once.
type Page struct {
	host page.Host
	ctx  context.Context

	source  *widgets.Radios
	url     *widgets.TextField
	roots   *widgets.Text
	choose  *widgets.Button
	clear   *widgets.Button
	try     *widgets.Button
	tried   *fyne.Container
	service *fyne.Container // the rows of another service
	level   *widgets.Radios
	lasting *fyne.Container // the rows of the level
	asking  *widgets.Radios
	proxy   func() // shows the proxy anew
	updates *updates
	seals   *seals
	zoom    *widgets.Radios
	speech  *language
	content fyne.CanvasObject
}

// New makes the page.
func New(host page.Host) *Page {
	p := &Page{host: host, ctx: context.Background()}
	t := p.t
	p.source = widgets.NewRadios(t("settings.stamps_off"), t("settings.stamps_platform"), t("settings.stamps_url"))
	p.source.OnChanged = func(int) { p.change() }
	p.url = widgets.NewTextField("http://tsa.example.cn/tsa")
	p.url.OnChanged = func(string) { p.change() }
	p.roots = widgets.Body("").Clip()
	p.choose = widgets.NewButton(widgets.Secondary, t("settings.roots_choose"), p.chooseRoots)
	p.clear = widgets.NewButton(widgets.Link, t("settings.roots_clear"), func() { p.keepRoots("") })
	p.try = widgets.NewButton(widgets.Secondary, t("settings.try"), p.tryStamps).WithIcon(theme.IconVerify)
	p.tried = widgets.Column(4)
	label := func(s string) fyne.CanvasObject {
		return widgets.Fixed(120, 0, widgets.Middle(widgets.NewText(s, theme.TextTable, theme.Text2).Clip()))
	}
	p.service = widgets.Column(10,
		widgets.Row(12, label(t("settings.url")), widgets.Grow(p.url)),
		widgets.Row(12, label(t("settings.roots")), widgets.Grow(widgets.Middle(p.roots)), widgets.Middle(p.clear), p.choose))
	p.level = widgets.NewRadios(t("settings.level_platform", "level", string(host.Desk().PlatformLevel())), t("settings.level_t"), t("settings.level_lt"), t("settings.level_lta"))
	p.level.OnChanged = func(int) { p.change() }
	p.lasting = widgets.Column(10, widgets.NewParagraph(t("settings.level_note"), theme.TextTable, theme.Text2), p.level)
	p.asking = widgets.NewRadios(t("settings.revocation_off"), t("settings.revocation_public"), t("settings.revocation_intranet"))
	p.asking.OnChanged = func(int) { p.change() }
	way := proxy.NewForm(host, func() { p.content.Refresh() })
	p.proxy = way.Show
	p.updates = newUpdates(p)
	p.seals = newSeals(p)
	p.speech = newLanguage(p)
	var zooms []string
	for _, percent := range desk.Zooms {
		zooms = append(zooms, t("settings.zoom_percent", "percent", percent))
	}
	p.zoom = widgets.NewRadios(zooms...)
	p.zoom.OnChanged = func(i int) { host.Zoom(desk.Zooms[i]) }
	p.content = widgets.NewScrollArea(widgets.Page(widgets.Fixed(760, 0, widgets.Column(theme.CardGap,
		section(t("settings.stamps"), t("settings.stamps_note"), p.source, p.service, widgets.Row(12, p.try, widgets.Grow(p.try.Note().Clip())), p.tried, p.lasting),
		section(t("settings.revocation"), t("settings.revocation_note"), p.asking),
		section(t("proxy.title"), t("proxy.note"), way.Content()),
		section(t("settings.language"), t("settings.language_note"), p.speech.choice, p.speech.later),
		section(t("settings.zoom"), t("settings.zoom_note"), p.zoom),
		section(t("settings.seals"), t("settings.seals_note"), p.seals.row),
		section(t("settings.others"), t("settings.others_note"), widgets.Start(widgets.NewButton(widgets.Link, t("settings.others_keys"), func() { host.Home(keysNav) }))),
		section(t("settings.updates"), t("settings.updates_note"), p.updates.rows()...),
		widgets.Quiet(t("settings.saved"))))))
	return p
}

// section is a card with a heading and what it is for.
func section(title, note string, rows ...fyne.CanvasObject) fyne.CanvasObject {
	col := widgets.Column(12, widgets.NewParagraph(note, theme.TextTable, theme.Text2))
	for _, r := range rows {
		col.Add(r)
	}
	return widgets.Card(widgets.Column(0, widgets.CardHead(title, "", nil), widgets.Pad(14, theme.CardPad, 18, theme.CardPad, col)))
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return Nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("nav.settings") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	page.Rest(p.try, p.updates.ask, p.seals.move)
	s := p.host.Desk().Settings()
	p.source.Choose(slices.Index(sources, s.Stamps))
	p.level.Choose(slices.Index(levels, s.Level))
	p.asking.Choose(slices.Index(askings, s.Revocation))
	p.url.SetText(s.StampURL)
	p.proxy()
	p.updates.atStart.Set(s.Updates)
	p.seals.show()
	p.speech.show()
	p.zoom.Choose(slices.Index(desk.Zooms, p.host.Desk().Zoom()))
	p.draw()
}

// chosen is what the page shows; the roots are those that are kept.
func (p *Page) chosen() desk.Settings {
	s := p.host.Desk().Settings()
	s.Stamps = sources[max(p.source.Chosen(), 0)]
	s.Level = levels[max(p.level.Chosen(), 0)]
	s.Revocation = askings[max(p.asking.Chosen(), 0)]
	s.StampURL = strings.TrimSpace(p.url.Text())
	return s
}

// change puts what is chosen in force. An address that is not whole yet is kept back until it is.
func (p *Page) change() {
	p.url.SetWrong(false)
	if s := p.chosen(); s != p.host.Desk().Settings() && p.why() == "" {
		if err := p.host.Desk().ChangeSettings(s); err != nil && s.Stamps == desk.StampsURL && s.StampURL != "" {
			p.url.SetWrong(true)
		} else if err != nil {
			p.host.Tell(err)
		}
	}
	p.draw()
}

// why is what keeps the choice of a source from being in force.
func (p *Page) why() string {
	switch sources[max(p.source.Chosen(), 0)] {
	case desk.StampsPlatform:
		if !p.host.Desk().PlatformStamps() {
			return p.t("settings.no_platform_stamps")
		}
	case desk.StampsURL:
		if strings.TrimSpace(p.url.Text()) == "" {
			return p.t("settings.why_url")
		}
	}
	return ""
}

func (p *Page) draw() {
	s := p.chosen()
	if s.Stamps == desk.StampsURL {
		p.service.Show()
	} else {
		p.service.Hide()
	}
	p.roots.SetText(p.t("settings.roots_none"))
	p.clear.Hide()
	if names := s.StampRootNames(); len(names) > 0 {
		p.roots.SetText(strings.Join(names, "，"))
		p.clear.Show()
	}
	p.tried.Objects = nil
	if s.Stamps == desk.StampsOff {
		p.try.Hide()
		p.try.SetReason("")
		p.lasting.Hide()
	} else {
		p.try.Show()
		p.lasting.Show()
		p.try.SetReason(p.why())
	}
	p.content.Refresh()
}

func (p *Page) chooseRoots() {
	p.host.ChooseFile([]string{"pem", "crt", "cer"}, func(path string) {
		var roots string
		p.host.Do(p.ctx, func(context.Context) (err error) {
			roots, err = desk.ReadStampRoots(path)
			return err
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.keepRoots(roots)
		})
	})
}

func (p *Page) keepRoots(roots string) {
	s := p.host.Desk().Settings()
	s.StampRoots = roots
	if err := p.host.Desk().ChangeSettings(s); err != nil {
		p.host.Tell(err)
	}
	p.draw()
}

// tryStamps has the service stamp something, and says how it went.
func (p *Page) tryStamps() {
	s := p.chosen()
	p.try.SetBusy(true)
	var got desk.Stamping
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		got, err = p.host.Desk().TryStamps(ctx, s)
		return err
	}, func(err error) {
		p.try.SetBusy(false)
		text, ink := p.t("settings.tried", "by", got.By, "at", got.At.Local().Format(time.DateTime)), theme.Green
		if err != nil {
			text, ink = p.host.Words().Problem(err).String(), theme.Red
		}
		p.tried.Objects = []fyne.CanvasObject{widgets.NewParagraph(text, theme.TextTable, ink)}
		p.content.Refresh()
	})
}

var _ page.Page = (*Page)(nil)
