package stamp

import (
	"context"
	"image"
	"math"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"

	"sealdesk/signer"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/reader"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const panelWidth = 296

// A Page is the page 加盖印章 of one document.
type Page struct {
	host page.Host
	of   Subject
	ctx  context.Context

	terms    Terms
	shown    *desk.Preview
	seals    []desk.SealChoice
	chosen   int
	plan     plan
	spots    []spot // of the plan's places
	found    map[string]preview.Found
	strips   map[strip]image.Image
	dateFont *seal.Font
	allowed  bool // the person was asked about a seal over another's
	// unstamped: the person was asked about a time stamp that cannot be had
	unstamped bool

	reader    *reader.Reader
	cards     *fyne.Container
	editor    editor
	templates templates
	mode      *widgets.Tabs
	fields    *fyne.Container
	more      more
	notices   *fyne.Container
	undo      *widgets.Button
	redo      *widgets.Button
	remove    *widgets.Button
	sign      *widgets.Button
	panel     *fyne.Container // what scrolls
	editing   fyne.CanvasObject
	body      *fyne.Container
	content   fyne.CanvasObject
	finished  *signer.Result
	told      bool // the result is on the page
}

// New makes the page.
func New(host page.Host, of Subject) page.Page {
	p := &Page{host: host, of: of, ctx: context.Background(), reader: reader.New(host),
		found: map[string]preview.Found{}, strips: map[strip]image.Image{}}
	p.build()
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return p.of.Nav() }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("stamp.title") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// shortcuts are those of undoing; a field that is being typed in has its own.
func (p *Page) shortcuts() map[fyne.Shortcut]func() {
	return map[fyne.Shortcut]func(){
		&fyne.ShortcutUndo{}: p.undone,
		&fyne.ShortcutRedo{}: p.redone,
		&desktop.CustomShortcut{KeyName: fyne.KeyZ, Modifier: fyne.KeyModifierControl | fyne.KeyModifierShift}: p.redone,
	}
}

// Show implements page.Page: it opens the very file that will be signed.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	if p.finished != nil {
		if !p.told { // the page went away meanwhile
			p.result(*p.finished)
		}
		return
	}
	page.Rest(p.sign)
	p.reader.Listen()
	for s, f := range p.shortcuts() {
		p.host.Window().Canvas().AddShortcut(s, func(fyne.Shortcut) { f() })
	}
	if p.shown == nil {
		p.open()
		return
	}
	if !p.ready() { // the page went away while a place was looked for
		p.propose()
	}
	p.of.CopyAhead(ctx)
}

// Leave implements page.Leaver.
func (p *Page) Leave() {
	p.reader.Silence()
	for s := range p.shortcuts() {
		p.host.Window().Canvas().RemoveShortcut(s)
	}
	p.reader.Close()
}

func (p *Page) build() {
	p.cards = widgets.Column(8)
	p.mode = widgets.NewSegments(p.t("stamp.mode_one"), p.t("stamp.mode_many"), p.t("stamp.mode_edge"), p.t("stamp.mode_words"))
	p.mode.OnChanged = p.changeMode
	p.notices = widgets.Column(6)
	p.undo = widgets.NewButton(widgets.Link, p.t("stamp.undo"), p.undone)
	p.redo = widgets.NewButton(widgets.Link, p.t("stamp.redo"), p.redone)
	p.remove = widgets.NewButton(widgets.Link, p.t("stamp.remove"), p.removed)
	p.sign = widgets.NewButton(widgets.Primary, p.t("stamp.sign"), p.askFirst).WithIcon(theme.IconSeal)
	back := widgets.NewButton(widgets.Secondary, p.t("stamp.back"), p.host.Back)
	p.templates.build(p)
	p.fields = widgets.Column(4)
	p.fields.Hide()
	p.more.build(p)
	p.editor.build(p)

	heading := func(s string) fyne.CanvasObject { return widgets.NewText(s, theme.TextBody, theme.Text).Bold() }
	p.panel = widgets.Column(10,
		widgets.Row(8, widgets.Grow(heading(p.t("stamp.seals"))), widgets.NewButton(widgets.Link, p.t("stamp.import"), p.importSeal)),
		p.cards,
		widgets.HLine(),
		widgets.Row(12, widgets.Grow(heading(p.t("stamp.places"))), p.undo, p.redo, widgets.NewButton(widgets.Link, p.t("stamp.add"), p.added)),
		p.templates.row, p.fields, p.editor.list, p.mode, p.editor.body, p.notices, p.more.all,
		widgets.NewParagraph(p.t("stamp.drag"), theme.TextCaption, theme.Text3),
	)
	foot := widgets.Pad(12, 16, 14, 16, widgets.Column(8, p.sign.Note().Clip(), widgets.Fixed(0, 40, p.sign), back))
	side := widgets.Fixed(panelWidth, 0, widgets.Filled(theme.White,
		widgets.Border(nil, widgets.Column(0, widgets.HLine(), foot), nil, nil,
			widgets.NewScrollArea(widgets.Pad(12, 16, 12, 16, p.panel)))))
	p.editing = widgets.Border(nil, nil, nil, widgets.Border(nil, nil, widgets.VLine(), nil, side), p.reader.Content())
	p.body = widgets.Stack(p.editing)
	p.content = p.body

	v := p.reader.View
	v.OnMark = func(id string) {
		if i, _, ok := p.impressionOf(id); ok && i != p.plan.current {
			p.choose(i)
		}
	}
	v.OnMarkMove = p.moved
	v.OnMarkDelete = func(id string) {
		if i, _, ok := p.impressionOf(id); ok {
			p.plan.choose(i)
			p.removed()
		}
	}
	v.OnPlace = p.placed
}

func (p *Page) open() {
	p.sign.SetReason(p.t("stamp.why_opening"))
	var shown *desk.Preview
	var terms Terms
	var seals []desk.SealChoice
	var kept []desk.Template
	var font *seal.Font
	var forgot error
	s := p.host.Session() // the host's is gone when the person logs out meanwhile
	p.reader.Load(p.ctx, "", func(ctx context.Context) (_ *preview.Document, err error) {
		if shown, err = p.of.Preview(ctx); err != nil {
			return nil, err
		}
		terms = p.of.Terms(ctx)
		if font, err = desk.DateFont(); err == nil {
			seals, err = s.Seals()
		}
		if err != nil {
			_ = shown.Close()
			return nil, err
		}
		kept, forgot = s.Templates(p.of.DocumentKind())
		return shown.Document, nil
	}, func(err error) {
		if err != nil {
			p.reader.Failed(err, widgets.NewButton(widgets.Secondary, p.t("button.retry"), p.open))
			return
		}
		p.shown, p.terms, p.seals, p.dateFont = shown, terms, seals, font
		p.chosen = max(0, slices.IndexFunc(seals, func(s desk.SealChoice) bool { return s.ID == terms.Seal }))
		p.reader.Named(p.shown.Name)
		p.templates.set(kept)
		if forgot != nil {
			p.host.Toast(theme.Warn, p.host.Words().Problem(forgot).String())
		}
		p.propose()
		p.of.CopyAhead(p.ctx)
	})
}

// day is the day of the signature, for the date beside the seal.
func (p *Page) day() time.Time { return time.Now() }

// propose puts the seal at the usual words, or at the foot of the last page when the document has none of them.
func (p *Page) propose() {
	if f := p.ownField(); f != nil {
		p.plan.begin(seal.Place{Kind: seal.AtField, Field: f.Name})
		p.draw()
		p.reveal()
		return
	}
	usual := p.terms.Words
	doc := p.shown.Document
	results := map[string]preview.Found{}
	p.host.Do(p.ctx, func(ctx context.Context) error {
		for _, word := range usual {
			found, err := doc.Find(ctx, word)
			if err != nil {
				return err
			}
			if results[word] = found; len(found.Hits) > 0 {
				return nil
			}
		}
		return nil
	}, func(error) {
		for word, found := range results {
			p.found[word] = found
			if len(found.Hits) > 0 && len(p.plan.places) == 0 {
				p.plan.begin(p.fitted(seal.Place{Kind: seal.AtKeyword, Keyword: word, Hits: seal.Last()}))
			}
		}
		if len(p.plan.places) == 0 {
			last := p.shown.Layout.Pages()
			w, h := p.shown.Layout.PageSize(last)
			p.plan.begin(p.inside(last, seal.Place{Kind: seal.AtPosition, Pages: p.only(last), X: w - 60, Y: h - 60}))
		}
		p.draw()
		p.reveal()
	})
}

// only is the choice of one page. The last one is chosen as the last, so that a template finds it in other documents.
func (p *Page) only(n int) seal.Ranges {
	if n > 1 && n == p.shown.Layout.Pages() {
		return seal.Last()
	}
	return seal.Only(n)
}

// fitted moves a place by words so that the whole seal lies on its page.
func (p *Page) fitted(place seal.Place) seal.Place {
	got, err := p.shown.Layout.Locate(p.ctx, signer.Placing{
		Seal: p.seal().Seal, Places: []seal.Place{place}, Find: p, Day: p.day(), DateFont: p.dateFont,
	})
	if err != nil || len(got.Outside) == 0 {
		return place
	}
	by := got.Outside[0].Err
	place.DX, place.DY = outward(place.DX+by.Left-by.Right, by.Left-by.Right), outward(place.DY+by.Top-by.Bottom, by.Top-by.Bottom)
	return place
}

// outward rounds to a tenth of a millimetre in the direction of a move, so that what is moved inside stays inside.
func outward(v, direction float64) float64 {
	if direction < 0 {
		return math.Floor(v*10) / 10
	}
	return math.Ceil(v*10) / 10
}

// inside moves a position so that the whole seal lies on the page.
func (p *Page) inside(n int, place seal.Place) seal.Place {
	w, h := p.shown.Layout.PageSize(n)
	s := p.seal().Seal
	place.X = clamp(place.X, s.WidthMM/2, w-s.WidthMM/2)
	place.Y = clamp(place.Y, s.HeightMM/2, h-s.HeightMM/2)
	return place
}

func clamp(v, low, high float64) float64 {
	if high < low {
		return (low + high) / 2
	}
	return math.Min(math.Max(tenth(v), math.Ceil(low*10)/10), math.Floor(high*10)/10)
}

// tenth rounds to a tenth of a millimetre, finer than a printer places paper.
func tenth(v float64) float64 { return math.Round(v*10)/10 + 0 }

func (p *Page) seal() desk.SealChoice { return p.seals[p.chosen] }

// ready tells that there is something to place a seal on.
func (p *Page) ready() bool { return p.shown != nil && len(p.plan.places) > 0 }

func (p *Page) undone() {
	if p.ready() && p.plan.undo() {
		p.draw()
	}
}

func (p *Page) redone() {
	if p.ready() && p.plan.redo() {
		p.draw()
	}
}

// added puts one more seal in the middle of the page that is looked at.
func (p *Page) added() {
	if !p.ready() {
		return
	}
	n := max(p.reader.View.Current(), 1)
	w, h := p.shown.Layout.PageSize(n)
	p.plan.add(p.inside(n, seal.Place{Kind: seal.AtPosition, Pages: p.only(n), X: w / 2, Y: h / 2}))
	p.draw()
}

func (p *Page) removed() {
	if p.ready() && p.plan.remove() {
		p.draw()
	}
}

// choose makes another place the current one.
func (p *Page) choose(i int) {
	p.plan.choose(i)
	p.draw()
}

// placed takes the current seal to where a page was pressed.
func (p *Page) placed(n int, x, y float64) {
	if !p.ready() {
		return
	}
	switch p.way() {
	case inField:
		p.plan.set("", func(at *seal.Place) {
			*at = p.inside(n, seal.Place{Kind: seal.AtPosition, Pages: p.only(n), X: x, Y: y})
		})
	case onePage:
		p.plan.set("", func(at *seal.Place) { at.Pages = p.only(n); at.X, at.Y = x, y; *at = p.inside(n, *at) })
	case manyPages:
		p.plan.set("", func(at *seal.Place) { at.X, at.Y = x, y; *at = p.inside(n, *at) })
	case atEdge:
		half := p.seal().Seal.HeightMM / 2
		_, h := p.shown.Layout.PageSize(n)
		p.plan.set("", func(at *seal.Place) { at.Y = clamp(y, half, h-half) })
	case atWords:
		for _, im := range p.spots[p.plan.current].Impressions {
			if im.Page == n && !im.Date {
				p.plan.set("", func(at *seal.Place) { at.DX, at.DY = tenth(at.DX+x-im.X), tenth(at.DY+y-im.Y); *at = p.fitted(*at) })
				p.draw()
				return
			}
		}
	}
	p.draw()
}

// changeMode turns the current place into one of another way, as near as that can be.
func (p *Page) changeMode(mode int) {
	if !p.ready() {
		return
	}
	n := max(p.reader.View.Current(), 1)
	w, h := p.shown.Layout.PageSize(n)
	x, y := w-60, h-60
	for _, im := range p.spots[p.plan.current].Impressions {
		if !im.Date && p.plan.places[p.plan.current].Kind != seal.AtEdge {
			n, x, y = im.Page, im.X, im.Y
			break
		}
	}
	p.plan.set("", func(at *seal.Place) {
		date := at.Date
		switch mode {
		case onePage:
			*at = p.inside(n, seal.Place{Kind: seal.AtPosition, Pages: p.only(n), X: x, Y: y, Date: date})
		case manyPages:
			*at = p.inside(n, seal.Place{Kind: seal.AtPosition, Pages: seal.Ranges{{From: 1, To: -1, Step: 1}}, X: x, Y: y, Date: date})
		case atEdge:
			*at = p.freeEdge()
		case atWords:
			*at = seal.Place{Kind: seal.AtKeyword, Keyword: p.usualWord(), Hits: seal.Last(), Date: date}
		}
	})
	if mode == atWords {
		p.look(p.plan.places[p.plan.current].Keyword)
	}
	p.drawMode(mode)
	p.reveal()
}

// freeEdge is an edge seal in the middle, or as near to it as other seals leave room.
func (p *Page) freeEdge() seal.Place {
	for _, off := range []float64{0, 50, -50, 100, -100} {
		place := seal.Place{Kind: seal.AtEdge}
		if off != 0 {
			_, h := p.shown.Layout.PageSize(1)
			place.Y = tenth(h/2 + off)
		}
		got, err := p.shown.Layout.Locate(p.ctx, signer.Placing{Seal: p.seal().Seal, Places: []seal.Place{place}})
		if err == nil && len(got.Overlaps) == 0 && len(got.Outside) == 0 {
			return place
		}
	}
	return seal.Place{Kind: seal.AtEdge}
}

// usualWord is one of the usual words that the document has, or the likeliest.
func (p *Page) usualWord() string {
	usual := p.terms.Words
	for _, word := range usual {
		if len(p.found[word].Hits) > 0 {
			return word
		}
	}
	if len(usual) == 0 {
		return ""
	}
	return usual[0]
}

// look searches the document for words, unless that was done.
func (p *Page) look(words string) {
	if _, done := p.found[words]; done || words == "" || p.shown == nil {
		return
	}
	doc := p.shown.Document
	var found preview.Found
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		found, err = doc.Find(ctx, words)
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.found[words] = found
		p.draw()
		p.reveal()
	})
}

// reveal scrolls to the current place.
func (p *Page) reveal() {
	if p.plan.current >= len(p.spots) {
		return
	}
	if list := p.spots[p.plan.current].Impressions; len(list) > 0 {
		im := list[0]
		if p.plan.places[p.plan.current].Kind == seal.AtEdge || len(list) > 2 {
			return // it is on many pages, and one of them is in sight
		}
		p.reader.View.Reveal(im.Page, im.X, im.Y)
	}
}

// way is how the current place finds its spot. A choice of pages that holds one page stays a choice of pages while it is
// being typed.
func (p *Page) way() int {
	mode := modeOf(p.plan.places[p.plan.current])
	if mode == onePage && p.mode.Chosen() == manyPages && p.plan.editing == "pages" {
		return manyPages
	}
	return mode
}

// draw shows everything as it is.
func (p *Page) draw() {
	if p.ready() {
		p.drawMode(p.way())
	}
}

func (p *Page) drawMode(mode int) {
	p.cards.Objects = nil
	for i, s := range p.seals {
		p.cards.Add(newSealCard(s, p.host.Session().Key().Owner, i == p.chosen, func() {
			p.chosen = i
			p.strips = map[strip]image.Image{}
			p.draw()
		}))
	}
	if mode == inField {
		p.mode.Hide()
	} else {
		p.mode.Show()
		p.mode.Choose(mode)
	}
	p.refresh()
	p.drawFields()
	p.more.draw()
	p.editor.rebuild(mode)
	p.panel.Refresh()
}

// refresh locates the places anew and shows marks, fields and warnings; the controls stay the ones they are.
func (p *Page) refresh() {
	p.locate()
	p.marks()
	p.editor.fill()
	p.tell()
}

func (p *Page) importSeal() {
	p.host.ChooseFile(desk.SealFiles(), func(path string) {
		var seals []desk.SealChoice
		var taken desk.SealChoice
		s := p.host.Session()
		p.host.Do(p.ctx, func(ctx context.Context) (err error) {
			if taken, err = s.ImportSeal(ctx, path); err == nil {
				seals, err = s.Seals()
			}
			return err
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.seals = seals
			p.chosen = max(0, slices.IndexFunc(seals, func(s desk.SealChoice) bool { return s.ID == taken.ID }))
			p.draw()
		})
	})
}

// sealPicture is a seal at a fixed side on the card.
func sealPicture(s desk.SealChoice, side float32) fyne.CanvasObject {
	img := canvas.NewImageFromImage(s.Seal.Image)
	img.FillMode = canvas.ImageFillContain
	img.ScaleMode = canvas.ImageScaleSmooth
	return widgets.Fixed(side, side, img)
}
