package desk

import (
	"bytes"
	"slices"
	"testing"

	"sealdesk/platformapi"
	"sealdesk/signer/publiccopy"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk/words"
)

// pushed is a contract that was pushed for review.
func (w *world) pushed(s *Session, lot string) *Work {
	w.t.Helper()
	work := w.begin(s, lot)
	w.clean(work)
	w.deliver(work.Submit(w.t.Context()))
	return work
}

// Both agree to the clean copy and then seal that very file, whoever is first; the second seal concludes the contract.
func TestBothAgreeAndThenBothSeal(t *testing.T) {
	w := newWorldOfReview(t)
	first, second := w.at(buyer), w.at(seller)
	work := w.begin(first, "lot-1")
	if v := work.View(t.Context()); !v.ReviewFirst || slices.Contains(v.Missing, FieldSeal) {
		t.Errorf("missing %v", v.Missing)
	}
	w.clean(work)
	blocked(t, work, ActionSeal) // nobody agreed to it yet
	allowed(t, work, ActionSubmit)
	w.deliver(work.Submit(t.Context()))
	state(t, work, platformapi.StateAwaiting)
	clean := work.View(t.Context()).Filing.Clean.SHA256

	theirs := w.open(second, work.ID())
	v := theirs.View(t.Context())
	if v.Received == nil || v.Received.SHA256 != clean || v.Verdict.Verdict != verify.Unsigned {
		t.Fatalf("what was received: %+v, %+v", v.Received, v.Verdict)
	}
	blocked(t, theirs, ActionSeal, ActionSubmit, ActionWithdraw)
	allowed(t, theirs, ActionAgree, ActionRefuse)
	w.deliver(theirs.Agree(t.Context(), "无异议"))
	state(t, theirs, platformapi.StateAgreed)
	state(t, work, platformapi.StateAgreed)
	for _, x := range []*Work{work, theirs} {
		allowed(t, x, ActionSeal, ActionRefuse)
		blocked(t, x, ActionSubmit, ActionEdit, ActionAgree, ActionWithdraw, ActionUnseal)
	}

	w.seal(theirs)
	allowed(t, theirs, ActionSubmit)
	w.deliver(theirs.Submit(t.Context()))
	state(t, theirs, platformapi.StateHalfSealed)
	blocked(t, theirs, ActionSeal, ActionSubmit, ActionRefuse)
	known, bare := theirs.d.Known, *theirs.d.Known
	bare.Attachments, theirs.d.Known = nil, &bare // a platform that lets it be taken off and tells of no file
	_, unfounded := theirs.Unseal(t.Context())
	w.told(unfounded, "desk.not_allowed")
	theirs.d.Known = known
	w.deliver(theirs.Unseal(t.Context())) // it comes off again
	state(t, theirs, platformapi.StateAgreed)
	if theirs.View(t.Context()).Filing.Sealed != nil {
		t.Error("the seal that was taken off counts still")
	}
	w.seal(theirs)
	w.deliver(theirs.Submit(t.Context()))

	// What was sealed here before the other side's seal came is on the wrong file, and goes.
	v = state(t, work, platformapi.StateHalfSealed)
	if v.OurSeal || v.Verdict == nil || v.Verdict.Verdict != verify.Valid || !slices.Equal(v.Missing, []Field{FieldSeal}) {
		t.Fatalf("half sealed: %+v, missing %v", v.Verdict, v.Missing)
	}
	half := kept(t, work, v.Received)
	w.seal(work)
	w.deliver(work.Submit(t.Context()))
	ended, final := state(t, work, platformapi.StateConcluded), state(t, theirs, platformapi.StateConcluded)
	if ended.Received == nil || final.Received == nil || ended.Received.SHA256 != final.Received.SHA256 || len(ended.Verdict.Signatures) != 2 {
		t.Fatal("the two do not hold the same file with both seals")
	}
	if got := kept(t, work, ended.Received); !bytes.HasPrefix(got, half) {
		t.Error("the final file does not continue the first side's")
	}
	allowed(t, work, ActionPublish, ActionFile, ActionAmend)
}

// Who sealed at the same moment as the other side seals again, on the other's file; the first seal is void.
func TestASealThatCameTooLateIsDropped(t *testing.T) {
	w := newWorldOfReview(t)
	first, second := w.at(buyer), w.at(seller)
	work := w.pushed(first, "lot-1")
	theirs := w.open(second, work.ID())
	w.deliver(theirs.Agree(t.Context(), ""))
	state(t, work, platformapi.StateAgreed)
	w.seal(work)
	w.seal(theirs)
	w.deliver(theirs.Submit(t.Context()))
	sent, err := work.Submit(t.Context())
	must(t, err)
	_, err = sent.Wait(t.Context())
	w.told(err, platformapi.CodeVersionStale)
	v := state(t, work, platformapi.StateHalfSealed)
	if v.Filing.Sealed != nil {
		t.Error("a seal on the file without the other side's counts still")
	}
	w.seal(work)
	w.deliver(work.Submit(t.Context()))
	state(t, work, platformapi.StateConcluded)
}

// The copy for the public hides what was asked for, and a copy of an earlier file is not published.
func TestTheCopyForThePublic(t *testing.T) {
	w := newWorld(t)
	first, second := w.at(buyer), w.at(seller)
	work := w.submitted(first, "lot-1")
	theirs := w.open(second, work.ID())
	_, err := work.MakePublic(t.Context(), PublicRequest{}, nil)
	w.told(err, "desk.not_allowed")
	w.seal(theirs)
	w.deliver(theirs.Agree(t.Context(), ""))
	state(t, work, platformapi.StateConcluded)
	for _, c := range []struct {
		r    PublicRequest
		code string
	}{
		{PublicRequest{Words: []publiccopy.Words{{Text: "专有配方"}}}, "desk.hide_reason"},
		{PublicRequest{Words: []publiccopy.Words{{Text: "专", Reason: "x"}}}, "desk.hide_words"},
		{PublicRequest{Pages: []publiccopy.Page{{Number: 9, Reason: "x"}}}, "desk.hide_page"},
	} {
		_, err := work.MakePublic(t.Context(), c.r, nil)
		w.told(err, c.code)
	}
	made, err := work.MakePublic(t.Context(), PublicRequest{Pages: []publiccopy.Page{{Number: 2, What: publiccopy.TradeSecret, Reason: "报价明细"}}}, nil)
	must(t, err)
	v := work.View(t.Context())
	if v.Public == nil || v.Public.Report.Original != v.Received.SHA256 || v.Unsaved {
		t.Fatalf("the copy: %+v", v.Public)
	}
	shown, err := work.Show(t.Context(), made.File)
	must(t, err)
	if shown.Document.Pages() != 2 || len(shown.Verdict.Signatures) != 0 {
		t.Errorf("the copy has %d pages and %d signatures", shown.Document.Pages(), len(shown.Verdict.Signatures))
	}
	must(t, shown.Close())
	w.deliver(work.Publish(t.Context()))
	v = state(t, work, platformapi.StateConcluded)
	if p := v.Published; p == nil || len(p.Hidden) != 1 || p.Hidden[0].Reason != "报价明细" || p.SHA256 != made.File.SHA256 {
		t.Errorf("published: %+v", v.Published)
	}
	blocked(t, work, ActionPublish)

	_, err = work.File(t.Context(), " ", "2026-01-01")
	w.told(err, "desk.filing_wrong")
	now, err := first.platform.Now(t.Context())
	must(t, err)
	w.deliver(work.File(t.Context(), "备案-1", now.In(words.Zone).Format("2006-01-02")))
	if v := state(t, theirs, platformapi.StateConcluded); v.Filed == nil || v.Filed.Number != "备案-1" {
		t.Errorf("filed: %+v", v.Filed)
	}
	blocked(t, work, ActionFile)
}

// A supplement is a contract of its own on the concluded one, which stays as it is.
func TestASupplementGoesTheSameWay(t *testing.T) {
	w := newWorld(t)
	first, second := w.at(buyer), w.at(seller)
	work := w.submitted(first, "lot-1")
	_, err := first.NewAmendment(t.Context(), work.View(t.Context()), platformapi.ContractSupplement)
	w.told(err, "desk.not_allowed")
	theirs := w.open(second, work.ID())
	w.seal(theirs)
	w.deliver(theirs.Agree(t.Context(), ""))
	parent := state(t, work, platformapi.StateConcluded)

	later, err := first.NewAmendment(t.Context(), parent, platformapi.ContractSupplement)
	must(t, err)
	again, err := first.NewAmendment(t.Context(), parent, platformapi.ContractSupplement)
	if must(t, err); again != later {
		t.Error("a supplement that was begun is begun anew")
	}
	if v := later.View(t.Context()); !slices.Equal(v.Missing, []Field{FieldAmount, FieldGround, FieldFiling}) || v.Parent != work.ID() {
		t.Errorf("missing %v", v.Missing)
	}
	fields := later.View(t.Context()).Fields
	fields.AmountFen, fields.Ground = 100, "追加同一标的"
	must(t, later.Type(fields))
	w.clean(later)
	w.seal(later)
	w.deliver(later.Submit(t.Context()))
	must(t, work.Refresh(t.Context()))
	blocked(t, work, ActionAmend)
	other := w.open(second, later.ID())
	if v := other.View(t.Context()); v.Kind != platformapi.ContractSupplement || v.Fields.Ground != "追加同一标的" {
		t.Errorf("the other side sees %+v", v.Fields)
	}
	w.seal(other)
	w.deliver(other.Agree(t.Context(), ""))
	must(t, work.Refresh(t.Context()))
	v := state(t, work, platformapi.StateConcluded)
	if len(v.Amendments) != 1 || v.Amendments[0].State != platformapi.StateConcluded || v.Received.SHA256 != parent.Received.SHA256 {
		t.Errorf("amendments %+v", v.Amendments)
	}
	allowed(t, work, ActionAmend)
}
