package stamp

import (
	"slices"
	"testing"

	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
)

func at(x float64) seal.Place {
	return seal.Place{Kind: seal.AtPosition, Pages: seal.Only(1), X: x, Y: 1}
}

// Steps of one editing are one step back; what was undone is gone once something else is done.
func TestStepsBackAndForth(t *testing.T) {
	var p plan
	p.begin(at(1))
	to := func(x float64) func(*seal.Place) { return func(s *seal.Place) { s.X = x } }
	p.set("x", to(2))
	p.set("x", to(3))
	p.set("y", to(4))
	p.set("", to(5))
	p.set("", to(6))
	for _, want := range []float64{5, 4, 3, 1} {
		if !p.undo() || p.places[0].X != want {
			t.Fatalf("undone to %g, want %g", p.places[0].X, want)
		}
	}
	if p.undo() {
		t.Error("undone too far")
	}
	for _, want := range []float64{3, 4} {
		if !p.redo() || p.places[0].X != want {
			t.Errorf("redone to %g, want %g", p.places[0].X, want)
		}
	}
	p.set("x", to(9))
	if p.redo() || p.places[0].X != 9 {
		t.Errorf("redone to %g what was given up", p.places[0].X)
	}
	if !p.undo() || p.places[0].X != 4 {
		t.Errorf("undone to %g", p.places[0].X)
	}
	p.add(at(20))
	p.choose(0)
	p.set("x", to(30))
	p.undo()
	if p.current != 0 || len(p.places) != 2 || p.places[0].X != 4 {
		t.Errorf("%+v", p)
	}
	p.undo()
	if len(p.places) != 1 {
		t.Errorf("%+v", p)
	}
	for range maxPast + 50 {
		p.set("", to(1))
	}
	if len(p.past) != maxPast {
		t.Errorf("%d steps are kept", len(p.past))
	}
}

// A template's places are its own: what is done to them is not done to the template.
func TestReplacedPlacesAreCopies(t *testing.T) {
	kept := []seal.Place{at(1), at(2)}
	var p plan
	p.begin(at(0))
	p.replace(kept)
	p.set("x", func(s *seal.Place) { s.X = 9 })
	if kept[0].X != 1 || len(p.places) != 2 {
		t.Errorf("%+v", kept)
	}
	if p.remove(); len(p.places) != 1 || p.places[0].X != 2 || kept[0].X != 1 {
		t.Errorf("%+v of %+v", p.places, kept)
	}
	if p.remove() {
		t.Error("the only place was taken away")
	}
}

// The boxes say what a place chooses, also where it chooses within pages.
func TestTheHitsThatAPlaceChooses(t *testing.T) {
	hits := []preview.Hit{{Page: 1}, {Page: 2}, {Page: 2}, {Page: 4}}
	ranges := func(text string) seal.Ranges {
		at, err := seal.ParsePlace("keyword=x,hit=" + text)
		if err != nil {
			t.Fatal(err)
		}
		return at.Hits
	}
	for _, c := range []struct {
		pages, hits seal.Ranges
		want        []bool
	}{
		{nil, nil, []bool{true, false, false, false}},
		{nil, ranges("all"), []bool{true, true, true, true}},
		{nil, seal.Last(), []bool{false, false, false, true}},
		{seal.Only(2), nil, []bool{false, true, false, false}},
		{seal.Only(2), seal.Last(), []bool{false, false, true, false}},
		{seal.Last(), nil, []bool{false, false, false, true}},
		{seal.Only(3), ranges("all"), []bool{false, false, false, false}},
		{seal.Only(9), nil, []bool{false, false, false, false}},
	} {
		if got := checkedHits(seal.Place{Kind: seal.AtKeyword, Pages: c.pages, Hits: c.hits}, hits, 4); !slices.Equal(got, c.want) {
			t.Errorf("pages %v, hits %v: %v, want %v", c.pages, c.hits, got, c.want)
		}
	}
}
