package mobileca

import (
	"context"
	"sync"
	"time"
)

// hub wakes who waits for a topic, on this server. What happens on another one is seen by looking once a second.
type hub struct {
	mu     sync.Mutex
	topics map[string]chan struct{}
	done   chan struct{}
	once   sync.Once
}

func newHub() *hub { return &hub{topics: map[string]chan struct{}{}, done: make(chan struct{})} }

func (h *hub) close() { h.once.Do(func() { close(h.done) }) }

// listen gives what is closed when there is news of a topic.
func (h *hub) listen(topic string) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.topics[topic]
	if c == nil {
		c = make(chan struct{})
		h.topics[topic] = c
	}
	return c
}

func (h *hub) tell(topics ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range topics {
		if c := h.topics[t]; c != nil {
			close(c)
			delete(h.topics, t)
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
	over := time.NewTimer(time.Duration(seconds) * time.Second)
	defer over.Stop()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for last := seconds == 0; ; {
		news := s.hub.listen(topic)
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
