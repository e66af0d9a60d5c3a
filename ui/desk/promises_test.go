package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/token"
)

// Nothing is signed that was not shown. Each of these is refused before the PIN is tried, and leaves no sealed file.
func TestNothingIsSignedThatWasNotShown(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	cases := []struct {
		name string
		lot  string
		do   func(work *Work)
		code string
	}{
		{"without a preview", "lot-1", func(*Work) {}, "desk.not_shown"},
		{"another clean copy than the one shown", "lot-2", func(work *Work) {
			w.show(work)
			must(w.t, os.WriteFile(w.file, pdftest.Document(pdftest.Options{Pages: 3}), 0o600))
			w.clean(work)
		}, "desk.not_shown"},
		{"the clean file changed behind the preview", "lot-3", func(work *Work) {
			w.show(work)
			clean := work.View(w.t.Context()).Filing.Clean
			tamper(w.t, opened(w.t, work, clean))
			must(w.t, os.Truncate(stored(work, clean), 100))
		}, "desk.file_changed"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w.in(t)
			work := w.begin(s, c.lot)
			w.clean(work)
			c.do(work)
			_, err := work.Seal(t.Context(), w.request(work, wrongPIN), nil)
			w.told(err, c.code)
			if left := key(t, s.desk, buyer).Tries; left != tries {
				t.Errorf("the PIN was tried for it: %d tries left", left)
			}
			if found := named(t, work, "sealed-"); len(found) > 0 || work.View(t.Context()).Filing.Sealed != nil {
				t.Errorf("there is a sealed file: %v", found)
			}
		})
	}
}

// tamper changes one byte of a PDF's second line, a comment: the file stays as good as it was, and is another one.
func tamper(t *testing.T, path string) {
	t.Helper()
	data := content(t, path)
	at := bytes.Index(data, []byte("\n%")) + 2
	if at < 2 || at > 20 {
		t.Fatal("the second line is no comment")
	}
	data[at] ^= 1
	must(t, os.WriteFile(path, data, 0o600))
}

// The file on disk changes after the PIN was right: what is signed is what was shown, or nothing.
func TestNothingIsSignedThatChangesWhileItIsSigned(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	w.clean(work)
	w.show(work)
	path := opened(t, work, work.View(t.Context()).Filing.Clean)
	once := false
	_, err := work.Seal(t.Context(), w.request(work, rightPIN), func(step string, _, _ int64) {
		if step == "sign.prepare" && !once {
			once = true
			tamper(t, path)
		}
	})
	if !once {
		t.Fatal("the file was never changed")
	}
	if p := w.words.Problem(err); err == nil || p.Code == "internal" {
		t.Errorf("signed, or not told: %v", err)
	}
	if found := named(t, work, "sealed-"); len(found) > 0 || work.View(t.Context()).Filing.Sealed != nil {
		t.Errorf("there is a sealed file: %v", found)
	}
}

// The digest of the preview is the digest that is signed: the sealed file begins with the very bytes that were shown.
func TestTheDigestShownIsTheDigestSigned(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	w.clean(work)
	shown := w.show(work)
	result, err := work.Seal(t.Context(), w.request(work, rightPIN), nil)
	must(t, err)
	filing := work.View(t.Context()).Filing
	sealed := kept(t, work, filing.Sealed)
	if before := sha256.Sum256(sealed[:filing.Clean.Size]); hex.EncodeToString(before[:]) != shown || filing.Sealed.Base != shown {
		t.Errorf("the sealed file does not continue what was shown")
	}
	if now := sha256.Sum256(sealed); hex.EncodeToString(now[:]) != filing.Sealed.SHA256 || result.SHA256 != filing.Sealed.SHA256 {
		t.Errorf("the digest that is told is not the file's")
	}
	last := result.Report.Signatures[len(result.Report.Signatures)-1]
	if fingerprint(last.Certificate) != work.s.Key().SHA256 {
		t.Error("another certificate signed than the chosen one")
	}
}

// What the other side signs is what it was shown too: the bytes of the first seal stay as they are.
func TestTheSecondSealContinuesTheFirst(t *testing.T) {
	w := newWorld(t)
	work := w.submitted(w.at(buyer), "lot-1")
	theirs := w.open(w.at(seller), work.ID())
	first := kept(t, work, work.View(t.Context()).Filing.Sealed)
	_, err := theirs.Seal(t.Context(), w.request(theirs, wrongPIN), nil)
	w.told(err, "desk.not_shown")
	w.seal(theirs)
	both := kept(t, theirs, theirs.View(t.Context()).Filing.Sealed)
	if !bytes.HasPrefix(both, first) || len(both) == len(first) {
		t.Error("the second seal changed the first one's bytes")
	}
}

// A wrong PIN costs one try, and only one, wherever it is typed.
func TestAWrongPINCostsOneTryAndOnlyOne(t *testing.T) {
	w := newWorld(t)
	d := w.desk("desk-of-" + buyer.USCC)
	pin := []byte(wrongPIN)
	_, err := d.Login(t.Context(), LoginRequest{Key: key(t, d, buyer), PIN: pin})
	w.told(err, CodePINWrong)
	if left := key(t, d, buyer).Tries; left != tries-1 {
		t.Errorf("after one wrong PIN %d of %d tries are left", left, tries)
	}
	if !strings.Contains(w.words.Problem(err).What, "2") {
		t.Errorf("the tries that are left are not told: %s", w.words.Problem(err).What)
	}
	if !bytes.Equal(pin, make([]byte, len(pin))) {
		t.Error("the PIN was not wiped")
	}
	s := w.login(d, buyer) // and gives the tries back
	if s.Key().Tries != tries || key(t, d, buyer).Tries != tries {
		t.Errorf("after the right PIN: %d", key(t, d, buyer).Tries)
	}

	work := w.begin(s, "lot-1")
	w.clean(work)
	w.show(work)
	_, err = work.Seal(t.Context(), w.request(work, wrongPIN), nil)
	w.told(err, CodePINWrong)
	if left := key(t, d, buyer).Tries; left != tries-1 {
		t.Errorf("one wrong PIN at the seal leaves %d of %d tries", left, tries)
	}
	if found := named(t, work, "sealed-"); len(found) > 0 {
		t.Errorf("a wrong PIN sealed: %v", found)
	}
}

// Looking at keys, at contracts and at seals never tries a PIN.
func TestOnlyAPersonsPINIsTried(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	same := untouched(t, w.keys)
	work := w.begin(s, "lot-1")
	w.clean(work)
	w.show(work)
	if !s.KeyPresent(t.Context()) {
		t.Error("the key is not seen")
	}
	if _, err := s.Open(t.Context(), work.ID()); err != nil {
		t.Error(err)
	}
	w.deliver(work.Save(t.Context())) // the session's own token, not the key
	same()
}

// A key that the person keeps unlocked seals on without a PIN, until it is released, pulled out, or the session ends.
func TestAKeyThatIsKeptUnlockedTriesNoPIN(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	seal := func(lot, pin string, keep bool) error {
		work := w.begin(s, lot)
		w.clean(work)
		w.show(work)
		request := w.request(work, pin)
		request.Keep = keep
		_, err := work.Seal(t.Context(), request, nil)
		return err
	}
	w.told(seal("lot-1", wrongPIN, true), CodePINWrong)
	if s.Held() {
		t.Fatal("a wrong PIN unlocked the key")
	}
	must(t, seal("lot-2", rightPIN, true))
	same := untouched(t, w.keys)
	must(t, seal("lot-3", "", true))
	same()
	s.Release()
	w.told(seal("lot-4", "", false), "token.pin_empty")
	must(t, seal("lot-5", rightPIN, true))
	s.Close()
	if s.Held() {
		t.Error("the key stays unlocked after the session")
	}
}

func TestTheLastTryAsksFirst(t *testing.T) {
	w := newWorld(t)
	d := w.desk("desk-of-" + buyer.USCC)
	s := w.login(d, buyer)
	work := w.begin(s, "lot-1")
	w.clean(work)
	w.show(work)
	for range tries - 1 {
		_, err := d.Login(t.Context(), LoginRequest{Key: key(t, d, buyer), PIN: []byte(wrongPIN)})
		w.told(err, CodePINWrong)
	}
	// Not even the right PIN is tried before the person said so: neither at the login nor at the seal.
	_, err := d.Login(t.Context(), LoginRequest{Key: key(t, d, buyer), PIN: []byte(rightPIN)})
	w.told(err, "token.last_try")
	_, err = work.Seal(t.Context(), w.request(work, rightPIN), nil)
	w.told(err, "token.last_try")
	if left := key(t, d, buyer).Tries; left != 1 {
		t.Fatalf("asking cost a try: %d", left)
	}
	request := w.request(work, rightPIN)
	request.LastTry = true
	_, err = work.Seal(t.Context(), request, nil)
	must(t, err)
	if left := key(t, d, buyer).Tries; left != tries {
		t.Errorf("the right PIN at the last try leaves %d tries", left)
	}
}

func TestALockedKeyIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	d := w.desk("desk-of-" + buyer.USCC)
	work := w.begin(w.login(d, buyer), "lot-1")
	w.clean(work)
	w.show(work)
	for range tries {
		_, err := d.Login(t.Context(), LoginRequest{Key: key(t, d, buyer), PIN: []byte(wrongPIN), LastTry: true})
		if err == nil {
			t.Fatal("the wrong PIN is right")
		}
	}
	k := key(t, d, buyer)
	if !k.Locked || k.Tries != 0 {
		t.Fatalf("not locked: %+v", k)
	}
	same := untouched(t, w.keys)
	for _, pin := range []string{rightPIN, wrongPIN} {
		_, err := d.Login(t.Context(), LoginRequest{Key: k, PIN: []byte(pin), LastTry: true})
		w.told(err, "token.pin_locked")
		request := w.request(work, pin)
		request.LastTry = true
		_, err = work.Seal(t.Context(), request, nil)
		w.told(err, "token.pin_locked")
	}
	same()
}

// The certificate that was chosen is the one that signs: a key on which another one lies now is not tried.
func TestAnotherCertificateThanTheChosenIsNotUsed(t *testing.T) {
	w := newWorld(t)
	d := w.desk("desk-of-" + buyer.USCC)
	k := key(t, d, buyer)
	k.SHA256 = strings.Repeat("0", len(k.SHA256))
	_, err := d.Login(t.Context(), LoginRequest{Key: k, PIN: []byte(wrongPIN)})
	w.told(err, "desk.key_changed")
	k = key(t, d, buyer)
	if k.Tries != tries {
		t.Errorf("a try was spent on it: %d left", k.Tries)
	}
	must(t, os.RemoveAll(w.keys))
	_, err = d.Login(t.Context(), LoginRequest{Key: k, PIN: []byte(rightPIN)})
	if !errors.Is(err, token.ErrRemoved) {
		t.Errorf("a key that is gone: %v", err)
	}
}

// No file is overwritten in place: not the person's own, not an earlier one of the contract, not what stands where a copy goes.
func TestNoFileIsOverwrittenInPlace(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	original := content(t, w.file)
	work := w.begin(s, "lot-1")
	w.clean(work)
	w.seal(work)
	first := *work.View(t.Context()).Filing.Sealed
	firstBytes := kept(t, work, &first)

	// Typing makes the seal void: its file stays, under a name that says so, and the next one gets a file of its own.
	fields := work.View(t.Context()).Fields
	fields.TermDays = 90
	must(t, work.Type(fields))
	w.seal(work)
	second := *work.View(t.Context()).Filing.Sealed
	if first.Path == second.Path {
		t.Error("both seals have the same file")
	}
	if !bytes.Equal(kept(t, work, &File{Path: "void-" + first.Path}), firstBytes) {
		t.Error("the void file was changed")
	}
	if !bytes.Equal(content(t, w.file), original) {
		t.Error("the person's own file was changed")
	}

	taken := filepath.Join(t.TempDir(), "taken.pdf")
	must(t, os.WriteFile(taken, []byte("mine"), 0o600))
	w.told(work.Export(t.Context(), second, taken), "desk.file_exists")
	w.deliver(work.Save(t.Context()))
	w.told(work.Download(t.Context(), work.View(t.Context()).Attachments[0], taken), "desk.file_exists")
	if string(content(t, taken)) != "mine" {
		t.Error("the file that stood there is gone")
	}
	free := filepath.Join(t.TempDir(), "free.pdf")
	must(t, work.Export(t.Context(), second, free))
	if !bytes.Equal(content(t, free), kept(t, work, &second)) {
		t.Error("the copy is not the signed file")
	}
}

// What happens to the person's file after it was attached is no matter of the contract's.
func TestTheContractHasItsOwnCopyOfTheFile(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	must(t, work.AttachFiling(t.Context(), w.file))
	must(t, os.Remove(w.file))
	_, err := work.Clean(t.Context(), nil)
	must(t, err)
	original := work.View(t.Context()).Filing.Original
	if original.Name != "合同.pdf" || !work.whole(t.Context(), original) {
		t.Errorf("%+v", original)
	}
	must(t, os.Remove(opened(t, work, original)))
	put(t, work, original.Path, []byte("%PDF-1.4 other"))
	_, err = work.Clean(t.Context(), nil)
	w.told(err, "desk.file_changed")
}

// submissions counts how often the platform was given a contract, and how many there are.
func submissions(t *testing.T, s *Session) (contracts, submits int) {
	t.Helper()
	list, err := s.platform.Contracts(t.Context(), platformapi.ContractQuery{})
	must(t, err)
	for _, item := range list.Items {
		c, err := s.platform.Contract(t.Context(), item.ID)
		must(t, err)
		for _, row := range c.History {
			if row.Step == platformapi.HistorySubmit {
				submits++
			}
		}
	}
	return len(list.Items), submits
}

// A signed contract is in the outbox or filed, once, whatever fails and whenever.
func TestASignedContractIsInTheOutboxOrFiled(t *testing.T) {
	cases := []struct {
		name string
		// leave seals and brings the contract as far as it gets before the program ends.
		leave func(w *world, work *Work)
		// sent: nobody has to press 提交合同 again.
		sent bool
	}{
		{"sealed and not sent", func(w *world, work *Work) { w.seal(work) }, false},
		{"sealed, the draft not written", func(w *world, work *Work) {
			path := filepath.Join(work.dir, draftFile)
			before := content(w.t, path)
			w.seal(work)
			must(w.t, os.WriteFile(path, before, 0o600))
		}, false},
		{"sent while the platform is away", func(w *world, work *Work) {
			w.seal(work)
			w.before(cutOff)
			_, err := work.Submit(w.t.Context())
			must(w.t, err)
		}, true},
		{"in the outbox, the draft not written", func(w *world, work *Work) {
			w.seal(work)
			w.before(cutOff)
			path := filepath.Join(work.dir, draftFile)
			before := content(w.t, path)
			_, err := work.Submit(w.t.Context())
			must(w.t, err)
			must(w.t, os.WriteFile(path, before, 0o600))
		}, true},
		{"its files lost after it was sent", func(w *world, work *Work) {
			w.seal(work)
			w.before(cutOff)
			_, err := work.Submit(w.t.Context())
			must(w.t, err)
			for _, path := range named(w.t, work, "") {
				must(w.t, os.Remove(path))
			}
		}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			s := w.at(buyer)
			work := w.begin(s, "lot-1")
			w.clean(work)
			c.leave(w, work)
			w.shut(s)

			w.before(nil)
			s = w.at(buyer)
			if !c.sent {
				drafts, err := s.Drafts(t.Context())
				must(t, err)
				if len(drafts) != 1 {
					t.Fatalf("%d drafts", len(drafts))
				}
				again := w.open(s, work.ID())
				if again.View(t.Context()).Filing.Stage() != StageSealed {
					t.Fatal("what was signed is not signed any more")
				}
				w.deliver(again.Submit(t.Context()))
				if why, ok := again.View(t.Context()).Why(ActionSubmit); ok || why.What == "" {
					t.Error("it can be submitted twice")
				}
			}
			w.until("it is filed", func() bool {
				_, submits := submissions(t, s)
				return submits > 0
			})
			w.until("nothing waits", func() bool { return s.Link(t.Context()).Waiting == 0 })
			if contracts, submits := submissions(t, s); contracts != 1 || submits != 1 {
				t.Errorf("%d contracts, submitted %d times", contracts, submits)
			}
			entries, err := s.Outbox(t.Context())
			must(t, err)
			for _, e := range entries {
				if e.State != outbox.Done || e.Receipt == nil {
					t.Errorf("%s: %s without a receipt", e.Op, e.State)
				}
			}
		})
	}
}

// The program died after the outbox had the contract and before the draft could tell: it is known there by the ids that the
// contract and its files have had from the beginning, and is not handed over twice.
func TestWhatTheOutboxHasIsKnownAgain(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.clean(work)
	w.seal(work)
	path := filepath.Join(work.dir, draftFile)
	before := content(t, path)
	w.before(cutOff)
	_, err := work.Submit(t.Context())
	must(t, err)
	handed, err := s.Outbox(t.Context())
	must(t, err)
	w.shut(s)
	must(t, os.WriteFile(path, before, 0o600))

	w.before(func(out http.ResponseWriter, r *http.Request) bool {
		return strings.Contains(r.URL.Path, "/contracts") && cutOff(out, r) // one can log in, and no more
	})
	s = w.at(buyer)
	work = w.open(s, work.ID())
	if v := work.View(t.Context()); len(v.Waiting) != len(handed) || len(handed) == 0 {
		t.Errorf("%d of %d wait", len(v.Waiting), len(handed))
	}
	for _, r := range work.changes(work.d) {
		if r.Op == outbox.OpCreate || r.Op == outbox.OpAttach {
			t.Errorf("%s would be handed over again", r.Op)
		}
	}
	blocked(t, work, ActionSave, ActionSubmit)
}

// A file that lies in the contract's folder is taken for ours only when it continues what is to be signed with our own seal.
func TestOnlyOurOwnSealIsTakenUpAgain(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	other := w.begin(s, "lot-2")
	w.clean(other)
	w.seal(other)
	work := w.begin(s, "lot-1")
	must(t, os.WriteFile(w.file, pdftest.Document(pdftest.Options{Pages: 1}), 0o600))
	w.clean(work)
	// Another document under our seal, and our document with nothing but bytes behind it.
	foreign := kept(t, other, other.View(t.Context()).Filing.Sealed)
	put(t, work, "sealed-foreign.pdf", foreign)
	clean := kept(t, work, work.View(t.Context()).Filing.Clean)
	put(t, work, "sealed-unsigned.pdf", append(clean, "\n% more\n"...))
	id := work.ID()
	s = w.restart(s, buyer)
	if v := w.open(s, id).View(t.Context()); v.Filing.Sealed != nil {
		t.Errorf("taken up: %s", v.Filing.Sealed.Path)
	}
}

// The program is stopped while it seals: no half file stays, nothing counts as sealed, and the next try works.
func TestASealThatWasCalledOffLeavesNothing(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	w.clean(work)
	w.show(work)
	ctx, stop := context.WithCancel(t.Context())
	_, err := work.Seal(ctx, w.request(work, rightPIN), func(step string, _, _ int64) {
		if step == "sign.prepare" {
			stop()
		}
	})
	if err == nil || work.View(t.Context()).Filing.Sealed != nil {
		t.Errorf("it went on: %v", err)
	}
	if left := append(named(t, work, "sealed-"), named(t, work, ".")...); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	w.seal(work)
}
