// Command bench measures SealDesk's work beside other programs' on the same
// files in the same run, and writes a table of ratios with the machine's name.
// A speed alone says something about the machine; a ratio says something about
// the program.
//
//	go run ./packaging/bench [-only REGEXP] [-runs N] [-o FILE]
//
// Each contender runs in turn, N times; the table has the median of the wall
// clock and the greatest peak of resident memory, as the kernel counted it. A
// program that is not installed is named as missing, not left out. Benchmarks of
// the packages, which compare within one process, are run after it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
)

func main() {
	only := flag.String("only", "", "measure only the trials whose name matches")
	runs := flag.Int("runs", 5, "runs of each contender")
	out := flag.String("o", "", "write the table to this file too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only, *runs, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, runs int, out string) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	if runs < 1 {
		return fmt.Errorf("-runs %d: at least one run is needed", runs)
	}
	var w io.Writer = os.Stdout
	if out != "" {
		f, err := os.Create(out)
		if err != nil {
			return err
		}
		defer f.Close()
		w = io.MultiWriter(w, f)
	}
	work, err := os.MkdirTemp("", "sealdesk-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	t := tools{work: work, sealctl: filepath.Join(work, "sealctl")}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", work, "./cmd/sealctl", "./cmd/tokenhost")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build sealctl (run this from the project's folder): %w", err)
	}
	for _, program := range []string{"sealctl", "tokenhost"} {
		if err := fromDisk(filepath.Join(work, program)); err != nil {
			return err
		}
	}
	if err := header(w); err != nil {
		return err
	}
	for _, tr := range trials {
		if !match.MatchString(tr.name) {
			continue
		}
		rows, err := tr.measure(ctx, t, runs)
		if err != nil {
			return fmt.Errorf("%s: %w", tr.name, err)
		}
		if err := table(w, tr, rows); err != nil {
			return err
		}
	}
	if match.MatchString(startName) {
		if err := starting(ctx, w, t, runs); err != nil {
			return fmt.Errorf("%s: %w", startName, err)
		}
	}
	return packages(ctx, w, match)
}
