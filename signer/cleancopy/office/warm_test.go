//go:build unix

package office

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/signer/cleancopy/docxtest"
	"sealdesk/signer/cleancopy/refusal"
)

// warm makes a converter whose private files are in a folder of the test's own, and looks afterwards that nothing is left
// there or among LibreOffice's sockets.
func warm(t *testing.T, o Office) *Warm {
	t.Helper()
	private := t.TempDir()
	t.Setenv("TMPDIR", private)
	w := NewWarm(o)
	t.Cleanup(func() {
		var p profile
		if w.live != nil {
			p = w.live.profile
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		for _, path := range []string{p.dir, p.pipe.folder, singleOffice(p.user())} {
			if p.dir != "" && there(path) {
				t.Errorf("%s is left", path)
			}
		}
		if left, err := os.ReadDir(private); err != nil || len(left) > 0 {
			t.Errorf("left: %v, %v", left, err)
		}
	})
	return w
}

func document(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.docx")
	if err := os.WriteFile(path, docxtest.Document{Body: body}.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func paragraph(text string) string { return "<w:p><w:r><w:t>" + text + "</w:t></w:r></w:p>" }

// text is what a converted document says.
func text(t *testing.T, pdf string) string {
	t.Helper()
	out, err := exec.Command("pdftotext", "-layout", pdf, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext: %v; run packaging/deps.sh", err)
	}
	return strings.TrimSpace(string(out))
}

func convert(t *testing.T, c interface {
	Convert(context.Context, string, string, Format) (string, error)
}, in string,
) string {
	t.Helper()
	out, err := c.Convert(t.Context(), in, t.TempDir(), PDFA2b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func codeOf(err error) string {
	var r *refusal.Error
	if errors.As(err, &r) {
		return r.Code()
	}
	return ""
}

func TestWarmServesOneAfterTheOther(t *testing.T) {
	w := warm(t, Office{})
	if s := w.State(); s.Running {
		t.Error("it runs before anyone needs it")
	}
	first := convert(t, w, document(t, paragraph("first words")))
	for _, path := range []string{w.live.profile.pipe.folder, singleOffice(w.live.profile.user())} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is not there, or there for others: %v", path, err)
		}
	}
	pid := w.live.run.group.pid
	second := convert(t, w, document(t, paragraph("second words")))
	if got := text(t, first) + "|" + text(t, second); got != "first words|second words" {
		t.Errorf("%q", got)
	}
	s := w.State()
	if w.live.run.group.pid != pid || !s.Running || s.Documents != 2 || s.Cold != nil {
		t.Errorf("another one served the second document: %+v", s)
	}
	if s.Memory < 50<<20 || s.Memory > 1<<30 {
		t.Errorf("%d bytes are not what LibreOffice takes", s.Memory)
	}
	data, err := os.ReadFile(second)
	if err != nil || !bytes.Contains(data, []byte("pdfaid:part>2<")) {
		t.Errorf("not PDF/A-2: %v", err)
	}
}

// The pages of the kept LibreOffice are those of one started for the document.
func TestWarmIsLikeCold(t *testing.T) {
	in := filepath.Join("..", "..", "..", "assets", "samples", "sample-contract.docx")
	one, other := text(t, convert(t, warm(t, Office{}), in)), text(t, convert(t, Office{}, in))
	if one != other || len(one) < 1000 {
		t.Errorf("warm:\n%s\ncold:\n%s", one, other)
	}
}

func TestWarmServesMany(t *testing.T) {
	w := warm(t, Office{})
	var wg sync.WaitGroup
	for i := range 4 {
		in, want, dir := document(t, paragraph(fmt.Sprint("words ", i))), fmt.Sprint("words ", i), t.TempDir()
		wg.Go(func() {
			out, err := w.Convert(t.Context(), in, dir, PDFA2b)
			if err != nil {
				t.Error(err)
				return
			}
			if got := text(t, out); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
	wg.Wait()
	if s := w.State(); s.Documents != 4 {
		t.Errorf("%+v", s)
	}
}

func TestWarmComesBackAfterItWasEnded(t *testing.T) {
	w := warm(t, Office{})
	in := document(t, paragraph("words"))
	convert(t, w, in)
	old := w.live
	old.run.group.end()
	convert(t, w, in)
	if s := w.State(); w.live == old || !s.Running || s.Cold != nil {
		t.Errorf("%+v", s)
	}
}

func TestWarmIsExchangedWhenFontsCome(t *testing.T) {
	w := warm(t, Office{})
	in := document(t, paragraph("words"))
	convert(t, w, in)
	old := w.live
	old.profile.fonts[0]++ // as if others had been there
	convert(t, w, in)
	if w.live == old {
		t.Error("new fonts are not seen")
	}
}

func TestWarmRefusesDamage(t *testing.T) {
	w := warm(t, Office{})
	in := filepath.Join(t.TempDir(), "in.docx")
	if err := os.WriteFile(in, []byte("PK\x03\x04 no document"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Convert(t.Context(), in, t.TempDir(), PDFA2b); codeOf(err) != refusal.ConverterFailed {
		t.Errorf("%v", err)
	}
	if w.State().Running {
		t.Error("what a document made fail is used again")
	}
	convert(t, w, document(t, paragraph("words")))
}

func TestWarmCancel(t *testing.T) {
	w := warm(t, Office{})
	in := document(t, strings.Repeat(paragraph("words and more words"), 20000))
	ctx, cancel := context.WithCancel(t.Context())
	convert(t, w, document(t, paragraph("words")))
	pid := w.live.run.group.pid
	time.AfterFunc(100*time.Millisecond, cancel)
	begin := time.Now()
	if _, err := w.Convert(ctx, in, t.TempDir(), PDFA2b); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("it took %v to stop", took)
	}
	if running(pid) {
		t.Error("it runs on")
	}
	convert(t, w, document(t, paragraph("words")))
}

func TestWarmBounds(t *testing.T) {
	long := document(t, strings.Repeat(paragraph("words and more words"), 20000))
	tests := []struct {
		name   string
		office Office
		code   string
	}{
		{"memory", Office{MaxMemory: 40 << 20}, refusal.ConverterMemory},
		{"time", Office{Timeout: 500 * time.Millisecond}, refusal.ConverterTimeout},
		{"size", Office{MaxOutput: 100 << 10}, refusal.OutputTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := warm(t, tt.office)
			if _, err := w.Convert(t.Context(), long, t.TempDir(), PDFA2b); codeOf(err) != tt.code {
				t.Errorf("%v, want %s", err, tt.code)
			}
			if w.State().Running {
				t.Error("it is kept")
			}
		})
	}
}

// A LibreOffice that cannot be kept still converts.
func TestWarmFallsBack(t *testing.T) {
	real, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	for does, says := range map[string]string{"echo no such option; exit 3": "no such option", "sleep 60": "does not start in time"} {
		w := warm(t, Office{Program: fake(t, `for a; do case "$a" in --accept*) `+does+`;; esac; done; exec `+real+` "$@"`)})
		w.start = 2 * time.Second
		if got := text(t, convert(t, w, document(t, paragraph("words")))); got != "words" {
			t.Errorf("%q", got)
		}
		if s := w.State(); s.Cold == nil || !strings.Contains(s.Cold.Error(), says) {
			t.Errorf("it does not tell why: %v, not %s", s.Cold, says)
		}
	}
}

func TestPrepare(t *testing.T) {
	w := warm(t, Office{})
	w.Prepare()
	w.Prepare() // once is enough
	for deadline := time.Now().Add(20 * time.Second); !w.State().Running; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not start")
		}
	}
	convert(t, w, document(t, paragraph("words")))
	if s := w.State(); s.Documents != 1 {
		t.Errorf("%+v", s)
	}
}

func TestClosed(t *testing.T) {
	w := NewWarm(Office{Program: fake(t, "sleep 60")})
	w.Prepare()
	begin := time.Now()
	if err := w.Close(); err != nil || time.Since(begin) > 20*time.Second {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
	if _, err := w.Convert(t.Context(), "in.docx", t.TempDir(), PDFA2b); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A picture that the document links to is not fetched, even when nothing took it out before.
func TestNothingIsFetched(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	in := filepath.Join(t.TempDir(), "in.docx")
	linked := docxtest.Document{
		Body: paragraph("words") + `<w:p><w:r><w:drawing><wp:inline><wp:extent cx="900000" cy="900000"/><wp:docPr id="1" name="x"/><a:graphic>` +
			`<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="x"/><pic:cNvPicPr/></pic:nvPicPr>` +
			`<pic:blipFill><a:blip r:link="rIdOut"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="900000" cy="900000"/></a:xfrm>` +
			`<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>`,
		Relations: map[string]string{"rIdOut": "image " + server.URL + "/x.png"},
	}
	if err := os.WriteFile(in, linked.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	// What guards must be guarding: LibreOffice as it comes does ask.
	bare := exec.Command("soffice", "-env:UserInstallation="+fileURL(t.TempDir()), "--headless", "--convert-to", "pdf", "--outdir", t.TempDir(), in)
	if said, err := bare.CombinedOutput(); err != nil || asked.Load() == 0 {
		t.Fatalf("the document tempts nobody: %v %s", err, said)
	}
	asked.Store(0)
	convert(t, warm(t, Office{}), in)
	convert(t, Office{}, in)
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// Whatever runs in LibreOffice's place reaches nothing, not even this machine.
func TestNoNetwork(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	reach := func(isolated bool) error {
		cmd := exec.Command("bash", "-c", fmt.Sprintf("exec 3<>/dev/tcp/127.0.0.1/%d", l.Addr().(*net.TCPAddr).Port))
		if isolated && !isolate(cmd) {
			return errors.New("this system has no namespaces")
		}
		return cmd.Run()
	}
	if err := reach(false); err != nil {
		t.Fatalf("the test itself cannot reach its server: %v", err)
	}
	if err := reach(true); err == nil {
		t.Error("it has a network")
	}
}

const dyingEnv = "SEALDESK_TEST_DYING"

// TestDying is the other half of TestNothingOutlivesUs: it keeps a LibreOffice and waits to be killed.
func TestDying(t *testing.T) {
	in := os.Getenv(dyingEnv)
	if in == "" {
		return
	}
	w := NewWarm(Office{})
	convert(t, w, in)
	fmt.Printf("\nkept %s\n", strings.Join(w.live.profile.traces(), " "))
	select {}
}

func TestNothingOutlivesUs(t *testing.T) {
	in := document(t, paragraph("words"))
	cmd := exec.Command(os.Args[0], "-test.run=^TestDying$", "-test.v")
	cmd.Env = append(os.Environ(), dyingEnv+"="+in, "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 0, 4096)
	for !bytes.Contains(said, []byte("kept ")) || !bytes.HasSuffix(said, []byte("\n")) {
		b := make([]byte, 1024)
		n, err := out.Read(b)
		if said = append(said, b[:n]...); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
	_, rest, _ := strings.Cut(string(said), "kept ")
	traces := strings.Fields(rest)
	if len(traces) != 3 || !slices.ContainsFunc(traces, there) {
		t.Fatalf("nothing is there to be left: %q", said)
	}
	if pids := users(t, traces[0]); len(pids) == 0 {
		t.Fatal("nothing runs")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	deadline := time.Now().Add(10 * time.Second)
	for ; slices.ContainsFunc(traces, there) || len(users(t, traces[0])) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("left: processes %v, files %v", users(t, traces[0]), slices.DeleteFunc(traces, func(p string) bool { return !there(p) }))
		}
	}
}

func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// users lists the processes that were started with a profile.
func users(t *testing.T, dir string) []string {
	t.Helper()
	out, err := exec.Command("ps", "-axo", "pid=,stat=,args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	var pids []string
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 2 && strings.Contains(line, dir) && !strings.HasPrefix(f[1], "Z") {
			pids = append(pids, f[0])
		}
	}
	return pids
}
