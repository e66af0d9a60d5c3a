package view

import (
	"context"
	"path/filepath"

	"fyne.io/fyne/v2"

	"sealdesk/signer/preview"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/judgement"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/reader"
	"sealdesk/ui/pages/revision"
	"sealdesk/ui/pages/signatures"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const panelWidth = 336

// A Page shows one file.
type Page struct {
	host page.Host
	work *desk.Work
	file desk.File
	open bool // it is the copy for the public
	ctx  context.Context

	reader  *reader.Reader
	strip   *fyne.Container
	panel   *widgets.ScrollArea
	content fyne.CanvasObject
}

// New makes the page for a file of the contract.
func New(host page.Host, work *desk.Work, file desk.File) page.Page {
	return newPage(host, work, file, false)
}

// NewPublic makes it for the copy for the public, which is to have no signature.
func NewPublic(host page.Host, work *desk.Work, file desk.File) page.Page {
	return newPage(host, work, file, true)
}

func newPage(host page.Host, work *desk.Work, file desk.File, open bool) page.Page {
	p := &Page{host: host, work: work, file: file, open: open, ctx: context.Background(), reader: reader.New(host)}
	p.strip = widgets.Column(0)
	p.panel = widgets.NewScrollArea(widgets.Gap(1, 1))
	export := widgets.NewButton(widgets.Secondary, p.t("view.export"), p.export).WithIcon(theme.IconDownload)
	to := "view.back"
	if open {
		to = "view.back_publish"
	}
	back := widgets.NewButton(widgets.Primary, p.t(to), host.Back)
	foot := widgets.Filled(theme.White, widgets.Column(0, widgets.HLine(), widgets.Pad(12, 16, 16, 16, widgets.Column(10, export, back))))
	side := widgets.Fixed(panelWidth, 0,
		widgets.Border(reader.Head(widgets.Title(p.t("view.signatures"))), foot, nil, nil, p.panel))
	p.content = widgets.Border(p.strip, nil, nil, widgets.Border(nil, nil, widgets.VLine(), nil, side), p.reader.Content())
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return "contracts" }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("view.title") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	p.reader.Listen()
	p.load()
}

// Leave implements page.Leaver.
func (p *Page) Leave() {
	p.reader.Silence()
	p.reader.Close()
}

func (p *Page) load() {
	var verdict *verify.Report
	p.reader.Load(p.ctx, p.file.Name, func(ctx context.Context) (*preview.Document, error) {
		shown, err := p.work.Show(ctx, p.file)
		if err != nil {
			return nil, err
		}
		verdict = shown.Verdict
		return shown.Document, nil
	}, func(err error) {
		if err != nil {
			p.reader.Failed(err, widgets.NewButton(widgets.Secondary, p.t("button.retry"), p.load))
			return
		}
		p.judge(verdict)
	})
}

func (p *Page) judge(verdict *verify.Report) {
	w := p.host.Words()
	facts := widgets.Card(widgets.Pad(14, 16, 14, 16, widgets.FactLines(
		widgets.Fact{Name: p.t("view.size"), Value: words.Size(p.file.Size)},
		widgets.Fact{Name: p.t("view.digest"), Value: p.file.SHA256},
	)))
	p.strip.Objects = []fyne.CanvasObject{signatures.Strip(w, verdict)}
	if p.open && verdict.Verdict == verify.Unsigned {
		p.strip.Objects[0] = signatures.Note(judgement.Read(w, verdict).Tone, p.t("view.public"), p.t("view.public_do"))
	}
	list := signatures.List(w, verdict, signatures.Ways{Page: p.reader.View.GoTo, Revision: p.revision})
	list.Add(facts)
	p.panel.SetContent(widgets.Pad(14, 14, 14, 14, list))
	var dots []int
	for _, s := range verdict.Signatures {
		for _, at := range s.Widgets {
			dots = append(dots, at.Page)
		}
	}
	p.reader.Dots(dots...)
	p.content.Refresh()
}

// revision shows the file as one of its signers saw it.
func (p *Page) revision(n int) {
	p.reader.Silence()
	p.host.Open(revision.New(p.host, p.Nav(), p.work.Paper(p.file), n))
}

func (p *Page) export() {
	p.host.SaveFile(p.file.Name, func(path string) {
		p.host.Do(p.ctx, func(ctx context.Context) error { return p.work.Export(ctx, p.file, path) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Toast(theme.Good, p.t("view.exported", "file", filepath.Base(path)))
		})
	})
}
