package bid

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/signer/finding"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/pin"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// The lines of the tree that are no parts of the outline. A part's code cannot begin so.
const (
	atCertify = "/certify"
	atPrice   = "/price"
	atCheck   = "/check"
	atFile    = "/file"
)

const treeWidth = 304

// tick is how often the time that is left is told anew.
const tick = 20 * time.Second

// A tool is the page of one bid.
type tool struct {
	host    page.Host
	ctx     context.Context
	life    context.Context // ends when the page is left for good
	leave   context.CancelFunc
	project *bids.Project
	view    bids.View
	found   []finding.Finding
	price   priceForm

	head    *fyne.Container
	tree    *widgets.Tree
	scroll  *widgets.ScrollArea // of the tree
	detail  *widgets.ScrollArea
	note    *widgets.Text
	main    *widgets.Button
	content fyne.CanvasObject
}

func newTool(host page.Host, project *bids.Project) *tool {
	p := &tool{host: host, ctx: context.Background(), project: project, tree: widgets.NewTree(), head: widgets.Column(0)}
	p.life, p.leave = context.WithCancel(context.Background())
	p.price.p = p
	p.scroll = widgets.NewScrollArea(widgets.Pad(6, 4, 10, 4, p.tree.Content()))
	p.detail = widgets.NewScrollArea(widgets.Gap(1, 1))
	p.note = widgets.NewText("", theme.TextTable, theme.Text2).Clip()
	p.main = widgets.NewButton(widgets.Primary, "", nil)
	p.tree.OnChoose = func(string) { p.drawDetail() }
	body := widgets.Border(p.head, nil, nil, nil,
		widgets.Border(nil, nil, widgets.Pad(0, theme.CardGap, 0, 0, widgets.Fixed(treeWidth, 0, widgets.Card(p.scroll))), nil, widgets.Card(p.detail)))
	p.content = widgets.Border(nil, widgets.Foot(p.note, widgets.Actions(p.main)), nil, nil, widgets.Page(body))
	p.reread()
	p.tree.Choose(p.next())
	return p
}

func (p *tool) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *tool) Nav() string { return Nav }

// Title implements page.Page.
func (p *tool) Title() string { return p.project.View().Outline.Tender }

// Content implements page.Page.
func (p *tool) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page.
func (p *tool) Show(ctx context.Context) {
	p.ctx = ctx
	p.refresh()
	p.ask()
	p.watch(ctx)
}

// watch tells the time that is left anew, now and then.
func (p *tool) watch(ctx context.Context) {
	p.host.Do(ctx, func(ctx context.Context) error {
		select {
		case <-time.After(tick):
		case <-ctx.Done():
		}
		return ctx.Err()
	}, func(error) {
		p.drawHead()
		p.ask()
		p.watch(ctx)
	})
}

// ask learns how the tender and what was handed in stand on the platform: a deadline may be postponed. Where it cannot be reached,
// what was known stands.
func (p *tool) ask() {
	if p.view.Tender.ID == "" {
		return
	}
	p.host.Do(p.ctx, func(ctx context.Context) error { return p.host.Session().RefreshBid(ctx, p.project) }, func(err error) {
		was := p.view
		switch now := p.project.View(); {
		case err != nil, now.Tender.Deadline.Equal(was.Tender.Deadline) && reflect.DeepEqual(now.Sent, was.Sent):
		case p.tree.Chosen() == atPrice: // nothing is changed under the fingers
			p.reread()
			p.drawHead()
		default:
			p.refresh()
		}
	})
}

// Leave implements page.Leaver.
func (p *tool) Leave() {
	p.price.flush()
	p.leave()
	go func() { _ = p.project.Close() }() // what could not be put away now is when the session ends
}

// OpenFile implements page.Opener: a file for the part that is chosen.
func (p *tool) OpenFile() {
	if n, ok := p.view.Node(p.tree.Chosen()); ok && !p.fixed() {
		p.choose(n)
	}
}

// Drop implements page.Dropper: the file is for the part that is chosen.
func (p *tool) Drop(_ fyne.Position, files []fyne.URI) {
	if n, ok := p.view.Node(p.tree.Chosen()); ok && len(files) > 0 && !p.fixed() {
		p.add(n, files[0].Path())
	}
}

// fixed tells that nothing can be changed any more: the deadline has passed.
func (p *tool) fixed() bool { return p.view.Late(p.host.Session().Now()) }

func (p *tool) reread() {
	p.view = p.project.View()
	p.found = p.project.Check()
}

// refresh shows everything as it is now.
func (p *tool) refresh() {
	p.reread()
	p.drawHead()
	p.tree.Set(p.lines()...)
	p.drawDetail()
}

// goTo chooses a line of the tree.
func (p *tool) goTo(id string) {
	p.tree.Choose(id)
	p.drawDetail()
}

// about lists what the check says of a part of the outline, of the price form, or of neither.
func (p *tool) about(id string) []finding.Finding {
	var out []finding.Finding
	for _, f := range p.found {
		if p.placeOf(f) == id {
			out = append(out, f)
		}
	}
	return out
}

// placeOf is the line of the tree that a finding is about.
func (p *tool) placeOf(f finding.Finding) string {
	switch code, _ := f.Params["part"].(string); {
	case code != "":
		return code
	case f.Params["field"] != nil:
		return atPrice
	case f.Code == "bids.certify" || strings.HasPrefix(f.Code, "bids.certificate_"):
		return atCertify
	}
	return atFile
}

// lines are the tree: the certificates, the parts by their kinds, the price form, the check and the file.
func (p *tool) lines() []widgets.TreeItem {
	v := p.view
	certify := widgets.TreeItem{ID: atCertify, Text: p.t("bid.certify"), Note: p.t("bid.certify_not")}
	if v.Identity != nil {
		certify.State, certify.Note = widgets.StepDone, p.t("bid.certify_done")
	}
	out := []widgets.TreeItem{certify}
	kind := ""
	for _, n := range v.Nodes {
		if n.Kind != kind {
			kind = n.Kind
			out = append(out, widgets.TreeItem{Text: p.kind(kind)})
		}
		it := widgets.TreeItem{ID: n.Code, Text: n.Name, Note: p.stage(n)}
		switch {
		case n.Stage != bids.None && n.Done:
			it.State = widgets.StepDone
		case n.Stage != bids.None:
			it.State = widgets.StepNow
		}
		out = append(out, it)
	}
	if v.Outline.Price != nil {
		it := widgets.TreeItem{ID: atPrice, Text: p.t("bid.price"), Note: p.t("bid.price_not"), State: widgets.StepAlarm}
		switch filled := p.filled(); {
		case len(p.about(atPrice)) == 0:
			it.State, it.Note = widgets.StepDone, p.t("bid.price_done")
		case filled == 0:
			it.State = widgets.StepAhead
		default:
			it.Note = p.t("bid.price_wrong", "count", len(p.about(atPrice)))
		}
		out = append(out, widgets.TreeItem{Text: p.t("bid.group_price")}, it)
	}
	out = append(out, widgets.TreeItem{Text: p.t("bid.group_file")})
	check := widgets.TreeItem{ID: atCheck, Text: p.t("bid.check"), State: widgets.StepDone, Note: p.t("bid.check_good")}
	if bids.Blocks(p.found) {
		check.State, check.Note = widgets.StepAhead, p.t("bid.check_left", "count", p.blocking())
	}
	file := widgets.TreeItem{ID: atFile, Text: p.t("bid.file"), Note: p.t("bid.file_not")}
	switch {
	case v.HandedIn():
		file.State, file.Note = widgets.StepDone, p.t("bid.state.handed_in")
	case v.Built != nil && v.Stale:
		file.State, file.Note = widgets.StepAlarm, p.t("bid.file_stale")
	case v.Built != nil:
		file.State, file.Note = widgets.StepNow, p.t("bid.file_built")
	}
	return append(out, check, file)
}

func (p *tool) filled() int {
	n := 0
	for _, l := range p.view.Price {
		if l.Value != "" {
			n++
		}
	}
	return n
}

// blocking counts what keeps the bid from being built.
func (p *tool) blocking() int {
	n := 0
	for _, f := range p.found {
		if f.Severity == finding.Fatal {
			n++
		}
	}
	return n
}

// kind is what a kind of parts is called; one that nobody knows is called by its code.
func (p *tool) kind(code string) string {
	key := "bid.kind." + code
	if name := p.t(key); name != key {
		return name
	}
	return code
}

func (p *tool) stage(n bids.Node) string {
	if n.Stage == bids.None && !n.Required {
		return p.t("bid.stage.optional")
	}
	if n.Stage == bids.Ready && n.Stamp {
		return p.t("bid.stage.unstamped")
	}
	return p.t("bid.stage." + string(n.Stage))
}

// drawHead shows the tender, the time that is left and the steps, with what must not be overlooked.
func (p *tool) drawHead() {
	v, now := p.view, p.host.Session().Now()
	name := v.Outline.Name
	if name == "" {
		name = v.Outline.Tender
	}
	about := p.t("bid.about", "number", v.Outline.Tender, "lot", v.Outline.Lot)
	line := widgets.Row(16, widgets.Grow(widgets.Column(3, widgets.NewText(name, theme.TextSub, theme.Text).Bold().Clip(), widgets.NewText(about, theme.TextTable, theme.Text2).Clip())))
	if d := v.Tender.Deadline; !d.IsZero() {
		ink := theme.Primary
		if d.Sub(now) < bids.Near && v.Current() == nil {
			ink = theme.Red
		}
		line.Add(widgets.Column(3, widgets.NewText(Left(p.host.Words(), d, now), theme.TextSub, ink).Bold().Align(fyne.TextAlignTrailing),
			widgets.NewText(p.t("bid.deadline", "time", p.host.Words().Beijing(d, "2006-01-02 15:04")), theme.TextTable, theme.Text2).Align(fyne.TextAlignTrailing)))
	}
	card := widgets.PaddedCard(widgets.Column(14, line, widgets.Steps(p.step(), p.t("bid.step1"), p.t("bid.step2"), p.t("bid.step3"), p.t("bid.step4"), p.t("bid.step5"))))
	p.head.Objects = []fyne.CanvasObject{widgets.Pad(0, 0, theme.CardGap, 0, card)}
	p.head.Refresh()
	p.foot()
}

// step is which of the five steps is to be done now.
func (p *tool) step() int {
	switch v := p.view; {
	case v.HandedIn():
		return 5
	case v.Identity == nil:
		return 0
	case v.Built != nil && !v.Stale:
		return 4
	case !bids.Blocks(p.found):
		return 3
	case p.missing() == "":
		return 2
	}
	return 1
}

// missing is the first line of the tree on which something is to be added, typed or confirmed; "" for none.
func (p *tool) missing() string {
	lacks := func(id string) bool {
		return slices.ContainsFunc(p.found, func(f finding.Finding) bool {
			return p.placeOf(f) == id && f.Severity == finding.Fatal && f.Code != "bids.stamp_missing"
		})
	}
	for _, n := range p.view.Nodes {
		if lacks(n.Code) {
			return n.Code
		}
	}
	if lacks(atPrice) {
		return atPrice
	}
	return ""
}

// next is the line of the tree that is to be worked on.
func (p *tool) next() string {
	switch p.step() {
	case 0:
		return atCertify
	case 1:
		return p.missing()
	case 2:
		if left := p.view.ToStamp(); len(left) > 0 { // none where nothing but the deadline stands against the bid
			return left[0]
		}
	}
	return atFile
}

// foot has the one next step.
func (p *tool) foot() {
	defer p.content.Refresh() // the button is another one
	p.main.SetReason("")
	p.note.SetText("")
	button := func(text string, do func()) {
		p.main.SetText(text)
		p.main.SetOnPress(do)
	}
	if p.fixed() && !p.view.HandedIn() {
		button(p.t("bid.upload"), nil)
		p.main.SetReason(p.t("bid.why_late"))
		return
	}
	switch p.step() {
	case 0:
		button(p.t("bid.certify_do"), p.certify)
		p.note.SetText(p.t("bid.certify_why"))
	case 1:
		at := p.missing()
		button(p.t("bid.go_on"), func() { p.goTo(at) })
		p.note.SetText(p.t("bid.left", "count", p.blocking(), "name", p.nameOf(at)))
		if p.tree.Chosen() == at {
			p.main.SetReason(p.t("bid.why_missing", "name", p.nameOf(at)))
		}
	case 2:
		all := p.mustStamp()
		button(p.t("bid.stamp_all", "count", len(all)), func() { p.stamp(all) })
		p.note.SetText(p.t("bid.stamp_why"))
	case 3:
		button(p.t("bid.build"), p.build)
		p.note.SetText(p.t("bid.build_why"))
	case 4:
		if p.view.Tender.ID == "" {
			button(p.t("bid.export"), p.export)
			p.note.SetText(p.t("bid.export_why"))
			return
		}
		text := "bid.upload"
		switch {
		case p.view.Current() != nil:
			text = "bid.replace"
		case p.view.Uploading():
			text = "bid.resume"
		}
		button(p.t(text), p.upload)
		p.note.SetText(p.t("bid.upload_why"))
	default:
		button(p.t("bid.receipt_save"), p.saveReceipt)
		p.note.SetText(p.t("bid.done"))
	}
}

// mustStamp are the parts that must bear a seal and do not; where none must, all that may.
func (p *tool) mustStamp() []string {
	var must []string
	for _, n := range p.view.Nodes {
		if n.Stage == bids.Ready && n.Stamps && n.Stamp {
			must = append(must, n.Code)
		}
	}
	if len(must) == 0 {
		return p.view.ToStamp()
	}
	return must
}

func (p *tool) nameOf(id string) string {
	if n, ok := p.view.Node(id); ok {
		return n.Name
	}
	return p.t("bid.price")
}

// drawDetail shows what belongs to the line that is chosen.
func (p *tool) drawDetail() {
	if p.price.flush() {
		p.reread()
	}
	var o fyne.CanvasObject
	switch at := p.tree.Chosen(); at {
	case atCertify:
		o = p.certifyDetail()
	case atPrice:
		o = p.price.draw()
	case atCheck:
		o = p.checkDetail()
	case atFile:
		o = p.fileDetail()
	default:
		if n, ok := p.view.Node(at); ok {
			o = p.nodeDetail(n)
		} else {
			o = p.checkDetail()
		}
	}
	p.detail.SetContent(widgets.Pad(theme.CardGap, theme.CardPad, theme.CardGap, theme.CardPad, o))
	p.foot()
}

// heading begins a detail.
func heading(title, sub string) fyne.CanvasObject {
	col := widgets.Column(4, widgets.NewText(title, theme.TextSub, theme.Text).Bold().Clip())
	if sub != "" {
		col.Add(widgets.NewParagraph(sub, theme.TextTable, theme.Text2))
	}
	return col
}

// panels are the sentences of findings.
func (p *tool) panels(found []finding.Finding) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for _, f := range found {
		what, do := p.said(f)
		text := widgets.ErrorText{What: what, Do: do}
		switch f.Severity {
		case finding.Note:
			out = append(out, widgets.InfoPanel(text))
		default:
			out = append(out, widgets.WarnPanel(text))
		}
	}
	return out
}

func (p *tool) said(f finding.Finding) (what, do string) {
	what, ok := p.host.Words().Sentence(f.Code, f.Params)
	if !ok {
		what = f.Message
	}
	do, _ = p.host.Words().Advice(f.Code, f.Params)
	return what, do
}

// work does something long under a bar that can be called off, and then shows everything anew.
func (p *tool) work(title string, do func(context.Context, bids.Progress) error, done func(error)) {
	ctx, stop := context.WithCancel(p.life)
	progress := widgets.NewProgress(widgets.NewButton(widgets.Secondary, p.t("button.cancel"), func() { stop() }))
	d := widgets.NewDialog(title, progress, nil, nil)
	p.host.Dialog(d)
	began, drawn := time.Now(), time.Time{}
	p.host.Do(p.life, func(context.Context) error {
		return do(ctx, func(step string, n, total int64) {
			now := time.Now()
			if n > 0 && n < total && now.Sub(drawn) < redraw {
				return
			}
			drawn = now
			p.host.Post(func() {
				part := 0.0
				if total > 0 {
					part = float64(n) / float64(total)
				}
				progress.Set(p.t(step), part, p.leftOf(step, now.Sub(began), n, total))
			})
		})
	}, func(err error) {
		stop()
		d.Close()
		if problem := p.host.Words().Problem(err); err != nil && (errors.Is(err, context.Canceled) || problem.Code == desk.CodeCancelled) {
			p.host.Toast(theme.Neutral, p.t("bid.cancelled"))
			p.refresh()
			return
		}
		done(err)
		p.refresh()
	})
}

// redraw is how often a bar follows the work.
const redraw = 100 * time.Millisecond

// leftOf says of large files how much is done.
func (p *tool) leftOf(step string, spent time.Duration, n, total int64) string {
	if spent < time.Second || total < 1<<20 || strings.HasPrefix(step, "clean.") {
		return ""
	}
	return words.Size(n) + " / " + words.Size(total)
}

// withKey asks for the PIN and does something with the key under a bar; a wrong PIN asks again.
func (p *tool) withKey(r pin.Request, title string, do func(context.Context, desk.KeyUse, bids.Progress) error, done func()) {
	var ask func(trouble string)
	r.Run = func(secret []byte, lastTry, keep bool) {
		p.work(title, func(ctx context.Context, progress bids.Progress) error {
			return do(ctx, desk.KeyUse{PIN: secret, LastTry: lastTry, Keep: keep}, progress)
		}, func(err error) {
			if trouble, again := pin.Again(p.host, err); again {
				ask(trouble)
				return
			}
			if err != nil {
				p.host.Tell(err)
				return
			}
			done()
		})
	}
	ask = func(trouble string) { pin.Ask(p.life, p.host, r, trouble) }
	ask("")
}
