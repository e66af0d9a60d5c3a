package verifyfile

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"sealdesk/signer/verify"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/revision"
	"sealdesk/ui/pages/signatures"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// Nav is the page's item of the sidebar.
const Nav = "verifyfile"

// A Page judges one file at a time.
type Page struct {
	host page.Host
	ctx  context.Context
	path string
	stop context.CancelFunc // ends the judging of a file
	spin *widgets.Spinner   // while a file is judged

	zone    *widgets.DropZone // over the whole page while there is no file
	content *fyne.Container
}

// New makes the page.
func New(host page.Host) page.Page {
	p := &Page{host: host, ctx: context.Background(), stop: func() {}, spin: widgets.NewSpinner(28, theme.Primary)}
	p.content = widgets.Stack()
	p.ask()
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return Nav }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("nav.verify") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page: a file that was chosen is judged anew.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	if p.path != "" {
		p.judge(p.path)
	}
}

// Drop implements page.Dropper. The whole page takes files.
func (p *Page) Drop(_ fyne.Position, files []fyne.URI) {
	if len(files) > 0 {
		p.judge(files[0].Path())
	}
}

// OpenFile implements page.Opener.
func (p *Page) OpenFile() { p.host.ChooseFile([]string{"pdf"}, p.judge) }

// ask shows the place to drop a file on.
func (p *Page) ask() {
	p.path = ""
	p.spin.Stop()
	p.zone = widgets.NewDropZone(p.t("verifyfile.drop"), p.t("verifyfile.drop_note"), p.OpenFile).High(260)
	promise := func(icon theme.Icon, what, why string) fyne.CanvasObject {
		return widgets.Border(nil, nil, widgets.Pad(1, 12, 0, 0, widgets.Column(0, widgets.Icon(icon, 20, theme.Primary))), nil,
			widgets.Column(2, widgets.NewText(what, theme.TextBody, theme.Text).Bold().Clip(), widgets.NewParagraph(why, theme.TextTable, theme.Text2)))
	}
	p.put(widgets.Column(24, p.zone, widgets.Grid(3, 24,
		promise(theme.IconLock, p.t("verifyfile.promise1"), p.t("verifyfile.promise1_why")),
		promise(theme.IconUser, p.t("verifyfile.promise2"), p.t("verifyfile.promise2_why")),
		promise(theme.IconVerify, p.t("verifyfile.promise3"), p.t("verifyfile.promise3_why")),
	)))
}

func (p *Page) judge(path string) {
	p.stop()
	ctx, stop := context.WithCancel(p.ctx)
	p.path, p.stop = path, stop
	p.working(path)
	var report *verify.Report
	var size int64
	p.host.Do(ctx, func(ctx context.Context) error {
		info, err := os.Stat(path)
		if err == nil {
			size = info.Size()
		}
		report, err = p.host.Desk().Verify(ctx, path)
		return err
	}, func(err error) {
		defer stop()
		if err != nil {
			p.failed(err)
			return
		}
		p.judged(report, size)
	})
}

func (p *Page) working(path string) {
	p.spin.Start()
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() {
		p.stop()
		p.ask()
	})
	p.put(widgets.Card(widgets.Pad(20, 22, 20, 22, widgets.Row(16, widgets.Fixed(28, 28, p.spin), widgets.Grow(widgets.Column(2,
		widgets.Body(p.t("verifyfile.working")), widgets.Quiet(filepath.Base(path)).Clip())), cancel))))
}

func (p *Page) failed(err error) {
	p.spin.Stop()
	again := widgets.NewButton(widgets.Secondary, p.t("button.retry"), func() { p.judge(p.path) })
	p.put(widgets.Column(16, p.head(""), widgets.ErrorPanel(page.ErrorText(p.host.Words().Problem(err)), again)))
}

func (p *Page) judged(r *verify.Report, size int64) {
	p.spin.Stop()
	w := p.host.Words()
	list := signatures.List(w, r, signatures.Ways{Revision: p.revision})
	if len(r.Signatures) > 0 {
		list.Objects = append([]fyne.CanvasObject{widgets.Title(p.t("verifyfile.signatures", "count", len(r.Signatures)))}, list.Objects...)
	}
	save := widgets.NewButton(widgets.Secondary, p.t("verifyfile.report"), p.report).WithIcon(theme.IconDownload)
	p.put(widgets.Column(16, p.head(words.Size(size), save), signatures.Verdict(w, r), list))
}

// revision shows the file as one of its signers saw it.
func (p *Page) revision(n int) {
	p.host.Open(revision.New(p.host, Nav, desk.PaperAt(p.path), n))
}

// head names the file and leads to the next one.
func (p *Page) head(note string, more ...fyne.CanvasObject) fyne.CanvasObject {
	row := append([]fyne.CanvasObject{widgets.Icon(theme.IconContract, 22, theme.Text2),
		widgets.Grow(widgets.Row(10, widgets.Grow(widgets.Title(filepath.Base(p.path)).Clip()), widgets.Quiet(note)))}, more...)
	return widgets.Row(12, append(row, widgets.NewButton(widgets.Primary, p.t("verifyfile.another"), p.OpenFile).WithIcon(theme.IconUpload))...)
}

// report saves what was found as a PDF.
func (p *Page) report() {
	path := p.path
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	p.host.SaveFile(p.t("verifyfile.report_name", "file", name), func(to string) {
		p.host.Do(p.ctx, func(ctx context.Context) error { return p.host.Desk().WriteReport(ctx, path, to) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Toast(theme.Good, p.t("verifyfile.report_done", "file", filepath.Base(to)))
		})
	})
}

func (p *Page) put(o fyne.CanvasObject) {
	p.content.Objects = []fyne.CanvasObject{widgets.NewScrollArea(widgets.Page(o))} // what is scrolled by stands in the margin
	p.content.Refresh()
}
