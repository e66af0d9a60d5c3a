package settings

import (
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"sealdesk/signer"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/keys"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

func opened(t *testing.T, language string) (*pagetest.Host, *Page) {
	t.Helper()
	w := pagetest.NewWorldIn(t, language)
	h := pagetest.NewHost(t, w.Desk, nil)
	p := New(h)
	h.Open(p)
	return h, p
}

// What is chosen is in force at once, and is there again the next time; at first nothing touches the network.
func TestWhatIsChosenIsInForce(t *testing.T) {
	h, p := opened(t, words.Chinese)
	if p.lasting.Visible() {
		t.Error("a level is offered for signatures without time stamps")
	}
	if h.Desk().Settings() != (desk.Settings{}) || p.source.Chosen() != 0 || p.asking.Chosen() != 0 || h.Desk().Stamped() {
		t.Fatalf("%+v", h.Desk().Settings())
	}
	p.asking.Choose(2)
	p.asking.OnChanged(2)
	p.source.Choose(2)
	p.source.OnChanged(2)
	if got := h.Desk().Settings(); got.Revocation != desk.AskIntranet || got.Stamps != desk.StampsOff || p.try.Reason() == "" {
		t.Errorf("without an address: %+v, %q", got, p.try.Reason())
	}
	p.url.SetText("tsa.example.cn")
	if got := h.Desk().Settings(); got.Stamps != desk.StampsOff {
		t.Errorf("with half an address: %+v", got)
	}
	p.url.SetText("http://tsa.example.cn/tsa")
	if got := h.Desk().Settings(); got.Stamps != desk.StampsURL || got.StampURL != "http://tsa.example.cn/tsa" || !h.Desk().Stamped() {
		t.Errorf("%+v", got)
	}
	if !p.lasting.Visible() || h.Desk().Settings().Level != "" {
		t.Errorf("level %q, to be chosen: %t", h.Desk().Settings().Level, p.lasting.Visible())
	}
	p.level.Choose(3)
	p.level.OnChanged(3)
	if got := h.Desk().Settings().Level; got != signer.LevelLTA {
		t.Errorf("level %q", got)
	}
	again := New(h)
	h.Open(again)
	if again.level.Chosen() != 3 {
		t.Error("the page forgot the level")
	}
	if again.source.Chosen() != 2 || again.asking.Chosen() != 2 || again.url.Text() != "http://tsa.example.cn/tsa" {
		t.Error("the page forgot")
	}
	p.source.Choose(1)
	p.source.OnChanged(1)
	if got := h.Desk().Settings(); got.Stamps != desk.StampsURL || p.try.Reason() != p.t("settings.no_platform_stamps") {
		t.Errorf("a platform without time stamps: %+v, %q", got, p.try.Reason())
	}
}

// A service is tried before it is relied on: whose stamp it was, or what is wrong with it.
func TestAServiceIsTried(t *testing.T) {
	h, p := opened(t, words.Chinese)
	s, roots, stop := pagetest.Stamps(t)
	p.source.Choose(2)
	p.source.OnChanged(2)
	p.url.SetText(s.StampURL)
	h.Press(p.t("settings.try"))
	h.Until("the answer", func() bool { return h.Says("不受信任") })
	h.Choose = func([]string) string { return roots }
	h.Press(p.t("settings.roots_choose"))
	h.Until("the roots", func() bool { return h.Desk().Settings().StampRoots == s.StampRoots })
	h.Press(p.t("settings.try"))
	h.Until("the stamp", func() bool { return h.Says("由 " + pagetest.Stamper + " 签发") })
	h.Picture("settings")
	stop()
	h.Press(p.t("settings.try"))
	h.Until("the failure", func() bool { return h.Says("无法连接") })
	h.Press(p.t("settings.roots_clear"))
	if h.Desk().Settings().StampRoots != "" {
		t.Error("the roots are there still")
	}
}

func TestThePageFitsTheScreen(t *testing.T) {
	for _, language := range []string{words.Chinese, words.English} {
		h, p := opened(t, language)
		h.Window().Resize(fyne.NewSize(1366, 768).SubtractWidthHeight(theme.SidebarWidth, theme.TopbarHeight))
		p.source.Choose(2)
		p.source.OnChanged(2)
		h.Fits()
		h.Picture("settings-" + language)
	}
}

// Where nobody can be asked for updates the section says so, and offers nothing.
func TestUpdatesAreOfferedWhereTheyCanBeHad(t *testing.T) {
	h, p := opened(t, words.Chinese)
	if !h.Says("本机不检查更新") || h.Says("立即检查") {
		t.Error("updates are offered without a feed")
	}
	if !h.Says("当前版本：1.4.0") {
		t.Error("it is not said which version runs")
	}
	p.updates.atStart.OnChanged(true)
	if !h.Desk().Settings().Updates {
		t.Error("the choice was not kept")
	}
}

func TestTheSizeIsChosen(t *testing.T) {
	h, p := opened(t, words.Chinese)
	if p.zoom.Chosen() != 0 {
		t.Errorf("at first %d is chosen", p.zoom.Chosen())
	}
	p.zoom.OnChanged(4)
	if len(h.Zooms) != 1 || h.Zooms[0] != 200 {
		t.Errorf("the window was told %d", h.Zooms)
	}
	if err := h.Desk().SetZoom(150); err != nil {
		t.Fatal(err)
	}
	h.Open(New(h))
	if again := h.Top().(*Page); again.zoom.Chosen() != 2 {
		t.Errorf("of 150 %%, %d is chosen", again.zoom.Chosen())
	}
}

// Another language holds from the next start on, which is said in both; who cannot read the one that is shown finds the own one by its name.
func TestTheLanguageIsChosen(t *testing.T) {
	h, p := opened(t, words.Chinese)
	if p.speech.choice.Chosen() != 0 || len(p.speech.tags) < 3 || !h.Says("自动（跟随系统）") || !h.Says("English") {
		t.Fatalf("at first %d of %q", p.speech.choice.Chosen(), p.speech.tags)
	}
	p.speech.choice.OnChanged(2)
	if h.Desk().Language() != words.English || !h.Says("界面语言改为“English”") || !h.Says("open it again to have it in English") {
		t.Errorf("language %q", h.Desk().Language())
	}
	h.Open(New(h))
	if again := h.Top().(*Page); again.speech.choice.Chosen() != 2 {
		t.Error("the page forgot")
	}
	again := h.Top().(*Page)
	again.speech.choice.OnChanged(0)
	if h.Desk().Language() != "" || len(again.speech.later.Objects) != 0 {
		t.Errorf("language %q", h.Desk().Language())
	}
}

// The seals' folder is shown, and another one is taken after it was said what happens.
func TestTheFolderOfTheSealsIsChosen(t *testing.T) {
	h, p := opened(t, words.Chinese)
	before, _ := h.Desk().SealsFolder()
	if p.seals.folder.Text() != before || p.seals.usual.Visible() {
		t.Fatalf("%q is shown, not %q", p.seals.folder.Text(), before)
	}
	to := t.TempDir()
	h.Folder = func() string { return to }
	h.Press(p.t("settings.seals_move"))
	if now, _ := h.Desk().SealsFolder(); now != before {
		t.Error("nobody was asked")
	}
	if len(h.Asked) != 1 || !strings.Contains(h.Asked[0].Body, before) || !strings.Contains(h.Asked[0].Body, to) {
		t.Fatalf("asked %+v", h.Asked)
	}
	h.Asked[0].Yes()
	h.Until("the other folder", func() bool { _, own := h.Desk().SealsFolder(); return own && p.seals.usual.Visible() })
	if p.seals.folder.Text() == before {
		t.Error("the old folder is shown")
	}
	h.Folder = func() string { return filepath.Dir(before) }
	h.Press(p.t("settings.seals_move"))
	h.Asked[1].Yes()
	h.Until("the refusal", func() bool { return len(h.Told) == 1 })
	if got := h.Words().Problem(h.Told[0]).Code; got != "desk.seals_folder_inside" {
		t.Errorf("told %s", got)
	}
}

// Drivers have a page of their own, to which the settings lead.
func TestTheSettingsLeadToTheDrivers(t *testing.T) {
	h, p := opened(t, words.Chinese)
	h.Press(p.t("settings.others_keys"))
	if len(h.Homes) != 1 || h.Homes[0] != keys.Nav {
		t.Errorf("led to %q", h.Homes)
	}
}

// What stands below the first screen is seen, too.
func TestTheSectionsBelow(t *testing.T) {
	for _, language := range []string{words.Chinese, words.English} {
		h, p := opened(t, language)
		p.speech.choice.OnChanged(3 - map[string]int{words.Chinese: 1, words.English: 2}[language])
		h.Window().Resize(fyne.NewSize(1366, 2000))
		h.Fits()
		h.Picture("settings-below-" + language)
	}
}

// A button that turned as the page went away does not turn for ever.
func TestNothingTurnsAfterThePageCameBack(t *testing.T) {
	h, p := opened(t, words.Chinese)
	p.tryStamps()
	p.updates.find()
	p.seals.move.SetBusy(true)
	h.Open(New(h))
	h.Back()
	for _, b := range []*widgets.Button{p.try, p.updates.ask, p.seals.move} {
		if b.Disabled() && b.Reason() == "" {
			t.Errorf("%q still turns", b.Text())
		}
	}
}
