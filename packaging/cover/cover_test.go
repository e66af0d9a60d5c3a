package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// Of a package whose test is known, the ways are told that its test does not go; what only helps tests is not measured.
func TestMissingWays(t *testing.T) {
	t.Chdir("testdata/till")
	var out bytes.Buffer
	c := cover{least: 85, missing: regexp.MustCompile("till"), out: &out}
	if err := c.run(t.Context(), []string{"./..."}, nil); err == nil || err.Error() != "1 packages under 85 %" {
		t.Errorf("%v", err)
	}
	want := `till  6 of 11  54.5 %  under
all   6 of 11  54.5 %  under
till/till.go:12: no case: never come to
till/till.go:13: child: never not met
till/till.go:13: member: never not met
till/till.go:13: member: never met
till/till.go:25: free: never met
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	c.least = 50
	if err := c.run(t.Context(), []string{"."}, nil); err != nil {
		t.Errorf("over the least: %v", err)
	}
}

// Tests that fail are told of.
func TestFailingTests(t *testing.T) {
	t.Chdir("testdata/till")
	t.Setenv("TILL_BROKEN", "1")
	c := cover{out: new(bytes.Buffer)}
	if err := c.run(t.Context(), []string{"."}, nil); err == nil || !strings.Contains(err.Error(), "the tests fail") {
		t.Errorf("%v", err)
	}
	if err := c.run(t.Context(), nil, nil); err == nil {
		t.Error("no package was measured")
	}
}
