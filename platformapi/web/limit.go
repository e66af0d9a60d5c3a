package web

import (
	"math"
	"net/netip"
	"sync"
	"time"
)

// Limiter lets each name do a number of things at once and then one every while (a token bucket a name). It remembers a
// bounded number of names; when more appear, those are forgotten first that are held back least. Addresses of one IPv6 network of
// 64 bits, which is the least that a caller is given, are one name.
type Limiter struct {
	burst float64
	every time.Duration
	names int

	mu      sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// NewLimiter allows burst things at once and one more each every; names bounds how many names are remembered.
func NewLimiter(burst int, every time.Duration, names int) *Limiter {
	return &Limiter{burst: float64(burst), every: every, names: names, buckets: make(map[string]bucket)}
}

// Allow takes one of name's tokens. Without one it says how long to wait.
func (l *Limiter) Allow(name string, now time.Time) (ok bool, wait time.Duration) {
	if a, err := netip.ParseAddr(name); err == nil && a.Is6() {
		name = netip.PrefixFrom(a, 64).Masked().String()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[name]
	if !known {
		if len(l.buckets) >= l.names {
			l.forget(now)
		}
		b = bucket{tokens: l.burst, at: now}
	}
	if d := now.Sub(b.at); d > 0 {
		b.tokens = math.Min(l.burst, b.tokens+float64(d)/float64(l.every))
		b.at = now
	}
	if b.tokens < 1 {
		l.buckets[name] = b
		return false, time.Duration((1 - b.tokens) * float64(l.every))
	}
	b.tokens--
	l.buckets[name] = b
	return true, 0
}

// forget drops every full bucket, and if that is not enough the fullest one: whoever comes under many names frees none that is
// held back.
func (l *Limiter) forget(now time.Time) {
	var fullest string
	most := math.Inf(-1)
	for name, b := range l.buckets {
		tokens := b.tokens + float64(now.Sub(b.at))/float64(l.every)
		if tokens >= l.burst {
			delete(l.buckets, name)
		} else if tokens > most {
			fullest, most = name, tokens
		}
	}
	if len(l.buckets) >= l.names {
		delete(l.buckets, fullest)
	}
}
