// Command mutants takes the rules and steps of packages out, one at a time, and runs the packages' tests each time: a test that
// still passes knows nothing of what was taken out. The files stay as they are; the compiler is handed the changed one beside them.
//
//	mutants [-tags x11] [-jobs 2] [-only REGEXP] [-list] [-explained FILE] PACKAGE[=TESTED,...] ...
//
// The tests of PACKAGE are run, and those of the packages TESTED. It ends with status 1 when a mutant survives that the file
// does not explain: lines of the file's name, what is left out, and why nothing can notice, with tabs between them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"time"
)

func main() {
	tags := flag.String("tags", "", "build tags")
	jobs := flag.Int("jobs", 1, "how many are tried side by side")
	only := flag.String("only", "", "those whose place (file:line) matches")
	explained := flag.String("explained", "", "the file that tells why some survive")
	list := flag.Bool("list", false, "list them, and try none")
	patience := flag.Duration("timeout", 5*time.Minute, "for the tests of one mutant; tests that hang have noticed it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	matches, err := regexp.Compile(*only)
	r := runner{tags: *tags, jobs: *jobs, patience: *patience, out: os.Stdout}
	if err == nil && *explained != "" {
		r.reasons, err = readReasons(*explained)
	}
	if err == nil {
		err = r.all(ctx, flag.Args(), matches, *list)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// all makes the mutants of every package and tries them.
func (r runner) all(ctx context.Context, packages []string, only *regexp.Regexp, list bool) error {
	if len(packages) == 0 {
		return fmt.Errorf("no package is named")
	}
	survivors := 0
	for _, p := range packages {
		folder, also, _ := strings.Cut(p, "=")
		tested := []string{folder}
		if also != "" {
			tested = append(tested, strings.Split(also, ",")...)
		}
		mutants, err := find(folder)
		if err != nil {
			return err
		}
		var chosen []mutant
		for _, m := range mutants {
			if only.MatchString(m.place()) {
				chosen = append(chosen, m)
			}
		}
		if list {
			for _, m := range chosen {
				fmt.Fprintln(r.out, m)
			}
			fmt.Fprintf(r.out, "%s: %d mutants\n", folder, len(chosen))
			continue
		}
		n, err := r.try(ctx, tested, chosen)
		if err != nil {
			return err
		}
		survivors += n
	}
	if survivors > 0 {
		return fmt.Errorf("%d survived", survivors)
	}
	return nil
}
