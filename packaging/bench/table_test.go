package main

import (
	"strings"
	"testing"
	"time"
)

func TestSummary(t *testing.T) {
	rows := []row{
		{name: "ours", wall: 2 * time.Second, peak: 30 << 20},
		{name: "ours with another key", wall: time.Second},
		{name: "floor", as: floor, wall: time.Second},
		{name: "slow", as: peer, wall: 8 * time.Second},
		{name: "fast", as: peer, wall: 4 * time.Second},
		{name: "absent", as: peer, missing: true},
	}
	fast, ok := benchmark("signer/batch", "BenchmarkBatch/RSA-3072-2 \t       1\t       532.0 files/s\t         2.67 x-floor\n")
	if !ok {
		t.Error("a benchmark's line is not read")
	}
	plain, _ := benchmark("signer/pdf", "BenchmarkOpen-2 \t 1000\t 1234 ns/op\n")
	for _, line := range []string{"BenchmarkBatch/rsa", "BenchmarkBatch/rsa-2 \t --- FAIL:", "ok  \tsealdesk/signer/batch\t1.0s"} {
		if s, ok := benchmark("signer/batch", line); ok {
			t.Errorf("%q is read as %+v", line, s)
		}
	}
	var b strings.Builder
	if err := summary(&b, []summed{sum("sign", rows), sum("alone", rows[:2]), fast, plain}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| sign | 2.000 s, 30 MiB | fast 0.50 | floor 2.00 |\n",
		"| alone | 2.000 s, 30 MiB | – | – |\n",
		"| signer/batch: Batch/RSA-3072 | 532.0 files/s | – | 2.67 |\n",
		"| signer/pdf: Open | 1234 ns/op | – | – |\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
