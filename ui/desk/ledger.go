package desk

import (
	"context"
	"slices"
	"sync"

	"sealdesk/platformapi/outbox"
	"sealdesk/ui/desk/words"
)

// A ledger keeps what the outbox holds for one party, so that looking at a contract does not read the whole journal. It
// reads anew after each change, and tells those who listen only then.
type ledger struct {
	box   *outbox.Box
	org   string
	words *words.Catalog

	mu        sync.Mutex
	changes   int // counted, so that a read that ran beside a change is not kept
	read      int // changes when contracts was read; -1 at first
	contracts map[string][]outbox.Entry
	listeners map[chan struct{}]bool
}

func newLedger(box *outbox.Box, org string, w *words.Catalog) *ledger {
	return &ledger{box: box, org: org, words: w, read: -1, listeners: map[chan struct{}]bool{}}
}

// follow passes on the outbox's changes until ctx ends.
func (l *ledger) follow(ctx context.Context) {
	for range l.box.Subscribe(ctx) {
		l.changed()
	}
}

// changed makes the next look read anew.
func (l *ledger) changed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes++
	for ch := range l.listeners {
		select {
		case ch <- struct{}{}:
		default: // it has one to receive already
		}
	}
}

// listen gives a channel that has something to receive whenever entries changed; it is closed when ctx ends.
func (l *ledger) listen(ctx context.Context) <-chan struct{} {
	ch := make(chan struct{}, 1)
	l.mu.Lock()
	l.listeners[ch] = true
	l.mu.Unlock()
	context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.listeners, ch)
		close(ch)
	})
	return ch
}

// entries are all of the party's, by contract, in their order. When the journal cannot be read, what was read last stands.
func (l *ledger) entries(ctx context.Context) (map[string][]outbox.Entry, error) {
	l.mu.Lock()
	known, fresh, at := l.contracts, l.read == l.changes, l.changes
	l.mu.Unlock()
	if fresh {
		return known, nil
	}
	all, err := l.all(context.WithoutCancel(ctx))
	if err != nil {
		return known, err
	}
	read := map[string][]outbox.Entry{}
	for _, e := range all {
		read[e.ContractID] = append(read[e.ContractID], e)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if at > l.read {
		l.contracts, l.read = read, at
	}
	return read, nil
}

// all reads the party's entries in their order. One whose title was lost is called by what it does.
func (l *ledger) all(ctx context.Context) ([]outbox.Entry, error) {
	entries, err := l.box.Entries(ctx, l.org)
	for i := range entries {
		if e := &entries[i]; e.Damaged() && e.Title == "" {
			e.Title = titleOf(l.words, e.Op, l.words.T("outbox.unreadable"))
		}
	}
	return entries, err
}

// A handover is how far the changes of one contract have come.
type handover struct {
	entries []outbox.Entry
	keys    map[string]bool // of changes that arrived, or will without anybody's doing
	sending bool            // some are on their way
	form    bool            // one of those carries the form
	refused []outbox.Entry  // those that failed: a person must act
}

// handed sorts a contract's entries. What waits behind a refused change goes nowhere.
func handed(entries []outbox.Entry) handover {
	h := handover{entries: entries, keys: map[string]bool{}}
	for _, e := range entries {
		switch {
		case e.State == outbox.Done:
			h.keys[e.Key] = true
		case e.State == outbox.Failed:
			h.refused = append(h.refused, e)
		case len(h.refused) == 0:
			h.keys[e.Key], h.sending = true, true
			h.form = h.form || e.Op == outbox.OpCreate || e.Op == outbox.OpSave
		}
	}
	return h
}

// waiting are the entries without a receipt.
func (h handover) waiting() []outbox.Entry {
	return slices.DeleteFunc(slices.Clone(h.entries), func(e outbox.Entry) bool { return e.State == outbox.Done })
}

// newest is the delivered entry with the highest version, nil when there is none.
func (h handover) newest() *outbox.Entry {
	var last *outbox.Entry
	for i := range h.entries {
		if e := &h.entries[i]; e.State == outbox.Done && e.Receipt != nil && (last == nil || e.Receipt.Version > last.Receipt.Version) {
			last = e
		}
	}
	return last
}
