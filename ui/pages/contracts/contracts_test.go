package contracts

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/form"
	"sealdesk/ui/pages/internal/pagetest"
)

func TestTheFourFaces(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()

	letGo := w.Hold()
	h, p := pagetest.Opened(t, New, w, s)
	h.Settle(450 * time.Millisecond) // a skeleton is shown after 300 ms
	if h.Says(p.t("contracts.none")) {
		t.Error("loading: it says that there is none")
	}
	h.Fits()
	h.Picture("contracts-loading")
	letGo()
	h.Until("the empty face", func() bool { return h.Says(p.t("contracts.none")) })
	h.Fits()
	if h.Button(p.t("contracts.new")) == nil {
		t.Error("empty: there is no way to the first contract")
	}

	w.Away(true)
	h, p = pagetest.Opened(t, New, w, s)
	h.Until("the list as last seen", func() bool { return h.Says(p.t("contracts.offline_do")) })
	h.Fits()
	w.Away(false)

	work := w.Begin(s, "lot-1")
	w.Deliver(work.Save(t.Context()))
	h, p = pagetest.Opened(t, New, w, s)
	h.Until("the contract", func() bool { return len(p.found) == 1 && h.Says("医疗设备采购项目") })
	h.Fits()
	h.Picture("contracts-filled")
}

// A list that never came is told with its reason, and comes when one tries again.
func TestAListThatFailsIsTriedAgain(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	w.Away(true)
	h, p := pagetest.Opened(t, New, w, s)
	h.Until("the trouble", func() bool { return h.Says("连不上交易平台") })
	h.Fits()
	h.Picture("contracts-failed")
	h.Press("重试")
	h.Until("the trouble again", func() bool { return h.Says("连不上交易平台") })
	w.Away(false)
	h.Press("重试")
	h.Until("the list", func() bool { return h.Says(p.t("contracts.none")) })
}

// Drafts that are only here stand in the list, and go on where they were left.
func TestADraftGoesOnAndIsGivenUp(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	w.Begin(s, "lot-1")
	h, p := pagetest.Opened(t, New, w, s)
	h.Until("the draft", func() bool { return len(p.local) == 1 && h.Says(p.t("contracts.draft_here")) })
	h.Press(p.t("contracts.continue"))
	if _, ok := h.Top().(*form.Page); !ok || len(h.Stack) != 2 {
		t.Fatalf("%T is open", h.Top())
	}
	h.Back()
	h.Until("the draft", func() bool { return h.Button(p.t("contracts.delete")) != nil })
	h.Press(p.t("contracts.delete"))
	if len(h.Asked) != 1 || !h.Asked[0].Danger || len(p.local) != 1 {
		t.Fatalf("asked %+v", h.Asked)
	}
	h.Asked[0].Yes()
	h.Until("the empty list", func() bool { return len(p.local) == 0 && h.Says(p.t("contracts.none")) })
}

// The figures count what waits for whom; pressed, they filter, and pressed again they show everything.
func TestTheFiguresFilter(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	w.Submitted(s, "lot-1")
	w.Begin(s, "lot-2")
	h, p := pagetest.Opened(t, New, w, s)
	h.Until("both", func() bool { return len(p.local) == 1 && len(p.found) == 1 })
	if g := (row{state: platformapi.StateAwaiting, starter: true}); !groupTheirs.has(g) || groupMine.has(g) {
		t.Error("a submitted contract waits for the wrong side")
	}
	test.Tap(p.stats[groupTheirs-1])
	h.Until("those that wait for the other side", func() bool { return h.Says("医疗设备") && !h.Says("病房护理") })
	test.Tap(p.stats[groupTheirs-1])
	h.Until("both again", func() bool { return p.group == groupAll && h.Says("病房护理") && h.Says("医疗设备") })
	test.Tap(p.stats[groupConcluded-1])
	h.Until("none", func() bool { return h.Says(p.t("contracts.none_found")) })
	h.Press(p.t("contracts.show_all"))
	h.Until("both again", func() bool { return h.Says("病房护理") && h.Says("医疗设备") })
	p.FocusSearch()
	h.Type("护理")
	h.Until("what is searched for", func() bool { return h.Says("病房护理") && !h.Says("医疗设备采购") })
}

// What was sent back says since when, to both sides.
func TestWhatWasSentBackSaysWhen(t *testing.T) {
	w := pagetest.NewWorld(t)
	buyer, seller := w.Buyer(), w.Seller()
	work := w.Submitted(buyer, "lot-1")
	theirs, err := seller.Open(t.Context(), work.ID())
	if err != nil {
		t.Fatal(err)
	}
	w.Deliver(theirs.Refuse(t.Context(), "付款期限请改为验收后三十日"))
	sides := []*desk.Session{buyer, seller}
	for i, chip := range []string{"state.returned.starter", "state.returned.other"} {
		h, p := pagetest.Opened(t, New, w, sides[i])
		h.Until("the contract", func() bool { return len(p.found) == 1 && h.Says(p.t(chip)) })
		h.Fits()
		h.Picture("contracts-returned-" + strconv.Itoa(i))
		list, err := sides[i].Contracts(t.Context(), platformapi.ContractQuery{})
		if err != nil || len(list.Items) != 1 {
			t.Fatal(list, err)
		}
		if at := list.Items[0].ReturnedAt; at.IsZero() || !h.Says(at.In(words.Zone).Format("2006-01-02 15:04")) {
			t.Errorf("sent back at %s, which is not told: %q", at, h.Texts())
		}
	}
}

// A new contract begins with a lot that is free; the others say why they are not.
func TestANewContractBeginsWithALot(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	taken := w.Submitted(s, "lot-1")
	h, p := pagetest.Opened(t, New, w, s)
	h.Until("the list", func() bool { return len(p.found) == 1 })
	h.Press(p.t("contracts.new"))
	h.Until("the lots", func() bool { return h.Says("病房护理") })
	h.Fits()
	h.Picture("contracts-lots")
	for _, why := range []platformapi.LotBlock{platformapi.BlockLiveContract, platformapi.BlockAwardNotSent} {
		if text := p.t("contracts.block_" + string(why)); !h.Says(text) || strings.Contains(text, "_") {
			t.Errorf("%s is not told: %q", why, h.Texts())
		}
	}
	h.Press(p.t("contracts.lot_open"))
	h.Until("the contract", func() bool { return len(h.Stack) == 2 })
	if f, ok := h.Top().(*form.Page); !ok || f.Title() == "" {
		t.Errorf("%T is open instead of %s", h.Top(), taken.ID())
	}
}

// What was sent while the platform is away stands in the list as on its way.
func TestWhatIsOnItsWayIsMarked(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	h, p := pagetest.Opened(t, New, w, s)
	h.Until("the draft", func() bool { return len(p.local) == 1 })
	w.Away(true)
	if _, err := work.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Until("the mark", func() bool { return h.Says(p.t("contracts.queued")) })
	w.Away(false)
	for _, e := range work.View(t.Context()).Waiting {
		if err := s.Retry(t.Context(), e.ID); err != nil {
			t.Fatal(err)
		}
	}
	h.Until("the contract on the platform", func() bool { return len(p.found) == 1 && len(p.local) == 0 })
}
