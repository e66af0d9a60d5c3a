package finding

import (
	"fmt"
	"strings"
)

// Verdict is what the judged is worth.
type Verdict string

// The verdicts, from the best to the worst.
const (
	// Valid: intact, and everybody who had a hand in it is trusted.
	Valid Verdict = "valid"
	// Untrusted: intact, but somebody is not known or not trusted.
	Untrusted Verdict = "untrusted"
	// Invalid: altered, forged, malformed, out of its term, or not to be judged.
	Invalid Verdict = "invalid"
)

// Severity is what a finding does to the verdict.
type Severity int

// The severities.
const (
	Note  Severity = iota // worth knowing, the verdict stays
	Doubt                 // at best untrusted
	Fatal                 // invalid
)

// Verdict is the best that is left beside a finding of this severity.
func (s Severity) Verdict() Verdict { return [...]Verdict{Valid, Untrusted, Invalid}[s] }

// Finding is one thing that was found, with a stable code.
type Finding struct {
	Code     string         `json:"code"`
	Message  string         `json:"message"` // English, for logs; people read the code's sentence
	Params   map[string]any `json:"-"`
	Severity Severity       `json:"-"`
}

// Known is what is known of a code: its severity and its English message, in
// which {name} stands for a parameter.
type Known struct {
	Severity Severity
	Message  string
}

// Saying makes what is known of a code.
func (s Severity) Saying(message string) Known { return Known{s, message} }

// Catalogue is what one judge can find. Room is the first part of its codes.
type Catalogue struct {
	Room  string
	Known map[string]Known
}

// Find makes a finding; params come in pairs of name and value. A code that the catalogue lacks is the gravest: nobody
// thought of what it means.
func (c Catalogue) Find(code string, params ...any) Finding {
	known, ok := c.Known[code]
	if !ok {
		known = Fatal.Saying("a finding of which nothing is known")
	}
	f := Finding{Code: c.Room + "." + code, Message: known.Message, Severity: known.Severity}
	for i := 0; i+1 < len(params); i += 2 {
		if f.Params == nil {
			f.Params = map[string]any{}
		}
		name := params[i].(string)
		f.Params[name] = params[i+1]
		f.Message = strings.ReplaceAll(f.Message, "{"+name+"}", fmt.Sprint(params[i+1]))
	}
	return f
}

// List is what was found, in the order of judging, each code once.
type List []Finding

// Add puts findings to the list, unless their code is there.
func (l *List) Add(found ...Finding) {
	for _, f := range found {
		if !l.Has(f.Code) {
			*l = append(*l, f)
		}
	}
}

// Has says whether a code is in the list.
func (l List) Has(code string) bool {
	for _, f := range l {
		if f.Code == code {
			return true
		}
	}
	return false
}

// Worst is the gravest severity in the list, Note for an empty one.
func (l List) Worst() Severity {
	worst := Note
	for _, f := range l {
		worst = max(worst, f.Severity)
	}
	return worst
}
