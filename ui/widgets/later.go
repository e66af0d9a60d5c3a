package widgets

import (
	"time"

	"fyne.io/fyne/v2"
)

// clock is how widgets come back to the main goroutine: at once from another
// goroutine, or after a while. Tests put a clock of their own in its place.
type clock interface {
	// post runs f on the main goroutine; called from any other.
	post(f func())
	// after runs f on the main goroutine when d has passed, unless stop was
	// called on the main goroutine before.
	after(d time.Duration, f func()) (stop func())
}

// mainClock is the real one and the only place in this package that knows of
// fyne.Do.
type mainClock struct{}

func (mainClock) post(f func()) { fyne.Do(f) }

func (mainClock) after(d time.Duration, f func()) func() {
	stopped := false
	t := time.AfterFunc(d, func() {
		fyne.Do(func() {
			if !stopped {
				f()
			}
		})
	})
	return func() {
		stopped = true
		t.Stop()
	}
}
