package help

import (
	"testing"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/platforms"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/internal/pagetest"
)

// F1 leads to the topic of the page, and from there to the others; a page without one has the first.
func TestThePagesTopicIsShown(t *testing.T) {
	for language, says := range map[string][3]string{
		words.Chinese: {"印章按实际大小显示", "不会自行安装任何更新", "一份合同的步骤"},
		words.English: {"Seals at their true size", "never installs anything by itself", "The steps of a contract"},
	} {
		w := pagetest.NewWorldIn(t, language)
		h := pagetest.NewHost(t, w.Desk, nil)
		h.Open(New(h, "seals"))
		if !h.Says(says[0]) || h.Says(says[1]) {
			t.Errorf("%s: not the topic of the page", language)
		}
		h.Press(map[string]string{words.Chinese: "管理员指南", words.English: "Administrator's guide"}[language])
		if !h.Says(says[1]) {
			t.Errorf("%s: not the topic that was chosen", language)
		}
		h.Fits()
		h.Picture("help-" + language)
		h.Open(New(h, "manual")) // a table, whose rows stand one below the other
		if !h.Says("1.10") || h.Says("|") || h.Says("](") {
			t.Errorf("%s: the table of the manuals is not read", language)
		}
		h.Fits()
		h.Picture("help-manual-" + language)
		h.Open(New(h, "nowhere"))
		if !h.Says(says[2]) {
			t.Errorf("%s: not the first topic", language)
		}
	}
}

// Whoever cannot go on finds in the help whom to call, where the platform tells.
func TestThePlatformsHotlineIsShown(t *testing.T) {
	for _, number := range []string{"", "400-998-0000"} {
		folder := t.TempDir()
		book, err := platforms.Open(folder, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := book.Add(platforms.Profile{Name: "云台县公共资源交易平台", Address: "https://ggzy.example.cn", Hotline: number}); err != nil {
			t.Fatal(err)
		}
		w := pagetest.NewWorld(t)
		d, err := desk.Open(t.Context(), desk.Config{Words: w.Desk.Words(), Folders: desk.Folders{Data: folder, Cache: t.TempDir()}, Book: book})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		h := pagetest.NewHost(t, d, nil)
		h.Open(New(h, "seals"))
		if h.Says("服务热线") != (number != "") || number != "" && !h.Says(number) {
			t.Errorf("%q: %q", number, h.Texts())
		}
		h.Fits()
		h.Picture("help-hotline" + number)
	}
}
