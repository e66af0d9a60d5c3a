package outbox

import (
	"context"
	"errors"

	"sealdesk/platformapi"
)

// Through is p with every change going through the outbox: the call returns when the platform has answered, and when the
// process ends before, the change is still made later. Run must be running for org, with p. Where p is a Watcher, it is one.
func (b *Box) Through(p platformapi.Platform, org string) platformapi.Platform {
	t := through{Platform: p, box: b, org: org}
	if w, ok := p.(platformapi.Watcher); ok {
		return struct {
			through
			platformapi.Watcher
		}{t, w}
	}
	return t
}

type through struct {
	platformapi.Platform
	box *Box
	org string
}

func (t through) do(ctx context.Context, c platformapi.Change, r Request) (platformapi.Outcome, error) {
	r.Org, r.Key, r.ContractID, r.Version = t.org, c.Key, c.ContractID, c.Version
	if r.Op == OpCreate {
		r.ContractID = r.New.ID
	}
	e, err := t.box.Add(ctx, r)
	if err != nil {
		return platformapi.Outcome{}, err
	}
	out, err := t.box.Wait(ctx, e.ID)
	if err != nil && ctx.Err() == nil && !platformapi.IsCode(err, CodeEntryDamaged) {
		// The caller is told of the refusal; nothing needs to be kept of it, but of what is damaged, which may have arrived.
		if gone := t.box.Withdraw(ctx, e.ID); gone != nil && !platformapi.IsCode(gone, CodeUnknown) {
			return out, errors.Join(err, gone)
		}
	}
	return out, err
}

func (t through) Create(ctx context.Context, c platformapi.Change, n platformapi.NewContract) (platformapi.Outcome, error) {
	return t.do(ctx, c, Request{Op: OpCreate, New: n})
}

func (t through) SaveFields(ctx context.Context, c platformapi.Change, f platformapi.ContractFields) (platformapi.Outcome, error) {
	return t.do(ctx, c, Request{Op: OpSave, Fields: f})
}

func (t through) PutAttachment(ctx context.Context, c platformapi.Change, u platformapi.Upload) (platformapi.Outcome, error) {
	return t.do(ctx, c, Request{Op: OpAttach, Upload: u})
}

func (t through) RemoveAttachment(ctx context.Context, c platformapi.Change, attachmentID string) (platformapi.Outcome, error) {
	return t.do(ctx, c, Request{Op: OpDetach, AttachmentID: attachmentID})
}

func (t through) SetNote(ctx context.Context, c platformapi.Change, attachmentID, note string) (platformapi.Outcome, error) {
	return t.do(ctx, c, Request{Op: OpNote, AttachmentID: attachmentID, Text: note})
}

func (t through) Submit(ctx context.Context, c platformapi.Change, sha256 string) (platformapi.Outcome, error) {
	return t.do(ctx, c, Request{Op: OpSubmit, SHA256: sha256})
}

func (t through) Withdraw(ctx context.Context, c platformapi.Change) (platformapi.Outcome, error) {
	return t.do(ctx, c, Request{Op: OpWithdraw})
}

func (t through) Agree(ctx context.Context, c platformapi.Change, sha256, opinion string) (platformapi.Outcome, error) {
	return t.do(ctx, c, Request{Op: OpAgree, SHA256: sha256, Text: opinion})
}

func (t through) Refuse(ctx context.Context, c platformapi.Change, opinion string) (platformapi.Outcome, error) {
	return t.do(ctx, c, Request{Op: OpRefuse, Text: opinion})
}

func (t through) Publish(ctx context.Context, c platformapi.Change, r platformapi.PublishRequest) (platformapi.Outcome, error) {
	return t.do(ctx, c, Request{Op: OpPublish, Publish: r})
}

func (t through) File(ctx context.Context, c platformapi.Change, r platformapi.FileRequest) (platformapi.Outcome, error) {
	return t.do(ctx, c, Request{Op: OpFile, File: r})
}

func (t through) Delete(ctx context.Context, c platformapi.Change) (platformapi.Outcome, error) {
	return t.do(ctx, c, Request{Op: OpDelete})
}
