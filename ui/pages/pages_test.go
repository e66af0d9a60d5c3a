package pages_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/assets/i18n"
	"sealdesk/signer"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/seal"
	"sealdesk/signer/ses/sestest"
	"sealdesk/token"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages"
	"sealdesk/ui/pages/awards"
	"sealdesk/ui/pages/batch"
	"sealdesk/ui/pages/bid"
	"sealdesk/ui/pages/choose"
	"sealdesk/ui/pages/clean"
	"sealdesk/ui/pages/compare"
	"sealdesk/ui/pages/contracts"
	"sealdesk/ui/pages/form"
	"sealdesk/ui/pages/hall"
	"sealdesk/ui/pages/help"
	"sealdesk/ui/pages/home"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/keys"
	"sealdesk/ui/pages/login"
	"sealdesk/ui/pages/outbox"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/seals"
	"sealdesk/ui/pages/settings"
	"sealdesk/ui/pages/stamp"
	"sealdesk/ui/pages/verifyfile"
	"sealdesk/ui/pages/view"
)

// A stage is a world with one party logged in and a contract in each state that pages show.
type stage struct {
	*pagetest.World
	t       *testing.T
	tenders *pagetest.Tenders // of a stage of bids
	session *desk.Session     // of the purchaser, who started all of them
	other   *desk.Session
	words   *words.Catalog
	fresh   *desk.Work // nothing attached
	cleaned *desk.Work
	sealed  *desk.Work // and submitted
	review  *desk.Work // the same on the other side's desk
	nowhere *desk.Desk // without keys
}

func newStage(t *testing.T, language string) *stage {
	t.Helper()
	s := &stage{World: pagetest.NewWorldIn(t, language), t: t}
	s.session, s.words = s.Buyer(), s.Desk.Words()
	s.sealed = s.Submitted(s.session, "lot-1")
	s.other = s.Seller()
	var err error
	if s.review, err = s.other.Open(t.Context(), s.sealed.ID()); err != nil {
		t.Fatal(err)
	}
	s.fresh, s.cleaned = s.Begin(s.session, "lot-2"), s.Begin(s.session, "lot-3")
	s.Clean(s.cleaned, s.Paper())
	s.nowhere, err = desk.Open(t.Context(), desk.Config{
		Words: s.words, Folders: desk.Folders{Data: t.TempDir(), Cache: t.TempDir()}, Drivers: []token.Driver{broken{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.nowhere.Close() })
	return s
}

// broken is a driver whose library does not answer.
type broken struct{ token.Driver }

func (broken) Tokens(context.Context) ([]token.Token, error) { return nil, token.ErrTimeout }

// A face is a page, or a dialog over it, as a person meets it.
type face struct {
	name string
	away bool // the platform cannot be reached
	held bool // it does not answer yet
	side bool // the other side sits there
	out  bool // nobody is logged in
	open func(s *stage, h *pagetest.Host) page.Page
	then func(s *stage, h *pagetest.Host) // done after it has settled
}

func (s *stage) text(key string) string { return s.words.T(key) }

// press presses a button by the key of its words.
func press(keys ...string) func(*stage, *pagetest.Host) {
	return func(s *stage, h *pagetest.Host) {
		s.t.Helper()
		for _, key := range keys {
			ready(key)(s, h)
			h.Press(s.text(key))
			h.Settle(settle)
		}
	}
}

// ready waits until a button can be pressed: then the document is there.
func ready(key string) func(*stage, *pagetest.Host) {
	return func(s *stage, h *pagetest.Host) {
		s.t.Helper()
		h.Until(key, func() bool { b := h.Button(s.text(key)); return b != nil && b.Reason() == "" })
		h.Settle(settle)
	}
}

const settle = 120 * time.Millisecond

func contractForm(which func(*stage) *desk.Work) func(*stage, *pagetest.Host) page.Page {
	return func(s *stage, h *pagetest.Host) page.Page { return form.New(h, which(s)) }
}

func theFresh(s *stage) *desk.Work   { return s.fresh }
func theCleaned(s *stage) *desk.Work { return s.cleaned }
func theSealed(s *stage) *desk.Work  { return s.sealed }

// damaged is a file of the contract that is not on the disk any more.
func damaged(s *stage, h *pagetest.Host) page.Page {
	f := *s.sealed.View(s.t.Context()).Filing.Sealed
	f.Path = "gone.pdf"
	return view.New(h, s.sealed, f)
}

func verified(file func(*stage) string) func(*stage, *pagetest.Host) {
	return func(s *stage, h *pagetest.Host) {
		path := file(s)
		h.Choose = func([]string) string { return path }
		h.Top().(page.Opener).OpenFile()
		h.Until("the verdict", func() bool { return h.Button(s.text("verifyfile.another")) != nil })
		h.Settle(settle)
	}
}

// electronic is a contract on which an electronic seal was pressed, by a maker whom nobody here trusts.
func electronic(s *stage) string {
	party := cmstest.New(s.t, "sm2", cmstest.Options{Name: "云溪县人民医院"})
	maker := cmstest.New(s.t, "sm2", cmstest.Options{Name: "制章中心"})
	place, err := seal.ParsePlace("page=last,x=100mm,y=100mm")
	if err != nil {
		s.t.Fatal(err)
	}
	job := signer.Job{
		In: s.Contract(2), Out: filepath.Join(s.t.TempDir(), "sealed.pdf"), Key: party.Key, Chain: party.Chain, Places: []seal.Place{place},
		Electronic: sestest.Make(s.t, maker.Key, maker.Chain[0], sestest.Info(s.t, party.Chain[0])),
	}
	if _, err := job.Run(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return job.Out
}

var faces = []face{
	{name: "login", out: true, open: func(_ *stage, h *pagetest.Host) page.Page { return login.New(h, nil) }},
	{name: "login, no driver answers", out: true, open: func(_ *stage, h *pagetest.Host) page.Page { return login.New(h, nil) }},
	{name: "home", open: func(_ *stage, h *pagetest.Host) page.Page { return home.New(h) }},
	{name: "home, loading", held: true, open: func(_ *stage, h *pagetest.Host) page.Page { return home.New(h) }},
	{name: "home, the supplier's", side: true, open: func(_ *stage, h *pagetest.Host) page.Page { return home.New(h) }},
	{name: "home, offline", away: true, open: func(_ *stage, h *pagetest.Host) page.Page { return home.New(h) }},
	{name: "contracts", open: func(_ *stage, h *pagetest.Host) page.Page { return contracts.New(h) }},
	{name: "contracts, loading", held: true, open: func(_ *stage, h *pagetest.Host) page.Page { return contracts.New(h) }},
	{name: "contracts, none found", open: func(_ *stage, h *pagetest.Host) page.Page { return contracts.New(h) },
		then: func(s *stage, h *pagetest.Host) {
			h.Top().(page.Searcher).FocusSearch()
			h.Type("nothing of the kind")
			h.Until("none", func() bool { return h.Button(s.text("contracts.show_all")) != nil })
		}},
	{name: "contracts, offline", away: true, open: func(_ *stage, h *pagetest.Host) page.Page { return contracts.New(h) }},
	{name: "contracts, new one", open: func(_ *stage, h *pagetest.Host) page.Page { return contracts.New(h) },
		then: press("contracts.new")},
	{name: "awards", open: func(_ *stage, h *pagetest.Host) page.Page { return awards.New(h) }},
	{name: "awards, loading", held: true, open: func(_ *stage, h *pagetest.Host) page.Page { return awards.New(h) }},
	{name: "awards, the supplier's", side: true, open: func(_ *stage, h *pagetest.Host) page.Page { return awards.New(h) }},
	{name: "awards, failed", away: true, open: func(_ *stage, h *pagetest.Host) page.Page { return awards.New(h) }},
	{name: "flow", open: func(_ *stage, h *pagetest.Host) page.Page { return awards.New(h) }, then: press("awards.flow")},
	{name: "outbox", open: func(_ *stage, h *pagetest.Host) page.Page { return outbox.New(h) }},
	{name: "outbox, offline", away: true, open: func(_ *stage, h *pagetest.Host) page.Page { return outbox.New(h) }},
	{name: "form, new", open: contractForm(theFresh)},
	{name: "form, cleaned", open: contractForm(theCleaned)},
	{name: "form, to review", side: true, open: contractForm(func(s *stage) *desk.Work { return s.review })},
	{name: "stamp, to review", side: true, open: func(s *stage, h *pagetest.Host) page.Page { return stamp.New(h, stamp.OfContract(h, s.review)) }},
	{name: "form, submitted", open: contractForm(theSealed)},
	{name: "form, submitted, offline", away: true, open: contractForm(theSealed)},
	{name: "clean", open: func(s *stage, h *pagetest.Host) page.Page { return clean.New(h, s.cleaned) }, then: ready("clean.confirm")},
	{name: "clean, failed", open: func(s *stage, h *pagetest.Host) page.Page { return clean.New(h, s.fresh) }},
	{name: "stamp", open: func(s *stage, h *pagetest.Host) page.Page { return stamp.New(h, stamp.OfContract(h, s.cleaned)) },
		then: ready("stamp.sign")},
	{name: "stamp, failed", open: func(s *stage, h *pagetest.Host) page.Page { return stamp.New(h, stamp.OfContract(h, s.fresh)) }},
	{name: "stamp, PIN", open: func(s *stage, h *pagetest.Host) page.Page { return stamp.New(h, stamp.OfContract(h, s.cleaned)) },
		then: press("stamp.sign")},
	{name: "view", open: func(s *stage, h *pagetest.Host) page.Page {
		return view.New(h, s.sealed, *s.sealed.View(s.t.Context()).Filing.Sealed)
	}},
	{name: "view, failed", open: damaged},
	{name: "keys", open: func(_ *stage, h *pagetest.Host) page.Page { return keys.New(h) }},
	{name: "keys, PIN changed", open: func(_ *stage, h *pagetest.Host) page.Page { return keys.New(h) }, then: press("keys.change_pin")},
	{name: "keys, tested", open: func(_ *stage, h *pagetest.Host) page.Page { return keys.New(h) }, then: press("keys.test")},
	{name: "seals", open: func(_ *stage, h *pagetest.Host) page.Page { return seals.New(h) }},
	{name: "seals, new", open: func(_ *stage, h *pagetest.Host) page.Page { return seals.NewMaking(h) }},
	{name: "seals, measured", open: func(_ *stage, h *pagetest.Host) page.Page { return seals.New(h) }, then: press("seals.calibrate_short")},
	{name: "verify, nothing yet", open: func(_ *stage, h *pagetest.Host) page.Page { return verifyfile.New(h) }},
	{name: "verify, sealed", open: func(_ *stage, h *pagetest.Host) page.Page { return verifyfile.New(h) },
		then: verified(func(s *stage) string {
			path := filepath.Join(s.t.TempDir(), "signed.pdf")
			if err := s.sealed.Export(s.t.Context(), *s.sealed.View(s.t.Context()).Filing.Sealed, path); err != nil {
				s.t.Fatal(err)
			}
			return path
		})},
	{name: "verify, electronic seal", open: func(_ *stage, h *pagetest.Host) page.Page { return verifyfile.New(h) },
		then: func(s *stage, h *pagetest.Host) {
			verified(electronic)(s, h)
			for _, words := range []string{"云溪县人民医院合同专用章", "40×40", "制章中心", "2048-01-01", "GB/T 38540-2020"} {
				if !h.Says(words) {
					s.t.Errorf("the page does not say %s: %q", words, h.Texts())
				}
			}
		}},
	{name: "verify, unsigned", open: func(_ *stage, h *pagetest.Host) page.Page { return verifyfile.New(h) },
		then: verified(func(s *stage) string { return s.Contract(1) })},
	{name: "verify, failed", open: func(_ *stage, h *pagetest.Host) page.Page { return verifyfile.New(h) },
		then: verified(func(s *stage) string { return s.t.TempDir() })},
	{name: "bids", open: func(_ *stage, h *pagetest.Host) page.Page { return bid.New(h) }},
	{name: "hall", open: func(_ *stage, h *pagetest.Host) page.Page { return hall.New(h) }},
	{name: "compare", open: func(_ *stage, h *pagetest.Host) page.Page { return compare.New(h) }},
	{name: "batch", open: func(_ *stage, h *pagetest.Host) page.Page { return batch.New(h) }},
	{name: "settings", open: func(_ *stage, h *pagetest.Host) page.Page { return settings.New(h) }},
	{name: "help", open: func(_ *stage, h *pagetest.Host) page.Page { return help.New(h, contracts.Nav) }},
	{name: "choose a file", open: contractForm(theFresh), then: func(s *stage, h *pagetest.Host) {
		choose.Open(h, s.t.TempDir(), []string{"pdf"}, func(string, string) {})
		h.Settle(settle)
	}},
	{name: "save a file", open: contractForm(theFresh), then: func(s *stage, h *pagetest.Host) {
		choose.Save(h, s.t.TempDir(), "contract.pdf", func(string, string) {})
		h.Settle(settle)
	}},
}

// keyed is what a key of the language files looks like when its text is missing, whole or cut at the end.
var keyed = regexp.MustCompile(`^[a-z][a-z_]*(\.[a-z0-9_-]+)+…?$`)

// catalog are the keys of the language files.
func catalog(t *testing.T) map[string]any {
	t.Helper()
	data, err := i18n.Files.ReadFile("zh-CN.json")
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(data, &keys); err != nil {
		t.Fatal(err)
	}
	return keys
}

// bare tells that a text is a key without its words, or has a hole.
func bare(texts map[string]any, text string) bool {
	_, known := texts[strings.TrimSpace(text)]
	if _, code := texts["error."+text+".what"]; code {
		return false // small and grey at the end of an error, to be read to the hot line
	}
	hole := func(sign string) bool { return strings.Contains(text, sign) }
	file := slices.Contains([]string{".pdf", ".docx", ".png"}, filepath.Ext(text))
	return known || keyed.MatchString(text) && !file || slices.ContainsFunc([]string{"{{", "<no value>", "%!"}, hole)
}

// Each page fits into the smallest window, is legible in that, on a large screen and enlarged to 200 %, and no text of it is a bare key, in either language and whatever it shows.
func TestEveryFaceFitsAndHasItsWords(t *testing.T) {
	texts := catalog(t)
	for _, language := range []string{words.Chinese, words.English} {
		t.Run(language, func(t *testing.T) {
			s := newStage(t, language)
			for _, f := range faces {
				t.Run(f.name, func(t *testing.T) { s.look(t, texts, language+" "+f.name, f) })
			}
		})
	}
}

// look opens a face and looks at it.
func (s *stage) look(t *testing.T, texts map[string]any, name string, f face) {
	s.t = t
	d, session := s.Desk, s.session
	if f.side {
		session = s.other
	}
	if f.out {
		session = nil
	}
	if f.name == "login, no driver answers" {
		d = s.nowhere
	}
	h := pagetest.NewHost(t, d, session)
	s.Away(f.away)
	defer s.Away(false)
	letGo := func() {}
	if f.held {
		letGo = s.Hold()
	}
	defer letGo()
	h.Open(f.open(s, h))
	h.Settle(settle)
	if f.held {
		h.Settle(350 * time.Millisecond) // until the skeleton
	}
	if f.then != nil {
		f.then(s, h)
	}
	h.Fits()
	h.Legible()
	h.Picture(name)
	h.Screens(name, func() fyne.CanvasObject { return framed(t, d, session, h) })
	seen := h.Texts()
	if len(slices.DeleteFunc(slices.Clone(seen), func(s string) bool { return s == "" })) < 3 {
		t.Errorf("hardly anything is shown: %q", seen)
	}
	for _, text := range append(seen, h.Top().Title()) {
		if bare(texts, text) {
			t.Errorf("a text without its words: %q", text)
		}
	}
}

// framed is the page in front in the whole window. A contract's pages are opened from the list.
func framed(t *testing.T, d *desk.Desk, session *desk.Session, h *pagetest.Host) fyne.CanvasObject {
	opened := h.Stack
	if _, list := opened[0].(*contracts.Page); opened[0].Nav() == contracts.Nav && !list {
		opened = append([]page.Page{contracts.New(h)}, opened...)
	}
	return pages.Framed(t, d, session, opened...)
}

// The test above would see a hole.
func TestBareKeysAreSeen(t *testing.T) {
	texts := catalog(t)
	for text, want := range map[string]bool{
		"contracts.title": true, "kind.unheard_of": true, "contracts.col_nu…": true, "共 {{.count}} 份": true,
		"<no value>": true, "%!d(string)": true,
		"合同.pdf": false, "contract.pdf": false, "desk.not_clean": false,
		"3,286,000.00": false, "Contracts": false, "e.g. 180": false, "": false,
	} {
		if bare(texts, text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}
