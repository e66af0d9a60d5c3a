package form

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"sealdesk/platformapi"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
)

// opened shows the form of a work.
func opened(t *testing.T, w *pagetest.World, s *desk.Session, work *desk.Work) (*pagetest.Host, *Page) {
	t.Helper()
	h := pagetest.NewHost(t, w.Desk, s)
	p := New(h, work)
	h.Open(p)
	h.Settle(150 * time.Millisecond)
	return h, p
}

func TestWhatIsTypedIsKeptBySelf(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	h, p := opened(t, w, s, work)
	h.Fits()
	h.Picture("form-new")

	submit := p.foot.buttons[desk.ActionSubmit]
	if submit.Reason() == "" {
		t.Error("an empty contract can be submitted")
	}
	p.fields.term.Focus()
	test.Type(h.Window().Canvas().Focused(), "180")
	if got := work.View(t.Context()).Fields.TermDays; got != 0 {
		t.Errorf("written at the key: %d", got)
	}
	h.Until("the draft", func() bool { return work.View(t.Context()).Fields.TermDays == 180 })
	h.Until("the foot", func() bool { return !p.savedAt.IsZero() })
	if !p.fields.term.Focused() {
		t.Error("keeping the draft took the keyboard from the field")
	}
	if why := submit.Reason(); !strings.Contains(why, "合同备案") {
		t.Errorf("what is missing next: %q", why)
	}

	p.fields.name.SetText("另一个名称")
	h.Back()
	if got := work.View(t.Context()).Fields.Name; got != "另一个名称" {
		t.Errorf("leaving at once lost what was typed: %q", got)
	}
}

func TestAnAmountThatDiffersNeedsItsReason(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	h, p := opened(t, w, s, w.Begin(s, "lot-1"))
	reason := p.fields.rows[desk.FieldReason]
	if reason.Visible() {
		t.Error("a reason is asked for the award's own amount")
	}
	p.fields.sum.SetText("3,200,000.00")
	if !reason.Visible() {
		t.Error("no reason is asked for another amount")
	}
	h.Until("the missing reason", func() bool {
		for _, f := range p.view.Missing {
			if f == desk.FieldReason {
				return true
			}
		}
		return false
	})
	h.Picture("form-amount")
	p.fields.sum.SetText("12.345")
	if p.fields.rows[desk.FieldAmount].Error() == "" {
		t.Error("three decimals pass in silence")
	}
}

func TestFilesAreChosenDroppedAndChecked(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	h, p := opened(t, w, s, work)
	h.Choose = func(endings []string) string {
		if strings.Join(endings, " ") != "doc docx pdf" {
			t.Errorf("asked for %v", endings)
		}
		return w.Sample
	}
	p.files.chooseFiling()
	h.Until("the file", func() bool { return p.view.Filing.Stage() == desk.StageUploaded })
	if p.files.next() != "form.clean_and_seal" {
		t.Errorf("next is %q", p.files.next())
	}
	invoice := filepath.Join(t.TempDir(), "发票.pdf")
	if err := os.WriteFile(invoice, []byte("%PDF-1.4"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(p.files.invoices).AddXY(20, 20)
	p.Drop(at, []fyne.URI{fileURI(invoice)})
	h.Until("the invoice", func() bool { return len(p.view.Invoices) == 1 })
	p.scroll.SetOffset(360)
	h.Picture("form-files")

	at = fyne.CurrentApp().Driver().AbsolutePositionForObject(p.files.invoices).AddXY(20, 20)
	p.Drop(at, []fyne.URI{fileURI("/etc/hostname")})
	if len(h.Toasts) == 0 {
		t.Error("a file of another kind is taken in silence")
	}
	p.Drop(fyne.NewPos(10, 10), []fyne.URI{fileURI(w.Sample)})
	if len(h.Asked) != 1 {
		t.Error("the contract's file is replaced without asking")
	}
	note := p.files.typed[p.view.Filing.Original.Attachment]
	note.SetText("盖章版")
	h.Until("the note", func() bool { return work.View(t.Context()).Filing.Original.Note == "盖章版" })
}

func TestASealedContractAsksBeforeItIsChanged(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	fields := work.View(t.Context()).Fields
	fields.TermDays = 180
	if err := work.Type(fields); err != nil {
		t.Fatal(err)
	}
	w.Seal(s, work)
	h, p := opened(t, w, s, work)
	h.Picture("form-sealed")
	if p.fields.typed {
		t.Error("a sealed form takes typing")
	}
	if why := p.foot.buttons[desk.ActionSubmit].Reason(); why != "" {
		t.Errorf("cannot be submitted: %s", why)
	}
	p.unlock(func() {})
	if len(h.Asked) != 1 || !h.Asked[0].Danger {
		t.Fatal("nothing was asked")
	}
	if work.View(t.Context()).Filing.Sealed == nil {
		t.Fatal("the seal is gone before anything was changed")
	}
	h.Asked[0].Yes()
	p.fields.term.SetText("365")
	h.Until("the void seal", func() bool { return p.view.Filing.Sealed == nil })
}

func TestSubmitAndRefuse(t *testing.T) {
	w := pagetest.NewWorld(t)
	buyer, seller := w.Buyer(), w.Seller()
	work := w.Begin(buyer, "lot-1")
	fields := work.View(t.Context()).Fields
	fields.TermDays = 180
	if err := work.Type(fields); err != nil {
		t.Fatal(err)
	}
	w.Seal(buyer, work)
	h, p := opened(t, w, buyer, work)
	if !h.Says("已加盖印章；如需修改") {
		t.Error("why nothing can be typed is not said in the foot")
	}
	p.submit()
	h.Asked[0].Yes()
	h.Until("the receipt", func() bool { return len(h.Toasts) == 1 })
	h.Until("the state", func() bool { return p.view.State == platformapi.StateAwaiting && len(p.view.Waiting) == 0 })
	h.Settle(200 * time.Millisecond)
	h.Picture("form-awaiting")
	if h.Retitled != "查看合同签订" || !h.Says("等待对方确认") {
		t.Errorf("what was sent is called %q", h.Retitled)
	}
	if p.foot.buttons[desk.ActionWithdraw] == nil {
		t.Error("it cannot be withdrawn")
	}

	theirs, err := seller.Open(t.Context(), work.ID())
	if err != nil {
		t.Fatal(err)
	}
	h2, p2 := opened(t, w, seller, theirs)
	h2.Fits()
	h2.Picture("form-review")
	if p2.fields.typed {
		t.Error("the other side can type")
	}
	if p2.foot.buttons[desk.ActionSeal].Reason() != "" || p2.foot.buttons[desk.ActionAgree].Reason() == "" {
		t.Error("the seal does not come before the agreement")
	}
	p2.refuse()
	h2.Picture("form-refuse")
	test.Type(h2.Window().Canvas().Focused(), "付款方式与招标文件不一致")
	h2.Dialogs[0].Close()
	p2.send(p2.foot.buttons[desk.ActionRefuse], refuseWith(theirs, "付款方式与招标文件不一致，请改为验收后三十日内支付。"), "已退回")
	h2.Until("the refusal", func() bool { return len(h2.Toasts) == 1 && h2.Says("我方不同意，合同已退回") })
	if h2.Says("对方不同意，合同已退回") {
		t.Error("who refused is told that the other side did")
	}

	h3, p3 := opened(t, w, buyer, work)
	h3.Until("the returned contract", func() bool { return h3.Says("对方不同意，合同已退回") })
	h3.Settle(100 * time.Millisecond)
	h3.Picture("form-returned")
	p3.scroll.ToEnd()
	h3.Picture("form-history")
	if !p3.fields.typed {
		t.Error("a returned contract cannot be changed")
	}
	h3.Choose = func([]string) string { return w.Sample }
	h3.Press(p3.t("form.refusal_replace"))
	h3.Until("the corrected file", func() bool { return p3.view.Filing.Stage() == desk.StageUploaded })
	if why := p3.foot.buttons[desk.ActionSubmit].Reason(); why != "合同备案还没有清稿并加盖印章" {
		t.Errorf("what it lacks: %q", why)
	}
}

func TestConcludedIsShownAndPublished(t *testing.T) {
	w := pagetest.NewWorld(t)
	buyer, seller := w.Buyer(), w.Seller()
	work := w.Submitted(buyer, "lot-2")
	theirs, err := seller.Open(t.Context(), work.ID())
	if err != nil {
		t.Fatal(err)
	}
	w.Seal(seller, theirs)
	h, p := opened(t, w, seller, theirs)
	h.Picture("form-agree")
	if why := p.foot.buttons[desk.ActionAgree].Reason(); why != "" {
		t.Fatalf("cannot be agreed to: %s", why)
	}
	w.Deliver(theirs.Agree(t.Context(), "同意"))
	h, p = opened(t, w, buyer, work)
	h.Until("the end", func() bool { return p.view.State == platformapi.StateConcluded && p.view.Verdict != nil })
	h.Settle(100 * time.Millisecond)
	h.Fits()
	h.Picture("form-concluded")
	if b := p.foot.buttons[desk.ActionPublish]; b == nil || b.Reason() != "" {
		t.Error("the purchaser cannot publish it")
	}
	to := filepath.Join(t.TempDir(), "合同.pdf")
	h.Save = func(string) string { return to }
	p.export(*p.files.current())
	h.Until("the export", func() bool { return len(h.Toasts) == 1 })
	if _, err := os.Stat(to); err != nil {
		t.Error(err)
	}
}

func TestWithoutThePlatformItWaits(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	h, p := opened(t, w, s, work)
	w.Away(true)
	p.send(p.foot.buttons[desk.ActionSave], p.work.Save, "已保存")
	h.Until("the wait", func() bool { return len(p.view.Waiting) > 0 })
	h.Settle(100 * time.Millisecond)
	h.Picture("form-pending")
	if p.foot.buttons[desk.ActionSave].Reason() == "" {
		t.Error("it can be saved twice")
	}
	w.Away(false)
	for _, e := range p.view.Waiting {
		if err := s.Retry(t.Context(), e.ID); err != nil {
			t.Fatal(err)
		}
	}
	h.Until("the receipt", func() bool { return len(h.Toasts) == 1 })
	h.Until("nothing waiting", func() bool { return len(p.view.Waiting) == 0 })
}

func TestAnOpinionIsRequiredToRefuse(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	h, p := opened(t, w, s, w.Begin(s, "lot-1"))
	said := ""
	p.opinion("form.refuse", true, func(o string) { said = o })
	c := h.Window().Canvas()
	press := func() {
		c.OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyReturn})
	}
	press()
	if c.Overlays().Top() == nil {
		t.Fatal("sent back without an opinion")
	}
	test.Type(c.Focused(), "请修改")
	c.OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
	p.opinion("form.refuse", true, func(o string) { said = o })
	press()
	if said != "请修改" || c.Overlays().Top() != nil {
		t.Errorf("said %q", said)
	}
	if p.opinion("form.refuse", true, nil); h.Says("请修改") {
		t.Error("what was said stands in the next opinion")
	}
}

func refuseWith(w *desk.Work, opinion string) func(context.Context) (desk.Sent, error) {
	return func(ctx context.Context) (desk.Sent, error) { return w.Refuse(ctx, opinion) }
}

func fileURI(path string) fyne.URI { return storage.NewFileURI(path) }

// Several invoices that are dropped at once are all attached.
func TestInvoicesAreDroppedTogether(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	h, p := opened(t, w, s, w.Begin(s, "lot-1"))
	var dropped []fyne.URI
	for _, name := range []string{"发票1.pdf", "说明.txt", "发票2.pdf"} {
		path := filepath.Join(t.TempDir(), name)
		pagetest.Must(t, os.WriteFile(path, []byte("%PDF-1.4 "+name), 0o600))
		dropped = append(dropped, fileURI(path))
	}
	p.Drop(fyne.CurrentApp().Driver().AbsolutePositionForObject(p.files.invoices).AddXY(20, 20), dropped)
	h.Until("the invoices", func() bool { return !p.files.busy && len(p.view.Invoices) > 0 })
	if len(p.view.Invoices) != 2 || len(h.Toasts) != 1 {
		t.Errorf("of two invoices and another file: %d attached, told %q", len(p.view.Invoices), h.Toasts)
	}
}

// While a decision is asked for, the contract may move on, and the button that asked is not there any more.
func TestTheContractMovesOnWhileItIsAskedAbout(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	h, p := opened(t, w, s, w.Begin(s, "lot-1"))
	p.submit()
	p.view.State = platformapi.StateVoid
	p.foot.draw()
	if p.foot.buttons[desk.ActionSubmit] != nil {
		t.Fatal("the button is still there")
	}
	h.Asked[0].Yes()
	h.Until("the reason", func() bool { return len(h.Told) > 0 })
}

// Enter pressed once too often must not ask anew about what is under way.
func TestWhatIsUnderWayIsNotAskedTwice(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	fields := work.View(t.Context()).Fields
	fields.TermDays = 180
	pagetest.Must(t, work.Type(fields))
	w.Seal(s, work)
	h, p := opened(t, w, s, work)
	pressed := p.foot.buttons[desk.ActionSubmit]
	p.submit()
	h.Asked[0].Yes()
	h.Until("the contract with the other side", func() bool {
		if !pressed.Disabled() {
			t.Fatalf("it can be submitted once more: %+v %v", p.view.Waiting, p.view.State)
		}
		return p.view.State == platformapi.StateAwaiting
	})
	h.Until("the receipt", func() bool { return len(h.Toasts) == 1 })
	h.Settle(200 * time.Millisecond)
}

// The foot leads to what is missing next, with the keyboard, and what a field was asked for is not asked for once it is there.
func TestTheWayToWhatIsMissing(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	h, p := opened(t, w, s, work)
	c := h.Window().Canvas()
	row := p.fields.rows[desk.FieldName]
	p.fields.name.SetText("")
	p.goTo(desk.FieldName)
	p.fields.hints()
	if row.Error() == "" {
		t.Error("the empty name is not asked for")
	}
	test.Type(c.Focused(), "合同")
	if row.Error() != "" {
		t.Errorf("a name stands there, and it says %q", row.Error())
	}
	p.goTo(desk.FieldFiling)
	if c.Focused() != fyne.Focusable(p.files.zone) {
		t.Errorf("the keyboard is at %T", c.Focused())
	}
	pagetest.Must(t, work.AttachFiling(t.Context(), w.Sample))
	p.reread()
	h.Until("the file", func() bool { return p.view.Filing.Stage() == desk.StageUploaded })
	if b, ok := c.Focused().(interface{ Text() string }); !ok || b.Text() != p.t("form.clean_and_seal") {
		t.Errorf("the keyboard is at %T once there is a file", c.Focused())
	}
	w.Clean(work, w.Sample)
	p.reread()
	h.Until("the clean copy", func() bool { return p.view.Filing.Stage() == desk.StageCleaned })
	p.goTo(desk.FieldSeal)
	if b, ok := c.Focused().(interface{ Text() string }); !ok || b.Text() != p.t("form.seal") {
		t.Errorf("the keyboard is at %T", c.Focused())
	}
}

// Who has sealed is shown what that means, which stands at the top, and told that it is not the end.
func TestASealIsNotTheEnd(t *testing.T) {
	w := pagetest.NewWorld(t)
	buyer, seller := w.Buyer(), w.Seller()
	work := w.Begin(buyer, "lot-1")
	h, p := opened(t, w, buyer, work)
	at := func() float32 { return fyne.CurrentApp().Driver().AbsolutePositionForObject(p.parts).Y }
	top := at()
	p.scroll.ToEnd()
	if at() >= top {
		t.Fatal("the page is not scrolled")
	}
	w.Seal(buyer, work)
	p.reread()
	h.Until("the seal", func() bool { return p.view.Filing.Sealed != nil })
	if at() < top {
		t.Error("what the seal means is out of sight")
	}

	theirs, err := seller.Open(t.Context(), w.Submitted(buyer, "lot-2").ID())
	pagetest.Must(t, err)
	h, p = opened(t, w, seller, theirs)
	if h.Says(p.t("form.sealed_agree")) {
		t.Error("told of a seal that is not there")
	}
	w.Seal(seller, theirs)
	p.reread()
	h.Until("what is left to do", func() bool { return h.Says(p.t("form.sealed_agree")) })
}
