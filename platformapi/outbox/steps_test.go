package outbox_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/outbox/turn"
	"sealdesk/platformapi/platformtest"
)

// held answers requests that change something only when it is let go.
type held struct{ letGo chan struct{} }

func (h held) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Idempotency-Key") != "" {
		<-h.letGo
	}
	return http.DefaultTransport.RoundTrip(r)
}

// While one sends, whoever looks is told that it does, and another one opens the outbox without taking it over.
func TestWhatIsBeingSentIsSeenAndLeftAlone(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	dir := t.TempDir()
	b := open(t, dir)
	e, err := b.Add(t.Context(), wholeWay(platformtest.LotID)[0])
	if err != nil {
		t.Fatal(err)
	}
	network := held{make(chan struct{})}
	run(t, b, w.Login(t, platformtest.Purchaser, client.Options{Transport: network}), platformtest.Purchaser.USCC)
	waitFor(t, b, func(e outbox.Entry) bool { return e.State == outbox.Sending })
	other := open(t, dir)
	if got, err := other.Entries(t.Context(), ""); err != nil || got[0].State != outbox.Sending || !got[0].DoneAt.IsZero() || !got[0].NextTry.IsZero() {
		t.Errorf("another one sees %+v, %v", got, err)
	}
	close(network.letGo)
	if _, err := b.Wait(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
}

// What another process was sending when it died is sent by who is there.
func TestWhatADeadProcessWasSendingIsSent(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	dir := t.TempDir()
	b := open(t, dir)
	e, err := b.Add(t.Context(), wholeWay(platformtest.LotID)[0])
	if err != nil {
		t.Fatal(err)
	}
	change(t, dir, `UPDATE entries SET state = 'sending'`)
	run(t, b, w.Login(t, platformtest.Purchaser, client.Options{}), platformtest.Purchaser.USCC)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if _, err := b.Wait(ctx, e.ID); err != nil {
		t.Error(err)
	}
}

// turnOf is the file of an organisation's sender.
func turnOf(dir, org string) string {
	sum := sha256.Sum256([]byte(org))
	return filepath.Join(dir, "sender-"+hex.EncodeToString(sum[:8])+".turn")
}

// Who gives up waiting for a turn is told so; where no turn can be had, the disk is named.
func TestTurnsThatDoNotCome(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	request := wholeWay(platformtest.LotID)[0]
	for _, path := range []string{filepath.Join(dir, "files.turn"), turnOf(dir, request.Org)} {
		do := func(ctx context.Context) error {
			if filepath.Base(path) == "files.turn" {
				_, err := b.Add(ctx, request)
				return err
			}
			return b.Run(ctx, nil, request.Org)
		}
		taken, err := turn.Try(path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := do(ctx); err != context.DeadlineExceeded {
			t.Errorf("%s is taken: %v", path, err)
		}
		stop()
		if err := errors.Join(taken.End(), os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
			t.Fatal(err)
		}
		if err := do(t.Context()); !platformapi.IsCode(err, outbox.CodeDisk) {
			t.Errorf("%s is no file: %v", path, err)
		}
	}
}

// When the network is back, what rests is sent at once; until then it is shown when it is tried again, whatever the clock says.
func TestWhatRestsIsSentAtOnceWhenAskedFor(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	dir := t.TempDir()
	var ahead atomic.Int64
	b, err := outbox.Open(t.Context(), dir, keyOf(t, dir), outbox.Options{Backoff: func(int) time.Duration { return time.Minute },
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	e, err := b.Add(t.Context(), wholeWay(platformtest.LotID)[0])
	if err != nil {
		t.Fatal(err)
	}
	network := &flaky{next: http.DefaultTransport}
	p := w.Login(t, platformtest.Purchaser, client.Options{Transport: network})
	network.on.Store(true)
	run(t, b, p, platformtest.Purchaser.USCC)
	waitFor(t, b, func(e outbox.Entry) bool { return e.State == outbox.Waiting && e.Attempts == 1 })
	ahead.Store(int64(24 * time.Hour))
	soon := func(e outbox.Entry) bool {
		left := time.Until(e.NextTry.Add(-24 * time.Hour))
		return left > 0 && left <= time.Minute
	}
	if got, err := b.Entries(t.Context(), ""); err != nil || !soon(got[0]) {
		t.Errorf("after the clock's jump: %+v, %v", got, err)
	}
	if got, err := open(t, dir).Entries(t.Context(), ""); err != nil || got[0].NextTry.IsZero() {
		t.Errorf("in another process: %+v, %v", got, err)
	}
	change(t, dir, `UPDATE entries SET next_try = next_try + 86400000000`)
	if got, err := open(t, dir).Entries(t.Context(), ""); err != nil || !got[0].NextTry.IsZero() {
		t.Errorf("written by a clock that was wrong: %+v, %v", got, err)
	}
	network.on.Store(false)
	if err := b.RetryAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if _, err := b.Wait(ctx, e.ID); err != nil {
		t.Error(err)
	}
}

// What is to be sent at once has no next try, however long it was to rest.
func TestWhatIsToBeSentAtOnceHasNoNextTry(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	b := openWith(t, t.TempDir(), func(int) time.Duration { return time.Minute })
	e, err := b.Add(t.Context(), wholeWay(platformtest.LotID)[0])
	if err != nil {
		t.Fatal(err)
	}
	network := &flaky{next: http.DefaultTransport}
	p := w.Login(t, platformtest.Purchaser, client.Options{Transport: network})
	network.on.Store(true)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx, p, platformtest.Purchaser.USCC) }()
	waitFor(t, b, func(e outbox.Entry) bool { return e.State == outbox.Waiting && e.Attempts == 1 })
	stop()
	<-ended // nobody sends it now
	if got, err := b.Entries(t.Context(), ""); err != nil || got[0].NextTry.IsZero() {
		t.Errorf("while it rests: %+v, %v", got, err)
	}
	if err := b.Retry(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Entries(t.Context(), ""); err != nil || got[0].State != outbox.Waiting || !got[0].NextTry.IsZero() {
		t.Errorf("asked for at once: %+v, %v", got, err)
	}
}

// Who listens is told of all that a person does: it is what wakes the sender.
func TestWhoListensIsToldOfWhatIsAskedFor(t *testing.T) {
	b := open(t, t.TempDir())
	changed := b.Subscribe(t.Context())
	var e outbox.Entry
	for _, do := range []struct {
		what string
		do   func() error
	}{
		{"added", func() (err error) { e, err = b.Add(t.Context(), wholeWay(platformtest.LotID)[0]); return err }},
		{"tried again", func() error { return b.Retry(t.Context(), e.ID) }},
		{"all tried again", func() error { return b.RetryAll(t.Context()) }},
		{"withdrawn", func() error { return b.Withdraw(t.Context(), e.ID) }},
	} {
		if err := do.do(); err != nil {
			t.Fatalf("%s: %v", do.what, err)
		}
		select {
		case <-changed:
		default:
			t.Errorf("%s, and nobody is told", do.what)
		}
	}
}

// Who listens is told when an entry begins to be sent, before there is an answer.
func TestWhoListensIsToldOfWhatIsBeingSent(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	dir := t.TempDir()
	var changed <-chan struct{}
	told := false
	b, err := outbox.Open(t.Context(), dir, keyOf(t, dir), outbox.Options{Trace: func(m outbox.Moment, _ outbox.Entry) {
		switch m {
		case outbox.Claimed:
			select { // what was told of adding it
			case <-changed:
			default:
			}
		case outbox.Answered:
			select {
			case <-changed:
				told = true
			default:
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	changed = b.Subscribe(t.Context())
	e, err := b.Add(t.Context(), wholeWay(platformtest.LotID)[0])
	if err != nil {
		t.Fatal(err)
	}
	run(t, b, w.Login(t, platformtest.Purchaser, client.Options{}), platformtest.Purchaser.USCC)
	if _, err := b.Wait(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
	if !told {
		t.Error("nobody is told that it is being sent")
	}
}

// What was refused is kept without a next try, in the journal, too.
func TestWhatWasRefusedHasNoNextTry(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	dir := t.TempDir()
	b := open(t, dir)
	e, err := b.Add(t.Context(), wholeWay("no such lot")[0])
	if err != nil {
		t.Fatal(err)
	}
	run(t, b, w.Login(t, platformtest.Purchaser, client.Options{}), platformtest.Purchaser.USCC)
	if _, err := b.Wait(t.Context(), e.ID); err == nil {
		t.Fatal("it was not refused")
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	next := int64(-1)
	if err := db.QueryRow(`SELECT next_try FROM entries WHERE state = 'failed'`).Scan(&next); err != nil || next != 0 {
		t.Errorf("%d, %v", next, err)
	}
}

// Who listens no longer has nothing to receive.
func TestSubscriptionsEnd(t *testing.T) {
	b := open(t, t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	changed := b.Subscribe(ctx)
	stop()
	select {
	case _, ok := <-changed:
		if ok {
			t.Error("something has changed")
		}
	case <-time.After(10 * time.Second):
		t.Error("it goes on")
	}
}

// A journal of the version before is taken over even where its files are gone or damaged, which is told when they are to be sent.
func TestAPlainJournalWithoutItsFilesIsTakenOver(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"gone":    os.Remove,
		"damaged": func(path string) error { return os.WriteFile(path, []byte("something else"), 0o600) },
	} {
		dir := t.TempDir()
		plainJournal(t, dir)
		for _, file := range names(t, filepath.Join(dir, "files")) {
			if err := damage(filepath.Join(dir, "files", file)); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := open(t, dir).Entries(t.Context(), ""); err != nil || len(got) != 5 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// What lies among the files and cannot be removed is said.
func TestWhatCannotBeSweptIsSaid(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "files", "folder", "inner"), 0o700); err != nil {
		t.Fatal(err)
	}
	if b, err := outbox.Open(t.Context(), dir, keyOf(t, dir), outbox.Options{}); !platformapi.IsCode(err, outbox.CodeDisk) {
		t.Errorf("got %v, %v", b, err)
	}
}
