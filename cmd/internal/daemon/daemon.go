package daemon

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// The exit codes.
const (
	ExitBroken = 1 // ErrBroken
	ExitUsage  = 2
	ExitFailed = 5
)

// ErrBroken: what was kept is not as it was written.
var ErrBroken = errors.New("not as it was written")

// errTold: the arguments are wrong, and package flag has said how.
var errTold = errors.New("wrong arguments")

// A wrong is what is wrong with the arguments.
type wrong string

func (w wrong) Error() string { return string(w) }

// Wrong tells what is wrong with the arguments; the program ends with ExitUsage.
func Wrong(format string, args ...any) error { return wrong(fmt.Sprintf(format, args...)) }

// A Program is a daemon's name, and its commands with "serve" among them.
type Program struct {
	Name     string
	Version  string // of a release; empty: of none
	Commands map[string]func(ctx context.Context, args []string, stdout, stderr io.Writer) error
	Known    string // the commands, as a sentence names them
}

// Main runs the program until it ends or is asked to, and leaves it with its exit code.
func (p Program) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := p.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Run does what the arguments ask for, and is the exit code.
func (p Program) Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	name, rest := "serve", args
	if len(args) > 0 {
		switch strings.TrimLeft(args[0], "-") {
		case "version":
			_, _ = fmt.Fprintln(stdout, p.Name, cmp.Or(p.Version, "devel"))
			return 0
		case "h", "help":
			_, _ = fmt.Fprintf(stderr, "The commands of %s are %s; each lists its flags with --help. Without one it serves:\n\n", p.Name, p.Known)
			rest = []string{"--help"}
		default:
			if !strings.HasPrefix(args[0], "-") {
				name, rest = args[0], args[1:]
			}
		}
	}
	err := Wrong("there is no command %q; %s are", name, p.Known)
	if do := p.Commands[name]; do != nil {
		err = do(ctx, rest, stdout, stderr)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errTold):
		return ExitUsage
	}
	_, _ = fmt.Fprintln(stderr, p.Name+":", err) // nothing is left to do when this cannot be written
	switch _, usage := errors.AsType[wrong](err); {
	case usage:
		return ExitUsage
	case errors.Is(err, ErrBroken):
		return ExitBroken
	}
	return ExitFailed
}

// Parse takes flags and words in any order; it returns the words. The error is flag.ErrHelp, or one for Run.
func Parse(f *flag.FlagSet, args []string, stderr io.Writer) ([]string, error) {
	f.SetOutput(stderr)
	var words []string
	for {
		if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			return nil, errTold
		}
		if f.NArg() == 0 {
			return words, nil
		}
		words, args = append(words, f.Arg(0)), f.Args()[1:]
	}
}

// Networks parses the value of --proxies: networks such as 10.0.0.0/8, separated by commas.
func Networks(text string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, p := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		network, err := netip.ParsePrefix(p)
		if err != nil {
			return nil, Wrong("--proxies: %q is not a network such as 10.0.0.0/8", p)
		}
		all = append(all, network)
	}
	return all, nil
}
