package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	goqr "github.com/piglig/go-qr"

	"sealdesk/cmd/internal/mobile"
	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/csc"
	"sealdesk/platformapi/mobileca/phone"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/phonetest/handset"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/signer/verify"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca/mobilecatest"
)

// watched is what a person sees of a program, and hears of each of its codes.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
	told int // bytes of text that were looked through for codes
	code func(string)
}

var qrLine = regexp.MustCompile(`(?m)^http\S+/q#1\.\S+$`)

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(b)
	lines := w.text.Bytes()[w.told:] // of a line that is not whole yet more may come
	lines = lines[:bytes.LastIndexByte(lines, '\n')+1]
	w.told += len(lines)
	for _, code := range qrLine.FindAll(lines, -1) {
		w.code(string(code))
	}
	return len(b), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// A file is signed from the terminal by a phone: the code is drawn there, the match code told, and what comes out is valid.
func TestSignByPhone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	phones := mobilecatest.New(t, authority, ca.Subject{Name: "云台县第一人民医院", USCC: "12410899415270838H"})
	phone := &mobilecatest.Person{CA: phones}
	in, out := writePage(t, dir), filepath.Join(dir, "signed.pdf")
	status, _, seen := byPhone(t, dir, phone, "sign", in, "-o", out, "--token", "mobileca:service="+phones.URL)
	if status != 0 {
		t.Fatalf("status %d: %s", status, seen)
	}
	if _, err := os.Stat(out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(seen, "匹配码: "+phone.Match()+"\n") {
		t.Errorf("the match code %s is not told: %s", phone.Match(), seen)
	}
	if got := phone.Titles(); len(got) != 1 || got[0] != "cms-attributes "+filepath.Base(in) {
		t.Errorf("the phone was asked %q", got)
	}
	code := qrLine.FindString(seen)
	if read, err := goqr.Decode(pictureOf(seen)); err != nil || read != code {
		t.Errorf("the drawing says %q (%v), want %q", read, err, code)
	}

	refusing := &mobilecatest.Person{CA: phones, Refuses: true}
	status, _, seen = byPhone(t, dir, refusing, "sign", in, "-o", filepath.Join(dir, "none.pdf"), "--token", "mobileca:service="+phones.URL)
	if _, err := os.Stat(filepath.Join(dir, "none.pdf")); status != 3 || err == nil || !strings.Contains(seen, "手机上拒绝了") {
		t.Errorf("refused: status %d, %v: %s", status, err, seen)
	}
}

// byPhone runs the program before a phone that scans what it shows.
func byPhone(t *testing.T, home string, phone *mobilecatest.Person, args ...string) (status int, out, seen string) {
	t.Helper()
	screen := &watched{code: func(code string) { go func() { _ = phone.Scan(code) }() }}
	var result bytes.Buffer
	cmd := program(t.Context(), home, args...)
	cmd.Stdout, cmd.Stderr = &result, screen
	status = ended(t, cmd)
	return status, result.String(), screen.String()
}

// A contract is made, sealed and sent with a certificate on a phone alone (扫码登录, 扫码签章): one code for the login of each verb, and
// one for the seal.
func TestContractByPhone(t *testing.T) {
	t.Parallel()
	world, buyer, seller := parties(t)
	authority, err := ca.OpenOrCreate(world.Work)
	if err != nil {
		t.Fatal(err)
	}
	phones := mobilecatest.New(t, authority, ca.Subject{Name: world.Purchaser.Name, USCC: world.Purchaser.USCC, Handler: world.Purchaser.Handler})
	phone := &mobilecatest.Person{CA: phones, Slow: 200 * time.Millisecond}
	flags := []string{"--json", "--platform", world.URL, "--trust", world.RootsFile, "--token", "mobileca:service=" + phones.URL}
	contract := func(args ...string) (c contractJSON) {
		t.Helper()
		status, out, seen := byPhone(t, buyer.home, phone, append(append([]string{"contract"}, args...), flags...)...)
		if status != statusDone {
			t.Fatalf("%v: status %d: %s", args, status, seen)
		}
		if err := json.Unmarshal([]byte(out), &c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	status, out, seen := byPhone(t, buyer.home, phone, append([]string{"login"}, flags...)...)
	if status != statusDone || !strings.Contains(out, world.Purchaser.USCC) || !strings.Contains(seen, "请用手机上的移动 CA 扫描二维码登录") {
		t.Fatalf("login: status %d: %s%s", status, out, seen)
	}
	made := contract("new", "--lot", seller.freeLot(), "--term", "90")
	contract("attach", made.ID, writePage(t, buyer.home))
	if got := contract("submit", made.ID); got.State != platformapi.StateAwaiting {
		t.Errorf("submitted: %s", got.State)
	}
	titles := phone.Titles()
	if last := titles[len(titles)-1]; len(titles) != 5 || !strings.HasPrefix(titles[0], "text") || !strings.HasPrefix(last, "cms-attributes ") {
		t.Errorf("the phone was asked %q", titles)
	}
	if got := seller.contract("show", made.ID); got.Verdict != verify.Valid {
		t.Errorf("the other side judges it %q", got.Verdict)
	}

	if status, _, seen := byPhone(t, buyer.home, phone, append([]string{"login", "--cert", "another"}, flags...)...); status != statusToken || !strings.Contains(seen, "证书") {
		t.Errorf("another certificate than was chosen: status %d: %s", status, seen)
	}
	phone.Refuses = true
	if status, _, seen := byPhone(t, buyer.home, phone, append([]string{"login"}, flags...)...); status != statusToken || !strings.Contains(seen, "手机上拒绝了") {
		t.Errorf("refused: status %d: %s", status, seen)
	}
}

// A bid is signed with one code, and each of its envelopes opened with one of its own (扫码生成投标文件, 扫码解密).
func TestBidByPhone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	phones := mobilecatest.New(t, authority, ca.Subject{Name: "某某公司", USCC: "91330127MA2XKQ713A"})
	phone := &mobilecatest.Person{CA: phones}
	outline, part, made, out := filepath.Join(dir, "outline.json"), writePage(t, dir), filepath.Join(dir, "my.bid"), filepath.Join(dir, "out")
	if err := os.WriteFile(outline, []byte(`{"tender": "XX-2026-0117", "lot": "1", "name": "某某医院设备采购", "parts": [
		{"code": "tech", "name": "技术文件", "kind": "technical", "required": true, "envelope": "技术", "types": [".pdf"]},
		{"code": "price", "name": "报价文件", "kind": "price", "required": true, "envelope": "报价", "types": [".pdf"]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	price := filepath.Join(dir, "price.pdf")
	want, err := os.ReadFile(part)
	if err == nil {
		err = os.WriteFile(price, want, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	by := "mobileca:service=" + phones.URL
	status, _, seen := byPhone(t, dir, phone, "bid", "build", "--outline", outline, "--part", "tech="+part, "--part", "price="+price, "-o", made, "--token", by)
	if status != statusDone || !strings.Contains(seen, "生成投标文件") {
		t.Fatalf("build: status %d: %s", status, seen)
	}
	if got := phone.Titles(); len(got) != 1 || got[0] != "cms-attributes my.bid" {
		t.Errorf("the phone was asked %q", got)
	}
	status, _, seen = byPhone(t, dir, phone, "bid", "decrypt", made, "-o", out, "--token", by)
	if status != statusDone || strings.Count(seen, "解密投标文件") != 2 {
		t.Fatalf("decrypt: status %d: %s", status, seen)
	}
	files, err := filepath.Glob(filepath.Join(out, "*.pdf"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		if got, err := os.ReadFile(f); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what was put in (%v)", f, err)
		}
	}
}

// The same with the phone's own app in a browser, whose camera sees the code that is drawn in the terminal, and with shared keys. The
// certificate is renewed between: it signs no more, and the bid that was encrypted to it is decrypted with it and its own PIN.
func TestBidByThePhonesApp(t *testing.T) {
	t.Parallel()
	handset.NeedBrowser(t)
	dir := t.TempDir()
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	w := phonetest.NewWorld(t, func(c *mobileca.Config) {
		c.Issuer, c.App, c.Now = mobile.Issuer{Authority: authority}, phone.Files, nil
	})
	p, camera := handset.OpenWithCamera(t)
	p.Open(w.URL + "/")
	p.LogIn(w)
	p.Press("以后再说")
	p.Certify()
	p.Open(w.URL + "/")
	p.Download(phonetest.PIN)
	p.Press("返回首页")

	outline, part, made, out := filepath.Join(dir, "outline.json"), writePage(t, dir), filepath.Join(dir, "my.bid"), filepath.Join(dir, "out")
	next, nextPIN := filepath.Join(dir, "next.bid"), "975318"
	if err := os.WriteFile(outline, []byte(`{"tender": "XX-2026-0117", "lot": "1", "name": "某某医院设备采购", "parts": [
		{"code": "tech", "name": "技术文件", "kind": "technical", "required": true, "envelope": "技术", "types": [".pdf"]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	by := "mobileca:service=" + w.URL
	// confirmed runs the program, which shows one code, before the phone.
	confirmed := func(act, done, file, pin string, args ...string) {
		t.Helper()
		codes := make(chan string, 1)
		screen := &watched{code: func(code string) { codes <- code }}
		status := make(chan int, 1)
		go func() {
			cmd := program(t.Context(), dir, append(args, "--token", by)...)
			cmd.Stderr = screen
			status <- ended(t, cmd)
		}()
		select {
		case <-codes:
		case n := <-status:
			t.Fatalf("%v: status %d: %s", args, n, screen)
		}
		camera.Show(pictureOf(screen.String()))
		p.Press("开始扫码")
		letters := ""
		if !handset.Comes(func() bool {
			_, after, _ := strings.Cut(screen.String(), "匹配码: ")
			letters, _, _ = strings.Cut(after, "\n")
			return len(letters) == 4
		}) {
			t.Fatalf("no match code: %s", screen)
		}
		p.TapMatch(letters)
		p.See("一致")
		p.Press("确认")
		p.See(filepath.Base(file))
		p.Press(act)
		p.EnterPIN(pin, act)
		p.See(done)
		p.Press("完成")
		if n := <-status; n != statusDone {
			t.Fatalf("%v: status %d: %s", args, n, screen)
		}
	}
	confirmed("确认签章", "签章已完成", made, phonetest.PIN, "bid", "build", "--outline", outline, "--part", "tech="+part, "-o", made)
	var before wire.CertificateList
	if err := json.Unmarshal([]byte(p.API(http.MethodGet, "/certificates", nil)), &before); err != nil || len(before.Items) != 2 {
		t.Fatalf("%v: %d certificates", err, len(before.Items))
	}
	p.API(http.MethodPost, "/applications", wire.ApplicationRequest{Kind: wire.ApplyRenew, Certificate: before.Items[0].ID, Years: 1})
	p.Open(w.URL + "/")
	p.Download(nextPIN)
	p.Press("返回首页")
	confirmed("确认签章", "签章已完成", next, nextPIN, "bid", "build", "--outline", outline, "--part", "tech="+part, "-o", next)
	confirmed("确认解密", "解密已完成", made, phonetest.PIN, "bid", "decrypt", made, "-o", out)
	confirmed("确认解密", "解密已完成", next, nextPIN, "bid", "decrypt", next, "-o", out+"-next")
	want, err := os.ReadFile(part)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(out, filepath.Base(part))); err != nil || !bytes.Equal(got, want) {
		t.Errorf("it is not what was put in (%v)", err)
	}
}

// A file is signed by a key behind the CSC API, here the mobile CA's own: the account logs in by its password, the phone says yes.
func TestSignByCSC(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	w := phonetest.NewWorld(t, func(c *mobileca.Config) {
		c.Issuer, c.CSC, c.Now = mobile.Issuer{Authority: authority}, csc.Handler, nil
	})
	w.Service.Now = nil
	phone := w.Holder()
	code, err := w.SendCode(ctx, phonetest.Number, wire.CodePassword)
	if err == nil {
		err = phone.Call(ctx, http.MethodPut, "/me/password", wire.PasswordChange{Code: code, Password: "a long password"}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for after := int64(0); ctx.Err() == nil; {
			inbox, err := phone.Inbox(ctx, after, 2)
			if err != nil {
				return
			}
			after = inbox.Version
			for _, r := range inbox.Items {
				_ = phone.Approve(ctx, r.ID, phonetest.PIN)
			}
		}
	}()
	dir := t.TempDir()
	in, out := writePage(t, dir), filepath.Join(dir, "signed.pdf")
	sign := func(password string) (int, string) {
		file := filepath.Join(dir, "password")
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		at := "mobileca:protocol=csc;service=" + url.QueryEscape(w.URL+mobileca.CSCPath) + ";account=" + phonetest.Number + "?password-source=file:" + file
		c := call(t, dir, "sign", in, "-o", out, "--token", at)
		return c.status, c.err
	}
	if status, seen := sign("another password"); status == 0 {
		t.Errorf("a wrong password signs: %s", seen)
	}
	if status, seen := sign("a long password"); status != 0 {
		t.Fatalf("status %d: %s", status, seen)
	}
	if _, err := os.Stat(out); err != nil { // what is there was verified
		t.Error(err)
	}
	cancel()
	<-done
}

// pictureOf gives a drawing of half blocks back as pixels, eight to a block: what a camera sees on a dark terminal.
func pictureOf(text string) image.Image {
	var rows []string
	width := 0
	for line := range strings.Lines(text) {
		if strings.ContainsAny(line, "█▀▄") {
			rows = append(rows, strings.TrimSuffix(line, "\n"))
			width = max(width, len([]rune(line))-1)
		}
	}
	const scale, edge = 8, 32
	img := image.NewGray(image.Rect(0, 0, width*scale+2*edge, len(rows)*2*scale+2*edge))
	for i := range img.Pix {
		img.Pix[i] = 0xFF
	}
	for y, row := range rows {
		for x, r := range []rune(row) {
			for half, light := range []bool{r == '█' || r == '▀', r == '█' || r == '▄'} {
				for i := range scale * scale {
					if !light {
						img.SetGray(edge+x*scale+i%scale, edge+(2*y+half)*scale+i/scale, color.Gray{})
					}
				}
			}
		}
	}
	return img
}
