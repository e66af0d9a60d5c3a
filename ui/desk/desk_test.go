package desk

import (
	"context"
	"encoding/pem"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/assets/i18n"
	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/signer/seal"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
	"sealdesk/ui/desk/words"
)

// imported takes a seal's file and says what went wrong.
func imported(t *testing.T, s *Session, path string) error {
	t.Helper()
	_, err := s.ImportSeal(t.Context(), path)
	return err
}

// The owner of a key is whom its certificate names, and usable keys stand first.
func TestKeysTellWhoseTheyAreAndWhyTheyCannotBeUsed(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	w.makeKey(soft.Options{Label: "0 过期", Subject: buyer, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(-1, 0, 0)})
	w.makeKey(soft.Options{Label: "1 未生效", Subject: buyer, NotBefore: now.AddDate(0, 0, 2), NotAfter: now.AddDate(1, 0, 0)})
	w.makeKey(soft.Options{Label: "2 快到期", Subject: ca.Subject{Name: "无代码单位"},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.Add(50 * time.Hour)})
	d := w.desk("one")
	keys, err := d.Keys(t.Context())
	must(t, err)
	var labels []string
	for _, k := range keys {
		labels = append(labels, k.Label)
	}
	if want := []string{"2 快到期", seller.Name, buyer.Name, "0 过期", "1 未生效"}; !slices.Equal(labels, want) {
		t.Errorf("the keys stand as %v, want %v", labels, want)
	}
	k := key(t, d, buyer)
	if k.Owner != buyer.Name || k.USCC != buyer.USCC || k.Person != buyer.Handler || k.Algorithm != "ECDSA" || k.Issuer == "" {
		t.Errorf("%+v", k)
	}
	if len(k.SHA256) != 64 || k.Locked || k.FewTries() || k.Tries != tries || k.MaxTries != tries || len(k.Unfit) != 0 {
		t.Errorf("%+v", k)
	}
	if days := keys[0].DaysLeft(now); days != 2 || keys[0].USCC != "" || keys[0].Person != "" {
		t.Errorf("%d days, %+v", days, keys[0])
	}
	for i, code := range map[int]string{3: "token.certificate_expired", 4: "token.certificate_not_yet_valid"} {
		unfit := keys[i].Unfit
		if len(unfit) != 1 || unfit[0].Code != code || unfit[0].Do == "" || !strings.Contains(unfit[0].What, "20") {
			t.Errorf("%s: %+v", keys[i].Label, unfit)
		}
		// Its PIN is not tried.
		_, err := d.Login(t.Context(), LoginRequest{Key: keys[i], PIN: []byte(wrongPIN)})
		w.told(err, code)
	}
	again, err := d.Keys(t.Context())
	must(t, err)
	if !reflect.DeepEqual(again, keys) {
		t.Error("the keys changed by being looked at or by a login that was refused")
	}
}

// A key that is plugged in or out is told.
func TestAKeyThatComesIsTold(t *testing.T) {
	w := newWorld(t)
	d := w.desk("one")
	changes := d.Changes(t.Context())
	w.makeKey(soft.Options{Label: "新的", Subject: buyer})
	select {
	case <-changes:
	case <-time.After(patience):
		t.Fatal("nothing was told")
	}
}

// The choices of last time are there again; a damaged file only forgets them.
func TestChoicesAreRemembered(t *testing.T) {
	w := newWorld(t)
	d := w.desk("one")
	folder := t.TempDir()
	s, err := d.Login(t.Context(), LoginRequest{Key: key(t, d, buyer), PIN: []byte(rightPIN), Remember: true})
	must(t, err)
	must(t, d.RememberDocuments(folder))
	w.shut(s)
	d = w.desk("one")
	if d.RememberedKey() != key(t, d, buyer).URI || d.Documents() != folder {
		t.Errorf("%q, %q", d.RememberedKey(), d.Documents())
	}
	must(t, os.Remove(folder))
	if d.Documents() != "" {
		t.Errorf("a folder that is gone: %q", d.Documents())
	}
	w.shut(w.login(d, buyer)) // without remembering
	must(t, os.WriteFile(filepath.Join(w.dir, "one", preferencesFile), []byte(`{"key":`), 0o600))
	if d = w.desk("one"); d.RememberedKey() != "" {
		t.Errorf("%q", d.RememberedKey())
	}
}

// picture is a seal's picture as a maker of seals gives it.
func (w *world) picture(name string) string { return w.pictureOf(name, 200) }

func (w *world) pictureOf(name string, side int) string {
	w.t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 300, 200))
	for i := range side {
		m.SetNRGBA(i, i, color.NRGBA{R: 200, A: 255})
	}
	path := filepath.Join(w.t.TempDir(), name)
	f, err := os.Create(path)
	must(w.t, err)
	defer f.Close()
	must(w.t, png.Encode(f, m))
	return path
}

// A party has its contract seal and its official seal, and the pictures that it imported.
func TestSealsAreDrawnAndImported(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	list := func() []string {
		t.Helper()
		seals, err := s.Seals()
		must(t, err)
		var titles []string
		for _, c := range seals {
			if c.Seal.Image == nil || c.Seal.WidthMM <= 0 || c.Seal.HeightMM <= 0 {
				t.Errorf("%s has no picture or no size", c.Title)
			}
			titles = append(titles, c.Title)
		}
		return titles
	}
	drawn := list()
	if len(drawn) != 2 {
		t.Fatalf("%v", drawn)
	}
	path := w.picture("公章.PNG")
	must(t, imported(t, s, path))
	must(t, imported(t, s, path)) // it is there already
	if got := list(); !slices.Equal(got, append(slices.Clone(drawn), "公章")) {
		t.Errorf("%v", got)
	}
	seals, err := s.Seals()
	must(t, err)
	// What is drawn is a square of 200 pixels; the empty margin is not the seal's.
	if c := seals[2].Seal; math.Abs(c.WidthMM-seal.DefaultDiameterMM) > 0.01 || math.Abs(c.WidthMM-c.HeightMM) > 0.01 {
		t.Errorf("its longer side is not a seal's: %g × %g mm", c.WidthMM, c.HeightMM)
	}
	other := write(t, "公章.png", content(t, w.pictureOf("b.png", 120)))
	must(t, imported(t, s, other))
	if got := list(); len(got) != 4 || !slices.Contains(got, "公章 (2)") {
		t.Errorf("another one of the same name: %v", got)
	}
	// Another party does not see them.
	theirs, err := w.at(seller).Seals()
	must(t, err)
	if len(theirs) != 2 {
		t.Errorf("the other party has %d seals", len(theirs))
	}
}

// A picture that is none is refused with its reason, and nothing is taken.
func TestABadPictureIsNoSeal(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	good := content(t, w.picture("a.png"))
	clear := filepath.Join(t.TempDir(), "clear.png")
	f, err := os.Create(clear)
	must(t, err)
	must(t, png.Encode(f, image.NewNRGBA(image.Rect(0, 0, 10, 10))))
	must(t, f.Close())
	for _, c := range []struct{ name, path, code string }{
		{"is not there", filepath.Join(t.TempDir(), "none.png"), "desk.file_unreadable"},
		{"is a folder", t.TempDir(), "desk.file_unreadable"},
		{"is a text", write(t, "a.png", []byte("no picture")), "seal.picture_not_picture"},
		{"is empty", write(t, "a.png", nil), "seal.picture_not_picture"},
		{"is cut off", write(t, "a.png", good[:len(good)-20]), "seal.picture_damaged"},
		{"shows nothing", clear, "seal.picture_empty"},
		{"is oversized", write(t, "a.png", append(slices.Clone(good), make([]byte, maxSeal)...)), "seal.picture_too_large"},
	} {
		t.Run(c.name, func(t *testing.T) { told(t, w.words, imported(t, s, c.path), c.code) })
	}
	if seals, err := s.Seals(); err != nil || len(seals) != 2 {
		t.Errorf("%d seals, %v", len(seals), err)
	}
	must(t, imported(t, s, w.picture("好.png")))
	if seals, err := s.Seals(); err != nil || len(seals) != 3 {
		t.Errorf("%d seals, %v", len(seals), err)
	}
}

// The day that a new contract proposes is Beijing's, and not this computer's.
func TestANewContractIsOfTheDayInBeijing(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	before := words.Day(s.Now())
	if day := w.begin(s, "lot-1").View(t.Context()).Fields.SignedOn; day != before && day != words.Day(s.Now()) {
		t.Errorf("%s, and not %s", day, before)
	}
}

// A form that the platform would not take is kept, and says why it cannot be saved, in either language.
func TestAFormThatCannotBeSentSaysWhy(t *testing.T) {
	w := newWorld(t)
	work := w.begin(w.at(buyer), "lot-1")
	good := work.View(t.Context()).Fields
	english, err := words.New(i18n.Files, words.English)
	must(t, err)
	for _, c := range []struct {
		name   string
		change func(*platformapi.ContractFields)
	}{
		{"too_long.name", func(f *platformapi.ContractFields) { f.Name = strings.Repeat("长", maxName+1) }},
		{"too_long.number", func(f *platformapi.ContractFields) { f.Number = strings.Repeat("9", maxNumber+1) }},
		{"too_long.reason", func(f *platformapi.ContractFields) { f.AmountReason = strings.Repeat("长", maxReason+1) }},
		{"not_plain.name", func(f *platformapi.ContractFields) { f.Name = "合同\u202e同合" }},
		{"not_plain.number", func(f *platformapi.ContractFields) { f.Number = "1\x00" }},
		{"not_plain.reason", func(f *platformapi.ContractFields) { f.AmountReason = "\ufeff" }},
		{"range.amount", func(f *platformapi.ContractFields) { f.AmountFen = maxFen + 1 }},
		{"range.term", func(f *platformapi.ContractFields) { f.TermDays = maxTerm + 1 }},
		{"wrong.date", func(f *platformapi.ContractFields) { f.SignedOn = "2026-02-30" }},
	} {
		f := good
		c.change(&f)
		must(t, work.Type(f))
		v := work.View(t.Context())
		why, ok := v.Why(ActionSave)
		if ok || why.Code != c.name || why.What == "" || strings.Contains(why.What, "{{") || strings.HasPrefix(why.What, "why.") {
			t.Errorf("%s: possible %t, %+v", c.name, ok, why)
		}
		if v.Fields != f {
			t.Errorf("%s: what was typed is not kept", c.name)
		}
		if text := english.T("why."+c.name, "max", 1, "more", 0); strings.HasPrefix(text, "why.") {
			t.Errorf("%s has no English text", c.name)
		}
		blocked(t, work, ActionSubmit)
		_, err := work.Save(t.Context())
		w.told(err, "desk.not_allowed")
	}
	// What is missing is told in its turn, so that the sentence beside the button and the way to the field are of the same one.
	f := good
	f.SignedOn, f.TermDays = "2026-02-30", 0
	must(t, work.Type(f))
	if why, _ := work.View(t.Context()).Why(ActionSubmit); why.Code != "missing.term" {
		t.Errorf("asked for %q first", why.Code)
	}
	f.TermDays = 90
	must(t, work.Type(f))
	if why, _ := work.View(t.Context()).Why(ActionSubmit); why.Code != wrongDate {
		t.Errorf("of a day that is none: %q", why.Code)
	}
	must(t, work.Type(good))
	w.deliver(work.Save(t.Context()))
}

func TestNamesOfFilesAreWhatThePlatformTakes(t *testing.T) {
	for _, c := range []struct{ name, ext, want string }{
		{"合同.pdf", ".pdf", "合同.pdf"},
		{"合同.PDF", ".pdf", "合同.PDF"},
		{"合同.docx", ".pdf", "合同.docx.pdf"},
		{"a/b\\合同.pdf", ".pdf", "b\\合同.pdf"},
		{"行\n\t尾\u202e.pdf", ".pdf", "行尾.pdf"},
		{"  .pdf", ".pdf", "1.pdf"},
		{"\xff\xfe.pdf", ".pdf", "1.pdf"},
		{"e\u0301.pdf", ".pdf", "\u00e9.pdf"},
		{strings.Repeat("长", 100) + ".pdf", ".pdf", strings.Repeat("长", 65) + ".pdf"},
		{"1." + strings.Repeat("长", 80), "." + strings.Repeat("长", 80), "1." + strings.Repeat("长", 66)}, // no ending, but the end of a name
		{"价\u202e.f\ndp", ".f\ndp", "价.fdp"},
	} {
		if got := fileName(c.name, c.ext); got != c.want || len(got) > maxFileName {
			t.Errorf("%q: %q (%d bytes), want %q", c.name, got, len(got), c.want)
		}
	}
}

func TestLengthsAreThePlatforms(t *testing.T) {
	if length("长a𠮷") != 4 || cut("长a𠮷", 3) != "长a" || cut("长", 0) != "" || cut("长", 5) != "长" {
		t.Errorf("%d, %q", length("长a𠮷"), cut("长a𠮷", 3))
	}
	if unlined("a\r\nb\rc\n") != "a\nb\nc\n" {
		t.Errorf("%q", unlined("a\r\nb\rc\n"))
	}
}

func TestSearchFindsWordsWhateverTheirCase(t *testing.T) {
	for _, c := range []struct {
		words string
		want  bool
	}{{"", true}, {"  ", true}, {"zc-2026", true}, {" 设备 ", true}, {"B包", true}, {"b包", true}, {"没有", false}, {"设备B", false}} {
		if got := containsFold(c.words, "ZC-2026-001842", "医疗设备", "B包"); got != c.want {
			t.Errorf("%q: %t", c.words, got)
		}
	}
	if !containsFold("") || containsFold("a") {
		t.Error("among no texts")
	}
}

func TestNamesFromOutsideAreNoPaths(t *testing.T) {
	for name, want := range map[string]string{
		"": "_", "..": "__", "a/b": "a_b", "12410899415270838H": "12410899415270838H", "合同": "__", "A-1": "A-1",
	} {
		if got := safeName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// What waits behind a refused change goes nowhere; what arrived or is on its way counts as handed over.
func TestHandedSortsWhatWasSent(t *testing.T) {
	entry := func(key string, op outbox.Op, state outbox.State, version int64) outbox.Entry {
		e := outbox.Entry{Key: key, Op: op, State: state}
		if state == outbox.Done {
			e.Receipt = &platformapi.Receipt{Version: version}
		}
		return e
	}
	done, save := entry("done", outbox.OpCreate, outbox.Done, 3), entry("save", outbox.OpSave, outbox.Waiting, 0)
	failed, behind := entry("failed", outbox.OpAttach, outbox.Failed, 0), entry("behind", outbox.OpSubmit, outbox.Waiting, 0)
	for _, c := range []struct {
		name                   string
		entries                []outbox.Entry
		keys                   []string
		sending, form          bool
		refused, waiting, news int
	}{
		{"nothing", nil, nil, false, false, 0, 0, 0},
		{"done", []outbox.Entry{done}, []string{"done"}, false, false, 0, 0, 3},
		{"the form on its way", []outbox.Entry{done, save}, []string{"done", "save"}, true, true, 0, 1, 3},
		{"sending a file", []outbox.Entry{entry("file", outbox.OpAttach, outbox.Sending, 0)}, []string{"file"}, true, false, 0, 1, 0},
		{"refused", []outbox.Entry{done, failed, behind}, []string{"done"}, false, false, 1, 2, 3},
		{"the newest", []outbox.Entry{entry("a", outbox.OpNote, outbox.Done, 9), done}, []string{"a", "done"}, false, false, 0, 0, 9},
	} {
		h := handed(c.entries)
		var keys []string
		for k := range h.keys {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		version := 0
		if e := h.newest(); e != nil {
			version = int(e.Receipt.Version)
		}
		if !slices.Equal(keys, c.keys) || h.sending != c.sending || h.form != c.form || len(h.refused) != c.refused ||
			len(h.waiting()) != c.waiting || version != c.news {
			t.Errorf("%s: %+v, newest %d", c.name, h, version)
		}
	}
}

// The ledger reads the journal anew after a change, tells those who listen, and lets them go.
func TestTheLedgerTellsOfChanges(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	other := w.login(s.desk, seller)
	ctx, stop := context.WithCancel(t.Context())
	changes := s.OutboxChanges(ctx)
	work := w.begin(s, "lot-1")
	w.before(cutOff)
	_, err := work.Save(t.Context())
	must(t, err)
	select {
	case <-changes:
	case <-time.After(patience):
		t.Fatal("nothing was told")
	}
	entries, err := s.ledger.entries(t.Context())
	must(t, err)
	if len(entries[work.ID()]) != 1 {
		t.Errorf("%+v", entries)
	}
	if l := other.Link(t.Context()); l.Waiting != 0 {
		t.Errorf("another party sees %d of ours", l.Waiting)
	}
	stop()
	w.until("it is let go", func() bool {
		for {
			select {
			case _, open := <-changes:
				if !open {
					return true
				}
			default:
				return false
			}
		}
	})
	// What was read last stands while the journal cannot be read.
	w.shut(s)
	s.ledger.changed()
	last, err := s.ledger.entries(t.Context())
	if err == nil || len(last[work.ID()]) != 1 {
		t.Errorf("a journal that cannot be read: %d entries, %v", len(last[work.ID()]), err)
	}
}

// Trusted certificates are read from PEM, and anything else is told.
func TestReadRoots(t *testing.T) {
	w := newWorld(t)
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.ca.Roots()[0].Raw})
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}})
	roots, err := ReadRoots(write(t, "roots.pem", append(append(key, root...), root...)))
	if err != nil || len(roots) != 2 || !roots[0].Equal(w.ca.Roots()[0]) {
		t.Errorf("%d, %v", len(roots), err)
	}
	for name, path := range map[string]string{
		"is not there": filepath.Join(t.TempDir(), "none.pem"),
		"is empty":     write(t, "a.pem", nil),
		"holds none":   write(t, "a.pem", key),
		"is damaged":   write(t, "a.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1, 2}})),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadRoots(path)
			told(t, w.words, err, "desk.roots_unreadable")
		})
	}
}

// The person's folder of certificates and that of the machine's administrator are trusted both; neither need be there, and one that
// cannot be read is told.
func TestTrustedAlways(t *testing.T) {
	var roots []*smx509.Certificate
	folder := func() string {
		authority, err := ca.New(ca.SM2)
		must(t, err)
		dir := t.TempDir()
		roots = append(roots, authority.Roots()[0])
		must(t, os.Mkdir(filepath.Join(dir, "roots"), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, "roots", "ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Roots()[0].Raw}), 0o644))
		return dir
	}
	own, machine := folder(), folder()
	for _, c := range []struct {
		own, machine string
		want         []*smx509.Certificate
	}{{own, machine, roots}, {own, "", roots[:1]}, {t.TempDir(), machine, roots[1:]}, {t.TempDir(), t.TempDir(), nil}} {
		if got, err := TrustedAlways(RootsFolder, c.own, c.machine); err != nil || !slices.EqualFunc(got, c.want, (*smx509.Certificate).Equal) {
			t.Errorf("%d of %d, %v", len(got), len(c.want), err)
		}
	}
	if got, err := TrustedAlways(MakersFolder, own, machine); err != nil || len(got) != 0 {
		t.Errorf("makers: %d, %v", len(got), err)
	}
	must(t, os.WriteFile(filepath.Join(machine, "roots", "other.pem"), []byte("-----BEGIN CERTIFICATE-----\nAQI=\n-----END CERTIFICATE-----\n"), 0o644))
	_, err := TrustedAlways(RootsFolder, own, machine)
	told(t, newWorld(t).words, err, "desk.roots_unreadable")
	if bad := new(Error); !errors.As(err, &bad) || bad.Params()["file"] != filepath.Join(machine, "roots", "other.pem") {
		t.Errorf("which file is it? %v", err)
	}
}

// Everything that the desk keeps is for its owner's eyes only.
func TestWhatIsKeptIsPrivate(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.clean(work)
	w.seal(work)
	_, err := work.Save(t.Context())
	must(t, err)
	must(t, filepath.WalkDir(s.desk.cfg.Folders.Data, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && e.IsDir() && info.Mode().Perm() != 0o700 {
			t.Errorf("the folder %s has mode %o", e.Name(), info.Mode().Perm())
		}
		if err == nil && strings.Contains(path, "contracts") && !e.IsDir() && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("the file %s has mode %o", e.Name(), info.Mode().Perm())
		}
		return nil
	}))
}

// Left half written by a program that died: swept away, when no running program can be at it.
func TestWhatADeadProgramLeftIsSwept(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	left := []string{".new-1", ".sealdesk-2", "download-3.part"}
	for _, name := range left {
		must(t, os.WriteFile(filepath.Join(work.dir, name), []byte("half"), 0o600))
		must(t, os.Chtimes(filepath.Join(work.dir, name), time.Time{}, time.Now().Add(-time.Hour)))
	}
	s = w.restart(s, buyer)
	drafts, err := s.Drafts(t.Context())
	must(t, err)
	if len(drafts) != 1 {
		t.Fatalf("%d drafts", len(drafts))
	}
	for _, name := range left {
		if _, err := os.Stat(filepath.Join(work.dir, name)); err == nil {
			t.Errorf("%s is there still", name)
		}
	}
}
