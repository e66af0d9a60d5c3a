package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"sealdesk/cmd/internal/harmless"
	"sealdesk/token"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
)

// All talk with the terminal is in this file. Its rules:
//
//   - standard output carries the result and nothing else, so that it can be piped; with --json that is one object;
//   - what a person reads meanwhile (prompts, progress, warnings, errors) goes to standard error;
//   - progress is shown on a terminal only; colour too, and never when NO_COLOR is set;
//   - text from files, keys and the platform is printed without control characters: it cannot move the cursor;
//   - an error is a sentence of what happened, a sentence of what to do, and its code;
//   - a PIN is read without echo, and only from a terminal.

// terminal is what the program was started with.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
}

type tui struct {
	terminal
	words *words.Catalog
	json  bool
	color bool
}

func newTUI(t terminal, w *words.Catalog) *tui {
	color := isTerminal(t.err) && t.getenv("NO_COLOR") == "" && t.getenv("TERM") != "dumb"
	return &tui{terminal: t, words: w, color: color}
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// print writes a line of the result.
func (t *tui) print(format string, args ...any) { write(t.out, format, args) }

// note writes a line for the person who watches.
func (t *tui) note(format string, args ...any) { write(t.err, format, args) }

// draw shows a picture made of characters to the person who watches.
func (t *tui) draw(picture string) { _, _ = io.WriteString(t.err, picture) }

func write(to io.Writer, format string, args []any) {
	for i, a := range args {
		switch a := a.(type) {
		case string:
			args[i] = harmless.Text(a)
		case fmt.Stringer:
			args[i] = harmless.Text(a.String())
		case error:
			args[i] = harmless.Text(a.Error())
		}
	}
	// A terminal or pipe that is gone cannot be told so.
	_, _ = fmt.Fprintf(to, format+"\n", args...)
}

// result prints v as JSON when that was asked for, and else lets human print it.
func (t *tui) result(v any, human func()) error {
	if !t.json {
		human()
		return nil
	}
	return encode(t.out, v)
}

func encode(to io.Writer, v any) error {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// indented is v as encode prints it.
func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	err := encode(&b, v)
	return b.Bytes(), err
}

const (
	red   = "\x1b[31m"
	reset = "\x1b[0m"
)

// fail tells an error and gives its exit status. A verdict was printed already and needs no more words.
func (t *tui) fail(err error) int {
	s := status(err)
	if e := (*problem)(nil); errors.As(err, &e) && e.code == "ctl.verdict" {
		return s
	}
	p := t.words.Problem(err)
	if t.json {
		_ = encode(t.err, failure{failureBody{p.Code, p.What, p.Do}, s})
		return s
	}
	what := harmless.Text(p.What)
	if t.color {
		what = red + what + reset
	}
	_, _ = fmt.Fprintln(t.err, "sealctl: "+what)
	if p.Do != "" {
		t.note("%s", p.Do)
	}
	if p.Code != "" {
		t.note("[%s]", p.Code)
	}
	return s
}

// failure is what --json prints on standard error instead of the sentences.
type failure struct {
	Error  failureBody `json:"error"`
	Status int         `json:"status"` // the exit status
}

type failureBody struct {
	Code string `json:"code"`
	What string `json:"what"`
	Do   string `json:"do"`
}

// warn tells something that does not stop the work: the text of key.
func (t *tui) warn(key string, pairs ...any) { t.note("%s", t.words.T(key, pairs...)) }

// secret asks for a PIN without echo. The caller wipes it.
func (t *tui) secret(ctx context.Context, prompt string) ([]byte, error) {
	f, ok := t.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, fault("pin_needed")
	}
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return nil, fault("pin_needed")
	}
	_, _ = fmt.Fprint(t.err, harmless.Text(prompt)+" ")
	type answer struct {
		pin []byte
		err error
	}
	got := make(chan answer, 1)
	go func() {
		pin, err := term.ReadPassword(int(f.Fd()))
		got <- answer{pin, err}
	}()
	select {
	case a := <-got:
		_, _ = fmt.Fprintln(t.err)
		if a.err != nil || len(a.pin) == 0 {
			token.Wipe(a.pin)
			return nil, fault("cancelled")
		}
		return a.pin, nil
	case <-ctx.Done(): // the echo comes back, whatever becomes of the reading
		_ = term.Restore(int(f.Fd()), before)
		_, _ = fmt.Fprintln(t.err)
		return nil, fault("cancelled")
	}
}

// confirm asks a question that is answered with yes in the person's language or in English. Without a terminal the
// answer is no.
func (t *tui) confirm(question string) bool {
	if !isTerminal(t.in) {
		return false
	}
	_, _ = fmt.Fprint(t.err, harmless.Text(question)+" ")
	line, err := bufio.NewReader(t.in).ReadString('\n')
	if err != nil {
		return false
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "yes" || answer == t.words.T("ctl.yes")
}

// progress shows how far long work has come. The returned function ends the show; it may be called twice.
func (t *tui) progress() (desk.Progress, func()) {
	if t.json || !isTerminal(t.err) {
		return nil, func() {}
	}
	var mu sync.Mutex
	var bar *progressbar.ProgressBar
	last := ""
	end := func() {
		if bar != nil {
			_ = bar.Finish()
		}
		bar = nil
	}
	show := func(step string, done, total int64) {
		mu.Lock()
		defer mu.Unlock()
		if step != last || bar == nil {
			end()
			if total <= 0 {
				total = -1
			}
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(t.err), progressbar.OptionClearOnFinish(),
				progressbar.OptionSetDescription(t.words.T(step)), progressbar.OptionEnableColorCodes(false),
				progressbar.OptionSetPredictTime(false), progressbar.OptionSetWidth(30))
			last = step
		}
		_ = bar.Set64(done)
	}
	return show, func() {
		mu.Lock()
		defer mu.Unlock()
		end()
	}
}
