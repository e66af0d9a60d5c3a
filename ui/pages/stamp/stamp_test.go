package stamp

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"sealdesk/platformapi"
	"sealdesk/signer"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// opened shows the page for a contract of so many pages, its seal proposed at the purchaser's words.
func opened(t *testing.T, pages int) (*pagetest.World, *pagetest.Host, *Page) {
	t.Helper()
	return openedIn(t, words.Chinese, pages)
}

func openedIn(t *testing.T, language string, pages int) (*pagetest.World, *pagetest.Host, *Page) {
	t.Helper()
	w := pagetest.NewWorldIn(t, language)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	w.Clean(work, w.Contract(pages))
	h := pagetest.NewHost(t, w.Desk, s)
	p := New(h, OfContract(h, work)).(*Page)
	h.Open(p)
	h.Until("the proposal", func() bool { return len(p.plan.places) == 1 && len(p.spots) == 1 })
	return w, h, p
}

// mark is our seal on the page, with the keyboard.
func mark(t *testing.T, h *pagetest.Host, p *Page) fyne.Focusable {
	t.Helper()
	h.Until("the seal on the page", func() bool {
		p.reader.View.FocusMark(markID(p.plan.current, 0))
		return h.Window().Canvas().Focused() != nil
	})
	return h.Window().Canvas().Focused()
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.11 }

// lies is where the current seal lies first.
func (p *Page) lies() signer.Box { return p.spots[p.plan.current].Impressions[0].Box }

// says is the current place as it will be signed.
func (p *Page) says() string { return p.plan.places[p.plan.current].String() }

func TestTheSealIsProposedAtTheUsualWords(t *testing.T) {
	_, h, p := opened(t, 2)
	h.Fits()
	h.Picture("stamp")
	at := p.lies()
	// The words stand 72 points from the left and 182 from the top of the second page.
	if at.Page != 2 || at.X < 25 || at.X > 80 || at.Y < 60 || at.Y > 66 {
		t.Errorf("proposed at %+v", at)
	}
	if len(p.plan.past) != 0 || p.undo.Reason() == "" {
		t.Error("the proposal can be undone")
	}
	if p.says() != "keyword=采购人（盖章）,hit=last" || p.mode.Chosen() != atWords || p.sign.Reason() != "" {
		t.Errorf("%s, sign: %q", p.says(), p.sign.Reason())
	}
}

func TestADragIsOneUndoStep(t *testing.T) {
	_, h, p := opened(t, 1)
	h.Press(p.t("stamp.add"))
	before, first := p.lies(), len(p.plan.past)
	m := mark(t, h, p).(fyne.Draggable)
	for range 5 {
		m.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(10, 12)})
	}
	m.DragEnd()
	after := p.lies()
	if after.X <= before.X || after.Y <= before.Y || len(p.plan.past) != first+1 {
		t.Fatalf("from %+v to %+v in %d steps", before, after, len(p.plan.past)-first)
	}
	if want := millimetres(after.X); p.editor.x.Text() != want {
		t.Errorf("the field says %q, want %s", p.editor.x.Text(), want)
	}
	m.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(10, 0)})
	m.DragEnd()
	p.undone()
	if now := p.lies(); !near(now.X, after.X) || !near(now.Y, after.Y) {
		t.Errorf("after undoing the second drag: %+v, want %+v", now, after)
	}
	p.undone()
	if now := p.lies(); now != before {
		t.Errorf("after undoing both: %+v, want %+v", now, before)
	}
	p.redone()
	if now := p.lies(); !near(now.X, after.X) || !near(now.Y, after.Y) {
		t.Errorf("after redoing one: %+v, want %+v", now, after)
	}
	p.undone()
	p.undone() // the added seal
	p.undone() // there is nothing more, and nothing happens
	if len(p.plan.places) != 1 || p.undo.Reason() == "" || p.redo.Reason() != "" {
		t.Errorf("undone to %v", p.plan.places)
	}
	if marks := p.reader.View.Marks(); len(marks) != 1 {
		t.Errorf("on the page: %+v", marks)
	}
}

// The keys of undo and redo have the names that the driver gives them: Ctrl+Z is no shortcut of the page's own.
func TestTheKeysOfUndoAndRedo(t *testing.T) {
	_, _, p := opened(t, 1)
	before := p.says()
	p.mode.OnChanged(onePage)
	after := p.says()
	does := map[string]func(){}
	for key, f := range p.shortcuts() {
		does[key.ShortcutName()] = f
	}
	for _, step := range []struct {
		key  fyne.Shortcut
		want string
	}{
		{&fyne.ShortcutUndo{}, before},
		{&desktop.CustomShortcut{KeyName: fyne.KeyZ, Modifier: fyne.KeyModifierControl | fyne.KeyModifierShift}, after},
		{&fyne.ShortcutUndo{}, before},
		{&fyne.ShortcutRedo{}, after},
	} {
		f := does[step.key.ShortcutName()]
		if f == nil {
			t.Fatalf("nothing listens to %s", step.key.ShortcutName())
		}
		f()
		if p.says() != step.want {
			t.Errorf("after %s: %s, want %s", step.key.ShortcutName(), p.says(), step.want)
		}
	}
}

func TestTheArrowsNudgeTheSeal(t *testing.T) {
	_, h, p := opened(t, 1)
	before := p.lies()
	m := mark(t, h, p)
	for _, key := range []fyne.KeyName{fyne.KeyRight, fyne.KeyRight, fyne.KeyDown, fyne.KeyLeft} {
		m.TypedKey(&fyne.KeyEvent{Name: key})
	}
	after := p.lies()
	if !near(after.X-before.X, 0.5) || !near(after.Y-before.Y, 0.5) || p.says() != "keyword=采购人（盖章）,hit=last,dx=0.5mm,dy=0.5mm" {
		t.Errorf("from %+v to %+v: %s", before, after, p.says())
	}
	m.(fyne.Shortcutable).TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyRight, Modifier: fyne.KeyModifierControl})
	if !near(p.lies().X-after.X, 5) {
		t.Errorf("with Ctrl from %+v to %+v", after, p.lies())
	}
	if h.Window().Canvas().Focused() != m {
		t.Error("the seal lost the keyboard")
	}
	for range 5 {
		p.undone()
	}
	if p.lies() != before || len(p.plan.past) != 0 {
		t.Errorf("each press is a step: %+v, want %+v", p.lies(), before)
	}
}

// A dragged seal comes to lie on the middle of the page, and shows the line.
func TestADraggedSealSnaps(t *testing.T) {
	_, h, p := opened(t, 1)
	p.mode.OnChanged(onePage)
	p.editor.x.SetText("90")
	p.editor.y.SetText("200")
	m := mark(t, h, p).(fyne.Draggable)
	mm := h.Window().Canvas().Focused().(fyne.CanvasObject).Size().Width / 42
	m.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(14*mm, 20*mm)})
	h.Picture("stamp-snap")
	m.DragEnd()
	if at := p.lies(); !near(at.X, 209.9/2) || !near(at.Y, 220) {
		t.Errorf("at %+v", at)
	}
}

func TestMillimetresAreExact(t *testing.T) {
	_, _, p := opened(t, 3)
	p.mode.OnChanged(onePage)
	for _, c := range []struct{ x, y string }{{"60", "80"}, {"60.25", "80.5"}, {" 100 ", "21"}} {
		p.editor.x.SetText(c.x)
		p.editor.y.SetText(c.y)
		want := fmt.Sprintf("page=last,x=%smm,y=%smm", strings.TrimSpace(c.x), c.y)
		if p.says() != want || p.sign.Reason() != "" {
			t.Errorf("%s, want %s; sign %q", p.says(), want, p.sign.Reason())
		}
	}
	before := p.says()
	for _, bad := range []string{"", "abc", "１０", "1e9", "NaN"} {
		p.editor.x.SetText(bad)
		if p.says() != before {
			t.Errorf("%q moved the seal to %s", bad, p.says())
		}
	}
	p.editor.pages.SetText("1")
	if p.lies().Page != 1 {
		t.Errorf("on %+v", p.lies())
	}
}

// What sticks out of the page is said, cannot be signed, and can be moved back with one press. What is pressed or dragged
// never does.
func TestASealOutsideThePageIsSaid(t *testing.T) {
	_, h, p := opened(t, 2)
	p.mode.OnChanged(onePage)
	p.editor.x.SetText("200")
	p.editor.y.SetText("10")
	if why := p.sign.Reason(); !strings.Contains(why, "第 2 页") || !strings.Contains(why, "右边 11.1 毫米") || !strings.Contains(why, "上边 11.0 毫米") {
		t.Errorf("it says %q", why)
	}
	h.Picture("stamp-outside")
	h.Press(p.t("stamp.move_inside"))
	if at := p.lies(); p.sign.Reason() != "" || !near(at.X, 188.8) || !near(at.Y, 21) {
		t.Errorf("moved to %+v, sign: %q", at, p.sign.Reason())
	}
	p.reader.View.OnPlace(1, 0, 0)
	if at := p.lies(); at.Page != 1 || !near(at.X, 21) || !near(at.Y, 21) || p.sign.Reason() != "" {
		t.Errorf("at the corner: %+v, %q", at, p.sign.Reason())
	}
	p.editor.y.SetText("270") // room for the seal, but not for the date below it
	p.editor.dated.OnChanged(true)
	if !strings.Contains(p.sign.Reason(), "下边") {
		t.Errorf("with the date it says %q", p.sign.Reason())
	}
	h.Press(p.t("stamp.move_inside"))
	if p.sign.Reason() != "" || len(p.spots[0].Impressions) != 2 {
		t.Errorf("%q", p.sign.Reason())
	}
}

func TestAKeywordThatIsNotThereShowsTheNearest(t *testing.T) {
	_, h, p := opened(t, 2)
	p.editor.keyword.SetText("采购人（签章）")
	h.Press(p.t("stamp.find"))
	h.Until("the nearest", func() bool { return h.Says("第 2 页  采购人（盖章）") })
	if p.sign.Reason() == "" || !strings.Contains(p.sign.Reason(), "采购人（签章）") {
		t.Errorf("it can be signed: %q", p.sign.Reason())
	}
	h.Picture("stamp-near")
	h.Press(p.t("stamp.use"))
	h.Until("the words", func() bool { return p.sign.Reason() == "" })
	if p.says() != "keyword=采购人（盖章）,hit=last" {
		t.Errorf("now %s", p.says())
	}
	p.editor.search("天地玄黄宇宙洪荒")
	h.Until("nothing", func() bool { return h.Says(p.t("stamp.not_found")) })
	p.editor.search("中标单位（盖章）")
	h.Until("the place", func() bool { return p.sign.Reason() == "" && len(p.spots[0].Impressions) == 1 })
	p.undone()
	if !strings.Contains(p.says(), "天地玄黄") {
		t.Errorf("undone to %s", p.says())
	}
}

// Every hit has its box; who checks some of them seals those.
func TestHitsAreChosen(t *testing.T) {
	_, h, p := opened(t, 3)
	p.editor.search("第")
	h.Until("the hits", func() bool { return len(p.found["第"].Hits) == 3 && len(p.spots[0].Impressions) == 1 })
	var boxes []*widgets.Checkbox
	for _, o := range test.LaidOutObjects(p.editor.hits) {
		if b, ok := o.(*widgets.Checkbox); ok {
			boxes = append(boxes, b)
		}
	}
	if len(boxes) != 3 || boxes[0].On() || !boxes[2].On() {
		t.Fatalf("%d boxes", len(boxes))
	}
	boxes[0].Tapped(nil)
	if p.says() != "keyword=第,hit=1,3" || len(p.spots[0].Impressions) != 2 {
		t.Errorf("%s", p.says())
	}
	boxes[1].Tapped(nil)
	if p.says() != "keyword=第,hit=all" {
		t.Errorf("%s", p.says())
	}
	p.editor.dx.SetText("30")
	p.editor.dy.SetText("25.5")
	if p.says() != "keyword=第,hit=all,dx=30mm,dy=25.5mm" || p.sign.Reason() != "" {
		t.Errorf("%s, sign %q", p.says(), p.sign.Reason())
	}
	h.Picture("stamp-words")
	h.Fits()
}

func TestChosenHitsFitOtherDocuments(t *testing.T) {
	for checked, want := range map[string]string{
		"1": "last", "10": "1", "01": "last", "11": "all", "1011": "1,3-4", "0110": "2-3", "000": "", "0111": "2-4",
	} {
		var on []bool
		for _, c := range checked {
			on = append(on, c == '1')
		}
		if got := chosenHits(on).String(); got != want {
			t.Errorf("%s: %s, want %s", checked, got, want)
		}
	}
}

func TestTheSamePlaceOnARangeOfPages(t *testing.T) {
	_, h, p := opened(t, 5)
	p.mode.OnChanged(manyPages)
	if len(p.spots[0].Impressions) != 5 {
		t.Fatalf("%d impressions by %s", len(p.spots[0].Impressions), p.says())
	}
	p.editor.pages.SetText("2-3，last")
	p.editor.x.SetText("60")
	if !strings.HasPrefix(p.says(), "pages=2-3,last,x=60mm") || len(p.spots[0].Impressions) != 3 {
		t.Errorf("%s", p.says())
	}
	h.Press(p.t("stamp.pages_odd"))
	if !strings.HasPrefix(p.says(), "pages=odd,") || len(p.spots[0].Impressions) != 3 {
		t.Errorf("%s", p.says())
	}
	h.Picture("stamp-many")
	h.Fits()
	before := p.says()
	p.editor.pages.SetText("7-")
	if p.says() != before {
		t.Errorf("a broken choice gave %s", p.says())
	}
	p.editor.pages.SetText("7")
	if !strings.Contains(p.sign.Reason(), "没有第 7 页") || p.mode.Chosen() != manyPages {
		t.Errorf("it says %q", p.sign.Reason())
	}
	p.editor.pages.SetText("1-2")
	// A drag of one moves all.
	p.reader.View.GoTo(1)
	m := mark(t, h, p).(fyne.Draggable)
	y := p.lies().Y
	m.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(0, -30)})
	m.DragEnd()
	if list := p.spots[0].Impressions; len(list) != 2 || list[0].Y >= y || list[0].Y != list[1].Y {
		t.Errorf("%+v", list)
	}
}

func TestAnEdgeSealNeedsTwoPages(t *testing.T) {
	_, _, p := opened(t, 1)
	p.mode.OnChanged(atEdge)
	if !strings.Contains(p.sign.Reason(), "骑缝章至少需要两页") {
		t.Errorf("on one page: %q", p.sign.Reason())
	}
	p.mode.OnChanged(onePage)
	if p.sign.Reason() != "" {
		t.Errorf("at a place: %q", p.sign.Reason())
	}
}

func TestAnEdgeSealIsSplitOverAllPages(t *testing.T) {
	_, h, p := opened(t, 5)
	p.mode.OnChanged(atEdge)
	if p.sign.Reason() != "" || p.says() != "edge" {
		t.Errorf("on five pages: %s, %q", p.says(), p.sign.Reason())
	}
	marks := p.reader.View.Marks()
	width := 0.0
	for i, m := range marks {
		width += m.W
		if m.Page != i+1 || !m.Upright {
			t.Errorf("strip %d: %+v", i+1, m)
		}
	}
	if len(marks) != 5 || !near(width, p.seal().Seal.WidthMM) {
		t.Errorf("%d strips, together %g mm wide", len(marks), width)
	}
	h.Picture("stamp-edge")
	h.Fits()
	p.editor.group.SetText("2")
	p.editor.side.OnChanged(1)
	p.editor.y.SetText("100")
	if p.says() != "edge,group=2,y=100mm,side=left" || !strings.HasPrefix(p.editor.split.Text(), "2 页一枚，共 2 枚") {
		t.Errorf("%s: %s", p.says(), p.editor.split.Text())
	}
	h.Picture("stamp-edge-left")
	p.reader.View.GoTo(1)
	m := mark(t, h, p).(fyne.Draggable)
	m.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(40, 40)})
	m.DragEnd()
	at := p.plan.places[0]
	if at.Y <= 100 || !near(p.lies().X, p.lies().W/2) {
		t.Errorf("dragged to %s", p.says())
	}
}

// The strips in the picture of the fanned pages give the seal, at either side.
func TestTheFanShowsTheSeal(t *testing.T) {
	_, _, p := opened(t, 2)
	face := p.seal().Seal.Image
	for _, left := range []bool{false, true} {
		m := fan(face, 6, left, 528, 192)
		red, first, last := 0, 528, 0
		for y := range 192 {
			for x := range 528 {
				if r, g, _, _ := m.At(x, y).RGBA(); r > 0xa000 && g < 0x5000 {
					red++
					first, last = min(first, x), max(last, x)
				}
			}
		}
		if red < 1500 || last-first < 165 || last-first > 177 || left != (first < 60) {
			t.Errorf("left %t: %d red pixels from %d to %d", left, red, first, last)
		}
	}
}

// A second place is added, is the current one, and is taken away again; the last one stays.
func TestPlacesAreAddedAndTakenAway(t *testing.T) {
	_, h, p := opened(t, 2)
	if p.remove.Reason() == "" {
		t.Error("the only place can be taken away")
	}
	first := p.says()
	p.added()
	if len(p.plan.places) != 2 || p.plan.current != 1 || p.remove.Reason() != "" {
		t.Fatalf("%+v, current %d", p.plan.places, p.plan.current)
	}
	p.editor.x.SetText("60")
	if p.plan.places[0].String() != first {
		t.Error("the other place moved")
	}
	h.Picture("stamp-two")
	p.choose(0)
	if p.says() != first || p.mode.Chosen() != atWords {
		t.Errorf("%s", p.says())
	}
	m := mark(t, h, p)
	m.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	p.removed()
	if len(p.plan.places) != 1 || !strings.HasPrefix(p.says(), "page=last,x=60mm") {
		t.Errorf("%+v", p.plan.places)
	}
}

// More seals than a page takes are said before the PIN is asked for.
func TestAPageIsNotCoveredWithSeals(t *testing.T) {
	_, h, p := opened(t, 1)
	for range 3 {
		if p.sign.Reason() != "" {
			t.Fatalf("with %d seals: %q", len(p.plan.places), p.sign.Reason())
		}
		p.added()
	}
	if !strings.Contains(p.sign.Reason(), "盖得太多") || !h.Says("盖得太多") {
		t.Errorf("with %d seals: %q", len(p.plan.places), p.sign.Reason())
	}
	p.removed()
	p.removed()
	if p.sign.Reason() != "" {
		t.Errorf("with %d seals: %q", len(p.plan.places), p.sign.Reason())
	}
}

func TestTheDateIsWrittenBesideTheSeal(t *testing.T) {
	_, h, p := opened(t, 2)
	p.editor.dated.Tapped(nil)
	today := time.Now().In(words.Zone).Format("2006年1月2日")
	if p.says() != "keyword=采购人（盖章）,hit=last,date" || p.editor.day.Text() != today {
		t.Errorf("%s: %q", p.says(), p.editor.day.Text())
	}
	p.editor.day.SetText("2026-12-01")
	p.editor.dateAt.OnChanged(1)
	if p.says() != "keyword=采购人（盖章）,hit=last,date=2026年12月1日,date-at=right" {
		t.Errorf("%s", p.says())
	}
	h.Picture("stamp-date")
	h.Fits()
	if marks := p.reader.View.Marks(); len(marks) != 2 || !marks[1].Fixed || marks[1].X < marks[0].X+21 || !near(marks[1].Y, marks[0].Y) {
		t.Errorf("%+v", marks)
	}
	p.editor.day.SetText("someday")
	if !strings.Contains(p.says(), "12月1日") {
		t.Errorf("%s", p.says())
	}
	p.editor.day.SetText(today)
	if !strings.Contains(p.says(), ",date,date-at=right") {
		t.Errorf("the day of signing: %s", p.says())
	}
}

// Templates: kept under a name, chosen, renewed and dropped; the last places come first once something was signed.
func TestTemplatesAreChosen(t *testing.T) {
	_, h, p := opened(t, 3)
	proposed := p.says()
	p.mode.OnChanged(atEdge)
	p.templates.askName()
	h.Until("the dialog", func() bool { return len(h.Dialogs) == 1 })
	if h.Button(p.t("stamp.template_keep")).Reason() == "" {
		t.Error("a template without a name can be kept")
	}
	h.Type("骑缝")
	h.Press(p.t("stamp.template_keep"))
	h.Until("the template", func() bool { return len(p.templates.kept) == 1 && len(h.Toasts) == 1 })
	if p.templates.choice.Chosen() != 0 {
		t.Error("it is not the chosen one")
	}
	p.undone()
	if p.says() != proposed {
		t.Fatalf("%s", p.says())
	}
	p.templates.use(0)
	if p.says() != "edge" || len(p.plan.past) == 0 {
		t.Errorf("%s", p.says())
	}
	p.undone()
	p.templates.keep("骑缝")
	h.Until("the change", func() bool { return len(h.Toasts) == 2 })
	if len(p.templates.kept) != 1 || p.templates.kept[0].Places[0].String() != proposed {
		t.Errorf("%+v", p.templates.kept)
	}
	p.templates.drop(p.templates.kept[0])
	h.Until("it to be gone", func() bool { return len(p.templates.kept) == 0 })
	if len(h.Told) != 0 {
		t.Errorf("told %v", h.Told)
	}
}

// The page fits the screens of offices, in both languages, in every way of placing; small pages are there on each.
func TestEveryWayFitsTheScreen(t *testing.T) {
	for _, language := range []string{words.Chinese, words.English} {
		_, h, p := openedIn(t, language, 6)
		for _, screen := range []fyne.Size{{Width: 1366, Height: 768}, {Width: 1024, Height: 768}} {
			h.Window().Resize(screen.SubtractWidthHeight(theme.SidebarWidth, theme.TopbarHeight))
			for mode, name := range []string{"one", "many", "edge", "words"} {
				p.mode.OnChanged(mode)
				h.Settle(300 * time.Millisecond)
				h.Fits()
				h.Picture(fmt.Sprintf("stamp-%s-%v-%s", language, screen.Width, name))
			}
			small := 0
			for _, o := range test.LaidOutObjects(p.Content()) {
				if th, ok := o.(*widgets.Thumbs); ok && th.Visible() && th.Size().Width > 60 {
					small++
				}
			}
			if small != 1 {
				t.Errorf("%s, %v: no small pages", language, screen)
			}
		}
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
	if p.of.(contract).View(t.Context()).Filing.Sealed != nil {
		t.Fatal("a wrong PIN sealed")
	}
	h.Until("the field", func() bool { return h.Window().Canvas().Focused() != nil })
	h.Type(pagetest.PIN)
	h.Press(p.t("pin.sign"))
	h.Until("the signature", func() bool { return p.finished != nil })
	test.Tap(p.sign) // once more, before the result is there
	h.Until("the result", func() bool { return p.finished != nil && h.Says(p.t("result.back")) })
	sealed := p.of.(contract).View(t.Context()).Filing.Sealed
	if sealed == nil || !h.Says(sealed.SHA256) || !h.Says("签章有效") || !h.Says(p.t("result.next_submit")) {
		t.Errorf("%q", h.Texts())
	}
	if sealed.Base != shown {
		t.Error("another file was sealed than was shown")
	}
	h.Fits()
	h.Picture("stamp-result")
}

func TestPressedTwiceItAsksOnce(t *testing.T) {
	_, h, p := opened(t, 1)
	for range 2 {
		test.Tap(p.sign)
	}
	h.Until("the dialog", func() bool { return len(h.Dialogs) > 0 })
	h.Settle(150 * time.Millisecond)
	if len(h.Dialogs) != 1 || p.sign.Disabled() {
		t.Errorf("%d questions; the button turns: %v", len(h.Dialogs), p.sign.Disabled())
	}
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
	if len(h.Asked) != 1 || !h.Asked[0].Danger || p.of.(contract).View(t.Context()).Filing.Sealed != nil {
		t.Fatalf("asked %+v", h.Asked)
	}
	field := h.Field() // whoever says no to it is back at the dialog, which wipes the PIN
	h.Press(p.t("button.cancel"))
	if field.Len() != 0 {
		t.Error("the PIN is kept of a signature that was called off")
	}
	p.askPIN("")
	h.Until("the dialog", func() bool { return len(h.Dialogs) == 2 })
	h.Type(pagetest.PIN)
	h.Press(p.t("pin.sign"))
	h.Asked[1].Yes()
	h.Until("the result", func() bool { return p.finished != nil })
	if h.Window().Canvas().Overlays().Top() != nil {
		t.Error("a dialog stays open over the result")
	}
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
	p := New(h, OfContract(h, theirs)).(*Page)
	h.Open(p)
	h.Until("both seals", func() bool { return len(p.spots) == 1 && len(p.plan.places) == 1 })
	if p.editor.keyword.Text() != usualWords[platformapi.RoleSupplier][0] {
		t.Errorf("looks for %q", p.editor.keyword.Text())
	}
	taken := p.shown.Layout.Taken()
	other := p.reader.View.Marks()[0]
	if len(taken) != 1 || !other.Fixed || other.ID != "other-0" || taken[0].Signer == "" {
		t.Fatalf("%+v, %+v", taken, other)
	}
	p.mode.OnChanged(onePage)
	p.editor.x.SetText(millimetres(other.X))
	p.editor.y.SetText(millimetres(other.Y))
	if !h.Says(p.t("stamp.overlaps", "signer", taken[0].Signer, "page", other.Page)) {
		t.Errorf("it says %q", h.Texts())
	}
	h.Picture("stamp-over")
	h.Press(p.t("stamp.sign"))
	if len(h.Asked) != 1 || !h.Asked[0].Danger || len(h.Dialogs) != 0 || p.allowed {
		t.Fatalf("asked %+v", h.Asked)
	}
	h.Asked[0].Yes()
	h.Until("the PIN", func() bool { return len(h.Dialogs) == 1 })
	if !p.allowed {
		t.Error("the answer is lost")
	}
	p.editor.y.SetText("100")
	if h.Says(taken[0].Signer) {
		t.Error("warned of nothing")
	}
}

// What was not confirmed is not shown for signing; once it is, one tries again.
func TestWithoutACleanCopyNothingIsSigned(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	h := pagetest.NewHost(t, w.Desk, s)
	p := New(h, OfContract(h, work)).(*Page) // nothing was cleaned yet
	h.Open(p)
	h.Until("the trouble", func() bool { return h.Says("合同还没有确认的清稿") })
	if p.sign.Reason() == "" {
		t.Error("it can be signed")
	}
	h.Fits()
	w.Clean(work, w.Contract(1))
	h.Press("重试")
	h.Until("the pages", func() bool { return len(p.plan.places) == 1 && p.sign.Reason() == "" })
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

	good := filepath.Join(t.TempDir(), "圆章.svg")
	drawing := `<svg xmlns="http://www.w3.org/2000/svg" width="38mm" height="38mm" viewBox="0 0 38 38"><circle cx="19" cy="19" r="18" fill="none" stroke="red" stroke-width="1"/></svg>`
	if err := os.WriteFile(good, []byte(drawing), 0o600); err != nil {
		t.Fatal(err)
	}
	h.Choose = func([]string) string { return good }
	p.importSeal()
	h.Until("the third seal", func() bool { return len(p.seals) == 3 })
	if s := p.seals[p.chosen]; s.Title != "圆章" {
		t.Errorf("chosen is %q", s.Title)
	}
}

// While the file is being opened there is nothing to put a seal on, whatever is pressed.
func TestNothingIsPutOnAPageThatIsNotThereYet(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	w.Clean(work, w.Contract(1))
	h := pagetest.NewHost(t, w.Desk, s)
	p := New(h, OfContract(h, work)).(*Page)
	h.Open(p)
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); time.Sleep(time.Millisecond) {
		p.added() // nothing comes back meanwhile: the page is still being opened
		p.removed()
		p.undone()
		p.redone()
		p.editor.search("采购人（盖章）")
		p.mode.OnChanged(atEdge)
		p.templates.menu()
	}
	if len(p.plan.places) != 0 || p.sign.Reason() == "" {
		t.Errorf("%+v", p.plan.places)
	}
	h.Until("the proposal", func() bool { return len(p.plan.places) == 1 && p.sign.Reason() == "" })
}

// A page that another one covered while it looked for a place, or asked whether the document may be signed, goes on when it is back.
func TestComingBackToThePage(t *testing.T) {
	_, h, p := opened(t, 1)
	p.plan.places = nil
	p.sign.SetBusy(true)
	h.Open(New(h, p.of))
	h.Back()
	h.Until("the proposal", func() bool { return len(p.plan.places) == 1 && len(p.spots) == 1 })
	if p.sign.Disabled() || p.sign.Reason() != "" {
		t.Errorf("it cannot be signed: %q", p.sign.Reason())
	}
}
