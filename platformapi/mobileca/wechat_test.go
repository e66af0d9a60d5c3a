package mobileca_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
)

const authorisation = "https://wechat.example/authorise?appid=a&redirect_uri=b#wechat_redirect"

// wechat is a WeChat: its codes are good once.
type wechat struct {
	mu    sync.Mutex
	codes map[string]string // whom they name
	asked int
	down  error
}

func (w *wechat) Authorise() string { return authorisation }

func (w *wechat) Person(_ context.Context, code string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	person, ok := w.codes[code]
	delete(w.codes, code)
	switch {
	case w.down != nil:
		return "", w.down
	case !ok:
		return "", &mobileca.WeChatRefused{Reason: "invalid code"}
	}
	return person, nil
}

func (w *wechat) give(code, person string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.codes[code] = person
	return code
}

// wechatWorld is a service that WeChat logs in to, and a function that makes a phone without an account.
func wechatWorld(t *testing.T) (*phonetest.World, *wechat, func() *phonetest.Phone) {
	t.Helper()
	chat := &wechat{codes: map[string]string{}}
	w := phonetest.NewWorld(t, func(c *mobileca.Config) { c.WeChat = chat })
	return w, chat, func() *phonetest.Phone {
		p, err := phonetest.NewPhone(w.Service)
		must(t, err)
		return p
	}
}

func loginCode(t *testing.T, w *phonetest.World, number string) string {
	t.Helper()
	w.Clock.Add(61 * time.Second)
	code, err := w.SendCode(t.Context(), number, wire.CodeLogin)
	must(t, err)
	return code
}

// Only a service that WeChat logs in to says where that begins.
func TestWeChatIsOffered(t *testing.T) {
	_, _, phone := wechatWorld(t)
	if info := get[wire.Info](t, phone(), "/info"); info.WechatURL != authorisation {
		t.Errorf("it begins at %q", info.WechatURL)
	}
	w := phonetest.NewWorld(t)
	p, err := phonetest.NewPhone(w.Service)
	must(t, err)
	if info := get[wire.Info](t, p, "/info"); info.WechatURL != "" {
		t.Errorf("without WeChat it begins at %q", info.WechatURL)
	}
	wants(t, "WeChat beside a number and its code", p.Login(t.Context(), wire.LoginRequest{Phone: phonetest.Number, Code: "123456", Wechat: "x"}), "mca.login_unknown")
}

// An identity that is nobody's is linked by a number and its code, with the WeChat code that was refused before; from then on
// it logs in alone, on any phone.
func TestWeChatIsLinked(t *testing.T) {
	ctx := t.Context()
	w, chat, phone := wechatWorld(t)
	account := w.Phone(phonetest.Number).Me.Account
	p := phone()
	code := chat.give("c1", "王建国")
	for range 2 {
		wants(t, "an identity that is nobody's", p.Login(ctx, wire.LoginRequest{Wechat: code}), "mca.wechat_unknown")
	}
	wants(t, "a wrong code beside it", p.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Code: "000000", Wechat: code}), "mca.code_wrong")
	must(t, p.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Code: loginCode(t, w, phonetest.Number), Wechat: code}))
	if p.Me.Account != account {
		t.Errorf("it is linked to %s, want %s", p.Me.Account, account)
	}
	if chat.asked != 1 {
		t.Errorf("WeChat was asked %d times for one code", chat.asked)
	}
	must(t, p.Call(ctx, http.MethodGet, "/me", nil, nil))

	other := phone()
	must(t, other.Login(ctx, wire.LoginRequest{Wechat: chat.give("c2", "王建国")}))
	if other.Me.Account != account || other.Number != phonetest.Number || p.Number != "" {
		t.Errorf("WeChat logs in to %s (%s), want %s; beside a number that one is told: %q", other.Me.Account, other.Number, account, p.Number)
	}
	wants(t, "a code that was used", other.Login(ctx, wire.LoginRequest{Wechat: "c2"}), "mca.wechat_refused")
	wants(t, "a code that linked", p.Login(ctx, wire.LoginRequest{Wechat: code}), "mca.wechat_refused")
}

// A number without an account gets one that has WeChat's identity.
func TestWeChatRegisters(t *testing.T) {
	ctx := t.Context()
	w, chat, phone := wechatWorld(t)
	p, q := phone(), phone()
	must(t, p.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Code: loginCode(t, w, phonetest.Number), Wechat: chat.give("c1", "王建国")}))
	must(t, q.Login(ctx, wire.LoginRequest{Wechat: chat.give("c2", "王建国")}))
	if p.Me.Account == "" || p.Me.Account != q.Me.Account {
		t.Errorf("accounts %q and %q", p.Me.Account, q.Me.Account)
	}
}

// A WeChat code is good for the phone that showed it first, once, for ten minutes.
func TestWeChatCodes(t *testing.T) {
	ctx := t.Context()
	w, chat, phone := wechatWorld(t)
	p, thief := phone(), phone()
	wants(t, "a code that WeChat does not know", p.Login(ctx, wire.LoginRequest{Wechat: "made-up"}), "mca.wechat_refused")
	code := chat.give("c1", "王建国")
	wants(t, "an identity that is nobody's", p.Login(ctx, wire.LoginRequest{Wechat: code}), "mca.wechat_unknown")
	sms := loginCode(t, w, "13700000000")
	wants(t, "another phone's code", thief.Login(ctx, wire.LoginRequest{Phone: "13700000000", Code: sms, Wechat: code}), "mca.wechat_refused")
	must(t, thief.Login(ctx, wire.LoginRequest{Phone: "13700000000", Code: sms})) // it was not used up
	for what, r := range map[string]wire.LoginRequest{
		"with a password": {Phone: phonetest.Number, Password: "correct horse", Wechat: code},
		"with a number":   {Phone: phonetest.Number, Wechat: code},
		"with a code":     {Code: "123456", Wechat: code},
	} {
		wants(t, what, p.Login(ctx, r), "mca.login_unknown")
	}
	sms = loginCode(t, w, phonetest.Number)
	w.Clock.Add(10 * time.Minute)
	wants(t, "a code after its time", p.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Code: sms, Wechat: code}), "mca.wechat_refused")
	chat.down = errors.New("no route")
	wants(t, "WeChat is away", p.Login(ctx, wire.LoginRequest{Wechat: "c2"}), "platform.unavailable")
	chat.down = nil
	wants(t, "a code that names nobody", p.Login(ctx, wire.LoginRequest{Wechat: chat.give("c3", "")}), "platform.unavailable")
}

// An identity belongs to one account; an account's is changed by linking another one.
func TestWeChatBelongsToOne(t *testing.T) {
	ctx := t.Context()
	w, chat, phone := wechatWorld(t)
	link := func(number, code, person string) (*phonetest.Phone, string, error) {
		p, sms := phone(), loginCode(t, w, number)
		return p, sms, p.Login(ctx, wire.LoginRequest{Phone: number, Code: sms, Wechat: chat.give(code, person)})
	}
	p, _, err := link(phonetest.Number, "c1", "王建国")
	must(t, err)
	other, sms, err := link("13700000000", "c2", "王建国")
	wants(t, "another account's", err, "mca.wechat_taken")
	must(t, other.Login(ctx, wire.LoginRequest{Phone: "13700000000", Code: sms})) // it was not used up
	_, _, err = link("13700000000", "c3", "王建国")
	wants(t, "another account's, with an account", err, "mca.wechat_taken")
	_, _, err = link(phonetest.Number, "c4", "王建国")
	must(t, err) // its own again
	again, _, err := link(phonetest.Number, "c5", "王建国的新微信")
	must(t, err)
	if again.Me.Account != p.Me.Account {
		t.Errorf("the account is %s, was %s", again.Me.Account, p.Me.Account)
	}
	wants(t, "the identity before", phone().Login(ctx, wire.LoginRequest{Wechat: chat.give("c6", "王建国")}), "mca.wechat_unknown")

	// Many at once: one number gets it.
	codes := map[string]string{}
	numbers := []string{"13600000001", "13600000002", "13600000003", "13600000004"}
	for _, n := range numbers {
		codes[n] = loginCode(t, w, n)
	}
	var all sync.WaitGroup
	var linked sync.Map
	for i, n := range numbers {
		p, code := phone(), chat.give("m"+n, "众人")
		all.Go(func() {
			err := p.Login(ctx, wire.LoginRequest{Phone: n, Code: codes[n], Wechat: code})
			if err == nil {
				linked.Store(i, true)
			} else if phonetest.Code(err) != "mca.wechat_taken" {
				t.Errorf("%s: %v", n, err)
			}
		})
	}
	all.Wait()
	count := 0
	linked.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d accounts have one identity", count)
	}
}
