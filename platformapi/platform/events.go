package platform

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/wire"
)

const (
	eventLook    = time.Second // how late what happened on another server is seen
	eventPing    = 20 * time.Second
	eventBatch   = 100
	eventWrite   = 30 * time.Second // for a client to take what was sent
	eventRetry   = 3 * time.Second
	eventStreams = 1000 // a server
	eventsEach   = 8    // an organisation
	eventsHall   = 64   // an organisation with hall terminals, each of which has one
)

// hub tells the streams of this server how far the audit trail has come. It looks once a second while anybody listens,
// and at once when this server changed something.
type hub struct {
	head func(context.Context) (int64, error)
	kick chan struct{}
	done chan struct{}
	once sync.Once
	wait sync.WaitGroup

	mu      sync.Mutex
	seq     int64
	news    chan struct{} // closed when seq has grown
	streams map[string]int
	all     int
}

func newHub(head func(context.Context) (int64, error)) *hub {
	h := &hub{head: head, kick: make(chan struct{}, 1), done: make(chan struct{}), news: make(chan struct{}), streams: map[string]int{}}
	h.wait.Go(h.run)
	return h
}

func (h *hub) run() {
	tick := time.NewTicker(eventLook)
	defer tick.Stop()
	for {
		select {
		case <-h.done:
			return
		case <-h.kick:
		case <-tick.C:
		}
		h.mu.Lock()
		listened := h.all > 0
		h.mu.Unlock()
		if !listened {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), eventLook)
		seq, err := h.head(ctx)
		cancel()
		if err == nil { // else the next look tells
			h.set(seq)
		}
	}
}

func (h *hub) set(seq int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if seq > h.seq {
		h.seq = seq
		close(h.news)
		h.news = make(chan struct{})
	}
}

// look has the head looked at soon.
func (h *hub) look() {
	select {
	case h.kick <- struct{}{}:
	default:
	}
}

// at is how far the trail has come, and what is closed when it goes on.
func (h *hub) at() (int64, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq, h.news
}

func (h *hub) enter(uscc string, most int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all >= eventStreams || h.streams[uscc] >= most {
		return false
	}
	h.all++
	h.streams[uscc]++
	return true
}

func (h *hub) leave(uscc string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all--
	if h.streams[uscc]--; h.streams[uscc] == 0 {
		delete(h.streams, uscc)
	}
}

// close ends every stream.
func (h *hub) close() {
	h.once.Do(func() { close(h.done) })
	h.wait.Wait()
}

// WatchEvents streams what happens to contracts.
func (s *Server) WatchEvents(ctx context.Context, r wire.WatchEventsRequestObject) (wire.WatchEventsResponseObject, error) {
	x, org, err := s.who(ctx)
	if err != nil {
		return nil, err
	}
	e, err := s.stream(ctx, x, "contract", r.Params.LastEventID, func(after, until int64) ([]occurrence, error) {
		list, err := s.store.Events(ctx, store.EventQuery{USCC: org.USCC, Observer: observer(x), After: after, Until: until, Limit: eventBatch})
		return occurrences(list, err, func(e platformapi.Event) int64 { return e.Seq })
	})
	return wire.WatchEvents200TextEventStreamResponse{Body: e}, err
}

// WatchTender streams what happens to a tender and its bids.
func (s *Server) WatchTender(ctx context.Context, r wire.WatchTenderRequestObject) (wire.WatchTenderResponseObject, error) {
	if _, _, err := s.tenderSeen(ctx, r.TenderID); err != nil {
		return nil, err
	}
	x, org, err := s.who(ctx)
	if err != nil {
		return nil, err
	}
	e, err := s.stream(ctx, x, "tender", r.Params.LastEventID, func(after, until int64) ([]occurrence, error) {
		list, err := s.store.TenderEvents(ctx, store.TenderEventQuery{USCC: org.USCC, TenderID: r.TenderID, After: after, Until: until, Limit: eventBatch})
		return occurrences(list, err, func(e platformapi.TenderEvent) int64 { return e.Seq })
	})
	return wire.WatchTender200TextEventStreamResponse{Body: e}, err
}

// occurrence is something that happened, as it is sent.
type occurrence struct {
	seq  int64
	data []byte
}

func occurrences[E any](list []E, err error, seq func(E) int64) ([]occurrence, error) {
	all := make([]occurrence, len(list))
	for i, e := range list {
		if err == nil {
			all[i].seq = seq(e)
			all[i].data, err = json.Marshal(e)
		}
	}
	return all, err
}

// stream opens a stream of events of one kind. list gives what happened after one number up to another, at most eventBatch.
func (s *Server) stream(ctx context.Context, x store.Session, kind, last string, list func(after, until int64) ([]occurrence, error)) (*events, error) {
	head, err := s.store.AuditHead(ctx)
	if err != nil {
		return nil, err
	}
	s.hub.set(head.Seq)
	e := &events{ctx: ctx, hub: s.hub, kind: kind, list: list, after: head.Seq, until: x.TokenUntil, now: s.now, log: s.cfg.Log}
	if seen, ok := ctx.Value(watchedKey{}).(*watched); ok {
		e.control = http.NewResponseController(seen)
		// The server's limit is for a whole request; when it passes, the request would be taken for given up.
		if err := e.control.SetReadDeadline(time.Time{}); err != nil {
			return nil, err
		}
	}
	if last != "" {
		seq, err := strconv.ParseInt(last, 10, 64)
		if err != nil || seq > head.Seq { // a backup was restored, or it is another platform's
			e.frames = append(e.frames, "event: reset\ndata: {}\n\n"...)
		} else {
			e.after = seq
		}
	}
	e.frames = fmt.Appendf(e.frames, "id: %d\nretry: %d\n\n", e.after, eventRetry.Milliseconds())
	most := eventsEach
	if x.Kind == platformapi.OrganisationHall {
		most = eventsHall
	}
	if !s.hub.enter(x.USCC, most) {
		f := web.Refuse(http.StatusTooManyRequests, platformapi.CodeRateLimited, "too many streams")
		f.RetryAfter = eventPing
		return nil, f
	}
	e.leave = sync.OnceFunc(func() { s.hub.leave(x.USCC) })
	return e, nil
}

// events is a stream as a reader: each read waits for something to send.
type events struct {
	ctx     context.Context
	hub     *hub
	kind    string
	list    func(after, until int64) ([]occurrence, error)
	after   int64
	until   time.Time
	now     func() time.Time
	control *http.ResponseController
	log     *slog.Logger
	frames  []byte
	leave   func()
}

func (e *events) Read(p []byte) (int, error) {
	for len(e.frames) == 0 {
		if err := e.next(); err != nil {
			e.leave()
			return 0, err
		}
	}
	if e.control != nil { // the server's own limit is for a whole answer
		if err := e.control.SetWriteDeadline(time.Now().Add(eventWrite)); err != nil {
			e.leave()
			return 0, err
		}
	}
	n := copy(p, e.frames)
	e.frames = e.frames[n:]
	return n, nil
}

// Close is called when the answer is over, however it ended.
func (e *events) Close() error {
	e.leave()
	return nil
}

// next makes frames of what happened, waits for something to happen, or pings.
func (e *events) next() error {
	if !e.now().Before(e.until) {
		return io.EOF
	}
	seq, news := e.hub.at()
	if seq > e.after {
		list, err := e.list(e.after, seq)
		if err != nil {
			e.log.WarnContext(e.ctx, "a stream of events ends", "error", err)
			return io.EOF // the client comes again with the last id it saw
		}
		for _, x := range list {
			e.frames = fmt.Appendf(e.frames, "id: %d\nevent: %s\ndata: %s\n\n", x.seq, e.kind, x.data)
			e.after = x.seq
		}
		if len(list) < eventBatch {
			e.after = seq
		}
		if len(list) > 0 {
			return nil
		}
	}
	select {
	case <-news:
	case <-time.After(min(eventPing, max(time.Millisecond, e.until.Sub(e.now())))):
		e.frames = append(e.frames, ": \n\n"...)
	case <-e.hub.done:
		return io.EOF
	case <-e.ctx.Done():
		return io.EOF
	}
	return nil
}
