package desk

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/signer/fetch"
	"sealdesk/signer/revocation"
	"sealdesk/token"
	"sealdesk/token/soft"
	"sealdesk/ui/desk/platforms"
	"sealdesk/ui/desk/proxy"
	"sealdesk/ui/desk/updates"
)

// The login of the tests' proxy.
const (
	proxyUser     = "wangjianguo"
	proxyPassword = "三个字 abc"
)

// behindProxy serves the world's platform by TLS, under the names of example.com, for those alone who come through a proxy that
// wants a login. It gives the proxy's address and the root of the platform's certificate.
func (w *world) behindProxy() (address, root string) {
	w.t.Helper()
	inside := httptest.NewUnstartedServer(w.platform)
	inside.Config.ErrorLog = log.New(io.Discard, "", 0)
	inside.StartTLS()
	w.t.Cleanup(inside.Close)
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(proxyUser+":"+proxyPassword))
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodConnect:
			out.WriteHeader(http.StatusMethodNotAllowed)
		case r.Header.Get("Proxy-Authorization") != want:
			out.Header().Set("Proxy-Authenticate", `Basic realm="office"`)
			out.WriteHeader(http.StatusProxyAuthRequired)
		case !strings.HasSuffix(r.Host, "example.com:443"):
			out.WriteHeader(http.StatusForbidden)
		default:
			tunnel(out, inside.Listener.Addr().String())
		}
	}))
	w.t.Cleanup(server.Close)
	return server.Listener.Addr().String(),
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: inside.Certificate().Raw}))
}

func tunnel(out http.ResponseWriter, to string) {
	there, err := net.Dial("tcp", to)
	if err != nil {
		out.WriteHeader(http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, _, err := http.NewResponseController(out).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(there, here)
		there.Close()
	}()
	_, _ = io.Copy(here, there)
}

// ring is a keyring in memory.
type ring struct {
	mu   sync.Mutex
	held map[string][]byte
}

func (r *ring) Get(name string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.held[name]; ok {
		return s, nil
	}
	return nil, vault.ErrNoSecret
}

func (r *ring) Set(name string, secret []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held[name] = secret
	return nil
}

func (r *ring) Delete(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.held, name)
	return nil
}

// chooser opens a desk that has a book of platforms; the same name again is the same machine.
func (w *world) chooser(name string, keys Keyring) *Desk {
	w.t.Helper()
	driver, err := soft.Open(w.keys)
	must(w.t, err)
	folders := Folders{Data: filepath.Join(w.dir, name), Cache: filepath.Join(w.dir, name+"-cache")}
	must(w.t, os.MkdirAll(folders.Data, 0o700))
	book, err := platforms.Open(folders.Data, "")
	must(w.t, err)
	d, err := Open(w.t.Context(), Config{
		Words: w.words, Folders: folders, Drivers: []token.Driver{driver}, Roots: w.ca.Roots(), Cleaner: w.cleaner, Renderer: engine, SealDPI: coarse,
		Keyring: keys, Book: book,
	})
	must(w.t, err)
	w.t.Cleanup(func() { _ = d.Close() })
	return d
}

func (w *world) enter(d *Desk) (*Session, error) {
	w.t.Helper()
	return d.Login(w.t.Context(), LoginRequest{Key: key(w.t, d, buyer), PIN: []byte(rightPIN)})
}

// Through a proxy that wants a login to a platform with a certificate of its own CA: each thing that is lacking is told by name,
// and the password is in the keyring alone.
func TestThroughAProxyToAPrivateCA(t *testing.T) {
	w := newWorld(t)
	address, root := w.behindProxy()
	keys := &ring{held: map[string][]byte{}}
	d := w.chooser("chooser", keys)
	if _, err := w.enter(d); !errors.Is(err, fault("no_platform", nil)) {
		t.Errorf("without a platform: %v", err)
	}
	must(t, d.SavePlatform(t.Context(), "", platforms.Profile{Name: "县平台", Address: "https://example.com"}))
	settings := Settings{Proxy: proxy.Way{Choice: proxy.Named, Address: "127.0.0.1:1"}}
	must(t, d.ChangeSettings(settings))
	_, err := w.enter(d)
	w.told(err, platformapi.CodeProxyAway)
	settings.Proxy.Address = address
	must(t, d.ChangeSettings(settings))
	_, err = w.enter(d)
	w.told(err, platformapi.CodeProxyLogin)
	_, err = d.SetProxyLogin(proxyUser, "wrong")
	must(t, err)
	_, err = w.enter(d)
	w.told(err, platformapi.CodeProxyLogin)
	if p := w.words.Problem(err); !strings.Contains(p.What, "代理服务器") || !strings.Contains(p.Do, "用户名和密码") {
		t.Errorf("%+v", p)
	}
	kept, err := d.SetProxyLogin(proxyUser, proxyPassword)
	must(t, err)
	if !kept {
		t.Error("the keyring did not keep the password")
	}
	_, err = w.enter(d)
	w.told(err, platformapi.CodeTLS)
	if p := w.words.Problem(err); !strings.Contains(p.What, "证书不可信") {
		t.Errorf("%+v", p)
	}
	at, _ := d.Platform()
	at.Roots = root
	must(t, d.SavePlatform(t.Context(), at.ID(), at))
	s, err := w.enter(d)
	must(t, err)
	if s.Link(t.Context()).Online != true || d.PlatformName() != "县平台" {
		t.Error("not online")
	}
	s.Close()
	// What another CA signed is refused, although the system may trust that one.
	other, err := caRoot(w)
	must(t, err)
	at.Roots = other
	must(t, d.SavePlatform(t.Context(), at.ID(), at))
	_, err = w.enter(d)
	w.told(err, platformapi.CodeTLS)
	at.Roots = root
	must(t, d.SavePlatform(t.Context(), at.ID(), at))
	must(t, d.SavePlatform(t.Context(), "", platforms.Profile{Name: "别的", Address: "https://elsewhere.example"}))
	_, err = w.enter(d)
	w.told(err, platformapi.CodeProxyRefused)
	must(t, d.ChoosePlatform(t.Context(), at.ID()))
	must(t, d.Close())

	again := w.chooser("chooser", keys)
	if again.PlatformName() != "县平台" {
		t.Errorf("it begins at %q", again.PlatformName())
	}
	s, err = w.enter(again)
	must(t, err)
	s.Close()
	must(t, filepath.Walk(filepath.Join(w.dir, "chooser"), func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), proxyPassword) {
			t.Errorf("the password lies in %s", path)
		}
		return err
	}))
}

// caRoot is a root that has nothing to do with the platform's web certificate.
func caRoot(w *world) (string, error) {
	path := filepath.Join(w.dir, "other.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.ca.Roots()[0].Raw})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return "", err
	}
	return platforms.ReadRoots(path)
}

// A password that was entered for one proxy never goes to another one.
func TestAPasswordStaysWithItsProxy(t *testing.T) {
	w := newWorld(t)
	d := w.chooser("chooser", nil)
	ask := func() string {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://example.com", nil)
		must(t, err)
		u, err := d.Proxy(r)
		must(t, err)
		if u == nil {
			return ""
		}
		password, _ := u.User.Password()
		return password
	}
	way := proxy.Way{Choice: proxy.Named, Address: "10.0.0.1:3128"}
	must(t, d.ChangeSettings(Settings{Proxy: way}))
	kept, err := d.SetProxyLogin(proxyUser, proxyPassword)
	must(t, err)
	if kept || ask() != proxyPassword {
		t.Errorf("kept %v, password %q", kept, ask())
	}
	for _, user := range []string{"another", ""} { // a login that is not there any more is not kept either
		_, err := d.SetProxyLogin(user, "secret of "+user)
		must(t, err)
		if _, err := d.SetProxyLogin(proxyUser, ""); err != nil {
			t.Fatal(err)
		}
		way := d.Settings().Proxy
		way.User = user
		if password := d.proxyPassword(way.Secret()); password != "" {
			t.Errorf("the password %q of user %q is kept", password, user)
		}
	}
	way.User, way.Address = proxyUser, "10.0.0.2:3128"
	must(t, d.ChangeSettings(Settings{Proxy: way}))
	if ask() != "" {
		t.Error("another proxy got it")
	}
	if _, err := d.SetProxyLogin("a:b", "c"); !errors.Is(err, fault("proxy_user", nil)) {
		t.Error(err)
	}
}

// What waits for one platform is never sent to another one, and nobody's session is taken elsewhere.
func TestWhatWaitsForOnePlatformStaysThere(t *testing.T) {
	w := newWorld(t)
	address, root := w.behindProxy()
	d := w.chooser("chooser", nil)
	must(t, d.ChangeSettings(Settings{Proxy: proxy.Way{Choice: proxy.Named, Address: address}}))
	_, err := d.SetProxyLogin(proxyUser, proxyPassword)
	must(t, err)
	first := platforms.Profile{Name: "县平台", Address: "https://example.com", Roots: root}
	must(t, d.SavePlatform(t.Context(), "", first))
	s, err := w.enter(d)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.SavePlatform(ctx, "", platforms.Profile{Name: "市平台", Address: "https://b.example.com", Roots: root}); !errors.Is(err, fault("logged_in", nil)) {
		t.Errorf("while somebody is logged in: %v", err)
	}
	work := w.begin(s, "lot-1")
	s.stop() // nothing is sent from here on
	<-s.stopped
	f := work.View(t.Context()).Fields
	f.TermDays = 90
	must(t, work.Type(f))
	_, err = work.Save(t.Context())
	must(t, err)
	waiting := s.Link(t.Context()).Waiting
	if waiting == 0 {
		t.Fatal("nothing waits")
	}
	s.Close()
	must(t, d.ChoosePlatform(t.Context(), "市平台"))
	other, err := w.enter(d)
	must(t, err)
	if n := other.Link(t.Context()).Waiting; n != 0 {
		t.Errorf("%d wait for the other platform", n)
	}
	if drafts, err := other.Drafts(t.Context()); err != nil || len(drafts) != 0 {
		t.Errorf("drafts of the first are shown at the other: %+v, %v", drafts, err)
	}
	other.Close()
	must(t, d.RemovePlatform(t.Context(), platforms.Profile{Address: "https://b.example.com"}.ID()))
	if d.PlatformName() != "县平台" {
		t.Errorf("it is at %q", d.PlatformName())
	}
	s, err = w.enter(d)
	must(t, err)
	defer s.Close()
	w.until("it is sent", func() bool { return s.Link(t.Context()).Waiting == 0 })
}

// Time stamps, questions about revocation and the look over the computer go the way that the settings want for the platform, and
// believe its roots.
func TestServicesAreReachedAsThePlatformIs(t *testing.T) {
	w := newWorld(t)
	address, root := w.behindProxy()
	d := w.chooser("chooser", nil)
	must(t, d.SavePlatform(t.Context(), "", platforms.Profile{Name: "县平台", Address: "https://example.com", Roots: root}))
	ask := map[string]func() error{
		"stamps": func() error { return d.ReachStamps(t.Context()) },
		"revocation": func() error {
			_, err := d.asking().Revocation.(*revocation.Checker).Fetcher.Fetch(t.Context(), fetch.Request{URL: "https://example.com/v1/time", MaxBytes: 1 << 10})
			return err
		},
		"doctor": func() error {
			_, err := d.checkup(nil).Clock(t.Context())
			return err
		},
	}
	settings := Settings{Stamps: StampsPlatform, Revocation: AskPublic, Proxy: proxy.Way{Choice: proxy.Named, Address: address}}
	must(t, d.ChangeSettings(settings))
	for what, f := range ask {
		if err := f(); err == nil {
			t.Errorf("%s: the proxy was not asked, or gave way without a login", what)
		}
	}
	_, err := d.SetProxyLogin(proxyUser, proxyPassword)
	must(t, err)
	for what, f := range ask {
		if err := f(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	at, _ := d.Platform()
	if at.Roots, err = caRoot(w); err != nil {
		t.Fatal(err)
	}
	must(t, d.SavePlatform(t.Context(), at.ID(), at))
	for what, f := range ask {
		if err := f(); err == nil {
			t.Errorf("%s: believed another CA's certificate", what)
		}
	}
}

// Other roots of a platform hold at once for its mobile CA and its signing service, too.
func TestOtherRootsAreNotForgotten(t *testing.T) {
	w := newWorld(t)
	_, root := w.behindProxy()
	d := w.desk("desk")
	at := &platforms.Profile{Name: "县平台", Address: "https://example.com", MobileCA: "https://ca.example.com", CSC: "https://sign.example.com", CSCAccount: "a"}
	d.at = at
	first, err := d.phones()
	must(t, err)
	d.opened = &remote{service: at.CSC, account: at.CSCAccount, driver: first}
	if again, err := d.phones(); err != nil || again != first || len(d.remotes()) != 1 {
		t.Errorf("made anew without a reason: %v", err)
	}
	at.Roots = root
	if again, err := d.phones(); err != nil || again == first {
		t.Errorf("the mobile CA is believed by the roots of before: %v", err)
	}
	if len(d.remotes()) != 0 {
		t.Error("the signing service is believed by the roots of before")
	}
}

// The question for newer versions goes the way that the settings want.
func TestUpdatesAreAskedForThroughTheProxy(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		out.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	d := plainDesk(t, t.TempDir(), func(c *Config) { c.Updates = &updates.Source{Feed: "https://updates.invalid/feed"} })
	must(t, d.ChangeSettings(Settings{Proxy: proxy.Way{Choice: proxy.Named, Address: server.Listener.Addr().String()}}))
	if _, err := d.FindNewer(t.Context()); err == nil || asked.Load() != 1 {
		t.Errorf("the proxy was asked %d times, %v", asked.Load(), err)
	}
}
