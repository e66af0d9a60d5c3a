package desk

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
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
		outcome, err := s.w.s.desk.outbox.Wait(ctx, id)
		if err != nil {
			return platformapi.Receipt{}, err
		}
		receipt = outcome.Receipt
		if err := s.w.learn(outcome.Contract); err != nil {
			return receipt, err
		}
	}
	return receipt, s.w.Receive(ctx)
}

// Save hands what was typed and attached to the outbox (修改保存).
func (w *Work) Save(ctx context.Context) (Sent, error) {
	return w.send(ctx, ActionSave, nil)
}

// Submit sends the sealed contract to the other side (提交合同), with all that was not saved yet.
func (w *Work) Submit(ctx context.Context) (Sent, error) {
	return w.send(ctx, ActionSubmit, func(d *draft) outbox.Request {
		return outbox.Request{Op: outbox.OpSubmit, SHA256: d.Filing.Sealed.SHA256}
	})
}

// Agree concludes the contract with both seals on it (同意). The opinion may be empty.
func (w *Work) Agree(ctx context.Context, opinion string) (Sent, error) {
	return w.send(ctx, ActionAgree, func(d *draft) outbox.Request {
		sum := ""
		if d.Filing.Sealed != nil {
			sum = d.Filing.Sealed.SHA256
		} else if w.received != nil {
			sum = w.received.file.SHA256
		}
		return outbox.Request{Op: outbox.OpAgree, SHA256: sum, Text: strings.TrimSpace(opinion)}
	})
}

// Refuse sends the contract back to its starter (不同意) with an opinion, which is required. The seals are void then.
func (w *Work) Refuse(ctx context.Context, opinion string) (Sent, error) {
	opinion = strings.TrimSpace(opinion)
	if opinion == "" {
		return Sent{}, fault("opinion_required", nil)
	}
	return w.send(ctx, ActionRefuse, func(d *draft) outbox.Request {
		w.dropSeal() // our own, if it is on already: what was refused is not signed
		d.Removed = nil
		return outbox.Request{Op: outbox.OpRefuse, Text: opinion}
	})
}

// Withdraw takes a submitted contract back (撤回) while the other side has not sealed it.
func (w *Work) Withdraw(ctx context.Context) (Sent, error) {
	return w.send(ctx, ActionWithdraw, func(*draft) outbox.Request { return outbox.Request{Op: outbox.OpWithdraw} })
}

// Publish makes the concluded contract public (公示).
func (w *Work) Publish(ctx context.Context) (Sent, error) {
	return w.send(ctx, ActionPublish, func(*draft) outbox.Request { return outbox.Request{Op: outbox.OpPublish} })
}

// Delete gives the contract up. One that was never sent is moved aside on this machine; nothing is erased.
func (w *Work) Delete(ctx context.Context) (Sent, error) {
	w.mu.Lock()
	created := w.d.Created
	w.mu.Unlock()
	if created {
		return w.send(ctx, ActionDelete, func(*draft) outbox.Request { return outbox.Request{Op: outbox.OpDelete} })
	}
	w.s.mu.Lock()
	delete(w.s.works, w.d.Contract)
	w.s.mu.Unlock()
	return Sent{w: w}, diskError(w.dir, os.Rename(w.dir, w.dir+".deleted"))
}

// send puts into the outbox, all or none, what is not there yet: the contract itself, the form, files that were taken out
// or put in, and last what the action asks for. The files are copied there, so that nothing here is needed any more.
//
// A contract and a file have their own ids as idempotency keys: a program that died after the journal was written and
// before the draft was finds them there again.
func (w *Work) send(ctx context.Context, action Action, last func(*draft) outbox.Request) (Sent, error) {
	view := w.View(ctx)
	if why, ok := view.Why(action); !ok {
		return Sent{}, fault("not_allowed", nil, "reason", why.What)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.d
	var requests []outbox.Request
	if action == ActionSave || action == ActionSubmit || action == ActionAgree {
		requests = w.changes(action)
	}
	if last != nil {
		requests = append(requests, last(d))
	}
	var files []*os.File
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	for i := range requests {
		r := &requests[i]
		r.Org, r.ContractID, r.Version, r.Title = w.s.key.USCC, d.Contract, view.Version, w.title(r.Op)
		if len(view.Waiting) > 0 || i > 0 {
			r.Version = outbox.AfterPrevious
		}
		if r.Op == outbox.OpAttach {
			f, err := os.Open(w.path(&File{Path: r.Text}))
			if err != nil {
				return Sent{}, diskError(w.dir, err)
			}
			files = append(files, f)
			r.Upload.Content, r.Text = f, ""
		}
	}
	entries, err := w.s.desk.outbox.AddAll(ctx, requests)
	if err != nil {
		return Sent{}, err
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	if action == ActionSave || action == ActionSubmit {
		d.Sent, d.Removed = d.Typed, nil
		for _, f := range w.files() {
			f.NoteSent = f.Note
		}
	}
	return Sent{w: w, ids: ids}, d.save(w.dir, time.Now())
}

// changes are the requests for all that differs from what was handed over before. The path of a file to attach stands in
// Text until it is opened.
func (w *Work) changes(action Action) []outbox.Request {
	d := w.d
	var out []outbox.Request
	attach := func(f *File, kind platformapi.AttachmentKind, stage platformapi.AttachmentStage) {
		switch {
		case f == nil:
		case !f.Sent:
			out = append(out, outbox.Request{Op: outbox.OpAttach, Key: f.Attachment, Text: f.Path, Upload: platformapi.Upload{
				ID: f.Attachment, Kind: kind, Stage: stage, Name: f.Name, Note: f.Note, Size: f.Size, SHA256: f.SHA256}})
		case f.Note != f.NoteSent:
			out = append(out, outbox.Request{Op: outbox.OpNote, AttachmentID: f.Attachment, Text: f.Note})
		}
	}
	if action == ActionAgree { // the other side adds its seal and nothing else
		attach(d.Filing.Sealed, platformapi.KindFiling, platformapi.StageSealed)
		return out
	}
	if !d.Created {
		out = append(out, outbox.Request{Op: outbox.OpCreate, Key: d.Contract,
			New: platformapi.NewContract{ID: d.Contract, LotID: d.Lot.ID, Fields: d.Typed}})
	} else if d.Typed != d.Sent {
		out = append(out, outbox.Request{Op: outbox.OpSave, Fields: d.Typed})
	}
	for _, id := range d.Removed {
		out = append(out, outbox.Request{Op: outbox.OpDetach, AttachmentID: id})
	}
	attach(d.Filing.Original, platformapi.KindFiling, platformapi.StageUploaded)
	for i := range d.Invoices {
		attach(&d.Invoices[i], platformapi.KindInvoice, platformapi.StageUploaded)
	}
	attach(d.Filing.Sealed, platformapi.KindFiling, platformapi.StageSealed)
	return out
}

// files are all files of the draft that go to the platform.
func (w *Work) files() []*File {
	var out []*File
	for _, f := range []*File{w.d.Filing.Original, w.d.Filing.Sealed} {
		if f != nil {
			out = append(out, f)
		}
	}
	for i := range w.d.Invoices {
		out = append(out, &w.d.Invoices[i])
	}
	return out
}

// reconcile tells from the outbox and from what the platform said which parts of the draft were handed over.
func (w *Work) reconcile(entries []outbox.Entry) {
	handed := map[string]bool{}
	for _, e := range entries {
		handed[e.Key] = true
	}
	if w.d.Known != nil {
		handed[w.d.Contract] = true
		for _, a := range w.d.Known.Attachments {
			handed[a.ID] = true
		}
	}
	w.d.Created = handed[w.d.Contract]
	for _, f := range w.files() {
		f.Sent = handed[f.Attachment]
	}
}

func (w *Work) title(op outbox.Op) string {
	name := w.d.Typed.Name
	if name == "" {
		name = w.d.Lot.ProjectName
	}
	return w.s.desk.cfg.Words.T("outbox.op."+string(op)) + " · " + name
}

// permanentlyFailed tells that what waits was refused by the platform: it goes on only when the person does something.
func permanentlyFailed(entries []outbox.Entry) bool {
	return slices.ContainsFunc(entries, func(e outbox.Entry) bool { return e.State == outbox.Failed })
}

// Outbox lists what waits and what was delivered for this party, the newest first.
func (s *Session) Outbox(ctx context.Context) ([]outbox.Entry, error) {
	entries, err := s.desk.outbox.Entries(ctx, s.key.USCC)
	slices.Reverse(entries)
	return entries, err
}

// Retry sends an entry now (立即重试).
func (s *Session) Retry(ctx context.Context, id string) error { return s.desk.outbox.Retry(ctx, id) }

// TakeBack withdraws an entry that has not left, or that the platform refused.
func (s *Session) TakeBack(ctx context.Context, id string) error {
	return s.desk.outbox.Withdraw(ctx, id)
}

// OutboxChanges has something to receive whenever entries changed, until ctx ends.
func (s *Session) OutboxChanges(ctx context.Context) <-chan struct{} {
	return s.desk.outbox.Subscribe(ctx)
}
