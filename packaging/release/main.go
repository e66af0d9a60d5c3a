package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
)

func main() {
	out := flag.String("o", "dist", "folder to write to")
	only := flag.String("only", "", "make only the artifacts whose name matches")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, only string) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	at, err := identify(ctx)
	if err != nil {
		return err
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "sealdesk-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	r := &release{commit: at, work: work, out: out}
	fmt.Printf("SealDesk %s, of %s\n", at.version, at.when.Format("2006-01-02"))
	var made []string
	for _, t := range targets {
		for _, a := range t.artifacts(at) {
			if !match.MatchString(a.name) {
				continue
			}
			tree, err := r.tree(ctx, t)
			if err != nil {
				return fmt.Errorf("%s: %w", t, err)
			}
			fmt.Println(" ", a.name)
			if err := a.make(ctx, r, tree, filepath.Join(out, a.name)); err != nil {
				return fmt.Errorf("%s: %w", a.name, err)
			}
			made = append(made, a.name)
		}
	}
	return writeSums(out, made)
}
