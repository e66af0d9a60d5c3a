package platformtest

import (
	"bytes"
	"slices"
	"sync"
	"testing"

	"sealdesk/platformapi"
)

func clean(content []byte) platformapi.Upload {
	return upload(platformapi.KindFiling, platformapi.StageClean, "合同.pdf", content)
}

// push goes from nothing to a contract that the other side is to review, and returns the clean copy.
func (p *party) push() []byte {
	p.Helper()
	p.create()
	p.did(p.p.SaveFields(p.Context(), p.change(), goodFields))
	p.did(p.put(upload(platformapi.KindFiling, platformapi.StageUploaded, "合同.docx", DOCX("draft"))))
	file := PDF("contract to review")
	p.did(p.put(clean(file)))
	p.may(platformapi.MoveSubmit)
	p.did(p.p.Submit(p.Context(), p.change(), digest(file)))
	return file
}

// agreed goes to where both have agreed and none has sealed.
func (p *party) agreed(other *party) []byte {
	p.Helper()
	file := p.push()
	other.look(p.c.Summary.ID)
	other.did(other.p.Agree(p.Context(), other.change(), digest(file), "无异议"))
	p.look(p.c.Summary.ID)
	return file
}

func reviewThenSeal(t *testing.T, buyer, seller *party, _ Harness) {
	ctx := t.Context()
	buyer.create()
	if buyer.c.Summary.Order != platformapi.OrderReviewFirst || buyer.c.Lot.Order != platformapi.OrderReviewFirst {
		t.Errorf("order %q", buyer.c.Summary.Order)
	}
	if !slices.Contains(buyer.c.Missing, platformapi.MissingClean) || slices.Contains(buyer.c.Missing, platformapi.MissingSeal) {
		t.Errorf("missing %v", buyer.c.Missing)
	}
	buyer.refused(platformapi.CodeWrongState, second(buyer.put(sealed(buyer.seal(PDF("early"), Purchaser.USCC))))) // nobody agreed yet
	buyer.did(buyer.p.Delete(ctx, buyer.change()))
	file := buyer.push()
	id := buyer.c.Summary.ID
	buyer.in(platformapi.StateAwaiting, 1)
	buyer.may(platformapi.MoveWithdraw)
	c := seller.look(id)
	seller.may(platformapi.MoveAgree, platformapi.MoveRefuse)
	if len(c.Attachments) != 1 || c.Attachments[0].Stage != platformapi.StageClean || !c.Summary.MyTurn {
		t.Fatalf("the other side sees %+v", c.Attachments)
	}
	seller.refused(platformapi.CodeWrongState, second(seller.put(sealed(seller.seal(file, Supplier.USCC)))))
	seller.refused(platformapi.CodeFilingOther, second(seller.p.Agree(ctx, seller.change(), digest([]byte("x")), "")))
	seller.did(seller.p.Agree(ctx, seller.change(), digest(file), "无异议"))
	seller.in(platformapi.StateAgreed, 1)
	if !seller.c.Summary.ConcludedAt.IsZero() || seller.step() != platformapi.StepAttention || buyer.step() != platformapi.StepAttention {
		t.Error("both agreed, so both are to seal and nothing is concluded")
	}
	buyer.look(id)
	for _, p := range []*party{buyer, seller} {
		p.may(platformapi.MoveSeal, platformapi.MoveRefuse)
	}
	buyer.refused(platformapi.CodeWrongState, second(buyer.p.SaveFields(ctx, buyer.change(), goodFields)))
	first := seller.seal(file, Supplier.USCC) // whoever is first
	seller.did(seller.put(sealed(first)))
	seller.in(platformapi.StateHalfSealed, 1)
	seller.may(platformapi.MoveUnseal)
	seller.refused(platformapi.CodeWrongState, second(seller.put(sealed(first))))
	if seller.step() != platformapi.StepPending || buyer.step() != platformapi.StepAttention {
		t.Error("one sealed, so the other is to")
	}
	buyer.look(id)
	buyer.may(platformapi.MoveCountersign, platformapi.MoveRefuse)
	both := buyer.seal(first, Purchaser.USCC)
	receipt := buyer.did(buyer.put(sealed(both)))
	buyer.in(platformapi.StateConcluded, 1)
	if receipt.SHA256 != digest(both) || !buyer.c.Summary.ConcludedAt.Equal(receipt.At) {
		t.Errorf("receipt %+v, concluded at %s", receipt, buyer.c.Summary.ConcludedAt)
	}
	if buyer.step() != platformapi.StepDone || seller.step() != platformapi.StepDone {
		t.Error("a concluded contract is done for both")
	}
	seller.look(id)
	if got := join(steps(seller.c)); got != "create save attach attach submit view agree seal countersign " {
		t.Errorf("history: %s", got)
	}
	if err := platformapi.CheckHistory(id, seller.c.History); err != nil {
		t.Error(err)
	}
	for _, r := range seller.c.History {
		if r.HandledAt.Before(r.ReceivedAt) {
			t.Errorf("row %+v", r)
		}
	}
	for _, a := range seller.c.Attachments {
		if a.Stage == platformapi.StageSealed && a.Current != (a.SHA256 == digest(both)) || a.Void {
			t.Errorf("attachment %+v", a)
		}
	}
	buyer.publish(both)
}

func reviewRefused(t *testing.T, buyer, seller *party, _ Harness) {
	ctx := t.Context()
	file := buyer.push()
	id := buyer.c.Summary.ID
	seller.look(id)
	seller.did(seller.p.Refuse(ctx, seller.change(), "付款方式有误"))
	seller.in(platformapi.StateReturned, 1)
	buyer.look(id)
	// The same file may be sent again, as the next round.
	buyer.did(buyer.p.Submit(ctx, buyer.change(), digest(file)))
	buyer.in(platformapi.StateAwaiting, 2)
	buyer.did(buyer.p.Withdraw(ctx, buyer.change()))
	buyer.in(platformapi.StateDraft, 2)
	// Another document makes the copy that was made of the last one worthless.
	buyer.did(buyer.put(upload(platformapi.KindFiling, platformapi.StageUploaded, "合同.docx", DOCX("second"))))
	buyer.refused(platformapi.CodeFilingMissing, second(buyer.p.Submit(ctx, buyer.change(), digest(file))))
	again := PDF("second version")
	buyer.did(buyer.put(clean(again)))
	buyer.did(buyer.p.Submit(ctx, buyer.change(), digest(again)))
	seller.look(id)
	seller.did(seller.p.Agree(ctx, seller.change(), digest(again), ""))
	first := seller.seal(again, Supplier.USCC)
	seller.did(seller.put(sealed(first)))
	// Who has not sealed may still refuse: the seal is void then, and everybody sees it.
	buyer.look(id)
	buyer.did(buyer.p.Refuse(ctx, buyer.change(), "预算调整"))
	buyer.in(platformapi.StateReturned, 2)
	for _, p := range []*party{buyer, seller} {
		p.look(id)
		i := slices.IndexFunc(p.c.Attachments, func(a platformapi.Attachment) bool { return a.SHA256 == digest(first) })
		if i < 0 || !p.c.Attachments[i].Void || p.c.Attachments[i].Current {
			t.Errorf("%s sees the seal as %+v", p.org.Name, p.c.Attachments)
		}
	}
	buyer.refused(platformapi.CodeWrongState, second(buyer.put(sealed(buyer.seal(first, Purchaser.USCC)))))
	buyer.did(buyer.p.Submit(ctx, buyer.change(), digest(again)))
	seller.look(id)
	seller.did(seller.p.Agree(ctx, seller.change(), digest(again), ""))
	// The seal of the last round does not come back by itself, and nothing is concluded by it.
	seller.in(platformapi.StateAgreed, 3)
	buyer.look(id)
	buyer.did(buyer.put(sealed(buyer.seal(again, Purchaser.USCC))))
	buyer.in(platformapi.StateHalfSealed, 3)
}

// exactlyOne says that of two moves at the same moment one was made and the other was too late.
func exactlyOne(p *party, err1, err2 error) {
	p.Helper()
	if (err1 == nil) == (err2 == nil) {
		p.Fatalf("%v and %v; want exactly one to win", err1, err2)
	}
	loser := err1
	if loser == nil {
		loser = err2
	}
	if e := p.refused(platformapi.CodeVersionStale, loser); e.State == "" || e.Version == 0 {
		p.Errorf("the loser is not told how it stands: %+v", e)
	}
}

func reviewRace(t *testing.T, buyer, seller *party, _ Harness) {
	file := buyer.push()
	seller.look(buyer.c.Summary.ID)
	var wg sync.WaitGroup
	var err1, err2 error
	wg.Go(func() { err1 = second(buyer.p.Withdraw(t.Context(), buyer.change())) })
	wg.Go(func() { err2 = second(seller.p.Agree(t.Context(), seller.change(), digest(file), "")) })
	wg.Wait()
	exactlyOne(buyer, err1, err2)
}

func sealRace(t *testing.T, buyer, seller *party, _ Harness) {
	file := buyer.agreed(seller)
	var wg sync.WaitGroup
	var err1, err2 error
	wg.Go(func() { err1 = second(buyer.put(sealed(buyer.seal(file, Purchaser.USCC)))) })
	wg.Go(func() { err2 = second(seller.put(sealed(seller.seal(file, Supplier.USCC)))) })
	wg.Wait()
	exactlyOne(buyer, err1, err2)
	buyer.look(buyer.c.Summary.ID)
	buyer.in(platformapi.StateHalfSealed, 1)
}

func refuseRace(t *testing.T, buyer, seller *party, _ Harness) {
	file := buyer.agreed(seller)
	first := buyer.seal(file, Purchaser.USCC)
	buyer.did(buyer.put(sealed(first)))
	seller.look(buyer.c.Summary.ID)
	u := buyer.c.Attachments[len(buyer.c.Attachments)-1]
	var wg sync.WaitGroup
	var err1, err2 error
	wg.Go(func() { err1 = second(buyer.p.RemoveAttachment(t.Context(), buyer.change(), u.ID)) })
	wg.Go(func() { err2 = second(seller.put(sealed(seller.seal(first, Supplier.USCC)))) })
	wg.Wait()
	exactlyOne(buyer, err1, err2)
}

func reviewSeals(t *testing.T, buyer, seller *party, _ Harness) {
	buyer.create()
	buyer.did(buyer.p.SaveFields(t.Context(), buyer.change(), goodFields))
	file := PDF("contract to review")
	buyer.refused(platformapi.CodeCleanSealed, second(buyer.put(clean(buyer.seal(file, Purchaser.USCC)))))
	buyer.refused(platformapi.CodeFilingFormat, second(buyer.put(upload(platformapi.KindFiling, platformapi.StageClean, "合同.docx", DOCX("x")))))
	buyer.refused(platformapi.CodeBadRequest, second(buyer.put(upload(platformapi.KindInvoice, platformapi.StageClean, "发票.pdf", file))))
	buyer.did(buyer.put(clean(file)))
	buyer.did(buyer.p.Submit(t.Context(), buyer.change(), digest(file)))
	seller.look(buyer.c.Summary.ID)
	seller.did(seller.p.Agree(t.Context(), seller.change(), digest(file), ""))
	buyer.look(buyer.c.Summary.ID)
	first := buyer.seal(file, Purchaser.USCC)
	for i, x := range []struct {
		code string
		file []byte
	}{
		{platformapi.CodeFilingChanged, file},
		{platformapi.CodeFilingChanged, buyer.seal(PDF("another contract than the one both agreed to"), Purchaser.USCC)},
		{platformapi.CodeSealMissing, append(bytes.Clone(file), "% more"...)},
		{platformapi.CodeSealWrongParty, buyer.seal(file, Supplier.USCC)},
		{platformapi.CodeSealWrongParty, buyer.seal(first, Supplier.USCC)}, // nobody brings the other's seal
		{platformapi.CodeSealNotWhole, append(bytes.Clone(first), "% more"...)},
		{platformapi.CodeSealInvalid, bytes.Replace(buyer.seal(append(bytes.Clone(file), "% a"...), Purchaser.USCC), []byte("% a"), []byte("% b"), 1)},
	} {
		if _, err := buyer.put(sealed(x.file)); !platformapi.IsCode(err, x.code) {
			t.Errorf("file %d: got %v, want %s", i, err, x.code)
		}
	}
	buyer.did(buyer.put(sealed(first)))
	seller.look(buyer.c.Summary.ID)
	for i, x := range []struct {
		code string
		file []byte
	}{
		{platformapi.CodeFilingChanged, seller.seal(file, Supplier.USCC)}, // on the clean copy, without the first seal
		{platformapi.CodeFilingChanged, first},
		{platformapi.CodeSealWrongParty, seller.seal(first, Purchaser.USCC)},
		{platformapi.CodeSealUntrusted, seller.seal(first, "UNTRUSTED000000001")},
	} {
		if _, err := seller.put(sealed(x.file)); !platformapi.IsCode(err, x.code) {
			t.Errorf("second file %d: got %v, want %s", i, err, x.code)
		}
	}
	seller.did(seller.put(sealed(seller.seal(first, Supplier.USCC))))
	seller.in(platformapi.StateConcluded, 1)
}

func unseal(t *testing.T, buyer, seller *party, _ Harness) {
	ctx := t.Context()
	file := buyer.agreed(seller)
	u := sealed(buyer.seal(file, Purchaser.USCC))
	buyer.did(buyer.put(u))
	buyer.refused(platformapi.CodeWrongState, second(buyer.p.Refuse(ctx, buyer.change(), "反悔")))
	seller.look(buyer.c.Summary.ID)
	seller.refused(platformapi.CodeAttachmentLocked, second(seller.p.RemoveAttachment(ctx, seller.change(), u.ID)))
	buyer.did(buyer.p.RemoveAttachment(ctx, buyer.change(), u.ID))
	buyer.in(platformapi.StateAgreed, 1)
	last := buyer.c.Attachments[len(buyer.c.Attachments)-1]
	if !last.Void || last.Current {
		t.Errorf("the seal that was taken off: %+v", last)
	}
	seller.look(buyer.c.Summary.ID)
	seller.did(seller.put(sealed(seller.seal(file, Supplier.USCC))))
	seller.in(platformapi.StateHalfSealed, 1)
}
