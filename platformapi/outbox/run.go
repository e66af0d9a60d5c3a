package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox/turn"
)

// Run sends what waits for an organisation (by its USCC) in its session p, and what is added later, until ctx ends. While
// another process does so, or another Run, it waits for its turn. It returns earlier when the session is over or the
// platform's certificate is not to be trusted: then nothing can be sent until a person did something, and what waits keeps
// waiting.
func (b *Box) Run(ctx context.Context, p platformapi.Changer, org string) (err error) {
	sending, err := turn.Wait(ctx, b.sender(org))
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return disk("the outbox's folder cannot be written", err)
	}
	defer func() { err = errors.Join(err, sending.End()) }()
	if err := b.takeOver(ctx, org); err != nil {
		return err
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	changed := b.Subscribe(inner)
	for {
		r, wait, err := b.claim(ctx, org)
		if err != nil {
			return err
		}
		if r != nil {
			if err := b.send(ctx, p, *r); err != nil {
				return err
			}
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-changed:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// claim marks the entry that is to be sent now, or says how long to wait for one. Of those that are due the first that was
// added goes; what is due is told by the monotonic clock alone, so that no jump of the other one delays or hurries anything.
// Damaged ones that it meets have failed then; they hold back what follows in their contracts, and nothing else.
func (b *Box) claim(ctx context.Context, org string) (*row, time.Duration, error) {
	var claimed *row
	var wait time.Duration
	failed := false
	err := b.tx(ctx, func(tx *sql.Tx) error {
		for {
			id, left, err := b.next(ctx, tx, org)
			wait = left
			if err != nil || id == "" {
				return err
			}
			r, err := b.row(ctx, tx, id)
			if err != nil {
				return err
			}
			sendable, err := b.claimRow(ctx, tx, &r)
			if err != nil {
				return err
			}
			if sendable {
				claimed = &r
				return nil
			}
			failed = true
		}
	})
	if err != nil {
		return nil, 0, err
	}
	if claimed != nil {
		b.opts.Trace(Claimed, claimed.Entry)
	}
	if claimed != nil || failed {
		b.tell()
	}
	return claimed, wait, nil
}

// claimRow marks an entry as being sent, with the version that it is sent for, or as failed when it is damaged: nothing is
// written over then but its state.
func (b *Box) claimRow(ctx context.Context, tx *sql.Tx, r *row) (sendable bool, err error) {
	if r.Damaged() {
		_, err := tx.ExecContext(ctx, `UPDATE entries SET state = 'failed' WHERE seq = ?`, r.seq)
		return false, err
	}
	if r.prev.Valid {
		before, err := b.scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM entries e WHERE e.seq = ?`, r.prev.Int64).Scan)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return false, err
		}
		if before.Receipt == nil {
			_, err := tx.ExecContext(ctx, `UPDATE entries SET state = 'failed', next_try = 0, failure = ? WHERE seq = ?`,
				b.sealFailure(r.ID, damaged(errors.New("the one before it has no receipt"))), r.seq)
			return false, err
		}
		r.version = before.Receipt.Version
	}
	r.State = Sending
	r.Attempts++
	_, err = tx.ExecContext(ctx, `UPDATE entries SET state = 'sending', attempts = attempts + 1, perhaps = perhaps + 1 WHERE seq = ?`, r.seq)
	return err == nil, err
}

// next is the entry to be sent now, "" when none is due, and then how long to wait for one.
func (b *Box) next(ctx context.Context, tx *sql.Tx, org string) (id string, wait time.Duration, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT e.id, e.next_try FROM entries e WHERE e.org = ? AND e.state = 'waiting'
		AND NOT EXISTS (SELECT 1 FROM entries p WHERE p.org = e.org AND p.contract_id = e.contract_id AND p.seq < e.seq AND p.state <> 'done')
		ORDER BY e.seq`, org)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = rows.Close() }() // Err below has told of every failure
	wait = backoffLast
	for rows.Next() {
		var candidate string
		var next int64
		if err := rows.Scan(&candidate, &next); err != nil {
			return "", 0, err
		}
		left := time.Duration(0)
		if next != 0 {
			left = b.left(candidate)
		}
		if left <= 0 {
			return candidate, 0, nil
		}
		wait = min(wait, left)
	}
	return "", wait, rows.Err()
}

// rest puts an entry's next try off.
func (b *Box) rest(id string, delay time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.due[id] = time.Now().Add(delay)
}

// left is how long an entry still rests; one that this process did not try does not rest.
func (b *Box) left(id string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Until(b.due[id])
}

// nextTry is when an entry is tried again, as the clock stands now; kept is what was written of it, by another process
// perhaps.
func (b *Box) nextTry(id string, kept time.Time) time.Time {
	now := b.opts.Now()
	if kept.IsZero() {
		return kept
	}
	if left := b.left(id); left > 0 {
		return now.Add(left).UTC()
	}
	if kept.Sub(now).Abs() > farAway {
		return time.Time{}
	}
	return kept
}

// send sends an entry and writes down what came of it. Its error ends Run.
func (b *Box) send(ctx context.Context, p platformapi.Changer, r row) error {
	outcome, sent := b.call(ctx, p, r)
	b.opts.Trace(Answered, r.Entry)
	// What was learnt is written down even when the caller has given up meanwhile.
	recording := context.WithoutCancel(ctx)
	if sent == nil {
		return b.record(recording, r, outcome)
	}
	state, next := Failed, time.Time{}
	fatal := error(nil)
	perhaps := 1
	e, known := errors.AsType[*platformapi.Error](sent)
	switch {
	case ctx.Err() != nil:
		state, fatal = Waiting, ctx.Err()
	case known && (e.Kind == platformapi.KindUnauthorised || e.Kind == platformapi.KindInsecure):
		state, fatal, perhaps = Waiting, sent, 0
	case platformapi.Retryable(sent):
		delay := b.opts.Backoff(r.Attempts)
		if known {
			delay = max(delay, e.RetryAfter)
			if e.Unsent {
				perhaps = 0
			}
		}
		state, next = Waiting, b.opts.Now().Add(delay)
		b.rest(r.ID, delay)
	}
	err := b.tx(recording, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(recording, `UPDATE entries SET state = ?, next_try = ?, failure = ?, perhaps = perhaps - 1 + ? WHERE seq = ?`,
			state, micros(next), b.sealFailure(r.ID, sent), perhaps, r.seq)
		return err
	})
	b.tell()
	return errors.Join(fatal, err)
}

// record writes the answer down, and forgets the copy of what was sent.
func (b *Box) record(ctx context.Context, r row, outcome platformapi.Outcome) error {
	kept, err := json.Marshal(outcome)
	if err != nil {
		return err
	}
	err = b.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE entries SET state = 'done', failure = x'', payload = '', outcome = ?, done_at = ? WHERE seq = ?`,
			b.seal(r.ID, "outcome", string(kept)), micros(b.opts.Now()), r.seq)
		return err
	})
	if err != nil {
		return err
	}
	b.opts.Trace(Recorded, r.Entry)
	b.tell()
	if r.payload != "" {
		if err := b.removeFiles(ctx); err != nil {
			return err
		}
		b.opts.Trace(FilesRemoved, r.Entry)
	}
	return nil
}

// call makes the call that an entry stands for.
func (b *Box) call(ctx context.Context, p platformapi.Changer, r row) (platformapi.Outcome, error) {
	c := platformapi.Change{Key: r.Key, ContractID: r.ContractID, Version: r.version}
	q := r.request
	switch r.Op {
	case OpCreate:
		return p.Create(ctx, c, q.New)
	case OpSave:
		return p.SaveFields(ctx, c, q.Fields)
	case OpAttach:
		f, err := b.files.open(r.payload, q.Upload.Size)
		if err != nil {
			return platformapi.Outcome{}, err
		}
		defer func() { _ = f.Close() }() // it was only read
		q.Upload.Content = f
		out, err := p.PutAttachment(ctx, c, q.Upload)
		if damage := f.failed.Load(); err != nil && damage != nil {
			err = damage
		}
		return out, err
	case OpDetach:
		return p.RemoveAttachment(ctx, c, q.AttachmentID)
	case OpNote:
		return p.SetNote(ctx, c, q.AttachmentID, q.Text)
	case OpSubmit:
		return p.Submit(ctx, c, q.SHA256)
	case OpWithdraw:
		return p.Withdraw(ctx, c)
	case OpAgree:
		return p.Agree(ctx, c, q.SHA256, q.Text)
	case OpRefuse:
		return p.Refuse(ctx, c, q.Text)
	case OpPublish:
		return p.Publish(ctx, c, q.Publish)
	case OpFile:
		return p.File(ctx, c, q.File)
	case OpDelete:
		return p.Delete(ctx, c)
	}
	return platformapi.Outcome{}, &Error{CodeValue: CodeNewer, Detail: fmt.Sprintf("an entry does %q, which only a newer program knows", r.Op)}
}
