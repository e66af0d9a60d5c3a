package softkey

import (
	"slices"
	"time"
)

// Effect is what goes wrong.
type Effect int

const (
	// Unplug pulls the key out of the port just before the call reaches it.
	Unplug Effect = iota + 1
	// Slow delays the call by the fault's Delay.
	Slow
	// Hang keeps the call until the fault is lifted; then it is answered.
	Hang
	// Crash has the library call abort().
	Crash
	// Fail returns the fault's Returned, and nothing happens.
	Fail
	// AbsurdLength answers a buffer's size with 0xFFFFFFC2 and no data.
	AbsurdLength
	// OtherEncoding writes an SM2 or ECDSA signature as DER where r‖s is due and the other way about; an RSA signature comes
	// with its last byte first.
	OtherEncoding
	// BlobEncoding writes an SM2 or ECDSA signature as the 128 bytes of an ECCSIGNATUREBLOB.
	BlobEncoding
	// WrongSignature signs something else.
	WrongSignature
)

// absurdLength was seen from a vendor's library.
const absurdLength = 0xFFFFFFC2

// Fault is something that goes wrong on purpose. A call that only asks for a size is a call too.
type Fault struct {
	Do       Effect
	Function string  // the function it strikes, such as "SKF_VerifyPIN" or "C_Sign"; any when empty
	Device   *Device // the key it strikes; any, and calls that concern no key, when nil
	Skip     int     // calls of the kind that pass first
	Times    int     // calls it strikes then; all, when 0

	Delay    time.Duration // of Slow
	Returned uint64        // by Fail
}

type activeFault struct {
	Fault
	passed, struck int
}

// Inject makes a fault happen from the next call on. lift ends it and lets go of the calls that hang by it.
func (s *Server) Inject(f Fault) (lift func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	active := &activeFault{Fault: f}
	s.faults = append(s.faults, active)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults = slices.DeleteFunc(s.faults, func(a *activeFault) bool { return a == active })
		s.broadcast()
	}
}

// Heal lifts every fault. Keys that were pulled out stay out.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.crashOnLoad = false
	s.broadcast()
}

// CrashOnLoad has the libraries call abort() when they are loaded, until it is called with false.
func (s *Server) CrashOnLoad(crash bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.crashOnLoad = crash
}

// effects is what the faults do to one call.
type effects struct {
	delay  time.Duration
	hang   []*activeFault
	crash  bool
	fail   code
	absurd bool
	other  bool
	blob   bool
	wrong  bool
}

// strike finds the faults that are due at this call.
func (s *Server) strike(c *call) effects {
	var e effects
	for _, f := range s.faults {
		if f.Function != "" && f.Function != c.name || f.Device != nil && f.Device != c.device {
			continue
		}
		if f.passed < f.Skip {
			f.passed++
			continue
		}
		if f.Times > 0 && f.struck >= f.Times {
			continue
		}
		f.struck++
		switch f.Do {
		case Unplug:
			if c.device != nil {
				c.device.unplug()
			}
		case Slow:
			e.delay += f.Delay
		case Hang:
			e.hang = append(e.hang, f)
		case Crash:
			e.crash = true
		case Fail:
			e.fail = code(f.Returned)
		case AbsurdLength:
			e.absurd = true
		case OtherEncoding:
			e.other = true
		case BlobEncoding:
			e.blob = true
		case WrongSignature:
			e.wrong = true
		}
	}
	return e
}

// suffer is the part of the effects that takes time. It is false when nobody waits for the answer any more, or none is due.
func (c *call) suffer() bool {
	if c.effects.delay > 0 {
		limit := time.NewTimer(c.effects.delay)
		defer limit.Stop()
		for c.wait(limit.C) {
		}
		if c.ctx.Err() != nil {
			return false
		}
	}
	for slices.ContainsFunc(c.effects.hang, func(f *activeFault) bool { return slices.Contains(c.server.faults, f) }) {
		if !c.wait(nil) {
			return false
		}
	}
	c.out.abort = c.effects.crash
	return !c.out.abort
}
