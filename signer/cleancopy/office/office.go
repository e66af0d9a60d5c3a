package office

import (
	"context"
	"errors"
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

// Defaults of Office's zero fields.
const (
	DefaultTimeout   = 3 * time.Minute
	DefaultMaxOutput = 512 << 20
	DefaultMaxMemory = 2 << 30
)

// Office is an installed LibreOffice. The zero value looks for it and uses the defaults. Its Convert starts it anew for
// each document; Warm keeps it.
type Office struct {
	Program   string        // path of soffice; empty: Find
	Timeout   time.Duration // of one conversion
	MaxOutput int64         // bytes of the result
	MaxMemory int64         // resident bytes of all its processes, while it works
}

// complete fills in the defaults. The error is a refusal for want of a program.
func (o Office) complete() (Office, error) {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxOutput <= 0 {
		o.MaxOutput = DefaultMaxOutput
	}
	if o.MaxMemory <= 0 {
		o.MaxMemory = DefaultMaxMemory
	}
	if o.Program != "" {
		if _, err := exec.LookPath(o.Program); err != nil {
			return o, refusal.Wrap(refusal.ConverterSetting, err, "the program that the settings name cannot be started", map[string]any{"program": o.Program})
		}
		return o, nil
	}
	var err error
	o.Program, err = Find()
	return o, err
}

// Convert turns the file in into format inside dir, which must be private to the caller, and returns the result's
// path. Errors are refusals: ConverterMissing, ConverterConfined, ConverterSetting, ConverterTimeout, ConverterMemory, ConverterFailed, OutputTooLarge; or
// the context's.
func (o Office) Convert(ctx context.Context, in, dir string, format Format) (string, error) {
	o, err := o.complete()
	if err != nil {
		return "", err
	}
	if in, err = filepath.Abs(in); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(dir, "office-")
	if err != nil {
		return "", err
	}
	p, err := o.profile(ctx, filepath.Join(work, "office"))
	defer p.remove()
	if err != nil {
		return "", err
	}
	out := filepath.Join(work, "out")
	if err := os.Mkdir(out, 0o700); err != nil {
		return "", err
	}
	limited, cancel := context.WithTimeoutCause(ctx, o.Timeout, errTime)
	defer cancel()
	run, err := o.launch(p, "--convert-to", format.argument(), "--outdir", out, in)
	if err != nil {
		return "", failed(err, "")
	}
	defer run.close()
	if err := run.watch(limited, o, run.ended, out, work); err != nil {
		return "", o.refuse(ctx, err)
	}
	result := filepath.Join(out, strings.TrimSuffix(filepath.Base(in), filepath.Ext(in))+format.extension())
	if st, err := os.Stat(result); run.err != nil || err != nil || st.Size() == 0 {
		return "", failed(run.err, run.words.String())
	}
	return result, nil
}

var (
	errTime   = errors.New("time is up")
	errSize   = errors.New("result too large")
	errMemory = errors.New("too much memory")
)

// refuse names the bound that a conversion ran into.
func (o Office) refuse(ctx context.Context, cause error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(cause, errTime):
		return refusal.New(refusal.ConverterTimeout, "LibreOffice did not finish in time", map[string]any{"seconds": int(o.Timeout.Seconds())})
	case errors.Is(cause, errMemory):
		return refusal.New(refusal.ConverterMemory, "LibreOffice took too much memory", map[string]any{"limit": o.MaxMemory})
	case errors.Is(cause, errSize):
		return refusal.New(refusal.OutputTooLarge, "the converted document is too large", map[string]any{"limit": o.MaxOutput})
	}
	return cause
}

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

func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
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
