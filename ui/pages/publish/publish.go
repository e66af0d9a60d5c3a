package publish

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/term"
	"sealdesk/ui/pages/view"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const (
	timeForm  = "2006-01-02 15:04:05"
	maxNumber = 100
)

// A Page is 公示与备案 of one contract.
type Page struct {
	host page.Host
	work *desk.Work
	ctx  context.Context // of the page in front
	view desk.View

	hide     hiding
	looked   string // digest of the copy that was looked at
	making   bool
	stop     context.CancelFunc
	progress *widgets.Progress

	number  *widgets.TextField
	date    *widgets.DateField
	confirm *widgets.Button
	record  *widgets.Button
	box     *fyne.Container
	content fyne.CanvasObject
}

// New makes the page.
func New(host page.Host, work *desk.Work) *Page {
	p := &Page{host: host, work: work, ctx: context.Background(), stop: func() {}}
	p.hide = newHiding(p)
	p.number = widgets.NewTextField(p.t("public.number_hint"))
	p.number.OnChanged = func(string) { p.judge() }
	p.date = widgets.NewDateField(p.t("form.date_hint"), p.calendar(), time.Now)
	p.date.SetText(words.Day(time.Now()))
	p.date.OnDate = func(time.Time, bool) { p.judge() }
	p.box = widgets.Column(theme.CardGap)
	p.content = widgets.NewScrollArea(widgets.Page(p.box))
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return "contracts" }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("public.title") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	p.stop()
	p.making = false // with the page that went away its copy was called off, and nobody was told
	p.reread()
	p.host.Do(ctx, p.work.Refresh, func(err error) {
		if err != nil && !platformapi.Retryable(err) {
			p.host.Tell(err)
		}
		p.reread()
	})
}

// Leave implements page.Leaver.
func (p *Page) Leave() { p.stop() }

func (p *Page) reread() {
	var v desk.View
	p.host.Do(p.ctx, func(ctx context.Context) error {
		v = p.work.View(ctx)
		return nil
	}, func(error) {
		p.view = v
		p.draw()
	})
}

func (p *Page) draw() {
	var out []fyne.CanvasObject
	for _, d := range p.view.Deadlines {
		if d.Kind == platformapi.DeadlineSign || !p.ours() {
			continue
		}
		if w := term.Warning(p.host.Words(), d); w != nil {
			out = append(out, w)
		}
	}
	how := ""
	if p.ours() {
		how = p.t("public.file_sub")
	}
	out = append(out,
		widgets.Section("01", p.t("public.publish"), p.t("public.publish_sub"), p.publication()),
		widgets.Section("02", p.t("public.file"), how, p.filing()))
	p.box.Objects = out
	p.box.Refresh()
	p.judge()
}

// publication is what was published, or the way to it: what is hidden, the copy, and the button that publishes it.
func (p *Page) publication() fyne.CanvasObject {
	v := p.view
	p.confirm = nil
	if done := v.Published; done != nil {
		lines := []fyne.CanvasObject{widgets.InfoPanel(widgets.ErrorText{
			What: p.t("public.published", "time", p.host.Words().Beijing(done.PublishedAt, timeForm), "person", done.Person),
			Do:   p.t("public.published_do", "digest", short(done.SHA256), "original", short(done.OriginalSHA256)),
		})}
		for _, h := range done.Hidden {
			lines = append(lines, widgets.Quiet(p.t("public.what_"+string(h.What))+" × "+p.count(h.Count)+p.reason(h.Reason)))
		}
		if copied, ok := p.copied(done.SHA256); ok {
			lines = append(lines, widgets.Start(widgets.NewButton(widgets.Secondary, p.t("public.save"), func() { p.save(copied) }).WithIcon(theme.IconDownload)))
		}
		return widgets.Pad(6, 0, 14, 0, widgets.Column(10, lines...))
	}
	if !p.ours() {
		return p.awaited("public.not_published", platformapi.DeadlinePublish)
	}
	if p.making {
		return widgets.Pad(10, 0, 14, 0, p.progress)
	}
	col := []fyne.CanvasObject{widgets.Quiet(p.due(platformapi.DeadlinePublish)), widgets.NewParagraph(p.t("public.default"), theme.TextBody, theme.Text), p.hide.content()}
	makeKey, kind := "public.make", widgets.Primary
	if v.Public != nil {
		makeKey, kind = "public.make_again", widgets.Secondary
		col = append(col, p.result(v.Public))
	}
	again := widgets.NewButton(kind, p.t(makeKey), p.make)
	if why, ok := v.Why(desk.ActionPublish); !ok {
		again.SetReason(why.What)
		col = append(col, widgets.Quiet(why.What))
	}
	buttons := widgets.Row(10, widgets.Spacer(), again)
	if v.Public != nil {
		look, confirm := widgets.Primary, widgets.Secondary // in turn
		if p.looked == v.Public.File.SHA256 {
			look, confirm = confirm, look
		}
		p.confirm = widgets.NewButton(confirm, p.t("public.confirm"), p.publish).WithIcon(theme.IconPublish)
		buttons = widgets.Row(10, widgets.Spacer(), widgets.Row(0, p.confirm.Note()), again,
			widgets.NewButton(look, p.t("public.look"), p.look).WithIcon(theme.IconEye), p.confirm)
	}
	return widgets.Pad(6, 0, 14, 0, widgets.Column(12, append(col, buttons)...))
}

// ours tells that publishing and filing are this side's.
func (p *Page) ours() bool { return p.view.Role == platformapi.RolePurchaser }

// awaited tells the side that only looks what is not done yet, and until when it has to be.
func (p *Page) awaited(what string, kind platformapi.DeadlineKind) fyne.CanvasObject {
	return widgets.Pad(6, 0, 14, 0, widgets.InfoPanel(widgets.ErrorText{What: p.t(what), Do: p.due(kind)}))
}

// due says until when something has to be done and by which article; empty where there is no term.
func (p *Page) due(kind platformapi.DeadlineKind) string {
	for _, d := range p.view.Deadlines {
		if d.Kind == kind {
			return term.Line(p.host.Words(), d)
		}
	}
	return ""
}

// copied is the published copy as the platform has it.
func (p *Page) copied(digest string) (platformapi.Attachment, bool) {
	i := slices.IndexFunc(p.view.Attachments, func(a platformapi.Attachment) bool {
		return a.Kind == platformapi.KindPublication && a.SHA256 == digest
	})
	if i < 0 {
		return platformapi.Attachment{}, false
	}
	return p.view.Attachments[i], true
}

// save brings the published copy to a file of the person's.
func (p *Page) save(a platformapi.Attachment) {
	p.host.SaveFile(a.Name, func(path string) {
		p.host.Do(p.ctx, func(ctx context.Context) error { return p.work.Download(ctx, a, path) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Toast(theme.Good, p.t("form.exported", "file", filepath.Base(path)))
		})
	})
}

// filing is what was filed, or the form for it.
func (p *Page) filing() fyne.CanvasObject {
	p.record = nil
	if done := p.view.Filed; done != nil {
		return widgets.Pad(6, 0, 14, 0, widgets.InfoPanel(widgets.ErrorText{
			What: p.t("public.filed", "number", done.Number),
			Do:   p.t("public.filed_do", "day", done.FiledOn, "time", p.host.Words().Beijing(done.RecordedAt, timeForm), "person", done.Person),
		}))
	}
	if !p.ours() {
		return p.awaited("public.not_filed", platformapi.DeadlineFile)
	}
	kind := widgets.Secondary
	if p.view.Published != nil {
		kind = widgets.Primary // nothing else is left
	}
	p.record = widgets.NewButton(kind, p.t("public.record"), p.file)
	return widgets.Pad(6, 0, 14, 0, widgets.Column(12,
		widgets.Quiet(p.due(platformapi.DeadlineFile)),
		widgets.Form(2, widgets.NewField(p.t("public.number"), true, p.number, ""), widgets.NewField(p.t("public.day"), true, p.date, "")),
		widgets.Row(10, widgets.Spacer(), widgets.Row(0, p.record.Note()), p.record)))
}

// judge says what keeps the buttons from being pressed.
func (p *Page) judge() {
	if p.confirm != nil {
		reason := ""
		if why, ok := p.view.Why(desk.ActionPublish); !ok {
			reason = why.What
		} else if p.looked != p.view.Public.File.SHA256 {
			reason = p.t("public.look_first")
		}
		p.confirm.SetReason(reason)
	}
	if p.record != nil {
		reason := ""
		_, ok := p.date.Date()
		if why, may := p.view.Why(desk.ActionFile); !may {
			reason = why.What
		} else if n := strings.TrimSpace(p.number.Text()); n == "" || len([]rune(n)) > maxNumber || !ok {
			reason = p.t("form.required", "field", p.t("public.number"))
		}
		p.record.SetReason(reason)
	}
}

// make makes the copy.
func (p *Page) make() {
	request := p.hide.request()
	ctx, stop := context.WithCancel(p.ctx)
	p.stop = stop
	p.progress = widgets.NewProgress(widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { stop() }))
	p.making = true
	p.draw()
	p.host.Do(p.ctx, func(context.Context) error {
		_, err := p.work.MakePublic(ctx, request, func(step string, done, total int64) {
			p.host.Post(func() {
				p.progress.Set(p.t(step), float64(done)/float64(max(total, 1)), p.count(int(done))+" / "+p.count(int(total)))
			})
		})
		return err
	}, func(err error) {
		stop()
		p.making = false
		p.reread()
		if err != nil && !errors.Is(err, context.Canceled) {
			p.host.Tell(err)
		}
	})
}

// look shows the copy; only what was looked at is published.
func (p *Page) look() {
	file := p.view.Public.File
	p.looked = file.SHA256
	p.host.Open(view.NewPublic(p.host, p.work, file))
}

// Working implements page.Worker.
func (p *Page) Working() bool { return p.making }

func (p *Page) publish() {
	button := p.confirm // the page may have another one, or none, by the time of the answer
	p.host.Ask(p.t("public.confirm_title"), p.t("public.confirm_body", "name", p.view.Fields.Name), false, p.t("public.confirm_yes"), func() {
		p.send(button, p.work.Publish, p.t("public.done"))
	})
}

func (p *Page) file() {
	number, day := p.number.Text(), p.date.Text()
	p.send(p.record, func(ctx context.Context) (desk.Sent, error) { return p.work.File(ctx, number, day) }, p.t("public.recorded"))
}

// send hands something to the outbox and tells of the receipt.
func (p *Page) send(button *widgets.Button, do func(context.Context) (desk.Sent, error), done string) {
	button.SetBusy(true)
	var sent desk.Sent
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		sent, err = do(ctx)
		return err
	}, func(err error) {
		button.SetBusy(false)
		p.reread()
		if err != nil {
			p.host.Tell(err)
			return
		}
		page.Await(p.ctx, p.host, sent, done, p.reread)
	})
}

func (p *Page) calendar() widgets.CalendarTexts {
	texts := widgets.CalendarTexts{
		Month: func(t time.Time) string { return p.t("calendar.month", "year", t.Year(), "month", int(t.Month())) },
		Today: p.t("calendar.today"),
	}
	copy(texts.Weekdays[:], strings.Fields(p.t("calendar.weekdays")))
	return texts
}

func short(digest string) string { return digest[:min(16, len(digest))] }
