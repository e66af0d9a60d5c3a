package probe

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Probe goes around the bytes From..To of a file. In Before and After, %d is its number.
type Probe struct {
	File          string // absolute
	Line          int
	From, To      int
	Before, After string
}

// Probes call these functions.
const (
	Reached  = "probeReached(%d)"  // the place was reached: outcome 1
	LeaveOut = "probeLeaveOut(%d)" // the same, and whether the piece is to be left out
	Met      = "probeMet(%d, "     // a condition was met or not: outcome 1 or 0; it is returned
)

// Overlay is packages with probes in them, ready for the go command.
type Overlay struct {
	File  string       // for its -overlay
	Unfit map[int]bool // numbers of the probes that do not compile and were left out

	replaced map[string]string // the files by what is in their place
}

//go:embed guard.go.txt
var guard string

// Lay puts probes into packages. A probe has its index in probes, plus one, as its number. What it writes goes to folder.
// Where the compiler refuses a line that has probes, those are left out.
func Lay(ctx context.Context, folder, tags string, packages []Package, probes []Probe) (*Overlay, error) {
	o := &Overlay{File: filepath.Join(folder, "overlay.json"), Unfit: map[int]bool{}}
	for {
		if err := o.write(folder, packages, probes); err != nil {
			return nil, err
		}
		args := []string{"build", "-gcflags=-e", "-tags", tags, "-overlay", o.File}
		for _, p := range packages {
			args = append(args, p.ImportPath)
		}
		out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
		if err == nil {
			return o, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !o.leaveOut(string(out), probes) {
			return nil, fmt.Errorf("the packages cannot be compiled with probes: %w\n%s", err, out)
		}
	}
}

var complaint = regexp.MustCompile(`(?m)^(\S+\.go):(\d+):`)

// leaveOut marks the probes of the lines that the compiler complains of, and tells whether there are new ones.
func (o *Overlay) leaveOut(complaints string, probes []Probe) bool {
	before := len(o.Unfit)
	for _, m := range complaint.FindAllStringSubmatch(complaints, -1) {
		path, err := filepath.Abs(m[1])
		if err != nil {
			continue
		}
		line, _ := strconv.Atoi(m[2])
		for i, p := range probes {
			if p.File == o.replaced[path] && p.Line == line {
				o.Unfit[i+1] = true
			}
		}
	}
	return len(o.Unfit) > before
}

// write writes the changed files, one file of functions for each package, and the list of them.
func (o *Overlay) write(folder string, packages []Package, probes []Probe) error {
	replace := map[string]string{}
	o.replaced = map[string]string{}
	put := func(path string, text []byte) error {
		replace[path] = filepath.Join(folder, strconv.Itoa(len(replace))+".go")
		o.replaced[replace[path]] = path
		return os.WriteFile(replace[path], text, 0o600)
	}
	numbers := map[string][]int{}
	for i, p := range probes {
		if !o.Unfit[i+1] {
			numbers[p.File] = append(numbers[p.File], i+1)
		}
	}
	for _, p := range packages {
		first, last := len(probes)+1, 0
		for _, file := range p.Sources() {
			if len(numbers[file]) == 0 {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if err := put(file, insert(source, numbers[file], probes)); err != nil {
				return err
			}
			first, last = min(first, slices.Min(numbers[file])), max(last, slices.Max(numbers[file]))
		}
		if last == 0 {
			continue
		}
		functions := strings.NewReplacer("NAME", p.Name, "FIRST", strconv.Itoa(first), "LAST", strconv.Itoa(last+1)).Replace(guard)
		if err := put(filepath.Join(p.Dir, "probe_functions.go"), []byte(functions)); err != nil {
			return err
		}
	}
	table, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(o.File, table, 0o600)
}

// insert returns a source with the probes of these numbers in it. They may be within one another; lines stay where they are.
func insert(source []byte, numbers []int, probes []Probe) []byte {
	type piece struct {
		at, depth int // at one place, what ends goes before what begins, the inner of what ends and the outer of what begins first
		text      string
	}
	var pieces []piece
	for _, n := range numbers {
		p := probes[n-1]
		text := func(format string) string { return strings.ReplaceAll(format, "%d", strconv.Itoa(n)) }
		size := p.To - p.From
		pieces = append(pieces, piece{p.From, 1<<40 - size, text(p.Before)}, piece{p.To, size, text(p.After)})
	}
	slices.SortStableFunc(pieces, func(a, b piece) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.depth, b.depth)) })
	var out []byte
	from := 0
	for _, p := range pieces {
		out = append(append(out, source[from:p.at]...), p.text...)
		from = p.at
	}
	return append(out, source[from:]...)
}

// An Outcome of a probe: 1 where it was reached or its condition met, 0 where the condition was not met.
type Outcome struct{ Number, Value int }

// Environment is what a run is told: where to write down what it reaches, and which piece to leave out, 0 for none.
func Environment(log string, leaveOut int) []string {
	return append(os.Environ(), "PROBE_LOG="+log, "PROBE_LEAVE_OUT="+strconv.Itoa(leaveOut))
}

// Read reads what runs wrote down; a file that is not there is of runs that reached nothing.
func Read(log string) (map[Outcome]bool, error) {
	text, err := os.ReadFile(log)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	all := map[Outcome]bool{}
	for line := range strings.Lines(string(text)) {
		var o Outcome
		if _, err := fmt.Sscanf(line, "%d %d\n", &o.Number, &o.Value); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", log, line, err)
		}
		all[o] = true
	}
	return all, nil
}
