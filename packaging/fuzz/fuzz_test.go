package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFailingTargetStopsAll fuzzes a module of two packages: one target without a fault, and one that nearly every input fails.
func TestFailingTargetStopsAll(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":            "module odd\n\ngo 1.26\n",
		"good/good.go":      "package good\n",
		"good/good_test.go": "package good\nimport \"testing\"\nfunc FuzzGood(f *testing.F) { f.Add(1); f.Fuzz(func(t *testing.T, n int) {}) }\n",
		"bad/bad.go":        "package bad\n",
		"bad/bad_test.go": "package bad_test\nimport \"testing\"\nfunc FuzzBad(f *testing.F) {\n\tf.Add(1)\n\tf.Fuzz(func(t *testing.T, n int) {\n" +
			"\t\tif n != 1 {\n\t\t\tt.Fatal(\"not one\")\n\t\t}\n\t})\n}\n",
		"none/none_test.go": "package none\n// func FuzzNothing(f *testing.F)\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	found, err := find(context.Background(), "", []string{"./..."})
	if err != nil || len(found) != 2 || found[0].targets[0] != "FuzzBad" || found[1].targets[0] != "FuzzGood" {
		t.Fatalf("%+v %v", found, err)
	}
	if err := fuzz(context.Background(), "", time.Second, []string{"./good"}); err != nil {
		t.Errorf("the target without a fault: %v", err)
	}
	start := time.Now()
	err = fuzz(context.Background(), "", time.Hour, []string{"./..."})
	if err == nil {
		t.Fatal("no error")
	}
	seeds, globErr := filepath.Glob(filepath.Join(dir, "bad", "testdata", "fuzz", "FuzzBad", "*"))
	if globErr != nil || len(seeds) != 1 {
		t.Fatalf("seeds %v %v", seeds, globErr)
	}
	for _, want := range []string{"odd/bad FuzzBad failed", "not one", seeds[0], "go test -run FuzzBad/" + filepath.Base(seeds[0]) + " odd/bad"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
	if d := time.Since(start); d > 2*time.Minute {
		t.Errorf("it went on for %v", d)
	}
	if err := fuzz(context.Background(), "", time.Second, []string{"./none"}); err == nil {
		t.Error("a package without targets is taken for one that was fuzzed")
	}
}

func TestTimeIsUp(t *testing.T) {
	for out, up := range map[string]bool{
		"fuzz: elapsed: 1s, execs: 49413\n--- FAIL: FuzzGood (1.02s)\n    context deadline exceeded\nFAIL\n":                     true,
		"--- FAIL: FuzzBad (0.10s)\n    --- FAIL: FuzzBad (0.00s)\n        bad_test.go:6: context deadline exceeded\nFAIL\n":     false,
		"--- FAIL: FuzzBad (0.10s)\n    context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzBad/1\nFAIL\n": false,
	} {
		if timeIsUp.MatchString(out) != up {
			t.Errorf("%q: want %v", out, up)
		}
	}
}
