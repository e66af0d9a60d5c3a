package widgets

import (
	"image/color"
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

const spinnerDots = 8

// Spinner is a ring of dots that turns while something is being waited for. It
// turns ten times less often than an animation would draw, which a machine
// without a graphics card notices.
type Spinner struct {
	widget.BaseWidget
	side  float32
	color color.NRGBA
	dots  [spinnerDots]*canvas.Circle
	step  int
	stop  func()
	clock clock
}

// NewSpinner makes a spinner at rest.
func NewSpinner(side float32, c color.NRGBA) *Spinner {
	s := &Spinner{side: side, color: c, clock: mainClock{}}
	for i := range s.dots {
		s.dots[i] = canvas.NewCircle(c)
	}
	s.ExtendBaseWidget(s)
	s.paint()
	return s
}

// Start begins to turn.
func (s *Spinner) Start() {
	if s.stop == nil {
		s.step = 0
		s.turn()
	}
}

// Stop comes to rest.
func (s *Spinner) Stop() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// SetColor changes the colour.
func (s *Spinner) SetColor(c color.NRGBA) {
	if s.color != c {
		s.color = c
		s.paint()
	}
}

func (s *Spinner) turn() {
	s.stop = s.clock.after(100*time.Millisecond, func() {
		s.step++
		if s.step > 50 && canvasOf(s) == nil { // its page was left
			s.stop = nil
			return
		}
		if s.Visible() {
			s.paint()
		}
		s.turn()
	})
}

func (s *Spinner) paint() {
	for i, d := range s.dots {
		c := s.color
		age := (s.step - i%spinnerDots + 2*spinnerDots) % spinnerDots
		c.A = uint8(255 - age*28)
		d.FillColor = c
		d.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (s *Spinner) CreateRenderer() fyne.WidgetRenderer {
	var objects []fyne.CanvasObject
	for _, d := range s.dots {
		objects = append(objects, d)
	}
	return &drawn{
		objects: objects,
		layout: func(size fyne.Size) {
			side := min(size.Width, size.Height)
			dot := side / 5.5
			for i, d := range s.dots {
				a := 2 * math.Pi * float64(i) / spinnerDots
				r := float64(side-dot) / 2
				d.Resize(fyne.NewSize(dot, dot))
				d.Move(fyne.NewPos(
					size.Width/2+float32(r*math.Sin(a))-dot/2,
					size.Height/2-float32(r*math.Cos(a))-dot/2))
			}
		},
		min:     func() fyne.Size { return fyne.NewSize(s.side, s.side) },
		refresh: func() { s.paint() },
	}
}
