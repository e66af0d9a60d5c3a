package platform_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platformtest"
)

// watching follows an organisation's events; seen hands them over.
func watching(t *testing.T, c *client.Client) (seen <-chan platformapi.Event, resets *atomic.Int64, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	events := make(chan platformapi.Event, 100)
	resets = &atomic.Int64{}
	over := make(chan error, 1)
	go func() { over <- c.Watch(ctx, func(e platformapi.Event) { events <- e }, func() { resets.Add(1) }) }()
	return events, resets, func() error {
		cancel()
		return <-over
	}
}

func next(t *testing.T, seen <-chan platformapi.Event) platformapi.Event {
	t.Helper()
	select {
	case e := <-seen:
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("nothing happened")
		return platformapi.Event{}
	}
}

// counted counts the streams that were asked for, and breaks them when it is told.
type counted struct {
	asked atomic.Int64
	cut   atomic.Pointer[context.CancelFunc]
}

func (x *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/v1/events" {
		x.asked.Add(1)
		ctx, cancel := context.WithCancel(r.Context())
		x.cut.Store(&cancel)
		r = r.WithContext(ctx)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// Each side hears what it may see, in order; after a break it goes on behind the last, and nothing is missed.
func TestEvents(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	transport := &counted{}
	buyer := w.Login(t, platformtest.Purchaser, client.Options{})
	seller := w.Login(t, platformtest.Supplier, client.Options{Transport: transport})
	stranger := w.Login(t, platformtest.Stranger, client.Options{})
	buyers, _, stopBuyer := watching(t, buyer)
	sellers, resets, stopSeller := watching(t, seller)
	strangers, _, stopStranger := watching(t, stranger)
	waitFor(t, func() bool { return transport.asked.Load() == 1 })
	time.Sleep(200 * time.Millisecond) // until the streams have begun

	id := submitted(t, w, platformtest.LotID)
	acts := []string{"created", "saved", "uploaded", "uploaded", "submitted"}
	var last int64
	for i, act := range acts {
		e := next(t, buyers)
		if e.ContractID != id || e.Seq <= last || e.At.IsZero() {
			t.Errorf("event %d (%s): %+v", i, act, e)
		}
		last = e.Seq
	}
	if e := next(t, sellers); e.ContractID != id {
		t.Errorf("the seller's first: %+v", e)
	}

	for len(sellers) > 0 {
		<-sellers
	}
	waitFor(t, func() bool { return transport.cut.Load() != nil })
	(*transport.cut.Load())() // the line is cut
	other := submitted(t, w, platformtest.LotOther)
	found := false
	for !found {
		found = next(t, sellers).ContractID == other
	}
	if transport.asked.Load() < 2 || resets.Load() != 0 {
		t.Errorf("%d streams, %d resets", transport.asked.Load(), resets.Load())
	}
	if len(strangers) != 0 {
		t.Errorf("a stranger hears %+v", <-strangers)
	}
	for name, stop := range map[string]func() error{"buyer": stopBuyer, "seller": stopSeller, "stranger": stopStranger} {
		if err := stop(); err != context.Canceled {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("it did not come to that")
		}
	}
}

// A number that the platform has not come to yet is of a time that is gone.
func TestEventsFromElsewhere(t *testing.T) {
	w, _, do := newSession(t)
	_ = w
	ahead := &forged{id: "999999"}
	c := w.Login(t, platformtest.Purchaser, client.Options{Transport: ahead})
	_, resets, stop := watching(t, c)
	waitFor(t, func() bool { return resets.Load() == 1 })
	if err := stop(); err != context.Canceled {
		t.Error(err)
	}
	if status, p := do("GET", "/v1/events", "", map[string]string{"Last-Event-ID": "x"}); status != 400 || p.Code != platformapi.CodeBadRequest {
		t.Errorf("a malformed id: %d %s", status, p.Code)
	}
}

type forged struct{ id string }

func (x *forged) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/v1/events" {
		r = r.Clone(r.Context())
		r.Header.Set("Last-Event-ID", x.id)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestStreamsAreLimited(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	c := w.Login(t, platformtest.Purchaser, client.Options{})
	refused := make(chan error, 12)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	transport := &status{found: make(chan int, 12)}
	for range 12 {
		c = w.Login(t, platformtest.Purchaser, client.Options{Transport: transport})
		go func() { refused <- c.Watch(ctx, func(platformapi.Event) {}, func() {}) }()
	}
	count := map[int]int{}
	for range 12 {
		count[<-transport.found]++
	}
	if count[200] != 8 || count[429] != 4 {
		t.Errorf("%v", count)
	}
	w.Server.Drain() // which ends them
	cancel()
	for range 12 {
		<-refused
	}
}

type status struct{ found chan int }

func (x *status) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && r.URL.Path == "/v1/events" {
		select {
		case x.found <- resp.StatusCode:
		default:
		}
	}
	return resp, err
}
