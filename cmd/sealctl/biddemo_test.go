package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/cmd/internal/demo"
	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/token"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
	"sealdesk/ui/desk/hall"
)

// phoneBeside is the supplier's phone before the demo's terminal: it logs in with the code that the terminal shows, downloads its
// certificates, and takes every code that is drawn there.
type phoneBeside struct {
	ctx   context.Context
	mu    sync.Mutex
	seen  bytes.Buffer
	begun bool
	ready chan struct{}
	phone *phonetest.Phone
	asked []string
	errs  []error
	all   sync.WaitGroup
}

var (
	mobileLine = regexp.MustCompile(`移动 CA → (http://\S+?)（`)
	smsLine    = regexp.MustCompile(`验证码：([0-9]{6})`)
)

// Write is what the terminal shows.
func (h *phoneBeside) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen.Write(b)
	if at := mobileLine.FindSubmatch(h.seen.Bytes()); at != nil && !h.begun {
		h.begun = true
		h.all.Go(func() { h.note(h.logIn(string(at[1]))) })
	}
	if code := qrLine.Find(b); code != nil {
		text := string(code)
		h.all.Go(func() { h.note(h.take(text)) })
	}
	return len(b), nil
}

func (h *phoneBeside) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen.String()
}

func (h *phoneBeside) note(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.errs = append(h.errs, err)
	}
}

func (h *phoneBeside) logIn(address string) (err error) {
	defer close(h.ready)
	if h.phone, err = phonetest.NewPhone(&phonetest.Service{URL: address, Client: http.DefaultClient}); err != nil {
		return err
	}
	if err = h.phone.Call(h.ctx, http.MethodPost, "/codes", wire.CodeRequest{Phone: demo.MobileNumber2, Purpose: wire.CodeLogin}, nil); err != nil {
		return err
	}
	var code []string
	for code == nil && h.ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond)
		code = smsLine.FindStringSubmatch(h.String())
	}
	if code == nil {
		return h.ctx.Err()
	}
	if err = h.phone.Login(h.ctx, wire.LoginRequest{Phone: demo.MobileNumber2, Code: code[1]}); err != nil {
		return err
	}
	var list wire.ApplicationList
	if err = h.phone.Call(h.ctx, http.MethodGet, "/applications", nil, &list); err != nil {
		return err
	}
	if len(list.Items) == 0 {
		return errors.New("the phone has no application to download certificates for")
	}
	return h.phone.Download(h.ctx, list.Items[0].ID, phonetest.PIN)
}

// take scans a code, accepts and confirms what is asked then.
func (h *phoneBeside) take(code string) error {
	<-h.ready
	s, err := h.phone.Scan(h.ctx, code)
	if err != nil {
		return err
	}
	for match := ""; match == ""; time.Sleep(20 * time.Millisecond) {
		if h.ctx.Err() != nil {
			return h.ctx.Err()
		}
		match, _ = h.phone.Match(h.ctx, s.ID)
	}
	if _, err := h.phone.Accept(h.ctx, s.ID, nil); err != nil {
		return err
	}
	for after := int64(0); h.ctx.Err() == nil; {
		inbox, err := h.phone.Inbox(h.ctx, after, 2)
		if err != nil {
			return err
		}
		after = inbox.Version
		for _, r := range inbox.Items {
			h.mu.Lock()
			h.asked = append(h.asked, string(s.Kind))
			h.mu.Unlock()
			return h.phone.Approve(h.ctx, r.ID, phonetest.PIN)
		}
	}
	return h.ctx.Err()
}

// A tender, three bidders with a phone, a SoftHSM2 key with RSA and an SKF key with SM2, one after the deadline, the opening with one wrong key,
// the read-out and the signed record: from the terminal.
func TestBidDemo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	home := t.TempDir()
	work, conf, pin := filepath.Join(home, "work"), filepath.Join(home, "softhsm.conf"), filepath.Join(home, "pin")
	for path, text := range map[string]string{conf: "directories.tokendir = " + filepath.Join(home, "tokens") + "\n", pin: "246810\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(home, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	server, skf := softkeytest.Start(t, softkey.SKFLongmai)
	if _, err := server.Add(softkey.DeviceOptions{Label: "bidder", Serial: "BID1", PIN: []byte("246810")}); err != nil {
		t.Fatal(err)
	}
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.CommandContext(ctx, name, args...)
		c.Env = append(os.Environ(), "SOFTHSM2_CONF="+conf, "HOME="+home, "XDG_DATA_HOME="+filepath.Join(home, "data"), "XDG_CACHE_HOME="+sharedCache, "LC_ALL=zh_CN.UTF-8", "NO_COLOR=1")
		return c
	}
	hsm, usb := "pkcs11:token=bidder?pin-source=file:"+pin, "skf:module-path="+skf+";serial=BID1?pin-source=file:"+pin
	for _, c := range []*exec.Cmd{
		command("softhsm2-util", "--init-token", "--free", "--label", "bidder", "--pin", "246810", "--so-pin", "87654321"),
		command("sealctl", "token", "init", "--token", hsm, "--name", "皖北医疗设备有限公司", "--work", work, "--algorithm", "rsa"),
		command("sealctl", "token", "init", "--token", usb, "--name", "鲁南康健器械有限公司", "--work", work, "--algorithm", "sm2"),
	} {
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", c, err, out)
		}
	}
	phone := &phoneBeside{ctx: ctx, ready: make(chan struct{})}
	var out bytes.Buffer
	play := command("sealctl", "bid", "demo", "--work", work, "--phone", "--token", hsm, "--token2", usb, "--deadline", "45s", "--json")
	play.Stdout, play.Stderr = &out, phone
	if err := play.Run(); err != nil {
		t.Fatalf("%v\n%s\n%v", err, phone, phone.errs)
	}
	cancel()
	phone.all.Wait()
	var told bidDemoJSON
	if err := json.Unmarshal(out.Bytes(), &told); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	want := []bidDemoResult{
		{"华东医疗器械有限公司", "decrypted", 0, "3000000.00"}, {"皖北医疗设备有限公司", "decrypted", 0, "2980000.00"}, {"鲁南康健器械有限公司", "decrypted", 1, "3100000.00"},
	}
	if told.State != "ended" || !slices.Equal(told.Bids, want) {
		t.Errorf("%+v", told)
	}
	if !slices.Equal(phone.asked, []string{"login", "bid", "decrypt", "sign"}) || len(phone.errs) > 0 {
		t.Errorf("the phone was asked for %v: %v", phone.asked, phone.errs)
	}
	record, err := os.ReadFile(told.Record)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"鲁南康健器械有限公司", "3100000.00", "浙远影像技术有限公司", "请核对第一家报价的大写金额。"} {
		if !bytes.Contains(record, []byte(text)) {
			t.Errorf("the record does not say %s: %s", text, record)
		}
	}
	sum := sha256.Sum256(record)
	printed := strings.Join(strings.Fields(judge(t, "pdftotext", "-raw", told.Paper, "-")), "")
	for what, words := range map[string]string{"the record": hex.EncodeToString(sum[:]), "who was present": "现场签到", "who came too late": "试图递交", "what the host did": "开始解密，限时30分钟。"} {
		if !strings.Contains(printed, words) {
			t.Errorf("the paper does not say %s: %s", what, printed)
		}
	}
}

// Without keys of one's own the bidders have software keys, and each step is told.
func TestBidDemoTellsItsSteps(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	out := must(t, home, "bid", "demo", "--work", filepath.Join(home, "work"), "--deadline", "25s")
	at := 0
	for _, step := range []string{"正在", "一、招标", "二、投标", "回执 B", "三、开标", "递交被拒：投标截止时间已到", "公布投标人名单，共 3 家", "逾期递交", "远程签到", "现场签到", "四、解密", "插错密钥：皖江仪器设备有限公司", "五、唱标", "贰佰玖拾捌万元整", "提出异议", "主持人答复", "六、签名确认", "开标结束"} {
		i := strings.Index(out[at:], step)
		if i < 0 {
			t.Fatalf("%s is not told in its turn:\n%s", step, out)
		}
		at += i
	}
}

// nobody is a platform on which no bid waits, and an empty port.
type nobody struct {
	hall.Platform
	token.Driver
}

func (nobody) Tender(context.Context, string) (t platformapi.Tender, _ error) { return t, nil }
func (nobody) TenderBids(context.Context, string) ([]platformapi.Bid, error)  { return nil, nil }
func (nobody) Tokens(context.Context) ([]token.Token, error)                  { return nil, nil }

// A key that is asked for nothing has decrypted nothing.
func TestAnIdleKeyOpensNothing(t *testing.T) {
	play := bidPlay{a: &app{ctx: t.Context()}}
	err := play.plug(hall.NewRoom(nobody{}, "t"), &hand{driver: nobody{}})
	if !errors.Is(err, &hall.Error{Kind: hall.NotWaiting}) {
		t.Errorf("plugged in: %v", err)
	}
}
