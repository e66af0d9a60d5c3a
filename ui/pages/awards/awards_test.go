package awards

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sealdesk/platformapi"
	"sealdesk/ui/pages/form"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

func TestTheLotsStandByTheirKind(t *testing.T) {
	w := pagetest.NewWorld(t)
	host, p := pagetest.Opened(t, New, w, w.Seller())
	host.Until("the lots", func() bool { return len(p.lots) == 4 && host.Says("医疗设备采购项目") })
	host.Fits()
	host.Picture("awards")
	if !host.Says("云台县第一人民医院") || !host.Says("3,286,000.00") {
		t.Errorf("%q", host.Texts())
	}
	for i, k := range kinds {
		p.tabs.Choose(i)
		p.tabs.OnChanged(i)
		if n := len(p.of(k)); (n == 0) != host.Says(p.t("awards.none")) {
			t.Errorf("of kind %q: %d lots, %q", k, n, host.Texts())
		}
	}
}

func TestAListThatFailsIsTriedAgain(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Seller()
	w.Away(true)
	h, p := pagetest.Opened(t, New, w, s)
	h.Until("the trouble", func() bool { return h.Says("连不上交易平台") })
	h.Fits()
	w.Away(false)
	h.Press("重试")
	h.Until("the lots", func() bool { return len(p.lots) == 4 })

	letGo := w.Hold()
	h, p = pagetest.Opened(t, New, w, s)
	h.Settle(450 * time.Millisecond) // a skeleton is shown after 300 ms
	if h.Says(p.t("awards.none")) {
		t.Error("loading: it says that there is none")
	}
	letGo()
	h.Until("the lots", func() bool { return len(p.lots) == 4 })
}

// Projects of one purchaser begin alike: their names stand whole beside the longest state.
func TestNamesStandWhole(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := pagetest.Opened(t, New, w, w.Seller())
	h.Until("the lots", func() bool { return len(p.lots) == 4 && h.Says("医疗设备采购项目") })
	h.Window().Resize(fyne.NewSize(theme.MinWindowW-theme.SidebarWidth, theme.MinWindowH-theme.TopbarHeight))
	for _, o := range test.LaidOutObjects(p.content) {
		if line, is := o.(*widgets.Text); is && line.Cut() {
			t.Errorf("%q is cut", line.Text())
		}
	}
}

// The flow of a lot: its phases, and the contract behind its step.
func TestTheFlowLeadsToTheContract(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Seller()
	h, p := pagetest.Opened(t, New, w, s)
	h.Until("the lots", func() bool { return len(p.lots) == 4 })
	w.Away(true)
	free := slices.IndexFunc(p.lots, func(l platformapi.Lot) bool { return l.Block == "" })
	f := newFlow(h, p.lots[free])
	h.Open(f)
	h.Until("the trouble", func() bool { return h.Says("连不上交易平台") })
	h.Fits()
	w.Away(false)
	h.Press("重试")
	h.Until("the steps", func() bool { return h.Says("开标签到解密") && h.Says("合同签订") })
	h.Fits()
	count := map[string]int{}
	for _, text := range h.Texts() {
		count[text]++
	}
	if count["!"] != count["合同签订"]+count[f.t("flow.legend_attention")] {
		t.Errorf("the step that waits for us has another mark than in the legend: %v", count)
	}
	h.Picture("flow")
	f.openContract()
	h.Until("the contract", func() bool { _, ok := h.Top().(*form.Page); return ok })
	h.Fits()
	h.Back()
	h.Until("the steps again", func() bool { return h.Says("合同签订") })
}
