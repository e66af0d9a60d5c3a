package desk

import (
	"context"

	"sealdesk/platformapi"
)

// hearing is the platform as the outbox sends to it: how each call went is heard by the session, so that the foot of the
// sidebar tells the truth while nobody asks anything.
type hearing struct {
	s    *Session
	next platformapi.Changer
}

func (h hearing) told(o platformapi.Outcome, err error) (platformapi.Outcome, error) {
	h.s.heard(err)
	return o, err
}

func (h hearing) Create(ctx context.Context, c platformapi.Change, n platformapi.NewContract) (platformapi.Outcome, error) {
	return h.told(h.next.Create(ctx, c, n))
}

func (h hearing) SaveFields(ctx context.Context, c platformapi.Change, f platformapi.ContractFields) (platformapi.Outcome, error) {
	return h.told(h.next.SaveFields(ctx, c, f))
}

func (h hearing) PutAttachment(ctx context.Context, c platformapi.Change, u platformapi.Upload) (platformapi.Outcome, error) {
	return h.told(h.next.PutAttachment(ctx, c, u))
}

func (h hearing) RemoveAttachment(ctx context.Context, c platformapi.Change, attachmentID string) (platformapi.Outcome, error) {
	return h.told(h.next.RemoveAttachment(ctx, c, attachmentID))
}

func (h hearing) SetNote(ctx context.Context, c platformapi.Change, attachmentID, note string) (platformapi.Outcome, error) {
	return h.told(h.next.SetNote(ctx, c, attachmentID, note))
}

func (h hearing) Submit(ctx context.Context, c platformapi.Change, sha256 string) (platformapi.Outcome, error) {
	return h.told(h.next.Submit(ctx, c, sha256))
}

func (h hearing) Withdraw(ctx context.Context, c platformapi.Change) (platformapi.Outcome, error) {
	return h.told(h.next.Withdraw(ctx, c))
}

func (h hearing) Agree(ctx context.Context, c platformapi.Change, sha256, opinion string) (platformapi.Outcome, error) {
	return h.told(h.next.Agree(ctx, c, sha256, opinion))
}

func (h hearing) Refuse(ctx context.Context, c platformapi.Change, opinion string) (platformapi.Outcome, error) {
	return h.told(h.next.Refuse(ctx, c, opinion))
}

func (h hearing) Publish(ctx context.Context, c platformapi.Change, r platformapi.PublishRequest) (platformapi.Outcome, error) {
	return h.told(h.next.Publish(ctx, c, r))
}

func (h hearing) File(ctx context.Context, c platformapi.Change, r platformapi.FileRequest) (platformapi.Outcome, error) {
	return h.told(h.next.File(ctx, c, r))
}

func (h hearing) Delete(ctx context.Context, c platformapi.Change) (platformapi.Outcome, error) {
	return h.told(h.next.Delete(ctx, c))
}
