package form

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sealdesk/assets"
	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/publish"
)

// The second order on the page: pushed for review, agreed to, sealed by the one and by the other.
func TestReviewedAgreedAndSealed(t *testing.T) {
	w := pagetest.NewWorldOfReview(t)
	first, second := w.Buyer(), w.Seller()
	work := w.Begin(first, "lot-1")
	fields := work.View(t.Context()).Fields
	fields.TermDays = 180
	if err := work.Type(fields); err != nil {
		t.Fatal(err)
	}
	w.Clean(work, w.Contract(2))
	h, p := opened(t, w, first, work)
	h.Until("the push", func() bool {
		b := p.foot.buttons[desk.ActionSubmit]
		return b != nil && b.Reason() == "" && h.Button(p.t("form.submit_review")) != nil
	})
	h.Fits()
	h.Picture("review-ready")
	h.Press(p.t("form.submit_review"))
	h.Asked[0].Yes()
	h.Until("its way", func() bool { return p.view.State == platformapi.StateAwaiting && len(p.view.Waiting) == 0 })

	theirs, err := second.Open(t.Context(), work.ID())
	if err != nil {
		t.Fatal(err)
	}
	o, q := opened(t, w, second, theirs)
	o.Until("the review", func() bool { return o.Says(q.t("form.review_received")) && o.Says(q.t("stage.review")) })
	if o.Button(q.t("form.compare")) != nil || o.Button(q.t("form.compare_choose")) == nil || !o.Says(q.t("form.compare_choose_why")) {
		t.Errorf("a version of ours is offered that is not there: %q", o.Texts())
	}
	o.Fits()
	o.Picture("review-received")
	if q.foot.buttons[desk.ActionSeal] != nil || q.foot.buttons[desk.ActionAgree].Reason() != "" {
		t.Error("what is reviewed can be sealed, or not be agreed to")
	}
	w.Deliver(theirs.Agree(t.Context(), "无异议"))
	o.Until("the agreement", func() bool { return o.Says(q.t("form.both_agreed")) && q.foot.buttons[desk.ActionSeal] != nil })
	o.Fits()
	o.Picture("review-agreed")
	w.Seal(second, theirs)
	q.reread()
	o.Until("our seal", func() bool { return o.Button(q.t("form.submit_seal")) != nil })
	if !o.Says(q.t("form.sealed_send")) {
		t.Error("who sealed is not told that it is not sent")
	}
	w.Deliver(theirs.Submit(t.Context()))
	o.Until("the way back", func() bool { return q.foot.buttons[desk.ActionUnseal] != nil && o.Says(q.t("form.our_seal")) })
	if o.Button(q.t("form.compare_before")) != nil || o.Button(q.t("form.compare_choose")) != nil {
		t.Error("our own sealed file is offered as what the other side sent")
	}
	o.Fits()
	o.Picture("review-our-seal")

	p.refresh()
	h.Until("their seal", func() bool {
		return p.view.State == platformapi.StateHalfSealed && p.view.Received != nil && p.foot.buttons[desk.ActionSeal] != nil
	})
	h.Fits()
	h.Picture("review-their-seal")
	w.Seal(first, work)
	w.Deliver(work.Submit(t.Context()))
	h.Until("the contract", func() bool { return p.view.State == platformapi.StateConcluded && h.Says(p.t("form.later")) })
	h.Fits()
	p.scroll.Reveal(p.later.box)
	h.Settle(300 * time.Millisecond)
	h.Picture("concluded")

	q.refresh()
	o.Until("the way to what is published", func() bool { return q.foot.buttons[desk.ActionPublish] != nil })
	o.Settle(300 * time.Millisecond)
	o.Fits()
	o.Picture("concluded-supplier")
	o.Press(q.t("form.publish"))
	if _, ok := o.Top().(*publish.Page); !ok {
		t.Errorf("%T is open", o.Top())
	}
}

// A refused seal stays in sight as void, and can still be read.
func TestVoidSealsStayInSight(t *testing.T) {
	w := pagetest.NewWorld(t)
	first, second := w.Buyer(), w.Seller()
	work := w.Submitted(first, "lot-1")
	theirs, err := second.Open(t.Context(), work.ID())
	if err != nil {
		t.Fatal(err)
	}
	w.Deliver(theirs.Refuse(t.Context(), "付款方式与采购文件不一致"))
	h, p := opened(t, w, first, work)
	p.refresh()
	h.Until("the void seal", func() bool { return h.Says(p.t("stage.void")) && h.Says("付款方式与采购文件不一致") })
	h.Fits()
	p.scroll.Reveal(p.files.part.box)
	h.Settle(200 * time.Millisecond)
	h.Picture("void-seals")
}

// A later document begins on the page of the concluded contract and asks for its ground.
func TestASupplementIsBegun(t *testing.T) {
	w := pagetest.NewWorld(t)
	first, second := w.Buyer(), w.Seller()
	work := w.Concluded(first, second, "lot-1")
	h, p := opened(t, w, first, work)
	h.Until("the ways on", func() bool { return h.Button(p.t("form.kind_supplement")) != nil })
	h.Press(p.t("form.kind_supplement"))
	h.Until("the supplement", func() bool { return len(h.Stack) == 2 })
	q := h.Top().(*Page)
	h.Until("its form", func() bool { return q.fields.rows[desk.FieldGround] != nil && h.Says(q.t("form.field_ground")) })
	h.Fits()
	h.Picture("supplement")
	if q.fields.rows[desk.FieldReason].Visible() && h.Says(q.t("form.field_reason")) {
		t.Error("a supplement is asked why it differs from the award")
	}
	q.fields.sum.SetText("500,000.00")
	q.fields.ground.SetText("政府采购法第四十九条")
	h.Until("the draft", func() bool {
		f := q.work.View(t.Context()).Fields
		return f.AmountFen == 50_000_000 && f.Ground == "政府采购法第四十九条"
	})
	// The platform warns of a supplement of more than a tenth, and lets it be.
	w.Deliver(q.work.Save(t.Context()))
	q.refresh()
	h.Until("the warning", func() bool { return h.Says(q.t("form.warn_supplement_over")) })
	h.Fits()
	h.Picture("supplement-over")
}

// A template is chosen from the platform's and saved where the person wants it.
func TestATemplateIsSaved(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	h, p := opened(t, w, s, w.Begin(s, "lot-1"))
	p.chooseTemplate()
	h.Until("the templates", func() bool { return h.Says("货物类采购合同（示范文本）") })
	h.Picture("templates")
	to := filepath.Join(t.TempDir(), "合同.docx")
	h.Save = func(name string) string {
		if name != "货物类采购合同.docx" {
			t.Errorf("it is called %q", name)
		}
		return to
	}
	h.Press(p.t("form.template_get"))
	h.Until("the file", func() bool { return len(h.Toasts) == 1 })
	if got, err := os.ReadFile(to); err != nil || !bytes.Equal(got, assets.SampleContract()) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// Agreed to once, it is not asked about again.
func TestAgreedOnce(t *testing.T) {
	w := pagetest.NewWorldOfReview(t)
	first, second := w.Buyer(), w.Seller()
	work := w.Begin(first, "lot-1")
	fields := work.View(t.Context()).Fields
	fields.TermDays = 180
	pagetest.Must(t, work.Type(fields))
	w.Clean(work, w.Contract(1))
	w.Deliver(work.Submit(t.Context()))
	theirs, err := second.Open(t.Context(), work.ID())
	pagetest.Must(t, err)
	h, p := opened(t, w, second, theirs)
	h.Until("the review", func() bool { return h.Says(p.t("form.review_received")) })
	h.Press(p.t("form.agree"))
	h.Press(p.t("form.agree_review_confirm"))
	h.Until("the agreement", func() bool {
		if f := h.Window().Canvas().Focused(); f != nil {
			f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		}
		if len(h.Dialogs) > 1 {
			t.Fatalf("it is asked about once more: %+v %v", p.view.Waiting, p.view.State)
		}
		return p.view.State == platformapi.StateAgreed && len(h.Toasts) == 1
	})
}
