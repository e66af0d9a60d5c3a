package login

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/keycard"
	"sealdesk/ui/pages/verifyfile"
)

// opened shows the page with its keys.
func opened(t *testing.T, w *pagetest.World) (*pagetest.Host, *Page) {
	t.Helper()
	h := pagetest.NewHost(t, w.Desk, nil)
	p := New(h, nil)
	h.Open(p)
	h.Until("the keys", func() bool { return len(p.keys) > 0 })
	return h, p
}

// enter types a PIN, presses Enter, and waits for what comes of it.
func enter(h *pagetest.Host, p *Page, pin string) {
	h.Type(pin)
	p.login()
	h.Until("the answer", func() bool {
		return p.enter.Reason() != "" && !p.pin.Disabled() || h.Session() != nil || len(h.Asked) > 0
	})
}

func chosen(t *testing.T, p *Page) desk.Key {
	t.Helper()
	k, ok := p.key()
	if !ok {
		t.Fatal("no key is chosen")
	}
	return k
}

func TestTheRightPINLogsIn(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	h.Fits()
	if len(p.list.Objects) != 2 || !h.Says("云台县第一人民医院") || !h.Says("ECDSA") {
		t.Errorf("the keys: %q", h.Texts())
	}
	if why := p.enter.Reason(); why == "" {
		t.Error("an empty PIN can be entered")
	}
	p.remember.Set(true)
	k := chosen(t, p)
	enter(h, p, pagetest.PIN)
	h.Until("the session", func() bool { return h.Session() != nil })
	defer h.Session().Close()
	if h.Session().Key().URI != k.URI || w.Desk.RememberedKey() != k.URI {
		t.Errorf("logged in with %s, remembered %s", h.Session().Key().URI, w.Desk.RememberedKey())
	}
	if p.pin.Len() != 0 {
		t.Error("the PIN stays on the page")
	}
}

func TestAWrongPINSaysHowManyTriesAreLeft(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	enter(h, p, "000000")
	h.Until("the tries read anew", func() bool { return chosen(t, p).Tries == pagetest.Tries-1 })
	if h.Session() != nil || !h.Says("PIN 码不正确") || !h.Says("还可以再试 2 次") {
		t.Errorf("%q", h.Texts())
	}
	if p.pin.Len() != 0 {
		t.Error("the wrong PIN stays in the field")
	}
	if got := p.tries.Text(); !strings.Contains(got, "2") {
		t.Errorf("tries: %q", got)
	}
	h.Fits()
	h.Settle(100 * time.Millisecond)
	if got := chosen(t, p).Tries; got != pagetest.Tries-1 {
		t.Errorf("the page itself spent a try: %d left", got)
	}
}

func TestTheLastTryAsksFirst(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	for left := pagetest.Tries - 1; left > 0; left-- {
		enter(h, p, "000000")
		h.Until("the tries", func() bool { return chosen(t, p).Tries == left })
		if warned := h.Says("再错一次密钥就会锁定"); warned != (left == 1) {
			t.Errorf("%d left, the lock is told of: %v", left, warned)
		}
	}
	enter(h, p, pagetest.PIN)
	if len(h.Asked) != 1 || !h.Asked[0].Danger || h.Asked[0].Confirm == "" || h.Session() != nil {
		t.Fatalf("asked %+v", h.Asked)
	}
	if !strings.Contains(h.Asked[0].Body, chosen(t, p).Owner) {
		t.Errorf("it does not say whose key: %q", h.Asked[0].Body)
	}
	h.Settle(100 * time.Millisecond)
	if got := chosen(t, p).Tries; got != 1 {
		t.Fatalf("asking cost the last try: %d", got)
	}
	h.Asked[0].Yes()
	h.Until("the session", func() bool { return h.Session() != nil })
	h.Session().Close()
}

func TestALockedKeyCannotBeTried(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	k := chosen(t, p)
	for range pagetest.Tries {
		_, _ = w.Desk.Login(t.Context(), desk.LoginRequest{Key: k, PIN: []byte("000000"), LastTry: true})
	}
	h.Press("重新检测")
	h.Until("the lock", func() bool { return chosen(t, p).Locked })
	if p.enter.Reason() == "" || !h.Says(p.host.Words().T("login.locked_do")) {
		t.Errorf("%q", h.Texts())
	}
	h.Type(pagetest.PIN)
	p.login()
	h.Settle(100 * time.Millisecond)
	if h.Session() != nil || len(h.Asked) > 0 || p.pin.Len() == 0 {
		t.Error("it was tried")
	}
	h.Fits()
}

// A key that cannot be used stands there with its reasons, and cannot be chosen.
func TestAnUnfitKeyStandsThereWithItsReason(t *testing.T) {
	w := pagetest.NewWorld(t)
	now := time.Now()
	owner := ca.Subject{Name: "过期单位"}
	w.MakeKey(soft.Options{Label: "0", Subject: owner, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(0, 0, -1)})
	soon := now.AddDate(0, 0, 30).Add(time.Hour)
	w.MakeKey(soft.Options{Label: "1", Subject: ca.Subject{Name: "快到期单位"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: soon})
	h, p := opened(t, w)
	if len(p.list.Objects) != 4 || !h.Says("证书已于 "+now.AddDate(0, 0, -1).Format(time.DateOnly)+" 过期") {
		t.Errorf("%q", h.Texts())
	}
	if !h.Says(p.host.Words().T("login.until_soon", "date", soon.Format(time.DateOnly), "days", 30)) {
		t.Errorf("the end that is near is not told: %q", h.Texts())
	}
	was := chosen(t, p)
	test.Tap(p.list.Objects[3].(*keycard.Card))
	if chosen(t, p).URI != was.URI {
		t.Error("it was chosen")
	}
	test.Tap(p.list.Objects[1].(*keycard.Card))
	if chosen(t, p).URI == was.URI {
		t.Error("another key cannot be chosen")
	}
	h.Fits()
}

// With keys that cannot be used alone there is nothing to press, and the reason stands at the button.
func TestWithoutAUsableKeyTheButtonSaysWhy(t *testing.T) {
	w := pagetest.NewWorld(t)
	pagetest.Must(t, os.RemoveAll(w.Keys()))
	now := time.Now()
	w.MakeKey(soft.Options{Label: "0", Subject: ca.Subject{Name: "过期单位"},
		NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(0, 0, -1)})
	h, p := opened(t, w)
	if _, ok := p.key(); ok || p.enter.Reason() != "请到 CA 服务网点办理证书更新。" {
		t.Errorf("one certificate that has ended: %q", p.enter.Reason())
	}
	if !h.Says("仍可验证文件、解密以前的投标文件") {
		t.Errorf("it is not said what still can be done: %q", h.Texts())
	}
	if !p.pin.Disabled() {
		t.Error("a PIN can be typed for no key")
	}
	h.Fits()
	h.Picture("login-ended")
	w.MakeKey(soft.Options{Label: "1", Subject: ca.Subject{Name: "未到期单位"},
		NotBefore: now.AddDate(0, 0, 1), NotAfter: now.AddDate(1, 0, 0)})
	h.Press("重新检测")
	h.Until("both keys", func() bool {
		return len(p.keys) == 2 && p.enter.Reason() == "没有可以登录的证书，原因见上方"
	})
	w.MakeKey(soft.Options{Label: "2", Subject: ca.Subject{Name: "有效单位"}})
	h.Press("重新检测")
	h.Until("a key that fits", func() bool { return p.chosen >= 0 })
	if h.Type("1"); p.pin.Len() != 1 {
		t.Error("its PIN cannot be typed")
	}
	h.Press("不登录，只验证文件")
	if !slices.Contains(h.Homes, verifyfile.Nav) {
		t.Errorf("no file can be verified without a key: %q", h.Homes)
	}
}

// No key, then one that is plugged in; and a driver that fails.
func TestWithoutAKeyOneCanLookAgain(t *testing.T) {
	w := pagetest.NewWorld(t)
	pagetest.Must(t, os.Rename(w.Keys(), w.Keys()+".out"))
	h := pagetest.NewHost(t, w.Desk, nil)
	p := New(h, nil)
	h.Open(p)
	h.Until("the sentence", func() bool { return h.Says(p.host.Words().T("login.no_key")) })
	if p.enter.Reason() == "" {
		t.Error("one can log in without a key")
	}
	h.Fits()
	pagetest.Must(t, os.Rename(w.Keys()+".out", w.Keys()))
	h.Press("重新检测")
	h.Until("the keys", func() bool { return len(p.keys) == 2 })
}

func TestADriverThatFailsIsToldAndTriedAgain(t *testing.T) {
	w := pagetest.NewWorld(t)
	d := &broken{err: token.ErrTimeout}
	own, err := desk.Open(t.Context(), desk.Config{
		Words: w.Desk.Words(), Folders: desk.Folders{Data: t.TempDir(), Cache: t.TempDir()}, Drivers: []token.Driver{d},
	})
	pagetest.Must(t, err)
	defer own.Close()
	h := pagetest.NewHost(t, own, nil)
	p := New(h, nil)
	h.Open(p)
	h.Until("the trouble", func() bool { return h.Says("密钥没有在规定时间内响应") })
	h.Fits()
	d.err = nil
	h.Press("重试")
	h.Until("no key", func() bool { return h.Says(p.host.Words().T("login.no_key")) })
}

// broken is a driver whose library fails.
type broken struct {
	token.Driver
	err error
}

func (b *broken) Tokens(context.Context) ([]token.Token, error) { return nil, b.err }

// The platform away is told where the PIN was typed, and the right PIN cost nothing.
func TestAPlatformThatIsAwayIsTold(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	w.Away(true)
	enter(h, p, pagetest.PIN)
	h.Until("the trouble", func() bool { return h.Says("连不上交易平台") })
	if got := chosen(t, p).Tries; got != pagetest.Tries {
		t.Errorf("it cost a try: %d", got)
	}
	w.Away(false)
	p.pin.Focus()
	enter(h, p, pagetest.PIN)
	h.Until("the session", func() bool { return h.Session() != nil })
	h.Session().Close()
}

// A PIN typed for a key that is pulled out is not tried at the one that is chosen then; one whose key stays is kept.
func TestAPINIsForTheKeyItWasTypedFor(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	keys := p.keys
	h.Type("123")
	p.fill(append(keys[1:], keys[0]))
	if k := chosen(t, p); k.URI != keys[0].URI || p.pin.Len() != 3 {
		t.Errorf("the key stayed, and of its PIN %d digits are left", p.pin.Len())
	}
	p.fill(keys[1:])
	if k := chosen(t, p); k.URI == keys[0].URI || p.pin.Len() != 0 {
		t.Errorf("%d digits typed for one key stand there for another", p.pin.Len())
	}
}

// Of several keys the remembered one is chosen, or the first; one that is locked only where no other can be used, or where the person
// chose it.
func TestALockedKeyIsChosenLast(t *testing.T) {
	w := pagetest.NewWorld(t)
	_, p := opened(t, w)
	keys := slices.Clone(p.keys)
	locked := slices.Clone(keys)
	locked[0].Locked = true
	both := slices.Clone(locked)
	both[1].Locked = true
	for _, tt := range []struct {
		name   string
		was    int
		wanted string // by what is remembered
		keys   []desk.Key
		want   int
	}{
		{"the first", -1, "", keys, 0},
		{"the remembered one", -1, keys[1].URI, keys, 1},
		{"not the locked one", -1, "", locked, 1},
		{"not the remembered one that is locked", -1, keys[0].URI, locked, 1},
		{"both are locked", -1, "", both, 0},
		{"the chosen one that is locked", 0, "", locked, 0},
	} {
		p.keys, p.chosen, p.prefer = tt.keys, tt.was, func(k desk.Key) bool { return k.URI == tt.wanted }
		p.fill(tt.keys)
		if p.chosen != tt.want {
			t.Errorf("%s: %d", tt.name, p.chosen)
		}
	}
}

// A login goes on when the page is shown anew meanwhile, as F5 does and a key that comes.
func TestALoginOutlastsShowingThePageAnew(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	letGo := w.Hold()
	defer letGo()
	h.Type(pagetest.PIN)
	p.login()
	h.Open(p)
	letGo()
	late := time.Now().Add(20 * time.Second)
	h.Until("the session", func() bool { return h.Session() != nil || time.Now().After(late) })
	if h.Session() == nil {
		t.Fatalf("nothing came of the login, and of the page: %q", h.Texts())
	}
	h.Session().Close()
}

// A session that comes after the page went away is nobody's, and is closed.
func TestASessionThatComesTooLateIsClosed(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	late := w.Buyer()
	begin(p.life, p.host, func(context.Context) (*desk.Session, error) { return late, nil }, func(*desk.Session, error) { t.Error("a page that is gone was told") })
	p.Leave()
	h.Until("the end of the session", late.Closed)
}
