package widgets

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// patience is how long nothing is shown before the skeleton: what comes at once
// should not flash.
const patience = 300 * time.Millisecond

// Faces shows one of the four faces of whatever is read from somewhere: loading,
// empty, filled, failed.
type Faces struct {
	widget.BaseWidget
	filled fyne.CanvasObject
	shown  *fyne.Container
	wait   func()
	clock  clock
}

// NewFaces makes faces around what is shown when there is something.
func NewFaces(filled fyne.CanvasObject) *Faces {
	f := &Faces{filled: filled, shown: Stack(Gap(1, 1)), clock: mainClock{}}
	f.ExtendBaseWidget(f)
	return f
}

// Loading leaves what is shown for a third of a second and then shows a skeleton.
func (f *Faces) Loading() {
	f.settle()
	f.wait = f.clock.after(patience, func() { f.put(skeleton()) })
}

// Empty says in a sentence that there is nothing, and offers the way to the first
// entry; the button may be nil.
func (f *Faces) Empty(sentence string, first *Button) {
	f.settle()
	col := []fyne.CanvasObject{
		Row(0, Spacer(), Icon(theme.IconFolder, 40, theme.Frame), Spacer()),
		NewParagraph(sentence, theme.TextBody, theme.Text2).Align(fyne.TextAlignCenter).Width(360),
	}
	if first != nil {
		col = append(col, Row(0, Spacer(), first, Spacer()))
	}
	f.put(Center(Pad(24, 24, 24, 24, Column(14, col...))))
}

// Failed says what, why and how to go on, with a button to try again.
func (f *Faces) Failed(what ErrorText, again *Button) {
	f.settle()
	f.put(Center(Pad(24, 24, 24, 24, Fixed(440, 0, ErrorPanel(what, again)))))
}

// Filled shows the content.
func (f *Faces) Filled() {
	f.settle()
	f.put(f.filled)
}

func (f *Faces) settle() {
	if f.wait != nil {
		f.wait()
		f.wait = nil
	}
}

func (f *Faces) put(o fyne.CanvasObject) {
	f.shown.Objects = []fyne.CanvasObject{o}
	f.shown.Refresh()
}

// MinSize is that of the content, whatever is shown, so that the window does not
// jump, but as high as what is shown instead of it, which would lie over what is
// beneath.
func (f *Faces) MinSize() fyne.Size {
	m := f.filled.MinSize()
	m.Height = max(m.Height, f.shown.MinSize().Height)
	return m
}

// CreateRenderer implements fyne.Widget.
func (f *Faces) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(f.shown) }

// skeleton is the shape of a list before its words are there.
func skeleton() fyne.CanvasObject {
	bar := func(w float32) fyne.CanvasObject {
		r := canvas.NewRectangle(theme.GreySoft)
		r.CornerRadius = 4
		return Fixed(w, 12, r)
	}
	var rows []fyne.CanvasObject
	for _, w := range []float32{220, 300, 180, 260, 240, 200} {
		rows = append(rows, Fixed(0, theme.TableRow-1, Pad(0, theme.CardPad, 0, theme.CardPad,
			Row(28, bar(110), bar(w), Spacer(), bar(90), bar(60)))), HLine())
	}
	rows = append(rows, Spacer())
	return Column(0, rows...)
}
