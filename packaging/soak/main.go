// Command soak works the way of a contract from a desk to the platform many times over a bad line, on a machine that dies,
// before a server that dies, on a disk that fills up, and counts what was lost.
//
// A run is a contract. A client, which is a process of its own, drafts it, hands the signed file to the outbox and sends. A
// proxy cuts, delays, repeats and reorders its requests; client and platform are killed (SIGKILL) and started again; the
// client's disk is full for a while. Then the line is good again, and what the client was told to be safe is looked for: the
// draft on the disk, the signed contract filed exactly once, every receipt in hand known to the platform. All that is done to
// a run is drawn from its seed; what the clock of the machine makes of it is not.
//
// The last line counts runs, faults and losses. A loss gives status 1 and the seed that shows it again.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == clientRole {
		if err := work(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.runs, "runs", 1000, "how many `contracts` to send")
	f.Uint64Var(&o.seed, "seed", 1, "`seed` of the first run; each run has the next one")
	f.IntVar(&o.workers, "workers", 4, "how many runs at a time")
	f.StringVar(&o.platformd, "platformd", "", "the platform's `program`; it is built when none is named")
	if err := f.Parse(args); err != nil || f.NArg() > 0 || o.runs < 1 || o.workers < 1 {
		return 2
	}
	begun := time.Now()
	sum, err := soak(ctx, o, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "soak:", err)
		return 5
	}
	for _, l := range sum.losses {
		fmt.Fprintf(stdout, "loss: %s; again with: make soak RUNS=1 SEED=%d\n", l.what, l.seed)
	}
	fmt.Fprintf(stdout, "soak: %d runs, %d faults (%s), %d losses, %.1f runs/s\n",
		sum.runs, sum.faults.total(), sum.faults, len(sum.losses), float64(sum.runs)/time.Since(begun).Seconds())
	if len(sum.losses) > 0 {
		return 1
	}
	return 0
}
