package seals

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"sealdesk/assets"
	"sealdesk/assets/i18n"
	"sealdesk/signer/seal"
	"sealdesk/signer/ses"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/theme"
)

func opened(t *testing.T) (*pagetest.World, *pagetest.Host, *Page) {
	t.Helper()
	w := pagetest.NewWorld(t)
	h := pagetest.NewHost(t, w.Desk, w.Buyer())
	p := New(h)
	h.Open(p)
	h.Until("the seals", func() bool { return len(p.seals) == 2 })
	return w, h, p
}

// scan is a file of a seal that does not say how large it is.
func scan(t *testing.T, name string) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 200, 200))
	for y := range 200 {
		for x := range 200 {
			m.SetNRGBA(x, y, color.NRGBA{R: 200, A: 255})
		}
	}
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, m); err != nil {
		t.Fatal(err)
	}
	return path
}

// pictures are the sizes of the seals that are to be seen.
func pictures(h *pagetest.Host) (sizes []fyne.Size) {
	for _, o := range test.LaidOutObjects(h.Top().Content()) {
		if img, ok := o.(*canvas.Image); ok && img.Image != nil && img.Size().Width > 40 { // icons are smaller
			sizes = append(sizes, img.Size())
		}
	}
	return sizes
}

func near(a, b float32) bool { return a-b < 1 && b-a < 1 }

func TestSealsAreShownAtTrueSize(t *testing.T) {
	_, h, p := opened(t)
	h.Settle(50 * time.Millisecond)
	for _, s := range pictures(h) {
		if !near(s.Width, 42*96/25.4) || !near(s.Height, 42*96/25.4) {
			t.Errorf("a seal of 42 mm is %v pixels on the screen", s)
		}
	}
	if len(pictures(h)) != 2 || !h.Says("云台县第一人民医院") || !h.Says("42 × 42 mm") {
		t.Errorf("%v, %q", pictures(h), h.Texts())
	}
	// A screen that was measured shows them as the card says.
	if err := h.Desk().CalibratePixels(5); err != nil {
		t.Fatal(err)
	}
	p.draw()
	for _, s := range pictures(h) {
		if !near(s.Width, 210) {
			t.Errorf("after measuring, %v", s)
		}
	}
}

func TestTheScreenIsMeasuredWithACard(t *testing.T) {
	_, h, p := opened(t)
	h.Press(p.t("seals.calibrate_short"))
	h.Fits()
	for range 3 {
		h.Press(p.t("seals.larger"))
	}
	h.Press(p.t("seals.calibrate_done"))
	if got, want := h.Desk().PixelsPerMM(), 96/25.4*1.01*1.01*1.01; got < want*0.999 || got > want*1.001 {
		t.Errorf("%g pixels a millimetre, want %g", got, want)
	}
	h.Press(p.t("seals.calibrate_short"))
	h.Press(p.t("seals.calibrate_reset"))
	if got := h.Desk().PixelsPerMM(); got != 0 {
		t.Errorf("after forgetting it: %g", got)
	}
}

func TestAPictureIsImportedAtTheSizeThatIsAsked(t *testing.T) {
	_, h, p := opened(t)
	bad := filepath.Join(t.TempDir(), "a.svg")
	if err := os.WriteFile(bad, []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script/></svg>`), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Drop(fyne.Position{}, []fyne.URI{storage.NewFileURI(bad)})
	h.Until("the trouble", func() bool { return len(h.Told) == 1 })
	if problem := h.Words().Problem(h.Told[0]); problem.Code != "seal.picture_svg_unsafe" {
		t.Errorf("%+v", problem)
	}
	path := scan(t, "公章扫描.png")
	h.Choose = func([]string) string { return path }
	p.OpenFile()
	h.Until("the question", func() bool { return len(h.Dialogs) == 1 })
	h.Fits()
	if !h.Says(p.t("seals.size_ask")) {
		t.Fatalf("the size is not asked: %q", h.Texts())
	}
	for _, c := range []struct {
		typed string
		why   string
	}{{"", p.t("seals.why_size")}, {"4", p.t("seals.why_size")}, {"abc", p.t("seals.why_size")}, {"400", p.t("seals.why_size")}, {"38", ""}} {
		h.Window().Canvas().Focused().(fyne.Shortcutable).TypedShortcut(&fyne.ShortcutSelectAll{})
		h.Window().Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
		h.Type(c.typed)
		if got := h.Button(p.t("seals.take")).Reason(); got != c.why {
			t.Errorf("%q: %q, want %q", c.typed, got, c.why)
		}
	}
	h.Press(p.t("seals.take"))
	h.Until("the new seal", func() bool { return len(p.seals) == 3 })
	if s := p.seals[2]; s.Title != "公章扫描" || s.Seal.WidthMM != 38 || s.Source != desk.SealFromFile {
		t.Errorf("%+v", s)
	}
	h.Fits()
	for _, width := range []float32{theme.MinWindowW, 1366} {
		h.Window().Resize(fyne.NewSize(width-theme.SidebarWidth, 768-theme.TopbarHeight))
		h.Picture(fmt.Sprint("seals-imported-", width))
	}
}

// The name that all of the party's seals begin with does not push their kind out of the card.
func TestACardSaysTheKindOfASeal(t *testing.T) {
	_, h, p := opened(t)
	draft, err := p.seal().ReadFile(t.Context(), scan(t, "章.png"))
	if err != nil {
		t.Fatal(err)
	}
	draft.Title = h.Session().Key().Owner + "法定代表人合同专用章"
	if _, err := p.seal().Keep(draft); err != nil {
		t.Fatal(err)
	}
	h.Open(p)
	h.Until("the seals", func() bool { return len(p.seals) == 3 })
	if !slices.Contains(h.Texts(), "法定代表人合同专用章") {
		t.Errorf("%q", h.Texts())
	}
	h.Picture("seals-kind")
}

func TestASealIsChosenRenamedAndRemoved(t *testing.T) {
	_, h, p := opened(t)
	draft, err := p.seal().ReadFile(t.Context(), scan(t, "章.png"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.seal().Keep(draft); err != nil {
		t.Fatal(err)
	}
	p.read()
	h.Until("the third", func() bool { return len(p.seals) == 3 })
	mine := p.seals[2]
	p.rename(mine)
	h.Until("the field", func() bool { return h.Window().Canvas().Focused() != nil })
	h.Window().Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	h.Type("甲")
	h.Press(p.t("seals.rename"))
	h.Until("the new title", func() bool { return len(p.seals) == 3 && p.seals[2].Title == "章甲" })

	p.do(func() error { return p.seal().Prefer(desk.SealsForContracts, mine.ID) }, "")
	h.Until("the choice", func() bool { return p.chosen == mine.ID })
	if offered, err := h.Session().Seals(); err != nil || offered[0].ID != mine.ID {
		t.Errorf("offered %v, %v", offered[0].Title, err)
	}
	p.remove(p.seals[2])
	h.Until("it is gone", func() bool { return len(p.seals) == 2 })
	h.Press(p.t("seals.undo"))
	h.Until("it is back", func() bool { return len(p.seals) == 3 })
	if h.Button(p.t("seals.undo")) != nil {
		t.Error("it can be brought back twice")
	}
}

// One whose file was damaged says so on its card, and the page goes on.
func TestADamagedSealIsShown(t *testing.T) {
	w, h, p := opened(t)
	draft, err := p.seal().ReadFile(t.Context(), scan(t, "章.png"))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := p.seal().Keep(draft)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(w.Data(), "parties", "*", "seals", kept.ID, "face.png"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(files[0], []byte("bad"), 0o600); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(files[0], later, later); err != nil {
		t.Fatal(err)
	}
	p.read()
	h.Until("the third", func() bool { return len(p.seals) == 3 })
	if !h.Says(p.t("seals.broken")) || !h.Says("已损坏") {
		t.Errorf("%q", h.Texts())
	}
	h.Picture("seals-broken")
}

// making opens the form with a seal drawn.
func making(t *testing.T) (*pagetest.Host, *Page, *Making) {
	t.Helper()
	_, h, p := opened(t)
	h.Press(p.t("seals.make"))
	m := h.Top().(*Making)
	h.Until("the preview", func() bool { return m.drawn != nil && m.save.Reason() == "" })
	return h, p, m
}

// Each form has its names in both languages, that of the list and that of the page where it is made, and the terminal's help tells of it.
func TestEveryFormHasItsNames(t *testing.T) {
	for _, language := range []string{words.Chinese, words.English} {
		catalog, err := words.New(i18n.Files, language)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range seal.Forms() {
			for _, key := range []string{"seal." + string(form), "seals.form_" + string(form)} {
				if catalog.T(key) == key {
					t.Errorf("%s: no text %s", language, key)
				}
			}
			if help := catalog.T("ctl.help.seal_kind"); !regexp.MustCompile(`\b` + regexp.QuoteMeta(string(form)) + `\b`).MatchString(help) {
				t.Errorf("%s: ctl.help.seal_kind does not tell of %s: %s", language, form, help)
			}
		}
	}
}

func TestASealIsMade(t *testing.T) {
	h, p, m := making(t)
	h.Fits()
	h.Window().Resize(fyne.NewSize(theme.MinWindowW-theme.SidebarWidth, theme.MinWindowH-theme.TopbarHeight))
	h.Picture("seals-make")
	if m.title.Text() != "云台县第一人民医院 合同专用章" || !h.Says(m.t("seals.no_force")) {
		t.Errorf("%q, %q", m.title.Text(), h.Texts())
	}
	for _, form := range seal.Forms() {
		m.person.SetText("王小明")
		m.choose(form)
		h.Until(string(form), func() bool { return m.drawn != nil && m.drawn.Form == form && m.save.Reason() == "" })
		h.Fits()
		h.Picture("seals-make-" + string(form))
		img := pictures(h)
		if len(img) != 1 || !near(img[0].Width, float32(form.Sizes()[0]*96/25.4)) {
			t.Errorf("%s is %v pixels on the screen", form, img)
		}
	}
	m.choose(seal.Finance)
	m.number.SetText("4108990012345")
	h.Until("the number", func() bool { return m.drawn != nil && m.drawn.Form == seal.Finance && m.save.Reason() == "" })
	h.Press(m.t("seals.save"))
	h.Until("the list", func() bool { return h.Top() == p && len(p.seals) == 3 })
	if s := p.seals[2]; s.Form != seal.Finance || s.Seal.WidthMM != 38 || s.Source != desk.SealMade {
		t.Errorf("%+v", s)
	}
}

// What is wrong is said at its field while one types, and the seal cannot be saved meanwhile.
func TestWhatIsWrongIsSaidAtItsField(t *testing.T) {
	h, _, m := making(t)
	m.bottom.SetText(strings.Repeat("章", 11))
	if m.save.Reason() == "" {
		t.Error("it can be saved before it was drawn")
	}
	h.Until("the trouble", func() bool { return m.fields["bottom"].Error() != "" })
	if m.save.Reason() != m.t("seals.why_not_drawn") {
		t.Errorf("%q", m.save.Reason())
	}
	m.bottom.SetText("合同专用章")
	h.Until("the seal", func() bool { return m.fields["bottom"].Error() == "" && m.save.Reason() == "" })
	m.choose(seal.Invoice)
	m.taxID.SetText("123")
	h.Until("the trouble", func() bool { return m.fields["tax_id"].Error() != "" })
}

// A rare character without a glyph is named at the field while one types, with ways on; a font that has it helps.
func TestARareCharacterWithoutAGlyph(t *testing.T) {
	h, _, m := making(t)
	m.choose(seal.Personal)
	m.person.SetText("王\U00030EDE\U000323AF") // of the third plane, which hardly any font has
	h.Until("the trouble", func() bool { return m.fields["name"].Error() != "" })
	if got := m.fields["name"].Error(); !strings.Contains(got, "\U00030EDE") || !strings.Contains(got, "\U000323AF") || strings.Contains(got, "王") {
		t.Errorf("at the field: %q", got)
	}
	if !h.Says("U+30EDE") || h.Button(m.t("seals.add_font")) == nil || m.save.Reason() == "" {
		t.Errorf("%q", h.Texts())
	}
	h.Fits()
	h.Picture("seals-missing")
	m.person.SetText("王䶮")
	h.Until("the seal", func() bool { return m.fields["name"].Error() == "" && m.save.Reason() == "" })
	if m.ending.Chosen() != 1 {
		t.Errorf("after a name of two characters: %d", m.ending.Chosen())
	}
}

// What the person called the seal stays, whatever is typed after.
func TestATypedTitleStays(t *testing.T) {
	h, _, m := making(t)
	m.title.SetText("我的章")
	m.bottom.SetText("合同专用章(2)")
	h.Until("the seal", func() bool { return m.drawn != nil && m.save.Reason() == "" })
	if m.title.Text() != "我的章" {
		t.Errorf("%q", m.title.Text())
	}
	m.title.SetText(" ")
	if m.save.Reason() != m.t("seals.why_title") {
		t.Errorf("%q", m.save.Reason())
	}
}

// A key of a kind that holds no seals says so, with what to do.
func TestAKeyWithoutSeals(t *testing.T) {
	_, h, p := opened(t)
	h.Press(p.t("seals.read_key"))
	h.Until("the answer", func() bool { return len(h.Told) == 1 })
	if problem := h.Words().Problem(h.Told[0]); problem.Code != "desk.key_without_data" || problem.Do == "" {
		t.Errorf("%+v", problem)
	}
}

// What was found on a key is shown before it is taken; what does not hold is told.
func TestSealsOfAKeyAreTakenOnRequest(t *testing.T) {
	_, h, p := opened(t)
	draft, err := p.seal().Draw(t.Context(), seal.Style{Form: seal.Finance, Name: "云台县第一人民医院", Bottom: "财务专用章"})
	if err != nil {
		t.Fatal(err)
	}
	draft.Source, draft.Maker, draft.Until = desk.SealFromKey, "示范制章中心", time.Now().AddDate(0, 0, 20)
	draft.Doubts = []words.Problem{{What: "制章者未受信任"}}
	p.found(desk.KeyRead{Seals: []desk.SealDraft{draft}, Looked: 2, Locked: 1, Errs: []error{&seal.PictureError{Reason: "damaged"}}})
	h.Fits()
	h.Picture("seals-key")
	for _, text := range []string{draft.Title, "示范制章中心", "制章者未受信任", p.t("seals.enter_pin")} {
		if !h.Says(text) {
			t.Errorf("%q is not said: %q", text, h.Texts())
		}
	}
	h.Press(p.t("seals.take"))
	h.Until("the seal", func() bool { return len(p.seals) == 3 })

	p.found(desk.KeyRead{Looked: 3})
	if h.Button(p.t("seals.take")).Reason() == "" || !h.Says("3") {
		t.Errorf("of nothing: %q", h.Texts())
	}
	h.Press(p.t("button.close"))
	p.askPIN("")
	h.Until("the question", func() bool { return h.Says(p.t("seals.pin_for_what")) })
	h.Fits()
	h.Picture("seals-pin")
}

// electronic is the file of an electronic seal whose maker nobody trusts, and whose term ends soon.
func electronic(t *testing.T) string {
	t.Helper()
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ca.GenerateKey(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "示范制章中心"}, PublicKey: key.Public(), Usage: token.UsageSign})
	if err != nil {
		t.Fatal(err)
	}
	font, err := seal.ParseFont(assets.SerifBold())
	if err != nil {
		t.Fatal(err)
	}
	face, err := seal.Make(font, seal.Style{Form: seal.Contract, Name: "云台县第一人民医院", Bottom: "合同专用章", Number: "4108990012345"}, 300)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, face.Image); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	der, err := ses.Maker{Signer: key, Certificate: cert}.Make(ses.Info{
		Version: ses.V4, Vendor: "test", ID: "4108990012345", Kind: ses.Organisation, Name: "云台县第一人民医院合同专用章",
		Signers: ses.SignersByCertificate(cert), Created: now.Add(-time.Minute), From: now.Add(-time.Minute), Until: now.AddDate(0, 0, 20),
		Picture: ses.Picture{Format: "PNG", Data: b.Bytes(), WidthMM: 42, HeightMM: 42},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "seal.esl")
	if err := os.WriteFile(path, der, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An electronic seal is shown with its maker, owner and term before it is taken, and marked when its term ends soon.
func TestAnElectronicSealIsImported(t *testing.T) {
	_, h, p := opened(t)
	p.importFile(electronic(t))
	h.Until("the question", func() bool { return len(h.Dialogs) == 1 })
	h.Window().Resize(fyne.NewSize(theme.MinWindowW-theme.SidebarWidth, theme.MinWindowH-theme.TopbarHeight))
	h.Picture("seals-electronic-import")
	take := h.Button(p.t("seals.take"))
	if bottom := fyne.CurrentApp().Driver().AbsolutePositionForObject(take).Y + take.Size().Height; bottom > h.Window().Canvas().Size().Height {
		t.Errorf("its button ends at %g, under the window", bottom)
	}
	for _, text := range []string{"示范制章中心", "4108990012345", "42 × 42 mm", "制章"} {
		if !h.Says(text) {
			t.Errorf("%q is not said: %q", text, h.Texts())
		}
	}
	if h.Says(p.t("seals.size_ask")) {
		t.Error("its size is asked for")
	}
	h.Press(p.t("seals.take"))
	h.Until("the seal", func() bool { return len(p.seals) == 3 })
	if !h.Says(p.t("seals.kind_electronic")) || !h.Says("天后") || p.seals[2].Electronic == nil {
		t.Errorf("%q", h.Texts())
	}
	h.Fits()
	h.Picture("seals-electronic")
}

// A key with many seals does not grow out of the window.
func TestManySealsOfAKeyFit(t *testing.T) {
	_, h, p := opened(t)
	draft, err := p.seal().Draw(t.Context(), seal.Style{Name: "云台县第一人民医院"})
	if err != nil {
		t.Fatal(err)
	}
	read := desk.KeyRead{}
	for range 30 {
		read.Seals = append(read.Seals, draft)
	}
	p.found(read)
	h.Fits()
}

// Who logs out while seals are read or drawn is not waited for by what does so.
func TestLoggedOutWhileSealsAreRead(t *testing.T) {
	w := pagetest.NewWorld(t)
	h := pagetest.NewHost(t, w.Desk, w.Buyer())
	p := New(h)
	h.Open(p)
	h.Logout()
	h.Until("the seals", func() bool { return len(p.seals) > 0 })
	h = pagetest.NewHost(t, w.Desk, w.Seller())
	m := NewMaking(h)
	h.Logout()
	h.Until("the seal", func() bool { return m.drawn != nil })
}
