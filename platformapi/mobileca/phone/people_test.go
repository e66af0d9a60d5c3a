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
	p := openPhone(t)
	step := p.step
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
	page := func(p *phone, hash string) {
		p.t.Helper()
		run[bool](p, fmt.Sprintf(`(location.hash = %s, true)`, quote(hash)))
	}

	step("identity", func(t *testing.T, p *phone) {
		p.open(w.URL + "/")
		logIn(p, w)
		p.press("以后再说")
		p.press("去认证")
		p.picture("ways")
		p.press("银行卡四要素认证")
		p.see("银行预留手机号")
		p.picture("card")
		p.press("返回")
		p.press("中金认证")
		p.fill("姓名", phonetest.Name)
		p.fill("身份证号", "410821199001011232")
		p.see("校验位不正确")
		p.fill("身份证号", phonetest.IDNumber)
		p.press("提交认证")
		p.see("实名认证已完成")
		p.picture("done")
		p.press("立即申请证书")
	})

	step("claim", func(t *testing.T, p *phone) {
		p.see("认领企业并申领企业证书")
		p.picture("ways")
		p.press("认领企业并申领企业证书")
		p.fill("统一社会信用代码", "1233012747013082XJ")
		p.see("校验位不正确")
		p.picture("wrong")
		p.fill("统一社会信用代码", phonetest.Hospital.USCC)
		p.press("查询企业")
		p.fill("单位名称", phonetest.Hospital.Name)
		p.fill("法定代表人（选填）", "王建国")
		// What was typed is still there after a look elsewhere.
		page(p, "#/help")
		p.see("怎样申请企业证书？")
		page(p, "#/claim")
		p.press("查询企业")
		p.until("the name is gone", fmt.Sprintf(`[...document.querySelectorAll("input")].some((i) => i.value === %s)`, quote(phonetest.Hospital.Name)))
		p.picture("words")
		p.press("下一步")
		p.choose("notes.txt", "text/plain", `new Blob(["no licence"])`)
		p.see("无法读取此文件")
		p.choose("营业执照.png", "image/png", photograph)
		p.see("营业执照.jpg")
		p.picture("files")
		p.press("提交申请")
		p.see("CA 审核中")
		p.picture("review")
		decide(t)
		p.see("待支付") // without anything being pressed
		p.picture("to-pay")
	})

	step("pay", func(t *testing.T, p *phone) {
		p.press("支付 200.00 元")
		p.press("银行卡")
		p.press("添加银行卡")
		p.fill("银行卡号", "6222021001116245702")
		p.fill("开户银行", "中国工商银行")
		p.fill("银行预留手机号", phonetest.Number)
		p.picture("card")
		p.press("添加")
		p.see("中国工商银行")
		p.picture("method")
		p.press("支付 200.00 元")
		p.see("待下载")
		p.picture("paid")
	})

	step("download", func(t *testing.T, p *phone) {
		p.press("下载证书")
		p.press("设置 PIN 码并下载")
		p.pin(phonetest.PIN, "下一步")
		p.pin(phonetest.PIN, "生成密钥并下载")
		p.recoveryCode()
		p.see("证书已下载到本机")
		p.press("返回首页")
		p.see("剩 ")
		p.picture("home")
	})

	var staff *phonetest.Phone
	step("staff", func(t *testing.T, p *phone) {
		p.press("人员管理")
		p.see("还没有办事人员")
		p.press("新增人员")
		p.fill("姓名", staffName)
		p.fill("手机号", staffNumber)
		p.picture("add")
		p.press("添加")
		p.see("已邀请")
		p.picture("invited")

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
		p.press("人员管理")
		p.press(staffName)
		p.see("办事人员")
		p.picture("person")
		p.press("转授管理员")
		p.see("成为管理员，您成为办事人员")
		p.picture("hand-over")
		p.press("返回")
	})

	step("review", func(t *testing.T, p *phone) {
		var mine wire.OrganisationList
		var extra wire.Application
		if err := staff.Call(t.Context(), http.MethodGet, "/organisations", nil, &mine); err != nil || len(mine.Items) != 1 {
			t.Fatalf("%v: %+v", err, mine)
		}
		if err := staff.Create(t.Context(), "/applications", wire.ApplicationRequest{Kind: wire.ApplyExtra, Organisation: mine.Items[0].ID}, &extra); err != nil {
			t.Fatal(err)
		}
		page(p, "#/reviews")
		p.press(staffName)
		p.picture("one")
		p.press("不通过")
		p.see("请填写原因")
		p.press("关闭")
		p.press("通过")
		p.see("没有待审核的申请")
		decide(t)
		if err := staff.Create(t.Context(), "/applications/"+extra.ID+"/payment", wire.PaymentRequest{Method: wire.PayAlipay}, nil); err != nil {
			t.Fatal(err)
		}
		if err := staff.Download(t.Context(), extra.ID, phonetest.PIN); err != nil {
			t.Fatal(err)
		}
	})

	step("authorise", func(t *testing.T, p *phone) {
		page(p, "#/home")
		p.press("授权管理")
		p.see("生效中 0 项")
		p.press("新增授权")
		p.press(staffName)
		p.press("下一步")
		p.press("云溪县公共资源交易平台")
		p.press("下一步")
		p.press("3 个月")
		p.picture("term")
		p.press("确认授权")
		p.see("云溪县公共资源交易平台")
		p.see("生效中的授权")
		p.picture("person")
		p.press("删除授权：云溪县公共资源交易平台")
		p.see("立即不能在")
		p.picture("end")
		p.press("终止授权")
		p.see("历史授权记录")
		p.picture("history")
		p.press("删除授权：云溪县公共资源交易平台")
		p.press("删除记录")
		p.until("it is in the history still", `!document.body.innerText.includes("历史授权记录")`)
		page(p, "#/authorisations")
		p.press("按人员")
		p.see(staffName)
		p.picture("by-person")
	})

	step("seal", func(t *testing.T, p *phone) {
		page(p, "#/home")
		p.press("印章管理")
		p.see("还没有印章")
		p.press("新增印章")
		p.see("40 × 40 毫米")
		p.picture("contract")
		p.press("财务专用章")
		p.see("45 × 30 毫米")
		p.picture("finance")
		p.press("法定代表人章")
		p.see("20 × 20 毫米")
		p.picture("legal-person")
		p.press("公章")
		p.see("40 × 40 毫米")
		p.press("保存印章")
		p.do(chromedp.WaitVisible(".seals"))
		p.picture("list")
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
		p.press("公章")
		p.choose("seal.png", "image/png", photograph)
		p.see("40 × 30 毫米")
		p.fill("印章名称", "合同章")
		p.press("保存印章")
		p.see("合同章")
		p.press("合同章")
		p.press("更多操作")
		p.press("删除印章")
		p.see("已签章的文件不受影响")
		p.press("删除印章")
		p.see("还没有印章")
	})

	step("zone", func(t *testing.T, p *phone) {
		page(p, "#/home")
		p.press("专区")
		p.see("还没有绑定专区")
		p.picture("none")
		p.press("绑定专区")
		p.press("云溪县公共资源交易平台")
		p.picture("bind")
		p.press("绑定")
		p.see("左滑或点右侧按钮解绑")
		run[bool](p, `(document.querySelector(".swipe").scrollLeft = 88, true)`)
		p.picture("swiped")
		p.press("解绑 云溪县公共资源交易平台")
		p.see("需要时可重新绑定")
		p.press("解绑")
		p.see("还没有绑定专区")
	})

	step("renew", func(t *testing.T, p *phone) {
		page(p, "#/certificates")
		p.press("新增证书")
		p.see("个人证书")
		p.picture("add")
		p.press("关闭")
		p.picture("certificates")
		p.press(phonetest.Hospital.Name)
		p.picture("certificate")
		p.press("续期")
		p.press("2 年")
		p.picture("years")
		p.press("提交申请")
		p.see("CA 审核中")
		decide(t)
		p.press("支付 200.00 元")
		p.press("微信支付")
		p.press("支付 200.00 元")
		p.see("待下载")
	})

	step("withdraw", func(t *testing.T, p *phone) {
		page(p, "#/personal")
		p.see("以本人名义申请")
		p.picture("personal")
		p.press("提交申请")
		p.see("CA 审核中")
		p.press("撤回申请")
		p.see("需要时可重新申请")
		p.press("撤回申请")
		p.see("已撤回")
	})

	step("join", func(t *testing.T, p *phone) {
		page(p, "#/join")
		p.fill("统一社会信用代码", "91330127MA2XKQ713A")
		p.press("查询企业")
		p.see("该企业尚未被认领")
		p.press("返回")
		p.fill("统一社会信用代码", phonetest.Hospital.USCC)
		p.press("查询企业")
		p.see("王*国")
		p.picture("found")
		p.press("提交申请") // by who is of it already
		p.see("当前状态不能进行此操作")
	})

	step("remove", func(t *testing.T, p *phone) {
		page(p, "#/staff")
		p.press(staffName)
		p.see("生效中 1 张")
		p.press("删除人员")
		p.see("将同时注销其持有的 1 张云溪县人民医院证书")
		p.picture("warning")
		p.press("删除人员")
		p.see("还没有办事人员")
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

	step("change", func(t *testing.T, p *phone) {
		page(p, "#/staff")
		p.press(phonetest.Hospital.Name)
		p.picture("organisation")
		p.press("变更企业信息")
		p.see("CA证书一经变更，不能恢复，无法解密原有文件！")
		p.picture("warning")
		p.press("我已知晓，继续变更")
		p.see("企业信息没有变化")
	})

	step("me", func(t *testing.T, p *phone) {
		page(p, "#/me")
		p.see("条未读")
		p.see("管理员 · " + phonetest.Hospital.Name)
		p.picture("top")
		p.press("消息")
		p.see("审核通过")
		p.picture("messages")
		page(p, "#/me")
		p.until("there are messages not read", `!document.body.innerText.includes("条未读")`)
		page(p, "#/bills")
		p.press("申请开票")
		p.press("认领企业")
		p.press("下一步")
		p.fill("接收邮箱", "caiwu@hospital.example")
		p.picture("invoice")
		p.press("申请开票 200.00 元")
		p.see("开具中")
		p.picture("invoices")
		page(p, "#/bills")
		p.see("已开票")
		p.picture("bills")
		page(p, "#/assistant")
		p.fill("您的问题", "换手机后证书怎么办")
		p.see("换手机或手机丢失怎么办？")
		p.see("400-998-0000")
		p.picture("assistant")
	})

	step("without a net", func(t *testing.T, p *phone) {
		run[bool](p, `(globalThis.net = fetch, globalThis.fetch = () => Promise.reject(new TypeError()), true)`)
		page(p, "#/invoices")
		p.see("无法连接服务")
		p.picture("failed-list")
		run[bool](p, `(globalThis.fetch = net, true)`)
		p.press("重试")
		p.see("开具中")
	})

	step("settings", func(t *testing.T, p *phone) {
		page(p, "#/me")
		p.press("设置")
		p.until("the line is not mended", `!document.body.innerText.includes("连接已中断")`)
		p.picture("list")
		p.press("清除缓存")
		p.see("登录状态不受影响")
		p.press("清除缓存")
		p.see("缓存已清除")
		page(p, "#/devices")
		p.see("本机")
		p.picture("devices")
		page(p, "#/settings")
		p.press("语言")
		p.see("Change phone number")
		p.picture("english")
		p.press("Log out")
		p.see("leaves the certificates on this phone")
		p.press("Log out")
		p.see("Log in")
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

// choose gives the page's file field a file.
func (p *phone) choose(name, kind, content string) {
	p.t.Helper()
	p.until("there is no field for files", `document.querySelector("input[type=file]") !== null`)
	run[bool](p, fmt.Sprintf(`(async () => {
		const files = new DataTransfer();
		files.items.add(new File([%s], %s, { type: %s }));
		const field = document.querySelector("input[type=file]");
		field.files = files.files;
		field.dispatchEvent(new Event("change", { bubbles: true }));
		return true;
	})()`, content, quote(name), quote(kind)))
}
