package desk

import (
	"context"
	"slices"
	"testing"
	"time"

	"sealdesk/platformapi"
)

// Each side is told what the other did, and nothing of what it did itself.
func TestEachSideHearsOfTheOther(t *testing.T) {
	w := newWorldOfReview(t)
	first, second := w.at(buyer), w.at(seller)
	ours, others := first.News(t.Context()), second.News(t.Context())
	work := w.pushed(first, "lot-1")
	hears(t, others, NewsSubmitted)
	theirs := w.open(second, work.ID())
	w.deliver(theirs.Agree(t.Context(), ""))
	hears(t, ours, NewsAgreed)
	state(t, theirs, platformapi.StateAgreed)
	w.seal(theirs)
	w.deliver(theirs.Submit(t.Context()))
	hears(t, ours, NewsSealed)
	state(t, work, platformapi.StateHalfSealed)
	w.seal(work)
	w.deliver(work.Submit(t.Context()))
	hears(t, others, NewsConcluded)
	time.Sleep(300 * time.Millisecond) // what is said of one's own act comes now
	if n, more := rest(ours); more {
		t.Errorf("the purchaser hears of the own seal: %+v", n)
	}
}

// hears waits for a piece of news, which must be the first that there is to tell.
func hears(t *testing.T, news <-chan News, want NewsThing) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case n := <-news:
			if n.Done == "" {
				continue
			}
			if n.Done != want || n.Name == "" {
				t.Fatalf("heard %+v, not %s", n, want)
			}
			return
		case <-late:
			t.Fatalf("%s is not told", want)
		}
	}
}

// rest is the first of what lies in the channel that there is to tell.
func rest(news <-chan News) (News, bool) {
	for {
		select {
		case n := <-news:
			if n.Done != "" {
				return n, true
			}
		default:
			return News{}, false
		}
	}
}

// Who listens slowly is told that anything may have changed, and nobody waits for him.
func TestASlowListenerMissesNothing(t *testing.T) {
	var b bulletin
	ch := b.listen(t.Context())
	for range newsKept + 1 {
		b.tell(News{Contract: "one"})
	}
	b.tell(News{Contract: "two"})
	var got []string
	for len(ch) > 0 {
		got = append(got, (<-ch).Contract)
	}
	if !slices.Equal(got, []string{"", "two"}) {
		t.Errorf("heard %q", got)
	}
}

// breaking is a platform whose stream cannot be had.
type breaking struct{ platformapi.Platform }

func (breaking) Watch(context.Context, func(platformapi.Event), func()) error {
	return &platformapi.Error{Kind: platformapi.KindOffline, CodeValue: platformapi.CodeOffline}
}

// A stream that cannot be had is no broken link: calls tell that.
func TestABrokenStreamIsNotOffline(t *testing.T) {
	w := newWorld(t)
	s := &Session{desk: w.desk("one"), platform: breaking{}, link: Link{Online: true}}
	s.watch(t.Context())
	if !s.link.Online || s.link.Over {
		t.Errorf("the link: %+v", s.link)
	}
}
