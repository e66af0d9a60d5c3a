package widgets

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/theme"
)

// StepState is how far a step is.
type StepState int

// The states of a step.
const (
	StepAhead StepState = iota
	StepNow
	StepDone
	StepAlarm // needs attention: !
)

// Steps is a line of steps, as in the opening hall: discs joined by rules.
func Steps(now int, names ...string) *fyne.Container { return StepsOf(theme.TextBody, now, names...) }

// StepsOf is Steps in letters of another size, for a line that is read from afar.
func StepsOf(text float32, now int, names ...string) *fyne.Container {
	var objects []fyne.CanvasObject
	for i, n := range names {
		state := StepAhead
		switch {
		case i < now:
			state = StepDone
		case i == now:
			state = StepNow
		}
		if i > 0 {
			c := theme.Frame
			if i <= now {
				c = theme.Green
			}
			objects = append(objects, Grow(Middle(Fixed(text, text/7, canvas.NewRectangle(c)))))
		}
		label := NewText(n, text, theme.Text)
		switch state {
		case StepNow:
			label.Bold().SetColor(theme.Primary)
		case StepAhead:
			label.SetColor(theme.Text3)
		}
		objects = append(objects, Row(text*4/7, stepDisc(state, strconv.Itoa(i+1), text*13/7), label))
	}
	return Row(text, objects...)
}

// stepDisc is ✓, ! or the number, on the state's colour.
func stepDisc(state StepState, number string, side float32) fyne.CanvasObject {
	fill, mark := theme.GreySoft, theme.Text3
	switch state {
	case StepNow:
		fill, mark = theme.Primary, theme.White
	case StepDone:
		fill, mark = theme.Green, theme.White
	case StepAlarm:
		fill, mark = theme.Red, theme.White
	}
	var inside fyne.CanvasObject
	switch state {
	case StepDone:
		inside = Icon(theme.IconCheck, side*0.6, mark)
	case StepAlarm:
		inside = NewText("!", side*0.58, mark).Bold()
	default:
		inside = NewText(number, side*0.5, mark).Bold()
	}
	return Fixed(side, side, Stack(canvas.NewCircle(fill), Center(inside)))
}

// PhaseStep is a box of a phase: its name, a quiet line (since when, until when)
// and what pressing it does; without Open it is only told.
type PhaseStep struct {
	Name   string
	Note   string
	State  StepState
	Number int // things waiting in it; 0 shows the state's mark
	Open   func()
}

// Phase is a stage of a project with its steps.
type Phase struct {
	Name  string
	State StepState
	Steps []PhaseStep
}

// Phases shows a project's stages side by side, each with its boxes beneath.
func Phases(phases ...Phase) *fyne.Container {
	var columns []fyne.CanvasObject
	for i, p := range phases {
		ground := canvas.NewRectangle(theme.GreySoft)
		fg := theme.Text2
		switch p.State {
		case StepNow:
			ground.FillColor, fg = theme.Chosen, theme.Primary
		case StepDone:
			ground.FillColor, fg = theme.GreenSoft, theme.Green
		case StepAlarm:
			ground.FillColor, fg = theme.RedSoft, theme.Red
		}
		ground.CornerRadius = 6
		head := Stack(ground, Fixed(0, 44, Pad(0, 14, 0, 14, Row(10,
			stepDisc(p.State, strconv.Itoa(i+1), 24), Grow(NewText(p.Name, theme.TextBody, fg).Bold().Clip())))))
		col := Column(8, head)
		for _, s := range p.Steps {
			col.Add(newPhaseBox(s))
		}
		columns = append(columns, Column(0, col, Spacer()))
	}
	return Grid(len(phases), theme.CardGap, columns...)
}

// StepMark is the mark of a step's box, for a legend too.
func StepMark(state StepState) fyne.CanvasObject {
	switch state {
	case StepAhead:
		return Fixed(20, 20, Center(Fixed(8, 8, canvas.NewCircle(theme.Frame))))
	case StepNow:
		return Fixed(20, 20, Center(Fixed(10, 10, canvas.NewCircle(theme.Primary))))
	}
	return stepDisc(state, "", 20)
}

type phaseBox struct {
	pressable
	step   PhaseStep
	ground *canvas.Rectangle
	ring   *ring
	body   fyne.CanvasObject
}

func newPhaseBox(s PhaseStep) *phaseBox {
	b := &phaseBox{step: s, ground: canvas.NewRectangle(theme.White), ring: newRing(6, theme.Primary, theme.White)}
	b.ground.CornerRadius = 6
	name := Body(s.Name).Clip()
	if s.State == StepAhead {
		name.SetColor(theme.Text3)
	}
	words := Column(1, name)
	if s.Note != "" {
		words.Add(Quiet(s.Note).Clip())
	}
	mark := StepMark(s.State)
	if s.Number > 0 {
		pill := canvas.NewRectangle(theme.NavBadge)
		pill.CornerRadius = 9
		n := NewText(strconv.Itoa(s.Number), theme.TextTiny, theme.White).Bold().Align(fyne.TextAlignCenter)
		mark = Fixed(24, 18, Stack(pill, Middle(n)))
	}
	b.body = Pad(8, 12, 8, 14, Row(10, Grow(words), mark))
	b.init(b, s.Open, b.draw)
	b.off = s.Open == nil
	return b
}

func (b *phaseBox) draw() {
	b.ground.FillColor, b.ground.StrokeColor, b.ground.StrokeWidth = theme.White, theme.Line, 1
	switch {
	case b.off:
		b.ground.FillColor = theme.Head
	case b.hovered:
		b.ground.FillColor, b.ground.StrokeColor = theme.Hover, theme.Primary
	case b.step.State == StepAlarm:
		b.ground.StrokeColor = theme.RedLine
	case b.step.State == StepNow:
		b.ground.StrokeColor = theme.FrameHi
	}
	b.ring.show(b.ringed())
	b.ground.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *phaseBox) CreateRenderer() fyne.WidgetRenderer {
	b.draw()
	return &drawn{
		objects: append(b.ring.objects(), b.ground, b.body),
		layout: func(s fyne.Size) {
			b.ring.layout(0, 0, s)
			b.ground.Resize(s)
			b.body.Resize(s)
		},
		min:     func() fyne.Size { return fyne.NewSize(140, max(b.body.MinSize().Height, 56)) },
		refresh: func() { b.draw(); canvas.Refresh(b) },
	}
}
