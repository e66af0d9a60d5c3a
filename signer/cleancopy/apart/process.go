package apart

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
)

// Defaults of Process's zero fields.
const (
	DefaultTimeout = 10 * time.Minute
	DefaultMemory  = 3 << 30
)

// maxAnswer bounds what the other process may say, in bytes.
const maxAnswer = 64 << 20

// Process makes clean copies apart. The zero value starts this very program, which must then ask Asked.
type Process struct {
	Program  string        // empty: this one
	CacheDir string        // of the page engine's code, see preview.Options
	Timeout  time.Duration // of one copy
	Memory   int64         // bytes
}

// CopyFile makes the clean copy of the file in as out, which may not exist before, in the manner of pdfcopy.Copier. Errors
// are *refusal.Error, among them Crashed and Timeout, or the context's.
func (p Process) CopyFile(ctx context.Context, in, out string, tell func(s pdfcopy.Stage, done float64)) (*pdfcopy.Result, error) {
	if p.Timeout <= 0 {
		p.Timeout = DefaultTimeout
	}
	if p.Memory <= 0 {
		p.Memory = DefaultMemory
	}
	limited, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	result, err := p.run(limited, task{In: in, Out: out, CacheDir: p.CacheDir, Memory: p.Memory}, tell)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && limited.Err() != nil:
		return nil, refusal.New(refusal.Timeout, "cleaning the PDF takes too long", map[string]any{"seconds": int(p.Timeout.Seconds())})
	}
	return result, err
}

func (p Process) run(ctx context.Context, t task, tell func(pdfcopy.Stage, float64)) (*pdfcopy.Result, error) {
	if p.Program == "" {
		program, err := os.Executable()
		if err != nil {
			return nil, crashed(err)
		}
		p.Program = program
	}
	cmd := exec.CommandContext(ctx, p.Program, Argument)
	cmd.Env = environment(filepath.Dir(t.Out))
	cmd.Dir = filepath.Dir(t.Out)
	cmd.WaitDelay = time.Second
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return nil, crashed(err)
	}
	answer, err := cmd.StdoutPipe()
	if err != nil {
		return nil, crashed(err)
	}
	end, err := start(cmd, p.Memory)
	if err != nil {
		return nil, crashed(err)
	}
	defer end()
	result, err := converse(t, lifeline, answer, tell)
	_ = lifeline.Close() // the other process ends by it, if it did not yet
	if result == nil {
		_ = cmd.Process.Kill()
	}
	ended := cmd.Wait()
	if result != nil && ended != nil {
		return nil, crashed(ended)
	}
	return result, err
}

// converse hands over the task and hears the answer.
func converse(t task, lifeline io.Writer, answer io.Reader, tell func(pdfcopy.Stage, float64)) (*pdfcopy.Result, error) {
	if err := json.NewEncoder(lifeline).Encode(t); err != nil {
		return nil, crashed(err)
	}
	d := json.NewDecoder(bufio.NewReader(io.LimitReader(answer, maxAnswer)))
	for {
		var m message
		if err := d.Decode(&m); err != nil {
			return nil, crashed(err)
		}
		switch {
		case m.Stage != nil:
			tell(m.Stage.Name, m.Stage.Done)
		case m.Refusal != nil:
			return nil, m.Refusal.err()
		case m.Result != nil:
			if _, err := os.Stat(t.Out); err != nil && !m.Result.Signed {
				return nil, crashed(err)
			}
			// The other process ends of its own accord, before its lifeline is cut.
			if err := d.Decode(new(message)); !errors.Is(err, io.EOF) {
				return nil, crashed(errors.New("it went on after its answer"))
			}
			return m.Result, nil
		default:
			return nil, crashed(errors.New("an answer that is none"))
		}
	}
}

func crashed(err error) error {
	return refusal.Wrap(refusal.Crashed, err, "cleaning the PDF ended its process", nil)
}

// environment passes on what a program needs to run at all. Traces of crashes stay silent: they could show a document.
func environment(tmp string) []string {
	env := []string{"TMPDIR=" + tmp, "TMP=" + tmp, "TEMP=" + tmp, "GOTRACEBACK=none"}
	for _, name := range []string{"SystemRoot", "SystemDrive", "windir", "GORACE"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
