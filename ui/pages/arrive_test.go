package pages

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/help"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/login"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/verifyfile"
	"sealdesk/ui/widgets"
)

func shown(t *testing.T) *Window {
	t.Helper()
	world := pagetest.NewWorldIn(t, words.Chinese)
	pagetest.NewHost(t, world.Desk, nil) // brings an app in which what comes back from elsewhere waits
	w := New(fyne.CurrentApp(), world.Desk)
	t.Cleanup(w.win.Close)
	return w
}

// A link that leads nowhere opens nothing and says why; nothing waits for the login then.
func TestAStrangeLinkOpensNothing(t *testing.T) {
	for _, address := range []string{
		"sealdesk:", "sealdesk://evil.example/contracts/2f1c7c8e-0b5e-4c3e-9d3a-1a2b3c4d5e6f", "sealdesk://a.cn/contracts/../../etc/passwd",
	} {
		w := shown(t)
		w.Arrive(nil, address)
		if w.win.Canvas().Overlays().Top() == nil || w.awaited != nil {
			t.Errorf("%s: %v", address, w.awaited)
		}
		if _, still := w.top().(*login.Page); !still || len(w.stack) != 1 {
			t.Errorf("%s: %T is in front", address, w.top())
		}
	}
}

// A PDF is judged without a login; what is no PDF is not opened; nothing comes before a dialog.
func TestAFileIsJudgedWithoutALogin(t *testing.T) {
	w := shown(t)
	w.Arrive([]string{"/tmp/a.docx"}, "")
	if _, still := w.top().(*login.Page); !still {
		t.Fatalf("%T is in front", w.top())
	}
	w.Arrive([]string{"/nowhere/合同.PDF"}, "")
	if _, is := w.top().(*verifyfile.Page); !is || w.session != nil {
		t.Fatalf("%T is in front", w.top())
	}
	w.Tell(errors.New("trouble"))
	w.Home(navLogin)
	w.Arrive([]string{"/nowhere/other.pdf"}, "")
	if _, is := w.top().(*login.Page); !is {
		t.Errorf("%T pushed itself before a dialog", w.top())
	}
}

// said is what the toasts of a window say.
func said(w *Window) (text string) {
	for _, o := range test.LaidOutObjects(w.toasts) {
		if line, ok := o.(*canvas.Text); ok {
			text += line.Text
		}
	}
	return text
}

// Bids and seals, which desktops give to this program, too, are opened on pages of their own: it is said on which.
func TestBidsAndSealsAreNotLeftWithoutAWord(t *testing.T) {
	for file, want := range map[string]string{"/tmp/a.bid": "nav.bid", "/tmp/a.ESL": "nav.seals", "/tmp/a.docx": "arrive.kind"} {
		w := shown(t)
		w.Arrive([]string{file}, "")
		if name := w.t(want, "file", "a.docx"); !strings.Contains(said(w), name) {
			t.Errorf("%s: %q does not say %s", file, said(w), name)
		}
	}
}

// A second start gets no window, and the one that there is says so; the first start says nothing.
func TestASecondStartIsToldWhereTheWindowIs(t *testing.T) {
	w := shown(t)
	w.Arrive(nil, "")
	if said(w) != "" {
		t.Fatalf("the first start says %q", said(w))
	}
	w.Again(nil, "")
	if said(w) != w.t("arrive.here") {
		t.Errorf("a second start says %q", said(w))
	}
}

// Help of the login page leaves a way to the login.
func TestHelpOfTheLogin(t *testing.T) {
	w := shown(t)
	w.help()
	if _, is := w.top().(*help.Page); !is {
		t.Fatalf("%T is in front", w.top())
	}
	w.help()
	w.Back()
	if _, is := w.top().(*login.Page); !is || w.shell != nil {
		t.Errorf("%T is in front", w.top())
	}
}

// A workPage is one on which something goes on.
type workPage struct {
	page.Page
	works bool
	left  bool
}

func (p *workPage) Show(context.Context) {}
func (p *workPage) Working() bool        { return p.works }
func (p *workPage) Leave()               { p.left = true }

// From the login page a file is verified without a login, and the way back is there.
func TestTheLoginPageLeadsToTheVerifier(t *testing.T) {
	w := shown(t)
	w.Home(verifyfile.Nav)
	if _, is := w.top().(*verifyfile.Page); !is || w.shell == nil || len(w.stack) != 1 {
		t.Fatalf("%T is in front of %d pages", w.top(), len(w.stack))
	}
	w.Home(navLogin)
	if _, is := w.top().(*login.Page); !is {
		t.Fatalf("%T is in front", w.top())
	}
}

// What was asked for from outside ends no work, wherever in the stack that goes on; otherwise it comes on top of what there is.
func TestWhatArrivesEndsNoWork(t *testing.T) {
	w := shown(t)
	w.visit()
	w.Home(verifyfile.Nav)
	below := &workPage{Page: w.top(), works: true}
	w.stack = []page.Page{below, help.New(w, navLogin)}
	w.Arrive([]string{"/nowhere/a.pdf"}, "")
	w.Arrive(nil, "sealdesk://a.cn/contracts/2f1c7c8e-0b5e-4c3e-9d3a-1a2b3c4d5e6f")
	if _, still := w.top().(*help.Page); !still || below.left || w.awaited != nil || w.win.Canvas().Overlays().Top() != nil {
		t.Fatalf("%T is in front, the work was left: %v", w.top(), below.left)
	}
	said := false
	for _, o := range test.LaidOutObjects(w.toasts) {
		line, is := o.(*canvas.Text)
		said = said || is && strings.Contains(w.t("arrive.working"), line.Text) && line.Text != ""
	}
	if !said {
		t.Error("it does not say what to wait for")
	}
	below.works = false
	w.Arrive([]string{"/nowhere/a.pdf"}, "")
	if _, judges := w.top().(*verifyfile.Page); !judges || len(w.stack) != 3 || below.left {
		t.Errorf("%T is in front of %d pages", w.top(), len(w.stack))
	}
	w.Arrive([]string{"/nowhere/b.pdf"}, "")
	if len(w.stack) != 3 {
		t.Error("a second file does not take the first one's place")
	}
	w.Back()
	if _, back := w.top().(*help.Page); !back {
		t.Errorf("the way back leads to %T", w.top())
	}
}

// That the file of the settings could not be read is told when the window opens, and not at its next start.
func TestDamagedSettingsAreToldOnce(t *testing.T) {
	world := pagetest.NewWorldIn(t, words.Chinese)
	pagetest.NewHost(t, world.Desk, nil)
	folders := desk.Folders{Data: t.TempDir(), Cache: t.TempDir()}
	if err := os.WriteFile(filepath.Join(folders.Data, "preferences.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, told := range []bool{true, false} {
		d, err := desk.Open(t.Context(), desk.Config{Words: world.Desk.Words(), Folders: folders})
		if err != nil {
			t.Fatal(err)
		}
		w := New(fyne.CurrentApp(), d)
		if got := w.win.Canvas().Overlays().Top() != nil; got != told {
			t.Errorf("told: %v", got)
		}
		w.win.Close()
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A plain page has one button.
type plain struct {
	page.Page
	button *widgets.Button
}

func (p *plain) Nav() string                { return "" }
func (p *plain) Title() string              { return "" }
func (p *plain) Content() fyne.CanvasObject { return p.button }
func (p *plain) Show(context.Context)       {}

// Enter on a page does not press the button of the one behind, which has the keyboard again when it is back in front.
func TestThePageBehindHasNoKeyboard(t *testing.T) {
	w := shown(t)
	w.visit()
	w.Home(verifyfile.Nav)
	pressed := 0
	below := &plain{button: widgets.NewButton(widgets.Primary, "下", func() { pressed++ })}
	w.Open(below)
	c := w.win.Canvas()
	c.Focus(below.button)
	w.Open(&plain{button: widgets.NewButton(widgets.Primary, "上", nil)})
	if at := c.Focused(); at != nil {
		at.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		t.Errorf("%T has the keyboard, and was pressed %d times", at, pressed)
	}
	w.Back()
	if c.Focused() != fyne.Focusable(below.button) {
		t.Errorf("%T has the keyboard", c.Focused())
	}
}
