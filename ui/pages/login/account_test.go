package login

import (
	"testing"
	"time"

	"sealdesk/ui/pages/bind"
	"sealdesk/ui/pages/internal/pagetest"
)

// An account logs in by its password, to the page where it binds certificates; a wrong one is told, and does not stay.
func TestAnAccountLogsIn(t *testing.T) {
	w := pagetest.NewWorld(t)
	w.AddAccount()
	h, p := opened(t, w)
	p.tabs.OnChanged(2)
	p.tabs.Choose(2)
	h.Settle(50 * time.Millisecond)
	h.Fits()
	h.Picture("login-account")
	a := p.account
	if a.enter.Reason() == "" {
		t.Error("nothing can be entered")
	}
	a.name.SetText(pagetest.Account)
	a.password.SetText("wrong")
	a.login()
	h.Until("it is told", func() bool { return h.Says("账号或密码不正确") })
	if a.password.Text() != "" {
		t.Error("the wrong password stays")
	}
	h.Picture("login-account-wrong")
	a.password.SetText(pagetest.Password)
	a.login()
	h.Until("the page", func() bool { _, ok := h.Top().(*bind.Page); return ok })
	if h.Session() != nil {
		t.Error("an account works as a party")
	}
}
