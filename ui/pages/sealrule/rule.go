package sealrule

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"sealdesk/signer/seal"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// A Rule is the fields with which a seal and its place are chosen.
type Rule struct {
	host    page.Host
	changed func() // what the person chose is another
	seals   []desk.SealChoice
	want    string // the seal to choose once they are read

	pick     *widgets.SelectField
	mode     *widgets.Tabs
	at       *widgets.SelectField // which page
	x, y     *widgets.TextField
	keyword  *widgets.TextField
	which    *widgets.SelectField // which occurrence
	edge     *widgets.Checkbox
	position fyne.CanvasObject
	words    fyne.CanvasObject
	holder   *fyne.Container
}

// The ways to find the place, in the order of the mode's segments.
const (
	ByKeyword = iota
	ByPosition
	ByEdge
)

// New makes the fields; changed is called whenever what they say is another.
func New(host page.Host, changed func()) *Rule {
	r := &Rule{host: host, changed: func() {}}
	typed := func(string) { r.changed() }
	r.pick = widgets.NewSelectField(r.t("batch.seal_choose"))
	r.mode = widgets.NewSegments(r.t("batch.by_keyword"), r.t("batch.by_position"), r.t("batch.by_edge"))
	r.mode.OnChanged = func(int) { r.draw() }
	r.at = widgets.NewSelectField("", widgets.Option{Text: r.t("batch.page_last")}, widgets.Option{Text: r.t("batch.page_first")})
	r.at.Choose(0)
	r.x, r.y = widgets.NewTextField("X"), widgets.NewTextField("Y")
	r.x.SetText("150")
	r.y.SetText("230")
	r.x.OnChanged, r.y.OnChanged = typed, typed
	r.keyword = widgets.NewTextField(r.t("stamp.keyword_hint"))
	r.keyword.OnChanged = typed
	r.which = widgets.NewSelectField("", widgets.Option{Text: r.t("batch.hit_last")}, widgets.Option{Text: r.t("batch.hit_first")})
	r.which.Choose(0)
	r.edge = widgets.NewCheckbox(r.t("batch.edge_too"), nil)
	r.words = widgets.Column(8, r.keyword, r.which, r.edge)
	r.position = widgets.Column(8, r.at, widgets.Row(8, widgets.Grow(r.x), widgets.Grow(r.y), widgets.Quiet("mm")), r.edge)
	r.holder = widgets.Column(0)
	r.draw()
	r.changed = changed
	return r
}

func (r *Rule) t(key string, pairs ...any) string { return r.host.Words().T(key, pairs...) }

// Prefer has a seal chosen once the seals are read.
func (r *Rule) Prefer(id string) { r.want = id }

// ByWay chooses how the place is found: ByKeyword, ByPosition or ByEdge.
func (r *Rule) ByWay(way int) {
	r.mode.Choose(way)
	r.draw()
}

// Way is how the place is found.
func (r *Rule) Way() int { return r.mode.Chosen() }

// Keyword is the field in which the words are typed.
func (r *Rule) Keyword() *widgets.TextField { return r.keyword }

// Load reads the party's seals.
func (r *Rule) Load(ctx context.Context) {
	var seals []desk.SealChoice
	party := r.host.Session().Key().Owner
	r.host.Do(ctx, func(context.Context) (err error) {
		seals, err = r.host.Session().Seals()
		return err
	}, func(err error) {
		if err != nil {
			r.host.Tell(err)
			return
		}
		chosen := r.Seal()
		seals = slices.DeleteFunc(seals, func(s desk.SealChoice) bool { return s.Broken != nil }) // the page 印章管理 says why
		r.seals = seals
		r.pick.SetOptions(options(seals, party)...)
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
		r.changed()
	})
}

// options name the seals, in short where that tells them apart.
func options(seals []desk.SealChoice, party string) []widgets.Option {
	alike := map[string]int{}
	for _, s := range seals {
		alike[s.Short(party)]++
	}
	var out []widgets.Option
	for _, s := range seals {
		name := s.Short(party)
		if alike[name] > 1 {
			name = s.Title
		}
		out = append(out, widgets.Option{Text: name})
	}
	return out
}

// Seal is the one that is chosen, nil while there is none.
func (r *Rule) Seal() *desk.SealChoice {
	if i := r.pick.Chosen(); i >= 0 && i < len(r.seals) {
		return &r.seals[i]
	}
	return nil
}

// Take shows a rule that was kept.
func (r *Rule) Take(id string, places []seal.Place) {
	r.want = id
	for i, s := range r.seals {
		if s.ID == r.want {
			r.pick.Choose(i)
		}
	}
	r.edge.Set(len(places) > 1)
	if len(places) == 0 {
		return
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	second := func(yes bool) int {
		if yes {
			return 1
		}
		return 0
	}
	switch at := places[0]; at.Kind {
	case seal.AtKeyword:
		r.mode.Choose(ByKeyword)
		r.keyword.SetText(at.Keyword)
		r.which.Choose(second(at.Hits.String() != seal.Last().String()))
	case seal.AtEdge:
		r.mode.Choose(ByEdge)
	default:
		r.mode.Choose(ByPosition)
		r.at.Choose(second(first(at)))
		r.x.SetText(number(at.X))
		r.y.SetText(number(at.Y))
	}
	r.draw()
}

func (r *Rule) draw() {
	switch r.mode.Chosen() {
	case ByKeyword:
		r.holder.Objects = []fyne.CanvasObject{r.words}
	case ByPosition:
		r.holder.Objects = []fyne.CanvasObject{r.position}
	default:
		r.holder.Objects = []fyne.CanvasObject{widgets.NewParagraph(r.t("batch.edge_why"), theme.TextTable, theme.Text2)}
	}
	r.holder.Refresh()
	r.changed()
}

// Why is what the rule lacks, empty when nothing.
func (r *Rule) Why() string {
	_, fine := r.place()
	switch {
	case r.Seal() == nil:
		return r.t("batch.why_no_seal")
	case !fine && r.mode.Chosen() == ByKeyword:
		return r.t("batch.why_no_keyword")
	case !fine:
		return r.t("batch.why_no_place")
	}
	return ""
}

// place is where the seal goes.
func (r *Rule) place() (seal.Place, bool) {
	switch r.mode.Chosen() {
	case ByKeyword:
		at := seal.Place{Kind: seal.AtKeyword, Keyword: strings.TrimSpace(r.keyword.Text())}
		if r.which.Chosen() == 0 {
			at.Hits = seal.Last()
		}
		return check(at)
	case ByEdge:
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

// Read is the seal and where it goes; false while something lacks.
func (r *Rule) Read() (desk.SealChoice, []seal.Place, bool) {
	at, fine := r.place()
	chosen := r.Seal()
	if !fine || chosen == nil {
		return desk.SealChoice{}, nil, false
	}
	places := []seal.Place{at}
	if r.edge.On() && at.Kind != seal.AtEdge {
		places = append(places, seal.Place{Kind: seal.AtEdge})
	}
	return *chosen, places, true
}

// Said is the rule in a few words.
func (r *Rule) Said() string {
	chosen, places, _ := r.Read()
	var parts []string
	for _, at := range places {
		switch at.Kind {
		case seal.AtKeyword:
			parts = append(parts, r.t("batch.said_keyword", "words", at.Keyword))
		case seal.AtEdge:
			parts = append(parts, r.t("batch.by_edge"))
		default:
			page := r.t("batch.page_last")
			if first(at) {
				page = r.t("batch.page_first")
			}
			parts = append(parts, r.t("batch.said_position", "page", page, "x", at.X, "y", at.Y))
		}
	}
	return chosen.Title + r.t("batch.said_at") + strings.Join(parts, r.t("found.comma"))
}

// Fields are the seal, with what else is to stand there, and below it how its place is found.
func (r *Rule) Fields(beside ...fyne.CanvasObject) fyne.CanvasObject {
	heading := func(text string) fyne.CanvasObject { return widgets.NewText(text, theme.TextBody, theme.Text).Bold() }
	choice := widgets.Row(8, append([]fyne.CanvasObject{widgets.Grow(heading(r.t("batch.rule_seal")))}, beside...)...)
	return widgets.Column(10, choice, r.pick, widgets.Gap(1, 2), heading(r.t("batch.rule_place")), r.mode, r.holder)
}
