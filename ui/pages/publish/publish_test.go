package publish

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/view"
	"sealdesk/ui/widgets"
)

// The side that does not publish sees until when the other has to, and nothing to press; its form leads here.
func TestTheSupplierLooks(t *testing.T) {
	w := pagetest.NewWorld(t)
	first, second := w.Buyer(), w.Seller()
	work := w.Concluded(first, second, "lot-1")
	theirs, err := second.Open(t.Context(), work.ID())
	if err != nil {
		t.Fatal(err)
	}
	h := pagetest.NewHost(t, w.Desk, second)
	p := New(h, theirs)
	h.Open(p)
	h.Until("the page", func() bool { return h.Says(p.t("public.not_published")) && h.Says(p.t("public.not_filed")) })
	for _, key := range []string{"public.make", "public.record", "public.confirm"} {
		if h.Button(p.t(key)) != nil {
			t.Errorf("the supplier can press %q", p.t(key))
		}
	}
	for _, d := range p.view.Deadlines {
		if d.Kind != platformapi.DeadlineSign && !(h.Says(d.Due) && h.Says(d.Basis)) {
			t.Errorf("not said: %s, %s", d.Due, d.Basis)
		}
	}
	if len(p.view.Deadlines) < 2 {
		t.Errorf("deadlines: %+v", p.view.Deadlines)
	}
	h.Fits()
	h.Picture("publish-supplier")
}

// The copy is made, looked at and published, and then the filing is recorded; the other side only reads.
func TestPublishedAndFiled(t *testing.T) {
	w := pagetest.NewWorld(t)
	first, second := w.Buyer(), w.Seller()
	work := w.Concluded(first, second, "lot-1")
	h := pagetest.NewHost(t, w.Desk, first)
	p := New(h, work)
	h.Open(p)
	h.Until("the page", func() bool {
		return h.Says(p.t("public.default")) && h.Says(p.t("form.deadline_kind_publish")) || h.Says(p.t("public.default"))
	})
	h.Settle(200 * time.Millisecond)
	h.Fits()
	h.Picture("publish-new")
	if h.Button(p.t("public.confirm")) != nil {
		t.Error("it can be published without a copy")
	}

	// Words need a reason; a page is named as one says it.
	p.hide.words.SetText("中标单位")
	h.Press(p.t("public.add"))
	if len(p.hide.items) != 0 {
		t.Error("hidden without a reason")
	}
	p.hide.reason.SetText("示例理由")
	h.Press(p.t("public.add"))
	p.hide.words.SetText("第1页")
	p.hide.reason.SetText("报价明细")
	h.Press(p.t("public.add"))
	if r := p.hide.request(); len(r.Words) != 1 || len(r.Pages) != 1 || r.Pages[0].Number != 1 {
		t.Errorf("asked for %+v", r)
	}
	h.Press(p.t("public.make"))
	h.Until("the copy", func() bool { return h.Says(p.t("public.result")) })
	h.Fits()
	h.Picture("publish-made")
	blue := func(want string) {
		t.Helper()
		for _, key := range []string{"public.make_again", "public.look", "public.confirm", "public.record"} {
			if b := h.Button(p.t(key)); b != nil && (b.Kind() == widgets.Primary) != (key == want) {
				t.Errorf("%s is the next step: %t", key, b.Kind() == widgets.Primary)
			}
		}
	}
	blue("public.look")
	if p.confirm.Reason() != p.t("public.look_first") {
		t.Errorf("it is published without a look: %q", p.confirm.Reason())
	}
	h.Press(p.t("public.look"))
	if _, ok := h.Top().(*view.Page); !ok {
		t.Fatalf("%T is open", h.Top())
	}
	h.Until("that it has no signature by intent", func() bool { return h.Says(p.t("view.public")) })
	h.Settle(1500 * time.Millisecond)
	h.Picture("publish-copy")
	h.Back()
	h.Until("the button", func() bool { return p.confirm != nil && p.confirm.Reason() == "" })
	blue("public.confirm")
	h.Press(p.t("public.confirm"))
	if len(h.Asked) != 1 {
		t.Fatalf("asked %+v", h.Asked)
	}
	p.confirm = nil // as while the page is read anew
	h.Asked[0].Yes()
	h.Until("the publication", func() bool {
		return p.view.Published != nil && strings.Contains(strings.Join(h.Toasts, ""), p.t("public.done"))
	})

	blue("public.record")
	if p.record.Reason() == "" {
		t.Error("filed without a number")
	}
	p.number.SetText("云财备-2026-118")
	h.Press(p.t("public.record"))
	h.Until("the filing", func() bool { return p.view.Filed != nil && h.Says("云财备-2026-118") })
	h.Fits()
	h.Picture("publish-done")

	theirs, err := second.Open(t.Context(), work.ID())
	if err != nil {
		t.Fatal(err)
	}
	o := pagetest.NewHost(t, w.Desk, second)
	q := New(o, theirs)
	o.Open(q)
	o.Until("what was published", func() bool { return o.Says("云财备-2026-118") })
	if o.Button(q.t("public.make")) != nil || o.Button(q.t("public.record")) != nil {
		t.Error("the supplier can publish or file")
	}
	saved := filepath.Join(t.TempDir(), "公示件.pdf")
	o.Save = func(string) string { return saved }
	o.Press(q.t("public.save"))
	o.Until("the copy", func() bool { return len(o.Toasts) == 1 })
	if data, err := os.ReadFile(saved); err != nil || !bytes.HasPrefix(data, []byte("%PDF-")) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	o.Picture("publish-supplier-done")
}

// A copy that was being made when another page came to the front can be made again.
func TestMakingIsCalledOffByAnotherPage(t *testing.T) {
	w := pagetest.NewWorld(t)
	first, second := w.Buyer(), w.Seller()
	h := pagetest.NewHost(t, w.Desk, first)
	p := New(h, w.Concluded(first, second, "lot-1"))
	h.Open(p)
	h.Until("the page", func() bool { return h.Button(p.t("public.make")) != nil })
	h.Press(p.t("public.make"))
	h.Open(p)
	late := time.Now().Add(20 * time.Second)
	h.Until("the button", func() bool {
		return h.Button(p.t("public.make")) != nil || h.Button(p.t("public.make_again")) != nil || time.Now().After(late)
	})
	if h.Button(p.t("public.make")) == nil && h.Button(p.t("public.make_again")) == nil {
		t.Errorf("it is being made for ever: %q", h.Texts())
	}
}
