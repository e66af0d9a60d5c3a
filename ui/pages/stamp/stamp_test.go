package stamp

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
)

// opened shows the page for a contract of so many pages, its seal proposed at the purchaser's words.
func opened(t *testing.T, pages int) (*pagetest.World, *pagetest.Host, *Page) {
	t.Helper()
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	w.Clean(work, w.Contract(pages))
	h := pagetest.NewHost(t, w.Desk, s)
	p := New(h, work).(*Page)
	h.Open(p)
	h.Until("the proposal", func() bool { return strings.Contains(p.found.Text(), "1") && len(p.places) == 1 })
	return w, h, p
}

// mark is our seal on the page, with the keyboard.
func mark(t *testing.T, h *pagetest.Host, p *Page) fyne.Focusable {
	t.Helper()
	h.Until("the seal on the page", func() bool {
		p.reader.View.FocusMark(markID(p.current))
		return h.Window().Canvas().Focused() != nil
	})
	return h.Window().Canvas().Focused()
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.06 }

func TestTheSealIsProposedAtTheUsualWords(t *testing.T) {
	_, h, p := opened(t, 2)
	h.Fits()
	h.Picture("stamp")
	at := p.places[0]
	// The words stand 72 points from the left and 182 from the top of the second page.
	if at.page != 2 || at.x < 25 || at.x > 80 || at.y < 60 || at.y > 66 {
		t.Errorf("proposed at %+v", at)
	}
	if len(p.history) != 0 || p.undo.Reason() == "" {
		t.Error("the proposal can be undone")
	}
	if p.keyword.Text() != "采购人（盖章）" || p.sign.Reason() != "" {
		t.Errorf("keyword %q, sign: %q", p.keyword.Text(), p.sign.Reason())
	}
}

func TestADragIsOneUndoStep(t *testing.T) {
	_, h, p := opened(t, 1)
	before := p.places[0]
	m := mark(t, h, p).(fyne.Draggable)
	for range 5 {
		m.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(10, 12)})
	}
	m.DragEnd()
	after := p.places[0]
	if after.x <= before.x || after.y <= before.y || len(p.history) != 1 {
		t.Fatalf("from %+v to %+v in %d steps", before, after, len(p.history))
	}
	if want := fmt.Sprintf("%.1f", after.x); p.x.Text() != want {
		t.Errorf("the field says %q, want %s", p.x.Text(), want)
	}
	m.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(10, 0)})
	m.DragEnd()
	p.undone()
	if now := p.places[0]; !near(now.x, after.x) || !near(now.y, after.y) {
		t.Errorf("after undoing the second drag: %+v, want %+v", now, after)
	}
	p.undone()
	if now := p.places[0]; now != before || p.undo.Reason() == "" {
		t.Errorf("after undoing both: %+v, want %+v", now, before)
	}
	p.undone() // there is nothing more, and nothing happens
	if p.places[0] != before {
		t.Error("undone too far")
	}
	if marks := p.reader.View.Marks(); len(marks) != 1 || !near(marks[0].X, before.x) {
		t.Errorf("on the page: %+v", marks)
	}
}

func TestTheArrowsNudgeTheSeal(t *testing.T) {
	_, h, p := opened(t, 1)
	before := p.places[0]
	m := mark(t, h, p)
	for _, key := range []fyne.KeyName{fyne.KeyRight, fyne.KeyRight, fyne.KeyDown, fyne.KeyLeft} {
		m.TypedKey(&fyne.KeyEvent{Name: key})
	}
	after := p.places[0]
	step := after.x - before.x
	if step <= 0 || step > 2 || !near(after.y-before.y, step) {
		t.Errorf("from %+v to %+v", before, after)
	}
	if h.Window().Canvas().Focused() != m {
		t.Error("the seal lost the keyboard")
	}
	for range 4 {
		p.undone()
	}
	if p.places[0] != before || len(p.history) != 0 {
		t.Errorf("each press is a step: %+v, want %+v", p.places[0], before)
	}
}

func TestAPositionOutOfThePageIsClamped(t *testing.T) {
	_, _, p := opened(t, 1)
	s := p.seal().Seal
	w, ht := p.pageMM(1)
	for _, c := range []struct {
		x, y         string
		wantX, wantY float64
	}{
		{"-100", "100", s.WidthMM / 2, 100},
		{"1000", "100", w - s.WidthMM/2, 100},
		{"100", "-1", 100, s.HeightMM / 2},
		{"100", "99999", 100, ht - s.HeightMM/2},
		{"100", "100", 100, 100},
	} {
		p.x.SetText(c.x)
		p.y.SetText(c.y)
		p.x.SetText(c.x)
		if at := p.places[0]; !near(at.x, c.wantX) || !near(at.y, c.wantY) {
			t.Errorf("%s, %s: %+v, want %g, %g", c.x, c.y, at, c.wantX, c.wantY)
		}
	}
	before := p.places[0]
	for _, bad := range []string{"", "abc", "１０"} {
		p.x.SetText(bad)
		if p.places[0] != before {
			t.Errorf("%q moved the seal to %+v", bad, p.places[0])
		}
	}
	// What is dropped on the page's very corner lies on it whole.
	p.reader.View.OnPlace(1, 0, 0)
	if at := p.places[0]; !near(at.x, s.WidthMM/2) || !near(at.y, s.HeightMM/2) {
		t.Errorf("at the corner: %+v", at)
	}
}

func TestAKeywordThatIsNotThereShowsTheNearest(t *testing.T) {
	_, h, p := opened(t, 2)
	before := p.places[0]
	p.keyword.SetText("采购人（签章）")
	h.Press(p.t("stamp.find"))
	h.Until("the nearest", func() bool { return strings.Contains(p.found.Text(), "采购人（盖章）") })
	if p.places[0] != before || len(p.history) != 0 {
		t.Error("the seal went to other words than were asked for")
	}
	p.find("天地玄黄宇宙洪荒")
	h.Until("nothing", func() bool { return p.found.Text() == p.t("stamp.not_found") })
	p.find("中标单位（盖章）")
	h.Until("the place", func() bool { return p.places[0] != before })
	if at := p.places[0]; at.page != 2 || at.y <= before.y || len(p.history) != 1 {
		t.Errorf("put at %+v", at)
	}
	p.undone()
	if p.places[0] != before {
		t.Error("it cannot be undone")
	}
}

func TestAnEdgeSealNeedsTwoPages(t *testing.T) {
	_, _, p := opened(t, 1)
	p.mode.OnChanged(1)
	if p.sign.Reason() != p.t("stamp.why_one_page") {
		t.Errorf("on one page: %q", p.sign.Reason())
	}
	p.mode.OnChanged(0)
	if p.sign.Reason() != "" {
		t.Errorf("at a place: %q", p.sign.Reason())
	}
}

func TestAnEdgeSealIsSplitOverAllPages(t *testing.T) {
	_, h, p := opened(t, 3)
	p.mode.OnChanged(1)
	if p.sign.Reason() != "" {
		t.Errorf("on three pages: %q", p.sign.Reason())
	}
	marks := p.reader.View.Marks()
	width := 0.0
	for i, m := range marks {
		width += m.W
		if m.Page != i+1 || !m.Fixed {
			t.Errorf("strip %d: %+v", i+1, m)
		}
	}
	if len(marks) != 3 || !near(width, p.seal().Seal.WidthMM) {
		t.Errorf("%d strips, together %g mm wide", len(marks), width)
	}
	h.Picture("stamp-edge")
	h.Fits()
}

// A second place is added, is the current one, and is taken away again; the last one stays.
func TestPlacesAreAddedAndTakenAway(t *testing.T) {
	_, _, p := opened(t, 2)
	if p.remove.Reason() == "" {
		t.Error("the only place can be taken away")
	}
	p.added()
	if len(p.places) != 2 || p.current != 1 || p.remove.Reason() != "" {
		t.Fatalf("%+v, current %d", p.places, p.current)
	}
	first := p.places[0]
	p.x.SetText("60")
	if p.places[0] != first {
		t.Error("the other place moved")
	}
	p.removed()
	p.removed()
	if len(p.places) != 1 || p.places[0] != first {
		t.Errorf("%+v", p.places)
	}
}

// The PIN: who asks and for what; a wrong one comes back with the tries that are left, the right one gives the result.
func TestAWrongPINComesBackAndTheRightOneSeals(t *testing.T) {
	_, h, p := opened(t, 2)
	shown := p.shown.Document.SHA256()
	h.Press(p.t("stamp.sign"))
	h.Until("the dialog", func() bool { return len(h.Dialogs) == 1 })
	for _, words := range []string{"演示平台", "政府采购合同.pdf", shown[:8], "云台县第一人民医院"} {
		if !h.Says(words) {
			t.Errorf("it does not say %q: %q", words, h.Texts())
		}
	}
	h.Fits()
	confirm := h.Button(p.t("pin.sign"))
	if confirm.Reason() == "" {
		t.Error("an empty PIN can be entered")
	}
	h.Type("000000")
	h.Press(p.t("pin.sign"))
	h.Until("the question again", func() bool { return h.Says("PIN 码不正确") })
	if p.work.View(t.Context()).Filing.Sealed != nil {
		t.Fatal("a wrong PIN sealed")
	}
	h.Until("the field", func() bool { return h.Window().Canvas().Focused() != nil })
	h.Type(pagetest.PIN)
	h.Press(p.t("pin.sign"))
	h.Until("the result", func() bool { return p.finished != nil && h.Says(p.t("result.back")) })
	sealed := p.work.View(t.Context()).Filing.Sealed
	if sealed == nil || !h.Says(sealed.SHA256) || !h.Says("签章有效") {
		t.Errorf("%q", h.Texts())
	}
	if sealed.Base != shown {
		t.Error("another file was sealed than was shown")
	}
	h.Fits()
	h.Picture("stamp-result")
}

func TestTheLastTryAsksFirst(t *testing.T) {
	w, h, p := opened(t, 1)
	for range pagetest.Tries - 1 {
		_, _ = w.Desk.Login(t.Context(), desk.LoginRequest{Key: h.Session().Key(), PIN: []byte("000000")})
	}
	p.askPIN("")
	h.Until("the dialog", func() bool { return len(h.Dialogs) == 1 })
	h.Type(pagetest.PIN)
	h.Press(p.t("pin.sign"))
	if len(h.Asked) != 1 || !h.Asked[0].Danger || p.work.View(t.Context()).Filing.Sealed != nil {
		t.Fatalf("asked %+v", h.Asked)
	}
	h.Asked[0].Yes()
	h.Until("the result", func() bool { return p.finished != nil })
}

func TestALockedKeyCannotSeal(t *testing.T) {
	w, h, p := opened(t, 1)
	for range pagetest.Tries {
		_, _ = w.Desk.Login(t.Context(), desk.LoginRequest{Key: h.Session().Key(), PIN: []byte("000000"), LastTry: true})
	}
	p.askPIN("")
	h.Until("the dialog", func() bool { return len(h.Dialogs) == 1 })
	h.Type(pagetest.PIN)
	if why := h.Button(p.t("pin.sign")).Reason(); why != p.t("login.why_locked") {
		t.Errorf("%q", why)
	}
	if !h.Says(p.t("login.locked_do")) {
		t.Errorf("it does not say what to do: %q", h.Texts())
	}
}

// The other side's seal is shown and cannot be moved; ours over it is a warning.
func TestTheOtherSidesSealStaysWhereItIs(t *testing.T) {
	w := pagetest.NewWorld(t)
	buyer, seller := w.Buyer(), w.Seller()
	work := w.Submitted(buyer, "lot-1")
	theirs, err := seller.Open(t.Context(), work.ID())
	if err != nil {
		t.Fatal(err)
	}
	h := pagetest.NewHost(t, w.Desk, seller)
	p := New(h, theirs).(*Page)
	h.Open(p)
	h.Until("both seals", func() bool { return len(p.others) == 1 && len(p.places) == 1 && p.found.Text() != "" })
	if p.view.Role != platformapi.RoleSupplier || p.keyword.Text() != "中标单位（盖章）" {
		t.Errorf("%s looks for %q", p.view.Role, p.keyword.Text())
	}
	other := p.others[0]
	if !other.Fixed {
		t.Error("it can be moved")
	}
	p.places[0] = place{other.Page, other.X, other.Y}
	p.draw()
	if p.warning.Text() != p.t("stamp.overlaps") {
		t.Errorf("warned of %q", p.warning.Text())
	}
	p.y.SetText("100")
	if p.warning.Text() != "" {
		t.Error("warned of nothing")
	}
}

// What was not confirmed is not shown for signing; once it is, one tries again.
func TestWithoutACleanCopyNothingIsSigned(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	h := pagetest.NewHost(t, w.Desk, s)
	p := New(h, work).(*Page) // nothing was cleaned yet
	h.Open(p)
	h.Until("the trouble", func() bool { return h.Says("合同还没有确认的清稿") })
	if p.sign.Reason() == "" {
		t.Error("it can be signed")
	}
	h.Fits()
	w.Clean(work, w.Contract(1))
	h.Press("重试")
	h.Until("the pages", func() bool { return len(p.places) == 1 && p.sign.Reason() == "" })
}

func TestASealIsImportedAndChosen(t *testing.T) {
	w, h, p := opened(t, 1)
	bad := w.Contract(1)
	h.Choose = func([]string) string { return bad }
	p.importSeal()
	h.Until("the trouble", func() bool { return len(h.Told) == 1 })
	if problem := h.Words().Problem(h.Told[0]); problem.Code != "seal.picture_not_picture" {
		t.Errorf("%+v", problem)
	}
	if len(p.seals) != 2 || len(p.cards.Objects) != 2 {
		t.Fatalf("%d seals", len(p.seals))
	}
	test.Tap(p.cards.Objects[1].(*sealCard))
	if p.chosen != 1 {
		t.Error("the other seal is not chosen")
	}
	if m := p.reader.View.Marks(); len(m) != 1 || m[0].W != p.seals[1].Seal.WidthMM {
		t.Errorf("%+v", m)
	}
}

// While the file is being opened there is nothing to put a seal on, whatever is pressed.
func TestNothingIsPutOnAPageThatIsNotThereYet(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	w.Clean(work, w.Contract(1))
	h := pagetest.NewHost(t, w.Desk, s)
	p := New(h, work).(*Page)
	h.Open(p)
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); time.Sleep(time.Millisecond) {
		p.added() // nothing comes back meanwhile: the page is still being opened
		p.removed()
		p.undone()
		p.find("采购人（盖章）")
	}
	if len(p.places) != 0 || p.sign.Reason() == "" {
		t.Errorf("%+v", p.places)
	}
	h.Until("the proposal", func() bool { return len(p.places) == 1 && p.sign.Reason() == "" })
}
