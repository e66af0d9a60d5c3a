package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	goqr "github.com/piglig/go-qr"

	"sealdesk/cmd/internal/demo"
	"sealdesk/cmd/internal/judge"
	"sealdesk/cmd/internal/mobile"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phone"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/phonetest/handset"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/signer/verify"
	"sealdesk/token/ca"
)

// withCode is a picture of the screen, once there is a QR code on it.
func (s *screen) withCode() (picture image.Image) {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "screen.png")
	if err := until(30*time.Second, func() bool {
		s.shoot(path)
		f, err := os.Open(path)
		if err != nil {
			return false
		}
		defer f.Close()
		if picture, err = png.Decode(f); err != nil {
			return false
		}
		_, err = goqr.Decode(picture)
		return err == nil
	}); err != nil {
		s.fail("there is no QR code on the screen")
	}
	return picture
}

// letters reads the match code off the screen.
func (s *screen) letters() string {
	s.t.Helper()
	s.wait("匹配码")
	var boxes []seen
	if err := until(20*time.Second, func() bool {
		boxes = slices.DeleteFunc(s.look(), func(o seen) bool { return len(o.Text) != 1 || o.Text < "A" || o.Text > "Z" })
		return len(boxes) == 4
	}); err != nil {
		s.fail("there is no match code on the screen")
	}
	slices.SortFunc(boxes, func(a, b seen) int { return int(a.X - b.X) })
	code := ""
	for _, b := range boxes {
		code += b.Text
	}
	return code
}

// A holder holds a phone before the screen.
type holder struct {
	*handset.Phone
	camera *handset.Camera
}

// newHolder registers, and gets the hospital's certificates.
func newHolder(t *testing.T, service *phonetest.World) holder {
	t.Helper()
	p, camera := handset.OpenWithCamera(t)
	p.Open(service.URL + "/")
	p.LogIn(service)
	p.Press("以后再说")
	p.Certify()
	p.Open(service.URL + "/")
	p.Download(phonetest.PIN)
	p.Press("返回首页")
	h := holder{p, camera}
	h.makeSeal(sealOnPhone)
	return h
}

// sealOnPhone is what the hospital's seal on the phone is called.
const sealOnPhone = "手机合同专用章"

// makeSeal keeps a picture of a seal for the hospital, on the phone.
func (h holder) makeSeal(name string) {
	h.T.Helper()
	var all wire.OrganisationList
	if err := json.Unmarshal([]byte(h.API(http.MethodGet, "/organisations", nil)), &all); err != nil || len(all.Items) != 1 {
		h.T.Fatalf("organisations: %v, %v", all, err)
	}
	const side = 200
	picture := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i := range side * side {
		x, y := i%side-side/2, i/side-side/2
		if r := x*x + y*y; r < side*side/4 && r > side*side/5 {
			picture.Set(i%side, i/side, color.NRGBA{R: 208, G: 32, B: 32, A: 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		h.T.Fatal(err)
	}
	h.API(http.MethodPost, "/seals", wire.SealRequest{Organisation: all.Items[0].ID, Name: name, Kind: wire.SealContract, WidthMM: 42, HeightMM: 42,
		PNG: base64.RawURLEncoding.EncodeToString(b.Bytes())})
}

// scans reads the code off the screen, finds the match code that it shows, and accepts; with a session where one is wanted.
func (h holder) scans(s *screen, session bool) {
	s.t.Helper()
	h.camera.Show(s.withCode())
	h.Press("开始扫码")
	letters := s.letters()
	s.shot("scan-matched")
	h.TapMatch(letters)
	h.See("匹配码 " + letters + " 一致")
	if session {
		h.Press("建立会话")
	}
	h.Press("确认")
}

// confirms enters the PIN for what the phone shows.
func (h holder) confirms(what, act, done string) {
	h.T.Helper()
	h.See(what)
	h.Press(act)
	h.EnterPIN(phonetest.PIN, act)
	h.See(done)
}

// 扫码绑定, 扫码登录, 扫码签章, 会话签章: between the window and the phone's app there is nothing but the camera and the service.
func TestContractIsSignedByPhone(t *testing.T) {
	t.Parallel()
	handset.NeedBrowser(t)
	bin := buildForTest(t)
	s := newScreen(t)
	home := t.TempDir()
	work := filepath.Join(home, "demo")
	authority, err := ca.OpenOrCreate(work)
	if err != nil {
		t.Fatal(err)
	}
	service := phonetest.NewWorld(t, func(c *mobileca.Config) {
		c.Issuer, c.App, c.Now = mobile.Issuer{Authority: authority}, phone.Files, nil
	})
	h := newHolder(t, service)
	if err := os.Mkdir(filepath.Join(home, ".cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.start(bin, []string{"HOME=" + home, "XDG_DATA_HOME=", "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "LC_ALL=C.UTF-8"},
		"--demo", "--work", work, "--algorithm", "rsa", "--mobile-ca", service.URL)

	// The certificate becomes one of the platform's account.
	s.wait("云溪县人民医院")
	s.click("账号登录")
	s.fill("平台账号", demo.AccountName)
	s.fill("请输入密码", demo.AccountPassword)
	s.click("登 录")
	s.click("扫码绑定证书")
	s.wait("请用手机上的移动 CA 扫描二维码，绑定证书")
	h.scans(s, false)
	h.confirms("将证书绑定到云溪县公共资源交易平台（演示）的账号", "确认绑定", "已确认绑定")
	s.wait("手机上的证书已绑定")
	h.Press("完成")
	s.click("退出账号，返回登录")

	s.click("扫码登录")
	s.wait("请用手机上的移动 CA 扫描二维码登录")
	s.shot("scan-login")
	h.scans(s, false)
	h.confirms("登录云溪县公共资源交易平台", "确认登录", "已确认登录")
	h.Press("完成")
	s.wait("待办")
	s.wait("移动 CA，签章时用手机扫码")

	s.contracts()
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
	// The phone's own seal is offered, and taken.
	s.click(sealOnPhone)
	s.waitEnabled("签章")
	s.shot("scan-own-seal")
	s.click("签章")
	s.wait("扫码签章")
	s.shot("scan-seal")
	h.scans(s, true)
	s.wait("会话签章：已签 0/200…")
	s.shot("scan-seal-waiting")
	h.confirms("医疗设备采购项目", "确认签章", "已签 1/200")
	s.wait("签章有效…")
	s.wait("会话已签 1/200…")
	s.shot("scan-sealed")

	// What follows the phone confirms by itself.
	h.Press("自动确认")
	h.See("自动确认已开启")
	ours, _ := versions(t, filepath.Dir(bin), filepath.Join(home, "pair"))
	s.click("批量盖章")
	s.click("骑缝章")
	s.click("添加文件夹")
	s.wait("选择此文件夹")
	s.folder(filepath.Dir(ours))
	s.click("选择此文件夹")
	s.wait("共 2 份")
	s.click("检查文件")
	s.waitFor("可盖章", 1, time.Minute)
	s.click("盖章 2 份")
	s.wait("全部完成：已盖章 2 份。")
	h.See("已签 3/200")
	s.wait("会话已签 3/200…")

	// The session ends at the desktop, and the phone says so.
	s.click("会话已签 3/200…")
	s.wait("结束会话签章？")
	s.shot("scan-end")
	s.click("结束会话")
	s.wait("移动 CA，签章时用手机扫码")
	h.See("会话已结束")
	h.See("本次会话共签章 3 次")
	s.noThreadErrors()

	if n := signedBy(t, home, filepath.Join(work, "roots.pem"), phonetest.Hospital.Name); n < 3 {
		t.Errorf("%d valid files are signed by the phone's certificate", n)
	}
}

// signedBy counts the files below a folder that are valid and have one signature, of an SM2 key of this owner.
func signedBy(t *testing.T, dir, rootsFile, owner string) int {
	t.Helper()
	pem, err := os.ReadFile(rootsFile)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := judge.ParseRoots(pem)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".pdf") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		report, err := verify.File(t.Context(), f, info.Size(), verify.Options{Roots: roots})
		if err == nil && report.Verdict == verify.Valid && len(report.Signatures) == 1 && strings.Contains(report.Signatures[0].Signer, owner) {
			t.Logf("%s: %s, %s", filepath.Base(path), report.Signatures[0].Signer, report.Signatures[0].Algorithm)
			n++
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}
