package login

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sealdesk/token"
	"sealdesk/token/soft"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/platforms"
	"sealdesk/ui/desk/proxy"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/internal/pagetest"
)

// chooserPage shows the page of a desk with a book of platforms.
func chooserPage(t *testing.T, language string, kept ...platforms.Profile) (*pagetest.Host, *Page) {
	t.Helper()
	w := pagetest.NewWorldIn(t, language)
	driver, err := soft.Open(w.Keys())
	pagetest.Must(t, err)
	folder := t.TempDir()
	book, err := platforms.Open(folder, "")
	pagetest.Must(t, err)
	for _, p := range kept {
		_, err := book.Add(p)
		pagetest.Must(t, err)
	}
	d, err := desk.Open(t.Context(), desk.Config{
		Words: w.Desk.Words(), Folders: desk.Folders{Data: folder, Cache: t.TempDir()}, Drivers: []token.Driver{driver}, Book: book,
	})
	pagetest.Must(t, err)
	t.Cleanup(func() { _ = d.Close() })
	h := pagetest.NewHost(t, d, nil)
	h.Window().Resize(fyne.NewSize(1366, 768))
	p := New(h, nil)
	h.Open(p)
	h.Until("the keys", func() bool { return len(p.keys) > 0 })
	return h, p
}

// press sends keys to what has the keyboard.
func press(h *pagetest.Host, names ...fyne.KeyName) {
	for _, n := range names {
		h.Window().Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: n})
	}
}

var twoPlatforms = []platforms.Profile{
	{Name: "云台县公共资源交易平台", Address: "https://ggzy.yuntai.example.cn"},
	{Name: "中原省政府采购网上商城电子合同系统", Address: "https://contract.zhongyuan.example.cn:8443", Hotline: "400-998-0000"},
}

func TestThePlatformIsSwitchedWithTheKeyboard(t *testing.T) {
	h, p := chooserPage(t, words.Chinese, twoPlatforms...)
	if !h.Says(twoPlatforms[0].Name) || h.Says("服务热线") {
		t.Errorf("%q", h.Texts())
	}
	h.Window().Canvas().Focus(p.platform.change)
	press(h, fyne.KeySpace)
	if !h.Says(twoPlatforms[1].Name) || !h.Says("当前") || !h.Says("新增平台") {
		t.Fatalf("the list: %q", h.Texts())
	}
	h.Picture("platforms-menu-zh")
	press(h, fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn)
	h.Until("the other platform", func() bool { return h.Desk().PlatformName() == twoPlatforms[1].Name && h.Says(twoPlatforms[1].Name) })
	if !h.Says("服务热线：400-998-0000") {
		t.Errorf("the hot line of the other platform: %q", h.Texts())
	}
	h.Picture("platforms-hotline-zh")
	h.Fits()
}

func TestAPlatformIsAddedChangedAndRemoved(t *testing.T) {
	h, _ := chooserPage(t, words.Chinese)
	if !h.Says("还没有设置平台") {
		t.Errorf("%q", h.Texts())
	}
	open := func(down int) {
		t.Helper()
		h.Press("切换")
		for range down {
			press(h, fyne.KeyDown)
		}
		press(h, fyne.KeyReturn)
	}
	open(1)
	if b := h.Button("保存并使用"); b == nil || b.Reason() == "" {
		t.Fatalf("%q", h.Texts())
	}
	h.Fits()
	h.Type("县平台")
	h.Window().Canvas().FocusNext()
	h.Type("http://ggzy.example.cn")
	h.Press("保存并使用")
	h.Until("the trouble", func() bool { return h.Says("平台地址“http://ggzy.example.cn”不能使用") })
	h.Fits()
	h.Picture("platforms-wrong-zh")
	if len(h.Desk().Book().List()) != 0 {
		t.Fatal("it was kept")
	}
	h.Press("取消")
	open(1)
	h.Type("县平台")
	h.Window().Canvas().FocusNext()
	h.Type("https://ggzy.example.cn")
	h.Press("保存并使用")
	h.Until("the platform", func() bool { return h.Desk().PlatformName() == "县平台" && h.Says("平台选择") })
	open(3)
	h.Type("二")
	h.Press("保存并使用")
	h.Until("the other name", func() bool { return h.Desk().PlatformName() != "县平台" && h.Says("平台选择") })
	open(4)
	if len(h.Asked) != 1 || !h.Asked[0].Danger {
		t.Fatalf("%+v", h.Asked)
	}
	h.Asked[0].Yes()
	h.Until("it is gone", func() bool { return h.Says("还没有设置平台") && len(h.Desk().Book().List()) == 0 })
}

// A proxy that wants a login asks for it, and with the right one the platform is asked next.
func TestAProxyAsksForItsLogin(t *testing.T) {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("wang:secret"))
	office := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != want {
			out.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		out.WriteHeader(http.StatusForbidden)
	}))
	defer office.Close()
	h, p := chooserPage(t, words.Chinese, twoPlatforms...)
	pagetest.Must(t, h.Desk().ChangeSettings(desk.Settings{Proxy: proxy.Way{Choice: proxy.Named, Address: office.Listener.Addr().String()}}))
	h.Type(pagetest.PIN)
	p.login()
	h.Until("the question", func() bool { return len(h.Dialogs) > 0 })
	h.Fits()
	h.Picture("proxy-login-zh")
	h.Type("wang")
	press(h, fyne.KeyReturn)
	h.Type("secret")
	press(h, fyne.KeyReturn)
	h.Until("the login is set", func() bool { return h.Desk().Settings().Proxy.User == "wang" && len(h.Toasts) > 0 })
	p.pin.Focus()
	h.Type(pagetest.PIN)
	p.login()
	h.Until("the next trouble", func() bool { return h.Says("代理服务器拒绝连接交易平台（403）") })
}

func TestADamagedFileOfPlatformsIsTold(t *testing.T) {
	w := pagetest.NewWorld(t)
	folder := t.TempDir()
	pagetest.Must(t, os.WriteFile(filepath.Join(folder, "platforms.json"), []byte("{"), 0o600))
	book, err := platforms.Open(folder, "")
	pagetest.Must(t, err)
	d, err := desk.Open(t.Context(), desk.Config{Words: w.Desk.Words(), Folders: desk.Folders{Data: folder, Cache: t.TempDir()}, Book: book})
	pagetest.Must(t, err)
	defer d.Close()
	h := pagetest.NewHost(t, d, nil)
	h.Open(New(h, nil))
	if !h.Says("保存平台的文件有误") {
		t.Errorf("%q", h.Texts())
	}
	h.Fits()
}

func TestTheChoiceOfPlatformsFitsTheScreen(t *testing.T) {
	for _, language := range []string{words.Chinese, words.English} {
		h, p := chooserPage(t, language, twoPlatforms...)
		h.Fits()
		h.Picture("login-" + language)
		p.platform.menu()
		h.Picture("login-menu-" + language)
		test.TapCanvas(h.Window().Canvas(), fyne.NewPos(2, 2))
		at, _ := h.Desk().Platform()
		p.platform.edit(at.ID(), at)
		h.Fits()
		h.Picture("login-edit-" + language)
	}
}
