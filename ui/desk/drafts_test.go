package desk

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox/vault"
)

// Everything that was typed, attached, cleaned, noted and sealed is there after the desk was closed.
func TestWhatWasTypedIsThereAfterTheDeskWasClosed(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	typed := platformapi.ContractFields{
		Number: "云财〔2026〕18号", Name: "设备采购合同\r\n（第二版）", AmountFen: 320_000_000, AmountReason: "扣除备品备件", TermDays: 90,
		SignedOn: "2026-11-25",
	}
	must(t, work.Type(typed))
	must(t, work.AttachInvoice(t.Context(), w.file))
	w.clean(work)
	filing := work.View(t.Context()).Filing
	must(t, work.SetNote(filing.Original.Attachment, "定稿"))
	w.seal(work)
	before := work.View(t.Context())

	s = w.restart(s, buyer)
	drafts, err := s.Drafts(t.Context())
	must(t, err)
	if len(drafts) != 1 || drafts[0].ID() != work.ID() {
		t.Fatalf("%d drafts", len(drafts))
	}
	after := drafts[0].View(t.Context())
	typed.Name = "设备采购合同\n（第二版）"
	if after.Fields != typed {
		t.Errorf("typed %+v, found %+v", typed, after.Fields)
	}
	if after.Filing.Original.Note != "定稿" || after.Filing.Stage() != StageSealed || len(after.Invoices) != 1 {
		t.Errorf("the files: %+v, %+v", after.Filing, after.Invoices)
	}
	// A list among a notice's parameters is one of anything when it comes back from the file.
	kept, back := jsonOf(t, before.Filing), jsonOf(t, after.Filing)
	if kept != back || !slices.Equal(after.Invoices, before.Invoices) {
		t.Errorf("the files are others:\n%s\n%s", kept, back)
	}
	if !after.Unsaved {
		t.Error("it counts as sent")
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	must(t, err)
	return string(data)
}

// plainDraft is the text of a draft, which lies there closed.
func plainDraft(t *testing.T, v *vault.Vault, path string) string {
	t.Helper()
	text, err := v.Open(draftContext(filepath.Dir(path)), content(t, path))
	must(t, err)
	return string(text)
}

// What was typed lies there closed; a draft in the plain, of a program before this one, goes on, and is closed then.
func TestDraftsAreClosed(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	fields := work.View(t.Context()).Fields
	fields.Number = "HT-CLOSED"
	must(t, work.Type(fields))
	path := filepath.Join(work.dir, draftFile)
	if strings.Contains(string(content(t, path)), "HT-CLOSED") {
		t.Error("it lies there in the plain")
	}
	plain := plainDraft(t, s.vault, path)
	w.shut(s)
	must(t, os.WriteFile(path, []byte(plain), 0o600))
	s = w.at(buyer)
	work = w.open(s, work.ID())
	if got := work.View(t.Context()).Fields.Number; got != "HT-CLOSED" {
		t.Errorf("the number is %q", got)
	}
	fields.TermDays++
	must(t, work.Type(fields))
	if strings.Contains(string(content(t, path)), "HT-CLOSED") {
		t.Error("it lies there in the plain still")
	}
}

// A damaged draft is told, the others are listed, and nobody is kept from opening what the platform knows.
func TestADamagedDraftIsToldAndTheOthersAreListed(t *testing.T) {
	damages := []struct {
		name string
		do   func(t *testing.T, v *vault.Vault, path string)
	}{
		{"half written", func(t *testing.T, _ *vault.Vault, path string) { must(t, os.Truncate(path, 100)) }},
		{"empty", func(t *testing.T, _ *vault.Vault, path string) { must(t, os.Truncate(path, 0)) }},
		{"another contract's", func(t *testing.T, v *vault.Vault, path string) {
			text := strings.Replace(plainDraft(t, v, path), `"contract":"`, `"contract":"x`, 1)
			must(t, os.WriteFile(path, []byte(text), 0o600))
		}},
		{"names a file outside", func(t *testing.T, v *vault.Vault, path string) {
			text := strings.Replace(plainDraft(t, v, path), `"path":"original-`, `"path":"../original-`, 1)
			must(t, os.WriteFile(path, []byte(text), 0o600))
		}},
	}
	for _, c := range damages {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			s := w.at(buyer)
			good, bad := w.begin(s, "lot-1"), w.begin(s, "lot-2")
			must(t, bad.AttachFiling(t.Context(), w.file))
			dir := bad.dir
			w.shut(s)
			c.do(t, s.vault, filepath.Join(dir, draftFile))
			same := untouched(t, dir)

			s = w.at(buyer)
			drafts, err := s.Drafts(t.Context())
			w.told(err, "desk.draft_damaged")
			if len(drafts) != 1 || drafts[0].ID() != good.ID() {
				t.Errorf("%d drafts are listed", len(drafts))
			}
			_, err = s.Open(t.Context(), bad.ID())
			w.told(err, "desk.draft_damaged")
			same()
			if w.begin(s, "lot-2").ID() == bad.ID() {
				t.Error("the damaged draft goes on")
			}
		})
	}
}

// What the platform knows is opened from there; the damaged file is set aside, for who can mend it.
func TestADamagedDraftOfASavedContractIsOpenedFromThePlatform(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.deliver(work.Save(t.Context()))
	w.shut(s)
	must(t, os.WriteFile(filepath.Join(work.dir, draftFile), []byte("{"), 0o600))
	s = w.at(buyer)
	if v := w.open(s, work.ID()).View(t.Context()); v.Fields.TermDays != 180 || v.Unsaved {
		t.Errorf("%+v", v.Fields)
	}
	if aside := named(t, work, draftFile+".damaged-"); len(aside) != 1 || string(content(t, aside[0])) != "{" {
		t.Errorf("set aside: %v", aside)
	}
}

// What is closed begins with a byte at random, which may be the one that a draft in the plain begins with.
func TestAClosedDraftMayBeginAsAPlainOne(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	v, dir := s.vault, t.TempDir()
	var sealed []byte
	for !bytes.HasPrefix(sealed, []byte("{")) {
		sealed = v.Seal(draftContext(dir), []byte(`{"contract":"c"}`))
	}
	var got struct{ Contract string }
	if err := unseal(v, draftContext(dir), sealed, &got); err != nil || got.Contract != "c" {
		t.Errorf("closed: %+v, %v", got, err)
	}
	if err := unseal(v, draftContext(dir), []byte(`{"contract":"d"}`), &got); err != nil || got.Contract != "d" {
		t.Errorf("in the plain: %+v, %v", got, err)
	}
	if err := unseal(v, draftContext(dir+"x"), sealed, &got); err == nil {
		t.Error("another folder's draft is read")
	}
}

// Two pages that open one contract have the same Work, so that neither writes over the other's draft.
func TestASecondOpenGivesTheSameWork(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.deliver(work.Save(t.Context()))
	id := work.ID()
	s = w.restart(s, buyer)
	for range 20 { // both at once, which takes some luck
		opened := make([]*Work, 4)
		start := make(chan struct{})
		var wait sync.WaitGroup
		for i := range opened {
			wait.Go(func() {
				<-start
				var err error
				if opened[i], err = s.onDesk(t.Context(), id); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		wait.Wait()
		for _, o := range opened {
			if o == nil || o != opened[0] {
				t.Fatal("there are two")
			}
		}
		if again := w.open(s, id); again != opened[0] {
			t.Fatal("a later one is another")
		}
		s.works = map[string]*Work{} // nobody has opened it yet
	}
	if drafts, err := s.Drafts(t.Context()); err != nil || len(drafts) != 0 {
		t.Errorf("a saved contract is listed as a draft: %v, %v", drafts, err)
	}
}

// Unsaved is what is here and not with the platform, or on its way there.
func TestUnsaved(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	unsaved := func(want bool, when string) {
		t.Helper()
		if got := work.View(t.Context()).Unsaved; got != want {
			t.Errorf("unsaved %t %s", got, when)
		}
	}
	save := func() {
		t.Helper()
		w.deliver(work.Save(t.Context()))
		unsaved(false, "after saving")
		blocked(t, work, ActionSave)
	}
	unsaved(true, "before anything was sent")
	save()
	fields := work.View(t.Context()).Fields
	other := fields
	other.TermDays++
	must(t, work.Type(other))
	unsaved(true, "with another term")
	must(t, work.Type(fields))
	unsaved(false, "with the term typed back")
	must(t, work.AttachFiling(t.Context(), w.file))
	unsaved(true, "with a file")
	save()
	must(t, work.SetNote(work.View(t.Context()).Filing.Original.Attachment, "备注"))
	unsaved(true, "with a note")
	save()
	if got := work.View(t.Context()).Attachments; len(got) != 1 || got[0].Note != "备注" {
		t.Errorf("the platform has %+v", got)
	}
	must(t, work.AttachInvoice(t.Context(), w.file))
	save()
	must(t, work.RemoveInvoice(work.View(t.Context()).Invoices[0].Attachment))
	unsaved(true, "with an invoice taken out")
	save()
	must(t, work.RemoveFiling())
	unsaved(true, "with the filing taken out")
	save()
	for _, a := range work.View(t.Context()).Attachments {
		if a.Current {
			t.Errorf("%s is on the platform still", a.Name)
		}
	}
}

// What arrived while nobody waited for it is the platform's, and no draft beside it.
func TestADraftThatArrivedIsNoDraftAnyMore(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	_, err := work.Save(t.Context())
	must(t, err)
	w.until("it arrives", func() bool {
		entries, err := s.Outbox(t.Context())
		return err == nil && entries[0].Receipt != nil
	})
	if drafts, err := s.Drafts(t.Context()); err != nil || len(drafts) != 0 {
		t.Errorf("%d drafts, %v", len(drafts), err)
	}
}

// What is on its way counts as handed over; taken back, it counts as unsaved again.
func TestTakenBackFromTheOutboxItIsUnsavedAgain(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.before(cutOff)
	_, err := work.Save(t.Context())
	must(t, err)
	v := work.View(t.Context())
	if v.Unsaved || len(v.Waiting) != 1 {
		t.Fatalf("unsaved %t, %d wait", v.Unsaved, len(v.Waiting))
	}
	blocked(t, work, ActionEdit, ActionSave, ActionDelete)
	w.told(work.Type(platformapi.ContractFields{Name: "另一个"}), "desk.not_allowed")
	entries, err := s.Outbox(t.Context())
	must(t, err)
	err = s.TakeBack(t.Context(), entries[0].ID)
	if err != nil { // it may have left: then it stays, and is told
		w.told(err, "outbox.not_withdrawable")
		w.before(nil)
		must(t, s.Retry(t.Context(), entries[0].ID))
		w.until("it arrives", func() bool { return len(work.View(t.Context()).Waiting) == 0 })
		return
	}
	if v := work.View(t.Context()); !v.Unsaved || len(v.Waiting) != 0 {
		t.Errorf("taken back: unsaved %t, %d wait", v.Unsaved, len(v.Waiting))
	}
	allowed(t, work, ActionEdit, ActionSave)
}

func TestMissingFieldsStandInTheFormsOrder(t *testing.T) {
	lot := platformapi.Lot{AwardFen: 100}
	full := platformapi.ContractFields{Name: "合同", AmountFen: 100, TermDays: 1, SignedOn: "2026-11-25"}
	sealed := Filing{Original: &File{}, Clean: &File{}, Confirmed: true, Sealed: &File{}}
	but := func(change func(*platformapi.ContractFields)) platformapi.ContractFields {
		f := full
		change(&f)
		return f
	}
	for _, c := range []struct {
		name   string
		fields platformapi.ContractFields
		filing Filing
		want   []Field
	}{
		{"nothing", full, sealed, nil},
		{"everything", platformapi.ContractFields{}, Filing{}, []Field{FieldName, FieldAmount, FieldTerm, FieldDate, FieldFiling}},
		{"another amount", but(func(f *platformapi.ContractFields) { f.AmountFen = 99 }), sealed, []Field{FieldReason}},
		{"another amount with its reason", but(func(f *platformapi.ContractFields) {
			f.AmountFen, f.AmountReason = 99, "折扣"
		}), sealed, nil},
		{"a negative amount", but(func(f *platformapi.ContractFields) { f.AmountFen = -1 }), sealed, []Field{FieldAmount}},
		{"no such day", but(func(f *platformapi.ContractFields) { f.SignedOn = "2026-02-30" }), sealed, []Field{FieldDate}},
		{"uploaded", full, Filing{Original: &File{}}, []Field{FieldSeal}},
		{"not confirmed", full, Filing{Original: &File{}, Clean: &File{}}, []Field{FieldSeal}},
		{"cleaned", full, Filing{Original: &File{}, Clean: &File{}, Confirmed: true}, []Field{FieldSeal}},
	} {
		d := &draft{Lot: lot, Typed: c.fields, Filing: c.filing}
		if got := d.missing(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// A colleague at another desk changed the contract meanwhile: ours is refused and told, what we typed stays, and what the
// platform has now is beside it.
func TestWhatChangedMeanwhileOnThePlatformIsTold(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.deliver(work.Save(t.Context()))

	there := w.open(w.login(w.desk("another desk"), buyer), work.ID())
	fields := there.View(t.Context()).Fields
	fields.Name = "同事的合同"
	must(t, there.Type(fields))
	w.deliver(there.Save(t.Context()))

	mine := work.View(t.Context()).Fields
	mine.TermDays = 77
	must(t, work.Type(mine))
	sent, err := work.Save(t.Context())
	must(t, err)
	_, err = sent.Wait(t.Context())
	w.told(err, platformapi.CodeVersionStale)
	v := work.View(t.Context())
	if v.Fields != mine || !v.Unsaved {
		t.Errorf("what was typed: %+v, unsaved %t", v.Fields, v.Unsaved)
	}
	if now := work.d.fieldsKnown(); now.Name != "同事的合同" {
		t.Errorf("what the platform has now is not known: %+v", now)
	}
	// Pressed again, knowing that, ours goes.
	w.deliver(work.Save(t.Context()))
	must(t, there.Refresh(t.Context()))
	if got := there.View(t.Context()).Fields; got != mine {
		t.Errorf("the platform has %+v", got)
	}
}

// What a colleague did shows on a desk on which nothing was typed.
func TestWhatTheColleagueDidShowsHere(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.deliver(work.Save(t.Context()))
	there := w.open(w.login(w.desk("another desk"), buyer), work.ID())
	w.clean(there)
	w.seal(there)
	w.deliver(there.Submit(t.Context()))
	v := state(t, work, platformapi.StateAwaiting)
	if v.Received == nil || v.Verdict == nil {
		t.Error("the sealed file is not shown")
	}
	blocked(t, work, ActionEdit, ActionSubmit)
}

// The contract list, and a contract, are shown as they were last seen while the platform is away.
func TestOfflineTheListIsShownAsLastSeen(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.deliver(work.Save(t.Context()))
	online, err := s.Contracts(t.Context(), platformapi.ContractQuery{})
	must(t, err)
	if len(online.Items) != 1 || online.Offline {
		t.Fatalf("%+v", online)
	}
	w.before(cutOff)
	for _, c := range []struct {
		query platformapi.ContractQuery
		want  int
	}{
		{platformapi.ContractQuery{}, 1},
		{platformapi.ContractQuery{Words: " 影像 "}, 1},
		{platformapi.ContractQuery{Words: "zc-2026"}, 1},
		{platformapi.ContractQuery{Words: "没有"}, 0},
		{platformapi.ContractQuery{State: platformapi.StateDraft}, 1},
		{platformapi.ContractQuery{State: platformapi.StateConcluded}, 0},
	} {
		list, err := s.Contracts(t.Context(), c.query)
		if err != nil || !list.Offline || len(list.Items) != c.want || !list.AsOf.Equal(online.AsOf) {
			t.Errorf("%+v: %d of %d, offline %t as of %s, %v", c.query, len(list.Items), c.want, list.Offline, list.AsOf, err)
		}
	}
	if again, err := s.Open(t.Context(), work.ID()); err != nil || again != work {
		t.Errorf("the contract is not there: %v", err)
	}
	if l := s.Link(t.Context()); l.Online || l.Problem.What == "" {
		t.Errorf("the link says %+v", l)
	}
	w.before(nil)
	list, err := s.Contracts(t.Context(), platformapi.ContractQuery{})
	if err != nil || list.Offline || !s.Link(t.Context()).Online {
		t.Errorf("the platform is back: %+v, %v", list, err)
	}
}
