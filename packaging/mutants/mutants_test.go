package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Of a package whose test is known, the mutants survive that its test knows nothing of.
func TestSurvivors(t *testing.T) {
	t.Chdir("testdata/till")
	var out bytes.Buffer
	r := runner{jobs: 2, patience: time.Minute, out: &out}
	var err error
	if r.reasons, err = readReasons("explained.tsv"); err != nil {
		t.Fatal(err)
	}
	err = r.all(t.Context(), []string{"."}, regexp.MustCompile(""), false)
	if err == nil || err.Error() != "2 survived" {
		t.Errorf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		"survived: till.go:24: n > 1000\n",
		"survived: till.go:30: n == 0\n\tnothing is added\n",
		"survived: till.go:33: t.open()\n",
		".: 6 mutants, 3 killed, 3 survived (1 explained), 0 did not compile\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not among\n%s", want, out.String())
		}
	}
}

// Tests that fail as it is tell nothing.
func TestFailingTests(t *testing.T) {
	t.Chdir("testdata/till")
	r := runner{jobs: 1, patience: time.Minute, out: new(bytes.Buffer)}
	if _, err := r.try(t.Context(), []string{"./nowhere"}, nil); err == nil {
		t.Error("the tests of no package were run")
	}
	mutants, err := find(".")
	if err != nil {
		t.Fatal(err)
	}
	fate, out, err := r.test(t.Context(), []string{"."}, &mutants[0])
	if err != nil || fate != killed || !strings.Contains(out, "FAIL") {
		t.Errorf("without its first rule: %s, %v\n%s", fate, err, out)
	}
}
