package seals

import (
	"context"
	"fmt"
	"image/color"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Nav is the page's item of the sidebar.
const Nav = "seals"

const columns = 3

// A Page is the page of seals.
type Page struct {
	host page.Host
	ctx  context.Context

	seals   []desk.SealChoice
	chosen  string
	party   string           // whose seals they are
	removed *desk.SealChoice // what was removed last, to be brought back

	notices *fyne.Container
	body    *fyne.Container
	faces   *widgets.Faces
	content fyne.CanvasObject
}

// New makes the page.
func New(host page.Host) *Page {
	p := &Page{host: host, party: host.Session().Key().Owner, ctx: context.Background(), notices: widgets.Column(12), body: widgets.Column(theme.CardGap)}
	p.faces = widgets.NewFaces(widgets.NewScrollArea(widgets.Page(p.body)))
	foot := widgets.Foot(
		widgets.Row(4, widgets.Grow(widgets.Quiet(p.t("seals.true_size")).Clip()),
			widgets.NewButton(widgets.Link, p.t("seals.calibrate_short"), func() { calibrate(p.host, p.draw) })),
		widgets.Actions(
			widgets.NewButton(widgets.Secondary, p.t("seals.read_key"), func() { p.readKey(nil) }).WithIcon(theme.IconUSB),
			widgets.NewButton(widgets.Secondary, p.t("seals.import"), p.OpenFile).WithIcon(theme.IconUpload),
			widgets.NewButton(widgets.Primary, p.t("seals.make"), func() { host.Open(NewMaking(host)) }).WithIcon(theme.IconPlus)))
	p.content = widgets.Border(nil, foot, nil, nil, p.faces)
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

func (p *Page) seal() *desk.SealCase { return p.host.Session().SealCase() }

// Nav implements page.Page.
func (p *Page) Nav() string { return Nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("nav.seals") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	p.faces.Loading()
	p.read()
}

// read lists the seals anew. A name that cannot be drawn is a notice; what was kept is shown all the same.
func (p *Page) read() {
	var list []desk.SealChoice
	var chosen string
	kept := p.seal() // the host has no session when the person logs out meanwhile
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		list, err = kept.List(ctx)
		chosen = kept.Preferred(desk.SealsForContracts)
		return err
	}, func(err error) {
		p.notices.Objects = nil
		if err != nil {
			text := page.ErrorText(p.host.Words().Problem(err))
			if len(list) == 0 {
				p.faces.Failed(text, widgets.NewButton(widgets.Primary, p.t("button.retry"), p.read))
				return
			}
			p.notices.Add(widgets.WarnPanel(text, widgets.NewButton(widgets.Secondary, p.t("seals.add_font"), p.addFont)))
		}
		p.seals, p.chosen = list, chosen
		p.draw()
	})
}

// draw shows what was read.
func (p *Page) draw() {
	if p.removed != nil {
		p.noticeRemoved()
	}
	if len(p.seals) == 0 {
		p.faces.Empty(p.t("seals.none"), widgets.NewButton(widgets.Primary, p.t("seals.make"), func() { p.host.Open(NewMaking(p.host)) }))
		return
	}
	var cards []fyne.CanvasObject
	for i, s := range p.seals {
		// Without a choice the first that can be used is offered first.
		first := s.ID == p.chosen || i == 0 && !p.has(p.chosen)
		cards = append(cards, p.card(s, first))
	}
	p.body.Objects = []fyne.CanvasObject{widgets.Grid(columns, theme.CardGap, cards...)}
	if len(p.notices.Objects) > 0 {
		p.body.Objects = append([]fyne.CanvasObject{p.notices}, p.body.Objects...)
	}
	p.body.Refresh()
	p.faces.Filled()
	p.content.Refresh()
}

func (p *Page) has(id string) bool {
	for _, s := range p.seals {
		if s.ID == id && s.Broken == nil {
			return true
		}
	}
	return false
}

// noticeRemoved offers to bring back what was removed last.
func (p *Page) noticeRemoved() {
	s := *p.removed
	p.notices.Objects = []fyne.CanvasObject{widgets.InfoPanel(widgets.ErrorText{What: p.t("seals.removed", "title", s.Title), Do: p.t("seals.removed_do")},
		widgets.NewButton(widgets.Secondary, p.t("seals.undo"), func() {
			p.removed = nil
			p.do(func() error { return p.seal().Restore(s.ID) }, p.t("seals.restored", "title", s.Title))
		}))}
}

const pictureGround = 196 // height of the ground that a seal of 42 mm lies on

// card shows one seal: its picture, whose, until when, and what can be done with it.
func (p *Page) card(s desk.SealChoice, first bool) fyne.CanvasObject {
	ground := canvas.NewRectangle(theme.Head)
	ground.CornerRadius = theme.ControlRadius
	face := trueSize(p.host, s.Seal)
	if s.Seal.Image == nil {
		face = widgets.Icon(theme.IconWarning, 40, theme.Frame)
	}
	height := max(float32(pictureGround), face.MinSize().Height+20)
	col := widgets.Column(8,
		widgets.Fixed(0, height, widgets.Stack(ground, widgets.Center(face))),
		widgets.Row(6, p.chips(s, first)...),
		widgets.NewText(s.Short(p.party), theme.TextBody, theme.Text).Bold().Clip())
	if s.Owner != "" {
		col.Add(widgets.NewText(s.Owner, theme.TextTable, theme.Text2).Clip())
	}
	col.Add(widgets.Quiet(p.about(s)).Clip())
	if term, ink, ok := p.term(s); ok {
		t := widgets.NewText(term, theme.TextCaption, ink).Clip()
		col.Add(t)
	}
	switch {
	case s.Broken != nil:
		col.Add(widgets.NewParagraph(s.Broken.String(), theme.TextCaption, theme.Red))
	case len(s.Doubts) > 0:
		col.Add(widgets.NewParagraph(s.Doubts[0].What, theme.TextCaption, theme.Amber))
	}
	col.Add(widgets.Spacer())
	col.Add(widgets.HLine())
	col.Add(p.actions(s, first))
	return widgets.Card(widgets.Pad(14, 14, 10, 14, col))
}

func (p *Page) chips(s desk.SealChoice, first bool) []fyne.CanvasObject {
	kind, tone := p.t("seals.kind_picture"), theme.Neutral
	switch {
	case s.Electronic != nil:
		kind, tone = p.t("seals.kind_electronic"), theme.Info
	case s.Form != "":
		kind = p.t("seal." + string(s.Form))
	}
	chips := []fyne.CanvasObject{widgets.NewChip(kind, tone)}
	switch {
	case s.Broken != nil && s.Expired(time.Now()):
		chips = append(chips, widgets.NewChip(p.t("seals.expired"), theme.Bad))
	case s.Broken != nil:
		chips = append(chips, widgets.NewChip(p.t("seals.broken"), theme.Bad))
	case first:
		chips = append(chips, widgets.NewChip(p.t("seals.first"), theme.Good))
	}
	return chips
}

// about is how large it is and where it came from.
func (p *Page) about(s desk.SealChoice) string {
	var parts []string
	if s.Seal.Image != nil {
		parts = append(parts, size(s))
	}
	source := p.t("seals.from_" + string(s.Source))
	if !s.Added.IsZero() {
		source += " " + s.Added.Local().Format(time.DateOnly)
	}
	return strings.Join(append(parts, source), " · ")
}

func size(s desk.SealChoice) string {
	return fmt.Sprintf("%s × %s mm", millimetres(s.Seal.WidthMM), millimetres(s.Seal.HeightMM))
}

func millimetres(mm float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", mm), ".0")
}

// term is the maker and the end of an electronic seal's term.
func (p *Page) term(s desk.SealChoice) (string, color.Color, bool) {
	if s.Until.IsZero() {
		return "", theme.Text3, false
	}
	until := s.Until.Local().Format(time.DateOnly)
	switch now := time.Now(); {
	case s.Expired(now):
		return p.t("seals.until", "date", until, "maker", s.Maker), theme.Red, true
	case s.Expiring(now):
		return p.t("seals.until_soon", "date", until, "days", int(s.Until.Sub(now).Hours()/24), "maker", s.Maker), theme.Amber, true
	}
	return p.t("seals.until", "date", until, "maker", s.Maker), theme.Text2, true
}

func (p *Page) actions(s desk.SealChoice, first bool) fyne.CanvasObject {
	row := []fyne.CanvasObject{}
	if s.Broken == nil && !first {
		row = append(row, widgets.NewButton(widgets.Link, p.t("seals.prefer"), func() {
			p.do(func() error { return p.seal().Prefer(desk.SealsForContracts, s.ID) }, p.t("seals.preferred", "title", s.Title))
		}))
	}
	row = append(row, widgets.Spacer())
	if s.Kept() {
		if !s.Added.IsZero() {
			row = append(row, widgets.NewButton(widgets.Link, p.t("seals.rename"), func() { p.rename(s) }))
		}
		row = append(row, widgets.NewButton(widgets.Link, p.t("seals.remove"), func() { p.remove(s) }))
	}
	if len(row) == 1 {
		return widgets.Fixed(0, theme.SmallControl, widgets.Middle(widgets.Quiet(p.t("seals.drawn_note")).Clip()))
	}
	return widgets.Fixed(0, theme.SmallControl, widgets.Row(14, row...))
}

// do changes something and lists the seals anew.
func (p *Page) do(change func() error, done string) {
	p.host.Do(p.ctx, func(context.Context) error { return change() }, func(err error) {
		if err != nil {
			p.host.Tell(err)
		} else if done != "" {
			p.host.Toast(theme.Good, done)
		}
		p.read()
	})
}

func (p *Page) remove(s desk.SealChoice) {
	p.host.Do(p.ctx, func(context.Context) error { return p.seal().Remove(s.ID) }, func(err error) {
		if err != nil {
			p.host.Tell(err)
		} else {
			p.removed = &s
		}
		p.read()
	})
}

func (p *Page) rename(s desk.SealChoice) {
	title := widgets.NewTextField("")
	title.SetText(s.Title)
	var d *widgets.Dialog
	enter := func() {
		d.Close()
		p.do(func() error { return p.seal().Rename(s.ID, title.Text()) }, "")
	}
	confirm := widgets.NewButton(widgets.Primary, p.t("seals.rename"), enter)
	title.OnChanged = func(text string) {
		why := ""
		if strings.TrimSpace(text) == "" {
			why = p.t("seals.why_title")
		}
		confirm.SetReason(why)
	}
	title.OnSubmitted = func(string) {
		if confirm.Reason() == "" {
			enter()
		}
	}
	d = widgets.NewDialog(p.t("seals.rename_title"), widgets.NewFieldAbove(p.t("seals.title_of"), true, title, ""),
		widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { d.Close() }), confirm).FocusFirst(title)
	p.host.Dialog(d)
}

func (p *Page) addFont() { addFont(p.host, p.ctx, p.read) }

// addFont takes a font for rare characters.
func addFont(host page.Host, ctx context.Context, done func()) {
	host.ChooseFile([]string{"ttf", "otf", "ttc", "otc"}, func(path string) {
		var name string
		host.Do(ctx, func(context.Context) (err error) {
			name, err = host.Desk().AddSealFont(path)
			return err
		}, func(err error) {
			if err != nil {
				host.Tell(err)
				return
			}
			host.Toast(theme.Good, host.Words().T("seals.font_added", "font", name))
			done()
		})
	})
}
