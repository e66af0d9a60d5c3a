package hall

import (
	"context"
	"errors"
	"sync"
	"time"

	"sealdesk/platformapi"
)

// A Platform is where the opening is held: what a hall uses of platformapi.Tendering, and the clock.
type Platform interface {
	Now(ctx context.Context) (time.Time, error)
	Tender(ctx context.Context, id string) (platformapi.Tender, error)
	TenderBids(ctx context.Context, tenderID string) ([]platformapi.Bid, error)
	WatchTender(ctx context.Context, tenderID string, on func(platformapi.TenderEvent), reset func()) error
	Record(ctx context.Context, t platformapi.Tender) ([]byte, error)

	Conduct(ctx context.Context, c platformapi.TenderChange, a platformapi.OpeningAct) (platformapi.Tender, error)
	AnswerObjection(ctx context.Context, key, bidID, objectionID, text string) (platformapi.Bid, error)
	SignRecord(ctx context.Context, key, tenderID string, signature []byte) (platformapi.Tender, error)
	platformapi.Presence
}

const (
	// settle is how long the platform's news gather before the room is read anew: a hundred bidders who decrypt at once are not
	// a hundred readings.
	settle = 150 * time.Millisecond
	// unseen is how long the room stands without news before it is read all the same.
	unseen = 20 * time.Second
	// patience is how long a reading may take before it is said that the platform does not answer; it may still.
	patience = 5 * time.Second
	// again is how long it waits after a reading that failed.
	again = 2 * time.Second
)

// A Room follows one opening. Its methods may be called from several goroutines.
type Room struct {
	platform Platform
	tender   string
	clock    *Clock

	mu     sync.Mutex
	view   View
	news   chan struct{} // closed when there is another view
	stale  chan struct{} // has the room read now
	versed int64         // the tender's version that was seen last
}

// NewRoom makes the room of a tender's opening. Nothing is read before Follow or Read.
func NewRoom(p Platform, tender string) *Room {
	r := &Room{platform: p, tender: tender, clock: NewClock(p.Now), news: make(chan struct{}), stale: make(chan struct{}, 1)}
	r.view.clock, r.view.seq = r.clock, 1
	return r
}

// Follow reads the room, and again whenever something happened, until ctx ends.
func (r *Room) Follow(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	if err := r.clock.Sync(ctx); err != nil {
		r.mu.Lock()
		r.note(err)
		r.mu.Unlock()
	}
	all.Go(func() { r.clock.Keep(ctx) })
	all.Go(func() { r.watch(ctx) })
	for {
		rest := again
		if r.Read(ctx) == nil {
			rest = r.untilRead()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(rest):
		case <-r.stale:
			select {
			case <-ctx.Done():
				return
			case <-time.After(settle):
			}
		}
	}
}

// untilRead is how long what was read holds: not beyond the moment that is counted down to, which changes what may be done, and of
// which nobody tells.
func (r *Room) untilRead() time.Duration {
	v, _ := r.View()
	if c := v.Countdown(); c.Kind != CountPaused && c.Left > 0 {
		return min(unseen, c.Left+settle)
	}
	return unseen
}

// watch has the room read when the platform tells that something happened.
func (r *Room) watch(ctx context.Context) {
	for ctx.Err() == nil {
		_ = r.platform.WatchTender(ctx, r.tender, func(platformapi.TenderEvent) { r.Stale() }, r.Stale)
		select {
		case <-ctx.Done():
		case <-time.After(again):
			r.Stale() // what happened meanwhile was missed
		}
	}
}

// Stale has the room read anew soon.
func (r *Room) Stale() {
	select {
	case r.stale <- struct{}{}:
	default: // it is going to be
	}
}

// Read reads the room now.
func (r *Room) Read(ctx context.Context) error {
	over := false
	slow := time.AfterFunc(patience, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !over {
			r.view.Problem = &platformapi.Error{Kind: platformapi.KindTimeout, CodeValue: platformapi.CodeTimeout, Detail: "the platform does not answer"}
			r.tell()
		}
	})
	defer slow.Stop()
	t, err := r.platform.Tender(ctx, r.tender)
	var bids []platformapi.Bid
	if err == nil {
		bids, err = r.platform.TenderBids(ctx, r.tender)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	over = true
	if err != nil {
		r.note(err)
		return err
	}
	if t.Version < r.versed {
		if r.view.Problem != nil {
			r.view.Problem = nil
			r.tell()
		}
		return nil // overtaken by a newer reading
	}
	r.versed = t.Version
	r.view.Tender, r.view.Bids, r.view.Problem, r.view.Known, r.view.at = t, bids, nil, true, r.clock.Now()
	r.tell()
	return nil
}

// note keeps why the room could not be read; what was read last stays. It is called with r.mu held.
func (r *Room) note(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	r.view.Problem = err
	r.tell()
}

// tell is called with r.mu held.
func (r *Room) tell() {
	r.view.seq++
	close(r.news)
	r.news = make(chan struct{})
}

// View is what there is to see; news is closed when that has changed.
func (r *Room) View() (v View, news <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view, r.news
}

// Clock is the platform's.
func (r *Room) Clock() *Clock { return r.clock }
