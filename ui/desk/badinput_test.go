package desk

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"sealdesk/assets"
	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/signer/cleancopy/docxtest"
	"sealdesk/signer/cleancopy/office"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/verify"
)

// word is a Word document of one paragraph.
func word() []byte {
	return docxtest.Document{Body: "<w:p><w:r><w:t>合同</w:t></w:r></w:p>"}.Bytes()
}

// write makes a file of a test's own.
func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, data, 0o600))
	return path
}

// What cannot be a contract's file is refused when it is chosen; what was attached before stays.
func TestAFileThatCannotBeAContractIsRefused(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	must(t, work.AttachFiling(t.Context(), w.file))
	before := work.View(t.Context())
	huge := write(t, "huge.pdf", []byte("%PDF-1.7\n"))
	must(t, os.Truncate(huge, MaxFile+1)) // a hole takes no room
	for _, c := range []struct{ name, path, code string }{
		{"is not there", filepath.Join(t.TempDir(), "nothing.pdf"), "desk.file_unreadable"},
		{"is a folder", t.TempDir(), "desk.not_a_file"},
		{"is empty", write(t, "empty.pdf", nil), "desk.file_empty"},
		{"is oversized", huge, "desk.file_too_large"},
		{"is a text that was renamed", write(t, "renamed.pdf", []byte("not a contract")), "desk.file_kind"},
		{"is a picture that was renamed", write(t, "renamed.docx", []byte("\x89PNG\r\n\x1a\n0000")), "desk.file_kind"},
		{"is a program", write(t, "setup.doc", []byte("MZ\x90\x00\x03\x00\x00\x00")), "desk.file_kind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, attach := range []func(context.Context, string) error{work.AttachFiling, work.AttachInvoice} {
				told(t, w.words, attach(t.Context(), c.path), c.code)
			}
		})
	}
	after := work.View(t.Context())
	if *after.Filing.Original != *before.Filing.Original || len(after.Invoices) != 0 {
		t.Errorf("attached now: %+v", after.Filing)
	}
	if left := named(t, work, ""); len(left) != 2 {
		t.Errorf("in the folder: %v", left)
	}
}

// What turns out to be bad when the clean copy is made is refused with its reason; the file stays for the person to look at.
func TestAFileThatCannotBeCleanedIsRefused(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	good := pdftest.Document(pdftest.Options{Pages: 2})
	encrypted, root := pdftest.Build(pdftest.Options{})
	secret := pdf.String(strings.Repeat("0", 32))
	encrypted.Trailer["Encrypt"] = encrypted.Add(pdf.Dict{"Filter": pdf.Name("Standard"), "V": pdf.Integer(1), "R": pdf.Integer(2),
		"O": secret, "U": secret, "P": pdf.Integer(-4)})
	bomb := docxtest.Document{Body: "<w:p/>" + strings.Repeat(" ", 20<<20)}
	for _, c := range []struct {
		name, file string
		data       []byte
		code       string
	}{
		{"an encrypted PDF", "a.pdf", encrypted.Bytes(pdf.Table, root), "cleancopy.encrypted"},
		{"half a PDF", "a.pdf", good[:len(good)/3], "cleancopy.damaged"},
		{"the head of a PDF", "a.pdf", []byte("%PDF-1.7\n"), "cleancopy.damaged"},
		{"a docx that is a zip bomb", "a.docx", bomb.Bytes(), "cleancopy.zip_bomb"},
		{"half a docx", "a.docx", word()[:400], "cleancopy.damaged"},
		{"a zip that is no docx", "a.docx", docxtest.Zip(map[string]string{"readme.txt": "hello"}), "cleancopy.unsupported_type"},
		{"the head of a doc", "a.doc", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "cleancopy.damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			must(t, work.AttachFiling(t.Context(), write(t, c.file, c.data)))
			_, err := work.Clean(t.Context(), nil)
			told(t, w.words, err, c.code)
			v := work.View(t.Context())
			if v.Filing.Stage() != StageUploaded || !bytes.Equal(kept(t, work, v.Filing.Original), c.data) {
				t.Errorf("the file is not there any more: %+v", v.Filing)
			}
			if found := named(t, work, "clean-"); len(found) > 0 {
				t.Errorf("there is a clean copy: %v", found)
			}
		})
	}
	w.clean(work) // a good file goes on
}

// A PDF with a Word document's name is a PDF, and is named like one from then on.
func TestARenamedFileIsWhatItIs(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	must(t, work.AttachFiling(t.Context(), write(t, "采购合同.docx", content(t, w.file))))
	report, err := work.Clean(t.Context(), nil)
	must(t, err)
	filing := work.View(t.Context()).Filing
	if filing.Original.Name != "采购合同.docx.pdf" || filepath.Ext(filing.Clean.Path) != ".pdf" || report.Type != "pdf" {
		t.Errorf("%+v, %+v, %s", filing.Original, filing.Clean, report.Type)
	}
}

// script is a converter that does as it is told.
func script(t *testing.T, lines string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake converter is a shell script")
	}
	path := filepath.Join(t.TempDir(), "soffice")
	must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+lines+"\n"), 0o700)) //nolint:gosec // it is run
	return path
}

func TestAConverterThatFailsIsTold(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	must(t, work.AttachFiling(t.Context(), write(t, "合同.docx", word())))
	for _, c := range []struct {
		name string
		office.Office
		code string
	}{
		{"missing", office.Office{Program: filepath.Join(t.TempDir(), "soffice")}, "cleancopy.converter_setting"},
		{"hanging", office.Office{Program: script(t, "sleep 600"), Timeout: 300 * time.Millisecond}, "cleancopy.converter_timeout"},
		{"crashing", office.Office{Program: script(t, "echo 'no such filter' >&2; exit 77")}, "cleancopy.converter_failed"},
		{"making nothing", office.Office{Program: script(t, "exit 0")}, "cleancopy.converter_failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.cleaner.Office = c.Office
			began := time.Now()
			_, err := work.Clean(t.Context(), nil)
			told(t, w.words, err, c.code)
			if took := time.Since(began); took > patience {
				t.Errorf("it took %s", took)
			}
			if v := work.View(t.Context()); v.Filing.Stage() != StageUploaded || len(named(t, work, "clean-")) > 0 {
				t.Errorf("%+v", v.Filing)
			}
		})
	}
	t.Run("hanging and called off", func(t *testing.T) {
		w.cleaner.Office = office.Office{Program: script(t, "sleep 600")}
		ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer stop()
		began := time.Now()
		if _, err := work.Clean(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if took := time.Since(began); took > patience {
			t.Errorf("it took %s", took)
		}
	})
	w.clean(work) // a PDF needs no converter
}

// While a clean copy is made, a second one is refused, and a file that is replaced meanwhile gets no clean copy of the old one.
func TestACleanCopyOfAReplacedFileIsNotTaken(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	must(t, work.AttachFiling(t.Context(), w.file))
	once := false
	_, err := work.Clean(t.Context(), func(string, int64, int64) {
		if !once {
			once = true
			_, err := work.Clean(t.Context(), nil)
			if p := w.words.Problem(err); p.Code != "desk.busy" || p.What == "" {
				t.Errorf("a second one: %v", err)
			}
			must(t, work.AttachFiling(t.Context(), w.file))
		}
	})
	w.told(err, "desk.replaced")
	if v := work.View(t.Context()); v.Filing.Clean != nil || len(named(t, work, "clean-")) > 0 {
		t.Errorf("%+v", v.Filing)
	}
}

// The sample contract goes from Word to the seal beside its keyword, through the real converter.
func TestAWordContractIsCleanedAndSealedAtItsKeyword(t *testing.T) {
	if _, err := office.Find(); err != nil {
		t.Skip("LibreOffice is not installed")
	}
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	must(t, work.AttachFiling(t.Context(), write(t, "政府采购合同.docx", assets.SampleContract())))
	var last int64
	report, err := work.Clean(t.Context(), func(step string, done, total int64) {
		if w.words.T(step) == step || done < last || total != 1000 {
			t.Errorf("step %q at %d of %d", step, done, total)
		}
		last = done
	})
	must(t, err)
	if len(report.Items) == 0 || work.View(t.Context()).Filing.Stage() != StageUploaded {
		t.Error("what was taken out needs no confirmation")
	}
	_, err = work.Preview(t.Context())
	w.told(err, "desk.not_clean")
	must(t, work.ConfirmClean())
	w.show(work)
	request := w.request(work, rightPIN)
	request.Places = keyword(t, "没有这样的字")
	_, err = work.Seal(t.Context(), request, nil)
	if p := w.words.Problem(err); err == nil || p.Code == "internal" || p.Do == "" {
		t.Errorf("a keyword that is not there: %+v", p)
	}
	request = w.request(work, rightPIN)
	request.Places = keyword(t, "采购人（盖章）")
	result, err := work.Seal(t.Context(), request, nil)
	must(t, err)
	if result.Report.Verdict != verify.Valid {
		t.Errorf("the verdict is %s", result.Report.Verdict)
	}
}

// Whatever the platform does, it is told, no PIN is lost by it, and what was saved waits and arrives once.
func TestAPlatformInTroubleLosesNothing(t *testing.T) {
	answer := func(status int, kind, body string) gate {
		return func(out http.ResponseWriter, _ *http.Request) bool {
			out.Header().Set("Content-Type", kind)
			out.WriteHeader(status)
			_, _ = out.Write([]byte(body))
			return true
		}
	}
	w := newWorld(t)
	s := w.at(buyer)
	endless := `{"items":[` + strings.Repeat(" ", 9<<20)
	cases := []struct {
		name, lot string
		gate      gate
		code      string
	}{
		{"down", "lot-1", cutOff, platformapi.CodeOffline},
		{"behind a portal's page", "lot-2", answer(200, "text/html", "<html>Welcome to the hotel</html>"), platformapi.CodeNonsense},
		{"half an answer", "lot-3", answer(200, "application/json", `{"items":[{"id":`), platformapi.CodeNonsense},
		{"another program's answer", "lot-4", answer(200, "application/json", `"hello"`), platformapi.CodeNonsense},
		{"an answer without end", "lot-5", answer(200, "application/json", endless), platformapi.CodeNonsense},
		{"a proxy's error", "lot-6", answer(502, "text/html", "<html>Bad gateway</html>"), platformapi.CodeNonsense},
		{"closed for maintenance", "lot-7", answer(503, "application/problem+json",
			`{"type":"about:blank","title":"maintenance","status":503,"code":"platform.unavailable"}`), platformapi.CodeUnavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w.in(t)
			work := w.begin(s, c.lot)
			w.before(c.gate)
			_, err := s.Lots(t.Context(), "")
			w.told(err, c.code)
			_, err = s.desk.Login(t.Context(), LoginRequest{Key: key(t, s.desk, buyer), PIN: []byte(rightPIN)})
			w.told(err, c.code)
			if left := key(t, s.desk, buyer).Tries; left != tries {
				t.Errorf("a login that failed cost a try: %d left", left)
			}
			sent, err := work.Save(t.Context())
			must(t, err)
			w.until("it was tried", func() bool {
				waiting := work.View(t.Context()).Waiting
				return len(waiting) == 1 && waiting[0].LastCode != ""
			})
			if l := s.Link(t.Context()); l.Waiting != 1 {
				t.Errorf("the link tells of %d that wait", l.Waiting)
			}
			w.before(nil)
			for _, e := range work.View(t.Context()).Waiting {
				must(t, s.Retry(t.Context(), e.ID))
			}
			w.deliver(sent, nil)
			if v := work.View(t.Context()); v.Unsaved || len(v.Waiting) > 0 || v.Fields.TermDays != 180 {
				t.Errorf("after it came back: %+v", v)
			}
		})
	}
	if contracts, _ := submissions(t, s); contracts != len(cases) {
		t.Errorf("%d contracts were saved, the platform has %d", len(cases), contracts)
	}
}

// A platform that does not answer in time is told, and what it did unheard is not done twice.
func TestASlowPlatformDoesNothingTwice(t *testing.T) {
	w := newWorld(t)
	w.timeout = 1500 * time.Millisecond
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.before(func(_ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	_, err := s.Lots(t.Context(), "")
	w.told(err, platformapi.CodeTimeout)
	// The change arrives and is done, and its answer is lost.
	w.before(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet {
			return false
		}
		w.platform.ServeHTTP(discard{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	})
	_, err = work.Save(t.Context())
	must(t, err)
	w.until("it was tried", func() bool {
		waiting := work.View(t.Context()).Waiting
		return len(waiting) == 0 || waiting[0].LastCode != ""
	})
	w.before(nil)
	entries, err := s.Outbox(t.Context())
	must(t, err)
	must(t, s.Retry(t.Context(), entries[0].ID))
	w.until("it is saved", func() bool { return !work.View(t.Context()).Unsaved && len(work.View(t.Context()).Waiting) == 0 })
	if contracts, _ := submissions(t, s); contracts != 1 {
		t.Errorf("%d contracts", contracts)
	}
}

// discard is an answer that nobody hears.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// A session that the platform ended says so; what waits is sent after the next login.
func TestASessionThatIsOverKeepsWhatWaits(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	must(t, s.platform.Logout(t.Context()))
	_, err := s.Lots(t.Context(), "")
	w.told(err, platformapi.CodeSessionOver)
	if l := s.Link(t.Context()); !l.Over {
		t.Errorf("the link says %+v", l)
	}
	_, err = work.Save(t.Context())
	must(t, err)
	w.until("the sending ends", s.Closed)
	s = w.login(s.desk, buyer)
	w.until("it arrives", func() bool {
		contracts, _ := submissions(t, s)
		return contracts == 1
	})
}

// A desk without a platform says what to do.
func TestWithoutAPlatformNobodyLogsIn(t *testing.T) {
	w := newWorld(t)
	d := w.desk("alone")
	d.cfg.Connect = nil
	_, err := d.Login(t.Context(), LoginRequest{Key: key(t, d, buyer), PIN: []byte(wrongPIN)})
	w.told(err, "desk.no_platform")
	if left := key(t, d, buyer).Tries; left != tries {
		t.Errorf("it cost a try: %d left", left)
	}
}

// A second program sees what waits and may bring seals; a party's contracts are one program's at a time, and it says so.
func TestASecondProgramSeesWhatWaits(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.before(cutOff)
	_, err := work.Save(t.Context())
	must(t, err)
	second, err := Open(t.Context(), s.desk.cfg)
	must(t, err)
	defer func() { must(t, second.Close()) }()
	box, err := OpenOutbox(t.Context(), s.desk.cfg.Folders, nil)
	must(t, err)
	entries, err := box.Entries(t.Context(), buyer.USCC)
	must(t, errors.Join(err, box.Close()))
	if len(entries) != 1 || entries[0].ContractID != work.ID() {
		t.Errorf("what waits: %+v", entries)
	}
	if _, err := second.SealCase(key(t, second, buyer)).List(t.Context()); err != nil {
		t.Errorf("its seals: %v", err)
	}
	w.before(nil)
	login := func() (*Session, error) {
		return second.Login(t.Context(), LoginRequest{Key: key(t, second, buyer), PIN: []byte(rightPIN)})
	}
	_, err = login()
	w.told(err, "desk.party_in_use")
	s.Close()
	again, err := login()
	must(t, err)
	defer again.Close()
	w.until("the second one sends what the first one left", func() bool { return again.Link(t.Context()).Waiting == 0 })
}

// What cannot be read any more is set aside whole, and work begins anew.
func TestAnOutboxWithoutItsKeyIsSetAside(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.before(cutOff)
	_, err := work.Save(t.Context())
	must(t, err)
	s.Close()
	must(t, s.desk.Close())
	cfg := s.desk.cfg
	must(t, os.Remove(filepath.Join(cfg.Folders.vault(), "vault.key")))
	_, err = Open(t.Context(), cfg)
	w.told(err, "vault.key_lost")
	_, err = OpenOutbox(t.Context(), cfg.Folders, nil)
	w.told(err, "vault.key_lost")
	aside, err := SetAside(cfg.Folders)
	must(t, err)
	if _, err := os.Stat(filepath.Join(aside, "outbox", "journal.db")); err != nil {
		t.Errorf("the journal is gone: %v", err)
	}
	d, err := Open(t.Context(), cfg)
	must(t, err)
	s.desk = d // the world closes it
	w.before(nil)
	again := w.login(d, buyer)
	if drafts, err := again.Drafts(t.Context()); err != nil || len(drafts) != 0 {
		t.Errorf("drafts: %+v, %v", drafts, err)
	}
	if left, err := filepath.Glob(filepath.Join(aside, "parties", "*", "contracts", work.ID(), "*")); err != nil || len(left) == 0 {
		t.Errorf("the contract's files: %v, %v", left, err)
	}
	w.begin(again, "lot-1")
	must(t, d.Close())
}

// Verifying tells what is wrong with a file, or judges it; it never changes it.
func TestVerifyingAnyFile(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	w.clean(work)
	w.seal(work)
	d := work.s.desk
	for _, c := range []struct{ name, path, code string }{
		{"is not there", filepath.Join(t.TempDir(), "nothing.pdf"), "desk.file_unreadable"},
		{"is a folder", t.TempDir(), "desk.not_a_file"},
		{"is empty", write(t, "empty.pdf", nil), "desk.file_empty"},
	} {
		_, err := d.Verify(t.Context(), c.path)
		w.told(err, c.code)
	}
	sealed := kept(t, work, work.View(t.Context()).Filing.Sealed)
	for _, c := range []struct {
		name string
		data []byte
		want verify.Verdict
	}{
		{"sealed", sealed, verify.Valid},
		{"unsigned", content(t, w.file), verify.Unsigned},
		{"one byte changed", bytes.Replace(sealed, []byte("obj"), []byte("obJ"), 1), verify.Invalid},
	} {
		path := write(t, "a.pdf", c.data)
		report, err := d.Verify(t.Context(), path)
		if err != nil || report.Verdict != c.want {
			t.Errorf("%s: %v, %v", c.name, report, err)
		}
		if !bytes.Equal(content(t, path), c.data) {
			t.Errorf("%s: the file was changed", c.name)
		}
	}
	d.cfg.Roots = nil
	report, err := d.Verify(t.Context(), write(t, "a.pdf", sealed))
	if err != nil || report.Verdict != verify.Untrusted {
		t.Errorf("of an issuer that nobody trusts: %v, %v", report.Verdict, err)
	}
}

// A change that was damaged in the outbox is named by what it does, is discarded by nobody but the person, and holds back its
// own contract only.
func TestADamagedChangeIsForThePersonToDiscard(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work, other := w.begin(s, "lot-1"), w.begin(s, "lot-2")
	w.before(cutOff)
	_, err := work.Save(t.Context())
	must(t, err)
	// It has been tried, so that the line that comes back later has it tried again at once.
	w.until("the line is known to be cut", func() bool {
		v := work.View(t.Context())
		return len(v.Waiting) == 1 && v.Waiting[0].LastCode != "" && !s.Link(t.Context()).Online
	})
	db, err := sql.Open("sqlite", "file:"+w.glob(s.desk.cfg.Folders.Data, "outbox", "journal.db")[0]+"?_pragma=busy_timeout(10000)")
	must(t, err)
	_, err = db.ExecContext(t.Context(), `UPDATE entries SET title = x'0011', request = x'0011'`)
	must(t, errors.Join(err, db.Close()))
	w.before(nil)
	w.deliver(other.Save(t.Context()))
	w.until("it is known to be damaged", func() bool {
		v := work.View(t.Context())
		return len(v.Waiting) == 1 && v.Waiting[0].State == outbox.Failed
	})
	entries, err := s.Outbox(t.Context())
	must(t, err)
	if e := entries[1]; len(entries) != 2 || !e.Damaged() || e.Title != "新增合同 · 内容无法读出" || entries[0].Receipt == nil {
		t.Fatalf("%+v", entries)
	}
	_, err = work.Save(t.Context())
	w.told(err, outbox.CodeEntryDamaged)
	if p := s.Problem(err); !strings.Contains(p.Do, "丢弃") {
		t.Errorf("the sentences: %+v", p)
	}
	must(t, s.TakeBack(t.Context(), entries[1].ID))
	w.deliver(work.Save(t.Context()))
}
