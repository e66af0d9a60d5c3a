package phone

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/phonetest/handset"
	"sealdesk/platformapi/mobileca/wire"
)

// What people of an organisation do on their phones after its first certificate: one joins and is authorised, the organisation
// gets another name, a certificate is applied for anew, the administration and the number go to others (the manual's 1.5 to 1.14).
func TestAnOrganisationChanges(t *testing.T) {
	const newName, newNumber, newPassword = "云溪县第一人民医院", "13800001234", "battery staple 2"
	w := startService(t)
	boss, clerk := handset.Open(t), handset.Open(t)
	page := func(p *handset.Phone, hash string) {
		p.T.Helper()
		handset.Run[bool](p, fmt.Sprintf(`(location.hash = %s, true)`, handset.Quote(hash)))
	}
	message := func(p *handset.Phone, number string) (code string) {
		p.T.Helper()
		if !handset.Comes(func() bool { code = w.Messages.Take(number); return code != "" }) {
			p.Fail(fmt.Errorf("no short message came to %s", number))
		}
		w.Clock.Add(time.Minute)
		return code
	}
	// me is what the service knows of a phone's person.
	me := func(t *testing.T, p *handset.Phone) (v wire.Me) {
		t.Helper()
		if err := json.Unmarshal([]byte(p.API(http.MethodGet, "/me", nil)), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	role := func(t *testing.T, p *handset.Phone) wire.Role {
		t.Helper()
		v := me(t, p)
		if len(v.Organisations) != 1 {
			t.Fatalf("of %d organisations", len(v.Organisations))
		}
		return v.Organisations[0].Role
	}

	boss.Step("claimed", func(t *testing.T, p *handset.Phone) {
		p.Open(w.URL + "/")
		p.LogIn(w)
		p.Press("以后再说")
		p.Certify()
		p.Open(w.URL + "/")
		p.Download(pin)
		p.Press("返回首页")
	})

	clerk.Step("join", func(t *testing.T, p *handset.Phone) {
		p.Open(w.URL + "/")
		p.Fill("手机号", staffNumber)
		p.Press("获取验证码")
		p.Fill("验证码", message(p, staffNumber))
		p.Press("登录")
		p.Press("以后再说")
		p.Press("去认证")
		p.Press("支付宝认证")
		p.Fill("姓名", staffName)
		p.Fill("身份证号", staffID)
		p.Press("提交认证")
		p.See("实名认证已完成")
		p.Press("立即申请证书")
		p.Press("加入企业并申领企业证书")
		p.Fill("统一社会信用代码", phonetest.Hospital.USCC)
		p.Press("查询企业")
		p.See(phonetest.Hospital.Name)
		p.Press("提交申请")
		p.See("管理员审核中")
		p.Picture("waiting")
	})

	boss.Step("let in", func(t *testing.T, p *handset.Phone) {
		page(p, "#/reviews")
		p.Press(staffName)
		p.Press("通过")
		p.See("没有待审核的申请")
	})

	clerk.Step("joined", func(t *testing.T, p *handset.Phone) {
		p.See("待下载")
		p.Download(pin)
		p.Press("返回首页")
		p.See("剩 ")
		if r := role(t, p); r != wire.RoleStaff {
			t.Errorf("who joined is %s", r)
		}
	})

	boss.Step("authorise by platform", func(t *testing.T, p *handset.Phone) {
		page(p, "#/authorisations")
		p.Press("新增授权")
		p.Press(staffName)
		p.Press("下一步")
		p.Press("云溪县公共资源交易平台")
		p.Press("下一步")
		p.Press("确认授权")
		p.See("生效中的授权")
		page(p, "#/authorisations")
		p.See("生效中 1 项")
		p.Press("云溪县公共资源交易平台")
		p.See(staffName)
		p.Picture("platform")
		p.Press("删除授权：" + staffName)
		p.Press("终止授权")
		p.See("历史授权记录")
	})

	boss.Step("another certificate", func(t *testing.T, p *handset.Phone) {
		page(p, "#/certificates")
		p.Press("新增证书")
		p.Press("企业证书")
		p.See("为本人新增一张企业证书")
		p.Press("提交申请")
		p.See("待下载")
		p.Download(pin)
		p.Press("返回首页")
	})

	boss.Step("edit a seal", func(t *testing.T, p *handset.Phone) {
		page(p, "#/seals")
		p.Press("新增印章")
		p.Press("保存印章")
		p.Do(chromedp.WaitVisible(".seals"))
		p.Press("合同专用章")
		p.See("编辑印章")
		p.Press("公章")
		p.Fill("印章名称", "医院公章")
		p.Press("保存印章")
		p.See("医院公章")
	})

	boss.Step("change the name", func(t *testing.T, p *handset.Phone) {
		page(p, "#/change")
		p.Press("我已知晓，继续变更")
		p.Fill("单位名称", newName)
		p.Press("下一步")
		p.ChooseFile("营业执照.png", "image/png", photograph)
		p.See("营业执照.jpg")
		p.Press("提交变更申请")
		p.See("待下载")
		p.Download(pin)
		p.Press("返回首页")
		p.See(newName)
		page(p, "#/certificates")
		p.Press("已失效")
		p.See("已注销")
		p.See(phonetest.Hospital.Name)
		p.Picture("ended")
	})

	boss.Step("apply anew", func(t *testing.T, p *handset.Phone) {
		p.Press(phonetest.Hospital.Name)
		p.Press("重新申请")
		p.See("不能解密用原证书加密的文件")
		p.See(newName)
		p.Picture("anew")
		p.Press("提交申请")
		p.See("待下载")
		p.Download(pin)
		p.Press("返回首页")
	})

	boss.Step("hand over", func(t *testing.T, p *handset.Phone) {
		page(p, "#/staff")
		p.Press(staffName)
		p.Press("转授管理员")
		p.Press("获取验证码")
		p.Fill("验证码", "000000")
		p.Press("确认转授")
		p.See("验证码不正确")
		p.Fill("验证码", message(p, phonetest.Number))
		p.Press("确认转授")
		p.See("管理员已转授")
		if a, b := role(t, p), role(t, clerk); a != wire.RoleStaff || b != wire.RoleAdministrator {
			t.Errorf("now %s and %s", a, b)
		}
	})

	boss.Step("number and password", func(t *testing.T, p *handset.Phone) {
		page(p, "#/phone-number")
		p.Press("获取验证码")
		p.Fill("验证码", message(p, phonetest.Number))
		p.Press("下一步")
		p.Fill("新手机号", newNumber)
		p.Press("获取验证码")
		p.Fill("验证码", message(p, newNumber))
		p.Press("确认更换")
		p.See("手机号已更换")
		page(p, "#/password-change")
		p.Press("获取验证码")
		p.Fill("验证码", message(p, newNumber))
		p.Fill("新密码", newPassword)
		p.Fill("再输入一次", newPassword)
		p.Press("修改密码")
		p.See("登录密码已设置")
		page(p, "#/me")
		p.See("办事人员 · ")
		if v := me(t, p); v.Phone != "138****1234" || !v.HasPassword {
			t.Errorf("%+v", v)
		}
		page(p, "#/settings")
		p.Press("退出登录")
		p.Press("退出登录")
		p.Press("密码登录")
		p.Fill("手机号", newNumber)
		p.Fill("登录密码", newPassword)
		p.Press("登录")
		p.See("开始扫码")
	})
}
