package pagetest

import (
	"context"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// patience is how long Until waits for work on other goroutines.
const patience = 60 * time.Second

// A Host is a page.Host that keeps what a page asked for. The page in front is in its window.
type Host struct {
	t       *testing.T
	desk    *desk.Desk
	session *desk.Session
	window  fyne.Window
	posted  chan func()
	ran     int // of those that were posted
	front   context.Context
	leave   context.CancelFunc

	Stack    []page.Page
	Toasts   []string
	Told     []error
	Homes    []string
	Retitled string // the Title that a page in front asked to be shown anew
	Zooms    []int
	Asked    []Question
	Dialogs  []*widgets.Dialog
	Choose   func(endings []string) string // answers ChooseFile; "" chooses nothing
	Save     func(name string) string      // answers SaveFile
	Folder   func() string                 // answers ChooseFolder
}

// A Question is what was put to the person.
type Question struct {
	Title, Body, Confirm string
	Danger               bool
	Yes                  func()
}

// NewHost makes a host with a window of the smallest size that the pages are made for. session may be nil.
func NewHost(t *testing.T, d *desk.Desk, session *desk.Session) *Host {
	t.Helper()
	// What still turns when the test is over turns in vain, and does not disturb the next one.
	t.Cleanup(func() { fyne.SetCurrentApp(retiredApp{fyne.CurrentApp()}) })
	test.NewTempApp(t)
	test.ApplyTheme(t, theme.New())
	h := &Host{t: t, desk: d, session: session, posted: make(chan func(), 4096), leave: func() {}}
	fyne.SetCurrentApp(app{fyne.CurrentApp(), h})
	h.window = test.NewTempWindow(t, widgets.Gap(1, 1))
	h.window.SetPadded(false)
	h.window.Resize(fyne.NewSize(theme.WindowW-theme.SidebarWidth, theme.WindowH-theme.TopbarHeight))
	t.Cleanup(func() {
		h.leave()
		for _, p := range h.Stack {
			if l, ok := p.(page.Leaver); ok {
				l.Leave()
			}
		}
	})
	return h
}

// Opened shows the page that create makes to a session.
func Opened[P page.Page](t *testing.T, create func(page.Host) P, w *World, s *desk.Session) (*Host, P) {
	t.Helper()
	h := NewHost(t, w.Desk, s)
	p := create(h)
	h.Open(p)
	return h, p
}

// app is the test's app but for fyne.Do, which comes back when the test pumps, as everything else does.
type app struct {
	fyne.App
	host *Host
}

func (a app) Driver() fyne.Driver { return driver{a.App.Driver(), a.host} }

type driver struct {
	fyne.Driver
	host *Host
}

// DoFromGoroutine implements fyne.Driver.
func (d driver) DoFromGoroutine(f func(), wait bool) {
	if !wait {
		d.host.Post(f)
		return
	}
	done := make(chan struct{})
	d.host.Post(func() {
		f()
		close(done)
	})
	<-done
}

// retiredApp is the app after a test: nothing comes back to a window any more.
type retiredApp struct{ fyne.App }

func (a retiredApp) Driver() fyne.Driver { return retiredDriver{a.App.Driver()} }

type retiredDriver struct{ fyne.Driver }

// DoFromGoroutine implements fyne.Driver.
func (retiredDriver) DoFromGoroutine(func(), bool) {}

// Until runs what comes back from other goroutines until is holds.
func (h *Host) Until(what string, is func() bool) {
	h.t.Helper()
	deadline := time.After(patience)
	for !is() {
		select {
		case f := <-h.posted:
			h.ran++
			f()
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			h.t.Fatalf("waited in vain: %s\ntold: %v\ntoasts: %v", what, h.Told, h.Toasts)
		}
	}
}

// Settle runs what comes back for a while.
func (h *Host) Settle(d time.Duration) {
	end := time.Now().Add(d)
	h.Until("the time", func() bool { return time.Now().After(end) })
}

// Picture draws the window into $SEALDESK_PICTURES, if that is set, to be looked at.
func (h *Host) Picture(name string) {
	h.t.Helper()
	if dir := os.Getenv("SEALDESK_PICTURES"); dir != "" {
		h.draw(filepath.Join(dir, name+".png"))
	}
}

// A screen is one that the window is pictured on: so wide and high in pixels, and everything so many times as large.
type screen struct {
	name          string
	width, height float32
	scale         float32
}

var screens = []screen{{"1366x768", 1366, 768, 1}, {"1920x1080", 1920, 1080, 1}, {"3840x2160", 3840, 2160, 2}}

// screensFolder names the folder for pictures on three screens, if they are wanted.
const screensFolder = "SEALDESK_SCREENS"

// Screens draws whole, which is the page in front with the window's frame, as it fills each of three screens, into $SEALDESK_SCREENS,
// if that is set: a small notebook's, the usual one, and one with four times its pixels, on which everything is drawn at 200 %.
func (h *Host) Screens(name string, whole func() fyne.CanvasObject) {
	h.t.Helper()
	dir := os.Getenv(screensFolder)
	if dir == "" {
		return
	}
	before := h.window.Canvas().Size()
	room := h.window.Content()
	h.window.SetContent(whole())
	canvas := h.window.Canvas().(software.WindowlessCanvas)
	for _, s := range screens {
		canvas.SetScale(s.scale)
		h.window.Resize(fyne.NewSize(s.width/s.scale, s.height/s.scale))
		h.Until("the pages are drawn", func() bool { return !h.turns() })
		h.rest()
		h.draw(filepath.Join(dir, name+", "+s.name+".png"))
	}
	canvas.SetScale(1)
	h.window.SetContent(room)
	h.window.Resize(before)
}

// drawn is how long a small page may take to be drawn, once the large ones are.
const drawn = time.Second

// rest runs what comes back until nothing does; a page on which a clock ticks is not waited for without end.
func (h *Host) rest() {
	for range 5 {
		before := h.ran
		if h.Settle(drawn); h.ran == before {
			return
		}
	}
}

// turns tells that something in the window is waited for.
func (h *Host) turns() bool {
	return slices.ContainsFunc(test.LaidOutObjects(h.window.Content()), func(o fyne.CanvasObject) bool {
		s, is := o.(*widgets.Spinner)
		return is && s.Visible()
	})
}

// draw draws the window into a file.
func (h *Host) draw(path string) {
	h.t.Helper()
	f, err := os.Create(path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, h.window.Canvas().Capture()); err != nil {
		h.t.Fatal(err)
	}
}

// Fits fails when the page in front does not fit into the smallest window, or a dialog into that window. The login page has
// it alone; the others leave room for the sidebar and the line on top.
func (h *Host) Fits() {
	h.t.Helper()
	if top := h.window.Canvas().Overlays().Top(); top != nil {
		if m := top.MinSize(); m.Width > theme.MinWindowW || m.Height > theme.MinWindowH {
			h.t.Errorf("the dialog over %s needs %v, there is room for %v×%v", h.Top().Title(), m, theme.MinWindowW, theme.MinWindowH)
		}
	}
	room := h.room()
	if m := h.Top().Content().MinSize(); m.Width > room.Width || m.Height > room.Height {
		h.t.Errorf("%s needs %v, there is room for %v", h.Top().Title(), m, room)
	}
}

// room is the least that the page in front is laid out in: the smallest window, without its frame.
func (h *Host) room() fyne.Size {
	return h.framed(fyne.NewSize(theme.MinWindowW, theme.MinWindowH))
}

// framed is what a window leaves to the page in front: all but the sidebar and the line on top, where somebody is logged in and the
// page does not have the whole screen.
func (h *Host) framed(window fyne.Size) fyne.Size {
	if _, alone := h.Top().(page.Alone); h.session == nil || alone {
		return window
	}
	return window.SubtractWidthHeight(theme.SidebarWidth, theme.TopbarHeight)
}

// Texts are the words that are to be seen: of the dialog in front, or else of the page.
func (h *Host) Texts() []string {
	var out []string
	for _, o := range h.seen() {
		switch o := o.(type) {
		case *canvas.Text:
			out = append(out, o.Text)
		case *widgets.Text:
			out = append(out, o.Text()) // whole, where the line is cut
		case *widgets.Button:
			out = append(out, o.Text(), o.Reason())
		}
	}
	return out
}

func (h *Host) seen() []fyne.CanvasObject {
	if top := h.window.Canvas().Overlays().Top(); top != nil {
		return test.LaidOutObjects(top)
	}
	return test.LaidOutObjects(h.Top().Content())
}

// Says tells whether words are to be seen, on one line or wrapped.
func (h *Host) Says(words string) bool { return strings.Contains(strings.Join(h.Texts(), ""), words) }

// Press presses the button with this text; it fails when there is none or when it cannot be pressed.
func (h *Host) Press(text string) {
	h.t.Helper()
	b := h.Button(text)
	if b == nil {
		h.t.Fatalf("no button %q among %q", text, h.Texts())
	}
	if b.Reason() != "" {
		h.t.Fatalf("%q cannot be pressed: %s", text, b.Reason())
	}
	b.Tapped(nil)
}

// Button is the button with this text, nil when there is none.
func (h *Host) Button(text string) *widgets.Button {
	for _, o := range h.seen() {
		if b, ok := o.(*widgets.Button); ok && b.Text() == text {
			return b
		}
	}
	return nil
}

// Field is the first field for a PIN.
func (h *Host) Field() *widgets.PINField {
	h.t.Helper()
	for _, o := range h.seen() {
		if f, ok := o.(*widgets.PINField); ok {
			return f
		}
	}
	h.t.Fatalf("no field for a PIN among %q", h.Texts())
	return nil
}

// Type types into what has the keyboard.
func (h *Host) Type(text string) {
	h.t.Helper()
	focused := h.window.Canvas().Focused()
	if focused == nil {
		h.t.Fatal("nothing has the keyboard")
	}
	test.Type(focused, text)
}

// Enter presses Enter in what has the keyboard.
func (h *Host) Enter() {
	h.t.Helper()
	focused := h.window.Canvas().Focused()
	if focused == nil {
		h.t.Fatal("nothing has the keyboard")
	}
	focused.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
}

// Tab gives the keyboard to what comes next.
func (h *Host) Tab() { h.window.Canvas().FocusNext() }

// Check presses the checkbox with this text.
func (h *Host) Check(text string) {
	h.t.Helper()
	for _, o := range h.seen() {
		if b, ok := o.(*widgets.Checkbox); ok && b.Label() == text {
			b.Tapped(nil)
			return
		}
	}
	h.t.Fatalf("no checkbox %q among %q", text, h.Texts())
}

// Top is the page in front.
func (h *Host) Top() page.Page { return h.Stack[len(h.Stack)-1] }

// Session implements page.Host.
func (h *Host) Session() *desk.Session { return h.session }

// Desk implements page.Host.
func (h *Host) Desk() *desk.Desk { return h.desk }

// Words implements page.Host.
func (h *Host) Words() *words.Catalog { return h.desk.Words() }

// Window implements page.Host.
func (h *Host) Window() fyne.Window { return h.window }

// Open implements page.Host.
func (h *Host) Open(p page.Page) {
	h.Stack = append(h.Stack, p)
	h.show()
}

// Retitle implements page.Host.
func (h *Host) Retitle() { h.Retitled = h.Top().Title() }

// Back implements page.Host.
func (h *Host) Back() {
	if l, ok := h.Top().(page.Leaver); ok {
		l.Leave()
	}
	h.Stack = h.Stack[:len(h.Stack)-1]
	if len(h.Stack) > 0 {
		h.show()
	}
}

func (h *Host) show() {
	h.leave()
	h.front, h.leave = context.WithCancel(context.Background())
	h.window.SetContent(widgets.NewRoom(h.Top().Content(), h.room()))
	h.window.Resize(h.window.Canvas().Size())
	h.Top().Show(h.front)
}

// Zoom implements page.Host.
func (h *Host) Zoom(percent int) { h.Zooms = append(h.Zooms, percent) }

// Home implements page.Host.
func (h *Host) Home(nav string) { h.Homes = append(h.Homes, nav) }

// Login implements page.Host.
func (h *Host) Login(s *desk.Session) { h.session = s }

// Logout implements page.Host.
func (h *Host) Logout() { h.session = nil }

// Do implements page.Host.
func (h *Host) Do(ctx context.Context, work func(context.Context) error, done func(error)) {
	go func() {
		err := work(ctx)
		h.Post(func() {
			if ctx.Err() == nil {
				done(err)
			}
		})
	}()
}

// Post implements page.Host.
func (h *Host) Post(f func()) {
	select {
	case h.posted <- f:
	case <-time.After(patience): // the test is over
	}
}

// Toast implements page.Host.
func (h *Host) Toast(_ theme.Tone, text string) { h.Toasts = append(h.Toasts, text) }

// Tell implements page.Host.
func (h *Host) Tell(err error) { h.Told = append(h.Told, err) }

// Ask implements page.Host.
func (h *Host) Ask(title, body string, danger bool, confirm string, yes func()) {
	h.Asked = append(h.Asked, Question{title, body, confirm, danger, yes})
}

// Dialog implements page.Host.
func (h *Host) Dialog(d *widgets.Dialog) {
	h.Dialogs = append(h.Dialogs, d)
	d.Open(h.window.Canvas())
}

// ChooseFile implements page.Host.
func (h *Host) ChooseFile(endings []string, chosen func(string)) {
	if h.Choose == nil {
		return
	}
	if path := h.Choose(endings); path != "" {
		chosen(path)
	}
}

// SaveFile implements page.Host.
func (h *Host) SaveFile(name string, chosen func(string)) {
	if h.Save == nil {
		return
	}
	if path := h.Save(name); path != "" {
		chosen(path)
	}
}

// ChooseFolder implements page.Host.
func (h *Host) ChooseFolder(chosen func(string)) {
	if h.Folder == nil {
		return
	}
	if path := h.Folder(); path != "" {
		chosen(path)
	}
}
