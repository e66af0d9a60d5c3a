package bids

import (
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/bid"
)

// Whatever a person's files are called, a bid has names that its format takes, each once.
func TestNamesInABid(t *testing.T) {
	long := strings.Repeat("长", 80) + ".pdf"
	given := []string{"a.pdf", "A.PDF", "a:b?.pdf", "CON.pdf", "..", long, "a.pdf", "没有后缀", "  空格.pdf "}
	want := []string{"a.pdf", "A-b.PDF", "a_b_.pdf", "d.pdf", "e", "f.pdf", "a-g.pdf", "没有后缀", "空格.pdf"}
	var o bid.Outline
	s := state{Nodes: map[string]*node{}}
	for i, name := range given {
		code := string(rune('a' + i))
		o.Parts = append(o.Parts, bid.OutlinePart{Code: code})
		s.Nodes[code] = &node{Original: File{Name: name}}
	}
	var got []string
	for _, x := range s.sources(&o) {
		got = append(got, x.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// What goes into a bid has a name of its own for every change that matters, and for no other.
func TestWhatMakesABidOutOfDate(t *testing.T) {
	o, err := bid.ReadOutline(strings.NewReader(`{"tender":"T","lot":"1","name":"N","parts":[{"code":"a","name":"A","kind":"k","required":true,"envelope":"e"}],
		"price":{"envelope":"e","fields":[{"name":"总价","kind":"amount","required":true,"capitals":true}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	was := state{Nodes: map[string]*node{"a": {Original: File{Name: "a.bin", SHA256: "1", Path: "original-1"}}}, Price: []bid.Field{{Name: "总价", Value: "1"}},
		Identity: &Identity{EncryptionSerial: "01"}}
	for name, tc := range map[string]struct {
		change func(*state)
		other  bool
	}{
		"nothing":                      {func(*state) {}, false},
		"capitals that say the same":   {func(s *state) { s.Price[0].Capitals = "壹元整" }, false},
		"where the file lies":          {func(s *state) { s.Nodes["a"] = &node{Original: File{Name: "a.bin", SHA256: "1", Path: "original-2"}} }, false},
		"another price":                {func(s *state) { s.Price[0].Value = "2" }, true},
		"another file":                 {func(s *state) { s.Nodes["a"] = &node{Original: File{Name: "a.bin", SHA256: "2"}} }, true},
		"a seal on it":                 {func(s *state) { n := *s.Nodes["a"]; n.Sealed = &File{Name: "a.bin", SHA256: "3"}; s.Nodes["a"] = &n }, true},
		"no file":                      {func(s *state) { delete(s.Nodes, "a") }, true},
		"another encryption":           {func(s *state) { s.Identity = &Identity{EncryptionSerial: "02"} }, true},
		"another platform certificate": {func(s *state) { s.Tender.Certificates = [][]byte{{1}} }, true},
	} {
		now := was.clone()
		tc.change(&now)
		if got := now.content(o) != was.content(o); got != tc.other {
			t.Errorf("%s: another bid %v, want %v", name, got, tc.other)
		}
	}
}
