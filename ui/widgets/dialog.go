package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Dialog is a sheet over the page on which the person must decide. Esc presses
// Cancel, Enter the first of the buttons that stands for going on; both are
// without effect while that button cannot be pressed.
type Dialog struct {
	widget.BaseWidget
	title   *Text
	body    fyne.CanvasObject
	cancel  *Button
	confirm *Button
	first   Control
	width   float32

	canvas fyne.Canvas
	keys   func(*fyne.KeyEvent)
	sheet  *canvas.Rectangle
	dim    *canvas.Rectangle
	all    fyne.CanvasObject
	room   *Room // around all of it, for a window that is smaller
}

// NewDialog makes a dialog. confirm may be nil where there is only one thing to
// do, cancel may be nil where the person cannot leave. Pressing either does not
// close the dialog: its callback does, when it is done.
func NewDialog(title string, body fyne.CanvasObject, cancel, confirm *Button) *Dialog {
	d := &Dialog{
		title: NewText(title, theme.TextSub, theme.Text).Bold().Clip(),
		body:  body, cancel: cancel, confirm: confirm, width: theme.DialogWidth,
	}
	var buttons []*Button
	for _, b := range []*Button{cancel, confirm} {
		if b != nil {
			buttons = append(buttons, b)
		}
	}
	d.dim = canvas.NewRectangle(theme.DialogDim)
	d.sheet = canvas.NewRectangle(theme.White)
	d.sheet.CornerRadius = theme.CardRadius
	d.sheet.Shadow = canvas.Shadow{Color: theme.FloatShade, BlurRadius: 32, Offset: fyne.NewPos(0, 8)}
	col := []fyne.CanvasObject{d.title, body}
	if len(buttons) > 0 {
		col = append(col, Pad(4, 0, 0, 0, Actions(buttons...)))
	}
	d.all = Pad(20, 24, 20, 24, Column(16, col...))
	d.room = NewRoom(d.all, fyne.Size{})
	d.ExtendBaseWidget(d)
	return d
}

// Wide sets another width than the usual 440.
func (d *Dialog) Wide(w float32) *Dialog {
	d.width = w
	return d
}

// FocusFirst names the field that gets the keyboard when the dialog opens.
func (d *Dialog) FocusFirst(f Control) *Dialog {
	d.first = f
	return d
}

// Open shows the dialog over everything in the canvas.
func (d *Dialog) Open(c fyne.Canvas) {
	if d.canvas != nil {
		return
	}
	d.canvas, d.keys = c, c.OnTypedKey()
	c.Overlays().Add(d)
	d.Resize(c.Size())
	c.SetOnTypedKey(d.typed)
	d.begin()
}

// begin gives the keyboard to where the person begins.
func (d *Dialog) begin() {
	c := d.canvas
	switch {
	case d.first != nil:
		c.Focus(d.first.keyboard()) // the driver does not know yet that the field is on this canvas
	case d.confirm != nil && d.confirm.Disabled():
		c.Unfocus() // Enter must not leave by habit, either
	case d.confirm != nil && d.confirm.kind != Danger:
		c.Focus(d.confirm)
	case d.cancel != nil:
		c.Focus(d.cancel) // Enter must not destroy by habit
	}
}

// Close takes the dialog away and gives the keys back to the page.
func (d *Dialog) Close() {
	if d.canvas == nil {
		return
	}
	d.canvas.Overlays().Remove(d)
	d.canvas.SetOnTypedKey(d.keys)
	d.canvas = nil
}

func (d *Dialog) typed(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyEscape:
		if d.cancel != nil {
			d.cancel.activate()
		}
	case fyne.KeyReturn, fyne.KeyEnter:
		if d.confirm != nil {
			d.confirm.activate()
		}
	}
}

// Tapped beside the sheet does nothing: what must be decided is not waved away. The driver takes the keyboard from the dialog then,
// as at the second press on the button that opened it.
func (d *Dialog) Tapped(*fyne.PointEvent) {
	if d.canvas != nil && d.canvas.Focused() == nil {
		d.begin()
	}
}

// Cursor implements desktop.Cursorable.
func (d *Dialog) Cursor() desktop.Cursor { return desktop.DefaultCursor }

// Scrolled keeps the wheel from the page behind.
func (d *Dialog) Scrolled(*fyne.ScrollEvent) {}

// CreateRenderer implements fyne.Widget.
func (d *Dialog) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: []fyne.CanvasObject{d.dim, d.sheet, d.room},
		layout:  d.arrange,
		min:     func() fyne.Size { return fyne.Size{} },
		refresh: func() { d.arrange(d.Size()); canvas.Refresh(d) },
	}
}

func (d *Dialog) arrange(s fyne.Size) {
	d.dim.Resize(s)
	w := min(max(d.width, d.all.MinSize().Width), s.Width-32)
	d.room.Resize(fyne.NewSize(w, d.all.MinSize().Height)) // the words wrap at this width
	h := min(d.all.MinSize().Height, s.Height-32)
	x, y := (s.Width-w)/2, max((s.Height-h)*0.42, 16)
	place(d.sheet, x, y, w, h)
	place(d.room, x, y, w, h)
}
