package widgets

import (
	"context"
	"image"
	"sort"
	"sync"
)

// pageWish is a page that should have a picture so many pixels wide.
type pageWish struct{ page, px int }

// nearest sorts wishes so that the page looked at comes first.
func nearest(wishes []pageWish, current int) []pageWish {
	far := func(w pageWish) int {
		if w.page < current {
			return 2 * (current - w.page)
		}
		return 2*(w.page-current) - 1
	}
	sort.SliceStable(wishes, func(i, j int) bool { return far(wishes[i]) < far(wishes[j]) })
	return wishes
}

// pageLoader renders what is wished for, one page after another on a goroutine
// of its own, and forgets what is no longer wished for: who scrolls through a
// hundred pages waits for the last one only.
type pageLoader struct {
	src    PageSource
	clock  clock
	done   func(pageWish, *image.RGBA, error)
	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{}

	mu     sync.Mutex
	wishes []pageWish
	busy   pageWish
	stop   context.CancelFunc // of the page being rendered
	sent   map[pageWish]bool  // rendered, and on the way to the main goroutine
}

// newPageLoader starts the goroutine; done is called on the main one.
func newPageLoader(src PageSource, c clock, done func(pageWish, *image.RGBA, error)) *pageLoader {
	l := &pageLoader{src: src, clock: c, done: done, wake: make(chan struct{}, 1), sent: map[pageWish]bool{}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	go l.run()
	return l
}

// want replaces the wishes; the page being rendered goes on if it is still among
// them and is given up otherwise.
func (l *pageLoader) want(wishes []pageWish) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wishes = l.wishes[:0]
	still := false
	for _, w := range wishes {
		if w == l.busy {
			still = true
			continue
		}
		if !l.sent[w] {
			l.wishes = append(l.wishes, w)
		}
	}
	if l.stop != nil && !still {
		l.stop()
		l.busy = pageWish{} // should it be wished for again, what is given up now does not count
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *pageLoader) close() { l.cancel() }

func (l *pageLoader) run() {
	for {
		w, ctx, ok := l.next()
		if !ok {
			select {
			case <-l.wake:
				continue
			case <-l.ctx.Done():
				return
			}
		}
		img, err := l.src.Render(ctx, w.page, w.px)
		given := ctx.Err() == nil
		l.mu.Lock()
		l.stop()
		l.stop, l.busy = nil, pageWish{}
		if given {
			l.sent[w] = true
		}
		l.mu.Unlock()
		if !given {
			continue
		}
		l.clock.post(func() {
			l.mu.Lock()
			delete(l.sent, w)
			l.mu.Unlock()
			if l.ctx.Err() == nil {
				l.done(w, img, err)
			}
		})
	}
}

func (l *pageLoader) next() (pageWish, context.Context, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wishes) == 0 || l.ctx.Err() != nil {
		return pageWish{}, nil, false
	}
	w := l.wishes[0]
	l.wishes = l.wishes[1:]
	ctx, stop := context.WithCancel(l.ctx)
	l.busy, l.stop = w, stop
	return w, ctx, true
}
