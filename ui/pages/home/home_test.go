package home

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/platformapi"
	"sealdesk/ui/desk/tasks"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/contracts"
	"sealdesk/ui/pages/form"
	"sealdesk/ui/pages/hall"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/outbox"
	"sealdesk/ui/pages/publish"
)

// kinds are the tasks in their order.
func (p *Page) kinds() (all string) {
	for _, t := range p.board.Waiting {
		all += string(t.Kind) + " "
	}
	return all
}

// The purchaser's lots wait by their terms, each with its article, and Enter on the first one leads to its contract. What was sent
// is seen at the other side's, and by the other side; when both have sealed, the purchaser publishes and files.
func TestWhatWaitsForEachSide(t *testing.T) {
	w := pagetest.NewWorld(t)
	buyer, seller := w.Buyer(), w.Seller()
	h, p := pagetest.Opened(t, New, w, buyer)
	h.Until("the lots", func() bool { return p.kinds() == "begin begin begin " })
	if first := p.board.Waiting[0]; first.Lot.ID != "lot-3" || !h.Says("政府采购法第四十六条") || !h.Says("已超 ") {
		t.Errorf("%+v", first)
	}
	if !h.Says(p.t("home.none_sent")) {
		t.Error("it does not say that nothing was sent")
	}
	h.Fits()
	h.Settle(200 * time.Millisecond)
	h.Picture("home-lots")

	// The keyboard is in the list already: down, Enter.
	focused := h.Window().Canvas().Focused()
	if focused == nil {
		t.Fatal("nothing has the keyboard")
	}
	focused.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	h.Enter()
	h.Until("the second lot's form", func() bool { _, is := h.Top().(*form.Page); return is })
	if !h.Says("多功能护理床") {
		t.Error("another lot's form was opened")
	}
	h.Back()
	h.Until("the draft", func() bool { return p.kinds() == "begin write begin " })
	h.Press(p.t("home.first"))
	h.Until("the first lot's form", func() bool { _, is := h.Top().(*form.Page); return is && h.Says("净化") })
	h.Back()

	work := w.Submitted(buyer, "lot-1")
	h.Until("the contract at the other side's", func() bool {
		return len(p.board.Sent) == 1 && h.Says(p.t("home.unread")) && h.Says(p.t("state.awaiting.starter"))
	})
	h.Fits()
	h.Settle(200 * time.Millisecond)
	h.Picture("home-sent")

	theirs, q := pagetest.Opened(t, New, w, seller)
	theirs.Until("the contract to seal", func() bool { return q.kinds() == "begin begin seal " }) // two lots are late, or nearly, for both
	theirs.Settle(200 * time.Millisecond)
	theirs.Picture("home-supplier")
	received, err := seller.Open(t.Context(), work.ID())
	if err != nil {
		t.Fatal(err)
	}
	w.Seal(seller, received)
	w.Deliver(received.Agree(t.Context(), "同意"))
	theirs.Until("nothing of it", func() bool { return q.kinds() == "begin begin " })

	h, p = pagetest.Opened(t, New, w, buyer)
	h.Until("what comes after", func() bool { // in the order of the terms, which working days make another every day
		kinds := strings.Fields(p.kinds())
		slices.Sort(kinds)
		return slices.Equal(kinds, []string{"file", "publish", "write", "write"})
	})
	if !h.Says("政府采购法实施条例第五十条") || len(p.board.Sent) != 0 {
		t.Errorf("%q", h.Texts())
	}
	h.Fits()
	h.Legible()
	h.Settle(200 * time.Millisecond)
	h.Picture("home-after")
	p.open(p.board.Waiting[slices.IndexFunc(p.board.Waiting, func(t tasks.Task) bool { return t.Kind == tasks.Publish })])
	h.Until("where it is published", func() bool { _, is := h.Top().(*publish.Page); return is })
}

// The four faces: loading, empty, filled from what was kept when the platform is away, and failed when nothing was.
func TestTheFourFaces(t *testing.T) {
	w := pagetest.NewWorldIn(t, words.English)
	s := w.Buyer()
	letGo := w.Hold()
	h, p := pagetest.Opened(t, New, w, s)
	h.Settle(450 * time.Millisecond)
	if h.Says(p.t("home.none")) {
		t.Error("loading: it says that nothing waits")
	}
	h.Fits()
	letGo()
	h.Until("the lots", func() bool { return len(p.board.Waiting) == 3 })
	h.Settle(200 * time.Millisecond)
	h.Picture("home-english")

	w.Away(true)
	h, p = pagetest.Opened(t, New, w, s)
	h.Until("the last known", func() bool { return h.Says("Deadlines are counted") && len(p.board.Waiting) == 3 })
	if !h.Says(h.Words().Beijing(p.known.AsOf, timeForm)) {
		t.Error("it does not say of when that is")
	}
	h.Fits()
	h.Settle(200 * time.Millisecond)
	h.Picture("home-offline")

	// Begun and sealed without the platform: it is on its way, and not to be done again.
	work, err := s.NewWork(t.Context(), *p.board.Waiting[2].Lot)
	if err != nil {
		t.Fatal(err)
	}
	fields := work.View(t.Context()).Fields
	fields.TermDays = 30
	if err := work.Type(fields); err != nil {
		t.Fatal(err)
	}
	w.Seal(s, work)
	if _, err := work.Submit(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Until("the contract on its way", func() bool {
		return len(p.board.Sent) == 1 && len(p.board.Waiting) == 2 && h.Says(p.t("outbox.state_waiting"))
	})
	p.sentRow(p.board.Sent[0]).Open()
	if len(h.Homes) != 1 || h.Homes[0] != outbox.Nav {
		t.Errorf("it leads to %v", h.Homes)
	}

	fresh := pagetest.NewWorld(t)
	s = fresh.Buyer()
	fresh.Away(true)
	h, p = pagetest.Opened(t, New, fresh, s)
	h.Until("the trouble", func() bool { return h.Says("连不上交易平台") })
	h.Fits()
	fresh.Away(false)
	h.Press(p.t("button.retry"))
	h.Until("the lots after all", func() bool { return len(p.board.Waiting) == 3 })

	h, p = pagetest.Opened(t, New, fresh, fresh.Seller())
	h.Until("the lots that are late, or nearly, for both", func() bool { return p.kinds() == "begin begin " })
}

// Nothing waits: it says so, and leads to the contracts.
func TestNothingWaits(t *testing.T) {
	w, tenders := pagetest.NewWorldOfBids(t)
	h, p := pagetest.Opened(t, New, w, w.Seller())
	h.Until("the lots", func() bool { return p.kinds() == "begin begin " })
	p.known.Lots = nil
	p.draw()
	if !h.Says(p.t("home.none")) || h.Button(p.t("home.first")) != nil {
		t.Errorf("%q", h.Texts())
	}
	h.Fits()
	h.Settle(200 * time.Millisecond)
	h.Picture("home-none")
	h.Press(p.t("home.to_contracts"))
	if len(h.Homes) != 1 || h.Homes[0] != contracts.Nav {
		t.Errorf("it leads to %v", h.Homes)
	}

	// An opening that goes on comes first, follows what the host does, and leads to its hall.
	id := tenders.Opening("T-1", "云台县第一人民医院设备项目", platformapi.TenderBidder, platformapi.TenderOpening, time.Now().Add(-time.Minute))
	p.read()
	h.Until("the opening", func() bool { return p.kinds() == "opening begin begin " && h.Says(p.t("home.going_on")) })
	h.Settle(100 * time.Millisecond) // its news are listened to
	tenders.Move(id, platformapi.TenderDecrypting, func(x *platformapi.Tender) {
		x.Opening = &platformapi.Opening{WindowUntil: time.Now().Add(30 * time.Minute)}
	})
	h.Until("the window", func() bool { return h.Says(p.t("hall.state_decrypting")) && !h.Says(p.t("home.going_on")) })
	h.Settle(200 * time.Millisecond)
	h.Picture("home-opening")
	p.open(p.board.Waiting[0])
	if _, is := h.Top().(*hall.Room); !is {
		t.Errorf("it leads to %T", h.Top())
	}
}
