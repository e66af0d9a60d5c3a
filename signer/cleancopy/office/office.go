package office

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"sealdesk/signer/cleancopy/refusal"
)

// Format is what LibreOffice is asked for.
type Format int

// Formats.
const (
	PDFA2b Format = iota // PDF/A-2b, tagged, fonts embedded (ISO 19005-2)
	DOCX                 // Office Open XML
)

// Defaults of Office's zero fields.
const (
	DefaultTimeout   = 3 * time.Minute
	DefaultMaxOutput = 512 << 20
)

// Office is an installed LibreOffice. The zero value looks for it and uses the defaults.
type Office struct {
	Program   string        // path of soffice; empty: Find
	Timeout   time.Duration // of one conversion
	MaxOutput int64         // bytes of the result
}

// Convert turns the file in into format inside dir, which must be private to the caller, and returns the result's
// path. Errors are refusals: ConverterMissing, ConverterTimeout, ConverterFailed, OutputTooLarge; or the context's.
func (o Office) Convert(ctx context.Context, in, dir string, format Format) (string, error) {
	program := o.Program
	if program == "" {
		found, err := Find()
		if err != nil {
			return "", err
		}
		program = found
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxOutput <= 0 {
		o.MaxOutput = DefaultMaxOutput
	}
	work, err := os.MkdirTemp(dir, "office-")
	if err != nil {
		return "", err
	}
	r := run{Office: o, program: program, in: in, work: work, out: filepath.Join(work, "out"), format: format}
	return r.convert(ctx)
}

type run struct {
	Office
	program, in, work, out string
	format                 Format
}

func (r run) convert(ctx context.Context) (string, error) {
	if err := r.prepare(); err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(r.profile()) }() // the caller removes dir; this spares it the bulk early
	filter, ext, err := filterOf(r.format)
	if err != nil {
		return "", err
	}
	limited, cancel := context.WithTimeoutCause(ctx, r.Timeout, errTime)
	defer cancel()
	said, err := r.execute(limited, filter)
	if cause := context.Cause(limited); cause != nil {
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case errors.Is(cause, errTime):
			return "", refusal.New(refusal.ConverterTimeout, "LibreOffice did not finish in time",
				map[string]any{"seconds": int(r.Timeout.Seconds())})
		}
	}
	if errors.Is(err, errSize) {
		return "", refusal.New(refusal.OutputTooLarge, "the converted document is too large", map[string]any{"limit": r.MaxOutput})
	}
	result := filepath.Join(r.out, strings.TrimSuffix(filepath.Base(r.in), filepath.Ext(r.in))+ext)
	if st, serr := os.Stat(result); err != nil || serr != nil || st.Size() == 0 {
		return "", failed(err, said)
	}
	return result, nil
}

var (
	errTime = errors.New("time is up")
	errSize = errors.New("result too large")
)

func failed(err error, said string) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrPermission) {
		return missing()
	}
	if said == "" && err != nil {
		said = err.Error()
	}
	return refusal.Wrap(refusal.ConverterFailed, err, "LibreOffice could not convert the document", map[string]any{"message": said})
}

func missing() error {
	return refusal.New(refusal.ConverterMissing, "LibreOffice Writer is not installed", nil)
}

func (r run) profile() string { return filepath.Join(r.work, "profile") }

func (r run) prepare() error {
	for _, d := range []string{r.out, filepath.Join(r.work, "tmp"), filepath.Join(r.profile(), "user")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(r.profile(), "user", "registrymodifications.xcu"), []byte(registry), 0o600)
}

func (r run) execute(ctx context.Context, filter string) (said string, err error) {
	args := []string{
		"-env:UserInstallation=" + fileURL(r.profile()),
		"--headless", "--invisible", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard", "--nologo",
		"--convert-to", filter, "--outdir", r.out, r.in,
	}
	for attempt := 0; ; attempt++ {
		cmd := exec.Command(r.program, args...)
		cmd.Dir = r.work
		cmd.Env = environment(filepath.Join(r.work, "tmp"))
		var words tail
		cmd.Stdout, cmd.Stderr = &words, &words
		cmd.WaitDelay = 2 * time.Second
		isolated := attempt == 0 && isolate(cmd)
		group, err := start(cmd)
		if err != nil && isolated && ctx.Err() == nil {
			continue // the kernel or its administrator does not permit namespaces: go on behind the closed port alone
		}
		if err != nil {
			return "", err
		}
		err = r.wait(ctx, cmd, group)
		return words.String(), err
	}
}

// wait ends the whole group of processes when the context ends or the result grows too large.
func (r run) wait(ctx context.Context, cmd *exec.Cmd, group group) error {
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	defer group.close()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if sizeOf(r.out) > r.MaxOutput {
				return errSize
			}
			return err
		case <-ctx.Done():
			group.end()
			<-done
			return ctx.Err()
		case <-tick.C:
			if sizeOf(r.work) > 4*r.MaxOutput || sizeOf(r.out) > r.MaxOutput {
				group.end()
				<-done
				return errSize
			}
		}
	}
}

// sizeOf adds up the files below dir. Files that come and go meanwhile are not missed.
func sizeOf(dir string) (total int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return nil
	})
	return total
}

func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

func filterOf(f Format) (filter, ext string, err error) {
	if f == DOCX {
		return "docx:MS Word 2007 XML", ".docx", nil
	}
	type value struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	boolean := func(on bool) value { return value{"boolean", fmt.Sprint(on)} }
	options, err := json.Marshal(map[string]value{
		"SelectPdfVersion":                {"long", "2"},
		"UseTaggedPDF":                    boolean(true),
		"ReduceImageResolution":           boolean(false),
		"ExportBookmarks":                 boolean(false),
		"ExportBookmarksToPDFDestination": boolean(false),
		"ExportNotes":                     boolean(false),
		"ExportNotesInMargin":             boolean(false),
		"ExportFormFields":                boolean(false),
		"ExportPlaceholders":              boolean(false),
		"IsAddStream":                     boolean(false),
	})
	return "pdf:writer_pdf_Export:" + string(options), ".pdf", err
}

// environment passes on what LibreOffice needs to start and to find fonts; no proxy, no settings of the person.
func environment(tmp string) []string {
	env := []string{"TMPDIR=" + tmp, "TMP=" + tmp, "TEMP=" + tmp, "LC_ALL=C.UTF-8", "SAL_USE_VCLPLUGIN=svp", "SAL_DISABLE_OPENCL=1"}
	for _, name := range []string{
		"PATH", "HOME", "LD_LIBRARY_PATH", "XDG_DATA_HOME", "XDG_DATA_DIRS", "FONTCONFIG_FILE", "FONTCONFIG_PATH",
		"SystemRoot", "SystemDrive", "windir", "ProgramFiles", "ProgramData", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "COMSPEC", "PATHEXT",
	} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// tail keeps the last words of a program that may say a great deal.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const maxWords = 600

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p[max(0, len(p)-maxWords):]...)
	t.buf = t.buf[max(0, len(t.buf)-maxWords):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(t.buf), "")), " ")
}
