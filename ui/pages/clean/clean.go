package clean

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"

	"sealdesk/signer/cleancopy"
	"sealdesk/signer/preview"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/compare"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/reader"
	"sealdesk/ui/pages/stamp"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const panelWidth = 344

// A Page makes and shows the clean copy of a contract's filing.
type Page struct {
	host     page.Host
	work     *desk.Work
	ctx      context.Context
	view     desk.View
	stop     context.CancelFunc // ends the making of the copy
	unsealed bool               // the copy goes for review first: there is no seal to put on it yet

	reader   *reader.Reader
	panel    *widgets.ScrollArea
	count    *widgets.Chip
	note     *widgets.Text
	again    *widgets.Button
	beside   *widgets.Button // the copy beside the upload
	confirm  *widgets.Button
	progress *widgets.Progress
	made     fyne.CanvasObject // what is shown when there is a copy
	body     *fyne.Container
	content  fyne.CanvasObject
}

// New makes the page.
func New(host page.Host, work *desk.Work) page.Page {
	p := &Page{host: host, work: work, ctx: context.Background(), stop: func() {}, reader: reader.New(host)}
	p.panel = widgets.NewScrollArea(widgets.Gap(1, 1))
	p.count = widgets.NewChip("0", theme.Neutral)
	p.note = widgets.NewText("", theme.TextTable, theme.Text2).Clip()
	p.again = widgets.NewButton(widgets.Secondary, p.t("clean.again"), p.make)
	p.beside = widgets.NewButton(widgets.Secondary, p.t("clean.compare"), p.compare).WithIcon(theme.IconCompare)
	p.beside.Hide()
	p.unsealed = work.View(context.Background()).ReviewFirst
	confirm := "clean.confirm"
	if p.unsealed {
		confirm = "clean.confirm_only"
	}
	p.confirm = widgets.NewButton(widgets.Primary, p.t(confirm), p.confirmed)
	side := widgets.Fixed(panelWidth, 0, widgets.Filled(theme.White,
		widgets.Border(reader.Head(widgets.Grow(widgets.Title(p.t("clean.taken_out"))), p.count), nil, nil, nil, p.panel)))
	p.made = widgets.Border(nil, nil, nil, widgets.Border(nil, nil, widgets.VLine(), nil, side), p.reader.Content())
	p.body = widgets.Stack(p.made)
	back := widgets.NewButton(widgets.Secondary, p.t("clean.back"), host.Back)
	p.content = widgets.Border(nil, widgets.Foot(p.note, widgets.Actions(back, p.again, p.beside, p.confirm)), nil, nil, p.body)
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return "contracts" }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("clean.title") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page: it makes the clean copy when there is none of the present file.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	page.Rest(p.beside, p.confirm)
	p.reader.Listen()
	var v desk.View
	p.host.Do(ctx, func(ctx context.Context) error {
		v = p.work.View(ctx)
		return nil
	}, func(error) {
		p.view = v
		if p.view.Filing.Clean == nil {
			p.make()
			return
		}
		p.load()
	})
}

// Leave implements page.Leaver.
func (p *Page) Leave() {
	p.stop()
	p.reader.Silence()
	p.reader.Close()
}

func (p *Page) refresh(why string) {
	p.again.SetReason("")
	if reason, ok := p.view.Why(desk.ActionClean); !ok && why == "" {
		why = reason.What
		p.again.Disable()
	}
	p.confirm.SetReason(why)
}

// make makes the clean copy anew.
func (p *Page) make() {
	ctx, stop := context.WithCancel(p.ctx)
	p.stop = stop
	p.reader.Close()
	p.again.Disable()
	p.beside.Hide() // until there is a copy again
	p.confirm.SetReason(p.t("clean.why_working"))
	p.note.SetText("")
	cancel := widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { stop() })
	p.progress = widgets.NewProgress(cancel)
	name := ""
	if o := p.view.Filing.Original; o != nil {
		name = o.Name
	}
	p.put(widgets.Fixed(560, 0, widgets.PaddedCard(widgets.Pad(6, 4, 8, 4, widgets.Column(14,
		widgets.Title(p.t("clean.making", "file", name)).Clip(),
		widgets.NewParagraph(p.t("clean.making_why"), theme.TextTable, theme.Text2),
		p.progress)))))
	var v desk.View
	// The outcome of a cancelled copy is waited for too, so that the page can say so.
	p.host.Do(p.ctx, func(context.Context) error {
		_, err := p.work.Clean(ctx, func(step string, done, total int64) {
			p.host.Post(func() {
				p.progress.Set(p.t(step), part(done, total), p.t("clean.part", "percent", int(part(done, total)*100)))
			})
		})
		v = p.work.View(ctx)
		return err
	}, func(err error) {
		stop()
		p.view = v
		p.refresh("")
		if err != nil {
			p.failed(err)
			return
		}
		p.load()
	})
}

func part(done, total int64) float64 {
	if total <= 0 {
		return 0
	}
	return float64(done) / float64(total)
}

func (p *Page) failed(err error) {
	p.refresh(p.t("clean.why_none"))
	if errors.Is(err, context.Canceled) {
		p.put(widgets.Fixed(480, 0, widgets.WarnPanel(
			widgets.ErrorText{What: p.t("clean.cancelled"), Do: p.t("clean.cancelled_do")},
			widgets.NewButton(widgets.Secondary, p.t("clean.again"), p.make))))
		return
	}
	p.put(widgets.Fixed(520, 0, widgets.ErrorPanel(page.ErrorText(p.host.Words().Problem(err)),
		widgets.NewButton(widgets.Secondary, p.t("button.retry"), p.make))))
}

// put shows something in place of the pages.
func (p *Page) put(o fyne.CanvasObject) {
	p.body.Objects = []fyne.CanvasObject{widgets.Center(o)}
	p.body.Refresh()
}

// load shows the copy that was made.
func (p *Page) load() {
	p.body.Objects = []fyne.CanvasObject{p.made}
	p.body.Refresh()
	clean := *p.view.Filing.Clean
	p.tell(p.view.Filing.Report)
	p.confirm.SetReason(p.t("clean.why_opening"))
	p.reader.Load(p.ctx, clean.Name, func(ctx context.Context) (*preview.Document, error) {
		shown, err := p.work.Show(ctx, clean)
		if err != nil {
			return nil, err
		}
		return shown.Document, nil
	}, func(err error) {
		if err != nil {
			p.reader.Failed(err, widgets.NewButton(widgets.Secondary, p.t("clean.again"), p.make))
			p.refresh(p.t("clean.why_none"))
			return
		}
		p.refresh("")
	})
}

func (p *Page) tell(r *cleancopy.Report) {
	if r == nil {
		return
	}
	found := newList(p.host.Words(), r, p.reader.View.GoTo)
	found.changed = func() { p.panel.Refresh() }
	p.panel.SetContent(widgets.Pad(16, 16, 16, 16, found.column))
	p.beside.Show()
	total := 0
	for _, it := range r.Items {
		total += max(it.Count, 1)
	}
	tone := theme.Good
	if total+len(r.Doubts) > 0 {
		tone = theme.Warn
	}
	p.count.Set(p.t("clean.count", "count", total), tone)
	p.note.SetText(p.t("clean.note", "pages", r.Pages, "size", words.Size(r.Output.Size), "digest", r.Output.SHA256[:min(8, len(r.Output.SHA256))]))
	p.content.Refresh()
}

// compare shows the copy beside the upload, with what differs.
func (p *Page) compare() {
	p.beside.SetBusy(true)
	clean := p.work.Paper(*p.view.Filing.Clean)
	var uploaded desk.Paper
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		uploaded, err = p.work.Uploaded(ctx)
		return err
	}, func(err error) {
		p.beside.SetBusy(false)
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.host.Open(compare.Of(p.host, &uploaded, compare.RoleUploaded, &clean, compare.RoleClean))
	})
}

// confirmed keeps that the person saw it and goes on to the seal; the way back from there leads to the contract.
func (p *Page) confirmed() {
	p.confirm.SetBusy(true)
	p.host.Do(p.ctx, func(context.Context) error { return p.work.ConfirmClean() }, func(err error) {
		p.confirm.SetBusy(false)
		if err != nil {
			p.host.Tell(err)
			return
		}
		host, work := p.host, p.work
		host.Back()
		if p.unsealed {
			return
		}
		host.Open(stamp.New(host, stamp.OfContract(host, work)))
	})
}
