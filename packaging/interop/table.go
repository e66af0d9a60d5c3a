package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// table is what the judges make of some samples.
type table struct {
	title   string
	judges  []judge
	samples []sample
	answers []map[string]said // of each judge
}

func (t *table) fill(ctx context.Context, w *world, log io.Writer) error {
	var one sync.Mutex // writes a line of the log at a time
	var work []func() (map[string]said, error)
	for _, j := range t.judges {
		work = append(work, func() (map[string]said, error) {
			began := time.Now()
			answers, err := j.judge(ctx, w, t.samples)
			one.Lock()
			defer one.Unlock()
			_, _ = fmt.Fprintf(log, "%s: %d files in %s\n", j.name(), len(answers), time.Since(began).Round(100*time.Millisecond)) // a log that cannot be written hides nothing
			return answers, err
		})
	}
	var err error
	t.answers, err = together(work)
	return err
}

// together does work at the same time, and gives what came of each part in their order.
func together[result any](work []func() (result, error)) ([]result, error) {
	out, errs := make([]result, len(work)), make([]error, len(work))
	var group sync.WaitGroup
	for i, do := range work {
		group.Go(func() { out[i], errs[i] = do() })
	}
	group.Wait()
	return out, errors.Join(errs...)
}

// print writes the table, and what explains its numbers; it counts the cells that nothing explains.
func (t *table) print(w io.Writer) (unexplained int, err error) {
	var b strings.Builder
	rows := [][]string{{t.title}}
	for _, j := range t.judges {
		rows[0] = append(rows[0], j.name())
	}
	var used []int
	var strange []string
	for _, s := range t.samples {
		row := []string{s.name}
		for i, j := range t.judges {
			cell, note := "–", 0
			if a, ok := t.answers[i][s.path]; ok {
				if cell, note = judged(j.name(), s, a); note < 0 {
					strange = append(strange, fmt.Sprintf("%s, %s: %s", j.name(), s.name, a.says))
				}
			}
			if note > 0 && !slices.Contains(used, note) {
				used = append(used, note)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	align(&b, rows)
	slices.Sort(used)
	for _, n := range used {
		fmt.Fprintf(&b, "%d  %s: %s\n", n, disagreements[n-1].judge, disagreements[n-1].why)
	}
	for _, text := range strange {
		fmt.Fprintf(&b, "DISAGREES  %s\n", text)
	}
	b.WriteString("\n")
	_, err = io.WriteString(w, b.String())
	return len(strange), err
}

// judged is a cell, with the number of what explains it, 0 where nothing needs to and -1 where nothing does.
func judged(judge string, s sample, a said) (cell string, note int) {
	if a.good != s.broken {
		if s.broken {
			return "refused", 0
		}
		return "ok", 0
	}
	if n := explain(judge, s, a); n > 0 {
		return fmt.Sprintf("no %d", n), n
	}
	return "NO", -1
}

func align(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for n, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(b, "| %s%s ", cell, strings.Repeat(" ", widths[i]-len([]rune(cell))))
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, width := range widths {
				b.WriteString("| " + strings.Repeat("-", width) + " ")
			}
			b.WriteString("|\n")
		}
	}
}
