package daemon_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"sealdesk/cmd/internal/daemon"
)

// What a command ends with is the exit code, and is told once.
func TestRun(t *testing.T) {
	p := daemon.Program{Name: "d", Version: "1.4.0", Known: "serve and keep", Commands: map[string]func(context.Context, []string, io.Writer, io.Writer) error{
		"serve": func(_ context.Context, args []string, stdout, stderr io.Writer) error {
			f := flag.NewFlagSet("d serve", flag.ContinueOnError)
			n := f.Int("n", 0, "a number")
			words, err := daemon.Parse(f, args, stderr)
			if err == nil {
				_, err = fmt.Fprint(stdout, *n, words)
			}
			return err
		},
		"keep": func(_ context.Context, args []string, _, _ io.Writer) error {
			return map[string]error{"wrong": daemon.Wrong("keep %s", "what?"), "broken": fmt.Errorf("row 2: %w", daemon.ErrBroken), "failed": errors.New("no disk")}[args[0]]
		},
	}}
	for _, tt := range []struct {
		args      []string
		exit      int
		out, errs string
	}{
		{nil, 0, "0 []", ""},
		{[]string{"-n", "1"}, 0, "1 []", ""},
		{[]string{"serve", "a", "-n", "2", "b"}, 0, "2 [a b]", ""},
		{[]string{"serve", "-h"}, 0, "", "Usage of d serve:\n  -n int\n    \ta number\n"},
		{[]string{"--help"}, 0, "", "The commands of d are serve and keep; each lists its flags with --help. Without one it serves:\n\nUsage of d serve:\n  -n int\n    \ta number\n"},
		{[]string{"version"}, 0, "d 1.4.0\n", ""},
		{[]string{"--version"}, 0, "d 1.4.0\n", ""},
		{[]string{"serve", "-x"}, daemon.ExitUsage, "", "flag provided but not defined: -x\nUsage of d serve:\n  -n int\n    \ta number\n"},
		{[]string{"sing"}, daemon.ExitUsage, "", "d: there is no command \"sing\"; serve and keep are\n"},
		{[]string{"keep", "wrong"}, daemon.ExitUsage, "", "d: keep what?\n"},
		{[]string{"keep", "broken"}, daemon.ExitBroken, "", "d: row 2: not as it was written\n"},
		{[]string{"keep", "failed"}, daemon.ExitFailed, "", "d: no disk\n"},
	} {
		var out, errs bytes.Buffer
		if exit := p.Run(t.Context(), tt.args, &out, &errs); exit != tt.exit || out.String() != tt.out || errs.String() != tt.errs {
			t.Errorf("%q: %d, %q, %q", tt.args, exit, out.String(), errs.String())
		}
	}
}

// systemd does not start again and again what was given wrong arguments, a configuration that was never written among them.
func TestUnitsDoNotRepeatWrongUsage(t *testing.T) {
	for _, name := range []string{"platformd", "mobilecad"} {
		unit, err := os.ReadFile("../../../packaging/linux/sealdesk-" + name + ".service")
		if want := fmt.Sprintf("\nRestartPreventExitStatus=%d\n", daemon.ExitUsage); err != nil || !strings.Contains(string(unit), want) {
			t.Errorf("%s: no%s%v", name, want, err)
		}
	}
}

func TestNetworks(t *testing.T) {
	got, err := daemon.Networks("10.0.0.0/8,,::1/128")
	if err != nil || !slices.Equal([]string{"10.0.0.0/8", "::1/128"}, []string{got[0].String(), got[1].String()}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := daemon.Networks("10.0.0.1"); err == nil || err.Error() != `--proxies: "10.0.0.1" is not a network such as 10.0.0.0/8` {
		t.Error(err)
	}
}
