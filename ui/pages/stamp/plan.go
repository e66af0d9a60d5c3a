package stamp

import (
	"slices"

	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
)

// The ways in which a place finds its spot, in the order of their tabs.
const (
	onePage = iota // 单页
	manyPages
	atEdge
	atWords
	inField // an empty signature field; it has no tab
)

// modeOf tells the way of a place.
func modeOf(p seal.Place) int {
	switch p.Kind {
	case seal.AtEdge:
		return atEdge
	case seal.AtKeyword:
		return atWords
	case seal.AtField:
		return inField
	}
	if len(p.Pages) == 1 && p.Pages[0].From == p.Pages[0].To {
		return onePage
	}
	return manyPages
}

// A plan is where the seal goes as the person has it now, and had it before.
type plan struct {
	places  []seal.Place
	current int

	past, future []moment
	editing      string // what is being typed or nudged: its single steps are one for undo
}

type moment struct {
	places  []seal.Place
	current int
}

// maxPast bounds the steps that can be taken back.
const maxPast = 100

func (p *plan) now() moment { return moment{slices.Clone(p.places), p.current} }

// remember keeps the present as a step to go back to. Steps of the same editing are one, "" is never the same.
func (p *plan) remember(editing string) {
	if editing != "" && editing == p.editing {
		return
	}
	p.editing = editing
	p.future = nil
	p.past = append(p.past, p.now())
	if len(p.past) > maxPast {
		p.past = p.past[1:]
	}
}

func (p *plan) undo() bool { return p.step(&p.past, &p.future) }
func (p *plan) redo() bool { return p.step(&p.future, &p.past) }

func (p *plan) step(from, to *[]moment) bool {
	n := len(*from)
	if n == 0 {
		return false
	}
	*to = append(*to, p.now())
	p.places, p.current = (*from)[n-1].places, (*from)[n-1].current
	*from = (*from)[:n-1]
	p.editing = ""
	return true
}

// begin starts anew with places that nobody has touched yet.
func (p *plan) begin(places ...seal.Place) { *p = plan{places: places} }

// replace puts all places at once, as a template does.
func (p *plan) replace(places []seal.Place) {
	p.remember("")
	p.places, p.current = slices.Clone(places), 0
}

func (p *plan) add(place seal.Place) {
	p.remember("")
	p.places = append(p.places, place)
	p.current = len(p.places) - 1
}

// remove takes the current place away; the only one stays.
func (p *plan) remove() bool {
	if len(p.places) < 2 {
		return false
	}
	p.remember("")
	p.places = slices.Delete(p.places, p.current, p.current+1)
	p.current = min(p.current, len(p.places)-1)
	return true
}

// set changes the current place.
func (p *plan) set(editing string, change func(*seal.Place)) {
	p.remember(editing)
	change(&p.places[p.current])
}

// choose makes another place the current one.
func (p *plan) choose(i int) {
	if i != p.current {
		p.current, p.editing = i, ""
	}
}

// checkedHits tells which of all hits a place chooses, in a document of so many pages: it counts those within its own pages.
func checkedHits(place seal.Place, hits []preview.Hit, pages int) []bool {
	wanted, within := place.Hits, map[int]bool{}
	if wanted == nil {
		wanted = seal.Only(1)
	}
	own, _ := place.Pages.Of(pages)
	for _, n := range own {
		within[n] = true
	}
	var counted []int
	for i, h := range hits {
		if place.Pages == nil || within[h.Page] {
			counted = append(counted, i)
		}
	}
	checked := make([]bool, len(hits))
	chosen, _ := wanted.Of(len(counted))
	for _, n := range chosen {
		checked[counted[n-1]] = true
	}
	return checked
}

// chosenHits turns checked hits into a choice that fits other documents too: all of them, the last one, or their numbers.
func chosenHits(checked []bool) seal.Ranges {
	var out seal.Ranges
	count := 0
	for i, on := range checked {
		if !on {
			continue
		}
		count++
		if n := len(out); n > 0 && out[n-1].To == i {
			out[n-1].To = i + 1
		} else {
			out = append(out, seal.Range{From: i + 1, To: i + 1, Step: 1})
		}
	}
	switch {
	case count == len(checked) && count > 1:
		return seal.Ranges{{From: 1, To: -1, Step: 1}}
	case count == 1 && checked[len(checked)-1]:
		return seal.Last()
	}
	return out
}
