package login

import (
	"strings"
	"testing"
	"time"

	"sealdesk/ui/pages/internal/pagetest"
)

// The session that was left open is offered when the program starts again, and goes on without a PIN.
func TestTheLastLoginGoesOn(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	if !p.keep.On() || !h.Says("记住登录状态") || h.Says("继续上次的登录") {
		t.Fatalf("before any login: %q", h.Texts())
	}
	k := chosen(t, p)
	enter(h, p, pagetest.PIN)
	h.Until("the session", func() bool { return h.Session() != nil })
	h.Session().Close()
	w.Restart()

	h, p = opened(t, w)
	h.Until("the offer", func() bool { return h.Says("继续上次的登录") })
	if text := strings.Join(h.Texts(), ""); !strings.Contains(text, k.Owner+"，"+k.Person) || !strings.Contains(text, "前有效") {
		t.Errorf("the offer does not tell whose it is and until when: %q", h.Texts())
	}
	h.Settle(100 * time.Millisecond)
	h.Fits()
	h.Picture("login-kept")
	h.Press("继续")
	h.Until("the session", func() bool { return h.Session() != nil })
	if got := h.Session().Key(); got.URI != k.URI || p.pin.Len() != 0 {
		t.Errorf("it is the session of %+v", got)
	}
	if err := h.Session().Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Restart()
	h, _ = opened(t, w)
	h.Settle(100 * time.Millisecond)
	if h.Says("继续上次的登录") {
		t.Error("it is offered after the log-out")
	}
}

func TestALoginThatIsNotKeptIsNotOffered(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	p.keep.Set(false)
	enter(h, p, pagetest.PIN)
	h.Until("the session", func() bool { return h.Session() != nil })
	h.Session().Close()
	w.Restart()
	h, p = opened(t, w)
	h.Settle(100 * time.Millisecond)
	if h.Says("继续上次的登录") || p.keep.On() {
		t.Errorf("%q, the choice is %v", h.Texts(), p.keep.On())
	}
}

// What ended on the platform meanwhile is said to be over, and not offered any more.
func TestALoginThatIsOverIsTold(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	enter(h, p, pagetest.PIN)
	h.Until("the session", func() bool { return h.Session() != nil })
	h.Session().Close()
	w.Restart()
	h, _ = opened(t, w)
	h.Until("the offer", func() bool { return h.Says("继续上次的登录") })
	w.EndSessions()
	h.Press("继续")
	h.Until("the word", func() bool { return h.Says("上次的登录已失效") && !h.Says("继续上次的登录") })
	h.Picture("login-over")
	if h.Session() != nil {
		t.Error("it goes on")
	}
}
