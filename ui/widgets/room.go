package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Room gives its content all the room that it has, and where that is less than
// the content needs, lets it be scrolled both ways instead of cutting it: on a
// small screen, and where everything is drawn enlarged.
type Room struct {
	widget.BaseWidget
	content fyne.CanvasObject
	scroll  *container.Scroll
	all     fyne.CanvasObject
}

// NewRoom makes a room around content, which is never laid out smaller than least or its own MinSize.
func NewRoom(content fyne.CanvasObject, least fyne.Size) *Room {
	r := &Room{content: Stack(Gap(least.Width, least.Height), content)}
	r.scroll = container.NewScroll(newInside(r.content))
	r.all = Bare(r.scroll)
	r.ExtendBaseWidget(r)
	return r
}

// MinSize is what can still be worked in.
func (r *Room) MinSize() fyne.Size {
	return r.content.MinSize().Min(fyne.NewSize(theme.LeastWindowW, theme.LeastWindowH))
}

// Reveal scrolls so far that o, which stands somewhere within, is in sight.
func (r *Room) Reveal(o fyne.CanvasObject) {
	d := fyne.CurrentApp().Driver()
	at := d.AbsolutePositionForObject(o).Subtract(d.AbsolutePositionForObject(r.content))
	offset, room := r.scroll.Offset, r.scroll.Size()
	offset.X = along(at.X, o.Size().Width, offset.X, room.Width)
	offset.Y = along(at.Y, o.Size().Height, offset.Y, room.Height)
	if offset != r.scroll.Offset {
		r.scroll.ScrollToOffset(offset)
	}
}

// along is the offset, as near as can be to the one that there is, at which a length from at is in sight.
func along(at, length, offset, room float32) float32 {
	const margin = 24
	switch {
	case at-margin < offset:
		return max(at-margin, 0)
	case at+length+margin > offset+room:
		return at + length + margin - room
	}
	return offset
}

// CreateRenderer implements fyne.Widget.
func (r *Room) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.all) }

// inSight scrolls the room around a control that was given the keyboard, for what has it must be seen.
func inSight(o fyne.CanvasObject) {
	c := canvasOf(o)
	if c == nil {
		return
	}
	around := c.Content()
	if top := c.Overlays().Top(); top != nil {
		around = top
	}
	switch around := around.(type) {
	case *Room:
		around.Reveal(o)
	case *Dialog:
		around.room.Reveal(o)
	}
}
