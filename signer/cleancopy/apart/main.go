package apart

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime/debug"

	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/signer/preview"
)

// Argument is the only one of a program that is started to make a clean copy; it looks like no command of ours.
const Argument = "--make-one-clean-copy"

// maxStack is how large a goroutine's stack may grow, in bytes: deep recursion ends the process before it takes its memory.
const maxStack = 64 << 20

// Asked tells whether the program was started to make a clean copy.
func Asked(args []string) bool { return len(args) == 1 && args[0] == Argument }

// Main makes the clean copy that standard input asks for and gives the exit status.
func Main(stdin io.Reader, stdout io.Writer) int {
	debug.SetMaxStack(maxStack)
	d := json.NewDecoder(stdin)
	var t task
	if d.Decode(&t) != nil {
		return 2
	}
	debug.SetMemoryLimit(t.Memory / 4 * 3)
	if limit(t.Memory) != nil {
		return 2
	}
	go func() { // whoever asked is gone, or does not want it any more
		_, _ = io.Copy(io.Discard, stdin)
		os.Exit(1)
	}()
	return t.do(stdout)
}

// do makes the copy, says how far it is and what became of it, and gives the exit status.
func (t task) do(stdout io.Writer) int {
	engine := preview.New(preview.Options{CacheDir: t.CacheDir})
	say := json.NewEncoder(stdout)
	result, err := pdfcopy.Copier{Engine: engine}.CopyFile(context.Background(), t.In, t.Out, func(s pdfcopy.Stage, done float64) {
		_ = say.Encode(message{Stage: &stage{s, done}}) // nobody listens: then nobody waits either
	})
	answer := message{Result: result}
	if err != nil {
		answer = message{Refusal: reasonOf(err)}
	}
	if say.Encode(answer) != nil {
		return 1
	}
	return 0
}

// reasonOf makes any error one that can be told to another process.
func reasonOf(err error) *reason {
	var r *refusal.Error
	if errors.As(err, &r) {
		return &reason{Code: r.Code(), Text: r.Error(), Params: r.Params()}
	}
	return &reason{Code: refusal.Unwritable, Text: err.Error(), Params: map[string]any{"path": ""}}
}
