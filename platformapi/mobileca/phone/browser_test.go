package phone

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

// waitTime is how long a test waits for what should come. Machines are slow.
const waitTime = 60 * time.Second

// phone is a browser of a phone's size with the app in it.
type phone struct {
	t     *testing.T
	ctx   context.Context
	shots string // where pictures go; "" for none
}

func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "google-chrome", "chromium-browser"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("skipped: no Chromium, so the phone's app was not driven (packaging/deps.sh test)")
	return ""
}

func openPhone(t *testing.T, flags ...chromedp.ExecAllocatorOption) *phone {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(findBrowser(t)), chromedp.NoSandbox, chromedp.Flag("lang", "zh-CN"),
		chromedp.Flag("accept-lang", "zh-CN"), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("disable-dev-shm-usage", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(options, flags...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	p := &phone{t: t, ctx: ctx, shots: os.Getenv("SEALDESK_PHONE_PICTURES")}
	// The browser lives as long as the context that it was started with.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch))
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

// step is a part of a test. When it fails, what would follow is not tried.
func (p *phone) step(name string, f func(t *testing.T, p *phone)) {
	p.t.Helper()
	ok := p.t.Run(name, func(t *testing.T) {
		inner := *p
		inner.t = t
		f(t, &inner)
	})
	if !ok {
		p.t.FailNow()
	}
}

func (p *phone) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, waitTime)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fail(err)
	}
}

func (p *phone) fail(err error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	p.picture("failed")
	p.t.Fatalf("%v; the phone shows:\n%s", err, text)
}

func run[T any](p *phone, js string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, waitTime)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail(fmt.Errorf("%s: %w", js, err))
	}
	return v
}

// until waits for an expression to be true.
func (p *phone) until(otherwise, js string) {
	p.t.Helper()
	var err error
	for end := time.Now().Add(waitTime); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(p.ctx, waitTime)
		var yes bool
		yes, err = chromedp.Run(ctx, chromedp.Evaluate[bool](js))
		cancel()
		if err == nil && yes { // while a page changes for another there is none
			return
		}
	}
	p.fail(fmt.Errorf("%s: %w", otherwise, errors.Join(errTooLate, err)))
}

var errTooLate = errors.New("too late")

func (p *phone) open(address string) {
	p.t.Helper()
	// The same page with another fragment is not loaded again by itself.
	p.do(chromedp.Navigate("about:blank"), chromedp.Navigate(address))
}

// see waits for a text.
func (p *phone) see(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q is not seen", text), fmt.Sprintf(`document.body.innerText.includes(%s)`, quote(text)))
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// press waits for a button that can be pressed and has this text, and presses it.
func (p *phone) press(text string) {
	p.t.Helper()
	js := fmt.Sprintf(`(() => {
		const all = [...(document.querySelector("dialog[open]") ?? document).querySelectorAll("dialog button, .page button, .page label.tick, .page a, .banner")];
		const b = all.find((b) => !b.disabled && (b.innerText.trim() === %[1]s || b.getAttribute("aria-label") === %[1]s || b.matches("label, .row, .platform, .scan, .tiles button, .seals button, .message") && b.innerText.includes(%[1]s)));
		if (!b) return false;
		b.click();
		return true;
	})()`, quote(text))
	p.until(fmt.Sprintf("there is no button %q", text), js)
}

// fill types into the field with this label.
func (p *phone) fill(label, value string) {
	p.t.Helper()
	js := fmt.Sprintf(`(() => {
		const field = [...document.querySelectorAll("label.field")].find((f) => f.querySelector("span").innerText.trim() === %s);
		if (!field) return false;
		const input = field.querySelector("input");
		input.focus();
		Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, %s);
		input.dispatchEvent(new Event("input", { bubbles: true }));
		return true;
	})()`, quote(label), quote(value))
	p.until(fmt.Sprintf("there is no field %q", label), js)
}

// pin presses the digits on the pad, then the button below.
func (p *phone) pin(pin, act string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(".pad"))
	for _, digit := range pin {
		run[bool](p, fmt.Sprintf(`[...document.querySelectorAll(".pad button")].find((b) => b.innerText === %s).click(), true`, quote(string(digit))))
	}
	js := fmt.Sprintf(`(() => { const b = document.querySelector(".pin .button"); if (b.disabled || b.innerText.trim() !== %s) return false; b.click(); return true; })()`, quote(act))
	p.until(fmt.Sprintf("the PIN pad has no %q", act), js)
}

// tapMatch presses the letters that the desktop shows.
func (p *phone) tapMatch(letters string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(".codes"))
	p.picture("match")
	p.press(letters)
}

// recoveryCode reads the code from the screen, says it back, and gives it.
func (p *phone) recoveryCode() []string {
	p.t.Helper()
	p.do(chromedp.WaitVisible(".recovery"))
	p.picture("recovery-code")
	groups := run[[]string](p, `[...document.querySelectorAll(".recovery code")].map((c) => c.innerText)`)
	p.press("我已抄好")
	p.do(chromedp.WaitVisible("label.field"))
	n := run[int](p, `Number(document.querySelector("label.field span").innerText.match(/\d+/)[0])`)
	p.fill(fmt.Sprintf("第 %d 组", n), groups[n-1])
	p.press("确认")
	return groups
}

func (p *phone) picture(name string) {
	p.t.Helper()
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
		err = os.WriteFile(filepath.Join(p.shots, strings.ReplaceAll(p.t.Name(), "/", "-")+"-"+name+".png"), png, 0o644)
	}
	if err != nil {
		p.t.Logf("picture %s: %v", name, err)
	}
}

// at says where the phone is.
func (p *phone) at(lat, lon float64) {
	p.t.Helper()
	accuracy := 50.0
	if _, err := chromedp.CallBrowser(p.ctx, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: "geolocation"}, Setting: browser.PermissionSettingGranted,
	}); err != nil {
		p.t.Fatal(err)
	}
	if _, err := chromedp.Call(p.ctx, emulation.SetGeolocationOverride, emulation.SetGeolocationOverrideParams{Latitude: &lat, Longitude: &lon, Accuracy: &accuracy}); err != nil {
		p.t.Fatal(err)
	}
}

// net cuts the phone from the network, or puts it back.
func (p *phone) net(on bool) {
	p.t.Helper()
	offline := &network.Conditions{Offline: !on, DownloadThroughput: -1, UploadThroughput: -1}
	both := true
	if _, err := chromedp.Call(p.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		EmulateOfflineServiceWorker: &both, MatchedNetworkConditions: []*network.Conditions{offline},
	}); err != nil {
		p.t.Fatal(err)
	}
	if _, err := chromedp.Call(p.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: !on, DownloadThroughput: -1, UploadThroughput: -1}); err != nil {
		p.t.Fatal(err)
	}
}

// api calls the service as the app does, with its keys and its tokens: for what a test needs and does not test.
func (p *phone) api(method, path string, body any) string {
	p.t.Helper()
	said, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	return run[string](p, fmt.Sprintf(`(async (method, path, body) => {
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
	})(%s, %s, %s)`, quote(method), quote(path), said))
}
