package shut_test

import (
	"context"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"sealdesk/assets/i18n"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/shut"
	"sealdesk/ui/widgets"
)

// A ring is a keyring that can be locked, and that can lose what is in it.
type ring struct {
	secrets map[string][]byte
	locked  bool
}

func (r *ring) Get(name string) ([]byte, error) {
	if r.locked {
		return nil, errors.New("locked")
	}
	if s, ok := r.secrets[name]; ok {
		return s, nil
	}
	return nil, vault.ErrNoSecret
}

func (r *ring) Set(name string, secret []byte) error {
	r.secrets[name] = secret
	return nil
}

func (r *ring) Delete(name string) error {
	delete(r.secrets, name)
	return nil
}

// stage is a desk that was used once, and the window that tells why it does not open again.
type stage struct {
	t      *testing.T
	host   *pagetest.Host
	window fyne.Window
	opened *desk.Desk
	config desk.Config
}

func newStage(t *testing.T, r *ring, trouble func()) *stage {
	t.Helper()
	catalog, err := words.New(i18n.Files, words.Chinese)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, host: pagetest.NewHost(t, nil, nil)}
	s.config = desk.Config{Words: catalog, Keyring: r, Folders: desk.Folders{Data: filepath.Join(t.TempDir(), "sealdesk"), Cache: t.TempDir()}}
	try := func(ctx context.Context) (*desk.Desk, error) { return desk.Open(ctx, s.config) }
	d, err := try(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	trouble()
	_, err = try(t.Context())
	if err == nil {
		t.Fatal("it opens")
	}
	w := shut.New(fyne.CurrentApp(), catalog, err, try, func(d *desk.Desk) { s.opened = d })
	s.window = w.Fyne()
	t.Cleanup(func() {
		if s.opened != nil {
			_ = s.opened.Close()
		}
	})
	return s
}

func (s *stage) objects() []fyne.CanvasObject {
	if top := s.window.Canvas().Overlays().Top(); top != nil {
		return test.LaidOutObjects(top)
	}
	return test.LaidOutObjects(s.window.Content())
}

func (s *stage) says(words string) bool {
	var all strings.Builder
	for _, o := range s.objects() {
		if o, ok := o.(*canvas.Text); ok {
			all.WriteString(o.Text)
		}
	}
	return strings.Contains(all.String(), words)
}

func (s *stage) button(text string) *widgets.Button {
	s.t.Helper()
	for _, o := range s.objects() {
		if b, ok := o.(*widgets.Button); ok && b.Text() == text {
			return b
		}
	}
	s.t.Fatalf("no button %q", text)
	return nil
}

func (s *stage) press(text string) {
	s.t.Helper()
	s.button(text).Tapped(nil)
}

func (s *stage) picture(name string) {
	s.t.Helper()
	dir := os.Getenv("SEALDESK_PICTURES")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, s.window.Canvas().Capture()); err != nil {
		s.t.Fatal(err)
	}
}

// A keyring that is locked is told of in the window in three parts; when it is unlocked, the desk opens.
func TestALockedKeyringIsToldInTheWindow(t *testing.T) {
	r := &ring{secrets: map[string][]byte{}}
	s := newStage(t, r, func() { r.locked = true })
	for _, part := range []string{"系统密钥环未解锁", "内容都在，没有丢失", "解锁密钥环", "vault.locked"} {
		if !s.says(part) {
			t.Errorf("not said: %s", part)
		}
	}
	s.picture("shut-locked")
	before := s.button("重试")
	s.press("重试")
	s.host.Until("it was tried in vain", func() bool { return s.button("重试") != before })
	if s.opened != nil || !s.says("系统密钥环未解锁") {
		t.Error("it is not told again")
	}
	r.locked = false
	s.press("重试")
	s.host.Until("it opens", func() bool { return s.opened != nil })
}

// A key that is gone for good: what that means for what waits is said, and what cannot be read is set aside when the person
// decides so.
func TestALostKeyIsToldInTheWindow(t *testing.T) {
	r := &ring{secrets: map[string][]byte{}}
	s := newStage(t, r, func() { r.secrets = map[string][]byte{} })
	for _, part := range []string{"的密钥已不在系统密钥环中", "尚未送达的合同，没有原来的密钥谁也读不出来", "恢复原来的密钥环", "vault.key_lost"} {
		if !s.says(part) {
			t.Errorf("not said: %s", part)
		}
	}
	s.picture("shut-lost")
	s.press("移到一旁，重新开始…")
	if !s.says("不会删除") {
		t.Error("the question does not say what happens")
	}
	s.picture("shut-ask")
	s.press("移到一旁，未送达的重新盖章")
	s.host.Until("it opens", func() bool { return s.opened != nil })
	aside, err := filepath.Glob(filepath.Join(s.config.Folders.Data, "unreadable-*", "outbox", "journal.db"))
	if err != nil || len(aside) != 1 {
		t.Errorf("aside: %v, %v", aside, err)
	}
}

// What cannot be moved is told of, and nothing is begun anew.
func TestSettingAsideThatFailsIsTold(t *testing.T) {
	r := &ring{secrets: map[string][]byte{}}
	s := newStage(t, r, func() { r.secrets = map[string][]byte{} })
	s.press("移到一旁，重新开始…")
	gone := s.config.Folders.Data + "-gone"
	if err := os.Rename(s.config.Folders.Data, gone); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config.Folders.Data, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.press("移到一旁，未送达的重新盖章")
	s.host.Until("it is told", func() bool { return s.says("desk.disk") })
	if s.opened != nil {
		t.Error("it was begun anew")
	}
}
