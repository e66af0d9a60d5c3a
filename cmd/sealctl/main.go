// Command sealctl does SealDesk's work from a terminal: it lists and makes keys, makes clean copies, seals, signs and
// verifies PDF files, and carries contracts to the trading platform through the same folders and the same outbox as the
// window. Its exit status is 0 when the work is done or the verdict is valid, 1 when a document or signature is not valid,
// 2 for wrong usage, 3 for the token or its PIN, 4 for the platform or the network, and 5 for a fault of its own.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"sealdesk/cmd/internal/keyhost"
	"sealdesk/signer/cleancopy/apart"
)

func main() {
	os.Exit(start())
}

func start() int {
	if keyhost.Asked(os.Args[1:]) {
		return keyhost.Main(os.Args[1:])
	}
	if apart.Asked(os.Args[1:]) {
		return apart.Main(os.Stdin, os.Stdout)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, os.Args[1:], terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv})
}
