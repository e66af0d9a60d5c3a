package contracts

import (
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/awards"
	"sealdesk/ui/pages/form"
	"sealdesk/ui/pages/internal/pagetest"
)

// soon is how long what the other side did may take to be seen without a click.
const soon = 5 * time.Second

// shown waits for words on a page, and tells how long that took.
func shown(t *testing.T, h *pagetest.Host, words string) {
	t.Helper()
	from := time.Now()
	h.Until(words, func() bool { return h.Says(words) })
	if d := time.Since(from); d > soon {
		t.Errorf("%s: seen after %v", words, d)
	}
}

// What one side does is on the other side's list by itself, and what is typed there into the search stays.
func TestTheOtherSideIsSeenWithoutAClick(t *testing.T) {
	w := pagetest.NewWorld(t)
	buyer, seller := w.Buyer(), w.SellerElsewhere()
	h := pagetest.NewHost(t, seller.Desk(), seller)
	p := New(h)
	h.Open(p)
	h.Until("the empty list", func() bool { return h.Says(p.t("contracts.none")) })
	h.Settle(500 * time.Millisecond) // the stream is open
	p.search.Focus()
	h.Type("影像")
	h.Settle(2 * searchAfter)
	news := seller.News(t.Context())

	work := w.Submitted(buyer, "lot-1")
	shown(t, h, p.t("contracts.sign"))
	if p.words != "影像" || h.Window().Canvas().Focused() == nil {
		t.Errorf("the search is %q, the keyboard is at %v", p.words, h.Window().Canvas().Focused())
	}
	h.Picture("news-list")
	told := map[desk.NewsThing]string{}
	hear := func(want desk.NewsThing) {
		t.Helper()
		h.Until(string(want), func() bool {
			select {
			case n := <-news:
				if n.Done != "" {
					told[n.Done] = n.Name
				}
			default:
			}
			return told[want] != ""
		})
	}
	hear(desk.NewsSubmitted)
	if told[desk.NewsSubmitted] != "影像与检验设备" || len(told) != 1 {
		t.Errorf("told %v", told)
	}
	w.Deliver(work.Withdraw(t.Context()))
	hear(desk.NewsWithdrawn)
}

// The purchaser's open contract and the list of awards follow as well; one's own acts are no news.
func TestAnOpenContractAndTheAwardsFollow(t *testing.T) {
	w := pagetest.NewWorld(t)
	buyer, seller := w.Buyer(), w.SellerElsewhere()
	news := buyer.News(t.Context())
	work := w.Submitted(buyer, "lot-1")
	h := pagetest.NewHost(t, w.Desk, buyer)
	h.Open(form.New(h, work))
	h.Until("the state", func() bool { return work.View(t.Context()).State == platformapi.StateAwaiting })
	h.Settle(500 * time.Millisecond)

	theirs, err := seller.Open(t.Context(), work.ID())
	if err != nil {
		t.Fatal(err)
	}
	w.Deliver(theirs.Refuse(t.Context(), "付款期限请改为验收后三十日"))
	shown(t, h, "付款期限请改为验收后三十日")

	h = pagetest.NewHost(t, seller.Desk(), seller)
	a := awards.New(h)
	h.Open(a)
	returned := h.Words().T("state.returned.lot")
	h.Until("the lots", func() bool { return h.Says(returned) })
	h.Settle(500 * time.Millisecond)
	if err := work.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Seal(buyer, work)
	w.Deliver(work.Submit(t.Context()))
	shown(t, h, h.Words().T("state.awaiting.lot"))

	var told []desk.NewsThing
	h.Until("the news", func() bool {
		select {
		case n := <-news:
			if n.Done != "" {
				told = append(told, n.Done)
			}
		default:
		}
		return len(told) > 0
	})
	if told[0] != desk.NewsReturned || len(told) != 1 {
		t.Errorf("told %v", told)
	}
}
