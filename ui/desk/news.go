package desk

import (
	"context"
	"sync"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
)

// News is that something happened to a contract on the platform.
type News struct {
	Contract string    // empty: something may have been missed, so any of them
	Done     NewsThing // by the other side; empty where there is nothing to tell the person of
	Name     string    // of the contract's lot, for Done
}

// A NewsThing is what the other side did.
type NewsThing string

// What the other side does that a person waits for.
const (
	NewsSubmitted NewsThing = "submitted"
	NewsWithdrawn NewsThing = "withdrawn"
	NewsReturned  NewsThing = "returned"
	NewsAgreed    NewsThing = "agreed" // and now both seal
	NewsSealed    NewsThing = "sealed"
	NewsConcluded NewsThing = "concluded"
)

// newsKept is how much of it waits for a listener; of more it is told that any contract may have changed.
const newsKept = 16

// A bulletin gives news to those who listen.
type bulletin struct {
	mu        sync.Mutex
	listeners map[chan News]bool
}

// listen gives a channel of the news from now on; it is closed when ctx ends.
func (b *bulletin) listen(ctx context.Context) <-chan News {
	ch := make(chan News, newsKept)
	b.mu.Lock()
	if b.listeners == nil {
		b.listeners = map[chan News]bool{}
	}
	b.listeners[ch] = true
	b.mu.Unlock()
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.listeners, ch)
		close(ch)
	})
	return ch
}

// tell gives everybody a piece of news. It waits for nobody.
func (b *bulletin) tell(n News) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.listeners {
		select {
		case ch <- n:
			continue
		default:
		}
		for range newsKept {
			select {
			case <-ch:
			default: // the listener took it meanwhile
			}
		}
		ch <- News{}
	}
}

// News has what happens to this party's contracts on the platform, until ctx ends. It is quiet where the platform does not tell.
func (s *Session) News(ctx context.Context) <-chan News { return s.bulletin.listen(ctx) }

// watch follows what the platform tells, until ctx ends. A stream that breaks says nothing about the link: calls do, and the
// stream comes back by itself.
func (s *Session) watch(ctx context.Context) {
	w, ok := s.platform.(platformapi.Watcher)
	if !ok {
		return
	}
	err := w.Watch(ctx, func(e platformapi.Event) {
		n := News{Contract: e.ContractID}
		n.Done, n.Name = s.done(ctx, e)
		s.bulletin.tell(n)
	}, func() { s.bulletin.tell(News{}) })
	if ctx.Err() == nil && isOver(err) {
		s.heard(err)
	}
}

// done is what the other side did, and with which lot's contract. An event tells neither who acted nor how things are now: the
// list does. The contract itself is not asked for, since that counts as having read it.
func (s *Session) done(ctx context.Context, e platformapi.Event) (NewsThing, string) {
	act := platformapi.ReceiptKind(e.Act)
	switch act {
	case platformapi.ReceiptSubmit, platformapi.ReceiptWithdraw, platformapi.ReceiptAgree, platformapi.ReceiptRefuse,
		platformapi.ReceiptSeal, platformapi.ReceiptCountersign:
	default:
		return "", ""
	}
	if s.did(ctx, e) {
		return "", ""
	}
	list, err := s.platform.Contracts(ctx, platformapi.ContractQuery{})
	if err != nil {
		return "", "" // it is seen when the list is
	}
	for _, c := range list.Items {
		if c.ID == e.ContractID {
			return thing(act, c), c.LotName
		}
	}
	return "", ""
}

// did tells that the act is this party's own, sent from here.
func (s *Session) did(ctx context.Context, e platformapi.Event) bool {
	contracts, _ := s.ledger.entries(ctx) // what was read last stands
	for _, own := range contracts[e.ContractID] {
		if own.State == outbox.Waiting || own.State == outbox.Sending || own.Receipt != nil && own.Receipt.AuditSeq == e.Seq {
			return true
		}
	}
	return false
}

// thing is what an act of the other side has come to. What only this side does, from another machine, is nothing to tell.
func thing(act platformapi.ReceiptKind, c platformapi.ContractSummary) NewsThing {
	mine := c.MyRole == c.Starter
	switch {
	case act == platformapi.ReceiptSubmit && c.State == platformapi.StateAwaiting && !mine:
		return NewsSubmitted
	case act == platformapi.ReceiptWithdraw && !mine:
		return NewsWithdrawn
	case act == platformapi.ReceiptRefuse && c.State == platformapi.StateReturned && mine:
		return NewsReturned
	case act == platformapi.ReceiptAgree && c.State == platformapi.StateAgreed && mine:
		return NewsAgreed
	case c.State == platformapi.StateHalfSealed && c.MyTurn:
		return NewsSealed
	case c.State == platformapi.StateConcluded && (mine || c.Order == platformapi.OrderReviewFirst):
		return NewsConcluded
	}
	return ""
}
