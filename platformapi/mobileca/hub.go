package mobileca

import (
	"context"
	"sync"
	"time"
)

// hub wakes who waits for a topic, on this server. What happens on another one is seen by looking once a second.
type hub struct {
	mu      sync.Mutex
	topics  map[string]*topic
	waiting map[string]int // by the caller's key
	all     int
	done    chan struct{}
	once    sync.Once
}

// topic is there while somebody waits for it.
type topic struct {
	news    chan struct{} // closed when there is some
	waiting int
}

func newHub() *hub {
	return &hub{topics: map[string]*topic{}, waiting: map[string]int{}, done: make(chan struct{})}
}

func (h *hub) close() { h.once.Do(func() { close(h.done) }) }

// How many may wait at a time, for one key and in all.
const (
	waitsEach = 16
	waitsAll  = 10_000
)

// enter lets a key wait for a topic, until it leaves.
func (h *hub) enter(key, name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all >= waitsAll || h.waiting[key] >= waitsEach {
		return false
	}
	h.all++
	h.waiting[key]++
	t := h.topics[name]
	if t == nil {
		t = &topic{news: make(chan struct{})}
		h.topics[name] = t
	}
	t.waiting++
	return true
}

func (h *hub) leave(key, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all--
	if h.waiting[key]--; h.waiting[key] == 0 {
		delete(h.waiting, key)
	}
	t := h.topics[name]
	if t.waiting--; t.waiting == 0 {
		delete(h.topics, name)
	}
}

// news gives what is closed when there is news of a topic that was entered.
func (h *hub) news(name string) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.topics[name].news
}

// tell wakes who waits for these topics.
func (h *hub) tell(names ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range names {
		if t := h.topics[name]; t != nil {
			close(t.news)
			t.news = make(chan struct{})
		}
	}
}

// Topics.
func ofPairing(id string) string { return "pairing " + id }
func ofRequest(id string) string { return "request " + id }
func ofDevice(id string) string  { return "device " + id }

const look = time.Second

// wait reads until there is a version newer than after, or the seconds are over; the last read counts.
func (s *Server) wait(ctx context.Context, topic string, after int64, seconds int, read func() (version int64, err error)) error {
	if seconds == 0 {
		_, err := read()
		return err
	}
	key := asking(ctx).jkt
	if !s.hub.enter(key, topic) {
		return tooMany(look)
	}
	defer s.hub.leave(key, topic)
	over := time.NewTimer(time.Duration(seconds) * time.Second)
	defer over.Stop()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for last := false; ; {
		news := s.hub.news(topic)
		version, err := read()
		if err != nil || version > after || last {
			return err
		}
		select {
		case <-news:
		case <-tick.C:
		case <-over.C:
			last = true
		case <-s.hub.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
