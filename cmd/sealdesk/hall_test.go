package main

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	goqr "github.com/piglig/go-qr"

	"sealdesk/cmd/internal/demo"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/signer/bid"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/libraries"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
	"sealdesk/token/uri"
	"sealdesk/ui/desk/amount"
)

// The bidders of the opening beside the demo's supplier.
var (
	hsmBidder = ca.Subject{Name: "皖北医疗设备有限公司", USCC: demo.Invented("皖北医疗设备有限公司"), Handler: "孙丽"}
	usbBidder = ca.Subject{Name: "鲁南康健器械有限公司", USCC: demo.Invented("鲁南康健器械有限公司"), Handler: "周凯"}
)

// console keeps what the mobile CA shows.
type console struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.Write(b)
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.String()
}

var smsCode = regexp.MustCompile(`验证码：([0-9]{6})`)

// supplierPhone is a phone with the supplier's certificates.
func supplierPhone(t *testing.T, w *demo.World, seen *console) *phonetest.Phone {
	t.Helper()
	ctx := t.Context()
	p, err := phonetest.NewPhone(&phonetest.Service{URL: w.MobileCA, Client: http.DefaultClient})
	ok(t, err)
	ok(t, p.Call(ctx, http.MethodPost, "/codes", wire.CodeRequest{Phone: demo.MobileNumber2, Purpose: wire.CodeLogin}, nil))
	ok(t, p.Login(ctx, wire.LoginRequest{Phone: demo.MobileNumber2, Code: smsCode.FindStringSubmatch(seen.String())[1]}))
	var list wire.ApplicationList
	ok(t, p.Call(ctx, http.MethodGet, "/applications", nil, &list))
	ok(t, p.Download(ctx, list.Items[0].ID, phonetest.PIN))
	return p
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// holdOpen finds a key of an organisation and gives it unlocked, with its certificates.
func holdOpen(t *testing.T, drivers []token.Driver, uscc, pin string) (name string, sign crypto.Signer, chain []*smx509.Certificate, box *smx509.Certificate, done func()) {
	t.Helper()
	ctx := t.Context()
	for _, d := range drivers {
		tokens, err := d.Tokens(ctx)
		ok(t, err)
		for _, k := range tokens {
			info, err := k.Info(ctx)
			ok(t, err)
			ids, err := k.Identities(ctx)
			ok(t, err)
			mine := slices.ContainsFunc(ids, func(id token.Identity) bool { return ca.SubjectOf(id.Certificate()).USCC == uscc })
			if !mine || name != "" {
				ok(t, k.Close())
				continue
			}
			name, done = info.URI, func() { _ = k.Close() }
			ok(t, k.Unlock(ctx, []byte(pin)))
			for _, id := range ids {
				if id.Usage()&token.UsageEncrypt != 0 {
					box = id.Certificate()
				}
				if id.Usage()&token.UsageSign != 0 && sign == nil {
					sign, err = id.Signer(ctx)
					ok(t, err)
					chain = []*smx509.Certificate{id.Certificate()}
				}
			}
		}
	}
	if name == "" {
		t.Fatalf("no key of %s", uscc)
	}
	return name, sign, chain, box, done
}

// offer makes a bid for a certificate, to a file, and hands it in.
func offer(t *testing.T, w *demo.World, tender string, who ca.Subject, sign crypto.Signer, chain []*smx509.Certificate, box *smx509.Certificate, price, out string) (number string) {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	c, err := client.Login(ctx, w.URL, sign, chain, client.Options{})
	ok(t, err)
	of, err := c.Tender(ctx, tender)
	ok(t, err)
	data, err := c.Outline(ctx, of)
	ok(t, err)
	outline, err := bid.ReadOutline(bytes.NewReader(data))
	ok(t, err)
	b := bid.Builder{Bidder: bid.Bidder{Code: who.USCC, Name: who.Name}, Program: "test", Signer: sign, Chain: chain, Recipients: []*smx509.Certificate{box}, Outer: true,
		Out: out}
	for _, p := range outline.Parts {
		path := filepath.Join(dir, p.Code+".pdf")
		ok(t, os.WriteFile(path, demo.Page(p.Code), 0o600))
		b.Parts = append(b.Parts, bid.Source{Code: p.Code, Path: path})
	}
	sum, err := amount.Parse(price)
	ok(t, err)
	b.Price.Fields = []bid.Field{{Name: of.ReadOut[0], Value: price, Capitals: sum.Capitals()}, {Name: of.ReadOut[1], Value: "30"}, {Name: of.ReadOut[2], Value: "三年"}}
	outline.Apply(&b)
	want := platformapi.BidRSA
	if alg, err := ca.AlgorithmOf(box.PublicKey); err == nil && alg == ca.SM2 {
		want = platformapi.BidSM2
	}
	for _, p := range of.PlatformCertificates {
		if p.Algorithm == want {
			b.Platform, err = smx509.ParseCertificate(p.Certificate)
			ok(t, err)
		}
	}
	_, err = b.Build(ctx)
	ok(t, err)
	content, err := os.ReadFile(b.Out)
	ok(t, err)
	digest := sha256.Sum256(content)
	begun, err := c.BeginBid(ctx, platformapi.NewID(), tender, platformapi.NewBid{ID: platformapi.NewID(), Size: int64(len(content)), SHA256: hex.EncodeToString(digest[:]), Name: "offer.bid"})
	ok(t, err)
	ok(t, c.SendBid(ctx, begun, bytes.NewReader(content), nil))
	given, err := c.CompleteBid(ctx, platformapi.NewID(), begun.ID)
	ok(t, err)
	if given.Bid.State != platformapi.BidReceived {
		t.Fatalf("%s: %+v", who.Name, given.Bid)
	}
	ok(t, c.Logout(ctx))
	return of.Number
}

func serialOf(t *testing.T, token string) string {
	t.Helper()
	u, err := uri.Parse(token)
	ok(t, err)
	return u.Get("serial")
}

// copyKey puts one of the demo's software keys where the program looks for its person's.
func copyKey(t *testing.T, from, to, of string) {
	t.Helper()
	ok(t, os.MkdirAll(to, 0o700))
	ok(t, os.CopyFS(filepath.Join(to, serialOf(t, of)), os.DirFS(filepath.Join(from, serialOf(t, of)))))
}

// enter logs in with a key.
func (s *screen) enter(name, pin string) {
	s.t.Helper()
	s.click(name)
	s.fill("请输入 PIN 码", pin)
	s.key("Return")
	s.wait("验证文件")
}

// enterHall logs in with a key and goes to the opening's room.
func (s *screen) enterHall(name, pin, number string) {
	s.t.Helper()
	s.enter(name, pin)
	s.click("开标大厅")
	s.wait(number)
	s.click(number)
}

// leave logs out.
func (s *screen) leaveAs(person string) {
	s.t.Helper()
	s.click("发件箱") // where the name stands nowhere else
	s.click(person)
	s.click("退出登录")
	s.wait("请输入 PIN 码")
}

// scanBy has a phone scan the code on the screen, compare the letters, and accept.
func (s *screen) scanBy(phone *phonetest.Phone) {
	s.t.Helper()
	ctx := s.t.Context()
	code, err := goqr.Decode(s.withCode())
	ok(s.t, err)
	scan, err := phone.Scan(ctx, code)
	ok(s.t, err)
	letters, match := s.letters(), ""
	ok(s.t, until(20*time.Second, func() bool { match, err = phone.Match(ctx, scan.ID); return err == nil }))
	if match != letters {
		s.fail("the phone's letters are %s, the screen's %s", match, letters)
	}
	_, err = phone.Accept(ctx, scan.ID, nil)
	ok(s.t, err)
}

// confirmBy has a phone confirm what it is asked.
func (s *screen) confirmBy(phone *phonetest.Phone) {
	s.t.Helper()
	ctx := s.t.Context()
	if err := until(60*time.Second, func() bool {
		inbox, err := phone.Inbox(ctx, 0, 0)
		return err == nil && len(inbox.Items) > 0 && inbox.Items[0].Title != "" && phone.Approve(ctx, inbox.Items[0].ID, phonetest.PIN) == nil
	}); err != nil {
		s.fail("the phone was asked nothing that it could confirm")
	}
}

// A bidding is a bid that is made in the window.
type bidding struct {
	key, pin string // of the key that logs in and seals
	price    string
	onPage   bool             // one file is sealed on its page, not all by a rule
	phone    *phonetest.Phone // that signs and later opens the bid, instead of the key
}

// line presses a line of the bid tool's tree; the words of its groups begin further left.
func (s *screen) line(text string) {
	s.t.Helper()
	var at seen
	if err := until(time.Minute, func() bool {
		list := s.look()
		if slices.ContainsFunc(list, func(o seen) bool { return o.Overlay }) {
			return false
		}
		i := slices.IndexFunc(list, func(o seen) bool { return o.Text == text && o.X > 270 && o.X < 520 })
		if i >= 0 {
			at = list[i]
		}
		return i >= 0
	}); err != nil {
		s.fail("the tree has no line %q", text)
	}
	s.clickOn(at)
}

// foot presses the button below the bid tool.
func (s *screen) foot(text string) {
	s.t.Helper()
	s.waitEnabled(text) // it may stand in the tree too; what is drawn last is the button
	for n := 0; ; n++ {
		o, more := s.find(text, n)
		if !more {
			s.fail("there is no button %q at the foot", text)
		}
		if o.Y > 640 {
			s.clickOn(o)
			return
		}
	}
}

// enterPIN answers the question for the PIN that was just asked.
func (s *screen) enterPIN(pin string) {
	s.t.Helper()
	s.wait("输入 PIN 码签章")
	s.write(pin)
	s.key("Return")
}

// makeBid makes a bid in the window, from the list of tenders to the receipt, and leaves.
func (s *screen) makeBid(b bidding, number, papers, person string) {
	s.t.Helper()
	s.enter(b.key, b.pin)
	s.click("投标工具")
	s.click(number + "…")
	s.foot("CA 认证")
	s.enterPIN(b.pin)
	for _, part := range []string{"资格证明文件", "技术文件", "报价文件"} {
		s.line(part)
		s.click("将文件拖到这里，或点击选择")
		s.choose(filepath.Join(papers, part+".pdf"))
		s.wait("更换文件")
	}
	s.line("开标一览表")
	s.fill("0.00", b.price)
	s.key("Tab", "Tab")
	s.write("30")
	s.key("Tab")
	s.write("3 years")
	s.line("技术文件")
	all := "批量签章（2）"
	if b.onPage {
		s.click("标书签章")
		s.waitEnabled("签章")
		s.shot("bid-stamp-page")
		s.sign(b.pin)
		s.click("返回投标工具")
		all = "批量签章（1）"
	}
	s.foot(all)
	s.click("确认签章")
	s.enterPIN(b.pin)
	s.waitEnabled("生成标书")
	if b.phone != nil {
		s.line("CA 认证")
		s.click("手机扫码认证")
		s.scanBy(b.phone)
		s.wait("还没有生成标书。") // on to the next step
	}
	s.foot("生成标书")
	if b.phone != nil {
		s.scanBy(b.phone)
		s.confirmBy(b.phone)
	} else {
		s.enterPIN(b.pin)
	}
	s.click("检查密封")
	s.foot("上传投标文件")
	s.wait("投标文件已递交。…")
	s.wait("递交回执 · 签名有效…")
	if b.onPage {
		s.gone("已递交，平台已给出回执") // it lies over the receipt
		s.shot("bid-receipt")
	}
	s.leaveAs(person)
}

// keepOpen has the host postpone the deadline while bids are made, however slow the machine is; what it gives ends that.
func keepOpen(t *testing.T, host *client.Client, tender string) (stop func()) {
	t.Helper()
	done := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for {
			now, err := host.Tender(t.Context(), tender)
			if err == nil && time.Until(now.Deadline) < 45*time.Second {
				_, err = host.Postpone(t.Context(), platformapi.TenderChange{Key: platformapi.NewID(), TenderID: tender, Version: now.Version},
					platformapi.Postponement{Deadline: time.Now().Add(70 * time.Second), Reason: "投标文件还在制作"})
			}
			if err != nil && t.Context().Err() == nil {
				t.Errorf("the deadline was not postponed: %v", err)
			}
			select {
			case <-done:
				return
			case <-t.Context().Done():
				return
			case <-time.After(5 * time.Second):
			}
		}
	})
	t.Cleanup(work.Wait) // after its context has ended
	return func() {
		close(done)
		work.Wait()
	}
}

// A tender, three bidders with a PKCS#11 key (RSA), an SKF key (SM2) and a phone, who make their bids in the window, the deadline, the
// opening in the window: the host
// announces and starts, at the hall's terminal keys come one after another, one of them the wrong one, a phone scans the screen, the
// prices are read out, the record is signed.
func TestBidsAreOpenedInTheHall(t *testing.T) {
	bin := buildForTest(t)
	home := t.TempDir()
	conf, tokens := filepath.Join(home, "softhsm.conf"), filepath.Join(home, "tokens")
	ok(t, os.Mkdir(tokens, 0o700))
	ok(t, os.WriteFile(conf, []byte("directories.tokendir = "+tokens+"\n"), 0o600))
	t.Setenv("SOFTHSM2_CONF", conf)
	var seen console
	work := filepath.Join(home, "demo")
	world, err := demo.Open(t.Context(), demo.Options{Work: work, Algorithm: ca.RSA, Console: &seen})
	ok(t, err)
	t.Cleanup(func() { _ = world.Close() })
	crew, err := world.CastOpening(t.Context())
	ok(t, err)
	authority, err := ca.OpenOrCreate(work)
	ok(t, err)
	keys := filepath.Join(home, "data", "sealdesk", "keys")
	set, err := libraries.Open(libraries.Options{Own: filepath.Join(home, "data", "sealdesk", "libraries.json"), Host: filepath.Join(filepath.Dir(bin), "tokenhost")})
	ok(t, err)
	defer set.Close()
	hsm(t, set, authority, hsmBidder)
	server, device, library := usbKey(t, authority, usbBidder)
	ok(t, set.Add(library))
	phone := supplierPhone(t, world, &seen)

	// The bids, each made in the window with its own kind of key.
	tender, err := world.AddTender(t.Context(), demo.TenderPlan{Deadline: 90 * time.Second, Minutes: 20})
	ok(t, err)
	for _, x := range []struct {
		driver token.Driver
		uscc   string
	}{{set.Drivers(profile.InterfacePKCS11)[0], hsmBidder.USCC}, {set.Drivers(profile.InterfaceSKF)[0], usbBidder.USCC}} {
		name, _, _, _, done := holdOpen(t, []token.Driver{x.driver}, x.uscc, killPIN)
		done()
		_, err = world.Bring(t.Context(), demo.Holder{Driver: x.driver, URI: name})
		ok(t, err)
	}
	host := signIn(t, world, world.Purchaser)
	now, err := host.Tender(t.Context(), tender)
	ok(t, err)
	number := now.Number
	papers := t.TempDir()
	for _, part := range []string{"资格证明文件", "技术文件", "报价文件"} {
		ok(t, os.WriteFile(filepath.Join(papers, part+".pdf"), demo.Page(part), 0o600))
	}
	wrong, err := server.Add(softkey.DeviceOptions{Label: "old", Serial: "SKF0002", PIN: []byte(killPIN), Application: "old"})
	ok(t, err)
	var pair [2]softkey.KeyPair
	for i, use := range []token.Usage{token.UsageSign, token.UsageEncrypt} {
		key, err := ca.GenerateKey(ca.SM2)
		ok(t, err)
		cert, err := authority.Issue(ca.Request{Subject: usbBidder, PublicKey: key.Public(), Usage: use, NotAfter: time.Now().AddDate(0, 2, 0)})
		ok(t, err)
		pair[i] = softkey.KeyPair{Key: key, Certificate: cert}
	}
	ok(t, wrong.AddContainer("pair", pair[0], pair[1]))
	wrong.Unplug()
	copyKey(t, filepath.Join(work, "keys", "rsa"), keys, world.Purchaser.URI)
	copyKey(t, filepath.Join(work, "keys", "rsa"), keys, world.Supplier.URI)
	copyKey(t, filepath.Join(work, "keys", "hall"), keys, crew.Terminal.URI)

	s := newScreen(t)
	s.start(bin, []string{"HOME=" + home, "XDG_DATA_HOME=" + filepath.Join(home, "data"), "XDG_CACHE_HOME=" + filepath.Join(filepath.Dir(bin), "cache"),
		"XDG_CONFIG_HOME=" + filepath.Join(home, "config"), "LC_ALL=C.UTF-8"}, "--platform", world.URL, "--trust", world.RootsFile, "--mobile-ca", world.MobileCA)

	s.wait(world.Purchaser.Name)
	opened := keepOpen(t, host, tender)
	s.makeBid(bidding{key: hsmBidder.Name, pin: killPIN, price: "2980000", onPage: true}, number, papers, hsmBidder.Handler)
	s.makeBid(bidding{key: usbBidder.Name, pin: killPIN, price: "3100000"}, number, papers, usbBidder.Handler)
	s.makeBid(bidding{key: world.Supplier.Name, pin: world.Supplier.PIN, price: "3000000", phone: phone}, number, papers, world.Supplier.Handler)
	opened()
	device.Unplug()
	ok(t, os.RemoveAll(filepath.Join(keys, serialOf(t, world.Supplier.URI)))) // it is not brought to the hall
	s.gone(usbBidder.Name)
	s.gone(world.Supplier.Name)

	// The host: 公布投标人名单, 开始解密.
	s.enterHall(world.Purchaser.Name, world.Purchaser.PIN, number)
	s.wait("主持人公布名单后…")
	s.wait("距离开标…")
	s.shot("hall-before")
	s.waitFor("公布投标人名单", 0, 2*time.Minute) // there from the deadline on
	s.click("公布投标人名单")
	s.press("公布投标人名单")
	s.wait(hsmBidder.Name)
	s.click("开始解密")
	s.wait("时长（分钟）")
	s.press("开始解密")
	s.wait("解密剩余时间")
	s.wait("待解密")
	s.shot("hall-started")
	s.leaveAs(world.Purchaser.Handler)

	// The terminal: signing in, then keys one after another, by the keyboard alone.
	s.enterHall(crew.Terminal.Name, crew.Terminal.PIN, number)
	s.wait("证书相符，序列号…") // the PKCS#11 key was in its port
	for i := range 3 {
		s.clickOn(s.waitFor("签到", 0, time.Minute)) // rows come before the column and the step of that name
		s.wait("到场人员")
		s.key("ctrl+a")
		s.write("visitor " + string(rune('A'+i)))
		s.key("Return")
		s.waitFor("现场签到", i, time.Minute)
	}
	s.shot("hall-terminal")
	s.write(killPIN)
	s.key("Return")
	s.wait("解密成功，平台已核对全部内容")
	wrong.Plug()
	s.wait("证书不符")
	s.shot("hall-wrong-key")
	wrong.Unplug()
	device.Plug()
	s.wait("证书相符，序列号…")
	s.write("000000")
	s.key("Return")
	s.wait("PIN 码不正确…")
	s.write(killPIN)
	s.key("Return")
	s.wait("解密成功，平台已核对全部内容")
	s.click("扫码解密")
	s.scanBy(phone)
	s.confirmBy(phone)
	s.wait("已解密 3 / 3")
	s.shot("hall-decrypted")
	s.click("退出大厅")

	// The host: 唱标, 签名确认, 结束.
	s.wait("开标大厅")
	s.leaveAs(crew.Terminal.Handler)
	s.enterHall(world.Purchaser.Name, world.Purchaser.PIN, number)
	s.click("开始唱标")
	s.press("开始唱标")
	s.wait("2,980,000.00")
	s.wait("3,100,000.00")
	s.wait("叁佰万元整")
	s.shot("hall-prices")
	s.click("结束唱标")
	s.press("结束唱标")
	s.click("签名确认")
	s.wait("开标记录")
	s.wait("形成时间")
	s.shot("hall-record")
	s.click("签名确认")
	s.wait("输入 PIN 码签章")
	s.write(world.Purchaser.PIN)
	s.key("Return")
	s.wait("开标记录已签名确认")
	s.click("宣布开标结束")
	s.press("宣布开标结束")
	s.gone("宣布开标结束")
	s.shot("hall-ended")
	s.noThreadErrors()

	state, err := host.Tender(t.Context(), tender)
	ok(t, err)
	if state.State != platformapi.TenderEnded || state.Opening == nil || state.Opening.HostSignedAt.IsZero() {
		t.Errorf("%+v", state)
	}
	if n := wrong.PINs(); n != 0 {
		t.Errorf("%d PINs reached the wrong key", n)
	}
}

// 双信封, 暂停与延长, 备份文件补救, in two windows at once: the platform's file of a bid is damaged; the host pauses and extends with reasons, the bidder brings its backup and decrypts; the price is closed until its own
// envelope is opened.
func TestAnOpeningIsPausedAndABidRestored(t *testing.T) {
	bin := buildForTest(t)
	home := t.TempDir()
	work := filepath.Join(home, "demo")
	world, err := demo.Open(t.Context(), demo.Options{Work: work, Algorithm: ca.RSA})
	ok(t, err)
	t.Cleanup(func() { _ = world.Close() })
	crew, err := world.CastOpening(t.Context())
	ok(t, err)
	who := crew.Bidders[1]
	tender, err := world.AddTender(t.Context(), demo.TenderPlan{Deadline: 20 * time.Second, Minutes: 20, Remedy: platformapi.RemedyBackupFile, TwoEnvelopes: true})
	ok(t, err)
	_, sign, chain, box, done := holdOpen(t, world.Drivers, who.USCC, who.PIN)
	backup := filepath.Join(t.TempDir(), "offer.bid")
	number := offer(t, world, tender, ca.Subject{Name: who.Name, USCC: who.USCC}, sign, chain, box, "2980000.00", backup)
	done()
	damage(t, work, backup)
	judge := signIn(t, world, world.Purchaser)

	windows := map[string]*screen{}
	for name, key := range map[string]demo.Party{"host": world.Purchaser, "bidder": who} {
		folder := filepath.Join(home, name)
		kept := filepath.Join(work, "keys", "hall")
		if name == "host" {
			kept = filepath.Join(work, "keys", "rsa")
		}
		copyKey(t, kept, filepath.Join(folder, "data", "sealdesk", "keys"), key.URI)
		s := newScreen(t)
		s.start(bin, []string{"HOME=" + folder, "XDG_DATA_HOME=" + filepath.Join(folder, "data"), "XDG_CACHE_HOME=" + filepath.Join(filepath.Dir(bin), "cache"),
			"XDG_CONFIG_HOME=" + filepath.Join(folder, "config"), "LC_ALL=C.UTF-8"}, "--platform", world.URL, "--trust", world.RootsFile)
		windows[name] = s
		s.wait(key.Name)
		s.enterHall(key.Name, key.PIN, number)
	}
	host, bidder := windows["host"], windows["bidder"]

	host.waitFor("公布投标人名单", 0, 2*time.Minute)
	host.click("公布投标人名单")
	host.press("公布投标人名单")
	host.wait(who.Name)
	bidder.click("签到")
	host.wait("远程签到")
	host.click("开始解密") // the price stays closed
	host.click("报价")
	host.fill("写入开标记录，所有参加人可见", "one bidder")
	host.shot("hall-envelopes")
	host.press("开始解密")
	host.wait("解密失败")

	host.click("暂停解密")
	host.fill("写入开标记录，所有参加人可见", "power cut")
	host.press("暂停解密")
	bidder.wait("原因：power cut")
	bidder.shot("hall-paused")
	host.click("继续解密")
	host.press("继续解密")
	bidder.gone("原因：power cut")
	before := windowEnd(t, judge, tender)
	host.click("延长解密时间")
	host.click("写入开标记录，所有参加人可见")
	host.write("backup file")
	host.press("延长解密时间")
	host.wait("延长解密 10 分钟…")
	if after := windowEnd(t, judge, tender); !after.Equal(before.Add(10 * time.Minute)) {
		t.Errorf("the window is open until %s, not ten minutes after %s", after, before)
	}

	bidder.click("备份补救")
	bidder.choose(backup)
	bidder.wait("证书相符，序列号…")
	bidder.fill("请输入 PIN 码", who.PIN)
	bidder.key("Return")
	bidder.wait("解密成功，平台已核对全部内容")
	host.wait("已解密 1 / 1")
	host.click("开始唱标")
	host.press("开始唱标")
	if _, early := host.find("2,980,000.00", 0); early {
		t.Error("the price is shown before its envelope was opened")
	}
	host.click("开始解密") // with the reason that was given before
	host.wait("主持人已说明继续开标的理由：one bidder")
	host.press("开始解密")
	bidder.wait("证书相符，序列号…")
	bidder.fill("请输入 PIN 码", who.PIN)
	bidder.key("Return")
	bidder.wait("解密成功，平台已核对全部内容")
	host.click("开始唱标")
	host.press("开始唱标")
	bidder.wait("2,980,000.00")
	bidder.shot("hall-price-opened")
	for _, s := range windows {
		s.noThreadErrors()
	}
}

// signIn logs a party in, beside the window.
func signIn(t *testing.T, w *demo.World, p demo.Party) *client.Client {
	t.Helper()
	_, sign, chain, _, done := holdOpen(t, w.Drivers, p.USCC, p.PIN)
	defer done()
	c, err := client.Login(t.Context(), w.URL, sign, chain, client.Options{})
	ok(t, err)
	return c
}

// windowEnd is until when bids can be decrypted.
func windowEnd(t *testing.T, c *client.Client, tender string) time.Time {
	t.Helper()
	x, err := c.Tender(t.Context(), tender)
	ok(t, err)
	return x.Opening.WindowUntil
}

// damage cuts the platform's copy of a bid.
func damage(t *testing.T, work, bid string) {
	t.Helper()
	content, err := os.ReadFile(bid)
	ok(t, err)
	sum := sha256.Sum256(content)
	found := false
	ok(t, filepath.WalkDir(work, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != hex.EncodeToString(sum[:]) {
			return err
		}
		found = true
		return os.Truncate(path, int64(len(content)/2))
	}))
	if !found {
		t.Fatal("the platform does not keep the bid by its digest")
	}
}
