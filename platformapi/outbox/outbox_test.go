package outbox_test

import (
	"bytes"
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
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platformtest"
)

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func open(t *testing.T, dir string) *outbox.Box {
	t.Helper()
	return openWith(t, dir, func(int) time.Duration { return 5 * time.Millisecond })
}

// keyOf is the vault of an outbox, with its second key in a file.
func keyOf(t testing.TB, dir string) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), filepath.Join(dir, "vault"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func openWith(t *testing.T, dir string, backoff func(attempts int) time.Duration) *outbox.Box {
	t.Helper()
	b, err := outbox.Open(t.Context(), dir, keyOf(t, dir), outbox.Options{Backoff: backoff})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// run runs the box until the test ends.
func run(t *testing.T, b *outbox.Box, p platformapi.Changer, org string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx, p, org) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// wholeWay are the requests that go from nothing to a submitted contract.
func wholeWay(lot string) []outbox.Request {
	id := platformapi.NewID()
	file := platformtest.Seal(platformtest.PDF("contract"), platformtest.Purchaser.USCC)
	docx := platformtest.DOCX("draft")
	r := func(op outbox.Op) outbox.Request {
		return outbox.Request{Org: platformtest.Purchaser.USCC, Op: op, ContractID: id, Title: "教学设备采购合同"}
	}
	create, save, attach, seal, submit := r(outbox.OpCreate), r(outbox.OpSave), r(outbox.OpAttach), r(outbox.OpAttach), r(outbox.OpSubmit)
	create.New = platformapi.NewContract{ID: id, LotID: lot}
	save.Fields = platformapi.ContractFields{AmountFen: platformtest.AwardFen, TermDays: 30, SignedOn: "2026-03-24"}
	attach.Upload = platformapi.Upload{
		ID: platformapi.NewID(), Kind: platformapi.KindFiling, Stage: platformapi.StageUploaded, Name: "合同.docx",
		Size: int64(len(docx)), SHA256: digest(docx), Content: bytes.NewReader(docx),
	}
	seal.Upload = platformapi.Upload{
		ID: platformapi.NewID(), Kind: platformapi.KindFiling, Stage: platformapi.StageSealed, Name: "合同.pdf",
		Size: int64(len(file)), SHA256: digest(file), Content: bytes.NewReader(file),
	}
	submit.SHA256 = digest(file)
	return []outbox.Request{create, save, attach, seal, submit}
}

func TestPlatformThroughOutbox(t *testing.T) {
	platformtest.Run(t, func(t *testing.T, order platformapi.SealOrder) platformtest.Harness {
		h := platformtest.NewWorldOf(t, t.TempDir(), func(c *platform.Config) { c.Order = order }, nil).Harness(t)
		b := open(t, t.TempDir())
		for _, x := range []struct {
			p   *platformapi.Platform
			org platformapi.Organisation
		}{{&h.Purchaser, platformtest.Purchaser}, {&h.Supplier, platformtest.Supplier}, {&h.Stranger, platformtest.Stranger}} {
			run(t, b, *x.p, x.org.USCC)
			*x.p = b.Through(*x.p, x.org.USCC)
		}
		return h
	})
}

func TestChainIsSentInOrderAndFilesGo(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	p := w.Login(t, platformtest.Purchaser, client.Options{})
	dir := t.TempDir()
	b := open(t, dir)
	entries, err := b.AddAll(t.Context(), wholeWay(platformtest.LotID))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.State != outbox.Waiting || e.Receipt != nil {
			t.Errorf("entry %+v", e)
		}
	}
	run(t, b, p, platformtest.Purchaser.USCC)
	out, err := b.Wait(t.Context(), entries[len(entries)-1].ID)
	if err != nil {
		t.Fatal(err)
	}
	if out.Contract.Summary.State != platformapi.StateAwaiting {
		t.Errorf("state %s", out.Contract.Summary.State)
	}
	entries, err = b.Entries(t.Context(), platformtest.Purchaser.USCC)
	if err != nil || len(entries) != 5 {
		t.Fatalf("entries %v, %v", entries, err)
	}
	for i, e := range entries {
		if e.State != outbox.Done || e.Receipt == nil || e.Receipt.Version != int64(i+1) || e.Attempts != 1 {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
	if files, err := os.ReadDir(filepath.Join(dir, "files")); err != nil || len(files) != 0 {
		t.Errorf("files left: %v, %v", files, err)
	}
	if others, err := b.Entries(t.Context(), platformtest.Supplier.USCC); err != nil || len(others) != 0 {
		t.Errorf("another organisation sees %v, %v", others, err)
	}
}

func TestNotSentInAnotherOrganisationsSession(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	b := open(t, t.TempDir())
	if _, err := b.AddAll(t.Context(), wholeWay(platformtest.LotID)); err != nil {
		t.Fatal(err)
	}
	own := wholeWay("no such lot")[0]
	own.Org = platformtest.Supplier.USCC
	last, err := b.Add(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	run(t, b, w.Login(t, platformtest.Supplier, client.Options{}), platformtest.Supplier.USCC)
	if _, err := b.Wait(t.Context(), last.ID); !platformapi.IsCode(err, platformapi.CodeBadRequest) {
		t.Errorf("the session's own was not refused: %v", err)
	}
	entries, err := b.Entries(t.Context(), "")
	if err != nil || entries[0].Attempts != 0 {
		t.Errorf("entries %+v, %v", entries, err)
	}
}

// flaky fails each request in turn: before it, after it, with a page of something else, with nothing.
type flaky struct {
	next http.RoundTripper
	on   atomic.Bool
	n    atomic.Int64
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	if !f.on.Load() {
		return f.next.RoundTrip(r)
	}
	n := f.n.Add(1)
	if n%4 == 1 {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, errors.New("cable pulled")
	}
	resp, err := f.next.RoundTrip(r)
	if err != nil || n%4 == 0 {
		return resp, err
	}
	if n%4 == 2 {
		_ = resp.Body.Close()
		return nil, errors.New("cable pulled")
	}
	resp.Header.Set("Content-Type", "text/html")
	return resp, nil
}

func TestEverythingIsSentOnceThroughABadNetwork(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	good := w.Login(t, platformtest.Purchaser, client.Options{})
	network := &flaky{next: http.DefaultTransport}
	p := w.Login(t, platformtest.Purchaser, client.Options{Transport: network})
	network.on.Store(true)
	b := open(t, t.TempDir())
	entries, err := b.AddAll(t.Context(), wholeWay(platformtest.LotID))
	if err != nil {
		t.Fatal(err)
	}
	run(t, b, p, platformtest.Purchaser.USCC)
	if _, err := b.Wait(t.Context(), entries[4].ID); err != nil {
		t.Fatal(err)
	}
	receipts, err := good.Receipts(t.Context(), entries[0].ContractID)
	if err != nil || len(receipts) != 5 {
		t.Errorf("receipts %v, %v", receipts, err)
	}
	entries, err = b.Entries(t.Context(), "")
	if err != nil || entries[4].Attempts != 4 {
		t.Errorf("entry %+v, %v", entries[4], err)
	}
}

func TestRefusedWaitsForAPersonAndHoldsTheRest(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	p := w.Login(t, platformtest.Purchaser, client.Options{})
	b := open(t, t.TempDir())
	requests := wholeWay(platformtest.LotID)
	requests[1].Fields.SignedOn = "2026-02-30"
	entries, err := b.AddAll(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	run(t, b, p, platformtest.Purchaser.USCC)
	if _, err := b.Wait(t.Context(), entries[1].ID); !platformapi.IsCode(err, platformapi.CodeBadRequest) {
		t.Fatalf("got %v", err)
	}
	if err := b.Retry(t.Context(), entries[1].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Wait(t.Context(), entries[1].ID); !platformapi.IsCode(err, platformapi.CodeBadRequest) {
		t.Fatalf("got %v", err)
	}
	if _, err := b.Wait(t.Context(), entries[4].ID); !platformapi.IsCode(err, platformapi.CodeBadRequest) {
		t.Errorf("what waits behind it is told %v", err)
	}
	got, err := b.Entries(t.Context(), "")
	if err != nil || got[0].State != outbox.Done || got[1].State != outbox.Failed || got[1].Attempts != 2 || got[1].LastCode != platformapi.CodeBadRequest ||
		got[2].State != outbox.Waiting || got[2].Attempts != 0 {
		t.Fatalf("entries %+v, %v", got, err)
	}
	if err := b.Withdraw(t.Context(), got[0].ID); !platformapi.IsCode(err, outbox.CodeNotWithdrawable) {
		t.Errorf("a sent entry was taken back: %v", err)
	}
	if err := b.Withdraw(t.Context(), got[1].ID); err != nil {
		t.Fatal(err)
	}
	if got, err = b.Entries(t.Context(), ""); err != nil || len(got) != 1 {
		t.Errorf("what waited for it is still there: %+v, %v", got, err)
	}
	if _, err := b.Wait(t.Context(), entries[2].ID); !platformapi.IsCode(err, outbox.CodeUnknown) {
		t.Errorf("got %v", err)
	}
}

// unplugged answers no request.
type unplugged struct{ err error }

func (u unplugged) RoundTrip(*http.Request) (*http.Response, error) { return nil, u.err }

func TestWithdrawWhileNothingHasLeft(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	p, err := client.New("http://127.0.0.1:1", client.Options{}) // nobody listens there
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// After the second attempt it rests, so that the end does not come in the middle of one: what is under way may arrive.
	resting := true
	b := openWith(t, dir, func(attempts int) time.Duration {
		if resting && attempts > 1 {
			return time.Hour
		}
		return time.Millisecond
	})
	entries, err := b.AddAll(t.Context(), wholeWay(platformtest.LotID))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx, p, platformtest.Purchaser.USCC) }()
	waitFor(t, b, func(e outbox.Entry) bool {
		return e.LastCode == platformapi.CodeOffline && e.Attempts > 1 && e.Withdrawable
	})
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	if err := b.Withdraw(t.Context(), entries[0].ID); err != nil {
		t.Fatal(err)
	}
	if left, err := b.Entries(t.Context(), ""); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if files, err := os.ReadDir(filepath.Join(dir, "files")); err != nil || len(files) != 0 {
		t.Errorf("files left: %v, %v", files, err)
	}
	resting = false
	// A connection that breaks after it was made is another matter: something may have arrived.
	if _, err := b.AddAll(t.Context(), wholeWay(platformtest.LotID)); err != nil {
		t.Fatal(err)
	}
	broken, err := client.New(w.URL, client.Options{Transport: unplugged{errors.New("broken pipe")}})
	if err != nil {
		t.Fatal(err)
	}
	run(t, b, broken, platformtest.Purchaser.USCC)
	waitFor(t, b, func(e outbox.Entry) bool { return e.LastCode == platformapi.CodeOffline && !e.Withdrawable })
}

// waitFor waits until the first entry is as wanted.
func waitFor(t *testing.T, b *outbox.Box, want func(outbox.Entry) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	changed := b.Subscribe(ctx)
	for {
		entries, err := b.Entries(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) > 0 && want(entries[0]) {
			return
		}
		if _, ok := <-changed; !ok {
			t.Fatalf("waited in vain: %+v", entries)
		}
	}
}

func TestSessionOverEndsRunAndNothingIsLost(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	p := w.Login(t, platformtest.Purchaser, client.Options{})
	b := open(t, t.TempDir())
	entries, err := b.AddAll(t.Context(), wholeWay(platformtest.LotID))
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Add(9 * time.Hour)
	if err := b.Run(t.Context(), p, platformtest.Purchaser.USCC); !platformapi.IsCode(err, platformapi.CodeSessionOver) {
		t.Fatalf("Run: %v", err)
	}
	run(t, b, w.Login(t, platformtest.Purchaser, client.Options{}), platformtest.Purchaser.USCC)
	if _, err := b.Wait(t.Context(), entries[4].ID); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNotWhatItSaysIsNotAdded(t *testing.T) {
	b := open(t, t.TempDir())
	requests := wholeWay(platformtest.LotID)
	changed := requests[3]
	changed.Upload.Content = bytes.NewReader(bytes.Replace(platformtest.Seal(platformtest.PDF("contract"), platformtest.Purchaser.USCC), []byte("contract"), []byte("contracT"), 1))
	if _, err := b.AddAll(t.Context(), append(requests[:3:3], changed)); !platformapi.IsCode(err, outbox.CodeFileChanged) {
		t.Errorf("a file that was changed is added: %v", err)
	}
	if _, err := b.Add(t.Context(), requests[4]); !errors.Is(err, outbox.ErrRequest) {
		t.Errorf("a request after nothing is added: %v", err)
	}
	if _, err := b.Add(t.Context(), outbox.Request{Org: "x", ContractID: "x", Op: "other"}); !errors.Is(err, outbox.ErrRequest) {
		t.Errorf("an unknown operation is added: %v", err)
	}
	if left, err := b.Entries(t.Context(), ""); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// Of each operation, a request that lacks something is not added, and the whole one is.
func TestWhatLacksSomethingIsNotAdded(t *testing.T) {
	b := open(t, t.TempDir())
	id := platformapi.NewID()
	of := func(op outbox.Op, fill func(r *outbox.Request)) outbox.Request {
		r := outbox.Request{Org: platformtest.Purchaser.USCC, ContractID: id, Version: 1, Op: op}
		fill(&r)
		return r
	}
	nothing := func(*outbox.Request) {}
	upload := func(r *outbox.Request) {
		r.Upload = platformapi.Upload{ID: platformapi.NewID(), Kind: platformapi.KindInvoice, Stage: platformapi.StageUploaded, Name: "附件.pdf",
			Size: 4, SHA256: digest([]byte("text")), Content: bytes.NewReader([]byte("text"))}
	}
	create := func(r *outbox.Request) {
		r.New, r.Version = platformapi.NewContract{ID: id, LotID: platformtest.LotID}, 0
	}
	public := func(r *outbox.Request) {
		r.Publish.SHA256, r.Publish.OriginalSHA256 = digest([]byte("public")), digest([]byte("whole"))
	}
	for _, tt := range []struct {
		name  string
		whole outbox.Request
		lacks map[string]func(r *outbox.Request)
	}{
		{"save", of(outbox.OpSave, nothing), map[string]func(r *outbox.Request){
			"the organisation": func(r *outbox.Request) { r.Org = "" },
			"the contract":     func(r *outbox.Request) { r.ContractID = "" },
			"its version":      func(r *outbox.Request) { r.Version = -1 },
		}},
		{"create", of(outbox.OpCreate, create), map[string]func(r *outbox.Request){
			"the same id": func(r *outbox.Request) { r.New.ID = platformapi.NewID() },
			"the lot":     func(r *outbox.Request) { r.New.LotID = "" },
		}},
		{"attach", of(outbox.OpAttach, upload), map[string]func(r *outbox.Request){
			"the id":      func(r *outbox.Request) { r.Upload.ID = "" },
			"the content": func(r *outbox.Request) { r.Upload.Content = nil },
			"the digest":  func(r *outbox.Request) { r.Upload.SHA256 = "" },
		}},
		{"detach", of(outbox.OpDetach, func(r *outbox.Request) { r.AttachmentID = platformapi.NewID() }), map[string]func(r *outbox.Request){
			"the attachment": func(r *outbox.Request) { r.AttachmentID = "" },
		}},
		{"note", of(outbox.OpNote, func(r *outbox.Request) { r.AttachmentID = platformapi.NewID() }), map[string]func(r *outbox.Request){
			"the attachment": func(r *outbox.Request) { r.AttachmentID = "" },
		}},
		{"submit", of(outbox.OpSubmit, func(r *outbox.Request) { r.SHA256 = digest(nil) }), map[string]func(r *outbox.Request){
			"the digest": func(r *outbox.Request) { r.SHA256 = "" },
		}},
		{"agree", of(outbox.OpAgree, func(r *outbox.Request) { r.SHA256 = digest(nil) }), map[string]func(r *outbox.Request){
			"the digest": func(r *outbox.Request) { r.SHA256 = "" },
		}},
		{"refuse", of(outbox.OpRefuse, func(r *outbox.Request) { r.Text = "金额不符" }), map[string]func(r *outbox.Request){
			"the opinion": func(r *outbox.Request) { r.Text = "" },
		}},
		{"publish", of(outbox.OpPublish, public), map[string]func(r *outbox.Request){
			"the copy's digest":  func(r *outbox.Request) { r.Publish.SHA256 = "" },
			"the whole's digest": func(r *outbox.Request) { r.Publish.OriginalSHA256 = "" },
		}},
		{"file", of(outbox.OpFile, func(r *outbox.Request) { r.File.Number = "备案-2026-118" }), map[string]func(r *outbox.Request){
			"the number": func(r *outbox.Request) { r.File.Number = "" },
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for what, take := range tt.lacks {
				r := tt.whole
				take(&r)
				if _, err := b.Add(t.Context(), r); !errors.Is(err, outbox.ErrRequest) {
					t.Errorf("without %s: %v", what, err)
				}
			}
			if e, err := b.Add(t.Context(), tt.whole); err != nil || e.Op != tt.whole.Op {
				t.Errorf("whole: %+v, %v", e, err)
			}
		})
	}
}

func TestSameKeyIsAddedOnce(t *testing.T) {
	b := open(t, t.TempDir())
	requests := wholeWay(platformtest.LotID)
	for i := range requests {
		requests[i].Key = platformapi.NewID()
	}
	first, err := b.AddAll(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.AddAll(t.Context(), requests)
	if err != nil || len(again) != 5 || again[4].ID != first[4].ID {
		t.Errorf("added again: %+v, %v", again, err)
	}
	requests[1].Fields.TermDays++
	if _, err := b.Add(t.Context(), requests[1]); !platformapi.IsCode(err, platformapi.CodeKeyReused) {
		t.Errorf("got %v", err)
	}
}

func TestDamagedJournalIsSaid(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "journal.db"), bytes.Repeat([]byte("not a journal "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := outbox.Open(t.Context(), dir, keyOf(t, dir), outbox.Options{}); !platformapi.IsCode(err, outbox.CodeDamaged) {
		t.Errorf("got %v", err)
	}
}

// A journal that a newer program keeps is left alone.
func TestANewerJournalIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `PRAGMA user_version = 1000`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := outbox.Open(t.Context(), dir, keyOf(t, dir), outbox.Options{}); !platformapi.IsCode(err, outbox.CodeNewer) {
		t.Errorf("got %v", err)
	}
}

// told is a platform that tells what happens.
type told struct{ platformapi.Platform }

func (told) Watch(context.Context, func(platformapi.Event), func()) error { return errTold }

var errTold = errors.New("watched")

// What tells what happens does so through an outbox, too; what does not is no Watcher there.
func TestThroughTellsWhatHappens(t *testing.T) {
	var box outbox.Box
	w, ok := box.Through(told{}, "org").(platformapi.Watcher)
	if !ok || w.Watch(t.Context(), nil, nil) != errTold {
		t.Error("the platform's news do not come through")
	}
	if _, ok := box.Through(struct{ platformapi.Platform }{}, "org").(platformapi.Watcher); ok {
		t.Error("a platform that tells nothing seems to")
	}
}

// When what was refused cannot be taken back, the caller is told of both.
func TestThroughTellsOfWhatCannotBeTakenBack(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	p := w.Login(t, platformtest.Purchaser, client.Options{})
	dir := t.TempDir()
	b := open(t, dir)
	run(t, b, p, platformtest.Purchaser.USCC)
	// Taking back removes the copies of files that nobody needs any more, which fails here.
	if err := os.MkdirAll(filepath.Join(dir, "files", "folder", "inner"), 0o700); err != nil {
		t.Fatal(err)
	}
	refused := wholeWay("no such lot")[0].New
	_, err := b.Through(p, platformtest.Purchaser.USCC).Create(t.Context(), platformapi.Change{}, refused)
	both, ok := err.(interface{ Unwrap() []error })
	if !ok || len(both.Unwrap()) != 2 || !platformapi.IsCode(both.Unwrap()[0], platformapi.CodeBadRequest) || !platformapi.IsCode(both.Unwrap()[1], outbox.CodeDisk) {
		t.Errorf("got %v", err)
	}
}

// Who gives up while an entry is being added is told so, not what the database says of it, and nothing is added.
func TestGivingUpWhileAddingIsSaid(t *testing.T) {
	dir := t.TempDir()
	ctx, giveUp := context.WithCancel(t.Context())
	b, err := outbox.Open(t.Context(), dir, keyOf(t, dir), outbox.Options{Trace: func(m outbox.Moment, _ outbox.Entry) {
		if m == outbox.RowsWritten {
			giveUp()
			change(t, dir, `UPDATE entries SET title = title`) // which waits until the transaction is rolled back
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Add(ctx, wholeWay(platformtest.LotID)[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, err := b.Entries(t.Context(), ""); err != nil || len(left) != 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
}

// Where the journal cannot tell whether an entry is there already, it is not added.
func TestNothingIsAddedToWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	change(t, dir, `ALTER TABLE entries RENAME COLUMN seq TO place`)
	if e, err := b.Add(t.Context(), wholeWay(platformtest.LotID)[0]); err == nil {
		t.Errorf("it was added: %+v", e)
	}
	change(t, dir, `ALTER TABLE entries RENAME COLUMN place TO seq`)
	if left, err := b.Entries(t.Context(), ""); err != nil || len(left) != 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
}

// An entry that was damaged on the disk is said to be, to whoever adds the same one again.
func TestAddingADamagedEntryAgainSaysSo(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	request := wholeWay(platformtest.LotID)[0]
	request.Key = platformapi.NewID()
	if _, err := b.Add(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	change(t, dir, `UPDATE entries SET request = x'00'`)
	if _, err := b.Add(t.Context(), request); !platformapi.IsCode(err, outbox.CodeEntryDamaged) {
		t.Errorf("got %v", err)
	}
}

// change changes a journal behind the outbox's back, when nobody else is changing it.
func change(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "journal.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// Who waits for an entry that is taken back is told so; an entry that was never there is another matter.
func TestWaitingForWhatIsTakenBack(t *testing.T) {
	dir := t.TempDir()
	looks := make(chan struct{}, 100)
	b, err := outbox.Open(t.Context(), dir, keyOf(t, dir), outbox.Options{Now: func() time.Time {
		select {
		case looks <- struct{}{}:
		default:
		}
		return time.Now()
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	e, err := b.Add(t.Context(), wholeWay(platformtest.LotID)[0])
	if err != nil {
		t.Fatal(err)
	}
	for len(looks) > 0 {
		<-looks
	}
	told := make(chan error, 1)
	go func() {
		_, err := b.Wait(t.Context(), e.ID)
		told <- err
	}()
	<-looks // it has seen the entry
	if err := b.Withdraw(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
	if err := <-told; !platformapi.IsCode(err, outbox.CodeWithdrawn) {
		t.Errorf("got %v", err)
	}
}

// What is done stays done when it is retried.
func TestWhatIsDoneIsNotRetried(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	b := open(t, t.TempDir())
	e, err := b.Add(t.Context(), wholeWay(platformtest.LotID)[0])
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- b.Run(ctx, w.Login(t, platformtest.Purchaser, client.Options{}), platformtest.Purchaser.USCC)
	}()
	if _, err := b.Wait(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
	stop()
	<-ended
	if err := b.Retry(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Entries(t.Context(), ""); err != nil || len(got) != 1 || got[0].State != outbox.Done {
		t.Errorf("%+v, %v", got, err)
	}
}
