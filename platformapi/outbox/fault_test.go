package outbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox"
	"sealdesk/platformapi/platformtest"
)

// What stands in the way of an outbox in its folder is told by a code, with what happened.
func TestFoldersThatHoldNoOutbox(t *testing.T) {
	for name, tt := range map[string]struct {
		build func(t *testing.T, dir string) error
		code  string
	}{
		"a file for the files": {func(_ *testing.T, dir string) error { return os.WriteFile(filepath.Join(dir, "files"), nil, 0o600) }, outbox.CodeDisk},
		"a folder for the journal": {func(_ *testing.T, dir string) error { return os.Mkdir(filepath.Join(dir, "journal.db"), 0o700) },
			outbox.CodeDisk},
		"a folder for the turn": {func(_ *testing.T, dir string) error { return os.Mkdir(filepath.Join(dir, "files.turn"), 0o700) }, outbox.CodeDisk},
		"a journal of no vault": {func(t *testing.T, dir string) error {
			err := open(t, dir).Close()
			change(t, dir, `DELETE FROM vault`)
			return err
		}, outbox.CodeDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			v := keyOf(t, dir)
			if err := tt.build(t, dir); err != nil {
				t.Fatal(err)
			}
			_, err := outbox.Open(t.Context(), dir, v, outbox.Options{})
			e, ok := errors.AsType[*outbox.Error](err)
			if !ok || e.Code() != tt.code || !strings.HasPrefix(e.Error(), tt.code+": "+e.Detail) || e.Err != nil && !strings.HasSuffix(e.Error(), e.Err.Error()) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A file that cannot be kept, or is longer than it was said to be, is not added, and nothing of it stays.
func TestFilesThatAreNotKept(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	attach := wholeWay(platformtest.LotID)[2]
	attach.Version = 1
	long := attach
	long.Upload.Size--
	if _, err := b.Add(t.Context(), long); !platformapi.IsCode(err, outbox.CodeFileChanged) {
		t.Errorf("longer than it was said to be: %v", err)
	}
	torn := attach
	torn.Upload.Content = tornReader{}
	if _, err := b.Add(t.Context(), torn); !platformapi.IsCode(err, outbox.CodeDisk) || !errors.Is(err, errTorn) {
		t.Errorf("one that cannot be read: %v", err)
	}
	if left := names(t, filepath.Join(dir, "files")); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
	if err := os.MkdirAll(filepath.Join(dir, "files", attach.Upload.SHA256+".sealed", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	attach.Upload.Content = bytes.NewReader(platformtest.DOCX("draft"))
	if _, err := b.Add(t.Context(), attach); !platformapi.IsCode(err, outbox.CodeDisk) {
		t.Errorf("a folder in its place: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "files")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Add(t.Context(), attach); !platformapi.IsCode(err, outbox.CodeDisk) {
		t.Errorf("no folder for it: %v", err)
	}
	if all, err := b.AddAll(t.Context(), nil); err != nil || all != nil {
		t.Errorf("nothing: %v, %v", all, err)
	}
}

type tornReader struct{}

var errTorn = errors.New("a bad sector")

func (tornReader) ReadAt([]byte, int64) (int, error) { return 0, errTorn }

// What is not there is unknown, whatever is asked of it; who no longer waits is not kept waiting; and a closed outbox says so.
func TestWhatIsNotThere(t *testing.T) {
	dir := t.TempDir()
	b, err := outbox.Open(t.Context(), dir, keyOf(t, dir), outbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.Add(t.Context(), wholeWay(platformtest.LotID)[0])
	if err != nil {
		t.Fatal(err)
	}
	wait := func(ctx context.Context, id string) error { _, err := b.Wait(ctx, id); return err }
	calls := map[string]func(ctx context.Context, id string) error{
		"Retry": b.Retry, "Withdraw": b.Withdraw, "Wait": wait,
	}
	for name, call := range calls {
		if err := call(t.Context(), "nothing"); !platformapi.IsCode(err, outbox.CodeUnknown) {
			t.Errorf("%s of what is not there: %v", name, err)
		}
	}
	calls["Entries"] = func(ctx context.Context, _ string) error { _, err := b.Entries(ctx, ""); return err }
	calls["RetryAll"] = func(ctx context.Context, _ string) error { return b.RetryAll(ctx) }
	calls["Run"] = func(ctx context.Context, _ string) error { return b.Run(ctx, nil, "nobody") }
	calls["Add"] = func(ctx context.Context, _ string) error {
		_, err := b.Add(ctx, wholeWay(platformtest.LotID)[0])
		return err
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := wait(short, e.ID); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for what nobody sends: %v", err)
	}
	for name, call := range calls {
		if err := call(short, e.ID); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s for whoever has gone: %v", name, err)
		}
	}
	change(t, dir, `UPDATE entries SET state = 'sending'`)
	if err := b.Retry(t.Context(), e.ID); err != nil {
		t.Errorf("what is being sent is retried: %v", err)
	}
	if got, err := b.Entries(t.Context(), ""); err != nil || got[0].State != outbox.Sending {
		t.Errorf("what is being sent: %+v, %v", got, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for name, call := range calls {
		if err := call(t.Context(), e.ID); err == nil {
			t.Errorf("%s of a closed outbox", name)
		}
	}
}

// What only a newer program knows how to send is told to be that, and waits for a person.
func TestWhatANewerProgramAdded(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	dir := t.TempDir()
	b := open(t, dir)
	request := wholeWay(platformtest.LotID)[0]
	e, err := b.Add(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	request.Op = "seal"
	said, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	change(t, dir, fmt.Sprintf(`UPDATE entries SET op = 'seal', request = x'%x'`, keyOf(t, dir).Seal("entry/"+e.ID+"/request", said)))
	run(t, b, w.Login(t, platformtest.Purchaser, client.Options{}), platformtest.Purchaser.USCC)
	if _, err := b.Wait(t.Context(), e.ID); !platformapi.IsCode(err, outbox.CodeNewer) {
		t.Errorf("got %v", err)
	}
	if got, err := b.Entries(t.Context(), ""); err != nil || len(got) != 1 || got[0].State != outbox.Failed || !got[0].FailedHere() || got[0].Damaged() {
		t.Errorf("%+v, %v", got, err)
	}
}
