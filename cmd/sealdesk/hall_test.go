package main

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
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

// offer makes a bid for a certificate and hands it in.
func offer(t *testing.T, w *demo.World, tender string, who ca.Subject, sign crypto.Signer, chain []*smx509.Certificate, box *smx509.Certificate, price string) (number string) {
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
		Out: filepath.Join(dir, "offer.bid")}
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
	out, err := c.CompleteBid(ctx, platformapi.NewID(), begun.ID)
	ok(t, err)
	if out.Bid.State != platformapi.BidReceived {
		t.Fatalf("%s: %+v", who.Name, out.Bid)
	}
	ok(t, c.Logout(ctx))
	return of.Number
}

// copyKey puts one of the demo's software keys where the program looks for its person's.
func copyKey(t *testing.T, from, to, of string) {
	t.Helper()
	u, err := uri.Parse(of)
	ok(t, err)
	from, to = filepath.Join(from, u.Get("serial")), filepath.Join(to, u.Get("serial"))
	ok(t, os.MkdirAll(to, 0o700))
	files, err := os.ReadDir(from)
	ok(t, err)
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(from, f.Name()))
		ok(t, err)
		ok(t, os.WriteFile(filepath.Join(to, f.Name()), data, 0o600))
	}
}

// enterHall logs in with a key and goes to the opening's room.
func (s *screen) enterHall(name, pin, number string) {
	s.t.Helper()
	s.click(name)
	s.fill("请输入 PIN 码", pin)
	s.key("Return")
	s.wait("验证文件")
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

// decryptBy has a phone scan the code on the screen, compare the letters, and confirm what it is asked.
func (s *screen) decryptBy(phone *phonetest.Phone) {
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
	if err := until(60*time.Second, func() bool {
		inbox, err := phone.Inbox(ctx, 0, 0)
		return err == nil && len(inbox.Items) > 0 && inbox.Items[0].Title != "" && phone.Approve(ctx, inbox.Items[0].ID, phonetest.PIN) == nil
	}); err != nil {
		s.fail("the phone was asked nothing that it could confirm")
	}
}

// A tender, three bidders with a PKCS#11 key (RSA), an SKF key (SM2) and a phone, the deadline, the opening in the window: the host
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

	tender, err := world.AddTender(t.Context(), demo.TenderPlan{Deadline: 60 * time.Second, Minutes: 20})
	ok(t, err)
	number := ""
	for _, x := range []struct {
		drivers []token.Driver
		who     ca.Subject
		pin     string
		price   string
	}{
		{set.Drivers(profile.InterfacePKCS11), hsmBidder, killPIN, "2980000.00"},
		{set.Drivers(profile.InterfaceSKF), usbBidder, killPIN, "3100000.00"},
		{world.Drivers, ca.Subject{Name: world.Supplier.Name, USCC: world.Supplier.USCC}, world.Supplier.PIN, "3000000.00"},
	} {
		name, sign, chain, box, done := holdOpen(t, x.drivers, x.who.USCC, x.pin)
		if x.who.USCC == world.Supplier.USCC { // its key for encryption is on the phone
			box = nil
			for _, c := range phone.Certs {
				if c.Use == wire.UseEncrypt {
					der, err := phonetest.DecodeBytes(c.DER)
					ok(t, err)
					box, err = smx509.ParseCertificate(der)
					ok(t, err)
				}
			}
		} else {
			_, err = world.Bring(t.Context(), demo.Holder{Driver: x.drivers[0], URI: name})
			ok(t, err)
		}
		number = offer(t, world, tender, x.who, sign, chain, box, x.price)
		done()
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
	device.Unplug()
	wrong.Unplug()
	copyKey(t, filepath.Join(work, "keys", "rsa"), keys, world.Purchaser.URI)
	copyKey(t, filepath.Join(work, "keys", "hall"), keys, crew.Terminal.URI)

	s := newScreen(t)
	s.start(bin, []string{"HOME=" + home, "XDG_DATA_HOME=" + filepath.Join(home, "data"), "XDG_CACHE_HOME=" + filepath.Join(filepath.Dir(bin), "cache"),
		"XDG_CONFIG_HOME=" + filepath.Join(home, "config"), "LC_ALL=C.UTF-8"}, "--platform", world.URL, "--trust", world.RootsFile, "--mobile-ca", world.MobileCA)

	// The host: 公布投标人名单, 开始解密.
	s.wait(world.Purchaser.Name)
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
	s.decryptBy(phone)
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

	_, sign, chain, _, done := holdOpen(t, world.Drivers, world.Purchaser.USCC, world.Purchaser.PIN)
	defer done()
	c, err := client.Login(t.Context(), world.URL, sign, chain, client.Options{})
	ok(t, err)
	state, err := c.Tender(t.Context(), tender)
	ok(t, err)
	if state.State != platformapi.TenderEnded || state.Opening == nil || state.Opening.HostSignedAt.IsZero() {
		t.Errorf("%+v", state)
	}
	if n := wrong.PINs(); n != 0 {
		t.Errorf("%d PINs reached the wrong key", n)
	}
}
