package desk

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/image/font/gofont/goregular"

	"sealdesk/assets"
	"sealdesk/assets/i18n"
	"sealdesk/platformapi"
	"sealdesk/signer/seal"
	"sealdesk/signer/ses"
	"sealdesk/signer/verify"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/profile"
	"sealdesk/token/skf"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
	"sealdesk/ui/desk/words"
)

// owner is whose seals these tests keep.
var owner = Key{Owner: "云台县第一人民医院", USCC: "12410899415270838H", SHA256: "aa"}

// plainDesk is a desk without a platform; change has the configuration another way.
func plainDesk(t *testing.T, dir string, change func(*Config)) *Desk {
	t.Helper()
	catalog, err := words.New(i18n.Files, words.Chinese)
	must(t, err)
	c := Config{
		Words: catalog, Folders: Folders{Data: filepath.Join(dir, "data"), Cache: filepath.Join(dir, "cache")}, Renderer: engine,
		FontFolders: []string{}, SealDPI: coarse,
	}
	if change != nil {
		change(&c)
	}
	d, err := Open(t.Context(), c)
	must(t, err)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func listed(t *testing.T, c *SealCase) []SealChoice {
	t.Helper()
	all, err := c.List(t.Context())
	must(t, err)
	return all
}

func titles(list []SealChoice) (out []string) {
	for _, s := range list {
		out = append(out, s.Title)
	}
	return out
}

// makeSeal is a seal that the person made.
func makeSeal(t *testing.T, c *SealCase, name string) SealChoice {
	t.Helper()
	draft, err := c.Draw(t.Context(), seal.Style{Form: seal.Finance, Name: name, Bottom: "财务专用章"})
	must(t, err)
	kept, err := c.Keep(draft)
	must(t, err)
	return kept
}

// Where nothing else is said a seal is drawn for print.
func TestSealsAreDrawnForPrint(t *testing.T) {
	t.Parallel()
	d := plainDesk(t, t.TempDir(), func(c *Config) { c.SealDPI = 0 })
	made := makeSeal(t, d.SealCase(owner), "云台县第一人民医院")
	if got, want := made.Seal.Image.Rect.Dx(), 898; got != want { // 38 mm at 600 dpi
		t.Errorf("%d pixels wide, want %d", got, want)
	}
}

// What was kept is there after a restart, whole, for its owner alone.
func TestSealsAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := plainDesk(t, dir, nil)
	c := d.SealCase(owner)
	made := makeSeal(t, c, "云台县第一人民医院")
	if made.ID == "" || made.Source != SealMade || made.Form != seal.Finance || made.Seal.WidthMM != 38 || !made.Kept() {
		t.Errorf("made %+v", made)
	}
	must(t, d.Close())

	d = plainDesk(t, dir, nil)
	all := listed(t, d.SealCase(owner))
	if len(all) != 3 || all[0].Source != SealFromName || all[0].Kept() {
		t.Fatalf("listed %q", titles(all))
	}
	again := all[2]
	if again.ID != made.ID || again.Title != made.Title || !again.Added.Equal(made.Added) ||
		!bytes.Equal(again.Seal.Image.Pix, made.Seal.Image.Pix) || again.Seal.WidthMM != 38 || again.Owner != "云台县第一人民医院" {
		t.Errorf("after a restart: %+v", again)
	}
	other := owner
	other.USCC = "91410899MA9K3T7X11"
	if all := listed(t, d.SealCase(other)); len(all) != 2 {
		t.Errorf("another party sees %q", titles(all))
	}
	if runtime.GOOS == "windows" {
		return
	}
	must(t, filepath.WalkDir(d.SealCase(owner).dir(), func(path string, e fs.DirEntry, err error) error {
		must(t, err)
		info, err := e.Info()
		must(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
		return nil
	}))
}

func TestASealIsRenamedRemovedAndBroughtBack(t *testing.T) {
	t.Parallel()
	d := plainDesk(t, t.TempDir(), nil)
	c := d.SealCase(owner)
	first := makeSeal(t, c, "云台县第一人民医院")
	if again := makeSeal(t, c, "云台县第一人民医院"); again.ID != first.ID {
		t.Error("the same seal was kept twice")
	}
	second := makeSeal(t, c, "云台县第二人民医院")
	must(t, c.Rename(second.ID, "  二院\n财务章 "))
	if got := titles(listed(t, c)[2:]); !slices.Equal(got, []string{first.Title, "二院 财务章"}) {
		t.Errorf("renamed to %q", got)
	}
	for _, bad := range []string{"", " ", strings.Repeat("章", 61), "a\u202eb"} {
		told(t, d.Words(), c.Rename(second.ID, bad), "desk.seal_title")
	}
	must(t, c.Remove(first.ID))
	if got := listed(t, c)[2:]; len(got) != 1 || got[0].ID != second.ID {
		t.Errorf("after removing: %q", titles(got))
	}
	told(t, d.Words(), c.Remove(first.ID), "desk.seal_gone")
	told(t, d.Words(), c.Rename(first.ID, "x"), "desk.seal_gone")
	must(t, c.Restore(first.ID))
	if got := listed(t, c)[2:]; len(got) != 2 || got[0].ID != first.ID || got[0].Seal.Image == nil {
		t.Errorf("brought back: %q", titles(got))
	}
	for _, id := range []string{"nothing", "../" + first.ID, ""} {
		told(t, d.Words(), c.Restore(id), "desk.seal_gone")
	}

	// What was removed long ago is deleted with the next one that is removed.
	must(t, c.Remove(first.ID))
	aside := filepath.Join(c.dir(), removedFolder, first.ID)
	old := time.Now().Add(-31 * 24 * time.Hour)
	must(t, os.Chtimes(aside, old, old))
	must(t, c.Remove(second.ID))
	if _, err := os.Stat(aside); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was removed long ago is still there: %v", err)
	}
	must(t, c.Restore(second.ID))
}

// One that goes bad is shown as such, keeps its files, and leaves the others alone.
func TestADamagedSealIsShownAndLosesNothing(t *testing.T) {
	t.Parallel()
	for _, damage := range []struct {
		name, file string
		content    []byte
	}{
		{"its record", sealRecordFile, []byte("{")},
		{"its picture", sealPictureFile, []byte("bad")},
		{"its size", sealRecordFile, []byte(`{"title":"x","source":"made","added":"2026-01-01T00:00:00Z","widthMM":1e9,"heightMM":1}`)},
		{"its electronic seal", sealElectronicFile, []byte("0\x03abc")},
	} {
		t.Run(damage.name, func(t *testing.T) {
			d := plainDesk(t, t.TempDir(), nil)
			c := d.SealCase(owner)
			bad, good := makeSeal(t, c, "云台县第一人民医院"), makeSeal(t, c, "云台县第二人民医院")
			path := filepath.Join(c.dir(), bad.ID, damage.file)
			must(t, os.WriteFile(path, damage.content, 0o600))
			must(t, os.Chtimes(path, time.Now(), time.Now().Add(time.Minute)))
			byID := map[string]SealChoice{}
			for _, s := range listed(t, c) {
				byID[s.ID] = s
			}
			if b := byID[bad.ID].Broken; b == nil || b.Code != "desk.seal_broken" || !strings.Contains(b.What, byID[bad.ID].Title) {
				t.Errorf("shown as %+v", b)
			}
			if g := byID[good.ID]; g.Broken != nil || g.Seal.Image == nil {
				t.Errorf("the other one: %+v", g)
			}
			must(t, c.Remove(bad.ID)) // it can be put aside,
			must(t, c.Restore(bad.ID))
			if got := content(t, path); !bytes.Equal(got, damage.content) { // and is not changed
				t.Error("its file was changed")
			}
		})
	}
}

// The seal that was chosen comes first, for this certificate and this kind of document alone.
func TestTheChosenSealComesFirst(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	must(t, imported(t, s, w.picture("章.png")))
	before, err := s.Seals()
	must(t, err)
	if len(before) != 3 || before[0].Form != seal.Contract {
		t.Fatalf("%q", titles(before))
	}
	mine := before[2]
	must(t, s.SealCase().Prefer("bid", before[1].ID))
	must(t, s.SealCase().Prefer(SealsForContracts, mine.ID))
	check := func(s *Session) {
		t.Helper()
		after, err := s.Seals()
		must(t, err)
		if len(after) != 3 || after[0].ID != mine.ID || after[1].ID != before[0].ID {
			t.Errorf("%q", titles(after))
		}
	}
	check(s)
	s = w.restart(s, buyer)
	check(s)
	other := s.key
	other.SHA256 = "another certificate"
	if got := s.desk.SealCase(other).Preferred(SealsForContracts); got != "" {
		t.Errorf("another certificate of the party is offered %q", got)
	}
	// What was chosen and removed is not offered; the others are.
	must(t, s.SealCase().Remove(mine.ID))
	if after, err := s.Seals(); err != nil || len(after) != 2 || after[0].Form != seal.Contract {
		t.Errorf("%q, %v", titles(after), err)
	}
}

// The seal that signed is offered first the next time.
func TestTheSealThatSignedIsRemembered(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	work := w.begin(s, "lot-1")
	w.clean(work)
	w.show(work)
	r := w.request(work, rightPIN)
	seals, err := s.Seals()
	must(t, err)
	r.Seal = seals[1]
	_, err = work.Seal(t.Context(), r, nil)
	must(t, err)
	if after, err := s.Seals(); err != nil || after[0].ID != seals[1].ID {
		t.Errorf("%q, %v", titles(after), err)
	}
}

// A maker makes electronic seals as a seal maker does.
type sealMaker struct {
	t         *testing.T
	authority *ca.Authority
	maker     ses.Maker
}

func newSealMaker(t *testing.T) *sealMaker {
	t.Helper()
	authority, err := ca.New(ca.SM2)
	must(t, err)
	key, err := ca.GenerateKey(ca.SM2)
	must(t, err)
	cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "示范制章中心"}, PublicKey: key.Public(), Usage: token.UsageSign})
	must(t, err)
	return &sealMaker{t, authority, ses.Maker{Signer: key, Certificate: cert}}
}

// make makes one of a name that nobody may press, whose term ends then.
func (m *sealMaker) make(name string, until time.Time) []byte {
	m.t.Helper()
	return m.makeFor(name, until, m.maker.Certificate)
}

// makeFor makes one that the owner of a certificate may press.
func (m *sealMaker) makeFor(name string, until time.Time, signer *smx509.Certificate) []byte {
	m.t.Helper()
	font, err := seal.ParseFont(assets.SerifBold())
	must(m.t, err)
	face, err := seal.Make(font, seal.Style{Form: seal.Contract, Name: name, Bottom: "合同专用章"}, 150)
	must(m.t, err)
	var b bytes.Buffer
	must(m.t, png.Encode(&b, face.Image))
	created := time.Now().Add(-time.Minute)
	info := ses.Info{
		Version: ses.V4, Vendor: "test", ID: "4108990012345", Kind: ses.Organisation, Name: name + "合同专用章",
		Signers: ses.SignersByCertificate(signer), Created: created, From: created, Until: until,
		Picture: ses.Picture{Format: "PNG", Data: b.Bytes(), WidthMM: 42, HeightMM: 42},
	}
	der, err := m.maker.Make(info)
	must(m.t, err)
	return der
}

// Both parties press electronic seals on one contract, and the platform and each other's desk accept them.
func TestContractWithElectronicSeals(t *testing.T) {
	m := newSealMaker(t)
	w := newWorldOfSeals(t, m)
	press := func(s *Session, work *Work, who ca.Subject) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "章.esl")
		must(t, os.WriteFile(path, m.makeFor(who.Name, time.Now().AddDate(1, 0, 0), w.certificate(who)), 0o600))
		taken, err := s.ImportSeal(t.Context(), path)
		must(t, err)
		w.show(work)
		r := w.request(work, rightPIN)
		r.Seal = taken
		_, err = work.Seal(t.Context(), r, nil)
		must(t, err)
	}
	first, second := w.at(buyer), w.at(seller)
	work := w.begin(first, "lot-1")
	w.clean(work)
	press(first, work, buyer)
	w.deliver(work.Submit(t.Context()))
	theirs := w.open(second, work.ID())
	press(second, theirs, seller)
	w.deliver(theirs.Agree(t.Context(), ""))
	final := state(t, work, platformapi.StateConcluded)
	if final.Verdict.Verdict != verify.Valid || len(final.Verdict.Signatures) != 2 {
		t.Fatalf("the final file: %s, %d signatures", final.Verdict.Verdict, len(final.Verdict.Signatures))
	}
	for i, who := range []ca.Subject{buyer, seller} {
		if f := final.Verdict.Signatures[i].SealFacts; f == nil || f.Name != who.Name+"合同专用章" || f.Version != 4 {
			t.Errorf("seal %d: %+v", i+1, f)
		}
	}
}

func TestElectronicSeals(t *testing.T) {
	t.Parallel()
	m := newSealMaker(t)
	d := plainDesk(t, t.TempDir(), func(c *Config) { c.Makers = m.authority.Roots() })
	c := d.SealCase(owner)
	until := time.Now().AddDate(0, 0, 30)
	der := m.make(owner.Owner, until)
	for name, file := range map[string][]byte{
		"seal.esl": der, "seal.txt": []byte("  " + base64.StdEncoding.EncodeToString(der) + "\r\n"), "seal.dat": append(slices.Clone(der), 0, 0, 0),
	} {
		draft, err := c.ReadFile(t.Context(), write(t, name, file))
		must(t, err)
		if draft.Maker != "示范制章中心" || draft.Number != "4108990012345" || draft.Seal.WidthMM != 42 || !bytes.Equal(draft.Electronic, der) ||
			!draft.Until.Equal(until.Truncate(time.Second)) || len(draft.Doubts) > 0 || draft.Title != owner.Owner+"合同专用章" {
			t.Errorf("%s: %+v", name, draft)
		}
		if err := draft.Resize(30); err == nil {
			t.Error("the size of an electronic seal was changed")
		}
		if _, err := c.Keep(draft); err != nil {
			t.Fatal(err)
		}
	}
	all := listed(t, c)
	if len(all) != 3 { // the same seal three times is one
		t.Fatalf("%q", titles(all))
	}
	kept := all[2]
	if !bytes.Equal(kept.Electronic, der) || !kept.Expiring(time.Now()) || kept.Expired(time.Now()) || kept.Broken != nil {
		t.Errorf("kept %+v", kept)
	}

	if picture, e, err := kept.pressed(); err != nil || picture != nil || e.ID != "4108990012345" {
		t.Errorf("the signer is handed %v, %v, %v", picture, e, err)
	}

	// A maker that nobody trusts is told, and the seal is kept.
	stranger := newSealMaker(t)
	draft, err := c.ReadFile(t.Context(), write(t, "x.esl", stranger.make("某某公司", until)))
	must(t, err)
	if len(draft.Doubts) == 0 || draft.Doubts[0].Code != "ses.maker_unknown" || draft.Doubts[0].What == "" {
		t.Errorf("doubts %v", draft.Doubts)
	}

	// What does not hold is refused, with the reason.
	forged := slices.Clone(der)
	forged[bytes.Index(forged, []byte("4108990012345"))] = '5'
	for _, bad := range []struct {
		name string
		file []byte
		code string
	}{
		{"altered", forged, "ses.seal_forged"},
		{"over", m.make(owner.Owner, time.Now().Add(-10*time.Second)), "ses.expired"},
		{"another structure", []byte("0\x03\x02\x01\x01"), "ses.malformed"},
		{"cut off", der[:len(der)-9], "seal.picture_not_picture"},
	} {
		_, err := c.ReadFile(t.Context(), write(t, "x.esl", bad.file))
		if err == nil || d.Words().Problem(err).Code != bad.code {
			t.Errorf("%s: %v, want %s", bad.name, err, bad.code)
			continue
		}
		told(t, d.Words(), err, bad.code)
	}
}

// A kept electronic seal whose term ends is shown as ended, and is not offered.
func TestAnEndedSealIsMarked(t *testing.T) {
	w := newWorld(t)
	s := w.at(buyer)
	m := newSealMaker(t)
	draft, err := s.seals.ReadFile(t.Context(), write(t, "a.esl", m.make(buyer.Name, time.Now().Add(2*time.Second))))
	must(t, err)
	kept, err := s.seals.Keep(draft)
	must(t, err)
	time.Sleep(time.Until(kept.Until) + 1100*time.Millisecond)
	s = w.restart(s, buyer) // nothing is in memory
	all := listed(t, s.seals)
	last := all[len(all)-1]
	if last.ID != kept.ID || last.Broken == nil || last.Broken.Code != "desk.seal_expired" || last.Seal.Image == nil {
		t.Errorf("%+v", last)
	}
	offered, err := s.Seals()
	must(t, err)
	if slices.ContainsFunc(offered, func(c SealChoice) bool { return c.ID == kept.ID }) {
		t.Error("it is offered")
	}
}

// Seals are read from a USB key through its own library: what lies open, what waits for the PIN, and nothing else.
func TestSealsAreReadFromAKey(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the software key's libraries are for unix")
	}
	m := newSealMaker(t)
	server, library := softkeytest.Start(t, softkey.SKF)
	device, err := server.Add(softkey.DeviceOptions{Label: "采购人", PIN: []byte(rightPIN)})
	must(t, err)
	key, err := ca.GenerateKey(ca.SM2)
	must(t, err)
	cert, err := m.authority.Issue(ca.Request{Subject: buyer, PublicKey: key.Public(), Usage: token.UsageSign})
	must(t, err)
	must(t, device.AddContainer("c", softkey.KeyPair{Key: key, Certificate: cert}, softkey.KeyPair{}))
	driver, err := skf.Open(library, profile.SKF{})
	must(t, err)
	t.Cleanup(func() { _ = driver.Close() })
	d := plainDesk(t, t.TempDir(), func(c *Config) {
		c.Makers, c.Drivers = m.authority.Roots(), []token.Driver{token.Guard(driver, token.Limits{})}
	})
	keys, err := d.Keys(t.Context())
	must(t, err)
	c := d.SealCase(keys[0])

	read, err := c.ReadKey(t.Context(), nil)
	must(t, err)
	if len(read.Seals)+read.Looked+read.Locked+len(read.Errs) != 0 {
		t.Errorf("of an empty key: %+v", read)
	}
	until := time.Now().AddDate(1, 0, 0)
	open, secret := m.make(buyer.Name, until), m.make(buyer.Name+"法务", until)
	forged := slices.Clone(open)
	forged[len(forged)-1] ^= 1
	for _, f := range []struct {
		name   string
		data   []byte
		locked bool
	}{{"SEAL1", append(slices.Clone(open), make([]byte, 500)...), false}, {"SEAL2", secret, true}, {"config", []byte("a=b"), false}, {"SEAL3", forged, false}} {
		must(t, device.PutFile(f.name, f.data, f.locked))
	}
	read, err = c.ReadKey(t.Context(), nil)
	must(t, err)
	if len(read.Seals) != 1 || read.Locked != 1 || read.Looked != 3 || len(read.Errs) != 1 {
		t.Fatalf("without the PIN: %d seals, %d locked, %d looked at, %v", len(read.Seals), read.Locked, read.Looked, read.Errs)
	}
	told(t, d.Words(), read.Errs[0], "ses.seal_forged")
	if s := read.Seals[0]; s.Source != SealFromKey || !bytes.Equal(s.Electronic, open) {
		t.Errorf("read %+v", s)
	}
	if n := device.PINs(); n != 0 {
		t.Errorf("%d PINs reached the key", n)
	}
	pin := []byte(rightPIN)
	read, err = c.ReadKey(t.Context(), &KeyPIN{PIN: pin})
	must(t, err)
	if len(read.Seals) != 2 || read.Locked != 0 || !bytes.Equal(pin, make([]byte, len(pin))) {
		t.Errorf("with the PIN: %d seals, %d locked, PIN %q", len(read.Seals), read.Locked, pin)
	}
	_, err = c.ReadKey(t.Context(), &KeyPIN{PIN: []byte(wrongPIN)})
	told(t, d.Words(), err, CodePINWrong)
	device.Unplug()
	_, err = c.ReadKey(t.Context(), nil)
	told(t, d.Words(), err, "token.removed")
}

// A key of a kind that holds no data says so.
func TestAKeyWithoutData(t *testing.T) {
	w := newWorld(t)
	_, err := w.at(buyer).SealCase().ReadKey(t.Context(), nil)
	w.told(err, "desk.key_without_data")
}

// A character that the seal's font lacks comes from the system's fonts, or from one that the person adds; without any it is named.
func TestRareCharacters(t *testing.T) {
	t.Parallel()
	latin, err := seal.ParseFont(goregular.TTF)
	must(t, err)
	fonts := t.TempDir()
	song := filepath.Join(fonts, "song.otf")
	must(t, os.WriteFile(song, assets.SerifBold(), 0o600))
	style := seal.Style{Form: seal.Personal, Name: "A䶮"}

	d := plainDesk(t, t.TempDir(), func(c *Config) { c.SealFont = latin })
	_, err = d.SealCase(owner).Draw(t.Context(), style)
	var missing *seal.MissingGlyphError
	if !errors.As(err, &missing) || missing.Rune != '䶮' {
		t.Fatalf("error %v", err)
	}
	told(t, d.Words(), err, "seal.missing_glyph")
	if got, err := d.MissingGlyphs(t.Context(), "A䶮B䶮"); err != nil || string(got) != "䶮" {
		t.Errorf("missing %q, %v", got, err)
	}
	_, err = d.AddSealFont(write(t, "a.ttf", []byte("none")))
	told(t, d.Words(), err, "seal.bad_font")
	name, err := d.AddSealFont(song)
	must(t, err)
	draft, err := d.SealCase(owner).Draw(t.Context(), style)
	must(t, err)
	if name == "" || fmt.Sprint(draft.Lent) != fmt.Sprint(map[rune]string{'䶮': name}) {
		t.Errorf("lent %v by %q", draft.Lent, name)
	}
	// After a restart the added font is found again.
	dir := d.cfg.Folders
	must(t, d.Close())
	d = plainDesk(t, t.TempDir(), func(c *Config) { c.SealFont, c.Folders = latin, dir })
	if got, err := d.MissingGlyphs(t.Context(), "䶮"); err != nil || len(got) != 0 {
		t.Errorf("missing %q, %v", got, err)
	}

	// The system's.
	d = plainDesk(t, t.TempDir(), func(c *Config) { c.SealFont, c.FontFolders = latin, []string{fonts} })
	draft, err = d.SealCase(owner).Draw(t.Context(), style)
	must(t, err)
	if !strings.Contains(draft.Lent['䶮'], "Serif") {
		t.Errorf("lent %v", draft.Lent)
	}
}

// A narrow list shows of which kind a seal is, not whose all of them are.
func TestTheShortTitleOfASeal(t *testing.T) {
	const party = "云台县第一人民医院"
	for title, want := range map[string]string{
		party + "合同专用章": "合同专用章", party + " 公章": "公章", "合同专用章": "合同专用章", party: party, party + "（2）": party + "（2）",
		"某公司公章": "某公司公章", party + "公章（2）": "公章（2）", "Yuntai Hospital": "Yuntai Hospital",
	} {
		if got := (SealChoice{Title: title}).Short(party); got != want {
			t.Errorf("%q in short is %q, want %q", title, got, want)
		}
	}
}
