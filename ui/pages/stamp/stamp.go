package stamp

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"

	"sealdesk/platformapi"
	"sealdesk/signer"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/reader"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const panelWidth = 280

// A place is where one impression of the seal goes: its centre in millimetres from the page's top left corner.
type place struct {
	page int // from 1
	x, y float64
}

// A Page is the page 加盖印章 of one contract.
type Page struct {
	host page.Host
	work *desk.Work
	ctx  context.Context

	view    desk.View
	shown   *desk.Preview
	seals   []desk.SealChoice
	chosen  int
	edge    bool // 骑缝章 on all pages
	places  []place
	history [][]place // for undo
	current int       // of places
	others  []widgets.Mark

	reader   *reader.Reader
	cards    *fyne.Container
	mode     *widgets.Tabs
	keyword  *widgets.TextField
	found    *widgets.Text
	x, y     *widgets.TextField
	where    *widgets.Text
	warning  *widgets.Text
	undo     *widgets.Button
	remove   *widgets.Button
	sign     *widgets.Button
	editing  fyne.CanvasObject
	body     *fyne.Container
	content  fyne.CanvasObject
	setting  bool // the fields are being filled by the page, not by the person
	finished *signer.Result
}

// New makes the page.
func New(host page.Host, work *desk.Work) page.Page {
	p := &Page{host: host, work: work, ctx: context.Background(), reader: reader.New(host)}
	p.build()
	return p
}

func (p *Page) t(key string, pairs ...any) string { return p.host.Words().T(key, pairs...) }

// Nav implements page.Page.
func (p *Page) Nav() string { return "contracts" }

// Title implements page.Page.
func (p *Page) Title() string { return p.t("stamp.title") }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Show implements page.Page: it opens the very file that will be signed.
func (p *Page) Show(ctx context.Context) {
	p.ctx = ctx
	if p.finished != nil {
		return
	}
	p.reader.Listen()
	p.host.Window().Canvas().AddShortcut(undoShortcut(), func(fyne.Shortcut) { p.undone() })
	if p.shown == nil {
		p.open()
	}
}

// Leave implements page.Leaver.
func (p *Page) Leave() {
	p.reader.Silence()
	p.host.Window().Canvas().RemoveShortcut(undoShortcut())
	p.reader.Close()
}

func undoShortcut() fyne.Shortcut {
	return &desktop.CustomShortcut{KeyName: fyne.KeyZ, Modifier: fyne.KeyModifierControl}
}

func (p *Page) build() {
	p.cards = widgets.Column(10)
	p.mode = widgets.NewSegments(p.t("stamp.mode_place"), p.t("stamp.mode_edge"))
	p.mode.OnChanged = func(i int) {
		p.edge = i == 1
		p.draw()
	}
	p.keyword = widgets.NewTextField(p.t("stamp.keyword_hint"))
	p.keyword.OnSubmitted = func(string) { p.find(p.keyword.Text()) }
	search := widgets.NewButton(widgets.Secondary, p.t("stamp.find"), func() { p.find(p.keyword.Text()) })
	p.found = widgets.Quiet("")
	p.x, p.y = widgets.NewTextField("X"), widgets.NewTextField("Y")
	p.x.OnChanged, p.y.OnChanged = func(string) { p.typed() }, func(string) { p.typed() }
	p.where = widgets.NewText("", theme.TextTable, theme.Text2).Clip()
	p.warning = widgets.NewText("", theme.TextCaption, theme.Amber).Clip()
	p.undo = widgets.NewButton(widgets.Link, p.t("stamp.undo"), p.undone)
	p.remove = widgets.NewButton(widgets.Link, p.t("stamp.remove"), p.removed)
	p.sign = widgets.NewButton(widgets.Primary, p.t("stamp.sign"), func() { p.askPIN("") }).WithIcon(theme.Icon("seal"))
	back := widgets.NewButton(widgets.Secondary, p.t("stamp.back"), p.host.Back)

	heading := func(s string) fyne.CanvasObject { return widgets.NewText(s, theme.TextBody, theme.Text).Bold() }
	millimetres := widgets.Row(8, widgets.Grow(p.x), widgets.Grow(p.y), widgets.Quiet("mm"))
	controls := widgets.Column(10,
		widgets.Row(8, widgets.Grow(heading(p.t("stamp.seals"))), widgets.NewButton(widgets.Link, p.t("stamp.import"), p.importSeal)),
		p.cards,
		widgets.Gap(1, 2),
		heading(p.t("stamp.mode")), p.mode,
		widgets.Gap(1, 2),
		heading(p.t("stamp.by_keyword")),
		widgets.Row(8, widgets.Grow(p.keyword), search), p.found.Clip(),
		heading(p.t("stamp.position")), p.where, millimetres, p.warning,
		widgets.Row(16, widgets.NewButton(widgets.Link, p.t("stamp.add"), p.added), p.remove, p.undo),
		widgets.Quiet(p.t("stamp.drag")).Clip(),
	)
	foot := widgets.Pad(12, 16, 16, 16, widgets.Column(8, p.sign.Note(), widgets.Fixed(0, 40, p.sign), back))
	side := widgets.Fixed(panelWidth, 0, widgets.Filled(theme.White,
		widgets.Border(nil, widgets.Column(0, widgets.HLine(), foot), nil, nil,
			widgets.NewScrollArea(widgets.Pad(12, 16, 12, 16, controls)))))
	p.editing = widgets.Border(nil, nil, nil, widgets.Border(nil, nil, widgets.VLine(), nil, side), p.reader.Content())
	p.body = widgets.Stack(p.editing)
	p.content = p.body

	p.reader.View.OnMark = func(id string) {
		if i, ok := index(id); ok && i < len(p.places) {
			p.current = i
			p.fill()
		}
	}
	p.reader.View.OnMarkMove = func(id string, x, y float64, begins bool) {
		if i, ok := index(id); ok && i < len(p.places) {
			if begins {
				p.remember()
			}
			p.current, p.places[i].x, p.places[i].y = i, x, y
			p.fill()
		}
	}
	p.reader.View.OnPlace = func(n int, x, y float64) {
		if p.edge || len(p.places) == 0 {
			return
		}
		p.remember()
		p.places[p.current] = p.inside(place{n, x, y})
		p.draw()
	}
}

func (p *Page) open() {
	p.sign.SetReason(p.t("stamp.why_opening"))
	var shown *desk.Preview
	var view desk.View
	var seals []desk.SealChoice
	p.reader.Load(p.ctx, "", func(ctx context.Context) (_ *preview.Document, err error) {
		if shown, err = p.work.Preview(ctx); err != nil {
			return nil, err
		}
		view = p.work.View(ctx)
		if seals, err = p.host.Session().Seals(); err != nil {
			_ = shown.Close()
			return nil, err
		}
		return shown.Document, nil
	}, func(err error) {
		if err != nil {
			p.reader.Failed(err, widgets.NewButton(widgets.Secondary, p.t("button.retry"), p.open))
			return
		}
		p.shown, p.view, p.seals = shown, view, seals
		p.reader.Named(p.shown.Name)
		p.markOthers()
		last := len(p.reader.Sizes())
		w, h := p.pageMM(last)
		p.places = []place{p.inside(place{last, w - 60, h - 60})}
		p.draw()
		p.propose()
	})
}

// usualKeywords are the words beside which contracts have a party's seal, the likeliest first.
var usualKeywords = map[platformapi.Role][]string{
	platformapi.RolePurchaser: {"采购人（盖章）", "甲方（盖章）", "采购单位（盖章）", "采购人（公章）", "甲方（公章）"},
	platformapi.RoleSupplier:  {"中标单位（盖章）", "供应商（盖章）", "乙方（盖章）", "成交供应商（盖章）", "中标人（盖章）", "供应商（公章）", "乙方（公章）"},
}

// markOthers shows the seals that are on the pages already; they cannot be moved.
func (p *Page) markOthers() {
	p.others = nil
	if p.shown.Verdict == nil {
		return
	}
	var marks []widgets.Mark
	p.host.Do(p.ctx, func(ctx context.Context) error {
		for _, s := range p.shown.Verdict.Signatures {
			for _, wd := range s.Widgets {
				if m, ok := p.otherMark(ctx, s, wd); ok {
					marks = append(marks, m)
				}
			}
		}
		return nil
	}, func(error) {
		p.others = marks
		p.draw()
	})
}

func (p *Page) otherMark(ctx context.Context, s verify.Signature, wd verify.Widget) (widgets.Mark, bool) {
	if wd.Page < 1 {
		return widgets.Mark{}, false
	}
	g, err := p.shown.Document.Geometry(ctx, wd.Page)
	if err != nil {
		return widgets.Mark{}, false
	}
	x, y, w, h := g.RectToScreen(wd.Rect)
	const mm = seal.PointsPerMM
	return widgets.Mark{ID: "other-" + s.Field, Page: wd.Page, X: (x + w/2) / mm, Y: (y + h/2) / mm, W: w / mm, H: h / mm, Fixed: true}, w > 0
}

// A spot is where words stand.
type spot struct {
	place
	text string
}

// spots looks for words in the document: those that are the same, and those that come near.
func (p *Page) spots(ctx context.Context, keyword string) (hits, near []spot, err error) {
	found, err := p.shown.Document.Find(ctx, keyword)
	if err != nil {
		return nil, nil, err
	}
	locate := func(list []preview.Hit) (out []spot) {
		for _, h := range list {
			g, err := p.shown.Document.Geometry(ctx, h.Page)
			if err != nil {
				continue
			}
			x, y, w, ht := g.RectToScreen(h.Rect)
			out = append(out, spot{place{h.Page, (x + w/2) / seal.PointsPerMM, (y + ht/2) / seal.PointsPerMM}, h.Text})
		}
		return out
	}
	return locate(found.Hits), locate(found.Near), nil
}

// propose puts the seal at the usual words, and leaves it where it is when the document has none of them.
func (p *Page) propose() {
	usual := usualKeywords[p.view.Role]
	var hits []spot
	word := ""
	p.host.Do(p.ctx, func(ctx context.Context) error {
		for _, word = range usual {
			var err error
			if hits, _, err = p.spots(ctx, word); err != nil || len(hits) > 0 {
				return err
			}
		}
		word = usual[0]
		return nil
	}, func(err error) {
		if p.keyword.Text() == "" {
			p.keyword.SetText(word)
		}
		switch {
		case len(p.history) > 0 || len(p.places) == 0: // the person was faster
		case err == nil && len(hits) > 0:
			p.putAt(hits)
		default:
			p.reader.View.GoTo(p.places[0].page)
		}
	})
}

// find puts the current seal at the words that the person typed.
func (p *Page) find(keyword string) {
	keyword = strings.TrimSpace(keyword)
	if keyword == "" || p.shown == nil {
		return
	}
	var hits, near []spot
	p.host.Do(p.ctx, func(ctx context.Context) (err error) {
		hits, near, err = p.spots(ctx, keyword)
		return err
	}, func(err error) {
		switch {
		case err != nil:
			p.host.Tell(err)
		case len(hits) > 0:
			p.remember()
			p.putAt(hits)
		case len(near) > 0:
			p.found.SetText(p.t("stamp.near", "text", near[0].text, "page", near[0].page))
			p.reader.View.GoTo(near[0].page)
		default:
			p.found.SetText(p.t("stamp.not_found"))
		}
	})
}

// putAt puts the current seal at the last place of the words: the signature page's.
func (p *Page) putAt(hits []spot) {
	if len(p.places) == 0 {
		p.places, p.current = []place{{}}, 0
	}
	at := p.inside(hits[len(hits)-1].place)
	p.places[p.current] = at
	p.found.SetText(p.t("stamp.found", "count", len(hits), "page", at.page))
	p.draw()
	p.reader.View.Reveal(at.page, at.x, at.y)
}

func (p *Page) pageMM(n int) (w, h float64) {
	s := p.reader.Sizes()[n-1]
	return float64(s.Width) / seal.PointsPerMM, float64(s.Height) / seal.PointsPerMM
}

// inside moves a place so that the whole seal lies on its page.
func (p *Page) inside(at place) place {
	w, h := p.pageMM(at.page)
	s := p.seal().Seal
	at.x = math.Min(math.Max(at.x, s.WidthMM/2), w-s.WidthMM/2)
	at.y = math.Min(math.Max(at.y, s.HeightMM/2), h-s.HeightMM/2)
	return at
}

func (p *Page) seal() desk.SealChoice { return p.seals[p.chosen] }

func (p *Page) remember() {
	p.history = append(p.history, append([]place(nil), p.places...))
	if len(p.history) > 100 {
		p.history = p.history[1:]
	}
}

func (p *Page) undone() {
	if n := len(p.history); n > 0 {
		p.places, p.history = p.history[n-1], p.history[:n-1]
		p.current = min(p.current, len(p.places)-1)
		p.draw()
	}
}

func (p *Page) added() {
	if p.shown == nil {
		return
	}
	p.remember()
	n := max(p.reader.View.Current(), 1)
	w, h := p.pageMM(n)
	p.places = append(p.places, p.inside(place{n, w / 2, h / 2}))
	p.current = len(p.places) - 1
	p.draw()
}

func (p *Page) removed() {
	if len(p.places) < 2 {
		return
	}
	p.remember()
	p.places = append(p.places[:p.current], p.places[p.current+1:]...)
	p.current = min(p.current, len(p.places)-1)
	p.draw()
}

// typed takes the position from the fields.
func (p *Page) typed() {
	if p.setting || len(p.places) == 0 {
		return
	}
	x, errX := strconv.ParseFloat(p.x.Text(), 64)
	y, errY := strconv.ParseFloat(p.y.Text(), 64)
	p.x.SetWrong(errX != nil)
	p.y.SetWrong(errY != nil)
	if errX != nil || errY != nil {
		return
	}
	at := p.places[p.current]
	at.x, at.y = x, y
	p.places[p.current] = p.inside(at)
	p.marks()
	p.tell()
}

// draw shows seals, marks and position as they are.
func (p *Page) draw() {
	if p.shown == nil {
		return
	}
	p.cards.Objects = nil
	for i, s := range p.seals {
		p.cards.Add(newSealCard(s, p.host.Session().Key().Owner, i == p.chosen, func() {
			p.chosen = i
			for n := range p.places {
				p.places[n] = p.inside(p.places[n])
			}
			p.draw()
		}))
	}
	p.cards.Refresh()
	p.marks()
	p.fill()
}

func (p *Page) marks() {
	marks := append([]widgets.Mark(nil), p.others...)
	s := p.seal().Seal
	var dots []int
	if p.edge {
		pages := len(p.reader.Sizes())
		for n := 1; n <= pages; n++ {
			strip := seal.Slice(s.Image, [2]float64{float64(n-1) / float64(pages), float64(n) / float64(pages)})
			w, h := p.pageMM(n)
			width := s.WidthMM / float64(pages)
			marks = append(marks, widgets.Mark{ID: "edge-" + strconv.Itoa(n), Page: n, X: w - width/2, Y: h / 2, W: width, H: s.HeightMM, Image: strip, Fixed: true})
			dots = append(dots, n)
		}
	} else {
		for i, at := range p.places {
			marks = append(marks, widgets.Mark{ID: markID(i), Page: at.page, X: at.x, Y: at.y, W: s.WidthMM, H: s.HeightMM, Image: s.Image, Chosen: i == p.current})
			dots = append(dots, at.page)
		}
	}
	p.reader.View.SetMarks(marks...)
	p.reader.Dots(dots...)
}

func markID(i int) string { return "mine-" + strconv.Itoa(i) }

func index(id string) (int, bool) {
	s, mine := strings.CutPrefix(id, "mine-")
	i, err := strconv.Atoi(s)
	return i, mine && err == nil
}

// fill shows the current place in the fields.
func (p *Page) fill() {
	if len(p.places) == 0 {
		return
	}
	at := p.places[p.current]
	p.setting = true
	p.x.SetText(fmt.Sprintf("%.1f", at.x))
	p.y.SetText(fmt.Sprintf("%.1f", at.y))
	p.setting = false
	p.x.SetLocked(p.edge)
	p.y.SetLocked(p.edge)
	p.tell()
}

// tell says where the seal lies, what to think of, and why something cannot be pressed.
func (p *Page) tell() {
	at := p.places[p.current]
	p.where.SetText(p.t("stamp.where", "page", at.page, "n", p.current+1, "count", len(p.places)))
	p.warning.SetText("")
	p.sign.SetReason("")
	if p.edge {
		p.where.SetText(p.t("stamp.where_edge", "pages", len(p.reader.Sizes())))
		if len(p.reader.Sizes()) < 2 {
			p.sign.SetReason(p.t("stamp.why_one_page"))
		}
	} else if p.overlaps() {
		p.warning.SetText(p.t("stamp.overlaps"))
	}
	only := ""
	if len(p.places) < 2 || p.edge {
		only = p.t("stamp.why_only")
	}
	p.remove.SetReason(only)
	none := ""
	if len(p.history) == 0 {
		none = p.t("stamp.why_no_undo")
	}
	p.undo.SetReason(none)
	if why, ok := p.view.Why(desk.ActionSeal); !ok {
		p.sign.SetReason(why.What)
	}
}

// overlaps tells whether one of our impressions lies over another party's seal.
func (p *Page) overlaps() bool {
	s := p.seal().Seal
	for _, at := range p.places {
		for _, o := range p.others {
			if at.page == o.Page && math.Abs(at.x-o.X) < (s.WidthMM+o.W)/2 && math.Abs(at.y-o.Y) < (s.HeightMM+o.H)/2 {
				return true
			}
		}
	}
	return false
}

func (p *Page) importSeal() {
	p.host.ChooseFile([]string{"png"}, func(path string) {
		var seals []desk.SealChoice
		p.host.Do(p.ctx, func(ctx context.Context) (err error) {
			if err = p.host.Session().ImportSeal(ctx, path); err == nil {
				seals, err = p.host.Session().Seals()
			}
			return err
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.seals, p.chosen = seals, len(seals)-1
			p.draw()
		})
	})
}

// asked is what the person chose, in the terms of the signer.
func (p *Page) asked() []seal.Place {
	if p.edge {
		return []seal.Place{{Kind: seal.AtEdge}}
	}
	var out []seal.Place
	for _, at := range p.places {
		out = append(out, seal.Place{Kind: seal.AtPosition, Pages: seal.Only(at.page), X: at.x, Y: at.y})
	}
	return out
}

// sealPicture is a seal at a fixed side on the card.
func sealPicture(s desk.SealChoice, side float32) fyne.CanvasObject {
	img := canvas.NewImageFromImage(s.Seal.Image)
	img.FillMode = canvas.ImageFillContain
	img.ScaleMode = canvas.ImageScaleSmooth
	return widgets.Fixed(side, side, img)
}
