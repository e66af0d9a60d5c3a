package desk

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/ui/desk/papers"
	"sealdesk/ui/desk/words"
)

// Sent is what was handed to the outbox. It is on disk; the platform may be away.
type Sent struct {
	w   *Work
	ids []string
}

// Wait waits for the receipt of the last change and takes over what the platform answered.
func (s Sent) Wait(ctx context.Context) (platformapi.Receipt, error) {
	var receipt platformapi.Receipt
	for _, id := range s.ids {
		outcome, err := s.w.s.box.Wait(ctx, id)
		s.w.s.ledger.changed()
		if platformapi.IsCode(err, platformapi.CodeVersionStale) {
			_ = s.w.Refresh(ctx) // so that the page shows what happened meanwhile, beside the error
		}
		if err != nil {
			return platformapi.Receipt{}, err
		}
		receipt = outcome.Receipt
		// The receipt is in hand. What cannot be kept or fetched now is learnt again when the contract is looked at.
		_ = s.w.learn(ctx, outcome.Contract)
	}
	_ = s.w.Receive(ctx)
	return receipt, nil
}

// Save hands what was typed and attached to the outbox (修改保存).
func (w *Work) Save(ctx context.Context) (Sent, error) {
	return w.send(ctx, ActionSave, w.changes)
}

// Submit sends the contract to the other side, with all that was not saved yet: sealed (提交合同), or where both agree first
// the clean copy (推送审核). Where both agreed it sends our seal (提交签章), and the second seal concludes the contract.
func (w *Work) Submit(ctx context.Context) (Sent, error) {
	return w.send(ctx, ActionSubmit, func(d *draft) []outbox.Request {
		switch {
		case !d.open():
			return attach(d.Filing.Sealed, platformapi.KindFiling, platformapi.StageSealed)
		case d.reviewFirst():
			return append(w.changes(d), outbox.Request{Op: outbox.OpSubmit, SHA256: d.Filing.Clean.SHA256})
		}
		return append(w.changes(d), outbox.Request{Op: outbox.OpSubmit, SHA256: d.Filing.Sealed.SHA256})
	})
}

// Unseal takes our seal off again where both agreed and the other side has not sealed yet (撤回签章). It is void then.
func (w *Work) Unseal(ctx context.Context) (Sent, error) {
	return w.send(ctx, ActionUnseal, func(d *draft) []outbox.Request {
		return []outbox.Request{{Op: outbox.OpDetach, AttachmentID: d.current(platformapi.StageSealed).ID}}
	})
}

// Agree concludes the contract with both seals on it (同意). The opinion may be empty.
func (w *Work) Agree(ctx context.Context, opinion string) (Sent, error) {
	opinion = strings.TrimSpace(unlined(opinion))
	if err := remark(opinion); err != nil {
		return Sent{}, err
	}
	return w.send(ctx, ActionAgree, func(d *draft) []outbox.Request {
		agree := outbox.Request{Op: outbox.OpAgree, Text: opinion}
		if d.reviewFirst() {
			agree.SHA256 = w.toReview().file.SHA256
			return []outbox.Request{agree}
		}
		if own := d.Filing.Sealed; own != nil {
			agree.SHA256 = own.SHA256
			return append(attach(own, platformapi.KindFiling, platformapi.StageSealed), agree)
		}
		agree.SHA256 = w.toReview().file.SHA256 // sealed by us at another desk
		return []outbox.Request{agree}
	})
}

// Refuse sends the contract back to its starter (不同意) with an opinion, which is required. The seals are void then.
func (w *Work) Refuse(ctx context.Context, opinion string) (Sent, error) {
	opinion = strings.TrimSpace(unlined(opinion))
	if opinion == "" {
		return Sent{}, fault("opinion_required", nil)
	}
	if err := remark(opinion); err != nil {
		return Sent{}, err
	}
	return w.send(ctx, ActionRefuse, only(outbox.Request{Op: outbox.OpRefuse, Text: opinion}))
}

// Withdraw takes a submitted contract back (撤回) while the other side has not sealed it.
func (w *Work) Withdraw(ctx context.Context) (Sent, error) {
	return w.send(ctx, ActionWithdraw, only(outbox.Request{Op: outbox.OpWithdraw}))
}

func only(r outbox.Request) func(*draft) []outbox.Request {
	return func(*draft) []outbox.Request { return []outbox.Request{r} }
}

// Delete gives the contract up. One that was never sent is moved aside on this machine; nothing is erased.
func (w *Work) Delete(ctx context.Context) (Sent, error) {
	w.catchUp(ctx)
	if w.created() {
		return w.send(ctx, ActionDelete, only(outbox.Request{Op: outbox.OpDelete}))
	}
	w.sending.Lock()
	defer w.sending.Unlock()
	if err := w.takeBackRefused(ctx); err != nil {
		return Sent{}, err
	}
	aside := filepath.Join(w.s.dir, deletedFolder)
	if err := os.MkdirAll(aside, 0o700); err != nil {
		return Sent{}, diskError(aside, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.shelf.PutAway(ctx, document) // what cannot go now goes when the party leaves
	if err := os.Rename(w.dir, filepath.Join(aside, filepath.Base(w.dir))); err != nil {
		return Sent{}, diskError(w.dir, err)
	}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	delete(w.s.works, filepath.Base(w.dir))
	return Sent{w: w}, nil
}

// takeBackRefused takes back what the platform refused: the person decided anew, and a refused change had no effect. With
// it goes what waits behind it. A damaged entry, which may have had one, is for the person alone to discard, and until then
// nothing of the contract is sent. w.sending is held.
func (w *Work) takeBackRefused(ctx context.Context) error {
	defer w.s.ledger.changed()
	for {
		w.s.ledger.changed()
		contracts, err := w.s.ledger.entries(ctx)
		if err != nil {
			return err
		}
		refused := handed(contracts[w.id]).refused
		if len(refused) == 0 {
			return nil
		}
		if refused[0].Damaged() {
			return &outbox.Error{CodeValue: outbox.CodeEntryDamaged, Detail: refused[0].LastError}
		}
		if err := w.s.box.Withdraw(ctx, refused[0].ID); err != nil && !platformapi.IsCode(err, outbox.CodeUnknown) {
			return err
		}
	}
}

// send puts into the outbox, all or none, what an action asks for. Files are copied there, so that nothing here is needed
// any more.
//
// A contract and a file have their own ids as idempotency keys: a program that died after the journal was written and
// before the draft was finds them there again.
func (w *Work) send(ctx context.Context, action Action, requests func(*draft) []outbox.Request) (Sent, error) {
	w.sending.Lock()
	defer w.sending.Unlock()
	if err := w.ask(ctx, action); err != nil {
		return Sent{}, err
	}
	if err := w.takeBackRefused(ctx); err != nil {
		return Sent{}, err
	}
	w.catchUp(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.allowed(ctx, action); err != nil {
		return Sent{}, err
	}
	list := requests(w.d)
	var files []*papers.Document
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	formKey := ""
	for i := range list {
		r := &list[i]
		r.Org, r.ContractID, r.Title = w.s.key.USCC, w.id, w.title(r.Op)
		if i > 0 || w.d.Known == nil {
			r.Version = outbox.AfterPrevious
		} else {
			r.Version = w.d.Known.Summary.Version
		}
		switch r.Op {
		case outbox.OpAttach:
			f, err := w.shelf.Open(r.Text)
			if err != nil {
				return Sent{}, w.shelfError(err, r.Upload.Name)
			}
			files = append(files, f)
			r.Upload.Content, r.Text = f, ""
		case outbox.OpSave:
			r.Key = platformapi.NewID()
			formKey = r.Key
		case outbox.OpCreate:
			formKey = r.Key
		}
	}
	entries, err := w.s.box.AddAll(ctx, list)
	if err != nil {
		return Sent{}, err
	}
	w.s.ledger.changed()
	sent := Sent{w: w}
	for _, e := range entries {
		sent.ids = append(sent.ids, e.ID)
	}
	next := w.d.clone()
	if formKey != "" {
		next.Sent, next.SentKey = next.Typed, formKey
	}
	for _, f := range next.toSend() {
		f.NoteSent = f.Note
	}
	_ = w.keep(next) // it is in the outbox, and so it was sent, whether or not the draft can tell
	return sent, nil
}

// attach is the request that brings a file to the platform, if it is not there. The file's path stands in Text until it is
// opened.
func attach(f *File, kind platformapi.AttachmentKind, stage platformapi.AttachmentStage) []outbox.Request {
	switch {
	case f == nil:
	case !f.Sent:
		return []outbox.Request{{Op: outbox.OpAttach, Key: f.Attachment, Text: f.Path, Upload: platformapi.Upload{
			ID: f.Attachment, Kind: kind, Stage: stage, Name: f.Name, Note: f.Note, Size: f.Size, SHA256: f.SHA256}}}
	case f.Note != f.NoteSent:
		return []outbox.Request{{Op: outbox.OpNote, AttachmentID: f.Attachment, Text: f.Note}}
	}
	return nil
}

// changes are the requests for all that differs from what the platform has: the contract itself, files that were taken
// out, the form, files that were put in. What was taken out goes first, for saving the form makes a seal void there, and
// a void file cannot be taken out any more.
func (w *Work) changes(d *draft) []outbox.Request {
	var out []outbox.Request
	if !d.Created {
		out = append(out, outbox.Request{Op: outbox.OpCreate, Key: d.Contract,
			New: platformapi.NewContract{ID: d.Contract, Kind: d.Kind, ParentID: d.Parent, LotID: d.Lot.ID, Fields: d.Typed}})
	}
	for _, id := range d.toDetach() {
		out = append(out, outbox.Request{Op: outbox.OpDetach, AttachmentID: id})
	}
	if d.Created && d.Typed != d.Sent {
		out = append(out, outbox.Request{Op: outbox.OpSave, Fields: d.Typed})
	}
	out = append(out, attach(d.Filing.Original, platformapi.KindFiling, platformapi.StageUploaded)...)
	out = append(out, attach(d.cleanToSend(), platformapi.KindFiling, platformapi.StageClean)...)
	for i := range d.Invoices {
		out = append(out, attach(&d.Invoices[i], platformapi.KindInvoice, platformapi.StageUploaded)...)
	}
	return append(out, attach(d.Filing.Sealed, platformapi.KindFiling, platformapi.StageSealed)...)
}

func (w *Work) title(op outbox.Op) string {
	name := w.d.Typed.Name
	if name == "" {
		name = w.d.Lot.ProjectName
	}
	return titleOf(w.s.desk.cfg.Words, op, name)
}

// titleOf is what a person sees of a change: what it does, and of what.
func titleOf(w *words.Catalog, op outbox.Op, of string) string {
	return w.T("outbox.op."+string(op)) + " · " + of
}

// Outbox lists what waits and what was delivered for this party, the newest first.
func (s *Session) Outbox(ctx context.Context) ([]outbox.Entry, error) {
	entries, err := s.ledger.all(ctx)
	slices.Reverse(entries)
	return entries, err
}

// Retry sends an entry now (立即重试).
func (s *Session) Retry(ctx context.Context, id string) error {
	defer s.ledger.changed()
	return s.box.Retry(ctx, id)
}

// TakeBack withdraws an entry that has not left, or that failed. What it was to change counts as not sent again.
func (s *Session) TakeBack(ctx context.Context, id string) error {
	defer s.ledger.changed()
	return s.box.Withdraw(ctx, id)
}

// OutboxChanges has something to receive whenever entries changed, until ctx ends.
func (s *Session) OutboxChanges(ctx context.Context) <-chan struct{} { return s.ledger.listen(ctx) }
