package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/ui/desk/keyring"
)

// insideKeyring is set in a process that has a real keyring.
const insideKeyring = "SEALDESK_KEPT_TEST"

// memory is a keyring of one OS user.
type memory struct {
	mu      sync.Mutex
	secrets map[string][]byte
}

func (m *memory) Get(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.secrets[name]; ok {
		return bytes.Clone(s), nil
	}
	return nil, vault.ErrNoSecret
}

func (m *memory) Set(name string, secret []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.secrets[name] = bytes.Clone(secret)
	return nil
}

func (m *memory) Delete(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.secrets, name)
	return nil
}

func newMemory() Keyring {
	if os.Getenv(insideKeyring) != "" {
		return keyring.System{}
	}
	return &memory{secrets: map[string][]byte{}}
}

// keeping opens the desk of a folder with a keyring.
func (w *world) keeping(name string, ring Keyring) *Desk {
	d := w.desk(name + "-first")
	cfg := d.cfg
	must(w.t, d.Close())
	cfg.Folders = Folders{Data: filepath.Join(w.dir, name), Cache: filepath.Join(w.dir, name+"-cache")}
	cfg.Keyring, cfg.PlatformURL = ring, w.url
	cfg.Connect = func(ctx context.Context, key PlatformKey) (platformapi.Platform, error) {
		return client.Login(ctx, w.url, key.Signer, key.Chain, client.Options{Timeout: w.timeout, Keeper: key.Keeper})
	}
	cfg.Resume = func(ctx context.Context, secret []byte, _ client.Proxy, keep Keeper) (platformapi.Platform, error) {
		c, err := client.New(w.url, client.Options{Timeout: w.timeout, Keeper: keep})
		if err != nil {
			return nil, err
		}
		_, err = c.Resume(ctx, secret)
		return c, err
	}
	d, err := Open(w.t.Context(), cfg)
	must(w.t, err)
	w.t.Cleanup(func() { _ = d.Close() })
	return d
}

func (w *world) keptLogin(d *Desk, keep bool) *Session {
	w.t.Helper()
	s, err := d.Login(w.t.Context(), LoginRequest{Key: key(w.t, d, buyer), PIN: []byte(rightPIN), Keep: keep})
	must(w.t, err)
	w.t.Cleanup(s.Close)
	return s
}

// left is what the keyring has of the purchaser's session.
func left(t *testing.T, d *Desk) []byte {
	t.Helper()
	data, err := d.cfg.Keyring.Get(d.sessionName(buyer.USCC))
	if err != nil && !errors.Is(err, vault.ErrNoSecret) {
		t.Fatal(err)
	}
	return data
}

// refreshToken is what makes a kept session worth stealing.
func refreshToken(t *testing.T, secret []byte) []byte {
	t.Helper()
	_, rest, ok := bytes.Cut(secret, []byte(`"refresh_token":"`))
	token, _, end := bytes.Cut(rest, []byte(`"`))
	if !ok || !end || len(token) < 20 {
		t.Fatalf("no token in %q", secret)
	}
	return token
}

func TestKeptSessions(t *testing.T) {
	w := aloneInTheWorld(t)
	ring := newMemory()

	d := w.keeping("desk", ring)
	if got := d.Kept(); len(got) != 0 {
		t.Fatalf("before any login: %+v", got)
	}
	s := w.keptLogin(d, true)
	if got := d.Kept(); len(got) != 0 {
		t.Errorf("the session at work is offered: %+v", got)
	}
	w.shut(s)

	// The next run of the program.
	d = w.keeping("desk", ring)
	kept := d.Kept()
	if len(kept) != 1 || kept[0].Over || kept[0].Key.Owner != buyer.Name || kept[0].Key.Person != buyer.Handler ||
		time.Until(kept[0].Until) < 7*time.Hour || time.Until(kept[0].Until) > 8*time.Hour {
		t.Fatalf("kept: %+v", kept)
	}
	stolen := refreshToken(t, kept[0].secret)
	_ = filepath.WalkDir(filepath.Join(w.dir, "desk"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, stolen) {
				t.Errorf("the secret lies in %s", path)
			}
		}
		return err
	})
	s, err := d.Resume(t.Context(), kept[0])
	must(t, err)
	if _, err := s.Lots(t.Context(), ""); err != nil || s.Key().USCC != buyer.USCC || s.Key().Tries != tries {
		t.Errorf("%v, %+v", err, s.Key())
	}
	if got := refreshToken(t, mustKept(t, left(t, d))); bytes.Equal(got, stolen) {
		t.Error("the token that was used is still kept")
	}
	// Another person's PIN is asked for as ever.
	if _, err := s.desk.unlock(t.Context(), s.Key(), []byte(wrongPIN), false); err == nil {
		t.Error("the key opens without its PIN")
	}
	w.shut(s)

	// Logged out means that nothing is left, here or there.
	d = w.keeping("desk", ring)
	kept = d.Kept()
	if len(kept) != 1 {
		t.Fatalf("after the second run: %+v", kept)
	}
	secret := slices.Clone(kept[0].secret)
	s, err = d.Resume(t.Context(), kept[0])
	must(t, err)
	must(t, s.Logout(t.Context()))
	if data := left(t, d); data != nil {
		t.Errorf("after the log-out the keyring has %q", data)
	}
	if _, err := d.Resume(t.Context(), Kept{Key: kept[0].Key, Until: kept[0].Until, secret: secret}); !errors.Is(err, fault("session_over", nil)) {
		t.Errorf("a copy of what was kept: %v", err)
	}
	must(t, d.Close())
	if got := w.keeping("desk", ring).Kept(); len(got) != 0 {
		t.Errorf("offered after the log-out: %+v", got)
	}
}

// mustKept is the secret in what the keyring has.
func mustKept(t *testing.T, data []byte) []byte {
	t.Helper()
	var k inKeyring
	must(t, json.Unmarshal(data, &k))
	return k.Secret
}

func TestLoggedOutWithoutThePlatformLeavesNothing(t *testing.T) {
	w := newWorld(t)
	d := w.keeping("desk", newMemory())
	s := w.keptLogin(d, true)
	if left(t, d) == nil {
		t.Fatal("nothing was kept")
	}
	w.before(cutOff)
	if err := s.Logout(t.Context()); err == nil {
		t.Error("the platform was told without a connection")
	}
	if data := left(t, d); data != nil {
		t.Errorf("the keyring has %q", data)
	}
}

func TestASessionIsKeptByChoice(t *testing.T) {
	w := newWorld(t)
	ring := newMemory()
	d := w.keeping("desk", ring)
	if !d.KeepSessions() {
		t.Error("it is not the first choice")
	}
	w.shut(w.keptLogin(d, true))
	d = w.keeping("desk", ring)
	s := w.keptLogin(d, false)
	if left(t, d) != nil {
		t.Error("it was kept, or an older one still is")
	}
	w.shut(s)
	if w.keeping("desk", ring).KeepSessions() {
		t.Error("the choice was forgotten")
	}
}

// The session that a new login takes the place of is ended on the platform; one that this desk works in is not.
func TestAReplacedSessionIsEnded(t *testing.T) {
	for name, keep := range map[string]bool{"kept": true, "not kept": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ring := newMemory()
			first := w.keptLogin(w.keeping("desk", ring), true)
			w.shut(first)
			d := w.keeping("desk", ring)
			second := w.keptLogin(d, keep)
			beside := w.keptLogin(d, keep)
			beside.Close() // waits for what goes on beside the work
			if _, err := second.platform.Session(t.Context()); err != nil {
				t.Errorf("a session at work was ended: %v", err)
			}
			second.Close()
			if _, err := first.platform.Session(t.Context()); !isOver(err) {
				t.Errorf("the one before is still open: %v", err)
			}
		})
	}
}

func TestWithoutAKeyringNothingIsKept(t *testing.T) {
	w := newWorld(t)
	d := w.keeping("desk", nil)
	if d.KeepsSessions() {
		t.Error("it says that it keeps sessions")
	}
	w.shut(w.keptLogin(d, true))
	if got := w.keeping("desk", nil).Kept(); len(got) != 0 {
		t.Errorf("kept: %+v", got)
	}
}

// Another person of the system has another keyring: what the one left open is not offered, and his secret moved into hers
// under another organisation's name neither.
func TestAnotherPersonIsNotLetIn(t *testing.T) {
	w := newWorld(t)
	mine := newMemory()
	d := w.keeping("desk", mine)
	w.shut(w.keptLogin(d, true))
	vaultKey := &memory{secrets: map[string][]byte{}}
	for name, s := range mine.(*memory).secrets {
		if !strings.HasPrefix(name, "session ") {
			vaultKey.secrets[name] = s // as if the folder was shared
		}
	}
	d = w.keeping("desk", vaultKey)
	if got := d.Kept(); len(got) != 0 {
		t.Fatalf("offered to another person: %+v", got)
	}
	must(t, os.MkdirAll(filepath.Join(w.dir, "desk", "parties", seller.USCC), 0o700))
	must(t, vaultKey.Set(d.sessionName(seller.USCC), mine.(*memory).secrets[d.sessionName(buyer.USCC)]))
	if got := d.Kept(); len(got) != 0 {
		t.Errorf("offered as the supplier's: %+v", got)
	}
	// The name on the offer is that of the platform's session, or nobody is let in.
	var k inKeyring
	must(t, json.Unmarshal(mine.(*memory).secrets[d.sessionName(buyer.USCC)], &k))
	forged := Kept{Key: key(t, d, seller), Until: k.Until, secret: k.Secret}
	if s, err := d.Resume(t.Context(), forged); !errors.Is(err, fault("session_over", nil)) {
		t.Errorf("%v, %v", s, err)
	}
}

func TestASessionThatIsOverIsToldAndForgotten(t *testing.T) {
	w := newWorld(t)
	ring := newMemory()
	d := w.keeping("desk", ring)
	s := w.keptLogin(d, true)
	s.keeper.begin(time.Now().Add(-time.Minute))
	w.shut(s)
	d = w.keeping("desk", ring)
	kept := d.Kept()
	if len(kept) != 1 || !kept[0].Over || kept[0].Key.Owner != buyer.Name {
		t.Fatalf("%+v", kept)
	}
	if left(t, d) != nil || len(d.Kept()) != 0 {
		t.Error("it was not forgotten")
	}
	if _, err := d.Resume(t.Context(), kept[0]); !errors.Is(err, fault("session_over", nil)) {
		t.Errorf("got %v", err)
	}
}

// A platform that cannot be reached now is no end of a session.
func TestAKeptSessionOutlastsABrokenConnection(t *testing.T) {
	w := newWorld(t)
	ring := newMemory()
	d := w.keeping("desk", ring)
	w.shut(w.keptLogin(d, true))
	d = w.keeping("desk", ring)
	w.before(cutOff)
	if _, err := d.Resume(t.Context(), d.Kept()[0]); !platformapi.Retryable(err) {
		t.Errorf("got %v", err)
	}
	w.before(nil)
	s, err := d.Resume(t.Context(), d.Kept()[0])
	must(t, err)
	s.Close()
}

// The same with the keyring of a real desktop.
func TestKeptSessionsInARealKeyring(t *testing.T) {
	if os.Getenv(insideKeyring) != "" {
		t.Skip("this is inside")
	}
	for _, program := range []string{"dbus-run-session", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not there", program)
		}
	}
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "dbus-run-session", "--", "sh", "-c",
		`printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit 9
"$PROGRAM" -test.v -test.run='^TestKeptSessions$'`)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_DATA_HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_CACHE_HOME="+home, "XDG_CONFIG_HOME="+home,
		"PROGRAM="+os.Args[0], insideKeyring+"=1")
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: TestKeptSessions")) {
		t.Fatalf("%v\n%s", err, out)
	}
}
