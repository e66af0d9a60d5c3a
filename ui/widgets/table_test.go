package widgets

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sealdesk/ui/theme"
)

func testTable(n int, opened *int) (*Table, *int) {
	asked := 0
	tab := NewTable(TableColumn{Title: "编号", Width: 100}, TableColumn{Title: "项目", Min: 150}, TableColumn{Title: "日期", Width: 90, Spare: true}, TableColumn{Title: "状态", Width: 90})
	tab.Fill(n, func(i int) TableRow {
		asked++
		return TableRow{Cells: []Cell{{Text: "ZC"}, {Text: "市第三人民医院"}, {Text: "2026"}, {Chip: "待盖章", Tone: theme.Warn}}, Open: func() { *opened = i }}
	})
	return tab, &asked
}

func TestOnlyRowsInSightAreAskedFor(t *testing.T) {
	opened := -1
	tab, asked := testTable(10000, &opened)
	show(t, tab, 800, 500)
	if *asked == 0 || *asked > 200 {
		t.Errorf("%d rows were asked for", *asked)
	}
}

func TestRowsOpenByPointerAndKeyboard(t *testing.T) {
	opened := -1
	tab, _ := testTable(20, &opened)
	c := show(t, tab, 800, 500)
	test.TapCanvas(c, fyne.NewPos(200, 43+48*2+20))
	if opened != 2 {
		t.Fatalf("the pointer opened %d", opened)
	}
	key(c, fyne.KeyDown, fyne.KeyReturn)
	if opened != 3 {
		t.Errorf("Down, Enter opened %d", opened)
	}
	for range 3 { // again and again the same row
		opened = -1
		test.TapCanvas(c, fyne.NewPos(200, 43+20))
		if opened != 0 {
			t.Fatalf("opened %d", opened)
		}
	}
}

// A heading is whole, however long it is in the person's language, and however large.
func TestHeadingsAreWhole(t *testing.T) {
	tab := NewTable(TableColumn{Title: "Receipt time (Beijing time)", Width: 40}, TableColumn{Title: "What is told of the file", Min: 40}, TableColumn{Title: "状态", Width: 90})
	for _, size := range []float32{theme.TextTable, 2 * theme.TextTable} {
		tab.Sized(size, 60)
		show(t, tab, tab.MinSize().Width, 300)
		for _, h := range tab.heads {
			if h.line.Text != h.full {
				t.Errorf("at %v: %q", size, h.line.Text)
			}
		}
	}
	if w := tab.columns[2].Width; w != 90 {
		t.Errorf("a column that is wide enough is %v wide", w)
	}
}

// The row that Enter opens is marked while the table has the keyboard.
func TestTheKeyboardsRowIsMarked(t *testing.T) {
	tab := NewTable(TableColumn{Title: "名称"})
	tab.Fill(3, func(i int) TableRow { return TableRow{Cells: []Cell{{Text: "行"}}} })
	c := show(t, tab, 400, 300)
	marked := func() (out []int) {
		var rows []*tableRow
		for _, o := range test.LaidOutObjects(tab) {
			if r, ok := o.(*tableRow); ok {
				rows = append(rows, r)
			}
		}
		for i, r := range rows {
			if r.marked && r.ground.FillColor == theme.Chosen {
				out = append(out, i)
			}
		}
		return out
	}
	if got := marked(); len(got) != 0 {
		t.Errorf("marked before it has the keyboard: %v", got)
	}
	tab.FocusIn(c)
	if got := marked(); !slices.Equal(got, []int{0}) {
		t.Errorf("at first %v", got)
	}
	key(c, fyne.KeyDown)
	if got := marked(); !slices.Equal(got, []int{1}) {
		t.Errorf("after Down %v", got)
	}
	c.Unfocus()
	if got := marked(); len(got) != 0 {
		t.Errorf("marked without the keyboard: %v", got)
	}
}

func TestActionsInARow(t *testing.T) {
	did, opened := "", false
	tab := NewTable(TableColumn{Title: "操作", Width: 200})
	tab.Fill(1, func(int) TableRow {
		return TableRow{Open: func() { opened = true }, Cells: []Cell{{Actions: []Action{{Text: "查看", Do: func() { did = "查看" }}, {Text: "盖章", Do: func() { did = "盖章" }, Why: "尚未上传"}}}}}
	})
	c := show(t, tab, 400, 300)
	test.TapCanvas(c, fyne.NewPos(30, 43+24))
	if did != "查看" || opened {
		t.Errorf("did %q, row opened %v", did, opened)
	}
	did = ""
	test.TapCanvas(c, fyne.NewPos(70, 43+24))
	if did != "" {
		t.Error("an action that cannot be done was done")
	}
}

func TestSpareColumnsGiveWay(t *testing.T) {
	l := columnsLayout{[]TableColumn{{Width: 100}, {Min: 150}, {Width: 90, Spare: true}, {Width: 90}}, 40}
	for _, tc := range []struct {
		width float32
		spare bool
	}{{400, false}, {477, false}, {478, true}, {900, true}} {
		if got := l.kept(tc.width)[2]; got != tc.spare {
			t.Errorf("in %v the spare column shows: %v", tc.width, got)
		}
	}
	if w := l.MinSize(nil).Width; w != 372 {
		t.Errorf("least width %v", w)
	}
}

func TestFaces(t *testing.T) {
	clock := newTestClock()
	filled := Body("内容")
	f := NewFaces(filled)
	f.clock = clock
	show(t, f, 600, 400)
	is := func(o fyne.CanvasObject) bool { return f.shown.Objects[0] == o }
	f.Filled()
	f.Loading()
	clock.pass(200 * time.Millisecond)
	if !is(filled) {
		t.Error("the skeleton came before 300 ms")
	}
	clock.pass(150 * time.Millisecond)
	if is(filled) {
		t.Error("no skeleton after 350 ms")
	}
	f.Filled()
	f.Loading()
	f.Filled()
	clock.pass(time.Second)
	if !is(filled) {
		t.Error("a skeleton came after the content")
	}
	pressed := false
	again := NewButton(Secondary, "重试", func() { pressed = true })
	f.Failed(ErrorText{What: "读取失败", Code: "x.y"}, again)
	test.Tap(again)
	if is(filled) || !pressed {
		t.Error("failed face or its button is missing")
	}
}

func TestToastsGoByThemselves(t *testing.T) {
	clock := newTestClock()
	s := NewToasts()
	s.clock = clock
	show(t, s, 800, 600)
	for range 5 {
		s.Tell(theme.Good, "已提交")
	}
	if n := len(s.column.Objects); n != 3 {
		t.Errorf("%d toasts at once", n)
	}
	clock.pass(toastStay)
	if n := len(s.column.Objects); n != 0 {
		t.Errorf("%d toasts stay", n)
	}
}

// On a screen that a room looks at a toast is large, and lies at the foot, over neither heading nor countdown: the newest one alone.
func TestToastsAfar(t *testing.T) {
	near, far := NewToasts(), NewToasts().Afar()
	place := func(s *Toasts) (fyne.Position, fyne.Size) {
		s.clock = newTestClock()
		show(t, s, 1280, 800)
		s.Tell(theme.Good, "已签到")
		o := s.column.Objects[0]
		return fyne.CurrentApp().Driver().AbsolutePositionForObject(o), o.Size()
	}
	_, small := place(near)
	at, large := place(far)
	if large.Height < small.Height*1.4 || at.Y < 600 || at.Y+large.Height > 800 {
		t.Errorf("at %v, %v large; near it is %v", at, large, small)
	}
	first := far.column.Objects[0]
	far.Tell(theme.Warn, "已插入密钥")
	if len(far.column.Objects) != 1 || far.column.Objects[0] == first {
		t.Errorf("%d toasts at once", len(far.column.Objects))
	}
}

func TestSidebar(t *testing.T) {
	side := NewSidebar(Gap(32, 32), "政采签章客户端", "")
	side.SetItems(NavItem{ID: "a", Text: "工作台", Icon: theme.IconHome}, NavItem{}, NavItem{ID: "b", Text: "发件箱", Icon: theme.IconOutbox})
	went, keyed := "", false
	side.OnNavigate = func(id string) { went = id }
	side.OnKey = func() { keyed = true }
	side.SetKey(Status{Tone: theme.Good, Text: "已连接", Detail: "2027-08-31"})
	side.SetBadge("b", 120)
	c := show(t, side, 216, 680)
	tapAt(c, side.items["b"])
	if went != "b" {
		t.Errorf("went to %q", went)
	}
	if got := side.items["b"].count.Text; got != "99+" {
		t.Errorf("badge %q", got)
	}
	c.Unfocus()
	c.FocusNext()
	key(c, fyne.KeyReturn)
	if went != "a" {
		t.Errorf("Tab and Enter went to %q", went)
	}
	tapAt(c, side.key)
	if !keyed {
		t.Error("the key line cannot be pressed")
	}
	if w := side.MinSize().Width; w != theme.SidebarWidth {
		t.Errorf("%v wide", w)
	}
}

func TestDropZone(t *testing.T) {
	chosen := false
	z := NewDropZone("将文件拖到此处", "pdf", func() { chosen = true })
	c := show(t, Column(0, Gap(1, 100), z), 400, 400)
	tapAt(c, z)
	if !chosen {
		t.Error("pressing does not choose")
	}
}
