package platformtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/calendar"
)

// Harness is an implementation under test: one fresh platform with the lots of Seed, seen by its three organisations.
type Harness struct {
	Purchaser, Supplier, Stranger platformapi.Platform
	Seal                          func(file []byte, uscc string) []byte // as the platform's judge takes it
	Clock                         func(d time.Duration)                 // lets time pass on the platform
	Login                         func(platformapi.Organisation) platformapi.Platform
}

// read downloads a file.
func (h Harness) read(t *testing.T, p *party, id string, a platformapi.Attachment) []byte {
	t.Helper()
	path, err := p.p.Download(t.Context(), id, a, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Run runs the suite. open makes a fresh platform for each test, on which contracts are made in this order.
func Run(t *testing.T, open func(t *testing.T, order platformapi.SealOrder) Harness) {
	run := func(order platformapi.SealOrder, tests map[string]func(*testing.T, *party, *party, Harness)) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				h := open(t, order)
				test(t, &party{T: t, p: h.Purchaser, org: Purchaser, seal: h.Seal}, &party{T: t, p: h.Supplier, org: Supplier, seal: h.Seal}, h)
			})
		}
	}
	run(platformapi.OrderReviewFirst, map[string]func(*testing.T, *party, *party, Harness){
		"ReviewThenSeal":             reviewThenSeal,
		"ReviewRefusedAndSentAgain":  reviewRefused,
		"ReviewWithdrawAgainstAgree": reviewRace,
		"ReviewBothSealAtOnce":       sealRace,
		"ReviewSealsAreJudged":       reviewSeals,
		"ReviewRefusalAgainstSeal":   refuseRace,
		"ReviewSealIsTakenOffAgain":  unseal,
	})
	run(platformapi.OrderSealFirst, map[string]func(*testing.T, *party, *party, Harness){
		"WholeWay":                    wholeWay,
		"SupplierStarts":              supplierStarts,
		"RefusalBeginsNextRound":      refusal,
		"Withdraw":                    withdraw,
		"WithdrawAgainstCountersign":  race,
		"SameKeySameAnswer":           sameKey,
		"StaleVersionIsRefused":       stale,
		"EditBreaksSeal":              editBreaksSeal,
		"SealsAreJudged":              seals,
		"SubmitAsksForEverything":     submitAsks,
		"OnlyWhoseTurnItIs":           turns,
		"DraftsAreNobodyElses":        hidden,
		"OneLiveContractALot":         oneLive,
		"Attachments":                 attachments,
		"PagesAndSearch":              pages,
		"Download":                    download,
		"PublishOnce":                 publishOnce,
		"PublicationIsAnUnsealedCopy": publication,
		"FiledOnce":                   filedOnce,
		"Deadlines":                   deadlines,
		"SecretLotsAreNotSigned":      secret,
		"Amendments":                  amendments,
		"OneAmendmentAtATime":         amendmentRace,
		"Reference":                   reference,
		"LogoutEndsTheSession":        logout,
	})
}

// party acts for one organisation and keeps the contract as it last saw it.
type party struct {
	*testing.T
	p    platformapi.Platform
	org  platformapi.Organisation
	seal func([]byte, string) []byte
	c    platformapi.Contract
}

func (p *party) change() platformapi.Change {
	return platformapi.Change{Key: platformapi.NewID(), ContractID: p.c.Summary.ID, Version: p.c.Summary.Version}
}

// did takes the answer of a change that must succeed.
func (p *party) did(out platformapi.Outcome, err error) platformapi.Receipt {
	p.Helper()
	if err != nil {
		p.Fatalf("%s: %v", p.org.Name, err)
	}
	p.c = out.Contract
	if out.Receipt.Number == "" || out.Receipt.Version != p.c.Summary.Version {
		p.Fatalf("receipt %+v does not fit version %d", out.Receipt, p.c.Summary.Version)
	}
	out.Receipt.Signature = "" // one receipt may be signed anew each time
	return out.Receipt
}

func (p *party) refused(code string, err error) *platformapi.Error {
	p.Helper()
	e, ok := errors.AsType[*platformapi.Error](err)
	if !ok || e.Code() != code {
		p.Fatalf("%s: got %v, want %s", p.org.Name, err, code)
	}
	return e
}

func (p *party) look(id string) platformapi.Contract {
	p.Helper()
	c, err := p.p.Contract(p.Context(), id)
	if err != nil {
		p.Fatalf("%s: %v", p.org.Name, err)
	}
	p.c = c
	return c
}

func (p *party) create() {
	p.Helper()
	id := platformapi.NewID()
	p.did(p.p.Create(p.Context(), platformapi.Change{Key: platformapi.NewID()}, platformapi.NewContract{ID: id, LotID: LotID}))
}

var goodFields = platformapi.ContractFields{Number: "HT-2026-001", Name: "教学设备采购合同", AmountFen: AwardFen, TermDays: 90, SignedOn: "2026-03-24"}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func upload(kind platformapi.AttachmentKind, stage platformapi.AttachmentStage, name string, content []byte) platformapi.Upload {
	return platformapi.Upload{
		ID: platformapi.NewID(), Kind: kind, Stage: stage, Name: name, Size: int64(len(content)), SHA256: digest(content), Content: bytes.NewReader(content),
	}
}

func (p *party) put(u platformapi.Upload) (platformapi.Outcome, error) {
	return p.p.PutAttachment(p.Context(), p.change(), u)
}

func sealed(content []byte) platformapi.Upload {
	return upload(platformapi.KindFiling, platformapi.StageSealed, "合同.pdf", content)
}

// send goes from nothing to a submitted contract, and returns the sealed file.
func (p *party) send() []byte {
	p.Helper()
	p.create()
	p.did(p.p.SaveFields(p.Context(), p.change(), goodFields))
	p.did(p.put(upload(platformapi.KindFiling, platformapi.StageUploaded, "合同.docx", DOCX("draft"))))
	file := p.seal(PDF("contract"), p.org.USCC)
	p.did(p.put(sealed(file)))
	p.did(p.p.Submit(p.Context(), p.change(), digest(file)))
	return file
}

// publishing is a request to publish a copy of a file.
func publishing(public, original []byte) platformapi.PublishRequest {
	return platformapi.PublishRequest{SHA256: digest(public), OriginalSHA256: digest(original), Hidden: []platformapi.Hidden{{What: platformapi.HiddenPhone, Count: 2}}}
}

func copyFor(content []byte) platformapi.Upload {
	return upload(platformapi.KindPublication, platformapi.StageUploaded, "公示件.pdf", content)
}

// publish makes a concluded contract public and returns the copy.
func (p *party) publish(original []byte) []byte {
	p.Helper()
	public := PDF("for the public")
	p.did(p.put(copyFor(public)))
	p.did(p.p.Publish(p.Context(), p.change(), publishing(public, original)))
	return public
}

func (p *party) in(state platformapi.ContractState, round int) {
	p.Helper()
	if p.c.Summary.State != state || p.c.Summary.Round != round {
		p.Fatalf("state %s round %d, want %s round %d", p.c.Summary.State, p.c.Summary.Round, state, round)
	}
}

func (p *party) may(want ...platformapi.Move) {
	p.Helper()
	for _, m := range want {
		if !slices.Contains(p.c.Summary.Moves, m) {
			p.Errorf("%s may not %s, only %v", p.org.Name, m, p.c.Summary.Moves)
		}
	}
	if len(want) == 0 && len(p.c.Summary.Moves) != 0 {
		p.Errorf("%s may %v, want nothing", p.org.Name, p.c.Summary.Moves)
	}
}

func (p *party) step() platformapi.StepState {
	p.Helper()
	f, err := p.p.Flow(p.Context(), LotID)
	if err != nil {
		p.Fatal(err)
	}
	if len(f.Phases) != 3 {
		p.Fatalf("%d phases", len(f.Phases))
	}
	after := f.Phases[2].Steps
	last := after[len(after)-1]
	if last.Name != "合同签订" || last.Page != platformapi.PageContract || after[len(after)-2].Name != "中标通知书查看" {
		p.Fatalf("last steps are %+v", after)
	}
	return last.State
}

func wholeWay(t *testing.T, buyer, seller *party, _ Harness) {
	ctx := t.Context()
	lots, err := seller.p.Lots(ctx, platformapi.LotProcurement)
	if err != nil || len(lots) != 4 {
		t.Fatalf("lots: %v, %v", lots, err)
	}
	if lots, err := seller.p.Lots(ctx, platformapi.LotLand); err != nil || len(lots) != 0 {
		t.Fatalf("lots of land: %v, %v", lots, err)
	}
	if buyer.step() != platformapi.StepAttention || seller.step() != platformapi.StepAttention {
		t.Error("before a contract, both may begin")
	}
	file := buyer.send()
	buyer.in(platformapi.StateAwaiting, 1)
	buyer.may(platformapi.MoveWithdraw)
	if buyer.step() != platformapi.StepPending || seller.step() != platformapi.StepAttention {
		t.Error("a submitted contract waits for the other side")
	}
	lot, err := seller.p.Lot(ctx, LotID)
	if err != nil || lot.ContractID != buyer.c.Summary.ID || lot.Block != platformapi.BlockLiveContract || lot.SignBy == nil || lot.SignBy.State != platformapi.DeadlineOK {
		t.Fatalf("lot: %+v, %v", lot, err)
	}
	c := seller.look(lot.ContractID)
	seller.may(platformapi.MoveCountersign, platformapi.MoveRefuse)
	if c.Summary.ViewedAt.IsZero() || c.Summary.Fields != goodFields {
		t.Errorf("seen by the other side: %+v", c.Summary)
	}
	if buyer.look(lot.ContractID); buyer.c.Summary.ViewedAt.IsZero() {
		t.Error("the starter is not told that it was seen")
	}
	if len(c.Attachments) != 1 || c.Attachments[0].Stage != platformapi.StageSealed || len(c.Attachments[0].Seals) != 1 {
		t.Fatalf("the other side sees %+v", c.Attachments)
	}
	both := seller.seal(file, Supplier.USCC)
	seller.did(seller.put(sealed(both)))
	seller.in(platformapi.StateCountersigned, 1)
	receipt := seller.did(seller.p.Agree(ctx, seller.change(), digest(both), "同意"))
	if receipt.Kind != platformapi.ReceiptAgree || receipt.SHA256 != digest(both) {
		t.Errorf("receipt %+v", receipt)
	}
	seller.in(platformapi.StateConcluded, 1)
	seller.may(platformapi.MoveAmend)
	if seller.step() != platformapi.StepDone || buyer.step() != platformapi.StepDone {
		t.Error("a concluded contract is done for both")
	}
	buyer.look(lot.ContractID)
	buyer.may(platformapi.MovePublish)
	public := buyer.publish(both)
	if p := buyer.c.Summary.Publication; p == nil || p.SHA256 != digest(public) || p.OriginalSHA256 != digest(both) || len(p.Hidden) != 1 {
		t.Errorf("publication %+v", p)
	}
	if err := platformapi.CheckHistory(lot.ContractID, buyer.c.History); err != nil {
		t.Error(err)
	}
	var steps []platformapi.HistoryStep
	for _, r := range buyer.c.History {
		steps = append(steps, r.Step)
		if r.Person == "" || r.Organisation.USCC == "" || r.HandledAt.Before(r.ReceivedAt) {
			t.Errorf("row %+v", r)
		}
	}
	want := "create save attach seal submit view countersign agree attach publish"
	if got := strings.Trim(strings.Join(strings.Fields(join(steps)), " "), " "); got != want {
		t.Errorf("history: %s, want %s", got, want)
	}
	receipts, err := buyer.p.Receipts(ctx, lot.ContractID)
	if err != nil || len(receipts) != 7 {
		t.Errorf("receipts: %v, %v", receipts, err)
	}
}

func join(steps []platformapi.HistoryStep) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(string(s) + " ")
	}
	return b.String()
}

func supplierStarts(t *testing.T, buyer, seller *party, _ Harness) {
	file := seller.send()
	buyer.look(seller.c.Summary.ID)
	both := buyer.seal(file, Purchaser.USCC)
	buyer.did(buyer.put(sealed(both)))
	buyer.did(buyer.p.Agree(t.Context(), buyer.change(), digest(both), ""))
	buyer.in(platformapi.StateConcluded, 1)
	buyer.may(platformapi.MovePublish)
	seller.look(buyer.c.Summary.ID)
	seller.refused(platformapi.CodeNotPurchaser, second(seller.p.Publish(t.Context(), seller.change(), publishing(nil, nil))))
}

func second[T any](_ T, err error) error { return err }

func refusal(t *testing.T, buyer, seller *party, _ Harness) {
	ctx := t.Context()
	file := buyer.send()
	id := buyer.c.Summary.ID
	seller.look(id)
	for _, opinion := range []string{"  \n", strings.Repeat("字", 501)} {
		if err := second(seller.p.Refuse(ctx, seller.change(), opinion)); err == nil {
			t.Errorf("an opinion of %d bytes was taken", len(opinion))
		}
	}
	both := seller.seal(file, Supplier.USCC)
	seller.did(seller.put(sealed(both)))
	back := seller.did(seller.p.Refuse(ctx, seller.change(), "第三条金额有误"))
	seller.in(platformapi.StateReturned, 1)
	buyer.look(id)
	for _, p := range []*party{buyer, seller} {
		if !p.c.Summary.ReturnedAt.Equal(back.At) {
			t.Errorf("%s sees it sent back at %s, which was at %s", p.org.Name, p.c.Summary.ReturnedAt, back.At)
		}
	}
	for _, a := range buyer.c.Attachments {
		if a.Stage == platformapi.StageSealed && (!a.Void || a.Current) {
			t.Errorf("a refused seal still holds: %+v", a)
		}
		if a.Stage == platformapi.StageUploaded && (a.Void || !a.Current) {
			t.Errorf("the clean file is gone: %+v", a)
		}
	}
	last := buyer.c.History[len(buyer.c.History)-1]
	if last.Step != platformapi.HistoryRefuse || last.Opinion != "第三条金额有误" {
		t.Errorf("last row %+v", last)
	}
	buyer.refused(platformapi.CodeFilingNotSealed, second(buyer.p.Submit(ctx, buyer.change(), digest(file))))
	changed := goodFields
	changed.TermDays = 60
	buyer.did(buyer.p.SaveFields(ctx, buyer.change(), changed))
	buyer.in(platformapi.StateDraft, 2)
	if at := buyer.c.Summary.ReturnedAt; !at.IsZero() {
		t.Errorf("what is revised is still sent back, at %s", at)
	}
	if seller.look(id); seller.c.Summary.Fields != goodFields {
		t.Error("the other side sees what was not submitted")
	}
	again := buyer.seal(PDF("second"), Purchaser.USCC)
	buyer.did(buyer.put(sealed(again)))
	buyer.did(buyer.p.Submit(ctx, buyer.change(), digest(again)))
	buyer.in(platformapi.StateAwaiting, 2)
	seller.look(id)
	seller.refused(platformapi.CodeFilingChanged, second(seller.put(sealed(both))))
	both = seller.seal(again, Supplier.USCC)
	seller.did(seller.put(sealed(both)))
	seller.did(seller.p.Agree(ctx, seller.change(), digest(both), ""))
	if seller.c.Summary.Fields != changed {
		t.Errorf("fields %+v", seller.c.Summary.Fields)
	}
	if err := platformapi.CheckHistory(id, seller.c.History); err != nil {
		t.Error(err)
	}
}

func withdraw(t *testing.T, buyer, seller *party, _ Harness) {
	ctx := t.Context()
	file := buyer.send()
	id := buyer.c.Summary.ID
	seller.look(id) // looking does not hinder
	buyer.did(buyer.p.Withdraw(ctx, buyer.change()))
	buyer.in(platformapi.StateDraft, 1)
	buyer.refused(platformapi.CodeFilingNotSealed, second(buyer.p.Submit(ctx, buyer.change(), digest(file))))
	e := seller.refused(platformapi.CodeVersionStale, second(seller.put(sealed(seller.seal(file, Supplier.USCC)))))
	if e.State != platformapi.StateDraft || e.Version != buyer.c.Summary.Version {
		t.Errorf("the loser learns %s %d", e.State, e.Version)
	}
}

func race(t *testing.T, buyer, seller *party, _ Harness) {
	file := buyer.send()
	seller.look(buyer.c.Summary.ID)
	both := seller.seal(file, Supplier.USCC)
	var wg sync.WaitGroup
	var err1, err2 error
	wg.Go(func() { _, err1 = buyer.p.Withdraw(t.Context(), buyer.change()) })
	wg.Go(func() { _, err2 = seller.put(sealed(both)) })
	wg.Wait()
	if (err1 == nil) == (err2 == nil) {
		t.Fatalf("withdraw: %v, countersign: %v; want exactly one to win", err1, err2)
	}
	loser := err1
	if loser == nil {
		loser = err2
	}
	buyer.refused(platformapi.CodeVersionStale, loser)
}

func sameKey(t *testing.T, buyer, _ *party, _ Harness) {
	ctx := t.Context()
	buyer.create()
	ch := buyer.change()
	first := buyer.did(buyer.p.SaveFields(ctx, ch, goodFields))
	if again := buyer.did(buyer.p.SaveFields(ctx, ch, goodFields)); again != first {
		t.Errorf("second answer %+v, first %+v", again, first)
	}
	other := goodFields
	other.TermDays = 1
	buyer.refused(platformapi.CodeKeyReused, second(buyer.p.SaveFields(ctx, ch, other)))
	file := buyer.seal(PDF("contract"), buyer.org.USCC)
	ch, u := buyer.change(), sealed(file)
	first = buyer.did(buyer.p.PutAttachment(ctx, ch, u))
	if again := buyer.did(buyer.p.PutAttachment(ctx, ch, u)); again != first {
		t.Errorf("second answer %+v, first %+v", again, first)
	}
	ch = buyer.change()
	var wg sync.WaitGroup
	var receipts [4]platformapi.Receipt
	for i := range receipts {
		wg.Go(func() {
			out, err := buyer.p.Submit(ctx, ch, digest(file))
			if err != nil {
				t.Error(err)
			}
			out.Receipt.Signature = "" // one receipt may be signed anew each time
			receipts[i] = out.Receipt
		})
	}
	wg.Wait()
	for _, r := range receipts[1:] {
		if r != receipts[0] {
			t.Errorf("receipts differ: %+v and %+v", r, receipts[0])
		}
	}
	buyer.look(ch.ContractID)
	if n := strings.Count(join(steps(buyer.c)), "submit"); n != 1 {
		t.Errorf("submitted %d times", n)
	}
}

func steps(c platformapi.Contract) []platformapi.HistoryStep {
	var s []platformapi.HistoryStep
	for _, r := range c.History {
		s = append(s, r.Step)
	}
	return s
}

func stale(t *testing.T, buyer, _ *party, _ Harness) {
	buyer.create()
	old := buyer.change()
	buyer.did(buyer.p.SaveFields(t.Context(), buyer.change(), goodFields))
	e := buyer.refused(platformapi.CodeVersionStale, second(buyer.p.Delete(t.Context(), old)))
	if e.Version != buyer.c.Summary.Version || e.Status != 412 || platformapi.Retryable(e) {
		t.Errorf("problem %+v", e)
	}
}

func editBreaksSeal(t *testing.T, buyer, _ *party, _ Harness) {
	ctx := t.Context()
	buyer.create()
	buyer.did(buyer.p.SaveFields(ctx, buyer.change(), goodFields))
	file := buyer.seal(PDF("contract"), buyer.org.USCC)
	buyer.did(buyer.put(sealed(file)))
	buyer.in(platformapi.StateSealed, 1)
	version := buyer.c.Summary.Version
	buyer.did(buyer.p.SaveFields(ctx, buyer.change(), goodFields))
	if buyer.in(platformapi.StateSealed, 1); buyer.c.Summary.Version != version {
		t.Error("saving the same form changed the contract")
	}
	changed := goodFields
	changed.AmountFen++
	buyer.did(buyer.p.SaveFields(ctx, buyer.change(), changed))
	buyer.in(platformapi.StateDraft, 1)
	if a := buyer.c.Attachments[0]; !a.Void || a.Current {
		t.Errorf("the seal still holds: %+v", a)
	}
	if !slices.Contains(buyer.c.Warnings, platformapi.WarningAmountDiffers) || !slices.Contains(buyer.c.Missing, platformapi.MissingSeal) {
		t.Errorf("warnings %v, missing %v", buyer.c.Warnings, buyer.c.Missing)
	}
	buyer.did(buyer.put(sealed(file)))
	buyer.did(buyer.put(upload(platformapi.KindFiling, platformapi.StageUploaded, "合同.pdf", PDF("other"))))
	buyer.in(platformapi.StateDraft, 1)
}

func seals(t *testing.T, buyer, seller *party, _ Harness) {
	buyer.create()
	buyer.did(buyer.p.SaveFields(t.Context(), buyer.change(), goodFields))
	good := buyer.seal(PDF("contract"), Purchaser.USCC)
	broken := bytes.Replace(good, []byte("contract"), []byte("contracT"), 1)
	for code, file := range map[string][]byte{
		platformapi.CodeSealMissing:    PDF("contract"),
		platformapi.CodeSealInvalid:    broken,
		platformapi.CodeSealWrongParty: buyer.seal(PDF("contract"), Supplier.USCC),
		platformapi.CodeSealUntrusted:  buyer.seal(PDF("contract"), "UNTRUSTED000000001"),
		platformapi.CodeSealNotWhole:   append(bytes.Clone(good), "% more"...),
		platformapi.CodeFilingFormat:   DOCX("contract"),
	} {
		buyer.refused(code, second(buyer.put(sealed(file))))
	}
	buyer.did(buyer.put(sealed(good)))
	buyer.did(buyer.p.Submit(t.Context(), buyer.change(), digest(good)))
	seller.look(buyer.c.Summary.ID)
	for i, x := range []struct {
		code string
		file []byte
	}{
		{platformapi.CodeFilingChanged, good},
		{platformapi.CodeFilingChanged, seller.seal(broken, Supplier.USCC)},
		{platformapi.CodeFilingChanged, seller.seal(PDF("another contract altogether, and a longer one than the first"), Supplier.USCC)},
		{platformapi.CodeSealMissing, append(bytes.Clone(good), "% more"...)},
		{platformapi.CodeSealWrongParty, seller.seal(good, Purchaser.USCC)},
		{platformapi.CodeSealWrongParty, seller.seal(good, Stranger.USCC)},
		{platformapi.CodeSealNotWhole, append(seller.seal(good, Supplier.USCC), "% more"...)},
		{platformapi.CodeSealInvalid, bytes.Replace(seller.seal(append(bytes.Clone(good), "% a"...), Supplier.USCC), []byte("% a"), []byte("% b"), 1)},
	} {
		if _, err := seller.put(sealed(x.file)); !platformapi.IsCode(err, x.code) {
			t.Errorf("file %d: got %v, want %s", i, err, x.code)
		}
	}
	seller.refused(platformapi.CodeFilingNotSealed, second(seller.p.Agree(t.Context(), seller.change(), digest(good), "")))
	both := seller.seal(good, Supplier.USCC)
	u := sealed(both)
	seller.did(seller.put(u))
	seller.refused(platformapi.CodeFilingOther, second(seller.p.Agree(t.Context(), seller.change(), digest(good), "")))
	seller.did(seller.p.RemoveAttachment(t.Context(), seller.change(), u.ID)) // the seal comes off again
	seller.in(platformapi.StateAwaiting, 1)
	seller.did(seller.put(sealed(both)))
	seller.did(seller.put(sealed(seller.seal(append(bytes.Clone(good), "% other place"...), Supplier.USCC)))) // and is placed anew
	seller.in(platformapi.StateCountersigned, 1)
}

func submitAsks(t *testing.T, buyer, _ *party, _ Harness) {
	ctx := t.Context()
	buyer.create()
	file := buyer.seal(PDF("contract"), buyer.org.USCC)
	buyer.refused(platformapi.CodeFilingMissing, second(buyer.p.Submit(ctx, buyer.change(), digest(file))))
	buyer.did(buyer.put(upload(platformapi.KindFiling, platformapi.StageUploaded, "a.docx", DOCX(""))))
	buyer.refused(platformapi.CodeFilingNotSealed, second(buyer.p.Submit(ctx, buyer.change(), digest(file))))
	buyer.did(buyer.put(sealed(file)))
	e := buyer.refused(platformapi.CodeFieldsMissing, second(buyer.p.Submit(ctx, buyer.change(), digest(file))))
	if len(e.Fields) != 3 || len(buyer.c.Missing) != 3 {
		t.Errorf("fields %v, missing %v", e.Fields, buyer.c.Missing)
	}
	bad := goodFields
	bad.SignedOn = "2026-02-30"
	buyer.refused(platformapi.CodeBadRequest, second(buyer.p.SaveFields(ctx, buyer.change(), bad)))
	buyer.did(buyer.p.SaveFields(ctx, buyer.change(), goodFields))
	buyer.did(buyer.put(sealed(file)))
	buyer.refused(platformapi.CodeFilingOther, second(buyer.p.Submit(ctx, buyer.change(), digest([]byte("x")))))
	buyer.did(buyer.p.Submit(ctx, buyer.change(), digest(file)))
}

func turns(t *testing.T, buyer, seller *party, h Harness) {
	ctx := t.Context()
	file := buyer.send()
	id := buyer.c.Summary.ID
	seller.look(id)
	buyer.look(id)
	if _, err := h.Stranger.Contract(ctx, id); !platformapi.IsCode(err, platformapi.CodeNotFound) {
		t.Errorf("a stranger reads: %v", err)
	}
	if _, err := h.Stranger.Lot(ctx, LotID); !platformapi.IsCode(err, platformapi.CodeNotFound) {
		t.Errorf("a stranger reads the lot: %v", err)
	}
	if _, err := h.Stranger.Withdraw(ctx, buyer.change()); !platformapi.IsCode(err, platformapi.CodeNotFound) {
		t.Errorf("a stranger withdraws: %v", err)
	}
	seller.refused(platformapi.CodeWrongSide, second(seller.p.Withdraw(ctx, seller.change())))
	seller.refused(platformapi.CodeWrongSide, second(seller.p.SaveFields(ctx, seller.change(), goodFields)))
	seller.refused(platformapi.CodeWrongSide, second(seller.p.Submit(ctx, seller.change(), digest(file))))
	buyer.refused(platformapi.CodeWrongSide, second(buyer.p.Agree(ctx, buyer.change(), digest(file), "")))
	buyer.refused(platformapi.CodeWrongSide, second(buyer.p.Refuse(ctx, buyer.change(), "x")))
	e := buyer.refused(platformapi.CodeWrongState, second(buyer.p.SaveFields(ctx, buyer.change(), goodFields)))
	if e.State != platformapi.StateAwaiting {
		t.Errorf("state %s", e.State)
	}
	buyer.refused(platformapi.CodeWrongState, second(buyer.p.Delete(ctx, buyer.change())))
	buyer.refused(platformapi.CodeWrongState, second(buyer.p.Publish(ctx, buyer.change(), publishing(nil, nil))))
}

func hidden(t *testing.T, buyer, seller *party, _ Harness) {
	ctx := t.Context()
	buyer.create()
	id := buyer.c.Summary.ID
	u := upload(platformapi.KindFiling, platformapi.StageUploaded, "合同.docx", DOCX("secret notes"))
	buyer.did(buyer.put(u))
	seller.refused(platformapi.CodeNotFound, second(seller.p.Contract(ctx, id)))
	if page, err := seller.p.Contracts(ctx, platformapi.ContractQuery{}); err != nil || len(page.Items) != 0 {
		t.Errorf("the other side lists %v, %v", page.Items, err)
	}
	lot, err := seller.p.Lot(ctx, LotID)
	if err != nil || lot.ContractID != "" || lot.Block != platformapi.BlockLiveContract {
		t.Errorf("lot %+v, %v", lot, err)
	}
	buyer.did(buyer.p.SaveFields(ctx, buyer.change(), goodFields))
	file := buyer.seal(PDF("clean"), buyer.org.USCC)
	buyer.did(buyer.put(sealed(file)))
	buyer.did(buyer.p.Submit(ctx, buyer.change(), digest(file)))
	seller.look(id)
	docx := platformapi.Attachment{ID: u.ID, Size: u.Size, SHA256: u.SHA256}
	seller.refused(platformapi.CodeNotFound, second(seller.p.Download(ctx, id, docx, t.TempDir())))
}

func oneLive(t *testing.T, buyer, seller *party, _ Harness) {
	ctx := t.Context()
	buyer.create()
	n := platformapi.NewContract{ID: platformapi.NewID(), LotID: LotID}
	seller.refused(platformapi.CodeLotTaken, second(seller.p.Create(ctx, platformapi.Change{Key: platformapi.NewID()}, n)))
	early := platformapi.NewContract{ID: platformapi.NewID(), LotID: LotEarly}
	seller.refused(platformapi.CodeLotNotAwarded, second(seller.p.Create(ctx, platformapi.Change{Key: platformapi.NewID()}, early)))
	none := platformapi.NewContract{ID: platformapi.NewID(), LotID: "none"}
	seller.refused(platformapi.CodeNotFound, second(seller.p.Create(ctx, platformapi.Change{Key: platformapi.NewID()}, none)))
	taken := platformapi.NewContract{ID: buyer.c.Summary.ID, LotID: LotOther}
	seller.refused(platformapi.CodeIDTaken, second(seller.p.Create(ctx, platformapi.Change{Key: platformapi.NewID()}, taken)))
	id := buyer.c.Summary.ID
	buyer.did(buyer.p.Delete(ctx, buyer.change()))
	buyer.in(platformapi.StateVoid, 1)
	buyer.may()
	seller.did(seller.p.Create(ctx, platformapi.Change{Key: platformapi.NewID()}, n))
	if buyer.look(id); buyer.c.Summary.State != platformapi.StateVoid {
		t.Error("the deleted contract is not readable")
	}
	page, err := buyer.p.Contracts(ctx, platformapi.ContractQuery{State: platformapi.StateVoid})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("void contracts: %v, %v", page.Items, err)
	}
}

func attachments(t *testing.T, buyer, seller *party, _ Harness) {
	ctx := t.Context()
	buyer.create()
	one := upload(platformapi.KindInvoice, platformapi.StageUploaded, "发票1.pdf", PDF("1"))
	one.Note = "首付款"
	two := upload(platformapi.KindInvoice, platformapi.StageUploaded, `C:\files\发票2.pdf`, PDF("2"))
	buyer.did(buyer.put(one))
	buyer.did(buyer.put(two))
	buyer.did(buyer.p.SetNote(ctx, buyer.change(), two.ID, "尾款"))
	if a := buyer.c.Attachments; len(a) != 2 || !a[0].Current || !a[1].Current || a[0].Note != "首付款" || a[1].Note != "尾款" || a[1].Name != "发票2.pdf" {
		t.Fatalf("attachments %+v", a)
	}
	buyer.refused(platformapi.CodeIDTaken, second(buyer.put(one)))
	buyer.refused(platformapi.CodeFilingFormat, second(buyer.put(upload(platformapi.KindInvoice, platformapi.StageUploaded, "a.pdf", []byte("MZ...")))))
	buyer.refused(platformapi.CodeFilingFormat, second(buyer.put(upload(platformapi.KindInvoice, platformapi.StageUploaded, "a.docx", PDF("x")))))
	buyer.did(buyer.p.RemoveAttachment(ctx, buyer.change(), two.ID))
	buyer.refused(platformapi.CodeAttachmentLocked, second(buyer.p.RemoveAttachment(ctx, buyer.change(), two.ID)))
	buyer.refused(platformapi.CodeNotFound, second(buyer.p.RemoveAttachment(ctx, buyer.change(), platformapi.NewID())))

	draft := upload(platformapi.KindFiling, platformapi.StageUploaded, "合同.doc", []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"))
	buyer.did(buyer.put(draft))
	buyer.did(buyer.put(upload(platformapi.KindFiling, platformapi.StageUploaded, "合同.docx", DOCX("2"))))
	filings := 0
	for _, a := range buyer.c.Attachments {
		if a.Kind == platformapi.KindFiling && a.Current {
			filings++
		}
	}
	if filings != 1 {
		t.Errorf("%d current filings", filings)
	}
	buyer.did(buyer.p.SaveFields(ctx, buyer.change(), goodFields))
	file := buyer.seal(PDF("contract"), buyer.org.USCC)
	seal := sealed(file)
	buyer.did(buyer.put(seal))
	buyer.did(buyer.put(upload(platformapi.KindInvoice, platformapi.StageUploaded, "发票3.pdf", PDF("3"))))
	buyer.in(platformapi.StateSealed, 1) // an invoice is no part of what was sealed
	buyer.did(buyer.p.RemoveAttachment(ctx, buyer.change(), seal.ID))
	buyer.in(platformapi.StateDraft, 1)
	buyer.did(buyer.put(sealed(file)))
	buyer.did(buyer.p.Submit(ctx, buyer.change(), digest(file)))
	seller.look(buyer.c.Summary.ID)
	if len(seller.c.Attachments) != 3 {
		t.Errorf("the other side sees %+v", seller.c.Attachments)
	}
	seller.refused(platformapi.CodeWrongState, second(seller.p.RemoveAttachment(ctx, seller.change(), one.ID)))
}

func pages(t *testing.T, buyer, _ *party, _ Harness) {
	ctx := t.Context()
	var ids []string
	for range 5 {
		buyer.create()
		ids = append(ids, buyer.c.Summary.ID)
		buyer.did(buyer.p.Delete(ctx, buyer.change()))
	}
	slices.Reverse(ids)
	var got []string
	q := platformapi.ContractQuery{State: platformapi.StateVoid, Limit: 2}
	for {
		page, err := buyer.p.Contracts(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Items {
			got = append(got, c.ID)
		}
		if page.NextCursor == "" {
			break
		}
		other := q
		other.Cursor, other.State = page.NextCursor, platformapi.StateDraft
		buyer.refused(platformapi.CodeBadRequest, second(buyer.p.Contracts(ctx, other)))
		q.Cursor = page.NextCursor
	}
	if !slices.Equal(got, ids) {
		t.Errorf("pages give %v, want %v", got, ids)
	}
	buyer.create()
	buyer.did(buyer.p.SaveFields(ctx, buyer.change(), goodFields))
	for words, want := range map[string]int{"": 1, "教学设备": 1, "ht-2026-001 第一标段": 1, "国泰": 1, "没有": 0, "%": 0} {
		page, err := buyer.p.Contracts(ctx, platformapi.ContractQuery{Words: words})
		if err != nil || len(page.Items) != want {
			t.Errorf("search %q: %d, %v; want %d", words, len(page.Items), err, want)
		}
	}
	buyer.refused(platformapi.CodeBadRequest, second(buyer.p.Contracts(ctx, platformapi.ContractQuery{Limit: 201})))
}

func download(t *testing.T, buyer, seller *party, _ Harness) {
	file := buyer.send()
	c := seller.look(buyer.c.Summary.ID)
	dir := t.TempDir()
	path, err := seller.p.Download(t.Context(), c.Summary.ID, c.Attachments[0], dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, file) {
		t.Errorf("downloaded %q, %v", got, err)
	}
	if err := os.Remove(path); err != nil {
		t.Error(err)
	}
	wrong := c.Attachments[0]
	wrong.SHA256 = digest([]byte("x"))
	seller.refused(platformapi.CodeNonsense, second(seller.p.Download(t.Context(), c.Summary.ID, wrong, dir)))
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func publishOnce(t *testing.T, buyer, seller *party, _ Harness) {
	file := buyer.send()
	seller.look(buyer.c.Summary.ID)
	both := seller.seal(file, Supplier.USCC)
	seller.did(seller.put(sealed(both)))
	seller.did(seller.p.Agree(t.Context(), seller.change(), digest(both), ""))
	buyer.look(buyer.c.Summary.ID)
	public := buyer.publish(both)
	buyer.refused(platformapi.CodeAlreadyPublished, second(buyer.p.Publish(t.Context(), buyer.change(), publishing(public, both))))
}

func (p *party) conclude(other *party) []byte {
	p.Helper()
	file := p.send()
	other.look(p.c.Summary.ID)
	both := other.seal(file, other.org.USCC)
	other.did(other.put(sealed(both)))
	other.did(other.p.Agree(p.Context(), other.change(), digest(both), ""))
	p.look(p.c.Summary.ID)
	return both
}

func publication(t *testing.T, buyer, seller *party, _ Harness) {
	ctx := t.Context()
	file := buyer.send()
	buyer.refused(platformapi.CodeWrongState, second(buyer.put(copyFor(PDF("early")))))
	seller.look(buyer.c.Summary.ID)
	both := seller.seal(file, Supplier.USCC)
	seller.did(seller.put(sealed(both)))
	seller.did(seller.p.Agree(ctx, seller.change(), digest(both), ""))
	seller.refused(platformapi.CodeNotPurchaser, second(seller.put(copyFor(PDF("public")))))
	buyer.look(buyer.c.Summary.ID)
	buyer.may(platformapi.MovePublish, platformapi.MoveFile, platformapi.MoveAmend)
	buyer.refused(platformapi.CodeFilingFormat, second(buyer.put(upload(platformapi.KindPublication, platformapi.StageUploaded, "公示件.docx", DOCX("x")))))
	buyer.refused(platformapi.CodeCopySealed, second(buyer.put(copyFor(both))))
	buyer.refused(platformapi.CodeBadRequest, second(buyer.put(upload(platformapi.KindPublication, platformapi.StageSealed, "公示件.pdf", both))))
	public := PDF("public")
	buyer.refused(platformapi.CodeCopyMissing, second(buyer.p.Publish(ctx, buyer.change(), publishing(public, both))))
	first := copyFor(PDF("first try"))
	buyer.did(buyer.put(first))
	buyer.did(buyer.put(copyFor(public))) // takes its place
	buyer.refused(platformapi.CodeCopyMissing, second(buyer.p.Publish(ctx, buyer.change(), publishing(PDF("first try"), both))))
	buyer.refused(platformapi.CodeFilingOther, second(buyer.p.Publish(ctx, buyer.change(), publishing(public, file))))
	r := publishing(public, both)
	r.Hidden = []platformapi.Hidden{{What: platformapi.HiddenPhone, Count: 1}, {What: platformapi.HiddenTradeSecret, Count: 1, Reason: " "}}
	if e := buyer.refused(platformapi.CodeReasonMissing, second(buyer.p.Publish(ctx, buyer.change(), r))); len(e.Fields) != 1 || e.Fields[0].Pointer != "/hidden/1/reason" {
		t.Errorf("fields %+v", e.Fields)
	}
	r.Hidden[1].Reason = "投标人的配方"
	buyer.did(buyer.p.Publish(ctx, buyer.change(), r))
	if p := buyer.c.Summary.Publication; p == nil || p.Hidden[1].Reason != "投标人的配方" {
		t.Errorf("publication %+v", p)
	}
	buyer.refused(platformapi.CodeAlreadyPublished, second(buyer.put(copyFor(PDF("later")))))
	// The other side sees what the public does, and the original stays what it was.
	seller.look(buyer.c.Summary.ID)
	var shown []string
	for _, a := range seller.c.Attachments {
		if a.Current {
			shown = append(shown, string(a.Kind)+" "+a.SHA256)
		}
	}
	if want := []string{"contract_filing " + digest(both), "publication " + digest(public)}; !slices.Equal(shown, want) {
		t.Errorf("the other side sees %v", shown)
	}
}

func filedOnce(t *testing.T, buyer, seller *party, h Harness) {
	ctx := t.Context()
	buyer.conclude(seller)
	now, err := buyer.p.Now(ctx)
	if err != nil {
		t.Fatal(err)
	}
	day := now.In(calendar.Zone)
	r := platformapi.FileRequest{Number: "备案-2026-001", FiledOn: day.Format(time.DateOnly)}
	seller.look(buyer.c.Summary.ID)
	seller.refused(platformapi.CodeNotPurchaser, second(seller.p.File(ctx, seller.change(), r)))
	for _, bad := range []platformapi.FileRequest{
		{Number: "1", FiledOn: "2026-02-30"}, {Number: "  ", FiledOn: r.FiledOn}, {Number: "a\nb", FiledOn: r.FiledOn},
		{Number: "1", FiledOn: day.AddDate(0, 0, 1).Format(time.DateOnly)}, {Number: "1", FiledOn: day.AddDate(0, 0, -1).Format(time.DateOnly)},
	} {
		buyer.refused(platformapi.CodeBadRequest, second(buyer.p.File(ctx, buyer.change(), bad)))
	}
	receipt := buyer.did(buyer.p.File(ctx, buyer.change(), r))
	if f := buyer.c.Summary.Filed; receipt.Kind != platformapi.ReceiptFile || f == nil || f.Number != r.Number || f.FiledOn != r.FiledOn || f.Person != "张三" {
		t.Errorf("filed %+v", f)
	}
	buyer.refused(platformapi.CodeAlreadyFiled, second(buyer.p.File(ctx, buyer.change(), r)))
	if last := buyer.c.History[len(buyer.c.History)-1]; last.Step != platformapi.HistoryFile || last.Opinion != r.Number {
		t.Errorf("last row %+v", last)
	}
	buyer.may(platformapi.MovePublish) // neither waits for the other
}

func (p *party) deadline(kind platformapi.DeadlineKind) *platformapi.Deadline {
	for i := range p.c.Summary.Deadlines {
		if d := &p.c.Summary.Deadlines[i]; d.Kind == kind {
			return d
		}
	}
	return nil
}

func deadlines(t *testing.T, buyer, seller *party, h Harness) {
	buyer.send()
	if d := buyer.deadline(platformapi.DeadlineSign); d == nil || d.State != platformapi.DeadlineOK || !strings.Contains(d.Basis, "政府采购法第四十六条") || d.LeftDays < 25 {
		t.Fatalf("sign: %+v", d)
	}
	if d := buyer.deadline(platformapi.DeadlinePublish); d != nil {
		t.Errorf("publishing is due before anything is concluded: %+v", d)
	}
	// Time passes, and nothing is blocked by it.
	h.Clock(60 * 24 * time.Hour)
	id := buyer.c.Summary.ID
	buyer.p, seller.p = h.Login(Purchaser), h.Login(Supplier)
	seller.look(id)
	if d := seller.deadline(platformapi.DeadlineSign); d.State != platformapi.DeadlineOver || d.LeftDays >= 0 {
		t.Errorf("sign, late: %+v", d)
	}
	file := seller.c.Attachments[0]
	both := seller.seal(h.read(t, seller, id, file), Supplier.USCC)
	seller.did(seller.put(sealed(both)))
	seller.did(seller.p.Agree(t.Context(), seller.change(), digest(both), ""))
	buyer.look(id)
	if d := buyer.deadline(platformapi.DeadlineSign); d.State != platformapi.DeadlineDone || !d.DoneAt.Equal(buyer.c.Summary.ConcludedAt) {
		t.Errorf("sign, done: %+v", d)
	}
	publish, filing := buyer.deadline(platformapi.DeadlinePublish), buyer.deadline(platformapi.DeadlineFile)
	if publish == nil || filing == nil || publish.Unit != platformapi.UnitWorkingDay || publish.LeftDays != 2 || filing.LeftDays != 7 {
		t.Fatalf("publish %+v, file %+v", publish, filing)
	}
	if !strings.Contains(publish.Basis, "实施条例第五十条") || !strings.Contains(filing.Basis, "第四十七条") {
		t.Errorf("bases %s, %s", publish.Basis, filing.Basis)
	}
	h.Clock(30 * 24 * time.Hour)
	buyer.p = h.Login(Purchaser)
	buyer.look(id)
	if d := buyer.deadline(platformapi.DeadlinePublish); d.State != platformapi.DeadlineOver {
		t.Errorf("publish, late: %+v", d)
	}
	buyer.publish(both)
	if d := buyer.deadline(platformapi.DeadlinePublish); d.State != platformapi.DeadlineDone {
		t.Errorf("publish, done: %+v", d)
	}
}

func secret(t *testing.T, buyer, seller *party, _ Harness) {
	ctx := t.Context()
	lot, err := buyer.p.Lot(ctx, LotSecret)
	if err != nil || !lot.Secret || lot.Block != platformapi.BlockSecret {
		t.Fatalf("lot %+v, %v", lot, err)
	}
	for _, p := range []*party{buyer, seller} {
		n := platformapi.NewContract{ID: platformapi.NewID(), LotID: LotSecret}
		p.refused(platformapi.CodeLotSecret, second(p.p.Create(ctx, platformapi.Change{Key: platformapi.NewID()}, n)))
		f, err := p.p.Flow(ctx, LotSecret)
		if err != nil {
			t.Fatal(err)
		}
		after := f.Phases[2].Steps
		if after[len(after)-1].State != platformapi.StepNotOpen {
			t.Errorf("steps %+v", after)
		}
	}
}

// amend starts a later document on the contract that the party looked at last.
func (p *party) amend(kind platformapi.ContractKind, f platformapi.ContractFields) (platformapi.Outcome, error) {
	parent := p.c.Summary
	n := platformapi.NewContract{ID: platformapi.NewID(), Kind: kind, ParentID: parent.ID, LotID: parent.LotID, Fields: f}
	return p.p.Create(p.Context(), platformapi.Change{Key: platformapi.NewID()}, n)
}

// finish goes from a begun contract to a concluded one.
func (p *party) finish(other *party) {
	p.Helper()
	file := p.seal(PDF(p.c.Summary.ID), p.org.USCC)
	p.did(p.put(sealed(file)))
	p.did(p.p.Submit(p.Context(), p.change(), digest(file)))
	other.look(p.c.Summary.ID)
	both := other.seal(file, other.org.USCC)
	other.did(other.put(sealed(both)))
	other.did(other.p.Agree(p.Context(), other.change(), digest(both), ""))
}

func amendments(t *testing.T, buyer, seller *party, _ Harness) {
	ctx := t.Context()
	buyer.create()
	buyer.refused(platformapi.CodeWrongState, second(buyer.amend(platformapi.ContractSupplement, platformapi.ContractFields{})))
	buyer.did(buyer.p.Delete(ctx, buyer.change()))
	buyer.conclude(seller)
	main := buyer.c.Summary.ID
	bad := platformapi.NewContract{ID: platformapi.NewID(), Kind: platformapi.ContractSupplement, LotID: LotID}
	buyer.refused(platformapi.CodeBadRequest, second(buyer.p.Create(ctx, platformapi.Change{Key: platformapi.NewID()}, bad)))
	bad.ParentID, bad.LotID = main, LotOther
	buyer.refused(platformapi.CodeNotFound, second(buyer.p.Create(ctx, platformapi.Change{Key: platformapi.NewID()}, bad)))

	// A tenth of the sum is a supplement's to the fen; the next one with it is warned of, and goes on.
	f := platformapi.ContractFields{Name: "补充合同", AmountFen: AwardFen / 10, TermDays: 10, SignedOn: "2026-04-24"}
	buyer.did(buyer.amend(platformapi.ContractSupplement, f))
	if s := buyer.c.Summary; s.Kind != platformapi.ContractSupplement || s.ParentID != main || len(buyer.c.Warnings) != 0 {
		t.Errorf("supplement %+v, warnings %v", s, buyer.c.Warnings)
	}
	if !slices.Equal(buyer.c.Missing, []platformapi.Missing{platformapi.MissingGround, platformapi.MissingFiling, platformapi.MissingSeal}) {
		t.Errorf("missing %v", buyer.c.Missing)
	}
	if c, err := seller.p.Contract(ctx, main); err != nil || len(c.Amendments) != 0 || slices.Contains(c.Summary.Moves, platformapi.MoveAmend) {
		t.Errorf("the other side sees %+v, %v, %v", c.Amendments, c.Summary.Moves, err)
	}
	f.Ground = "追加同一标的"
	buyer.did(buyer.p.SaveFields(ctx, buyer.change(), f))
	buyer.finish(seller)
	if d := seller.deadline(platformapi.DeadlineSign); d != nil {
		t.Errorf("a supplement is to be signed by %+v", d)
	}
	if d := seller.deadline(platformapi.DeadlineFile); d == nil {
		t.Error("a supplement is not filed")
	}
	buyer.look(main)
	if a := buyer.c.Amendments; len(a) != 1 || a[0].State != platformapi.StateConcluded || a[0].AmountFen != f.AmountFen {
		t.Fatalf("amendments %+v", a)
	}
	if buyer.c.Summary.State != platformapi.StateConcluded || buyer.c.Summary.Fields != goodFields {
		t.Error("the contract itself was changed")
	}
	f.AmountFen = 1
	buyer.did(buyer.amend(platformapi.ContractSupplement, f))
	if !slices.Equal(buyer.c.Warnings, []platformapi.Warning{platformapi.WarningSupplementOver}) {
		t.Errorf("warnings %v", buyer.c.Warnings)
	}
	buyer.refused(platformapi.CodeWrongState, second(buyer.amend(platformapi.ContractChange, f))) // on an amendment
	buyer.finish(seller)

	// A change needs a ground and no sum; the supplier may ask for it.
	seller.look(main)
	seller.did(seller.amend(platformapi.ContractChange, platformapi.ContractFields{Name: "变更协议", SignedOn: "2026-05-24"}))
	if !slices.Contains(seller.c.Missing, platformapi.MissingGround) || slices.Contains(seller.c.Missing, platformapi.MissingAmount) {
		t.Errorf("missing %v", seller.c.Missing)
	}
	file := seller.seal(PDF("change"), Supplier.USCC)
	seller.did(seller.put(sealed(file)))
	if e := seller.refused(platformapi.CodeFieldsMissing, second(seller.p.Submit(ctx, seller.change(), digest(file)))); len(e.Fields) != 1 || e.Fields[0].Pointer != "/ground" {
		t.Errorf("fields %+v", e.Fields)
	}
	seller.did(seller.p.Delete(ctx, seller.change()))

	// After a termination there is nothing more to amend; publishing and filing still are due.
	buyer.look(main)
	buyer.did(buyer.amend(platformapi.ContractTermination, platformapi.ContractFields{Name: "终止协议", SignedOn: "2026-06-24", Ground: "政府采购法第五十条"}))
	buyer.finish(seller)
	buyer.look(main)
	if buyer.c.Summary.TerminatedAt.IsZero() || slices.Contains(buyer.c.Summary.Moves, platformapi.MoveAmend) || !slices.Contains(buyer.c.Summary.Moves, platformapi.MoveFile) {
		t.Errorf("terminated: %+v", buyer.c.Summary)
	}
	buyer.refused(platformapi.CodeTerminated, second(buyer.amend(platformapi.ContractChange, platformapi.ContractFields{})))
	// The lot's contract is the one it was.
	if lot, err := buyer.p.Lot(ctx, LotID); err != nil || lot.ContractID != main {
		t.Errorf("lot %+v, %v", lot, err)
	}
}

func amendmentRace(t *testing.T, buyer, seller *party, _ Harness) {
	buyer.conclude(seller)
	seller.look(buyer.c.Summary.ID)
	var wg sync.WaitGroup
	var err1, err2 error
	wg.Go(func() { err1 = second(buyer.amend(platformapi.ContractTermination, platformapi.ContractFields{})) })
	wg.Go(func() { err2 = second(seller.amend(platformapi.ContractChange, platformapi.ContractFields{})) })
	wg.Wait()
	if (err1 == nil) == (err2 == nil) {
		t.Fatalf("termination: %v, change: %v; want exactly one to be begun", err1, err2)
	}
	loser := err1
	if loser == nil {
		loser = err2
	}
	buyer.refused(platformapi.CodeAmending, loser)
}

func reference(t *testing.T, buyer, _ *party, _ Harness) {
	ctx := t.Context()
	terms, err := buyer.p.Terms(ctx)
	if err != nil || terms.Version == "" || len(terms.Items) < 3 {
		t.Errorf("terms %+v, %v", terms, err)
	}
	known, err := buyer.p.Calendar(ctx, 2026)
	if err != nil || known.State != platformapi.CalendarDeclared || !slices.Contains(known.Work, "2026-02-14") || !slices.Contains(known.Off, "2026-10-01") {
		t.Errorf("2026: %+v, %v", known, err)
	}
	unknown, err := buyer.p.Calendar(ctx, 2099)
	if err != nil || unknown.State != platformapi.CalendarPredicted || len(unknown.Off) != 0 {
		t.Errorf("2099: %+v, %v", unknown, err)
	}
	buyer.refused(platformapi.CodeBadRequest, second(buyer.p.Calendar(ctx, 1066)))
	list, err := buyer.p.Templates(ctx)
	if err != nil || len(list) != 1 {
		t.Fatalf("templates %+v, %v", list, err)
	}
	path, err := buyer.p.DownloadTemplate(ctx, list[0], t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || digest(got) != list[0].SHA256 {
		t.Errorf("template: %v", err)
	}
	list[0].ID = "none"
	buyer.refused(platformapi.CodeNotFound, second(buyer.p.DownloadTemplate(ctx, list[0], t.TempDir())))
}

func logout(t *testing.T, buyer, _ *party, _ Harness) {
	s, err := buyer.p.Session(t.Context())
	if err != nil || s.Organisation != Purchaser || s.Person != "张三" {
		t.Fatalf("session %+v, %v", s, err)
	}
	if err := buyer.p.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := buyer.refused(platformapi.CodeSessionOver, second(buyer.p.Lots(t.Context(), "")))
	if e.Kind != platformapi.KindUnauthorised || platformapi.Retryable(e) {
		t.Errorf("error %+v", e)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := buyer.p.Now(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled call: %v", err)
	}
}
