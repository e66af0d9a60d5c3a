package phone

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

const (
	number   = "13800001234"
	firstPIN = "135790"
	nextPIN  = "802468"
	password = "春江花月夜 2026"
)

// A person registers on the phone, gets certificates and signs what desktops ask, and nothing else.
func TestPhone(t *testing.T) {
	s := startService(t)
	p := openPhone(t, s.origin)
	step := func(name string, f func(t *testing.T, p *phone)) {
		t.Helper()
		ok := t.Run(name, func(t *testing.T) {
			inner := *p
			inner.t = t
			f(t, &inner)
		})
		if !ok {
			t.FailNow()
		}
	}

	step("register", func(t *testing.T, p *phone) {
		p.open(s.origin + "/")
		p.picture("login")
		logIn(p, s)
		p.see("设置登录密码")
		p.press("获取验证码")
		p.fill("验证码", s.sms(number))
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
		s.certify(p)
		p.open(s.origin + "/")
		p.see("可以下载")
		p.press("下载证书")
		p.picture("what")
		p.press("设置 PIN 码并下载")
		p.pin("123456", "下一步")
		p.see("PIN 码过于简单")
		p.pin(firstPIN, "下一步")
		p.pin("135791", "生成密钥并下载")
		p.see("两次输入的 PIN 码不一致")
		p.pin(firstPIN, "下一步")
		p.pin(firstPIN, "生成密钥并下载")
		s.code = p.recoveryCode()
		p.see("证书已下载到本机")
		p.press("返回首页")
		p.see("剩 ")
		p.picture("home")
	})

	step("sign", func(t *testing.T, p *phone) {
		d := pair(t, s.origin, "sign", true)
		link(p, d, false)
		d.document(t, "便携式彩色超声诊断仪采购合同")
		p.see("便携式彩色超声诊断仪采购合同")
		p.see("1,234,567.89 元")
		p.see(d.match)
		p.see(computer)
		p.picture("request")
		p.press("确认签章")
		p.pin("111222", "确认签章")
		p.see("PIN 码不正确")
		p.see("还可再试 4 次")
		p.picture("wrong-pin")
		p.pin(firstPIN, "确认签章")
		p.see("签章已完成")
		p.picture("done")
		d.verify(t)
		p.press("完成")
	})

	step("refuse", func(t *testing.T, p *phone) {
		d := pair(t, s.origin, "sign", false)
		link(p, d, false)
		d.document(t, "一份不该签的合同")
		p.see("一份不该签的合同")
		p.press("拒绝")
		p.see("已拒绝")
		d.until("/pairings/"+d.id+"/requests/"+d.asked, "refused")
		p.picture("refused")
		p.press("完成")
	})

	step("another match code", func(t *testing.T, p *phone) {
		d := pair(t, s.origin, "sign", false)
		p.open(d.address)
		d.reveal()
		p.do(chromedp.WaitVisible(".codes"))
		p.press("都不是，或电脑没有显示")
		p.see("核对码不一致，已拒绝")
		p.picture("refused")
		d.until("/pairings/"+d.id, "refused")
	})

	step("a code that was swapped", func(t *testing.T, p *phone) {
		d := pair(t, s.origin, "sign", false)
		other := pair(t, s.origin, "sign", false)
		// The fingerprint is another desktop's: whoever the service says that it is, the phone scanned somebody else.
		cut := strings.LastIndex(d.address, ".")
		p.open(d.address[:cut] + other.address[strings.LastIndex(other.address, "."):])
		p.see("电脑身份核对失败")
		p.picture("swapped")
		d.until("/pairings/"+d.id, "cancelled")
	})

	step("log in", func(t *testing.T, p *phone) {
		d := pair(t, s.origin, "login", false)
		link(p, d, false)
		d.text(t, "SealDesk login v1\n"+asking["origin"].(string)+"\nplatform\nchallenge")
		p.see("用此证书登录上述交易平台")
		p.picture("request")
		p.press("确认登录")
		p.pin(firstPIN, "确认登录")
		p.see("已确认登录")
		d.verify(t)
		p.press("完成")
	})

	step("a login to another platform", func(t *testing.T, p *phone) {
		d := pair(t, s.origin, "login", false)
		link(p, d, false)
		d.text(t, "SealDesk login v1\nhttps://evil.example\nplatform\nchallenge")
		p.see("请求来自其他平台，已拒绝")
		p.picture("refused")
		d.until("/pairings/"+d.id+"/requests/"+d.asked, "refused")
	})

	step("decrypt", func(t *testing.T, p *phone) {
		d := pair(t, s.origin, "decrypt", false)
		link(p, d, false)
		plain := []byte("投标文件的内容密钥 0123456789")
		d.cipher(t, plain)
		p.see("解密投标文件")
		p.press("确认解密")
		p.pin(firstPIN, "确认解密")
		p.see("解密已完成")
		if got := d.unseal(t); string(got) != string(plain) {
			t.Errorf("decrypted: %q", got)
		}
		p.press("完成")
	})

	step("session", func(t *testing.T, p *phone) {
		d := pair(t, s.origin, "sign", true)
		link(p, d, true)
		p.see("已签 0/200")
		p.picture("begun")
		d.document(t, "标段一合同")
		p.see("标段一合同")
		p.press("确认签章")
		p.pin(firstPIN, "确认签章")
		p.see("已签 1/200")
		d.verify(t)
		p.press("自动确认")
		p.see("自动确认已开启")
		for n := 2; n <= 4; n++ {
			d.document(t, fmt.Sprintf("标段%d合同", n))
			d.verify(t)
			p.see(fmt.Sprintf("已签 %d/200", n))
		}
		p.see("标段4合同")
		p.picture("auto")
		p.press("结束会话")
		d.until("/pairings/"+d.id, "ended")
		p.see("开始扫码")
		if _, status, answer := d.ask(d.key, d.documentOf(t, "结束后的合同")); status < 400 {
			t.Errorf("after the end: %d %v", status, answer)
		}
	})

	step("without a net", func(t *testing.T, p *phone) {
		p.open(s.origin + "/")
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

	step("change the PIN", func(t *testing.T, p *phone) {
		p.open(s.origin + "/#/pin")
		p.see("华东医疗器械有限公司")
		p.press("华东医疗器械有限公司")
		p.pin(nextPIN, "下一步")
		p.pin(nextPIN, "下一步")
		p.pin("999000", "修改")
		p.see("还可再试 4 次")
		p.pin(firstPIN, "修改")
		s.code = p.recoveryCode()
		p.see("PIN 码已修改")
		p.press("完成")
	})

	step("recover on another phone", func(t *testing.T, p *phone) {
		second := openPhone(t, s.origin)
		second.open(s.origin + "/")
		second.press("密码登录")
		second.fill("手机号", number)
		second.fill("登录密码", "not the password")
		second.press("登录")
		second.see("手机号或密码不正确")
		second.fill("登录密码", password)
		second.press("登录")
		second.see("系统检测到您有未找回证书")
		second.picture("home")
		second.press("找回证书")
		second.press("开始找回")
		second.fill("姓名", s.name)
		second.fill("身份证号", s.idNumber)
		second.press("获取验证码")
		second.fill("验证码", s.sms(number))
		second.press("下一步")
		second.fill("找回码", "0000-0000-0000-0000-0000")
		second.press("下一步")
		second.pin(nextPIN, "下一步")
		second.pin(nextPIN, "找回到本机")
		second.see("找回码不正确")
		second.fill("找回码", strings.ToLower(strings.Join(s.code, " ")))
		second.press("下一步")
		second.pin(firstPIN, "下一步")
		second.pin(firstPIN, "找回到本机")
		second.recoveryCode()
		second.see("证书已找回到本机")
		second.press("返回首页")

		d := pair(t, s.origin, "sign", false)
		link(second, d, false)
		d.document(t, "新手机签的合同")
		second.see("新手机签的合同")
		second.press("确认签章")
		second.pin(firstPIN, "确认签章")
		second.see("签章已完成")
		d.verify(t)
		second.press("完成")

		// Four wrong PINs; before the fifth the phone asks.
		d = pair(t, s.origin, "sign", false)
		link(second, d, false)
		d.document(t, "想不起 PIN 码")
		second.press("确认签章")
		for n := 4; n > 1; n-- {
			second.pin("907060", "确认签章")
			second.see(fmt.Sprintf("还可再试 %d 次", n))
		}
		second.pin("907060", "确认签章")
		second.see("只剩最后 1 次机会")
		second.picture("last-try")
		second.press("我确定记得，继续输入")
		second.pin(firstPIN, "确认签章")
		second.see("签章已完成")
		second.press("完成")

		// On the old phone the certificate is another's.
		p.open(s.origin + "/")
		p.see("在其他手机上")

		second.press("华东医疗器械有限公司")
		second.press("更多操作")
		second.press("证书注销")
		second.see("CA 证书一经注销，不能恢复，无法解密原有文件，请确认是否注销此证书？")
		second.picture("revoke")
		second.press("确认注销该证书")
		second.pin(firstPIN, "注销证书")
		second.see("证书已注销")
		second.press("完成")
		second.see("没有生效中的证书")
		second.press("已失效")
		second.see("已注销")
	})
}

func logIn(p *phone, s *service) {
	p.t.Helper()
	p.fill("手机号", number)
	p.press("获取验证码")
	p.fill("验证码", s.sms(number))
	p.press("登录")
}

// link opens the code's address as the phone's camera does, up to where the desktop is linked.
func link(p *phone, d *desktop, session bool) {
	p.t.Helper()
	p.open(d.address)
	d.reveal()
	p.tapMatch(d.match)
	p.see("一致")
	p.picture("certificate")
	if session {
		p.press("建立会话")
	}
	p.press("确认")
	linked := d.until("/pairings/"+d.id, "linked")["link"].(object)
	for _, c := range linked["certificates"].([]any) {
		c := c.(object)
		der, err := b64.DecodeString(c["chain"].([]any)[0].(string))
		if err != nil {
			p.t.Fatal(err)
		}
		certificate, err := smx509.ParseCertificate(der)
		if err != nil {
			p.t.Fatal(err)
		}
		d.certificates[c["use"].(string)] = certificate
	}
	if strings.Contains(run[string](p, "location.href"), d.id) && strings.Contains(run[string](p, "location.href"), "q#") {
		p.t.Error("the secret stays in the address")
	}
}

func idOf(c *smx509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return b64.EncodeToString(sum[:])
}

// document asks for the signature of a document.
func (d *desktop) document(t *testing.T, title string) {
	t.Helper()
	d.put(t, d.documentOf(t, title))
}

func (d *desktop) documentOf(t *testing.T, title string) object {
	t.Helper()
	digest := sha256.Sum256([]byte(title))
	attribute := func(kind asn1.ObjectIdentifier, value any) []byte {
		der, err := asn1.Marshal(struct {
			Kind   asn1.ObjectIdentifier
			Values any `asn1:"set"`
		}{kind, value})
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	content := attribute(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, []asn1.ObjectIdentifier{{1, 2, 156, 10197, 6, 1, 4, 2, 1}})
	message := attribute(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, [][]byte{digest[:]})
	tbs, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: append(content, message...)})
	if err != nil {
		t.Fatal(err)
	}
	d.tbs = tbs
	return object{
		"certificate": idOf(d.certificates["sign"]), "form": "cms-attributes", "tbs": b64.EncodeToString(tbs),
		"document": object{
			"title": title, "file": "合同备案.pdf", "pages": 12, "size": 1_843_200, "amount": 123_456_789, "parties": []string{"云溪县人民医院", "华东医疗器械有限公司"},
			"digest": b64.EncodeToString(digest[:]), "digest_alg": "SM3",
		},
	}
}

func (d *desktop) text(t *testing.T, text string) {
	t.Helper()
	d.tbs = []byte(text)
	d.put(t, object{"certificate": idOf(d.certificates["sign"]), "form": "text", "tbs": b64.EncodeToString(d.tbs)})
}

func (d *desktop) cipher(t *testing.T, plain []byte) {
	t.Helper()
	der, err := sm2.EncryptASN1(rand.Reader, d.certificates["encrypt"].PublicKey.(*ecdsa.PublicKey), plain)
	if err != nil {
		t.Fatal(err)
	}
	d.put(t, object{"certificate": idOf(d.certificates["encrypt"]), "cipher": b64.EncodeToString(der)})
}

func (d *desktop) put(t *testing.T, more object) {
	t.Helper()
	id, status, answer := d.ask(d.key, more)
	if status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	d.asked = id
}

func (d *desktop) result() object {
	d.t.Helper()
	return d.until("/pairings/"+d.id+"/requests/"+d.asked, "approved")["result"].(object)
}

// verify judges the signature of what was asked last by a library that knows nothing of shares.
func (d *desktop) verify(t *testing.T) {
	t.Helper()
	signature, err := b64.DecodeString(d.result()["signature"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if !sm2.VerifyASN1WithSM2(d.certificates["sign"].PublicKey.(*ecdsa.PublicKey), nil, d.tbs, signature) {
		t.Errorf("the signature does not verify: %s", hex.EncodeToString(signature))
	}
}

// unseal opens the answer to a decryption with K_d.
func (d *desktop) unseal(t *testing.T) []byte {
	t.Helper()
	sealed := d.result()["sealed"].(object)
	decode := func(v any) []byte {
		b, err := b64.DecodeString(v.(string))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	epk := sealed["epk"].(object)
	theirs, err := ecdh.P256().NewPublicKey(append(append([]byte{4}, decode(epk["x"])...), decode(epk["y"])...))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := d.key.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	shared, err := ours.ECDH(theirs)
	if err != nil {
		t.Fatal(err)
	}
	key, err := hkdf.Key(sha256.New, shared, []byte(d.asked), "SealDesk answer v1", 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gcm.Open(nil, decode(sealed["iv"]), decode(sealed["ciphertext"]), nil)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
