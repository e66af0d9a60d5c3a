package desk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/signer/verify"
	"sealdesk/token/ca"
)

// blocked fails unless an action is blocked, with a sentence.
func blocked(t *testing.T, work *Work, actions ...Action) {
	t.Helper()
	v := work.View(t.Context())
	for _, a := range actions {
		if why, ok := v.Why(a); ok || why.What == "" || strings.HasPrefix(why.What, "why.") {
			t.Errorf("%s of a contract that is %s: possible %t, %q", a, v.State, ok, why.What)
		}
	}
}

// allowed fails unless actions can be done.
func allowed(t *testing.T, work *Work, actions ...Action) {
	t.Helper()
	v := work.View(t.Context())
	for _, a := range actions {
		if why, ok := v.Why(a); !ok {
			t.Errorf("%s of a contract that is %s cannot be done: %s", a, v.State, why.What)
		}
	}
}

// state fails unless a contract is in a state, as this party is told when it asks.
func state(t *testing.T, work *Work, want platformapi.ContractState) View {
	t.Helper()
	must(t, work.Refresh(t.Context()))
	v := work.View(t.Context())
	if v.State != want {
		t.Fatalf("the contract is %s, want %s", v.State, want)
	}
	return v
}

// Whoever starts, both seals are on the file in the end, both hold the same bytes, and the purchaser publishes it.
func TestEitherPartyStartsAndBothSealOneFile(t *testing.T) {
	for _, c := range []struct {
		name           string
		starter, other ca.Subject
	}{{"the purchaser starts", buyer, seller}, {"the supplier starts", seller, buyer}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			first, second := w.at(c.starter), w.at(c.other)
			work := w.begin(first, "lot-1")
			allowed(t, work, ActionEdit, ActionSave, ActionDelete)
			blocked(t, work, ActionClean, ActionSeal, ActionSubmit, ActionAgree, ActionRefuse, ActionWithdraw, ActionPublish)
			must(t, work.AttachFiling(t.Context(), w.file))
			blocked(t, work, ActionSeal, ActionSubmit)
			w.clean(work)
			allowed(t, work, ActionSeal)
			blocked(t, work, ActionSubmit)
			w.seal(work)
			allowed(t, work, ActionSubmit)
			receipt := w.deliver(work.Submit(t.Context()))
			if receipt.Number == "" || receipt.ContractID != work.ID() {
				t.Errorf("receipt %+v", receipt)
			}
			state(t, work, platformapi.StateAwaiting)
			blocked(t, work, ActionEdit, ActionSeal, ActionSubmit, ActionAgree)
			allowed(t, work, ActionWithdraw)

			theirs := w.open(second, work.ID())
			v := theirs.View(t.Context())
			if v.Starter || v.Verdict == nil || v.Verdict.Verdict != verify.Valid || len(v.Verdict.Signatures) != 1 {
				t.Fatalf("what was received: %+v", v.Verdict)
			}
			if v.Verdict.Signatures[0].Signer != c.starter.Name {
				t.Errorf("sealed by %s", v.Verdict.Signatures[0].Signer)
			}
			if !slices.Equal(v.Missing, []Field{FieldSeal}) {
				t.Errorf("missing: %v", v.Missing)
			}
			allowed(t, theirs, ActionSeal, ActionRefuse)
			blocked(t, theirs, ActionEdit, ActionSave, ActionClean, ActionSubmit, ActionAgree, ActionWithdraw, ActionDelete, ActionPublish)
			w.seal(theirs)
			allowed(t, theirs, ActionAgree, ActionRefuse)
			w.deliver(theirs.Agree(t.Context(), "同意"))

			ended, final := state(t, work, platformapi.StateConcluded), state(t, theirs, platformapi.StateConcluded)
			if ended.Received == nil || final.Received == nil || ended.Received.SHA256 != final.Received.SHA256 {
				t.Fatal("the two do not hold the same file")
			}
			if ended.Verdict.Verdict != verify.Valid || len(ended.Verdict.Signatures) != 2 {
				t.Errorf("the final file: %s, %d signatures", ended.Verdict.Verdict, len(ended.Verdict.Signatures))
			}
			if !strings.HasPrefix(string(kept(t, work, ended.Received)), string(kept(t, theirs, v.Received))) {
				t.Error("the final file does not continue what was submitted")
			}
			purchaser, supplier := work, theirs
			if c.starter == seller {
				purchaser, supplier = theirs, work
			}
			blocked(t, supplier, ActionPublish)
			allowed(t, purchaser, ActionPublish)
			_, err := purchaser.Publish(t.Context())
			w.told(err, "desk.no_public_copy")
			made, err := purchaser.MakePublic(t.Context(), PublicRequest{}, nil)
			must(t, err)
			w.deliver(purchaser.Publish(t.Context()))
			if p := state(t, purchaser, platformapi.StateConcluded).Published; p.SHA256 != made.File.SHA256 || p.OriginalSHA256 != final.Received.SHA256 {
				t.Errorf("published %+v", p)
			}
			if state(t, supplier, platformapi.StateConcluded).Published == nil {
				t.Error("the other side does not see that it was published")
			}
			blocked(t, purchaser, ActionPublish, ActionEdit, ActionSeal, ActionWithdraw, ActionDelete)
		})
	}
}

// Refused with an opinion, the seals are void; corrected, it is sealed anew and goes its way.
func TestRefusedCorrectedAndSealedAgain(t *testing.T) {
	w := newWorld(t)
	first, second := w.at(buyer), w.at(seller)
	work := w.submitted(first, "lot-1")
	sealed := *work.View(t.Context()).Filing.Sealed
	theirs := w.open(second, work.ID())
	for _, c := range []struct{ opinion, code string }{
		{" \n ", "desk.opinion_required"}, {strings.Repeat("长", 501), "desk.text_too_long"}, {"看不见\u202e的", "desk.text_not_plain"},
	} {
		_, err := theirs.Refuse(t.Context(), c.opinion)
		w.told(err, c.code)
	}
	w.seal(theirs) // even sealed by both, it can be refused
	w.deliver(theirs.Refuse(t.Context(), "付款方式与采购文件不一致"))

	v := state(t, work, platformapi.StateReturned)
	if opinion, ours := v.Refusal(); opinion != "付款方式与采购文件不一致" || ours {
		t.Errorf("the opinion: %q, ours: %t", opinion, ours)
	}
	if v.Filing.Sealed != nil || v.Filing.Stage() != StageCleaned {
		t.Error("the seal counts still")
	}
	if theirs.View(t.Context()).Filing.Sealed != nil {
		t.Error("the other side's seal counts still")
	}
	if !slices.Equal(v.Missing, []Field{FieldSeal}) {
		t.Errorf("missing: %v", v.Missing)
	}
	if void := named(t, work, "void-"+sealed.Path); len(void) != 1 {
		t.Errorf("the void file: %v", void)
	}
	blocked(t, theirs, ActionSeal, ActionAgree, ActionRefuse)

	fields := v.Fields
	fields.TermDays = 365
	must(t, work.Type(fields))
	w.seal(work)
	w.deliver(work.Submit(t.Context()))
	v = state(t, theirs, platformapi.StateAwaiting)
	if v.Round != 2 || v.Fields.TermDays != 365 || v.Received == nil || v.Received.SHA256 == sealed.SHA256 {
		t.Errorf("round %d, %d days, %+v", v.Round, v.Fields.TermDays, v.Received)
	}
	if v.Filing.Sealed != nil {
		t.Error("the old seal is taken for one on the new file")
	}
	w.seal(theirs)
	w.deliver(theirs.Agree(t.Context(), ""))
	state(t, work, platformapi.StateConcluded)
}

// Taken back before the other side sealed it, it can be changed and submitted again.
func TestWithdrawn(t *testing.T) {
	w := newWorld(t)
	first, second := w.at(buyer), w.at(seller)
	work := w.submitted(first, "lot-1")
	theirs := w.open(second, work.ID())
	w.deliver(work.Withdraw(t.Context()))
	v := work.View(t.Context())
	if !drafting(v.State) {
		t.Fatalf("withdrawn it is %s", v.State)
	}
	must(t, theirs.Refresh(t.Context()))
	blocked(t, theirs, ActionSeal, ActionAgree, ActionRefuse)
	allowed(t, work, ActionEdit)
	blocked(t, work, ActionWithdraw)
	if v.Filing.Sealed == nil {
		w.seal(work)
	}
	w.deliver(work.Submit(t.Context()))
	v = state(t, theirs, platformapi.StateAwaiting)
	allowed(t, theirs, ActionSeal)
	w.seal(theirs)
	w.deliver(theirs.Agree(t.Context(), ""))
	state(t, work, platformapi.StateConcluded)
	blocked(t, work, ActionWithdraw)
}

// What one side sends while the other looks at an older state is refused by the platform, and told.
func TestTheOtherSideWasFaster(t *testing.T) {
	w := newWorld(t)
	work := w.submitted(w.at(buyer), "lot-1")
	theirs := w.open(w.at(seller), work.ID())
	w.seal(theirs)
	w.deliver(work.Withdraw(t.Context()))
	sent, err := theirs.Agree(t.Context(), "")
	must(t, err)
	_, err = sent.Wait(t.Context())
	if p := w.words.Problem(err); err == nil || p.Code == "internal" || p.Do == "" {
		t.Fatalf("told as %+v (%v)", p, err)
	}
	must(t, theirs.Refresh(t.Context()))
	if v := theirs.View(t.Context()); v.Filing.Sealed != nil || v.State == platformapi.StateConcluded {
		t.Errorf("%s, sealed %+v", v.State, v.Filing.Sealed)
	}
	// Its starter goes on, and in the end both agree.
	if work.View(t.Context()).Filing.Sealed == nil {
		w.seal(work)
	}
	w.deliver(work.Submit(t.Context()))
	state(t, theirs, platformapi.StateAwaiting)
	w.seal(theirs)
	w.deliver(theirs.Agree(t.Context(), ""))
	state(t, work, platformapi.StateConcluded)
}

// A contract is given up: one that was never sent is set aside on this machine with its files, another one on the platform.
func TestDeleted(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	draft := w.begin(s, "lot-1")
	must(t, draft.AttachFiling(t.Context(), w.file))
	_, err := draft.Delete(t.Context())
	must(t, err)
	if drafts, err := s.Drafts(t.Context()); err != nil || len(drafts) != 0 {
		t.Errorf("%d drafts, %v", len(drafts), err)
	}
	if aside := w.glob(s.dir, "deleted", "*", "original-*"); len(aside) != 1 {
		t.Errorf("set aside: %v", aside)
	}
	saved := w.begin(s, "lot-2")
	w.deliver(saved.Save(t.Context()))
	w.deliver(saved.Delete(t.Context()))
	if l := w.lot(s, "lot-2"); l.Block != "" {
		t.Errorf("a new contract cannot be begun for its lot: %s", l.Block)
	}
	submitted := w.submitted(s, "lot-3")
	_, err = submitted.Delete(t.Context())
	w.told(err, "desk.not_allowed")
}

// A lot that is taken, or whose award was not sent, has no new contract.
func TestALotThatIsNotFreeIsSaid(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	_, err := s.NewWork(t.Context(), w.lot(s, "lot-not-awarded"))
	w.told(err, "desk.lot_blocked")
	w.submitted(s, "lot-1")
	other := w.at(seller)
	_, err = other.NewWork(t.Context(), w.lot(other, "lot-1"))
	w.told(err, "desk.lot_blocked")
	// Begun here twice, it is one contract.
	one, again := w.begin(s, "lot-2"), w.begin(s, "lot-2")
	if one != again {
		t.Error("two contracts for one lot")
	}
}

// A term that was not over when the platform told of it is shown as over once it is.
func TestATermThatPassedIsOver(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	w.deliver(work.Save(t.Context()))
	state := func(due time.Time, told platformapi.DeadlineState) platformapi.DeadlineState {
		work.mu.Lock()
		work.d.Known.Summary.Deadlines = []platformapi.Deadline{{Kind: platformapi.DeadlineSign, DueAt: due, State: told}}
		work.mu.Unlock()
		return work.View(t.Context()).Deadlines[0].State
	}
	for _, c := range []struct {
		due        time.Time
		told, want platformapi.DeadlineState
	}{
		{time.Now().Add(time.Hour), platformapi.DeadlineSoon, platformapi.DeadlineSoon},
		{time.Now().Add(-time.Second), platformapi.DeadlineOK, platformapi.DeadlineOver},
		{time.Now().Add(-time.Hour), platformapi.DeadlineDone, platformapi.DeadlineDone},
	} {
		if got := state(c.due, c.told); got != c.want {
			t.Errorf("due %s, told %s: %s", c.due, c.told, got)
		}
	}
}
