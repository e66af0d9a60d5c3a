// Command interop has other programs judge what SealDesk signs, and SealDesk what they sign, in every combination of key,
// level and form that they know, and prints what they all say as tables.
//
//	go run ./packaging/interop [-pyhanko FOLDER] [-dss FOLDER] [-keep FOLDER] [-o FILE]
//
// Every file must be taken for valid at its level, and every altered one refused, by all that read its kind. Where one of them
// is wrong, the cell has the number of a line under the table that says who and why; a disagreement that nothing explains
// ends the run with status 1. A judge that is not installed is named and left out: what it would say is not known.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	pyhanko := flag.String("pyhanko", ".cache/pyhanko", "`folder` with pyHanko's environment")
	dss := flag.String("dss", ".cache/dss", "`folder` with DSS")
	keep := flag.String("keep", "", "keep the signed files in this `folder`")
	out := flag.String("o", "", "write the tables to this `file` too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *pyhanko, *dss, *keep, *out); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, pyhanko, dss, keep, out string) (err error) {
	var w io.Writer = os.Stdout
	if out != "" {
		f, err := os.Create(out)
		if err != nil {
			return err
		}
		defer f.Close()
		w = io.MultiWriter(w, f)
	}
	if keep == "" {
		if keep, err = os.MkdirTemp("", "sealdesk-interop-"); err != nil {
			return err
		}
		defer os.RemoveAll(keep)
	} else if err = os.MkdirAll(keep, 0o700); err != nil {
		return err
	}
	world, err := newWorld(keep)
	if err != nil {
		return err
	}
	defer world.Close()
	present := func(all ...judge) (there []judge) {
		for _, j := range all {
			if j.missing() == "" {
				there = append(there, j)
			}
		}
		return there
	}
	all := []judge{ownJudge(), pdfsigJudge(), mutoolJudge(), qpdfJudge(), opensslJudge(), pyhankoJudge{pyhanko}, dssJudge{dss}}
	for _, j := range all {
		if missing := j.missing(); missing != "" {
			if _, err := fmt.Fprintf(w, "Missing, so what it says is not known: %s\n", missing); err != nil {
				return err
			}
		}
	}
	tables := []table{{title: "What SealDesk signs", judges: present(all...)}, {title: "What others sign", judges: present(ownJudge(), pyhankoJudge{pyhanko}, dssJudge{dss})}}
	if tables[0].samples, err = world.ours(ctx); err != nil {
		return err
	}
	if tables[1].samples, err = world.others(ctx, pyhanko, dss, tables[0].samples[0].path); err != nil {
		return err
	}
	unexplained := 0
	for _, t := range tables {
		if err := t.fill(ctx, world, os.Stderr); err != nil {
			return err
		}
		n, err := t.print(w)
		if err != nil {
			return err
		}
		unexplained += n
	}
	if unexplained > 0 {
		return fmt.Errorf("%d disagreements that nothing explains", unexplained)
	}
	return nil
}
