package handset

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
)

// LogIn logs in with the number of the tests' person and the code that comes to it.
func (p *Phone) LogIn(w *phonetest.World) {
	p.T.Helper()
	p.Fill("手机号", phonetest.Number)
	p.Press("获取验证码")
	p.Fill("验证码", Message(p.T, w))
	p.Press("登录")
}

// Message waits for the code that the phone asked for. Another can be asked for at once, by the world's clock.
func Message(t *testing.T, w *phonetest.World) (code string) {
	t.Helper()
	if !Comes(func() bool { code = w.Messages.Take(phonetest.Number); return code != "" }) {
		t.Fatal("no short message came")
	}
	w.Clock.Add(time.Minute)
	return code
}

// Certify has the person checked, and the hospital's certificates granted: they are to be downloaded then.
func (p *Phone) Certify() {
	p.T.Helper()
	p.API(http.MethodPost, "/identity", wire.IdentityRequest{Method: wire.IdentityCFCA, Name: phonetest.Name, IDNumber: phonetest.IDNumber})
	p.API(http.MethodPost, "/applications", wire.ApplicationRequest{Kind: wire.ApplyClaim, Data: phonetest.Hospital})
	if !Comes(func() bool {
		return strings.Contains(p.API(http.MethodGet, "/applications", nil), string(wire.ApplicationToDownload))
	}) {
		p.T.Fatal("the application is not granted")
	}
}

// Download makes the keys that Certify was granted, under a PIN, on the page that it leads to. It gives the code to recover them.
func (p *Phone) Download(pin string) []string {
	p.T.Helper()
	p.Press("下载证书")
	p.Press("设置 PIN 码并下载")
	p.EnterPIN(pin, "下一步")
	p.EnterPIN(pin, "生成密钥并下载")
	code := p.RecoveryCode()
	p.See("证书已下载到本机")
	return code
}
