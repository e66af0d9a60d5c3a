package apart

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/preview/previewtest"
)

func TestAsked(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want bool
	}{{nil, false}, {[]string{"sign"}, false}, {[]string{Argument}, true}, {[]string{Argument, "more"}, false}} {
		if Asked(tt.args) != tt.want {
			t.Errorf("%q", tt.args)
		}
	}
	if status := Main(strings.NewReader("no task"), io.Discard); status != 2 {
		t.Errorf("without a task it ends with %d", status)
	}
}

// lost is whom nobody hears.
type lost struct{}

func (lost) Write([]byte) (int, error) { return 0, errors.New("nobody listens") }

func TestDo(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	if err := os.WriteFile(in, pdftest.Document(pdftest.Options{}), 0o600); err != nil {
		t.Fatal(err)
	}
	last := func(job task) (m message) {
		var said bytes.Buffer
		if status := job.do(&said); status != 0 {
			t.Errorf("it ends with %d", status)
		}
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	job := task{In: in, Out: filepath.Join(dir, "out"), CacheDir: previewtest.Cache()}
	if m := last(job); m.Result == nil || m.Result.Pages != 1 || m.Refusal != nil {
		t.Errorf("%+v", m)
	}
	if m := last(job); m.Refusal == nil || m.Refusal.Code != refusal.Unwritable { // over the first copy
		t.Errorf("%+v", m)
	}
	job.In = filepath.Join(dir, "none")
	if m := last(job); m.Refusal == nil || m.Refusal.Code != refusal.Unreadable || m.Refusal.Params["path"] != job.In {
		t.Errorf("%+v", m)
	}
	if status := job.do(lost{}); status != 1 {
		t.Errorf("where nobody listens it ends with %d", status)
	}
}

func TestConverse(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const stages = `{"stage":{"name":"inspect","done":0.5}}` + "\n"
	for name, tt := range map[string]struct{ out, said, code string }{
		"a copy":                      {there, stages + `{"result":{"pages":1}}`, ""},
		"a signed document":           {filepath.Join(dir, "none"), `{"result":{"signed":true}}`, ""},
		"a copy that is not there":    {filepath.Join(dir, "none"), `{"result":{"pages":1}}`, refusal.Crashed},
		"a refusal":                   {there, `{"refusal":{"code":"cleancopy.xfa"}}`, refusal.XFA},
		"more after the answer":       {there, `{"result":{"pages":1}}{"result":{"pages":1}}`, refusal.Crashed},
		"an answer that says nothing": {there, `{}`, refusal.Crashed},
		"an answer that breaks off":   {there, stages + `{"result":`, refusal.Crashed},
		"silence":                     {there, "", refusal.Crashed},
		"an answer that has no end":   {there, strings.Repeat(stages, 9) + `"` + strings.Repeat("x", 99), refusal.Crashed},
	} {
		told := 0
		result, err := converse(task{Out: tt.out}, io.Discard, strings.NewReader(tt.said), func(pdfcopy.Stage, float64) { told++ })
		var r *refusal.Error
		if tt.code == "" && (err != nil || result == nil) || tt.code != "" && (!errors.As(err, &r) || r.Code() != tt.code) {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
		if told != strings.Count(tt.said, "stage") {
			t.Errorf("%s: told %d times", name, told)
		}
	}
	var r *refusal.Error
	if _, err := converse(task{}, lost{}, strings.NewReader(""), nil); !errors.As(err, &r) || r.Code() != refusal.Crashed {
		t.Errorf("where the task is not taken: %v", err)
	}
	t.Setenv("GORACE", "halt_on_error=1")
	if env := strings.Join(environment(dir), "\n"); !strings.Contains(env, "GORACE=halt_on_error=1") || !strings.Contains(env, "TMPDIR="+dir) {
		t.Errorf("%s", env)
	}
}
