// Command mobilecad runs the mobile CA, and serves the phone's app.
//
//	mobilecad [serve] --data DIR --demo …     serve
//	mobilecad review list --data DIR …        what waits for the CA's review; approve ID and refuse ID REASON decide, show ID --out DIR
//	mobilecad audit verify --data DIR …       follow the audit trail and name the first row that is not as it was written
//
// Alone it keeps everything in --data. With --database postgres://… and one --master-key any number of them serve the same
// mobile CA behind a proxy.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// The exit codes.
const (
	exitBroken = 1 // the audit trail is not as it was written
	exitUsage  = 2
	exitFailed = 5
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

var (
	errUsage  = errors.New("usage")
	errBroken = errors.New("the audit trail is not as it was written")
)

// run does what the arguments ask for; without a command's name it serves.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	command, rest := "serve", args
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, rest = args[0], args[1:]
	}
	commands := map[string]func(context.Context, []string, io.Writer, io.Writer) error{"serve": serveCommand, "audit": auditCommand, "review": reviewCommand}
	do := commands[command]
	if do == nil {
		return exitCode(complain(stderr, "there is no command %q; serve, review and audit verify are", command), stderr)
	}
	return exitCode(do(ctx, rest, stdout, stderr), stderr)
}

func exitCode(err error, stderr io.Writer) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return exitUsage
	}
	_, _ = fmt.Fprintln(stderr, "mobilecad:", err) // nothing is left to do when this cannot be written
	if errors.Is(err, errBroken) {
		return exitBroken
	}
	return exitFailed
}

// complain says what is wrong with the arguments.
func complain(stderr io.Writer, format string, args ...any) error {
	_, _ = fmt.Fprintf(stderr, "mobilecad: "+format+"\n", args...) // nothing is left to do when this cannot be written
	return errUsage
}
