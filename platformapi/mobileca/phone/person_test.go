package phone

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/emmansun/gmsm/sm2"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/csc"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/phonetest/handset"
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
	p := handset.Open(t)
	step := p.Step

	step("register", func(t *testing.T, p *handset.Phone) {
		p.Open(w.URL + "/")
		p.Picture("login")
		p.LogIn(w)
		p.See("设置登录密码")
		p.Press("获取验证码")
		p.Fill("验证码", handset.Message(t, w))
		p.Fill("新密码", password)
		p.Fill("再输入一次", password)
		p.Picture("password")
		p.Press("设置密码")
		p.Until("a notice covers the page", `(() => {
			const notice = document.querySelector(".toast span"), page = document.querySelector("main");
			return notice !== null && page !== null && notice.getBoundingClientRect().bottom <= page.getBoundingClientRect().top;
		})()`)
		p.See("尚未实名认证")
		p.Picture("home")
	})

	step("choose a platform", func(t *testing.T, p *handset.Phone) {
		p.Press("切换")
		p.See("云溪县公共资源交易平台")
		p.At(35.2, 113.3)
		p.Press("查找离我最近的平台")
		p.See("最近")
		p.See("约 5.9 公里")
		p.Picture("nearest")
		p.Press("返回")
		p.See("焦作市公共资源交易平台（最近）")
		p.Press("切换")
		p.Press("焦作市公共资源交易平台")
		p.See("焦作市公共资源交易平台")
		p.See("开始扫码")
	})

	step("download", func(t *testing.T, p *handset.Phone) {
		p.Certify()
		p.Open(w.URL + "/")
		p.See("可以下载")
		p.Press("下载证书")
		p.Picture("what")
		p.Press("设置 PIN 码并下载")
		p.EnterPIN("123456", "下一步")
		p.See("PIN 码过于简单")
		p.EnterPIN(pin, "下一步")
		p.EnterPIN("135791", "生成密钥并下载")
		p.See("两次输入的 PIN 码不一致")
		p.EnterPIN(pin, "下一步")
		p.EnterPIN(pin, "生成密钥并下载")
		code = p.RecoveryCode()
		p.See("证书已下载到本机")
		p.Press("返回首页")
		p.See("剩 ")
		p.Picture("home")
	})

	step("sign", func(t *testing.T, p *handset.Phone) {
		d := pair(t, w, wire.PairSign)
		link(p, d, false)
		d.contract(contract)
		p.See(contract)
		p.See("3,286,000.00 元")
		p.See(d.match)
		p.See(phonetest.Computer.Name)
		p.Picture("request")
		p.Press("确认签章")
		p.EnterPIN("111222", "确认签章")
		p.See("PIN 码不正确")
		p.See("还可再试 4 次")
		p.Picture("wrong-pin")
		p.EnterPIN(pin, "确认签章")
		p.See("签章已完成")
		p.Picture("done")
		d.signed()
		p.Press("完成")
	})

	step("refuse", func(t *testing.T, p *handset.Phone) {
		d := pair(t, w, wire.PairSign)
		link(p, d, false)
		d.contract("一份不该签的合同")
		p.See("一份不该签的合同")
		p.Press("拒绝")
		p.See("已拒绝")
		d.answered(wire.RequestRefused)
		p.Picture("refused")
		p.Press("完成")
	})

	step("another match code", func(t *testing.T, p *handset.Phone) {
		d := pair(t, w, wire.PairSign)
		p.Open(d.QR())
		d.scanned()
		p.Do(chromedp.WaitVisible(".codes"))
		p.Press("都不是，或电脑没有显示")
		p.See("匹配码不一致，已拒绝")
		p.Picture("refused")
		d.becomes(wire.PairingRefused)
	})

	step("a code that was swapped", func(t *testing.T, p *handset.Phone) {
		d := pair(t, w, wire.PairSign)
		other := pair(t, w, wire.PairSign)
		// The fingerprint is another desktop's: whoever the service says that it is, the phone scanned somebody else.
		cut := strings.LastIndex(d.QR(), ".")
		p.Open(d.QR()[:cut] + other.QR()[strings.LastIndex(other.QR(), "."):])
		p.See("电脑身份核对失败")
		p.Picture("swapped")
		d.becomes(wire.PairingCancelled)
	})

	step("log in", func(t *testing.T, p *handset.Phone) {
		d := pair(t, w, wire.PairLogin)
		link(p, d, false)
		d.ask(phonetest.Text("SealDesk login v1\n" + phonetest.Asking.Origin + "\nplatform\nchallenge"))
		p.See("用此证书登录上述交易平台")
		p.Picture("request")
		p.Press("确认登录")
		p.EnterPIN(pin, "确认登录")
		p.See("已确认登录")
		d.signed()
		p.Press("完成")
	})

	step("bind", func(t *testing.T, p *handset.Phone) {
		d := pair(t, w, wire.PairBind)
		link(p, d, false)
		d.ask(phonetest.Text("SealDesk binding of a certificate v1\n" + phonetest.Asking.Origin + "\nplatform\nchallenge"))
		p.See("将此证书绑定到您在上述交易平台的账号")
		p.Picture("request")
		p.Press("确认绑定")
		p.EnterPIN(pin, "确认绑定")
		p.See("已确认绑定")
		d.signed()
		p.Press("完成")
	})

	step("a login to another platform", func(t *testing.T, p *handset.Phone) {
		d := pair(t, w, wire.PairLogin)
		link(p, d, false)
		d.ask(phonetest.Text("SealDesk login v1\nhttps://evil.example\nplatform\nchallenge"))
		p.See("请求来自其他平台，已拒绝")
		p.Picture("refused")
		d.answered(wire.RequestRefused)
	})

	step("decrypt", func(t *testing.T, p *handset.Phone) {
		d := pair(t, w, wire.PairDecrypt)
		link(p, d, false)
		const plain = "投标文件的内容密钥 0123456789"
		d.encrypted(plain)
		p.See("解密投标文件")
		p.Picture("request")
		p.Press("确认解密")
		p.EnterPIN(pin, "确认解密")
		p.See("解密已完成")
		if got := d.decrypted(); got != plain {
			t.Errorf("decrypted: %q", got)
		}
		p.Press("完成")
	})

	step("session", func(t *testing.T, p *handset.Phone) {
		d := pair(t, w, wire.PairSign)
		link(p, d, true)
		p.See("已签 0/200")
		p.Picture("begun")
		d.contract("标段一合同")
		p.See("标段一合同")
		p.Press("确认签章")
		p.EnterPIN(pin, "确认签章")
		p.See("已签 1/200")
		d.signed()
		p.Press("自动确认")
		p.See("自动确认已开启")
		for n := 2; n <= 4; n++ {
			d.contract(fmt.Sprintf("标段%d合同", n))
			d.signed()
			p.See(fmt.Sprintf("已签 %d/200", n))
		}
		p.See("标段4合同")
		p.Picture("auto")
		p.Press("结束会话")
		d.becomes(wire.PairingEnded)
		p.See("开始扫码")
		if _, err := d.Ask(t.Context(), phonetest.Contract(make([]byte, 32))); phonetest.Code(err) != "mca.pairing_over" {
			t.Errorf("after the end: %v", err)
		}
	})

	step("a digest from elsewhere", func(t *testing.T, p *handset.Phone) {
		p.Open(w.URL + "/")
		p.See("开始扫码")
		c := &elsewhere{t: t, w: w}
		e, err := sm2.CalculateSM2Hash(c.logIn(), []byte("unknown"), nil)
		if err != nil {
			t.Fatal(err)
		}
		handle := c.authorise(e)
		p.See("无法核对签署内容")
		p.Picture("request")
		p.Press("仍然签署")
		p.EnterPIN(pin, "仍然签署")
		p.See("已签署")
		if !sm2.VerifyASN1WithSM2(c.public, nil, []byte("unknown"), c.sign(handle, e)) {
			t.Error("the signature does not verify")
		}
		p.Press("完成")
	})

	step("without a net", func(t *testing.T, p *handset.Phone) {
		p.Open(w.URL + "/")
		p.See("剩 ")
		p.Until("the app's own files are not kept", `navigator.serviceWorker.controller !== null`)
		p.Net(false)
		p.See("连接已中断")
		p.Picture("line")
		p.Do(chromedp.Reload())
		p.See("无法连接服务")
		p.Picture("begun")
		p.Net(true)
		p.Press("重试")
		p.See("剩 ")
	})

	// The access token has run out by then, and every pairing is over.
	step("half an hour later", func(t *testing.T, p *handset.Phone) {
		w.Clock.Add(30 * time.Minute)
		p.Open(w.URL + "/")
		p.See("剩 ")
		if !handset.Comes(func() bool { return handset.Run[int](p, countKept("state", "desktop ")) == 0 }) {
			t.Fatal("desktops are kept that ask nothing any more")
		}
	})

	step("change the PIN", func(t *testing.T, p *handset.Phone) {
		if kept := handset.Run[int](p, countKept("shares", "")); kept != 2 {
			t.Errorf("the phone keeps %d shares", kept)
		}
		p.Open(w.URL + "/#/pin")
		p.See("云溪县人民医院")
		p.Press("云溪县人民医院")
		p.See("设置新的 6 位 PIN 码")
		p.EnterPIN(nextPIN, "下一步")
		p.EnterPIN(nextPIN, "下一步")
		p.See("输入原 PIN 码")
		p.EnterPIN("999000", "修改")
		p.See("还可再试 4 次")
		p.EnterPIN(pin, "修改")
		code = p.RecoveryCode()
		p.See("PIN 码已修改")
		p.Press("完成")
	})

	step("recover on another phone", func(t *testing.T, p *handset.Phone) {
		second := handset.Open(t)
		second.Open(w.URL + "/")
		second.Press("密码登录")
		second.Fill("手机号", phonetest.Number)
		second.Fill("登录密码", "not the password")
		second.Press("登录")
		second.See("手机号或密码不正确")
		second.Fill("登录密码", password)
		second.Press("登录")
		second.See("系统检测到您有未找回证书")
		second.Picture("home")
		second.Press("找回证书")
		second.Press("开始找回")
		second.Fill("姓名", phonetest.Name)
		second.Fill("身份证号", phonetest.IDNumber)
		second.Press("获取验证码")
		second.Fill("验证码", handset.Message(t, w))
		second.Press("下一步")
		second.Fill("找回码", "0000-0000-0000-0000-0000")
		second.Press("下一步")
		second.EnterPIN(nextPIN, "下一步")
		second.EnterPIN(nextPIN, "找回到本机")
		second.See("找回码不正确")
		second.Fill("找回码", strings.ToLower(strings.Join(code, " ")))
		second.Press("下一步")
		second.EnterPIN(pin, "下一步")
		second.EnterPIN(pin, "找回到本机")
		second.RecoveryCode()
		second.See("证书已找回到本机")
		second.Press("返回首页")

		d := pair(t, w, wire.PairSign)
		link(second, d, false)
		d.contract("新手机签的合同")
		second.See("新手机签的合同")
		second.Press("确认签章")
		second.EnterPIN(pin, "确认签章")
		second.See("签章已完成")
		d.signed()
		second.Press("完成")

		// Four wrong PINs; before the fifth the phone asks.
		d = pair(t, w, wire.PairSign)
		link(second, d, false)
		d.contract("想不起 PIN 码")
		second.Press("确认签章")
		for n := 4; n > 1; n-- {
			second.EnterPIN("907060", "确认签章")
			second.See(fmt.Sprintf("还可再试 %d 次", n))
		}
		second.EnterPIN("907060", "确认签章")
		second.See("只剩最后 1 次机会")
		second.Picture("last-try")
		second.Press("我确定记得，继续输入")
		second.EnterPIN(pin, "确认签章")
		second.See("签章已完成")
		second.Press("完成")

		// On the old phone the certificate is another's.
		p.Open(w.URL + "/")
		p.See("在其他手机上")

		second.Press("云溪县人民医院")
		second.Press("更多操作")
		second.Press("证书注销")
		second.See("CA 证书一经注销，不能恢复，无法解密原有文件，请确认是否注销此证书？")
		second.Picture("revoke")
		second.Press("确认注销该证书")
		second.EnterPIN(pin, "注销证书")
		second.See("证书已注销")
		if left := handset.Run[int](second, countKept("shares", "")); left != 0 {
			t.Errorf("%d shares of revoked keys are left on the phone", left)
		}
		second.Press("完成")
		second.See("没有生效中的证书")
		second.Press("已失效")
		second.See("已注销")
	})
}

// countKept counts what the app's database has in a store, under names that begin so.
func countKept(store, prefix string) string {
	return fmt.Sprintf(`(async () => {
		const db = await new Promise((done, fail) => { const r = indexedDB.open("sealdesk"); r.onsuccess = () => done(r.result); r.onerror = fail; });
		const names = await new Promise((done) => { const r = db.transaction(%[1]s).objectStore(%[1]s).getAllKeys(); r.onsuccess = () => done(r.result); });
		db.close();
		return names.filter((n) => n.startsWith(%[2]s)).length;
	})()`, handset.Quote(store), handset.Quote(prefix))
}

// link opens the code's address as the phone's camera does, up to where the desktop is linked.
func link(p *handset.Phone, d *desktop, session bool) {
	p.T.Helper()
	p.Open(d.QR())
	d.scanned()
	p.TapMatch(d.match)
	p.See("一致")
	p.Picture("certificate")
	if address := handset.Run[string](p, "location.href"); strings.Contains(address, d.Pairing.ID) {
		p.T.Errorf("the code stays in the address: %s", address)
	}
	if session {
		p.Press("建立会话")
	}
	p.Press("确认")
	d.becomes(wire.PairingLinked)
}
