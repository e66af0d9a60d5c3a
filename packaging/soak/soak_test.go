package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain makes the test's program a run's client, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == clientRole {
		if err := work(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A short soak: make soak does a long one.
func TestNothingIsLost(t *testing.T) {
	var out strings.Builder
	if status := run(t.Context(), []string{"-runs", "6", "-seed", "1"}, &out, io.Discard); status != 0 {
		t.Errorf("status %d", status)
	}
	t.Log(out.String())
	if !strings.Contains(out.String(), "soak: 6 runs, ") || !strings.Contains(out.String(), " 0 losses, ") {
		t.Errorf("%q", out.String())
	}
	if strings.Contains(out.String(), " 0 faults") {
		t.Error("nothing was done to the runs")
	}
}

// The audit finds what is lost.
func TestALossIsFound(t *testing.T) {
	dir := t.TempDir()
	b, err := newBench(t.Context(), dir, options{runs: 2})
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorker(t.Context(), b, filepath.Join(dir, "worker"), new(tally))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}()
	j := job{Data: filepath.Join(w.disk.dir, "desk"), Keys: filepath.Join(dir, "keys"), URL: w.front.URL, Lot: lot(0), Number: "HT-1", Word: b.word, Signed: b.signed}
	if err := b.token(j.Keys); err != nil {
		t.Fatal(err)
	}
	c, err := w.client(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	<-c.done
	if lost := w.filed(t.Context(), j); len(lost) > 0 || !c.hasSaid(saidFiled) {
		t.Fatalf("lost: %v (%s)", lost, c.errs.String())
	}
	other := j
	other.Number = "HT-2"
	if lost := w.filed(t.Context(), other); len(lost) != 2 {
		t.Errorf("another number: %v", lost)
	}
	other = j
	other.Lot = lot(1)
	if lost := w.filed(t.Context(), other); len(lost) != 1 {
		t.Errorf("a lot without a contract: %v", lost)
	}
	if err := os.WriteFile(b.signed, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if lost := w.filed(t.Context(), j); len(lost) != 1 {
		t.Errorf("another file: %v", lost)
	}
	if err := os.RemoveAll(filepath.Join(j.Data, "outbox")); err != nil {
		t.Fatal(err)
	}
	if lost := w.left(t.Context(), j, map[string]bool{saidSigned: true}); len(lost) != 1 {
		t.Errorf("an empty outbox: %v", lost)
	}
}

// The same seed draws the same plan, and another one another.
func TestPlansAreDrawnFromTheSeed(t *testing.T) {
	say := func(seed uint64) string {
		p := draw(seed)
		s := fmt.Sprint(p.blows, p.odds, p.bad)
		for range 50 {
			what, pause := p.next()
			s += fmt.Sprint(what, pause)
		}
		return s
	}
	first, again := say(7), say(7)
	if first != again || first == say(8) {
		t.Error("the plans do not follow the seeds")
	}
}
