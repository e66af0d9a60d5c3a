package phone

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net/http"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/phonetest/handset"
	"sealdesk/platformapi/mobileca/wire"
)

// Another person, whose phone is driven without a browser. The number is invented.
const (
	staffNumber = "13900005678"
	staffName   = "李秀英"
	staffID     = "330127198506150021"
)

// Numbers are known by their check characters, and questions by their words.
func TestNumbers(t *testing.T) {
	node := needNode(t)
	if out, err := exec.Command(node, "--test", bundle(t, "test/numbers.test.ts")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// An administrator claims an organisation, pays, downloads, and lets others work with it (the manual's 1.3 to 1.14).
func TestPeople(t *testing.T) {
	w := startService(t, func(c *mobileca.Config) {
		c.Clerk, c.HelpPhone = nil, "400-998-0000"
		c.Price = func(wire.ApplicationKind, bool, int) int64 { return 20000 }
	})
	p := handset.Open(t)
	step := p.Step
	// decide is the CA's review of what waits for it.
	decide := func(t *testing.T) {
		t.Helper()
		waiting, err := w.Server.Waiting(context.Background())
		if err != nil || len(waiting) != 1 {
			t.Fatalf("%v, %d applications wait", err, len(waiting))
		}
		if _, err := w.Server.Decide(context.Background(), waiting[0].ID, true, ""); err != nil {
			t.Fatal(err)
		}
	}
	page := func(p *handset.Phone, hash string) {
		p.T.Helper()
		handset.Run[bool](p, fmt.Sprintf(`(location.hash = %s, true)`, handset.Quote(hash)))
	}

	step("identity", func(t *testing.T, p *handset.Phone) {
		p.Open(w.URL + "/")
		p.LogIn(w)
		p.Press("以后再说")
		p.Press("去认证")
		p.Picture("ways")
		p.Press("银行卡四要素认证")
		p.See("银行预留手机号")
		p.Picture("card")
		p.Press("返回")
		p.Press("中金认证")
		p.Fill("姓名", phonetest.Name)
		p.Fill("身份证号", "410821199001011232")
		p.See("校验位不正确")
		p.Fill("身份证号", phonetest.IDNumber)
		p.Press("提交认证")
		p.See("实名认证已完成")
		p.Picture("done")
		p.Press("立即申请证书")
	})

	step("claim", func(t *testing.T, p *handset.Phone) {
		p.See("认领企业并申领企业证书")
		p.Picture("ways")
		p.Press("认领企业并申领企业证书")
		p.Fill("统一社会信用代码", "1233012747013082XJ")
		p.See("校验位不正确")
		p.Picture("wrong")
		p.Fill("统一社会信用代码", phonetest.Hospital.USCC)
		p.Press("查询企业")
		p.Fill("单位名称", phonetest.Hospital.Name)
		p.Fill("法定代表人（选填）", "王建国")
		// What was typed is still there after a look elsewhere.
		page(p, "#/help")
		p.See("怎样申请企业证书？")
		page(p, "#/claim")
		p.Press("查询企业")
		p.Until("the name is gone", fmt.Sprintf(`[...document.querySelectorAll("input")].some((i) => i.value === %s)`, handset.Quote(phonetest.Hospital.Name)))
		p.Picture("words")
		p.Press("下一步")
		p.ChooseFile("notes.txt", "text/plain", `new Blob(["no licence"])`)
		p.See("无法读取此文件")
		p.ChooseFile("营业执照.png", "image/png", photograph)
		p.See("营业执照.jpg")
		p.Picture("files")
		p.Press("提交申请")
		p.See("CA 审核中")
		p.Picture("review")
		decide(t)
		p.See("待支付") // without anything being pressed
		p.Picture("to-pay")
	})

	step("pay", func(t *testing.T, p *handset.Phone) {
		p.Press("支付 200.00 元")
		p.Press("银行卡")
		p.Press("添加银行卡")
		p.Fill("银行卡号", "6222021001116245702")
		p.Fill("开户银行", "中国工商银行")
		p.Fill("银行预留手机号", phonetest.Number)
		p.Picture("card")
		p.Press("添加")
		p.See("中国工商银行")
		p.Picture("method")
		p.Press("支付 200.00 元")
		p.See("待下载")
		p.Picture("paid")
	})

	step("download", func(t *testing.T, p *handset.Phone) {
		p.Press("下载证书")
		p.Press("设置 PIN 码并下载")
		p.EnterPIN(phonetest.PIN, "下一步")
		p.EnterPIN(phonetest.PIN, "生成密钥并下载")
		p.RecoveryCode()
		p.See("证书已下载到本机")
		p.Press("返回首页")
		p.See("剩 ")
		p.Picture("home")
	})

	var staff *phonetest.Phone
	step("staff", func(t *testing.T, p *handset.Phone) {
		p.Press("人员管理")
		p.See("还没有办事人员")
		p.Press("新增人员")
		p.Fill("姓名", staffName)
		p.Fill("手机号", staffNumber)
		p.Picture("add")
		p.Press("添加")
		p.See("已邀请")
		p.Picture("invited")

		var err error
		if staff, err = phonetest.NewPhone(w.Service); err != nil {
			t.Fatal(err)
		}
		code, err := w.SendCode(t.Context(), staffNumber, wire.CodeLogin)
		if err == nil {
			err = staff.Login(t.Context(), wire.LoginRequest{Phone: staffNumber, Code: code})
		}
		if err == nil {
			err = staff.Identify(t.Context(), staffName, staffID)
		}
		if err != nil {
			t.Fatal(err)
		}
		page(p, "#/home")
		p.Press("人员管理")
		p.Press(staffName)
		p.See("办事人员")
		p.Picture("person")
		p.Press("转授管理员")
		p.See("成为管理员，您成为办事人员")
		p.Picture("hand-over")
		p.Press("返回")
	})

	step("review", func(t *testing.T, p *handset.Phone) {
		var mine wire.OrganisationList
		var extra wire.Application
		if err := staff.Call(t.Context(), http.MethodGet, "/organisations", nil, &mine); err != nil || len(mine.Items) != 1 {
			t.Fatalf("%v: %+v", err, mine)
		}
		if err := staff.Create(t.Context(), "/applications", wire.ApplicationRequest{Kind: wire.ApplyExtra, Organisation: mine.Items[0].ID}, &extra); err != nil {
			t.Fatal(err)
		}
		page(p, "#/reviews")
		p.Press(staffName)
		p.Picture("one")
		p.Press("不通过")
		p.See("请填写原因")
		p.Press("关闭")
		p.Press("通过")
		p.See("没有待审核的申请")
		decide(t)
		if err := staff.Create(t.Context(), "/applications/"+extra.ID+"/payment", wire.PaymentRequest{Method: wire.PayAlipay}, nil); err != nil {
			t.Fatal(err)
		}
		if err := staff.Download(t.Context(), extra.ID, phonetest.PIN); err != nil {
			t.Fatal(err)
		}
	})

	step("authorise", func(t *testing.T, p *handset.Phone) {
		page(p, "#/home")
		p.Press("授权管理")
		p.See("生效中 0 项")
		p.Press("新增授权")
		p.Press(staffName)
		p.Press("下一步")
		p.Press("云溪县公共资源交易平台")
		p.Press("下一步")
		p.Press("3 个月")
		p.Picture("term")
		p.Press("确认授权")
		p.See("云溪县公共资源交易平台")
		p.See("生效中的授权")
		p.Picture("person")
		p.Press("删除授权：云溪县公共资源交易平台")
		p.See("立即不能在")
		p.Picture("end")
		p.Press("终止授权")
		p.See("历史授权记录")
		p.Picture("history")
		p.Press("删除授权：云溪县公共资源交易平台")
		p.Press("删除记录")
		p.Until("it is in the history still", `!document.body.innerText.includes("历史授权记录")`)
		page(p, "#/authorisations")
		p.Press("按人员")
		p.See(staffName)
		p.Picture("by-person")
	})

	step("seal", func(t *testing.T, p *handset.Phone) {
		page(p, "#/home")
		p.Press("印章管理")
		p.See("还没有印章")
		p.Press("新增印章")
		p.See("40 × 40 毫米")
		p.Picture("contract")
		p.Press("财务专用章")
		p.See("45 × 30 毫米")
		p.Picture("finance")
		p.Press("法定代表人章")
		p.See("20 × 20 毫米")
		p.Picture("legal-person")
		p.Press("公章")
		p.See("40 × 40 毫米")
		p.Press("保存印章")
		p.Do(chromedp.WaitVisible(".seals"))
		p.Picture("list")
		// The staff see what the administrator made.
		var kept wire.SealList
		if err := staff.Call(t.Context(), http.MethodGet, "/seals", nil, &kept); err != nil || len(kept.Items) != 1 {
			t.Fatalf("%v: %d seals", err, len(kept.Items))
		}
		raw, err := phonetest.DecodeBytes(kept.Items[0].PNG)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		// Red where the star is, nothing where the paper is seen.
		middle, corner := picture.At(picture.Bounds().Dx()/2, picture.Bounds().Dy()/2), picture.At(0, 0)
		if r, g, _, a := middle.RGBA(); r < 0xc000 || g > 0x4000 || a != 0xffff {
			t.Errorf("the middle is %v", middle)
		}
		if _, _, _, a := corner.RGBA(); a != 0 {
			t.Errorf("the corner is %v", corner)
		}
		p.Press("公章")
		p.ChooseFile("seal.png", "image/png", photograph)
		p.See("40 × 30 毫米")
		p.Fill("印章名称", "合同章")
		p.Press("保存印章")
		p.See("合同章")
		p.Press("合同章")
		p.Press("更多操作")
		p.Press("删除印章")
		p.See("已签章的文件不受影响")
		p.Press("删除印章")
		p.See("还没有印章")
	})

	step("zone", func(t *testing.T, p *handset.Phone) {
		page(p, "#/home")
		p.Press("专区")
		p.See("还没有绑定专区")
		p.Picture("none")
		p.Press("绑定专区")
		p.Press("云溪县公共资源交易平台")
		p.Picture("bind")
		p.Press("绑定")
		p.See("左滑或点右侧按钮解绑")
		handset.Run[bool](p, `(document.querySelector(".swipe").scrollLeft = 88, true)`)
		p.Picture("swiped")
		p.Press("解绑 云溪县公共资源交易平台")
		p.See("需要时可重新绑定")
		p.Press("解绑")
		p.See("还没有绑定专区")
	})

	step("renew", func(t *testing.T, p *handset.Phone) {
		page(p, "#/certificates")
		p.Press("新增证书")
		p.See("个人证书")
		p.Picture("add")
		p.Press("关闭")
		p.Picture("certificates")
		p.Press(phonetest.Hospital.Name)
		p.Picture("certificate")
		p.Press("续期")
		p.Press("2 年")
		p.Picture("years")
		p.Press("提交申请")
		p.See("CA 审核中")
		decide(t)
		p.Press("支付 200.00 元")
		p.Press("微信支付")
		p.Press("支付 200.00 元")
		p.See("待下载")
	})

	// The renewed pair has a PIN of its own; the key before it still decrypts, with the PIN that it had.
	step("change the PIN after a renewal", func(t *testing.T, p *handset.Phone) {
		const renewed, changed = "802468", "918273"
		p.Press("下载证书")
		p.Press("设置 PIN 码并下载")
		p.EnterPIN(renewed, "下一步")
		p.EnterPIN(renewed, "生成密钥并下载")
		p.RecoveryCode()
		page(p, "#/pin")
		p.Press(phonetest.Hospital.Name)
		p.EnterPIN(changed, "下一步")
		p.EnterPIN(changed, "下一步")
		p.EnterPIN(renewed, "修改")
		p.RecoveryCode()
		p.See("以下密钥没有修改")
		p.Picture("rest")
		p.Press(phonetest.Hospital.Name + " 的加密密钥")
		p.See("剩余尝试次数 4 次")
		p.EnterPIN(phonetest.PIN, "修改")
		p.Until("a key keeps its PIN", `document.body.innerText.includes("PIN 码已修改") && !document.body.innerText.includes("没有修改")`)
		p.Press("完成")
		page(p, "#/pin")
		p.Press(phonetest.Hospital.Name)
		p.EnterPIN(renewed, "下一步")
		p.EnterPIN(renewed, "下一步")
		p.EnterPIN(changed, "修改")
		p.RecoveryCode()
		p.Until("a key keeps its PIN", `document.body.innerText.includes("PIN 码已修改") && !document.body.innerText.includes("没有修改")`)
	})

	step("withdraw", func(t *testing.T, p *handset.Phone) {
		page(p, "#/personal")
		p.See("以本人名义申请")
		p.Picture("personal")
		p.Press("提交申请")
		p.See("CA 审核中")
		p.Press("撤回申请")
		p.See("需要时可重新申请")
		p.Press("撤回申请")
		p.See("已撤回")
	})

	step("join", func(t *testing.T, p *handset.Phone) {
		page(p, "#/join")
		p.Fill("统一社会信用代码", "91330127MA2XKQ713A")
		p.Press("查询企业")
		p.See("该企业尚未被认领")
		p.Press("返回")
		p.Fill("统一社会信用代码", phonetest.Hospital.USCC)
		p.Press("查询企业")
		p.See("王*国")
		p.Picture("found")
		p.Press("提交申请") // by who is of it already
		p.See("当前状态不能进行此操作")
	})

	step("remove", func(t *testing.T, p *handset.Phone) {
		page(p, "#/staff")
		p.Press(staffName)
		p.See("生效中 1 张")
		p.Press("删除人员")
		p.See("将同时注销其持有的 1 张云溪县人民医院证书")
		p.Picture("warning")
		p.Press("删除人员")
		p.See("还没有办事人员")
		var left wire.CertificateList
		if err := staff.Call(t.Context(), http.MethodGet, "/certificates", nil, &left); err != nil || len(left.Items) != 2 {
			t.Fatalf("%v: %d certificates", err, len(left.Items))
		}
		for _, c := range left.Items {
			if c.State != wire.CertificateRevoked {
				t.Errorf("the %s certificate is %s", c.Use, c.State)
			}
		}
	})

	step("change", func(t *testing.T, p *handset.Phone) {
		page(p, "#/staff")
		p.Press(phonetest.Hospital.Name)
		p.Picture("organisation")
		p.Press("变更企业信息")
		p.See("CA证书一经变更，不能恢复，无法解密原有文件！")
		p.Picture("warning")
		p.Press("我已知晓，继续变更")
		p.See("企业信息没有变化")
	})

	step("me", func(t *testing.T, p *handset.Phone) {
		page(p, "#/me")
		p.See("条未读")
		p.See("管理员 · " + phonetest.Hospital.Name)
		p.Picture("top")
		p.Press("消息")
		p.See("审核通过")
		p.Picture("messages")
		page(p, "#/me")
		p.Until("there are messages not read", `!document.body.innerText.includes("条未读")`)
		page(p, "#/bills")
		p.Press("申请开票")
		p.Press("认领企业")
		p.Press("下一步")
		p.Fill("接收邮箱", "caiwu@hospital.example")
		p.Picture("invoice")
		p.Press("申请开票 200.00 元")
		p.See("开具中")
		p.Picture("invoices")
		page(p, "#/bills")
		p.See("已开票")
		p.Picture("bills")
		page(p, "#/assistant")
		p.Fill("您的问题", "换手机后证书怎么办")
		p.See("换手机或手机丢失怎么办？")
		p.See("400-998-0000")
		p.Picture("assistant")
	})

	step("without a net", func(t *testing.T, p *handset.Phone) {
		handset.Run[bool](p, `(globalThis.net = fetch, globalThis.fetch = () => Promise.reject(new TypeError()), true)`)
		page(p, "#/invoices")
		p.See("无法连接服务")
		p.Picture("failed-list")
		handset.Run[bool](p, `(globalThis.fetch = net, true)`)
		p.Press("重试")
		p.See("开具中")
	})

	step("settings", func(t *testing.T, p *handset.Phone) {
		page(p, "#/me")
		p.Press("设置")
		p.Until("the line is not mended", `!document.body.innerText.includes("连接已中断")`)
		p.Picture("list")
		p.Press("清除缓存")
		p.See("登录状态不受影响")
		p.Press("清除缓存")
		p.See("缓存已清除")
		page(p, "#/devices")
		p.See("本机")
		p.Picture("devices")
		page(p, "#/settings")
		p.Press("语言")
		p.See("Change phone number")
		p.Picture("english")
		p.Press("Log out")
		p.See("leaves the certificates on this phone")
		p.Press("Log out")
		p.See("Log in")
	})
}

// photograph is a picture of 400 by 300 dots, as a file's content.
const photograph = `await (async () => {
	const c = Object.assign(document.createElement("canvas"), { width: 400, height: 300 });
	const d = c.getContext("2d");
	d.fillStyle = "#c00";
	d.fillRect(40, 40, 320, 220);
	return new Promise((done) => c.toBlob(done, "image/png"));
})()`
