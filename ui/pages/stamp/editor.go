package stamp

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// An editor has the controls of the current place, those of its way of finding its spot at a time.
type editor struct {
	p    *Page
	list *fyne.Container // the choice among several places
	body *fyne.Container

	places       *widgets.SelectField
	pages, x, y  *widgets.TextField
	group        *widgets.TextField
	side, dateAt *widgets.Tabs
	keyword      *widgets.TextField
	find         *widgets.Button
	hits         *fyne.Container
	dx, dy       *widgets.TextField
	dated        *widgets.Checkbox
	day          *widgets.TextField
	fan          *canvas.Image
	split        *widgets.Text
	setting      bool // the fields are being filled by the page, not by the person
}

// hitRows bounds the list of hits; who has more chooses by number.
const hitRows = 100

func (e *editor) build(p *Page) {
	e.p = p
	e.places = widgets.NewSelectField("")
	e.places.OnChanged = p.choose
	e.list, e.body = widgets.Row(10, widgets.Grow(e.places), p.remove), widgets.Column(8)
	e.pages = e.field("1-5,8,last", "pages", e.typePages)
	e.x = e.field("X", "x", func(at *seal.Place, mm float64) { at.X = mm })
	e.y = e.field("Y", "y", func(at *seal.Place, mm float64) { at.Y = mm })
	e.dx = e.field("X", "dx", func(at *seal.Place, mm float64) { at.DX = mm })
	e.dy = e.field("Y", "dy", func(at *seal.Place, mm float64) { at.DY = mm })
	e.group = widgets.NewTextField(p.t("stamp.group_all"))
	e.group.OnChanged = e.typeGroup
	e.side = widgets.NewSegments(p.t("stamp.side_right"), p.t("stamp.side_left"))
	e.side.OnChanged = func(i int) { e.change("", func(at *seal.Place) { at.Left = i == 1 }) }
	e.keyword = widgets.NewTextField(p.t("stamp.keyword_hint"))
	e.keyword.OnSubmitted = func(string) { e.search(e.keyword.Text()) }
	e.find = widgets.NewButton(widgets.Secondary, p.t("stamp.find"), func() { e.search(e.keyword.Text()) })
	e.hits = widgets.Column(4)
	e.dated = widgets.NewCheckbox(p.t("stamp.date"), e.toggleDate)
	e.dateAt = widgets.NewSegments(p.t("stamp.date_below"), p.t("stamp.date_right"))
	e.dateAt.OnChanged = func(i int) { e.change("", func(at *seal.Place) { at.Date.Right = i == 1 }) }
	e.day = widgets.NewTextField("")
	e.day.OnChanged = e.typeDay
	e.fan = &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleSmooth}
	e.split = widgets.Quiet("").Clip()
}

// field is one for millimetres; take is what a number in it means, or for pages the text itself.
func (e *editor) field(hint, name string, take any) *widgets.TextField {
	f := widgets.NewTextField(hint)
	f.OnChanged = func(text string) {
		if e.setting || !e.p.ready() {
			return
		}
		switch take := take.(type) {
		case func(*seal.Place, float64):
			mm, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			bad := err != nil || math.IsNaN(mm) || math.Abs(mm) > 10_000
			f.SetWrong(bad)
			if !bad {
				e.change(name, func(at *seal.Place) { take(at, math.Round(mm*100)/100+0) })
			}
		case func(string) bool:
			f.SetWrong(!take(text))
		}
	}
	return f
}

// change changes the current place and shows what comes of it.
func (e *editor) change(editing string, do func(*seal.Place)) {
	if e.setting || !e.p.ready() {
		return
	}
	e.p.plan.set(editing, do)
	e.p.refresh()
}

// typePages reads a choice of pages by the rules of the command line.
func (e *editor) typePages(text string) bool {
	place, err := seal.ParsePlace("pages=" + strings.NewReplacer("，", ",", "、", ",", "－", "-", "—", "-").Replace(text) + ",x=0mm,y=0mm")
	if err != nil || place.Date.On != "" {
		return false
	}
	e.change("pages", func(at *seal.Place) { at.Pages = place.Pages })
	return true
}

func (e *editor) typeGroup(text string) {
	n, err := 0, error(nil)
	if text = strings.TrimSpace(text); text != "" {
		n, err = strconv.Atoi(text)
	}
	bad := err != nil || text != "" && (n < 2 || n > seal.MaxGroup)
	e.group.SetWrong(bad && !e.setting)
	if !bad {
		e.change("group", func(at *seal.Place) { at.Group = n })
	}
}

func (e *editor) toggleDate(on bool) {
	e.change("", func(at *seal.Place) {
		at.Date = seal.Date{}
		if on {
			at.Date.On = seal.SigningDay
		}
	})
	e.p.draw()
}

func (e *editor) typeDay(text string) {
	if e.setting {
		return
	}
	place, err := seal.ParsePlace("page=1,x=0mm,y=0mm,date=" + strings.TrimSpace(text))
	e.day.SetWrong(err != nil)
	if err == nil {
		e.change("day", func(at *seal.Place) {
			at.Date.On = place.Date.On
			if at.Date.Text(e.p.day()) == (seal.Date{On: seal.SigningDay}).Text(e.p.day()) {
				at.Date.On = seal.SigningDay
			}
		})
	}
}

// search looks for the words that the person typed.
func (e *editor) search(words string) {
	words = strings.TrimSpace(words)
	if words == "" || !e.p.ready() {
		return
	}
	if _, err := seal.ParsePlace((seal.Place{Kind: seal.AtKeyword, Keyword: words}).String()); err != nil {
		e.keyword.SetWrong(true)
		return
	}
	e.keyword.SetWrong(false)
	if at := e.p.plan.places[e.p.plan.current]; at.Keyword != words {
		e.p.plan.set("", func(at *seal.Place) { at.Keyword, at.Hits, at.DX, at.DY = words, seal.Last(), 0, 0 })
	}
	e.p.look(words)
	e.p.draw()
	e.p.reveal()
}

// rebuild shows the controls of a way of finding a spot.
func (e *editor) rebuild(mode int) {
	t := e.p.t
	if len(e.p.plan.places) > 1 {
		e.list.Show()
	} else {
		e.list.Hide()
	}
	label := func(s string) fyne.CanvasObject {
		return widgets.Fixed(58, 0, widgets.Middle(widgets.NewText(s, theme.TextTable, theme.Text2).Clip()))
	}
	line := func(name string, o ...fyne.CanvasObject) fyne.CanvasObject {
		return widgets.Row(6, append([]fyne.CanvasObject{label(name)}, o...)...)
	}
	mm := widgets.Quiet("mm")
	position := line(t("stamp.from_left_top"), widgets.Grow(e.x), widgets.Grow(e.y), mm)
	var rows []fyne.CanvasObject
	switch mode {
	case onePage:
		rows = []fyne.CanvasObject{line(t("stamp.page"), widgets.Grow(e.pages)), position}
	case manyPages:
		preset := func(key, pages string) *widgets.Button {
			return widgets.NewButton(widgets.Link, t(key), func() { e.pages.SetText(pages) })
		}
		rows = []fyne.CanvasObject{line(t("stamp.pages"), widgets.Grow(e.pages)),
			line("", preset("stamp.pages_all", "all"), preset("stamp.pages_odd", "odd"), preset("stamp.pages_even", "even"), widgets.Spacer()), position}
	case atEdge:
		rows = []fyne.CanvasObject{widgets.Fixed(0, 96, e.fan), e.split,
			line(t("stamp.group"), widgets.Grow(e.group), widgets.Quiet(t("stamp.group_unit"))),
			line(t("stamp.side"), widgets.Grow(e.side)),
			line(t("stamp.from_top"), widgets.Grow(e.y), mm)}
	case atWords:
		rows = []fyne.CanvasObject{widgets.Row(8, widgets.Grow(e.keyword), e.find), e.hits,
			line(t("stamp.offset"), widgets.Grow(e.dx), widgets.Grow(e.dy), mm)}
		e.listHits()
	case inField:
		rows = e.p.fieldRows()
	}
	if mode != atEdge && mode != inField {
		rows = append(rows, e.dated)
		if e.p.plan.places[e.p.plan.current].Date.On != "" {
			rows = append(rows, widgets.Row(6, widgets.Grow(e.day), widgets.Fixed(112, 0, e.dateAt)))
		}
	}
	e.body.Objects = rows
	e.body.Refresh()
}

// listHits shows where the words are, each with a box to check; or what comes near.
func (e *editor) listHits() {
	p := e.p
	place := p.plan.places[p.plan.current]
	e.hits.Objects = nil
	found, done := p.found[place.Keyword]
	switch {
	case !done:
		e.hits.Add(widgets.Quiet(p.t("stamp.searching")))
	case len(found.Hits) == 0 && len(found.Near) == 0:
		e.hits.Add(widgets.NewParagraph(p.t("stamp.not_found"), theme.TextCaption, theme.Red))
	case len(found.Hits) == 0:
		e.hits.Add(widgets.NewParagraph(p.t("stamp.near"), theme.TextCaption, theme.Red))
		for _, h := range found.Near {
			e.hits.Add(widgets.Row(6, widgets.Grow(widgets.NewText(p.t("stamp.hit", "page", h.Page, "text", h.Text), theme.TextTable, theme.Text).Clip()),
				widgets.NewButton(widgets.Link, p.t("stamp.use"), func() {
					e.setting = true
					e.keyword.SetText(h.Text)
					e.setting = false
					e.search(h.Text)
				})))
		}
	default:
		e.hits.Add(e.checks(place, found.Hits))
	}
}

// checks is the list of hits with their boxes.
func (e *editor) checks(place seal.Place, hits []preview.Hit) fyne.CanvasObject {
	checked := checkedHits(place, hits, e.p.shown.Layout.Pages())
	rows := widgets.Column(2)
	for i, h := range hits[:min(len(hits), hitRows)] {
		box := widgets.NewCheckbox(e.p.t("stamp.hit", "page", h.Page, "text", h.Text), func(on bool) {
			checked[i] = on
			e.change("", func(at *seal.Place) { at.Pages, at.Hits = nil, chosenHits(checked) })
			if b, ok := e.p.shown.Layout.Box(h.Page, h.Rect); ok && on {
				e.p.reader.View.Reveal(b.Page, b.X, b.Y)
			}
		})
		box.Set(checked[i])
		rows.Add(box)
	}
	if more := len(hits) - hitRows; more > 0 {
		rows.Add(widgets.Quiet(e.p.t("stamp.more_hits", "count", more)))
	}
	if len(hits) <= 4 {
		return rows
	}
	return widgets.Fixed(0, 112, widgets.NewScrollArea(rows))
}

// fill shows the current place in the fields, but for the one that is being typed in.
func (e *editor) fill() {
	p := e.p
	at := p.plan.places[p.plan.current]
	e.setting = true
	defer func() { e.setting = false }()
	set := func(f *widgets.TextField, name, text string) {
		if p.plan.editing != name || !f.Focused() {
			f.SetText(text)
			f.SetWrong(false)
		}
	}
	pages := at.Pages.String()
	if modeOf(at) == onePage && p.mode.Chosen() == onePage {
		if n, missing := at.Pages.Of(p.shown.Layout.Pages()); missing == 0 {
			pages = strconv.Itoa(n[0])
		}
	}
	set(e.pages, "pages", pages)
	y := at.Y
	if at.Kind == seal.AtEdge && y == 0 {
		_, h := p.shown.Layout.PageSize(1)
		y = tenth(h / 2)
	}
	set(e.x, "x", millimetres(at.X))
	set(e.y, "y", millimetres(y))
	set(e.dx, "dx", millimetres(at.DX))
	set(e.dy, "dy", millimetres(at.DY))
	group := ""
	if at.Group > 0 {
		group = strconv.Itoa(at.Group)
	}
	set(e.group, "group", group)
	e.side.Choose(index(at.Left))
	if at.Kind == seal.AtKeyword && !e.keyword.Focused() {
		e.keyword.SetText(at.Keyword)
	}
	e.dated.Set(at.Date.On != "")
	e.dateAt.Choose(index(at.Date.Right))
	if at.Date.On != "" {
		set(e.day, "day", at.Date.Text(p.day()))
	}
	var options []widgets.Option
	for i, place := range p.plan.places {
		options = append(options, widgets.Option{Text: p.t("stamp.place_is", "n", i+1, "place", p.name(place))})
	}
	e.places.SetOptions(options...)
	e.places.Choose(p.plan.current)
	if at.Kind == seal.AtEdge {
		e.showSplit(at)
	}
}

// showSplit shows the pages fanned out, and how wide each strip is.
func (e *editor) showSplit(at seal.Place) {
	p := e.p
	first, seals := 0, 0
	for _, im := range p.spots[p.plan.current].Impressions {
		if im.Part[0] == 0 && !at.Left || im.Part[1] == 1 && at.Left {
			seals++
		}
		if seals == 1 {
			first++
		}
	}
	if first < 2 {
		e.fan.Image = nil
		e.split.SetText("")
		e.fan.Refresh()
		return
	}
	face := p.seal().Seal
	e.fan.Image = fan(face.Image, first, at.Left, 2*(panelWidth-32), 2*96)
	e.fan.Refresh()
	e.split.SetText(p.t("stamp.split", "pages", first, "seals", seals, "mm", fmt.Sprintf("%.1f", face.WidthMM/float64(first))))
}

// name says in a few words where a place is.
func (p *Page) name(place seal.Place) string {
	switch modeOf(place) {
	case atEdge:
		return p.t("stamp.mode_edge")
	case atWords:
		return place.Keyword
	case inField:
		if f := p.field(place); f != nil {
			return called(*f)
		}
		return place.Field
	case manyPages:
		return p.t("stamp.on_pages", "pages", place.Pages.String())
	}
	if n, missing := place.Pages.Of(p.shown.Layout.Pages()); missing == 0 {
		return p.t("stamp.on_page", "page", n[0])
	}
	return p.t("stamp.on_pages", "pages", place.Pages.String())
}

func index(second bool) int {
	if second {
		return 1
	}
	return 0
}

func millimetres(mm float64) string {
	return strconv.FormatFloat(math.Round(mm*100)/100+0, 'f', -1, 64)
}
