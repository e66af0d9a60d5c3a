// Command cover tells how many of the ways in which packages branch their tests went: whether each condition was met and was not,
// by operands of && and ||, and whether each clause of a switch or select was come to. What a test does in other processes counts
// where they are the test's own program.
//
//	cover [-tags x11] [-least 85] [-missing REGEXP] PACKAGES ... [-- TESTED ...]
//
// The tests of PACKAGES are run, and those of the packages TESTED. Packages whose names end in "test" help tests, and are not
// measured, nor are files that are generated (*.gen.go). It prints a table, in which the packages under -least percent
// are marked, and the ways that no test went of the files whose names match -missing. It ends with status 1 when tests fail or a
// package is under -least.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
)

func main() {
	c := cover{out: os.Stdout}
	flag.StringVar(&c.tags, "tags", "", "build tags")
	flag.Float64Var(&c.least, "least", 85, "percent that each package should have")
	missing := flag.String("missing", "", "files whose missing ways are told")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	packages, tested := flag.Args(), []string(nil)
	if i := slices.Index(packages, "--"); i >= 0 {
		packages, tested = packages[:i], packages[i+1:]
	}
	var err error
	if *missing != "" {
		c.missing, err = regexp.Compile(*missing)
	}
	if err == nil {
		err = c.run(ctx, packages, tested)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cover:", err)
		os.Exit(1)
	}
}
