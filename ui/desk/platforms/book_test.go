package platforms

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/quick"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func opened(t *testing.T, dir, preset string) *Book {
	t.Helper()
	b, err := Open(dir, preset)
	must(t, err)
	return b
}

func TestWhatIsKeptIsThereAgain(t *testing.T) {
	dir := t.TempDir()
	b := opened(t, dir, "")
	first, err := b.Add(Profile{Name: " 云台县公共资源交易平台 ", Address: "https://GGZY.example.cn/", MobileCA: "https://ca.example.cn", CSC: "https://Sign.example.cn/csc/v2/", CSCAccount: " a "})
	must(t, err)
	if first.Name != "云台县公共资源交易平台" || first.Address != "https://ggzy.example.cn" || first.CSC != "https://sign.example.cn/csc/v2" || first.CSCAccount != "a" {
		t.Errorf("%+v", first)
	}
	_, err = b.Add(Profile{Name: "省平台", Address: "https://b.example.cn:8443"})
	must(t, err)
	changed, err := b.Change(first.ID(), Profile{Name: "县平台", Address: first.Address})
	must(t, err)
	if changed.ID() != first.ID() {
		t.Error("another name made another platform of it")
	}
	again := opened(t, dir, "")
	if l := again.List(); len(l) != 2 || l[0].Name != "县平台" || l[1].Address != "https://b.example.cn:8443" || again.Trouble() != nil {
		t.Errorf("%+v", l)
	}
	if info, err := os.Stat(filepath.Join(dir, fileName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	for _, what := range []string{"省平台", "https://b.example.cn:8443", "https://b.example.cn:8443/"} {
		if p, ok := again.Find(what); !ok || p.Name != "省平台" {
			t.Errorf("%s: %+v", what, p)
		}
	}
	must(t, again.Remove(first.ID()))
	if l := opened(t, dir, "").List(); len(l) != 1 || l[0].Name != "省平台" {
		t.Errorf("%+v", l)
	}
}

func TestABadProfileIsRefusedAndChangesNothing(t *testing.T) {
	b := opened(t, t.TempDir(), "")
	_, err := b.Add(Profile{Name: "县平台", Address: "https://a.example.cn"})
	must(t, err)
	for _, tt := range []struct {
		p    Profile
		code string
	}{
		{Profile{Name: "  ", Address: "https://b.example.cn"}, "name"},
		{Profile{Name: strings.Repeat("长", maxName+1), Address: "https://b.example.cn"}, "name"},
		{Profile{Name: "a\nb", Address: "https://b.example.cn"}, "name"},
		{Profile{Name: "b", Address: "http://b.example.cn"}, "address"},
		{Profile{Name: "b", Address: "https://b.example.cn", CSC: "http://sign.example.cn/csc/v2", CSCAccount: "a"}, "csc"},
		{Profile{Name: "b", Address: "https://b.example.cn", CSC: "https://user@sign.example.cn/csc/v2", CSCAccount: "a"}, "csc"},
		{Profile{Name: "b", Address: "https://b.example.cn", CSC: "https://sign.example.cn/csc/v2?x=1", CSCAccount: "a"}, "csc"},
		{Profile{Name: "b", Address: "https://b.example.cn", CSCAccount: "a"}, "csc"},
		{Profile{Name: "b", Address: "https://b.example.cn", CSC: "https://sign.example.cn/csc/v2"}, "csc_account"},
		{Profile{Name: "b", Address: "https://b.example.cn", CSC: "https://sign.example.cn/csc/v2", CSCAccount: "a:b"}, "csc_account"},
		{Profile{Name: "b", Address: "https://u:p@b.example.cn"}, "address"},
		{Profile{Name: "b", Address: "b.example.cn"}, "address"},
		{Profile{Name: "b", Address: "https://b.example.cn", MobileCA: "ca"}, "mobile_ca"},
		{Profile{Name: "b", Address: "https://b.example.cn", Roots: "no PEM"}, "roots"},
		{Profile{Name: "b", Address: "https://b.example.cn", Level: "B"}, "level"},
		{Profile{Name: "b", Address: "https://b.example.cn", Hotline: strings.Repeat("1", maxHotline+1)}, "hotline"},
		{Profile{Name: "b", Address: "https://b.example.cn", Hotline: "400\n1"}, "hotline"},
		{Profile{Name: "县平台", Address: "https://b.example.cn"}, "name_taken"},
		{Profile{Name: "b", Address: "https://A.example.cn"}, "address_taken"},
	} {
		if _, err := b.Add(tt.p); !errors.Is(err, fault(tt.code, nil)) {
			t.Errorf("%+v: %v, not %s", tt.p, err, tt.code)
		}
	}
	if err := b.Remove("x"); !errors.Is(err, fault("unknown", nil)) {
		t.Error(err)
	}
	if len(b.List()) != 1 {
		t.Errorf("%+v", b.List())
	}
}

// A damaged file is told of, kept, and hinders nothing.
func TestADamagedFileIsKeptAside(t *testing.T) {
	for _, damaged := range []string{
		"", "{", `{"platforms":[{"name":"x","address":"http://x"}]}`, `{"platforms":[]} more`,
		`{"platforms":[{"name":"x","address":"https://x"},{"name":"x","address":"https://y"}]}`, strings.Repeat(" ", maxFile+1),
	} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, fileName), []byte(damaged), 0o600))
		b := opened(t, dir, "")
		if !errors.Is(b.Trouble(), fault("broken", nil)) || len(b.List()) != 0 {
			t.Errorf("%.40q: %v, %v", damaged, b.Trouble(), b.List())
		}
		_, err := b.Add(Profile{Name: "县平台", Address: "https://a.example.cn"})
		must(t, err)
		kept, _ := filepath.Glob(filepath.Join(dir, fileName+".broken-*"))
		if len(kept) != 1 {
			t.Fatalf("%.40q: it is not there any more: %v", damaged, kept)
		}
		if data, err := os.ReadFile(kept[0]); err != nil || string(data) != damaged {
			t.Errorf("%.40q was changed", damaged)
		}
	}
}

// Where everybody may write, nobody presets what is loaded or trusted for others.
func TestWhatIsTrustedForEverybodyIsTheAdministrators(t *testing.T) {
	env := func(string) string { return "programs" }
	for _, tt := range []struct{ system, preset, guarded string }{
		{"linux", "/etc/sealdesk/x", "/etc/sealdesk/x"},
		{"darwin", "/Library/Application Support/sealdesk/x", "/Library/Application Support/sealdesk/x"},
		{"windows", filepath.Join("programs", "sealdesk", "x"), ""},
	} {
		if preset, guarded := presetOn(tt.system, env, "x"), guardedOn(tt.system, env, "x"); preset != tt.preset || guarded != tt.guarded {
			t.Errorf("%s: %q, %q", tt.system, preset, guarded)
		}
	}
	if got := presetOn("windows", func(string) string { return "" }, "x"); got != "" {
		t.Errorf("without %%ProgramData%%: %q", got)
	}
}

// Whoever wrote a file by hand is told what is wrong with it.
func TestWhatIsWrongWithAFileIsSaid(t *testing.T) {
	for text, want := range map[string]string{
		`{"platforms":[{"name":"x","address":"http://x"}]}`:                       "platforms.address, address: http://x",
		`{"platforms":[{"name":"x","address":""}]}`:                               "platforms.address, address: ",
		`{"platforms":[{"name":"x","address":"https://x","trusted_root":"PEM"}]}`: `unknown field "trusted_root"`, // the system's would be trusted
		`{"platform":[]}`:          `unknown field "platform"`,
		`{"platforms":`:            "unexpected EOF",
		`{"platforms":[]} more`:    "something follows the list",
		`{"platforms":"https://"}`: "cannot unmarshal string",
	} {
		dir := t.TempDir()
		preset := filepath.Join(dir, "preset.json")
		must(t, os.WriteFile(filepath.Join(dir, fileName), []byte(text), 0o600))
		must(t, os.WriteFile(preset, []byte(text), 0o644))
		for _, trouble := range []error{opened(t, dir, "").Trouble(), opened(t, dir, preset).Trouble()} {
			var bad *Error
			if !errors.As(trouble, &bad) || !strings.Contains(fmt.Sprint(bad.Params()["reason"]), want) {
				t.Errorf("%s: %v", text, trouble)
			}
		}
	}
}

func TestWhatIsPresetCannotBeChanged(t *testing.T) {
	dir := t.TempDir()
	preset := filepath.Join(dir, "preset.json")
	must(t, os.WriteFile(preset, []byte(`{"platforms":[{"name":"省平台","address":"https://p.example.cn"}]}`), 0o644))
	b := opened(t, dir, preset)
	l := b.List()
	if len(l) != 1 || !l[0].Preset {
		t.Fatalf("%+v", l)
	}
	if err := b.Remove(l[0].ID()); !errors.Is(err, fault("preset", nil)) {
		t.Error(err)
	}
	if _, err := b.Change(l[0].ID(), Profile{Name: "a", Address: "https://a.example.cn"}); !errors.Is(err, fault("preset", nil)) {
		t.Error(err)
	}
	must(t, os.WriteFile(preset, []byte("{"), 0o644))
	b = opened(t, dir, preset)
	if _, err := os.Stat(preset); err != nil || !errors.Is(b.Trouble(), fault("preset_broken", nil)) {
		t.Errorf("%v %v", err, b.Trouble())
	}
}

// Two addresses are never one platform, and a platform's ID is always a plain name of a folder.
func TestAnIDIsTheNameOfAFolder(t *testing.T) {
	err := quick.Check(func(a, b string) bool {
		p, q := Profile{Address: a}.ID(), Profile{Address: b}.ID()
		return filepath.Base(p) == p && p != "." && p != ".." && len(p) < 100 && (a == b || p != q)
	}, nil)
	must(t, err)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"platforms":[{"name":"县平台","address":"https://a.example.cn","roots":"x","mobileCA":"https://b"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parse(data)
		if err == nil && len(list) > maxCount {
			t.Error("more than the bound")
		}
	})
}

// The file of a newer program is refused and stays as it is: to write it anew would lose what this program does not know.
func TestANewerFileIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	const newer = `{"version": 2, "platforms": [], "more": true}`
	if err := os.WriteFile(filepath.Join(dir, fileName), []byte(newer), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, ""); !errors.Is(err, fault("newer", nil)) {
		t.Errorf("%v", err)
	}
	if now, err := os.ReadFile(filepath.Join(dir, fileName)); err != nil || string(now) != newer {
		t.Errorf("the file is %s, %v", now, err)
	}
}

// A platform of the person's own that a preset one stands for keeps its name: the file would be damaged at the next start.
func TestWhatAPresetHidesKeepsItsName(t *testing.T) {
	dir := t.TempDir()
	b := opened(t, dir, "")
	_, err := b.Add(Profile{Name: "县平台", Address: "https://a.example.cn"})
	must(t, err)
	other, err := b.Add(Profile{Name: "市平台", Address: "https://c.example.cn"})
	must(t, err)
	preset := filepath.Join(dir, "preset.json")
	must(t, os.WriteFile(preset, []byte(`{"platforms":[{"name":"省平台","address":"https://a.example.cn"}]}`), 0o644))
	b = opened(t, dir, preset)
	if _, err := b.Add(Profile{Name: "县平台", Address: "https://b.example.cn"}); !errors.Is(err, fault("name_taken", nil)) {
		t.Errorf("added: %v", err)
	}
	if _, err := b.Change(other.ID(), Profile{Name: "县平台", Address: other.Address}); !errors.Is(err, fault("name_taken", nil)) {
		t.Errorf("changed: %v", err)
	}
	if again := opened(t, dir, preset); again.Trouble() != nil || len(again.List()) != 2 {
		t.Errorf("%v, %+v", again.Trouble(), again.List())
	}
}
