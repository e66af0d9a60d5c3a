package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"sealdesk/assets/i18n"
	"sealdesk/platformapi"
	"sealdesk/signer/finding"
	"sealdesk/signer/ses"
	"sealdesk/token"
	"sealdesk/ui/desk/words"
)

// Every verb, flag and argument has its help in both languages.
func TestEveryVerbHasHelp(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{words.Chinese, words.English} {
		catalog, err := words.New(i18n.Files, lang)
		if err != nil {
			t.Fatal(err)
		}
		parser, err := grammar(&general{}, verbs())
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		check := func(what, key string) {
			if key == "" || strings.HasPrefix(what, "help") {
				return
			}
			seen++
			if helpText(catalog, key) == key {
				t.Errorf("%s: %s has no help %q", lang, what, key)
			}
		}
		err = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
			switch n := node.(type) {
			case *kong.Node:
				check(n.Name, n.Help)
			case *kong.Value:
				check(n.Name, n.Help)
			case *kong.Flag:
				check(n.Name, n.Help)
			}
			return next(nil)
		})
		if err != nil {
			t.Fatal(err)
		}
		if seen < 60 {
			t.Errorf("%s: only %d helps were looked at", lang, seen)
		}
	}
}

// Every code that this command makes has its sentences in both languages.
func TestEveryOwnCodeHasSentences(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{words.Chinese, words.English} {
		catalog, err := words.New(i18n.Files, lang)
		if err != nil {
			t.Fatal(err)
		}
		for code := range own {
			if name, ok := strings.CutPrefix(code, "ctl."); ok && name != "verdict" {
				if p := catalog.Problem(fault(name)); p.Code != code || p.What == "" || p.Do == "" {
					t.Errorf("%s: %s reads %+v", lang, code, p)
				}
			}
		}
	}
}

// So has every finding that decides over an electronic seal or its signature: the vectors name them.
func TestEveryFindingOfASealHasSentences(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../signer/ses/testdata/vectors/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ Want string }
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, lang := range []string{words.Chinese, words.English} {
		catalog, err := words.New(i18n.Files, lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range vectors {
			if v.Want == "" {
				continue
			}
			seen[v.Want] = true
			p := catalog.Problem(&ses.Error{Finding: finding.Finding{Code: v.Want}})
			if p.Code != v.Want || p.What == "" || p.Do == "" {
				t.Errorf("%s: %s reads %+v", lang, v.Want, p)
			}
		}
	}
	if len(seen) < 35 {
		t.Errorf("only %d codes were looked at", len(seen))
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	platform := &platformapi.Error{Kind: platformapi.KindOffline, CodeValue: platformapi.CodeOffline}
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"nothing", nil, statusDone},
		{"own code", fault("usage"), statusUsage},
		{"verdict", fault("verdict"), statusNotValid},
		{"wrong PIN", &token.PINWrongError{Tries: 3}, statusToken},
		{"locked", fmt.Errorf("login: %w", token.ErrPINLocked), statusToken},
		{"offline", platform, statusPlatform},
		{"wrapped offline", fmt.Errorf("x: %w", platform), statusPlatform},
		{"joined", errors.Join(errors.New("no code"), token.ErrRemoved), statusToken},
		{"the outer code counts", fault("file_unreadable", "cause", token.ErrRemoved), statusUsage},
		{"cancelled", context.Canceled, statusUsage},
		{"no code", errors.New("boom"), statusInternal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := status(tt.err); got != tt.want {
				t.Errorf("status(%v) = %d, want %d", tt.err, got, tt.want)
			}
		})
	}
}

// What a file or a certificate says must not steer the terminal.
func TestPrintsHarmlessly(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	write(&b, "%s %s", []any{words.Problem{What: "a\x1b[2Jb"}, errors.New("c\x07")})
	if strings.ContainsAny(b.String(), "\x1b\x07") {
		t.Errorf("what has its own words is printed as %q", b.String())
	}
}

// A verb that stands first is read alone, which no other one changes; the manual and what shells complete know all, in words.
func TestVerbsAreReadAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args string
		want int
	}{
		{"sign a.pdf", 1}, {"token list", 1}, {"", len(verbs())}, {"--json sign", len(verbs())}, {"sing", len(verbs())},
	} {
		if got := meant(strings.Fields(tt.args)); len(got) != tt.want {
			t.Errorf("%q: %d verbs are read, want %d", tt.args, len(got), tt.want)
		}
	}
	for _, args := range [][]string{{"manual"}, {"completion", "fish"}} {
		var out bytes.Buffer
		getenv := func(string) string { return "en" }
		if status := run(t.Context(), args, terminal{in: strings.NewReader(""), out: &out, err: io.Discard, getenv: getenv}); status != statusDone {
			t.Fatalf("%s: status %d", args, status)
		}
		for _, want := range []string{"sign", "outbox", "Language; by default"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q", args, want)
			}
		}
		if strings.Contains(out.String(), "verify_online") {
			t.Errorf("%s: keys stand where texts ought to", args)
		}
	}
}
