//go:build linux

package desk

import (
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"sealdesk/token/soft"
	"sealdesk/ui/desk/words"
)

// A disk can be filled up, and given room again.
type smallDisk struct{ fill, free func() }

// smallDisk puts a small disk where a desk will keep its things. Where that is not allowed, the size that this process may
// give to a file is limited instead, which stops all writing too.
func (w *world) smallDisk(name string) smallDisk {
	w.t.Helper()
	dir := filepath.Join(w.dir, name)
	must(w.t, os.MkdirAll(dir, 0o700))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m,mode=0700"); err != nil {
		return fileLimit(w.t)
	}
	w.t.Cleanup(func() { must(w.t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	filler := filepath.Join(dir, "filler")
	return smallDisk{
		fill: func() {
			f, err := os.Create(filler)
			must(w.t, err)
			defer f.Close()
			for err == nil {
				_, err = f.Write(make([]byte, 4096))
			}
			if !errors.Is(err, syscall.ENOSPC) {
				w.t.Fatalf("the disk does not fill up: %v", err)
			}
		},
		free: func() { must(w.t, os.Remove(filler)) },
	}
}

func fileLimit(t *testing.T) smallDisk {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var usual syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &usual))
	set := func(l syscall.Rlimit) func() {
		return func() { must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l)) }
	}
	t.Cleanup(set(usual))
	return smallDisk{fill: set(syscall.Rlimit{Cur: 0, Max: usual.Max}), free: set(usual)}
}

// explained fails unless err is told in sentences of its own, and not as a fault of the program.
func explained(t *testing.T, catalog *words.Catalog, err error) {
	t.Helper()
	told(t, catalog, err, catalog.Problem(err).Code)
	if catalog.Problem(err).Code == "internal" {
		t.Errorf("told as a fault of the program: %v", err)
	}
}

// A disk that is full stops each step with its reason, and takes no file, no draft and no signature with it.
func TestADiskThatIsFullLosesNothing(t *testing.T) {
	w := aloneInTheWorld(t)
	d := w.smallDisk("desk-of-" + buyer.USCC)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	view := func() View { return work.View(t.Context()) }
	without := func(stem string) {
		t.Helper()
		if found := append(named(t, work, stem), named(t, work, ".")...); len(found) > 0 {
			t.Errorf("left behind: %v", found)
		}
	}

	picture := w.picture("章.png")
	fields := view().Fields
	fields.Number = "写满之后输入的编号"
	d.fill()
	w.told(work.Type(fields), "desk.disk_full")
	if view().Fields != fields {
		t.Error("what was typed is gone from the page")
	}
	without("original-")

	w.told(work.AttachFiling(t.Context(), w.file), "desk.disk_full")
	without("original-")
	if view().Filing.Original != nil {
		t.Error("half a file is attached")
	}
	w.told(imported(t, s, picture), "desk.disk_full")
	d.free()
	must(t, imported(t, s, picture))
	must(t, work.AttachFiling(t.Context(), w.file)) // which writes what was typed before

	d.fill()
	_, err := work.Clean(t.Context(), nil)
	explained(t, w.words, err)
	without("clean-")
	if view().Filing.Stage() != StageUploaded {
		t.Errorf("the stage is %q", view().Filing.Stage())
	}
	d.free()
	w.clean(work)

	d.fill()
	w.show(work)
	_, err = work.Seal(t.Context(), w.request(work, rightPIN), nil)
	explained(t, w.words, err)
	without("sealed-")
	if view().Filing.Sealed != nil {
		t.Error("it counts as sealed")
	}
	d.free()
	if left := key(t, s.desk, buyer).Tries; left != tries {
		t.Errorf("a full disk cost a try: %d left", left)
	}
	w.seal(work)
	sealed := kept(t, work, view().Filing.Sealed)

	w.before(cutOff)
	d.fill()
	_, err = work.Submit(t.Context())
	w.told(err, "outbox.disk")
	if v := view(); !v.Unsaved || len(v.Waiting) > 0 || v.Filing.Sealed == nil {
		t.Errorf("unsaved %t, %d wait, sealed %+v", v.Unsaved, len(v.Waiting), v.Filing.Sealed)
	}
	d.free()

	// Everything is there after the program was closed, and goes its way once.
	w.before(nil)
	s = w.restart(s, buyer)
	work = w.open(s, work.ID())
	if v := view(); v.Fields != fields || string(kept(t, work, v.Filing.Sealed)) != string(sealed) {
		t.Errorf("after the end of the program: %+v", v.Fields)
	}
	w.before(cutOff)
	_, err = work.Submit(t.Context())
	must(t, err)
	d.fill()
	w.before(nil)
	_ = s.box.RetryAll(t.Context()) // the platform answers while nothing can be written
	d.free()
	_ = s.box.RetryAll(t.Context())
	w.until("it is filed", func() bool { _, submits := submissions(t, s); return submits > 0 && s.Link(t.Context()).Waiting == 0 })
	if contracts, submits := submissions(t, s); contracts != 1 || submits != 1 {
		t.Errorf("%d contracts, submitted %d times", contracts, submits)
	}

	// The other side's disk is full when it looks at the contract.
	d = w.smallDisk("desk-of-" + seller.USCC)
	other := w.at(seller)
	d.fill()
	_, err = other.Open(t.Context(), work.ID())
	explained(t, w.words, err)
	d.free()
	theirs := w.open(other, work.ID())
	if v := theirs.View(t.Context()); v.Received == nil || v.Verdict == nil {
		t.Error("the file does not come after there was room again")
	}
}

// The disk under a software key is full: no PIN is tried, and the reason is told.
func TestAFullDiskUnderTheKeyCostsNoTry(t *testing.T) {
	w := aloneInTheWorld(t)
	must(t, os.RemoveAll(w.keys))
	d := w.smallDisk("keys")
	w.makeKey(soft.Options{Label: buyer.Name, Subject: buyer})
	desk := w.desk("one")
	d.fill()
	_, err := desk.Login(t.Context(), LoginRequest{Key: key(t, desk, buyer), PIN: []byte(wrongPIN)})
	w.told(err, "desk.disk_full")
	d.free()
	if left := key(t, desk, buyer).Tries; left != tries {
		t.Errorf("it cost a try: %d left", left)
	}
	w.login(desk, buyer)
}

// A draft that cannot be written takes no signature with it: it is written with what is written next.
func TestASealOutlivesADraftThatCannotBeWritten(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.clean(work)
	w.show(work)
	path := filepath.Join(work.dir, draftFile)
	must(t, os.Rename(path, path+".aside"))
	must(t, os.MkdirAll(filepath.Join(path, "in the way"), 0o700))
	_, err := work.Seal(t.Context(), w.request(work, rightPIN), nil)
	explained(t, w.words, err)
	if work.View(t.Context()).Filing.Stage() != StageSealed {
		t.Fatal("the signature is lost")
	}
	must(t, os.RemoveAll(path))
	must(t, work.Type(work.View(t.Context()).Fields)) // nothing new: it is written nevertheless
	s = w.restart(s, buyer)
	again := w.open(s, work.ID())
	if again.View(t.Context()).Filing.Stage() != StageSealed {
		t.Error("the signature was lost at the end of the program")
	}
	w.deliver(again.Submit(t.Context()))
}

// What a disk can answer is told as what the person can mend.
func TestWhatADiskAnswersIsTold(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		err  error
		code string
	}{
		{syscall.ENOSPC, "desk.disk_full"}, {syscall.EDQUOT, "desk.disk_full"}, {syscall.EFBIG, "desk.disk_full"},
		{fs.ErrPermission, "desk.not_writable"}, {syscall.EROFS, "desk.not_writable"}, {syscall.EACCES, "desk.not_writable"},
		{fs.ErrExist, "desk.file_exists"}, {syscall.EIO, "desk.disk"},
		{fault("busy", nil), "desk.busy"},
	} {
		err := diskError("/folder/file", &fs.PathError{Op: "write", Path: "/folder/file", Err: c.err})
		if p := w.words.Problem(err); p.Code != c.code || p.What == "" {
			t.Errorf("%v is told as %s, want %s", c.err, p.Code, c.code)
		}
	}
	if err := diskError("/folder/file", nil); err != nil {
		t.Error(err)
	}
}

// A folder in which nothing can be made is told at once.
func TestAFolderThatCannotBeMadeIsTold(t *testing.T) {
	w := newWorld(t)
	cfg := w.desk("one").cfg
	cfg.Folders.Data = filepath.Join(w.file, "desk") // a file is in the way
	_, err := Open(t.Context(), cfg)
	w.told(err, "desk.disk")
}
