package desk

import (
	"context"
	"os"
	"testing"
	"time"

	"sealdesk/signer/pdf/pdftest"
)

// copies are the files of copies made ahead.
func copies(t *testing.T, work *Work) []string { return named(t, work, ".sealdesk-") }

// ready waits until the copy is made.
func ready(t *testing.T, work *Work) {
	t.Helper()
	work.mu.Lock()
	a := work.ahead
	work.mu.Unlock()
	if a == nil {
		t.Fatal("no copy is being made")
	}
	<-a.done
	if a.copy == nil || len(copies(t, work)) != 1 {
		t.Fatalf("no copy was made: %v", copies(t, work))
	}
}

// What is copied ahead survives a wrong PIN, and is used up by the signature.
func TestSealFinishesWhatWasCopiedAhead(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	w.clean(work)
	shown := w.show(work)
	work.CopyAhead(t.Context())
	ready(t, work)
	before := copies(t, work)
	work.CopyAhead(t.Context()) // it is there
	_, err := work.Seal(t.Context(), w.request(work, wrongPIN), nil)
	if err == nil {
		t.Fatal("a wrong PIN signed")
	}
	if now := copies(t, work); len(now) != 1 || now[0] != before[0] {
		t.Errorf("after a wrong PIN there is %v instead of %v", now, before)
	}
	var steps []string
	result, err := work.Seal(t.Context(), w.request(work, rightPIN), func(step string, done, total int64) {
		if total > 0 {
			steps = append(steps, step)
		}
	})
	must(t, err)
	if result.InputSHA256 != shown || len(steps) != 0 {
		t.Errorf("signed %s, shown was %s; what was copied ahead was copied again: %v", result.InputSHA256, shown, steps)
	}
	if left := copies(t, work); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Who leaves the page takes the copy along, also while it is signed or made.
func TestACopyGoesWithThePage(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	w.clean(work)
	w.show(work)
	for _, wait := range []bool{true, false} {
		ctx, leave := context.WithCancel(t.Context())
		work.CopyAhead(ctx)
		if wait {
			ready(t, work)
		}
		leave()
		w.until("the copy is gone", func() bool {
			work.mu.Lock()
			defer work.mu.Unlock()
			return work.ahead == nil && len(copies(t, work)) == 0
		})
	}
	// The page is left while the PIN is tried: the copy is not left for the next try.
	ctx, leave := context.WithCancel(t.Context())
	work.CopyAhead(ctx)
	ready(t, work)
	in, _, err := work.toSign()
	must(t, err)
	a := work.takeAhead(t.Context(), in)
	leave()
	w.until("the page is left", func() bool {
		work.mu.Lock()
		defer work.mu.Unlock()
		return a.over
	})
	work.leaveAhead(a)
	if left := copies(t, work); len(left) != 0 || work.ahead != nil {
		t.Errorf("left behind: %v", left)
	}
}

// The document changes after it was copied, or gives way to another one: neither the old nor the new one is signed, and no
// PIN is tried for it.
func TestACopyOfWhatWasChangedIsNotSigned(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	for _, c := range []struct {
		lot, code string
		do        func(work *Work)
	}{
		{"lot-1", "desk.file_changed", func(work *Work) {
			path := opened(t, work, work.View(t.Context()).Filing.Clean)
			info, err := os.Stat(path)
			must(t, err)
			time.Sleep(20 * time.Millisecond) // file systems' clocks tick slowly
			tamper(t, path)
			must(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
		}},
		{"lot-2", "desk.file_changed", func(work *Work) { must(t, os.Remove(opened(t, work, work.View(t.Context()).Filing.Clean))) }},
		{"lot-3", "desk.not_shown", func(work *Work) {
			must(t, os.WriteFile(w.file, pdftest.Document(pdftest.Options{Pages: 3}), 0o600))
			w.clean(work)
		}},
	} {
		work := w.begin(s, c.lot)
		w.clean(work)
		w.show(work)
		ctx, leave := context.WithCancel(t.Context())
		work.CopyAhead(ctx)
		ready(t, work)
		c.do(work)
		_, err := work.Seal(t.Context(), w.request(work, wrongPIN), nil)
		w.told(err, c.code)
		if left := key(t, s.desk, buyer).Tries; left != tries {
			t.Errorf("%s: the PIN was tried for it: %d tries left", c.lot, left)
		}
		leave()
		w.until("the copy is gone", func() bool { return len(copies(t, work)) == 0 })
		if found := named(t, work, "sealed-"); len(found) > 0 {
			t.Errorf("%s: there is a sealed file: %v", c.lot, found)
		}
	}
}

// A copy that cannot be made keeps nobody from signing.
func TestSealDoesItAllWhenNothingWasCopied(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	w.clean(work)
	w.show(work)
	gone, leave := context.WithCancel(t.Context())
	leave()
	work.CopyAhead(gone)
	_, err := work.Seal(t.Context(), w.request(work, rightPIN), nil)
	must(t, err)
	w.until("nothing is left", func() bool { return len(copies(t, work)) == 0 })
}
