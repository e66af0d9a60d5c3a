package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// speaker is a program that reads commands, one a line, and answers each in lines of JSON. It is started once for all of them:
// both of ours start slowly.
type speaker struct {
	program string
	args    []string
}

// pyhanko runs one of our scripts in pyHanko's own environment.
func pyhanko(folder, script string, args ...string) speaker {
	return speaker{filepath.Join(folder, "bin", "python"), append([]string{filepath.Join("packaging", "interop", "pyhanko", script)}, args...)}
}

func dss(folder string) speaker {
	path := filepath.Join(folder, "lib", "*") + string(os.PathListSeparator) + filepath.Join(folder, "classes")
	return speaker{"java", []string{"-cp", path, "Dss"}}
}

// missing says what is not there: the program, or one of what it needs.
func (s speaker) missing(title string, needs ...string) string {
	if _, err := exec.LookPath(s.program); err != nil {
		return title
	}
	for _, path := range needs {
		if _, err := os.Stat(path); err != nil {
			return title
		}
	}
	return ""
}

// ask gives the answers as they came, each of which names its file.
func ask[answer any](ctx context.Context, s speaker, commands [][]string) ([]answer, error) {
	var in bytes.Buffer
	for _, words := range commands {
		in.WriteString(strings.Join(words, "\t") + "\n")
	}
	cmd := exec.CommandContext(ctx, s.program, s.args...)
	cmd.Stdin = &in
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, lastLine(complaints.String()))
	}
	var all []answer
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var a answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, fmt.Errorf("answers %q: %w", lines.Text(), err)
		}
		all = append(all, a)
	}
	return all, nil
}

// pyhankoAnswer is judge.py's, of one field.
type pyhankoAnswer struct {
	File, Failure, Field, Ades, Covers, Changes, Why string
	Good, Lax                                        bool
}

type pyhankoJudge struct{ folder string }

func (pyhankoJudge) name() string { return "pyHanko" }

func (j pyhankoJudge) missing() string {
	return pyhanko(j.folder, "judge.py").missing("pyHanko (Debian: python3-venv)")
}

func (j pyhankoJudge) judge(ctx context.Context, w *world, samples []sample) (map[string]said, error) {
	var commands [][]string
	for _, s := range samples {
		online := "online"
		if s.alone() {
			online = "offline"
		}
		var list []string
		for _, l := range s.levels {
			list = append(list, string(l))
		}
		words := []string{online, strings.Join(list, ","), s.path}
		if s.content != "" {
			words = append(words, s.content)
		}
		commands = append(commands, words)
	}
	answers, err := ask[pyhankoAnswer](ctx, pyhanko(j.folder, "judge.py", w.path("common.pem")), commands)
	if err != nil {
		return nil, fmt.Errorf("pyHanko: %w", err)
	}
	byFile := map[string][]pyhankoAnswer{}
	for _, a := range answers {
		byFile[a.File] = append(byFile[a.File], a)
	}
	all := map[string]said{}
	for _, s := range samples {
		all[s.path] = pyhankoSays(byFile[s.path], s)
	}
	return all, nil
}

func pyhankoSays(answers []pyhankoAnswer, s sample) said {
	whole, fields := s.content != "", 0
	for _, a := range answers {
		switch {
		case a.Failure != "":
			return bad("%s", a.Failure)
		case a.Lax:
			return bad("a new visible signature after a certification")
		case !a.Good:
			return bad("%s", a.Why)
		case a.Ades != "" && !strings.HasPrefix(a.Ades, "Passed.OK"):
			return bad("EN 319 102-1: %s", a.Ades)
		}
		whole = whole || a.Covers == "ENTIRE_FILE" || longTerm(s.last())
		fields++
	}
	if fields < s.fields {
		return bad("%d of %d signatures found", fields, s.fields)
	}
	if !whole {
		return bad("no signature covers the whole file")
	}
	return said{good: true}
}

// dssAnswer is Dss's, of one signature.
type dssAnswer struct {
	File, Failure, Indication, SubIndication, Level, Covers, Errors, Changes string
	Fields                                                                   int
}

type dssJudge struct{ folder string }

func (dssJudge) name() string { return "DSS" }

func (j dssJudge) missing() string {
	return dss(j.folder).missing("DSS (Debian: maven default-jdk-headless)", filepath.Join(j.folder, "classes"))
}

func (j dssJudge) judge(ctx context.Context, w *world, samples []sample) (map[string]said, error) {
	var commands [][]string
	for _, s := range samples {
		words := []string{"validate", "--roots", w.path("common.pem")}
		if s.content != "" {
			words = append(words, "--content", s.content)
		}
		if s.alone() {
			words = append(words, "--offline")
		}
		commands = append(commands, append(words, s.path))
	}
	answers, err := ask[dssAnswer](ctx, dss(j.folder), commands)
	if err != nil {
		return nil, fmt.Errorf("DSS: %w", err)
	}
	byFile := map[string][]dssAnswer{}
	for _, a := range answers {
		byFile[a.File] = append(byFile[a.File], a)
	}
	all := map[string]said{}
	for _, s := range samples {
		all[s.path] = dssSays(byFile[s.path], s)
	}
	return all, nil
}

// dssLevels are what DSS calls the baseline levels of each form.
var dssLevels = map[string]string{"pades": "PAdES-BASELINE-", "adobe": "PKCS7-", "detached": "CAdES-BASELINE-"}

func dssSays(answers []dssAnswer, s sample) said {
	whole, fields := false, 0
	for i, a := range answers {
		switch {
		case a.Failure != "":
			return bad("%s", a.Failure)
		case a.Indication != "TOTAL_PASSED":
			return bad("%s %s: %s", a.Indication, a.SubIndication, a.Errors)
		case a.Changes != "":
			return bad("changed: %s", a.Changes)
		case i < len(s.levels) && s.levels[i] != "" && s.levels[i] != anyLevel && a.Level != dssLevels[s.form]+string(s.levels[i]):
			return bad("%s, not %s%s", a.Level, dssLevels[s.form], s.levels[i])
		}
		whole = whole || a.Covers == "FULL" || longTerm(s.last())
		fields += max(1, a.Fields)
	}
	if fields != s.fields {
		return bad("%d of %d fields found", fields, s.fields)
	}
	if !whole {
		return bad("no signature covers the whole file")
	}
	return said{good: true}
}
