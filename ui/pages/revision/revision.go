package revision

import (
	"context"

	"fyne.io/fyne/v2"

	"sealdesk/signer/preview"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/judgement"
	"sealdesk/ui/pages/compare"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/reader"
	"sealdesk/ui/pages/signatures"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const panelWidth = 336

// A Page shows the revision of one signature.
type Page struct {
	host  page.Host
	nav   string
	whole desk.Paper
	n     int
	shown *desk.Revision

	reader  *reader.Reader
	strip   *fyne.Container
	panel   *widgets.ScrollArea
	compare *widgets.Button
	back    *widgets.Button
	content fyne.CanvasObject
}

// New makes the page for signature n, from 1, of a file. nav is the item of the sidebar that it is reached from.
func New(host page.Host, nav string, whole desk.Paper, n int) page.Page {
	p := &Page{host: host, nav: nav, whole: whole, n: n, reader: reader.New(host)}
	p.strip = widgets.Column(0)
	p.panel = widgets.NewScrollArea(widgets.Gap(1, 1))
	p.compare = widgets.NewButton(widgets.Secondary, p.t("revision.compare"), p.openCompare).WithIcon(theme.IconCompare)
	p.compare.SetReason(p.t("view.opening"))
	p.back = widgets.NewButton(widgets.Primary, p.t("revision.back"), host.Back)
	foot := widgets.Filled(theme.White, widgets.Column(0, widgets.HLine(), widgets.Pad(12, 16, 16, 16,
		widgets.Column(10, p.compare.Note().Clip(), p.compare, p.back))))
	side := widgets.Fixed(panelWidth, 0,
		widgets.Border(reader.Head(widgets.Title(p.t("revision.since"))), foot, nil, nil, p.panel))
	p.content = widgets.Border(p.strip, nil, nil, widgets.Border(nil, nil, widgets.VLine(), nil, side), p.reader.Content())
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return p.nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("revision.title") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page.
func (p *Page) Show(ctx context.Context) {
	p.reader.Listen()
	p.load(ctx)
}

// Leave implements page.Leaver.
func (p *Page) Leave() {
	p.reader.Silence()
	p.reader.Close()
}

func (p *Page) load(ctx context.Context) {
	var shown *desk.Revision
	p.reader.Load(ctx, p.whole.Name, func(ctx context.Context) (_ *preview.Document, err error) {
		if shown, err = p.host.Desk().Revision(ctx, p.whole, p.n); err != nil {
			return nil, err
		}
		return shown.Document, nil
	}, func(err error) {
		if err != nil {
			p.reader.Failed(err, widgets.NewButton(widgets.Secondary, p.t("button.retry"), func() { p.load(ctx) }))
			return
		}
		p.shown = shown
		p.tell(shown.Said)
	})
}

// tell shows whose revision it is, and what came after it.
func (p *Page) tell(said judgement.Revision) {
	p.strip.Objects = []fyne.CanvasObject{signatures.Note(said.Tone, said.Sentence, said.Do)}
	col := widgets.Column(12)
	since := widgets.Column(8)
	for _, l := range said.Since {
		since.Add(signatures.Line(l))
	}
	if len(said.Since) == 0 {
		since.Add(signatures.Line(judgement.Line{Text: p.t("revision.nothing")}))
	}
	facts := make([]widgets.Fact, len(said.Facts))
	for i, f := range said.Facts {
		facts[i] = widgets.Fact{Name: f.Name, Value: f.Value}
	}
	col.Add(widgets.Card(widgets.Pad(14, 16, 14, 16, since)))
	col.Add(widgets.Card(widgets.Pad(14, 16, 14, 16, widgets.FactLines(facts...))))
	p.panel.SetContent(widgets.Pad(14, 14, 14, 14, col))
	p.reader.Named(p.shown.Paper.Name)
	p.reader.Dots(said.Pages...)
	if len(said.Pages) > 0 && said.Pages[0] <= len(p.reader.Sizes()) {
		p.reader.View.GoTo(said.Pages[0])
	}
	p.compare.SetReason("")
	if said.Current {
		p.compare.SetReason(p.t("revision.why_current"))
	}
	p.host.Window().Canvas().Focus(p.back)
	p.content.Refresh()
}

// openCompare holds the revision against the file as it is now.
func (p *Page) openCompare() {
	p.reader.Silence()
	p.host.Open(compare.Of(p.host, &p.shown.Paper, compare.RoleSigned, &p.whole, compare.RoleCurrent))
}

var _ page.Page = (*Page)(nil)
