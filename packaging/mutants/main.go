// Command mutants takes the rules and steps of packages out, one at a time, and runs the tests that reach what was taken out: a
// test that still passes knows nothing of it. All mutants are compiled at once, into the same programs, which are told which one
// to be; what each test reaches, one run of it tells. The files stay as they are.
//
//	mutants [-tags x11] [-jobs 2] [-only REGEXP] [-run REGEXP] [-list] [-explained FILE] PACKAGE[=TESTED,...] ...
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
	"runtime"
)

func main() {
	r := runner{out: os.Stdout}
	flag.StringVar(&r.tags, "tags", "", "build tags")
	flag.IntVar(&r.jobs, "jobs", runtime.NumCPU(), "how many are tried side by side")
	flag.BoolVar(&r.list, "list", false, "list them, and try none")
	only := flag.String("only", "", "those whose place (file:line) matches")
	run := flag.String("run", "", "the tests whose names match, for a quick look at what new ones know")
	explained := flag.String("explained", "", "the file that tells why some survive")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	r.only, err = regexp.Compile(*only)
	if err == nil {
		r.run, err = regexp.Compile(*run)
	}
	if err == nil && *explained != "" {
		r.reasons, err = readReasons(*explained)
	}
	if err == nil {
		err = r.all(ctx, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}
