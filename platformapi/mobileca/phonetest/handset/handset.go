package handset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// WaitTime is how long a test waits for what should come. Machines are slow.
const WaitTime = 60 * time.Second

// A Phone is a browser of a phone's size. It finds things by their words, as a person does, and what is not there within WaitTime
// fails its test.
type Phone struct {
	T     *testing.T
	ctx   context.Context
	shots string // where pictures go; "" for none
}

// NeedBrowser finds the browser, or skips the test.
func NeedBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "google-chrome", "chromium-browser"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("skipped: no Chromium, so the phone's app was not driven (packaging/deps.sh test)")
	return ""
}

// Open starts a phone with nothing on it. Where SEALDESK_PHONE_PICTURES names a folder, its pictures go there.
func Open(t *testing.T) *Phone {
	t.Helper()
	return open(t)
}

func open(t *testing.T, flags ...chromedp.ExecAllocatorOption) *Phone {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(NeedBrowser(t)), chromedp.NoSandbox, chromedp.Flag("lang", "zh-CN"),
		chromedp.Flag("accept-lang", "zh-CN"), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("disable-dev-shm-usage", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(options, flags...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	p := &Phone{T: t, ctx: ctx, shots: os.Getenv("SEALDESK_PHONE_PICTURES")}
	// The browser lives as long as the context that it was started with.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	p.Do(chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch))
	go func() {
		for m, err := range chromedp.Console(ctx) {
			if err != nil {
				return
			}
			if fmt.Sprint(m.Type) == "error" {
				t.Logf("the phone's console: %v", m)
			}
		}
	}()
	return p
}

// Step is a part of a test. When it fails, what would follow is not tried.
func (p *Phone) Step(name string, f func(t *testing.T, p *Phone)) {
	p.T.Helper()
	ok := p.T.Run(name, func(t *testing.T) {
		inner := *p
		inner.T = t
		f(t, &inner)
	})
	if !ok {
		p.T.FailNow()
	}
}

// Do runs what the browser's driver can do.
func (p *Phone) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, WaitTime)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.Fail(err)
	}
}

// Fail ends the test, and tells what the phone shows.
func (p *Phone) Fail(err error) {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	p.Picture("failed")
	p.T.Fatalf("%v; the phone shows:\n%s", err, text)
}

// Run evaluates an expression in the page, and waits for it where it is a promise.
func Run[T any](p *Phone, js string) T {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, WaitTime)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fail(fmt.Errorf("%s: %w", js, err))
	}
	return v
}

// Until waits for an expression to be true.
func (p *Phone) Until(otherwise, js string) {
	p.T.Helper()
	var err error
	if !Comes(func() bool {
		ctx, cancel := context.WithTimeout(p.ctx, WaitTime)
		defer cancel()
		var yes bool
		yes, err = chromedp.Run(ctx, chromedp.Evaluate[bool](js))
		return err == nil && yes // while a page changes for another there is none
	}) {
		p.Fail(fmt.Errorf("%s: %w", otherwise, errors.Join(errTooLate, err)))
	}
}

// Comes waits until something is so, at most WaitTime.
func Comes(so func() bool) bool {
	for end := time.Now().Add(WaitTime); ; time.Sleep(50 * time.Millisecond) {
		if so() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

var errTooLate = errors.New("too late")

// Open goes to an address, as from a link.
func (p *Phone) Open(address string) {
	p.T.Helper()
	// The same page with another fragment is not loaded again by itself.
	p.Do(chromedp.Navigate("about:blank"), chromedp.Navigate(address))
}

// See waits for a text.
func (p *Phone) See(text string) {
	p.T.Helper()
	p.Until(fmt.Sprintf("%q is not seen", text), fmt.Sprintf(`document.body.innerText.includes(%s)`, Quote(text)))
}

// Quote writes a text for JavaScript.
func Quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// Press waits for a button that can be pressed and has this text, and presses it.
func (p *Phone) Press(text string) {
	p.T.Helper()
	js := fmt.Sprintf(`(() => {
		const all = [...(document.querySelector("dialog[open]") ?? document).querySelectorAll("dialog button, .page button, .page label.tick, .page a, .banner")];
		const b = all.find((b) => !b.disabled && (b.innerText.trim() === %[1]s || b.getAttribute("aria-label") === %[1]s || b.matches("label, .row, .platform, .scan, .tiles button, .seals button, .message") && b.innerText.includes(%[1]s)));
		if (!b) return false;
		b.click();
		return true;
	})()`, Quote(text))
	p.Until(fmt.Sprintf("there is no button %q", text), js)
}

// Fill types into the field with this label.
func (p *Phone) Fill(label, value string) {
	p.T.Helper()
	js := fmt.Sprintf(`(() => {
		const field = [...document.querySelectorAll("label.field")].find((f) => f.querySelector("span").innerText.trim() === %s);
		if (!field) return false;
		const input = field.querySelector("input");
		input.focus();
		Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, %s);
		input.dispatchEvent(new Event("input", { bubbles: true }));
		return true;
	})()`, Quote(label), Quote(value))
	p.Until(fmt.Sprintf("there is no field %q", label), js)
}

// EnterPIN presses the digits on the pad, then the button below.
func (p *Phone) EnterPIN(pin, act string) {
	p.T.Helper()
	p.Do(chromedp.WaitVisible(".pad"))
	for _, digit := range pin {
		Run[bool](p, fmt.Sprintf(`[...document.querySelectorAll(".pad button")].find((b) => b.innerText === %s).click(), true`, Quote(string(digit))))
	}
	js := fmt.Sprintf(`(() => { const b = document.querySelector(".pin .button"); if (b.disabled || b.innerText.trim() !== %s) return false; b.click(); return true; })()`, Quote(act))
	p.Until(fmt.Sprintf("the PIN pad has no %q", act), js)
}

// TapMatch presses the letters that the desktop shows.
func (p *Phone) TapMatch(letters string) {
	p.T.Helper()
	p.Do(chromedp.WaitVisible(".codes"))
	p.Picture("match")
	p.Press(letters)
}

// RecoveryCode reads the code from the screen, says it back, and gives it.
func (p *Phone) RecoveryCode() []string {
	p.T.Helper()
	p.Do(chromedp.WaitVisible(".recovery"))
	p.Picture("recovery-code")
	groups := Run[[]string](p, `[...document.querySelectorAll(".recovery code")].map((c) => c.innerText)`)
	p.Press("我已抄好")
	p.Do(chromedp.WaitVisible("label.field"))
	n := Run[int](p, `Number(document.querySelector("label.field span").innerText.match(/\d+/)[0])`)
	p.Fill(fmt.Sprintf("第 %d 组", n), groups[n-1])
	p.Press("确认")
	return groups
}

// Picture takes one, named after the test, when what moves has come to rest.
func (p *Phone) Picture(name string) {
	p.T.Helper()
	if p.shots == "" {
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	time.Sleep(400 * time.Millisecond) // what moves comes to rest
	for range 50 {                     // and a short notice goes by itself
		if gone, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!document.querySelector(".toast span")`)); err != nil || gone {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(p.shots, strings.ReplaceAll(p.T.Name(), "/", "-")+"-"+name+".png"), png, 0o644)
	}
	if err != nil {
		p.T.Logf("picture %s: %v", name, err)
	}
}

// At says where the phone is.
func (p *Phone) At(lat, lon float64) {
	p.T.Helper()
	accuracy := 50.0
	if _, err := chromedp.CallBrowser(p.ctx, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: "geolocation"}, Setting: browser.PermissionSettingGranted,
	}); err != nil {
		p.T.Fatal(err)
	}
	if _, err := chromedp.Call(p.ctx, emulation.SetGeolocationOverride, emulation.SetGeolocationOverrideParams{Latitude: &lat, Longitude: &lon, Accuracy: &accuracy}); err != nil {
		p.T.Fatal(err)
	}
}

// Net cuts the phone from the network, or puts it back.
func (p *Phone) Net(on bool) {
	p.T.Helper()
	offline := &network.Conditions{Offline: !on, DownloadThroughput: -1, UploadThroughput: -1}
	both := true
	if _, err := chromedp.Call(p.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		EmulateOfflineServiceWorker: &both, MatchedNetworkConditions: []*network.Conditions{offline},
	}); err != nil {
		p.T.Fatal(err)
	}
	if _, err := chromedp.Call(p.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: !on, DownloadThroughput: -1, UploadThroughput: -1}); err != nil {
		p.T.Fatal(err)
	}
}

// API calls the service as the app does, with its keys and its tokens: for what a test needs and does not test.
func (p *Phone) API(method, path string, body any) string {
	p.T.Helper()
	said, err := json.Marshal(body)
	if err != nil {
		p.T.Fatal(err)
	}
	return Run[string](p, fmt.Sprintf(`(async (method, path, body) => {
		const db = await new Promise((done, fail) => { const r = indexedDB.open("sealdesk"); r.onsuccess = () => done(r.result); r.onerror = fail; });
		const get = (store, name) => new Promise((done) => { const r = db.transaction(store).objectStore(store).get(name); r.onsuccess = () => done(r.result); });
		const [pair, tokens] = [await get("keys", "device"), await get("state", "tokens")];
		db.close();
		const text64 = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
		const utf8 = (s) => new TextEncoder().encode(s);
		const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
		const now = Date.parse((await fetch("/mca/v1/info")).headers.get("Date"));
		const address = location.origin + "/mca/v1" + path;
		const head = text64(utf8(JSON.stringify({ alg: "ES256", typ: "dpop+jwt", jwk: { kty, crv, x, y } })));
		const ath = text64(await crypto.subtle.digest("SHA-256", utf8(tokens.access_token)));
		const claims = text64(utf8(JSON.stringify({ jti: crypto.randomUUID(), htm: method, htu: address, iat: Math.floor(now / 1000), ath })));
		const signature = text64(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, utf8(head + "." + claims)));
		const headers = { DPoP: head + "." + claims + "." + signature, Authorization: "DPoP " + tokens.access_token, "Idempotency-Key": JSON.stringify(crypto.randomUUID()) };
		if (body !== null) headers["Content-Type"] = "application/json";
		const r = await fetch(address, { method, headers, body: body === null ? undefined : JSON.stringify(body) });
		const text = await r.text();
		if (!r.ok) throw new Error(r.status + " " + text);
		return text;
	})(%s, %s, %s)`, Quote(method), Quote(path), said))
}

// ChooseFile gives the page's file field a file; content is an expression.
func (p *Phone) ChooseFile(name, kind, content string) {
	p.T.Helper()
	p.Until("there is no field for files", `document.querySelector("input[type=file]") !== null`)
	Run[bool](p, fmt.Sprintf(`(async () => {
		const files = new DataTransfer();
		files.items.add(new File([%s], %s, { type: %s }));
		const field = document.querySelector("input[type=file]");
		field.files = files.files;
		field.dispatchEvent(new Event("change", { bubbles: true }));
		return true;
	})()`, content, Quote(name), Quote(kind)))
}
