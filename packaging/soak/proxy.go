package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// A proxy is the line between a worker's client and its platform.
type proxy struct {
	tally *tally
	to    string // the platform's address

	mu   sync.Mutex
	plan *plan // nil: the line is good
	seen int   // requests since the run's begin
	late []func()
	from string // the address that the platform sees: it counts logins by it
	http *http.Transport
}

const maxBody = 1 << 20 // bytes of what a client sends here

// use makes a run's line: bad by its plan, or good.
func (p *proxy) use(plan *plan, from string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan, p.late, p.seen = plan, nil, 0
	if p.from != from {
		if p.http != nil {
			p.http.CloseIdleConnections()
		}
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: time.Second}
		p.from, p.http = from, &http.Transport{DialContext: dialer.DialContext, DisableCompression: true}
	}
}

// decide says what happens to a request.
func (p *proxy) decide() (fault, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen++
	if p.plan == nil {
		return kinds, 0
	}
	return p.plan.next()
}

// requests is how many have come since the run's begin.
func (p *proxy) requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the client is dead
	}
	what, pause := p.decide()
	if what != kinds {
		p.tally.add(what)
	}
	switch what {
	case cutBefore:
		panic(http.ErrAbortHandler)
	case cutWithin:
		_, _ = p.send(r, body, io.MultiReader(bytes.NewReader(body[:len(body)/2]), broken{})) // it breaks, here or there
		panic(http.ErrAbortHandler)
	case delayed:
		time.Sleep(pause)
	case repeated:
		if resp, err := p.send(r, body, bytes.NewReader(body)); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	case reordered:
		again := r.Clone(context.WithoutCancel(r.Context()))
		p.later(func() {
			if resp, err := p.send(again, body, bytes.NewReader(body)); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
	resp, err := p.send(r, body, bytes.NewReader(body))
	if what != reordered {
		p.overdue()
	}
	if err != nil {
		panic(http.ErrAbortHandler) // the platform is dead
	}
	defer func() { _ = resp.Body.Close() }() // it was copied
	if what == cutAfter {
		_, _ = io.Copy(io.Discard, resp.Body)
		panic(http.ErrAbortHandler)
	}
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	if _, err := io.Copy(w, resp.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// later keeps a copy of a request until another one has passed it.
func (p *proxy) later(send func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = append(p.late, send)
}

// overdue sends what is kept.
func (p *proxy) overdue() {
	p.mu.Lock()
	late := p.late
	p.late = nil
	p.mu.Unlock()
	for _, send := range late {
		send()
	}
}

func (p *proxy) send(r *http.Request, body []byte, from io.Reader) (*http.Response, error) {
	p.mu.Lock()
	transport := p.http
	p.mu.Unlock()
	out, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+p.to+r.URL.RequestURI(), from)
	if err != nil {
		return nil, err
	}
	out.Header = r.Header.Clone()
	out.ContentLength = int64(len(body))
	if len(body) == 0 {
		out.Body = http.NoBody
	}
	return transport.RoundTrip(out)
}

// broken is a body that breaks off.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the line is cut") }

// address is the loopback address that a run's requests come from.
func address(run int) string {
	return fmt.Sprintf("127.%d.%d.%d", 1+run/(250*250)%250, 1+run/250%250, 1+run%250)
}
