package batch

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"sealdesk/signer/seal"
	"sealdesk/ui/desk"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// rule is the part of the page on which the seal and its place are chosen.
type rule struct {
	p     *Page
	seals []desk.SealChoice
	want  string // the seal to choose once they are read

	pick     *widgets.SelectField
	mode     *widgets.Tabs
	at       *widgets.SelectField // which page
	x, y     *widgets.TextField
	keyword  *widgets.TextField
	which    *widgets.SelectField // which occurrence
	edge     *widgets.Checkbox
	clean    *widgets.Checkbox
	trouble  *widgets.Text
	position fyne.CanvasObject
	words    fyne.CanvasObject
	holder   *fyne.Container
	out      *widgets.Text
}

// The ways to find the place, in the order of the mode's segments.
const (
	byKeyword = iota
	byPosition
	byEdge
)

func newRule(p *Page) *rule {
	r := &rule{p: p}
	changed := func(string) { r.changed() }
	r.pick = widgets.NewSelectField(p.t("batch.seal_choose"))
	r.mode = widgets.NewSegments(p.t("batch.by_keyword"), p.t("batch.by_position"), p.t("batch.by_edge"))
	r.mode.OnChanged = func(int) { r.draw() }
	r.at = widgets.NewSelectField("", widgets.Option{Text: p.t("batch.page_last")}, widgets.Option{Text: p.t("batch.page_first")})
	r.at.Choose(0)
	r.x, r.y = widgets.NewTextField("X"), widgets.NewTextField("Y")
	r.x.SetText("150")
	r.y.SetText("230")
	r.x.OnChanged, r.y.OnChanged = changed, changed
	r.keyword = widgets.NewTextField(p.t("stamp.keyword_hint"))
	r.keyword.OnChanged = changed
	r.which = widgets.NewSelectField("", widgets.Option{Text: p.t("batch.hit_last")}, widgets.Option{Text: p.t("batch.hit_first")})
	r.which.Choose(0)
	r.edge = widgets.NewCheckbox(p.t("batch.edge_too"), nil)
	r.clean = widgets.NewCheckbox(p.t("batch.clean"), nil)
	r.trouble = widgets.NewText("", theme.TextCaption, theme.Amber).Clip()
	r.words = widgets.Column(8, r.keyword, r.which, r.edge)
	r.position = widgets.Column(8, r.at, widgets.Row(8, widgets.Grow(r.x), widgets.Grow(r.y), widgets.Quiet("mm")), r.edge)
	r.holder = widgets.Column(0)
	r.out = widgets.NewText("", theme.TextTable, theme.Text).Clip()
	r.draw()
	return r
}

// load reads the party's seals.
func (r *rule) load(ctx context.Context) {
	p := r.p
	var seals []desk.SealChoice
	p.host.Do(ctx, func(context.Context) (err error) {
		seals, err = p.host.Session().Seals()
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		chosen := r.chosen()
		seals = slices.DeleteFunc(seals, func(s desk.SealChoice) bool { return s.Broken != nil }) // the page 印章管理 says why
		r.seals = seals
		var options []widgets.Option
		for _, s := range seals {
			options = append(options, widgets.Option{Text: s.Title})
		}
		r.pick.SetOptions(options...)
		if r.want == "" && chosen != nil {
			r.want = chosen.ID
		}
		at := 0
		for i, s := range seals {
			if s.ID == r.want {
				at = i
			}
		}
		r.pick.Choose(at)
		p.foot()
	})
}

func (r *rule) chosen() *desk.SealChoice {
	if i := r.pick.Chosen(); i >= 0 && i < len(r.seals) {
		return &r.seals[i]
	}
	return nil
}

// take shows a rule that was kept.
func (r *rule) take(k desk.BatchRule) {
	r.want = k.Seal.ID
	for i, s := range r.seals {
		if s.ID == r.want {
			r.pick.Choose(i)
		}
	}
	r.clean.Set(k.Clean)
	r.edge.Set(len(k.Places) > 1)
	if len(k.Places) == 0 {
		return
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	second := func(yes bool) int {
		if yes {
			return 1
		}
		return 0
	}
	switch at := k.Places[0]; at.Kind {
	case seal.AtKeyword:
		r.mode.Choose(byKeyword)
		r.keyword.SetText(at.Keyword)
		r.which.Choose(second(at.Hits.String() != seal.Last().String()))
	case seal.AtEdge:
		r.mode.Choose(byEdge)
	default:
		r.mode.Choose(byPosition)
		r.at.Choose(second(first(at)))
		r.x.SetText(number(at.X))
		r.y.SetText(number(at.Y))
	}
	r.draw()
}

func (r *rule) draw() {
	switch r.mode.Chosen() {
	case byKeyword:
		r.holder.Objects = []fyne.CanvasObject{r.words}
	case byPosition:
		r.holder.Objects = []fyne.CanvasObject{r.position}
	default:
		r.holder.Objects = []fyne.CanvasObject{widgets.NewParagraph(r.p.t("batch.edge_why"), theme.TextTable, theme.Text2)}
	}
	r.holder.Refresh()
	r.changed()
}

// changed says why the rule cannot be used yet.
func (r *rule) changed() {
	if r.p.main != nil {
		r.p.foot()
	}
}

// why is what the rule lacks, empty when nothing.
func (r *rule) why() string {
	_, fine := r.place()
	switch {
	case r.chosen() == nil:
		return r.p.t("batch.why_no_seal")
	case !fine && r.mode.Chosen() == byKeyword:
		return r.p.t("batch.why_no_keyword")
	case !fine:
		return r.p.t("batch.why_no_place")
	}
	return ""
}

// place is where the seal goes.
func (r *rule) place() (seal.Place, bool) {
	switch r.mode.Chosen() {
	case byKeyword:
		at := seal.Place{Kind: seal.AtKeyword, Keyword: strings.TrimSpace(r.keyword.Text())}
		if r.which.Chosen() == 0 {
			at.Hits = seal.Last()
		}
		return check(at)
	case byEdge:
		return seal.Place{Kind: seal.AtEdge}, true
	}
	x, errX := strconv.ParseFloat(strings.TrimSpace(r.x.Text()), 64)
	y, errY := strconv.ParseFloat(strings.TrimSpace(r.y.Text()), 64)
	at := seal.Place{Kind: seal.AtPosition, Pages: seal.Last(), X: x, Y: y}
	if r.at.Chosen() == 1 {
		at.Pages = seal.Only(1)
	}
	if errX != nil || errY != nil {
		return at, false
	}
	return check(at)
}

// first tells that a position is on the first page, not the last.
func first(at seal.Place) bool { return at.Pages.String() == seal.Only(1).String() }

// check has the place read as the command line would read it.
func check(at seal.Place) (seal.Place, bool) {
	read, err := seal.ParsePlace(at.String())
	return read, err == nil
}

// read is the rule as the desk takes it.
func (r *rule) read() (desk.BatchRule, bool) {
	at, fine := r.place()
	chosen := r.chosen()
	if !fine || chosen == nil {
		return desk.BatchRule{}, false
	}
	out := desk.BatchRule{Seal: *chosen, Places: []seal.Place{at}, Clean: r.clean.On()}
	if r.edge.On() && at.Kind != seal.AtEdge {
		out.Places = append(out.Places, seal.Place{Kind: seal.AtEdge})
	}
	return out, true
}

// said is the rule in a few words.
func (r *rule) said() string {
	k, _ := r.read()
	t := r.p.t
	var parts []string
	for _, at := range k.Places {
		switch at.Kind {
		case seal.AtKeyword:
			parts = append(parts, t("batch.said_keyword", "words", at.Keyword))
		case seal.AtEdge:
			parts = append(parts, t("batch.by_edge"))
		default:
			page := t("batch.page_last")
			if first(at) {
				page = t("batch.page_first")
			}
			parts = append(parts, t("batch.said_position", "page", page, "x", at.X, "y", at.Y))
		}
	}
	return k.Seal.Title + t("batch.said_at") + strings.Join(parts, t("found.comma"))
}

// content is the panel: fields, or once files were checked the rule in words and the way to change it.
func (r *rule) content(fixed bool, change func()) fyne.CanvasObject {
	p := r.p
	heading := func(key string) fyne.CanvasObject {
		return widgets.NewText(p.t(key), theme.TextBody, theme.Text).Bold()
	}
	r.out.SetText(p.view.Out)
	where := p.view.Out
	if where == "" {
		where = p.t("batch.out_later")
	}
	if fixed {
		col := widgets.Column(8, heading("batch.rule"), widgets.NewParagraph(r.said(), theme.TextTable, theme.Text),
			widgets.Gap(1, 4), heading("batch.out"), widgets.NewParagraph(where, theme.TextTable, theme.Text))
		if !p.busy() && p.stage != sealed {
			col.Add(widgets.NewButton(widgets.Link, p.t("batch.change_rule"), change))
		}
		return col
	}
	choose := widgets.NewButton(widgets.Link, p.t("batch.out_change"), func() {
		p.host.ChooseFolder(func(path string) {
			p.batch.SetOut(path)
			p.refresh()
		})
	})
	if len(p.view.Rows) == 0 {
		choose.Hide()
	}
	return widgets.Column(10,
		heading("batch.rule_seal"), r.pick, widgets.Gap(1, 2),
		heading("batch.rule_place"), r.mode, r.holder, widgets.Gap(1, 2),
		heading("batch.rule_word"), r.clean, widgets.Gap(1, 2),
		widgets.Row(8, widgets.Grow(heading("batch.out")), choose), widgets.NewParagraph(where, theme.TextTable, theme.Text2))
}
