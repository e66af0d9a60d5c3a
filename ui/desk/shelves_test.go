package desk

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// inThePlain are the files below some folders that hold these bytes.
func inThePlain(t *testing.T, plain []byte, dirs ...string) []string {
	t.Helper()
	var out []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if bytes.Contains(data, plain) {
				out = append(out, path)
			}
			return err
		})
		if !errors.Is(err, fs.ErrNotExist) {
			must(t, err)
		}
	}
	return out
}

// known is a part of every form of the test's contract.
var known = []byte("%PDF-")

// Whatever a contract goes through, nothing of it lies in the plain on this machine when the party has left.
func TestNoDocumentIsLeftInThePlain(t *testing.T) {
	w := newWorld(t)
	buyers, sellers := w.at(buyer), w.at(seller)
	folders := []Folders{buyers.desk.cfg.Folders, sellers.desk.cfg.Folders}
	work := w.begin(buyers, "lot-1")
	must(t, work.AttachInvoice(t.Context(), w.file))
	w.clean(work)
	w.seal(work)
	w.deliver(work.Submit(t.Context()))
	theirs := w.open(sellers, work.ID())
	w.seal(theirs)
	w.deliver(theirs.Agree(t.Context(), ""))
	must(t, work.Refresh(t.Context()))
	_, err := work.MakePublic(t.Context(), PublicRequest{}, nil)
	must(t, err)
	var dirs []string
	for _, f := range folders {
		dirs = append(dirs, f.Data, f.Cache)
	}
	if len(inThePlain(t, known, dirs...)) == 0 {
		t.Error("what is open lies nowhere: the test looks for the wrong thing")
	}
	for _, dir := range []string{folders[0].Data, folders[1].Data} {
		if found := inThePlain(t, known, dir); len(found) > 0 {
			t.Errorf("while it is open: %v", found)
		}
	}
	buyers.Close()
	sellers.Close()
	if found := inThePlain(t, known, dirs...); len(found) > 0 {
		t.Errorf("after the parties left: %v", found)
	}
	s := w.login(buyers.desk, buyer)
	again := w.open(s, work.ID())
	v := again.View(t.Context())
	for _, f := range []*File{v.Filing.Original, v.Filing.Clean, v.Filing.Sealed, v.Received, &v.Invoices[0], &v.Public.File} {
		if !again.whole(t.Context(), f) {
			t.Errorf("%s is not what it was", f.Path)
		}
	}
}

// A program is killed while documents are open: at the next start they are put away, whoever logs in, and what was signed and
// not on the shelf yet is there.
func TestWhatAKilledProgramLeftOpenIsPutAway(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.clean(work)
	w.seal(work)
	sealed := *work.View(t.Context()).Filing.Sealed
	data := kept(t, work, &sealed)
	folders, room := s.desk.cfg.Folders, filepath.Dir(opened(t, work, &sealed))
	w.shut(s)

	// As if it had died before the sealed file was on the shelf, and with a copy half written.
	must(t, os.Remove(stored(work, &sealed)))
	must(t, os.MkdirAll(filepath.Join(room, "sealdesk-clean-1"), 0o700))
	must(t, os.WriteFile(filepath.Join(room, sealed.Path), data, 0o600))
	must(t, os.WriteFile(filepath.Join(room, ".sealdesk-1.tmp"), data[:len(data)/2], 0o600))
	must(t, os.WriteFile(filepath.Join(room, "sealdesk-clean-1", "step.pdf"), data, 0o600))

	d := w.desk("desk-of-" + buyer.USCC)
	if found := inThePlain(t, known, folders.Data, folders.Cache); len(found) > 0 {
		t.Errorf("after the start: %v", found)
	}
	again := w.open(w.login(d, buyer), work.ID())
	if now := again.View(t.Context()).Filing.Sealed; now == nil || *now != sealed || !bytes.Equal(kept(t, again, now), data) {
		t.Errorf("the sealed file: %+v", now)
	}
}

// What a program before this one left in the plain beside its draft is encrypted when the party comes.
func TestDocumentsOfEarlierProgramsAreEncrypted(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.clean(work)
	filing := work.View(t.Context()).Filing
	folders := s.desk.cfg.Folders
	plain := map[*File][]byte{filing.Original: kept(t, work, filing.Original), filing.Clean: kept(t, work, filing.Clean)}
	w.shut(s)
	for f, data := range plain {
		must(t, os.Remove(stored(work, f)))
		must(t, os.WriteFile(filepath.Join(work.dir, f.Path), data, 0o600))
	}
	must(t, os.MkdirAll(filepath.Join(folders.Cache, "uploads"), 0o700))
	must(t, os.WriteFile(filepath.Join(folders.Cache, "uploads", "a.pdf"), plain[filing.Clean], 0o600))
	again := w.open(w.at(buyer), work.ID())
	if found := inThePlain(t, known, folders.Data, folders.Cache); len(found) > 0 {
		t.Errorf("in the plain: %v", found)
	}
	for f, data := range plain {
		if !bytes.Equal(kept(t, again, f), data) {
			t.Errorf("%s is another one", f.Path)
		}
	}
	w.seal(again)
}

// dying is the folder in which a child process works that is killed.
const dying = "SEALDESK_DYING_DESK"

// A program that is really killed, by the system: nothing that a step had told to be done is lost, and nothing stays open.
func TestAKilledProgramLosesNoDocument(t *testing.T) {
	if dir := os.Getenv(dying); dir != "" {
		w := newWorld(t)
		w.dir = dir
		s := w.at(buyer)
		work := w.begin(s, "lot-1")
		w.clean(work)
		w.seal(work)
		must(t, os.WriteFile(filepath.Join(dir, "sum"), []byte(work.ID()+work.View(t.Context()).Filing.Sealed.SHA256), 0o600))
		self, err := os.FindProcess(os.Getpid())
		must(t, err)
		must(t, self.Kill())
		select {}
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAKilledProgramLosesNoDocument$")
	child.Env = append(os.Environ(), dying+"="+dir, "TMPDIR="+t.TempDir())
	out, err := child.CombinedOutput()
	said, readErr := os.ReadFile(filepath.Join(dir, "sum"))
	if err == nil || readErr != nil {
		t.Fatalf("it was not killed: %v, %v\n%s", err, readErr, out)
	}
	w := newWorld(t)
	w.dir = dir
	if found := inThePlain(t, known, dir); len(found) == 0 {
		t.Fatal("it had nothing open")
	}
	d := w.desk("desk-of-" + buyer.USCC)
	if found := inThePlain(t, known, dir); len(found) > 0 {
		t.Errorf("in the plain: %v", found)
	}
	s := w.login(d, buyer)
	drafts, err := s.Drafts(t.Context())
	must(t, err)
	if len(drafts) != 1 {
		t.Fatalf("%d drafts", len(drafts))
	}
	sealed := drafts[0].View(t.Context()).Filing.Sealed
	if sealed == nil || drafts[0].ID()+sealed.SHA256 != string(said) || !drafts[0].whole(t.Context(), sealed) {
		t.Errorf("%s: %+v", said, sealed)
	}
}
