package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"sealdesk/cmd/internal/daemon"
	"sealdesk/platformapi/web/audit"
)

// auditCommand follows the audit trail.
func auditCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 || args[0] != "verify" {
		return daemon.Wrong("audit verify is all there is to audit")
	}
	var o options
	f := flag.NewFlagSet("mobilecad audit verify", flag.ContinueOnError)
	o.storage(f)
	words, err := daemon.Parse(f, args[1:], stderr)
	if err != nil {
		return err
	}
	if len(words) > 0 || o.data == "" {
		return daemon.Wrong("audit verify --data DIR [--database URL]")
	}
	s, release, err := o.openExisting(ctx)
	if err != nil {
		return err
	}
	defer release()
	head, err := s.CheckAudit(ctx)
	if fault, ok := errors.AsType[*audit.Fault](err); ok {
		err = fmt.Errorf("%w: %w", daemon.ErrBroken, fault)
	}
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%d rows, head %s\n", head.Seq, head.Hash)
	return err
}
