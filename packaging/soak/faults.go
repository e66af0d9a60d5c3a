package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// A fault is something that is done to a run.
type fault int

const (
	cutBefore  fault = iota // the request does not arrive
	cutWithin               // half of its body arrives
	cutAfter                // it arrives, its answer does not
	delayed                 // it waits on the line
	repeated                // it arrives twice
	reordered               // it arrives once more, after a later one
	clientDies              // SIGKILL
	serverDies              // SIGKILL
	diskFull                // nothing can be written for a while
	kinds
)

var faultNames = [kinds]string{"cut before", "cut within", "cut after", "delayed", "repeated", "reordered", "client killed", "server killed", "disk full"}

// counts are how often each fault was done.
type counts [kinds]int

func (c counts) total() int {
	n := 0
	for _, k := range c {
		n += k
	}
	return n
}

func (c counts) String() string {
	s := ""
	for k, n := range c {
		if k > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%s %d", faultNames[k], n)
	}
	return s
}

// tally counts from several goroutines.
type tally struct {
	mu sync.Mutex
	n  counts
}

func (t *tally) add(k fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n[k]++
}

// A blow falls when so many requests have come since the one before it, and a while after that.
type blow struct {
	requests int
	pause    time.Duration
	kind     fault
	last     time.Duration // of a full disk
}

// A plan is all that will be done to a run. It goes by requests rather than by the clock, so that it is as hard on a slow
// machine as on a fast one.
type plan struct {
	blows []blow // in their order
	line  *rand.Rand
	odds  float64 // of a fault on the line, for each request
	bad   int     // how many requests the line is bad for
}

const longest = 150 * time.Millisecond // of every pause

// draw draws a run's plan from its seed.
func draw(seed uint64) plan {
	r := rand.New(rand.NewPCG(seed, 0x5ea1))
	pause := func() time.Duration { return time.Duration(r.Int64N(int64(longest))) }
	p := plan{line: rand.New(rand.NewPCG(seed, 0x11e)), odds: 0.1 + 0.35*r.Float64(), bad: 10 + r.IntN(50)}
	for range r.IntN(5) {
		p.blows = append(p.blows, blow{
			requests: r.IntN(12), pause: pause(), kind: []fault{clientDies, clientDies, serverDies, diskFull}[r.IntN(4)], last: pause(),
		})
	}
	return p
}

// next is what the line does to the next request; kinds is nothing.
func (p *plan) next() (fault, time.Duration) {
	if p.bad--; p.bad < 0 || p.line.Float64() > p.odds {
		return kinds, 0
	}
	return fault(p.line.IntN(int(reordered) + 1)), time.Duration(p.line.Int64N(int64(longest)))
}
