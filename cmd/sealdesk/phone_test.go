package main

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goqr "github.com/piglig/go-qr"

	"sealdesk/cmd/internal/mobile"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/token/ca"
)

// code reads the QR code off the screen, as a phone's camera does.
func (s *screen) code() string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "code.png")
	text := ""
	if err := until(30*time.Second, func() bool {
		s.shoot(path)
		f, err := os.Open(path)
		if err != nil {
			return false
		}
		defer f.Close()
		img, err := png.Decode(f)
		if err != nil {
			return false
		}
		text, err = goqr.Decode(img)
		return err == nil && text != ""
	}); err != nil {
		s.fail("there is no QR code on the screen")
	}
	return text
}

// take scans what is on the screen, compares the match codes and accepts.
func (s *screen) take(phone *phonetest.Phone, session *wire.SessionChoice) {
	s.t.Helper()
	ctx := s.t.Context()
	scan, err := phone.Scan(ctx, s.code())
	if err != nil {
		s.fail("the phone does not take the code: %v", err)
	}
	s.wait("匹配码")
	match := ""
	if err := until(20*time.Second, func() bool { match, err = phone.Match(ctx, scan.ID); return err == nil }); err != nil {
		s.fail("the phone has no match code")
	}
	for _, letter := range match {
		s.wait(string(letter))
	}
	s.shot("scan-matched")
	if _, err := phone.Accept(ctx, scan.ID, session); err != nil {
		s.fail("the phone cannot accept: %v", err)
	}
}

// confirm has the phone confirm the next thing that it is asked, and gives its title.
func (s *screen) confirm(phone *phonetest.Phone) string {
	s.t.Helper()
	ctx := s.t.Context()
	title := ""
	if err := until(60*time.Second, func() bool {
		inbox, err := phone.Inbox(ctx, 0, 0)
		if err != nil || len(inbox.Items) == 0 {
			return false
		}
		title = inbox.Items[0].Title
		err = phone.Approve(ctx, inbox.Items[0].ID, phonetest.PIN)
		return err == nil
	}); err != nil {
		s.fail("the phone was asked nothing that it could confirm")
	}
	return title
}

// 扫码登录, a contract, 扫码签章: with the mobile CA's service, its two-party keys and the window's own picture of the code.
func TestContractIsSignedByPhone(t *testing.T) {
	bin := buildForTest(t)
	s := newScreen(t)
	home := t.TempDir()
	work := filepath.Join(home, "demo")
	authority, err := ca.OpenOrCreate(work)
	if err != nil {
		t.Fatal(err)
	}
	service := phonetest.NewWorld(t, func(c *mobileca.Config) { c.Issuer, c.Now = mobile.Issuer{Authority: authority}, nil })
	service.Service.Now = nil
	phone := service.Holder()
	if err := os.Mkdir(filepath.Join(home, ".cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.start(bin, []string{"HOME=" + home, "XDG_DATA_HOME=", "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "LC_ALL=C.UTF-8"},
		"--demo", "--work", work, "--algorithm", "rsa", "--mobile-ca", service.URL)

	s.wait("云溪县人民医院")
	s.click("扫码登录")
	s.wait("请用手机上的移动 CA 扫描二维码登录")
	s.shot("scan-login")
	s.take(phone, nil)
	if title := s.confirm(phone); !strings.HasPrefix(title, "登录云溪县公共资源交易平台") {
		t.Errorf("the phone was asked for %q", title)
	}
	s.wait("新增合同签订")
	s.wait("移动 CA，签章时用手机扫码")

	s.wait("还没有合同…")
	s.click("新增合同签订")
	s.click("云溪县人民医院医疗设备采购项目")
	s.wait("请填写合同期限，另有 1 项未完成")
	s.fill("如 180", "180")
	s.wheel(30)
	s.wait("请上传合同备案文件")
	s.click("将合同文件拖到此处，或点击选择")
	s.choose(filepath.Join(work, "documents", "政府采购合同（示范）.docx"))
	s.click("清稿并加盖印章")
	s.waitEnabled("确认清稿，去盖章")
	s.click("确认清稿，去盖章")
	s.wait("第 6 页  采购人（盖章）")
	s.waitEnabled("签章")
	s.click("签章")
	s.wait("扫码签章")
	s.shot("scan-seal")
	s.take(phone, &wire.SessionChoice{})
	s.wait("会话签章：已签 0/200…")
	s.shot("scan-seal-waiting")
	if title := s.confirm(phone); !strings.Contains(title, "医疗设备采购项目") {
		t.Errorf("the phone was asked for %q", title)
	}
	s.wait("签章有效…")
	s.wait("会话已签 1/200…")
	s.shot("scan-sealed")

	// The session ends at the desktop, and the phone knows.
	s.click("会话已签 1/200…")
	s.wait("结束会话签章？")
	s.shot("scan-end")
	s.click("结束会话")
	s.wait("移动 CA，签章时用手机扫码")
	var scans wire.ScanList
	if err := phone.Call(t.Context(), "GET", "/scans", nil, &scans); err != nil || len(scans.Items) != 0 {
		t.Errorf("the phone still has %d sessions (%v)", len(scans.Items), err)
	}
	s.noThreadErrors()
}
