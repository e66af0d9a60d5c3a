package outbox_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/platformapi/platformtest"
)

// Two that have the outbox open see the same, and one of them sends; when it ends, the other one goes on.
func TestTwoTakeTurns(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	dir := t.TempDir()
	first, second := open(t, dir), open(t, dir)
	p := w.Login(t, platformtest.Purchaser, client.Options{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- first.Run(ctx, p, platformtest.Purchaser.USCC) }()
	requests := wholeWay(platformtest.LotID)
	for _, r := range requests[:2] {
		e, err := second.Add(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := second.Wait(t.Context(), e.ID); err != nil {
			t.Fatal(err)
		}
		if r.Op == outbox.OpCreate { // the first one has the turn
			run(t, second, p, platformtest.Purchaser.USCC)
		}
	}
	if seen, err := first.Entries(t.Context(), ""); err != nil || len(seen) != 2 || seen[1].State != outbox.Done || seen[1].Attempts != 1 {
		t.Errorf("the first one sees %+v, %v", seen, err)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	for i := range requests[2:] {
		requests[2+i].Version = outbox.AfterPrevious
	}
	rest, err := first.AddAll(t.Context(), requests[2:])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Wait(t.Context(), rest[2].ID); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "journal.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("journal: %v, %v", info.Mode(), err)
	}
}

// Nothing of a contract lies in the folder in the plain, neither in the journal nor in the files.
func TestNothingLiesThereInThePlain(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	requests := wholeWay(platformtest.LotID)
	requests[1].Fields.Name = "PLAIN-NAME"
	requests[1].Title = "PLAIN-TITLE"
	if _, err := b.AddAll(t.Context(), requests); err != nil {
		t.Fatal(err)
	}
	plainIn(t, dir, false, "PLAIN-NAME", "PLAIN-TITLE", "%PDF-", "教学设备采购合同")
	entries, err := b.Entries(t.Context(), "")
	if err != nil || entries[1].Title != "PLAIN-TITLE" || entries[0].Title != "教学设备采购合同" {
		t.Errorf("%+v, %v", entries, err)
	}
}

// plainIn looks for texts in all files of a folder, outside of its vault.
func plainIn(t *testing.T, dir string, want bool, texts ...string) {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, s := range texts {
			found[s] = found[s] || bytes.Contains(data, []byte(s))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range texts {
		if found[s] != want {
			t.Errorf("%q lies there in the plain: %t", s, found[s])
		}
	}
}

// A copy that was changed on the disk is not sent.
func TestADamagedCopyIsNotSent(t *testing.T) {
	for name, damage := range map[string]func(sealed []byte) []byte{
		"at its end":         func(sealed []byte) []byte { sealed[len(sealed)-20] ^= 1; return sealed },
		"cut":                func(sealed []byte) []byte { return sealed[:10] },
		"something in place": func(sealed []byte) []byte { return bytes.Repeat([]byte("else"), len(sealed)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := platformtest.NewWorld(t, t.TempDir(), nil)
			dir := t.TempDir()
			b := open(t, dir)
			entries, err := b.AddAll(t.Context(), wholeWay(platformtest.LotID))
			if err != nil {
				t.Fatal(err)
			}
			copies, err := filepath.Glob(filepath.Join(dir, "files", "*.sealed"))
			if err != nil || len(copies) != 2 {
				t.Fatalf("%v, %v", copies, err)
			}
			for _, path := range copies {
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, damage(data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run(t, b, w.Login(t, platformtest.Purchaser, client.Options{}), platformtest.Purchaser.USCC)
			if _, err := b.Wait(t.Context(), entries[2].ID); !platformapi.IsCode(err, outbox.CodeFileMissing) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Damage that shows only while a copy is being sent is not taken for a line that broke, whether the copy goes at once or in pieces.
func TestDamageWithinACopyIsSaid(t *testing.T) {
	for name, piece := range map[string]int64{"at once": 0, "in pieces": 4 << 10} {
		t.Run(name, func(t *testing.T) {
			w := platformtest.NewWorld(t, t.TempDir(), nil)
			dir := t.TempDir()
			b := open(t, dir)
			way := wholeWay(platformtest.LotID)[:3]
			docx := platformtest.DOCX(strings.Repeat("draft", 40_000))
			u := &way[2].Upload
			u.Size, u.SHA256, u.Content = int64(len(docx)), digest(docx), bytes.NewReader(docx)
			entries, err := b.AddAll(t.Context(), way)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "files", u.SHA256+".sealed")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)/2] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, b, w.Login(t, platformtest.Purchaser, client.Options{Piece: piece}), platformtest.Purchaser.USCC)
			ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
			defer stop()
			if _, err := b.Wait(ctx, entries[2].ID); !platformapi.IsCode(err, outbox.CodeFileMissing) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// An outbox whose key is gone says so, and everything stays where it is.
func TestALostKeyIsSaidAndNothingIsDeleted(t *testing.T) {
	dir := t.TempDir()
	v := keyOf(t, dir)
	b, err := outbox.Open(t.Context(), dir, v, outbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.AddAll(t.Context(), wholeWay(platformtest.LotID)); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	before := names(t, filepath.Join(dir, "files"))
	other, err := vault.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := outbox.Open(t.Context(), dir, other, outbox.Options{}); !platformapi.IsCode(err, vault.CodeKeyLost) {
		t.Errorf("got %v", err)
	}
	if after := names(t, filepath.Join(dir, "files")); strings.Join(after, " ") != strings.Join(before, " ") || len(after) != 2 {
		t.Errorf("files before %v, after %v", before, after)
	}
	b, err = outbox.Open(t.Context(), dir, v, outbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if left, err := b.Entries(t.Context(), ""); err != nil || len(left) != 5 {
		t.Errorf("%v, %v", left, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range files {
		all = append(all, f.Name())
	}
	return all
}

// jumping is a clock that jumps by ten years at every look, forth and back.
func jumping() func() time.Time {
	var n atomic.Int64
	return func() time.Time {
		years := 10
		if n.Add(1)%2 == 0 {
			years = -10
		}
		return time.Now().AddDate(years, 0, 0)
	}
}

// However the clock jumps, everything is sent in its order, rests as long as it should, and no longer.
func TestClockJumpsChangeNothing(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	network := &flaky{next: http.DefaultTransport}
	p := w.Login(t, platformtest.Purchaser, client.Options{Transport: network})
	network.on.Store(true)
	dir := t.TempDir()
	const rest = 60 * time.Millisecond
	b, err := outbox.Open(t.Context(), dir, keyOf(t, dir), outbox.Options{Now: jumping(), Backoff: func(int) time.Duration { return rest }})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	entries, err := b.AddAll(t.Context(), wholeWay(platformtest.LotID))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx, p, platformtest.Purchaser.USCC) }()
	if _, err := b.Wait(ctx, entries[4].ID); err != nil {
		t.Fatal(err)
	}
	stop()
	<-done
	got, err := b.Entries(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	attempts := 0
	for i, e := range got {
		if e.ID != entries[i].ID || e.Receipt == nil || e.Receipt.Version != int64(i+1) {
			t.Errorf("entry %d: %+v", i, e)
		}
		attempts += e.Attempts
	}
	if took, least := time.Since(begun), time.Duration(attempts-len(got))*rest; took < least || took > least+5*time.Second {
		t.Errorf("%d attempts took %v", attempts, took)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

// plainJournal makes an outbox as version 1 left it: five entries, one of them delivered, and two files.
func plainJournal(t *testing.T, dir string) (id string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "journal-v1.sql"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(data)); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRow(`SELECT contract_id FROM entries`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(`SELECT sha256 FROM entries WHERE payload <> ''`)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string][]byte{}
	for _, f := range [][]byte{platformtest.DOCX("draft"), platformtest.Seal(platformtest.PDF("contract"), platformtest.Purchaser.USCC)} {
		known[digest(f)] = f
	}
	if err := os.MkdirAll(filepath.Join(dir, "files"), 0o700); err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var sum string
		if err := rows.Scan(&sum); err != nil {
			t.Fatal(err)
		}
		if _, err := hex.DecodeString(sum); err != nil || known[sum] == nil {
			t.Fatalf("no file of %q", sum)
		}
		if err := os.WriteFile(filepath.Join(dir, "files", sum), known[sum], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	return id
}

// A journal of the version before, which was not encrypted, is taken over whole, and nothing of it stays in the plain.
func TestAPlainJournalIsTakenOver(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	dir := t.TempDir()
	id := plainJournal(t, dir)
	plainIn(t, dir, true, "教学设备采购合同", "%PDF-")
	b := open(t, dir)
	plainIn(t, dir, false, "教学设备采购合同", "%PDF-")
	entries, err := b.Entries(t.Context(), "")
	if err != nil || len(entries) != 5 || entries[4].ContractID != id || entries[4].Title != "教学设备采购合同" {
		t.Fatalf("%+v, %v", entries, err)
	}
	run(t, b, w.Login(t, platformtest.Purchaser, client.Options{}), platformtest.Purchaser.USCC)
	if _, err := b.Wait(t.Context(), entries[4].ID); err != nil {
		t.Fatal(err)
	}
}
