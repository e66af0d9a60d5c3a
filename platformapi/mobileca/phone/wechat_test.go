package phone

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/phonetest/handset"
	"sealdesk/platformapi/mobileca/wire"
)

// wechat agrees to every authorisation, with the state that it got or another one; its one person has the codes.
type wechat struct {
	url    string
	forged atomic.Bool
}

func (w *wechat) Authorise() string { return w.url + "/authorise?appid=a#wechat_redirect" }

func (w *wechat) Person(_ context.Context, code string) (string, error) {
	if !strings.HasPrefix(code, "granted") {
		return "", &mobileca.WeChatRefused{Reason: "invalid code"}
	}
	return "openid", nil
}

func startWeChat(t *testing.T) (w *wechat, change func(*mobileca.Config)) {
	t.Helper()
	var service string
	w = &wechat{}
	at := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		state := r.URL.Query().Get("state")
		if w.forged.Load() {
			state = "forged"
		}
		http.Redirect(rw, r, service+"/?"+url.Values{"code": {"granted" + state}, "state": {state}}.Encode(), http.StatusFound)
	}))
	t.Cleanup(at.Close)
	w.url = at.URL
	return w, func(c *mobileca.Config) { c.WeChat, service = w, c.Origins[0] }
}

// WeChat logs in once it is linked by number and code; a code that the phone did not ask for is not used, and a desktop's code
// that was scanned before is not lost on the way.
func TestWeChat(t *testing.T) {
	chat, change := startWeChat(t)
	w := startService(t, change)
	p := handset.Open(t)
	account := w.Phone(phonetest.Number).Me.Account
	w.Messages.Take(phonetest.Number)

	p.Step("link", func(t *testing.T, p *handset.Phone) {
		p.Open(w.URL + "/")
		p.Press("微信登录")
		p.See("此微信尚未关联账号")
		if address := handset.Run[string](p, "location.href"); strings.Contains(address, "granted") {
			t.Errorf("WeChat's code stays in the address: %s", address)
		}
		p.Picture("wechat-link")
		p.Fill("手机号", phonetest.Number)
		p.Press("获取验证码")
		p.Fill("验证码", handset.Message(t, w))
		p.Press("登录并关联微信")
		p.See("设置登录密码")
		p.Open(w.URL + "/")
		p.See("尚未实名认证")
		if me := p.API(http.MethodGet, "/me", nil); !strings.Contains(me, account) {
			t.Errorf("it is linked to another account: %s", me)
		}
	})

	second := handset.Open(t)
	second.Step("a code of somebody else's", func(t *testing.T, p *handset.Phone) {
		chat.forged.Store(true)
		p.Open(w.URL + "/")
		p.Press("微信登录")
		p.See("已忽略")
		p.Picture("wechat-strange")
		chat.forged.Store(false)
	})

	second.Step("log in with a scanned code", func(t *testing.T, p *handset.Phone) {
		d := pair(t, w, wire.PairSign)
		p.Open(d.QR())
		p.Picture("wechat")
		p.Press("微信登录")
		d.scanned()
		p.See(d.match)
		if me := p.API(http.MethodGet, "/me", nil); !strings.Contains(me, account) {
			t.Errorf("it logs in to another account: %s", me)
		}
	})
}
