package checkup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"sealdesk/assets/i18n"
	"sealdesk/signer/cleancopy/office"
	"sealdesk/token/doctor"
	"sealdesk/ui/desk/words"
)

func catalog(t *testing.T, language string) *words.Catalog {
	t.Helper()
	c, err := words.New(i18n.Files, language)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// said fails the test when a check cannot be said in a language.
func said(t *testing.T, checks ...doctor.Check) {
	t.Helper()
	for _, language := range []string{words.Chinese, words.English} {
		for _, f := range checks {
			c := Checkup{Words: catalog(t, language)}.say(f)
			if c.What == f.Code || strings.Contains(c.What+c.Do, "<no value>") || (f.Advice != "") != (c.Do != "") {
				t.Errorf("%s: %s is said %q, %q", language, f.Code, c.What, c.Do)
			}
		}
	}
}

type platformError struct{ error }

func (platformError) Code() string { return "platform.offline" }

func TestPlatform(t *testing.T) {
	for _, tt := range []struct {
		name string
		off  time.Duration // of this computer's clock
		err  error
		code string
		want State
	}{
		{"the same", 0, nil, "doctor.platform", OK},
		{"a little slow", -50 * time.Second, nil, "doctor.platform", OK},
		{"slow", -70 * time.Second, nil, "doctor.clock_slow", Warning},
		{"fast", 90 * time.Second, nil, "doctor.clock_fast", Warning},
		{"a wrong day", 24 * time.Hour, nil, "doctor.clock_fast", Broken},
		{"away", 0, platformError{errors.New("no route")}, "doctor.platform_unreachable", Broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Checkup{Clock: func(context.Context) (time.Time, error) { return time.Now().Add(-tt.off), tt.err }}
			f := c.platform(t.Context())
			if f.Code != tt.code || f.State != tt.want {
				t.Errorf("got %s %s, want %s %s", f.Code, f.State, tt.code, tt.want)
			}
			if tt.err != nil && f.Params["code"] != "platform.offline" {
				t.Errorf("the error's code is %v", f.Params["code"])
			}
			said(t, f)
		})
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	open, own, file := filepath.Join(dir, "open"), filepath.Join(dir, "own"), filepath.Join(dir, "file")
	if err := errors.Join(
		os.Mkdir(open, 0o755), os.Chmod(open, 0o755), os.Mkdir(own, 0o700), os.WriteFile(file, nil, 0o600),
	); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		own: "doctor.folder", filepath.Join(own, "a", "b"): "doctor.folder_new", open: "doctor.folder_open",
		file: "doctor.folder_not_writable", filepath.Join(file, "a"): "doctor.folder_not_writable",
	} {
		if path == open && runtime.GOOS == "windows" {
			continue
		}
		f := folder(path)
		if f.Code != want {
			t.Errorf("%s: %s, want %s", path, f.Code, want)
		}
		said(t, f)
	}
	for _, made := range []string{own, open} {
		if entries, err := os.ReadDir(made); err != nil || len(entries) > 0 {
			t.Errorf("%s holds %v, %v", made, entries, err)
		}
	}
	if _, err := os.Stat(filepath.Join(own, "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the checkup made a folder")
	}
}

func TestSpace(t *testing.T) {
	for free, want := range map[uint64]State{noSpace - 1: Broken, noSpace: Warning, littleSpace - 1: Warning, littleSpace: OK} {
		f := spaceCheck("folder", free)
		if f.State != want {
			t.Errorf("%d bytes: %s, want %s", free, f.State, want)
		}
		said(t, f)
	}
	if f := space(filepath.Join(t.TempDir(), "not", "yet")); f.Step != Space || f.Params["megabytes"] == 0 {
		t.Errorf("got %+v", f)
	}
}

// LibreOffice is one of the tests' tools.
func TestConverterAndFonts(t *testing.T) {
	f := Checkup{}.converter(t.Context())
	if version, _ := f.Params["version"].(string); f.State != OK || !strings.HasPrefix(version, "LibreOffice ") {
		t.Errorf("got %+v: run packaging/deps.sh test", f)
	}
	g := chinese(t.Context())
	if g.State == Warning {
		t.Errorf("got %+v: run packaging/deps.sh test", g)
	}
	h := Checkup{Kept: office.State{Running: true, Memory: 300 << 20}}.converter(t.Context())
	if h.Params["memory"] != int64(300) {
		t.Errorf("got %+v", h)
	}
	none := Checkup{Converter: filepath.Join(t.TempDir(), "soffice")}.converter(t.Context())
	if none.State != Warning || none.Code != "doctor.office_silent" {
		t.Errorf("a setting that names nothing: %+v", none)
	}
	said(t, f, g, h, none)
}

func TestWithoutKeysThePlatformIsNotAsked(t *testing.T) {
	dir := t.TempDir()
	r := Checkup{Words: catalog(t, words.Chinese), Data: dir, Cache: dir}.Run(t.Context())
	for _, c := range r.Checks {
		if c.OfKeys() || c.Step == Platform {
			t.Errorf("%s was looked at", c.Step)
		}
	}
	if len(r.Checks) != 5 {
		t.Errorf("%d checks", len(r.Checks))
	}
}

// Which of several libraries fails is always said.
func TestAnErrorNamesItsLibrary(t *testing.T) {
	params := map[string]any{"product": "Product", "library": "/usr/lib/libkey.so", "function": "C_Initialize", "number": "0x5"}
	for _, code := range []string{"token.library_failed", "token.library_crashed", "token.library_unsafe", "token.host_missing"} {
		c := Checkup{Words: catalog(t, words.English)}.say(doctor.Check{Step: doctor.Library, Code: code, State: Broken, Params: params})
		if !strings.HasPrefix(c.What, "Product") || strings.Count(c.What, "/usr/lib/libkey.so") != 1 {
			t.Errorf("%s: %s", code, c.What)
		}
	}
}

func TestTheFirstThatIsBroken(t *testing.T) {
	r := Report{[]Check{
		{Check: doctor.Check{Step: doctor.USB, State: Warning}}, {Check: doctor.Check{Step: doctor.Key, State: Broken}},
		{Check: doctor.Check{Step: Space, State: Broken}},
	}}
	if c, ok := r.First(); !ok || c.Step != doctor.Key || !c.OfKeys() {
		t.Errorf("got %+v", c)
	}
	if c, ok := (Report{r.Checks[:1]}).First(); ok {
		t.Errorf("got %+v", c)
	}
}

func TestShortener(t *testing.T) {
	home := filepath.Join(t.TempDir(), "li")
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	short, err := shortener()
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		`{"a":"` + home + `"}`:                   `{"a":"~"}`,
		`"` + home + `/keys/lib.so"`:             `"~/keys/lib.so"`,
		`"` + home + `","` + home + `"`:          `"~","~"`,
		`"` + home + `:` + home + `/b"`:          `"~:~/b"`,
		`"（` + home + `/x）"`:                     `"（~/x）"`,
		`"` + home + `sa/x"`:                     `"` + home + `sa/x"`,
		`"/mnt` + home + `/x"`:                   `"/mnt` + home + `/x"`,
		`"open ` + home + `/f: no such file"`:    `"open ~/f: no such file"`,
		`"file:` + home + `/f and ` + home + `"`: `"file:~/f and ~"`,
	} {
		if got := string(short([]byte(in))); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	t.Setenv("HOME", "/")
	t.Setenv("USERPROFILE", "/")
	if short, err = shortener(); err != nil || string(short([]byte(`"/usr"`))) != `"/usr"` {
		t.Errorf("the root is taken for a person's folder: %v", err)
	}
}
