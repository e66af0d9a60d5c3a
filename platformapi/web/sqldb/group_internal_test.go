package sqldb

import "testing"

// Who was answered while the database was being closed is told the answer: it was committed.
func TestAnAnswerCountsMoreThanTheEnd(t *testing.T) {
	for range 5000 {
		g := &group{work: make(chan *write), done: make(chan struct{})}
		go func() {
			w := <-g.work
			w.answer <- nil
			close(g.done)
		}()
		if err := g.do(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
}
