package revision_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/assets"
	"sealdesk/signer"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/seal"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/compare"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/revision"
	"sealdesk/ui/pages/verifyfile"
)

// signed is a document of two pages that two parties have sealed, one after the other.
func signed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	in := filepath.Join(dir, "0.pdf")
	if err := os.WriteFile(in, pdftest.Document(pdftest.Options{Pages: 2}), 0o600); err != nil {
		t.Fatal(err)
	}
	font, err := seal.ParseFont(assets.SerifBold())
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"云台县第一人民医院", "中原示范医疗器械有限公司"} {
		party := cmstest.New(t, "ecdsa", cmstest.Options{Name: name})
		s, err := seal.Make(font, seal.Style{Name: name}, 100)
		if err != nil {
			t.Fatal(err)
		}
		place, err := seal.ParsePlace([]string{"page=2,x=60mm,y=120mm", "page=1,x=150mm,y=220mm"}[i])
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, name+".pdf")
		if _, err := (signer.Job{In: in, Out: out, Key: party.Key, Chain: party.Chain, Seal: &s, Places: []seal.Place{place}}).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		in = out
	}
	return in
}

func opened(t *testing.T, language, path string, n int) (*pagetest.Host, *revision.Page) {
	t.Helper()
	w := pagetest.NewWorldIn(t, language)
	h := pagetest.NewHost(t, w.Desk, nil)
	p := revision.New(h, verifyfile.Nav, desk.PaperAt(path), n).(*revision.Page)
	h.Open(p)
	h.Until("the document", func() bool { return p.Shown() != nil })
	return h, p
}

// The document stands there as its signer saw it, with what came since in words; it is compared with what it is now.
func TestARevisionIsShownAsItWasSigned(t *testing.T) {
	path := signed(t)
	for _, language := range []string{words.Chinese, words.English} {
		h, p := opened(t, language, path, 1)
		h.Settle(400 * time.Millisecond)
		h.Fits()
		h.Picture("revision-" + language)
		sentence := p.Shown().Said.Sentence
		at, _ := time.Parse(time.DateTime, p.Shown().Said.Facts[2].Value[:len(time.DateTime)])
		beijing := h.Words().Beijing(at.Add(-8*time.Hour), time.DateTime)
		if sentence != p.T("revision.said", "signer", "云台县第一人民医院", "time", beijing) || !h.Says(sentence) || !h.Says(p.T("revision.of", "revision", 2, "revisions", 3)) {
			t.Errorf("%q", h.Texts())
		}
		if p.Current() != 2 || len(p.Shown().Said.Since) != 1 || p.Shown().Document.SHA256() == "" {
			t.Errorf("page %d, since %+v", p.Current(), p.Shown().Said.Since)
		}
		if _, back := p.Buttons(); h.Window().Canvas().Focused() != fyne.Focusable(back) {
			t.Error("the way back has not the keyboard")
		}
	}
	h, p := opened(t, words.Chinese, path, 1)
	h.Press(p.T("revision.compare"))
	if _, is := h.Top().(*compare.Page); !is {
		t.Fatalf("%T is in front", h.Top())
	}
	h.Until("the comparison", func() bool { return h.Says(p.T("compare.role_signed")) && h.Says(p.T("compare.role_current")) })
}

// The newest signature's revision is the file itself, and there is nothing to compare.
func TestTheNewestRevisionIsTheCurrentOne(t *testing.T) {
	h, p := opened(t, words.Chinese, signed(t), 2)
	if c, _ := p.Buttons(); !p.Shown().Said.Current || c.Reason() == "" || !h.Says(p.T("revision.nothing")) {
		t.Errorf("%+v %q", p.Shown().Said, h.Texts())
	}
	h.Press(p.T("revision.back"))
}

// What was tampered with is shown, and said not to be trusted.
func TestATamperedRevisionIsNotTrusted(t *testing.T) {
	path := signed(t)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(data, []byte("Contract, page 1"), []byte("Contract, page 9"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	h, p := opened(t, words.Chinese, path, 1)
	h.Settle(400 * time.Millisecond)
	h.Picture("revision-tampered")
	if !h.Says(p.T("revision.said_tampered", "signer", "云台县第一人民医院")) || p.Shown().Document.Pages() != 2 {
		t.Errorf("%q", h.Texts())
	}
}

// The page 验证文件 leads there for each signature.
func TestTheWayFromTheVerdict(t *testing.T) {
	w := pagetest.NewWorld(t)
	h := pagetest.NewHost(t, w.Desk, nil)
	v := verifyfile.New(h)
	h.Open(v)
	path := signed(t)
	h.Choose = func([]string) string { return path }
	v.(*verifyfile.Page).OpenFile()
	h.Until("the verdict", func() bool { return h.Says(h.Words().T("verifyfile.revision")) })
	h.Settle(100 * time.Millisecond)
	h.Fits()
	h.Picture("verifyfile-revision")
	h.Press(h.Words().T("verifyfile.revision"))
	p, is := h.Top().(*revision.Page)
	if !is {
		t.Fatalf("%T is in front", h.Top())
	}
	h.Until("the document", func() bool { return p.Shown() != nil })
	h.Back()
	if h.Top() != v {
		t.Errorf("%T is in front", h.Top())
	}
}
