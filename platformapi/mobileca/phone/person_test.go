package phone

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/emmansun/gmsm/sm2"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/csc"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
)

const (
	nextPIN  = "802468"
	password = "春江花月夜 2026"
	contract = "便携式彩色超声诊断仪采购合同"
)

// startService starts a mobile CA that serves the app, on an address of this machine, which browsers trust like https.
func startService(t *testing.T, change ...func(*mobileca.Config)) *phonetest.World {
	t.Helper()
	serves := func(c *mobileca.Config) {
		c.App, c.CSC = Files, csc.Handler
		c.Platforms = []wire.TradingPlatform{
			{ID: "yunxi", Name: "云溪县公共资源交易平台", Region: "浙江 杭州", Origin: phonetest.Asking.Origin, Lat: 30.25, Lon: 120.17},
			{ID: "jiaozuo", Name: "焦作市公共资源交易平台", Region: "河南 焦作", Origin: "https://ggzy.jiaozuo.example", Lat: 35.22, Lon: 113.24},
		}
	}
	return phonetest.NewWorld(t, append([]func(*mobileca.Config){serves}, change...)...)
}

// A person registers on the phone, gets certificates and signs what desktops ask, and nothing else.
func TestPhone(t *testing.T) {
	w := startService(t)
	var code []string // to recover with
	p := openPhone(t)
	step := p.step

	step("register", func(t *testing.T, p *phone) {
		p.open(w.URL + "/")
		p.picture("login")
		logIn(p, w)
		p.see("设置登录密码")
		p.press("获取验证码")
		p.fill("验证码", sms(t, w))
		p.fill("新密码", password)
		p.fill("再输入一次", password)
		p.picture("password")
		p.press("设置密码")
		p.see("尚未实名认证")
		p.picture("home")
	})

	step("choose a platform", func(t *testing.T, p *phone) {
		p.press("切换")
		p.see("云溪县公共资源交易平台")
		p.at(35.2, 113.3)
		p.press("查找离我最近的平台")
		p.see("最近")
		p.see("约 5.9 公里")
		p.picture("nearest")
		p.press("焦作市公共资源交易平台")
		p.see("焦作市公共资源交易平台")
		p.see("开始扫码")
	})

	step("download", func(t *testing.T, p *phone) {
		certify(p)
		p.open(w.URL + "/")
		p.see("可以下载")
		p.press("下载证书")
		p.picture("what")
		p.press("设置 PIN 码并下载")
		p.pin("123456", "下一步")
		p.see("PIN 码过于简单")
		p.pin(pin, "下一步")
		p.pin("135791", "生成密钥并下载")
		p.see("两次输入的 PIN 码不一致")
		p.pin(pin, "下一步")
		p.pin(pin, "生成密钥并下载")
		code = p.recoveryCode()
		p.see("证书已下载到本机")
		p.press("返回首页")
		p.see("剩 ")
		p.picture("home")
	})

	step("sign", func(t *testing.T, p *phone) {
		d := pair(t, w, wire.PairSign)
		link(p, d, false)
		d.contract(contract)
		p.see(contract)
		p.see("3,286,000.00 元")
		p.see(d.match)
		p.see(phonetest.Computer.Name)
		p.picture("request")
		p.press("确认签章")
		p.pin("111222", "确认签章")
		p.see("PIN 码不正确")
		p.see("还可再试 4 次")
		p.picture("wrong-pin")
		p.pin(pin, "确认签章")
		p.see("签章已完成")
		p.picture("done")
		d.signed()
		p.press("完成")
	})

	step("refuse", func(t *testing.T, p *phone) {
		d := pair(t, w, wire.PairSign)
		link(p, d, false)
		d.contract("一份不该签的合同")
		p.see("一份不该签的合同")
		p.press("拒绝")
		p.see("已拒绝")
		d.answered(wire.RequestRefused)
		p.picture("refused")
		p.press("完成")
	})

	step("another match code", func(t *testing.T, p *phone) {
		d := pair(t, w, wire.PairSign)
		p.open(d.QR())
		d.scanned()
		p.do(chromedp.WaitVisible(".codes"))
		p.press("都不是，或电脑没有显示")
		p.see("匹配码不一致，已拒绝")
		p.picture("refused")
		d.becomes(wire.PairingRefused)
	})

	step("a code that was swapped", func(t *testing.T, p *phone) {
		d := pair(t, w, wire.PairSign)
		other := pair(t, w, wire.PairSign)
		// The fingerprint is another desktop's: whoever the service says that it is, the phone scanned somebody else.
		cut := strings.LastIndex(d.QR(), ".")
		p.open(d.QR()[:cut] + other.QR()[strings.LastIndex(other.QR(), "."):])
		p.see("电脑身份核对失败")
		p.picture("swapped")
		d.becomes(wire.PairingCancelled)
	})

	step("log in", func(t *testing.T, p *phone) {
		d := pair(t, w, wire.PairLogin)
		link(p, d, false)
		d.ask(phonetest.Text("SealDesk login v1\n" + phonetest.Asking.Origin + "\nplatform\nchallenge"))
		p.see("用此证书登录上述交易平台")
		p.picture("request")
		p.press("确认登录")
		p.pin(pin, "确认登录")
		p.see("已确认登录")
		d.signed()
		p.press("完成")
	})

	step("bind", func(t *testing.T, p *phone) {
		d := pair(t, w, wire.PairBind)
		link(p, d, false)
		d.ask(phonetest.Text("SealDesk binding of a certificate v1\n" + phonetest.Asking.Origin + "\nplatform\nchallenge"))
		p.see("将此证书绑定到您在上述交易平台的账号")
		p.picture("request")
		p.press("确认绑定")
		p.pin(pin, "确认绑定")
		p.see("已确认绑定")
		d.signed()
		p.press("完成")
	})

	step("a login to another platform", func(t *testing.T, p *phone) {
		d := pair(t, w, wire.PairLogin)
		link(p, d, false)
		d.ask(phonetest.Text("SealDesk login v1\nhttps://evil.example\nplatform\nchallenge"))
		p.see("请求来自其他平台，已拒绝")
		p.picture("refused")
		d.answered(wire.RequestRefused)
	})

	step("decrypt", func(t *testing.T, p *phone) {
		d := pair(t, w, wire.PairDecrypt)
		link(p, d, false)
		const plain = "投标文件的内容密钥 0123456789"
		d.encrypted(plain)
		p.see("解密投标文件")
		p.press("确认解密")
		p.pin(pin, "确认解密")
		p.see("解密已完成")
		if got := d.decrypted(); got != plain {
			t.Errorf("decrypted: %q", got)
		}
		p.press("完成")
	})

	step("session", func(t *testing.T, p *phone) {
		d := pair(t, w, wire.PairSign)
		link(p, d, true)
		p.see("已签 0/200")
		p.picture("begun")
		d.contract("标段一合同")
		p.see("标段一合同")
		p.press("确认签章")
		p.pin(pin, "确认签章")
		p.see("已签 1/200")
		d.signed()
		p.press("自动确认")
		p.see("自动确认已开启")
		for n := 2; n <= 4; n++ {
			d.contract(fmt.Sprintf("标段%d合同", n))
			d.signed()
			p.see(fmt.Sprintf("已签 %d/200", n))
		}
		p.see("标段4合同")
		p.picture("auto")
		p.press("结束会话")
		d.becomes(wire.PairingEnded)
		p.see("开始扫码")
		if _, err := d.Ask(t.Context(), phonetest.Contract(make([]byte, 32))); phonetest.Code(err) != "mca.pairing_over" {
			t.Errorf("after the end: %v", err)
		}
	})

	step("a digest from elsewhere", func(t *testing.T, p *phone) {
		p.open(w.URL + "/")
		p.see("开始扫码")
		c := &elsewhere{t: t, w: w}
		e, err := sm2.CalculateSM2Hash(c.logIn(), []byte("unknown"), nil)
		if err != nil {
			t.Fatal(err)
		}
		handle := c.authorise(e)
		p.see("无法核对签署内容")
		p.picture("request")
		p.press("仍然签署")
		p.pin(pin, "仍然签署")
		p.see("已签署")
		if !sm2.VerifyASN1WithSM2(c.public, nil, []byte("unknown"), c.sign(handle, e)) {
			t.Error("the signature does not verify")
		}
		p.press("完成")
	})

	step("without a net", func(t *testing.T, p *phone) {
		p.open(w.URL + "/")
		p.see("剩 ")
		p.until("the app's own files are not kept", `navigator.serviceWorker.controller !== null`)
		p.net(false)
		p.see("连接已中断")
		p.picture("line")
		p.do(chromedp.Reload())
		p.see("无法连接服务")
		p.picture("begun")
		p.net(true)
		p.press("重试")
		p.see("剩 ")
	})

	// The access token has run out by then, and every pairing is over.
	step("half an hour later", func(t *testing.T, p *phone) {
		w.Clock.Add(30 * time.Minute)
		p.open(w.URL + "/")
		p.see("剩 ")
		for end := time.Now().Add(waitTime); run[int](p, countKept("state", "desktop ")) != 0; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("desktops are kept that ask nothing any more")
			}
		}
	})

	step("change the PIN", func(t *testing.T, p *phone) {
		if kept := run[int](p, countKept("shares", "")); kept != 2 {
			t.Errorf("the phone keeps %d shares", kept)
		}
		p.open(w.URL + "/#/pin")
		p.see("云溪县人民医院")
		p.press("云溪县人民医院")
		p.pin(nextPIN, "下一步")
		p.pin(nextPIN, "下一步")
		p.pin("999000", "修改")
		p.see("还可再试 4 次")
		p.pin(pin, "修改")
		code = p.recoveryCode()
		p.see("PIN 码已修改")
		p.press("完成")
	})

	step("recover on another phone", func(t *testing.T, p *phone) {
		second := openPhone(t)
		second.open(w.URL + "/")
		second.press("密码登录")
		second.fill("手机号", phonetest.Number)
		second.fill("登录密码", "not the password")
		second.press("登录")
		second.see("手机号或密码不正确")
		second.fill("登录密码", password)
		second.press("登录")
		second.see("系统检测到您有未找回证书")
		second.picture("home")
		second.press("找回证书")
		second.press("开始找回")
		second.fill("姓名", phonetest.Name)
		second.fill("身份证号", phonetest.IDNumber)
		second.press("获取验证码")
		second.fill("验证码", sms(t, w))
		second.press("下一步")
		second.fill("找回码", "0000-0000-0000-0000-0000")
		second.press("下一步")
		second.pin(nextPIN, "下一步")
		second.pin(nextPIN, "找回到本机")
		second.see("找回码不正确")
		second.fill("找回码", strings.ToLower(strings.Join(code, " ")))
		second.press("下一步")
		second.pin(pin, "下一步")
		second.pin(pin, "找回到本机")
		second.recoveryCode()
		second.see("证书已找回到本机")
		second.press("返回首页")

		d := pair(t, w, wire.PairSign)
		link(second, d, false)
		d.contract("新手机签的合同")
		second.see("新手机签的合同")
		second.press("确认签章")
		second.pin(pin, "确认签章")
		second.see("签章已完成")
		d.signed()
		second.press("完成")

		// Four wrong PINs; before the fifth the phone asks.
		d = pair(t, w, wire.PairSign)
		link(second, d, false)
		d.contract("想不起 PIN 码")
		second.press("确认签章")
		for n := 4; n > 1; n-- {
			second.pin("907060", "确认签章")
			second.see(fmt.Sprintf("还可再试 %d 次", n))
		}
		second.pin("907060", "确认签章")
		second.see("只剩最后 1 次机会")
		second.picture("last-try")
		second.press("我确定记得，继续输入")
		second.pin(pin, "确认签章")
		second.see("签章已完成")
		second.press("完成")

		// On the old phone the certificate is another's.
		p.open(w.URL + "/")
		p.see("在其他手机上")

		second.press("云溪县人民医院")
		second.press("更多操作")
		second.press("证书注销")
		second.see("CA 证书一经注销，不能恢复，无法解密原有文件，请确认是否注销此证书？")
		second.picture("revoke")
		second.press("确认注销该证书")
		second.pin(pin, "注销证书")
		second.see("证书已注销")
		if left := run[int](second, countKept("shares", "")); left != 0 {
			t.Errorf("%d shares of revoked keys are left on the phone", left)
		}
		second.press("完成")
		second.see("没有生效中的证书")
		second.press("已失效")
		second.see("已注销")
	})
}

// countKept counts what the app's database has in a store, under names that begin so.
func countKept(store, prefix string) string {
	return fmt.Sprintf(`(async () => {
		const db = await new Promise((done, fail) => { const r = indexedDB.open("sealdesk"); r.onsuccess = () => done(r.result); r.onerror = fail; });
		const names = await new Promise((done) => { const r = db.transaction(%[1]s).objectStore(%[1]s).getAllKeys(); r.onsuccess = () => done(r.result); });
		db.close();
		return names.filter((n) => n.startsWith(%[2]s)).length;
	})()`, quote(store), quote(prefix))
}

func logIn(p *phone, w *phonetest.World) {
	p.t.Helper()
	p.fill("手机号", phonetest.Number)
	p.press("获取验证码")
	p.fill("验证码", sms(p.t, w))
	p.press("登录")
}

// sms waits for the code that the phone asked for. Another can be asked for at once.
func sms(t *testing.T, w *phonetest.World) string {
	t.Helper()
	for end := time.Now().Add(waitTime); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if code := w.Messages.Take(phonetest.Number); code != "" {
			w.Clock.Add(time.Minute)
			return code
		}
	}
	t.Fatal("no short message came")
	return ""
}

// certify has the phone's person checked, and an application granted.
func certify(p *phone) {
	p.t.Helper()
	p.api(http.MethodPost, "/identity", wire.IdentityRequest{Method: wire.IdentityCFCA, Name: phonetest.Name, IDNumber: phonetest.IDNumber})
	p.api(http.MethodPost, "/applications", wire.ApplicationRequest{Kind: wire.ApplyClaim, Data: phonetest.Hospital})
	for end := time.Now().Add(waitTime); !strings.Contains(p.api(http.MethodGet, "/applications", nil), string(wire.ApplicationToDownload)); {
		if time.Now().After(end) {
			p.t.Fatal("the application is not granted")
		}
	}
}

// link opens the code's address as the phone's camera does, up to where the desktop is linked.
func link(p *phone, d *desktop, session bool) {
	p.t.Helper()
	p.open(d.QR())
	d.scanned()
	p.tapMatch(d.match)
	p.see("一致")
	p.picture("certificate")
	if address := run[string](p, "location.href"); strings.Contains(address, d.Pairing.ID) {
		p.t.Errorf("the code stays in the address: %s", address)
	}
	if session {
		p.press("建立会话")
	}
	p.press("确认")
	d.becomes(wire.PairingLinked)
}
