package main

import (
	"cmp"
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
	fmt.Fprintf(&b, "\n| program | %s | %s | ours is … times its time |\n| --- | ---: | ---: | ---: |\n", cmp.Or(tr.time, "time"), cmp.Or(tr.memory, "peak memory"))
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

// summed is a line of the table at the end.
type summed struct{ work, ours, peer, floor string }

// sum puts our first row beside the fastest other program and beside each floor.
func sum(name string, rows []row) summed {
	s := summed{work: name, peer: "–", floor: "–"}
	var fastest row
	var floors []string
	for i, r := range rows {
		switch {
		case r.missing:
		case i == 0:
			s.ours = fmt.Sprintf("%.3f s, %d MiB", r.wall.Seconds(), r.peak>>20)
		default:
			if r.as&peer != 0 && (fastest.wall == 0 || r.wall < fastest.wall) {
				fastest = r
			}
			if r.as&floor != 0 {
				floors = append(floors, fmt.Sprintf("%s %.2f", r.name, rows[0].wall.Seconds()/r.wall.Seconds()))
			}
		}
	}
	if fastest.wall > 0 {
		s.peer = fmt.Sprintf("%s %.2f", fastest.name, rows[0].wall.Seconds()/fastest.wall.Seconds())
	}
	if floors != nil {
		s.floor = strings.Join(floors, "; ")
	}
	return s
}

// benchmark is what a line of go test says of a benchmark: what it measured with its unit, and how many times the work of another, or
// of what nobody can do without, ours took, if it measured that beside.
func benchmark(folder, line string) (summed, bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 || len(fields)%2 != 0 {
		return summed{}, false
	}
	name := strings.TrimPrefix(fields[0], "Benchmark")
	if cores := strings.LastIndexByte(name, '-'); cores > 0 {
		name = name[:cores]
	}
	s := summed{work: folder + ": " + name, peer: "–", floor: "–"}
	var ours []string
	for i := 2; i+1 < len(fields); i += 2 {
		switch value, unit := fields[i], fields[i+1]; unit {
		case "x-peer":
			s.peer = value
		case "x-floor":
			s.floor = value
		default:
			ours = append(ours, value+" "+unit)
		}
	}
	s.ours = strings.Join(ours, ", ")
	return s, true
}

// summary writes everything that was measured in one table.
func summary(w io.Writer, all []summed) error {
	var b strings.Builder
	b.WriteString("\n### All of it\n\n| work | ours | beside the fastest other program | beside the floor |\n| --- | --- | --- | --- |\n")
	for _, s := range all {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.work, s.ours, s.peer, s.floor)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// packages runs the benchmarks that compare within one process. They are short unless a million contracts are wanted.
func packages(ctx context.Context, w io.Writer, match *regexp.Regexp, million bool) ([]summed, error) {
	length := []string{"-short", "-timeout", patience.String()}
	if million {
		length = []string{"-timeout", patienceForMillion.String()}
	}
	folders, err := benchmarked(".")
	if err != nil {
		return nil, err
	}
	var all []summed
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
			return all, failed
		}
		if _, err := fmt.Fprintf(w, "\n### %s\n\n```\n", folder); err != nil {
			return all, err
		}
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "Benchmark") {
				if _, err := io.WriteString(w, line); err != nil {
					return all, err
				}
				if s, ok := benchmark(folder, line); ok {
					all = append(all, s)
				}
			}
		}
		end := "```\n"
		if err != nil {
			end += "\nFailed.\n"
		}
		if _, err := io.WriteString(w, end); err != nil {
			return all, err
		}
	}
	return all, failed
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
