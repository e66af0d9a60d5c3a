package login

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sealdesk/ui/desk/platforms"
	"sealdesk/ui/desk/words"
)

// A platform's remote signing account is opened by its password, and offered as long as it is not open.
func TestTheRemoteAccountIsOpened(t *testing.T) {
	logins := 0
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		switch {
		case r.URL.Path == "/csc/v2/auth/login" && (user != "13812345678" || password != "right"):
			logins++
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"authentication_error"}`)
		case r.URL.Path == "/csc/v2/auth/login":
			logins++
			fmt.Fprint(w, `{"access_token":"token","expires_in":600}`)
		default:
			fmt.Fprint(w, `{"credentialIDs":[]}`)
		}
	}))
	t.Cleanup(service.Close)
	h, _ := chooserPage(t, words.Chinese, platforms.Profile{Name: "云台县公共资源交易平台", Address: "https://ggzy.yuntai.example.cn",
		CSC: service.URL + "/csc/v2", CSCAccount: "13812345678"})
	if !h.Says("远程证书：13812345678（" + strings.TrimPrefix(service.URL, "http://") + "）") {
		t.Fatalf("%q", h.Texts())
	}
	h.Fits()
	h.Picture("login-remote")
	h.Press("登录签名服务")
	h.Until("the dialog", func() bool { return len(h.Dialogs) == 1 && h.Says("请输入密码") })
	h.Type("wrong")
	h.Picture("login-remote-password")
	confirm := h.Button("登录签名服务")
	confirm.Tapped(nil)
	h.Until("the refusal", func() bool { return h.Says("没有接受此账号或密码") })
	h.Picture("login-remote-refused")
	if r, _ := h.Desk().Remote(); r.Open || logins != 1 {
		t.Errorf("open %v after %d logins", r.Open, logins)
	}
	h.Type("right")
	confirm.Tapped(nil)
	h.Until("it is open", func() bool { r, _ := h.Desk().Remote(); return r.Open && !h.Says("远程证书") })
	if len(h.Told) != 0 {
		t.Errorf("told %v", h.Told)
	}
}
