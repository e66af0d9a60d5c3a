package outbox_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/platformtest"
)

// harm is what may happen to one row of a journal, that is named by its id.
var harm = map[string]string{
	"the request is another text":   `UPDATE entries SET request = x'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff' WHERE id = %q`,
	"the request is another row's":  `UPDATE entries SET request = (SELECT o.request FROM entries o WHERE o.id <> entries.id LIMIT 1) WHERE id = %q`,
	"the request is gone":           `UPDATE entries SET request = x'' WHERE id = %q`,
	"the title is another text":     `UPDATE entries SET title = x'0011' WHERE id = %q`,
	"the failure is another text":   `UPDATE entries SET failure = x'0011' WHERE id = %q`,
	"it is for another contract":    `UPDATE entries SET contract_id = contract_id || 'x' WHERE id = %q`,
	"it does something else":        `UPDATE entries SET op = 'delete' WHERE id = %q`,
	"it is damaged while it failed": `UPDATE entries SET state = 'failed', title = x'0011' WHERE id = %q`,
	"it is damaged after it went":   `UPDATE entries SET perhaps = 1, attempts = 1, next_try = 1, title = x'0011' WHERE id = %q`,
}

// What happened to one entry on the disk is told of this entry alone: it has failed, nothing of it is deleted, what is behind it
// in its contract waits, all others are sent, and a person can discard it.
func TestADamagedEntryHarmsNoOther(t *testing.T) {
	for name, statement := range harm {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := platformtest.NewWorld(t, t.TempDir(), nil)
			dir := t.TempDir()
			b := open(t, dir)
			first, err := b.AddAll(t.Context(), wholeWay(platformtest.LotID)[:3])
			if err != nil {
				t.Fatal(err)
			}
			others, err := b.AddAll(t.Context(), wholeWay("no such lot")[:1])
			if err != nil {
				t.Fatal(err)
			}
			change(t, dir, fmt.Sprintf(strings.ReplaceAll(statement, "%q", "'%s'"), first[0].ID))
			listed := func(when string) {
				t.Helper()
				got, err := b.Entries(t.Context(), "")
				if err != nil || len(got) != 4 {
					t.Fatalf("%s: %+v, %v", when, got, err)
				}
				if e := got[0]; e.ID != first[0].ID || e.State != outbox.Failed || e.LastCode != outbox.CodeEntryDamaged || !e.Damaged() || !e.FailedHere() ||
					!e.Withdrawable || !e.CreatedAt.Equal(first[0].CreatedAt) || !e.NextTry.IsZero() {
					t.Errorf("%s: the damaged one: %+v", when, e)
				}
				for _, e := range got[1:3] {
					if e.State != outbox.Waiting || e.Attempts != 0 || e.Damaged() {
						t.Errorf("%s: behind it: %+v", when, e)
					}
				}
			}
			listed("before anything is sent")
			run(t, b, w.Login(t, platformtest.Purchaser, client.Options{}), platformtest.Purchaser.USCC)
			ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
			defer stop()
			if _, err := b.Wait(ctx, others[0].ID); !platformapi.IsCode(err, platformapi.CodeBadRequest) {
				t.Errorf("the other contract's is told %v", err)
			}
			if _, err := b.Wait(ctx, first[0].ID); !platformapi.IsCode(err, outbox.CodeEntryDamaged) {
				t.Errorf("who waits for it is told %v", err)
			}
			if name != "it is for another contract" {
				if _, err := b.Wait(ctx, first[2].ID); !platformapi.IsCode(err, outbox.CodeEntryDamaged) {
					t.Errorf("who waits behind it is told %v", err)
				}
				listed("after the others were sent")
			}
			if err := b.Retry(t.Context(), first[0].ID); err != nil {
				t.Fatal(err)
			}
			if err := b.Withdraw(t.Context(), first[0].ID); err != nil {
				t.Fatal(err)
			}
			if got, err := b.Entries(t.Context(), ""); err != nil || len(got) != 1 || got[0].ID != others[0].ID {
				t.Errorf("left: %+v, %v", got, err)
			}
		})
	}
}

// An entry that arrived stays so when its receipt is lost: it cannot be discarded, and only the one that waits for its version,
// which nobody knows any more, is held back.
func TestAReceiptThatIsLostIsSaid(t *testing.T) {
	for name, statement := range map[string]string{
		"gone":         `UPDATE entries SET state = 'done' WHERE op = 'create'`,
		"another text": `UPDATE entries SET state = 'done', outcome = x'0011' WHERE op = 'create'`,
		"without its entry": `PRAGMA foreign_keys = 0; UPDATE entries SET state = 'done' WHERE op = 'create';
			UPDATE entries SET previous = 1000 WHERE op = 'save'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := platformtest.NewWorld(t, t.TempDir(), nil)
			dir := t.TempDir()
			b := open(t, dir)
			entries, err := b.AddAll(t.Context(), wholeWay(platformtest.LotID)[:2])
			if err != nil {
				t.Fatal(err)
			}
			change(t, dir, statement)
			run(t, b, w.Login(t, platformtest.Purchaser, client.Options{}), platformtest.Purchaser.USCC)
			ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
			defer stop()
			for _, e := range entries {
				if _, err := b.Wait(ctx, e.ID); !platformapi.IsCode(err, outbox.CodeEntryDamaged) {
					t.Errorf("who waits for %s is told %v", e.Op, err)
				}
			}
			got, err := b.Entries(t.Context(), "")
			if err != nil || len(got) != 2 || got[0].State != outbox.Done || got[0].Receipt != nil || !got[0].Damaged() || got[0].FailedHere() ||
				got[1].State != outbox.Failed || !got[1].Damaged() || got[1].Attempts != 0 || !got[1].Withdrawable {
				t.Fatalf("%+v, %v", got, err)
			}
			if err := b.Withdraw(t.Context(), got[0].ID); !platformapi.IsCode(err, outbox.CodeNotWithdrawable) {
				t.Errorf("what arrived was discarded: %v", err)
			}
			if err := b.Withdraw(t.Context(), got[1].ID); err != nil {
				t.Error(err)
			}
		})
	}
}

// What is damaged while it is being sent is not discarded; when its sender has died it is known to be damaged, and stays.
func TestWhatIsDamagedOnItsWay(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	e, err := b.Add(t.Context(), wholeWay(platformtest.LotID)[0])
	if err != nil {
		t.Fatal(err)
	}
	change(t, dir, `UPDATE entries SET state = 'sending', perhaps = 1, title = x'0011'`)
	if got, err := b.Entries(t.Context(), ""); err != nil || got[0].State != outbox.Sending || got[0].Withdrawable || !got[0].Damaged() {
		t.Errorf("%+v, %v", got, err)
	}
	if err := b.Withdraw(t.Context(), e.ID); !platformapi.IsCode(err, outbox.CodeNotWithdrawable) {
		t.Errorf("it was discarded: %v", err)
	}
	if got, err := open(t, dir).Entries(t.Context(), ""); err != nil || len(got) != 1 || got[0].State != outbox.Failed || !got[0].Withdrawable {
		t.Errorf("when its sender has died: %+v, %v", got, err)
	}
}

// Who asks through an outbox is told of the damage, and nothing is discarded for that.
func TestThroughKeepsWhatIsDamaged(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	dir := t.TempDir()
	b, err := outbox.Open(t.Context(), dir, keyOf(t, dir), outbox.Options{Trace: func(m outbox.Moment, _ outbox.Entry) {
		if m == outbox.Added {
			change(t, dir, `UPDATE entries SET request = x'0011'`)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	p := w.Login(t, platformtest.Purchaser, client.Options{})
	c := platformapi.Change{Key: platformapi.NewID()}
	if _, err := b.Through(p, platformtest.Purchaser.USCC).Create(t.Context(), c, platformapi.NewContract{ID: platformapi.NewID(), LotID: platformtest.LotID}); !platformapi.IsCode(err, outbox.CodeEntryDamaged) {
		t.Errorf("got %v", err)
	}
	if got, err := b.Entries(t.Context(), ""); err != nil || len(got) != 1 || !got[0].Damaged() {
		t.Errorf("left: %+v, %v", got, err)
	}
}
