package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// header names the machine, without which no figure below means anything.
func header(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s, %d cores, %s/%s, %s, %s\n", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().Format(time.DateOnly))
	return err
}

func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "an unnamed processor"
	}
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unnamed processor"
}

// table writes a trial's rows, or why there are none; the ratio is our time divided by the other's, so less than 1 is faster.
func table(w io.Writer, tr trial, rows []row, failed error) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n", tr.name)
	if tr.target != "" {
		fmt.Fprintf(&b, "Wanted: %s.\n", tr.target)
	}
	if failed != nil {
		_, err := fmt.Fprintf(w, "%s\nFailed: %s\n", b.String(), failed)
		return err
	}
	b.WriteString("\n| program | time | peak memory | ours is … times its time |\n| --- | ---: | ---: | ---: |\n")
	for i, r := range rows {
		switch {
		case r.missing:
			fmt.Fprintf(&b, "| %s | not installed | | |\n", r.name)
		case i == 0:
			fmt.Fprintf(&b, "| **%s** | %.3f s | %d MiB | |\n", r.name, r.wall.Seconds(), r.peak>>20)
		default:
			fmt.Fprintf(&b, "| %s | %.3f s | %d MiB | %.2f |\n", r.name, r.wall.Seconds(), r.peak>>20, rows[0].wall.Seconds()/r.wall.Seconds())
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// patience is how long the benchmarks of one package may take; with a million contracts the platform's take longest.
const patience, patienceForMillion = 15 * time.Minute, 45 * time.Minute

// packages runs the benchmarks that compare within one process. They are short unless a million contracts are wanted.
func packages(ctx context.Context, w io.Writer, match *regexp.Regexp, million bool) error {
	length := []string{"-short", "-timeout", patience.String()}
	if million {
		length = []string{"-timeout", patienceForMillion.String()}
	}
	folders, err := benchmarked(".")
	if err != nil {
		return err
	}
	var failed error
	for _, folder := range folders {
		if !match.MatchString(folder) {
			continue
		}
		begun := time.Now()
		args := slices.Concat([]string{"test", "-tags", "x11", "-run", "^$", "-bench", "."}, length, []string{"./" + folder})
		out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
		fmt.Fprintf(os.Stderr, "bench: %s took %s\n", folder, time.Since(begun).Round(time.Second))
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("benchmarks of %s: %w\n%s", folder, err, out))
		}
		if ctx.Err() != nil {
			return failed
		}
		if _, err := fmt.Fprintf(w, "\n### %s\n\n```\n", folder); err != nil {
			return err
		}
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "Benchmark") {
				if _, err := io.WriteString(w, line); err != nil {
					return err
				}
			}
		}
		end := "```\n"
		if err != nil {
			end += "\nFailed.\n"
		}
		if _, err := io.WriteString(w, end); err != nil {
			return err
		}
	}
	return failed
}

// benchmarked lists the folders whose tests have a benchmark.
func benchmarked(root string) ([]string, error) {
	var folders []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		if folder := filepath.ToSlash(filepath.Dir(path)); strings.Contains(string(src), "\nfunc Benchmark") && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
		return err
	})
	return folders, err
}
