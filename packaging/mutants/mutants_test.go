package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
)

// Of a package whose test is known, the mutants survive that its test knows nothing of.
func TestSurvivors(t *testing.T) {
	t.Chdir("testdata/till")
	var out bytes.Buffer
	r := runner{jobs: 2, only: regexp.MustCompile(""), out: &out}
	var err error
	if r.reasons, err = readReasons("explained.tsv"); err != nil {
		t.Fatal(err)
	}
	err = r.all(t.Context(), []string{"."})
	if err == nil || err.Error() != "3 survived" {
		t.Errorf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		"survived: till.go:24: n > 1000\n",
		"survived: till.go:30: n == 0\n\tnothing is added\n",
		"survived: till.go:33: t.open()\n",
		"unreached: till.go:48: t.sum < 0\n",
		".: 8 mutants, 3 killed, 4 survived (1 explained), 1 did not compile\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not among\n%s", want, out.String())
		}
	}
}

// Tests that fail as it is tell nothing.
func TestFailingTests(t *testing.T) {
	t.Chdir("testdata/till")
	t.Setenv("TILL_BROKEN", "1")
	r := runner{jobs: 1, only: regexp.MustCompile(""), out: new(bytes.Buffer)}
	if err := r.all(t.Context(), []string{"."}); err == nil || !strings.Contains(err.Error(), "TestPay fails as it is") {
		t.Errorf("a test that fails anyway: %v", err)
	}
	if err := r.all(t.Context(), []string{"./nowhere"}); err == nil {
		t.Error("the mutants of no package were tried")
	}
}

// What is broken off has told nothing of the mutants.
func TestBrokenOff(t *testing.T) {
	t.Chdir("testdata/till")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	r := runner{jobs: 1, only: regexp.MustCompile(""), out: new(bytes.Buffer)}
	if err := r.all(ctx, []string{"."}); err == nil {
		t.Error("nothing is said of it")
	}
}
