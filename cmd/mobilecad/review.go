package main

import (
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"sealdesk/cmd/internal/daemon"
	"sealdesk/cmd/internal/harmless"
	"sealdesk/cmd/internal/mobile"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/demo"
	"sealdesk/platformapi/web/jobs"
	"sealdesk/token/ca"
)

const reviewUsage = "review list | show ID --out DIR | approve ID | refuse ID REASON, with --data DIR [--database URL]"

// reviewCommand is the CA's clerk: it works on the store beside the servers that serve it.
func reviewCommand(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var o options
	var out string
	f := flag.NewFlagSet("mobilecad review", flag.ContinueOnError)
	o.storage(f)
	f.StringVar(&o.master, "master-key", "", "`file` of the master key; by default master.key in --data")
	f.StringVar(&out, "out", "", "`folder` for the attachments of show")
	words, err := daemon.Parse(f, args, stderr)
	if err != nil {
		return err
	}
	if o.data == "" || len(words) == 0 || len(words) != map[string]int{"list": 1, "show": 2, "approve": 2, "refuse": 3}[words[0]] || (words[0] == "show") != (out != "") {
		return daemon.Wrong(reviewUsage)
	}
	master, err := mobile.Master(o.masterFile())
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no mobile CA in %s: %w", o.data, err)
	}
	if err != nil {
		return err
	}
	authority, err := ca.Open(o.authority())
	if err != nil {
		return fmt.Errorf("%s: %w", o.authority(), err)
	}
	kept, release, err := o.openExisting(ctx)
	if err != nil {
		return err
	}
	defer release()
	config := mobileca.Config{
		Store: kept, Master: master, Issuer: mobile.Issuer{Authority: authority}, Messenger: demo.NewConsole(stdout), Identity: demo.Identities{}, Origins: []string{"https://localhost"}, Name: "mobilecad review",
		Log: slog.New(slog.NewTextHandler(stderr, nil)), Runner: jobs.None{},
	}
	s, err := mobileca.New(ctx, config)
	if err != nil {
		return errors.Join(err, kept.Close())
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	switch words[0] {
	case "list":
		return listWaiting(ctx, s, stdout)
	case "show":
		return saveAttachments(ctx, s, words[1], out, stdout)
	case "approve":
		_, err = s.Decide(ctx, words[1], true, "")
	case "refuse":
		_, err = s.Decide(ctx, words[1], false, words[2])
	}
	return err
}

func listWaiting(ctx context.Context, s *mobileca.Server, stdout io.Writer) error {
	all, err := s.Waiting(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if _, err := fmt.Fprintf(stdout, "%s\t%s\t%s\t%s\t%s\t%s\n", a.ID, a.CreatedAt.Format(time.RFC3339), a.Kind, harmless.Text(a.Subject.Name), a.Subject.USCC, harmless.Text(a.Subject.Person)); err != nil {
			return err
		}
	}
	return nil
}

// saveAttachments writes an application's attachments under names of their own, not the applicant's.
func saveAttachments(ctx context.Context, s *mobileca.Server, id, dir string, stdout io.Writer) error {
	all, err := s.Attachments(ctx, id)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i, one := range all {
		b, err := base64.RawURLEncoding.DecodeString(one.Content)
		if err != nil {
			return err
		}
		kind := map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}[string(one.Type)]
		path := filepath.Join(dir, fmt.Sprintf("%d%s", i+1, kind))
		if err := os.WriteFile(path, b, 0o600); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(stdout, "%s\t%q\n", path, one.Name); err != nil {
			return err
		}
	}
	return nil
}
