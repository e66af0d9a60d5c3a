package manual

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

type grammar struct {
	Lang string `enum:"zh,en" default:"zh" help:"The language."`

	Token struct {
		List struct {
			URI string `name:"token" placeholder:"URI" env:"SEALDESK_TOKEN" required:"" help:"Which token."`
		} `cmd:"" help:"List tokens."`
		Init struct{} `cmd:"" help:"Make a key."`
	} `cmd:"" help:"Tokens."`
	Verify struct {
		File   string `arg:"" help:"A file's name; \\ and 'x' and .dots."`
		Report string `short:"r" placeholder:"FILE" help:"Report."`
	} `cmd:"" help:"Verify."`
	Secret struct{} `cmd:"" hidden:"" help:"Not shown."`
}

func application(t *testing.T) *kong.Application {
	t.Helper()
	k, err := kong.New(&grammar{}, kong.Name("ctl"), kong.Description("Signs: and verifies."))
	if err != nil {
		t.Fatal(err)
	}
	return k.Model
}

func TestThePageHasEveryVerbAndFlag(t *testing.T) {
	var out strings.Builder
	err := WritePage(&out, application(t), Headings{"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "ENVIRONMENT", "(required)"}, "1.2.0", "2026-11-26")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`.TH CTL 1 "2026-11-26" "ctl 1.2.0"`, `ctl \- Signs`, `.SS "token list"`, `.SS "verify FILE"`, `\fB\-\-report\fR, \fB\-r\fR \fIFILE\fR`,
		"Which token. (required)", ".B SEALDESK_TOKEN", `A file\(aqs name; \e and \(aqx\(aq and .dots.`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is missing in\n%s", want, out.String())
		}
	}
	if strings.Contains(strings.ToLower(out.String()), "secret") {
		t.Error("what is hidden is told")
	}
}

// bash itself completes what was typed.
func TestBashCompletes(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not here")
	}
	var script strings.Builder
	if err := WriteCompletion(&script, application(t), "bash"); err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string][]string{
		"ctl ":                    {"token", "verify", "--help", "-h", "--lang"},
		"ctl to":                  {"token"},
		"ctl token ":              {"list", "init", "--help", "-h", "--lang"},
		"ctl token list --t":      {"--token"},
		"ctl --lang ":             {"zh", "en"},
		"ctl token list --lang z": {"zh"},
		"ctl verify --r":          {"--report"},
		"ctl verify a token l":    nil,
	} {
		words := strings.Split(typed, " ")
		var quoted []string
		for _, w := range words {
			quoted = append(quoted, "'"+w+"'")
		}
		cmd := exec.Command(shell, "-c", script.String()+"\nCOMP_WORDS=("+strings.Join(quoted, " ")+")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_ctl\nprintf '%s\\n' \"${COMPREPLY[@]}\"")
		cmd.Dir = t.TempDir()
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Fields(string(out))
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, not %q", typed, got, want)
		}
	}
}

func TestTheScriptsAreOnesOfTheirShells(t *testing.T) {
	for _, shell := range shells {
		var script strings.Builder
		if err := WriteCompletion(&script, application(t), shell); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(script.String(), "secret") || !strings.Contains(script.String(), "verify") {
			t.Errorf("%s:\n%s", shell, script.String())
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			continue // judged where the shell is
		}
		cmd := exec.Command(path, "-n")
		cmd.Stdin, cmd.Dir = strings.NewReader(script.String()), filepath.Clean(t.TempDir())
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
	if WriteCompletion(&strings.Builder{}, application(t), "tcsh") == nil {
		t.Error("a shell that is not known")
	}
}
