package scan

import (
	"context"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/piglig/go-qr"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/widgets"
)

const code = "https://mca.example/q#1.AAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBB.CCCCCCCCCCCCCCCCCCCCCC"

// blank is the page below the dialog.
type blank struct{}

func (blank) Nav() string                { return "contracts" }
func (blank) Title() string              { return "" }
func (blank) Content() fyne.CanvasObject { return widgets.Gap(1, 1) }
func (blank) Show(context.Context)       {}

// opened shows the dialog of a scan, and waits until it is there.
func opened(t *testing.T, about desk.ScanAbout) (context.Context, *pagetest.Host, *desk.Scan) {
	t.Helper()
	h := pagetest.NewHost(t, pagetest.NewWorld(t).Desk, nil)
	h.Open(blank{})
	ctx, s := desk.NewScan(t.Context(), about)
	s.Show(desk.ScanView{Stage: desk.ScanCode, Kind: about.Kind, QR: code, Until: time.Now().Add(2 * time.Minute)})
	Open(t.Context(), h, s)
	h.Until("the dialog", func() bool { return len(h.Dialogs) == 1 && h.Says("后失效") })
	return ctx, h, s
}

// Every stage says what there is to do, in a panel that keeps its size.
func TestStages(t *testing.T) {
	_, h, s := opened(t, desk.ScanAbout{Kind: desk.ScanSign, Platform: "演示平台", Owner: "云台县第一人民医院", Document: "采购合同", Pages: 6, Many: true, Key: true})
	if read, err := go_qr.Decode(h.Window().Canvas().Capture()); err != nil || read != code {
		t.Errorf("the window's code reads %q, %v", read, err)
	}
	for _, said := range []string{"演示平台", "云台县第一人民医院", "采购合同", "开始扫码", "勾选【建立会话】", "改用 UKey"} {
		if !h.Says(said) {
			t.Errorf("the code does not say %s: %q", said, h.Texts())
		}
	}
	height := h.Window().Canvas().Overlays().Top().MinSize().Height
	by := desk.ScanView{Kind: desk.ScanSign, Until: time.Now().Add(3 * time.Minute)}
	by.By.Name, by.By.Organisation, by.By.Phone = "张*三", "云台县第一人民医院", "138****1234"
	session := &desk.ScanSession{Used: 3, Max: 200, Ends: time.Now().Add(7*time.Hour + 12*time.Minute + 58*time.Second)}
	auto := *session
	auto.Auto = true
	for _, c := range []struct {
		name   string
		change func(*desk.ScanView)
		says   []string
		not    string
	}{
		{"scanned", func(v *desk.ScanView) { v.Stage = desk.ScanScanned }, []string{"张*三 · 云台县第一人民医院 · 138****1234 已扫码"}, "二维码"},
		{"matched", func(v *desk.ScanView) { v.Stage, v.Match = desk.ScanMatched, "BKXW" }, []string{"B", "K", "X", "W", "匹配码", "不同请拒绝"}, ""},
		{"offline", func(v *desk.ScanView) { v.Stage, v.Match, v.Offline = desk.ScanMatched, "BKXW", true }, []string{"连不上移动 CA 服务", "匹配码"}, ""},
		{"waiting", func(v *desk.ScanView) {
			v.Stage, v.Match, v.Until = desk.ScanWaiting, "BKXW", time.Now().Add(2*time.Minute+58*time.Second)
		}, []string{"已发送到手机", "请在 2:5"}, "会话"},
		{"shown", func(v *desk.ScanView) { v.Stage, v.Session = desk.ScanShown, session }, []string{"手机已显示", "已签 3/200，剩余 7 小时 12 分"}, ""},
		{"auto", func(v *desk.ScanView) { v.Stage, v.Session = desk.ScanShown, &auto }, []string{"自动确认", "保持打开"}, "证书密码"},
		{"ended", func(v *desk.ScanView) { v.Stage = desk.ScanEnded }, []string{"会话签章已结束"}, "网络"},
		{"linked", func(v *desk.ScanView) { v.Stage = desk.ScanLinked }, []string{"手机已确认"}, ""},
		{"another network", func(v *desk.ScanView) { v.Stage, v.Why = desk.ScanEnded, "network" }, []string{"网络已变化", "会话签章已结束"}, ""},
	} {
		v := by
		c.change(&v)
		s.Show(v)
		h.Until(c.name, func() bool { return h.Says(c.says[0]) })
		for _, said := range c.says {
			if !h.Says(said) {
				t.Errorf("%s: does not say %s: %q", c.name, said, h.Texts())
			}
		}
		if c.not != "" && h.Says(c.not) {
			t.Errorf("%s: says %s: %q", c.name, c.not, h.Texts())
		}
		h.Fits()
		if now := h.Window().Canvas().Overlays().Top().MinSize().Height; now != height {
			t.Errorf("%s: the dialog is %v high, and was %v", c.name, now, height)
		}
		h.Picture("scan-" + c.name)
	}
	s.Finish()
	h.Until("the dialog gone", func() bool { return h.Window().Canvas().Overlays().Top() == nil })
}

// A code that has expired is made anew when the person says so, and not before.
func TestAgain(t *testing.T) {
	ctx, h, s := opened(t, desk.ScanAbout{Kind: desk.ScanLogin})
	s.Show(desk.ScanView{Stage: desk.ScanExpired, Kind: desk.ScanLogin})
	h.Until("the end of the code", func() bool { return h.Says("二维码已过期") })
	again := make(chan error, 1)
	go func() { again <- s.Refresh(ctx) }()
	h.Settle(100 * time.Millisecond)
	select {
	case <-again:
		t.Fatal("another code without the person")
	default:
	}
	h.Press("刷新二维码")
	h.Until("another code", func() bool {
		select {
		case err := <-again:
			return err == nil
		default:
			return false
		}
	})
}

// 取消 calls it off, and closes the dialog.
func TestCalledOff(t *testing.T) {
	ctx, h, _ := opened(t, desk.ScanAbout{Kind: desk.ScanSign})
	h.Press("取消")
	if ctx.Err() == nil || h.Window().Canvas().Overlays().Top() != nil {
		t.Errorf("%v, and the dialog is %v", ctx.Err(), h.Window().Canvas().Overlays().Top())
	}
}

// What a phone confirms by itself at once is not shown; what takes long is.
func TestOnlyWhatTakesLongIsShown(t *testing.T) {
	h := pagetest.NewHost(t, pagetest.NewWorld(t).Desk, nil)
	waits := desk.ScanView{Stage: desk.ScanWaiting, Kind: desk.ScanSign, Until: time.Now().Add(time.Minute)}
	_, s := desk.NewScan(t.Context(), desk.ScanAbout{Kind: desk.ScanSign})
	s.Show(waits)
	Open(t.Context(), h, s)
	s.Finish()
	h.Settle(unseen + 200*time.Millisecond)
	if len(h.Dialogs) != 0 {
		t.Error("a dialog for what was done at once")
	}
	_, s = desk.NewScan(t.Context(), desk.ScanAbout{Kind: desk.ScanSign})
	Open(t.Context(), h, s)
	h.Until("the dialog", func() bool { return len(h.Dialogs) == 1 && h.Says("正在生成二维码") })
	s.Show(waits)
	h.Until("what is waited for", func() bool { return h.Says("已发送到手机") })
	s.Finish()
}

// 改用 UKey: from then on the key in this machine signs, and the phone is not asked.
func TestTheKeyInstead(t *testing.T) {
	w := pagetest.NewWorld(t)
	w.Phone()
	session := w.Buyer()
	own := session.SigningKey()
	if err := session.SignWith(w.Desk.PhoneKey(own)); err != nil {
		t.Fatal(err)
	}
	h := pagetest.NewHost(t, w.Desk, session)
	ctx, s := desk.NewScan(t.Context(), desk.ScanAbout{Kind: desk.ScanSign, Key: true})
	s.Show(desk.ScanView{Stage: desk.ScanCode, Kind: desk.ScanSign, QR: code, Until: time.Now().Add(time.Minute)})
	Open(t.Context(), h, s)
	h.Until("the dialog", func() bool { return len(h.Dialogs) == 1 })
	h.Press("改用 UKey")
	h.Until("the key", func() bool { return !session.SigningKey().Phone() })
	if ctx.Err() == nil || session.SigningKey().URI != own.URI {
		t.Errorf("%v, %+v signs", ctx.Err(), session.SigningKey())
	}
	h.Until("it is told", func() bool { return len(h.Toasts) == 1 })
}
