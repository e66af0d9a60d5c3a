package modhost

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"sealdesk/token"
	"sealdesk/token/modhost/wire"
)

const (
	grace      = 3 * time.Second        // that a call has to return after its caller went away
	firstPause = 250 * time.Millisecond // before the second start after a crash; doubled for each crash more
	lastPause  = 5 * time.Second
	loadPause  = 2 * time.Second // before a library that could not be loaded is tried again
)

// host keeps one helper for one library.
type host struct {
	options Options
	name    string // the library's file name
	profile []byte
	log     *slog.Logger
	turn    chan struct{} // holds a value while a call is under way

	mu          sync.Mutex
	closed      bool
	process     *process
	runs        uint64
	crashes     []time.Time // within the time that counts
	quarantined bool
	notBefore   time.Time // when a helper may be started again
	loadFailed  error     // what happened when it was tried the last time before notBefore
}

// call sends a request and waits for its reply. When ctx ends meanwhile, the caller goes and the call has a while to return; when
// limit is over, the helper is killed. The request is sent once at most, and to no other run than the one that it is meant
// for, where run is not zero. The number of the run that answered is returned.
func (h *host) call(ctx context.Context, limit time.Duration, run uint64, q *wire.Request) (*wire.Reply, uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	p, err := h.ready(ctx, run)
	if err != nil {
		<-h.turn
		return nil, 0, err
	}
	timer := p.limit(limit)
	if err := wire.WriteRequest(p.requests, q); err != nil {
		p.kill()
	}
	select {
	case reply := <-p.answers:
		timer.Stop()
		defer func() { <-h.turn }()
		if reply == nil {
			return nil, 0, h.ended(p, limit)
		}
		return reply, p.number, reply.Err
	case <-ctx.Done():
		go func() {
			h.linger(p, q.Op, q.Token)
			timer.Stop()
			<-h.turn
		}()
		return nil, 0, ctx.Err()
	}
}

// limit kills the helper when it has not answered in time.
func (p *process) limit(d time.Duration) *time.Timer {
	return time.AfterFunc(d, func() {
		p.hung.Store(true)
		p.kill()
	})
}

// linger waits a while for a call that nobody waits for any more. A token that it unlocked is locked again: whoever called it
// off does not expect an unlocked one.
func (h *host) linger(p *process, op wire.Op, uri string) {
	timer := time.AfterFunc(grace, func() {
		p.calledOff.Store(true)
		p.kill()
	})
	defer timer.Stop()
	reply := <-p.answers
	if reply != nil && reply.Err == nil && op == wire.OpUnlock {
		if err := wire.WriteRequest(p.requests, &wire.Request{Op: wire.OpLock, Token: uri}); err != nil {
			p.kill()
		}
		reply = <-p.answers
	}
	if reply == nil {
		h.ended(p, h.options.Limits.Operate)
	}
}

// ready gives the running helper, and starts one if there is none.
func (h *host) ready(ctx context.Context, run uint64) (*process, error) {
	h.mu.Lock()
	p := h.process
	h.mu.Unlock()
	if p != nil && p.ended() { // it died while nobody asked it anything
		h.ended(p, 0)
		p = nil
	}
	if run != 0 && (p == nil || p.number != run) {
		return nil, &CrashError{h.name, "since then"}
	}
	if p != nil {
		return p, nil
	}
	if err := h.mayStart(ctx); err != nil {
		return nil, err
	}
	return h.start(ctx)
}

// running gives the number of the present run, or zero.
func (h *host) running() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.process == nil || h.process.ended() {
		return 0
	}
	return h.process.number
}

// mayStart waits out the pause after a crash.
func (h *host) mayStart(ctx context.Context) error {
	h.mu.Lock()
	pause, failed := time.Until(h.notBefore), h.loadFailed
	var err error
	switch {
	case h.closed:
		err = token.ErrRemoved
	case h.quarantined:
		err = &QuarantineError{h.name, len(h.crashes)}
	case pause > 0 && failed != nil:
		err = failed
	}
	h.mu.Unlock()
	if err != nil || pause <= 0 {
		return err
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// start starts a helper and has it load the library.
func (h *host) start(ctx context.Context) (*process, error) {
	path := h.options.Host
	if path == "" {
		var err error
		if path, err = HostPath(h.options.Library); err != nil {
			return nil, err
		}
	}
	h.mu.Lock()
	h.runs++
	number := h.runs
	h.mu.Unlock()
	p, err := start(path, environment(h.options.Profile), number)
	if err != nil {
		return nil, h.notLoaded(err)
	}
	h.mu.Lock()
	h.process = p
	closed := h.closed
	h.mu.Unlock()
	if closed { // meanwhile
		p.calledOff.Store(true)
		h.stop(p)
		return nil, token.ErrRemoved
	}
	limit := h.options.Limits.Look
	timer := p.limit(limit)
	defer timer.Stop()
	err = wire.WriteRequest(p.requests, &wire.Request{
		Op: wire.OpOpen, Number: wire.Version, Text: h.options.Library, Kind: string(h.options.Profile.Interface), Data: h.profile,
	})
	if err != nil {
		p.kill()
	}
	// A library that hangs while it is loaded holds up this call alone, until the limit.
	reply := <-p.answers
	if reply == nil {
		return nil, h.ended(p, limit)
	}
	if reply.Err != nil {
		p.calledOff.Store(true)
		h.stop(p)
		return nil, h.notLoaded(reply.Err)
	}
	h.log.Debug("the library of a key was loaded", "library", h.name, "run", number)
	return p, ctx.Err()
}

func (h *host) notLoaded(cause error) error {
	err := cause
	var coded interface{ Code() string }
	if !errors.As(cause, &coded) || coded.Code() == wire.CodeFailed {
		err = &LoadError{h.name, cause}
	}
	h.log.Warn("the library of a key cannot be loaded", "library", h.name, "error", cause)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.loadFailed, h.notBefore = err, time.Now().Add(loadPause)
	return err
}

// ended takes note that a helper is gone, and says what that means to whoever waited for it.
func (h *host) ended(p *process, limit time.Duration) error {
	<-p.exited
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.process == p {
		h.process = nil
		if !p.calledOff.Load() {
			h.count(p)
		}
	}
	if p.hung.Load() {
		return &HangError{h.name, limit}
	}
	return &CrashError{h.name, p.cmd.ProcessState.String()}
}

// count takes a crash or a hang into account.
func (h *host) count(p *process) {
	now := time.Now()
	recent := h.crashes[:0]
	for _, c := range h.crashes {
		if now.Sub(c) < h.options.Within {
			recent = append(recent, c)
		}
	}
	h.crashes = append(recent, now)
	h.loadFailed = nil
	n := len(h.crashes)
	if n > 1 {
		h.notBefore = now.Add(min(firstPause<<min(n-2, 8), lastPause))
	}
	h.quarantined = h.quarantined || n >= h.options.Crashes
	h.log.Warn("the library of a key brought its helper down", "library", h.name, "status", p.cmd.ProcessState.String(),
		"hung", p.hung.Load(), "crashes", n, "quarantined", h.quarantined)
}

// stop ends a helper and waits until it is gone.
func (h *host) stop(p *process) {
	p.kill()
	<-p.exited
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.process == p {
		h.process = nil
	}
}

// close ends the helper for good.
func (h *host) close() {
	h.mu.Lock()
	h.closed = true
	p := h.process
	h.mu.Unlock()
	if p != nil {
		p.calledOff.Store(true)
		h.stop(p)
	}
}

func fileName(library string) string { return filepath.Base(library) }
