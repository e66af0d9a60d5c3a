package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"sealdesk/platformapi/web/audit"
)

// auditCommand follows the audit trail.
func auditCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 || args[0] != "verify" {
		return complain(stderr, "audit verify is all there is to audit")
	}
	var o options
	f := flag.NewFlagSet("mobilecad audit verify", flag.ContinueOnError)
	f.SetOutput(stderr)
	o.storage(f)
	if err := f.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil || f.NArg() > 0 || o.data == "" {
		return complain(stderr, "audit verify --data DIR [--database URL]")
	}
	s, release, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer release()
	head, err := s.CheckAudit(ctx)
	if fault, ok := errors.AsType[*audit.Fault](err); ok {
		_, _ = fmt.Fprintln(stderr, "mobilecad:", fault) // nothing is left to do when this cannot be written
		err = errBroken
	}
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%d rows, head %s\n", head.Seq, head.Hash)
	return err
}
